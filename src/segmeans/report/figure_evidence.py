"""Every measure over k in one picture, and how steady and how clear each segment is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from segmeans.records import Score, StudyRecord
from segmeans.report import captions, theme
from segmeans.report.figure_k import segment_labels
from segmeans.segments.actions import DOUBTFUL, HIGHLY, VALID

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from segmeans.prepared import CustomerSample
    from segmeans.report.captions import Words

MEASURES = {
    "stability": "agreement of resamples",
    "prediction_strength": "prediction strength",
    "jaccard": "least steady segment",
    "silhouette": "silhouette",
    "gap": "gap",
}
"""Measures that are better when higher, in the order in which they are drawn."""
PANEL = 2.05  # inches


def measured(record: StudyRecord) -> dict[str, list[tuple[int, Score]]]:
    """Return the measures that are known for at least two numbers of segments, by name."""
    found = {
        name: [(row.k, row.scores[name]) for row in record.k_table if name in row.scores]
        for name in MEASURES
    }
    return {name: points for name, points in found.items() if len(points) > 1}


def evidence(record: StudyRecord) -> tuple[Words, Figure]:
    """Draw every measure over k, each with its doubt.

    Parameters
    ----------
    record : StudyRecord
        With at least one measure known for two numbers of segments.

    Returns
    -------
    tuple of Words and matplotlib Figure
    """
    panels = measured(record)
    values = {name: [(k, score.value) for k, score in of] for name, of in panels.items()}
    rows = -(-len(panels) // 2)
    words = captions.evidence(record, values)
    sheet = theme.sheet(*words, height=rows * PANEL)
    width = (sheet.width - 0.55) / 2
    for place, (name, points) in enumerate(panels.items()):
        row, column = divmod(place, 2)
        axes = sheet.axes(
            0.4 + column * (width + 0.15), (rows - 1 - row) * PANEL + 0.4, width - 0.35, PANEL - 0.8
        )
        _panel(axes, record, MEASURES[name], points)
    return words, sheet.figure


def _panel(axes: Axes, record: StudyRecord, title: str, points: list[tuple[int, Score]]) -> None:
    ks = [k for k, _ in points]
    middle = np.array([score.value for _, score in points])
    low, high = (
        np.array(side) for side in zip(*(_ends(score) for _, score in points), strict=True)
    )
    axes.fill_between(ks, low, high, color=theme.ACCENT, alpha=0.15, lw=0)
    axes.plot(ks, middle, color=theme.ACCENT, lw=1.6)
    axes.plot(ks, middle, "o", color="white", mec=theme.ACCENT, ms=4, mew=1.2)
    for k, value in zip(ks, middle, strict=True):
        if k == record.verdict.recommended_k:
            axes.axvline(k, color=theme.FAINT, lw=0.9, ls=(0, (3, 3)), zorder=0)
            axes.plot([k], [value], "o", color=theme.ACCENT, ms=7, zorder=5)
            axes.annotate(
                f"{value:.2f}", (k, value), (0, 8), textcoords="offset points", ha="center",
                size=theme.SMALL, weight="bold", color=theme.ACCENT,
                path_effects=[withStroke(linewidth=3, foreground="white", alpha=0.8)],
            )  # fmt: skip
    span = float(high.max() - low.min()) or 1.0
    axes.set_ylim(float(low.min()) - 0.08 * span, float(high.max()) + 0.28 * span)
    axes.set_title(title, loc="left", size=theme.LABEL, weight="bold", pad=4)
    axes.set_xticks(ks[:: 1 + len(ks) // 12])
    axes.tick_params(length=0)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)


def _ends(score: Score) -> tuple[float, float]:
    """Return where the band of a score ends: its interval, or one standard error each way."""
    if score.low is not None and score.high is not None:
        return score.low, score.high
    error = score.error or 0.0
    return score.value - error, score.value + error


def steadiness(record: StudyRecord) -> tuple[Score, ...]:
    """Return the Jaccard similarity of every segment under resampling; empty if not measured."""
    row = next((row for row in record.k_table if row.k == record.k), None)
    scores = row.cluster_scores.get("jaccard", ()) if row is not None else ()
    return scores if len(scores) == record.k else ()


def stability(record: StudyRecord, sample: CustomerSample) -> tuple[Words, Figure]:
    """Draw how well each segment is found again, and how near its customers are to a border.

    Parameters
    ----------
    record : StudyRecord
        With the steadiness of every segment.
    sample : CustomerSample

    Returns
    -------
    tuple of Words and matplotlib Figure
    """
    scores = steadiness(record)
    words = captions.stability(record, [score.value for score in scores])
    height = max(1.7, 0.45 * record.k + 0.95)
    sheet = theme.sheet(*words, height=height)
    name = 2.2
    width = (sheet.width - name - 0.45) / 2
    left = sheet.axes(name, 0.55, width - 0.1, height - 1.0)
    right = sheet.axes(name + width + 0.25, 0.55, width - 0.1, height - 1.0)
    for axes, title in ((left, "found again"), (right, "shadow value")):
        axes.set_ylim(record.k, 0)
        axes.set_yticks([])
        axes.set_xlim(0, 1.02)
        axes.set_title(title, loc="left", size=theme.LABEL, weight="bold", pad=18)
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        axes.tick_params(length=0)
        axes.spines["left"].set_visible(False)
    left.set_xlabel("mean Jaccard similarity")
    right.set_xlabel("0 in the centre, 1 on a border")
    lowest = min(_ends(score)[0] for score in scores)
    left.set_xlim(max(0.0, min(0.5, np.floor(10 * lowest - 0.5) / 10)), 1.02)
    for edge, what in ((DOUBTFUL, "doubtful"), (VALID, "stable"), (HIGHLY, "highly stable")):
        left.axvline(edge, color=theme.FAINT, lw=0.9, ls=(0, (3, 3)), zorder=0)
        left.text(
            edge, -0.08, what, size=theme.SMALL - 1.5, color=theme.MUTED,
            ha="left" if edge == HIGHLY else "center", va="bottom",
        )  # fmt: skip
    for place, score in enumerate(scores):
        drawn = theme.look(place + 1)
        low, high = _ends(score)
        left.plot([low, high], [place + 0.5] * 2, color=drawn.colour, lw=3, alpha=0.45)
        left.plot(
            [score.value], [place + 0.5], drawn.shape, color=drawn.colour, ms=8,
            mfc="white" if drawn.hollow else drawn.colour, zorder=4, clip_on=False,
        )  # fmt: skip
        _spread(right, sample.shadows[sample.labels == place], place)
    segment_labels(left, record, name)
    return words, sheet.figure


def _spread(axes: Axes, shadows: NDArray[np.float64], place: int) -> None:
    """Draw where the middle nine tenths, the middle half and the middle of the customers lie."""
    if not len(shadows):
        return
    drawn = theme.look(place + 1)
    low, lower, middle, upper, high = np.quantile(shadows, (0.05, 0.25, 0.5, 0.75, 0.95))
    y = place + 0.5
    axes.plot([low, high], [y, y], color=drawn.colour, lw=1.4)
    axes.plot([lower, upper], [y, y], color=drawn.colour, lw=7, alpha=0.5, solid_capstyle="butt")
    axes.plot([middle], [y], "|", color=theme.INK, ms=12, mew=2, zorder=4)
