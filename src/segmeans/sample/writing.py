"""Made-up data to a file: CSV with or without gzip, or whatever the engine makes of a CSV."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from segmeans.errors import OutputError, SegmeansError, SettingError
from segmeans.sample.columns import Block, csv_header, csv_lines
from segmeans.sample.customers import CustomerMarket
from segmeans.sample.orders import OrderMarket

# CSV file, Parquet file to write, SQL types by column name
ToParquet = Callable[[Path, Path, Mapping[str, str]], None]
Tick = Callable[[int], None]

MAX_ROWS = 1_000_000_000


class Market(Protocol):
    """What can be written: anything that makes blocks of columns."""

    def blocks(self, rows: int, seed: int) -> Iterator[Block]:
        """Make the rows, block by block."""
        ...


def write_customers(
    path: str | Path,
    rows: int = 2000,
    seed: int = 1,
    market: CustomerMarket | None = None,
    *,
    overwrite: bool = False,
    to_parquet: ToParquet | None = None,
    tick: Tick | None = None,
) -> None:
    """Write made-up customers, CustomerID to Spending Score.

    Parameters
    ----------
    path : str or Path
        File to write. Its ending says how: ``.csv``, ``.csv.gz`` or ``.parquet``.
    rows : int, default=2000
        Number of customers, 1 to 1,000,000,000.
    seed : int, default=1
        From 0. The same seed gives the same bytes on any machine.
    market : CustomerMarket, optional
        What the market is like. By default five clear segments.
    overwrite : bool, default=False
        Replace an existing file.
    to_parquet : callable, optional
        Turns a CSV file into a Parquet file: ``to_parquet(csv, target, types)``. Needed for
        ``.parquet`` alone.
    tick : callable, optional
        Called with the number of rows after each block, for a progress bar.

    Raises
    ------
    SettingError
        When ``rows``, ``seed`` or the ending of ``path`` is not allowed.
    OutputError
        When the file exists or cannot be written. Then nothing is left behind.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_customers(f"{folder}/customers.csv", rows=2, seed=1)
    ...     print(pathlib.Path(folder, "customers.csv").read_text())
    CustomerID,Gender,Age,Annual Income (k$),Spending Score (1-100)
    1,Female,44,69,57
    2,Male,54,23,13
    <BLANKLINE>
    """
    _write(market or CustomerMarket(), path, rows, seed, overwrite, to_parquet, tick)


def write_orders(
    path: str | Path,
    rows: int = 20_000,
    seed: int = 1,
    market: OrderMarket | None = None,
    *,
    overwrite: bool = False,
    to_parquet: ToParquet | None = None,
    tick: Tick | None = None,
) -> None:
    """Write a made-up order log, one row per order line.

    Parameters
    ----------
    path : str or Path
        File to write. Its ending says how: ``.csv``, ``.csv.gz`` or ``.parquet``.
    rows : int, default=20000
        Number of order lines, 1 to 1,000,000,000.
    seed : int, default=1
        From 0. The same seed gives the same bytes on any machine.
    market : OrderMarket, optional
        What the log is like. By default two years from 2023-01-01.
    overwrite : bool, default=False
        Replace an existing file.
    to_parquet : callable, optional
        Turns a CSV file into a Parquet file: ``to_parquet(csv, target, types)``. Needed for
        ``.parquet`` alone.
    tick : callable, optional
        Called with the number of rows after each block, for a progress bar.

    Raises
    ------
    SettingError
        When ``rows``, ``seed`` or the ending of ``path`` is not allowed.
    OutputError
        When the file exists or cannot be written. Then nothing is left behind.
    """
    _write(market or OrderMarket(), path, rows, seed, overwrite, to_parquet, tick)


def _write(
    market: Market,
    path: str | Path,
    rows: int,
    seed: int,
    overwrite: bool,
    to_parquet: ToParquet | None,
    tick: Tick | None,
) -> None:
    path = Path(path)
    _check(path, rows, seed, overwrite)
    blocks = market.blocks(rows, seed)
    ending = path.name.casefold()
    try:
        with _replacing(path) as part:
            if not ending.endswith(".parquet"):
                _write_csv(blocks, part, compress=ending.endswith(".gz"), tick=tick)
                return
            if to_parquet is None:
                raise SettingError(
                    "Parquet is written by the engine, which was not given",
                    where=str(path),
                    allowed=".csv, .csv.gz",
                )
            with _removed(part.with_name(part.name + ".csv")) as csv:
                _write_csv(blocks, csv, compress=False, tick=tick)
                to_parquet(csv, part, sql_types(market))
    except SegmeansError:
        raise
    except OSError as error:
        raise OutputError(
            "The sample cannot be written", where=str(path), found=error.strerror or error
        ) from None


def sql_types(market: Market) -> dict[str, str]:
    """Return the SQL type of every column of a market.

    Examples
    --------
    >>> sql_types(CustomerMarket())["Gender"]
    'VARCHAR'
    """
    return {name: column.sql_type for name, column in next(market.blocks(1, 0)).items()}


def _check(path: Path, rows: int, seed: int, overwrite: bool) -> None:
    if not path.name.casefold().endswith((".csv", ".csv.gz", ".parquet")):
        raise SettingError(
            "The ending of the file does not say how to write it",
            found=path.name,
            allowed=".csv, .csv.gz, .parquet",
        )
    if not 1 <= rows <= MAX_ROWS:
        raise SettingError(
            "The number of rows is not allowed", found=rows, allowed=f"1 to {MAX_ROWS:,}"
        )
    if seed < 0:
        raise SettingError("The seed is not allowed", found=seed, allowed="a whole number from 0")
    if path.exists() and not overwrite:
        raise OutputError(
            "The file is there already", where=str(path), hint="another name, or --overwrite"
        )


def _write_csv(blocks: Iterator[Block], path: Path, *, compress: bool, tick: Tick | None) -> None:
    with path.open("wb") as raw:
        # no name and no time inside, so that the same rows give the same bytes
        out: BinaryIO | gzip.GzipFile = (
            gzip.GzipFile("", "wb", 6, raw, mtime=0) if compress else raw
        )
        with out:
            for number, block in enumerate(blocks):
                if number == 0:
                    out.write(csv_header(block))
                lines = csv_lines(block)
                out.write(lines)
                if tick:
                    tick(lines.count(b"\n"))


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Give a file beside ``path`` to write to; it takes its name only when all went well."""
    with _removed(path.with_name(f".{path.name}.part")) as part:
        yield part
        part.replace(path)


@contextmanager
def _removed(path: Path) -> Iterator[Path]:
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
