"""SQL as every engine must understand it: written, run, and compared with Python."""

from __future__ import annotations

import math
import sqlite3
import sys
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from segmeans.errors import SegmeansError
from segmeans.tables import sql

Run = Callable[[str], Any]


def duckdb_value(query: str) -> Any:
    return duckdb.execute(query).fetchall()[0][0]


def sqlite_value(query: str) -> Any:
    with sqlite3.connect(":memory:") as connection:
        return connection.execute(query).fetchone()[0]


@pytest.fixture(scope="module")
def postgres_value(postgres: str) -> Iterator[Run]:
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(postgres, autocommit=True) as connection:
        yield lambda query: connection.execute(query).fetchone()[0]


@pytest.fixture(params=["duckdb", "sqlite", "postgres"])
def value_of(request: pytest.FixtureRequest) -> Callable[[sql.Expression], Any]:
    """Return a function that computes an expression without columns on one engine."""
    dialect = request.param
    run: Run = {"duckdb": duckdb_value, "sqlite": sqlite_value}.get(dialect) or (
        request.getfixturevalue("postgres_value")
    )
    return lambda expression: run(f"SELECT {sql.render(expression, dialect)}")


finite = st.floats(allow_nan=False, allow_infinity=False)
readable = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20
)


# Literals and names


@given(finite)
@settings(max_examples=300, deadline=None)
def test_a_number_is_read_back_as_the_same_float(value: float) -> None:
    assert duckdb_value(f"SELECT {sql.render(sql.number(value), 'duckdb')}") == value


@pytest.mark.parametrize(
    "value",
    [
        0.1,
        -0.1,
        0.0,
        1e22,
        1.5e-7,
        123.456,
        1 / 3,
        -2.5e300,
        sys.float_info.max,
        60.560000000000002,
    ],
)
def test_every_engine_reads_numbers_alike(
    value: float, value_of: Callable[[sql.Expression], Any]
) -> None:
    assert float(value_of(sql.double(sql.number(value)))) == pytest.approx(value, rel=4e-16)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_without_a_literal_are_refused(value: float) -> None:
    with pytest.raises(SegmeansError, match="no literal"):
        sql.number(value)


@given(readable)
@settings(max_examples=100, deadline=None)
def test_a_text_is_read_back_as_the_same_text(value: str) -> None:
    assert duckdb_value(f"SELECT {sql.render(sql.text(value), 'duckdb')}") == value
    assert sqlite_value(f"SELECT {sql.render(sql.text(value), 'sqlite')}") == value


@given(readable)
@settings(max_examples=100, deadline=None)
def test_a_name_is_never_more_than_a_name(name: str) -> None:
    query = sql.render(sql.select({name: sql.integer(7)}, "t"), "duckdb")
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t AS SELECT 1 AS x")
    result = connection.execute(query)
    assert [column[0] for column in result.description] == [name]
    assert result.fetchall() == [(7,)]


def test_texts_and_names_with_a_null_byte_are_refused() -> None:
    with pytest.raises(SegmeansError):
        sql.text("a\x00b")
    with pytest.raises(SegmeansError):
        sql.column("a\x00b")
    with pytest.raises(SegmeansError):
        sql.column("")


def test_injected_text_stays_text(value_of: Callable[[sql.Expression], Any]) -> None:
    hostile = "'; DROP TABLE customers; --"
    assert value_of(sql.text(hostile)) == hostile


# What is refused


@pytest.mark.parametrize(
    "foreign",
    [
        exp.Anonymous(this="pg_sleep", expressions=[exp.Literal.number("10")]),
        exp.column("unquoted"),
        exp.Literal.number("1; DROP TABLE t"),
        exp.Drop(this=exp.to_table("t"), kind="TABLE"),
        exp.Upper(this=exp.Literal.string("a")),
    ],
)
def test_what_this_module_does_not_build_is_refused(foreign: exp.Expression) -> None:
    with pytest.raises(SegmeansError, match="refused"):
        sql.render(sql.case([(sql.is_null(foreign), sql.number(1.0))]), "duckdb")


def test_an_unknown_dialect_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SegmeansError, match="duckdb, postgres, sqlite"):
        sql.render(sql.null(), "oracle")


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
@pytest.mark.parametrize(
    "measure",
    [
        sql.quantiles(sql.column("x"), [0.5]),
        sql.quantile_values(sql.column("x"), [0.5]),
        sql.exact_sum(sql.column("x")),
    ],
)
def test_measures_of_the_fit_stay_in_duckdb(measure: sql.Expression, dialect: str) -> None:
    with pytest.raises(SegmeansError, match="DuckDB only"):
        sql.render(measure, dialect)


def test_a_case_and_a_query_need_something() -> None:
    with pytest.raises(SegmeansError, match="branch"):
        sql.case([])
    with pytest.raises(SegmeansError, match="column"):
        sql.select({}, "t")


# Arithmetic

numbers = st.floats(-9, 9).map(lambda value: round(value, 2))
Pair = tuple[sql.Expression, float]
OPERATIONS: dict[str, tuple[Callable[..., sql.Expression], Callable[[float, float], float]]] = {
    "add": (sql.add, lambda a, b: a + b),
    "subtract": (sql.subtract, lambda a, b: a - b),
    "multiply": (sql.multiply, lambda a, b: a * b),
    "divide": (sql.divide, lambda a, b: a / b if b else math.nan),
    "least": (sql.least, min),
    "greatest": (sql.greatest, max),
}


def combine(pairs: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    def joined(name: str, left: Pair, right: Pair) -> Pair:
        tree, compute = OPERATIONS[name]
        known = math.isfinite(left[1]) and math.isfinite(right[1])
        return tree(left[0], right[0]), compute(left[1], right[1]) if known else math.nan

    return st.builds(joined, st.sampled_from(sorted(OPERATIONS)), pairs, pairs)


trees = st.recursive(
    numbers.map(lambda value: (sql.number(value), value)), combine, max_leaves=6
).filter(lambda pair: math.isfinite(pair[1]))


@given(trees)
@settings(max_examples=80, deadline=None)
def test_trees_keep_their_order_of_operations(pair: Pair) -> None:
    tree, expected = pair
    for dialect, run in (("duckdb", duckdb_value), ("sqlite", sqlite_value)):
        found = run(f"SELECT {sql.render(tree, dialect)}")
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-12), dialect


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (sql.ln(sql.number(math.e)), 1.0),
        (sql.ln1p(sql.number(math.e - 1)), 1.0),
        (sql.power(sql.number(2), sql.number(-2)), 0.25),
        (sql.power(sql.subtract(sql.number(1), sql.number(4)), sql.number(2)), 9.0),
        (sql.sqrt(sql.number(2.25)), 1.5),
        (sql.absolute(sql.number(-3)), 3.0),
        (sql.divide(sql.number(1), sql.number(4)), 0.25),
        (sql.subtract(sql.number(1), sql.subtract(sql.number(2), sql.number(3))), 2.0),
        (sql.coalesce(sql.null(), sql.number(5)), 5.0),
        (sql.least(sql.number(1), sql.double(sql.null())), None),
        (sql.greatest(sql.double(sql.null()), sql.number(1)), None),
    ],
)
def test_functions_mean_the_same_everywhere(
    tree: sql.Expression, expected: float | None, value_of: Callable[[sql.Expression], Any]
) -> None:
    found = value_of(tree)
    assert found is None if expected is None else float(found) == pytest.approx(expected)


def truth(condition: sql.Expression) -> sql.Expression:
    return sql.case([(condition, sql.integer(1))], sql.integer(0))


ONE, TWO, NONE = sql.number(1), sql.number(2), sql.double(sql.null())


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (sql.less(ONE, TWO), 1),
        (sql.less_equal(TWO, TWO), 1),
        (sql.greater(ONE, TWO), 0),
        (sql.greater_equal(TWO, TWO), 1),
        (sql.equal(ONE, NONE), 0),
        (sql.negate(sql.equal(ONE, NONE)), 0),
        (sql.is_null(NONE), 1),
        (sql.negate(sql.is_null(NONE)), 0),
        (sql.between(TWO, ONE, TWO), 1),
        (sql.between(NONE, ONE, TWO), 0),
        (sql.is_in(sql.text("a"), [sql.text("b"), sql.text("a")]), 1),
        (sql.all_of(sql.less(ONE, TWO), sql.any_of(sql.less(TWO, ONE), sql.is_null(ONE))), 0),
        (sql.any_of(sql.less(ONE, TWO), sql.all_of(sql.less(TWO, ONE), sql.is_null(ONE))), 1),
    ],
)
def test_conditions_mean_the_same_everywhere(
    condition: sql.Expression, expected: int, value_of: Callable[[sql.Expression], Any]
) -> None:
    assert value_of(truth(condition)) == expected


# Casts


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("12", 12.0), ("-1.5", -1.5), ("+5", 5.0), (" 12 ", 12.0), ("1e5", 1e5), (".5", 0.5),
        ("5.", 5.0), ("2.5E-3", 0.0025), ("007", 7.0),
        ("", None), ("abc", None), ("1-2", None), ("1e", None), ("e5", None), ("-", None),
        ("1.2.3", None), ("12abc", None), ("1,5", None), ("--1", None), ("0x10", None),
    ],
)  # fmt: skip
def test_text_that_is_no_number_is_missing(
    written: str, expected: float | None, value_of: Callable[[sql.Expression], Any]
) -> None:
    assert value_of(sql.try_double(sql.text(written))) == expected


@pytest.mark.parametrize(
    ("date", "expected"),
    [("1970-01-01", 0), ("1970-01-02", 1), ("1969-12-31", -1), ("2024-02-29 23:59:59", 19782)],
)
def test_dates_are_whole_days(
    date: str, expected: int, value_of: Callable[[sql.Expression], Any]
) -> None:
    assert value_of(sql.days(sql.text(date))) == expected


def test_whole_numbers_and_texts_are_cast(value_of: Callable[[sql.Expression], Any]) -> None:
    assert value_of(sql.as_text(sql.integer(7))) == "7"
    assert value_of(sql.as_small_integer(sql.text("7"))) == 7
    assert value_of(sql.double(sql.text("2.5"))) == 2.5


# Aggregates and queries


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 4}) as connection:
        connection.execute("CREATE TABLE t AS SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (4, 'b'),"
                           " (NULL, 'c')) AS v(x, g)")  # fmt: skip
        yield connection


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        (sql.count_rows(), 4),
        (sql.count(sql.column("x")), 3),
        (sql.count_distinct(sql.column("g")), 3),
        (sql.count_where(sql.greater(sql.column("x"), sql.number(1))), 2),
        (sql.count_where(sql.greater(sql.column("x"), sql.number(9))), 0),
        (sql.total(sql.column("x")), 7),
        (sql.average(sql.column("x")), 7 / 3),
        (sql.stddev_pop(sql.column("x")), math.sqrt(14 / 9)),  # (16 + 1 + 25) / 27
        (sql.minimum(sql.column("x")), 1),
        (sql.maximum(sql.column("x")), 4),
        (sql.quantiles(sql.column("x"), [0.25, 0.5]), [1.5, 2.0]),
        (sql.quantile_values(sql.column("x"), [1 / 6, 1 / 2, 5 / 6]), [1, 2, 4]),
        (sql.exact_sum(sql.divide(sql.column("x"), sql.number(4))), 1.75),
    ],
)
def test_aggregates_leave_out_nulls(
    aggregate: sql.Expression, expected: object, connection: duckdb.DuckDBPyConnection
) -> None:
    query = sql.render(sql.select({"v": aggregate}, "t"), "duckdb")
    assert connection.execute(query).fetchall()[0][0] == pytest.approx(expected)


def test_a_query_groups_orders_and_limits(connection: duckdb.DuckDBPyConnection) -> None:
    inner = sql.select({"x": sql.column("x"), "g": sql.column("g")}, sql.table("t", "main"))
    query = sql.select(
        {"group": sql.column("g"), "n": sql.count_rows()},
        inner,
        sql.negate(sql.is_null(sql.column("x"))),
        group_by=[sql.column("g")],
        order_by=[(sql.count_rows(), "down"), (sql.column("g"), "up")],
        limit=1,
    )
    assert connection.execute(sql.render(query, "duckdb")).fetchall() == [("b", 2)]


def test_exact_sums_do_not_depend_on_the_order_of_rows(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("CREATE TABLE u AS SELECT sin(i * i) AS x FROM range(300000) AS r(i)")
    aggregate = sql.render(sql.exact_sum(sql.column("x")), "duckdb")
    sums = {
        connection.execute(f"SELECT {aggregate} FROM (FROM u ORDER BY {order})").fetchall()[0][0]
        for order in ("x", "-x", "abs(x)")
    }
    rows = connection.execute("FROM u").fetchall()
    assert len(sums) == 1
    assert sums.pop() == pytest.approx(math.fsum(x for (x,) in rows), abs=1e-12)


def test_membership_keeps_the_rows_in_order(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TABLE w AS SELECT i, 'c' || i % 20 AS c FROM range(300000) AS r(i)")
    member = sql.is_in(sql.column("c"), [sql.text(f"c{place}") for place in range(13)])
    query = sql.render(sql.select({"i": sql.column("i"), "m": truth(member)}, "w"), "duckdb")
    found = connection.execute(query).fetchnumpy()
    assert (found["i"][1:] > found["i"][:-1]).all()
    assert sum(found["m"]) == 300_000 * 13 // 20
