"""What segments are worth, and how much of all revenue hangs on how few customers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmeans.errors import DataError
from segmeans.plain import plain_share
from segmeans.records import Finding

CURVE_STEPS = 100
CONCENTRATED = 0.8  # of revenue from the best tenth of the customers


@dataclass(frozen=True, kw_only=True, slots=True)
class SegmentValue:
    """What one segment is worth. Sums are over its customers, shares of all customers' sums."""

    segment: int
    customers: int
    customer_share: float
    revenue: float
    revenue_share: float | None  # None when nobody brought revenue
    revenue_per_customer: float
    orders: int
    order_share: float
    margin: float | None = None  # None without a margin or cost column
    margin_share: float | None = None
    lifetime_value: float | None = None  # None without a lifetime model
    lifetime_share: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Concentration:
    """How unequally revenue is spread over customers.

    Parameters
    ----------
    customers : int
        Counted, with revenue or without.
    top_tenth, top_fifth : float
        Share of revenue of the best 10 and 20 per cent of the customers, rounded up to whole
        customers.
    gini : float
        0 when all bring the same; 1 - 1/n when one brings all.
    curve : tuple of float
        Share of revenue of the best 0, 1, ... 100 per cent of the customers.
    """

    customers: int
    top_tenth: float
    top_fifth: float
    gini: float
    curve: tuple[float, ...]


def segment_values(
    labels: ArrayLike,
    revenue: ArrayLike,
    orders: ArrayLike,
    *,
    margin: ArrayLike | None = None,
    lifetime_value: ArrayLike | None = None,
    segments: int | None = None,
) -> tuple[SegmentValue, ...]:
    """Sum up what every segment brings.

    Parameters
    ----------
    labels : array-like of shape (n,)
        Segment of each customer from 1; 0 for a customer without one, who is left out.
    revenue : array-like of shape (n,)
        Revenue of each customer.
    orders : array-like of shape (n,)
        Orders of each customer.
    margin : array-like of shape (n,), optional
        Margin of each customer.
    lifetime_value : array-like of shape (n,), optional
        Expected value of each customer in the time ahead.
    segments : int, optional
        Number of segments; by default the largest label.

    Returns
    -------
    tuple of SegmentValue
        One per segment, in the order of their numbers.

    Raises
    ------
    DataError
        If the arrays do not fit or a value is missing.

    Examples
    --------
    >>> [value.revenue_share for value in segment_values([1, 1, 2], [5, 1, 2], [1, 1, 1])]
    [0.75, 0.25]
    """
    member = np.asarray(labels, np.int64)
    columns = {
        "revenue": revenue,
        "orders": orders,
        "margin": margin,
        "lifetime_value": lifetime_value,
    }
    k = segments or int(member.max(initial=0))
    sums = {
        name: _sums(member, values, k, name)
        for name, values in columns.items()
        if values is not None
    }
    counts = np.bincount(member, minlength=k + 1)
    whole = int(counts[1:].sum())

    def at(name: str, segment: int) -> float | None:
        return float(sums[name][segment]) if name in sums else None

    def share(name: str, segment: int) -> float | None:
        total = float(sums[name][1:].sum()) if name in sums else 0.0
        return float(sums[name][segment] / total) if total > 0 else None

    return tuple(
        SegmentValue(
            segment=segment,
            customers=int(counts[segment]),
            customer_share=float(counts[segment] / whole) if whole else 0.0,
            revenue=float(sums["revenue"][segment]),
            revenue_share=share("revenue", segment),
            revenue_per_customer=float(sums["revenue"][segment] / max(counts[segment], 1)),
            orders=round(float(sums["orders"][segment])),
            order_share=share("orders", segment) or 0.0,
            margin=at("margin", segment),
            margin_share=share("margin", segment),
            lifetime_value=at("lifetime_value", segment),
            lifetime_share=share("lifetime_value", segment),
        )
        for segment in range(1, k + 1)
    )


def _sums(member: NDArray[np.int64], values: ArrayLike, k: int, name: str) -> NDArray[np.float64]:
    array = np.asarray(values, np.float64)
    if array.shape != member.shape or not np.isfinite(array[member > 0]).all():
        raise DataError(
            "The value of segments needs one number per customer",
            where=name,
            found=f"{array.shape} for {member.shape} labels, or missing values",
        )
    scored = member > 0
    return np.bincount(member[scored], array[scored], k + 1).astype(np.float64)


def concentration(revenue: ArrayLike) -> Concentration:
    """Measure how unequally revenue is spread.

    Parameters
    ----------
    revenue : array-like of shape (n,)
        Revenue of each customer, 0 or more.

    Raises
    ------
    DataError
        For no customers, negative or missing revenue, or none at all.

    Examples
    --------
    >>> spread = concentration([0, 0, 0, 4])
    >>> spread.gini, spread.top_tenth
    (0.75, 1.0)
    """
    values = np.sort(np.asarray(revenue, np.float64))[::-1]
    n = len(values)
    total = float(values.sum()) if n else 0.0
    if not n or not math.isfinite(total) or values[-1] < 0 or total <= 0:
        raise DataError(
            "Concentration needs revenue of 0 or more, and some above 0", where="revenue"
        )
    running = np.concatenate([[0.0], np.cumsum(values)]) / total
    running[-1] = 1.0
    places = np.arange(1, n + 1)
    gini = (n + 1) / n - 2 * float((places * values).sum()) / (n * total)
    curve = running[[math.ceil(step * n / CURVE_STEPS) for step in range(CURVE_STEPS + 1)]]
    return Concentration(
        customers=n,
        top_tenth=float(running[math.ceil(n / 10)]),
        top_fifth=float(running[math.ceil(n / 5)]),
        gini=gini,
        curve=tuple(float(point) for point in curve),
    )


def value_findings(spread: Concentration, values: Sequence[SegmentValue]) -> tuple[Finding, ...]:
    """Say when revenue hangs on few customers, or a segment hardly brings any.

    Parameters
    ----------
    spread : Concentration
        Over all customers.
    values : sequence of SegmentValue
        From :func:`segment_values`.
    """
    found = []
    if spread.top_tenth >= CONCENTRATED:
        found.append(
            Finding(
                level="warning",
                code="concentrated-revenue",
                where="revenue",
                evidence="The best tenth of the customers brings "
                f"{plain_share(spread.top_tenth)} of the revenue.",
                advice="Look after them one by one; averages of segments hide them.",
            )
        )
    found += [
        Finding(
            level="note",
            code="segment-without-revenue",
            where=f"segment {value.segment}",
            evidence=f"{plain_share(value.customer_share)} of the customers bring "
            f"{plain_share(value.revenue_share)} of the revenue.",
        )
        for value in values
        if value.revenue_share is not None and value.revenue_share < value.customer_share / 10
    ]
    return tuple(found)
