"""Borders of made-up clusters whose density is known."""

from __future__ import annotations

from math import erf, sqrt

import numpy as np
import pytest

from segmeans.clustering.borders import borders, inner_borders
from segmeans.clustering.resample import effort


def _normal(z: float) -> float:
    return 0.5 * (1 + erf(z / sqrt(2)))


def test_a_continuum_has_busy_borders_whatever_its_dimension() -> None:
    generator = np.random.default_rng(0)
    for d in (1, 3, 8):
        points = generator.uniform(-1, 1, size=(40_000, d))
        centres = np.zeros((2, d))
        centres[:, 0] = -0.5, 0.5
        found = borders(points, np.ones(40_000), centres)
        assert found.mean == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("half", [1.5, 2.0, 3.0])
def test_two_bell_curves_have_the_ratio_of_their_densities(half: float) -> None:
    """Centres 2 * half standard deviations apart: the ratio follows from the normal integral."""
    generator = np.random.default_rng(1)
    points = generator.standard_normal((200_000, 2))
    points[:, 0] += np.repeat([-half, half], 100_000)
    centres = np.array([[-half, 0.0], [half, 0.0]])
    near = _normal(half) - _normal(0.75 * half) + _normal(1.25 * half) - _normal(half)
    inside = _normal(0.75 * half) - 0.5 + _normal(2 * half) - _normal(1.25 * half)
    found = borders(points, np.ones(200_000), centres)
    # The edges are soft: a tenth of the way either side.
    assert found.mean == pytest.approx((near / 0.25) / (inside / 0.75), rel=0.15)


def test_weights_are_repeats() -> None:
    generator = np.random.default_rng(2)
    points = generator.normal(size=(300, 2))
    weights = generator.integers(1, 4, 300).astype(float)
    centres = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    repeated = np.repeat(points, weights.astype(int), axis=0)
    np.testing.assert_allclose(
        borders(points, weights, centres).ratios,
        borders(repeated, np.ones(len(repeated)), centres).ratios,
    )


def test_a_small_cluster_in_the_tail_of_a_large_one_is_not_set_apart() -> None:
    generator = np.random.default_rng(3)
    points = np.concatenate([generator.normal(0, 1, (5000, 1)), generator.normal(3, 0.3, (50, 1))])
    found = borders(points, np.ones(5050), np.array([[0.0], [3.0]]))
    assert found.worst[0] == pytest.approx(found.worst[1])
    assert found.worst[0] > 0.9


def test_a_gap_inside_a_cluster_is_seen_and_none_is_made_up() -> None:
    generator = np.random.default_rng(4)
    two = generator.normal(size=(400, 3))
    two[:200, 0] += 8.0
    points = np.concatenate([two, generator.normal(size=(200, 3)) + 30.0])
    labels = np.repeat([0, 1], [400, 200])
    found = inner_borders(points, np.ones(600), labels, 2, generator, effort(600, 3))
    assert found.high[0] < 0.3
    assert found.ratios[0] < found.low[0]
    assert found.ratios[1] > 0.6


def test_few_customers_in_many_columns_do_not_make_a_gap() -> None:
    gaps = []
    for seed in range(20):
        generator = np.random.default_rng(seed)
        points = generator.normal(size=(40, 10))
        found = inner_borders(points, np.ones(40), np.zeros(40, int), 1, generator, effort(40, 10))
        gaps.append(found.ratios[0] < found.low[0] and found.high[0] < 0.9)
    assert sum(gaps) == 0


def test_a_tiny_cluster_is_left_alone() -> None:
    found = inner_borders(
        np.zeros((5, 1)), np.ones(5), np.zeros(5, int), 1, np.random.default_rng(0), effort(5, 1)
    )
    assert found.ratios.tolist() == [1.0]
    assert np.isinf(found.high).all()
