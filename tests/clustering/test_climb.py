"""Climbs: optima by hand, by exhaustion, and the two twins against one another."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from segmeans.clustering import climb as module
from segmeans.clustering.climb import climb


def inertia_of(points: np.ndarray, weights: np.ndarray, labels: tuple[int, ...]) -> float:
    """Add up the squared distances to the weighted means, straight from the definition."""
    total = 0.0
    for j in set(labels):
        rows = [i for i, label in enumerate(labels) if label == j]
        mean = sum(weights[i] * points[i] for i in rows) / sum(weights[i] for i in rows)
        total += sum(weights[i] * float(((points[i] - mean) ** 2).sum()) for i in rows)
    return total


def partitions(n: int, k: int) -> list[tuple[int, ...]]:
    """All ways to cut n points into exactly k clusters."""
    return [
        labels
        for labels in itertools.product(range(k), repeat=n)
        if len(set(labels)) == k and list(dict.fromkeys(labels)) == sorted(set(labels))
    ]


@pytest.fixture(autouse=True, params=["compiled", "reference"])
def _twin(request, monkeypatch):
    """Run every test with each twin."""
    if request.param == "reference":
        monkeypatch.setattr(module, "_twin", None)
    elif not module.COMPILED:
        pytest.skip("the compiled twin was not built")


def test_exchange_leaves_an_optimum_of_lloyd():
    # Lloyd stands still at {0, 1, 3} {5}: 3 lies as near to 4/3 as need be (5/3 < 2).
    # Moving 3 saves 3/2 * (5/3)^2 = 4.1667 and costs 1/2 * 2^2 = 2: {0, 1} {3, 5}, inertia 2.5.
    points, weights = np.array([[0.0], [1.0], [3.0], [5.0]]), np.ones(4)
    centres = np.array([[[4 / 3], [5.0]]])
    lloyd = climb(points, weights, centres, exchanges=0)
    assert lloyd.inertia[0] == pytest.approx(14 / 3)
    assert lloyd.converged[0]
    exchanged = climb(points, weights, centres)
    assert exchanged.inertia[0] == pytest.approx(2.5)
    assert exchanged.labels[0].tolist() == [0, 0, 1, 1]


def test_swap_moves_a_centre_where_lloyd_cannot():
    # three pairs far apart, two centres in the first pair: no point has a nearer centre
    points = np.array([[0.0], [1.0], [100.0], [101.0], [200.0], [201.0]])
    centres = np.array([[[0.0], [1.0], [150.5]]])
    stuck = climb(points, np.ones(6), centres)
    assert stuck.inertia[0] > 10_000
    swapped = climb(points, np.ones(6), centres, np.arange(6), swaps=4)
    assert swapped.inertia[0] == pytest.approx(1.5)


@pytest.mark.parametrize("seed", range(6))
def test_climbs_with_swaps_find_the_exhaustive_optimum(seed):
    random = np.random.default_rng(seed)
    points, weights = random.normal(size=(8, 2)), random.integers(1, 4, 8).astype(float)
    for k in (2, 3):
        best = min(inertia_of(points, weights, labels) for labels in partitions(8, k))
        starts = np.stack([points[random.choice(8, k, replace=False)] for _ in range(12)])
        ends = climb(points, weights, starts, np.arange(8), swaps=16)
        assert ends.inertia.min() == pytest.approx(best, rel=1e-12)
        assert (ends.inertia >= best * (1 - 1e-12)).all()


@pytest.mark.parametrize("seed", range(4))
def test_no_row_stays_with_a_centre_that_weights_far_apart_have_lost(seed):
    # a heavy row that leaves takes what light ones add up to with it: 0 / 0 until sums are fresh
    random = np.random.default_rng(seed)
    points = np.round(random.normal(size=(400, 3)) * 3.0)
    weights = 10.0 ** random.uniform(-40, 0, 400)
    ends = climb(points, weights, points[None, random.permutation(400)[:150]], exchanges=0)
    assert ends.converged[0]
    squares = ((points[:, None] - ends.centres[0]) ** 2).sum(axis=2)
    own = squares[np.arange(400), ends.labels[0]]
    assert own == pytest.approx(squares.min(axis=1), rel=1e-9, abs=1e-12)


def test_inertia_and_centres_belong_together():
    random = np.random.default_rng(3)
    points, weights = random.normal(size=(300, 3)), random.uniform(0.5, 2, 300)
    ends = climb(points, weights, points[None, :5])
    labels = ends.labels[0]
    means = [
        np.average(points[labels == j], axis=0, weights=weights[labels == j]) for j in range(5)
    ]
    np.testing.assert_allclose(ends.centres[0], means, rtol=1e-12)
    nearest = ((points[:, None] - ends.centres[0]) ** 2).sum(axis=2)
    np.testing.assert_array_equal(labels, nearest.argmin(axis=1))
    assert ends.inertia[0] == pytest.approx((weights * nearest.min(axis=1)).sum(), rel=1e-12)


def test_empty_clusters_are_filled():
    points = np.array([[0.0], [0.1], [5.0], [9.0]])
    ends = climb(points, np.ones(4), np.array([[[0.0], [700.0], [800.0]]]))
    assert sorted(np.bincount(ends.labels[0]).tolist()) == [1, 1, 2]
    assert ends.inertia[0] == pytest.approx(0.005)


@pytest.mark.parametrize(("n", "d", "k"), [(200, 2, 5), (1000, 5, 9), (65, 1, 3), (4000, 3, 12)])
def test_twins_are_equal(n, d, k):
    if not module.COMPILED:
        pytest.skip("the compiled twin was not built")
    random = np.random.default_rng(n)
    points = random.normal(size=(n, d)) + 3 * random.integers(0, 3, (n, 1))
    weights = random.uniform(0.1, 3, n)
    starts = np.stack([points[random.choice(n, k, replace=False)] for _ in range(4)])
    candidates = np.arange(0, n, max(1, n // 50))
    compiled = climb(points, weights, starts, candidates, swaps=4, threads=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_twin", None)
        reference = climb(points, weights, starts, candidates, swaps=4)
    np.testing.assert_array_equal(compiled.labels, reference.labels)
    np.testing.assert_allclose(compiled.inertia, reference.inertia, rtol=1e-12)
    np.testing.assert_array_equal(compiled.converged, reference.converged)


@pytest.mark.parametrize(("scale", "middle"), [(1e-9, 1e3), (1e-4, 1.0), (1e150, 0.0)])
def test_twins_are_equal_where_float32_sees_nothing(scale, middle):
    if not module.COMPILED:
        pytest.skip("the compiled twin was not built")
    random = np.random.default_rng(11)
    groups = 3.0 * random.integers(0, 3, (600, 1))
    points = (random.normal(size=(600, 4)) + groups) * scale + middle
    starts = np.stack([points[random.choice(600, 7, replace=False)] for _ in range(3)])
    compiled = climb(points, np.ones(600), starts, np.arange(0, 600, 9), swaps=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_twin", None)
        reference = climb(points, np.ones(600), starts, np.arange(0, 600, 9), swaps=4)
    np.testing.assert_array_equal(compiled.labels, reference.labels)
    np.testing.assert_allclose(compiled.inertia, reference.inertia, rtol=1e-6)


@pytest.mark.parametrize("seed", range(40))
def test_twins_end_alike_whatever_the_weights(seed):
    """Weights over eight orders of magnitude, far rows, lattices, far starts, early ends."""
    if not module.COMPILED:
        pytest.skip("the compiled twin was not built")
    random = np.random.default_rng(seed)
    n, d = int(random.integers(2, 120)), int(random.integers(1, 10))
    k = int(random.integers(1, min(n, 12) + 1))
    points = random.normal(size=(n, d))
    if seed % 3 == 0:
        points *= 10.0 ** random.integers(-3, 4, (n, 1))
    if seed % 5 == 0:
        points = np.round(points * 2.0) / 2.0
    weights = 10.0 ** random.uniform(-4, 4, n) if seed % 2 else random.integers(1, 5, n) * 1.0
    starts = points[random.choice(n, k, replace=False)][None].copy()
    if seed % 7 == 0:
        starts[0, -1] = 1e6
    wishes = {
        "swaps": seed % 5,
        "exchanges": 1000 if seed % 4 else 0,
        "tol": 1e-5 * (seed % 6 == 0),
    }
    compiled = climb(points, weights, starts, np.arange(n), **wishes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_twin", None)
        reference = climb(points, weights, starts, np.arange(n), **wishes)
    whole = float(weights @ np.square(points).sum(axis=1))
    np.testing.assert_allclose(compiled.inertia, reference.inertia, rtol=1e-9, atol=1e-12 * whole)
    offset = points - compiled.centres[0][compiled.labels[0]]
    own = float(weights @ np.square(offset).sum(axis=1))
    assert compiled.inertia[0] == pytest.approx(own, rel=1e-9, abs=1e-13 * whole)


def test_ends_do_not_depend_on_the_processor():
    if module._twin is None:
        pytest.skip("the compiled twin was not built")
    random = np.random.default_rng(4)
    points, weights = random.normal(size=(700, 5)), random.uniform(0.1, 3, 700)
    starts = np.stack([points[random.choice(700, 7, replace=False)] for _ in range(3)])
    names = module._twin.instructions()
    try:
        ends = []
        for name in names:
            module._twin.use(name)
            ends.append(climb(points, weights, starts, np.arange(0, 700, 9), swaps=4))
    finally:
        module._twin.use(names[0])
    assert len({end.centres.tobytes() for end in ends}) == 1
    assert len({end.inertia.tobytes() for end in ends}) == 1


def test_starts_are_left_alone_and_threads_change_nothing():
    random = np.random.default_rng(8)
    points = random.normal(size=(500, 4))
    starts = np.stack([points[random.choice(500, 6, replace=False)] for _ in range(8)])
    before = starts.copy()
    one = climb(points, np.ones(500), starts, np.arange(100), swaps=3, threads=1)
    four = climb(points, np.ones(500), starts, np.arange(100), swaps=3, threads=4)
    np.testing.assert_array_equal(starts, before)
    assert one.centres.tobytes() == four.centres.tobytes()
    assert one.inertia.tobytes() == four.inertia.tobytes()


def test_a_candidate_that_is_no_point_is_refused():
    points = np.arange(12.0).reshape(6, 2)
    for row in (6, -7):
        with pytest.raises(IndexError):
            climb(points, np.ones(6), points[None, :2], np.array([0, row]), swaps=2)
