"""Quality scores against scikit-learn, against repeated rows and against hand arithmetic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics

from segmeans.clustering import quality


def _blobs(seed: int, m: int = 300, d: int = 3, k: int = 4) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(k), generator.integers(0, k, m - k)])
    centres = generator.normal(scale=2.0, size=(k, d))
    return centres[labels] + generator.normal(size=(m, d)), labels


def _repeats(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    points, labels = _blobs(seed, m=80)
    weights = np.random.default_rng(seed + 1).integers(1, 5, len(points))
    return points, labels, weights.astype(float), np.repeat(np.arange(len(points)), weights)


@pytest.mark.parametrize(("seed", "d", "k"), [(0, 1, 2), (1, 3, 4), (2, 8, 7)])
def test_silhouettes_equal_scikit_learn(seed: int, d: int, k: int) -> None:
    points, labels = _blobs(seed, d=d, k=k)
    [values] = quality.silhouettes(points, np.ones(len(points)), [(labels, k)])
    np.testing.assert_allclose(values, metrics.silhouette_samples(points, labels), atol=1e-7)


def test_several_clusterings_at_once_equal_each_alone() -> None:
    points, labels = _blobs(3)
    other, ones = labels % 2, np.ones(len(points))
    together = quality.silhouettes(points, ones, [(labels, 4), (other, 2)])
    [alone] = quality.silhouettes(points, ones, [(other, 2)])
    np.testing.assert_allclose(together[1], alone, atol=1e-12)
    np.testing.assert_allclose(together[0], metrics.silhouette_samples(points, labels), atol=1e-7)


def test_blocks_do_not_change_silhouettes(monkeypatch: pytest.MonkeyPatch) -> None:
    points, labels = _blobs(4)
    ones = np.ones(len(points))
    [whole] = quality.silhouettes(points, ones, [(labels, 4)])
    monkeypatch.setattr(quality, "_CELLS", 1000)
    [pieces] = quality.silhouettes(points, ones, [(labels, 4)])
    np.testing.assert_allclose(whole, pieces, atol=1e-12)


def test_weights_are_repeats() -> None:
    points, labels, weights, rows = _repeats(5)
    [values] = quality.silhouettes(points, weights, [(labels, 4)])
    expected = metrics.silhouette_samples(points[rows], labels[rows])
    np.testing.assert_allclose(values[rows], expected, atol=1e-7)

    centres = np.stack([points[rows][labels[rows] == j].mean(axis=0) for j in range(4)])
    near = quality.two_nearest(points, centres)
    assert quality.davies_bouldin(near, weights, centres) == pytest.approx(
        quality.davies_bouldin(
            quality.two_nearest(points[rows], centres), np.ones(len(rows)), centres
        )
    )


def test_a_lone_customer_has_silhouette_zero() -> None:
    points = np.array([[0.0], [1.0], [9.0]])
    [values] = quality.silhouettes(points, np.ones(3), [(np.array([0, 0, 1]), 2)])
    assert values[2] == 0.0


def test_calinski_harabasz_and_davies_bouldin_equal_scikit_learn() -> None:
    points, _ = _blobs(6)
    # Labels by nearest centre, centres the means of their members: Lloyd's fixed point.
    centres = points[:4]
    for _ in range(100):
        near = quality.two_nearest(points, centres)
        centres = np.stack([points[near.labels == j].mean(axis=0) for j in range(4)])
    near = quality.two_nearest(points, centres)
    total = float(np.square(points - points.mean(axis=0)).sum())
    inertia = float(np.square(near.closest).sum())
    assert quality.calinski_harabasz(total, inertia, len(points), 4) == pytest.approx(
        metrics.calinski_harabasz_score(points, near.labels)
    )
    assert quality.davies_bouldin(near, np.ones(len(points)), centres) == pytest.approx(
        metrics.davies_bouldin_score(points, near.labels)
    )


def test_scores_that_are_not_defined_are_none() -> None:
    assert quality.calinski_harabasz(10.0, 10.0, 5, 1) is None
    assert quality.calinski_harabasz(10.0, 0.0, 5, 2) is None
    assert quality.calinski_harabasz(10.0, 1.0, 2, 2) is None
    centre = np.zeros((1, 2))
    near = quality.two_nearest(np.ones((3, 2)), centre)
    assert quality.davies_bouldin(near, np.ones(3), centre) is None
    assert np.isinf(near.next_closest).all()


def test_shadow_and_simplified_silhouette_by_hand() -> None:
    # Distances 1 and 3 to the two centres: shadow 2 * 1 / 4, silhouette (3 - 1) / 3.
    near = quality.two_nearest(np.array([[1.0], [2.0], [0.0]]), np.array([[0.0], [4.0]]))
    np.testing.assert_allclose(quality.shadow_values(near), [0.5, 1.0, 0.0])
    np.testing.assert_allclose(quality.simplified_silhouettes(near), [2 / 3, 0.0, 1.0])
    assert near.labels.tolist() == [0, 0, 0]  # the tie at 2 goes to the lowest
    assert near.second.tolist() == [1, 1, 1]


def test_sampled_silhouette_comes_near_the_exact_one() -> None:
    points, labels, weights, rows = _repeats(7)
    exact = metrics.silhouette_score(points[rows], labels[rows])
    means, errors = [], []
    for seed in range(20):
        sample = quality.sampled_silhouette(
            points, weights, labels, 4, 60, np.random.default_rng(seed)
        )
        means.append(sample.mean)
        errors.append(sample.error)
    assert sample.points is None
    assert sample.sampled == pytest.approx(60, abs=4)
    assert np.mean(means) == pytest.approx(exact, abs=0.02)
    assert np.std(means) == pytest.approx(np.mean(errors), rel=0.5)


def test_mall_reaches_the_published_scores(data_dir: Path) -> None:
    table = np.genfromtxt(
        data_dir / "mall" / "Mall_Customers.csv", delimiter=",", skip_header=1, usecols=(3, 4)
    )
    points = table - table.mean(axis=0)
    known = [(55.2963, 49.5185), (86.5385, 82.1282), (88.2, 17.1143), (26.3043, 20.913)]
    centres = np.array([*known, (25.7273, 79.3636)]) - table.mean(axis=0)
    near = quality.two_nearest(points, centres)
    assert np.bincount(near.labels).tolist() == [81, 39, 35, 23, 22]
    [values] = quality.silhouettes(points, np.ones(200), [(near.labels, 5)])
    assert values.mean() == pytest.approx(0.553932, abs=1e-6)
    assert quality.calinski_harabasz(269981.28, 44448.455448, 200, 5) == pytest.approx(
        247.359, abs=1e-3
    )
    assert quality.davies_bouldin(near, np.ones(200), centres) == pytest.approx(0.5726, abs=1e-4)
