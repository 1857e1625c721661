"""Cohesion and separation of one clustering: how tight the clusters are and how far apart.

Points are rows of shape (m, d), weights of shape (m,) are read as repeats: a point of weight 3
counts exactly like three identical rows. Memory stays bounded: everything runs over blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from segmeans.clustering import kernels
from segmeans.clustering.agreement import AnyLabels
from segmeans.clustering.kernels import Floats, Labels, pair
from segmeans.clustering.sums import one_blas_thread

_CELLS = 2_000_000  # distances held at once by each thread: 16 MB


class TwoNearest(NamedTuple):
    """Each point's nearest and second nearest centre with the distances (not squared)."""

    labels: Labels  # (m,)
    second: Labels  # (m,); equal to ``labels`` when there is one centre only
    closest: Floats  # (m,)
    next_closest: Floats  # (m,); infinite when there is one centre only


class Silhouette(NamedTuple):
    """A mean silhouette, per cluster as well, and how it was had."""

    mean: float
    clusters: Floats  # (k,)
    points: Floats | None  # (m,) when every point was measured
    sampled: int  # points measured
    error: float  # standard error of the mean from the sampling; 0 when exact


def squared_distances(points: Floats, others: Floats) -> Floats:
    """Return squared Euclidean distances by one matrix product, never below zero.

    Near zero the result is good to about 1e-16 times the largest squared norm: points are
    expected to be centred near the origin.
    """
    distance = points @ others.T
    distance *= -2.0
    distance += np.einsum("ij,ij->i", points, points)[:, None]
    distance += np.einsum("ij,ij->i", others, others)
    return np.asarray(np.maximum(distance, 0.0, out=distance))


def two_nearest(points: Floats, centres: Floats) -> TwoNearest:
    """Find the nearest and the second nearest centre of every point. Ties go to the lowest.

    Parameters
    ----------
    points : ndarray of shape (m, d)
    centres : ndarray of shape (k, d)

    Returns
    -------
    TwoNearest

    Examples
    --------
    >>> near = two_nearest(np.array([[0.0], [1.0]]), np.array([[0.0], [4.0]]))
    >>> near.closest, near.next_closest
    (array([0., 1.]), array([4., 3.]))
    """
    found = pair(points, centres)
    second = found.labels if len(centres) == 1 else found.second_labels
    closest, following = np.sqrt(found.distances), np.sqrt(found.second_distances)
    return TwoNearest(found.labels, second, closest, following)


def _length(offset: Floats) -> Floats:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", offset, offset)))


def shadow_values(near: TwoNearest) -> Floats:
    """Return each point's shadow value, 2 d1 / (d1 + d2): 0 at its centre, 1 on the border.

    Leisch (2010), "Neighborhood graphs, stripes and shadow plots for cluster visualization".
    """
    return np.asarray(2.0 * near.closest / _positive(near.closest + near.next_closest))


def simplified_silhouettes(near: TwoNearest) -> Floats:
    """Return each point's silhouette with distances to centres in place of mean distances.

    (d2 - d1) / d2, from 0 on the border to 1 at the centre (Hruschka et al. 2004). It needs one
    pass over the points where the full silhouette needs all pairs, and is higher than that.
    """
    return np.asarray(1.0 - near.closest / _positive(near.next_closest))


def _positive(values: Floats) -> Floats:
    return np.where(values > 0, values, 1.0)


def silhouettes(
    points: Floats, weights: Floats, labellings: Sequence[tuple[AnyLabels, int]]
) -> list[Floats]:
    """Compute the exact silhouette of every point for several clusterings of the same points.

    Rousseeuw (1987): (b - a) / max(a, b) with a the mean distance to the other members of the
    point's cluster and b the lowest mean distance to another cluster. The distances, which cost
    most, are computed once for all clusterings. A cluster of one customer has silhouette 0, and so
    has everyone where all are in one cluster.

    Parameters
    ----------
    points : ndarray of shape (m, d)
    weights : ndarray of shape (m,)
        Repeats: a point of weight w has w - 1 further members at distance 0.
    labellings : sequence of (labels, k)
        Labels of shape (m,) from 0 to k - 1, with k at least 2.

    Returns
    -------
    list of ndarray of shape (m,)

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [9.0], [10.0]])
    >>> [values] = silhouettes(x, np.ones(4), [(np.array([0, 0, 1, 1]), 2)])
    >>> values.round(4)
    array([0.8947, 0.8824, 0.8824, 0.8947])
    """
    m = len(points)
    members = np.zeros((m, sum(k for _, k in labellings)))
    spans, column = [], 0
    for labels, k in labellings:
        members[np.arange(m), column + labels] = weights
        spans.append(slice(column, column + k))
        column += k
    mass = members.sum(axis=0)
    values = [np.empty(m) for _ in labellings]
    step = max(1, _CELLS // max(m, 1))

    def measure(first: int) -> None:
        rows = np.arange(first, min(first + step, m))
        distance = np.sqrt(squared_distances(points[rows], points))
        distance[np.arange(len(rows)), rows] = 0.0
        sums = distance @ members
        for (labels, _), span, value in zip(labellings, spans, values, strict=True):
            value[rows] = _silhouette(sums[:, span], mass[span], labels[rows])

    with one_blas_thread(), ThreadPoolExecutor(kernels.default_threads()) as pool:
        list(pool.map(measure, range(0, m, step)))
    return values


def _silhouette(sums: Floats, mass: Floats, labels: AnyLabels) -> Floats:
    """Silhouettes from the summed distances to each cluster (rows, k)."""
    rows = np.arange(len(labels))
    own = mass[labels]
    within = sums[rows, labels] / np.where(own > 1, own - 1, 1.0)
    means = sums / np.where(mass > 0, mass, 1.0)
    means[:, mass <= 0] = np.inf
    means[rows, labels] = np.inf
    between = means.min(axis=1)
    other = np.isfinite(between)  # not so where all points are in one cluster
    between = np.where(other, between, within)
    value = (between - within) / _positive(np.maximum(within, between))
    return np.where((own > 1) & other, value, 0.0)


def weighted_by_cluster(
    values: Floats, weights: Floats, labels: AnyLabels, k: int
) -> tuple[float, Floats]:
    """Return the weighted mean of values over all points and within each cluster, shape (k,)."""
    mass = np.bincount(labels, weights, k).astype(np.float64)
    sums = np.bincount(labels, weights * values, k)
    return float(sums.sum() / mass.sum()), sums / _positive(mass)


def exact_silhouette(values: Floats, weights: Floats, labels: AnyLabels, k: int) -> Silhouette:
    """Summarise the silhouettes of all points."""
    mean, clusters = weighted_by_cluster(values, weights, labels, k)
    return Silhouette(mean, clusters, values, len(values), 0.0)


def sampled_silhouette(
    points: Floats,
    weights: Floats,
    labels: AnyLabels,
    k: int,
    size: int,
    generator: np.random.Generator,
) -> Silhouette:
    """Estimate the silhouette from a sample stratified by cluster.

    Half of the sample is shared evenly, so that a small cluster is seen, and half by weight;
    within a cluster points are drawn by weight. Every sampled point is measured against the
    sampled points, and clusters count by their true weight.

    Parameters
    ----------
    points, weights, labels, k
        As in :func:`silhouettes`; no cluster is empty.
    size : int
        Points to draw, at least two per cluster.
    generator : numpy.random.Generator

    Returns
    -------
    Silhouette
    """
    mass = np.bincount(labels, weights, k)
    share = 0.5 / k + 0.5 * mass / mass.sum()
    counts = np.maximum(np.round(size * share).astype(int), 2)
    rows = np.concatenate(
        [
            _draw_rows(np.flatnonzero(labels == j), weights, int(counts[j]), generator)
            for j in range(k)
        ]
    )
    drawn = np.repeat(np.arange(k), counts)
    [values] = silhouettes(points[rows], np.ones(len(rows)), [(drawn, k)])
    _, clusters = weighted_by_cluster(values, np.ones(len(rows)), drawn, k)
    spread = np.array([values[drawn == j].var(ddof=1) / counts[j] for j in range(k)])
    part = mass / mass.sum()
    error = float(np.sqrt(np.sum(np.square(part) * spread)))
    return Silhouette(float(part @ clusters), clusters, None, len(rows), error)


def _draw_rows(
    rows: np.ndarray, weights: Floats, count: int, generator: np.random.Generator
) -> np.ndarray:
    cumulated = np.cumsum(weights[rows])
    places = np.searchsorted(cumulated, generator.random(count) * cumulated[-1], side="right")
    return np.asarray(rows[np.minimum(places, len(rows) - 1)])


def calinski_harabasz(total: float, inertia: float, n: float, k: int) -> float | None:
    """Return the ratio of between- to within-cluster variance (Calinski & Harabasz 1974).

    Parameters
    ----------
    total : float
        Inertia at k = 1.
    inertia : float
    n : float
        Total weight.
    k : int

    Returns
    -------
    float or None
        None where it is not defined: k = 1, k >= n, or no inertia left.

    Examples
    --------
    >>> calinski_harabasz(100.0, 20.0, 12, 2)
    40.0
    """
    if k < 2 or n <= k or inertia <= 0:
        return None
    return float((total - inertia) / (k - 1) / (inertia / (n - k)))


def davies_bouldin(near: TwoNearest, weights: Floats, centres: Floats) -> float | None:
    """Return the mean over clusters of the worst ratio of spread to distance (1979).

    Spread is the mean distance of members to their centre; low values are better. None for one
    cluster or when two centres coincide.
    """
    if len(centres) < 2:
        return None
    _, spread = weighted_by_cluster(near.closest, weights, near.labels, len(centres))
    return davies_bouldin_from(spread, centres)


def davies_bouldin_from(spread: Floats, centres: Floats) -> float | None:
    """Return the Davies-Bouldin index from the mean distances to the centres, shape (k,)."""
    apart = np.stack([_length(centres - centre) for centre in centres])
    np.fill_diagonal(apart, np.inf)
    if not apart.min() > 0:
        return None
    return float(((spread[:, None] + spread) / apart).max(axis=1).mean())
