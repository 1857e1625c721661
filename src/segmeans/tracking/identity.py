"""Which segment of a new fit is which of the old one: matching on the customers they share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SAME = 0.5
"""Shared customers over those of either, from which two segments are the same one.

Below it a cluster counts as dissolved (Hennig 2007, Computational Statistics & Data Analysis 52).
"""


def matched(table: NDArray[np.float64]) -> list[tuple[int, int, float]]:
    """Pair old and new segments so that the overlaps add up to the most.

    Parameters
    ----------
    table : ndarray of shape (k_old, k_new)
        Customers by old and new segment.

    Returns
    -------
    list of (old, new, overlap)
        Places from 0 and the Jaccard coefficient of the customers, at least :data:`SAME`, in the
        order of the old segments. Whoever is not in it has gone, or is new.

    Examples
    --------
    >>> matched(np.array([[0.0, 90.0], [40.0, 10.0], [20.0, 0.0]]))
    [(0, 1, 0.9), (1, 0, 0.5714285714285714)]
    """
    from scipy.optimize import linear_sum_assignment

    either = table.sum(axis=1)[:, None] + table.sum(axis=0)[None, :] - table
    overlap = np.divide(table, either, out=np.zeros_like(table), where=either > 0)
    pairs = zip(*linear_sum_assignment(-overlap), strict=True)
    found = [(int(old), int(new), float(overlap[old, new])) for old, new in pairs]
    return [pair for pair in found if pair[2] >= SAME]


def unlike_others(name: str, taken: Sequence[str]) -> str:
    """Return a name, told apart by a number where it is taken.

    Parameters
    ----------
    name : str
    taken : sequence of str

    Returns
    -------
    str

    Examples
    --------
    >>> unlike_others("young", ["young", "young (2)"])
    'young (3)'
    """
    told, copy = name, 2
    while told in taken:
        told, copy = f"{name} ({copy})", copy + 1
    return told
