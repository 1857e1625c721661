"""The kernels of the compiled twin ``_kernels``, with the functions of :mod:`reference`.

This file gives the C code its buffers and steers what does not need to be fast. Importing it
fails where the twin was not built; :mod:`segmeans.clustering.kernels` then takes the reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from segmeans.clustering import _kernels, reference
from segmeans.clustering.reference import (
    BLOCK,
    Blocks,
    Floats,
    Labels,
    Lloyd,
    Pair,
    Partials,
    Rows,
    Starts,
    or_none,
)
from segmeans.errors import SettingError

_GROUP = 32  # rows that share one bound; as in the C code
_CHUNK = 256 * BLOCK  # rows whose labels are kept in one array
_MOST_CENTRES = 65536  # labels are kept in 16 bits
_CACHED = 2**24  # bytes of points that are prepared once rather than in every pass


def instructions() -> list[str]:
    """Name the instruction sets that this processor can run, best first: the first is used."""
    return _kernels.instructions()


def nearest(
    points: Rows, centres: Floats, threads: int = 1, *, origin: Floats | None = None
) -> tuple[Labels, Floats]:
    """Return each row's nearest centre and the squared distance to it, shapes (m,) and (m,)."""
    labels, distances = np.empty(len(points), dtype=np.int32), np.empty(len(points))
    _nearest(points, centres, threads, origin, labels, distances)
    return labels, distances


def assign(
    points: Rows, centres: Floats, threads: int = 1, *, origin: Floats | None = None
) -> Labels:
    """Return each row's nearest centre, shape (m,): :func:`nearest` without the distances."""
    labels = np.empty(len(points), dtype=np.int32)
    _nearest(points, centres, threads, origin, labels)
    return labels


def pair(points: Rows, centres: Floats, threads: int = 1, *, origin: Floats | None = None) -> Pair:
    """Return each row's two nearest centres and the squared distances to them."""
    m = len(points)
    found = Pair(np.empty(m, np.int32), np.empty(m), np.empty(m, np.int32), np.empty(m))
    _nearest(points, centres, threads, origin, *found)
    return found


def _nearest(
    points: Rows,
    centres: Floats,
    threads: int,
    origin: Floats | None,
    labels: Labels,
    distances: Floats | None = None,
    second_labels: Labels | None = None,
    second_distances: Floats | None = None,
) -> None:
    _kernels.nearest(
        *_shape(points),
        origin,
        _solid(centres),
        len(centres),
        labels,
        distances,
        second_labels,
        second_distances,
        threads,
    )


def _shape(rows: Rows) -> tuple[Rows, bool, int, int]:
    return np.ascontiguousarray(rows), rows.dtype == np.float64, *rows.shape


def _solid(values: Floats) -> Floats:
    return np.ascontiguousarray(values, dtype=np.float64)


def seed(points: Floats, weights: Floats, k: int, uniforms: Floats) -> NDArray[np.int64]:
    """Choose k rows by weighted greedy k-means++; see :func:`reference.seed`."""
    chosen = np.empty(k, dtype=np.int64)
    uniforms = _solid(uniforms)
    points, weights, (m, d) = _solid(points), _solid(weights), points.shape
    _kernels.seed(points, weights, m, d, k, uniforms, uniforms.shape[1], chosen)
    return chosen


class Pass(reference.Pass):
    """One pass over rows that arrive in pieces, for several sets of centres at once.

    See :class:`reference.Pass`.
    """

    def __init__(
        self, tables: Sequence[Floats], threads: int = 1, *, origin: Floats | None = None
    ) -> None:
        super().__init__(tables, threads, origin=origin)
        self._tables = [_solid(table) for table in tables]
        self._outs = [_room(table) for table in tables]
        self._scale = _scale(self._tables)

    def _visit(self, rows: Rows, weights: Floats | None) -> None:
        sets: list[_Set] = [
            (slot, table, len(table), None, 1, None, 0.0, False, False, out)
            for slot, (table, out) in enumerate(zip(self._tables, self._outs, strict=True))
        ]
        _sweep(rows, weights, self._origin, self._scale, sets, self._threads)

    def _totals_now(self) -> list[Partials]:
        return [_unpack(*pair) for pair in zip(self._outs, self._tables, strict=True)]


_Set = tuple[
    int,  # place among all sets: neighbours are added up together
    Floats,  # centres
    int,  # k
    "NDArray[np.uint8 | np.uint16] | None",  # labels kept from pass to pass
    int,  # bytes of a label
    "NDArray[np.float32] | None",  # drift up to which no label of a group changes
    float,  # drift since the first pass
    bool,  # labels and drifts are valid
    bool,  # add up what changed, else everything
    Floats,  # where to add, see _room
]


def _sweep(
    rows: Rows,
    weights: Floats | None,
    origin: Floats | None,
    scale: float,
    sets: list[_Set],
    threads: int,
) -> list[int]:
    mass = None if weights is None else _solid(weights)
    return _kernels.sweep(*_shape(rows), origin, mass, scale, sets, threads)


def _scale(tables: Sequence[Floats]) -> float:
    """Return the power of two that brings the largest centre near one, for float32."""
    largest = max((float(np.abs(table).max()) for table in tables), default=0.0)
    exponent = int(np.clip(np.frexp(largest)[1], -1000, 1000))
    return float(np.ldexp(1.0, -exponent))


def _room(table: Floats) -> Floats:
    """Return room for what a pass adds up: sums and weight of every cluster, then the inertia."""
    k, d = table.shape
    return np.zeros(k * (d + 1) + 1)


def _unpack(out: Floats, table: Floats) -> Partials:
    cells = out[:-1].reshape(len(table), -1)
    return Partials(cells[:, -1].copy(), cells[:, :-1].copy(), float(out[-1]))


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
    """Return :func:`partials` for several sets of centres, in one read of the rows."""
    whole = Pass(tables, threads, origin=origin)
    whole.add(points, weights)
    return whole.result()


class Polish(reference.Polish):
    """Lloyd's iterations from several sets of centres, over rows that arrive in pieces.

    See :class:`reference.Polish`. Labels are remembered from pass to pass (one or two bytes per
    row and set), and for every 32 rows how far the centres may move before one of the labels can
    change, so that later passes skip most of the arithmetic, and in memory most of the reading.
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
        for table in tables:
            if len(table) > _MOST_CENTRES:
                raise SettingError(
                    "Too many centres", found=len(table), allowed=f"at most {_MOST_CENTRES}"
                )
        self._scale = _scale(tables)
        self._threads, self._origin = threads, origin
        self._runs: Sequence[_Run] = [
            _Run(slot, table, max_iter, tol, self._scale, correction)
            for slot, (table, correction) in enumerate(
                zip(tables, or_none(corrections, tables), strict=True)
            )
        ]
        self._begin_pass()

    def add(self, rows: Rows, weights: Floats | None = None) -> None:
        """Take the next rows of this pass, shape (n, d), and their weights, shape (n,)."""
        for piece, mass in self._blocks.cut(rows, weights):
            self._visit(piece, mass)
        for run in self._runs:
            if run.phase == "relocate":
                run.look(rows, weights, self._origin)

    def end_pass(self) -> None:
        """Move the centres: every row has been seen once more."""
        for piece, mass in self._blocks.rest():
            self._visit(piece, mass)
        for run in self._runs:
            run.end_pass()
        self._begin_pass()

    def _begin_pass(self) -> None:
        self._blocks, self._first = Blocks(), 0
        active = [run for run in self._runs if run.phase != "done"]
        if all(run.calm for run in active):  # the fresh sums of all in the same passes
            for run in active:
                run.calm, run.fresh = False, True
        for run in active:
            run.begin_pass()

    def _visit(self, rows: Rows, weights: Floats | None) -> None:
        for first in range(0, len(rows), _CHUNK):
            piece = rows[first : first + _CHUNK]
            self._visit_within(piece, None if weights is None else weights[first : first + _CHUNK])

    def _visit_within(self, rows: Rows, weights: Floats | None) -> None:
        rest = _CHUNK - self._first % _CHUNK
        if len(rows) > rest:
            self._visit_within(rows[:rest], None if weights is None else weights[:rest])
            rows, weights = rows[rest:], None if weights is None else weights[rest:]
        visiting = [run for run in self._runs if run.visits]
        sets = [run.set(self._first, len(rows)) for run in visiting]
        changes = _sweep(rows, weights, self._origin, self._scale, sets, self._threads)
        for run, changed in zip(visiting, changes, strict=True):
            run.changes += changed
        self._first += len(rows)


class _Run(reference.Run):
    """One set of centres on its way, with the labels of the last pass.

    The first pass adds up everything, the next ones what changed. Once nothing changes the run is
    calm and waits for the others; then everything is added up afresh, so that the end does not
    depend on the way. It is an end when the fresh means are the centres.
    """

    def __init__(
        self,
        slot: int,
        centres: Floats,
        max_iter: int,
        tol: float,
        scale: float,
        correction: Floats | None,
    ) -> None:
        super().__init__(centres, max_iter, tol, correction)
        k = len(self.centres)
        self.slot = slot
        self.scale, self.drift = scale, 0.0
        self.label_type = np.uint8 if k <= 256 else np.uint16
        self.labels: list[NDArray[np.uint8 | np.uint16]] = []
        self.deadlines: list[NDArray[np.float32]] = []
        self.totals = _room(self.centres)
        self.bounded = self.calm = self.fresh = self.delta = False
        self.changes = 0

    @property
    def visits(self) -> bool:
        """Whether this pass adds up for this set."""
        return self.phase in ("move", "measure") and not self.calm

    def begin_pass(self) -> None:
        """Choose between adding up what changed and everything."""
        self.delta = self.bounded and not (self.fresh or self.phase == "measure")
        self.changes = 0
        if self.visits and not self.delta:
            self.totals[:] = 0.0

    def set(self, first: int, n: int) -> _Set:
        """Return what the C code needs for n rows that do not cross the edge of a chunk."""
        chunk, at = divmod(first, _CHUNK)
        if chunk == len(self.labels):
            self.labels.append(np.empty(_CHUNK, dtype=self.label_type))
            self.deadlines.append(np.empty(_CHUNK // _GROUP, dtype=np.float32))
        labels = self.labels[chunk][at : at + n]
        deadlines = self.deadlines[chunk][at // _GROUP : (at + n + _GROUP - 1) // _GROUP]
        return (
            self.slot,
            self.centres,
            len(self.centres),
            labels,
            labels.itemsize,
            deadlines,
            self.drift,
            self.bounded,
            self.delta,
            self.totals,
        )

    def end_pass(self) -> None:
        """Take what the pass gave and decide what comes next."""
        if self.calm or self.phase == "done":
            return
        was_relocating = self.phase == "relocate"
        part = _unpack(self.totals, self.centres)
        steady = self.delta and self.changes == 0 and not was_relocating
        self.bounded = True
        if steady and part.counts.all():
            self.calm = True
            return
        before = self.centres
        self.advance(part, measured=not (self.delta or was_relocating))
        self.drift += _reach(self.centres - before) * self.scale
        self.fresh = self.fresh and self.changes == 0
        if self.phase == "done":
            self.labels.clear()
            self.deadlines.clear()


def _reach(shifts: Floats) -> float:
    """Return by how much a row's two nearest distances can approach: the two longest shifts."""
    lengths = np.sort(np.sqrt(np.square(shifts).sum(axis=1)))
    return float(lengths[-2:].sum()) * (1.0 + 2.0**-20)


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

    The same as :class:`Polish` fed with all rows at once, to the rounding of sums. Few points are
    prepared once and not shared: there each thread takes one set after the other to its end.
    """
    if max((len(table) for table in tables), default=0) > _MOST_CENTRES:
        return reference.polish(
            points, weights, tables, max_iter, tol, threads, origin=origin, corrections=corrections
        )
    if points.nbytes <= _CACHED and origin is None and points.dtype == np.float64:
        return _polish_cached(points, weights, tables, max_iter, tol, threads, corrections)
    runs = Polish(tables, max_iter, tol, threads, origin=origin, corrections=corrections)
    while runs.running:
        runs.add(points, weights)
        runs.end_pass()
    return runs.result()


def _polish_cached(
    points: Floats,
    weights: Floats | None,
    tables: Sequence[Floats],
    max_iter: int,
    tol: float,
    threads: int,
    corrections: Sequence[Floats] | None,
) -> list[Lloyd]:
    """Run every set to its end; the points are prepared once for sets that are alike."""
    points = _solid(points)
    done: dict[int, Lloyd] = {}
    for group, offset in _alike(tables, corrections):
        ends = np.stack([np.asarray(tables[i], dtype=np.float64) for i in group])
        found = _starts(points, weights, None, ends, max_iter, tol, threads, offset)
        done |= {
            i: Lloyd(
                found.centres[at],
                float(found.inertia[at]),
                int(found.iterations[at]),
                bool(found.converged[at]),
                found.counts[at],
            )
            for at, i in enumerate(group)
        }
    return [done[i] for i in range(len(tables))]


def _alike(
    tables: Sequence[Floats], corrections: Sequence[Floats] | None
) -> Iterator[tuple[list[int], Floats | None]]:
    """Group the sets of one size; each with a correction of its own stands alone."""
    if corrections is not None:
        yield from (([i], _solid(offset)) for i, offset in enumerate(corrections))
        return
    for k in sorted({len(table) for table in tables}):
        yield [i for i, table in enumerate(tables) if len(table) == k], None


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
    if k > _MOST_CENTRES:
        return reference.starts(points, weights, k, uniforms, max_iter, tol, threads)
    ends = np.empty((len(uniforms), k, points.shape[1]))
    return _starts(_solid(points), weights, _solid(uniforms), ends, max_iter, tol, threads)


def _starts(
    points: Floats,
    weights: Floats | None,
    uniforms: Floats | None,
    centres: Floats,
    max_iter: int,
    tol: float,
    threads: int,
    correction: Floats | None = None,
) -> Starts:
    s, k, d = centres.shape
    counts = np.empty((s, k))
    inertia, iterations = np.empty(s), np.empty(s, dtype=np.int64)
    converged = np.empty(s, dtype=np.bool_)
    _kernels.starts(
        points,
        None if weights is None else _solid(weights),
        len(points),
        d,
        k,
        uniforms,
        s,
        0 if uniforms is None else uniforms.shape[2],
        max_iter,
        tol,
        threads,
        correction,
        centres,
        inertia,
        iterations,
        converged,
        counts,
    )
    return Starts(centres, inertia, iterations, converged, counts)
