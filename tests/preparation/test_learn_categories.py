"""What is learnt of categories: their levels, which are pooled, how far apart they lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from segmeans import preparation
from segmeans.preparation import Fitted
from segmeans.records import ColumnRole, FeatureState, Finding
from segmeans.settings import Settings
from segmeans.tables.duck import Table

Learn = Callable[..., tuple[Table, Fitted]]
MakeRoles = Callable[..., list[ColumnRole]]


def codes(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(finding.code, finding.where) for finding in findings]


def only(fitted: Fitted) -> FeatureState:
    (feature,) = fitted.state.features
    return feature


def points(table: Table, fitted: Fitted) -> np.ndarray:
    return np.vstack([matrix for matrix, _ in preparation.blocks(table, fitted.state)])


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        (["No", "Yes", "No"], ("No", "Yes")),
        (["Yes", "no", "no"], ("no", "Yes")),
        (["true", "false", "true"], ("false", "true")),
        (["Y", "n", "n"], ("n", "Y")),
        (["Male", "Female", "Male"], ("Female", "Male")),
        (["2", "10", "10"], ("10", "2")),
    ],
)
def test_of_two_levels_the_second_or_affirmative_is_one(
    learn: Learn, values: list[str], levels: tuple[str, ...]
) -> None:
    table, fitted = learn({"x": values})
    feature = only(fitted)
    assert (feature.levels, feature.scale) == (levels, 1.0)
    assert feature.centres == (values.count(levels[1]) / 3,)
    column = points(table, fitted).ravel()
    assert (column + feature.centres[0]).round(12).tolist() == [
        float(value == levels[1]) for value in values
    ]


@pytest.mark.parametrize("count", [2, 3, 7])
def test_customers_of_different_levels_are_one_unit_apart(learn: Learn, count: int) -> None:
    table, fitted = learn({"x": [f"level {place}" for place in range(count)]}, weight={"x": 1})
    found = points(table, fitted)
    apart = np.linalg.norm(found[:, None] - found[None], axis=2)
    np.testing.assert_allclose(apart, 1 - np.eye(count), atol=1e-15)


def test_rare_levels_are_pooled(learn: Learn) -> None:
    values = ["big"] * 150 + ["small"] * 147 + ["x", "y", "z"]
    table, fitted = learn({"x": values})
    feature = only(fitted)
    assert feature.levels == ("big", "small", "(other)")
    assert feature.pooled == ("x", "y", "z")
    assert feature.centres == (0.5, 0.49, 0.01)
    (finding,) = fitted.findings
    assert finding.evidence == "2 levels are kept, 3 rare ones are pooled: x, y, z."
    assert points(table, fitted).mean(axis=0) == pytest.approx([0, 0, 0], abs=1e-14)


def test_one_rare_level_keeps_its_name(learn: Learn) -> None:
    feature = only(learn({"x": ["a"] * 150 + ["b"] * 149 + ["c"]})[1])
    assert (feature.levels, feature.pooled) == (("a", "b", "c"), ())


def test_too_many_levels_are_pooled_beyond_the_twelve_most_frequent(learn: Learn) -> None:
    values = [f"{place:03}" for place in range(60) for _ in range(60 - place)]
    _, fitted = learn({"x": values})
    feature = only(fitted)
    assert feature.levels == (*(f"{place:03}" for place in range(12)), "(other)")
    assert len(feature.pooled) == 48
    assert codes(fitted.findings) == [("levels-pooled", "x"), ("many-levels", "x")]
    assert sum(feature.centres) == pytest.approx(1.0)


def test_more_levels_than_are_read(learn: Learn) -> None:
    values = [f"often {place % 2}" for place in range(300)] + [f"once {p}" for p in range(200)]
    _, fitted = learn({"x": values})
    feature = only(fitted)
    assert feature.levels == ("often 0", "often 1", "(other)")
    assert feature.centres == (0.3, 0.3, 0.4)
    assert "200 rare ones are pooled" in fitted.findings[0].evidence
    assert "and 190 more" in fitted.findings[0].evidence


def test_empty_text_is_missing_and_a_level_that_says_so_joins_it(learn: Learn) -> None:
    data = {"x": ["a", "b", "", None, "(missing)"], "y": [1, 2, 3, 4, 5]}
    feature = learn(data)[1].state.features[0]
    assert feature.levels == ("a", "b", "(missing)")
    assert feature.centres == (0.2, 0.2, 0.6)
    assert feature.missing_share == pytest.approx(0.4)


def test_numbers_may_be_categories_and_ids_numbers(make_table: Any, make_roles: MakeRoles) -> None:
    table = make_table({"region": [1.0, 2, 3, 1], "number": [7, 8, 9, 10]})
    roles = make_roles(table, region="category", number="id")
    state = preparation.fit(table, roles, Settings()).state
    assert [feature.kind for feature in state.features] == ["category", "number"]
    assert state.features[0].levels == ("1", "2", "3")
