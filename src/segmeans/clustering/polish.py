"""The last steps on all rows: Lloyd until nothing moves, or as near as is worth a reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segmeans.clustering import kernels
from segmeans.clustering.coreset import Points
from segmeans.clustering.kernels import Floats, Lloyd
from segmeans.clustering.rows import Source, Survey

STRICT = 1000
"""Most iterations where the centres must stand still."""

READINGS = 12
"""Most iterations on rows that are too many to be held as points."""

SETS = 6
"""Most sets of centres at once on rows in memory: each keeps a label per row between readings,
and memory is to stay within one and a half times the rows. Rows that are streamed cost more to
read again than their labels cost to keep. A multiple of three: as many neighbours are added up
together, and both ways shall give the same bits."""

TOLERANCE = 1e-5
"""What counts as still on such rows: the summed squared shift of the centres, as a share of the
mean variance of the columns. A tenth of what scikit-learn takes by default."""


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
    end = kernels.polish(points.points, points.weights, [centres], STRICT, 0.0, threads)[0]
    return _polished(end)


def polish_rows(
    source: Source, found: Survey, tables: Sequence[Floats], threads: int
) -> list[Polished]:
    """Run Lloyd on all rows from several sets of centres at once, sharing every reading.

    The sets come from samples of 2**17 rows, on which they stand still; what is left for all rows
    is a few steps. See :data:`TOLERANCE` and :data:`READINGS` for when they end.

    Parameters
    ----------
    source : Source
    found : Survey
        Of that source; centres are relative to its origin.
    tables : sequence of ndarray of shape (k, d)
    threads : int
    """
    tol = TOLERANCE * found.spread / found.weight / source.n_columns
    some = SETS if isinstance(source.data, np.ndarray) else len(tables)
    ends: list[Lloyd] = []
    for first in range(0, len(tables), some):
        sets = tables[first : first + some]
        runs = kernels.Polish(sets, READINGS, tol, threads, origin=found.origin)
        while runs.running:
            for rows, mass in source.pieces():
                runs.add(rows, mass)
            runs.end_pass()
        ends += runs.result()
    return [_polished(end) for end in ends]


def _polished(end: Lloyd) -> Polished:
    sizes = np.zeros(len(end.centres)) if end.counts is None else end.counts
    return Polished(
        end.centres, end.inertia, sizes, end.iterations, end.iterations + 1, end.converged
    )
