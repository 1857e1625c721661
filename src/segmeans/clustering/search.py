"""The search for the best centres, and the proof of it.

Many independent starts climb to local optima until the best of them has been hit several times,
on all points where these are few, else on a sample of weighted points; the best few different
solutions then compete on all rows. Only inertia ever ranks solutions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmeans.clustering import kernels
from segmeans.clustering.certificate import Optimum, Rival, Tally, certify, rival_of
from segmeans.clustering.climb import climb
from segmeans.clustering.coreset import LARGE, SMALL, Points, lightweight, merge, thin
from segmeans.clustering.hunt import QUICK, Budget, Hunt, Setup, rough_of, swap_rows
from segmeans.clustering.kernels import Floats
from segmeans.clustering.polish import STRICT, Polished, polish_points, polish_rows
from segmeans.clustering.rows import RowBlocks, Source, Survey, open_source, survey
from segmeans.errors import DataError, SettingError
from segmeans.records import Certificate

__all__ = ["QUICK", "Budget", "Solution", "search", "sweep"]

_PROMOTED = 4  # different solutions of a sample that go on to more points
_WITHIN = 0.005  # if their inertia on the sample is within this share of the best
_INSERTIONS = 16  # rows on which a centre more may be offered
_RANKING_STEPS = 6  # of Lloyd on more points, before the best is chosen


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Solution:
    """The best centres found for one k, largest cluster first.

    Parameters
    ----------
    k : int
    centres : ndarray of shape (k, d)
        In the units of the points. Ordered by weight, ties by the coordinates.
    inertia : float
        Weighted sum of squared distances to the nearest of these centres, over all rows.
    sizes : ndarray of shape (k,)
        Summed weight of each cluster; without weights, its rows.
    iterations : int
        Iterations of the last descent on all rows.
    converged : bool
        Whether the centres stand still: strictly where all points were searched, else within the
        tolerance stated in ``docs/engine.md``.
    certificate : Certificate
    """

    k: int
    centres: Floats
    inertia: float
    sizes: Floats
    iterations: int
    converged: bool
    certificate: Certificate


def search(
    points: ArrayLike | RowBlocks,
    k: int,
    *,
    weights: ArrayLike | None = None,
    budget: Budget | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> Solution:
    """Find the best k centres and say how sure that is; :func:`sweep` for a single k.

    Examples
    --------
    >>> found = search([[1.0], [2.0], [9.0], [10.0]], 2)
    >>> found.centres.ravel().tolist(), found.inertia
    ([1.5, 9.5], 1.0)
    >>> found.certificate.certified
    True
    """
    return sweep(points, [k], weights=weights, budget=budget, seed=seed, threads=threads)[0]


def sweep(
    points: ArrayLike | RowBlocks,
    ks: Iterable[int],
    *,
    weights: ArrayLike | None = None,
    budget: Budget | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> tuple[Solution, ...]:
    """Search for several numbers of clusters at once, sharing samples, seeds and passes.

    Parameters
    ----------
    points : array-like of shape (n, d), or RowBlocks
        Rows in memory (float32 and float64 are used where they lie), or blocks of rows that can
        be read again and again. Both give the same bits.
    ks : iterable of int
        Numbers of clusters; the solutions come in this order.
    weights : array-like of shape (n,), optional
        Weights >= 0, read as repeats; rows of weight zero count as absent.
    budget : Budget, optional
    seed : int, default=0
        The same seed gives the same solutions on any number of threads.
    threads : int, optional
        Default: ``SEGMEANS_THREADS``, else all processors.

    Returns
    -------
    tuple of Solution

    Raises
    ------
    DataError
        For NaN, infinity, unsuitable shapes or weights, and fewer distinct rows than clusters.
    SettingError
        For k or threads below 1.
    """
    wanted = _checked_ks(ks)
    source, found = survey(open_source(points, weights))
    setup = Setup(budget or Budget(), seed, _checked_threads(threads))
    merged = merge(source)
    if merged is not None:
        _check_distinct(merged, max(wanted))
        solutions = _sweep_points(merged, wanted, setup)
    else:
        small, large = lightweight(source, found, (SMALL, LARGE), seed)
        _check_distinct(small, max(wanted))
        solutions = _sweep_rows(source, found, small, large, wanted, setup)
    return tuple(_rescaled(solution, source) for solution in solutions)


def _checked_ks(ks: Iterable[int]) -> tuple[int, ...]:
    wanted = tuple(ks)
    for k in wanted:
        if isinstance(k, bool) or int(k) != k or k < 1:
            raise SettingError(
                "The number of clusters does not suit",
                where="k",
                found=k,
                allowed="whole numbers from 1 on",
            )
    if not wanted:
        raise SettingError("No number of clusters was asked for", where="ks")
    return tuple(int(k) for k in wanted)


def _checked_threads(threads: int | None) -> int:
    if threads is None:
        return kernels.default_threads()
    if threads < 1:
        raise SettingError(
            "The number of threads does not suit", where="threads", found=threads, allowed=">= 1"
        )
    return threads


def _check_distinct(points: Points, k: int) -> None:
    if len(points.points) < k:
        raise DataError(
            "There are fewer distinct rows than clusters",
            where="k",
            found=f"k = {k}, {len(points.points)} distinct rows",
            hint="a smaller k",
        )


def _hunt_all(points: Points, ks: Sequence[int], setup: Setup, n_rows: int) -> dict[int, Hunt]:
    """Hunt for every k, then offer each what its neighbours have found."""
    rows = swap_rows(points, setup.seed)[:_INSERTIONS]
    reach = _squares_from(points, rows) if len(ks) > 1 else np.empty((0, 0))
    rough = rough_of(points, setup.seed)
    hunts = {k: Hunt(points, k, setup, n_rows, rough) for k in sorted(set(ks))}
    for hunt in hunts.values():
        hunt.run()
    for k, hunt in hunts.items():
        if k > 2 and k - 1 in hunts:
            hunt.offer(_one_more(points, hunts[k - 1].tally.best.centres, rows, reach))
        if k > 1 and k + 1 in hunts:
            hunt.offer(_one_less(points, hunts[k + 1].tally.best.centres))
    return hunts


def _squares_from(points: Points, rows: NDArray[np.int64]) -> Floats:
    """Return the squared distances from some of the points to all, shape (r, m)."""
    columns = np.ascontiguousarray(points.points.T)
    squares = np.zeros((len(rows), columns.shape[1]))
    for column in columns:
        squares += np.square(column - column[rows, None])
    return squares


def _one_more(points: Points, centres: Floats, rows: NDArray[np.int64], reach: Floats) -> Floats:
    """Add the candidate row that lowers the inertia most; ``reach`` as :func:`_squares_from`."""
    near = kernels.nearest(points.points, centres)[1]
    left = np.einsum("rm,m->r", np.minimum(reach, near), points.weights)
    return np.concatenate([centres, points.points[rows[int(np.argmin(left))]][None]])


def _one_less(points: Points, centres: Floats) -> Floats:
    """Take away the centre that is missed least."""
    two = kernels.pair(points.points, centres)
    missed = np.bincount(
        two.labels, points.weights * (two.second_distances - two.distances), len(centres)
    )
    return np.delete(centres, int(np.argmin(missed)), axis=0)


def _sweep_points(merged: Points, ks: Sequence[int], setup: Setup) -> list[Solution]:
    """Search weighted points that stand for all rows."""
    if len(merged.points) <= SMALL:
        hunts = _hunt_all(merged, ks, setup, len(merged.points))
        ends = {k: _finish_points(merged, hunt, setup) for k, hunt in hunts.items()}
    else:
        sample = thin(merged, SMALL, setup.seed)
        hunts = _hunt_all(sample, ks, setup, len(merged.points))
        alone = setup._replace(threads=1)  # one k per thread: each has a single set to settle
        with ThreadPoolExecutor(setup.threads) as pool:
            done = pool.map(lambda hunt: _promote_points(merged, hunt, alone), hunts.values())
            ends = dict(zip(hunts, done, strict=True))
    return [ends[k] for k in ks]


def _finish_points(merged: Points, hunt: Hunt, setup: Setup) -> Solution:
    best, *others = hunt.tally.ranked()
    polished = polish_points(merged, best.centres, setup.threads)
    rival = rival_of(best, others[0] if others else None, merged.points, merged.weights)
    return _solution(hunt, polished, merged.origin, hunt.tally.hits, rival)


def _promote_points(merged: Points, hunt: Hunt, setup: Setup) -> Solution:
    """Let the best few solutions of a sample compete on all points."""
    upper = _rank_on(merged, hunt, setup)
    best, *others = upper.ranked()
    end = climb(merged.points, merged.weights, best.centres[None])
    sizes = np.bincount(end.labels[0], merged.weights, hunt.k).astype(np.float64)
    passes = int(end.iterations[0])
    polished = Polished(
        end.centres[0], float(end.inertia[0]), sizes, passes, passes, bool(end.converged[0])
    )
    rival = rival_of(best, others[0] if others else None, merged.points, merged.weights)
    return _solution(hunt, polished, merged.origin, best.hits, rival)


def _sweep_rows(
    source: Source,
    found: Survey,
    small: Points,
    large: Points,
    ks: Sequence[int],
    setup: Setup,
) -> list[Solution]:
    """Search a sample, rank the best few on a larger one and finish on all rows together."""
    hunts = _hunt_all(small, ks, setup, found.rows)
    ranked = {k: _rank_on(large, hunt, setup) for k, hunt in hunts.items()}
    chosen = [ranked[k].best.centres for k in hunts]
    still = kernels.polish(large.points, large.weights, chosen, STRICT, 0.0, setup.threads)
    tables = [end.centres for end in still]
    ends = dict(zip(hunts, polish_rows(source, found, tables, setup.threads), strict=True))
    done = {}
    for k, hunt in hunts.items():
        best, *others = ranked[k].ranked()
        rival = rival_of(best, others[0] if others else None, large.points, large.weights)
        done[k] = _solution(hunt, ends[k], small.origin, best.hits, rival)
    return [done[k] for k in ks]


def _few_best(tally: Tally) -> list[Optimum]:
    ranked = tally.ranked()
    limit = ranked[0].inertia * (1.0 + _WITHIN)
    return [optimum for optimum in ranked[:_PROMOTED] if optimum.inertia <= limit]


def _rank_on(large: Points, hunt: Hunt, setup: Setup) -> Tally:
    """Let the best few solutions of a sample compete on a larger one."""
    promoted = _few_best(hunt.tally)
    if len(promoted) == 1:
        return hunt.tally
    tables = [optimum.centres for optimum in promoted]
    runs = kernels.polish(large.points, large.weights, tables, _RANKING_STEPS, 0.0, setup.threads)
    upper = Tally(exact=False)
    for run, optimum in zip(runs, promoted, strict=True):
        upper.add(run.inertia, run.centres, run.counts, optimum.hits)
    return upper


def _solution(
    hunt: Hunt, polished: Polished, origin: Floats, hits: int, rival: Rival | None
) -> Solution:
    """Put the clusters in order: the largest first, ties by their coordinates."""
    order = np.lexsort((*polished.centres.T[::-1], -polished.sizes))
    return Solution(
        k=hunt.k,
        centres=polished.centres[order] + origin,
        inertia=polished.inertia,
        sizes=polished.sizes[order],
        iterations=polished.iterations,
        converged=polished.converged,
        certificate=certify(
            hunt.tally,
            hunt.setup.needed,
            rival,
            k=hunt.k,
            hits=hits,
            full_passes=polished.passes,
            converged=polished.converged,
        ),
    )


def _rescaled(solution: Solution, source: Source) -> Solution:
    """Take back the powers of two that kept extreme numbers in range."""
    if source.scale == 1.0 and source.weight_scale == 1.0:
        return solution
    with np.errstate(over="ignore", under="ignore"):
        inertia = solution.inertia / source.scale / source.scale / source.weight_scale
    if not np.isfinite(inertia) or (inertia == 0.0 and solution.inertia > 0.0):
        raise DataError(
            "The inertia leaves the range of float64",
            where="points",
            hint="multiply or divide all columns by a constant",
        )
    return replace(
        solution,
        centres=solution.centres / source.scale,
        inertia=inertia,
        sizes=solution.sizes / source.weight_scale,
    )
