"""The segment evaluation plot: how attractive each segment is, and how strong we are in it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from matplotlib.patheffects import withStroke

from segmeans.records import StudyRecord, Target, TargetingRecord
from segmeans.report import captions, theme
from segmeans.segments.targeting import standing
from segmeans.segments.words import plain_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from segmeans.report.captions import Words

ROW = 0.5  # inches
HIGH = 4.6
LARGEST = 2600.0  # square points of the disc of the largest segment


def targeting(record: StudyRecord) -> tuple[Words, Figure]:
    """Draw the evaluation plot.

    Parameters
    ----------
    record : StudyRecord
        With a targeting.

    Returns
    -------
    tuple of Words and matplotlib Figure
        Attractiveness against the strength of the organisation, where the plan rates it for every
        remaining segment; else attractiveness alone, with its range under other weights.
    """
    found = record.targeting
    if found is None:  # never drawn of one single segment
        return captions.Words("", ""), theme.sheet("", "", height=1.0).figure
    rated = [one for one in found.segments if one.attractive is not None]
    words = captions.targeting(record, found)
    if rated and all(one.competitive is not None for one in rated):
        return words, _plane(record, rated, words)
    return words, _lines(record, found, words)


def _lines(record: StudyRecord, found: TargetingRecord, words: Words) -> Figure:
    """Draw one line per segment, the most attractive first, the knocked out last."""
    order = sorted(found.segments, key=lambda one: -(one.attractive or -1.0))
    name = 2.7
    sheet = theme.sheet(*words, height=ROW * len(order) + 0.6)
    axes = sheet.axes(name, 0.5, sheet.width - name - 0.3, ROW * len(order))
    axes.set_xlim(0, 10.4)
    axes.set_ylim(len(order) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("attractive, of 10")
    for place, one in enumerate(order):
        segment = record.segments[one.segment - 1]
        axes.text(
            -0.75, place, theme.wrap_name(segment.name, name - 0.75, theme.LABEL, lines=2),
            ha="right", va="center", clip_on=False,
        )  # fmt: skip
        theme.disc(axes, -0.35, place, one.segment, size=15)
        if one.attractive is None:
            failed = ", ".join(c.criterion for c in one.criteria if c.passes is False)
            axes.text(0.1, place, f"knocked out: {failed}", va="center", color=theme.MUTED)
            continue
        look = theme.look(one.segment)
        ends = [one.low or 0.0, one.high or 0.0]
        axes.plot(ends, [place] * 2, color=look.colour, lw=5, alpha=0.35, solid_capstyle="round")
        axes.plot(one.attractive, place, "o", ms=8, mec=look.colour, mew=1.8,
                  mfc="white" if standing(one) == "open" else look.colour)  # fmt: skip
        axes.annotate(
            f"{one.attractive:.1f}", (one.attractive, place), (0, 8), textcoords="offset points",
            ha="center", size=theme.SMALL,
        )  # fmt: skip
    return sheet.figure


def _plane(record: StudyRecord, rated: list[Target], words: Words) -> Figure:
    sheet = theme.sheet(*words, height=HIGH + 0.6)
    axes = sheet.axes(0.6, 0.55, sheet.width - 0.8, HIGH)
    axes.set_xlim(0, 10.5)
    axes.set_ylim(0, 10.9)
    axes.set_xlabel("attractive for us, of 10")
    axes.set_ylabel("how strong we are in it, of 10")
    axes.axhline(5.5, color=theme.GRID, zorder=0)
    axes.axvline(5.5, color=theme.GRID, zorder=0)
    largest = max(record.segments[one.segment - 1].size for one in rated)
    for one in sorted(rated, key=lambda one: -record.segments[one.segment - 1].size):
        segment, look = record.segments[one.segment - 1], theme.look(one.segment)
        x, y = one.attractive or 0.0, one.competitive or 0.0
        axes.plot([one.low or 0.0, one.high or 0.0], [y, y], color=look.colour, lw=1.6, zorder=2)
        axes.scatter(
            x, y, s=LARGEST * segment.size / largest,
            color=look.colour, alpha=0.3, linewidths=1.5, zorder=2,
        )  # fmt: skip
        theme.disc(axes, x, y, one.segment, size=15)
        radius = math.sqrt(LARGEST * segment.size / largest / math.pi)
        unit = 72 * (sheet.width - 0.8) / 10.5
        _label(axes, one, plain_text(segment.name), radius, unit, left=_leftwards(one, rated))
    return sheet.figure


def _leftwards(one: Target, rated: list[Target]) -> bool:
    """Return whether there is more room for a name at the left of a disc."""
    x, y = one.attractive or 0.0, one.competitive or 0.0
    if x > 6.5 or x < 4.0:
        return x > 6.5
    beside = [
        other.attractive or 0.0
        for other in rated
        if other is not one and abs((other.competitive or 0.0) - y) < 1.5
    ]
    return min((abs(at - x) for at in beside if at > x), default=10.0) < min(
        (abs(at - x) for at in beside if at <= x), default=10.0
    )


def _label(axes: Axes, one: Target, name: str, radius: float, unit: float, *, left: bool) -> None:
    """Write the name beside disc and line; sizes in points."""
    x, y = one.attractive or 0.0, one.competitive or 0.0
    end = x - (one.low or 0.0) if left else (one.high or 0.0) - x
    away = max(radius, end * unit) + 5
    axes.annotate(
        theme.wrap_name(name, 1.9, theme.LABEL, lines=3),
        (x, y),
        (-away if left else away, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center",
        zorder=5,
        path_effects=[withStroke(linewidth=3.2, foreground="white", alpha=0.9)],
    )
