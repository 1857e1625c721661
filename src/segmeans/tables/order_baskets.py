"""The baskets of an order log: what a customer bought in one order, summed over its lines.

They are made by the one heavy pass over a log; everything that does not ask for products is made
of them.
"""

from __future__ import annotations

from segmeans.tables.duck import Engine
from segmeans.tables.order_columns import OrderColumns
from segmeans.tables.order_lines import Lines
from segmeans.tables.order_options import KEPT
from segmeans.tables.order_suspects import ALIKE, KINDS

BASKETS = "order_baskets"  # one row per customer, order and step of the funnel
SALES = "order_sales"  # one row per customer and order that counts
TAKEN = "order_taken"  # per customer and order: what was taken back


def write_baskets(engine: Engine, columns: OrderColumns, lines: Lines, *, where: str) -> None:
    """Sum the lines of each customer, order and step.

    Parameters
    ----------
    engine : Engine
        Receives the view ``BASKETS``.
    columns : OrderColumns
        What the columns of the log mean.
    lines : Lines
        The tidy lines.
    where : str
        Name of the log, for messages.
    """
    whole = "BIGINT" if lines.fits else "HUGEINT"
    sums = {
        "money": columns.has_money,
        "units": bool(columns.quantity),
        "margin": bool(columns.margin or (columns.cost and columns.has_money)),
    }
    stored = [
        f"CAST(sum({name}) AS {'HUGEINT' if name == 'margin' else whole}) AS {name}"
        for name, present in sums.items()
        if present
    ]
    moment = "min(moment)" if lines.has_times else "min(day)"
    measures = (
        f"{moment} AS moment",
        "CAST(count(*) AS UINTEGER) AS lines",
        f"{KINDS} AS kinds",
        f"{ALIKE} AS alike",
        *stored,
    )
    engine.run(
        f"CREATE OR REPLACE TABLE order_sums AS SELECT order_key, customer, step, "
        f"{', '.join(measures)} FROM ({lines.sql}) GROUP BY order_key, customer, step",
        where=where,
    )
    orders = "CAST(lines AS BIGINT)" if lines.order_rule == "line" else "CAST(1 AS BIGINT)"
    served = ", ".join(
        name if present else f"CAST(NULL AS BIGINT) AS {name}" for name, present in sums.items()
    )
    engine.run(
        f"CREATE OR REPLACE VIEW {BASKETS} AS SELECT customer, order_key, step, "
        "CAST(moment AS TIMESTAMP) AS moment, CAST(moment AS DATE) AS day, "
        f"CAST(lines AS BIGINT) AS lines, {orders} AS orders, {served}, kinds, alike "
        "FROM order_sums"
    )


def write_sales(engine: Engine, *, netted: bool) -> None:
    """Make the orders that count; sales that were taken back are reduced when netted.

    Parameters
    ----------
    engine : Engine
        Holds ``BASKETS`` and, when netted, ``TAKEN``; receives the view ``SALES``.
    netted : bool
    """
    if not netted:
        engine.run(
            f"CREATE OR REPLACE VIEW {SALES} AS "
            f"SELECT * EXCLUDE (step, kinds, alike) FROM {BASKETS} WHERE step = {KEPT}"
        )
        return
    left = "(b.lines - coalesce(t.whole, 0))"
    money = "b.money - coalesce(t.money, 0)"
    engine.run(
        f"CREATE OR REPLACE VIEW {SALES} AS SELECT b.customer, b.order_key, b.moment, b.day, "
        f"{left} AS lines, CASE WHEN b.orders > 1 THEN {left} ELSE 1 END AS orders, "
        f"{money} AS money, b.units - coalesce(t.units, 0) AS units, "
        f"CAST(round(b.margin * (1 - coalesce(t.money / nullif(b.money, 0), 0))) AS HUGEINT) "
        f"AS margin FROM {BASKETS} AS b LEFT JOIN {TAKEN} AS t USING (customer, order_key) "
        f"WHERE b.step = {KEPT} AND {left} > 0"
    )
