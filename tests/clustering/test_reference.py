"""The kernels in plain NumPy, against hand arithmetic, invariants and scikit-learn."""

import itertools

import numpy as np
import pytest
from sklearn.cluster import KMeans

from segmeans.clustering import reference
from segmeans.clustering.reference import BLOCK, Blocks, Pass, Polish

LINE = np.array([[0.0], [2.0], [10.0], [12.0]])
SQUARE = np.array([[0.0, 0.0], [0.0, 2.0], [6.0, 0.0], [6.0, 2.0]])


def blobs(n: int, d: int, k: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    middles = random.normal(size=(k, d)) * 4.0
    return middles[random.integers(0, k, n)] + random.normal(size=(n, d))


def test_nearest_takes_the_lowest_centre_on_a_tie():
    labels, distances = reference.nearest(LINE, np.array([[12.0], [2.0], [0.0], [2.0]]))
    assert labels.tolist() == [2, 1, 0, 0]
    assert distances.tolist() == [0.0, 0.0, 4.0, 0.0]
    middle = reference.assign(np.array([[5.0]]), np.array([[10.0], [0.0]]))
    assert middle.tolist() == [0]


def test_pair_gives_the_second_nearest_as_well():
    found = reference.pair(LINE, np.array([[0.0], [3.0], [12.0]]))
    assert found.labels.tolist() == [0, 1, 2, 2]
    assert found.distances.tolist() == [0.0, 1.0, 4.0, 0.0]
    assert found.second_labels.tolist() == [1, 0, 1, 1]
    assert found.second_distances.tolist() == [9.0, 4.0, 49.0, 81.0]


def test_pair_of_one_centre_has_no_second():
    found = reference.pair(LINE, np.array([[1.0]]))
    assert found.second_labels.tolist() == [-1] * 4
    assert np.isinf(found.second_distances).all()


def test_partials_by_hand():
    part = reference.partials(SQUARE, np.array([1.0, 3.0, 1.0, 1.0]), np.array([[0, 1.0], [6, 0]]))
    assert part.counts.tolist() == [4.0, 2.0]
    assert part.sums.tolist() == [[0.0, 6.0], [12.0, 2.0]]
    assert part.inertia == 8.0


def test_the_origin_is_subtracted_from_rows_only():
    origin = np.array([6.0])
    part = reference.passes(LINE.astype(np.float32), None, [LINE[:1] - 5.0], origin=origin)[0]
    assert part.sums.tolist() == [[0.0]]
    assert part.inertia == 1.0 + 1.0 + 81.0 + 121.0


def test_lloyd_by_hand():
    end = reference.lloyd(LINE, None, LINE[:2].copy(), 100, 0.0)
    # from 0 and 2: first {0}, {2, 10, 12}, means 0 and 8; then {0, 2}, {10, 12}, means 1 and 11
    assert end.centres.ravel().tolist() == [1.0, 11.0]
    assert (end.inertia, end.iterations, end.converged) == (4.0, 3, True)
    assert end.counts.tolist() == [2.0, 2.0]


def test_lloyd_stops_at_max_iter_with_the_inertia_of_its_centres():
    end = reference.lloyd(LINE, None, LINE[:2].copy(), 1, 0.0)
    assert end.centres.ravel().tolist() == [0.0, 8.0]
    assert (end.inertia, end.iterations, end.converged) == (4.0 + 4.0 + 16.0, 1, False)


def test_lloyd_without_iterations_only_measures():
    end = reference.lloyd(LINE, None, LINE[:2].copy(), 0, 0.0)
    assert (end.inertia, end.iterations, end.converged) == (164.0, 0, False)


def test_an_empty_cluster_goes_to_the_farthest_row():
    end = reference.lloyd(LINE, None, np.array([[1.0], [1.0]]), 1, 0.0)
    assert end.centres.ravel().tolist() == [6.0, 12.0]
    end = reference.lloyd(LINE, np.array([1.0, 1.0, 9.0, 1.0]), np.array([[1.0], [1.0]]), 1, 0.0)
    assert end.centres[1].tolist() == [10.0]


def test_seeding_draws_by_weight_then_by_weighted_distance():
    weights = np.array([1.0, 1.0, 1.0, 1.0])
    # first: half the weight lies before row 2. Then masses 100, 64, 0, 4: 0.9 of 168 is row 1
    uniforms = np.array([[0.5, 0.0], [0.9, 0.9]])
    assert reference.seed(LINE, weights, 2, uniforms).tolist() == [2, 1]
    # candidates 0 and 3 leave 0+4+0+4 and 64 more: the better one wins whichever comes first
    for pair in ([0.0, 0.999], [0.999, 0.0]):
        assert reference.seed(LINE, weights, 2, np.array([[0.5, 0.0], pair])).tolist() == [2, 0]


def test_seeding_never_takes_the_same_place_twice_while_others_are_left():
    points = np.repeat(LINE, 5, axis=0)
    uniforms = np.random.default_rng(3).random((20, 4, 2))
    for numbers in uniforms:
        rows = reference.seed(points, np.ones(20), 4, numbers)
        assert len(np.unique(points[rows])) == 4


def test_inertia_never_rises_along_lloyd():
    points = blobs(500, 3, 6, seed=1)
    steps = [reference.lloyd(points, None, points[:6].copy(), t, 0.0).inertia for t in range(30)]
    assert all(later <= earlier * (1 + 1e-12) for earlier, later in itertools.pairwise(steps))


def test_lloyd_ends_in_a_fixed_point_that_is_at_best_the_optimum():
    points = blobs(9, 2, 3, seed=2)
    best = min(
        sum(
            float(np.square(group - group.mean(axis=0)).sum())
            for group in (points[np.array(labels) == c] for c in range(2))
            if len(group)
        )
        for labels in itertools.product(range(2), repeat=len(points))
    )
    starts = itertools.permutations(range(9), 2)
    ends = [reference.lloyd(points, None, points[list(start)], 100, 0.0) for start in starts]
    assert all(end.converged for end in ends)
    assert min(end.inertia for end in ends) == pytest.approx(best, rel=1e-12)


def test_weights_are_repeats():
    points, times = blobs(200, 2, 4, seed=3), np.random.default_rng(3).integers(1, 5, 200)
    weighted = reference.lloyd(points, times.astype(float), points[:4].copy(), 100, 0.0)
    repeated = reference.lloyd(np.repeat(points, times, axis=0), None, points[:4].copy(), 100, 0.0)
    assert weighted.inertia == pytest.approx(repeated.inertia, rel=1e-12)
    assert np.allclose(weighted.centres, repeated.centres, rtol=1e-12)


@pytest.mark.parametrize(("d", "k"), [(1, 2), (2, 5), (8, 7), (17, 3)])
def test_agrees_with_scikit_learn_from_the_same_centres(d, k):
    points = blobs(1500, d, k, seed=d)
    weights = np.random.default_rng(d).random(1500) + 0.1
    theirs = KMeans(k, init=points[:k], n_init=1, algorithm="lloyd", tol=0.0, max_iter=500)
    theirs.fit(points, sample_weight=weights)
    ours = reference.lloyd(points, weights, points[:k].copy(), 500, 0.0)
    assert ours.inertia == pytest.approx(theirs.inertia_, rel=1e-10)
    assert np.allclose(ours.centres, theirs.cluster_centers_, rtol=1e-8, atol=1e-10)
    assert np.array_equal(reference.assign(points, ours.centres), theirs.labels_)


def test_blocks_are_cut_alike_from_pieces_of_any_size():
    rows = np.arange(3.0 * BLOCK + 100).reshape(-1, 1)
    for size in (1000, BLOCK, BLOCK + 1, len(rows)):
        blocks, seen = Blocks(), []
        for first in range(0, len(rows), size):
            seen += blocks.cut(rows[first : first + size], None)
        lengths = [len(piece) for piece, _ in seen]
        assert all(length % BLOCK == 0 for length in lengths)
        pieces = seen + blocks.rest()
        assert np.array_equal(np.concatenate([piece for piece, _ in pieces]), rows)


def test_held_pieces_do_not_follow_a_buffer_that_is_used_again():
    buffer, part = np.array([[1.0]]), Pass([np.zeros((1, 1))])
    part.add(buffer)
    buffer[:] = 100.0
    assert part.result()[0].sums.tolist() == [[1.0]]


def test_sets_of_different_size_polish_together_as_alone():
    points = blobs(400, 2, 5, seed=5)
    tables = [points[:k].copy() for k in (1, 3, 6)]
    together = reference.polish(points, None, tables, 100, 0.0)
    for table, end in zip(tables, together, strict=True):
        alone = reference.lloyd(points, None, table, 100, 0.0)
        assert np.array_equal(end.centres, alone.centres)
        assert end.inertia == alone.inertia


def test_polish_is_done_before_it_begins_without_sets():
    assert not Polish([], 10, 0.0).running


@pytest.mark.parametrize("size", [1e300, 1e-300])
def test_extreme_sizes_keep_their_labels(size):
    points = LINE * size / 12.0
    assert reference.assign(points, points[[3, 0]]).tolist() == [1, 1, 0, 0]
    assert reference.nearest(points, points[[3, 0]])[0].tolist() == [1, 1, 0, 0]


def test_tiny_spreads_far_from_the_origin_keep_their_labels():
    points = 1e6 + LINE * 1e-9  # neighbouring floats lie 1.2e-10 apart there
    assert reference.assign(points, points[[3, 0]]).tolist() == [1, 1, 0, 0]
