"""The last steps on all rows: descend to where nothing moves, or as near as is worth a reading.

On rows that are only streamed, plain Lloyd needs a reading per step, and its last steps are many
and small. Here a sample does those: each reading tells by how much the step of Lloyd on all rows
differs from that on the sample, and the sample is then iterated with this correction until it
stands still (the full approximation scheme of Brandt, Math. Comp. 1977, with Lloyd's iterations
as the smoother). The fixed point is the one of Lloyd on all rows, reached in a few readings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segmeans.clustering import kernels
from segmeans.clustering.coreset import Points
from segmeans.clustering.kernels import Floats, Partials
from segmeans.clustering.rows import Source

STOP = 1e-7
"""On streamed rows: the relative fall of the inertia in one reading that ends the search."""

_MOST_READINGS = 30
_INNER = 60  # corrected steps on the sample between two readings
_INNER_STOP = 1e-9  # of the inertia: the step on the sample that ends them
_STRICT = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Polished:
    """Centres with what all rows say about them."""

    centres: Floats  # (k, d), relative to the origin
    inertia: float  # of these centres
    sizes: Floats  # (k,)
    iterations: int
    passes: int
    converged: bool


def polish_points(points: Points, centres: Floats, threads: int) -> Polished:
    """Run Lloyd on points in memory until nothing moves."""
    end = kernels.polish(points.points, points.weights, [centres], _STRICT, 0.0, threads)[0]
    part = kernels.passes(points.points, points.weights, [end.centres], threads)[0]
    passes = end.iterations + 1
    return Polished(end.centres, part.inertia, part.counts, end.iterations, passes, end.converged)


def polish_rows(
    source: Source, sample: Points, tables: Sequence[Floats], threads: int
) -> list[Polished]:
    """Descend on all rows from several sets of centres at once, sharing every reading.

    Parameters
    ----------
    source : Source
    sample : Points
        Weighted points that stand for the source, with its origin.
    tables : sequence of ndarray of shape (k, d)
    threads : int
    """
    runs = [_Run(centres, sample, threads) for centres in tables]
    for _ in range(_MOST_READINGS):
        active = [run for run in runs if not run.converged]
        if not active:
            break
        reading = kernels.Pass([run.centres for run in active], threads, origin=sample.origin)
        for rows, mass in source.pieces():
            reading.add(rows, mass)
        for run, part in zip(active, reading.result(), strict=True):
            run.advance(part)
    return [run.result() for run in runs]


class _Run:
    """One set of centres on its way through the readings."""

    def __init__(self, centres: Floats, sample: Points, threads: int) -> None:
        self.centres = centres
        self.converged = False
        self._sample, self._threads = sample, threads
        self._best: tuple[Floats, Partials] | None = None
        self._readings = 0

    def advance(self, part: Partials) -> None:
        """Keep the better of the last two centres and step on from it."""
        self._readings += 1
        known = self._best
        if known is None or part.inertia <= known[1].inertia:
            self._best = self.centres, part
            if known is not None:
                self.converged = known[1].inertia - part.inertia <= STOP * part.inertia
            if not self.converged:
                self.centres = self._corrected(self.centres, _step(self.centres, part))
            return
        plain = _step(known[0], known[1])
        if np.array_equal(plain, self.centres):
            self.converged = True  # even a plain step of Lloyd only rounds
        self.centres = plain

    def _corrected(self, centres: Floats, stepped: Floats) -> Floats:
        """Iterate the sample, corrected so that its first step is the one of all rows."""
        points, weights = self._sample.points, self._sample.weights
        part = kernels.passes(points, weights, [centres], self._threads)[0]
        correction = stepped - _step(centres, part)
        centres = stepped
        for _ in range(_INNER):
            part = kernels.passes(points, weights, [centres], self._threads)[0]
            after = _step(centres, part) + correction
            moved = float(part.counts @ np.square(after - centres).sum(axis=1))
            centres = after
            if moved <= _INNER_STOP * part.inertia:
                break
        return centres

    def result(self) -> Polished:
        assert self._best is not None  # noqa: S101 - there is at least one reading
        centres, part = self._best
        return Polished(
            centres, part.inertia, part.counts, self._readings, self._readings, self.converged
        )


def _step(centres: Floats, part: Partials) -> Floats:
    """Return the means; a cluster without rows keeps its centre."""
    filled = part.counts > 0.0
    moved = centres.copy()
    moved[filled] = part.sums[filled] / part.counts[filled, None]
    return moved
