"""The funnel of an order log: how many lines, customers and orders are left after each step."""

from __future__ import annotations

from segmeans.records import FunnelStep
from segmeans.tables.duck import Engine
from segmeans.tables.order_baskets import BASKETS, SALES
from segmeans.tables.order_lines import Lines
from segmeans.tables.order_options import KEPT, STEPS

ALL = "all lines"
PEOPLE = "order_people"  # one row per customer: the last step of their lines, sums of what counts
NETTED = "taken back whole"
SPREAD = 64  # numbers between the first and the last order, per order: a set of bits stays small
PART = 8_000_000  # customers, or baskets whose orders, are told apart at once


def funnel(engine: Engine, lines: Lines, *, has_money: bool) -> tuple[FunnelStep, ...]:
    """Count what is left after each step.

    Parameters
    ----------
    engine : Engine
        Holds the table ``BASKETS``: one row per customer, order and step. Receives ``PEOPLE``.
    lines : Lines
        The tidy lines.
    has_money : bool
        Whether the log has amounts.

    Returns
    -------
    tuple of FunnelStep
        All lines first, then one per step that some line falls into.
    """
    sums = engine.rows(
        f"SELECT step, sum(lines), sum(money), count(*) FROM {BASKETS} GROUP BY step"
    )
    rows = {step: count for step, count, _, _ in sums}
    money = {step: amount for step, _, amount, _ in sums}
    baskets = {step: count for step, _, _, count in sums}
    parts = 1 + sum(baskets.values()) // PART
    customers = _write_people(
        engine, 1 if parts == 1 else _people_parts(engine), has_money=has_money
    )
    if lines.order_rule == "id" and _are_dense(engine, baskets):
        orders = _last_steps_of_dense(engine)
    elif lines.order_rule == "id":
        orders = _last_steps(engine, "order_key", "order_key IS NOT NULL", parts)
    elif lines.order_rule == "line":
        orders = rows
    else:
        orders = _last_steps(engine, "customer, order_key", "true", parts)
    unit = 10.0**lines.money_digits

    def left(counts: dict[int, int], step: int) -> int:
        return sum(int(count or 0) for at, count in counts.items() if at > step)

    def after(name: str, rule: str, step: int) -> FunnelStep:
        return FunnelStep(
            name=name,
            rule=rule,
            left_out=int(rows.get(step, 0)),
            lines=left(rows, step),
            customers=left(customers, step),
            orders=left(orders, step),
            revenue=left(money, step) / unit if has_money else None,
        )

    steps = [after(ALL, "every line of the log", 0)]
    return tuple(
        steps
        + [
            after(name, rule, step)
            for step, (name, rule) in enumerate(STEPS.items(), start=1)
            if rows.get(step)
        ]
    )


def after_netting(engine: Engine, lines: Lines, last: FunnelStep, *, has_money: bool) -> FunnelStep:
    """Return the step at which sales that were taken back whole leave."""
    row = engine.rows(
        f"SELECT sum(lines), count(DISTINCT customer), sum(orders), sum(money) FROM {SALES}"
    )[0]
    kept, customers, orders, money = (int(value or 0) for value in row)
    if lines.order_rule == "id":
        orders = engine.rows(f"SELECT count(DISTINCT order_key) FROM {SALES}")[0][0]
    return FunnelStep(
        name=NETTED,
        rule="every piece of the line came back later",
        left_out=last.lines - kept,
        lines=kept,
        customers=customers,
        orders=orders,
        revenue=money / 10.0**lines.money_digits if has_money else None,
    )


def _people_parts(engine: Engine) -> int:
    """Return in how many parts customers are told apart, by the engine's estimate of them."""
    people = engine.rows(f"SELECT approx_count_distinct(customer) FROM {BASKETS}")[0][0]
    return 1 + int(people) // PART


def _write_people(engine: Engine, parts: int, *, has_money: bool) -> dict[int, int]:
    """Keep the last step and the sums of every customer; return how many leave at each step.

    One part of the customers after the other, as for :func:`_last_steps`.
    """
    counts = f"CASE WHEN step = {KEPT} THEN"
    money = f"sum({counts} money END)" if has_money else "CAST(NULL AS BIGINT)"
    sums = f"sum({counts} orders END) AS orders, {money} AS money"
    days = f"min({counts} day END) AS first_day, max({counts} day END) AS last_day"
    query = f"SELECT customer, max(step) AS step, {sums}, {days} FROM {BASKETS} WHERE "
    for part in range(parts):
        some = "customer IS NOT NULL"
        some += f" AND hash(customer) % {parts} = {part}" if parts > 1 else ""
        made = f"INSERT INTO {PEOPLE}" if part else f"CREATE OR REPLACE TABLE {PEOPLE} AS"
        engine.run(f"{made} {query}{some} GROUP BY customer")
    return dict(engine.rows(f"SELECT step, count(*) FROM {PEOPLE} GROUP BY step"))


def _are_dense(engine: Engine, baskets: dict[int, int]) -> bool:
    """Return whether orders have whole numbers close together, and few are left out."""
    if engine.types(f"SELECT order_key FROM {BASKETS}")["order_key"] != "BIGINT":
        return False
    low, high = engine.rows(
        f"SELECT min(order_key), max(order_key) FROM {BASKETS} WHERE order_key >= 0"
    )[0]
    kept = baskets.get(KEPT, 0)
    left = sum(baskets.values()) - kept
    return low is not None and high - low <= SPREAD * kept and left <= min(kept, PART)


def _last_steps_of_dense(engine: Engine) -> dict[int, int]:
    """Return how many orders leave at each step, where :func:`_are_dense`.

    Those that count are counted in a set of bits; only the few that are left out are grouped.
    """
    low, high, negative = engine.rows(
        "SELECT min(order_key) FILTER (order_key >= 0), max(order_key), "
        "count(DISTINCT CASE WHEN order_key < 0 THEN order_key END) "
        f"FROM {BASKETS} WHERE step = {KEPT}"
    )[0]
    kept = int(negative)
    if low is not None:
        kept += engine.rows(
            f"SELECT bit_count(bitstring_agg(order_key, {low}, {high})) FROM {BASKETS} "
            f"WHERE step = {KEPT} AND order_key >= 0"
        )[0][0]
    engine.run(
        "CREATE OR REPLACE TABLE order_left AS SELECT order_key, max(step) AS step "
        f"FROM {BASKETS} WHERE step < {KEPT} AND order_key IS NOT NULL GROUP BY order_key"
    )
    also = (
        f"SELECT DISTINCT order_key FROM {BASKETS} "
        f"WHERE step = {KEPT} AND order_key IN (SELECT order_key FROM order_left)"
    )
    left = (
        f"SELECT step, count(*) FROM order_left ANTI JOIN ({also}) USING (order_key) GROUP BY step"
    )
    return {step: int(count) for step, count in engine.rows(left)} | {KEPT: kept}


def _last_steps(engine: Engine, keys: str, where: str, parts: int) -> dict[int, int]:
    """Return how many customers or orders leave at each step; they leave with their last line.

    One part of the keys after the other, so that their table fits into little memory.
    """
    found: dict[int, int] = {}
    for part in range(parts):
        some = f"{where} AND hash({keys}) % {parts} = {part}" if parts > 1 else where
        last = f"SELECT max(step) AS step FROM {BASKETS} WHERE {some} GROUP BY {keys}"
        for step, count in engine.rows(f"SELECT step, count(*) FROM ({last}) GROUP BY step"):
            found[step] = found.get(step, 0) + int(count)
    return found
