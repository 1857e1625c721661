"""Columns that hold few different values, such as whole numbers: what lies between them is no gap.

One, two, three or four orders leave the space between the numbers empty although the habit behind
them is a continuum. A value on such a lattice stands for its cell, the interval up to half-way to
its neighbours; before the density of customers is measured, every customer is put anywhere in the
cell. Levels that are missing stay visible: a cell reaches no further to one side than the whole
distance to the neighbour on the other.

The levels of a category are no gaps either, but they have no order: a category stands in the data
as a block of columns, one per level, of which one is up and the others down. Its levels are the
corners of a simplex, and a customer is put anywhere in the part of it that is nearest to the own
corner: between any two levels there is room, and it is not empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmeans.clustering.kernels import Floats

SHARED = 4.0  # customers per value, on average, from which on a column is a lattice
_MOST = 4096  # customers that are spread
_LEAST = 3  # levels of a category that stand in a block of columns


class Spread(NamedTuple):
    """Customers put into the cells of their values."""

    points: Floats  # (s, d)
    weights: Floats  # (s,)
    rows: NDArray[np.intp]  # (s,) the point that each comes from


class Lattice(NamedTuple):
    """The values of each column, with the cell of each; no values where a column is no lattice."""

    levels: tuple[Floats, ...]
    lows: tuple[Floats, ...]
    highs: tuple[Floats, ...]
    blocks: tuple[slice, ...] = ()  # columns of categories of three or more levels

    @property
    def exists(self) -> bool:
        """Whether any column is a lattice."""
        return any(len(levels) for levels in self.levels)

    def spread(self, points: Floats, weights: Floats, generator: np.random.Generator) -> Spread:
        """Put every customer anywhere in the cells of its values; other values stay.

        A point of weight w stands for w customers, who are spread one by one while there are no
        more than 4,096 of them.

        Parameters
        ----------
        points : ndarray of shape (m, d)
        weights : ndarray of shape (m,)
        generator : numpy.random.Generator

        Returns
        -------
        Spread
        """
        if not self.exists:
            return Spread(points, weights, np.arange(len(points)))
        scale = min(1.0, _MOST / float(weights.sum()))
        copies = np.maximum(np.round(weights * scale), 1.0).astype(np.intp)
        rows = np.repeat(np.arange(len(points)), copies)
        moved = points[rows]
        for column, (levels, low, high) in enumerate(
            zip(self.levels, self.lows, self.highs, strict=True)
        ):
            if len(levels):
                at = np.minimum(np.searchsorted(levels, moved[:, column]), len(levels) - 1)
                where = generator.uniform(low[at], high[at])
                moved[:, column] = np.where(levels[at] == moved[:, column], where, moved[:, column])
        for block in self.blocks:
            found = points[rows, block]
            down, up = np.transpose(self.levels[block])
            corner = (found == up).sum(axis=1) == 1
            corner &= ((found == up) | (found == down)).all(axis=1)
            own = np.argmax(found[corner] == up, axis=1)
            moved[corner, block] = down + _near_corner(own, len(up), generator) * (up - down)
        return Spread(moved, (weights / copies)[rows], rows)


NO_LATTICE = Lattice((), (), ())
"""For columns that share no values."""


def lattice(points: Floats, customers: float) -> Lattice:
    """Find the columns in which customers share values, and the cells of these.

    Parameters
    ----------
    points : ndarray of shape (m, d)
    customers : float
        How many the points were taken from: the sum of repeats, or m in a sample of points.

    Examples
    --------
    >>> orders = np.repeat([1.0, 2.0, 3.0, 20.0, 21.0], 4)[:, None]
    >>> found = lattice(orders, 20)
    >>> found.lows[0], found.highs[0]
    (array([ 0.5,  1.5,  2.5, 19. , 20.5]), array([ 1.5,  2.5,  4. , 20.5, 21.5]))
    """
    cells = [_cells(column, customers) for column in points.T]
    levels, lows, highs = (tuple(each[part] for each in cells) for part in range(3))
    return Lattice(levels, lows, highs, _blocks(points, levels))


def _blocks(points: Floats, levels: Sequence[Floats]) -> tuple[slice, ...]:
    """Find neighbouring columns of two values each of which every row has exactly one up."""
    found, first = [], 0
    while first < len(levels):
        count, last = np.zeros(len(points)), first
        while last < len(levels) and len(levels[last]) == 2 and count.min() < 1 >= count.max():
            count += points[:, last] == levels[last][1]
            last += 1
        whole = last - first >= _LEAST and bool((count == 1).all())
        if whole:
            found.append(slice(first, last))
        first = last if whole else first + 1
    return tuple(found)


def _near_corner(own: NDArray[np.intp], corners: int, generator: np.random.Generator) -> Floats:
    """Draw evenly from the part of a simplex nearest to the own corner, shape (n, corners)."""
    shares = generator.standard_exponential((len(own), corners))
    shares /= shares.sum(axis=1, keepdims=True)
    rows, largest = np.arange(len(own)), shares.argmax(axis=1)
    shares[rows, largest], shares[rows, own] = shares[rows, own], shares[rows, largest]
    return shares


def _cells(column: Floats, customers: float) -> tuple[Floats, Floats, Floats]:
    levels = np.unique(column)
    if len(levels) < 2 or len(levels) * SHARED > customers:
        return (np.empty(0),) * 3
    steps = np.diff(levels)
    left, right = np.concatenate([steps[:1], steps]), np.concatenate([steps, steps[-1:]])
    if len(levels) > 2:  # the outer levels have one neighbour, which says nothing of missing ones
        left[0], right[-1] = min(left[0], 2.0 * steps[1]), min(right[-1], 2.0 * steps[-2])
    low = levels - 0.5 * np.minimum(left, 2.0 * right)
    high = levels + 0.5 * np.minimum(right, 2.0 * left)
    return levels, low, high
