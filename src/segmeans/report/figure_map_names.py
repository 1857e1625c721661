"""Where the names of segments stand on a map: beside their disc, hiding as little as they can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from segmeans.records import StudyRecord
from segmeans.report import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from segmeans.report.figure_map import Plane

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]

MOST_FOREIGN = 0.01  # share of the customers, of other segments, that a name may hide


def name_on_map(
    axes: Axes,
    plane: Plane,
    record: StudyRecord,
    rows: NDArray[np.intp],
    owners: NDArray[np.int32],
) -> bool:
    """Write each name beside its disc, where it hides the least; return whether all fit."""
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())  # settled before places are measured
    box = axes.get_window_extent()
    discs = axes.transData.transform(plane.centres)
    points = axes.transData.transform(plane.points[rows])
    radius = 17.0 / 72 * theme.DPI / 2
    taken = [(x - radius, y - radius, x + radius, y + radius) for x, y in discs]
    for segment, (x, y) in zip(record.segments, discs, strict=True):
        told = (
            f"{segment.number} {segment.name}"  # where names crowd, their disc is found by number
        )
        text = theme.wrap_name(told, 1.7, theme.LABEL, lines=3, bold=True)
        lines = text.split("\n")
        width = max(theme.text_width(line, theme.LABEL, bold=True) for line in lines) * theme.DPI
        height = len(lines) * theme.LABEL * 1.2 / 72 * theme.DPI
        room = (box.x0, box.y0, box.x1, box.y1)
        costs = [
            (_cost(spot, taken, points, room) + _strayed(spot, discs, segment.number - 1), spot)
            for spot in _places(x, y, width, height, radius + 4)
        ]
        place = min(costs, key=lambda pair: pair[0])[1]
        if np.mean(_inside(place, points) & (owners != segment.number - 1)) > MOST_FOREIGN:
            return False
        taken.append(place)
        middle = ((place[0] + place[2]) / 2, (place[1] + place[3]) / 2)
        across, up = axes.transAxes.inverted().transform(middle)
        label = axes.text(
            across, up, text, transform=axes.transAxes, ha="center", va="center", size=theme.LABEL,
            weight="bold", zorder=8, color=theme.INK,
        )  # fmt: skip
        label.set_path_effects([withStroke(linewidth=3.2, foreground="white", alpha=0.9)])
    return True


def _places(x: float, y: float, width: float, height: float, gap: float) -> list[Box]:
    """Return the boxes around a disc in which its name may stand, the preferred one first."""
    places = []
    for far in (1.0, 1.6, 2.6, 4.0):
        away = gap * far
        for across, up in (
            (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)
        ):  # fmt: skip
            left = x - width / 2 + across * (width / 2 + away)
            low = y - height / 2 + up * (height / 2 + away)
            places.append((left, low, left + width, low + height))
    return places


def _cost(spot: Box, taken: list[Box], points: Floats, room: Box) -> float:
    """Return what a name would hide: other names, discs, customers, or itself at the edge."""
    area = _area(spot)
    outside = 1 - _overlap(spot, room) / area
    hidden = sum(_overlap(spot, other) / min(area, _area(other)) for other in taken)
    inside = int(_inside(spot, points).sum())
    return 60 * outside + 20 * hidden + 25 * inside / max(len(points), 1)


def _inside(spot: Box, points: Floats) -> NDArray[np.bool_]:
    """Return which customers a name would stand on."""
    left, low, right, high = spot
    across, up = points[:, 0], points[:, 1]
    return np.asarray((across > left) & (across < right) & (up > low) & (up < high))


def _strayed(spot: Box, discs: Floats, own: int) -> float:
    """Return how far a name stands from its disc, and more when another disc is nearer."""
    left, low, right, high = spot
    across = np.maximum(0, np.maximum(left - discs[:, 0], discs[:, 0] - right))
    up = np.maximum(0, np.maximum(low - discs[:, 1], discs[:, 1] - high))
    away = np.hypot(across, up) / theme.DPI  # inches
    return float(away[own]) + 4.0 * float((np.delete(away, own) < 1.3 * away[own]).any())


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _overlap(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0.0) * max(height, 0.0)
