"""Many rows to few weighted points: identical rows merged, or a lightweight coreset drawn.

Merging is exact. A *lightweight coreset* (Bachem, Lucic & Krause, KDD 2018) is a sample in which a
row is drawn half uniformly and half by its squared distance from the mean, weighted by one over
its chance: the inertia of any centres on it is an unbiased estimate of that on all rows. Two
readings of the rows make one, in bounded memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmeans.clustering.kernels import Floats
from segmeans.clustering.rows import RowBlocks, Source, Survey, open_source
from segmeans.clustering.sums import column_sums, dot

SMALL = 2**14
LARGE = 2**17
_STREAM = 2**32 - 1  # of random numbers; those of the starts are named by their k
_GLANCE = 2**12  # rows looked at before merging more than LARGE of them


class Points(NamedTuple):
    """Weighted points, relative to an origin near their mean."""

    points: Floats  # (m, d)
    weights: Floats  # (m,)
    origin: Floats  # (d,)
    exact: bool  # they stand for every row: nothing was sampled


def merge(source: Source, limit: int = LARGE) -> Points | None:
    """Merge identical rows; None as soon as it shows that more than ``limit`` would remain.

    The order of the points depends on their values alone, not on the order of the rows.

    Parameters
    ----------
    source : Source
        Already surveyed.
    limit : int, default=2**17

    Returns
    -------
    Points or None

    Examples
    --------
    >>> from segmeans.clustering.rows import open_source
    >>> merged = merge(open_source([[1.0], [3.0], [1.0], [3.0]], None))
    >>> sorted(zip(merged.points[:, 0].tolist(), merged.weights.tolist()))
    [(-1.0, 2.0), (1.0, 2.0)]
    """
    if source.n_rows > limit and not _repeats(source):
        return None
    rows = np.empty((0, source.n_columns))
    weights = np.empty(0)
    whole = [source.array()] if source.n_rows <= limit else source.chunks()
    for chunk, mass in whole:
        fresh = distinct(chunk.astype(np.float64, copy=False), mass)
        if len(rows):
            fresh = distinct(np.concatenate([rows, fresh[0]]), np.concatenate([weights, fresh[1]]))
        rows, weights = fresh
        if len(rows) > limit:
            return None
    offset = rows - rows[0]
    origin = rows[0] + column_sums(weights, offset) / weights.sum()
    return Points(rows - origin, weights, origin, True)


def count_distinct(rows: ArrayLike | RowBlocks, most: int) -> int:
    """Count different rows, no further than ``most``.

    Parameters
    ----------
    rows : array-like of shape (n, d), or RowBlocks
    most : int
        Where counting stops.

    Returns
    -------
    int
        The number of different rows, or ``most`` if there are at least as many.

    Examples
    --------
    >>> count_distinct([[1.0], [3.0], [1.0], [3.0]], 10)
    2
    """
    merged = merge(open_source(rows, None), most)
    return most if merged is None else min(most, len(merged.points))


def _repeats(source: Source) -> bool:
    """Whether a few thousand rows, spread out where possible, hold any row twice.

    Without one repeat among g = 4096 rows, more than 2**17 distinct rows are all but certain:
    with fewer, equally frequent, the chance of no repeat is below exp(-g**2 / 2**18) < 1e-27.
    """
    if isinstance(source.data, np.ndarray):
        glance = source.data[:: max(1, source.n_rows // _GLANCE)][:_GLANCE]
    else:
        glance = next(source.chunks())[0][:_GLANCE]
    return len(distinct(np.asarray(glance, dtype=np.float64), None)[0]) < len(glance)


def distinct(rows: Floats, weights: Floats | None) -> tuple[Floats, Floats]:
    """Return the distinct rows with their summed weights, in an order of the values alone.

    Rows are sorted by a hash of their bits; where two different rows share a hash, by value.
    """
    rows = rows + 0.0  # one zero instead of two
    hashes = _hash(rows)
    order = np.argsort(hashes, kind="stable")
    hashes, ordered = hashes[order], rows[order]
    alike = np.flatnonzero(hashes[1:] == hashes[:-1]) + 1
    again = (ordered[alike] == ordered[alike - 1]).all(axis=1)
    if not again.all():
        order = np.lexsort(rows.T)
        ordered = rows[order]
        alike = np.flatnonzero((ordered[1:] == ordered[:-1]).all(axis=1)) + 1
    mass = np.ones(len(rows)) if weights is None else weights[order]
    if not len(alike):
        return ordered, mass
    first = np.delete(np.arange(len(rows)), alike)
    return ordered[first], np.add.reduceat(mass, first)


def _hash(rows: Floats) -> NDArray[np.uint64]:
    """Mix the bits of each row (the finaliser of splitmix64, Steele et al., OOPSLA 2014)."""
    mixed = np.zeros(len(rows), dtype=np.uint64)
    for column in rows.T:
        mixed += np.ascontiguousarray(column).view(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return mixed


def lightweight(
    source: Source, found: Survey, sizes: tuple[int, ...] = (SMALL, LARGE), seed: int = 0
) -> tuple[Points, ...]:
    """Draw nested lightweight coresets in one more reading of the rows.

    Parameters
    ----------
    source : Source
    found : Survey
        Of that source.
    sizes : tuple of int, default=(2**14, 2**17)
        Draws per coreset, ascending; each smaller coreset lies within the next. A row drawn
        several times is one point with the weight of all its draws.
    seed : int, default=0

    Returns
    -------
    tuple of Points
        One per size.

    Notes
    -----
    With weights w of sum W and spread S = sum w d^2, a draw takes row i with probability
    q_i = w_i / 2W + w_i d_i^2 / 2S, and m draws give it the weight w_i / (m q_i) each.
    """
    uniforms = np.random.default_rng([seed, _STREAM]).random(sizes[-1])
    rank = np.argsort(uniforms, kind="stable")
    drawn = _draw(_centred(source, found), found, uniforms[rank])
    return tuple(_sample(drawn, rank, size, found.origin) for size in sizes)


class _Drawn(NamedTuple):
    rows: Floats  # (r, d) the distinct rows drawn, in the order of the source
    shares: Floats  # (r,) w / q of each
    which: NDArray[np.int64]  # (draws,) row of each draw, ascending by its uniform


def _draw(
    chunks: Iterable[tuple[Floats, Floats | None]], found: Survey, uniforms: Floats
) -> _Drawn:
    """Walk along the cumulated chances and pick the rows on which the sorted uniforms fall."""
    rows: list[Floats] = []
    shares: list[Floats] = []
    which = np.empty(len(uniforms), dtype=np.int64)
    passed, done, kept = 0.0, 0, 0
    last: tuple[Floats, float] | None = None
    for chunk, mass in chunks:
        chance = _chances(chunk, mass, found)
        cumulated = passed + np.cumsum(chance)
        passed = float(cumulated[-1])
        end = int(np.searchsorted(uniforms, passed, side="left"))
        hit = np.searchsorted(cumulated, uniforms[done:end], side="right")
        picked, place = np.unique(np.minimum(hit, len(chunk) - 1), return_inverse=True)
        ratio = (1.0 if mass is None else mass[picked]) / chance[picked]
        rows.append(chunk[picked])
        shares.append(ratio)
        which[done:end] = kept + place
        kept, done = kept + len(picked), end
        last = chunk[-1:], float((1.0 if mass is None else mass[-1]) / chance[-1])
    if done < len(uniforms) and last is not None:  # rounding left the total just below one
        rows.append(last[0])
        shares.append(np.array([last[1]]))
        which[done:] = kept
    return _Drawn(np.concatenate(rows), np.concatenate(shares), which)


def _chances(rows: Floats, mass: Floats | None, found: Survey) -> Floats:
    squares = np.einsum("ij,ij->i", rows, rows)
    chance = np.full(len(rows), 0.5 / found.weight)
    chance += squares * (0.5 / found.spread) if found.spread > 0.0 else 0.5 / found.weight
    if mass is not None:
        chance *= mass
    return chance


def _sample(drawn: _Drawn, rank: NDArray[np.int64], size: int, origin: Floats) -> Points:
    """Keep the first ``size`` draws, in the order in which the uniforms were drawn."""
    counts = np.bincount(drawn.which[rank < size], minlength=len(drawn.rows))
    kept = np.flatnonzero(counts)
    return Points(drawn.rows[kept], counts[kept] * drawn.shares[kept] / size, origin, False)


def _centred(source: Source, found: Survey) -> Iterator[tuple[Floats, Floats | None]]:
    for rows, mass in source.chunks():
        yield np.subtract(rows, found.origin, dtype=np.float64), mass


def thin(points: Points, size: int, seed: int = 0) -> Points:
    """Draw one lightweight coreset from weighted points in memory, as :func:`lightweight`."""
    squares = np.einsum("ij,ij->i", points.points, points.points)
    found = Survey(
        len(points.points),
        float(points.weights.sum()),
        points.origin,
        dot(points.weights, squares),
    )
    uniforms = np.random.default_rng([seed, _STREAM]).random(size)
    rank = np.argsort(uniforms, kind="stable")
    drawn = _draw([(points.points, points.weights)], found, uniforms[rank])
    return _sample(drawn, rank, size, points.origin)
