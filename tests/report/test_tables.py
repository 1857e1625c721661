"""Records as tables of text."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from segmeans.records import ColumnRole, FeatureState
from segmeans.report.tables import (
    Column,
    TextTable,
    k_table,
    preparation_table,
    role_table,
    segment_table,
    telling_features,
)


def cells(table: TextTable) -> dict[str, tuple[str, ...]]:
    return {column.header: column.cells for column in table.columns}


def test_segments_in_plain_units(five: Any) -> None:
    table = cells(segment_table(five.record))
    assert table["segment"][0] == "the middle"
    assert table["customers"] == ("80", "40", "35", "23", "22")
    assert table["share"] == ("40.0 %", "20.0 %", "17.5 %", "11.5 %", "11.0 %")
    assert set(table) > {"annual income", "spending score"}


def test_the_k_table_says_which_k_is_what(five: Any) -> None:
    table = k_table(five.record)
    notes = table.columns[-1].cells
    assert notes == ("", "", "runner-up", "", "recommended, elbow", "", "", "")
    assert cells(table)["silhouette"][0] == "-"
    assert cells(table)["search"][-1] == "not proven"
    assert cells(table)["smallest"][4] == "11.0 %"


def test_what_was_asked_is_marked_when_it_is_not_recommended(five: Any) -> None:
    verdict = dataclasses.replace(five.record.verdict, recommended_k=4, elbow=None)
    table = k_table(dataclasses.replace(five.record, verdict=verdict))
    assert table.columns[-1].cells[3:5] == ("recommended", "shown")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (FeatureState(column="a", kind="number"), "as it is"),
        (
            FeatureState(
                column="a", kind="number", low=0.0, high=9.0, before={"min": 0.0, "max": 9.5}
            ),
            "capped at 9",
        ),
        (FeatureState(column="a", kind="number", low=1.0, high=9.0), "capped to 1 ... 9"),
        (FeatureState(column="a", kind="date", low=0.0), "raised to 1970-01-01"),
        (FeatureState(column="a", kind="number", transform="log1p"), "log(1 + x)"),
        (
            FeatureState(column="a", kind="number", transform="yeo-johnson", exponent=-0.25),
            "Yeo-Johnson -0.25",
        ),
        (
            FeatureState(column="a", kind="category", levels=("x", "y"), pooled=("z",)),
            "2 levels, 1 rare ones pooled",
        ),
    ],
)
def test_what_was_done_to_a_feature(five: Any, state: FeatureState, said: str) -> None:
    table = preparation_table(dataclasses.replace(five.record.preparation, features=(state,)))
    assert cells(table)["done"] == (said,)


def test_roles_keep_the_text_of_hostile_names_on_one_line() -> None:
    role = ColumnRole(
        name="[red]x\x1b[31m\n",
        type="VARCHAR",
        role="personal",
        use="ignore",
        reason="looks like\nemail",
        forced=True,
    )
    table = cells(role_table([role]))
    assert table["column"] == ("[red]x [31m",)
    assert table["used as"] == ("-*",)
    assert table["why"] == ("looks like email",)


def test_the_telling_features_come_first(nine: Any) -> None:
    record = nine.record
    strength = {
        name: max(abs(row.effect) for row in record.profile if row.feature == name)
        for name in telling_features(record)
    }
    assert list(strength.values()) == sorted(strength.values(), reverse=True)
    assert len(strength) == 12


def test_columns_of_the_highest_rank_go_first() -> None:
    columns = tuple(
        Column(header=name, cells=("1234567890",), rank=rank)
        for name, rank in (("a", 0), ("b", 2), ("c", 1), ("d", 2))
    )
    kept = [
        [column.header for column in TextTable(columns).within(width).columns]
        for width in (48, 47, 35, 23, 5)
    ]
    assert kept == [["a", "b", "c", "d"], ["a", "b", "c"], ["a", "c"], ["a"], ["a"]]
