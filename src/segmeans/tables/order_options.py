"""How an order log is read: the choices, and the steps of the funnel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from segmeans.errors import SettingError

OrderRule = Literal["id", "moment", "day", "line"]
SameDay = Literal["auto", "id", "moment", "day", "line"]
Keep = Literal["keep", "drop"]
ZeroAmounts = Literal["auto", "keep", "drop"]
Returns = Literal["drop", "net"]

ORDER_WORDS: dict[str, str] = {
    "id": "the lines of a customer with one order number",
    "moment": "the lines of a customer at one moment",
    "day": "the lines of a customer on one day",
    "line": "every line by itself",
}
"""What one order is, by the rule."""


def order_words(rule: str, number: str | None) -> str:
    """Say what counts as one order.

    Parameters
    ----------
    rule : {"id", "moment", "day", "line"}
    number : str or None
        The column of order numbers.

    Examples
    --------
    >>> print(order_words("id", "InvoiceNo"))
    One order: the lines of a customer with one order number (InvoiceNo).
    """
    of = f" ({number})" if rule == "id" and number else ""
    return f"One order: {ORDER_WORDS[rule]}{of}."


# Names of columns made beside those of the log; with a line break, which no name of a log has.
COPY, ROW, STEP = "copy\n", "row\n", "step\n"

# The steps of the funnel, in order, each with its rule. A line falls into the first that applies.
STEPS: dict[str, str] = {
    "no customer": "the line names no customer",
    "cancelled": "the status says so, or the order number is a cancellation number",
    "returned": "the status says so, or pieces (without a quantity: money) are negative",
    "zero or negative amount": "the line brought no money, or its amount cannot be read",
    "duplicate line": "equal in every column to an earlier line",
    "unreadable date": "the date is missing or cannot be read",
    "future date": "later than the as-of date; without it, clearly no date of an order",
    "other currency": "not in the currency that counts",
}
CANCELLED, RETURNED = 2, 3  # places in STEPS, from 1
KEPT = len(STEPS) + 1


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderOptions:
    """How an order log is read.

    Parameters
    ----------
    as_of : date, optional
        The day on which customers are looked at; later lines are left out. By default the day
        after the last order that counts, never today; then only clearly wrong dates are left out,
        as :func:`segmeans.tables.order_dates.last_sound_day` says.
    duplicates : {"keep", "drop"}, default="keep"
        What happens to lines equal in every column to another; they are counted in any case.
    returns : {"drop", "net"}, default="drop"
        Leave cancelled and returned lines out, or also take them off the sale they cancel.
    zero_amounts : {"auto", "keep", "drop"}, default="auto"
        What happens to lines of amount 0. Auto keeps them where every line is an order of its
        own, which may have cost nothing, and drops them among the lines of an order, where they
        are gifts and corrections. Negative amounts are always left out.
    same_day : {"auto", "id", "moment", "day", "line"}, default="auto"
        What one order is: lines with one order number, lines of a customer at one moment or on
        one day, or every line by itself. Auto takes the order number; without one, every line if
        there is no product column, else the moment, or the day when there are no times.
    currency : str, optional
        The currency that counts; by default the most frequent one.
    time_zone : str, optional
        Times are in UTC and calendar days are those of this zone, for example "Europe/Berlin".

    Raises
    ------
    SettingError
        For a choice that does not exist.
    """

    as_of: date | None = None
    duplicates: Keep = "keep"
    returns: Returns = "drop"
    zero_amounts: ZeroAmounts = "auto"
    same_day: SameDay = "auto"
    currency: str | None = None
    time_zone: str | None = None

    def __post_init__(self) -> None:
        choices = {
            "duplicates": get_args(Keep),
            "returns": get_args(Returns),
            "zero_amounts": get_args(ZeroAmounts),
            "same_day": get_args(SameDay),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise SettingError(
                    f"The setting {name!r} has a value that is not allowed",
                    found=repr(getattr(self, name)),
                    allowed=", ".join(allowed),
                )
