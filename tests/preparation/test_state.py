"""The fitted preparation gives one answer: as array, and as SQL on every engine."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from segmeans import preparation
from segmeans.preparation import Fitted
from segmeans.preparation.transforms import Name
from segmeans.records import FeatureState, PreparationState
from segmeans.tables import sql
from segmeans.tables.duck import Column, Engine, Table

Learn = Callable[..., tuple[Table, Fitted]]
Rows = Sequence[tuple[float | None, str | None]]

NUMBER, NAME = 'spent "net", €', "it's; a city--"


def state_of(*features: FeatureState, missing: str = "median") -> PreparationState:
    return PreparationState(
        features=features,
        scale="standard",
        missing=missing,
        max_missing=0.5,
        rows_used=9,
        rows_set_aside=0,
    )


# Any state, any value


@st.composite
def number_states(draw: st.DrawFn) -> FeatureState:
    transforms: list[Name] = ["none", "log", "log1p", "yeo-johnson"]
    transform = draw(st.sampled_from(transforms))
    low = draw(
        st.sampled_from({"log": [1e-3, 2.0], "log1p": [0.0, 1.5]}.get(transform, [None, -3.0]))
    )
    return FeatureState(
        column=NUMBER,
        kind="number",
        weight=draw(st.sampled_from([1.0, 0.3, 4.0])),
        fill=draw(st.floats(0.5, 90.0)),
        transform=transform,
        exponent=draw(st.integers(-200, 400)) / 100 if transform == "yeo-johnson" else None,
        low=low,
        high=draw(st.sampled_from([None, 100.0])),
        centre=draw(st.sampled_from([0.0, 1 / 3, 60.56])),
        scale=draw(st.sampled_from([1.0, 26.2, 1e-3])),
    )


LEVELS = ["a", "B", "10", "2", "true", "O'Brien", '"', "\\", "%s", "é\nb", "x y"]


@st.composite
def category_states(draw: st.DrawFn) -> FeatureState:
    levels = draw(st.lists(st.sampled_from(LEVELS), min_size=1, max_size=6, unique=True))
    levels += draw(st.sampled_from([[], ["(other)"], ["(missing)"], ["(other)", "(missing)"]]))
    if len(levels) == 1:
        levels.append("z")
    shares = np.arange(1.0, len(levels) + 1)
    shares /= shares.sum()
    two = len(levels) == 2
    return FeatureState(
        column=NAME,
        kind="category",
        weight=draw(st.sampled_from([1.0, 2.5])),
        scale=1.0 if two else math.sqrt(2),
        levels=tuple(levels),
        centres=tuple(shares.tolist()[1:] if two else shares.tolist()),
    )


values = st.one_of(
    st.none(),
    st.floats(),
    st.floats(-200, 200),
    st.sampled_from([0.0, -0.0, 100.0, -3.0, 1e36, -1e36, 1e37, 1.7e308, 5e-324, math.inf]),
)
names = st.one_of(
    st.none(),
    st.sampled_from([*LEVELS, "", "(other)", "(missing)", "1", "10.0", "True", "unheard of"]),
)
rows = st.lists(st.tuples(values, names), min_size=1, max_size=12)
states = st.builds(
    lambda number, category, missing: state_of(number, category, missing=missing),
    number_states(),
    category_states(),
    st.sampled_from(["median", "drop"]),
)


@pytest.fixture(scope="module")
def duckdb_rows() -> Iterator[Callable[[str, Rows], list[tuple[Any, ...]]]]:
    with Engine(threads=1) as engine:
        engine.run(f"CREATE TABLE t ({_quoted(NUMBER)} DOUBLE, {_quoted(NAME)} VARCHAR)")

        def run(query: str, data: Rows) -> list[tuple[Any, ...]]:
            engine.run("DELETE FROM t")
            for row in data:
                engine.run("INSERT INTO t VALUES (?, ?)", row)
            return engine.rows(query)

        yield run


@pytest.fixture(scope="module")
def sqlite_rows() -> Iterator[Callable[[str, Rows], list[tuple[Any, ...]]]]:
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("SELECT ln(1.0), power(1.0, 1.0)")
    except sqlite3.OperationalError:
        pytest.skip("this SQLite was built without mathematical functions")
    connection.execute(f"CREATE TABLE t ({_quoted(NUMBER)} REAL, {_quoted(NAME)} TEXT)")

    def run(query: str, data: Rows) -> list[tuple[Any, ...]]:
        connection.execute("DELETE FROM t")
        connection.executemany("INSERT INTO t VALUES (?, ?)", data)
        return connection.execute(query).fetchall()

    yield run
    connection.close()


@pytest.fixture(scope="module")
def postgres_rows(postgres: str) -> Iterator[Callable[[str, Rows], list[tuple[Any, ...]]]]:
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            f"CREATE TEMP TABLE t ({_quoted(NUMBER)} double precision, {_quoted(NAME)} text)"
        )

        def run(query: str, data: Rows) -> list[tuple[Any, ...]]:
            connection.execute("DELETE FROM t")
            for row in data:
                connection.execute("INSERT INTO t VALUES (%s, %s)", row)
            return list(connection.execute(query).fetchall())

        yield run


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.mark.parametrize("dialect", ["duckdb", "sqlite", "postgres"])
@given(state=states, data=rows)
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_array_and_sql_give_the_same_numbers(
    request: pytest.FixtureRequest, dialect: str, state: PreparationState, data: Rows
) -> None:
    if dialect == "postgres":  # it refuses a result that underflows
        numbers = [row[0] for row in data if isinstance(row[0], float)]
        assume(all(number == 0 or not abs(number) < 1e-200 for number in numbers))
    run = request.getfixturevalue(f"{dialect}_rows")
    raw = preparation.raw_values(
        state, {NUMBER: [row[0] for row in data], NAME: [row[1] for row in data]}
    )
    matrix, status = preparation.matrix(state, raw), preparation.status(state, raw)
    assert np.isfinite(matrix).all()
    expressions = preparation.expressions(state)
    query = {f"c{place}": column for place, column in enumerate(expressions.values())}
    query["status"] = preparation.status_expression(state)
    found = np.array(run(sql.render(sql.select(query, "t"), dialect), data), dtype=np.float64)
    number = state.features[0]
    size = (1 + abs(number.centre)) * math.sqrt(number.weight) / number.scale
    np.testing.assert_allclose(found[:, 0], matrix[:, 0], rtol=1e-12, atol=1e-12 * size)
    np.testing.assert_array_equal(found[:, 1:-1], matrix[:, 1:])
    np.testing.assert_array_equal(found[:, -1], status)


@given(state=states, data=rows)
@settings(max_examples=25, deadline=None)
def test_values_from_python_and_from_a_table_are_the_same(
    state: PreparationState, data: Rows
) -> None:
    with Engine(threads=1) as engine:
        engine.run(f"CREATE TABLE t ({_quoted(NUMBER)} DOUBLE, {_quoted(NAME)} VARCHAR)")
        for row in data:
            engine.run("INSERT INTO t VALUES (?, ?)", row)
        table = Table(engine, "t", (Column(NUMBER, "DOUBLE"), Column(NAME, "VARCHAR")))
        blocks = list(preparation.blocks(table, state, rows=5))
    raw = preparation.raw_values(
        state, {NUMBER: [row[0] for row in data], NAME: [row[1] for row in data]}
    )
    np.testing.assert_array_equal(
        np.vstack([matrix for matrix, _ in blocks]), preparation.matrix(state, raw)
    )
    np.testing.assert_array_equal(
        np.concatenate([status for _, status in blocks]), preparation.status(state, raw)
    )


# By hand


GENDER = FeatureState(column="Gender", kind="category", levels=("Female", "Male"), centres=(0.44,))
CITY = FeatureState(
    column="City",
    kind="category",
    scale=math.sqrt(2),
    levels=("Oslo", "Rome", "(other)"),
    pooled=("Bath", "Caen"),
    centres=(0.5, 0.3, 0.2),
)
SPENT = FeatureState(
    column="Spent",
    kind="number",
    fill=math.e**2,
    transform="log",
    low=1.0,
    high=math.e**4,
    centre=2.0,
    scale=0.5,
)


def test_a_matrix_by_hand() -> None:
    state = state_of(SPENT, GENDER, CITY)
    raw = preparation.raw_values(
        state,
        {
            "Spent": [math.e, 0.0, 1e9, None, "7.38905609893065"],
            "Gender": ["Male", "Female", None, "unknown", "Male"],
            "City": ["Oslo", "Bath", "Rome", None, "Lima"],
        },
    )
    h = 1 / math.sqrt(2)
    oslo = [0.5 * h, -0.3 * h, -0.2 * h]
    rome = [-0.5 * h, 0.7 * h, -0.2 * h]
    other = [-0.5 * h, -0.3 * h, 0.8 * h]
    expected: list[list[float]] = [
        [-2, 0.56, *oslo],
        [-4, -0.44, *other],  # capped from below; a pooled level
        [4, 0, *rome],  # capped from above; no gender: no pull
        [0, 0, 0, 0, 0],  # filled; an unseen gender; no city
        [0, 0.56, *other],  # a number as text; an unseen city counts as a rare one
    ]
    matrix = preparation.matrix(state, raw)
    np.testing.assert_allclose(matrix, expected, atol=1e-14)
    assert matrix.dtype == np.float64
    assert matrix.flags.c_contiguous
    assert preparation.status(state, raw).tolist() == [0, 0, 0, 1, 0]
    dropped = state_of(SPENT, GENDER, CITY, missing="drop")
    assert preparation.status(dropped, raw).tolist() == [0, 0, 2, 1, 0]
    assert set(preparation.legend(state)) == {0, 1, 2}


def test_points_come_back_in_units() -> None:
    since = FeatureState(column="Since", kind="date", centre=18262.0, scale=100.0)
    state = state_of(SPENT, since, GENDER, CITY)
    h = 1 / math.sqrt(2)
    centres = [
        [2.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, -0.1, 0.56, 0.5 * h, -0.3 * h, -0.2 * h],
    ]
    first, second = preparation.to_units(state, centres)
    assert first == {
        "Spent": pytest.approx(math.e**3),
        "Since": "2020-01-01",
        "Gender": "Female 56 %, Male 44 %",
        "City": "Oslo 50 %, Rome 30 %, (other) 20 %",
    }
    assert second == {
        "Spent": pytest.approx(math.e**2),
        "Since": "2019-12-22",
        "Gender": "Male 100 %",
        "City": "Oslo 100 %",
    }


def test_names_of_prepared_columns_are_all_different() -> None:
    twin = FeatureState(column="Gender=Male", kind="number")
    names = preparation.columns(state_of(twin, GENDER, CITY))
    assert names == (
        "Gender=Male", "Gender=Male (2)", "City=Oslo", "City=Rome", "City=(other)",
    )  # fmt: skip


def test_a_prepared_column_reads_well_in_sql() -> None:
    columns = preparation.expressions(state_of(SPENT, GENDER))
    assert sql.render(columns["Gender=Male"], "postgres") == (
        """CASE WHEN CAST("Gender" AS TEXT) = 'Female' THEN -0.44e0 """
        """WHEN CAST("Gender" AS TEXT) = 'Male' THEN 0.56e0 ELSE 0e0 END"""
    )
    plain = FeatureState(column="Age", kind="number", fill=40.0, centre=38.85, scale=13.5)
    (age,) = preparation.expressions(state_of(plain)).values()
    assert sql.render(age, "sqlite") == (
        'CASE WHEN CAST("Age" AS REAL) BETWEEN -1e36 AND 1e36 '
        f'THEN (CAST("Age" AS REAL) - 38.85e0) / 13.5e0 ELSE {(40 - 38.85) / 13.5!r}e0 END'
    )


def test_a_learnt_preparation_prepares_its_own_table_the_same_way_twice(learn: Learn) -> None:
    place = np.arange(300)
    table, fitted = learn(
        {
            "x": np.exp(2 * np.sin(place**2.0)).tolist(),
            "y": [None if i % 11 == 0 else float(np.cos(i) * 1e5) for i in place],
            "z": [f"{i % 5}" if i % 7 else None for i in place],
        },
        weight={"y": 3},
    )
    found = table.fetch(preparation.expressions(fitted.state))
    matrix = np.vstack([block for block, _ in preparation.blocks(table, fitted.state, rows=64)])
    np.testing.assert_allclose(
        np.column_stack(list(found.values())), matrix, rtol=1e-12, atol=1e-12
    )


# What people see


def test_the_summary_shows_before_and_after(learn: Learn) -> None:
    values = [*np.exp(np.linspace(0, 5, 40)).tolist(), None]
    _, fitted = learn(
        {"spent": values, "sex": ["F", "M", "M"] * 13 + ["F", "M"]},
        max_missing=1.0,
        weight={"spent": 2},
    )
    spent, sex = preparation.summary(fitted.state)
    assert spent["transform"] == "ln(x)"
    assert spent["skew"] == f"{stats.skew(values[:-1]):.2f} -> 0.00"
    assert spent["missing"] == "2.4 %"
    assert spent["fill"] == f"{np.median(values[:-1]):.5g}"
    assert spent["weight"] == "2"
    assert spent["caps"] == "none reached"
    assert (sex["kind"], sex["note"], sex["skew"]) == ("category", "1 is M", "")
    assert spent.keys() == sex.keys()
