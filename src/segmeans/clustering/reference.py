"""The kernels in plain NumPy: short, readable, always there.

The compiled twin in ``_kernels`` has the same functions with the same arguments and is held equal
to these by test. Both are reached through :mod:`segmeans.clustering.kernels`, which picks one.
Prior validation of all arguments is assumed: points are finite, C-contiguous float64 of shape
(m, d), already centred near the origin; weights are float64 of shape (m,), positive.
No function draws a random number: uniforms come in from outside, so that the same numbers give
the same starts on any number of threads and in either twin.

All sums are taken in float64 over blocks of ``BLOCK`` rows, reduced in block order. Ties go to the
lowest centre.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int32]

BLOCK = 8192


class Lloyd(NamedTuple):
    """Where one run of Lloyd's iterations ended.

    ``inertia`` belongs to the returned ``centres`` (not to those of the iteration before).
    """

    centres: Floats  # (k, d)
    inertia: float
    iterations: int
    converged: bool


class Starts(NamedTuple):
    """The ends of many independent starts, in the order of their uniforms."""

    centres: Floats  # (s, k, d)
    inertia: Floats  # (s,)
    iterations: NDArray[np.int64]  # (s,)
    converged: NDArray[np.bool_]  # (s,)


class Partials(NamedTuple):
    """What one pass over rows gives for one set of centres."""

    counts: Floats  # (k,) sums of weights
    sums: Floats  # (k, d) weighted sums of the rows
    inertia: float  # weighted sum of squared distances to the nearest centre
    spreads: Floats  # (k,) weighted sums of squared distances per cluster


def squared_distances(points: Floats, centres: Floats) -> Floats:
    """Return the squared Euclidean distances, shape (m, k), never below zero."""
    cross = points @ centres.T
    square = np.einsum("ij,ij->i", points, points)[:, None] + np.einsum(
        "ij,ij->i", centres, centres
    )
    return np.maximum(square - 2.0 * cross, 0.0)


def nearest(points: Floats, centres: Floats) -> tuple[Labels, Floats]:
    """Return each row's nearest centre and the squared distance to it, shapes (m,) and (m,).

    The distance is recomputed in the difference form, which keeps its digits near zero.
    """
    labels = np.argmin(squared_distances(points, centres), axis=1).astype(np.int32)
    offset = points - centres[labels]
    return labels, np.einsum("ij,ij->i", offset, offset)


def seed(points: Floats, weights: Floats, k: int, uniforms: Floats) -> NDArray[np.int64]:
    """Choose k rows by weighted greedy k-means++ (Arthur & Vassilvitskii, SODA 2007, section 6).

    Parameters
    ----------
    points : ndarray of shape (m, d)
    weights : ndarray of shape (m,)
    k : int
    uniforms : ndarray of shape (k, trials)
        Numbers in [0, 1): row 0, first entry, draws the first centre by weight; row j draws the
        candidates for centre j by weight times squared distance. The candidate that leaves the
        lowest inertia is taken, the earlier one on ties.

    Returns
    -------
    ndarray of shape (k,)
        Row numbers.
    """
    chosen = np.empty(k, dtype=np.int64)
    chosen[0] = _draw(weights, uniforms[0, :1])[0]
    closest = squared_distances(points, points[chosen[:1]])[:, 0]
    for j in range(1, k):
        candidates = _draw(weights * closest, uniforms[j])
        after = np.minimum(closest[:, None], squared_distances(points, points[candidates]))
        best = int(np.argmin(weights @ after))
        chosen[j], closest = candidates[best], after[:, best]
    return chosen


def _draw(mass: Floats, uniforms: Floats) -> NDArray[np.int64]:
    cumulated = np.cumsum(mass)
    rows = np.searchsorted(cumulated, uniforms * cumulated[-1], side="right")
    return np.minimum(rows, len(mass) - 1)


def partials(points: Floats, weights: Floats | None, centres: Floats) -> Partials:
    """Assign every row and add up what the next centres need, in one read of the rows."""
    k, d = centres.shape
    counts, sums, spreads = np.zeros(k), np.zeros((k, d)), np.zeros(k)
    for first in range(0, len(points), BLOCK):
        block = points[first : first + BLOCK]
        labels, distance = nearest(block, centres)
        mass = np.ones(len(block)) if weights is None else weights[first : first + BLOCK]
        counts += np.bincount(labels, mass, k)
        spreads += np.bincount(labels, mass * distance, k)
        for j in range(d):
            sums[:, j] += np.bincount(labels, mass * block[:, j], k)
    return Partials(counts, sums, float(spreads.sum()), spreads)


def passes(
    points: Floats, weights: Floats | None, tables: Sequence[Floats], threads: int = 1
) -> list[Partials]:
    """Return :func:`partials` for several sets of centres, reading the rows once in the twin."""
    del threads  # NumPy's own threads are enough here
    return [partials(points, weights, centres) for centres in tables]


def lloyd(points: Floats, weights: Floats, centres: Floats, max_iter: int, tol: float) -> Lloyd:
    """Iterate assignment and means until the centres stand still.

    Stops when the summed squared shift of the centres is at most ``tol`` (0: until nothing moves)
    or after ``max_iter`` iterations. A cluster that loses all its rows is put on the row with the
    largest weighted squared distance to its centre.
    """
    centres = centres.copy()
    for iteration in range(1, max_iter + 1):
        part = partials(points, weights, centres)
        moved = _means(points, weights, centres, part)
        shift = float(np.square(moved - centres).sum())
        centres = moved
        if shift <= tol:
            break
    else:
        return Lloyd(centres, partials(points, weights, centres).inertia, max_iter, False)
    return Lloyd(centres, partials(points, weights, centres).inertia, iteration, True)


def _means(points: Floats, weights: Floats, centres: Floats, part: Partials) -> Floats:
    empty = np.flatnonzero(part.counts == 0)
    moved = part.sums / np.where(part.counts == 0, 1.0, part.counts)[:, None]
    if len(empty):
        _, distance = nearest(points, centres)
        far = np.argsort(-weights * distance, kind="stable")[: len(empty)]
        moved[empty] = points[far]
    return moved


def starts(
    points: Floats,
    weights: Floats,
    k: int,
    uniforms: Floats,
    max_iter: int,
    tol: float,
    threads: int = 1,
) -> Starts:
    """Run one seeding and one Lloyd for every row of uniforms, shape (s, k, trials)."""
    del threads
    runs = [
        lloyd(points, weights, points[seed(points, weights, k, u)], max_iter, tol)
        for u in uniforms
    ]
    return Starts(
        np.stack([run.centres for run in runs]),
        np.array([run.inertia for run in runs]),
        np.array([run.iterations for run in runs], dtype=np.int64),
        np.array([run.converged for run in runs]),
    )
