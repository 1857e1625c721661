"""Redrawn weights keep what they must keep, and a settled search finds the best."""

from __future__ import annotations

import numpy as np
import pytest

from segmeans.clustering import kernels
from segmeans.clustering.resample import (
    bootstrap,
    effort,
    halves,
    settle,
    thin,
    whole,
)

WEIGHTS = np.array([1.0, 2.0, 5.0, 0.5, 1.5])


def test_a_bootstrap_draws_as_many_customers_as_there_are() -> None:
    generator = np.random.default_rng(0)
    drawn = np.array([bootstrap(WEIGHTS, generator) for _ in range(4000)])
    assert (drawn.sum(axis=1) == 10).all()
    np.testing.assert_allclose(drawn.mean(axis=0), WEIGHTS, rtol=0.1)
    # Multinomial: variance n p (1 - p).
    np.testing.assert_allclose(drawn.var(axis=0), WEIGHTS * (1 - WEIGHTS / 10), rtol=0.15)


def test_halves_add_up_to_whole_customers() -> None:
    first, second = halves(np.array([4.0, 1.0, 7.0]), np.random.default_rng(1))
    np.testing.assert_array_equal(first + second, [4, 1, 7])


def test_fractional_weights_are_right_in_the_mean() -> None:
    generator = np.random.default_rng(2)
    drawn = np.array([whole(WEIGHTS, generator) for _ in range(4000)])
    np.testing.assert_array_equal(drawn[:, :3], np.tile(WEIGHTS[:3], (4000, 1)))
    np.testing.assert_allclose(drawn.mean(axis=0), WEIGHTS, atol=0.05)


def test_thinning_keeps_the_total_and_few_points() -> None:
    generator = np.random.default_rng(3)
    points = generator.normal(size=(1000, 2))
    weights = generator.uniform(1, 9, 1000)
    few, mass = thin(points, weights, 100, generator)
    assert len(few) <= 100
    assert mass.sum() == pytest.approx(weights.sum())
    same, kept = thin(points, weights, 1000, generator)
    assert same is points
    assert kept is weights


def test_settle_finds_planted_centres_and_ignores_points_of_weight_zero() -> None:
    centres = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    points = np.repeat(centres, 20, axis=0) + np.tile([[0.1, 0.0], [-0.1, 0.0]], (30, 1))
    points = np.concatenate([points, [[1e3, 1e3]]])
    weights = np.concatenate([np.ones(60), [0.0]])
    found = settle(points, weights, 3, np.random.default_rng(0), effort(61, 2))
    np.testing.assert_allclose(found[np.lexsort(found.T)], centres[np.lexsort(centres.T)])


def test_settle_never_ends_worse_than_the_warm_start() -> None:
    generator = np.random.default_rng(4)
    points = generator.normal(size=(300, 2))
    weights = np.ones(300)
    best = min(
        (settle(points, weights, 7, generator, effort(300, 2)) for _ in range(20)),
        key=lambda centres: kernels.partials(points, weights, centres).inertia,
    )
    lazy = effort(300, 2)._replace(starts=1, swaps=0)
    warm = settle(points, weights, 7, generator, lazy, [best])
    assert kernels.partials(points, weights, warm).inertia <= kernels.partials(
        points, weights, best
    ).inertia * (1 + 1e-9)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_fewer_points_than_clusters_still_give_k_centres(k: int) -> None:
    points = np.array([[0.0], [1.0], [2.0]])
    found = settle(points, np.ones(3), k, np.random.default_rng(0), effort(3, 1))
    assert found.shape == (k, 1)
