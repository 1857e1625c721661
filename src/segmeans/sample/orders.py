"""A made-up order log of customers who come back, or do not.

The log is made in the order of time, without memory of any customer. Within a segment customers
are numbered as they join and stay for a fixed time, so those who may order on a day are a range of
numbers; an order draws its segment, then a number of that range. That gives each customer a
Poisson stream of orders while active, for any number of rows in the memory of one block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmeans.sample.behaviour import (
    BEHAVIOURS,
    DISCOUNTS,
    LINES,
    POPULARITY,
    PRICES,
    RUSH_DAYS,
    WEEK,
)
from segmeans.sample.columns import Block, Dates, Labels, Mask, Numbers, Serials
from segmeans.sample.draws import (
    BLOCK,
    Draws,
    Table,
    Whole,
    check_within,
    cut,
    look_up,
    share_ends,
    share_table,
)

TRUTH = "True Segment"
STATUSES = ("completed", "cancelled", "returned")
START = 19358  # 2023-01-01, a Sunday
CANCELLED = 0.02  # of all orders
LOOK_BACK = 4000  # a return takes back one of the last so many orders
SCATTER = 2_654_435_761  # a prime above any number of customers: spreads ids over the segments

CATEGORIES = tuple(PRICES)
PRODUCTS = tuple(name for products in PRICES.values() for name in products)
LIST_PRICES = np.array([price for products in PRICES.values() for price in products.values()])

_LENGTH, _SEGMENT, _CUSTOMER, _CANCEL, _RETURN, _SOURCE, _GUEST = range(7)
_CATEGORY, _PRODUCT, _QUANTITY, _DISCOUNT = range(7, 11)


@dataclass(frozen=True, kw_only=True)
class OrderMarket:
    """What a made-up order log is like.

    Parameters
    ----------
    days : int, default=730
        Length of the log in days from 2023-01-01, 30 to 3650.
    missing : float, default=0.0
        Share of orders without a customer id (guests), 0 to 0.9.
    truth : bool, default=False
        Add the column ``True Segment`` with how the customer behaves.

    Raises
    ------
    SettingError
        When a value is out of its range.
    """

    days: int = 730
    missing: float = 0.0
    truth: bool = False

    def __post_init__(self) -> None:
        check_within("days", self.days, 30, 3650)
        check_within("missing", self.missing, 0, 0.9)

    def blocks(self, rows: int, seed: int) -> Iterator[Block]:
        """Make the lines of the log in the order of time, block by block.

        Parameters
        ----------
        rows : int
            Number of order lines; an order has one to five.
        seed : int
            The same seed gives the same log on any machine.

        Yields
        ------
        dict of str to Column
            Up to 65,536 order lines. Returned lines have a negative quantity and amount and
            repeat the product and price of an earlier line of the same customer.
        """
        crowd = _Crowd.of(rows, self.days)
        for number, first in enumerate(range(0, rows, BLOCK)):
            count = min(BLOCK, rows - first)
            yield self._block(crowd, Draws(seed, number, count), first, count)

    def _block(self, crowd: _Crowd, draws: Draws, first: int, count: int) -> Block:
        orders = _Orders.draw(crowd, draws, first, count)
        goods = _goods(orders, draws)
        sign = np.where(orders.status == STATUSES.index("returned"), -1, 1)[orders.of_line]
        quantity = sign * goods.quantity
        guest = self._guests(orders, draws)
        block: Block = {
            "OrderID": Serials((first + orders.begin + 1)[orders.of_line]),
            "CustomerID": Serials(orders.customer[orders.of_line], "C", "", 6, guest),
            "OrderDate": Dates((START + orders.day)[orders.of_line]),
            "Product": Labels(goods.product, PRODUCTS),
            "Category": Labels(goods.product // len(POPULARITY), CATEGORIES),
            "Quantity": Numbers(quantity),
            "UnitPrice": Numbers(goods.price, 2),
            "Amount": Numbers(quantity * goods.price, 2),
            "Status": Labels(orders.status[orders.of_line], STATUSES),
        }
        if self.truth:
            names = tuple(kind.name for kind in BEHAVIOURS)
            block[TRUTH] = Labels(orders.segment[orders.of_line], names)
        return block

    def _guests(self, orders: _Orders, draws: Draws) -> Mask | None:
        if not self.missing:
            return None
        guest = draws.lane(_GUEST)[orders.source] < cut(self.missing)
        return np.asarray(guest[orders.of_line])


@dataclass(frozen=True)
class _Crowd:
    """Who may order on which day, for k kinds of customers."""

    rows_until: Whole  # (days,), rows of the log up to the end of each day
    ends: Table  # (days, k), levels that divide a lane among the segments
    first: Whole  # (days, k), the active customers as a range of numbers within the segment
    last: Whole  # (days, k)
    start: Whole  # (k,), where the numbers of a segment begin among all customers
    returning: int  # customers that may order again; those who order once come after them
    customers: int  # upper limit of customer numbers

    @classmethod
    def of(cls, rows: int, days: int) -> _Crowd:
        shares = np.array([kind.share for kind in BEHAVIOURS])
        each = np.array([kind.orders for kind in BEHAVIOURS])
        lines = np.arange(1, len(LINES) + 1) @ LINES / sum(LINES)
        orders = shares * each * (rows / lines / float(shares @ each))
        people = np.where(each == 1, 0, np.ceil(orders / each)).astype(np.int64)
        first, last = _active(days)
        demand = np.where(each == 1, 1.0, last - first) * _season(days)[:, None]
        demand *= orders / demand.sum(axis=0)
        busy = np.cumsum(demand.sum(axis=1))
        return cls(
            rows_until=np.floor(busy / busy[-1] * rows + 0.5).astype(np.int64),
            ends=np.stack([share_ends(day) for day in demand]),
            first=np.floor(first * people).astype(np.int64),
            last=np.ceil(last * people).astype(np.int64),
            start=np.cumsum(people) - people,
            returning=int(people.sum()),
            customers=int(people.sum()) + rows,
        )


def _active(days: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the active part of each segment per day, in the order of joining, from 0 to 1."""
    now = (np.arange(days) + 0.5)[:, None] / days
    begin, end = np.array([kind.joined for kind in BEHAVIOURS]).T
    life = np.array([kind.life for kind in BEHAVIOURS])
    first = np.clip((now - life - begin) / (end - begin), 0, 1)
    return first, np.clip((now - begin) / (end - begin), 0, 1)


def _season(days: int) -> NDArray[np.float64]:
    """Return how busy each day is: growing, busier at week-ends and before Christmas."""
    day = np.arange(days)
    rush = np.clip(1 - ((357 - day) % 365) / RUSH_DAYS, 0, 1)
    return np.asarray(np.array(WEEK)[day % 7] * (1 + rush) * (1 + 0.3 * day / days))


@dataclass(frozen=True)
class _Orders:
    """The n orders of a block, and the order of each of its lines."""

    begin: Whole  # (n,), first line within the block
    length: Whole  # (n,)
    of_line: Whole  # (lines,)
    source: Whole  # (n,), the order whose goods these are: itself, or the one taken back
    day: Whole  # (n,)
    segment: Table  # (n,)
    customer: Whole  # (n,)
    status: Table  # (n,), codes into STATUSES

    @classmethod
    def draw(cls, crowd: _Crowd, draws: Draws, first: int, count: int) -> _Orders:
        length = share_table(LINES)[draws.lane(_LENGTH)].astype(np.int64) + 1
        begin = np.cumsum(length) - length
        n = int(np.searchsorted(begin, count))
        begin, length = begin[:n], np.minimum(length[:n], count - begin[:n])
        day = np.searchsorted(crowd.rows_until, first + begin, side="right")
        segment = np.zeros(n, dtype=np.int32)
        for ends in crowd.ends[:, :-1].T:
            segment += draws.lane(_SEGMENT)[:n] >= ends[day]
        cancelled = draws.lane(_CANCEL)[:n] < cut(CANCELLED)
        source = _sources(draws, segment, length, cancelled)
        returned = source != np.arange(n)
        customer = _customers(crowd, draws, first + begin, day, segment)
        return cls(
            begin=begin,
            length=length,
            of_line=np.repeat(np.arange(n), length),
            source=source,
            day=day,
            segment=segment[source],
            customer=customer[source],
            status=np.where(returned, 2, np.where(cancelled, 1, 0)).astype(np.int32),
        )


def _sources(draws: Draws, segment: Table, length: Whole, cancelled: Mask) -> Whole:
    """Return for each order the earlier one that it takes back, or itself."""
    n = len(segment)
    own = np.arange(n)
    limit = np.zeros(draws.rows, dtype=np.int64)
    limit[:n] = np.minimum(own, LOOK_BACK)
    earlier = np.maximum(own - 1 - draws.below(_SOURCE, limit)[:n], 0)
    chance = np.array([cut(kind.returns) for kind in BEHAVIOURS])
    back = (draws.lane(_RETURN)[:n] < chance[segment[earlier]]) & (own > 0)
    back &= ~back[earlier] & ~cancelled[earlier] & (length <= length[earlier])
    return np.where(back, earlier, own)


def _customers(crowd: _Crowd, draws: Draws, row: Whole, day: Whole, segment: Table) -> Whole:
    """Draw the customer of each order among those who are active on its day."""
    n = len(row)
    window = np.ones(draws.rows, dtype=np.int64)
    window[:n] = (crowd.last - crowd.first)[day, segment]
    place = crowd.first[day, segment] + draws.below(_CUSTOMER, window)[:n]
    once = np.array([kind.orders == 1 for kind in BEHAVIOURS])[segment]
    number = np.where(once, crowd.returning + row, crowd.start[segment] + place)
    return number * SCATTER % crowd.customers + 1


@dataclass(frozen=True)
class _Goods:
    """What each line of a block sells."""

    product: Whole
    quantity: Whole
    price: Whole  # cents a piece


def _goods(orders: _Orders, draws: Draws) -> _Goods:
    """Draw what each line sells; the lines of a return repeat those of the order taken back."""
    segment = orders.segment[orders.of_line]
    tastes = np.stack([share_table(kind.tastes) for kind in BEHAVIOURS])
    pieces = np.stack([share_table(kind.quantity) for kind in BEHAVIOURS])
    discounts = np.stack([share_table(kind.discount) for kind in BEHAVIOURS])
    category = look_up(tastes, segment, draws.lane(_CATEGORY))
    rank = share_table(POPULARITY)[draws.lane(_PRODUCT)]
    product = category * len(POPULARITY) + rank
    quantity = look_up(pieces, segment, draws.lane(_QUANTITY)) + 1
    off = np.array(DISCOUNTS)[look_up(discounts, segment, draws.lane(_DISCOUNT))]
    line = np.arange(len(segment)) - orders.begin[orders.of_line]
    same = orders.begin[orders.source][orders.of_line] + line
    return _Goods(
        product=product[same],
        quantity=quantity[same],
        price=(LIST_PRICES[product] * (100 - off) // 100)[same],
    )
