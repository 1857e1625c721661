from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.tables.order_logs import cdnow, read_log

from segmeans.errors import SettingError
from segmeans.segments.lifetimes import Lifetimes, Outlook, lifetimes
from segmeans.tables.duck import Engine
from segmeans.tables.orders import guess_columns, read

SHOP = {"customer": "VARCHAR", "date": "DATE", "amount": "DOUBLE"}


@pytest.fixture(scope="module")
def made(data_dir: Path) -> Iterator[Lifetimes]:
    with Engine(threads=2) as engine:
        table = cdnow(engine, data_dir, "sample")
        yield lifetimes(read(table, guess_columns(table)))


def test_the_time_held_out_is_foreseen(made: Lifetimes) -> None:
    fit = made.record.hold_out
    assert made.record.refused == ""
    assert fit is not None
    assert fit.until == date(1997, 12, 31)
    assert fit.foreseen == pytest.approx(fit.bought, rel=0.05)
    assert fit.error < fit.naive_error
    assert sum(row.customers for row in fit.classes) == fit.customers == 2357
    assert fit.revenue is not None
    assert fit.foreseen_revenue == pytest.approx(fit.revenue, rel=0.05)


def test_every_customer_has_a_lifetime(made: Lifetimes) -> None:
    assert made.alive is not None
    assert made.purchases is not None
    assert made.value is not None
    assert len(made.customer) == len(made.alive) == len(made.value) == 2357
    assert ((made.alive > 0) & (made.alive <= 1)).all()
    assert (made.purchases > 0).all()
    assert made.record.value == pytest.approx(float(made.value.sum()))
    assert json.loads(json.dumps(dataclasses.asdict(made.record), default=str))


def test_discount_and_margin(data_dir: Path, made: Lifetimes) -> None:
    with Engine(threads=2) as engine:
        table = cdnow(engine, data_dir, "sample")
        plain = lifetimes(read(table, guess_columns(table)), Outlook(discount=0, margin=0.5))
    assert plain.record.purchases == made.record.purchases
    assert plain.record.value is not None
    assert made.record.value is not None
    assert 2 * plain.record.value > made.record.value > 2 * plain.record.value / 1.1


def test_a_short_log_is_refused_plainly() -> None:
    with Engine(threads=2) as engine:
        rows = [("ann", date(2024, 1, 1) + timedelta(days=7 * week), 5.0) for week in range(10)]
        short = lifetimes(read_log(engine, SHOP, rows))
    assert "9 weeks long, and 36 are needed" in short.record.refused
    assert short.value is None
    assert [finding.code for finding in short.record.findings] == ["no-lifetimes"]


def test_too_few_who_come_back_are_refused_plainly() -> None:
    with Engine(threads=2) as engine:
        rows = [
            (f"c{day}", date(2023, 1, 1) + timedelta(days=day), 5.0) for day in range(0, 700, 5)
        ]
        once = lifetimes(read_log(engine, SHOP, rows))
    assert "Too few customers came back" in once.record.refused


def test_a_business_that_stopped_is_refused_with_the_numbers() -> None:
    rng = np.random.default_rng(0)
    rows = [
        (f"c{customer}", date(2023, 1, 1) + timedelta(days=int(day)), 10.0)
        for customer in range(150)
        for day in rng.integers(0, 200, rng.geometric(0.2))
    ]
    rows.append(("late", date(2023, 12, 1), 10.0))
    with Engine(threads=2) as engine:
        stopped = lifetimes(read_log(engine, SHOP, rows))
    assert "the model foresaw" in stopped.record.refused
    assert stopped.record.hold_out is not None


@pytest.mark.parametrize("wrong", [{"weeks": 0}, {"discount": -1}, {"margin": 1.1}])
def test_an_outlook_out_of_range(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingError, match="out of range"):
        Outlook(**wrong)
