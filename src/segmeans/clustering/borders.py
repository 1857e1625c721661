"""Whether there is a gap between two clusters, or k-means cuts through a crowd.

Along the line that joins two centres, customers near the border (halfway) are counted against
those between there and the centres. In a continuum the border is as busy as the inside (ratio
about 1); between separated clusters it is nearly empty (ratio near 0). The ratio hardly depends on
the number of rows or columns, and the same counts inside one cluster, cut in two, tell whether it
holds a gap that k-means has missed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from segmeans.clustering.agreement import AnyLabels
from segmeans.clustering.kernels import BLOCK, Floats
from segmeans.clustering.nulls import matrix_root
from segmeans.clustering.quality import squared_distances
from segmeans.clustering.resample import Effort, settle

BORDER = 0.25  # nearer to the border than a quarter of the way to the centre
_SOFT = 0.2  # over which an edge goes from one to nothing
_MOST = 10.0  # a ratio beyond says no more
_BELLS = 19
_LEAST_MEMBERS = 8  # a smaller cluster is not cut in two


class Borders(NamedTuple):
    """How busy the borders of each cluster are: the busiest decides."""

    ratios: Floats  # (k, k) density at the border over that inside, symmetric, diagonal 0
    worst: Floats  # (k,)
    mean: float  # of ``worst``, by weight


class Inner(NamedTuple):
    """The border between the two halves into which k-means would cut each cluster."""

    ratios: Floats  # (k,)
    high: Floats  # (k,) upper end of the 95 % interval: how busy it may be given the counts
    low: Floats  # (k,) the least to expect of a bell curve of that size and shape, -inf untested


def borders(points: Floats, weights: Floats, centres: Floats) -> Borders:
    """Measure the borders of all clusters against each other.

    A point x of cluster a lies, towards cluster b, at ``(|x - b|^2 - |x - a|^2) / |a - b|^2``:
    0 on their border, 1 at the height of its own centre. The density at the border counts both
    sides up to a quarter of the way; the density inside is that of the emptier of the two
    clusters from there to its centre.

    Parameters
    ----------
    points : ndarray of shape (m, d)
    weights : ndarray of shape (m,)
    centres : ndarray of shape (k, d), k at least 2

    Examples
    --------
    >>> even = np.arange(-1.0, 1.0, 0.002)[:, None]  # a continuum cut in two
    >>> borders(even, np.ones(1000), np.array([[-0.5], [0.5]])).mean.__round__(2)
    1.0
    """
    at_border, inside, mass = _counts(points, weights, centres)
    least = 0.5 * float(weights.mean())  # an empty inside counts as half a point
    emptier = np.maximum(np.minimum(inside, inside.T), least) / (1.0 - BORDER)
    busy = (at_border + at_border.T) / (2.0 * BORDER)
    ratios = np.minimum(busy / emptier, _MOST)
    np.fill_diagonal(ratios, 0.0)
    worst = ratios.max(axis=1)
    return Borders(ratios, worst, float(worst @ mass / mass.sum()))


def _counts(points: Floats, weights: Floats, centres: Floats) -> tuple[Floats, Floats, Floats]:
    """Weights near the border and inside for each ordered pair (k, k), and per cluster (k,)."""
    k = len(centres)
    at_border, inside, total = np.zeros((k, k)), np.zeros((k, k)), np.zeros(k)
    apart = squared_distances(centres, centres)
    apart[apart <= 0] = np.inf  # the diagonal, and centres that coincide
    for first in range(0, len(points), BLOCK):
        distance = squared_distances(points[first : first + BLOCK], centres)
        rows, mass = np.arange(len(distance)), weights[first : first + BLOCK]
        labels = np.argmin(distance, axis=1)
        position = (distance - distance[rows, labels][:, None]) / apart[labels]
        member = np.zeros((k, len(distance)))
        member[labels, rows] = mass
        near = _up_to(BORDER, position)
        at_border += member @ near
        inside += member @ (_up_to(1.0, position) - near)
        total += member.sum(axis=1)
    return at_border, inside, total


def _up_to(edge: float, position: Floats) -> Floats:
    """Return 1 before the edge and 0 beyond, softly: whole numbers often fall on an edge."""
    return np.asarray(np.clip(0.5 + (edge - position) / _SOFT, 0.0, 1.0))


def inner_borders(
    points: Floats,
    weights: Floats,
    labels: AnyLabels,
    k: int,
    generator: np.random.Generator,
    effort: Effort,
) -> Inner:
    """Cut every cluster in two and measure the border between the parts.

    Parameters
    ----------
    points, weights
        As in :func:`borders`.
    labels : ndarray of shape (m,)
    k : int
    generator : numpy.random.Generator
    effort : Effort

    Returns
    -------
    Inner
        For clusters too small to cut, ratio 1 with an infinite upper end. ``low`` is minus
        infinity where the counts leave open whether there is a gap.
    """
    found = Inner(np.ones(k), np.full(k, np.inf), np.full(k, -np.inf))
    for j in range(k):
        rows = np.flatnonzero(labels == j)
        if len(rows) < _LEAST_MEMBERS:
            continue
        mine = points[rows] - points[rows].mean(axis=0)
        found.ratios[j], found.high[j] = _cut(mine, weights[rows], generator, effort)
        if found.high[j] < 1.0:  # otherwise the counts leave the matter open
            found.low[j] = _least_of_bells(mine, weights[rows], generator, effort)
    return found


def _cut(
    points: Floats, weights: Floats, generator: np.random.Generator, effort: Effort
) -> tuple[float, float]:
    """Cut one cluster in two: the ratio of the border, and its upper end given the counts."""
    points = np.ascontiguousarray(points)
    halves = settle(points, weights, 2, generator, effort)
    at_border, inside, total = _counts(points, weights, halves)
    seen = min(1.0, len(points) / float(total.sum()))  # independent rows per customer
    busy = (at_border[0, 1] + at_border[1, 0]) * seen
    expected = min(inside[0, 1], inside[1, 0]) * seen * 2.0 * BORDER / (1.0 - BORDER)
    if expected <= 0:
        return 1.0, float("inf")
    return float(busy / expected), _poisson_high(busy) / expected


def _least_of_bells(
    points: Floats, weights: Floats, generator: np.random.Generator, effort: Effort
) -> float:
    """Return mean less three deviations of the ratio in bell curves like the cluster.

    With few customers in many columns a cut in two looks clean even where there is no gap.
    """
    share = weights / weights.sum()
    root = matrix_root((points * share[:, None]).T @ points)
    even = np.full(len(points), weights.mean())
    bells = [generator.standard_normal(points.shape) @ root.T for _ in range(_BELLS)]
    ratios = [_cut(bell, even, generator, effort)[0] for bell in bells]
    return float(np.mean(ratios) - 3.0 * np.std(ratios, ddof=1))


def _poisson_high(count: float) -> float:
    """Upper end of the 95 % interval of a Poisson mean, by the square root transform."""
    return float((np.sqrt(count + 1.0) + 0.98) ** 2)
