"""PostgreSQL: a real server, started for the test where there is one to start."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from segmeans.errors import DependencyError, SegmeansError, SourceError
from segmeans.settings import Settings
from segmeans.tables.source import open_table

psycopg = pytest.importorskip("psycopg")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Return the URL of a fresh server, or of the one that ``SEGMEANS_POSTGRES`` names."""
    if given := os.environ.get("SEGMEANS_POSTGRES"):
        yield given
        return
    initdb, postgres = shutil.which("initdb"), shutil.which("postgres")
    if not (initdb and postgres):
        pytest.skip("no PostgreSQL to start here; name one with SEGMEANS_POSTGRES")
    owner = _owner()
    folder = Path(tempfile.mkdtemp(prefix="segmeans-postgres-"))
    if owner:
        shutil.chown(folder, owner)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    make = [initdb, "-D", str(folder / "data"), "-U", "ann", "-A", "trust", "--no-sync"]
    subprocess.run(make, check=True, capture_output=True, user=owner, cwd=folder)
    settings = {"listen_addresses": "127.0.0.1", "port": port, "fsync": "off"}
    start = [postgres, "-D", str(folder / "data"), "-k", str(folder)]
    start += [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(start, stdout=quiet, stderr=quiet, user=owner, cwd=folder)
    url = f"postgresql://ann:s3cret@127.0.0.1:{port}/postgres"
    try:
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder)


def _owner() -> str | None:
    """Return whom the server must run as: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            psycopg.connect(url, connect_timeout=1).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return


@pytest.fixture
def shop(server: str) -> str:
    with psycopg.connect(server) as connection:
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
    return server


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
