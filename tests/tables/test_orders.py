from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from tests.tables.order_logs import (
    cdnow,
    features_of,
    online_retail,
    read_log,
    rfm_orders,
)

from segmeans.errors import DataError, SettingError
from segmeans.tables.duck import Engine, quoted
from segmeans.tables.orders import OrderLog, OrderOptions, customers, guess_columns, read
from segmeans.tables.source import open_table

SHOP = {"customer": "VARCHAR", "order_id": "VARCHAR", "date": "TIMESTAMP", "amount": "DOUBLE"}


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(threads=2) as made:
        yield made


def mean_median_max(log: OrderLog, name: str) -> tuple[float, float, float]:
    made = log.customers([name]).table
    column, relation = quoted(name), quoted(made.relation)
    row = made.engine.rows(f"SELECT avg({column}), median({column}), max({column}) FROM {relation}")
    return tuple(float(value) for value in row[0])  # type: ignore[return-value]


@pytest.fixture(scope="module", name="log")
def online_retail_log(data_dir: Path) -> Iterator[OrderLog]:
    with Engine(threads=2) as engine:
        table = online_retail(engine, data_dir)
        yield read(table, guess_columns(table))


class TestOnlineRetail:
    """Figures published for the data set, and counted independently with pandas."""

    def test_the_funnel_accounts_for_every_line(self, log: OrderLog) -> None:
        steps = [
            (step.name, step.lines, step.customers, step.orders, step.revenue)
            for step in log.funnel
        ]
        assert steps == [
            ("all lines", 541909, 4372, 25900, 9747747.934),
            ("no customer", 406829, 4372, 22190, 8300065.814),
            ("cancelled", 397924, 4339, 18536, 8911407.904),
            ("zero or negative amount", 397884, 4338, 18532, 8911407.904),
        ]
        assert sum(step.left_out for step in log.funnel) + log.funnel[-1].lines == 541909

    def test_rfm_features(self, log: OrderLog) -> None:
        assert log.as_of == date(2011, 12, 10)
        assert log.customers(["rfm"]).table.n_rows == 4338
        assert mean_median_max(log, "days_since_last_order") == pytest.approx(
            (93.059, 51, 374), abs=5e-4
        )
        assert mean_median_max(log, "orders") == pytest.approx((4.272, 2, 209), abs=5e-4)
        assert mean_median_max(log, "revenue") == pytest.approx(
            (2054.266, 674.485, 280206.02), abs=5e-4
        )

    def test_ids_lose_the_decimal_point_they_never_had(self, log: OrderLog) -> None:
        made = log.customers().table
        assert made.texts("CustomerID")[0] == "12346"
        assert "pointed-ids" in {finding.code for finding in log.findings}

    def test_copies_are_counted_always_and_dropped_on_request(self, log: OrderLog) -> None:
        [finding] = [finding for finding in log.findings if finding.code == "duplicate-lines"]
        assert "5,268" in finding.evidence
        dropped = read(log.source, log.columns, OrderOptions(duplicates="drop"))
        last = dropped.funnel[-1]
        assert (last.lines, last.customers, last.orders) == (392692, 4338, 18532)
        assert last.revenue == 8887208.894

    def test_the_cancelled_order_is_found(self, log: OrderLog) -> None:
        amounts = {(sale.customer, sale.amount) for sale in log.netting.largest}
        assert {("16446", 168469.60), ("12346", 77183.60)} <= amounts
        netted = read(log.source, log.columns, OrderOptions(returns="net"))
        assert "12346" not in netted.customers().table.texts("CustomerID")
        assert netted.funnel[-1].revenue == pytest.approx(8911407.904 - netted.netting.amount)
        assert netted.funnel[-1].lines + sum(step.left_out for step in netted.funnel) == 541909

    def test_rejected_lines_carry_their_reason(self, log: OrderLog) -> None:
        fresh = read(log.source, log.columns)
        rejected = fresh.rejected()
        assert rejected.n_rows == 144025
        assert dict(rejected.levels("left out because")) == {
            "no customer": 135080,
            "cancelled": 8905,
            "zero or negative amount": 40,
        }


def test_cdnow_master(engine: Engine, data_dir: Path) -> None:
    table = cdnow(engine, data_dir, "master")
    log = read(table, guess_columns(table))
    last = log.funnel[-1]
    assert (last.lines, last.customers, last.revenue) == (69659, 23570, 2500315.63)
    assert log.as_of == date(1998, 7, 1)
    assert mean_median_max(log, "days_since_last_order")[0] == pytest.approx(368.222, abs=5e-4)
    assert mean_median_max(log, "revenue")[0] == pytest.approx(106.080, abs=5e-4)
    made = log.customers(["orders", "active_days"]).table
    relation = quoted(made.relation)
    once = "SELECT count_if(orders = 1), count_if(active_days = 1) FROM "
    assert engine.rows(once + relation) == [(11908, 12054)]
    paid = read(table, log.columns, OrderOptions(zero_amounts="drop"))
    assert paid.funnel[-1].left_out == 80


def test_cdnow_sample_until_the_end_of_september(engine: Engine, data_dir: Path) -> None:
    table = cdnow(engine, data_dir, "sample")
    history = read(table, guess_columns(table)).history(date(1997, 9, 30))
    assert len(history.customer) == 2357
    assert int((history.repeats == 0).sum()) == 1411
    assert int(history.repeats.sum()) == 2457
    assert np.nanmean(history.repeat_value) == pytest.approx(35.08, abs=0.005)


def test_orders_of_the_r_package(engine: Engine, data_dir: Path) -> None:
    table = rfm_orders(engine, data_dir)
    log = read(table, guess_columns(table), OrderOptions(as_of=date(2006, 12, 31)))
    rows = features_of(log, "rfm")
    assert len(rows) == 995
    assert rows["Abbey O'Reilly"] == (205, 6, 472.0)
    assert rows["Add Senger"] == (140, 3, 340.0)
    assert rows["Admiral Senger"] == (132, 5, 448.0)
    assert log.funnel[-1].revenue == 464158


class TestSmallLogs:
    """Logs of a few lines, worked out by hand."""

    def test_features_by_hand(self, engine: Engine) -> None:
        types = SHOP | {"quantity": "BIGINT", "product": "VARCHAR", "category": "VARCHAR"}
        log = read_log(
            engine,
            types,
            [
                # 2024-01-06 is a Saturday
                ("ann", "1", "2024-01-06 19:00", 10.0, 1, "tea", "food"),
                ("ann", "1", "2024-01-06 19:00", 30.0, 2, "pot", "home"),
                ("ann", "2", "2024-01-08 09:00", 20.0, 1, "tea", "food"),
                ("ann", "3", "2024-01-18 09:00", 40.0, 4, "tea", "food"),
                ("bob", "4", "2024-01-10 05:59", 5.0, 1, "pot", "home"),
            ],
        )
        names = (
            "days_since_last_order",
            "days_since_first_order",
            "orders",
            "active_days",
            "revenue",
            "revenue_per_order",
            "units",
            "distinct_products",
            "days_between_orders",
            "weekend_share",
            "evening_share",
            "spend_trend",
            "share_of_food",
        )
        assert log.as_of == date(2024, 1, 19)
        made = features_of(log, *names)
        ann = dict(zip((f.name for f in log.customers(names).features), made["ann"], strict=True))
        assert ann == {
            "days_since_last_order": 1,
            "days_since_first_order": 13,
            "orders": 3,
            "active_days": 3,
            "revenue": 100.0,
            "revenue_per_order": pytest.approx(100 / 3),
            "units": 8.0,
            "distinct_products": 2,
            "days_between_orders": 6.0,  # of 2 and 10
            "weekend_share": pytest.approx(1 / 3),
            "evening_share": pytest.approx(1 / 3),
            "spend_trend": pytest.approx((40 - 60) / 100),
            "share_of_food": pytest.approx(0.7),
        }
        bob = dict(zip(ann, made["bob"], strict=True))
        assert bob["days_between_orders"] is None
        assert bob["spend_trend"] is None
        assert bob["evening_share"] == 1.0
        assert bob["share_of_food"] == 0.0

    def test_no_order_leaves_one_clear_error(self, engine: Engine) -> None:
        with pytest.raises(DataError, match=r"No line of the orders counts.*zero or negative"):
            read_log(engine, SHOP, [("ann", "1", "2024-01-06", 0.0)])

    def test_a_feature_that_does_not_exist_gets_the_nearest(self, engine: Engine) -> None:
        log = read_log(engine, SHOP, [("ann", "1", "2024-01-06", 1.0)])
        with pytest.raises(SettingError, match=r"'revenu'.*Try: 'revenue'"):
            log.customers(["revenu"])
        with pytest.raises(SettingError, match="cannot be made from this log"):
            log.customers(["units"])

    def test_customers_is_read_and_then_customers(self, engine: Engine) -> None:
        log = read_log(engine, SHOP, [("ann", "1", "2024-01-06", 1.5)])
        made = customers(log.source, log.columns, features=["revenue"])
        assert made.table.texts("revenue").tolist() == ["1.5"]
        assert made.order_rule == "id"


class TestFromFiles:
    """The whole way from a file, reader and all."""

    def test_the_orders_of_the_r_package(self, data_dir: Path) -> None:
        with open_table(data_dir / "rfm_orders" / "rfm_data_orders.csv") as opened:
            made = customers(opened.table, guess_columns(opened.table))
            assert made.table.n_rows == 995
            assert made.as_of == date(2006, 12, 31)

    def test_invoice_numbers_with_letters_are_not_lost(self, tmp_path: Path) -> None:
        lines = ["InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID"]
        lines += [
            f"{536365 + n},8512{n % 9},2,2010-12-{1 + n % 28:02} 08:26:00,2.55,17850.0"
            for n in range(60)
        ]
        lines += ["C536425,85120,-2,2010-12-30 08:30:00,2.55,17850.0"]
        path = tmp_path / "log.csv"
        path.write_text("\n".join(lines), "utf-8")
        with open_table(path) as opened:
            log = read(opened.table, guess_columns(opened.table))
            assert [(step.name, step.left_out) for step in log.funnel[1:]] == [("cancelled", 1)]
            assert log.netting.matched == 1
            assert features_of(log, "orders", "revenue") == {"17850": (60, 306.0)}
