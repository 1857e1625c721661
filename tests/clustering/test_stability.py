"""Stability of clusters that are there, and of clusters that are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segmeans.clustering.calibration import JUDGES, NullScores, calibrate, measure
from segmeans.clustering.resample import effort
from segmeans.clustering.search import sweep
from segmeans.clustering.stability import (
    across_k,
    in_order,
    membership,
    resamples,
    searches,
    splits,
)

CENTRES = np.array([[0.0, 0.0], [12.0, 0.0], [0.0, 12.0]])


def _planted() -> np.ndarray:
    generator = np.random.default_rng(0)
    return np.repeat(CENTRES, 30, axis=0) + generator.normal(size=(90, 2))


def _seeds(count: int) -> list[np.random.SeedSequence]:
    return np.random.SeedSequence(3).spawn(count)


def test_planted_clusters_are_found_again_everywhere() -> None:
    points, ones, work = _planted(), np.ones(90), effort(90, 2)
    solution = {3: CENTRES}
    again = resamples(points, ones, solution, _seeds(10), work)[3]
    assert again.pairs.tolist() == [1.0] * 10
    assert (again.jaccard == 1.0).all()
    halved = splits(points, ones, solution, _seeds(5), work)[3]
    assert halved.agreement.tolist() == [1.0] * 5
    assert halved.strength.tolist() == [1.0] * 5
    assert searches(points, ones, solution, _seeds(3), work)[3].tolist() == [1.0] * 3
    shares = membership(points, 3, again)
    np.testing.assert_array_equal(shares, np.repeat(np.eye(3), 30, axis=0))


def test_clusters_that_are_not_there_are_not_found_again() -> None:
    generator = np.random.default_rng(1)
    points = generator.normal(size=(200, 4))
    [solution] = sweep(points, [5])
    found = resamples(points, np.ones(200), {5: solution.centres}, _seeds(20), effort(200, 4))[5]
    assert found.pairs.mean() < 0.7
    assert found.jaccard.mean(axis=0).min() < 0.7
    shares = membership(points, 5, found)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert shares.max(axis=1).mean() < 0.95


def test_threads_change_nothing() -> None:
    points, ones, work = _planted(), np.ones(90), effort(90, 2)
    solution = {2: CENTRES[:2], 4: np.concatenate([CENTRES, [[1.0, 1.0]]])}
    one = resamples(points, ones, solution, _seeds(6), work, threads=1)
    two = resamples(points, ones, solution, _seeds(6), work, threads=2)
    for k in solution:
        np.testing.assert_array_equal(one[k].centres, two[k].centres)
        np.testing.assert_array_equal(one[k].jaccard, two[k].jaccard)


def test_tasks_come_back_in_order_and_are_ticked() -> None:
    ticks: list[None] = []
    done = in_order(lambda x: x * x, range(20), 2, lambda: ticks.append(None))
    assert done == [x * x for x in range(20)]
    assert len(ticks) == 20


def test_across_k_by_hand() -> None:
    labels = {
        1: np.zeros(4, dtype=np.int32),
        2: np.array([0, 0, 1, 1], dtype=np.int32),
        3: np.array([0, 1, 2, 2], dtype=np.int32),
    }
    found, flows = across_k(np.array([1.0, 1.0, 2.0, 2.0]), labels)
    assert found[1].together is None
    assert found[2].together is not None
    assert found[2].together.tolist() == [1.0, 1.0]
    # The first of two goes in equal parts to two of three: entropy log 2 of log 3.
    assert found[2].splits is not None
    np.testing.assert_allclose(found[2].splits, [1 - np.log(2) / np.log(3), 1.0])
    assert found[3].splits is None
    np.testing.assert_array_equal(flows[2, 3], [[1, 1, 0], [0, 0, 4]])
    np.testing.assert_array_equal(flows[1, 3], [[1, 1, 4]])


def test_places_are_those_of_the_toughest_judge() -> None:
    scores = NullScores(
        {
            "uniform": np.array([0.1, 0.2, 0.3, 0.4]),
            "gaussian": np.array([0.1, 0.1, 0.1, 0.5]),
            "permuted": np.array([0.9, 0.9, 0.9, 0.9]),
            "single-peaked": np.array([0.2, 0.3, 0.4, 0.5]),
        },
        lower_is_better=False,
    )
    assert scores.place(0.45) == 0.75
    assert scores.toughest()[0] == "single-peaked"
    assert "permuted" not in JUDGES
    turned = NullScores(scores.families, lower_is_better=True)
    assert turned.place(0.15) == 0.25
    assert turned.toughest()[0] == "gaussian"


def test_null_tables_are_measured_like_the_data() -> None:
    points, ones = _planted(), np.ones(90)
    nulls = calibrate(points, ones, [1, 2, 3], 4, np.random.SeedSequence(0))
    assert set(nulls[1]) == {"log_inertia"}
    data = measure(points, ones, {1: points.mean(axis=0)[None], 3: CENTRES}, exact=True)
    again = {"stability", "jaccard", "recovered", "halves", "prediction_strength"}
    assert set(data[3]) | again == set(nulls[3])
    for name in again:
        assert len(nulls[3][name].families["uniform"]) == 4
        assert len(nulls[3][name].families["permuted"]) == 0  # judges nothing
        assert nulls[3][name].place(1.0) is not None
    for name, value in data[3].items():
        assert len(nulls[3][name].families["uniform"]) == 4
        assert nulls[3][name].place(value) == 1.0, name


@pytest.mark.slow
def test_mcdonalds_is_stable_once_the_resamples_are_searched(data_dir: Path) -> None:
    """Published stabilities of 0.56 to 0.66 come from one start per resample."""
    text = np.genfromtxt(
        data_dir / "mcdonalds" / "mcdonalds.csv", delimiter=",", dtype=str, skip_header=1
    )[:, :11]
    points, weights = np.unique(
        (np.char.strip(text, '"') == "Yes").astype(float), axis=0, return_counts=True
    )
    mass = weights.astype(float)
    points = np.ascontiguousarray(points - mass @ points / mass.sum())
    [solution] = sweep(points, [4], weights=mass)
    assert solution.inertia == pytest.approx(1602.899456, rel=1e-6)
    found = resamples(points, mass, {4: solution.centres}, _seeds(60), effort(*points.shape))[4]
    assert (found.jaccard.mean(axis=0) > 0.85).all()
