"""Figures over the number of segments: elbow and silhouette."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from segmeans.plain import plain_number, plain_share
from segmeans.records import KRow, StudyRecord
from segmeans.report import captions, theme
from segmeans.report.captions import Words
from segmeans.report.figure_k_labels import Label, places

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Transform

    from segmeans.prepared import CustomerSample

BAND = 0.42  # inches per segment in the silhouette bands
STEPS = 160  # points along the edge of a band


def elbow(record: StudyRecord) -> tuple[Words, Figure]:
    """Draw the inertia over k, with the elbow and the recommended number.

    Parameters
    ----------
    record : StudyRecord

    Returns
    -------
    tuple of Words and matplotlib Figure
    """
    words = captions.elbow(record)
    sheet = theme.sheet(*words, height=3.7)
    axes = sheet.axes(0.7, 0.45, sheet.width - 0.8, 3.2)
    rows = record.k_table
    ks = [row.k for row in rows]
    axes.plot(ks, [row.inertia for row in rows], color=theme.FAINT, zorder=2)
    axes.plot(ks, [row.inertia for row in rows], "o", color="white", mec=theme.MUTED, ms=6, mew=1.5)
    _over_k(axes, ks)
    top = max(row.inertia for row in rows) or 1.0
    axes.set_ylim(0, top * 1.12)
    axes.set_ylabel("inertia")
    axes.yaxis.set_major_formatter(lambda value, _: plain_number(value, compact=True))
    each = 1 + len(rows) // 13  # percentages of more rows would run into one another
    marked = [place for place, row in enumerate(rows) if _marks(record, row.k)]
    for place, row in enumerate(rows):
        marks = _marks(record, row.k)
        if marks:
            axes.plot([row.k], [row.inertia], "o", color=theme.ACCENT, ms=9, zorder=5)
            _call_out(axes, rows, place, marks)
        near = each > 1 and any(abs(place - other) <= each for other in marked)
        if marks or (place % each == 0 and not near):
            axes.annotate(
                plain_share(row.explained), (row.k, row.inertia), (4, 7),
                textcoords="offset points", size=theme.SMALL, weight="bold" if marks else "normal",
                color=theme.INK if marks else theme.MUTED,
            )  # fmt: skip
    axes.text(
        0.99, 0.97, "percentages: share of the spread explained", transform=axes.transAxes,
        ha="right", va="top", size=theme.SMALL, color=theme.MUTED,
    )  # fmt: skip
    return words, sheet.figure


def _over_k(axes: Axes, ks: list[int]) -> None:
    """Give axes whole numbers of segments across, and a quiet grid upwards."""
    axes.set_xlim(min(ks) - 0.5, max(ks) + 0.7)
    room = axes.get_window_extent().width / theme.DPI
    step = 1 + int(len(ks) * 0.2 / room)
    axes.set_xticks(ks[::step])
    axes.set_xlabel("number of segments k")
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)


def _marks(record: StudyRecord, k: int) -> str:
    verdict = record.verdict
    marks = {
        "recommended": k == verdict.recommended_k,
        "elbow": k == verdict.elbow,
        "shown": k == record.k != verdict.recommended_k,
    }
    return "\n".join(name for name, holds in marks.items() if holds)


def _call_out(axes: Axes, rows: Sequence[KRow], place: int, text: str) -> None:
    """Say what a k is, above the falling line, where there is always room."""
    row = rows[place]
    style: dict[str, Any] = {"size": theme.LABEL, "weight": "bold", "color": theme.ACCENT}
    if place == 0:  # the line falls away: there is room beside it
        axes.text(row.k + 0.06 * len(rows), row.inertia, text, va="center", **style)
        return
    right = place > 0.75 * len(rows)
    reach = 1 + len(rows) // 5 if right else 1  # rows to the left that the text would cover
    top = axes.get_ylim()[1]
    height = rows[max(place - reach, 0)].inertia + 0.11 * top
    axes.annotate(
        text, (row.k, row.inertia), (row.k + (0.1 if right else 0.25), min(height, 0.77 * top)),
        va="bottom", ha="right" if right else "left", zorder=6, **style,
        arrowprops={"arrowstyle": "-", "color": theme.ACCENT, "lw": 0.9, "shrinkB": 5,
                    "relpos": (1 if right else 0, 0)},
    )  # fmt: skip


def silhouette(record: StudyRecord, sample: CustomerSample) -> tuple[Words, Figure]:
    """Draw the silhouette over k and, per segment, how the silhouettes of its customers spread.

    Parameters
    ----------
    record : StudyRecord
        With a silhouette for at least one k.
    sample : CustomerSample

    Returns
    -------
    tuple of Words and matplotlib Figure
    """
    bands = [
        np.sort(sample.silhouettes[sample.labels == segment])[::-1]
        for segment in range(record.k if record.k > 1 else 0)
    ]
    means = np.array([band.mean() if len(band) else 0.0 for band in bands])
    below = float(np.mean(sample.silhouettes < 0))
    words = captions.silhouette(record, means, below, len(sample.labels))
    height = max(3.4, BAND * len(bands) + 0.75)
    sheet = theme.sheet(*words, height=height)
    whole = sheet.width - 0.75
    alone = bool(bands) and sum(row.silhouette is not None for row in record.k_table) == 1
    if not alone:  # of one k alone there is no curve
        axes = sheet.axes(0.55, 0.5, 2.1 if bands else whole, 2.7 if bands else height - 0.6)
        if bands:
            axes.set_position(_raised(axes, height - 3.4, sheet))
        _silhouettes_over_k(axes, record)
    if bands:
        name = min(2.15, 0.45 + max(name_width(segment.name) for segment in record.segments))
        left = name if alone else 2.85 + name
        room = sheet.axes(left, 0.5, sheet.width - left - 0.45, height - 0.75)
        _bands(room, record, bands, means, name)
    return words, sheet.figure


def name_width(name: str) -> float:
    """Return the inches a name needs when it may take two lines."""
    lines = theme.wrap_name(name, 1.7, theme.SMALL, lines=2).split("\n")
    return max(theme.text_width(line, theme.SMALL) for line in lines)


def _raised(axes: Axes, inches: float, sheet: theme.Sheet) -> tuple[float, float, float, float]:
    """Return the place of axes moved upwards, so that two panels share their upper edge."""
    box = axes.get_position()
    shift = (inches + 0.05) / float(sheet.figure.get_size_inches()[1])
    return (box.x0, box.y0 + shift, box.width, box.height)


def _silhouettes_over_k(axes: Axes, record: StudyRecord) -> None:
    rows = [row for row in record.k_table if row.silhouette is not None]
    ks, values = [row.k for row in rows], [row.silhouette or 0.0 for row in rows]
    axes.plot(ks, values, color=theme.FAINT, zorder=2)
    axes.plot(ks, values, "o", color="white", mec=theme.MUTED, ms=5, mew=1.4)
    _over_k(axes, ks)
    _tell(axes, rows, record)


def _tell(axes: Axes, rows: Sequence[KRow], record: StudyRecord) -> None:
    """Mark the k that is recommended and the one shown, where the words hide no point."""
    values = [row.silhouette or 0.0 for row in rows]
    low, high = min(0.0, *values), max(0.1, *values)
    box = axes.get_window_extent()
    room = (box.width / theme.DPI, box.height / theme.DPI)
    tall = 2 * 1.25 * theme.SMALL / 72
    top = low + (high - low) * room[1] / (room[1] - tall - 0.14)  # words fit above all points
    axes.set_ylim(low, top)
    told = {"recommended": record.verdict.recommended_k, "shown": record.k}
    marked = {word: at for word, k in told.items() for at, row in enumerate(rows) if row.k == k}
    if "recommended" in marked and marked.get("shown") == marked["recommended"]:
        del marked["shown"]
    left, right = axes.get_xlim()
    points = [
        ((row.k - left) / (right - left) * room[0], (value - low) / (top - low) * room[1])
        for row, value in zip(rows, values, strict=True)
    ]
    words = [
        Label(at, theme.text_width(word, theme.SMALL, bold=True), tall, below=word == "shown")
        for word, at in marked.items()
    ]
    for (word, at), place in zip(marked.items(), places(points, words, room), strict=True):
        x, y = points[at]
        how: dict[str, Any] = {"color": theme.ACCENT, "transform": _inches(axes, room)}
        if place.leader is not None:
            end = min(max(x, place.left), place.right)
            axes.plot([x, x, end], [y, place.bottom, place.bottom], lw=0.9, **how)
        axes.plot([x], [y], "o", ms=8, zorder=5, **how)
        axes.text(
            (place.left + place.right) / 2, (place.bottom + place.top) / 2,
            f"{word}\n{values[at]:.3f}", ha="center", va="center", size=theme.SMALL,
            weight="bold", zorder=6, **how,
        )  # fmt: skip


def _inches(axes: Axes, room: tuple[float, float]) -> Transform:
    """Return what turns inches from the lower left corner of axes into places on the sheet."""
    return Affine2D().scale(1 / room[0], 1 / room[1]) + axes.transAxes


def _bands(
    axes: Axes,
    record: StudyRecord,
    bands: list[NDArray[np.float64]],
    means: NDArray[np.float64],
    name: float,
) -> None:
    """Draw one band per segment: its customers from the clearest to the least clear."""
    count = len(bands)
    lowest = min(0.0, *(float(band.min()) for band in bands if len(band)))
    axes.set_xlim(min(lowest * 1.05, -0.02), 1.0)
    axes.set_ylim(count, 0)
    for place, band in enumerate(bands):
        drawn = theme.look(place + 1)
        if len(band):
            edge = np.quantile(band[::-1], np.linspace(1, 0, STEPS))
            axes.fill_betweenx(
                np.linspace(place + 0.08, place + 0.92, STEPS), 0, edge, lw=0.8,
                facecolor="white" if drawn.hollow else drawn.colour, edgecolor=drawn.colour,
                hatch=drawn.hatch or None,
            )  # fmt: skip
        axes.text(
            1.02, place + 0.5, f"{means[place]:.2f}", transform=axes.get_yaxis_transform(),
            va="center", size=theme.LABEL, weight="bold", color=theme.INK,
        )  # fmt: skip
    whole = float(np.mean(np.concatenate(bands)))
    axes.axvline(whole, color=theme.INK, lw=1, ls=(0, (4, 3)))
    axes.text(
        whole, -0.12, f"mean {whole:.2f}", ha="center", va="bottom", size=theme.SMALL,
        color=theme.INK,
    )  # fmt: skip
    segment_labels(axes, record, name)
    axes.set_xlabel("silhouette of the customers")
    axes.spines["left"].set_visible(False)
    axes.axvline(0, color=theme.FAINT, lw=0.8)


def segment_labels(axes: Axes, record: StudyRecord, inches: float) -> None:
    """Write number and name of the segments left of axes whose row ``s - 1`` is segment s."""
    axes.set_yticks([])
    box = axes.get_window_extent()
    inch = 1 / (box.width / theme.DPI)  # in the units of the axes
    low, high = axes.get_ylim()
    step = box.height / theme.DPI / abs(high - low)
    for segment in record.segments:
        y = segment.number - 0.5
        theme.disc(
            axes, -0.16 * inch, y, segment.number, size=min(17.0, step * 72 * 0.62),
            transform=axes.get_yaxis_transform(),
        )  # fmt: skip
        name = theme.wrap_name(
            segment.name, inches - 0.4, theme.SMALL, lines=1 if step < 0.3 else 2
        )
        axes.text(
            -0.33 * inch, y, name, transform=axes.get_yaxis_transform(), ha="right", va="center",
            size=theme.SMALL,
        )  # fmt: skip


def beside(wanted: Sequence[float], step: float, height: float) -> list[float]:
    """Return places for labels near those wanted, at least a step apart and within the height.

    Parameters
    ----------
    wanted : sequence of float
        Ascending.
    step, height : float

    Examples
    --------
    >>> beside([1.0, 1.25, 4.0], 0.5, 4.0)
    [1.0, 1.5, 3.75]
    """
    placed: list[float] = []
    for want in wanted:
        placed.append(max(want, placed[-1] + step if placed else step / 2))
    limit = height - step / 2
    for at in range(len(placed) - 1, -1, -1):
        placed[at] = min(placed[at], limit)
        limit = placed[at] - step
    return placed
