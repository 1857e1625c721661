"""All the evidence over k, gathered once: quality, stability, and the place among null tables.

The cost hardly depends on the number of customers: one reading of all rows scores the solutions;
resamples and null tables work on at most ``POINTS`` points, each standing for as many customers
as it weighs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from segmeans.clustering import stability
from segmeans.clustering.borders import Inner, borders, inner_borders
from segmeans.clustering.calibration import EXACT_SILHOUETTE, ROWS, NullScores, calibrate, measure
from segmeans.clustering.coreset import SMALL, Points, lightweight, merge
from segmeans.clustering.kernels import Floats, Labels, assign, default_threads
from segmeans.clustering.krow import Parts, krow
from segmeans.clustering.lattice import Lattice, Spread, lattice
from segmeans.clustering.nulls import FAMILIES
from segmeans.clustering.quality import (
    Silhouette,
    exact_silhouette,
    sampled_silhouette,
    shadow_values,
    silhouettes,
    two_nearest,
    weighted_by_cluster,
)
from segmeans.clustering.quality_rows import RowQuality, row_quality
from segmeans.clustering.resample import Effort, effort, settle, thin
from segmeans.clustering.rows import RowBlocks, Source, open_source, survey
from segmeans.clustering.search import Solution
from segmeans.clustering.stability import Resampled
from segmeans.clustering.sums import column_sums, dot, one_blas_thread
from segmeans.records import KRow

POINTS = 4096  # for resamples; null tables have at most half as many
EXACT = 20_000  # distinct points up to which the silhouette is exact
SAMPLE = 10_000  # points sampled for it beyond that

Progress = Callable[[str, int, int], None]
"""Called as ``progress(step, done, total)``."""


class Plan(NamedTuple):
    """How much evidence is gathered."""

    resamples: int
    splits: int
    searches: int
    tables: int  # null tables per family
    null_stability: bool


FULL = Plan(resamples=100, splits=20, searches=10, tables=20, null_stability=True)
FAST = Plan(resamples=25, splits=5, searches=3, tables=6, null_stability=False)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The k table, and the arrays behind it for figures and certainty.

    Parameters
    ----------
    rows : tuple of KRow
    points : Points
        The distinct rows, or the weighted sample that stands for them.
    labels, shadows : mapping of int to ndarray of shape (m,)
        Of these points, for each k >= 2.
    silhouettes : mapping of int to ndarray of shape (m,)
        Where every point was measured.
    resampled : mapping of int to Resampled
        The clusterings of the resamples, relative to ``points.origin``;
        :meth:`membership` turns them into chances.
    nulls : mapping of int to mapping of str to NullScores
    flows : mapping of (int, int) to ndarray
        For every two k, the lower first, the customers that go from cluster to cluster.
    plan : Plan
    """

    rows: tuple[KRow, ...]
    points: Points
    labels: Mapping[int, Labels]
    silhouettes: Mapping[int, Floats]
    shadows: Mapping[int, Floats]
    resampled: Mapping[int, Resampled]
    nulls: Mapping[int, Mapping[str, NullScores]]
    flows: Mapping[tuple[int, int], Floats]
    plan: Plan

    def found_again(self, centres: Floats) -> Resampled:
        """Return the resamples of as many clusters, matched with these centres, shape (k, d).

        ``centres`` are in the coordinates given to :func:`gather`, in any order.
        """
        own = np.ascontiguousarray(centres - self.points.origin, dtype=np.float64)
        drawn = self.resampled[len(centres)].centres
        return stability.compare(self.points.points, self.points.weights, own, drawn)

    def membership(self, rows: Floats, found: Resampled) -> Floats:
        """Return how often each row falls into each cluster over the resamples, shape (n, k).

        ``rows`` are in the coordinates given to :func:`gather`; ``found`` is one of
        ``resampled`` or comes from :meth:`found_again`.
        """
        offset = np.ascontiguousarray(rows - self.points.origin, dtype=np.float64)
        return stability.membership(offset, found.moves.shape[0], found)


@one_blas_thread()
def gather(
    points: ArrayLike | RowBlocks,
    solutions: Sequence[Solution],
    *,
    weights: ArrayLike | None = None,
    seed: int = 0,
    fast: bool = False,
    plan: Plan | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Evidence:
    """Gather the evidence for every solution.

    Parameters
    ----------
    points : array-like of shape (n, d), or RowBlocks
        The rows that were searched.
    solutions : sequence of Solution
        One per k, ascending, as :func:`segmeans.clustering.search.sweep` returns them.
    weights : array-like of shape (n,), optional
        Repeats of each row.
    seed : int, default=0
        Every draw follows from it, on any number of threads.
    fast : bool, default=False
        25 resamples and 6 tables per null family instead of 100 and 20, and no stability of the
        null tables.
    plan : Plan, optional
        How much exactly; overrides the amounts of ``fast``.
    threads : int, optional
        Default: ``SEGMEANS_THREADS``, else all processors.
    progress : callable, optional
        Called as ``progress(step, done, total)``, one call at a time.

    Returns
    -------
    Evidence
    """
    plan = plan or (FAST if fast else FULL)
    workers = default_threads() if threads is None else threads
    source, held = _held(points, weights, seed)
    centres = {
        found.k: np.ascontiguousarray(found.centres * source.scale - held.origin)
        for found in solutions
    }
    cut = {k: table for k, table in centres.items() if k > 1}
    seeds = np.random.SeedSequence(seed).spawn(8)
    base = _base(source, held, cut, np.random.default_rng(seeds[0]), workers)
    few, mass = thin(held.points, held.weights, POINTS, np.random.default_rng(seeds[1]))
    work, told = effort(*few.shape, fast=fast), _Told(progress)
    grid = lattice(held.points, float(held.weights.sum()) if held.exact else len(held.points))
    loose = grid.spread(few, mass, np.random.default_rng(seeds[7]))
    resampled = stability.resamples(
        few, mass, cut, seeds[2].spawn(plan.resamples), work,
        threads=workers, tick=told.of("Drawing new samples", plan.resamples),
    )  # fmt: skip
    halved = stability.splits(
        few, mass, cut, seeds[3].spawn(plan.splits), work,
        threads=workers, tick=told.of("Splitting the customers", plan.splits),
    )  # fmt: skip
    searched = stability.searches(
        few, mass, cut, seeds[4].spawn(plan.searches), work, threads=workers
    )
    nulls = calibrate(
        few, mass, list(centres), plan.tables, seeds[5], grid=grid, fast=fast,
        stability=plan.null_stability, threads=workers,
        tick=told.of("Making tables without segments", plan.tables * len(FAMILIES)),
    )  # fmt: skip
    generator = np.random.default_rng(seeds[6])
    measured = _measured(few, mass, centres, grid, generator, work)
    across, flows = stability.across_k(held.weights, base.labels)
    parts = {
        k: Parts(
            silhouette=base.silhouettes[k],
            rows=base.rows[k],
            shadows=weighted_by_cluster(base.shadows[k], held.weights, base.labels[k], k)[1],
            borders=borders(loose.points, loose.weights, table),
            inner=_inner(few, loose, table, generator, work),
            resampled=resampled[k],
            halved=halved[k],
            searched=searched[k],
            across=across[k],
        )
        for k, table in cut.items()
    }
    total = _total(held, solutions)
    return Evidence(
        rows=tuple(
            krow(found, total, parts.get(found.k), measured[found.k], nulls[found.k])
            for found in solutions
        ),
        points=held,
        labels={k: base.labels[k] for k in cut},
        silhouettes={
            k: each.points for k, each in base.silhouettes.items() if each.points is not None
        },
        shadows=base.shadows,
        resampled=resampled,
        nulls=nulls,
        flows=flows,
        plan=plan,
    )


class _Base(NamedTuple):
    """What is measured on the points as they are, for each k >= 2 (labels: k = 1 as well)."""

    labels: dict[int, Labels]
    shadows: dict[int, Floats]
    silhouettes: dict[int, Silhouette]
    rows: dict[int, RowQuality]


def _held(
    points: ArrayLike | RowBlocks, weights: ArrayLike | None, seed: int
) -> tuple[Source, Points]:
    """Merge identical rows or draw the sample that the search drew from the same seed."""
    source, found = survey(open_source(points, weights))
    held = merge(source)
    if held is None:
        [held] = lightweight(source, found, (SMALL,), seed)
    return source, held._replace(weights=held.weights / source.weight_scale)


def _base(
    source: Source,
    held: Points,
    cut: Mapping[int, Floats],
    generator: np.random.Generator,
    threads: int,
) -> _Base:
    points, weights = held.points, held.weights
    near = {k: two_nearest(points, table) for k, table in cut.items()}
    labels = {k: each.labels for k, each in near.items()}
    if len(points) <= EXACT and held.exact:
        values = silhouettes(points, weights, [(labels[k], k) for k in cut]) if cut else []
        found = {
            k: exact_silhouette(each, weights, labels[k], k)
            for k, each in zip(cut, values, strict=True)
        }
    else:
        found = {
            k: sampled_silhouette(points, weights, labels[k], k, SAMPLE, generator) for k in cut
        }
    return _Base(
        {1: np.zeros(len(points), dtype=np.int32), **labels},
        {k: shadow_values(each) for k, each in near.items()},
        found,
        row_quality(source, cut, held.origin, threads),
    )


def _measured(
    points: Floats,
    weights: Floats,
    centres: Mapping[int, Floats],
    grid: Lattice,
    generator: np.random.Generator,
    work: Effort,
) -> dict[int, dict[str, float]]:
    """Measure the data as the null tables are measured: on as many points, searched as hard."""
    points, weights = thin(points, weights, ROWS, generator)
    fitted = {
        k: settle(points, weights, k, generator, work, [table]) for k, table in centres.items()
    }
    loose = grid.spread(points, weights, generator)
    return measure(points, weights, fitted, loose, exact=len(points) <= EXACT_SILHOUETTE)


def _inner(
    points: Floats,
    loose: Spread,
    centres: Floats,
    generator: np.random.Generator,
    work: Effort,
) -> Inner:
    labels = assign(points, centres)[loose.rows]
    return inner_borders(loose.points, loose.weights, labels, len(centres), generator, work)


def _total(held: Points, solutions: Sequence[Solution]) -> float:
    """Inertia at k = 1, over all rows where it was searched, else over the points."""
    for found in solutions:
        if found.k == 1:
            return float(found.inertia)
    mean = column_sums(held.weights, held.points) / held.weights.sum()
    return dot(held.weights, np.square(held.points - mean).sum(axis=1))


class _Told:
    """Tells the progress of parallel work, one call at a time."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress, self._lock = progress, threading.Lock()

    def of(self, step: str, total: int) -> Callable[[], None] | None:
        """Return what counts the parts of one step."""
        progress = self._progress
        if progress is None:
            return None
        done = 0

        def tick() -> None:
            nonlocal done
            with self._lock:
                done += 1
                progress(step, done, total)

        return tick
