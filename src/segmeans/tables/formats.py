"""The written form of values that is known from an earlier day, and whether a new table keeps it.

A date such as 03/04/2026 says nothing by itself: a table of few rows, guessed anew, may be read
month first where the one before was read day first. So what was read once is read the same way
again, as long as nearly all values allow it.
"""

from __future__ import annotations

from collections.abc import Mapping

from segmeans.records import Finding

FORMS = {
    "point": "with a decimal point",
    "comma": "with a decimal comma",
    "iso": "year first",
    "ymd": "as eight digits",
    "named": "with the name of the month, or as 2024/12/31",
    "day": "day first",
    "month": "month first",
}
"""Ways to write a number or a date, and how to say so."""


def keeps(known: str, forms: Mapping[str, int], share: float) -> bool:
    """Return whether values are still written as they were.

    Parameters
    ----------
    known : str
        One of :data:`FORMS`.
    forms : mapping of str to int
        How many values of a sample have which form, and how many are ``present``.
    share : float
        Of the values present.
    """
    return forms.get("present", 0) > 0 and forms[known] >= share * forms["present"]


def other_form(where: str, known: str, now: str, forms: Mapping[str, int]) -> Finding:
    """Return the finding that a column is written otherwise than on the earlier day.

    Parameters
    ----------
    where : str
        The column.
    known, now : str
        Its form then, and as what it is read now.
    forms : mapping of str to int
    """
    read = FORMS.get(now, {"text": "as words", "whole": "as whole numbers"}.get(now, "as numbers"))
    return Finding(
        level="warning",
        code="other-format",
        where=where,
        evidence=f"Values were written {FORMS[known]} on the day of training; "
        f"{forms.get(known, 0):,} of {forms.get('present', 0):,} looked at read so now. They are "
        f"read {read} instead.",
        advice="Write them as on that day, if this is not what they mean.",
    )
