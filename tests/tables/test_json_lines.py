"""JSON lines and arrays."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import pytest

from segmeans.errors import SourceError
from segmeans.tables.source import open_table

LINES = (
    '{"id": "0001", "x": 1.5, "n": {"a": 1}, "d": "2024-01-31"}\n'
    '{"id": "0002", "x": null, "d": null, "late": true}\n'
)


@pytest.mark.parametrize("name", ["c.jsonl", "c.ndjson", "c.json", "c.jsonl.gz"])
def test_lines_become_rows(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(LINES.encode()) if name.endswith("gz") else LINES.encode())
    with open_table(path) as opened:
        assert opened.info.kind == "json"
        assert opened.table.engine.rows("SELECT id, x, d, late FROM data") == [
            ("0001", 1.5, date(2024, 1, 31), None),
            ("0002", None, None, "true"),
        ]


def test_an_array_becomes_rows(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text('[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]')
    with open_table(path) as opened:
        assert opened.table.engine.rows("SELECT * FROM data") == [(1, "x"), (2, "y")]


@pytest.mark.parametrize("content", ['{"a": 1}\n{"a', "[1, 2", "hello", "[1, 2, 3]"])
def test_what_is_no_table_is_one_clear_error(content: str, tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(content)
    with pytest.raises(SourceError, match=r"c\.json"):
        open_table(path)
