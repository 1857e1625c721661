"""Other clusterings against scikit-learn, scipy and exhaustive search."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from segmeans.clustering.alternatives import gaussian_mixture, medoids, prototypes, ward


def _points(seed: int, n: int = 60, d: int = 3) -> np.ndarray:
    generator = np.random.default_rng(seed)
    centres = generator.normal(scale=2.0, size=(4, d))
    return centres[generator.integers(0, 4, n)] + generator.normal(size=(n, d))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("k", [2, 5, 9])
def test_ward_equals_scipy(seed: int, k: int) -> None:
    points = _points(seed)
    expected = fcluster(linkage(points, "ward"), k, "maxclust")
    assert adjusted_rand_score(expected, ward(points, k)) == 1.0


@pytest.mark.parametrize("seed", range(3))
def test_medoids_reach_the_best_of_all_choices(seed: int) -> None:
    points = _points(seed, n=18, d=2)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    best = min(apart[:, list(rows)].min(axis=1).sum() for rows in combinations(range(18), 3))
    costs = []
    for start in range(10):
        labels = medoids(points, 3, np.random.default_rng(start))
        costs.append(
            sum(
                apart[np.ix_(labels == j, labels == j)].sum(axis=0).min()
                for j in range(3)
            )
        )  # fmt: skip
    assert min(costs) == pytest.approx(best)


def test_mixture_equals_scikit_learn_from_the_same_start() -> None:
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 1], 150)
    points = generator.normal(size=(300, 2)) @ np.array([[2.0, 1.8], [0.0, 0.6]])
    points[labels == 1] = generator.normal(size=(150, 2)) * 0.5 + [3.0, -2.0]
    model = GaussianMixture(2, means_init=[points[labels == j].mean(axis=0) for j in (0, 1)])
    expected = model.fit(points).predict(points)
    assert adjusted_rand_score(expected, gaussian_mixture(points, labels, 2)) > 0.97


def test_a_mixture_with_an_empty_cluster_is_no_trouble() -> None:
    points = _points(1)
    assert set(gaussian_mixture(points, np.zeros(60, dtype=int), 2)) == {0}


def test_prototypes_use_numbers_and_categories() -> None:
    points = np.array([[0.0], [0.1], [5.0], [5.1], [2.5]])
    codes = np.array([[0], [0], [1], [1], [1]])
    begin = np.array([0, 1, 0, 1, 0])
    labels = prototypes(points, codes, np.array([0, 0, 1, 1, 0]), 2, gamma=4.0)
    assert labels.tolist() == [0, 0, 1, 1, 1]  # the category decides for the last row
    assert len(set(prototypes(points, codes, begin, 2, gamma=0.0))) <= 2
