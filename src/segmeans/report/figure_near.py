"""How near customers are to their own segment and to the next: gorge plot and shadow plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import PolyCollection
from numpy.typing import NDArray

from segmeans.plain import plain_share
from segmeans.records import StudyRecord
from segmeans.report import captions, theme
from segmeans.report.captions import Words
from segmeans.report.figure_k import STEPS, name_width, segment_labels
from segmeans.report.figure_profile import panels_across

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from segmeans.prepared import CustomerSample

Floats = NDArray[np.float64]

PANEL = 1.05  # inches, their height
BINS = 20
HALFWAY = (1 / 3, 2 / 3)
BAND = 0.46  # inches per segment in the shadow plot


def similarity(sample: CustomerSample, centres: tuple[tuple[float, ...], ...]) -> Floats:
    """Return how similar every customer is to every segment, shape (m, k), rows summing to 1.

    Notes
    -----
    ``exp(-d)`` over its sum over the segments, with d the distance to a centre in units of the
    root mean square distance of the customers to their own centre per column. It is the similarity
    of the gorge plots of Dolnicar, Gruen & Leisch (Market Segmentation Analysis, 2018, chapter 7),
    made free of the units of the columns.
    """
    squared = _squared(sample, centres)
    own = squared[np.arange(len(squared)), sample.labels]
    unit = float(np.sqrt(own.mean() / sample.prepared.shape[1]))
    distances = np.sqrt(squared)
    if unit <= 0:
        return np.asarray(distances <= distances.min(axis=1, keepdims=True), dtype=np.float64)
    scores = (distances.min(axis=1, keepdims=True) - distances) / unit
    weights = np.exp(scores)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _squared(sample: CustomerSample, centres: tuple[tuple[float, ...], ...]) -> Floats:
    columns = [np.square(sample.prepared - np.array(centre)).sum(axis=1) for centre in centres]
    return np.stack(columns, axis=1)


def gorge(record: StudyRecord, sample: CustomerSample) -> tuple[Words, Figure]:
    """Draw, per segment, how similar its members and all others are to it.

    Parameters
    ----------
    record : StudyRecord
        Of at least two segments.
    sample : CustomerSample

    Returns
    -------
    tuple of Words and matplotlib Figure
        A segment that stands apart has two peaks with a gorge between them.
    """
    near = similarity(sample, record.centres)
    members = np.bincount(sample.labels, minlength=record.k)
    between = ((near > HALFWAY[0]) & (near < HALFWAY[1])).sum(axis=0)
    halfway = between / np.maximum(members, 1)
    words = captions.gorge(record, halfway, len(sample.labels))
    across = panels_across(record.k)
    down, gap = -(-record.k // across), 0.3
    width = (theme.WIDTH - 2 * theme.MARGIN + gap) / across - gap
    titles = [
        theme.wrap_name(segment.name, width - 0.3, 8.5, lines=3, bold=True)
        for segment in record.segments
    ]
    head = 0.28 + 0.15 * max(title.count("\n") + 1 for title in titles)
    row = head + PANEL + 0.12
    sheet = theme.sheet(*words, height=down * row + 0.42)
    for place, title in enumerate(titles):
        line, column = divmod(place, across)
        low = sheet.height - (line + 1) * row + 0.12
        axes = sheet.axes(column * (width + gap), low, width, PANEL)
        inside = sample.labels == place
        _peaks(axes, near[inside, place], near[~inside, place], place + 1)
        last = place + across >= record.k
        axes.tick_params(length=0, labelbottom=last, labelsize=8)
        inch = 1 / width
        up = (head - 0.1) / 2 / PANEL + 1
        theme.disc(axes, 0.1 * inch, up, place + 1, size=14, transform=axes.transAxes)
        axes.text(
            0.28 * inch, up, title, transform=axes.transAxes, va="center", size=8.5, weight="bold",
        )  # fmt: skip
    sheet.text(
        0, 0.1, "similarity of customers to the segment", size=theme.SMALL, color=theme.MUTED
    )
    return words, sheet.figure


def _peaks(axes: Axes, members: Floats, others: Floats, segment: int) -> None:
    """Draw the members in the colour of the segment and all others in grey, each by its share."""
    drawn = theme.look(segment)
    edges = np.linspace(0, 1, BINS + 1)
    parts = [np.histogram(part, edges)[0] / max(len(part), 1) for part in (others, members)]
    _columns(axes, edges, parts[0], facecolor=theme.FAINT, alpha=0.75, lw=0, zorder=2)
    _columns(
        axes, edges, parts[1], zorder=3, lw=0.6, alpha=0.85,
        facecolor="white" if drawn.hollow else drawn.colour, edgecolor=drawn.colour,
        hatch=drawn.hatch or None,
    )  # fmt: skip
    axes.axvspan(*HALFWAY, color=theme.GRID, alpha=0.6, lw=0, zorder=0)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.25 * max(float(part.max()) for part in parts) or 1)
    axes.set_yticks([])
    axes.set_xticks([0, 1 / 3, 2 / 3, 1], ["0", "1/3", "2/3", "1"])
    axes.spines["left"].set_visible(False)
    for x, text, side, ink in (
        (0.01, "others", "left", theme.MUTED),
        (0.99, "members", "right", theme.INK),
    ):
        axes.text(
            x, 0.93, text, transform=axes.transAxes, ha=side, va="center", size=7.5, color=ink,
            zorder=5,
        )  # fmt: skip


def _columns(axes: Axes, edges: Floats, heights: Floats, **how: Any) -> None:
    """Draw the columns of a histogram as one thing, which is much faster than one by one."""
    left, right, foot = edges[:-1], edges[1:], np.zeros(len(heights))
    corners = ((left, foot), (left, heights), (right, heights), (right, foot))
    shapes = np.stack([np.column_stack(corner) for corner in corners], axis=1)
    axes.add_collection(PolyCollection(list(shapes), **how))


def shadow(record: StudyRecord, sample: CustomerSample) -> tuple[Words, Figure]:
    """Draw how near the customers of each segment are to the border with another one.

    Parameters
    ----------
    record : StudyRecord
        Of at least two segments.
    sample : CustomerSample

    Returns
    -------
    tuple of Words and matplotlib Figure
    """
    bands = [np.sort(sample.shadows[sample.labels == place]) for place in range(record.k)]
    means = np.array([band.mean() if len(band) else 0.0 for band in bands])
    words = captions.shadow(record, means, len(sample.labels))
    height = max(1.6, BAND * record.k + 0.8)
    sheet = theme.sheet(*words, height=height)
    name = min(2.3, 0.45 + max(name_width(segment.name) for segment in record.segments))
    right = 2.1
    axes = sheet.axes(name, 0.5, sheet.width - name - right, height - 0.8)
    axes.set_xlim(0, 1)
    axes.set_ylim(record.k, 0)
    for place, band in enumerate(bands):
        drawn = theme.look(place + 1)
        if len(band):
            edge = np.quantile(band, np.linspace(0, 1, STEPS))
            axes.fill_betweenx(
                np.linspace(place + 0.08, place + 0.92, STEPS), 0, edge, lw=0.8,
                facecolor="white" if drawn.hollow else drawn.colour, edgecolor=drawn.colour,
                hatch=drawn.hatch or None,
            )  # fmt: skip
    axes.axvline(0, color=theme.FAINT, lw=0.8)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("shadow value: 0 in the centre, 1 on a border")
    segment_labels(axes, record, name)
    _neighbours(axes, record, sample, means)
    return words, sheet.figure


def _neighbours(axes: Axes, record: StudyRecord, sample: CustomerSample, means: Floats) -> None:
    """Write the mean of each segment, and which segments its customers are nearest to besides."""
    box = axes.get_window_extent()
    inch = theme.DPI / box.width
    place_at = axes.get_yaxis_transform()
    for x, text in ((0.3, "mean"), (0.75, "nearest other segment")):
        axes.text(
            1 + x * inch, -0.12, text, transform=place_at, va="bottom", size=theme.SMALL,
            color=theme.MUTED, ha="center" if text == "mean" else "left",
        )  # fmt: skip
    for place, shares in enumerate(nearest_others(sample, record)):
        y = place + 0.5
        axes.text(
            1 + 0.3 * inch, y, f"{means[place]:.2f}", transform=place_at, ha="center", va="center",
            size=theme.LABEL, weight="bold",
        )  # fmt: skip
        for at, other in enumerate(np.argsort(-shares, kind="stable")[:2]):
            if shares[other] < 0.1:
                continue
            x = 0.86 + 0.72 * at
            theme.disc(axes, 1 + x * inch, y, int(other) + 1, size=13, transform=place_at)
            axes.text(
                1 + (x + 0.14) * inch, y, plain_share(float(shares[other])), transform=place_at,
                va="center", size=theme.SMALL, color=theme.MUTED,
            )  # fmt: skip


def nearest_others(sample: CustomerSample, record: StudyRecord) -> Floats:
    """Return, per segment, the share of its customers by the next nearest centre, shape (k, k)."""
    squared = _squared(sample, record.centres)
    squared[np.arange(len(squared)), sample.labels] = np.inf
    found = np.zeros((record.k, record.k))
    np.add.at(found, (sample.labels, squared.argmin(axis=1)), 1.0)
    return np.asarray(found / np.maximum(found.sum(axis=1, keepdims=True), 1.0))
