"""What segments are worth beside how large they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from segmeans.plain import plain_numbers, plain_share, set_share
from segmeans.records import StudyRecord
from segmeans.report import captions, theme
from segmeans.report.captions import Words
from segmeans.report.figure_k import name_width, segment_labels
from segmeans.segments.value import SegmentValue

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW = 0.5  # inches per segment
LABEL = 0.62  # inches kept free at both ends for a share in words


def value(record: StudyRecord, worth: Sequence[SegmentValue]) -> tuple[Words, Figure]:
    """Draw the share of customers and the share of revenue of every segment on one line.

    Parameters
    ----------
    record : StudyRecord
        Of at least two segments.
    worth : sequence of SegmentValue
        With the share of revenue.

    Returns
    -------
    tuple of Words and matplotlib Figure
    """
    by_segment = {one.segment: one for one in worth}
    words = captions.value(record, worth)
    height = ROW * record.k + 0.9
    sheet = theme.sheet(*words, height=height)
    name = min(2.3, 0.45 + max(name_width(segment.name) for segment in record.segments))
    axes = sheet.axes(name, 0.5, sheet.width - name - 1.75, height - 0.9)
    axes.set_xlim(*_range(worth, sheet.width - name - 1.75))
    axes.set_ylim(record.k, 0)
    axes.xaxis.set_major_formatter(lambda share, _: set_share(share))
    axes.locator_params(axis="x", nbins=5)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("share of everyone")
    for segment in record.segments:
        if segment.number in by_segment:
            _pair(axes, by_segment[segment.number])
    segment_labels(axes, record, name)
    _key(axes)
    _beside(axes, [by_segment[s.number] for s in record.segments if s.number in by_segment])
    return words, sheet.figure


def _pair(axes: Axes, one: SegmentValue) -> None:
    """Draw a ring at the share of customers, a disc at the share of revenue, a line between."""
    y, drawn = one.segment - 0.5, theme.look(one.segment)
    shares = one.customer_share, one.revenue_share or 0.0
    axes.plot(shares, [y, y], color=drawn.colour, lw=2.4, alpha=0.5, zorder=3)
    axes.plot([shares[0]], [y], "o", ms=9, mfc="white", mec=drawn.colour, mew=2, zorder=4)
    axes.plot([shares[1]], [y], "o", ms=10, color=drawn.colour, zorder=5)
    for share, other in (shares, shares[::-1]):
        is_value = share is shares[1]
        after = share >= other if share != other else is_value
        axes.annotate(
            plain_share(share), (share, y), (8 if after else -8, 0), textcoords="offset points",
            ha="left" if after else "right", va="center", size=theme.SMALL, zorder=6,
            weight="bold" if is_value else "normal",
            color=theme.INK if is_value else theme.MUTED,
        )  # fmt: skip


def _range(worth: Sequence[SegmentValue], inches: float) -> tuple[float, float]:
    """Return the ends of the axis: from nothing to the largest share, and room for the labels."""
    ends = [end for one in worth for end in (one.customer_share, one.revenue_share or 0.0)]
    low, high = min(0.0, *ends), max(ends)
    room = LABEL / (inches - 2 * LABEL) * ((high - low) or 1.0)
    return low - room, high + room


def _key(axes: Axes) -> None:
    """Say above the rows what a ring and a disc are."""
    inch = theme.DPI / axes.get_window_extent().width
    for x, text, face in ((0.05, "of the customers", "white"), (1.35, "of the revenue", None)):
        axes.plot(
            [x * inch], [-0.32], "o", ms=7, mfc=face or theme.MUTED, mec=theme.MUTED, mew=1.5,
            transform=axes.get_yaxis_transform(), clip_on=False,
        )  # fmt: skip
        axes.text(
            (x + 0.1) * inch, -0.32, text, transform=axes.get_yaxis_transform(), va="center",
            size=theme.SMALL, color=theme.MUTED,
        )  # fmt: skip


def _beside(axes: Axes, worth: Sequence[SegmentValue]) -> None:
    """Write what a customer of each segment brings, against everyone."""
    inch = theme.DPI / axes.get_window_extent().width
    at = axes.get_yaxis_transform()
    customers = sum(one.customers for one in worth)
    everyone = sum(one.revenue for one in worth) / customers if customers else 0.0
    for x, text in ((0.75, "per customer"), (1.45, "index")):
        axes.text(
            1 + x * inch, -0.32, text, transform=at, ha="right", va="center", size=theme.SMALL,
            color=theme.MUTED,
        )  # fmt: skip
    amounts = plain_numbers([one.revenue_per_customer for one in worth])
    for one, amount in zip(worth, amounts, strict=True):
        index = 100 * one.revenue_per_customer / everyone if everyone > 0 else float("nan")
        for x, text in ((0.75, amount), (1.45, f"{index:.0f}")):
            axes.text(
                1 + x * inch, one.segment - 0.5, text, transform=at, ha="right", va="center",
                size=theme.LABEL, weight="bold" if x == 0.75 else "normal",
            )  # fmt: skip
