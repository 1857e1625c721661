"""The part of a report that an order log adds: value, recency and frequency, the look ahead."""

from __future__ import annotations

from segmeans.commerce import OrdersRecord
from segmeans.plain import FEW, plain_number, plain_numbers, plain_share, told_count
from segmeans.records import StudyRecord
from segmeans.report.page_data import Grid, GridCell, Orders, Table
from segmeans.report.page_parts import badge
from segmeans.report.tables import Column, TextTable
from segmeans.segments.rfm_compare import Foresight
from segmeans.segments.words import plain_text
from segmeans.tables.order_options import order_words

TONES = (0.02, 0.05, 0.1)  # shares of the customers from which a cell of the grid is darker


def orders(record: StudyRecord, found: OrdersRecord) -> Orders:
    """Return what an order log says beyond its segments.

    Parameters
    ----------
    record : StudyRecord
    found : OrdersRecord
    """
    return Orders(
        facts=_facts(found),
        value=_value(record, found) if found.value else None,
        grid=_grid(found),
        names=_names(found),
        sentences=(*_against(found), *_ahead(found)),
        funnel=_funnel(found),
    )


def _facts(found: OrdersRecord) -> tuple[str, ...]:
    told = [
        f"Orders from {found.first_day} to {found.last_day}; recency is counted to {found.as_of}.",
        plain_text(order_words(found.order_rule, found.columns.order)),
        *(f"{one.name.replace('_', ' ')}: {plain_text(one.definition)}" for one in found.features),
    ]
    spread = found.concentration
    if spread is not None:
        told.insert(
            2,
            f"The best tenth of the customers brings {plain_share(spread.top_tenth)} of the "
            f"revenue, the best fifth {plain_share(spread.top_fifth)}.",
        )
    return tuple(told)


def _value(record: StudyRecord, found: OrdersRecord) -> Table:
    few = [one.customers < FEW for one in found.value]

    def column(header: str, cells: list[str]) -> Column:
        shown = ("few" if hide else cell for hide, cell in zip(few, cells, strict=True))
        return Column(header=header, cells=tuple(shown))

    each = plain_numbers([one.revenue_per_customer for one in found.value])
    columns = [
        Column(header="", cells=tuple(str(one.segment) for one in found.value)),
        Column(header="segment", cells=tuple(badge(s).name for s in record.segments), align="left"),
        column("share of customers", [plain_share(one.customer_share) for one in found.value]),
        column("share of revenue", [plain_share(one.revenue_share) for one in found.value]),
        column("revenue per customer", each),
        column("share of orders", [plain_share(one.order_share) for one in found.value]),
    ]
    if any(one.margin_share is not None for one in found.value):
        shares = [plain_share(one.margin_share) for one in found.value]
        columns.append(column("share of margin", shares))
    if any(one.lifetime_share is not None for one in found.value):
        shares = [plain_share(one.lifetime_share) for one in found.value]
        columns.append(column("share of expected value", shares))
    return Table(caption="What each segment brings", content=TextTable(tuple(columns)))


def _grid(found: OrdersRecord) -> Grid:
    bins = range(1, found.rfm.cuts.bins + 1)
    cells = {(cell.recency, cell.frequency): cell for cell in found.rfm.grid}

    def cell(recency: int, frequency: int) -> GridCell:
        one = cells.get((recency, frequency))
        if one is None or not one.customers:
            return GridCell(name="", customers="0", each="", tone=0)
        tone = 1 + sum(one.share >= edge for edge in TONES)
        return GridCell(
            name=plain_text(one.name),
            customers=told_count(one.customers),
            each=""
            if one.revenue is None or one.customers < FEW
            else f"{plain_number(one.revenue, compact=True)} each",
            tone=tone if one.customers >= FEW else 1,
        )

    return Grid(
        columns=tuple(bins),
        rows=tuple((r, tuple(cell(r, f) for f in bins)) for r in reversed(bins)),
    )


def _names(found: OrdersRecord) -> Table:
    shares = [one for one in found.rfm.shares if one.customers]
    few = [one.customers < FEW for one in shares]
    columns = [
        Column(header="name", cells=tuple(plain_text(s.name) for s in shares), align="left"),
        Column(header="customers", cells=tuple(told_count(one.customers) for one in shares)),
        Column(
            header="share",
            cells=tuple(
                "few" if hide else plain_share(one.share)
                for hide, one in zip(few, shares, strict=True)
            ),
        ),
    ]
    if any(one.revenue_share is not None for one in shares):
        columns.append(
            Column(
                header="share of revenue",
                cells=tuple(
                    "few" if hide else plain_share(one.revenue_share)
                    for hide, one in zip(few, shares, strict=True)
                ),
            )
        )
    meanings = tuple(plain_text(one.meaning) for one in shares)
    columns.append(Column(header="meaning", cells=meanings, align="left"))
    return Table(caption="Customers by named RFM cell", content=TextTable(tuple(columns)))


def _against(found: OrdersRecord) -> list[str]:
    if found.comparison is None:
        return []
    told = [
        f"RFM names and segments agree by {found.comparison.agreement:.2f} (adjusted Rand: 1 for "
        "the same groups, 0 for unrelated ones)."
    ]
    return told + [_foresight(one, found.comparison.days) for one in found.comparison.foresight]


def _foresight(one: Foresight, days: int) -> str:
    what = "revenue" if one.target == "revenue" else "whether customers buy"
    low, high = one.difference.low, one.difference.high
    between = "" if low is None or high is None else f" ({low:+.2f} to {high:+.2f})"
    verdict = {
        "segments": "the segments foresee it better",
        "rfm": "the RFM names foresee it better",
        "neither": "neither foresees it better",
    }[one.better]
    return (
        f"Over {days} days held out, {what}: {verdict}; skill {one.segments.value:.2f} of the "
        f"segments, {one.rfm.value:.2f} of the RFM names, difference "
        f"{one.difference.value:+.2f}{between}."
    )


def _ahead(found: OrdersRecord) -> list[str]:
    ahead = found.lifetimes
    if ahead.refused:
        return [f"No look ahead: {plain_text(ahead.refused)}"]
    told = []
    if ahead.purchases is not None:
        told.append(
            f"Expected in the next {plain_number(ahead.outlook.weeks)} weeks: "
            f"{plain_number(round(ahead.purchases))} purchases of the customers known today."
        )
    held = ahead.hold_out
    if held is not None:
        told.append(
            f"Checked on {plain_number(held.weeks)} weeks held out: {held.bought:,} purchases "
            f"came, {plain_number(round(held.foreseen))} were foreseen; off by {held.error:.2f} "
            f"per customer, where going on at the past rate is off by {held.naive_error:.2f}."
        )
    return told


def _funnel(found: OrdersRecord) -> Table:
    steps = found.funnel
    columns = [
        Column(header="step", cells=tuple(plain_text(s.name) for s in steps), align="left"),
        Column(header="lines left out", cells=tuple(f"{s.left_out:,}" for s in steps)),
        Column(header="lines left", cells=tuple(f"{s.lines:,}" for s in steps)),
        Column(header="customers", cells=tuple(f"{s.customers:,}" for s in steps)),
        Column(header="orders", cells=tuple(f"{s.orders:,}" for s in steps)),
    ]
    if any(step.revenue is not None for step in steps):
        told = tuple("-" if s.revenue is None else plain_number(round(s.revenue)) for s in steps)
        columns.append(Column(header="revenue", cells=told))
    return Table(caption="Order lines accounted for, one by one", content=TextTable(tuple(columns)))
