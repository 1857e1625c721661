"""An order log through the whole study: customers, RFM, value and the look ahead."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from segmeans import segment, write
from segmeans.errors import SettingError
from segmeans.sample import write_orders
from segmeans.study import Study


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
