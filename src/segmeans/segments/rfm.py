"""RFM: customers scored by how recently, how often and for how much they bought, and named.

Where most customers are alike some scores stay empty, and that is said.

References
----------
Hughes, A. M. (1994). *Strategic Database Marketing*. Probus.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmeans.errors import SettingError
from segmeans.plain import plain_share
from segmeans.records import Finding
from segmeans.segments.rfm_names import OTHERS, NamedTable, read_names
from segmeans.segments.rfm_scores import (
    Binning,
    Floats,
    RfmCuts,
    RfmScores,
    checked_values,
    fit_cuts,
    score,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RfmCell:
    """One cell of the recency-frequency grid."""

    recency: int
    frequency: int
    customers: int
    share: float  # of all customers
    revenue: float | None  # mean revenue of its customers; None without customers or amounts
    name: str  # the name most of its customers bear, or would


@dataclass(frozen=True, kw_only=True, slots=True)
class RfmShare:
    """What one name of the named table stands for."""

    name: str
    meaning: str
    customers: int
    share: float  # of all customers
    days_since_last_order: float | None  # means; None without customers
    orders: float | None
    total_orders: int
    revenue: float | None  # sum; None without amounts
    revenue_share: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RfmRecord:
    """RFM as data: the scale, the table, the grid, the shares."""

    cuts: RfmCuts
    table: NamedTable
    score_counts: dict[str, tuple[int, ...]]  # customers per score, from 1
    grid: tuple[RfmCell, ...]  # recency from the best, frequency from the worst
    shares: tuple[RfmShare, ...]  # in the order of the names
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Rfm:
    """RFM of n customers.

    Parameters
    ----------
    record : RfmRecord
        All but the customers.
    scores : RfmScores
        Of every customer.
    names : ndarray of shape (n,)
        Index into the names of the table; their number stands for "Others", no name.
    """

    record: RfmRecord
    scores: RfmScores
    names: NDArray[np.int16]

    def name_list(self) -> tuple[str, ...]:
        """Return the names that :attr:`names` counts."""
        return (*(name.name for name in self.record.table.names), OTHERS)


def rfm(
    recency: ArrayLike,
    frequency: ArrayLike,
    monetary: ArrayLike | None = None,
    *,
    table: NamedTable | None = None,
    cuts: RfmCuts | None = None,
    binning: Binning = "independent",
) -> Rfm:
    """Score customers, name them, and sum up what each name stands for.

    Parameters
    ----------
    recency : array-like of shape (n,)
        Days since the last order.
    frequency : array-like of shape (n,)
        Number of orders.
    monetary : array-like of shape (n,), optional
        Revenue. Without it, the frequency score is also the monetary one.
    table : NamedTable, optional
        Names of the cells; by default the table that comes with segmeans.
    cuts : RfmCuts, optional
        A scale of before; by default cut points of these customers.
    binning : {"independent", "nested"}, default="independent"
        How new cut points are made.

    Raises
    ------
    SettingError, DataError
        As for :func:`fit_cuts`, and if the scale and the table have different numbers of scores.
    """
    table = table or read_names()
    cuts = cuts or fit_cuts(recency, frequency, monetary, bins=table.bins, binning=binning)
    if cuts.bins != table.bins:
        raise SettingError(
            "The cut points and the named RFM table have different numbers of scores",
            found=f"{cuts.bins} and {table.bins}",
        )
    scores = score(cuts, recency, frequency, monetary)
    names = table.places()[scores.recency - 1, scores.frequency - 1, scores.monetary - 1]
    names = np.where(names < 0, len(table.names), names).astype(np.int16)
    days, orders, money = checked_values(recency, frequency, monetary)
    record = RfmRecord(
        cuts=cuts,
        table=table,
        score_counts=_score_counts(scores, cuts.bins),
        grid=_grid(scores, names, table, money),
        shares=_shares(names, table, days, orders, money),
        findings=_findings(scores, cuts),
    )
    return Rfm(record, scores, names)


def _score_counts(scores: RfmScores, bins: int) -> dict[str, tuple[int, ...]]:
    parts = {
        "recency": scores.recency,
        "frequency": scores.frequency,
        "monetary": scores.monetary,
    }
    return {
        name: tuple(int(count) for count in np.bincount(part, minlength=bins + 1)[1:])
        for name, part in parts.items()
    }


# What it amounts to


def _grid(
    scores: RfmScores, names: NDArray[np.int16], table: NamedTable, money: Floats | None
) -> tuple[RfmCell, ...]:
    bins, n = table.bins, len(names)
    cell = (scores.recency.astype(np.int64) - 1) * bins + scores.frequency - 1
    counts = np.bincount(cell, minlength=bins * bins)
    sums = None if money is None else np.bincount(cell, weights=money, minlength=bins * bins)
    width = len(table.names) + 1
    borne = np.bincount(cell * width + names, minlength=bins * bins * width).reshape(-1, width)
    places = table.places().reshape(bins * bins, bins)
    grid = []
    for recency in range(bins, 0, -1):
        for frequency in range(1, bins + 1):
            at = (recency - 1) * bins + frequency - 1
            # without customers, the name of the middle monetary score
            place = int(borne[at].argmax()) if counts[at] else int(places[at, bins // 2])
            grid.append(
                RfmCell(
                    recency=recency,
                    frequency=frequency,
                    customers=int(counts[at]),
                    share=float(counts[at] / n),
                    revenue=None
                    if sums is None or not counts[at]
                    else float(sums[at] / counts[at]),
                    name=_spelled(table, place),
                )
            )
    return tuple(grid)


def _spelled(table: NamedTable, place: int) -> str:
    return table.names[place].name if 0 <= place < len(table.names) else OTHERS


def _shares(
    names: NDArray[np.int16],
    table: NamedTable,
    days: Floats,
    orders: Floats,
    money: Floats | None,
) -> tuple[RfmShare, ...]:
    width = len(table.names) + 1
    counts = np.bincount(names, minlength=width)
    sums = {
        name: np.bincount(names, weights=values, minlength=width)
        for name, values in (("days", days), ("orders", orders), ("money", money))
        if values is not None
    }
    whole = float(sums["money"].sum()) if money is not None else 0.0
    shown = range(width if counts[-1] else width - 1)

    def mean(of: str, place: int) -> float | None:
        return float(sums[of][place] / counts[place]) if counts[place] else None

    return tuple(
        RfmShare(
            name=_spelled(table, place),
            meaning=table.names[place].meaning
            if place < width - 1
            else "No line of the table fits.",
            customers=int(counts[place]),
            share=float(counts[place] / len(names)),
            days_since_last_order=mean("days", place),
            orders=mean("orders", place),
            total_orders=round(float(sums["orders"][place])),
            revenue=None if money is None else float(sums["money"][place]),
            revenue_share=None if not whole else float(sums["money"][place] / whole),
        )
        for place in shown
    )


def _findings(scores: RfmScores, cuts: RfmCuts) -> tuple[Finding, ...]:
    """Say which scores nobody has, because too many customers are alike."""
    found = []
    counts = _score_counts(scores, cuts.bins)
    features = {"recency": "days_since_last_order", "frequency": "orders", "monetary": "revenue"}
    for name, feature in features.items():
        if name == "monetary" and not cuts.monetary:
            continue
        used = [place for place, count in enumerate(counts[name], start=1) if count]
        if len(used) < cuts.bins:
            largest = max(counts[name])
            found.append(
                Finding(
                    level="note",
                    code="tied-scores",
                    where=feature,
                    evidence=f"The {name} score takes only {len(used)} of {cuts.bins} values "
                    f"({', '.join(map(str, used))}): customers with the same {feature} get the "
                    "same score, and one score holds "
                    f"{plain_share(largest / len(scores.recency), 0)} of them.",
                )
            )
    if not cuts.monetary:
        found.append(
            Finding(
                level="warning",
                code="rfm-without-amounts",
                where="revenue",
                evidence="Without amounts, the frequency score stands in for the monetary one.",
            )
        )
    return tuple(found)
