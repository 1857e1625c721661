"""How likely it is by chance: the few tests that comparing two periods needs.

The only place that loads scipy, and only when a test is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ALPHA = 0.01
"""How likely a false alarm may be, over all that one command tests together."""
LEAST = 5.0
"""Expected customers in a bin below which the chi-squared test is not to be trusted."""


def uneven(there: int, back: int) -> float:
    """Return how likely an exchange is so uneven when both ways are equally likely.

    The exact test of McNemar (1947, Psychometrika 12) for the two cells of a pair.

    Parameters
    ----------
    there, back : int
        Customers who went one way and the other.

    Returns
    -------
    float

    Examples
    --------
    >>> uneven(8, 0)
    0.0078125
    >>> uneven(3, 3)
    1.0
    """
    from scipy.special import bdtr

    both = there + back
    return min(1.0, 2.0 * float(bdtr(min(there, back), both, 0.5))) if both else 1.0


def normal_tails(deviations: float) -> float:
    """Return how likely a normal number is so many standard deviations from its mean.

    Parameters
    ----------
    deviations : float

    Returns
    -------
    float

    Examples
    --------
    >>> round(normal_tails(-1.96), 3)
    0.05
    """
    return math.erfc(abs(deviations) / math.sqrt(2.0))


def at_least(count: int, of: int, share: float) -> float:
    """Return how likely so many or more are when each is one with the probability ``share``.

    Parameters
    ----------
    count, of : int
    share : float

    Returns
    -------
    float

    Examples
    --------
    >>> at_least(2, 2, 0.5)
    0.25
    """
    from scipy.special import bdtrc

    return float(bdtrc(count - 1, of, share)) if count > 0 else 1.0


def same_spread(then: NDArray[np.float64], now: NDArray[np.float64]) -> tuple[float, float]:
    """Return the effect and the probability of the chi-squared test of two rows of counts.

    Parameters
    ----------
    then, now : ndarray of shape (bins,)
        Counts; neighbouring bins are joined until each can be expected to hold ``LEAST``.

    Returns
    -------
    effect : float
        Cramer's V, 0 for the same spread to 1.
    p : float

    Examples
    --------
    >>> effect, p = same_spread(np.array([50.0, 50.0]), np.array([60.0, 40.0]))
    >>> round(effect, 4), round(p, 4)
    (0.1005, 0.1552)
    """
    from scipy.special import chdtrc

    table = _joined(np.stack([then, now]))
    total = table.sum()
    if table.shape[1] < 2 or not table.sum(axis=1).all():
        return 0.0, 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
    statistic = float(np.sum(np.square(table - expected) / expected))
    return math.sqrt(statistic / total), float(chdtrc(table.shape[1] - 1, statistic))


def _joined(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Join neighbouring bins that hold too few customers for the test."""
    rows = table.sum(axis=1)
    least = LEAST * rows.sum() / max(float(rows.min()), 1e-300)
    kept: list[NDArray[np.float64]] = []
    waiting = np.zeros(2)
    for column in table.T:
        waiting = waiting + column
        if waiting.sum() >= least:
            kept.append(waiting)
            waiting = np.zeros(2)
    if kept:
        kept[-1] = kept[-1] + waiting
    return np.stack(kept, axis=1) if kept else table[:, :0]


def adjusted(values: Sequence[float]) -> list[float]:
    """Return probabilities adjusted for their number, by the method of Holm (1979).

    Parameters
    ----------
    values : sequence of float

    Returns
    -------
    list of float

    Examples
    --------
    >>> adjusted([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    found = [1.0] * len(values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        highest = max(highest, min(1.0, (len(values) - rank) * values[place]))
        found[place] = highest
    return found


def stability_index(then: NDArray[np.float64], now: NDArray[np.float64]) -> float:
    """Return the population stability index of two rows of shares.

    The symmetrised Kullback-Leibler divergence, sum of (now - then) ln(now / then). By habit of
    credit scoring 0.1 is worth a look and 0.2 an alarm; small samples exceed both by chance, so
    that it is read together with a test.

    Parameters
    ----------
    then, now : ndarray of shape (bins,)
        Shares; an empty bin counts as one in ten thousand.

    Returns
    -------
    float

    Examples
    --------
    >>> round(stability_index(np.array([0.5, 0.5]), np.array([0.4, 0.6])), 4)
    0.0405
    """
    before, after = np.maximum(then, 1e-4), np.maximum(now, 1e-4)
    return float(np.sum((after - before) * np.log(after / before)))
