"""Answers for Python values: dictionaries and frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from tests.model.conftest import customers

from segmeans.errors import ColumnNotFoundError, DataError
from segmeans.model import Model

MAKERS: dict[str, Callable[[dict[str, list[Any]]], Any]] = {
    "dict": dict,
    "pandas": pd.DataFrame,
    "polars": lambda columns: pl.DataFrame(columns, strict=False),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_every_kind_of_frame_gives_the_same(model: Model, kind: str) -> None:
    columns = customers(300)
    expected = model.assign(columns).to_dict()
    told = model.assign(MAKERS[kind](columns)).to_dict()
    assert list(told) == list(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(told[name], values)
    frame = pd.DataFrame(told)
    assert (frame["segment"].isna() == frame["unscored"].notna()).all()
    assert set(frame["standing"].dropna()) == {"core", "between", "border"}


def test_one_customer_alone_is_answered_as_among_others(model: Model) -> None:
    columns = customers(40)
    whole = model.assign(columns).to_dict()
    for row in range(40):
        alone = model.assign({name: [values[row]] for name, values in columns.items()}).to_dict()
        for name, values in alone.items():
            np.testing.assert_array_equal(values[0], whole[name][row])


def test_nobody_at_all(model: Model) -> None:
    scored = model.assign({name: [] for name in customers(1)})
    assert len(scored) == 0
    assert all(len(values) == 0 for values in scored.to_dict().values())
    assert repr(scored) == "<Scored: 0 customers, 0 with a segment>"


def test_too_many_missing_values_are_a_reason(model: Model) -> None:
    nothing = {name: [None, values[0]] for name, values in customers(1, seed=2).items()}
    told = model.assign(nothing).to_dict()
    assert told["unscored"].tolist() == ["more than 50 % of the features are missing", None]
    assert [told[name][0] for name in ("segment", "name", "runner_up", "unlike", "standing")] == [
        None
    ] * 5
    assert np.isnan([told[name][0] for name in ("distance", "margin", "certainty")]).all()


def centre_of(model: Model) -> dict[str, list[Any]]:
    """Return a customer with middling values of everything."""
    return {
        feature.column: ["Female" if feature.column == "Gender" else "Lisbon"]
        if feature.kind == "category"
        else [feature.fill]
        if feature.kind == "number"
        else ["2020-03-23"]
        for feature in model.record.preparation.features
    }


def test_unlike_anyone_seen(model: Model) -> None:
    usual = centre_of(model)
    assert not model.assign(usual).to_dict()["unlike"][0]
    assert model.assign({**usual, "Age": [4000]}).to_dict()["unlike"][0]
    far = {**usual, "Tenure (months)": [1e6], "Annual Income (k$)": [-900], "Age": [-300]}
    assert model.assign(far).to_dict()["unlike"][0]


def test_unlike_by_distance_follows_the_day_of_training(model: Model) -> None:
    usual = centre_of(model)
    near = [replace(s, distances=(0.0, 0.0, 0.0, 1e-6, 1e-6)) for s in model.record.segments]
    strict = Model(replace(model.record, segments=tuple(near)))
    assert strict.assign(usual).to_dict()["unlike"][0]


def test_a_standing_goes_by_the_cuts(model: Model) -> None:
    certainty = float(model.assign(centre_of(model)).assigned.certainty[0])
    for cuts, word in (
        ((certainty / 2, certainty * 0.9), "core"),
        ((certainty / 2, certainty * 1.1), "between"),
        ((certainty * 1.1, certainty * 1.2), "border"),
    ):
        cut = Model(replace(model.record, certainty_cuts=cuts))
        assert cut.assign(centre_of(model)).to_dict()["standing"][0] == word


def test_extra_columns_are_ignored_and_missing_ones_named(model: Model) -> None:
    columns = customers(3)
    assert len(model.assign({**columns, "more": ["x"] * 3})) == 3
    columns["Agee"] = columns.pop("Age")
    with pytest.raises(ColumnNotFoundError, match=r"no column 'Age'.*Try: 'Agee'"):
        model.assign(columns)
    with pytest.raises(DataError, match="differ in length"):
        model.assign({**customers(3), "Age": [1]})
    with pytest.raises(DataError, match="pass a list, one value per customer"):
        model.assign({**customers(3), "Age": 31})
