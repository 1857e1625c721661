"""Coresets: merging is exact, draws are unbiased, nested, and the same from blocks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from segmeans.clustering.coreset import Points, distinct, lightweight, merge, thin
from segmeans.clustering.rows import open_source, survey


class Pieces:
    """Rows handed out in blocks of uneven sizes."""

    def __init__(self, rows: np.ndarray, sizes: tuple[int, ...]) -> None:
        self.rows, self.sizes = rows, sizes
        self.n_rows, self.n_columns = rows.shape

    def blocks(self) -> Iterator[np.ndarray]:
        first, turn = 0, 0
        while first < self.n_rows:
            size = self.sizes[turn % len(self.sizes)]
            yield self.rows[first : first + size]
            first, turn = first + size, turn + 1


def merged(rows, weights=None, limit=2**17) -> Points | None:
    return merge(survey(open_source(rows, weights))[0], limit)


def as_set(points: Points) -> list[tuple[float, ...]]:
    rows = points.points + points.origin
    return sorted((*map(float, row), float(w)) for row, w in zip(rows, points.weights, strict=True))


def test_identical_rows_become_one_point():
    points = merged([[1, 2], [3, 4], [1, 2], [1, 2]])
    assert as_set(points) == [(1.0, 2.0, 3.0), (3.0, 4.0, 1.0)]
    assert points.exact


def test_weights_are_added_and_zero_is_absent():
    points = merged([[1.0], [2.0], [1.0], [5.0]], [0.5, 2.0, 0.25, 0.0])
    assert as_set(points) == [(1.0, 0.75), (2.0, 2.0)]


def test_minus_zero_is_zero():
    assert len(merged([[0.0], [-0.0]]).points) == 1


def test_merging_does_not_depend_on_the_order_of_rows():
    random = np.random.default_rng(0)
    rows = random.integers(0, 6, (5000, 3)) / 7.0
    one, two = merged(rows), merged(rows[random.permutation(5000)])
    assert one.points.tobytes() == two.points.tobytes()
    assert one.weights.tobytes() == two.weights.tobytes()
    assert len(one.points) == len(np.unique(rows, axis=0))


def test_merging_streams_many_rows_and_gives_up_early():
    random = np.random.default_rng(1)
    few = random.integers(0, 2, (300_000, 11)).astype(np.float32)
    points = merged(few)
    assert len(points.points) == 2**11
    assert points.weights.sum() == 300_000
    assert merged(random.normal(size=(200_000, 2))) is None
    repeated = np.repeat(random.normal(size=(1_500, 2)), 2, axis=0)
    assert merged(repeated, limit=1_000) is None


def test_colliding_hashes_fall_back_to_sorting(monkeypatch):
    monkeypatch.setattr(
        "segmeans.clustering.coreset._hash", lambda rows: np.zeros(len(rows), np.uint64)
    )
    rows, weights = distinct(np.array([[2.0], [1.0], [2.0]]), None)
    assert rows.ravel().tolist() == [1.0, 2.0]
    assert weights.tolist() == [1.0, 2.0]


def skewed(n: int = 40_000) -> np.ndarray:
    random = np.random.default_rng(7)
    return np.exp(random.normal(size=(n, 3))) + 1e4


def test_cost_on_the_coreset_estimates_the_cost_on_all_rows():
    rows = skewed()
    source, found = survey(open_source(rows, None))
    centres = np.array([[0.0, 0.0, 0.0], [3.0, 1.0, -1.0], [20.0, 0.0, 0.0]])
    exact = _cost(rows - found.origin, np.ones(len(rows)), centres)
    estimates = [
        _cost(*lightweight(source, found, (2**11,), seed)[0][:2], centres) for seed in range(40)
    ]
    error = np.std(estimates) / np.sqrt(40)
    assert abs(np.mean(estimates) - exact) < 4 * error
    assert np.std(estimates) < 0.06 * exact


def _cost(points: np.ndarray, weights: np.ndarray, centres: np.ndarray) -> float:
    squares = ((points[:, None] - centres) ** 2).sum(axis=2).min(axis=1)
    return float(weights @ squares)


def test_small_coreset_lies_within_the_large_one():
    source, found = survey(open_source(skewed(), None))
    small, large = lightweight(source, found, (500, 4_000), 3)
    in_large = {row.tobytes() for row in large.points}
    assert all(row.tobytes() in in_large for row in small.points)
    assert len(small.points) <= 500 < len(large.points) <= 4_000
    assert small.weights.sum() == pytest.approx(40_000, rel=0.1)


@pytest.mark.parametrize("sizes", [(1,), (70_000,), (3, 65_536, 9_999)])
def test_blocks_give_the_bits_of_memory(sizes):
    rows = skewed(70_000 if sizes != (1,) else 3_000).astype(np.float32)
    weights = np.random.default_rng(1).uniform(0, 2, len(rows))
    weights[::7] = 0.0
    memory = survey(open_source(rows, weights))
    stream = survey(open_source(Pieces(rows, sizes), weights))
    assert memory[1].origin.tobytes() == stream[1].origin.tobytes()
    assert memory[1][0:2] == stream[1][0:2]
    for one, two in zip(
        lightweight(*memory, (100, 1_000), 5), lightweight(*stream, (100, 1_000), 5), strict=True
    ):
        assert one.points.tobytes() == two.points.tobytes()
        assert one.weights.tobytes() == two.weights.tobytes()


def test_weights_act_like_repeats():
    rows = skewed(2_000)
    repeats = np.random.default_rng(4).integers(1, 5, len(rows))
    weighted = survey(open_source(rows, repeats.astype(float)))[1]
    repeated = survey(open_source(np.repeat(rows, repeats, axis=0), None))[1]
    assert weighted.weight == repeated.weight
    np.testing.assert_allclose(weighted.origin, repeated.origin, rtol=1e-12)
    assert weighted.spread == pytest.approx(repeated.spread, rel=1e-9)


def test_identical_rows_can_be_sampled():
    source, found = survey(open_source(np.ones((100, 2)), None))
    sample = lightweight(source, found, (10,), 0)[0]
    assert sample.weights.sum() == pytest.approx(100)


def test_thinning_points_in_memory_keeps_their_weight():
    points = merged(np.random.default_rng(0).normal(size=(20_000, 2)))
    sample = thin(points, 2_000, 1)
    assert not sample.exact
    assert sample.weights.sum() == pytest.approx(20_000, rel=0.1)
