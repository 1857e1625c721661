"""What each feature and each segment does to the solution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmeans import preparation
from segmeans.clustering.agreement import (
    AnyLabels,
    adjusted_rand,
    best_jaccard,
    contingency,
)
from segmeans.clustering.coreset import Points
from segmeans.clustering.kernels import Floats, Labels, assign, starts
from segmeans.clustering.resample import effort, settle, thin
from segmeans.clustering.sums import column_sums, dot
from segmeans.records import PreparationState

_POINTS = 2**14  # at most, for searching without a feature
_STARTS = 50
_AS_GOOD = 1e-3  # relative excess of inertia that counts as the same solution


@dataclass(frozen=True)
class Solved:
    """One solution on the points, as the measurements here need it.

    Parameters
    ----------
    points : ndarray of shape (m, p)
        At most 16,384 of them.
    weights : ndarray of shape (m,)
    centres : ndarray of shape (k, p)
    labels : ndarray of shape (m,)
    features : tuple of str
        Names of the features.
    columns : tuple of ndarray
        The prepared columns of each feature.
    """

    points: Floats
    weights: Floats
    centres: Floats
    labels: Labels
    features: tuple[str, ...]
    columns: tuple[NDArray[np.intp], ...]

    @property
    def k(self) -> int:
        """The number of segments."""
        return len(self.centres)


class Influence(NamedTuple):
    """What one feature does."""

    feature: str
    share: float  # of the variance between the segments
    agreement: float  # adjusted Rand with the segments found without the feature
    segment: int  # the segment that changes most without it, from 1
    kept: float  # its Jaccard index with the most similar segment


def solved(held: Points, centres: Floats, state: PreparationState, seed: int = 0) -> Solved:
    """Bring a solution into the form that the measurements need.

    Parameters
    ----------
    held : Points
        From :class:`segmeans.clustering.evidence.Evidence`.
    centres : ndarray of shape (k, p)
        In prepared units.
    state : PreparationState
        Says which prepared columns belong to which feature.
    seed : int, default=0
    """
    points, weights = thin(held.points, held.weights, _POINTS, np.random.default_rng(seed))
    offset = np.ascontiguousarray(centres - held.origin)
    names = tuple(feature.column for feature in state.features)
    return Solved(points, weights, offset, assign(points, offset), names, _columns(state))


def _columns(state: PreparationState) -> tuple[NDArray[np.intp], ...]:
    found, at = [], 0
    for feature in state.features:
        alone = PreparationState(
            features=(feature,), scale=state.scale, missing=state.missing,
            max_missing=state.max_missing, rows_used=0, rows_set_aside=0,
        )  # fmt: skip
        width = len(preparation.columns(alone))
        found.append(np.arange(at, at + width))
        at += width
    return tuple(found)


def influences(solution: Solved, seed: int = 0) -> tuple[Influence, ...]:
    """Measure each feature's share of the variance between segments, and leave it out.

    Without the feature the rest is searched anew with as many segments.

    Examples
    --------
    >>> x = np.array([[0.0, 1.0], [0.0, -1.0], [8.0, 1.0], [8.0, -1.0]])
    >>> centres = np.array([[0.0, 0.0], [8.0, 0.0]])
    >>> two = Solved(
    ...     x,
    ...     np.ones(4),
    ...     centres,
    ...     np.array([0, 0, 1, 1], np.int32),
    ...     ("spend", "visits"),
    ...     (np.array([0]), np.array([1])),
    ... )
    >>> [each.share for each in influences(two)]
    [1.0, 0.0]
    """
    mass = np.bincount(solution.labels, solution.weights, solution.k).astype(np.float64)
    mean = column_sums(solution.weights, solution.points) / solution.weights.sum()
    between = column_sums(mass, np.square(solution.centres - mean))
    total = float(between.sum()) or 1.0
    seeds = np.random.SeedSequence(seed).spawn(len(solution.features))
    return tuple(
        Influence(name, float(between[own].sum()) / total, *_without(solution, own, each))
        for name, own, each in zip(solution.features, solution.columns, seeds, strict=True)
    )


def _without(
    solution: Solved, columns: NDArray[np.intp], seed: np.random.SeedSequence
) -> tuple[float, int, float]:
    kept = np.setdiff1d(np.arange(solution.points.shape[1]), columns)
    if not len(kept):
        return 0.0, 1, 0.0
    rest = np.ascontiguousarray(solution.points[:, kept])
    work = effort(*rest.shape)
    warm = np.ascontiguousarray(solution.centres[:, kept])
    generator = np.random.default_rng(seed)
    found = settle(rest, solution.weights, solution.k, generator, work, [warm])
    return compared(solution.labels, assign(rest, found), solution.k, solution.weights)


def compared(
    labels: AnyLabels, others: AnyLabels, k: int, weights: Floats | None = None
) -> tuple[float, int, float]:
    """Compare segments with those found in another way.

    Returns
    -------
    agreement : float
        Adjusted Rand index.
    segment : int
        The segment that changes most, from 1.
    kept : float
        Its Jaccard index with the most similar one.

    Examples
    --------
    >>> compared(np.array([0, 0, 1, 1, 1]), np.array([1, 1, 0, 0, 0]), 2)
    (1.0, 1, 1.0)
    """
    table = contingency(labels, others, k, max(k, int(others.max()) + 1), weights)
    jaccard = best_jaccard(table)
    least = int(jaccard.argmin())
    return adjusted_rand(table), least + 1, float(jaccard[least])


def shares_between(solution: Solved) -> Floats:
    """Return each segment's share of the variance between the segments, shape (k,)."""
    mass = np.bincount(solution.labels, solution.weights, solution.k)
    mean = column_sums(solution.weights, solution.points) / solution.weights.sum()
    between = mass * np.square(solution.centres - mean).sum(axis=1)
    return np.asarray(between / (between.sum() or 1.0))


def twins(solution: Solved, least: float) -> list[tuple[str, str, float]]:
    """List pairs of one-column features whose correlation is at least ``least`` in size."""
    alone = [at for at, own in enumerate(solution.columns) if len(own) == 1]
    if len(alone) < 2:
        return []
    table = solution.points[:, [int(solution.columns[at][0]) for at in alone]]
    correlation = _correlation(table, solution.weights)
    return [
        (solution.features[alone[i]], solution.features[alone[j]], float(correlation[i, j]))
        for i in range(len(alone))
        for j in range(i + 1, len(alone))
        if abs(correlation[i, j]) >= least
    ]


def _correlation(table: Floats, weights: Floats) -> Floats:
    share = weights / weights.sum()
    centred = table - column_sums(share, table)
    covariance = (centred * share[:, None]).T @ centred
    deviation = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    return np.asarray(covariance / deviation / deviation[:, None])


def single_start_rate(solution: Solved, seed: int = 0) -> float:
    """Return how often one plain k-means++ start ends in a solution as good as this one."""
    uniforms = np.random.default_rng(seed).random((_STARTS, solution.k, 1))
    ends = starts(solution.points, solution.weights, solution.k, uniforms, 300, 0.0)
    offset = solution.points - solution.centres[solution.labels]
    inertia = dot(solution.weights, np.square(offset).sum(axis=1))
    return float(np.mean(ends.inertia <= inertia * (1.0 + _AS_GOOD)))
