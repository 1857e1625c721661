"""What was taken back of what was sold: cancellations and returns matched with their sale.

The rule: pieces that come back are taken off sales of the same customer, product and price for
one piece, the latest sale before them first, and no piece twice. Over the time line of such a
group the pieces a customer holds rise with every sale and fall, never below none, with every
return; a piece sold at some height is taken back when the line falls below that height.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from segmeans.tables.duck import Engine
from segmeans.tables.order_baskets import TAKEN
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


@dataclass(slots=True)
class Matches:
    """Returns matched with their sales, one part of the customers after the other.

    Parameters
    ----------
    engine : Engine
        Holds the table of suspect lines; receives the table ``TAKEN``, the result per order.
    lines : Lines
        The tidy lines.
    """

    engine: Engine
    lines: Lines
    returned: int = field(default=0, init=False)
    matched: int = field(default=0, init=False)
    _begun: bool = field(default=False, init=False)

    def add(self) -> None:
        """Match the returns among the suspect lines that the engine holds now."""
        self._write_events()
        first = "(PARTITION BY alike ORDER BY moment, pieces DESC, order_key, money)"
        window = "(PARTITION BY alike ORDER BY place ROWS UNBOUNDED PRECEDING)"
        ahead = (
            "(PARTITION BY alike ORDER BY place ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"
        )
        events = f"SELECT *, row_number() OVER {first} AS place FROM order_events"
        balance = f"SELECT *, sum(pieces) OVER {window} AS balance FROM ({events})"
        height = (
            f"SELECT *, balance - least(0, min(balance) OVER {window}) AS height FROM ({balance})"
        )
        held = (
            f"SELECT *, min(height) OVER {ahead} AS low, height - pieces AS before, "
            f"lag(height, 1, 0) OVER (PARTITION BY alike ORDER BY place) AS last FROM ({height})"
        )
        back = "pieces - greatest(0, least(pieces, low - before))"
        self.engine.run(
            "CREATE OR REPLACE TABLE order_back AS SELECT alike, order_key, moment, pieces, money, "
            f"CASE WHEN pieces > 0 THEN {back} ELSE last - height END AS back FROM ({held})"
        )
        made = f"INSERT INTO {TAKEN}" if self._begun else f"CREATE OR REPLACE TABLE {TAKEN} AS"
        self.engine.run(
            f"{made} SELECT customer, order_key, "
            "min(moment) AS moment, sum(CAST(round(money * (back / pieces)) AS BIGINT)) AS money, "
            "sum(CAST(back AS BIGINT)) AS units, count_if(back = pieces) AS whole "
            "FROM order_back JOIN order_kinds USING (alike) WHERE pieces > 0 AND back > 0 "
            "GROUP BY customer, order_key"
        )
        self._begun = True
        self.returned += self.engine.rows("SELECT count(*) FROM order_returns")[0][0]
        matched = "SELECT count(*) FROM order_back WHERE back = -pieces"
        self.matched += self.engine.rows(matched)[0][0]

    def _write_events(self) -> None:
        """Make the lines that take something back, and the sales it may be taken off.

        What they share, a customer, a product and a price, gets a number: numbers sort faster.
        """
        every = (
            "SELECT customer, product, order_key, moment, step, pieces, money, each "
            f"FROM ({self.lines.of_suspects}) WHERE moment IS NOT NULL"
        )
        self.engine.run(
            "CREATE OR REPLACE TABLE order_returns AS SELECT * FROM "
            f"({every} AND negative) WHERE step IN ({CANCELLED}, {RETURNED}) AND pieces < 0"
        )
        self.engine.run(
            "CREATE OR REPLACE TABLE order_kinds AS SELECT *, row_number() OVER () AS alike "
            "FROM (SELECT DISTINCT customer, product, each FROM order_returns)"
        )
        numbered = "SELECT alike, order_key, moment, pieces, money FROM"
        of_kind = (
            "JOIN order_kinds AS k ON s.customer = k.customer "
            "AND s.product IS NOT DISTINCT FROM k.product AND s.each = k.each"
        )
        self.engine.run(
            f"CREATE OR REPLACE TABLE order_events AS {numbered} ({every}) AS s {of_kind} "
            f"WHERE step = {KEPT} AND pieces > 0"
        )
        self.engine.run(
            f"INSERT INTO order_events {numbered} order_returns AS s {of_kind} "
            "WHERE alike IN (SELECT alike FROM order_events)"
        )

    def told(self, *, applied: bool) -> Netting:
        """Return what was found.

        Parameters
        ----------
        applied : bool
            Whether the caller takes the result off the sales; it is only noted.
        """
        unit = 10.0**self.lines.money_digits
        amount, whole = self.engine.rows(
            f"SELECT coalesce(sum(money), 0), coalesce(sum(whole), 0) FROM {TAKEN}"
        )[0]
        largest = self.engine.rows(
            "SELECT customer, CAST(order_key AS VARCHAR), strftime(moment, '%Y-%m-%d %H:%M:%S'), "
            f"money FROM {TAKEN} WHERE money > 0 ORDER BY money DESC, customer, order_key "
            f"LIMIT {LARGEST}"
        )
        return Netting(
            lines=int(self.returned),
            matched=int(self.matched),
            amount=int(amount) / unit,
            whole_lines=int(whole),
            applied=applied,
            largest=tuple(
                TakenSale(customer=who, order=order, moment=when, amount=int(money) / unit)
                for who, order, when, money in largest
            ),
        )
