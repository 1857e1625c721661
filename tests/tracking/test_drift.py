"""A model is kept while customers stay as they were, and what has moved is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from segmeans import segment
from segmeans.errors import DataError
from segmeans.model import Model
from segmeans.tracking import refresh

Columns = dict[str, np.ndarray[Any, Any]]


def day(seed: int, rows: int = 500) -> Columns:
    """Draw customers of three kinds; every day is the same but for chance."""
    draws = np.random.default_rng(seed)
    kind = draws.choice(3, rows, p=[0.5, 0.3, 0.2])
    spend = np.round(draws.normal(np.array([20.0, 60.0, 95.0])[kind], 6), 1)
    spend[draws.random(rows) < 0.05] = np.nan
    return {
        "age": draws.normal(np.array([30.0, 50.0, 64.0])[kind], 5).round(),
        "spend": spend,
        "visits": draws.poisson(np.array([3.0, 8.0, 2.0])[kind]).astype(float),
        "city": np.where(draws.random(rows) < 0.6, "Ghent", "Porto").astype(object),
    }


@pytest.fixture(scope="module")
def model() -> Model:
    with segment(day(1000, 1500), k=3, fast=True, features=["age", "spend", "visits", "city"]) as s:
        return s.model


def test_the_day_of_training_itself_is_kept(model: Model) -> None:
    found = refresh(model, day(1000, 1500))
    assert found.advice == "keep"
    assert found.sizes_psi == pytest.approx(0, abs=1e-9)
    assert found.spread_ratio == pytest.approx(1, abs=1e-4)
    assert found.unlike_share < 0.003
    for one in found.drift:
        assert one.psi == pytest.approx(0, abs=1e-6)
        assert one.missing_now == pytest.approx(one.missing_then, abs=1e-6)
    assert "1,500 customers" in found.reasons[0]


@pytest.mark.slow
def test_without_change_no_alarm_in_95_of_100_days(model: Model) -> None:
    advice = [refresh(model, day(seed, 300)).advice for seed in range(100)]
    assert advice.count("keep") >= 95


def test_a_feature_that_moved_is_named(model: Model) -> None:
    for seed in range(5):
        later = day(seed)
        later["age"] = later["age"] + 6
        found = refresh(model, later)
        assert [one.column for one in found.drift if one.drift == "strong"] == ["age"]
        assert found.advice in ("refit", "rethink")
        assert any("'age' have moved" in reason for reason in found.reasons)


def test_the_index_and_the_effect_are_those_of_the_bins(model: Model) -> None:
    later = day(3)
    later["age"] = later["age"] + 2
    [seen] = [one for one in model.record.seen if one.column == "age"]
    [found] = [one for one in refresh(model, later).drift if one.column == "age"]
    counts = np.bincount(np.searchsorted(seen.edges, later["age"]), minlength=len(seen.shares))
    now, then = counts / counts.sum(), np.array(seen.shares)
    assert found.psi == pytest.approx(np.sum((now - then) * np.log(now / then)))
    expected = np.outer([1500, 500], (then * 1500 + counts) / 2000)
    statistic = np.sum((np.stack([then * 1500, counts]) - expected) ** 2 / expected)
    assert found.effect == pytest.approx(np.sqrt(statistic / 2000), rel=1e-4)


def test_sizes_and_distances_that_changed(model: Model) -> None:
    rows = day(4, 900)
    few = {name: values[rows["age"] > 42] for name, values in rows.items()}
    assert any("sizes of the segments" in reason for reason in refresh(model, few).reasons)
    draws = np.random.default_rng(0)
    wider = day(5)
    for name in ("age", "spend", "visits"):
        wider[name] = wider[name] + draws.normal(0, 12, 500)
    assert any("farther from the centres" in reason for reason in refresh(model, wider).reasons)


def test_what_a_refit_would_not_mend(model: Model) -> None:
    lost = day(6)
    lost["spend"] = np.where(np.arange(500) % 2, np.nan, lost["spend"])
    found = refresh(model, lost)
    assert found.advice == "rethink"
    assert any("have no 'spend'" in reason for reason in found.reasons)
    moved = day(7)
    moved["city"] = np.where(moved["city"] == "Ghent", "Gent", "Oporto").astype(object)
    found = refresh(model, moved)
    assert found.advice == "rethink"
    assert "100 % of the values of 'city' were never seen." in found.reasons
    strange = {name: values * 9 for name, values in day(8).items() if name != "city"}
    found = refresh(model, {**strange, "city": day(8)["city"]})
    assert found.advice == "rethink"
    assert found.unlike_share > 0.5


def test_a_model_that_does_not_know_its_training(model: Model) -> None:
    old = Model(replace(model.record, seen=(), certainty_cuts=()))
    with pytest.raises(DataError, match="train it again"):
        refresh(old, day(1))
