"""Any table with any settings: a sound preparation or one clear error."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmeans import preparation
from segmeans.errors import DataError
from segmeans.records import ColumnRole
from segmeans.settings import Settings
from segmeans.tables.duck import Column, Engine, Table

numbers = st.one_of(
    st.none(),
    st.integers(-5, 5).map(float),
    st.floats(width=64),
    st.floats(0, 1e6),
    st.sampled_from([1e300, 1e35, 5e-324, math.inf, math.nan, 1e-30]),
)
texts = st.one_of(st.none(), st.sampled_from(["", "a", "b", "1", "1.0", "(other)", "O'Brien"]))
asked = st.fixed_dictionaries(
    {
        "scale": st.sampled_from(["standard", "robust", "minmax", "none"]),
        "transform": st.sampled_from(["auto", "none", "log", "log1p", "yeo-johnson"]),
        "outliers": st.sampled_from(["cap", "keep"]),
        "missing": st.sampled_from(["median", "mean", "drop"]),
        "max_missing": st.sampled_from([0.0, 0.5, 1.0]),
    }
)


@st.composite
def tables(draw: st.DrawFn) -> list[tuple[float | None, float | None, str | None]]:
    count = draw(st.integers(1, 30))
    few = st.sampled_from(draw(st.lists(numbers, min_size=1, max_size=3)))
    columns = (draw(st.sampled_from([numbers, few])), numbers, texts)
    return draw(st.lists(st.tuples(*columns), min_size=count, max_size=count))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(threads=1) as engine:
        engine.run("CREATE TABLE t (x DOUBLE, y DOUBLE, z VARCHAR)")
        yield engine


@given(data=tables(), wish=asked)
@settings(max_examples=80, deadline=None)
def test_a_sound_preparation_or_one_clear_error(
    engine: Engine, data: list[tuple[Any, ...]], wish: dict[str, Any]
) -> None:
    engine.run("DELETE FROM t")
    for row in data:
        engine.run("INSERT INTO t VALUES (?, ?, ?)", row)
    columns = (Column("x", "DOUBLE"), Column("y", "DOUBLE"), Column("z", "VARCHAR"))
    table = Table(engine, "t", columns)
    roles = [
        ColumnRole(
            name=column.name,
            type=column.type,
            role="category" if column.type == "VARCHAR" else "number",
            use="feature",
            reason="",
            distinct=len({row[place] for row in data} - {None}),
        )
        for place, column in enumerate(columns)
    ]
    try:
        fitted = preparation.fit(table, roles, Settings(**wish))
    except DataError:
        return
    state = fitted.state
    assert state.rows_used + state.rows_set_aside == len(data)
    ((matrix, status),) = preparation.blocks(table, state)
    assert np.isfinite(matrix).all()
    assert (status == 0).sum() == state.rows_used
    assert matrix.shape == (len(data), len(preparation.columns(state)))
    for feature in state.features:
        if feature.kind == "category":
            assert sum(feature.centres) == pytest.approx(1.0) or len(feature.levels) == 2
    assert len(preparation.to_units(state, matrix)) == len(data)
    assert len(preparation.summary(state)) == len(state.features)
    json.dumps([asdict(state), [asdict(finding) for finding in fitted.findings]], allow_nan=False)
    if wish["scale"] == "standard" and wish["missing"] == "drop":
        numeric = [
            place for place, name in enumerate(preparation.columns(state)) if "=" not in name
        ]
        used = matrix[status == 0][:, numeric]
        assert used.mean(axis=0) == pytest.approx(np.zeros(len(numeric)), abs=1e-7)
        assert used.std(axis=0) == pytest.approx(np.ones(len(numeric)), rel=1e-7)
