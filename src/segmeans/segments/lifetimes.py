"""Expected purchases, chance to be alive and lifetime value, checked on held-out time or refused.

The last part of the log is held out: the models are fitted to what came before it and must foresee
the purchases of that part. Only then are they fitted to the whole log and looked ahead with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from segmeans.errors import DataError, SettingError
from segmeans.plain import plain_change
from segmeans.records import Finding
from segmeans.segments.clv import NO_DROP_OUT, BgNbd, GammaGamma, fit_bg_nbd, fit_gamma_gamma
from segmeans.tables.orders import History, OrderLog

Floats = NDArray[np.float64]

WEEK = 7.0  # days
MONTH = 365.25 / 12 / WEEK  # weeks; value is discounted month by month
HOLD_OUT = 1 / 3  # of the days of the log
LEAST_WEEKS = 12  # before the time held out, and in it
LEAST_CUSTOMERS = 100
LEAST_REPEATERS = 50
WORST_TOTAL = 0.35  # relative error of all purchases foreseen for the time held out
MOST_CORRELATION = 0.3  # of worth and number of purchases, which the models take to be unrelated
CLASSES = 8  # of repeat purchases in the check: 0, 1, ... 7 and more


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """How far to look ahead.

    Parameters
    ----------
    weeks : float, default=52
        Length of the time ahead.
    discount : float, default=0.1
        A year's discount: money of next year is worth 1 / (1 + discount).
    margin : float, default=1.0
        Share of revenue that is ours.
    """

    weeks: float = 52.0
    discount: float = 0.1
    margin: float = 1.0

    def __post_init__(self) -> None:
        for name, low, high in (("weeks", 1, 520), ("discount", 0, 10), ("margin", 0, 1)):
            if not low <= getattr(self, name) <= high:
                raise SettingError(
                    f"The outlook's {name} is out of range",
                    found=getattr(self, name),
                    allowed=f"{low} to {high}",
                )


@dataclass(frozen=True, kw_only=True, slots=True)
class RepeatClass:
    """Customers with so many repeat purchases, in the time held out."""

    repeats: int  # the last class holds all with so many or more
    customers: int
    bought: float  # mean purchases in the time held out
    foreseen: float


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldOutFit:
    """How well the models foresaw the time held out.

    Errors are means over customers of the absolute difference of foreseen and actual purchases;
    the naive forecast goes on at each customer's own past rate.
    """

    until: date  # the models saw the log until here
    weeks: float  # held out
    customers: int
    bought: int
    foreseen: float
    error: float
    naive_error: float
    correlation: float | None
    classes: tuple[RepeatClass, ...]
    revenue: float | None  # in the time held out, of these customers
    foreseen_revenue: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LifetimeRecord:
    """What the lifetime models found, or why they were not used.

    Parameters
    ----------
    refused : str
        Why the data cannot bear the models; empty when it can.
    outlook : Outlook
        What was asked.
    hold_out : HoldOutFit or None
        The check; None when it could not be made.
    buying : BgNbd or None
        Fitted to the whole log; time in weeks.
    worth : GammaGamma or None
        None for a log without amounts, or when their model does not fit.
    alive : float or None
        Mean chance that a customer has not dropped out.
    purchases : float or None
        Expected in the time ahead, of all customers.
    value : float or None
        Of these purchases, discounted, times the margin.
    findings : tuple of Finding
    """

    refused: str
    outlook: Outlook
    hold_out: HoldOutFit | None = None
    buying: BgNbd | None = None
    worth: GammaGamma | None = None
    alive: float | None = None
    purchases: float | None = None
    value: float | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Lifetimes of n customers; the arrays are None when the models were refused.

    Parameters
    ----------
    record : LifetimeRecord
    customer : ndarray of shape (n,)
        In the order of the ids, as in the customer table.
    alive, purchases, value : ndarray of shape (n,) or None
        Chance not to have dropped out; purchases and value expected in the time ahead, the value
        None without a model of their worth.
    until : History or None
        The log until the hold-out, where it is long enough for one.
    """

    record: LifetimeRecord
    customer: NDArray[np.object_]
    alive: Floats | None = None
    purchases: Floats | None = None
    value: Floats | None = None
    until: History | None = None


def lifetimes(log: OrderLog, outlook: Outlook | None = None) -> Lifetimes:
    """Look ahead for every customer of a log, if the log can bear it.

    Parameters
    ----------
    log : OrderLog
        The orders.
    outlook : Outlook, optional
        How far to look, by default a year at 10 % discount.

    Returns
    -------
    Lifetimes
        With a plain reason in ``record.refused`` instead of numbers where the log is too short,
        has too few customers who come back, no parameters fit, or the hold-out was not foreseen.
    """
    outlook = outlook or Outlook()
    now = log.history(log.last_day)
    held, checked = _held_out(log), None
    try:
        checked = _hold_out(log, held)
        _check_total(checked)
        buying, worth = _fitted(now)
    except DataError as error:
        finding = _refusal(str(error))
        record = LifetimeRecord(
            refused=finding.evidence, outlook=outlook, hold_out=checked, findings=(finding,)
        )
        return Lifetimes(record, now.customer, until=held)
    return replace(_ahead(now, buying, worth, checked, outlook), until=held)


def _check_total(fit: HoldOutFit) -> None:
    if abs(fit.foreseen - fit.bought) > WORST_TOTAL * fit.bought:
        raise DataError(
            f"From the log until {fit.until} the model foresaw {fit.foreseen:,.0f} purchases for "
            f"the {fit.weeks:.0f} weeks after, and there were {fit.bought:,}: it does not know "
            "seasons and changes of the business"
        )


def _refusal(why: str) -> Finding:
    return Finding(
        level="note",
        code="no-lifetimes",
        where="orders",
        evidence=f"No lifetime value is given. {why}",
        advice="Use revenue and recency of the segments instead.",
    )


def _fitted(history: History) -> tuple[BgNbd, GammaGamma | None]:
    repeaters = int((history.repeats > 0).sum())
    if len(history.customer) < LEAST_CUSTOMERS or repeaters < LEAST_REPEATERS:
        raise DataError(
            "Too few customers came back",
            found=f"{repeaters:,} of {len(history.customer):,}",
            allowed=f"{LEAST_REPEATERS} of {LEAST_CUSTOMERS} at least",
        )
    buying = fit_bg_nbd(history.repeats, history.last / WEEK, history.age / WEEK)
    return buying, _worth(history)


def _worth(history: History) -> GammaGamma | None:
    """Return what purchases are worth; None without amounts, or when the model does not fit."""
    if np.isnan(history.revenue).all():
        return None
    try:
        return fit_gamma_gamma(history.repeats, history.repeat_value)
    except DataError:
        return None


def _held_out(log: OrderLog) -> History | None:
    """Return the log until its last part is held out; None where it is too short for that."""
    held = int((log.last_day - log.first_day).days * HOLD_OUT)
    if held < LEAST_WEEKS * WEEK:
        return None
    return log.history(log.last_day - timedelta(days=held))


def _hold_out(log: OrderLog, history: History | None) -> HoldOutFit:
    """Foresee the last part of the log."""
    if history is None:
        weeks = (log.last_day - log.first_day).days / WEEK
        raise DataError(
            f"The log is {weeks:.0f} weeks long, and {LEAST_WEEKS / HOLD_OUT:.0f} are "
            "needed: a third is held out to check the forecast"
        )
    return _checked(history, *_fitted(history))


def _checked(history: History, buying: BgNbd, worth: GammaGamma | None) -> HoldOutFit:
    weeks = history.later_days / WEEK
    foreseen = buying.expected(history.repeats, history.last / WEEK, history.age / WEEK, weeks)
    bought = history.later_purchases
    rate = history.repeats / np.maximum(history.age, 1)
    money = None
    if worth is not None:
        each = worth.expected(history.repeats, history.repeat_value)
        money = float((foreseen * each).sum())
    varies = foreseen.std() > 0 and bought.std() > 0
    return HoldOutFit(
        until=history.until,
        weeks=weeks,
        customers=len(bought),
        bought=int(bought.sum()),
        foreseen=float(foreseen.sum()),
        error=float(np.abs(foreseen - bought).mean()),
        naive_error=float(np.abs(rate * history.later_days - bought).mean()),
        correlation=float(np.corrcoef(foreseen, bought)[0, 1]) if varies else None,
        classes=_classes(history.repeats, bought, foreseen),
        revenue=None if money is None else float(history.later_revenue.sum()),
        foreseen_revenue=money,
    )


def _classes(repeats: Floats, bought: Floats, foreseen: Floats) -> tuple[RepeatClass, ...]:
    place = np.minimum(repeats, CLASSES - 1).astype(np.int64)
    counts = np.bincount(place, minlength=CLASSES)
    actual = np.bincount(place, weights=bought, minlength=CLASSES)
    model = np.bincount(place, weights=foreseen, minlength=CLASSES)
    return tuple(
        RepeatClass(
            repeats=number,
            customers=int(counts[number]),
            bought=float(actual[number] / counts[number]),
            foreseen=float(model[number] / counts[number]),
        )
        for number in range(CLASSES)
        if counts[number]
    )


def _ahead(
    now: History,
    buying: BgNbd,
    worth: GammaGamma | None,
    checked: HoldOutFit,
    outlook: Outlook,
) -> Lifetimes:
    """Look ahead from the end of the log, month by month."""
    seen = (now.repeats, now.last / WEEK, now.age / WEEK)
    alive = buying.alive(*seen)
    before = np.zeros(len(alive))
    purchases, discounted = before, np.zeros(len(alive))
    ends = [*np.arange(MONTH, outlook.weeks, MONTH), outlook.weeks]
    for month, end in enumerate(ends, start=1):
        purchases = buying.expected(*seen, float(end))
        discounted += (purchases - before) / (1 + outlook.discount) ** (month / 12)
        before = purchases
    value = None
    findings = _doubts(buying, checked)
    if worth is not None:
        value = discounted * worth.expected(now.repeats, now.repeat_value) * outlook.margin
        findings += _related(now)
    elif not np.isnan(now.revenue).all():
        findings += (
            _doubt(
                "worth-not-modelled",
                "What a purchase is worth does not follow the Gamma-Gamma model: customers are "
                "too much alike, or too few spend different sums.",
                "Multiply the expected purchases by a mean of your own.",
            ),
        )
    record = LifetimeRecord(
        refused="",
        outlook=outlook,
        hold_out=checked,
        buying=buying,
        worth=worth,
        alive=float(alive.mean()),
        purchases=float(purchases.sum()),
        value=None if value is None else float(value.sum()),
        findings=findings,
    )
    return Lifetimes(record, now.customer, alive, purchases, value)


def _doubts(buying: BgNbd, fit: HoldOutFit) -> tuple[Finding, ...]:
    """Say what of the forecast is not to be relied on."""
    found = []
    if buying.drop_out < NO_DROP_OUT:
        found.append(
            _doubt(
                "no-drop-out",
                "Nobody can be told to have left for good: the chance of being alive is near 1 "
                "for everyone and says nothing.",
                "Use the expected purchases.",
            )
        )
    if fit.error >= fit.naive_error:
        found.append(
            _doubt(
                "forecast-not-better",
                f"Over the {fit.weeks:.0f} weeks held out the forecast was off by {fit.error:.2f} "
                f"purchases per customer; going on at the past rate, by {fit.naive_error:.2f}.",
                "Take expected purchases for sums over segments, not for single customers.",
            )
        )
    if fit.revenue and fit.foreseen_revenue is not None:
        off = fit.foreseen_revenue / fit.revenue - 1
        if abs(off) > WORST_TOTAL:
            found.append(
                _doubt(
                    "forecast-revenue-off",
                    f"Over the {fit.weeks:.0f} weeks held out the models foresaw "
                    f"{fit.foreseen_revenue:,.0f} of revenue, and it was {fit.revenue:,.0f} "
                    f"({plain_change(off, 0)}).",
                    "Take lifetime values as a ranking rather than as sums of money.",
                )
            )
    return tuple(found)


def _doubt(code: str, evidence: str, advice: str) -> Finding:
    return Finding(level="warning", code=code, where="orders", evidence=evidence, advice=advice)


def _related(now: History) -> tuple[Finding, ...]:
    """Say when those who buy more often spend more or less each time."""
    used = (now.repeats > 0) & (now.repeat_value > 0)
    x, m = np.log(now.repeats[used]), np.log(now.repeat_value[used])
    if len(x) < LEAST_REPEATERS or x.std() == 0 or m.std() == 0:
        return ()
    correlation = float(np.corrcoef(x, m)[0, 1])
    if abs(correlation) <= MOST_CORRELATION:
        return ()
    return (
        _doubt(
            "worth-depends-on-frequency",
            "The lifetime model takes the worth of a purchase to have nothing to do with how "
            f"often a customer buys; here their correlation is {correlation:.2f}.",
            "Take lifetime values as a ranking rather than as sums of money.",
        ),
    )
