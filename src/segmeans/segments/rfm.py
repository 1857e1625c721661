"""RFM: how recently, how often and for how much, each as a score from 1 to n.

Cut points are quantiles of the customers, so they carry the unit of what they cut and no score
depends on it; a customer is scored by comparing with the cut points alone, so equal customers
always get equal scores. Where most customers are alike some scores stay empty, and that is said.

References
----------
Hughes, A. M. (1994). *Strategic Database Marketing*. Probus.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmeans.errors import DataError, SettingError
from segmeans.records import Finding
from segmeans.segments.rfm_names import MOST_BINS, OTHERS, NamedTable, read_names

Floats = NDArray[np.float64]
Scores = NDArray[np.int8]
Binning = Literal["independent", "nested"]
Closed = Literal["right", "left"]
Cuts = tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RfmCuts:
    """The scale on which customers are scored: saved with the model, used for later customers.

    Parameters
    ----------
    bins : int
        Scores run from 1 to this, the best.
    recency, frequency, monetary : tuple of tuple of float
        Cut points, rising, ``bins - 1`` of them, which may repeat. Independent binning has one
        tuple each; nested binning has one tuple of frequency cuts per recency score and one of
        monetary cuts per recency and frequency score, the recency score changing slowest.
        ``monetary`` is empty for orders without amounts; the frequency score stands in.
    binning : {"independent", "nested"}
        Cut all customers, or cut within the scores before.
    closed : {"right", "left"}
        Whether a value equal to a cut point belongs below it ("right") or above.
    """

    bins: int
    recency: tuple[Cuts, ...]
    frequency: tuple[Cuts, ...]
    monetary: tuple[Cuts, ...]
    binning: Binning = "independent"
    closed: Closed = "right"


@dataclass(frozen=True, slots=True)
class RfmScores:
    """Scores of n customers, each array of shape (n,) with values from 1 to bins."""

    recency: Scores
    frequency: Scores
    monetary: Scores


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


def fit_cuts(
    recency: ArrayLike,
    frequency: ArrayLike,
    monetary: ArrayLike | None = None,
    *,
    bins: int = 5,
    binning: Binning = "independent",
    closed: Closed = "right",
    shift: float = 0.0,
) -> RfmCuts:
    """Find the cut points of n customers: interpolated quantiles (type 7) at equal steps.

    Parameters
    ----------
    recency : array-like of shape (n,)
        Days since the last order; few are good.
    frequency : array-like of shape (n,)
        Number of orders.
    monetary : array-like of shape (n,), optional
        Revenue.
    bins : int, default=5
        Number of scores, 2 to 10.
    binning : {"independent", "nested"}, default="independent"
        Cut all customers, or cut frequency within each recency score and money within both.
    closed : {"right", "left"}, default="right"
        Where a value equal to a cut point belongs.
    shift : float, default=0.0
        Added to every cut point. With ``shift=1`` and ``closed="left"`` the cut points and scores
        are those of the R package rfm, which depend on the unit of money; leave it at 0.

    Raises
    ------
    SettingError
        For a choice that does not exist.
    DataError
        For no customers, arrays of different lengths, or values that are no numbers.

    Examples
    --------
    >>> fit_cuts([1, 2, 3, 4], [1, 1, 1, 2], bins=2).frequency
    ((1.0,),)
    """
    _check_choices(bins, binning, closed)
    days, orders, money = _values(recency, frequency, monetary)
    shares = np.arange(1, bins) / bins

    def cut(values: Floats) -> Cuts:
        if not len(values):
            return ()
        return tuple(float(value) + shift for value in np.quantile(values, shares))

    def within(values: Floats, groups: NDArray[np.int64], count: int) -> tuple[Cuts, ...]:
        return tuple(cut(values[groups == group]) for group in range(count))

    by_recency = (cut(days),)
    if binning == "independent":
        spent = () if money is None else (cut(money),)
        return RfmCuts(
            bins=bins, recency=by_recency, frequency=(cut(orders),), monetary=spent, closed=closed
        )
    first = _above(days, by_recency[0], closed)
    first = bins - 1 - first
    by_frequency = within(orders, first, bins)
    second = first * bins + _nested(orders, by_frequency, first, closed)
    return RfmCuts(
        bins=bins,
        recency=by_recency,
        frequency=by_frequency,
        monetary=() if money is None else within(money, second, bins * bins),
        binning="nested",
        closed=closed,
    )


def own_cuts(
    recency: Sequence[float],
    frequency: Sequence[float],
    monetary: Sequence[float] = (),
    *,
    closed: Closed = "right",
) -> RfmCuts:
    """Return a scale with cut points chosen by a person.

    Parameters
    ----------
    recency, frequency, monetary : sequence of float
        Rising cut points, the same number of each; without amounts, no monetary ones.
    closed : {"right", "left"}, default="right"
        Where a value equal to a cut point belongs.

    Raises
    ------
    SettingError
        If the numbers of cut points differ, or they do not rise.
    """
    bins = len(recency) + 1
    _check_choices(bins, "independent", closed)
    for name, cuts in (("recency", recency), ("frequency", frequency), ("monetary", monetary)):
        if len(cuts) != bins - 1 and not (name == "monetary" and not len(cuts)):
            raise SettingError(
                "Recency, frequency and monetary need the same number of cut points",
                where=name,
                found=len(cuts),
                allowed=str(bins - 1),
            )
        if not np.isfinite(cuts).all() or (np.diff(cuts) <= 0).any():
            raise SettingError("Cut points must rise", where=name, found=list(cuts))
    spent = (tuple(map(float, monetary)),) if len(monetary) else ()
    return RfmCuts(
        bins=bins,
        recency=(tuple(map(float, recency)),),
        frequency=(tuple(map(float, frequency)),),
        monetary=spent,
        closed=closed,
    )


def score(
    cuts: RfmCuts, recency: ArrayLike, frequency: ArrayLike, monetary: ArrayLike | None = None
) -> RfmScores:
    """Score customers on a scale; equal customers get equal scores.

    Parameters
    ----------
    cuts : RfmCuts
        The scale.
    recency, frequency, monetary : array-like of shape (n,)
        As for :func:`fit_cuts`, also of later customers.

    Raises
    ------
    DataError
        For arrays that do not fit, or amounts that are missing though the scale has them.
    """
    days, orders, money = _values(recency, frequency, monetary)
    if (money is None) != (not cuts.monetary):
        raise DataError(
            "The scale and the customers do not fit",
            found="amounts on one side only",
            hint="score with amounts where the scale was made with amounts",
        )
    bins = cuts.bins
    first = bins - 1 - _above(days, cuts.recency[0], cuts.closed)
    if cuts.binning == "independent":
        second = _above(orders, cuts.frequency[0], cuts.closed)
        third = second if money is None else _above(money, cuts.monetary[0], cuts.closed)
    else:
        second = _nested(orders, cuts.frequency, first, cuts.closed)
        third = (
            second
            if money is None
            else _nested(money, cuts.monetary, first * bins + second, cuts.closed)
        )
    return RfmScores(*((part + 1).astype(np.int8) for part in (first, second, third)))


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
    days, orders, money = _values(recency, frequency, monetary)
    record = RfmRecord(
        cuts=cuts,
        table=table,
        score_counts=_score_counts(scores, cuts.bins),
        grid=_grid(scores, names, table, money),
        shares=_shares(names, table, days, orders, money),
        findings=_findings(scores, cuts),
    )
    return Rfm(record, scores, names)


# Checks


def _check_choices(bins: int, binning: str, closed: str) -> None:
    if not 2 <= bins <= MOST_BINS:
        raise SettingError(
            "The number of RFM scores is out of range", found=bins, allowed=f"2 to {MOST_BINS}"
        )
    for name, value, allowed in (
        ("binning", binning, ("independent", "nested")),
        ("closed", closed, ("right", "left")),
    ):
        if value not in allowed:
            raise SettingError(
                f"The choice {name!r} does not exist", found=value, allowed=", ".join(allowed)
            )


def _values(
    recency: ArrayLike, frequency: ArrayLike, monetary: ArrayLike | None
) -> tuple[Floats, Floats, Floats | None]:
    days, orders = np.asarray(recency, np.float64), np.asarray(frequency, np.float64)
    money = None if monetary is None else np.asarray(monetary, np.float64)
    arrays = [array for array in (days, orders, money) if array is not None]
    if any(array.shape != (len(days),) for array in arrays) or not len(days):
        raise DataError(
            "RFM needs one value per customer and feature",
            found=" and ".join(str(array.shape) for array in arrays),
        )
    if any(not np.isfinite(array).all() for array in arrays):
        raise DataError("RFM needs numbers: a value is missing or infinite")
    return days, orders, money


# Scores


def _above(values: Floats, cuts: Cuts, closed: Closed) -> NDArray[np.int64]:
    """Return how many cut points lie below each value."""
    side: Literal["left", "right"] = "left" if closed == "right" else "right"
    return np.searchsorted(np.asarray(cuts), values, side=side)


def _nested(
    values: Floats, cuts: tuple[Cuts, ...], groups: NDArray[np.int64], closed: Closed
) -> NDArray[np.int64]:
    """Return the same with the cut points of each value's group; 0 in a group without any."""
    scores = np.zeros(len(values), dtype=np.int64)
    for group in np.unique(groups):
        members = groups == group
        scores[members] = _above(values[members], cuts[group], closed)
    return scores


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
                    f"same score, and one score holds {largest / len(scores.recency):.0%} of them.",
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
