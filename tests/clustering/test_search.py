"""The search: by hand, by exhaustion, by invariants, and what its certificates say."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest

from segmeans.clustering.certificate import partition_key
from segmeans.clustering.search import QUICK, Budget, Solution, search, sweep
from segmeans.errors import DataError, SettingError


class Pieces:
    """Rows handed out in blocks of one size."""

    def __init__(self, rows: np.ndarray, size: int) -> None:
        self.rows, self.size = rows, size
        self.n_rows, self.n_columns = rows.shape

    def blocks(self) -> Iterator[np.ndarray]:
        for first in range(0, self.n_rows, self.size):
            yield self.rows[first : first + self.size]


def blobs(n: int, d: int, k: int, seed: int = 0, spread: float = 6.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return spread * random.normal(size=(k, d))[random.integers(0, k, n)] + random.normal(
        size=(n, d)
    )


def same(one: Solution, two: Solution) -> bool:
    """Whether two solutions are equal to the last bit, certificates included."""
    return (
        one.centres.tobytes() == two.centres.tobytes()
        and one.inertia == two.inertia
        and one.sizes.tobytes() == two.sizes.tobytes()
        and one.certificate == two.certificate
    )


# By hand -----------------------------------------------------------------------------------


def test_a_partition_is_known_whatever_the_numbers_of_its_clusters():
    one = [0, 0, 2, 1, 2]
    for again in ([1, 1, 0, 2, 0], [4, 4, 0, 9, 0]):  # a number may be missing
        assert partition_key(np.array(again)) == partition_key(np.array(one))
    for other in ([0, 0, 2, 1, 1], [0, 1, 2, 1, 2], [0, 0, 1, 1, 1]):
        assert partition_key(np.array(other)) != partition_key(np.array(one))


def test_four_points_by_hand():
    found = search([[0.0, 0.0], [0.0, 2.0], [10.0, 0.0], [10.0, 2.0]], 2)
    assert found.centres.tolist() == [[0.0, 1.0], [10.0, 1.0]]
    assert found.inertia == 4.0
    assert found.sizes.tolist() == [2.0, 2.0]
    assert found.converged
    assert found.certificate.certified


def test_weights_pull_the_centre_by_hand():
    found = search([[0.0], [3.0], [20.0]], 2, weights=[2.0, 1.0, 1.0])
    assert found.centres.ravel().tolist() == [1.0, 20.0]
    assert found.inertia == pytest.approx(2 * 1 + 1 * 4)
    assert found.sizes.tolist() == [3.0, 1.0]


def test_one_cluster_is_the_mean_and_needs_no_search():
    found = search([[1.0, 5.0], [3.0, 7.0]], 1)
    assert found.centres.tolist() == [[2.0, 6.0]]
    assert found.inertia == 4.0
    assert found.certificate.certified
    assert found.certificate.chance_better == 0.0
    assert found.certificate.gap is None


def test_as_many_clusters_as_rows():
    found = search([[5.0], [1.0], [3.0]], 3)
    assert found.inertia == 0.0
    assert sorted(found.centres.ravel().tolist()) == [1.0, 3.0, 5.0]
    assert found.certificate.certified


def test_two_equally_good_answers_are_both_reported():
    # a square cut across or along: both leave 4 * 0.25
    found = search([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], 2)
    assert found.inertia == pytest.approx(1.0)
    assert found.certificate.gap == pytest.approx(0.0)
    assert found.certificate.ari_next == pytest.approx(-0.5)
    assert found.certificate.distinct == 2


def test_largest_cluster_comes_first_and_ties_go_by_coordinates():
    found = search([[9.0], [9.2], [9.4], [1.0], [1.2], [5.0], [5.2]], 3)
    assert found.sizes.tolist() == [3.0, 2.0, 2.0]
    assert found.centres.ravel().tolist() == pytest.approx([9.2, 1.1, 5.1])


# By exhaustion and by invariants -------------------------------------------------------------


def exhaustive_line(x: np.ndarray, k: int) -> float:
    """Find the optimum in one dimension by dynamic programming over sorted points."""
    x = np.sort(x)
    cost = [[0.0] * (len(x) + 1) for _ in range(len(x) + 1)]
    for i in range(len(x)):
        for j in range(i + 1, len(x) + 1):
            cost[i][j] = float(((x[i:j] - x[i:j].mean()) ** 2).sum())
    best = [0.0] + [math.inf] * len(x)
    for _ in range(k):
        best = [math.inf] + [
            min(best[i] + cost[i][j] for i in range(j)) for j in range(1, len(x) + 1)
        ]
    return best[-1]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("k", [2, 4, 7])
def test_the_optimum_on_a_line(seed, k):
    x = np.random.default_rng(seed).gamma(1.0, size=60)
    found = search(x[:, None], k, seed=seed)
    assert found.inertia == pytest.approx(exhaustive_line(x, k), rel=1e-12)


def test_weights_are_repeats():
    random = np.random.default_rng(2)
    rows, repeats = random.normal(size=(300, 2)), random.integers(1, 6, 300)
    for one, two in zip(
        sweep(rows, range(1, 8), weights=repeats),
        sweep(np.repeat(rows, repeats, axis=0), range(1, 8)),
        strict=True,
    ):
        assert same(one, two)


def test_rows_of_weight_zero_are_absent():
    rows = blobs(400, 2, 4)
    weights = np.ones(400)
    weights[300:] = 0.0
    assert same(search(rows, 4, weights=weights), search(rows[:300], 4))


def test_order_of_rows_changes_nothing():
    rows = blobs(2_000, 3, 5)
    order = np.random.default_rng(0).permutation(2_000)
    assert same(search(rows, 5), search(rows[order], 5))


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_nothing(threads):
    rows = blobs(3_000, 3, 6)
    for one, two in zip(
        sweep(rows, (3, 6), threads=1), sweep(rows, (3, 6), threads=threads), strict=True
    ):
        assert same(one, two)


def test_same_seed_same_bits_and_other_ks_do_not_disturb_independent_hits():
    rows = blobs(500, 2, 4)
    assert same(search(rows, 4, seed=9), search(rows, 4, seed=9))
    assert search(rows, 4, seed=9).inertia == sweep(rows, (2, 4, 5), seed=9)[1].inertia


def test_solutions_come_in_the_order_asked():
    rows = blobs(200, 2, 3)
    assert [solution.k for solution in sweep(rows, (4, 2, 3, 2))] == [4, 2, 3, 2]


def test_inertia_falls_with_k():
    rows = np.random.default_rng(1).normal(size=(600, 3))
    inertias = [solution.inertia for solution in sweep(rows, range(1, 12))]
    assert all(after < before for before, after in itertools.pairwise(inertias))


@pytest.mark.parametrize("move", [0.0, 1e6, -3e9])
def test_moving_the_points_moves_the_centres(move):
    rows = np.round(blobs(300, 2, 3), 2)
    here, there = search(rows, 3), search(rows + move, 3)
    np.testing.assert_allclose(there.centres - move, here.centres, atol=1e-14 * abs(move) + 1e-12)
    assert there.inertia == pytest.approx(here.inertia, rel=1e-6)


def test_integers_and_other_layouts_are_understood():
    rows = np.random.default_rng(4).integers(0, 50, (200, 2))
    wanted = search(rows.astype(float), 3)
    for other in (
        rows,
        rows.astype(np.float32),
        rows.astype(np.float16),
        rows.astype(object),
        np.asfortranarray(rows.astype(float)),
        np.repeat(rows, 2, axis=0)[::2],
        rows.tolist(),
    ):
        assert same(search(other, 3), wanted)


def test_the_callers_arrays_are_never_changed():
    rows = blobs(300, 2, 3)
    weights = np.ones(300)
    rows.flags.writeable = weights.flags.writeable = False
    before = rows.copy()
    search(rows, 3, weights=weights)
    np.testing.assert_array_equal(rows, before)


# Certificates --------------------------------------------------------------------------------


def test_a_starved_search_says_so():
    rows = np.random.default_rng(0).uniform(size=(3_000, 4))
    found = search(rows, 15, budget=Budget(starts=3, swaps=0))
    assert not found.certificate.certified
    assert found.certificate.starts <= 6
    assert found.certificate.reason.startswith("Not certified: ")


def test_a_quick_search_finds_clear_groups_and_is_honest_about_the_rest():
    rows = blobs(500, 2, 5, spread=20.0)
    clear = search(rows, 5, budget=QUICK)
    assert clear.inertia == pytest.approx(search(rows, 5).inertia, rel=1e-12)
    vague = search(np.random.default_rng(3).uniform(size=(800, 4)), 11, budget=QUICK)
    assert vague.certificate.starts == 16
    assert not vague.certificate.certified


def test_a_certificate_counts_what_it_says():
    found = search(blobs(500, 2, 5, spread=20.0), 5)
    proof = found.certificate
    assert proof.certified
    assert proof.hits >= 8
    assert proof.hits <= proof.starts
    assert proof.chance_better <= 0.02
    assert proof.reason.startswith("Certified: ")
    assert proof.converged
    assert proof.full_passes >= 1


def test_gap_and_agreement_describe_the_runner_up():
    # three clear groups, two clusters: the nearest two groups join, or the next nearest
    points = np.repeat([[0.0], [10.0], [21.0]], 10, axis=0)
    found = search(points, 2)
    joined_near, joined_far = 20 * 25.0, 20 * 5.5**2
    assert found.inertia == pytest.approx(joined_near)
    if found.certificate.gap is not None:
        assert found.certificate.gap == pytest.approx(joined_far / joined_near - 1)


@pytest.mark.parametrize(
    ("name", "value"), [("hits", 0), ("chance", 1.5), ("starts", 0), ("work", 0.0), ("swaps", -1)]
)
def test_unsuitable_budgets_are_refused(name, value):
    with pytest.raises(SettingError, match=name):
        Budget(**{name: value})


# Rows by the hundred thousand ------------------------------------------------------------------


@pytest.fixture(scope="module")
def many() -> np.ndarray:
    return blobs(200_000, 3, 5, seed=3).astype(np.float32)


def test_many_rows_give_the_bits_of_blocks(many):
    ks = (2, 3, 4, 5, 6, 7, 9)
    one = sweep(many, ks, threads=2, budget=QUICK)
    for size in (200_000, 30_011):
        stream = sweep(Pieces(many, size), ks, threads=1, budget=QUICK)
        assert all(same(*pair) for pair in zip(one, stream, strict=True))


def test_many_rows_reach_the_fixed_point_of_lloyd(many):
    found = search(many, 5)
    rows = many.astype(np.float64)
    squares = ((rows[:, None, :] - found.centres) ** 2).sum(axis=2)
    labels, inertia = squares.argmin(axis=1), squares.min(axis=1).sum()
    assert found.inertia == pytest.approx(inertia, rel=1e-9)
    assert found.sizes.tolist() == np.bincount(labels).tolist()
    means = np.stack([rows[labels == j].mean(axis=0) for j in range(5)])
    np.testing.assert_allclose(found.centres, means, atol=2e-3)
    assert found.certificate.certified
    assert found.certificate.full_passes <= 13


def test_many_weighted_rows(many):
    weights = np.ones(len(many))
    weights[::2] = 0.0
    assert search(many, 5, weights=weights).inertia == pytest.approx(
        search(many[1::2], 5).inertia, rel=1e-6
    )


def test_many_rows_of_few_kinds_are_searched_exactly():
    random = np.random.default_rng(0)
    rows = random.integers(0, 2, (200_000, 6)).astype(np.float32)
    kinds, counts = np.unique(rows, axis=0, return_counts=True)
    assert search(rows, 4).inertia == pytest.approx(
        search(kinds, 4, weights=counts).inertia, rel=1e-12
    )


# Bad and extreme input -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "what"),
    [
        ([[1.0, np.nan], [0.0, 1.0]], "row 0, column 1"),
        ([[1.0], [np.inf]], "row 1, column 0"),
        ([1.0, 2.0], "two dimensions"),
        ([[[1.0]]], "two dimensions"),
        (np.empty((0, 2)), "nothing to cluster"),
        (np.empty((2, 0)), "nothing to cluster"),
        ([["a"], ["b"]], "real numbers"),
        (np.array([["a"], ["b"]], dtype=object), "not numbers"),
        ([[1 + 1j], [2.0]], "real numbers"),
    ],
)
def test_bad_points_are_refused(points, what):
    with pytest.raises(DataError, match=what):
        search(points, 1)


@pytest.mark.parametrize(
    "weights", [[1.0], [1.0, -1.0], [0.0, 0.0], [1.0, np.nan], [1.0, np.inf], ["a", "b"]]
)
def test_bad_weights_are_refused(weights):
    with pytest.raises(DataError, match="weights"):
        search([[1.0], [2.0]], 1, weights=weights)


@pytest.mark.parametrize("k", [0, -1, 1.5, True])
def test_bad_k_is_refused(k):
    with pytest.raises(SettingError, match="number of clusters"):
        search([[1.0], [2.0]], k)


def test_no_threads_are_refused():
    with pytest.raises(SettingError, match="threads"):
        search([[1.0], [2.0]], 1, threads=0)


def test_more_clusters_than_distinct_rows_are_refused():
    with pytest.raises(DataError, match="2 distinct rows"):
        search([[1.0], [2.0], [1.0]], 3)


def test_blocks_that_lie_about_their_shape_are_refused():
    blocks = Pieces(np.ones((10, 2)), 5)
    blocks.n_rows = 11
    with pytest.raises(DataError, match="10 rows"):
        search(blocks, 1)
    blocks.n_rows, blocks.n_columns = 10, 3
    with pytest.raises(DataError, match="wrong shape"):
        search(blocks, 1)


def test_one_row_and_constant_columns():
    assert search([[3.0, 4.0]], 1).centres.tolist() == [[3.0, 4.0]]
    found = search([[1.0, 7.0], [2.0, 7.0], [8.0, 7.0], [9.0, 7.0]], 2)
    assert found.centres.tolist() == [[1.5, 7.0], [8.5, 7.0]]


@pytest.mark.parametrize("size", [1e-140, 1e-100, 1.0, 1e100, 1e150])
def test_extreme_sizes_are_scaled(size):
    found = search(np.array([[1.0], [2.0], [9.0], [10.0]]) * size, 2)
    np.testing.assert_allclose(found.centres.ravel(), [1.5 * size, 9.5 * size], rtol=1e-12)
    assert found.inertia == pytest.approx(size**2, rel=1e-12)


@pytest.mark.parametrize("size", [1e300, 1e-200])
def test_an_inertia_beyond_float64_is_refused(size):
    with pytest.raises(DataError, match="leaves the range"):
        search(np.array([[1.0], [2.0], [9.0], [10.0]]) * size, 2)


def test_differences_beyond_float64_are_refused():
    with pytest.raises(DataError, match="leaves the range"):
        search([[1.7e308], [-1.7e308]], 1)
    assert search([[1.7e308], [-1.7e308]], 2).inertia == 0.0


def test_extreme_weights_are_scaled():
    rows = blobs(100, 2, 3)
    plain = search(rows, 3)
    for size in (1e-200, 1e200):
        found = search(rows, 3, weights=np.full(100, size))
        np.testing.assert_allclose(found.centres, plain.centres, rtol=1e-12)
        assert found.inertia == pytest.approx(plain.inertia * size, rel=1e-9)


def test_tiny_spread_far_from_the_origin():
    step = np.spacing(1e6)  # the least that float64 can tell apart there
    rows = 1e6 + step * np.array([[0.0], [1.0], [10.0], [11.0]])
    found = search(rows, 2)
    np.testing.assert_array_equal(np.sort(found.sizes), [2.0, 2.0])
    assert found.inertia == pytest.approx(step**2, rel=1e-6)
