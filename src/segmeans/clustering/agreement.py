"""How far two clusterings of the same points agree: adjusted Rand, Jaccard, where members went.

Everything here starts from one table of weights, clusters of the first clustering by clusters of
the second, so that a comparison costs one pass over the labels whatever follows from it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmeans.clustering.kernels import Floats

AnyLabels = NDArray[np.integer]


def contingency(
    first: AnyLabels, second: AnyLabels, k_first: int, k_second: int, weights: Floats | None = None
) -> Floats:
    """Return the weight shared by each cluster of the first and each of the second clustering.

    Parameters
    ----------
    first, second : integer ndarray of shape (m,)
        Labels from 0.
    k_first, k_second : int
        Numbers of clusters.
    weights : ndarray of shape (m,), optional
        Weight of each point, read as repeats; default 1 each.

    Returns
    -------
    ndarray of shape (k_first, k_second)

    Examples
    --------
    >>> contingency(np.array([0, 0, 1]), np.array([0, 1, 1]), 2, 2)
    array([[1., 1.],
           [0., 1.]])
    """
    cells = first.astype(np.intp) * k_second + second
    counts = np.bincount(cells, weights, k_first * k_second).astype(np.float64)
    return counts.reshape(k_first, k_second)


def adjusted_rand(table: Floats) -> float:
    """Return the adjusted Rand index of a contingency table (Hubert & Arabie 1985).

    1 for identical clusterings, about 0 for independent ones, also below. Two clusterings that
    are both trivial (all together, or all apart) agree fully by convention.

    Parameters
    ----------
    table : ndarray of shape (k_first, k_second)
        From :func:`contingency`; its total must be the number of points, not of shares.

    Examples
    --------
    >>> adjusted_rand(np.array([[2.0, 0.0], [0.0, 2.0]]))
    1.0
    >>> round(adjusted_rand(np.array([[1.0, 1.0], [0.0, 1.0]])), 6)
    -0.5
    """
    total = table.sum()
    together = _pairs(table).sum()
    rows, columns = _pairs(table.sum(axis=1)).sum(), _pairs(table.sum(axis=0)).sum()
    expected = rows * columns / _pairs(total) if total > 1 else 0.0
    most = (rows + columns) / 2
    if most <= expected or most == 0:
        return 1.0
    return float((together - expected) / (most - expected))


def _pairs(mass: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Pairs within a mass; a mass below one customer holds none."""
    mass = np.asarray(mass, dtype=np.float64)
    return np.maximum(mass * (mass - 1) / 2, 0.0)


def best_jaccard(table: Floats) -> Floats:
    """Return each first cluster's best Jaccard index with a cluster of the second clustering.

    The Jaccard index of two sets is the weight they share over the weight of their union
    (Hennig 2007 uses it so to follow each cluster through resamples).

    Returns
    -------
    ndarray of shape (k_first,)

    Examples
    --------
    >>> best_jaccard(np.array([[3.0, 1.0], [0.0, 4.0]]))
    array([0.75, 0.8 ])
    """
    union = table.sum(axis=1)[:, None] + table.sum(axis=0) - table
    return np.asarray(np.max(table / np.where(union == 0, 1.0, union), axis=1))


def concentration(table: Floats) -> Floats:
    """Return for each row how much its weight lies in one column: 1 minus the scaled entropy.

    1 when all of a cluster's members are in one cluster of the other clustering, 0 when they are
    spread evenly over all of them (segment level stability across solutions, SLSa, in Dolnicar &
    Leisch 2017). With one column it is 1.

    Returns
    -------
    ndarray of shape (k_first,)

    Examples
    --------
    >>> concentration(np.array([[4.0, 0.0], [2.0, 2.0]]))
    array([1., 0.])
    """
    k = table.shape[1]
    if k == 1:
        return np.ones(len(table))
    total = table.sum(axis=1, keepdims=True)
    share = table / np.where(total == 0, 1.0, total)
    entropy = -(share * np.log(np.where(share > 0, share, 1.0))).sum(axis=1)
    return np.asarray(np.clip(1.0 - entropy / np.log(k), 0.0, 1.0))


def prediction_strength(table: Floats) -> Floats:
    """Return for each test cluster the share of its pairs that stay together in the prediction.

    Rows are the clusters found in the test half itself, columns the clusters that the centres of
    the training half assign (Tibshirani & Walther 2005). The prediction strength of a clustering
    is the lowest of them. A cluster of one point has no pairs and counts 1.

    Returns
    -------
    ndarray of shape (k_test,)

    Examples
    --------
    >>> prediction_strength(np.array([[3.0, 1.0], [0.0, 2.0]]))
    array([0.5, 1. ])
    """
    pairs = _pairs(table.sum(axis=1))
    kept = _pairs(table).sum(axis=1)
    return np.asarray(np.where(pairs > 0, kept / np.where(pairs > 0, pairs, 1.0), 1.0))
