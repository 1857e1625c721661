"""The elbow of the inertia curve, with its range stated and with the right to find none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Elbow(NamedTuple):
    """Where the inertia curve bends most, and whether that depends on where one looks.

    ``k`` is the bend on the whole range ``low`` to ``high`` (None when the range has fewer than
    three values or the curve does not bend). ``clear`` is False when ranges that end earlier put
    it elsewhere; ``others`` lists what they say.
    """

    k: int | None
    distance: float  # 0 (straight line) to 1, as a share of the drop over the range
    low: int
    high: int
    clear: bool
    others: tuple[int, ...]


def elbow(ks: Sequence[int], inertia: Sequence[float]) -> Elbow:
    """Find the k whose inertia lies furthest below the chord of the curve.

    The chord joins the first and the last value of the range; both axes are scaled to 0..1
    (the rule of Satopaa et al. 2011, "Finding a Kneedle in a Haystack", without smoothing).
    As the bend moves with the end of the range, it is looked for again on every range that ends
    earlier but still reaches two values beyond the bend, and called clear only if it stays.

    Parameters
    ----------
    ks : sequence of int
        Ascending numbers of clusters.
    inertia : sequence of float
        The inertia for each.

    Returns
    -------
    Elbow

    Examples
    --------
    >>> elbow([1, 2, 3, 4, 5, 6], [100, 60, 20, 18, 16, 14]).k
    3
    >>> elbow([1, 2, 3, 4], [8, 6, 4, 2]).k is None
    True
    """
    x, y = np.asarray(ks, dtype=np.float64), np.asarray(inertia, dtype=np.float64)
    at, distance = _bend(x, y)
    if at is None:
        low, high = (int(ks[0]), int(ks[-1])) if len(ks) else (0, 0)
        return Elbow(None, 0.0, low, high, False, ())
    seen = {_bend(x[:end], y[:end])[0] for end in range(at + 3, len(x))} - {None, at}
    others = tuple(sorted(int(ks[other]) for other in seen if other is not None))
    return Elbow(int(ks[at]), distance, int(ks[0]), int(ks[-1]), not others, others)


def _bend(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[int | None, float]:
    """Position and size of the largest distance below the chord; None for no bend."""
    if len(x) < 3 or y[0] <= y[-1]:
        return None, 0.0
    below = 1.0 - (x - x[0]) / (x[-1] - x[0]) - (y - y[-1]) / (y[0] - y[-1])
    at = int(np.argmax(below))
    return (at, float(below[at])) if below[at] > 1e-9 else (None, 0.0)
