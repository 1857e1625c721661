"""How the customers of each cluster split and join from one number of clusters to the next."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from segmeans.clustering.coreset import Points
from segmeans.clustering.kernels import Floats, Labels, assign
from segmeans.records import Strand


def strands(
    held: Points, labels: Mapping[int, Labels], centres: Floats, customers: int
) -> tuple[Strand, ...]:
    """Follow the customers of the segments through every number of clusters.

    Parameters
    ----------
    held : Points
        The distinct rows, or the weighted sample that stands for them.
    labels : mapping of int to ndarray of shape (m,)
        Cluster of these points for each k; k = 1 is left out, where everyone is one cluster.
    centres : ndarray of shape (k, p)
        Of the segments, in the coordinates of the rows.
    customers : int
        Whom the points stand for.

    Returns
    -------
    tuple of Strand
        Ordered by k, origin, target and segment; empty for fewer than two k.

    Examples
    --------
    >>> held = Points(np.array([[0.0], [1.0], [9.0]]), np.array([2.0, 1.0, 3.0]), np.zeros(1), True)
    >>> both = {2: np.array([0, 0, 1]), 3: np.array([1, 2, 0])}
    >>> for strand in strands(held, both, np.array([[9.0], [0.4]]), 6):
    ...     print(strand.k, strand.origin, strand.target, strand.segment, strand.customers)
    2 1 2 2 2
    2 1 3 2 1
    2 2 1 1 3
    """
    known = {k: labels[k].astype(np.int64) for k in sorted(labels)}
    segments = assign(held.points, np.ascontiguousarray(centres - held.origin)).astype(np.int64)
    mass = held.weights * (customers / held.weights.sum())
    found = []
    for low, high in pairwise(known):
        shape = (low, high, len(centres))
        place = np.ravel_multi_index((known[low], known[high], segments), shape)
        counts = np.bincount(place, mass, minlength=low * high * len(centres))
        for at in np.flatnonzero(counts >= 0.5):
            origin, target, segment = (int(one) + 1 for one in np.unravel_index(at, shape))
            found.append(
                Strand(
                    k=low,
                    origin=origin,
                    target=target,
                    segment=segment,
                    customers=round(float(counts[at])),
                )
            )
    return tuple(found)
