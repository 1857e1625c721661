"""Counts of what text columns hold, each value looked at once or at every row."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from segmeans.tables.census import take_census
from segmeans.tables.columns import serve_columns
from segmeans.tables.duck import Engine
from segmeans.tables.values import teach


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(threads=1) as made:
        teach(made)
        yield made


def load(engine: Engine, **columns: list[str | None]) -> None:
    texts = {name: np.array(column, dtype=object) for name, column in columns.items()}
    engine.load("source", texts)


VALUES = ["7", "-3", "007", "n/a", " Rome", "1.5", "inf", "", None, "1234567890123456"]


@pytest.mark.parametrize("times", [1, 50])
def test_counts_by_hand_whether_values_repeat_or_not(engine: Engine, times: int) -> None:
    load(engine, c=VALUES * times)
    census = take_census(engine, "source", ["c"])["c"]
    low, high = census.pop("low"), census.pop("high")
    assert (low, high) == (-3, 1234567890123456)
    assert census == {
        name: times * rows
        for name, rows in {
            "held": 9,
            "tidy": 6,  # all but n/a, the padded Rome and the blank
            "filled": 8,
            "present": 7,
            "worded": 7,
            "finite": 5,
            "infinite": 1,
            "whole": 3,
            "padded": 1,
            "long": 1,
        }.items()
    }


def test_ids_are_told_at_a_glance_and_counted_as_any_text(engine: Engine) -> None:
    """One value that is no plain word sends the column to the full census: nothing else changes."""
    load(engine, a=["C1", "inf2", "Na3", None] * 50, b=["C1", "inf2", "Na3", "x"] * 50)
    census = take_census(engine, "source", ["a", "b"])
    assert census["a"] == dict.fromkeys(census["b"], 0) | dict.fromkeys(
        ("held", "tidy", "filled", "present", "worded"), 150
    )
    assert census["b"] == census["a"] | dict.fromkeys(
        ("held", "tidy", "filled", "present", "worded"), 200
    )


@pytest.mark.parametrize("odd", ["A1 ", " A1", "n/a", "", "1e5", "inf", "17850"])
def test_one_odd_value_after_many_ids_is_seen(engine: Engine, odd: str) -> None:
    load(engine, a=[f"C{n}" for n in range(1500)] + [odd])
    census = take_census(engine, "source", ["a"])["a"]
    assert census["held"] == 1501
    assert (census["tidy"], census["finite"], census["infinite"]) == {
        "1e5": (1501, 1, 0),
        "17850": (1501, 1, 0),
        "inf": (1501, 0, 1),
    }.get(odd, (1500, 0, 0))


def test_a_column_may_be_named_as_one_of_the_census(engine: Engine) -> None:
    load(engine, c0=["x", "y"] * 50, b=["1", "2", "3", "4"] * 25)
    census = take_census(engine, "source", ["c0", "b"])
    assert (census["c0"]["finite"], census["b"]["finite"]) == (0, 100)


def test_columns_of_both_kinds_keep_apart(engine: Engine) -> None:
    load(engine, a=["x", "y"] * 50, b=[str(i) for i in range(100)])
    census = take_census(engine, "source", ["b", "a"])
    assert census["b"]["whole"] == 100
    assert census["b"]["high"] == 99
    assert census["a"]["whole"] == 0
    assert census["a"]["tidy"] == census["a"]["held"] == 100


def test_tidy_text_is_served_as_it_stands_and_other_text_is_trimmed(engine: Engine) -> None:
    load(engine, a=["x", "y "], b=["x", "y"])
    serve_columns(engine, "source", "data", copy=False)
    assert engine.rows("SELECT a, b FROM data") == [("x", "x"), ("y", "y")]
    view = engine.rows("SELECT sql FROM duckdb_views() WHERE view_name = 'data'")[0][0]
    assert "worded(a)" in view
    assert "worded(b)" not in view
