"""Agreement of two clusterings against scikit-learn and hand arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from segmeans.clustering import agreement


@pytest.mark.parametrize("seed", range(5))
def test_adjusted_rand_equals_scikit_learn(seed: int) -> None:
    generator = np.random.default_rng(seed)
    first, second = generator.integers(0, 4, 60), generator.integers(0, 3, 60)
    second[:40] = first[:40] % 3
    weights = generator.integers(1, 4, 60)
    table = agreement.contingency(first, second, 4, 3, weights.astype(float))
    expected = adjusted_rand_score(np.repeat(first, weights), np.repeat(second, weights))
    assert agreement.adjusted_rand(table) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "table", [[[5.0]], [[1.0, 0.0], [0.0, 1.0]], [[0.0, 3.0], [2.0, 0.0]], [[1.0]]]
)
def test_identical_clusterings_agree_fully(table: list[list[float]]) -> None:
    assert agreement.adjusted_rand(np.array(table)) == 1.0


def test_one_cluster_against_many_agrees_no_more_than_chance() -> None:
    assert agreement.adjusted_rand(np.array([[2.0, 3.0]])) == 0.0


def test_jaccard_by_hand() -> None:
    # {1,2,3} and {4,5} against {1,2}, {3,4,5}: 2/3 and 2/3.
    table = agreement.contingency(np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1]), 2, 2)
    np.testing.assert_allclose(agreement.best_jaccard(table), [2 / 3, 2 / 3])


def test_concentration_by_hand() -> None:
    # Shares 3/4 and 1/4: entropy 0.811278 bits of 1 bit.
    table = np.array([[3.0, 1.0], [0.0, 5.0], [0.0, 0.0]])
    np.testing.assert_allclose(agreement.concentration(table)[:2], [0.188722, 1.0], atol=1e-6)
    assert agreement.concentration(np.array([[4.0], [1.0]])).tolist() == [1.0, 1.0]


def test_prediction_strength_by_hand() -> None:
    # Five points of a test cluster predicted as 3 + 2: (3 + 1) of 10 pairs stay together.
    table = np.array([[3.0, 2.0], [0.0, 4.0], [1.0, 0.0]])
    np.testing.assert_allclose(agreement.prediction_strength(table), [0.4, 1.0, 1.0])
