"""The centres of an earlier model as one more start of the search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segmeans.clustering import kernels
from segmeans.clustering.search import Solution
from segmeans.model import Model
from segmeans.prepared import PreparedRows
from segmeans.records import Certificate
from segmeans.tables.duck import Table

Floats = NDArray[np.float64]

EQUAL = 1e-6
"""Inertias that differ by no more than this share are those of one solution."""
MOST, MOST_STREAMED = 1_000, 20
"""Iterations on all rows, in memory and where every one of them reads the table."""


class WarmStart:
    """A start from the segments that an earlier model sees among the new customers.

    The customers of each old segment give a centre in the new preparation; from there Lloyd's
    iterations run on all rows. The result is kept where it is better than that of the search from
    nothing, which then has missed something and loses its certificate.

    Parameters
    ----------
    model : Model

    Attributes
    ----------
    found : {"untried", "same", "warm", "cold"}
        Which solution was the better one, once :meth:`improved` has run. Untried where the number
        of segments is another one, or where an old segment has no customers any more.
    cold, warm : float or None
        Inertia of both, in the new preparation.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.found: Literal["untried", "same", "warm", "cold"] = "untried"
        self.cold: float | None = None
        self.warm: float | None = None

    def improved(
        self, table: Table, rows: PreparedRows, solutions: Sequence[Solution], threads: int | None
    ) -> tuple[Solution, ...]:
        """Return the solutions, that for the number of the old segments the better of two.

        Parameters
        ----------
        table : Table
        rows : PreparedRows
            Of the table.
        solutions : sequence of Solution
        threads : int or None

        Returns
        -------
        tuple of Solution
        """
        k = len(self.model.record.segments)
        if k < 2 or k not in {one.k for one in solutions}:
            return tuple(solutions)
        threads = threads or kernels.default_threads()
        start = self._start(table, rows, threads)
        if start is None:
            return tuple(solutions)
        return tuple(
            self._better(one, _descended(one, start, rows, threads)) if one.k == k else one
            for one in solutions
        )

    def _start(self, table: Table, rows: PreparedRows, threads: int) -> Floats | None:
        """Return the means of the old segments in the new preparation."""
        parts = [scored.labels for _, scored, _ in self.model.blocks(table, threads=threads)]
        labels = np.concatenate(parts)[rows.status == 0]
        k, first = len(self.model.record.segments), 0
        sums, counts = [0.0] * k, np.zeros(k)
        for block in rows.blocks():
            own = labels[first : first + len(block)]
            first += len(block)
            sums = [sums[place] + block[own == place].sum(axis=0) for place in range(k)]
            counts += np.bincount(own[own >= 0], minlength=k)
        return None if not counts.all() else np.stack(sums) / counts[:, None]

    def _better(self, cold: Solution, warm: Solution) -> Solution:
        self.cold, self.warm = cold.inertia, warm.inertia
        if warm.inertia < cold.inertia * (1.0 - EQUAL):
            self.found = "warm"
            return warm
        self.found = "same" if warm.inertia <= cold.inertia * (1.0 + EQUAL) else "cold"
        return cold


def _descended(cold: Solution, start: Floats, rows: PreparedRows, threads: int) -> Solution:
    """Return what Lloyd's iterations from a start end in, beside a solution of the search."""
    origin = start.mean(axis=0)
    held = isinstance(rows.rows, np.ndarray)
    most = MOST if held else MOST_STREAMED
    run = kernels.Polish([start - origin], most, 0.0, threads, origin=origin)
    while run.running:
        for block in rows.blocks():
            run.add(block)
        run.end_pass()
    end = run.result()[0]
    part = kernels.Pass([end.centres], threads=threads, origin=origin)
    for block in rows.blocks():
        part.add(block)
    last = part.result()[0]
    centres = end.centres + origin
    order = np.lexsort((*centres.T[::-1], -last.counts))
    return replace(
        cold,
        centres=np.ascontiguousarray(centres[order]),
        inertia=float(last.inertia),
        sizes=last.counts[order],
        certificate=_missed(cold.certificate, cold.inertia, float(last.inertia)),
    )


def _missed(known: Certificate, cold: float, warm: float) -> Certificate:
    """Return the certificate of a solution that the search from nothing has missed."""
    return replace(
        known,
        hits=0,
        gap=(cold - warm) / warm if warm > 0 else None,
        certified=False,
        reason=f"A start from the centres of the earlier model found a better solution than "
        f"{known.starts} starts from nothing.",
    )
