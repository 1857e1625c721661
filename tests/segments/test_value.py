from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.tables.order_logs import cdnow, online_retail

from segmeans.errors import DataError
from segmeans.segments.value import concentration, segment_values, value_findings
from segmeans.tables.duck import Engine
from segmeans.tables.orders import guess_columns, read


def test_concentration_of_online_retail(data_dir: Path) -> None:
    with Engine(threads=2) as engine:
        table = online_retail(engine, data_dir)
        made = read(table, guess_columns(table)).customers(["revenue"]).table
        revenue = engine.arrays(f'SELECT revenue FROM "{made.relation}"')["revenue"]
    spread = concentration(revenue)
    assert spread.customers == 4338
    assert 100 * spread.top_tenth == pytest.approx(61.375, abs=5e-4)
    assert 100 * spread.top_fifth == pytest.approx(74.617, abs=5e-4)
    assert spread.gini == pytest.approx(0.7151, abs=5e-5)


def test_top_decile_of_cdnow(data_dir: Path) -> None:
    with Engine(threads=2) as engine:
        table = cdnow(engine, data_dir, "master")
        made = read(table, guess_columns(table)).customers(["revenue"]).table
        revenue = engine.arrays(f'SELECT revenue FROM "{made.relation}"')["revenue"]
    assert 100 * concentration(revenue).top_tenth == pytest.approx(50.943, abs=5e-4)


def test_concentration_by_hand() -> None:
    equal = concentration(np.full(10, 3.0))
    assert equal.gini == pytest.approx(0)
    assert equal.top_tenth == pytest.approx(0.1)
    assert equal.curve == pytest.approx([np.ceil(step / 10) / 10 for step in range(101)])
    single = concentration([0, 0, 0, 0, 7])
    assert single.gini == pytest.approx(0.8)
    assert concentration([1, 3]).gini == pytest.approx(0.25)


@pytest.mark.parametrize("revenue", [[], [0, 0], [1, -1], [1, np.nan]])
def test_concentration_needs_revenue(revenue: list[float]) -> None:
    with pytest.raises(DataError):
        concentration(revenue)


def test_values_of_segments_by_hand() -> None:
    first, second = segment_values(
        [1, 1, 2, 0],
        [10, 20, 10, 1000],
        [1, 2, 1, 50],
        margin=[1, 2, 1, 0],
        lifetime_value=[5, 5, 30, 0],
    )
    assert (first.customers, first.revenue, first.revenue_share) == (2, 30, 0.75)
    assert (first.orders, first.order_share, first.revenue_per_customer) == (3, 0.75, 15)
    assert (first.margin, first.margin_share) == (3, 0.75)
    assert (second.lifetime_value, second.lifetime_share) == (30, 0.75)
    assert second.customer_share == pytest.approx(1 / 3)


def test_a_segment_nobody_is_in_has_no_value() -> None:
    values = segment_values([1, 1], [1, 1], [1, 1], segments=2)
    assert (values[1].customers, values[1].revenue, values[1].revenue_per_customer) == (0, 0, 0)


def test_values_need_one_number_per_customer() -> None:
    with pytest.raises(DataError, match="revenue"):
        segment_values([1, 2], [1, np.nan], [1, 1])
    with pytest.raises(DataError, match="orders"):
        segment_values([1, 2], [1, 1], [1])


def test_findings() -> None:
    revenue = np.concatenate([np.full(10, 1000.0), np.full(90, 1.0)])
    values = segment_values(np.repeat([1, 2], [10, 90]), revenue, np.ones(100))
    codes = [finding.code for finding in value_findings(concentration(revenue), values)]
    assert codes == ["concentrated-revenue", "segment-without-revenue"]
