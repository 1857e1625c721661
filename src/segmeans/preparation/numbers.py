"""Numbers and dates: from a value to its prepared column and back, as array and as SQL.

A value x becomes ``(t(clip(x)) - centre) / (scale / sqrt(weight))``. Dates are numbers too: whole
days since 1970-01-01.
"""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import numpy.typing as npt

from segmeans.preparation.transforms import LARGEST, Floats, Transform
from segmeans.records import FeatureState
from segmeans.tables import sql

_EPOCH = dt.date.fromisoformat(sql.EPOCH)


def transform(feature: FeatureState) -> Transform:
    """Return the transform of a feature."""
    exponent = 1.0 if feature.exponent is None else feature.exponent
    return Transform(feature.transform, exponent)


def divisor(feature: FeatureState) -> float:
    """Return what a centred value is divided by: a weight multiplies *squared* distances."""
    return feature.scale / math.sqrt(feature.weight)


def limits(feature: FeatureState) -> tuple[float, float]:
    """Return the caps, or the largest numbers there are where there is no cap."""
    low = -LARGEST if feature.low is None else feature.low
    return low, LARGEST if feature.high is None else feature.high


def source(feature: FeatureState, *, text: bool) -> sql.Expression:
    """Return the column as a float; ``text`` lets what is no number count as missing."""
    column = sql.column(feature.column)
    if feature.kind == "date":
        return sql.double(sql.days(column))
    return sql.try_double(column) if text else sql.double(column)


def present(value: sql.Expression) -> sql.Expression:
    """Return whether a float is a usable number; not true for NULL, NaN and infinity."""
    return sql.between(value, sql.number(-LARGEST), sql.number(LARGEST))


def raw(feature: FeatureState) -> sql.Expression:
    """Return what to fetch: the number, NULL where there is none that can be used."""
    value = source(feature, text=True)
    return sql.case([(present(value), value)])


def missing(values: Floats) -> npt.NDArray[np.bool_]:
    """Return which of the raw values, shape (n,), are missing."""
    return np.logical_not(np.abs(values) <= LARGEST)


def prepared(feature: FeatureState, values: Floats) -> Floats:
    """Return the prepared column, shape (n,), from raw values, shape (n,)."""
    fill = np.nan if feature.fill is None else feature.fill
    known = np.where(missing(values), fill, values)
    if feature.low is not None or feature.high is not None:
        known = np.clip(known, *limits(feature))
    return (transform(feature).forward(known) - feature.centre) / divisor(feature)


def expression(feature: FeatureState, *, text: bool = False) -> sql.Expression:
    """Return the prepared column as SQL.

    What stands in for missing and capped values is worked out here, so that the SQL holds one
    branch per case and no nesting. Without a fill, what is missing is NULL.
    """
    value = source(feature, text=text)
    low, high = limits(feature)
    branches = [
        (condition, _standardised(feature, inner))
        for condition, inner in transform(feature).branches(value, low, high)
    ]
    for cap, below, above in ((feature.low, -LARGEST, low), (feature.high, high, LARGEST)):
        if cap is not None:
            beyond = sql.between(value, sql.number(below), sql.number(above))
            branches.append((beyond, sql.number(_at(feature, cap))))
    if feature.fill is None:
        return sql.case(branches)
    return sql.case(branches, sql.number(_at(feature, feature.fill)))


def _at(feature: FeatureState, value: float) -> float:
    return float(prepared(feature, np.array([value]))[0])


def _standardised(feature: FeatureState, value: sql.Expression) -> sql.Expression:
    if feature.centre != 0.0:
        value = sql.subtract(value, sql.number(feature.centre))
    by = divisor(feature)
    return value if by == 1.0 else sql.divide(value, sql.number(by))


def in_units(feature: FeatureState, values: Floats) -> list[float | str]:
    """Return prepared values in the units of the column; dates as ISO text."""
    inner = values * divisor(feature) + feature.centre
    numbers = transform(feature).backward(inner).tolist()
    if feature.kind == "date":
        return [written_date(number) for number in numbers]
    return list(numbers)


def written_date(days: float) -> str:
    """Return days since 1970-01-01 as ISO text.

    Examples
    --------
    >>> written_date(18262.2)
    '2020-01-01'
    """
    try:
        return (_EPOCH + dt.timedelta(days=round(days))).isoformat()
    except OverflowError:
        return f"{days:.0f} days after {sql.EPOCH}"
