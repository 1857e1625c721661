"""Files of made-up data: the same bytes for ever, written whole or not at all."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from segmeans.errors import OutputError, SettingError
from segmeans.sample import CustomerMarket, OrderMarket, write_customers, write_orders
from segmeans.sample.columns import Block
from segmeans.tables.duck import Engine
from segmeans.tables.parquet import from_csv

# The promise is "the same bytes for the same seed": these may change only in a release that says
# so in its change log.
PROMISED = {
    "customers.csv": "19c4f16563af4ec4",
    "everything.csv": "aa54761735e07aa0",
    "orders.csv": "6eb88af4b6ed07c4",
}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def test_the_bytes_are_the_promised_ones(tmp_path: Path) -> None:
    full = CustomerMarket(segments=12, extra=8, missing=0.05, truth=True)
    write_customers(tmp_path / "customers.csv", 70_000, 1)
    write_customers(tmp_path / "everything.csv", 70_000, 1, full)
    write_orders(tmp_path / "orders.csv", 70_000, 1, OrderMarket(missing=0.1, truth=True))
    assert {path.name: digest(path) for path in tmp_path.iterdir()} == PROMISED


@pytest.mark.parametrize("write", [write_customers, write_orders])
def test_gzip_holds_the_csv(write: Callable[..., None], tmp_path: Path) -> None:
    write(tmp_path / "a.csv", 1000, 3)
    write(tmp_path / "a.csv.gz", 1000, 3)
    assert (
        gzip.decompress((tmp_path / "a.csv.gz").read_bytes()) == (tmp_path / "a.csv").read_bytes()
    )


@pytest.mark.parametrize(
    ("write", "market"),
    [
        (write_customers, CustomerMarket(extra=8, missing=0.1)),
        (write_orders, OrderMarket(missing=0.1)),
    ],
)
def test_parquet_holds_the_csv(
    write: Callable[..., None], market: CustomerMarket | OrderMarket, tmp_path: Path
) -> None:
    csv, parquet, again = tmp_path / "a.csv", tmp_path / "a.parquet", tmp_path / "b.parquet"
    write(csv, 1000, 3, market)
    for path in (parquet, again):
        write(path, 1000, 3, market, to_parquet=from_csv)
    assert parquet.read_bytes() == again.read_bytes()
    with Engine(threads=1) as engine:
        engine.run(f"CREATE VIEW p AS FROM '{parquet}'")
        engine.run(f"CREATE VIEW c AS FROM read_csv('{csv}', all_varchar = true)")
        written = engine.rows("SELECT COLUMNS(*)::VARCHAR FROM p")
        assert written == engine.rows("FROM c")
    assert {path.name for path in tmp_path.iterdir()} == {"a.csv", "a.parquet", "b.parquet"}


def test_parquet_keeps_types(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    write_orders(path, 10, to_parquet=from_csv)
    with Engine(threads=1) as engine:
        types = engine.types(f"FROM '{path}'")
    assert types["OrderDate"] == "DATE"
    assert types["Amount"] == "DECIMAL(18,2)"
    assert types["CustomerID"] == "VARCHAR"


def test_an_existing_file_is_kept_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("mine")
    with pytest.raises(OutputError, match=r"there already.*--overwrite"):
        write_customers(path, 10)
    assert path.read_text() == "mine"
    write_customers(path, 10, overwrite=True)
    assert path.read_text().startswith("CustomerID,")


@pytest.mark.parametrize(
    ("name", "rows", "seed", "complaint"),
    [
        ("a.xlsx", 10, 1, r"Found: a.xlsx. Allowed: .csv, .csv.gz, .parquet"),
        ("a", 10, 1, "ending"),
        ("a.csv", 0, 1, "number of rows"),
        ("a.csv", 10**9 + 1, 1, "1 to 1,000,000,000"),
        ("a.csv", 10, -1, "seed"),
        ("a.parquet", 10, 1, "the engine"),
    ],
)
def test_wrong_use_is_refused_and_leaves_nothing(
    name: str, rows: int, seed: int, complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingError, match=complaint):
        write_customers(tmp_path / name, rows, seed)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file or directory"):
        write_customers(tmp_path / "absent" / "a.csv", 10)


class Interrupted(CustomerMarket):
    """A market that is interrupted after its first block."""

    def blocks(self, rows: int, seed: int) -> Iterator[Block]:
        """Make one block, then stop as Ctrl-C does."""
        yield next(super().blocks(rows, seed))
        raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet"])
def test_an_interrupted_run_leaves_what_was_there(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("mine")
    with pytest.raises(KeyboardInterrupt):
        write_customers(path, 100, 1, Interrupted(), overwrite=True, to_parquet=from_csv)
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_progress_counts_every_row(tmp_path: Path) -> None:
    seen: list[int] = []
    write_orders(tmp_path / "a.csv", 70_000, tick=seen.append)
    assert seen == [65_536, 4_464]
