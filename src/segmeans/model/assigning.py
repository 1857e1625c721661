"""Prepared rows and centres give segments: the one rule that Python and SQL share.

A row belongs to the nearest centre. Two centres count as equally near when their squared distances
differ by no more than ``TIE`` times the largest squared distance of a centre from the mean of all
centres; then the lower number wins. So the last bits, in which engines differ, decide nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmeans.clustering import kernels

TIE = 1e-9
COARSE = 1e-12
"""Squared distances that differ by no more than this share may be equal but for rounding."""

Floats = NDArray[np.float64]


class Assigned(NamedTuple):
    """Which segment each row belongs to, and how clearly.

    ``certainty`` is ``(d2 - d1) / (d2 + d1)`` with the distances to the nearest and the
    second-nearest centre: 0 on the border between two segments, 1 in the centre of one. It is one
    minus the shadow value ``2 d1 / (d1 + d2)`` of Leisch (2010, Statistics and Computing 20).
    """

    labels: NDArray[np.int32]  # (n,), segment number - 1; -1 when not scored
    runners_up: NDArray[np.int32]  # (n,), -1 when not scored or when there is one segment
    certainty: NDArray[np.float32]  # (n,), NaN when not scored
    distance: NDArray[np.float32]  # (n,), to the own centre, in prepared units; NaN likewise
    margin: NDArray[np.float32]  # (n,), how much farther the runner-up is; NaN without one

    def spread(self, used: NDArray[np.bool_]) -> Assigned:
        """Return the entries at the places where ``used`` is true, and blanks elsewhere.

        Parameters
        ----------
        used : ndarray of bool, shape (n,)
            As many true values as there are entries.

        Returns
        -------
        Assigned
        """
        if used.all():
            return self
        blanks: list[NDArray[Any]] = []
        for fill, part in zip((-1, -1, np.nan, np.nan, np.nan), self, strict=True):
            whole = np.full(len(used), fill, dtype=part.dtype)
            whole[used] = part
            blanks.append(whole)
        return Assigned(*blanks)


def assign(matrix: Floats, centres: Floats, *, threads: int = 1) -> Assigned:
    """Assign prepared rows to their nearest centres; ties go to the lowest segment number.

    Parameters
    ----------
    matrix : ndarray of shape (n, p)
        Prepared rows, all of them complete.
    centres : ndarray of shape (k, p)
    threads : int, default=1
        The result does not depend on it.

    Returns
    -------
    Assigned
    """
    if len(centres) == 1:
        labels, first = kernels.nearest(matrix, centres, threads)
        nobody = np.full(len(matrix), -1, dtype=np.int32)
        ones = np.ones(len(matrix), dtype=np.float32)
        near = np.sqrt(first).astype(np.float32)
        return Assigned(labels, nobody, ones, near, np.full_like(near, np.nan))
    labels, first, runners_up, second = kernels.pair(matrix, centres, threads)
    # squared distances of a row far outside are too coarse to tell centres apart
    close = np.flatnonzero(second - first <= np.maximum(tie(centres), COARSE * second))
    if len(close):
        settled = _settled(matrix[close], centres)
        for whole, part in zip((labels, first, runners_up, second), settled, strict=True):
            whole[close] = part
    near, far = np.sqrt(first), np.sqrt(second)
    total, margin = near + far, far - near
    certainty = np.divide(margin, total, out=np.zeros_like(total), where=total > 0)
    return Assigned(
        labels,
        runners_up,
        certainty.astype(np.float32),
        near.astype(np.float32),
        margin.astype(np.float32),
    )


def tie(centres: Floats) -> float:
    """Return up to which difference two squared distances count as equal.

    Parameters
    ----------
    centres : ndarray of shape (k, p)

    Returns
    -------
    float
        In squared prepared units; it moves with the scale of the data, not with its origin.
    """
    from_mean = centres - centres.mean(axis=0)
    return TIE * float(np.einsum("ij,ij->i", from_mean, from_mean).max())


def linear(centres: Floats) -> tuple[Floats, Floats]:
    """Return what makes the nearest centre the one with the largest ``weights . x + offset``.

    Squared distances less what is the same for all, halved and turned: how SQL tells centres apart,
    and the better way for a row far outside, whose squared distances differ in the last digits.

    Parameters
    ----------
    centres : ndarray of shape (k, p)

    Returns
    -------
    offsets : ndarray of shape (k,)
    weights : ndarray of shape (k, p)
        The centres less their mean.
    """
    middle = centres.mean(axis=0)
    weights = centres - middle
    # |c|^2 - |m|^2 as a product, which keeps the digits of centres far from the origin
    return -0.5 * np.einsum("ij,ij->i", weights, centres + middle), weights


def _settled(
    rows: Floats, centres: Floats
) -> tuple[NDArray[np.int32], Floats, NDArray[np.int32], Floats]:
    """Return labels, runners-up and squared distances of the few rows that are near a border."""
    width, every = tie(centres), np.arange(len(rows))
    offsets, weights = linear(centres)
    scores = np.tile(offsets, (len(rows), 1))
    for column, weight in zip(rows.T, weights.T, strict=True):  # one after the other, as in SQL
        scores += column[:, None] * weight
    behind = -2.0 * scores
    labels = _lowest(behind, width)
    behind[every, labels] = np.inf
    runners_up = _lowest(behind, width)
    first, second = (
        np.square(rows - centres[places]).sum(axis=1) for places in (labels, runners_up)
    )
    return labels.astype(np.int32), first, runners_up.astype(np.int32), np.maximum(second, first)


def _lowest(distances: Floats, width: float) -> NDArray[np.intp]:
    """Return per row the first place whose distance is the smallest, or as good as it."""
    least = distances.min(axis=1, keepdims=True)
    places: NDArray[np.intp] = np.argmax(distances <= least + width, axis=1)
    return places
