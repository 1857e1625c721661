"""The elbow against kneed and on curves whose bend is known."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from kneed import KneeLocator

from segmeans.clustering.elbow import elbow

# Best known inertias of the Mall table, income and score unscaled, k = 1..10 (published).
MALL = [269981.28, 181363.595960, 106348.373062, 73679.789039, 44448.455448]
MALL += [37233.814511, 30227.606513, 24986.525641, 21794.885609, 19634.554629]


@pytest.mark.parametrize(
    "curve",
    [MALL, MALL[:8], [100, 50, 25, 12, 6, 3], [90, 30, 25, 20, 15, 10], [10, 9.5, 4, 3.5, 3, 2.5]],
)
def test_the_bend_is_the_one_kneed_finds(curve: Sequence[float]) -> None:
    ks = list(range(1, len(curve) + 1))
    expected = KneeLocator(ks, curve, curve="convex", direction="decreasing").knee
    assert elbow(ks, curve).k == expected


def test_an_elbow_that_moves_with_the_range_is_not_clear() -> None:
    found = elbow(range(1, 11), MALL)
    assert (found.k, found.low, found.high) == (5, 1, 10)
    assert not found.clear
    # By hand: 1..7 and 1..8 bend at 3 (0.349, 0.376), 1..9 at 4 (0.416 against 0.409 at 5).
    assert found.others == (3, 4)


def test_a_sharp_corner_is_clear() -> None:
    curve = [100, 60, 20, 18, 16, 14, 12, 10]
    found = elbow(range(1, 9), curve)
    assert (found.k, found.clear, found.others) == (3, True, ())


@pytest.mark.parametrize("curve", [[3, 2, 1], [5, 4], [4], [], [1, 1, 1], [9, 8.5, 7, 0]])
def test_no_bend_no_elbow(curve: Sequence[float]) -> None:
    found = elbow(range(1, len(curve) + 1), curve)
    assert found.k is None
    assert not found.clear


def test_rescaling_the_inertia_moves_nothing() -> None:
    assert elbow(range(1, 11), [7 * value for value in MALL]).k == elbow(range(1, 11), MALL).k
