"""A source of which only some columns are wanted."""

from __future__ import annotations

from pathlib import Path

import pytest

from segmeans.errors import ColumnNotFoundError
from segmeans.tables.source import open_table

TEXT = "id,age,city,note\n01,31,Ghent,n/a\n02,,12,x\n"


def test_only_the_columns_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TEXT)
    with open_table(path, only=["city", "age"]) as opened:
        assert opened.table.names == ("age", "city")
        assert opened.info.columns == 2
    with pytest.raises(ColumnNotFoundError, match="no column 'town'"):
        open_table(path, only=["age", "town"])


def test_words_are_not_measured(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("code,other\n1,1\n2,2\n")
    with open_table(path, words=["code"]) as opened:
        assert [column.type for column in opened.table.columns] == ["VARCHAR", "BIGINT"]
        assert opened.findings == ()
