"""The map of how segments split and join from one number of clusters to the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from segmeans.records import Strand, StudyRecord
from segmeans.report import captions, theme
from segmeans.report.captions import Words
from segmeans.report.figure_k import beside

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 8  # numbers of clusters side by side
LATER = 3  # of them beyond the one that is shown
GAP = 0.09  # inches between clusters of one column
BAR = 0.09  # inches, half the width of a cluster
NUMBERED = 0.15  # inches from which on a band bears the number of its segment
SWEEPS = 12

Node = tuple[int, int]
"""A number of clusters and one of its clusters."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where clusters and bands lie, in customers from the upper edge."""

    ks: tuple[int, ...]
    top: dict[Node, float]  # upper end of a cluster
    size: dict[Node, float]
    order: dict[int, int]  # place of a segment, from the top
    height: float
    gap: float


def splits(record: StudyRecord) -> tuple[Words, Figure]:
    """Draw the customers of every segment as a band through the numbers of clusters.

    Parameters
    ----------
    record : StudyRecord
        With strands.

    Returns
    -------
    tuple of Words and matplotlib Figure
    """
    strands = shown(record)
    words = captions.splits(record, strands)
    high = float(np.clip(0.36 * max(s.k + 1 for s in strands) + 1.2, 3.2, 6.4))
    sheet = theme.sheet(*words, height=high + 0.5)
    names = 2.2
    wide = sheet.width - names - 0.2
    axes = sheet.axes(0.1, 0.05, wide, high + 0.45)
    axes.set_axis_off()
    plan = layout(record, strands, high)
    across = np.linspace(BAR, wide - BAR, len(plan.ks))
    places = dict(zip(plan.ks, across.tolist(), strict=True))
    unit = high / plan.height
    axes.set_xlim(0, wide)
    axes.set_ylim(high, -0.45)
    _bands(axes, strands, plan, places, unit)
    _edge_numbers(axes, record, strands, plan, places, unit)
    for (k, _), top in plan.top.items():
        size = plan.size[k, _] * unit
        axes.add_patch(
            Rectangle((places[k] - 0.025, top * unit), 0.05, size, color=theme.INK, zorder=5, lw=0)
        )
    for k, x in places.items():
        own = k == record.k
        axes.text(
            x, -0.14, f"k = {k}" if k == plan.ks[0] or own else str(k), ha="center", va="bottom",
            size=theme.LABEL if own else theme.SMALL, weight="bold" if own else "normal",
            color=theme.ACCENT if own else theme.MUTED,
        )  # fmt: skip
    _names(axes, record, strands, plan, places[record.k], unit, wide)
    return words, sheet.figure


def shown(record: StudyRecord) -> tuple[Strand, ...]:
    """Return the strands between the numbers of clusters that the picture shows."""
    steps = sorted({strand.k for strand in record.strands})
    last = min(steps[-1], record.k + LATER - 1)
    first = max(steps[0], min(last - COLUMNS + 2, record.k))
    return tuple(strand for strand in record.strands if first <= strand.k <= last)


def drawable(record: StudyRecord) -> bool:
    """Say whether there is something to split: at least two numbers, one of them shown."""
    steps = {strand.k for strand in record.strands}
    return record.k > 1 and bool(steps & {record.k, record.k - 1})


def layout(record: StudyRecord, strands: Sequence[Strand], inches: float) -> Layout:
    """Order the clusters of every column so that few bands cross, and place them.

    Parameters
    ----------
    record : StudyRecord
    strands : sequence of Strand
    inches : float
        Height of the picture.

    Returns
    -------
    Layout

    Notes
    -----
    Clusters are moved to the mean place of those they exchange customers with, column after
    column, there and back (the barycentre method of Sugiyama, Tagawa & Toda, 1981); of all orders
    met on the way the one with the least crossing is kept.
    """
    size: dict[Node, float] = defaultdict(float)
    links: dict[tuple[Node, Node], float] = defaultdict(float)
    first = min(strand.k for strand in strands)
    for strand in strands:
        origin, target = (strand.k, strand.origin), (strand.k + 1, strand.target)
        links[origin, target] += strand.customers
        size[target] += strand.customers
        if strand.k == first:
            size[origin] += strand.customers
    ks = tuple(sorted({k for k, _ in size}))
    columns = _least_crossing({k: sorted(n for n in size if n[0] == k) for k in ks}, links)
    everyone = sum(size[node] for node in columns[ks[0]])
    most = max(len(column) for column in columns.values())
    gap = everyone * GAP / (inches - GAP * (most - 1))
    height = everyone + gap * (most - 1)
    top: dict[Node, float] = {}
    for column in columns.values():
        at = (height - everyone - gap * (len(column) - 1)) / 2
        for node in column:
            top[node] = at
            at += size[node] + gap
    return Layout(ks, top, dict(size), _segment_order(record, strands, top), height, gap)


def _segment_order(
    record: StudyRecord, strands: Sequence[Strand], top: Mapping[Node, float]
) -> dict[int, int]:
    """Rank segments by the mean height of their customers where the segments are formed."""
    moment: dict[int, float] = defaultdict(float)
    mass: dict[int, float] = defaultdict(float)
    for strand in strands:
        for node in ((strand.k, strand.origin), (strand.k + 1, strand.target)):
            if node[0] == record.k:
                moment[strand.segment] += strand.customers * top[node]
                mass[strand.segment] += strand.customers
    ranked = sorted(mass, key=lambda segment: (moment[segment] / mass[segment], segment))
    return {segment: place for place, segment in enumerate(ranked)}


def _least_crossing(
    columns: dict[int, list[Node]], links: Mapping[tuple[Node, Node], float]
) -> dict[int, list[Node]]:
    forth: dict[Node, list[tuple[Node, float]]] = defaultdict(list)
    back: dict[Node, list[tuple[Node, float]]] = defaultdict(list)
    for (origin, target), customers in links.items():
        forth[origin].append((target, customers))
        back[target].append((origin, customers))
    best, least = columns, _crossing(columns, links)
    ks = list(columns)
    for sweep in range(SWEEPS):
        columns = dict(columns)
        towards = back if sweep % 2 == 0 else forth
        for k in ks[1:] if sweep % 2 == 0 else ks[-2::-1]:
            near = columns[k - 1 if sweep % 2 == 0 else k + 1]
            place = {node: at for at, node in enumerate(near)}
            columns[k] = sorted(
                columns[k],
                key=lambda node: (_mean(towards[node], place), node),
            )
        found = _crossing(columns, links)
        if found < least:
            best, least = columns, found
    return best


def _mean(links: Iterable[tuple[Node, float]], place: Mapping[Node, int]) -> float:
    pairs = [(place[node], customers) for node, customers in links]
    mass = sum(customers for _, customers in pairs)
    return sum(at * customers for at, customers in pairs) / mass if mass else 0.0


def _crossing(
    columns: Mapping[int, Sequence[Node]], links: Mapping[tuple[Node, Node], float]
) -> float:
    """Return how many customers cross one another, the product of both bands each time."""
    place = {node: at for column in columns.values() for at, node in enumerate(column)}
    crossed = 0.0
    for low, _ in pairwise(sorted(columns)):
        here = [
            (place[origin], place[target], customers)
            for (origin, target), customers in links.items()
            if origin[0] == low
        ]
        for i, (a, b, mass) in enumerate(here):
            crossed += sum(mass * other for c, d, other in here[i + 1 :] if (a - c) * (b - d) < 0)
    return crossed


def _bands(
    axes: Axes,
    strands: Sequence[Strand],
    plan: Layout,
    places: Mapping[int, float],
    unit: float,
) -> None:
    """Draw the strands; those of one segment stay side by side within a cluster."""
    leaves, enters = _ends(strands, plan, forth=True), _ends(strands, plan, forth=False)
    for at, strand in enumerate(strands):
        left, right = places[strand.k] + 0.025, places[strand.k + 1] - 0.025
        y0, y1, wide = leaves[at] * unit, enters[at] * unit, strand.customers * unit
        drawn = theme.look(strand.segment)
        axes.add_patch(
            PathPatch(
                _ribbon(left, y0, right, y1, wide), lw=0.4 if drawn.hollow else 0, zorder=2,
                facecolor="white" if drawn.hollow else drawn.colour, edgecolor=drawn.colour,
                alpha=0.62, hatch=drawn.hatch or None,
            )
        )  # fmt: skip


def _edge_numbers(
    axes: Axes,
    record: StudyRecord,
    strands: Sequence[Strand],
    plan: Layout,
    places: Mapping[int, float],
    unit: float,
) -> None:
    """Write the segment on its bands at both ends of the picture, once per cluster."""
    for edge, away, forth in ((plan.ks[0], 0.13, True), (plan.ks[-1], -0.13, False)):
        if edge == record.k:  # numbered discs stand there
            continue
        starts, widest = _ends(strands, plan, forth=forth), dict[tuple[int, int], int]()
        for at, strand in enumerate(strands):
            if edge == (strand.k if forth else strand.k + 1):
                key = (strand.origin if forth else strand.target, strand.segment)
                if key not in widest or strands[widest[key]].customers < strand.customers:
                    widest[key] = at
        for at in widest.values():
            wide = strands[at].customers * unit
            if wide >= NUMBERED:
                _number(
                    axes, places[edge] + away, starts[at] * unit + wide / 2, strands[at].segment
                )


def _number(axes: Axes, x: float, y: float, segment: int) -> None:
    written = axes.text(
        x, y, str(segment), ha="center", va="center_baseline", size=theme.SMALL - 1, weight="bold",
        color=theme.INK, zorder=4,
    )  # fmt: skip
    written.set_path_effects([withStroke(linewidth=2, foreground="white", alpha=0.85)])


def _ends(strands: Sequence[Strand], plan: Layout, *, forth: bool) -> list[float]:
    """Return where each strand leaves its origin, or enters its target, from the top."""

    def node(strand: Strand) -> Node:
        return (strand.k, strand.origin) if forth else (strand.k + 1, strand.target)

    def other(strand: Strand) -> Node:
        return (strand.k + 1, strand.target) if forth else (strand.k, strand.origin)

    fill = dict(plan.top)
    found = [0.0] * len(strands)
    order = sorted(
        range(len(strands)),
        key=lambda at: (plan.order.get(strands[at].segment, 0), plan.top[other(strands[at])]),
    )
    for at in order:
        found[at] = fill[node(strands[at])]
        fill[node(strands[at])] += strands[at].customers
    return found


def _ribbon(x0: float, y0: float, x1: float, y1: float, wide: float) -> Path:
    middle = (x0 + x1) / 2
    corners = [
        (x0, y0), (middle, y0), (middle, y1), (x1, y1),
        (x1, y1 + wide), (middle, y1 + wide), (middle, y0 + wide), (x0, y0 + wide), (x0, y0),
    ]  # fmt: skip
    curve = [Path.CURVE4] * 3
    return Path(corners, [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY])


def _names(
    axes: Axes,
    record: StudyRecord,
    strands: Sequence[Strand],
    plan: Layout,
    x: float,
    unit: float,
    wide: float,
) -> None:
    """Mark the segments where they are formed, and name them beside the picture."""
    middles = _middles(record, strands, plan)
    for segment, middle in middles.items():
        theme.disc(axes, x, middle * unit, segment, size=15)
    listed = sorted(middles, key=lambda segment: middles[segment])
    step = min(0.42, plan.height * unit / max(len(listed), 1))
    ends = beside([middles[segment] * unit for segment in listed], step, plan.height * unit)
    for segment, y in zip(listed, ends, strict=True):
        theme.disc(axes, wide + 0.2, y, segment, size=min(15, step * 72 * 0.62))
        name = theme.wrap_name(
            record.segments[segment - 1].name, 1.7, theme.SMALL, lines=2 if step > 0.3 else 1
        )
        axes.text(wide + 0.38, y, name, va="center", size=theme.SMALL)


def _middles(record: StudyRecord, strands: Sequence[Strand], plan: Layout) -> dict[int, float]:
    """Return the middle of the largest cluster part of each segment at its own k."""
    forth = any(strand.k == record.k for strand in strands)
    ends = _ends(strands, plan, forth=forth)
    low: dict[int, float] = {}
    high: dict[int, float] = {}
    for at, strand in enumerate(strands):
        if strand.k == (record.k if forth else record.k - 1):
            low[strand.segment] = min(low.get(strand.segment, np.inf), ends[at])
            high[strand.segment] = max(high.get(strand.segment, 0.0), ends[at] + strand.customers)
    return {segment: (low[segment] + high[segment]) / 2 for segment in low}
