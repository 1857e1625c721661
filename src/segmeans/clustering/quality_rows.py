"""Quality from one reading of all rows: what needs distances to centres only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from segmeans.clustering.kernels import Floats, pair
from segmeans.clustering.quality import TwoNearest, davies_bouldin_from, simplified_silhouettes
from segmeans.clustering.rows import Source


class RowQuality(NamedTuple):
    """Scores of one solution over all rows."""

    rows: int
    simplified: float  # mean simplified silhouette
    clusters: Floats  # (k,) the same per cluster
    davies_bouldin: float | None


def row_quality(
    source: Source, solutions: Mapping[int, Floats], origin: Floats, threads: int = 1
) -> dict[int, RowQuality]:
    """Score several solutions in one reading of all rows.

    Parameters
    ----------
    source : Source
    solutions : mapping of int to ndarray of shape (k, d)
        Centres relative to ``origin``, k at least 2.
    origin : ndarray of shape (d,)
    threads : int, default=1

    Returns
    -------
    dict of int to RowQuality
    """
    sums = {k: np.zeros((3, k)) for k in solutions}  # weight, silhouettes, distances
    rows = 0
    for chunk, mass in source.chunks():
        rows += len(chunk)
        for k, centres in solutions.items():
            found = pair(chunk, centres, threads, origin=origin)
            near = TwoNearest(
                found.labels,
                found.second_labels,
                np.sqrt(found.distances),
                np.sqrt(found.second_distances),
            )
            weight = np.ones(len(chunk)) if mass is None else mass
            sums[k][0] += np.bincount(near.labels, weight, k)
            sums[k][1] += np.bincount(near.labels, weight * simplified_silhouettes(near), k)
            sums[k][2] += np.bincount(near.labels, weight * near.closest, k)
    return {k: _summary(rows, sums[k], np.asarray(centres)) for k, centres in solutions.items()}


def _summary(rows: int, sums: Floats, centres: Floats) -> RowQuality:
    weight, silhouette, distance = sums
    held = np.where(weight > 0, weight, 1.0)
    return RowQuality(
        rows,
        float(silhouette.sum() / weight.sum()),
        silhouette / held,
        davies_bouldin_from(distance / held, centres),
    )
