"""Lines looked at one by one: returns matched with sales, copies counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest
from tests.tables.order_logs import (
    GOODS,
    copies_told,
    features_of,
    finding,
    read_log,
    steps,
    table_of,
)

from segmeans.tables import order_suspects
from segmeans.tables.duck import Engine
from segmeans.tables.order_options import SameDay
from segmeans.tables.orders import OrderOptions, guess_columns, read


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(threads=2) as made:
        yield made


def shop_with_returns(seed: int) -> list[Sequence[object]]:
    """Return 400 lines, one an hour; some prices are not written down."""
    draw = np.random.default_rng(seed)
    rows: list[Sequence[object]] = []
    for hour in range(400):
        pieces = int(draw.choice([-2, -1, -1, 1, 1, 2, 3]))
        each = float(draw.choice([2.0, 2.5]))
        when = str(datetime(2024, 1, 1) + timedelta(hours=hour))
        who, what = f"c{draw.integers(6)}", ["tea", "pot", None][draw.integers(3)]
        written = each if draw.random() < 0.7 else None
        rows.append((who, str(hour // 3), when, pieces * each, what, pieces, written))
    return rows


def taken_one_by_one(rows: Sequence[Sequence[object]]) -> tuple[int, int, int, float]:
    """Take every return off the latest sales; count returns, matched, sold in vain, money."""
    held: dict[object, list[list[int]]] = {}
    lines, matched, whole, money = 0, 0, 0, 0.0
    for who, _, _, amount, what, pieces, *_ in rows:
        each = float(str(amount)) / int(str(pieces))
        sales, left = held.setdefault((who, what, each), []), int(str(pieces))
        if left > 0:
            sales.append([left, left])
            continue
        lines += 1
        while left < 0 and sales:
            some = min(sales[-1][0], -left)
            sales[-1][0] -= some
            left += some
            money += some * each
            if not sales[-1][0]:
                whole += 1
                sales.pop()
        matched += left == 0
    return lines, matched, whole, money


class TestReturns:
    """The rule: the latest sale before it of the same customer, product and price, once."""

    def rows(self) -> list[Sequence[object]]:
        return [
            ("ann", "1", "2024-01-01", 30.0, "tea", 3),
            ("ann", "2", "2024-01-02", 20.0, "tea", 2),
            ("ann", "3", "2024-01-03", -40.0, "tea", -4),  # all of order 2, two of order 1
            ("ann", "4", "2024-01-04", -20.0, "tea", -2),  # one of order 1, one of nothing
            ("ann", "5", "2024-01-05", 10.0, "tea", 1),  # after the returns: stays
            ("ann", "6", "2024-01-06", -10.0, "pot", -1),  # never bought
            ("bob", "7", "2024-01-01", 12.0, "tea", 1),
            ("bob", "8", "2024-01-02", -10.0, "tea", -1),  # at another price
        ]

    def test_what_is_matched(self, engine: Engine) -> None:
        netting = read_log(engine, GOODS, self.rows()).netting
        assert (netting.lines, netting.matched, netting.amount) == (4, 1, 50.0)
        assert netting.whole_lines == 2
        assert [(sale.order, sale.amount) for sale in netting.largest] == [("1", 30.0), ("2", 20.0)]
        assert not netting.applied

    @pytest.mark.parametrize("rule", ["id", "moment", "day"])
    @pytest.mark.parametrize("price", [True, False])
    def test_many_returns_as_if_taken_one_by_one(
        self, engine: Engine, rule: SameDay, price: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rows = shop_with_returns(5)
        types = GOODS | {"unit_price": "DOUBLE"}
        if not price:
            types, rows = GOODS, [row[:-1] for row in rows]
        expected = taken_one_by_one(rows)
        assert expected[1] > 30
        for part in (order_suspects.PART, 50):
            monkeypatch.setattr(order_suspects, "PART", part)
            netting = read_log(engine, types, rows, OrderOptions(same_day=rule)).netting
            assert (netting.lines, netting.matched, netting.whole_lines) == expected[:3]
            assert netting.amount == pytest.approx(expected[3])

    def test_dropped_returns_leave_the_sales(self, engine: Engine) -> None:
        log = read_log(engine, GOODS, self.rows())
        assert features_of(log, "orders", "revenue", "units") == {
            "ann": (3, 60.0, 6.0),
            "bob": (1, 12.0, 1.0),
        }
        assert "50.00" in finding(log, "sales-taken-back").evidence

    def test_netted_returns_reduce_them(self, engine: Engine) -> None:
        log = read_log(engine, GOODS, self.rows(), OrderOptions(returns="net"))
        assert features_of(log, "orders", "revenue", "units") == {
            "ann": (1, 10.0, 1.0),
            "bob": (1, 12.0, 1.0),
        }
        assert steps(log) == {"returned": 4, "taken back whole": 2}
        assert log.funnel[-1].revenue == 22.0

    def test_a_part_of_a_line_comes_back(self, engine: Engine) -> None:
        rows = [
            ("ann", "1", "2024-01-01", 30.0, "tea", 3),
            ("ann", "2", "2024-01-02", -10.0, "tea", -1),
        ]
        log = read_log(engine, GOODS, rows, OrderOptions(returns="net"))
        assert features_of(log, "revenue", "units") == {"ann": (20.0, 2.0)}

    def test_without_products_and_pieces_the_amount_decides(self, engine: Engine) -> None:
        types = {"customer": "VARCHAR", "date": "DATE", "amount": "DOUBLE"}
        rows = [
            ("ann", "2024-01-01", 30.0),
            ("ann", "2024-01-02", 20.0),
            ("ann", "2024-01-03", -30.0),
        ]
        log = read_log(engine, types, rows, OrderOptions(returns="net"))
        assert features_of(log, "orders", "revenue") == {"ann": (1, 20.0)}

    def test_return_share(self, engine: Engine) -> None:
        log = read_log(engine, GOODS, self.rows())
        assert features_of(log, "return_share") == {
            "ann": (1.0,),  # 70 came back of 60, 1 at most
            "bob": (pytest.approx(10 / 12),),
        }


class TestCopies:
    """Counted through small sets of marks, and again by comparing all lines."""

    @pytest.mark.parametrize("seed", range(4))
    def test_counts_are_those_of_comparing_every_line(self, engine: Engine, seed: int) -> None:
        engine.run(f"SELECT setseed(0.{seed + 1})")
        engine.run(
            "CREATE OR REPLACE TABLE log AS SELECT "
            "CASE WHEN random() < 0.9 THEN 'c' || CAST(20 * random() AS INT) END AS customer, "
            "CASE WHEN random() < 0.8 THEN CAST(CAST(40 * random() AS INT) AS VARCHAR) END "
            "AS order_id, "
            "CASE WHEN random() < 0.95 THEN TIMESTAMP '2024-01-01' "
            "+ to_days(CAST(9 * random() AS INT)) END AS date, "
            "CAST(5 * random() AS INT) * 1e0 AS amount FROM range(3000)"
        )
        table = table_of(engine, "log")
        truth = engine.rows("SELECT 3000 - count(*) FROM (SELECT DISTINCT * FROM log)")[0][0]
        assert truth > 100
        columns = guess_columns(table)
        kept = read(table, columns)
        assert copies_told(kept) == truth
        dropped = read(table, columns, OrderOptions(duplicates="drop"))
        assert copies_told(dropped) == truth
        different = engine.rows(
            "SELECT count(*) FROM (SELECT DISTINCT * FROM log) "
            "WHERE customer IS NOT NULL AND date IS NOT NULL AND amount > 0"
        )[0][0]
        assert dropped.funnel[-1].lines == different

    def test_long_orders_are_looked_at_part_by_part(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        engine.run(
            "CREATE OR REPLACE TABLE log AS SELECT 'c' || n % 5 AS customer, n % 50 AS order_id, "
            "DATE '2024-01-01' AS date, n % 2500 + 1e0 AS amount FROM range(5010) AS r(n)"
        )  # each line of a hundred comes twice, ten thrice
        table = table_of(engine, "log")
        for part in (order_suspects.PART, 1000):
            monkeypatch.setattr(order_suspects, "PART", part)
            assert copies_told(read(table, guess_columns(table))) == 2510

    def test_a_log_without_copies_has_none(self, engine: Engine) -> None:
        engine.run(
            "CREATE OR REPLACE TABLE log AS SELECT 'c' || n % 7 AS customer, n % 50 AS order_id, "
            "DATE '2024-01-01' AS date, n + 1e0 AS amount FROM range(5000) AS r(n)"
        )  # a hundred lines in every order
        table = table_of(engine, "log")
        assert copies_told(read(table, guess_columns(table))) == 0
