"""Whole numbers are no gaps: cells worked by hand, and groups that keep theirs."""

from __future__ import annotations

import numpy as np
import pytest

from segmeans.clustering.borders import borders, inner_borders
from segmeans.clustering.lattice import NO_LATTICE, lattice
from segmeans.clustering.resample import effort


def test_cells_reach_half_way_to_the_neighbours() -> None:
    found = lattice(np.repeat([1.0, 2.0, 3.0, 4.0], 5)[:, None], 20)
    np.testing.assert_allclose(found.lows[0], [0.5, 1.5, 2.5, 3.5])
    np.testing.assert_allclose(found.highs[0], [1.5, 2.5, 3.5, 4.5])
    two = lattice(np.repeat([0.0, 1.0], 5)[:, None], 10)
    assert (two.lows[0].tolist(), two.highs[0].tolist()) == ([-0.5, 0.5], [0.5, 1.5])


def test_missing_levels_stay_empty() -> None:
    """Between 3 and 10 the cells reach to 4 and from 9: five of seven whole numbers stay open."""
    found = lattice(np.repeat([1.0, 2.0, 3.0, 10.0, 11.0], 5)[:, None], 25)
    assert found.highs[0][2] == 4.0
    assert found.lows[0][3] == 9.0
    outer = lattice(np.repeat([0.0, 10.0, 11.0, 12.0], 5)[:, None], 20)
    assert outer.highs[0][0] == 2.0  # no more than the step that is usual beside it


def test_columns_that_seldom_share_values_are_left_alone() -> None:
    points = np.column_stack([np.arange(40.0), np.tile([1.0, 2.0, 3.0, 4.0], 10)])
    found = lattice(points, 40)
    assert found.exists
    spread = found.spread(points, np.ones(40), np.random.default_rng(0))
    np.testing.assert_array_equal(spread.points[:, 0], points[:, 0])
    assert (np.abs(spread.points[:, 1] - points[:, 1]) <= 0.5).all()
    assert len(np.unique(spread.points[:, 1])) == 40
    assert not lattice(points[:, :1], 40).exists


def test_customers_are_spread_one_by_one_and_keep_their_weight() -> None:
    points, weights = np.array([[1.0], [2.0]]), np.array([30.0, 10.0])
    spread = lattice(points, 40).spread(points, weights, np.random.default_rng(1))
    assert np.bincount(spread.rows).tolist() == [30, 10]
    np.testing.assert_allclose(np.bincount(spread.rows, spread.weights), weights)
    many = lattice(points, 40_000).spread(points, weights * 1000, np.random.default_rng(1))
    assert len(many.points) == 4096
    np.testing.assert_allclose(np.bincount(many.rows, many.weights), weights * 1000)


def test_values_beside_the_lattice_and_no_lattice_change_nothing() -> None:
    points = np.array([[1.5], [9.0]])
    grid = lattice(np.repeat([1.0, 2.0, 3.0], 5)[:, None], 15)
    moved = grid.spread(points, np.ones(2), np.random.default_rng(0))
    np.testing.assert_array_equal(moved.points, points)
    assert NO_LATTICE.spread(points, np.ones(2), np.random.default_rng(0)).points is points


def _category(levels: np.ndarray, count: int) -> np.ndarray:
    """Return one column per level, as a category of three or more levels stands in the data."""
    return np.asarray((np.eye(count)[levels] - 1 / count) / np.sqrt(2.0))


def test_the_columns_of_categories_are_found() -> None:
    levels = np.tile(np.arange(4), 30)
    flag, numbers = (levels % 2)[:, None].astype(float), np.arange(120.0)[:, None]
    blocks = [flag, _category(levels, 4), numbers, _category(np.roll(levels, 1) % 3, 3), flag]
    found = lattice(np.column_stack(blocks), 120)
    assert found.blocks == (slice(1, 5), slice(6, 9))
    assert lattice(np.column_stack([flag, 1 - flag, flag]), 120).blocks == ()  # two up in some rows


def test_levels_of_a_category_fill_the_simplex_between_them() -> None:
    """Every customer stays nearest to the own level; all of them together are spread evenly."""
    levels = np.tile(np.arange(3), 1000)
    points = _category(levels, 3)
    spread = lattice(points, 3000).spread(points, np.ones(3000), np.random.default_rng(0))
    shares = spread.points * np.sqrt(2.0) + 1 / 3  # barycentric
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert shares.min() >= 0
    np.testing.assert_array_equal(shares.argmax(axis=1), levels)
    # In an even triangle a quarter lies in each corner beyond half-way, the rest in the middle.
    assert np.mean(shares.max(axis=1) > 0.5) == pytest.approx(0.75, abs=0.03)
    centres = _category(np.arange(3), 3)
    assert borders(spread.points, spread.weights, centres).mean > 0.9
    assert borders(points, np.ones(3000), centres).mean < 0.1


def test_rows_that_are_no_corner_of_a_category_are_spread_column_by_column() -> None:
    points = _category(np.tile(np.arange(3), 20), 3)
    grid = lattice(points, 60)
    two_up = np.array([[points.max(), points.max(), points.min()]])
    moved = grid.spread(two_up, np.ones(1), np.random.default_rng(0)).points
    assert (np.abs(moved - two_up) <= 0.5 * np.ptp(points)).all()
    beside = np.zeros((1, 3))
    np.testing.assert_array_equal(
        grid.spread(beside, np.ones(1), np.random.default_rng(0)).points, beside
    )


def test_one_to_four_orders_are_a_continuum_and_two_groups_keep_their_gap() -> None:
    """Evenly many customers with 1, 2, 3 and 4 orders have no gap; 1 to 4 against 11 to 14 do."""
    generator = np.random.default_rng(2)
    orders = np.repeat(np.concatenate([np.arange(1.0, 5.0), np.arange(11.0, 15.0)]), 50)[:, None]
    ones = np.ones(len(orders))
    spread = lattice(orders, len(orders)).spread(orders, ones, generator)
    labels = (spread.points[:, 0] > 7).astype(int)
    apart = borders(spread.points, spread.weights, np.array([[2.5], [12.5]]))
    assert apart.mean < 0.1
    inside = inner_borders(
        spread.points, spread.weights, labels, 2, generator, effort(*spread.points.shape)
    )
    assert (inside.ratios > 0.6).all()
    raw = inner_borders(orders, ones, labels, 2, generator, effort(*orders.shape))
    assert (raw.ratios < 0.35).any()
