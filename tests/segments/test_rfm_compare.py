from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from tests.tables.order_logs import cdnow

from segmeans.errors import DataError
from segmeans.segments.rfm import rfm
from segmeans.segments.rfm_compare import compare
from segmeans.tables.duck import Engine, quoted
from segmeans.tables.orders import guess_columns, read


def test_the_cross_table_and_agreement() -> None:
    names, labels = np.array([0, 0, 1, 1, 1, 0]), np.array([1, 1, 2, 2, 1, 0])
    result = compare(names, labels, name_list=["a", "b"], segments=2)
    assert result.table == ((2, 0), (1, 2))
    assert result.agreement == pytest.approx(adjusted_rand_score([0, 0, 1, 1, 1], [0, 0, 1, 1, 0]))
    assert result.foresight == ()


def test_groups_that_know_the_future_win() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 3, 3000)
    names = rng.integers(0, 4, 3000)
    revenue = 10.0 * truth + rng.normal(0, 1, 3000) + 50
    result = compare(
        names,
        truth + 1,
        name_list=list("abcd"),
        segments=3,
        later_revenue=revenue,
        later_active=(truth == 2).astype(float),
        days=90,
    )
    money, active = result.foresight
    assert (money.better, active.better) == ("segments", "segments")
    assert money.segments.value > 0.95
    assert active.segments.value == pytest.approx(1)
    assert money.rfm.value == pytest.approx(0, abs=0.01)
    assert money.difference.low is not None
    assert money.difference.low > 0.9
    assert money.by_segment[2] == pytest.approx(70, abs=0.5)


def test_two_ways_that_know_nothing_are_not_told_apart() -> None:
    rng = np.random.default_rng(2)
    result = compare(
        rng.integers(0, 11, 2000),
        rng.integers(1, 6, 2000),
        name_list=[str(place) for place in range(11)],
        segments=5,
        later_active=rng.integers(0, 2, 2000),
    )
    [active] = result.foresight
    assert active.better == "neither"
    assert active.rfm.value < 0.01


def test_many_groups_of_one_win_nothing() -> None:
    rng = np.random.default_rng(3)
    later = rng.exponential(1, 400)
    result = compare(
        np.arange(400),
        np.ones(400),
        name_list=[str(place) for place in range(400)],
        segments=1,
        later_revenue=later,
    )
    assert result.foresight[0].rfm.value == pytest.approx(0, abs=1e-9)


def test_rfm_foresees_who_comes_back_at_cdnow(data_dir: Path) -> None:
    until = date(1997, 12, 31)
    with Engine(threads=2) as engine:
        table = cdnow(engine, data_dir, "master")
        log = read(table, guess_columns(table))
        made = log.customers(as_of=until).table
        features = engine.arrays(f"SELECT * FROM {quoted(made.relation)}")
        later = log.history(until)
    assert np.array_equal(features["customer_id"], later.customer)
    result = rfm(features["days_since_last_order"], features["orders"], features["revenue"])
    halves = 1 + (features["revenue"] > np.median(features["revenue"]))
    compared = compare(
        result.names,
        halves,
        name_list=result.name_list(),
        segments=2,
        later_revenue=later.later_revenue,
        later_active=later.later_purchases > 0,
        days=later.later_days,
    )
    money, active = compared.foresight
    assert active.better == "rfm"
    assert active.rfm.value > 0.1
    assert money.customers == 23570
    assert compared.days == 181
    again = compare(
        result.names,
        halves,
        name_list=result.name_list(),
        segments=2,
        later_revenue=later.later_revenue,
        later_active=later.later_purchases > 0,
        days=later.later_days,
    )
    assert again == compared


def test_arrays_that_do_not_fit() -> None:
    with pytest.raises(DataError, match="one value per customer"):
        compare([0, 1], [1], name_list=["a", "b"], segments=1)
    with pytest.raises(DataError, match="Too few"):
        compare([0, 1], [1, 1], name_list=["a", "b"], segments=1, later_active=[0, 1])
