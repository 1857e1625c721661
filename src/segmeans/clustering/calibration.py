"""The same measurements on the data and on null tables, so that every score has its place.

A score is worth what it exceeds on tables of the same shape without segments, searched the same
way. The families are those of :mod:`segmeans.clustering.nulls`; the one that comes closest to the
data is the *toughest*, and judges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from segmeans.clustering.borders import borders
from segmeans.clustering.coreset import distinct
from segmeans.clustering.kernels import Floats
from segmeans.clustering.lattice import NO_LATTICE, Lattice, Spread
from segmeans.clustering.nulls import FAMILIES, Family, NullMaker
from segmeans.clustering.quality import (
    calinski_harabasz,
    davies_bouldin,
    shadow_values,
    silhouettes,
    simplified_silhouettes,
    two_nearest,
    weighted_by_cluster,
)
from segmeans.clustering.resample import Effort, null_effort, settle
from segmeans.clustering.stability import Tick, in_order, least_in_pairs, resamples, splits
from segmeans.clustering.sums import column_sums, dot

ROWS = 2048  # most rows of a null table
EXACT_SILHOUETTE = 600  # null tables of at most so many rows get the full silhouette
JUDGES: tuple[Family, ...] = ("uniform", "gaussian", "single-peaked")

LOWER_IS_BETTER = frozenset({"davies_bouldin", "border", "log_inertia", "shadow"})


class NullScores(NamedTuple):
    """One score on the null tables for one k: values per family, shape (tables,)."""

    families: Mapping[Family, Floats]
    lower_is_better: bool

    def place(self, value: float) -> float | None:
        """Return the share of null tables that score worse, in the toughest judging family.

        None where the score is not defined on the null tables.
        """
        worse = [
            float(np.mean(scores > value if self.lower_is_better else scores < value))
            for family, scores in self.families.items()
            if family in JUDGES and len(scores)
        ]
        return min(worse, default=None)

    def toughest(self) -> tuple[Family, Floats]:
        """Return the judging family that scores best on average, with its values."""
        sign = -1.0 if self.lower_is_better else 1.0
        judging = [(f, v) for f, v in self.families.items() if f in JUDGES]
        return max(judging, key=lambda item: sign * float(item[1].mean()))


def measure(
    points: Floats,
    weights: Floats,
    solutions: Mapping[int, Floats],
    loose: Spread | None = None,
    *,
    exact: bool,
) -> dict[int, dict[str, float]]:
    """Measure clusterings of one table.

    Parameters
    ----------
    points : ndarray of shape (m, d)
    weights : ndarray of shape (m,)
    solutions : mapping of int to ndarray of shape (k, d)
    loose : Spread, optional
        The same customers spread over the cells of their values, for the borders.
    exact : bool
        Whether to compute the full silhouette, from all pairs.

    Returns
    -------
    dict of int to dict of str to float
        For k = 1 only ``log_inertia``; else also ``simplified_silhouette``, ``shadow``,
        ``border``, ``calinski_harabasz`` and ``davies_bouldin`` where defined, and ``silhouette``.
    """
    n = float(weights.sum())
    crowd, mass = (points, weights) if loose is None else (loose.points, loose.weights)
    mean = column_sums(weights, points) / n
    total = dot(weights, np.square(points - mean).sum(axis=1))
    found: dict[int, dict[str, float]] = {}
    labellings = []
    for k, centres in solutions.items():
        near = two_nearest(points, centres)
        inertia = dot(weights, np.square(near.closest))
        scores = {"log_inertia": float(np.log(max(inertia, 1e-300)))}
        if k > 1:
            labellings.append((near.labels, k))
            scores["simplified_silhouette"] = dot(weights, simplified_silhouettes(near)) / n
            shadows = weighted_by_cluster(shadow_values(near), weights, near.labels, k)[1]
            scores["shadow"] = float(shadows.mean())
            scores["border"] = borders(crowd, mass, centres).mean
            others = {
                "calinski_harabasz": calinski_harabasz(total, inertia, n, k),
                "davies_bouldin": davies_bouldin(near, weights, centres),
            }
            scores |= {name: value for name, value in others.items() if value is not None}
        found[k] = scores
    if exact and labellings:
        values = silhouettes(points, weights, labellings)
        for (_, k), each in zip(labellings, values, strict=True):
            found[k]["silhouette"] = dot(weights, each) / n
    return found


def calibrate(
    points: Floats,
    weights: Floats,
    ks: Sequence[int],
    tables: int,
    seed: np.random.SeedSequence,
    *,
    grid: Lattice = NO_LATTICE,
    fast: bool = False,
    stability: bool = True,
    threads: int = 1,
    tick: Tick | None = None,
) -> dict[int, dict[str, NullScores]]:
    """Cluster null tables of every family and measure them.

    Parameters
    ----------
    points : ndarray of shape (m, d)
        At most ``ROWS`` of them should be measured beside the null tables, which have as many
        rows as these points stand for, but no more than ``ROWS``.
    weights : ndarray of shape (m,)
    ks : sequence of int
    tables : int
        Tables per family.
    seed : SeedSequence
    grid : Lattice, optional
        The values that columns share; default none.
    fast : bool, default=False
        Search with less effort.
    stability : bool, default=True
        Whether to see as well if the clusters of the judging families are found again:
        ``stability``, ``jaccard`` and ``recovered`` from two bootstrap resamples of each table,
        ``halves`` and ``prediction_strength`` from one split.
    threads : int, default=1
    tick : callable, optional
        Called after every table.

    Returns
    -------
    dict of int to dict of str to NullScores
    """
    own, *seeds = seed.spawn(1 + tables * len(FAMILIES))
    maker = NullMaker(points, weights, np.random.default_rng(own))
    n = float(weights.sum())
    rows = max(2, min(round(n), ROWS))

    def one(task: tuple[Family, np.random.SeedSequence]) -> dict[int, dict[str, float]]:
        family, each = task
        generator = np.random.default_rng(each)
        table = maker.draw(family, rows, generator)
        mean = table.mean(axis=0)
        table, mass = distinct(table, np.full(rows, n / rows))
        loose = grid.spread(table, mass, generator)
        loose, table = loose._replace(points=loose.points - mean), table - mean
        work = null_effort(*table.shape, fast=fast)
        solutions = {k: settle(table, mass, k, generator, work) for k in ks}
        scores = measure(table, mass, solutions, loose, exact=rows <= EXACT_SILHOUETTE)
        if stability and family in JUDGES:
            for k, again in _found_again(table, mass, solutions, each, work).items():
                scores[k] |= again
        return scores

    tasks = [(family, each) for family, each in zip(FAMILIES * tables, seeds, strict=True)]
    found = in_order(one, tasks, threads, tick)
    return {k: _gather(k, [family for family, _ in tasks], found) for k in ks}


def _found_again(
    table: Floats,
    mass: Floats,
    solutions: Mapping[int, Floats],
    seed: np.random.SeedSequence,
    work: Effort,
) -> dict[int, dict[str, float]]:
    """See whether the clusters of a null table are found again: two resamples, one split."""
    cut, work = {k: each for k, each in solutions.items() if k > 1}, work._replace(starts=1)
    *drawn, split = seed.spawn(3)
    again = resamples(table, mass, cut, drawn, work)
    halved = splits(table, mass, cut, [split], work)
    return {
        k: {
            "stability": float(again[k].pairs.mean()),
            **least_in_pairs(again[k].jaccard),
            "halves": float(halved[k].agreement.mean()),
            "prediction_strength": float(halved[k].strength.mean()),
        }
        for k in cut
    }


def _gather(
    k: int, families: Sequence[Family], found: Sequence[Mapping[int, Mapping[str, float]]]
) -> dict[str, NullScores]:
    names = sorted({name for each in found for name in each[k]})
    return {
        name: NullScores(
            {
                family: np.array(
                    [
                        each[k][name]
                        for at, each in zip(families, found, strict=True)
                        if at == family and name in each[k]
                    ]
                )
                for family in FAMILIES
            },
            name in LOWER_IS_BETTER,
        )
        for name in names
    }
