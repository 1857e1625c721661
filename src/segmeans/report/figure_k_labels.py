"""Where words stand beside points of a line: never over a point, nor over each other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

GAP = 0.09  # inches between a point and the words about it
POINT = 0.07  # inches from the middle of a point within which it is covered
CROSSED, LED = 10.0, 5.0  # how much worse it is to lie on the line, and to need a leader

Point = tuple[float, float]


class Place(NamedTuple):
    """Where words stand, in inches."""

    left: float
    bottom: float
    right: float
    top: float
    leader: float | None = None  # across, of a line that rises from the point to these words

    def meets(self, other: Place) -> bool:
        """Whether two places overlap, or read as one line."""
        return (
            self.left < other.right + GAP
            and other.left < self.right + GAP
            and self.bottom < other.top
            and other.bottom < self.top
        )

    def covers(self, point: Point) -> bool:
        """Whether words here would touch a point."""
        return (
            self.left - POINT < point[0] < self.right + POINT
            and self.bottom - POINT < point[1] < self.top + POINT
        )

    def crossed(self, one: Point, other: Point) -> bool:
        """Whether a straight line between two points passes through."""
        first, last = 0.0, 1.0
        for start, end, low, high in (
            (one[0], other[0], self.left, self.right),
            (one[1], other[1], self.bottom, self.top),
        ):
            run = end - start
            if run == 0.0:
                if not low < start < high:
                    return False
                continue
            enter, leave = sorted(((low - start) / run, (high - start) / run))
            first, last = max(first, enter), min(last, leave)
        return first < last


class Label(NamedTuple):
    """Words about one of the points."""

    at: int
    width: float
    height: float
    below: bool = False  # rather than above


def places(points: Sequence[Point], words: Sequence[Label], room: Point) -> tuple[Place, ...]:
    """Return where words stand so that together they hide least.

    Parameters
    ----------
    points : sequence of (float, float)
        Of the line, from left to right, in inches from the lower left corner of the axes.
    words : sequence of Label
        One or two.
    room : (float, float)
        Width and height of the axes; above the highest point the words have room.

    Returns
    -------
    tuple of Place
        In the order of the words: near their point where they cover no other one and no line,
        else above all points at the end of a leader that passes none.
    """
    options = [list(_options(points, one, room)) for one in words]
    best = min(product(*options), key=_cost)
    return tuple(place for _, place in best)


def _cost(chosen: tuple[tuple[float, Place], ...]) -> float:
    met = any(
        one.meets(other) or _led_through(other, one)
        for at, (_, one) in enumerate(chosen)
        for here, (_, other) in enumerate(chosen)
        if at != here
    )
    return math.inf if met else sum(cost for cost, _ in chosen)


def _led_through(led: Place, other: Place) -> bool:
    """Whether a leader passes through other words."""
    return (
        led.leader is not None
        and other.left < led.leader + GAP
        and led.leader < other.right + GAP
        and other.bottom < led.bottom
    )


def _options(points: Sequence[Point], words: Label, room: Point) -> Iterator[tuple[float, Place]]:
    """Return places from the most wanted on, each with what is wrong with it."""
    x, y = points[words.at]
    above, below = y + GAP, y - GAP - words.height
    first, then = (below, above) if words.below else (above, below)
    starts = [(part, bottom) for bottom in (first, then) for part in _PARTS]
    found = [Place(*_box(x - part * words.width, bottom, words)) for part, bottom in starts]
    middle = y - words.height / 2
    found += [Place(*_box(left, middle, words)) for left in (x + GAP, x - GAP - words.width)]
    top = room[1] - words.height
    found += [Place(*_box(x - part * words.width, top, words), x) for part in (*_PARTS, *_AWAY)]
    for rank, place in enumerate(found):
        yield _worse(place, points, words.at, room) + rank / 100, place


_PARTS = (0.5, 0.3, 0.7, 0.15, 0.85, 0.0, 1.0)
"""Shares of the words that lie left of their point."""
_AWAY = (-0.2, 1.2, -0.4, 1.4, -0.7, 1.7)
"""The same of words that lie wholly to one side of their leader."""


def _box(left: float, bottom: float, words: Label) -> tuple[float, float, float, float]:
    return left, bottom, left + words.width, bottom + words.height


def _worse(place: Place, points: Sequence[Point], own: int, room: Point) -> float:
    inside = place.left >= 0 and place.right <= room[0] and place.bottom >= 0
    hidden = any(place.covers(point) for at, point in enumerate(points) if at != own)
    if not inside or hidden or place.top > room[1] + 1e-9:
        return math.inf
    crossed = any(map(place.crossed, points, points[1:]))
    return CROSSED * crossed + LED * (place.leader is not None)
