"""The figure of movement: who went from which segment to which between two periods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from segmeans.plain import FEW, told_count, told_share
from segmeans.records import Step
from segmeans.report import theme
from segmeans.report.captions import Words
from segmeans.report.page_moves import period
from segmeans.segments.words import plain_text

if TYPE_CHECKING:
    import matplotlib.figure
    from matplotlib.axes import Axes

NEW, GONE = "joined", "left"
BAR = 0.16  # inches: width of a bar
SIDE = 2.15  # inches: room for the names beside the bars
GAP = 0.025  # between segments, as a share of the height
STAYED, MOVED = 0.22, 0.72  # opacity: who stayed steps back, who moved is seen
FOOT = 0.15  # inches under the bars, for the name of the last one
LEAST = 0.13  # inches: a narrower band has no number


class Node(NamedTuple):
    """One segment at one of the two periods."""

    name: str
    size: int
    top: float
    height: float


def flow(step: Step) -> tuple[Words, matplotlib.figure.Figure]:
    """Draw the movement of one step.

    Parameters
    ----------
    step : Step

    Returns
    -------
    Words, matplotlib.figure.Figure
        What the figure says, and the figure.
    """
    words = flow_words(step)
    rows = max(len(step.origins) + bool(sum(step.joined)), len(step.targets) + bool(sum(step.left)))
    with theme.rules():
        height = min(max(0.62 * rows, 2.6), 9.0)
        page = theme.sheet(words.title, words.caption, height=height + 0.3 + FOOT)
        width = theme.WIDTH - 2 * theme.MARGIN - 2 * SIDE
        axes = page.axes(SIDE, FOOT, width, height)
        axes.set(xlim=(0, 1), ylim=(1, 0))
        axes.axis("off")
        before, after = _sides(step)
        for x, name, align in (
            (SIDE, period(step.before), "right"),
            (SIDE + width, period(step.after), "left"),
        ):
            told = theme.wrap(theme.drawable(name), SIDE, theme.LABEL, lines=1, bold=True)
            page.text(x, FOOT + height + 0.1, told, size=theme.LABEL, weight="bold", ha=align)
        bar = BAR / width
        _ribbons(axes, step, before, after, bar, LEAST / height)
        for nodes, left, beside in ((before, 0.0, "left"), (after, 1.0 - bar, "right")):
            _bars(axes, nodes, step, left, bar)
            _names(page, nodes, width, height, beside)
        return words, page.figure


def flow_words(step: Step) -> Words:
    """Return what the figure of a step says."""
    both = sum(map(sum, step.counts))
    beyond = [one for one in step.flows if one.beyond_noise]
    moved = told_share(step.moved_share, both)
    title = f"{moved[0].upper()}{moved[1:]} of the customers are in another segment"
    if beyond:
        largest = beyond[0]
        title += (
            f"; the largest flow beyond chance is {largest.customers:,} from "
            f"{plain_text(largest.origin)!r} to {plain_text(largest.target)!r}"
        )
    caption = (
        f"{told_count(both)} customers of both periods, {told_count(sum(step.joined))} who joined "
        f"and {told_count(sum(step.left))} who left. Bands are as wide as there are customers, in "
        "the colour of the segment they come from; who stayed is pale. A dark edge: more went "
        "there than came back, by more than chance allows."
    )
    return Words(title, caption)


def _sides(step: Step) -> tuple[dict[str, Node], dict[str, Node]]:
    """Return the segments of both periods from top to bottom, as high as they are large."""
    then = {
        name: sum(row) + left
        for name, row, left in zip(step.origins, step.counts, step.left, strict=True)
    }
    now = {
        name: sum(row[place] for row in step.counts) + joined
        for place, (name, joined) in enumerate(zip(step.targets, step.joined, strict=True))
    }
    then |= {NEW: sum(step.joined)} if sum(step.joined) else {}
    now |= {GONE: sum(step.left)} if sum(step.left) else {}
    whole = max(sum(then.values()), sum(now.values()), 1)
    most = max(len(then), len(now))
    return _stacked(then, whole, most), _stacked(now, whole, most)


def _stacked(sizes: dict[str, int], whole: int, most: int) -> dict[str, Node]:
    room, top = 1.0 - GAP * (most - 1), 0.0
    nodes = {}
    for name, size in sizes.items():
        height = room * size / whole
        nodes[name] = Node(name, size, top, height)
        top += height + GAP
    return nodes


def _look(step: Step, name: str) -> theme.Look | None:
    """Return how a segment is drawn; None for who is in none."""
    named = [one for one in (*step.targets, *step.origins) if not one.startswith("(")]
    places = {one: place for place, one in enumerate(dict.fromkeys(named), 1)}
    return theme.look(places[name]) if name in places else None


def _bars(axes: Axes, nodes: dict[str, Node], step: Step, left: float, width: float) -> None:
    for node in nodes.values():
        look = _look(step, node.name)
        axes.add_patch(
            Rectangle(
                (left, node.top),
                width,
                node.height,
                facecolor=theme.FAINT if look is None else look.colour,
                edgecolor="white",
                linewidth=0,
                hatch="" if look is None else look.hatch,
            )
        )


def _names(
    page: theme.Sheet, nodes: dict[str, Node], width: float, height: float, beside: str
) -> None:
    """Write the names beside the bars, moved apart where segments are too small for them."""
    line = 0.155
    told = []
    for node in nodes.values():
        name = theme.wrap_name(node.name, SIDE - 0.12, theme.SMALL, lines=2)
        told.append((node, f"{name}\n{node.size:,}" if node.size >= FEW else f"{name}\nfew"))
    middles = [height * (1.0 - node.top - node.height / 2) for node, _ in told]
    tall = [line * (text.count("\n") + 1) for _, text in told]
    places = _apart(middles, tall, height)
    for (_, text), place in zip(told, places, strict=True):
        left = SIDE - 0.1 if beside == "left" else SIDE + width + 0.1
        align = "right" if beside == "left" else "left"
        page.text(
            left, FOOT + place, text, size=theme.SMALL, ha=align, va="center", linespacing=1.3
        )


def _apart(middles: list[float], tall: list[float], height: float) -> list[float]:
    """Return places, from top to bottom, where texts of these heights do not overlap."""
    places: list[float] = []
    edge = height + 0.2
    for middle, own in zip(middles, tall, strict=True):
        places.append(min(middle, edge - own / 2))
        edge = places[-1] - own / 2
    edge = -0.2
    for at in range(len(places) - 1, -1, -1):
        places[at] = max(places[at], edge + tall[at] / 2)
        edge = places[at] + tall[at] / 2
    return places


def _ribbons(
    axes: Axes,
    step: Step,
    before: dict[str, Node],
    after: dict[str, Node],
    bar: float,
    least: float,
) -> None:
    """Draw the bands between the bars, those who stayed first, so that the others lie above."""
    unit = next((n.height / n.size for n in before.values() if n.size), 0.0)
    out = {name: node.top for name, node in before.items()}
    into = {name: node.top for name, node in after.items()}
    beyond = {(one.origin, one.target) for one in step.flows if one.beyond_noise}
    drawn = []
    for (origin, target), count in _pairs(step).items():
        if not count:
            continue
        high = unit * count
        drawn.append((origin == target, origin, target, count, out[origin], into[target], high))
        out[origin] += high
        into[target] += high
    for stayed, origin, target, count, start, end, high in sorted(drawn, key=lambda d: not d[0]):
        look = _look(step, origin)
        axes.add_patch(
            PathPatch(
                _band(bar, start, 1.0 - bar, end, high),
                facecolor=theme.FAINT if look is None else look.colour,
                alpha=STAYED if stayed else MOVED,
                edgecolor=theme.INK if (origin, target) in beyond else "none",
                linewidth=0.9 if (origin, target) in beyond else 0.0,
            )
        )
        if not stayed and high >= least and count >= FEW:
            x = bar + 0.09
            axes.text(
                x,
                _at(x, bar, start, 1.0 - bar, end) + high / 2,
                f"{count:,}",
                size=theme.SMALL - 1.5,
                ha="left",
                va="center",
                color=theme.INK if look is None else look.on_it,
            )


def _pairs(step: Step) -> dict[tuple[str, str], int]:
    """Return the customers by origin and target, those who joined and left among them."""
    pairs = {
        (origin, target): count
        for origin, row in zip(step.origins, step.counts, strict=True)
        for target, count in zip(step.targets, row, strict=True)
    }
    for origin, count in zip(step.origins, step.left, strict=True):
        pairs[origin, GONE] = count
    for target, count in zip(step.targets, step.joined, strict=True):
        pairs[NEW, target] = count
    return pairs


def _band(left: float, start: float, right: float, end: float, high: float) -> Any:
    """Return a band that leaves and arrives level."""
    middle = (left + right) / 2
    corners = [
        (left, start),
        (middle, start),
        (middle, end),
        (right, end),
        (right, end + high),
        (middle, end + high),
        (middle, start + high),
        (left, start + high),
        (left, start),
    ]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    return Path(corners, codes)


def _at(x: float, left: float, start: float, right: float, end: float) -> float:
    """Return the upper edge of a band at a place, near enough for a number on it."""
    share = (x - left) / (right - left)
    # the curve is level at both ends; its parameter runs ahead of x there
    t = share
    for _ in range(20):
        gone = 1.5 * t * (1 - t) + t**3
        t += (share - gone) * 0.7
    return start + (end - start) * (3 * t**2 - 2 * t**3)
