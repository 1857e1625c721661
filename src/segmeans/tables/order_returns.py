"""What was taken back of what was sold: cancellations and returns matched with their sale.

The rule: pieces that come back are taken off sales of the same customer, product and price for
one piece, the latest sale before them first, and no piece twice. Over the time line of such a
group the pieces a customer holds rise with every sale and fall, never below none, with every
return; a piece sold at some height is taken back when the line falls below that height.
"""

from __future__ import annotations

from dataclasses import dataclass

from segmeans.tables.duck import Engine
from segmeans.tables.order_baskets import BASKETS, TAKEN
from segmeans.tables.order_lines import Lines
from segmeans.tables.order_options import CANCELLED, KEPT, RETURNED

LARGEST = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenSale:
    """An order of which something was taken back."""

    customer: str
    order: str
    moment: str  # when it was bought, as 2011-01-18 10:01:00
    amount: float  # taken back


@dataclass(frozen=True, kw_only=True, slots=True)
class Netting:
    """How many returns found their sale.

    Parameters
    ----------
    lines : int
        Lines of customers that take pieces or money back.
    matched : int
        Of these, lines all of whose pieces were found in earlier sales.
    amount : float
        Money of the sales that was taken back.
    whole_lines : int
        Lines of sales that were taken back whole.
    applied : bool
        Whether sales were reduced by it.
    largest : tuple of TakenSale
        The orders that lost most, the largest first.
    """

    lines: int
    matched: int
    amount: float
    whole_lines: int
    applied: bool
    largest: tuple[TakenSale, ...]


def net(engine: Engine, lines: Lines, *, applied: bool) -> Netting:
    """Match returns with their sales and leave the result per order in the engine.

    Parameters
    ----------
    engine : Engine
        Holds the source of the lines; receives the table ``TAKEN``.
    lines : Lines
        The tidy lines.
    applied : bool
        Whether the caller takes the result off the sales; it is only noted.

    Returns
    -------
    Netting
    """
    _write_returns(engine, lines)
    first = "(PARTITION BY alike ORDER BY moment, pieces DESC, order_key, money)"
    window = "(PARTITION BY alike ORDER BY place ROWS UNBOUNDED PRECEDING)"
    ahead = "(PARTITION BY alike ORDER BY place ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"
    events = f"SELECT *, row_number() OVER {first} AS place FROM order_events"
    balance = f"SELECT *, sum(pieces) OVER {window} AS balance FROM ({events})"
    height = f"SELECT *, balance - least(0, min(balance) OVER {window}) AS height FROM ({balance})"
    held = (
        f"SELECT *, min(height) OVER {ahead} AS low, height - pieces AS before, "
        f"lag(height, 1, 0) OVER (PARTITION BY alike ORDER BY place) AS last FROM ({height})"
    )
    back = "pieces - greatest(0, least(pieces, low - before))"
    engine.run(
        "CREATE OR REPLACE TABLE order_back AS SELECT alike, order_key, moment, pieces, money, "
        f"CASE WHEN pieces > 0 THEN {back} ELSE last - height END AS back FROM ({held})"
    )
    engine.run(
        f"CREATE OR REPLACE TABLE {TAKEN} AS SELECT customer, order_key, "
        "min(moment) AS moment, sum(CAST(round(money * (back / pieces)) AS BIGINT)) AS money, "
        "sum(CAST(back AS BIGINT)) AS units, count_if(back = pieces) AS whole "
        "FROM order_back JOIN order_kinds USING (alike) WHERE pieces > 0 AND back > 0 "
        "GROUP BY customer, order_key"
    )
    return _told(engine, lines, applied=applied)


def _write_returns(engine: Engine, lines: Lines) -> None:
    """Make the lines that take something back, and the sales it may be taken off.

    What they share, a customer, a product and a price, gets a number: numbers sort faster. The log
    is read for them only when it has cancelled or returned lines at all.
    """
    pieces = "coalesce(units, 1000 * CAST(sign(money) AS BIGINT))"
    each = f"coalesce(price, CAST(round(money * 1000.0 / {pieces}) AS BIGINT))"
    back, every = (
        f"SELECT customer, product, order_key, moment, step, {pieces} AS pieces, money, "
        f"{each} AS each FROM ({some}) WHERE moment IS NOT NULL"
        for some in (lines.taking_back, lines.of_returned)
    )
    taken = f"step IN ({CANCELLED}, {RETURNED})"
    any_taken = bool(engine.rows(f"FROM {BASKETS} WHERE {taken} LIMIT 1"))
    some = "" if any_taken else " LIMIT 0"
    engine.run(
        "CREATE OR REPLACE TABLE order_returns AS "
        f"SELECT * FROM ({back}) WHERE {taken} AND pieces < 0{some}"
    )
    engine.run(
        "CREATE OR REPLACE TABLE order_kinds AS SELECT *, row_number() OVER () AS alike "
        "FROM (SELECT DISTINCT customer, product, each FROM order_returns)"
    )
    some = "" if engine.rows("FROM order_kinds LIMIT 1") else " LIMIT 0"
    print_ = "hash(customer, product, each)"  # one key keeps the join on the few returns' side
    numbered = "SELECT alike, order_key, moment, pieces, money FROM"
    of_kind = (
        "JOIN order_kinds AS k ON s.customer = k.customer "
        "AND s.product IS NOT DISTINCT FROM k.product AND s.each = k.each"
    )
    engine.run(
        f"CREATE OR REPLACE TABLE order_events AS {numbered} (SELECT * FROM ({every}) "
        f"WHERE step = {KEPT} AND pieces > 0 AND {print_} IN "
        f"(SELECT {print_} FROM order_kinds){some}) AS s {of_kind}"
    )
    engine.run(
        f"INSERT INTO order_events {numbered} order_returns AS s {of_kind} "
        "WHERE alike IN (SELECT alike FROM order_events)"
    )


def _told(engine: Engine, lines: Lines, *, applied: bool) -> Netting:
    unit = 10.0**lines.money_digits
    returned = engine.rows("SELECT count(*) FROM order_returns")[0][0]
    matched = engine.rows("SELECT count(*) FROM order_back WHERE back = -pieces")[0][0]
    amount, whole = engine.rows(
        f"SELECT coalesce(sum(money), 0), coalesce(sum(whole), 0) FROM {TAKEN}"
    )[0]
    largest = engine.rows(
        "SELECT customer, CAST(order_key AS VARCHAR), strftime(moment, '%Y-%m-%d %H:%M:%S'), money "
        f"FROM {TAKEN} WHERE money > 0 ORDER BY money DESC, customer, order_key LIMIT {LARGEST}"
    )
    return Netting(
        lines=int(returned),
        matched=int(matched or 0),
        amount=int(amount) / unit,
        whole_lines=int(whole),
        applied=applied,
        largest=tuple(
            TakenSale(customer=who, order=order, moment=when, amount=int(money) / unit)
            for who, order, when, money in largest
        ),
    )
