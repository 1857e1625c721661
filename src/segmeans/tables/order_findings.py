"""What a person should know about an order log before trusting what is made of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from segmeans.plain import plain_share
from segmeans.records import Finding, FunnelStep
from segmeans.tables.duck import Engine, Table, quoted
from segmeans.tables.names import shown
from segmeans.tables.order_baskets import SALES
from segmeans.tables.order_columns import OrderColumns
from segmeans.tables.order_features import OrderFeature
from segmeans.tables.order_funnel import PEOPLE
from segmeans.tables.order_lines import Lines
from segmeans.tables.order_options import KEPT
from segmeans.tables.order_returns import Netting

DOMINANT = 0.1  # of all orders by one customer
CROWD = 100  # customers, before one of them can dominate
MOSTLY = 0.5
WRONG_DATES = ("unreadable date", "future date")


def log_findings(
    engine: Engine,
    columns: OrderColumns,
    lines: Lines,
    steps: Sequence[FunnelStep],
    netting: Netting,
    *,
    copies: int,
) -> tuple[Finding, ...]:
    """Return what was odd about a log that has been read.

    Parameters
    ----------
    engine : Engine
        Holds the orders.
    columns : OrderColumns
        What the columns of the log mean.
    lines : Lines
        The tidy lines.
    steps : sequence of FunnelStep
        The funnel.
    netting : Netting
        What was taken back.
    copies : int
        Lines that are equal in every column to an earlier one.
    """
    found = [
        *_left_out(steps),
        *_wrong_dates(columns, steps),
        *_copies(copies),
        *_taken_back(netting, steps[0 if netting.applied else -1]),
        *_no_money(columns),
    ]
    if lines.order_rule == "id":
        found += _shared(engine, str(columns.order), steps[-1].orders)
    return (*found, *_buyers(engine, columns, netted=netting.applied))


def _left_out(steps: Sequence[FunnelStep]) -> Iterator[Finding]:
    whole, last = steps[0], steps[-1]
    if last.lines < whole.lines:
        parts = ", ".join(f"{step.left_out:,} {step.name}" for step in steps[1:] if step.left_out)
        yield Finding(
            level="note",
            code="lines-left-out",
            where="orders",
            evidence=f"{whole.lines - last.lines:,} of {whole.lines:,} lines do not count: "
            f"{parts}.",
        )


def _wrong_dates(columns: OrderColumns, steps: Sequence[FunnelStep]) -> Iterator[Finding]:
    for step in steps:
        if step.name in WRONG_DATES:
            yield Finding(
                level="warning",
                code=step.name.replace(" ", "-"),
                where=columns.date,
                evidence=f"{step.left_out:,} lines were left out: {step.rule}.",
                advice="Look at the rejected lines.",
            )


def _copies(copies: int) -> Iterator[Finding]:
    if copies:
        yield Finding(
            level="warning",
            code="duplicate-lines",
            where="orders",
            evidence=f"{copies:,} lines of the log are equal in every column to an "
            "earlier one. Two equal lines can be two pieces of one thing, or a faulty export.",
            advice="Leave them out with the setting duplicates=drop if they are a fault.",
        )


def _taken_back(netting: Netting, whole: FunnelStep) -> Iterator[Finding]:
    if not netting.amount:
        return
    part = netting.amount / whole.revenue if whole.revenue else 0.0
    largest = ", ".join(
        f"{sale.amount:,.2f} of customer {shown([sale.customer])} in order {shown([sale.order])}"
        for sale in netting.largest[:3]
    )
    fate = "was taken off the revenue" if netting.applied else "still counts as revenue"
    yield Finding(
        level="note" if netting.applied else "warning",
        code="sales-taken-back",
        where="orders",
        evidence=f"{netting.matched:,} of {netting.lines:,} cancelled or returned lines were "
        f"matched with their sale; {netting.amount:,.2f} ({plain_share(part)} of revenue) "
        f"{fate}. The largest: {largest}.",
        advice=""
        if netting.applied
        else "Take it off with the setting returns=net if revenue should be what was kept.",
    )


def _no_money(columns: OrderColumns) -> Iterator[Finding]:
    if not columns.has_money:
        yield Finding(
            level="warning",
            code="no-amounts",
            where="orders",
            evidence="The log has no amounts: nothing is known of revenue, and customers are told "
            "apart by how recently and how often they bought.",
            advice="Name the column with the setting 'amount', or 'quantity' and 'price'.",
        )


def _shared(engine: Engine, name: str, orders: int) -> Iterator[Finding]:
    """Tell of order numbers with several customers: more pairs of the two than numbers."""
    if engine.rows(f"SELECT count(*) FROM {SALES}")[0][0] == orders:
        return
    query = (
        f"SELECT count(*) FROM (SELECT order_key FROM {SALES} GROUP BY order_key "
        "HAVING count(*) > 1)"
    )
    shared = engine.rows(query)[0][0]
    yield Finding(
        level="warning",
        code="order-with-several-customers",
        where=name,
        evidence=f"{shared:,} order number{'s belong' if shared > 1 else ' belongs'} to more than "
        "one customer; the part of each "
        "customer counts as an order of its own.",
        advice="Check that order numbers are not used twice, for example by two shops.",
    )


def _buyers(engine: Engine, columns: OrderColumns, *, netted: bool) -> Iterator[Finding]:
    """Tell of customers who bought once, and of one who is hardly a person."""
    bought = f"SELECT customer, orders FROM {PEOPLE} WHERE step = {KEPT}"
    if netted:  # orders that were taken back whole are no orders any more
        bought = f"SELECT customer, sum(orders) AS orders FROM {SALES} GROUP BY customer"
    people, once, total, most = engine.rows(
        f"SELECT count(*), count_if(orders = 1), sum(orders), max(orders) FROM ({bought})"
    )[0]
    if not people:
        return
    if once > MOSTLY * people:
        yield Finding(
            level="note",
            code="mostly-one-time",
            where=columns.customer,
            evidence=f"{once:,} of {people:,} customers ({plain_share(once / people)}) ordered "
            "once.",
            advice="Expect segments by time and amount; how often they come back says little.",
        )
    if people >= CROWD and most > DOMINANT * total:
        top = engine.rows(f"SELECT min(customer) FROM ({bought}) WHERE orders = {int(most)}")[0][0]
        yield Finding(
            level="warning",
            code="dominant-customer",
            where=columns.customer,
            evidence=f"Customer {shown([top])} has {int(most):,} of {int(total):,} orders: "
            "perhaps it stands for everyone without an account.",
            advice="Remove these lines if it is no customer.",
        )


def table_findings(table: Table, features: Sequence[OrderFeature]) -> tuple[Finding, ...]:
    """Return the features that are missing for most customers."""
    counts = ", ".join(f"count({quoted(feature.name)})" for feature in features)
    present = table.engine.rows(f"SELECT {counts} FROM {quoted(table.relation)}")[0]
    return tuple(
        Finding(
            level="warning",
            code="mostly-missing-feature",
            where=feature.name,
            evidence=f"{table.n_rows - count:,} of {table.n_rows:,} customers have no "
            f"{feature.name}: {feature.missing}.",
            advice="Leave the feature out, or let it describe the segments only.",
        )
        for feature, count in zip(features, present, strict=True)
        if count < (1 - MOSTLY) * table.n_rows
    )
