"""RFM as pictures: what customers of each recency and frequency bring, and what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, LogNorm, Normalize
from matplotlib.patches import Rectangle

from segmeans.plain import FEW, plain_number, plain_share, set_share
from segmeans.report import theme
from segmeans.report.captions import Words
from segmeans.segments.rfm import RfmCell, RfmRecord, RfmShare
from segmeans.segments.words import plain_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from segmeans.report.theme import Sheet

Colour = str | tuple[float, float, float, float]

CELL = 0.78  # inches, the height of a cell
LEFT, BELOW = 0.75, 0.62  # inches, for scores and what they mean
ROW = 0.46  # inches per name
SHADE = LinearSegmentedColormap.from_list("revenue", ["#eef4f9", "#9cc4e0", "#0b5c98"])
STANDINGS = LinearSegmentedColormap.from_list(
    "standing", [theme.LOW, "#e0a873", "#f3e3cf", "#d8e6f1", "#7fb0d6", theme.HIGH]
)
STATES = {"active": theme.HIGH, "fading": "#7a7a7a", "lapsed": theme.LOW}


def heat(found: RfmRecord) -> tuple[Words, Figure]:
    """Draw what the customers of each recency and frequency score bring on average.

    Parameters
    ----------
    found : RfmRecord

    Returns
    -------
    tuple of Words and matplotlib Figure
        Without amounts, how many they are. Cells of very few customers keep their mean.
    """
    by_money = bool(found.cuts.monetary)
    words = _heat_words(found, by_money=by_money)
    sheet, axes = _board(found, words)
    values = {_at(cell): _worth(cell, by_money=by_money) for cell in found.grid}
    known = [value for value in values.values() if value is not None and value > 0]
    scale = _scale(known)
    for cell in found.grid:
        value = values[_at(cell)]
        colour = "#f6f7f8" if value is None else SHADE(scale(max(value, scale.vmin or 0.0)))
        text = "few" if value is None and cell.customers else _plain(value)
        _cell(axes, cell, colour)
        ink = theme.ink_on(colour) if value is not None else theme.MUTED
        small = f"{cell.customers:,}" if by_money else plain_share(cell.share)
        place = cell.frequency - 0.5, cell.recency - 0.5
        lift = 0.13 if cell.customers else 0.0
        axes.text(
            place[0], place[1] + lift, text, ha="center", va="center", size=11, weight="bold",
            color=ink,
        )  # fmt: skip
        if cell.customers:
            axes.text(
                place[0], place[1] - 0.22, small, ha="center", va="center", size=theme.SMALL,
                color=ink,
            )  # fmt: skip
    return words, sheet.figure


def grid(found: RfmRecord) -> tuple[Words, Figure]:
    """Draw what customers of each recency and frequency score are called.

    Parameters
    ----------
    found : RfmRecord

    Returns
    -------
    tuple of Words and matplotlib Figure
        Cells that bear one name are joined; colours go from the name of lowest to that of highest
        standing.
    """
    words = _grid_words(found)
    sheet, axes = _board(found, words)
    cells = {_at(cell): cell for cell in found.grid}
    ranks = {name.name: place for place, name in enumerate(reversed(found.table.names))}
    most = max(len(ranks) - 1, 1)
    width = (sheet.width - LEFT) / found.cuts.bins
    for cell in found.grid:
        colour = STANDINGS(ranks[cell.name] / most) if cell.name in ranks else "#eceff1"
        _cell(axes, cell, colour, edge=None)
        axes.text(
            cell.frequency - 0.06, cell.recency - 0.92, plain_share(cell.share), ha="right",
            va="bottom", size=theme.SMALL, color=theme.ink_on(colour),
        )  # fmt: skip
        _borders(axes, cell, cells)
    for name, run in _places(cells, found.cuts.bins):
        first = cells[run[0]]
        colour = STANDINGS(ranks[name] / most) if name in ranks else "#eceff1"
        label = theme.wrap(name, len(run) * width - 0.2, theme.LABEL, lines=2, bold=True)
        axes.text(
            first.frequency - 1 + 0.07, first.recency - 0.1, label, ha="left", va="top",
            size=theme.LABEL, weight="bold", color=theme.ink_on(colour),
        )  # fmt: skip
    return words, sheet.figure


def shares(found: RfmRecord) -> tuple[Words, Figure]:
    """Draw the share of customers and of revenue of every name.

    Parameters
    ----------
    found : RfmRecord

    Returns
    -------
    tuple of Words and matplotlib Figure
        Names nobody bears are left out.
    """
    borne = [one for one in found.shares if one.customers]
    words = _shares_words(borne)
    height = ROW * len(borne) + 0.75
    sheet = theme.sheet(*words, height=height)
    left = 0.2 + max(
        theme.text_width(theme.drawable(one.name), theme.LABEL, bold=True) for one in borne
    )
    left = min(left, 2.6)
    axes = sheet.axes(left, 0.5, sheet.width - left - 0.9, height - 0.55)
    axes.set_xlim(0, 1.12 * max(max(one.share, one.revenue_share or 0.0) for one in borne))
    axes.set_ylim(len(borne), 0)
    axes.xaxis.set_major_formatter(lambda share, _: set_share(share))
    axes.locator_params(axis="x", nbins=6)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("share of everyone")
    states = {name.name: name.state for name in found.table.names}
    labels = [theme.wrap(one.name, left - 0.1, theme.LABEL, lines=1, bold=True) for one in borne]
    axes.set_yticks([place + 0.5 for place in range(len(borne))], labels, weight="bold")
    axes.tick_params(axis="y", labelsize=theme.LABEL, labelcolor=theme.INK)
    for place, one in enumerate(borne):
        _bars(axes, place, one, STATES.get(states.get(one.name, ""), theme.FAINT))
    return words, sheet.figure


# Boards of cells


def _board(found: RfmRecord, words: Words) -> tuple[Sheet, Axes]:
    """Return a sheet with the empty board of recency and frequency scores."""
    bins = found.cuts.bins
    sheet = theme.sheet(*words, height=bins * CELL + BELOW)
    axes = sheet.axes(LEFT, BELOW, sheet.width - LEFT, bins * CELL)
    axes.set_xlim(0, bins)
    axes.set_ylim(0, bins)
    middle = [score - 0.5 for score in range(1, bins + 1)]
    axes.set_xticks(middle, [str(score) for score in range(1, bins + 1)])
    axes.set_yticks(middle, [str(score) for score in range(1, bins + 1)])
    axes.tick_params(length=0, labelsize=theme.LABEL)
    axes.set_xlabel(f"frequency score ({bins}: most orders)")
    axes.set_ylabel(f"recency score ({bins}: last order lately)")
    for side in axes.spines.values():
        side.set_visible(False)
    return sheet, axes


def _at(cell: RfmCell) -> tuple[int, int]:
    return cell.recency, cell.frequency


def _cell(axes: Axes, cell: RfmCell, colour: Colour, edge: str | None = "white") -> None:
    axes.add_patch(
        Rectangle(
            (cell.frequency - 1, cell.recency - 1), 1, 1, facecolor=colour,
            edgecolor=edge or "none", lw=3 if edge else 0, zorder=1,
        )
    )  # fmt: skip


def _worth(cell: RfmCell, *, by_money: bool) -> float | None:
    """Return what colours a cell; None for very few customers, whose mean is their own affair."""
    if not by_money:
        return float(cell.customers)
    return cell.revenue if cell.customers >= FEW else None


def _scale(known: list[float]) -> Normalize:
    """Return a logarithmic scale where the values span it, else a linear one."""
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    return LogNorm(low, high) if low > 0 and high > 3 * low else Normalize(0.0, high or 1.0)


def _plain(value: float | None) -> str:
    return "-" if value is None else plain_number(value, compact=True)


def _borders(axes: Axes, cell: RfmCell, cells: dict[tuple[int, int], RfmCell]) -> None:
    """Draw a line where the neighbour to the right or above bears another name."""
    x, y = cell.frequency, cell.recency
    right, above = cells.get((y, x + 1)), cells.get((y + 1, x))
    if right is not None and right.name != cell.name:
        axes.plot([x, x], [y - 1, y], color="white", lw=3, zorder=2, solid_capstyle="projecting")
    if above is not None and above.name != cell.name:
        axes.plot([x - 1, x], [y, y], color="white", lw=3, zorder=2, solid_capstyle="projecting")


def _places(
    cells: dict[tuple[int, int], RfmCell], bins: int
) -> list[tuple[str, list[tuple[int, int]]]]:
    """Return where each name is written: the widest, topmost row of each of its patches."""
    left = set(cells)
    found = []
    while left:
        patch = _patch(max(left), cells)
        left -= patch
        rows = [_runs(patch, recency, bins) for recency in range(bins, 0, -1)]
        runs = [run for row in rows for run in row]
        widest = max(runs, key=len)
        found.append((cells[widest[0]].name, widest))
    return found


def _patch(start: tuple[int, int], cells: dict[tuple[int, int], RfmCell]) -> set[tuple[int, int]]:
    """Return the cells of one name that hang together."""
    patch, new = {start}, [start]
    while new:
        y, x = new.pop()
        for near in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
            same = near in cells and cells[near].name == cells[start].name
            if same and near not in patch:
                patch.add(near)
                new.append(near)
    return patch


def _runs(patch: set[tuple[int, int]], recency: int, bins: int) -> list[list[tuple[int, int]]]:
    runs: list[list[tuple[int, int]]] = [[]]
    for frequency in range(1, bins + 1):
        if (recency, frequency) in patch:
            runs[-1].append((recency, frequency))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


# Shares of names


def _bars(axes: Axes, place: int, one: RfmShare, colour: str) -> None:
    """Draw a pale bar for the share of customers and a full one for the share of revenue."""
    told = [(one.share, "of customers", 0.42)]
    if one.revenue_share is not None:
        told.append((one.revenue_share, "of revenue", 1.0))
    thick = 0.34 if len(told) == 2 else 0.5
    for number, (share, what, alpha) in enumerate(told):
        y = place + 0.5 + (number - (len(told) - 1) / 2) * thick
        axes.barh(y, share, thick * 0.92, color=colour, alpha=alpha, lw=0)
        said = "few" if one.customers < FEW else plain_share(share)
        axes.annotate(
            f"{said} {what}" if place == 0 else said, (share, y), (5, 0),
            textcoords="offset points", va="center", size=theme.SMALL,
            color=theme.INK if alpha == 1.0 else theme.MUTED,
        )  # fmt: skip


# What to see


def _heat_words(found: RfmRecord, *, by_money: bool) -> Words:
    cells = [cell for cell in found.grid if _worth(cell, by_money=by_money)]
    told = (
        "Scores compare the customers with one another; customers with equal values always share "
        "a score, so a row or a column can be empty."
    )
    if not by_money:
        best = max(cells, key=lambda cell: cell.customers)
        title = (
            f"{plain_share(best.share)} of the customers share recency {best.recency} and "
            f"frequency {best.frequency}"
        )
        return Words(title, f"Large: customers; small: their share of everyone. {told}")
    if not cells:
        return Words("Too few customers per cell to show what they bring", told)
    best = max(cells, key=lambda cell: cell.revenue or 0.0)
    title = (
        f"Customers of recency {best.recency} and frequency {best.frequency} bring the most: "
        f"{plain_number(best.revenue or 0.0, compact=True)} each"
    )
    large = f"Large: mean revenue per customer (from {FEW} customers on); small: customers."
    return Words(title, f"{large} {told}")


def _grid_words(found: RfmRecord) -> Words:
    largest = max(found.shares, key=lambda one: one.customers)
    title = f"{plain_share(largest.share)} of the customers are “{plain_text(largest.name)}”"
    names = np.unique([cell.name for cell in found.grid if cell.customers])
    told = (
        f"Each cell bears the name of most of its customers, {len(names)} names in all; the money "
        "they spent decides within a cell. Percentages are shares of all customers. Blue: high "
        "standing; orange: low."
    )
    return Words(title, told)


def _shares_words(borne: list[RfmShare]) -> Words:
    paid = [one for one in borne if one.revenue_share is not None]
    told = "Blue: customers who still buy; grey: fading; orange: lapsed."
    if not paid:
        largest = max(borne, key=lambda one: one.share)
        title = f"“{plain_text(largest.name)}” are {plain_share(largest.share)} of the customers"
        return Words(title, f"Share of the customers who bear each RFM name. {told}")
    best = max(paid, key=lambda one: one.revenue_share or 0.0)
    title = (
        f"“{plain_text(best.name)}”: {plain_share(best.share)} of the customers, "
        f"{plain_share(best.revenue_share)} of the revenue"
    )
    return Words(
        title, f"Pale bars: share of the customers; full bars: share of the revenue. {told}"
    )
