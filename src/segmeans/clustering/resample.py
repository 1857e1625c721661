"""Redrawing weighted points, and searching each draw to convergence.

A table of n customers is held as distinct points with weights (repeats). Its bootstrap resample is
the same points with new weights, so nothing is copied and the cost does not depend on n.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from segmeans.clustering import kernels
from segmeans.clustering.climb import climb
from segmeans.clustering.kernels import Floats
from segmeans.clustering.sums import column_sums

_TRIALS = 2  # candidates per centre of the seeding


class Effort(NamedTuple):
    """How hard one resample or null table is searched, for one k."""

    starts: int
    swaps: int
    candidates: int
    tolerance: float  # relative fall of the inertia below which a descent stops


def effort(m: int, d: int, *, fast: bool = False) -> Effort:
    """Choose the effort for m points of d columns: small tables can afford certainty.

    Swaps find in one start what plain starts find in dozens. Their cost grows with the points,
    while the optima of larger tables are smoother.
    """
    cells = m * d
    if cells <= 6_000:
        return Effort(2 if fast else 4, 8, 16, 1e-7)
    if cells <= 24_000:
        return Effort(1 if fast else 2, 2, 8, 1e-5)
    return Effort(1, 2, 8, 1e-5)


def null_effort(m: int, d: int, *, fast: bool = False) -> Effort:
    """Choose the effort for a null table of m points of d columns.

    Without clusters there are many solutions about as good: this ends 0.1 to 0.5 % above the
    effort for the data, a tenth of what null tables differ by, at a third of its cost.
    """
    work = effort(m, d, fast=fast)
    return Effort(2, 4, 8, 1e-6) if work.starts > 2 else work._replace(starts=1)


def whole(weights: Floats, generator: np.random.Generator) -> Floats:
    """Round weights to whole repeats at random, right in the mean; whole weights stay."""
    low = np.floor(weights)
    return np.asarray(low + (generator.random(len(weights)) < weights - low))


def bootstrap(weights: Floats, generator: np.random.Generator) -> Floats:
    """Draw as many customers as there are, with replacement; return the new weights."""
    n = round(float(weights.sum()))
    return generator.multinomial(n, weights / weights.sum()).astype(np.float64)


def halves(weights: Floats, generator: np.random.Generator) -> tuple[Floats, Floats]:
    """Split the customers at random into two halves; return the weights of each."""
    repeats = whole(weights, generator)
    first = generator.binomial(repeats.astype(np.int64), 0.5).astype(np.float64)
    return first, repeats - first


def settle(
    points: Floats,
    weights: Floats,
    k: int,
    generator: np.random.Generator,
    effort: Effort,
    warm: Sequence[Floats] = (),
) -> Floats:
    """Search weighted points for the best k centres and return them, shape (k, d).

    Points of weight zero take no part. ``warm`` holds centres that are tried beside the random
    starts (of the solution on all customers: a lazy search in a resample would otherwise be taken
    for instability of the market); the lowest inertia decides.
    """
    kept = weights > 0
    if not kept.all():
        points, weights = np.ascontiguousarray(points[kept]), weights[kept]
    m = len(points)
    if k == 1:
        return np.asarray(column_sums(weights, points) / weights.sum())[None, :]
    if m <= k:  # every point a centre; the last one repeats so that the shape holds
        return np.concatenate([points, np.repeat(points[-1:], k - m, axis=0)])
    uniforms = generator.random((effort.starts, k, _TRIALS))
    begins = kernels.starts(points, weights, k, uniforms, 0, 0.0).centres
    candidates = np.sort(generator.choice(m, min(effort.candidates, m), replace=False))
    ends = climb(
        points,
        weights,
        np.concatenate([*(centres[None] for centres in warm), begins]),
        candidates.astype(np.int64),
        swaps=effort.swaps,
        tol=effort.tolerance,
    )
    return np.asarray(ends.centres[int(np.argmin(ends.inertia))])


def thin(
    points: Floats, weights: Floats, size: int, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw at most ``size`` customers by weight, merged where alike; the total weight stays.

    Fewer points are returned as they are.
    """
    if len(points) <= size:
        return points, weights
    total = float(weights.sum())
    counts = generator.multinomial(size, weights / total).astype(np.float64)
    rows = np.flatnonzero(counts)
    return np.ascontiguousarray(points[rows]), counts[rows] * (total / size)
