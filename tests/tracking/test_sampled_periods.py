"""Two periods of the sampler's customers: planted movement is recovered, and none is invented."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from segmeans import segment
from segmeans.model import Model
from segmeans.sample import CustomerMarket, write_customers
from segmeans.tracking import refresh, track

FEATURES = ["Age", "Annual Income (k$)", "Spending Score (1-100)"]
PLANTED = 0.15


def sampled(folder: Path, seed: int, rows: int = 1_000) -> pd.DataFrame:
    path = folder / f"{seed}.csv"
    if not path.exists():
        write_customers(path, rows, seed, CustomerMarket())
    return pd.read_csv(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sampled")


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    with segment(sampled(folder, 0, 2_000), features=FEATURES, k=5, fast=True) as study:
        return study.model


def jittered(frame: pd.DataFrame, seed: int, by: float = 2.0) -> pd.DataFrame:
    """Return the same customers, measured again: nobody is quite as the month before."""
    later, draws = frame.copy(), np.random.default_rng(seed)
    for name in FEATURES:
        later[name] = later[name] + draws.normal(0, by, len(later)).round()
    return later


def columns(model: Model, frame: pd.DataFrame) -> dict[str, Any]:
    scored = model.assign(frame).to_dict()
    return {"id": frame["CustomerID"], "segment": scored["segment"], "name": scored["name"]}


def test_planted_movement_is_recovered(model: Model, folder: Path) -> None:
    for seed in range(1, 6):
        before = sampled(folder, seed, 4_000)
        labels = model.assign(before).labels
        draws = np.random.default_rng(seed)
        movers = np.flatnonzero((labels == 1) & (draws.random(len(labels)) < PLANTED))
        places = draws.choice(np.flatnonzero(labels == 3), len(movers))
        after = before.copy()
        after.loc[movers, FEATURES] = before.loc[places, FEATURES].to_numpy()
        # without noise the matrix is the planted one to the customer
        exact = track([columns(model, before), columns(model, after)], names=("then", "now"))
        [step] = exact.steps
        at = {name: place for place, name in enumerate(step.targets)}
        names = [one.name for one in model.record.segments]
        expected = np.diag(np.bincount(labels, minlength=5))
        expected[1, 1] -= len(movers)
        expected[1, 3] += len(movers)
        order = [at[name] for name in names]
        rows = [step.origins.index(name) for name in names]
        assert np.array_equal(np.array(step.counts)[np.ix_(rows, order)], expected)
        # with noise it is the one flow beyond chance, and as large up to the noise
        noisy = jittered(after, seed)
        [step] = track([columns(model, before), columns(model, noisy)], names=("a", "b")).steps
        beyond = [one for one in step.flows if one.beyond_noise]
        assert [(one.origin, one.target) for one in beyond] == [(names[1], names[3])]
        net = beyond[0].customers - beyond[0].back
        assert net == pytest.approx(len(movers), rel=0.2)


def test_without_movement_no_alarm_in_95_of_100_seeds(model: Model, folder: Path) -> None:
    base = sampled(folder, 7, 1_000)
    before = [columns(model, jittered(base, 2 * seed, 8.0)) for seed in range(100)]
    after = [columns(model, jittered(base, 2 * seed + 1, 8.0)) for seed in range(100)]
    alarms = 0
    for then, now in zip(before, after, strict=True):
        [step] = track([then, now], names=("then", "now")).steps
        assert step.moved_share > 0.01  # there is noise
        alarms += any(one.beyond_noise for one in step.flows)
    assert alarms <= 5


def test_a_drifted_feature_is_named(model: Model, folder: Path) -> None:
    later = sampled(folder, 8, 1_000)
    assert refresh(model, later).advice == "keep"
    later["Age"] = later["Age"] + 8
    found = refresh(model, later)
    assert found.advice != "keep"
    assert [one.column for one in found.drift if one.drift == "strong"] == ["Age"]
    assert any("'Age'" in reason for reason in found.reasons)
