"""From a start to a strong local optimum: Lloyd, then exchanges, then swaps of whole centres.

Lloyd's iterations stop where no point has a nearer centre. Two stronger moves go on from there:

* an *exchange* moves one point to another cluster when that lowers the inertia after both means
  have followed (Hartigan & Wong 1979, AS 136); an optimum under exchanges is also one under Lloyd;
* a *swap* takes one centre away and puts it on another point (Franti & Kivijarvi 2000; the cost of
  all removals for one insertion at once as in Lattanzi & Sohler, ICML 2019), runs Lloyd and
  exchanges from there, and stays when the inertia fell. Half of the tries go to points elsewhere,
  then half to points of the centre's own cluster: these cost little at first, so that they would
  take nearly all places, and mostly lead back.

The climb is a fixed map: the same start always ends in the same place. Climbs from independent
starts therefore stay independent, which is what makes counting hits on the best meaningful.

This module is the readable NumPy form and the door to its compiled twin.
"""

from __future__ import annotations

import os
from types import ModuleType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmeans.clustering.reference import Floats, Labels, squared_distances

_twin: ModuleType | None
try:
    from segmeans.clustering import _kernels as _twin
except ImportError:  # no compiler at installation
    _twin = None

if os.environ.get("SEGMEANS_KERNELS") == "reference":
    _twin = None

COMPILED = _twin is not None

_LLOYD_AFTER_SWAP = 3  # exchanges finish what these leave, cheaper than more of them
_PER_CANDIDATE = 2
_IMPROVES = 1e-9  # relative fall of the inertia that counts as better
_GAIN = 1e-12  # relative to the inertia per point: below it an exchange is rounding


class Climbed(NamedTuple):
    """Where climbs ended, in the order of their starts."""

    centres: Floats  # (s, k, d)
    inertia: Floats  # (s,), of these centres
    labels: Labels  # (s, m)
    converged: NDArray[np.bool_]  # (s,): nothing moved at the end
    iterations: NDArray[np.int64]  # (s,): of Lloyd, and sweeps of exchanges, of the last descent


class _State(NamedTuple):
    centres: Floats
    labels: Labels
    inertia: float
    converged: bool
    iterations: int


def climb(
    points: Floats,
    weights: Floats,
    centres: Floats,
    candidates: NDArray[np.int64] | None = None,
    *,
    swaps: int = 0,
    per_centre: int = 2,
    exchanges: int = 1000,
    max_iter: int = 1000,
    tol: float = 0.0,
    threads: int = 1,
) -> Climbed:
    """Climb from every given set of centres to a local optimum.

    Parameters
    ----------
    points : ndarray of shape (m, d)
        Finite, C-contiguous float64, centred near the origin.
    weights : ndarray of shape (m,)
        Positive.
    centres : ndarray of shape (s, k, d)
        Where the climbs begin; not changed.
    candidates : ndarray of shape (t,) or (s, t), optional
        Row numbers on which a swap may put a centre, the same for all starts or each its own.
        Needed when ``swaps`` is positive.
    swaps : int, default=0
        How many of the most promising swaps are tried before the climb gives up, half of them
        within the cluster of the centre.
    per_centre : int, default=2
        How many of either half may take away the same centre.
    exchanges : int, default=1000
        Most sweeps of exchanges; 0 leaves them out.
    max_iter : int, default=1000
        Most iterations of Lloyd.
    tol : float, default=0.0
        Centres that move to the means and lower the inertia by less than this share of what it was
        at first end the iterations of Lloyd, a sweep that gains less ends the exchanges; 0 goes on
        until nothing moves.
    threads : int, default=1
        Threads over the starts (compiled twin only). The result does not depend on it.

    Returns
    -------
    Climbed

    Examples
    --------
    >>> import numpy as np
    >>> points = np.array([[-5.0], [-4.0], [4.0], [5.0]])
    >>> ends = climb(points, np.ones(4), np.array([[[-5.0], [-4.0]]]))
    >>> ends.centres[0].ravel().tolist(), float(ends.inertia[0])
    ([-4.5, 4.5], 1.0)
    """
    s, k, _ = centres.shape
    chosen = np.empty(0, np.int64) if candidates is None else candidates
    swaps = swaps if k > 1 and chosen.size else 0
    own = np.broadcast_to(chosen, (s, chosen.shape[-1]))
    out = Climbed(
        np.array(centres, dtype=np.float64, order="C"),
        np.empty(s),
        np.empty((s, len(points)), dtype=np.int32),
        np.empty(s, dtype=np.bool_),
        np.empty(s, dtype=np.int64),
    )
    if _twin is not None:
        _twin.climb(
            points, weights, *points.shape, k, out.centres, s, np.ascontiguousarray(own),
            own.shape[1], swaps, per_centre, exchanges, max_iter, tol, threads,
            out.labels, out.inertia, out.converged, out.iterations,
        )  # fmt: skip
        return out
    for i in range(s):
        state = _climb_one(
            points, weights, out.centres[i], own[i], swaps, per_centre, exchanges, max_iter, tol
        )
        out.centres[i], out.labels[i] = state.centres, state.labels
        out.inertia[i], out.converged[i] = state.inertia, state.converged
        out.iterations[i] = state.iterations
    return out


def _climb_one(
    points: Floats,
    weights: Floats,
    centres: Floats,
    candidates: NDArray[np.int64],
    swaps: int,
    per_centre: int,
    exchanges: int,
    max_iter: int,
    tol: float,
) -> _State:
    state = _descend(points, weights, centres, exchanges, max_iter, tol)
    improved = swaps > 0
    while improved:
        improved = False
        for centre, row in _best_swaps(
            points, weights, state.centres, candidates, swaps, per_centre
        ):
            trial = state.centres.copy()
            trial[centre] = points[row]
            after = _descend(points, weights, trial, exchanges, _LLOYD_AFTER_SWAP, tol)
            if after.inertia < state.inertia * (1.0 - _IMPROVES):
                state, improved = after, True
                break
    return state


def _descend(
    points: Floats, weights: Floats, centres: Floats, exchanges: int, max_iter: int, tol: float
) -> _State:
    """Lloyd, then exchanges, until nothing moves or the gains fall below ``tol``."""
    k = len(centres)
    labels, begin, settled = np.full(len(points), -1, dtype=np.int32), 0.0, False
    iterations = 0
    for iterations in range(1, max_iter + 1):
        distances = squared_distances(points, centres)
        fresh = np.argmin(distances, axis=1).astype(np.int32)
        nearest = distances[np.arange(len(points)), fresh]
        _fill_empty(fresh, nearest, weights, k)
        begin = float(weights @ nearest) if iterations == 1 else begin
        settled = bool(np.array_equal(fresh, labels))
        before, labels = centres, fresh
        centres = _means(points, weights, labels, k)
        if settled or _fall(before, centres, weights, labels) < tol * begin:
            break
    for _ in range(exchanges):
        iterations += 1
        moved, gain = _exchange(points, weights, centres, labels)
        settled = moved == 0
        if settled or gain < tol * begin:
            break
    centres = _means(points, weights, labels, k)
    offset = points - centres[labels]
    inertia = float(weights @ np.einsum("ij,ij->i", offset, offset))
    return _State(centres, labels, inertia, settled, iterations)


def _fall(before: Floats, after: Floats, weights: Floats, labels: Labels) -> float:
    """Return by how much the inertia falls when the centres move to the means."""
    mass = np.bincount(labels, weights, len(after))
    return float(mass @ np.square(after - before).sum(axis=1))


def _fill_empty(labels: Labels, nearest: Floats, weights: Floats, k: int) -> None:
    """Give each empty cluster the costliest point of a cluster that has others, in place."""
    counts = np.bincount(labels, minlength=k)
    for j in np.flatnonzero(counts == 0):
        cost = np.where(counts[labels] > 1, weights * nearest, -1.0)
        row = int(np.argmax(cost))
        counts[labels[row]] -= 1
        labels[row], nearest[row], counts[j] = j, 0.0, 1


def _means(points: Floats, weights: Floats, labels: Labels, k: int) -> Floats:
    mass = np.bincount(labels, weights, k)
    sums = np.stack([np.bincount(labels, weights * column, k) for column in points.T], axis=1)
    return np.asarray(sums / mass[:, None])


def _exchange(
    points: Floats, weights: Floats, centres: Floats, labels: Labels
) -> tuple[int, float]:
    """One sweep: list the rows whose transfer pays now, then move those for which it still does.

    The list is drawn up as if every row had the largest weight: it holds a few rows too many,
    never one too few, and needs no division per row and centre. ``centres`` and ``labels`` are
    changed in place; ``centres`` follow every move.
    """
    mass = np.bincount(labels, weights, len(centres)).astype(np.float64)
    distances = squared_distances(points, centres)
    rows = np.arange(len(points))
    own = distances[rows, labels]
    eps = _GAIN * float(weights @ own) / len(points)
    rest = mass[labels] - weights
    distances *= mass / (mass + weights.max())
    distances[rows, labels] = np.inf
    pays = (own * mass[labels] > distances.min(axis=1) * rest) & (rest > 1e-12 * weights)
    moved, gained = 0, 0.0
    for row in np.flatnonzero(pays):
        i = int(row)
        gain = _transfer(points[i], float(weights[i]), i, centres, mass, labels, eps)
        moved, gained = moved + (gain > 0.0), gained + gain
    return moved, gained


def _transfer(
    x: Floats, w: float, i: int, centres: Floats, mass: Floats, labels: Labels, eps: float
) -> float:
    a = int(labels[i])
    rest = mass[a] - w
    if rest <= 1e-12 * w:
        return 0.0
    offset = centres - x
    square = np.einsum("ij,ij->i", offset, offset)
    cost = w * square * mass / (mass + w)
    cost[a] = np.inf
    b = int(np.argmin(cost))
    gain = float(w * square[a] * mass[a] / rest - cost[b])
    if gain <= eps:
        return 0.0
    centres[a] -= w * (x - centres[a]) / rest
    centres[b] += w * (x - centres[b]) / (mass[b] + w)
    mass[a], mass[b] = rest, mass[b] + w
    labels[i] = b
    return gain


def _best_swaps(
    points: Floats,
    weights: Floats,
    centres: Floats,
    candidates: NDArray[np.int64],
    swaps: int,
    per_centre: int,
) -> list[tuple[int, int]]:
    """Return the swaps of lowest inertia before any mean has followed, as (centre, row).

    First those to a row elsewhere, then those to a row in the cluster of the centre.
    """
    inertia, labels = _swapped(points, weights, centres, candidates)
    inside = labels[candidates] == np.arange(len(centres))[:, None]
    within = swaps // 2
    elsewhere = _cheapest(np.where(inside, np.inf, inertia), swaps - within, per_centre)
    near = _cheapest(np.where(inside, inertia, np.inf), within, per_centre)
    return [(j, int(candidates[c])) for j, c in elsewhere + near]


def _swapped(
    points: Floats, weights: Floats, centres: Floats, candidates: NDArray[np.int64]
) -> tuple[Floats, NDArray[np.int64]]:
    """Return the inertia after every swap, shape (k, t), and the labels before."""
    k = len(centres)
    distances = squared_distances(points, centres)
    labels = np.argmin(distances, axis=1)
    two = np.partition(distances, 1, axis=1)[:, :2]
    order = np.argsort(labels, kind="stable")
    first = np.searchsorted(labels[order], np.arange(k))
    filled = np.flatnonzero(np.bincount(labels, minlength=k))
    inertia = np.zeros((k, len(candidates)))
    for c, row in enumerate(candidates):
        fresh = squared_distances(points, points[row : row + 1])[:, 0]
        keep = weights * np.minimum(two[:, 0], fresh)
        lose = weights * np.minimum(two[:, 1], fresh) - keep
        inertia[filled, c] = np.add.reduceat(lose[order], first[filled])
        inertia[:, c] += keep.sum()
    return inertia, labels


def _cheapest(inertia: Floats, swaps: int, per_centre: int) -> list[tuple[int, int]]:
    """Return the places of the least finite values, few of them in any row or column."""
    chosen: list[tuple[int, int]] = []
    of_centre, of_candidate = (np.zeros(size, np.int64) for size in inertia.shape)
    for flat in np.argsort(inertia, axis=None, kind="stable"):
        j, c = divmod(int(flat), inertia.shape[1])
        if len(chosen) == swaps or not np.isfinite(inertia[j, c]):
            break
        if of_centre[j] < per_centre and of_candidate[c] < _PER_CANDIDATE:
            of_centre[j] += 1
            of_candidate[c] += 1
            chosen.append((j, c))
    return chosen
