from __future__ import annotations

from pathlib import Path

import pytest

from segmeans.errors import SettingError
from segmeans.tables.order_columns import OrderColumns
from segmeans.tables.order_features import BY_NAME, FEATURES, available, choose
from segmeans.tables.order_options import STEPS

PAGE = Path(__file__).parents[2] / "docs" / "orders.md"


def test_the_page_holds_every_definition_and_step() -> None:
    page = PAGE.read_text("utf-8")
    for feature in FEATURES:
        row = f"| `{feature.name}` | {feature.unit} | {feature.definition} | {feature.missing} |"
        assert row in page
    for name, rule in STEPS.items():
        assert f"| {name} | {rule} |" in page


def test_sets_hold_one_another() -> None:
    assert len(BY_NAME) == len(FEATURES)
    for feature in FEATURES:
        assert "all" in feature.sets
        assert feature.sql


def test_what_a_log_has_decides_what_it_gives() -> None:
    bare = available(OrderColumns(customer="c", date="d"), has_times=False)
    assert bare == set()
    assert [feature.name for feature in choose(["rfm"], bare, ())] == [
        "days_since_last_order",
        "orders",
    ]
    rich = OrderColumns(
        customer="c", date="d", quantity="q", price="p", product="a", group="g", cost="k"
    )
    has = available(rich, has_times=True)
    chosen = choose(["all"], has, ["toys"])
    assert {feature.name for feature in chosen} == {*BY_NAME, "share_of_toys"}
    assert len(choose(["behaviour", "revenue", "rfm"], has, ())) == 13


def test_unknown_and_impossible_features() -> None:
    with pytest.raises(SettingError, match="Try: 'orders'"):
        choose(["order"], {"money"}, ())
    with pytest.raises(SettingError, match="no column for money"):
        choose(["revenue"], set(), ())


def test_groups_that_differ_by_case_alone_keep_apart() -> None:
    chosen = choose(["all"], {"group"}, ["Food", "food"])
    assert [feature.name for feature in chosen][-2:] == ["share_of_Food", "share_of_food_2"]
