"""Figures of what the segments are: heat map, bars against everyone, sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from segmeans.plain import plain_date, plain_number, plain_share
from segmeans.records import ProfileRow, StudyRecord
from segmeans.report import captions, theme
from segmeans.report.captions import Words
from segmeans.report.figure_k import segment_labels
from segmeans.segments.levels import levels_of, row_words, told
from segmeans.segments.markers import NOTABLE, speaks
from segmeans.segments.words import labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LINES = 24  # features and levels that one picture can hold
MOST_BARS = 12
FULL = 2.0  # standard deviations at which colours are full
ACROSS = 4  # panels of bars in one row
MOST_BESIDE = 8  # segments side by side in the heat map
INNER = theme.WIDTH - 2 * theme.MARGIN
GAP = 0.12  # inches between everyone and the segments
HEAD = 8.5  # points

SPREAD = LinearSegmentedColormap.from_list(
    "against everyone", [theme.LOW, "#f0c9a0", "#fafafa", "#a6c8e4", theme.HIGH]
)


@dataclass(frozen=True, slots=True)
class Line:
    """One feature or one level of a category, for all segments."""

    words: str
    rows: tuple[ProfileRow, ...]  # in the order of the segments

    @property
    def strength(self) -> float:
        """The largest effect in any segment."""
        return max(abs(row.effect) for row in self.rows)

    def value(self, row: ProfileRow) -> str:
        """Return the mean or share of one segment in plain units."""
        if row.missing >= 1:
            return "-"
        return self._say(row.mean if row.share is None else row.share)

    @property
    def everyone(self) -> str:
        """The mean or share of everyone in plain units."""
        return self._say(self.rows[0].everyone)

    def _say(self, value: float | None) -> str:
        kind = self.rows[0].kind
        if value is None:
            return "-"
        if kind == "category":
            return plain_share(value, 0)
        return plain_date(value) if kind == "date" else plain_number(value, compact=True)


def lines(record: StudyRecord, most: int) -> tuple[list[Line], int]:
    """Return the lines of the features that formed the segments, the strongest if too many.

    Parameters
    ----------
    record : StudyRecord
    most : int

    Returns
    -------
    lines : list of Line
        In the order of the features.
    whole : int
        How many there are in all. Of a category with two levels only one is shown: the other
        one says the same.
    """
    words = labels(row.feature for row in record.profile)
    levels = levels_of(record.profile)
    grouped: dict[tuple[str, str], list[ProfileRow]] = {}
    for row in told(record.profile):
        if row.role == "feature":
            grouped.setdefault((row.feature, row.level), []).append(row)
    found = [
        Line(
            row_words(rows[0], words[feature], levels),
            tuple(sorted(rows, key=lambda row: row.segment)),
        )
        for (feature, _), rows in grouped.items()
    ]
    if len(found) <= most:
        return found, len(found)
    kept = sorted(found, key=lambda line: -line.strength)[:most]
    return [line for line in found if line in kept], len(found)


def heat_map(record: StudyRecord) -> tuple[Words, Figure]:
    """Draw every feature of every segment in plain units, coloured against everyone.

    Parameters
    ----------
    record : StudyRecord

    Returns
    -------
    tuple of Words and matplotlib Figure
        Segments stand side by side; more than eight of them below one another, so that their
        names can be read.
    """
    turned = record.k > MOST_BESIDE
    shown, whole = lines(record, MOST_BARS if turned else MOST_LINES)
    rows = (row for line in shown for row in line.rows)
    largest = max(rows, key=lambda row: (speaks(row), abs(row.effect)))
    words = captions.profile(record, largest, len(shown), whole)
    return words, _heat_below(record, shown, words) if turned else _heat_beside(
        record, shown, words
    )


def _heat_beside(record: StudyRecord, shown: list[Line], words: Words) -> Figure:
    """Draw segments as columns, features as rows, everyone in the first column."""
    name = _label_width(shown, 9, lines=2)
    wide = min(1.3, (INNER - name - GAP) / (record.k + 1))
    high = 0.36 if len(shown) > 8 else 0.46
    heads = [theme.wrap_name(s.name, wide - 0.06, HEAD, lines=5) for s in record.segments]
    head = 0.35 + 0.155 * max(text.count("\n") + 1 for text in heads)
    sheet = theme.sheet(*words, height=head + high * len(shown) + 0.62)
    axes = sheet.axes(name, 0.62, (record.k + 1) * wide + GAP, high * len(shown))
    everyone = -0.5 - GAP / wide
    axes.set_xlim(everyone - 0.5, record.k)
    axes.set_ylim(len(shown), 0)
    axes.set_axis_off()
    for place, line in enumerate(shown):
        y = place + 0.5
        _write(axes, everyone - 0.56, y, theme.wrap(line.words, 2.0, 9, lines=2), ha="right")
        _write(axes, everyone, y, line.everyone, color=theme.MUTED)
        for row in line.rows:
            _cell(axes, row.segment - 0.5, y, row, line.value(row))
    for number, text in enumerate(heads, start=1):
        theme.disc(axes, number - 0.5, -0.17 / high, number, size=15)
        _write(axes, number - 0.5, -0.33 / high, text, va="bottom", size=HEAD)
    _write(axes, everyone, -0.33 / high, "everyone", va="bottom", size=HEAD, color=theme.MUTED)
    _scale(sheet, name + wide + GAP)
    return sheet.figure


def _heat_below(record: StudyRecord, shown: list[Line], words: Words) -> Figure:
    """Draw segments as rows, features as columns, everyone in the first row."""
    name, high = 2.3, 0.36 if record.k <= 12 else 0.31
    wide = (INNER - name) / len(shown)
    heads, head, angle = _heads(shown, wide)
    height = record.k * high + GAP + high
    sheet = theme.sheet(*words, height=head + 0.1 + height + 0.6)
    axes = sheet.axes(name, 0.6, INNER - name, height)
    everyone = -0.5 - GAP / high
    axes.set_xlim(0, len(shown))
    axes.set_ylim(record.k, everyone - 0.5)
    axes.set_axis_off()
    size = 9 if wide > 0.5 else 8
    for place, line in enumerate(shown):
        x = place + 0.5
        _write(axes, x, everyone, line.everyone, color=theme.MUTED, size=size)
        top = everyone - 0.5 - 0.05 / high
        _write(axes, x, top, heads[place], va="bottom", rotation=angle, size=HEAD)
        for row in line.rows:
            _cell(axes, x, row.segment - 0.5, row, line.value(row), size=size)
    _write(axes, -0.15 / wide, everyone, "everyone", ha="right", color=theme.MUTED, size=HEAD)
    segment_labels(axes, record, name)
    _scale(sheet, name)
    return sheet.figure


def _heads(shown: list[Line], wide: float) -> tuple[list[str], float, float]:
    """Return the names of columns, the inches they stand high, and their angle.

    They lie where every word fits the ``wide`` inches of a column, and stand elsewhere.
    """
    broad = wide - 0.08
    texts = [theme.wrap(line.words, broad, HEAD, lines=3) for line in shown]
    words = (word for line in shown for word in theme.drawable(line.words).split())
    fit = all(theme.text_width(word, HEAD) <= broad for word in words)
    if fit and not any(text.endswith("…") for text in texts):
        return texts, 0.15 * max(text.count("\n") + 1 for text in texts), 0.0
    texts = [theme.wrap(line.words, 1.5, HEAD, lines=2) for line in shown]
    parts = (part for text in texts for part in text.split("\n"))
    return texts, max(theme.text_width(part, HEAD) for part in parts), 90.0


def _write(axes: Axes, x: float, y: float, text: str, **how: Any) -> None:
    usual: dict[str, Any] = {"ha": "center", "va": "center", "size": 9}
    axes.text(x, y, text, **(usual | how))


def _cell(axes: Axes, x: float, y: float, row: ProfileRow, text: str, *, size: float = 9) -> None:
    """Draw one value on the colour of its effect; bold where it is a marker."""
    effect = max(-FULL, min(FULL, row.effect))
    colour = SPREAD((effect + FULL) / (2 * FULL))
    sides = np.array([-0.48, 0.48, 0.48, -0.48]), np.array([-0.47, -0.47, 0.47, 0.47])
    axes.fill(sides[0] + x, sides[1] + y, color=colour, lw=0)
    _write(
        axes, x, y, text, size=size, color=theme.ink_on(colour),
        weight="bold" if abs(row.effect) >= NOTABLE and speaks(row) else "normal",
    )  # fmt: skip


def _label_width(shown: list[Line], size: float, *, lines: int) -> float:
    """Return the inches that the names of the features need, within reason."""
    texts = (theme.wrap(line.words, 2.0, size, lines=lines) for line in shown)
    return 0.15 + max(theme.text_width(part, size) for text in texts for part in text.split("\n"))


def _scale(sheet: theme.Sheet, left: float) -> None:
    """Draw the scale of the colours below the map."""
    label = "standard deviations from everyone"
    room = 2.4 + 0.15 + theme.text_width(label, 8)
    axes = sheet.axes(min(left, sheet.width - room), 0.28, 2.4, 0.13, aside=True)
    axes.imshow(
        np.linspace(0, 1, 128)[None], aspect="auto", cmap=SPREAD, extent=(-FULL, FULL, 0, 1)
    )
    axes.set_yticks([])
    axes.set_xticks([-2, -1, 0, 1, 2], ["-2", "-1", "0", "+1", "+2"])
    axes.tick_params(length=0, pad=2, labelsize=8)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.text(2.2, 0.5, label, va="center", size=8, color=theme.MUTED)


def bars(record: StudyRecord) -> tuple[Words, Figure]:
    """Draw one panel per segment: how far it lies from everyone in each feature.

    Parameters
    ----------
    record : StudyRecord

    Returns
    -------
    tuple of Words and matplotlib Figure
    """
    shown, whole = lines(record, MOST_BARS)
    words = captions.bars(len(shown), whole)
    across = panels_across(record.k)
    down = -(-record.k // across)
    name, gap = _label_width(shown, 8.5, lines=1), 0.25
    panel = 0.25 * len(shown) + 0.08
    width = (INNER - name) / across - gap
    titles = [
        theme.wrap_name(segment.name, width - 0.25, HEAD, lines=4, bold=True)
        for segment in record.segments
    ]
    head = 0.25 + 0.15 * max(title.count("\n") + 1 for title in titles)
    row_height = panel + head + 0.1
    sheet = theme.sheet(*words, height=down * row_height + 0.36)
    reach = max(1.0, *(line.strength for line in shown)) * 1.08
    for place, title in enumerate(titles):
        row, column = divmod(place, across)
        low = sheet.height - (row + 1) * row_height + 0.1
        axes = sheet.axes(name + column * (width + gap), low, width, panel)
        axes.set_xlim(-reach, reach)
        axes.set_ylim(len(shown), 0)
        _panel(axes, shown, place, reach)
        last = place + across >= record.k
        _frame(axes, place + 1, title, width, panel, head, numbered=last)
        if column == 0:
            for line_place, line in enumerate(shown):
                axes.text(
                    -0.08 / width, line_place + 0.5, theme.wrap(line.words, 2.0, 8.5, lines=1),
                    transform=axes.get_yaxis_transform(), ha="right", va="center", size=8.5,
                )  # fmt: skip
    sheet.text(name, 0.0, "standard deviations from everyone", size=theme.SMALL, color=theme.MUTED)
    return words, sheet.figure


def panels_across(k: int) -> int:
    """Return how many panels stand side by side: as few empty places as can be."""
    if k <= ACROSS:
        return k
    return min((ACROSS, ACROSS - 1), key=lambda across: -k % across)


def _panel(axes: Axes, shown: list[Line], place: int, reach: float) -> None:
    drawn = theme.look(place + 1)
    for line_place, line in enumerate(shown):
        row = line.rows[place]
        notable = abs(row.effect) >= NOTABLE and speaks(row)
        axes.barh(
            line_place + 0.5, row.effect, height=0.66, zorder=3, lw=0.8,
            color=("white" if drawn.hollow else drawn.colour) if notable else theme.GRID,
            edgecolor=drawn.colour if notable else theme.FAINT,
            hatch=drawn.hatch if notable else None,
        )  # fmt: skip
        # The number stands where the bar is not.
        left = row.effect > 0
        axes.text(
            -0.03 * reach if left else 0.03 * reach, line_place + 0.5, line.value(row),
            ha="right" if left else "left", va="center", size=8,
            color=theme.INK if notable else theme.MUTED,
            weight="bold" if notable else "normal",
        )  # fmt: skip


def _frame(
    axes: Axes,
    number: int,
    title: str,
    width: float,
    height: float,
    head: float,
    *,
    numbered: bool,
) -> None:
    """Give a panel its heading, its line of everyone and its scale."""
    axes.axvline(0, color=theme.INK, lw=0.9, zorder=4)
    axes.set_yticks([])
    axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:+g}" if value else "0")
    axes.tick_params(length=0, labelbottom=numbered, labelsize=8)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
    inch = axes.get_ylim()[0] / height
    left, right = axes.get_xlim()
    middle = -(head - 0.08) / 2 * inch
    theme.disc(axes, left + (right - left) * 0.1 / width, middle, number, size=14)
    _write(
        axes, left + (right - left) * 0.25 / width, middle, title, ha="left", size=HEAD,
        weight="bold",
    )  # fmt: skip


def sizes(record: StudyRecord) -> tuple[Words, Figure]:
    """Draw how many customers each segment holds.

    Parameters
    ----------
    record : StudyRecord

    Returns
    -------
    tuple of Words and matplotlib Figure
    """
    words = captions.sizes(record)
    name = 2.5
    height = max(1.0, 0.4 * record.k)
    sheet = theme.sheet(*words, height=height + 0.1)
    axes = sheet.axes(name, 0.05, sheet.width - name - 1.35, height)
    largest = max(segment.size for segment in record.segments)
    axes.set_xlim(0, largest)
    axes.set_ylim(record.k, 0)
    axes.set_xticks([])
    for segment in record.segments:
        drawn, y = theme.look(segment.number), segment.number - 0.5
        axes.barh(
            y, segment.size, height=0.68, hatch=drawn.hatch or None, lw=1,
            color="white" if drawn.hollow else drawn.colour, edgecolor=drawn.colour,
        )  # fmt: skip
        axes.annotate(
            f"{segment.size:,}", (segment.size, y), (5, 0), textcoords="offset points",
            va="center", size=theme.LABEL, weight="bold", annotation_clip=False,
        )  # fmt: skip
        axes.annotate(
            plain_share(segment.share), (segment.size, y),
            (9 + 72 * theme.text_width(f"{segment.size:,}", theme.LABEL, bold=True), 0),
            textcoords="offset points", va="center", size=theme.SMALL, color=theme.MUTED,
            annotation_clip=False,
        )  # fmt: skip
    segment_labels(axes, record, name)
    for side in axes.spines.values():
        side.set_visible(False)
    return words, sheet.figure
