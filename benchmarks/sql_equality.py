"""Python and SQL beside each other: rows on which an engine gives another segment than Python.

Models of every kind of preparation are trained on made-up tables, and random rows are scored by
`Model.assign`, by `segmeans score` from Parquet to Parquet, and by the statement of `segmeans sql`
in DuckDB, SQLite and PostgreSQL: values that are missing, not finite, far outside, or levels never
seen, and one row in ten exactly on the border between two segments. `make bench` runs it; the exit
code is 1 when a row differs. PostgreSQL is the one that SEGMEANS_POSTGRES or --postgres names, as
postgresql://user:password@host/database; without it, it is left out and the table says so.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

import segmeans
from main_job import machine
from segmeans import preparation
from segmeans.model import Model, score, statement
from segmeans.records import FeatureState, ModelSegment
from segmeans.sample import OrderMarket, write_orders
from segmeans.tables.duck import quoted

ID = "customer"
BORDER = 0.1  # share of the rows that are put on a border
MISSING, ODD = 0.05, 0.01  # shares of each column
MONEY = pa.decimal128(14, 2)
Draws = np.random.Generator
Columns = dict[str, pa.Array]
Answers = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]  # segment (0: none), reason


class Case(NamedTuple):
    """A model and how rows for it are drawn."""

    name: str
    model: Model
    types: dict[str, str]  # of the columns, in SQL
    draw: Callable[[Draws, int], Columns]


def skewed(draws: Draws, rows: int) -> Columns:
    """Draw numbers that take a logarithm, a power transform, or none."""
    group = draws.integers(0, 4, rows)
    return {
        "income": pa.array(np.exp(draws.normal(3.0 + 0.8 * group, 0.4))),
        "balance": pa.array(
            np.where(group % 2 == 0, 1, -0.3) * draws.exponential(400.0 + 900.0 * group)
        ),
        "visits": pa.array(draws.negative_binomial(1 + group, 0.08, rows)),
        "age": pa.array(draws.normal(30 + 9 * group, 5).astype(np.float32)),
    }


def categories(draws: Draws, rows: int) -> Columns:
    """Draw levels as text, as truth values and as codes, beside a number."""
    group = draws.integers(0, 3, rows)
    cities = np.array(["Brno", "Malmö", "O'Higgins", "São Paulo", "x "])
    return {
        "city": pa.array(cities[(group + draws.integers(0, 3, rows)) % 5]),
        "member": pa.array(draws.random(rows) < 0.2 + 0.3 * group),
        "tariff": pa.array(10 + (group + (draws.random(rows) < 0.2)) % 4),
        "spend": pa.array(draws.gamma(2.0 + group, 20.0)),
    }


def dated(draws: Draws, rows: int) -> Columns:
    """Draw dates, times and amounts in cents."""
    group = draws.integers(0, 3, rows)
    first = np.datetime64("2016-01-01") + 900 * group + draws.integers(0, 500, rows)
    last = first.astype("datetime64[us]") + draws.integers(0, 10**14, rows)
    cents = np.round(np.exp(draws.normal(4.0 + group, 0.5)) * 100).astype(np.int64)
    return {
        "since": pa.array(first.astype("datetime64[D]")),
        "seen": pa.array(last, pa.timestamp("us")),
        "paid": pa.array([Decimal(amount).scaleb(-2) for amount in cents.tolist()], MONEY),
    }


def bought(draws: Draws, rows: int) -> Columns:
    """Draw recency, frequency and money of customers."""
    orders = draws.geometric(0.2, rows)
    return {
        "days_since_last_order": pa.array(np.floor(draws.exponential(200.0, rows)).astype(int)),
        "orders": pa.array(orders),
        "revenue": pa.array(np.round(draws.lognormal(4.0, 1.0, rows) * orders, 2)),
    }


def lattice(draws: Draws, rows: int) -> Columns:
    """Draw whole numbers, of which many are as near to one centre as to another."""
    return {name: pa.array(draws.integers(-4, 9, rows)) for name in ("a", "b", "c")}


def trained(folder: Path, draw: Callable[[Draws, int], Columns], **settings: Any) -> Model:
    """Train on drawn customers, some of whose values are missing."""
    draws = np.random.default_rng(1)
    columns = {name: holes(draws, values) for name, values in draw(draws, 5_000).items()}
    path = folder / f"{draw.__name__}.parquet"
    ids = pa.array([str(row) for row in range(5_000)])
    pa.parquet.write_table(pa.table({ID: ids, **columns}), path)
    names = [*columns]
    with segmeans.segment(path, id=ID, features=names, fast=True, **settings) as study:
        return study.model


def of_orders(folder: Path) -> Model:
    """Train on the recency, frequency and money of an order log."""
    write_orders(folder / "orders.csv", 40_000, 1, OrderMarket())
    with segmeans.segment(folder / "orders.csv", orders=True, k=5, fast=True) as study:
        return Model(replace(study.model.record, id_column=ID))


def of_lattice(like: Model) -> Model:
    """Make centres so that whole numbers fall on their borders, scaled so that they round."""
    states = tuple(
        FeatureState(column=name, kind="number", fill=1.0, centre=0.1, scale=0.3)
        for name in ("a", "b", "c")
    )
    corners = [(x, y, z) for x in (0, 4) for y in (0, 4) for z in (0, 4)]
    return Model(
        replace(
            like.record,
            preparation=replace(like.record.preparation, features=states),
            columns=("a", "b", "c"),
            centres=tuple(tuple((at - 0.1) / 0.3 for at in corner) for corner in corners),
            segments=tuple(
                ModelSegment(number=n, id=f"s{n}", name=f"segment {n}", size=1, share=1 / 8)
                for n in range(1, 9)
            ),
            seen=(),
            certainty_cuts=(),
        )
    )


def cases(folder: Path) -> Iterator[Case]:
    """Yield the models to compare."""
    number, whole = "double precision", "bigint"
    kinds = {"income": number, "balance": number, "visits": whole, "age": "real"}
    model = trained(folder, skewed, k=6, scale="robust")
    yield Case("transforms, robust scale", model, kinds, skewed)
    yield Case(
        "the same, rows left out", trained(folder, skewed, k=6, missing="drop"), kinds, skewed
    )
    kept = trained(folder, skewed, k=6, outliers="keep", transform="none")
    yield Case("the same, outliers kept", kept, kinds, skewed)
    kinds = {"city": "text", "member": "boolean", "tariff": whole, "spend": number}
    yield Case("categories, one-hot", trained(folder, categories, k=5), kinds, categories)
    kinds = {"since": "date", "seen": "timestamp", "paid": "numeric(14, 2)"}
    yield Case("dates and decimals", trained(folder, dated, k=4), kinds, dated)
    names = dict.fromkeys(("days_since_last_order", "orders"), whole)
    yield Case("recency, frequency, money", of_orders(folder), {**names, "revenue": number}, bought)
    yield Case("ties", of_lattice(model), dict.fromkeys("abc", whole), lattice)


def holes(draws: Draws, values: pa.Array, odd: float = 0.0) -> pa.Array:
    """Return a column with missing values and, as a share of its rows, odd ones."""
    listed = values.to_numpy(zero_copy_only=False).copy()
    strange = ODDITIES.get(values.type, [])
    if strange and odd:
        places = np.flatnonzero(draws.random(len(listed)) < odd)
        listed[places] = np.array(strange, dtype=listed.dtype)[
            draws.integers(0, len(strange), len(places))
        ]
    # pa.array would take NaN in an array of Python objects for missing; elsewhere it stays
    return pa.array(listed, values.type, mask=draws.random(len(listed)) < MISSING)


ODDITIES: dict[pa.DataType, list[Any]] = {
    pa.float64(): [np.nan, np.inf, -np.inf, 0.0, -0.0, -1e6, 1e300, -1e300, 5e-324, 1e36],
    pa.float32(): [np.nan, np.inf, -np.inf, 0.0, -1e6, 1e30],
    pa.int64(): [0, -1, -(10**12), 2**62],
    pa.string(): [
        *("", " ", "unheard of", "brno", "x", "1", "(missing)", "(other)", " n/a", "NULL", "-"),
        *(" Brno", "Brno\u00a0", "\tBrno", "Malmö\u200b"),
    ],
    pa.date32(): [np.datetime64("1900-02-28"), np.datetime64("2199-12-31")],
    pa.timestamp("us"): [np.datetime64("1969-12-31T23:59:59.9"), np.datetime64("2199-12-31T01")],
}


def drawn(case: Case, rows: int, seed: int) -> pa.Table:
    """Draw the rows to score, some of them on a border between two segments."""
    draws = np.random.default_rng(seed)
    columns = {n: holes(draws, values, ODD) for n, values in case.draw(draws, rows).items()}
    table = pa.table({ID: pa.array(np.arange(rows)).cast(pa.string()), **columns})
    numbers = [name for name, values in columns.items() if values.type == pa.float64()]
    return on_borders(case.model, table, numbers, int(rows * BORDER)) if numbers else table


def on_borders(model: Model, table: pa.Table, numbers: list[str], count: int) -> pa.Table:
    """Move the numbers of the first rows towards those of others, until two centres are as near.

    Halving the way finds the border to the last bit of the numbers.
    """
    centres = np.array(model.record.centres)
    rows = {name: column[:count] for name, column in arrays(table).items()}
    here = {name: rows[name] for name in numbers}
    there = {name: np.roll(values, 1) for name, values in here.items()}
    every, low, high = np.arange(count), np.zeros(count), np.ones(count)

    def placed(share: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
        with np.errstate(invalid="ignore", over="ignore"):
            return {n: here[n] + share * (there[n] - here[n]) for n in numbers}

    def squared(share: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        raw = preparation.raw_values(model.record.preparation, {**rows, **placed(share)})
        matrix = preparation.matrix(model.record.preparation, raw)
        return np.stack([np.square(matrix - centre).sum(axis=1) for centre in centres], axis=1)

    own = squared(low).argmin(axis=1)
    other = squared(high).argmin(axis=1)
    for _ in range(70):
        middle = (low + high) / 2.0
        distances = squared(middle)
        beyond = distances[every, other] < distances[every, own]
        low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    usable = own != other
    for name in numbers:
        usable &= np.isfinite(here[name]) & np.isfinite(there[name])
    for name, values in placed(high).items():
        column = table[name].to_numpy().copy()
        missing = table[name].is_null().to_numpy().copy()
        column[:count][usable], missing[:count][usable] = values[usable], False
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, pa.array(column, pa.float64(), mask=missing))
    return table


def arrays(table: pa.Table) -> dict[str, Any]:
    """Return the columns as Python takes them."""
    return {name: table[name].to_pandas().to_numpy() for name in table.column_names}


def ties(model: Model, table: pa.Table) -> int:
    """Count the scored rows for which two centres are equally near, by the rule."""
    from segmeans.model.assigning import tie

    state, centres = model.record.preparation, np.array(model.record.centres)
    raw = preparation.raw_values(state, arrays(table))
    matrix = preparation.matrix(state, raw)[preparation.status(state, raw) == preparation.USED]
    near = np.stack([np.square(matrix - centre).sum(axis=1) for centre in centres], axis=1)
    two = np.partition(near, 1, axis=1)[:, :2]
    return int(np.count_nonzero(two[:, 1] - two[:, 0] <= tie(centres)))


def gathered(rows: int, found: Iterator[tuple[Any, ...]]) -> Answers:
    """Return what a statement answered, in the order of the ids."""
    segments, reasons = np.full(rows, -1), np.full(rows, "no answer", dtype=object)
    for key, segment, _, unscored in found:
        segments[int(key)], reasons[int(key)] = segment or 0, unscored
    return segments, reasons


def in_python(case: Case, table: pa.Table) -> Answers:
    """Score in memory."""
    told = case.model.assign(arrays(table)).to_dict()
    segments = np.array([number or 0 for number in told["segment"].tolist()])
    return segments, told["unscored"]


def in_files(case: Case, table: pa.Table) -> Answers:
    """Score from Parquet to Parquet."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "rows.parquet"), Path(folder, "scored.parquet")
        pa.parquet.write_table(table, source)
        score(case.model, source, out)
        columns = pa.parquet.read_table(out, columns=[ID, "segment", "name", "unscored"])
        return gathered(len(table), zip(*(c.to_pylist() for c in columns.columns), strict=True))


def in_duckdb(case: Case, table: pa.Table) -> Answers:
    """Run the statement in DuckDB."""
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE customers ({declared(case)})")
        connection.register("arriving", table)
        connection.execute("INSERT INTO customers SELECT * FROM arriving")
        connection.execute(statement(case.model, dialect="duckdb", table="customers"))
        return gathered(len(table), fetched(connection))


def in_sqlite(case: Case, table: pa.Table) -> Answers:
    """Run the statement in SQLite."""
    plain = {pa.date32(): pa.string(), pa.timestamp("us"): pa.string(), pa.bool_(): pa.int64()}
    columns = [
        (column.cast(pa.float64() if pa.types.is_decimal(column.type) else plain[column.type]))
        if column.type in plain or pa.types.is_decimal(column.type)
        else column
        for column in table.columns
    ]
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(f"CREATE TABLE customers ({declared(case)})")
        marks = ", ".join("?" * len(columns))
        rows = zip(*(column.to_pylist() for column in columns), strict=True)
        connection.executemany(f"INSERT INTO customers VALUES ({marks})", rows)  # noqa: S608
        query = statement(case.model, dialect="sqlite", table="customers")
        return gathered(len(table), fetched(connection.execute(query)))
    finally:
        connection.close()


def in_postgres(url: str) -> Callable[[Case, pa.Table], Answers]:
    """Return how the statement is run in PostgreSQL."""
    import psycopg

    def run(case: Case, table: pa.Table) -> Answers:
        with psycopg.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute("SET jit = off")
            cursor.execute(f"CREATE TEMPORARY TABLE customers ({declared(case)})")
            written = pa.BufferOutputStream()
            options = pa.csv.WriteOptions(include_header=False)
            pa.csv.write_csv(table, written, options)
            with cursor.copy("COPY customers FROM STDIN (FORMAT csv)") as copy:
                copy.write(written.getvalue())
            cursor.execute(statement(case.model, dialect="postgres", table="customers"))
            return gathered(len(table), fetched(cursor))

    return run


def declared(case: Case) -> str:
    """Return the columns of the table as SQL."""
    return ", ".join(f"{quoted(name)} {kind}" for name, kind in {ID: "text", **case.types}.items())


def fetched(cursor: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a result."""
    while rows := cursor.fetchmany(50_000):
        yield from rows


def main() -> None:
    """Compare every engine with Python on every model and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", help="a part of the name of a model")
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--postgres", default=os.environ.get("SEGMEANS_POSTGRES"))
    options = parser.parse_args()
    engines = {"segmeans score": in_files, "DuckDB": in_duckdb, "SQLite": in_sqlite}
    if options.postgres:
        engines["PostgreSQL"] = in_postgres(options.postgres)
    print(f"{machine()}, SQLite {sqlite3.sqlite_version}\n")
    print(f"{options.rows:,} rows per model; rows whose segment or reason differs from Python\n")
    print(f"{'model':<28} {'no segment':>10} {'ties':>8}", *(f"{e:>14}" for e in engines))
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(Path(folder)):
            if options.only and options.only not in case.name:
                continue
            table = drawn(case, options.rows, options.seed)
            segments, reasons = in_python(case, table)
            none, tied = int(np.count_nonzero(segments == 0)), ties(case.model, table)
            print(f"{case.name:<28} {none:>10,} {tied:>8,}", end="", flush=True)
            for run in engines.values():
                found, why = run(case, table)
                differing = np.flatnonzero((found != segments) | (why != reasons))
                wrong += len(differing)
                print(f" {len(differing):>14,}", end="", flush=True)
                for row in differing[:3].tolist():
                    told = f"{found[row]} {why[row]}, not {segments[row]} {reasons[row]}"
                    print(f"\n  {told}: {table.slice(row, 1).to_pylist()[0]}", file=sys.stderr)
            print(flush=True)
    if not options.postgres:
        print("\nPostgreSQL is left out: --postgres URL or SEGMEANS_POSTGRES names one.")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
