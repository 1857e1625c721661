"""DuckDB and SQLite files: tables, queries, read-only."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from segmeans.errors import SegmeansError, SettingError, SourceError
from segmeans.settings import Settings
from segmeans.tables.source import open_table

ROWS = [("0001", 1, 2.5), ("0002", None, None), ("0003", 3, 1e300)]


def sqlite_file(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE customers (id TEXT, n, x REAL)")
        connection.executemany("INSERT INTO customers VALUES (?, ?, ?)", ROWS)
    return path


def duckdb_file(path: Path) -> Path:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE customers (id TEXT, n BIGINT, x DOUBLE)")
        connection.executemany("INSERT INTO customers VALUES (?, ?, ?)", ROWS)
    return path


@pytest.fixture(params=["sqlite", "duckdb"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    make = sqlite_file if request.param == "sqlite" else duckdb_file
    return make(tmp_path / "shop.bin")


def rows(path: object, **asked: Any) -> list[tuple[Any, ...]]:
    with open_table(path, Settings(threads=1, **asked)) as opened:
        return opened.table.engine.rows("SELECT * FROM data")


def test_the_only_table_is_read_and_the_file_stays_as_it_is(base: Path) -> None:
    before = hashlib.sha256(base.read_bytes()).hexdigest()
    with open_table(base) as opened:
        assert opened.info.kind in ("sqlite", "duckdb")
        assert opened.info.details == {"table": "customers"}
        assert opened.info.fingerprint == before
        assert opened.table.engine.rows("SELECT * FROM data") == ROWS
    assert hashlib.sha256(base.read_bytes()).hexdigest() == before


def test_a_query_gives_its_rows(base: Path) -> None:
    query = "SELECT id, x * 2 AS twice FROM customers WHERE x IS NOT NULL; -- all of them"
    assert rows(base, query=query.partition(";")[0]) == [("0001", 5.0), ("0003", 2e300)]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM customers",
        "DROP TABLE customers",
        "SELECT 1; DELETE FROM customers",
        "ATTACH 'other.db' AS other",
        "nonsense",
        "SELECT nowhere FROM customers",
    ],
)
def test_a_query_only_reads(base: Path, query: str) -> None:
    before = base.read_bytes()
    with pytest.raises(SegmeansError):
        open_table(base, Settings(query=query))
    assert base.read_bytes() == before


def test_a_wrong_table_is_suggested(base: Path) -> None:
    with pytest.raises(SourceError, match="Try: 'customers'"):
        open_table(base, Settings(table="customer"))
    with pytest.raises(SettingError, match="both"):
        open_table(base, Settings(table="customers", query="SELECT 1"))


def test_several_tables_need_a_name(tmp_path: Path) -> None:
    path = duckdb_file(tmp_path / "shop.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.execute('CREATE SCHEMA other; CREATE VIEW other."odd name" AS SELECT 7 AS a')
    with pytest.raises(SourceError, match=r"customers, other\.odd name"):
        open_table(path)
    assert rows(path, table="other.odd name") == [(7,)]


def test_an_empty_database_says_so(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "e.db")) as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.execute("DROP TABLE t")
        connection.commit()
    with pytest.raises(SourceError, match="no tables"):
        open_table(tmp_path / "e.db")


def test_urls_name_database_files(tmp_path: Path) -> None:
    sqlite_file(tmp_path / "s.db")
    assert rows(f"sqlite:///{tmp_path}/s.db") == ROWS
    duckdb_file(tmp_path / "d.db")
    assert rows(f"duckdb:///{tmp_path}/d.db") == ROWS


def test_a_damaged_database_is_one_clear_error(base: Path) -> None:
    base.write_bytes(base.read_bytes()[:100] + b"\x00" * 50)
    with pytest.raises(SourceError, match=r"shop\.bin"):
        open_table(base)
