"""An order log through the whole study: customers, RFM, value and the look ahead."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from segmeans import segment, write
from segmeans.commerce import read_log
from segmeans.errors import DataError, SettingError
from segmeans.report import screen
from segmeans.sample import write_orders
from segmeans.settings import Settings
from segmeans.study import Study, look
from segmeans.tables.source import open_table


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Return a study of a made-up log."""
    path = tmp_path_factory.mktemp("orders") / "orders.csv"
    write_orders(path, 6000, 1)
    return segment(path, orders=True, k=3, fast=True)


def test_every_customer_of_the_log_is_in_a_segment(orders: Study) -> None:
    assert orders.commerce is not None
    record = orders.commerce.record
    assert len(orders.labels) == record.funnel[-1].customers == orders.record.funnel.rows
    assert [feature.column for feature in orders.record.preparation.features] == [
        "days_since_last_order",
        "orders",
        "revenue",
    ]


def test_the_screen_and_the_report_say_what_one_order_is(orders: Study, tmp_path: Path) -> None:
    assert orders.commerce is not None
    record = orders.commerce.record
    out = io.StringIO()
    on = Console(file=out, width=200)
    screen.show_study(orders.record, orders=record, on=on)
    rule = "One order: the lines of a customer with one order number (OrderID)."
    lines, kept = record.funnel[0].lines, record.funnel[-1]
    assert rule in out.getvalue()
    assert f"{kept.orders:,} orders from {record.first_day} to {record.last_day}" in out.getvalue()
    assert f"as of {record.as_of}: {kept.lines:,} of {lines:,} lines count." in out.getvalue()
    write(orders, tmp_path / "out", figures=False)
    assert rule in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_value_adds_up_to_the_funnel(orders: Study) -> None:
    assert orders.commerce is not None
    record = orders.commerce.record
    assert sum(value.revenue for value in record.value) == pytest.approx(record.funnel[-1].revenue)
    assert sum(value.orders for value in record.value) == record.funnel[-1].orders
    assert sum(value.customer_share for value in record.value) == pytest.approx(1)


def test_outputs_tell_of_every_customer_and_every_line(orders: Study, tmp_path: Path) -> None:
    assert orders.commerce is not None
    files = write(orders, tmp_path / "out", figures=False, rejected=True)
    assert {"rfm.csv", "funnel.csv", "orders.json", "rejected.csv"} <= {f.name for f in files}
    with (tmp_path / "out" / "rfm.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    ids = [row[next(iter(rows[0]))] for row in rows]
    assert ids == list(next(iter(orders.customers().values())))
    assert {row["recency_score"] for row in rows} <= {"1", "2", "3", "4", "5"}
    read = json.loads((tmp_path / "out" / "orders.json").read_text(encoding="utf-8"))
    left = sum(step["left_out"] for step in read["funnel"][1:])
    with (tmp_path / "out" / "rejected.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == left


def test_online_retail_reaches_its_figures(data_dir: Path) -> None:
    found = segment(
        data_dir / "online_retail" / "online_retail.csv.gz",
        orders=True,
        transform="log1p",
        outliers="keep",
        as_of="2011-12-10",
        k=(2, 6),
        fast=True,
    )
    assert found.commerce is not None
    record = found.commerce.record
    lines = [(step.lines, step.customers) for step in record.funnel]
    assert lines == [(541909, 4372), (406829, 4372), (397924, 4339), (397884, 4338)]
    assert record.funnel[-1].orders == 18532
    assert record.funnel[-1].revenue == pytest.approx(8911407.904, abs=1e-3)
    columns = found.commerce.customers
    assert np.mean(columns["days_since_last_order"]) == pytest.approx(93.059, abs=5e-4)
    assert np.mean(columns["orders"]) == pytest.approx(4.272, abs=5e-4)
    assert np.mean(columns["revenue"]) == pytest.approx(2054.266, abs=5e-4)
    assert record.concentration is not None
    assert record.concentration.top_tenth == pytest.approx(0.61375, abs=5e-6)
    assert any(
        sale.customer == "12346" and sale.amount == 77183.6 for sale in record.netting.largest
    )
    inertia = {row.k: row.inertia for row in found.record.k_table}
    expected = {2: 6474.135, 3: 4856.322, 4: 3924.379, 5: 3267.998, 6: 2840.12}
    assert inertia == pytest.approx(expected, rel=1e-5)
    assert found.record.k_table[0].sizes == (2670, 1668)


def test_a_feature_that_orders_do_not_give_is_named(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    write_orders(path, 500, 1)
    with pytest.raises(SettingError, match="days_since_last_order"):
        segment(path, orders=True, features=["days_since_last"])


CURRENCIES = """\
customer,order_id,date,amount,currency,margin,discount
ann,1,2024-01-01,10,EUR,4,0
ann,2,2024-02-01,20,EUR,5,0
bob,3,2024-02-03,30,USD,6,0.1
bob,3,2024-02-03,0,USD,0,0
cy,4,2024-03-01,40,USD,7,0
"""


def test_the_settings_reach_the_log(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(CURRENCIES)

    def customers(**asked: object) -> tuple[dict[str, list[object]], str]:
        settings = Settings.ask({"orders": True, **asked})
        with open_table(path, settings) as opened:
            made = read_log(opened.table, settings).customers(["orders", "revenue", "margin"])
            names = made.table.names
            return {name: made.table.texts(name).tolist() for name in names}, made.order_rule

    assert customers()[0]["customer"] == ["bob", "cy"]  # three of five lines are in USD
    assert customers(currency="EUR")[0]["revenue"] == ["30.0"]
    everyone = customers(currency_column="")[0]
    assert everyone["customer"] == ["ann", "bob", "cy"]
    by_line, rule = customers(currency_column="", same_day="line", zero_amounts="keep")
    assert rule == "line"
    assert by_line["orders"] == ["2", "2", "1"]
    assert by_line["margin"] == ["9.0", "6.0", "7.0"]


def test_later_customers_are_scored_on_the_saved_scale(orders: Study, tmp_path: Path) -> None:
    assert orders.commerce is not None
    write(orders, tmp_path / "first", figures=False)
    later = tmp_path / "later.csv"
    write_orders(later, 900, 2)
    scale = str(tmp_path / "first" / "orders.json")
    found = segment(later, orders=True, k=2, fast=True, rfm_scale=scale)
    assert found.commerce is not None
    assert found.commerce.record.rfm.cuts == orders.commerce.record.rfm.cuts
    (tmp_path / "three.json").write_text('{"recency": [9, 90], "frequency": [1, 2]}')
    with pytest.raises(SettingError, match=r"3 scores, and 5 in the table"):
        segment(later, orders=True, rfm_scale=str(tmp_path / "three.json"))


def test_a_single_customer_is_told_plainly(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("customer,date,amount\nann,2024-01-01,1\nann,2024-02-01,2\n")
    with pytest.raises(DataError, match=r"at least 2 customers.*Found: 1"):
        segment(path, orders=True)


@pytest.mark.parametrize(("customers", "days"), [(12, 0), (47, 120)])
def test_small_logs_and_groups_that_are_new_are_held_against_rfm(
    tmp_path: Path, customers: int, days: int
) -> None:
    """A year: a third is held out, but 12 customers are too few to foresee anything of it."""
    rows = [
        f"c{n % customers},2024-{1 + n % 12:02d}-{1 + n % 28:02d},{n * 37 % 90 + 1},"
        f"{'new' if n % 12 > 9 else 'cup' if n % 5 < 3 else 'tea'}"
        for n in range(12 * customers)
    ]
    path = tmp_path / "orders.csv"
    path.write_text("customer,date,amount,category\n" + "\n".join(rows) + "\n")
    with segment(path, orders=True, features=["all"], k=2, fast=True) as found:
        assert found.commerce is not None
        record = found.commerce.record
        assert "share_of_new" in {one.name for one in record.features}
        assert record.comparison is not None
        assert (record.comparison.days, bool(record.comparison.foresight)) == (days, days > 0)
        assert sum(map(sum, record.comparison.table)) == customers


def test_counts_made_from_orders_are_no_codes(tmp_path: Path) -> None:
    rows = [f"c{order % 90},2024-{1 + order // 60:02d}-{1 + order % 28:02d},{order % 37 + 1}"
            for order in range(600)]  # fmt: skip
    path = tmp_path / "orders.csv"
    path.write_text("customer,date,amount\n" + "\n".join(rows) + "\n")
    assert "codes-as-amounts" not in {
        finding.code for finding in look(path, Settings(orders=True)).findings
    }


def test_a_constant_among_the_features_by_default_is_only_noted(tmp_path: Path) -> None:
    rows = [f"c{order},2024-{1 + order % 9:02d}-11,{order % 37 + 1.5}" for order in range(60)]
    path = tmp_path / "once.csv"
    path.write_text("customer,date,amount\n" + "\n".join(rows) + "\n")

    def told(**asked: object) -> tuple[str, str, str]:
        found = look(path, Settings.ask({"orders": True, **asked}, where="test")).findings
        [one] = [one for one in found if "left-out" in one.code and one.where == "orders"]
        return one.level, one.code, one.evidence

    for asked in ({}, {"features": ["rfm"]}):  # every customer has one order
        level, code, evidence = told(**asked)
        assert (level, code) == ("note", "feature-left-out")
        assert "the same for every customer" in evidence
        assert "setting" not in evidence
    level, code, evidence = told(features=["orders", "revenue", "days_since_last_order"])
    assert (level, code) == ("problem", "column-left-out")
    assert "'features' names it" in evidence
