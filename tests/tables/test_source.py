"""Every kind of source opens as the same table; passwords and the input stay untouched."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import duckdb
import pytest

from segmeans.errors import DataError, SegmeansError, SourceError
from segmeans.settings import Settings
from segmeans.tables import sql
from segmeans.tables.source import open_table, rows_digest, without_password


def parquet(path: Path, query: str) -> Path:
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path


def test_parquet_is_served_where_it_lies(tmp_path: Path) -> None:
    path = parquet(
        tmp_path / "c.parquet",
        "SELECT i AS id, i / 2 AS x, CAST(i AS DECIMAL(8, 2)) AS d, i % 2 = 0 AS b, "
        "CASE WHEN i = 3 THEN 'NaN'::FLOAT WHEN i = 4 THEN 'inf'::FLOAT ELSE i END AS f, "
        "[i] AS l, ['1,5', 'NA', '2,5'][1 + i % 3] AS t FROM range(10) r(i)",
    )
    with open_table(path) as opened:
        assert [(c.name, c.type) for c in opened.table.columns] == [
            ("id", "BIGINT"),
            ("x", "DOUBLE"),
            ("d", "DOUBLE"),
            ("b", "VARCHAR"),
            ("f", "DOUBLE"),
            ("l", "VARCHAR"),
            ("t", "DOUBLE"),
        ]
        rows = opened.table.engine.rows("SELECT id, f, b, t FROM data LIMIT 5")
        assert rows[3:] == [(3, None, "false", 1.5), (4, None, "true", None)]
        assert {f.code for f in opened.findings} >= {"infinite-values", "missing-markers"}
        assert opened.info.kind == "parquet"
        assert opened.info.fingerprint == hashlib.sha256(path.read_bytes()).hexdigest()
        views = opened.table.engine.rows("SELECT count(*) FROM duckdb_tables()")
        assert views == [(0,)]  # nothing was copied


def test_a_folder_of_parquet_is_one_table_in_the_order_of_names(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    (folder / "sub").mkdir(parents=True)
    for part in (2, 0, 1):
        parquet(folder / f"p{part}.parquet", f"SELECT {part} * 10 + i AS n FROM range(10) r(i)")
    parquet(folder / "sub" / "p3.parquet", "SELECT 30 + i AS n FROM range(10) r(i)")
    (folder / "_SUCCESS").write_text("")
    with open_table(folder) as opened:
        assert opened.table.fetch({"n": sql.column("n")})["n"].tolist() == list(range(40))
        assert opened.info.details == {"files": "4"}


def test_a_parquet_file_of_another_name_is_still_parquet(tmp_path: Path) -> None:
    path = parquet(tmp_path / "c.csv", "SELECT 1 AS a")
    with open_table(path) as opened:
        assert opened.info.kind == "parquet"


def test_bad_paths_are_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("a,b\n1,2\n")
    with pytest.raises(SourceError, match=r"no such file.*Try: .*customers\.csv"):
        open_table(tmp_path / "customer.csv")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="neither a file nor a folder"):
        open_table(tmp_path / "pipe")
    with pytest.raises(SourceError, match="no Parquet files"):
        open_table(tmp_path)
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(SourceError, match=r"cut\.parquet"):
        open_table(tmp_path / "cut.parquet")
    parquet(tmp_path / "none.parquet", "SELECT 1 AS a WHERE false")
    with pytest.raises(DataError, match="no rows"):
        open_table(tmp_path / "none.parquet")
    with pytest.raises(SourceError, match="URL"):
        open_table("https://ann:secret@example.org/x.csv")


def test_passwords_appear_nowhere() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"postgresql://ann:s3cr%40t@127.0.0.1:{port}/shop?password=s3cret2"
    assert without_password(url) == f"postgresql://ann@127.0.0.1:{port}/shop"
    pytest.importorskip("psycopg")
    with pytest.raises(SegmeansError) as caught:
        open_table(url)
    assert "s3cr" not in str(caught.value)
    with pytest.raises(SegmeansError) as caught:
        open_table("mysql://ann:s3cret@example.org/shop")
    assert "s3cret" not in str(caught.value)


def test_the_digest_of_rows_depends_on_values_and_order_alone() -> None:
    def digest(**columns: list[object]) -> str:
        with open_table(columns, Settings(threads=1)) as opened:
            assert opened.info.fingerprint == rows_digest(opened.table)
            return opened.info.fingerprint

    first = digest(a=[1, 2], b=["x", None])
    assert digest(a=[1, 2], b=["x", None]) == first
    assert digest(a=[2, 1], b=[None, "x"]) != first
    assert digest(a=[1, 2], c=["x", None]) != first
    assert digest(a=[1, 2], b=["x", "y"]) != first


def test_a_failed_opening_leaves_no_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    (tmp_path / "e.csv").write_text("a,b\n")
    with pytest.raises(DataError):
        open_table(tmp_path / "e.csv")
    assert list((tmp_path / "tmp").iterdir()) == []
