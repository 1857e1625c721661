"""Numbers, shares and days as a person would write them: the one form of every room."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta

FEW = 5
"""Customers below whom a number is not told: it would point at single ones."""


def plain_number(value: float | None, *, compact: bool = False) -> str:
    """Write a number with about three digits, as on a price tag.

    Parameters
    ----------
    value : float or None
        None and NaN become a dash.
    compact : bool, default=False
        Write thousands, millions and billions as ``k``, ``M`` and ``bn``.

    Examples
    --------
    >>> [plain_number(x) for x in (55.2963, 0.04217, 12669, 3.0, -1250000.4, None)]
    ['55.3', '0.0422', '12,669', '3', '-1,250,000', '-']
    >>> plain_number(1254000, compact=True)
    '1.25M'
    """
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    size = abs(value)
    if size == 0:
        return "0"
    if compact:
        for unit, suffix in ((1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e4, "k")):
            if size >= unit * 0.9995:
                divisor = 1e3 if suffix == "k" else unit
                return plain_number(float(f"{value / divisor:.3g}")) + suffix
    if value == round(value) and size < 1e15:
        return f"{value:,.0f}"
    if size >= 1e15 or size < 1e-4:
        return f"{value:.2e}"
    digits = 0 if size >= 99.95 else 1 if size >= 9.995 else 2
    if size < 1:
        digits = 2 - math.floor(math.log10(size))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain_date(days: float | None) -> str:
    """Write days since 1970-01-01 as a calendar day.

    Examples
    --------
    >>> plain_date(19723.4)
    '2024-01-01'
    """
    if days is None or math.isnan(days):
        return "-"
    try:
        return (date(1970, 1, 1) + timedelta(days=math.floor(days))).isoformat()
    except OverflowError:
        return plain_number(days)


def plain_share(share: float | None, digits: int = 1) -> str:
    """Write a share as a percentage that never rounds to nothing or to all.

    Parameters
    ----------
    share : float or None
        1 is all. None and NaN become a dash. A change may be below 0 or above 1.
    digits : int, default=1
        Decimals; 0 where a sentence asks for no more.

    Examples
    --------
    >>> [plain_share(x) for x in (0.405, 0.12, 0.0004, 0.9999, 1.0, None)]
    ['40.5 %', '12.0 %', '<0.1 %', '>99.9 %', '100 %', '-']
    >>> [plain_share(x, 0) for x in (0.405, 0.004, 0.996, 15.25)]
    ['40 %', '<1 %', '>99 %', '1,525 %']
    """
    if share is None or math.isnan(share):
        return "-"
    step = 10.0**-digits
    size = 100 * abs(share)
    sign = "-" if share < 0 else ""
    if share in (0.0, 1.0):
        return f"{size:.0f} %"
    if size < step / 2:
        return f"<{sign}{step:.{digits}f} %" if share > 0 else f">{sign}{step:.{digits}f} %"
    if 100 - step / 2 < size < 100:
        return f">{100 - step:.{digits}f} %"
    return f"{sign}{size:,.{digits}f} %"


def set_share(share: float) -> str:
    """Write a share that somebody set, with the digits that it was set with.

    Examples
    --------
    >>> [set_share(x) for x in (0.05, 0.005, 0.125, 1.0)]
    ['5 %', '0.5 %', '12.5 %', '100 %']
    """
    return f"{100 * share:.3g} %"


def plain_change(change: float, digits: int = 1) -> str:
    """Write a relative change with its sign.

    Examples
    --------
    >>> [plain_change(x) for x in (0.052, -0.1, 0.0, 15.25)]
    ['+5.2 %', '-10.0 %', '0 %', '+1,525.0 %']
    """
    said = plain_share(change, digits)
    if change <= 0:
        return said
    return f"<+{said[1:]}" if said.startswith("<") else f"+{said}"


def plain_numbers(values: Sequence[float | None]) -> list[str]:
    """Write the numbers of one column with the same number of decimals.

    Examples
    --------
    >>> plain_numbers([400.0, 271.04, 65.568, None])
    ['400.0', '271.0', '65.6', '-']
    >>> plain_numbers([3.0, 12.0]), plain_numbers([1.0, 1e-9])
    (['3', '12'], ['1', '1.00e-09'])
    >>> plain_numbers([236.51, 7.0]), plain_numbers([1051.3, 3.2])
    (['236.5', '7.0'], ['1,051.3', '3.2'])
    """
    known = [abs(value) for value in values if value is not None and math.isfinite(value)]
    sizes = [size for size in known if size]
    if not sizes or max(sizes) >= 1e15 or min(sizes) < 1e-4:
        return [plain_number(value) for value in values]
    digits = 0
    if any(value != round(value) for value in known):
        # Three digits for the smallest value, but no more than four for the largest, or five
        # where the smallest would be left with less than two.
        least, most = (math.floor(math.log10(of(sizes))) for of in (min, max))
        digits = max(0, min(2 - least, max(3 - most, min(1 - least, 4 - most))))
    return [
        f"{value + 0.0:,.{digits}f}"
        if value is not None and math.isfinite(value)
        else plain_number(value)
        for value in values
    ]


def told_count(number: float) -> str:
    """Write a number of customers, unless they are few.

    Examples
    --------
    >>> told_count(0), told_count(4), told_count(1234)
    ('0', 'few', '1,234')
    """
    return "few" if 0 < number < FEW else plain_number(number)


def told_share(share: float | None, known: int) -> str:
    """Write a share of customers, unless it is of few, about few, or leaves out few.

    Parameters
    ----------
    share : float or None
    known : int
        Customers of whom it is a share.

    Examples
    --------
    >>> told_share(0.5, 200), told_share(0.02, 200), told_share(0.99, 200), told_share(0.0, 200)
    ('50.0 %', 'few', 'nearly all', '0 %')
    >>> told_share(0.0, 3), told_share(1.0, 3), told_share(None, 3)
    ('few', 'few', '-')
    """
    if share is None or math.isnan(share):
        return plain_share(share)
    holders = round(share * known)
    if 0 < holders < FEW or 0 < known < FEW:
        return "few"
    return "nearly all" if 0 < known - holders < FEW else plain_share(share)
