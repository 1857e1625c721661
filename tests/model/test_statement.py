"""The model as SQL gives the same segment on every row, wherever it runs."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import sqlglot
from tests.model.conftest import NEWEST, customers

from segmeans import preparation
from segmeans.errors import SettingError
from segmeans.model import Model, load
from segmeans.model.files import open_for
from segmeans.model.statement import DIALECTS, statement
from segmeans.records import FeatureState, ModelSegment
from segmeans.settings import Settings
from segmeans.tables.duck import quoted

ROWS = 20_000
SNAPSHOTS = Path(__file__).parent / "statements"
TYPES = {
    "Age": "bigint",
    "Annual Income (k$)": "double precision",
    "Tenure (months)": "double precision",
    "Signup Date": "date",
}
Answer = tuple[str, int | None, str | None, str | None]
Run = Callable[[str, dict[str, list[Any]]], list[Answer]]


def type_of(name: str) -> str:
    return "double precision" if name.startswith("feature") else TYPES.get(name, "text")


def in_duckdb(query: str, rows: dict[str, list[Any]]) -> list[Answer]:
    with duckdb.connect(config={"threads": 2}) as connection:
        frame = pd.DataFrame(
            {name: pd.Series(column, dtype=object) for name, column in rows.items()}
        )
        connection.register("incoming", frame)
        columns = ", ".join(f"CAST({quoted(n)} AS {type_of(n)}) AS {quoted(n)}" for n in rows)
        connection.execute(f"CREATE TABLE customers AS SELECT {columns} FROM incoming")
        return connection.execute(query).fetchall()


def in_sqlite(query: str, rows: dict[str, list[Any]]) -> list[Answer]:
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(f"CREATE TABLE customers ({_declared(rows)})")
        marks = ", ".join("?" * len(rows))
        connection.executemany(
            f"INSERT INTO customers VALUES ({marks})", zip(*rows.values(), strict=True)
        )
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def _declared(rows: dict[str, list[Any]]) -> str:
    return ", ".join(f"{quoted(name)} {type_of(name)}" for name in rows)


@pytest.fixture(params=["duckdb", "sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> tuple[str, Run]:
    """Return an engine and how a query over customers is run on it."""
    if request.param != "postgres":
        return request.param, {"duckdb": in_duckdb, "sqlite": in_sqlite}[request.param]
    where = request.getfixturevalue("postgres")
    psycopg = pytest.importorskip("psycopg")

    def in_postgres(query: str, rows: dict[str, list[Any]]) -> list[Answer]:
        with psycopg.connect(where) as connection, connection.cursor() as cursor:
            cursor.execute("SET jit = off")
            cursor.execute(f"CREATE TEMPORARY TABLE customers ({_declared(rows)})")
            with cursor.copy("COPY customers FROM STDIN") as copy:
                for row in zip(*rows.values(), strict=True):
                    copy.write_row(row)
            found: list[Answer] = cursor.execute(query).fetchall()
            return found

    return request.param, in_postgres


def same(model: Model, rows: dict[str, list[Any]], engine: tuple[str, Run]) -> None:
    """Assert that an engine answers every row as Python does."""
    dialect, run = engine
    told = model.assign(rows).to_dict()
    wanted = list(
        zip(rows["CustomerID"], told["segment"], told["name"], told["unscored"], strict=True)
    )
    found = run(statement(model, dialect=dialect, table="customers"), rows)
    assert len(found) == len(wanted)
    wrong = [pair for pair in zip(found, wanted, strict=True) if tuple(pair[0]) != pair[1]]
    assert wrong == []


def test_every_engine_answers_as_python(model: Model, engine: tuple[str, Run]) -> None:
    rows = customers(ROWS, seed=9)
    assert len({*model.assign(rows).to_dict()["segment"].tolist()}) == 4  # nobody's as well
    same(model, rows, engine)


def test_where_a_missing_value_sets_a_row_aside(model: Model, engine: tuple[str, Run]) -> None:
    state = model.record.preparation
    dropping = replace(
        state,
        missing="drop",
        features=tuple(
            replace(f, fill=None) if f.kind != "category" else f for f in state.features
        ),
    )
    same(Model(replace(model.record, preparation=dropping)), customers(2000, seed=3), engine)


def wide(features: int, k: int, seed: int = 0) -> Model:
    """Return a model of many numbers, with a transform of every kind, and many segments."""
    draws = np.random.default_rng(seed)
    transforms = [("none", None), ("log", 0.5), ("log1p", 0.0), ("yeo-johnson", -40.0)]
    states = tuple(
        FeatureState(
            column=f'feature {place}; it\'s "quoted" WHEN + (-- {place}',
            kind="number",
            fill=2.0,
            transform=transforms[place % 4][0],  # type: ignore[arg-type]
            exponent=0.3 if place % 4 == 3 else None,
            low=transforms[place % 4][1],
            high=80.0,
            centre=0.7,
            scale=1.3,
        )
        for place in range(features)
    )
    record = load(NEWEST).record
    return Model(
        replace(
            record,
            preparation=replace(record.preparation, features=states),
            columns=tuple(state.column for state in states),
            centres=tuple(tuple(row) for row in draws.normal(size=(k, features)).tolist()),
            segments=tuple(
                ModelSegment(number=n, id=f"s{n}", name=f"segment '{n}'", size=1, share=1 / k)
                for n in range(1, k + 1)
            ),
            seen=(),
            certainty_cuts=(),
        )
    )


def drawn(model: Model, rows: int, seed: int = 1) -> dict[str, list[Any]]:
    draws = np.random.default_rng(seed)
    table: dict[str, list[Any]] = {"CustomerID": [str(row) for row in range(rows)]}
    for feature in model.record.preparation.features:
        values = draws.normal(3, 20, rows)
        table[feature.column] = [None if draws.random() < 0.1 else v for v in values.tolist()]
    return table


def test_thirty_features_and_twenty_segments(engine: tuple[str, Run]) -> None:
    model = wide(30, 20)
    rows = drawn(model, 2000)
    same(model, rows, engine)  # were the steps folded into one another, this would never end


def plan_nodes(plan: dict[str, Any]) -> int:
    return 1 + sum(map(plan_nodes, plan.get("Plans", [])))


@pytest.mark.parametrize(("features", "k"), [(5, 4), (15, 10), (30, 20), (0, 3)])
def test_the_plan_of_postgresql_grows_as_the_statement(
    postgres: str, model: Model, features: int, k: int
) -> None:
    """Folded into one another, five features and four segments give 86 times the statement."""
    psycopg = pytest.importorskip("psycopg")
    model = wide(features, k) if features else model
    rows = drawn(model, 1) if features else customers(1)
    query = statement(model, dialect="postgres", table="customers")
    with psycopg.connect(postgres) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE customers ({_declared(rows)})")
        cursor.execute(f"EXPLAIN (VERBOSE, COSTS OFF) {query}")
        plan = "\n".join(line for (line,) in cursor)
        [told] = cursor.execute(f"EXPLAIN (FORMAT JSON) {query}").fetchone()
    assert len(plan) < 2 * len(query)
    assert plan_nodes(told[0]["Plan"]) == (5 if features else 6)  # one per step, words have two
    if features == 30:  # each term of each score once
        half = statement(wide(15, 10), dialect="postgres", table="customers")
        assert len(query) < 4 * len(half)
        assert query.count(" * ") == 30 * 20


def test_border_customers_go_to_the_lower_number(engine: tuple[str, Run]) -> None:
    model = wide(1, 3)
    column = model.record.columns[0]
    [state] = model.record.preparation.features
    plain = replace(state, low=None, high=None, centre=0.1, scale=0.3)
    model = Model(
        replace(
            model.record,
            preparation=replace(model.record.preparation, features=(plain,)),
            centres=((-1.0,), (1.0,), (3.0,)),
        )
    )
    values = [0.1, 0.7, 0.1 + 1e-12, 0.1 - 1e-12, 0.7 + 1e-12, 0.1 + 1e-6, -5.0]
    rows = {"CustomerID": [*"abcdefg"], column: values}
    same(model, rows, engine)
    assert model.assign(rows).to_dict()["segment"].tolist() == [1, 2, 1, 1, 2, 2, 1]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_statements_are_kept_to_be_read(model: Model, dialect: str) -> None:
    found = statement(model, dialect=dialect, table="crm.customers")
    [parsed] = sqlglot.parse(found, dialect=dialect)
    assert isinstance(parsed, sqlglot.exp.Select)
    assert [column.alias for column in parsed.selects][1:] == [
        "segment", "segment_name", "unscored",
    ]  # fmt: skip
    kept = SNAPSHOTS / f"{dialect}.sql"
    if os.environ.get("SEGMEANS_SNAPSHOTS") == "write":
        kept.write_text(found, "utf-8")
    assert found == kept.read_text("utf-8")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nothing_of_the_data_becomes_sql(model: Model, dialect: str) -> None:
    evil = "x'; DROP TABLE a; --\\' \" ` ] */ \n DROP TABLE b; \u2028 DROP"
    features = [*model.record.preparation.features]
    features[0] = replace(features[0], column=evil, levels=("a", evil, "\\"))
    segments = [replace(s, name=f"{evil}{s.number}") for s in model.record.segments]
    record = replace(
        model.record,
        preparation=replace(model.record.preparation, features=tuple(features)),
        columns=(evil, *model.record.columns[1:]),
        segments=tuple(segments),
        id_column=evil,
    )
    found = statement(Model(record), dialect=dialect, table="customers")
    [parsed] = sqlglot.parse(found, dialect=dialect)
    assert parsed is not None
    assert not list(parsed.find_all(sqlglot.exp.Drop))
    texts = {node.this for node in parsed.find_all(sqlglot.exp.Literal) if node.is_string}
    texts |= {node.name for node in parsed.find_all(sqlglot.exp.National)}
    assert {segment.name for segment in segments} | {evil, "\\"} <= texts
    names = {node.name for node in parsed.find_all(sqlglot.exp.Column)}
    assert any(name == evil or evil.startswith(name) for name in names - {"key1"} if len(name) > 20)


def test_words_are_read_as_in_a_file(model: Model, engine: tuple[str, Run], tmp_path: Path) -> None:
    """Blanks around a word and the ways to write nothing, which a CSV file of them shows."""
    words = ["Brno", " Brno", "Brno\u00a0", "\tBrno\u200b", "brno", "N/A", " n/a ", "-", "NULL"]
    words += ["\\N", "?", " ", "nothing", "(missing)", "#REF!", "--", "---"]
    rows = {name: [values[0]] * len(words) for name, values in customers(1, seed=3).items()}
    rows |= {"City": words, "CustomerID": [f"c{place}" for place in range(len(words))]}
    same(model, rows, engine)
    codes = {name: place for place, name in enumerate(words)}
    raw = preparation.raw_values(model.record.preparation, rows)["City"]
    known = {raw[codes[name]] for name in ("Brno", " Brno", "Brno\u00a0", "\tBrno\u200b")}
    absent = {raw[codes[name]] for name in ("N/A", " n/a ", "-", "NULL", "\\N", "?", " ", "--")}
    assert known == {model.record.preparation.features[4].levels.index("Brno")}
    assert absent == {preparation.categories.MISSING_CODE}
    assert raw[codes["brno"]] == raw[codes["---"]] == preparation.categories.UNSEEN_CODE
    pd.DataFrame(rows).to_csv(tmp_path / "c.csv", index=False)
    with open_for(model, tmp_path / "c.csv", Settings()).opened as opened:
        read = opened.table.fetch(preparation.raw_expressions(model.record.preparation))["City"]
    assert read.tolist() == raw.tolist()


def test_names_that_postgresql_cuts(model: Model) -> None:
    long = "é" * 40
    features = [*model.record.preparation.features]
    features[1] = replace(features[1], column=long + "1")
    one = replace(
        model.record, preparation=replace(model.record.preparation, features=(*features,))
    )
    written = statement(Model(one), dialect="postgres", table="customers")
    assert f'"{"é" * 31}"' in written
    assert long not in written
    assert long in statement(Model(one), dialect="duckdb", table="customers")
    features[2] = replace(features[2], column=long + "2")
    two = replace(one, preparation=replace(one.preparation, features=(*features,)))
    with pytest.raises(SettingError, match="cut it to 63 bytes"):
        statement(Model(two), dialect="postgres", table="customers")


def test_without_an_id_the_features_tell_who_it_is(model: Model) -> None:
    nameless = Model(replace(model.record, id_column=None))
    rows = customers(5)
    del rows["CustomerID"]
    [first, *_] = in_duckdb(statement(nameless, dialect="duckdb", table="customers"), rows)
    assert len(first) == len(rows) + 3
    found = statement(model, dialect="duckdb", table="customers", id_column="Segment")
    assert 'AS "Segment_of_source"' in found


def test_bad_wishes(model: Model) -> None:
    with pytest.raises(SettingError, match="no such SQL dialect"):
        statement(model, dialect="oracle", table="customers")
    for table in ("", "a..b", "a.b.c.d"):
        with pytest.raises(SettingError, match="no name of a table"):
            statement(model, dialect="duckdb", table=table)
