"""Whether there is a gap between two clusters, or k-means cuts through a crowd.

Along the line that joins two centres, the emptiest stretch between them is looked for, and its
customers are counted against those between it and the centres. In a continuum it is nearly as busy
as the rest (ratio about 1); between separated clusters it is nearly empty (ratio near 0). k-means
puts its border halfway, but between a large and a small cluster the gap lies nearer to the small
one: halfway there are still many of the large. The ratio hardly depends on the number of rows or
columns, and the same counts inside one cluster, cut in two, tell whether it holds a gap that
k-means has missed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from segmeans.clustering.agreement import AnyLabels
from segmeans.clustering.kernels import BLOCK, Floats
from segmeans.clustering.nulls import matrix_root
from segmeans.clustering.quality import squared_distances
from segmeans.clustering.resample import Effort, settle

_STEPS = 8  # of equal length from the border to each centre
_WIDE = 4  # steps: the stretch is a quarter of the way from centre to centre
_LEAST = 2  # steps that are left between it and each centre
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
    0 on their border, 1 at the height of its own centre. A stretch a quarter as long as the way
    between the centres is moved along it; the density there is divided by that between it and the
    emptier of the two centres, and the lowest ratio is taken.

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
    steps, mass = _counts(points, weights, centres)
    busy, expected = _emptiest(steps, 0.5 * float(weights.mean()))
    ratios = np.minimum(busy / expected, _MOST)
    np.fill_diagonal(ratios, 0.0)
    worst = ratios.max(axis=1)
    return Borders(ratios, worst, float(worst @ mass / mass.sum()))


def _counts(points: Floats, weights: Floats, centres: Floats) -> tuple[Floats, Floats]:
    """Weights in the steps from each cluster's centre to each other's, and per cluster.

    Shapes (2 * _STEPS, k, k), first the steps on the side of the second cluster, and (k,).
    """
    k = len(centres)
    upto, total = np.zeros((_STEPS + 1, k, k)), np.zeros(k)
    apart = squared_distances(centres, centres)
    apart[apart <= 0] = np.inf  # the diagonal, and centres that coincide
    for first in range(0, len(points), BLOCK):
        distance = squared_distances(points[first : first + BLOCK], centres)
        rows, mass = np.arange(len(distance)), weights[first : first + BLOCK]
        labels = np.argmin(distance, axis=1)
        position = (distance - distance[rows, labels][:, None]) / apart[labels]
        member = np.zeros((k, len(distance)))
        member[labels, rows] = mass
        for step in range(1, _STEPS + 1):
            upto[step] += member @ _up_to(step / _STEPS, position)
        total += member.sum(axis=1)
    own = np.diff(upto, axis=0)
    return np.concatenate([own[::-1].transpose(0, 2, 1), own]), total


def _up_to(edge: float, position: Floats) -> Floats:
    """Return 1 before the edge and 0 beyond, softly: whole numbers often fall on an edge."""
    return np.asarray(np.clip(0.5 + (edge - position) / _SOFT, 0.0, 1.0))


def _emptiest(steps: Floats, least: float) -> tuple[Floats, Floats]:
    """Find the emptiest stretch: the weight in it, and as much as the rest leads one to expect.

    An empty rest counts as ``least``. Symmetric, shape (k, k) each.
    """
    count = len(steps)
    upto = np.concatenate([np.zeros_like(steps[:1]), np.cumsum(steps, axis=0)])
    first = np.arange(_LEAST, count - _WIDE - _LEAST + 1)[:, None, None]
    busy = (upto[_LEAST + _WIDE :] - upto[_LEAST:-_WIDE])[: len(first)]
    before = np.maximum(upto[_LEAST:][: len(first)], least) / first
    after = np.maximum(upto[-1] - upto[_LEAST + _WIDE :][: len(first)], least)
    expected = _WIDE * np.minimum(before, after / (count - _WIDE - first))
    ratio = np.divide(busy, expected, out=np.full_like(busy, np.inf), where=expected > 0)
    at = np.argmin(ratio, axis=0)[None]
    return np.take_along_axis(busy, at, 0)[0], np.take_along_axis(expected, at, 0)[0]


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
    steps, total = _counts(points, weights, halves)
    seen = min(1.0, len(points) / float(total.sum()))  # independent rows per customer
    busy, expected = (float(part[0, 1]) * seen for part in _emptiest(steps, 0.0))
    if expected <= 0:
        return 1.0, float("inf")
    return busy / expected, _poisson_high(busy) / expected


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
