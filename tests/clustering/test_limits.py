"""Limits and weights: exact assignments, prices by hand, and what cannot be kept."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from segmeans.clustering.limits import MOST_ROWS, assign_within, limit_sizes, weigh_columns
from segmeans.errors import DataError, SettingError


def total(costs: np.ndarray, labels: np.ndarray) -> float:
    return float(costs[np.arange(len(costs)), labels].sum())


@pytest.mark.parametrize("seed", range(12))
def test_assignments_are_the_cheapest_by_exhaustion(seed):
    random = np.random.default_rng(seed)
    costs = random.exponential(size=(7, 3))
    for least, most in ((0, 3), (2, 3), (1, 5), (2, 7), (0, 7)):
        every = np.array(list(itertools.product(range(3), repeat=7)))
        sizes = np.stack([(every == j).sum(axis=1) for j in range(3)], axis=1)
        kept = every[(sizes >= least).all(axis=1) & (sizes <= most).all(axis=1)]
        best = min(total(costs, labels) for labels in kept)
        labels = assign_within(costs, least, most)
        assert np.bincount(labels, minlength=3).min() >= least
        assert np.bincount(labels, minlength=3).max() <= most
        assert total(costs, labels) == pytest.approx(best, rel=1e-12)


@pytest.mark.parametrize(("least", "most"), [(40, 60), (0, 55), (49, 200), (50, 50)])
def test_assignments_cost_what_linear_programming_says(least, most):
    random = np.random.default_rng(least)
    n, k = 200, 4
    costs = np.square(random.normal(size=(n, 1)) + 1.0 - random.normal(size=k))
    each = np.kron(np.eye(n), np.ones(k))
    size = np.kron(np.ones(n), np.eye(k))
    program = linprog(
        costs.ravel(),
        A_eq=each,
        b_eq=np.ones(n),
        A_ub=np.concatenate([size, -size]),
        b_ub=np.concatenate([np.full(k, most), np.full(k, -least)]),
    )
    assert total(costs, assign_within(costs, least, most)) == pytest.approx(program.fun, rel=1e-9)


def test_prices_by_hand():
    # without limits {0, 1, 2} {10}: inertia 2; with two each {0, 1} {2, 10}: 0.5 + 32
    found = limit_sizes([[0.0], [1.0], [2.0], [10.0]], 2, min_size=2)
    assert found.unlimited.inertia == pytest.approx(2.0)
    assert found.inertia == pytest.approx(32.5)
    assert found.price == pytest.approx(15.25)
    assert sorted(found.centres.ravel().tolist()) == [0.5, 6.0]
    assert found.moved == 1
    assert found.converged


def test_limits_that_do_not_bind_cost_nothing():
    rows = np.random.default_rng(0).normal(size=(300, 2))
    found = limit_sizes(rows, 4, min_size=5, max_size=290)
    assert found.price == pytest.approx(0.0, abs=1e-12)
    assert found.moved == 0
    assert sorted(found.sizes) == sorted(found.unlimited.sizes)


def test_sizes_are_kept_and_clusters_are_means():
    rows = np.random.default_rng(1).exponential(size=(500, 3))
    found = limit_sizes(rows, 5, min_size=90, max_size=110)
    assert found.sizes.min() >= 90
    assert found.sizes.max() <= 110
    for j in range(5):
        np.testing.assert_allclose(found.centres[j], rows[found.labels == j].mean(axis=0))
    assert found.inertia > found.unlimited.inertia
    assert found.moved > 0


def test_weights_pull_the_means_but_sizes_count_rows():
    found = limit_sizes([[0.0], [1.0], [9.0], [10.0]], 2, weights=[3, 1, 1, 1], max_size=2)
    assert sorted(found.centres.ravel().tolist()) == [0.25, 9.5]
    assert found.sizes.tolist() == [2, 2]


@pytest.mark.parametrize(
    "limits",
    [{"min_size": 3}, {"max_size": 1}, {"min_size": -1}, {"min_size": 3, "max_size": 2}],
)
def test_limits_that_cannot_be_kept_are_refused(limits):
    with pytest.raises(SettingError, match="cannot be kept"):
        limit_sizes([[0.0], [1.0], [2.0], [3.0]], 2, **limits)


def test_too_many_rows_are_refused():
    with pytest.raises(DataError, match="too many rows"):
        limit_sizes(np.zeros((MOST_ROWS + 1, 1)), 2)


def test_column_weights_by_hand():
    points = [[0.0, 0.0], [0.0, 2.0], [3.0, 0.0], [3.0, 2.0]]
    equal = weigh_columns(points, 2, [1.0, 1.0])
    assert equal.price == 0.0
    assert equal.moved == 0
    heavy = weigh_columns(points, 2, [0.1, 1.0])
    # cut along the second column: inertia 4 * 1.5^2 = 9 against 4 * 1
    assert heavy.price == pytest.approx(9 / 4 - 1)
    assert heavy.moved == 2
    assert heavy.solution.centres.tolist() == [[1.5, 0.0], [1.5, 2.0]]


@pytest.mark.parametrize("weights", [[1.0], [1.0, 0.0], [1.0, np.inf], [-1.0, 1.0]])
def test_bad_column_weights_are_refused(weights):
    with pytest.raises(SettingError, match="column weights"):
        weigh_columns([[0.0, 1.0], [1.0, 0.0]], 1, weights)
