"""The gap statistic: how much more a clustering explains than it would without clusters.

Tibshirani, Walther & Hastie, "Estimating the number of clusters in a data set via the gap
statistic", JRSS B 63 (2001), with squared distances: for each k the mean over null tables of
log(inertia) minus that of the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from segmeans.clustering.kernels import Floats


class Gap(NamedTuple):
    """The gap for one k."""

    value: float
    error: float  # sd over the null tables times sqrt(1 + 1 / tables)


def gap(log_inertia: float, null_log_inertia: Floats) -> Gap:
    """Return the gap of one k from the log inertias of the data and of the null tables.

    The standard deviation divides by the number of tables, as in the paper.

    Examples
    --------
    >>> gap(1.0, np.array([2.0, 3.0]))
    Gap(value=1.5, error=0.6123724356957945)
    """
    count = len(null_log_inertia)
    error = float(np.std(null_log_inertia)) * np.sqrt(1.0 + 1.0 / count)
    return Gap(float(np.mean(null_log_inertia)) - log_inertia, float(error))


def tibshirani_rule(ks: Sequence[int], gaps: Sequence[Gap]) -> int:
    """Return the smallest k whose gap reaches that of the next k less its error.

    Where none does, the last k. The k must follow one another from the first on.

    Examples
    --------
    >>> tibshirani_rule([1, 2, 3], [Gap(0.1, 0.1), Gap(0.8, 0.1), Gap(0.85, 0.1)])
    2
    """
    for k, here, following in zip(ks, gaps, gaps[1:], strict=False):
        if here.value >= following.value - following.error:
            return k
    return ks[-1]


def first_se_max(ks: Sequence[int], gaps: Sequence[Gap]) -> int:
    """Return the smallest k within one error of the first local maximum of the gap.

    Examples
    --------
    >>> first_se_max([1, 2, 3, 4], [Gap(0.1, 0.1), Gap(0.8, 0.1), Gap(0.85, 0.1), Gap(0.7, 0.1)])
    2
    """
    falls = (at for at in range(len(gaps) - 1) if gaps[at + 1].value <= gaps[at].value)
    peak = next(falls, len(gaps) - 1)
    wanted = gaps[peak].value - gaps[peak].error
    return next(k for k, here in zip(ks, gaps, strict=True) if here.value >= wanted)
