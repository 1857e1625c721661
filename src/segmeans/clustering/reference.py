"""The kernels in plain NumPy: short, readable, always there.

The compiled twin has the same functions with the same arguments and is held equal to these by
test: labels exactly, sums to rounding. Both are reached through
:mod:`segmeans.clustering.kernels`, which picks one and documents the data they take.

The label of a row is, in both twins, the lowest centre that attains the least *difference-form*
distance: the squares of ``x[j] - c[j]``, added in the order of the columns in float64. Faster
forms may rank the centres first, but rows that their rounding leaves in doubt are decided anew.
Sums are taken in float64 over blocks of ``BLOCK`` rows and reduced in the order of the blocks.
No function draws a random number: uniforms come in from outside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int32]
Rows = NDArray[Any]  # (n, d) float64 or float32, C-contiguous

BLOCK = 8192
_DOUBT = 2.1 * 2.0**-53  # twice the unit of rounding, and five per cent for the bound's own
_CANCELS = 2.0**10  # squares over inertia above which their difference has lost ten bits
_SAFE_EXPONENT = 300  # squares of larger or smaller numbers leave the range of float64


class Lloyd(NamedTuple):
    """Where one run of Lloyd's iterations ended.

    ``inertia`` belongs to the returned ``centres`` (not to those of the iteration before).
    """

    centres: Floats  # (k, d)
    inertia: float
    iterations: int
    converged: bool
    counts: Floats  # (k,) weight per cluster, all with the nearest of ``centres``


class Starts(NamedTuple):
    """The ends of many independent starts, in the order of their uniforms."""

    centres: Floats  # (s, k, d)
    inertia: Floats  # (s,)
    iterations: NDArray[np.int64]  # (s,)
    converged: NDArray[np.bool_]  # (s,)
    counts: Floats  # (s, k) weight of each cluster


class Partials(NamedTuple):
    """What one pass over rows gives for one set of centres."""

    counts: Floats  # (k,) sums of weights
    sums: Floats  # (k, d) weighted sums of the rows
    inertia: float  # weighted sum of squared distances to the nearest centre


class Pair(NamedTuple):
    """The nearest and the second nearest centre of every row; of one centre: -1 and infinity."""

    labels: Labels  # (m,)
    distances: Floats  # (m,) squared
    second_labels: Labels  # (m,)
    second_distances: Floats  # (m,) squared


def squared_distances(points: Floats, centres: Floats) -> Floats:
    """Return the squared distances in the difference form, shape (m, k)."""
    total = np.zeros((len(points), len(centres)))
    for column, values in zip(points.T, centres.T, strict=True):
        total += np.square(column[:, None] - values)
    return total


def nearest(
    points: Rows, centres: Floats, threads: int = 1, *, origin: Floats | None = None
) -> tuple[Labels, Floats]:
    """Return each row's nearest centre and the squared distance to it, shapes (m,) and (m,)."""
    found = pair(points, centres, threads, origin=origin)
    return found.labels, found.distances


def assign(
    points: Rows, centres: Floats, threads: int = 1, *, origin: Floats | None = None
) -> Labels:
    """Return each row's nearest centre, shape (m,): :func:`nearest` without the distances."""
    del threads  # NumPy's own threads are enough here
    labels = np.empty(len(points), dtype=np.int32)
    for first in range(0, len(points), BLOCK):
        block = _centred(points[first : first + BLOCK], origin)
        labels[first : first + BLOCK] = np.argmax(_memberships(block, centres), axis=0)
    return labels


def pair(points: Rows, centres: Floats, threads: int = 1, *, origin: Floats | None = None) -> Pair:
    """Return each row's two nearest centres and the squared distances to them."""
    del threads
    m, rows = len(points), np.arange(BLOCK)
    labels, seconds = np.empty(m, dtype=np.int32), np.full(m, -1, dtype=np.int32)
    near, far = np.empty(m), np.full(m, np.inf)
    scale = _scale(centres)
    for first in range(0, m, BLOCK):
        block = _centred(points[first : first + BLOCK], origin)
        part, here = slice(first, first + len(block)), rows[: len(block)]
        distances = squared_distances(block * scale, centres * scale)
        labels[part] = np.argmin(distances, axis=1)
        near[part] = _unscaled(distances[here, labels[part]], scale)
        if len(centres) > 1:
            distances[here, labels[part]] = np.inf
            seconds[part] = np.argmin(distances, axis=1)
            far[part] = _unscaled(distances[here, seconds[part]], scale)
    return Pair(labels, near, seconds, far)


def _unscaled(squares: Floats, scale: float) -> Floats:
    with np.errstate(over="ignore", under="ignore"):  # infinity and 0 are the nearest floats
        return squares / scale / scale


def _centred(rows: Rows, origin: Floats | None) -> Floats:
    wide: Floats = rows.astype(np.float64, copy=False)
    return wide if origin is None else wide - origin


def _scale(centres: Floats) -> float:
    """Return a power of two that brings centres of extreme size near one, else 1."""
    exponent = min(max(math.frexp(float(np.abs(centres).max()))[1], -1000), 1000)
    return math.ldexp(1.0, -exponent) if abs(exponent) > _SAFE_EXPONENT else 1.0


def _lengths(rows: Floats) -> Floats:
    """Return the squared length of every row."""
    squares: Floats = np.square(rows) @ np.ones(rows.shape[1])
    return squares


def _memberships(
    block: Floats, centres: Floats, lengths: Floats | None = None
) -> NDArray[np.bool_]:
    """Return who belongs to whom, shape (k, b): one True in every column.

    Half the squared distance, less what all centres share, is ``|c|^2 / 2 - x.c``. Computed in
    any order, its error is at most ``(d + 3) u (|c|^2 / 2 + |x| |c|)`` with u = 2^-53 (Higham,
    Accuracy and Stability of Numerical Algorithms, 2002, section 3.1), and the difference form
    errs by less; so a row whose two best scores lie closer than ``doubt`` is decided anew.
    """
    scale = _scale(centres)
    if scale != 1.0:
        block, centres, lengths = block * scale, centres * scale, None
    norms = np.einsum("ij,ij->i", centres, centres)
    scores = np.matmul(-centres, block.T)
    scores += 0.5 * norms[:, None]
    lengths = _lengths(block) if lengths is None else lengths
    doubt = 2.0 * _DOUBT * (centres.shape[1] + 4) * (norms.max() + 0.5 * lengths)
    members: NDArray[np.bool_] = scores <= scores.min(axis=0) + doubt
    if np.count_nonzero(members) != len(block):
        rows = np.flatnonzero(np.count_nonzero(members, axis=0) != 1)
        labels = np.argmin(squared_distances(block[rows], centres), axis=1)
        members[:, rows] = labels == np.arange(len(centres))[:, None]
    return members


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
        lowest inertia is taken, the earliest of those equal to nine digits.

    Returns
    -------
    ndarray of shape (k,)
        Row numbers.
    """
    chosen = np.empty(k, dtype=np.int64)
    chosen[0] = _draw(weights, uniforms[0, :1])[0]
    columns = np.ascontiguousarray(points.T)
    closest = _distances_to(columns, points[chosen[0]])
    for j in range(1, k):
        candidates = _draw(weights * closest, uniforms[j])
        after = [np.minimum(closest, _distances_to(columns, points[c])) for c in candidates]
        left = np.array([np.multiply(weights, distances).sum() for distances in after])
        best = int(np.argmax(left <= left.min() * (1.0 + 1e-9)))
        chosen[j], closest = candidates[best], after[best]
    return chosen


def _distances_to(columns: Floats, centre: Floats) -> Floats:
    total = np.zeros(columns.shape[1])
    for column, value in zip(columns, centre, strict=True):
        total += np.square(column - value)
    return total


def _draw(mass: Floats, uniforms: Floats) -> NDArray[np.int64]:
    cumulated = np.cumsum(mass)
    rows = np.searchsorted(cumulated, uniforms * cumulated[-1], side="right")
    last: NDArray[np.int64] = np.minimum(rows, len(mass) - 1)
    return last


class Blocks:
    """Cut rows that arrive in pieces of any size into blocks of ``BLOCK`` rows.

    Pieces are copied only where they do not start at the edge of a block.
    """

    def __init__(self) -> None:
        self._rows: list[Rows] = []
        self._weights: list[Floats] = []
        self._held = 0

    def cut(self, rows: Rows, weights: Floats | None) -> list[tuple[Rows, Floats | None]]:
        """Take the next piece; return what is whole by now, in pieces of whole blocks."""
        whole: list[tuple[Rows, Floats | None]] = []
        if self._held:
            missing = min(BLOCK - self._held, len(rows))
            self._hold(rows[:missing], None if weights is None else weights[:missing])
            rows = rows[missing:]
            weights = None if weights is None else weights[missing:]
            if self._held < BLOCK:
                return whole
            whole.append(self._release())
        full = len(rows) - len(rows) % BLOCK
        if full:
            whole.append((rows[:full], None if weights is None else weights[:full]))
        if full < len(rows):
            self._hold(rows[full:].copy(), None if weights is None else weights[full:].copy())
        return whole

    def rest(self) -> list[tuple[Rows, Floats | None]]:
        """Return the last block, shorter than the others, where there is one."""
        return [self._release()] if self._held else []

    def _hold(self, rows: Rows, weights: Floats | None) -> None:
        self._rows.append(rows)
        if weights is not None:
            self._weights.append(weights)
        self._held += len(rows)

    def _release(self) -> tuple[Rows, Floats | None]:
        rows = np.concatenate(self._rows)
        weights = np.concatenate(self._weights) if self._weights else None
        self._rows, self._weights, self._held = [], [], 0
        return rows, weights


class Pass:
    """One pass over rows that arrive in pieces, for several sets of centres at once.

    Feed the rows with :meth:`add`, in order, in pieces of any size, always or never with weights;
    :meth:`result` gives the bits that :func:`passes` gives for all rows at once.

    Parameters
    ----------
    tables : sequence of ndarray of shape (k, d)
        The sets of centres; each may have its own k.
    threads : int, default=1
    origin : ndarray of shape (d,), optional
        Subtracted from every row; the centres, and the sums returned, are relative to it.

    Examples
    --------
    >>> part = Pass([np.array([[0.0], [10.0]])])
    >>> part.add(np.array([[1.0], [2.0]]))
    >>> part.add(np.array([[9.0]]))
    >>> part.result()[0].counts
    array([2., 1.])
    """

    def __init__(
        self, tables: Sequence[Floats], threads: int = 1, *, origin: Floats | None = None
    ) -> None:
        self._tables, self._threads, self._origin = list(tables), threads, origin
        self._blocks = Blocks()
        self._totals = [
            Partials(np.zeros(len(table)), np.zeros(table.shape), 0.0) for table in tables
        ]

    def add(self, rows: Rows, weights: Floats | None = None) -> None:
        """Take the next rows, shape (n, d), and their weights, shape (n,)."""
        for piece, mass in self._blocks.cut(rows, weights):
            self._visit(piece, mass)

    def result(self) -> list[Partials]:
        """Return what all rows gave, one entry per set of centres."""
        for piece, mass in self._blocks.rest():
            self._visit(piece, mass)
        return self._totals_now()

    def _totals_now(self) -> list[Partials]:
        return list(self._totals)

    def _visit(self, rows: Rows, weights: Floats | None) -> None:
        for first in range(0, len(rows), BLOCK):
            block = _centred(rows[first : first + BLOCK], self._origin)
            mass = None if weights is None else weights[first : first + BLOCK]
            lengths = _lengths(block)
            parts = [_accumulate(block, mass, lengths, centres) for centres in self._tables]
            self._totals = [_add(*pair) for pair in zip(self._totals, parts, strict=True)]


def _add(one: Partials, other: Partials) -> Partials:
    return Partials(one.counts + other.counts, one.sums + other.sums, one.inertia + other.inertia)


def _accumulate(block: Floats, mass: Floats | None, lengths: Floats, centres: Floats) -> Partials:
    """Assign one block and add it up; products with 0 and 1 do the choosing."""
    members = _memberships(block, centres, lengths)
    share = members.astype(np.float64) if mass is None else members * mass
    counts, sums = share.sum(axis=1), share @ block
    squares = float(lengths.sum() if mass is None else lengths @ mass)
    explained = float(np.sum(centres * (sums + (sums - counts[:, None] * centres))))
    inertia = squares - explained
    if not squares <= _CANCELS * inertia:
        inertia = _measured(block, share, centres)
    return Partials(counts, sums, inertia)


def _measured(block: Floats, share: Floats, centres: Floats) -> float:
    """Return the inertia in the difference form, which loses no digits to cancellation."""
    offset = block - centres[np.argmax(share, axis=0)]
    return float(share.max(axis=0) @ np.einsum("ij,ij->i", offset, offset))


def partials(points: Rows, weights: Floats | None, centres: Floats) -> Partials:
    """Assign every row and add up what the next centres need, in one read of the rows."""
    return passes(points, weights, [centres])[0]


def passes(
    points: Rows,
    weights: Floats | None,
    tables: Sequence[Floats],
    threads: int = 1,
    *,
    origin: Floats | None = None,
) -> list[Partials]:
    """Return :func:`partials` for several sets of centres, in one read of the rows.

    Examples
    --------
    >>> rows = np.array([[0.0], [2.0], [10.0]])
    >>> one, two = passes(rows, None, [np.array([[4.0]]), np.array([[1.0], [10.0]])])
    >>> one.inertia, two.inertia, two.counts
    (56.0, 2.0, array([2., 1.]))
    """
    whole = Pass(tables, threads, origin=origin)
    whole.add(points, weights)
    return whole.result()


class Polish:
    """Lloyd's iterations from several sets of centres, over rows that arrive in pieces.

    All sets share each read of the rows. A set stops when the summed squared shift of its centres
    is at most ``tol`` (0: until nothing moves) or after ``max_iter`` iterations. Clusters that
    lose all their rows are put on the rows with the largest weighted squared distances to their
    centres. Rows must come in the same order in every pass.

    Parameters
    ----------
    tables : sequence of ndarray of shape (k, d)
    max_iter : int
    tol : float
    threads : int, default=1
    origin : ndarray of shape (d,), optional
        Subtracted from every row; centres are relative to it, in and out.
    corrections : sequence of ndarray of shape (k, d), optional
        Added to the means in every step, one per set: what the means of other rows, for which
        these stand, are known to differ by.

    Examples
    --------
    >>> rows = np.array([[0.0], [2.0], [10.0], [12.0]])
    >>> polish = Polish([rows[:2]], max_iter=100, tol=0.0)
    >>> while polish.running:
    ...     for start in (0, 2):
    ...         polish.add(rows[start : start + 2])
    ...     polish.end_pass()
    >>> polish.result()[0].centres.ravel(), polish.result()[0].inertia
    (array([ 1., 11.]), 4.0)
    """

    def __init__(
        self,
        tables: Sequence[Floats],
        max_iter: int,
        tol: float,
        threads: int = 1,
        *,
        origin: Floats | None = None,
        corrections: Sequence[Floats] | None = None,
    ) -> None:
        self._threads, self._origin = threads, origin
        self._runs: Sequence[Run] = [
            Run(centres, max_iter, tol, correction)
            for centres, correction in zip(tables, or_none(corrections, tables), strict=True)
        ]
        self._begin_pass()

    @property
    def running(self) -> bool:
        """Whether another pass over the rows is needed."""
        return any(run.phase != "done" for run in self._runs)

    def add(self, rows: Rows, weights: Floats | None = None) -> None:
        """Take the next rows of this pass, shape (n, d), and their weights, shape (n,)."""
        self._pass.add(rows, weights)
        for run in self._runs:
            if run.phase == "relocate":
                run.look(rows, weights, self._origin)

    def end_pass(self) -> None:
        """Move the centres: every row has been seen once more."""
        for run, part in zip(self._active(), self._pass.result(), strict=True):
            run.advance(part)
        self._begin_pass()

    def result(self) -> list[Lloyd]:
        """Return where every set ended, in the order of the sets."""
        return [run.result() for run in self._runs]

    def _active(self) -> list[Run]:
        return [run for run in self._runs if run.phase != "done"]

    def _begin_pass(self) -> None:
        tables = [run.centres for run in self._active()]
        self._pass = Pass(tables, self._threads, origin=self._origin)


def or_none(
    corrections: Sequence[Floats] | None, tables: Sequence[Floats]
) -> Sequence[Floats | None]:
    """Return the corrections, or None for every table."""
    return [None] * len(tables) if corrections is None else corrections


class Run:
    """One set of centres on its way: move, relocate the empty ones, measure, done."""

    def __init__(
        self, centres: Floats, max_iter: int, tol: float, correction: Floats | None = None
    ) -> None:
        self.centres = np.array(centres, dtype=np.float64)
        self.correction = correction
        self.max_iter, self.tol = max_iter, tol
        self.phase = "move" if max_iter > 0 else "measure"
        self.iterations, self.converged, self.inertia = 0, False, np.inf
        self.counts = np.zeros(len(self.centres))
        self.farthest: list[tuple[float, Floats]] = []

    def look(self, rows: Rows, weights: Floats | None, origin: Floats | None) -> None:
        """Keep the rows farthest from their centres, the earlier one of equals."""
        rows = _centred(rows, origin)
        distances = nearest(rows, self.centres)[1]
        distances = distances if weights is None else distances * weights
        for row in np.argsort(-distances, kind="stable")[: len(self.centres)]:
            self.farthest.append((float(distances[row]), rows[row].copy()))
        self.farthest.sort(key=lambda item: -item[0])
        del self.farthest[len(self.centres) :]

    def advance(self, part: Partials, *, measured: bool = True) -> None:
        """Take one pass at the present centres and decide what comes next.

        ``measured`` says whether the pass gave the inertia as well.
        """
        empty = np.flatnonzero(part.counts == 0)
        if self.phase == "measure":
            self.inertia, self.counts, self.phase = part.inertia, part.counts.copy(), "done"
        elif len(empty) and self.phase == "move":
            self.phase = "relocate"
        else:
            moved = part.sums / np.where(part.counts == 0, 1.0, part.counts)[:, None]
            moved += 0.0 if self.correction is None else self.correction
            for cluster, (_, row) in zip(empty, self.farthest, strict=False):
                moved[cluster] = row
            self.farthest.clear()
            self._move(moved, part.inertia if measured else None)
            if self.phase == "done":
                self.counts = part.counts.copy()

    def _move(self, moved: Floats, inertia: float | None) -> None:
        shift = float(np.square(moved - self.centres).sum())
        same = np.array_equal(moved, self.centres)
        self.centres, self.iterations = moved, self.iterations + 1
        self.converged = shift <= self.tol
        self.phase = "measure" if self.converged or self.iterations >= self.max_iter else "move"
        if same and inertia is not None:
            self.inertia, self.phase = inertia, "done"

    def result(self) -> Lloyd:
        """Return where this set ended."""
        return Lloyd(self.centres, self.inertia, self.iterations, self.converged, self.counts)


def polish(
    points: Rows,
    weights: Floats | None,
    tables: Sequence[Floats],
    max_iter: int,
    tol: float,
    threads: int = 1,
    *,
    origin: Floats | None = None,
    corrections: Sequence[Floats] | None = None,
) -> list[Lloyd]:
    """Run Lloyd's iterations from several sets of centres, sharing each read of the rows.

    The same as :class:`Polish` fed with all rows at once.
    """
    runs = Polish(tables, max_iter, tol, threads, origin=origin, corrections=corrections)
    while runs.running:
        runs.add(points, weights)
        runs.end_pass()
    return runs.result()


def lloyd(
    points: Rows, weights: Floats | None, centres: Floats, max_iter: int, tol: float
) -> Lloyd:
    """Iterate assignment and means until the centres stand still: :func:`polish` for one set."""
    return polish(points, weights, [centres], max_iter, tol)[0]


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
    tables = [points[seed(points, weights, k, u)] for u in uniforms]
    runs = [lloyd(points, weights, centres, max_iter, tol) for centres in tables]
    return Starts(
        np.stack([run.centres for run in runs]),
        np.array([run.inertia for run in runs]),
        np.array([run.iterations for run in runs], dtype=np.int64),
        np.array([run.converged for run in runs]),
        np.stack([run.counts for run in runs]),
    )
