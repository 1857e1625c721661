"""What a model file says of its order log is read as hostile, like all of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date

from segmeans.records import ModelOrders, ModelRfm, ModelRfmRule
from segmeans.tables.formats import FORMS
from segmeans.tables.order_columns import MEANINGS

LONGEST_TEXT = 10_000
MOST_BINS = 10
MOST_RULES = 1_000
MOST_GROUPS = 1_000
FARTHEST = 1e300


def order_faults(orders: ModelOrders) -> Iterator[str]:
    """Yield what is wrong with what a model keeps of its order log; nothing if it can be used.

    Parameters
    ----------
    orders : ModelOrders
        Of the right types; nothing else is taken for granted.

    Yields
    ------
    str
    """
    if not {"customer", "date"} <= orders.columns.keys() <= set(MEANINGS):
        yield "columns of an order log with an unknown meaning, or without customer and date"
    if not set(orders.forms) <= set(orders.columns.values()) or not set(
        orders.forms.values()
    ) <= set(FORMS):
        yield "an unknown way to write the values of an order log"
    if len(orders.groups) > MOST_GROUPS:
        yield f"{len(orders.groups):,} product groups"
    texts = [*orders.columns.values(), *orders.groups]
    texts += [text for text in (orders.currency, orders.time_zone) if text is not None]
    texts += [text for rule in orders.rfm.rules for text in [rule.name]]
    texts += [one.name for one in orders.rfm.names]
    if not all(map(_sound, texts)) or any(
        "\x00" in one.meaning or len(one.meaning) > LONGEST_TEXT for one in orders.rfm.names
    ):
        yield "a text of the order log that is empty, too long, or has a NUL in it"
    if not _is_day(orders.as_of):
        yield "a day of the order log that is none"
    yield from _scale_faults(orders.rfm)
    yield from _name_faults(orders.rfm)


def _sound(text: str) -> bool:
    return 0 < len(text) <= LONGEST_TEXT and "\x00" not in text


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _scale_faults(rfm: ModelRfm) -> Iterator[str]:
    if not 2 <= rfm.bins <= MOST_BINS:
        yield "an impossible number of RFM scores"
        return
    nested = rfm.binning == "nested"
    wanted = (1, rfm.bins, rfm.bins**2) if nested else (1, 1, 1)
    for scales, count in zip((rfm.recency, rfm.frequency, rfm.monetary), wanted, strict=True):
        if len(scales) != count and not (scales is rfm.monetary and not scales):
            yield "an RFM scale of the wrong size"
        for place, cuts in enumerate(scales):
            may_be_empty = nested and scales is not rfm.recency
            if len(cuts) != rfm.bins - 1 and not (may_be_empty and not cuts):
                yield f"another number of RFM cut points than of scores (group {place + 1})"
            elif list(cuts) != sorted(cuts) or not all(map(_in_range, cuts)):
                yield "RFM cut points that do not ascend"


def _in_range(value: float) -> bool:
    return math.isfinite(value) and abs(value) <= FARTHEST


def _name_faults(rfm: ModelRfm) -> Iterator[str]:
    if not 1 <= len(rfm.rules) <= MOST_RULES or not 1 <= len(rfm.names) <= MOST_RULES:
        yield "an impossible number of RFM names"
        return
    names = {one.name for one in rfm.names}
    if len(names) < len(rfm.names):
        yield "an RFM name that comes twice"
    if any(rule.name not in names for rule in rfm.rules):
        yield "RFM cells of a name that is not listed"
    if not all(_in_box(rule, rfm.bins) for rule in rfm.rules):
        yield "RFM cells beyond the scores"


def _in_box(rule: ModelRfmRule, bins: int) -> bool:
    ends = (rule.recency, rule.frequency, rule.monetary)
    return all(1 <= low <= high <= bins for low, high in ends)
