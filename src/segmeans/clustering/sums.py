"""Sums of products in an order that depends on the numbers alone.

A product of BLAS adds in an order that depends on the processor and on how many threads it finds,
so that its last bits differ from one machine to the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from threadpoolctl import threadpool_limits

from segmeans.clustering.reference import Floats


def dot(first: Floats, second: Floats) -> float:
    """Return the sum of the products of two vectors, added up pairwise.

    Examples
    --------
    >>> dot(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    11.0
    """
    return float(np.multiply(first, second).sum())


def column_sums(weights: Floats, rows: Floats) -> Floats:
    """Return the weighted sum of every column, shape (d,), of weights (m,) and rows (m, d).

    Examples
    --------
    >>> column_sums(np.array([1.0, 2.0]), np.array([[3.0, 0.0], [4.0, 1.0]])).tolist()
    [11.0, 2.0]
    """
    return np.asarray(np.einsum("i,ij->j", weights, rows))


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread, for products too large to be done without it.

    What it adds up then no longer depends on how many processors it finds.
    """
    with threadpool_limits(1, user_api="blas"):
        yield
