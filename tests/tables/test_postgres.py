"""PostgreSQL: a real server, started for the test where there is one to start."""

from __future__ import annotations

import sys

import pytest

from segmeans.errors import DependencyError, SegmeansError, SourceError
from segmeans.settings import Settings
from segmeans.tables.source import open_table

psycopg = pytest.importorskip("psycopg")


@pytest.fixture
def shop(postgres: str) -> str:
    with psycopg.connect(postgres) as connection:
        connection.execute("DROP TABLE IF EXISTS customers")
        connection.execute("DROP SCHEMA IF EXISTS other CASCADE")
        connection.execute(
            'CREATE TABLE customers (id text, "Income, net" numeric(10, 2), n bigint, ok boolean, '
            "since date, at timestamptz, note text, f double precision)"
        )
        connection.execute(
            "INSERT INTO customers VALUES ('0001', 1234.50, 7, true, '2024-01-31', "
            "'2024-01-31 08:26+00', 'two\nlines, \"quoted\"', 'NaN'), "
            "('0002', NULL, NULL, NULL, NULL, NULL, '', 0.1)"
        )
    return postgres


def test_a_table_is_read_with_its_types(shop: str) -> None:
    with open_table(shop) as opened:
        assert opened.info.kind == "postgres"
        assert "s3cret" not in repr(opened.info)
        assert opened.info.details == {"table": "customers"}
        found = opened.table.engine.rows("SELECT * FROM data")
    assert [str(value) for value in found[0]] == [
        *("0001", "1234.5", "7", "t", "2024-01-31", "2024-01-31 08:26:00"),
        *('two\nlines, "quoted"', "None"),
    ]
    assert found[1] == ("0002", None, None, None, None, None, None, 0.1)


def test_a_query_is_read(shop: str) -> None:
    settings = Settings(query="SELECT id, n * 2 AS twice FROM customers ORDER BY id -- end")
    with open_table(shop, settings) as opened:
        assert opened.table.engine.rows("SELECT * FROM data") == [("0001", 14), ("0002", None)]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM customers",
        "SELECT 1) AS x; DELETE FROM customers; SELECT (1",
        "SELECT nowhere",
        "WITH gone AS (DELETE FROM customers RETURNING *) SELECT * FROM gone",
    ],
)
def test_nothing_is_ever_changed(shop: str, query: str) -> None:
    with pytest.raises(SegmeansError):
        open_table(shop, Settings(query=query))
    with psycopg.connect(shop) as connection:
        assert connection.execute("SELECT count(*) FROM customers").fetchone() == (2,)


def test_tables_of_other_schemas_are_named(shop: str) -> None:
    with psycopg.connect(shop) as connection:
        connection.execute("CREATE SCHEMA other")
        connection.execute("CREATE TABLE other.t AS SELECT 5 AS a")
    with pytest.raises(SourceError, match=r"customers, other\.t"):
        open_table(shop)
    with open_table(shop, Settings(table="other.t")) as opened:
        assert opened.table.engine.rows("SELECT * FROM data") == [(5,)]


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DependencyError, match=r"segmeans\[postgres\]"):
        open_table("postgresql://ann@127.0.0.1/shop")
