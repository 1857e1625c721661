"""Numbers about fewer than five customers are not told: they would point at single ones."""

from __future__ import annotations

from segmeans.plain import plain_number, plain_share

FEW = 5
"""Customers below whom a number is not told."""


def told_count(number: float) -> str:
    """Write a number of customers, unless they are few.

    Examples
    --------
    >>> told_count(0), told_count(4), told_count(1234)
    ('0', 'few', '1,234')
    """
    return "few" if 0 < number < FEW else plain_number(number)


def told_share(share: float | None, known: int) -> str:
    """Write a share of customers, unless it is about few, or leaves out few.

    Parameters
    ----------
    share : float or None
    known : int
        Customers of whom it is a share.

    Examples
    --------
    >>> told_share(0.5, 200), told_share(0.02, 200), told_share(0.99, 200), told_share(0.0, 200)
    ('50.0 %', 'few', 'nearly all', '0 %')
    """
    holders = round((share or 0.0) * known)
    if 0 < holders < FEW:
        return "few"
    return "nearly all" if 0 < known - holders < FEW else plain_share(share)
