"""What each column is recognised as, what the settings change, and what is said about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segmeans.errors import ColumnNotFoundError, DataError, SettingError
from segmeans.settings import Settings
from segmeans.tables.roles import Recognised, recognise
from segmeans.tables.source import open_table

ROWS = 60


def seen(columns: object, **asked: Any) -> Recognised:
    settings = Settings(threads=1, **asked)
    with open_table(columns, settings) as opened:
        return recognise(opened.table, settings)


def role(found: Recognised, name: str) -> tuple[str, str]:
    return next((item.role, item.use) for item in found.roles if item.name == name)


def codes(found: Recognised) -> dict[str, str]:
    return {finding.code: finding.where for finding in found.findings}


def customers(**more: Any) -> dict[str, Any]:
    rng = np.random.default_rng(5)
    return {
        "customer_id": [f"{i:04d}" for i in range(ROWS)],
        "age": rng.integers(18, 80, ROWS).astype(float),
        "income": rng.normal(50, 9, ROWS),
        **more,
    }


IBANS = ["DE89370400440532013000", "GB82WEST12345698765432", "FR1420041010050500013M02606"]
CARDS = ["4111111111111111", "5500 0000 0000 0004", "340000000000009"]

COLUMNS: dict[str, tuple[list[Any], tuple[str, str]]] = {
    "Gender": (["Female", "Male"] * 30, ("category", "describe")),
    "Region": ([1, 2, 3] * 20, ("category", "describe")),
    "Zip code": ([f"{80331 + i % 20}" for i in range(ROWS)], ("category", "describe")),
    "store_id": ([11, 12, 13, 14] * 15, ("category", "describe")),
    "flag": ([0, 1] * 30, ("category", "describe")),
    "active": ([True, False] * 30, ("category", "describe")),
    "children": ([0, 1, 2, 3] * 15, ("number", "feature")),
    "satisfaction": ([1, 2, 3, 4, 5, 6] * 10, ("number", "feature")),
    "number_of_visits": (list(range(30)) * 2, ("number", "feature")),
    "Year_Birth": ([1950 + i % 40 for i in range(ROWS)], ("number", "feature")),
    "joined": ([f"2024-01-{1 + i % 28:02d}" for i in range(ROWS)], ("date", "ignore")),
    "Contact": ([f"user{i}@example.org" for i in range(ROWS)], ("personal", "ignore")),
    "line": ([f"+49 30 {1000000 + i}" for i in range(ROWS)], ("personal", "ignore")),
    "account": (IBANS * 20, ("personal", "ignore")),
    "payment": (CARDS * 20, ("personal", "ignore")),
    "seen from": ([f"10.0.0.{i}" for i in range(ROWS)], ("personal", "ignore")),
    "Last Name": ([f"Smith{i}" for i in range(ROWS)], ("personal", "ignore")),
    "Date of Birth": ([f"1980-01-{1 + i % 28:02d}" for i in range(ROWS)], ("personal", "ignore")),
    "street": ([f"Main Street {i}" for i in range(ROWS)], ("personal", "ignore")),
    "comment": (
        [f"Customer number {i} wrote a rather long comment to us" for i in range(ROWS)],
        ("text", "ignore"),
    ),
    "token": ([f"X{i * 7919}" for i in range(ROWS)], ("id", "ignore")),
    "country": (["DE"] * ROWS, ("constant", "ignore")),
    "nothing": ([None] * ROWS, ("unusable", "ignore")),
    "half": ([5.0, None] * 30, ("unusable", "ignore")),
    "rubbish": (
        [str(i * 3) if i % 2 else f"word {i}" for i in range(ROWS)],
        ("unusable", "ignore"),
    ),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_is_recognised_with_a_reason(name: str) -> None:
    values, expected = COLUMNS[name]
    found = seen(customers(**{name: values}))
    assert role(found, name) == expected
    item = next(item for item in found.roles if item.name == name)
    assert item.reason
    assert item.missing == sum(value is None for value in values)
    assert item.distinct == len({value for value in values if value is not None})


def test_the_id_is_found_and_duplicates_are_counted_and_listed() -> None:
    table = customers()
    assert seen(table).id == "customer_id"
    table["customer_id"][1:4] = ["0000", "0000", "0009"]
    found = seen(table)
    finding = next(item for item in found.findings if item.code == "duplicate-ids")
    assert "3 rows repeat" in finding.evidence
    assert "'0000' 3 times, '0009' 2 times" in finding.evidence
    assert "Every row is kept" in finding.evidence


def test_many_rows_per_id_look_like_orders() -> None:
    table = customers()
    table["customer_id"] = [f"{i // 4:04d}" for i in range(ROWS)]
    finding = next(item for item in seen(table).findings if item.code == "duplicate-ids")
    assert finding.level == "problem"
    assert "orders" in finding.advice


def test_missing_and_decimal_ids_are_findings() -> None:
    table = customers()
    table["customer_id"] = [f"{17850 + i}.0" for i in range(ROWS - 1)] + [None]
    assert {"missing-ids", "decimal-ids"} <= set(codes(seen(table)))


def test_without_an_id_the_row_number_serves() -> None:
    table = customers()
    del table["customer_id"]
    found = seen(table)
    assert found.id is None
    assert "no-id" in codes(found)


def test_a_column_that_numbers_the_rows_is_the_id() -> None:
    table = customers()
    del table["customer_id"]
    found = seen({"Unnamed: 0": list(range(ROWS)), **table})
    assert found.id == "Unnamed: 0"
    found = seen({"nr": [3 * i + 1000 for i in range(ROWS)], **table})
    assert found.id == "nr"


def test_the_customer_id_wins_over_other_ids() -> None:
    found = seen({"order_id": [f"o{i}" for i in range(ROWS)], **customers()})
    assert found.id == "customer_id"
    assert role(found, "order_id") == ("id", "ignore")


def test_settings_decide_uses() -> None:
    found = seen(
        customers(Gender=["Female", "Male"] * 30, score=list(range(ROWS))),
        id="score",
        features=["income", "age"],
        describe=["Gender"],
    )
    assert found.id == "score"
    assert found.named("feature") == ("age", "income")
    assert found.named("describe") == ("Gender",)
    assert found.named("ignore") == ("customer_id",)
    assert all(item.forced for item in found.roles if item.use in ("id", "feature", "describe"))


def test_labels_form_segments_where_numbers_are_too_few() -> None:
    few = {"age": [20.5 + i % 30 for i in range(ROWS)], "Gender": ["Female", "Male"] * 30}
    assert seen(few).named("feature") == ("age", "Gender")
    assert seen(customers(**few)).named("describe") == ("Gender",)


def test_numbers_not_asked_for_describe() -> None:
    found = seen(customers(), features=["income"])
    assert found.named("describe") == ("age",)


def test_ignored_columns_never_serve() -> None:
    found = seen(customers(), ignore=["customer_id", "age"])
    assert found.id is None
    assert found.named("feature") == ("income",)


def test_an_id_asked_for_as_feature_is_allowed_with_a_finding() -> None:
    found = seen(customers(), features=["customer_id", "age"])
    assert role(found, "customer_id") == ("number", "feature")
    assert codes(found)["id-as-feature"] == "customer_id"


def test_codes_asked_for_as_features_are_categories_with_a_note() -> None:
    table = customers(Channel=[1, 2] * 30, Region=[1, 2, 3] * 20, flag=[0, 1] * 30)
    found = seen(table, features=["Channel", "Region", "age", "flag"])
    assert role(found, "Channel") == role(found, "Region") == ("category", "feature")
    assert [f.where for f in found.findings if f.code == "codes-as-categories"] == [
        "Channel",
        "Region",
    ]


def test_two_numbers_asked_for_stay_amounts_where_no_name_says_that_they_are_codes() -> None:
    found = seen(customers(orders=[1, 2] * 30), features=["orders", "age"])
    assert role(found, "orders") == ("number", "feature")
    assert codes(found)["codes-as-amounts"] == "orders"


def test_a_constant_asked_for_is_left_out_and_reported() -> None:
    found = seen(customers(country=["DE"] * ROWS), features=["country", "age"])
    assert found.named("feature") == ("age",)
    assert codes(found)["column-left-out"] == "country"


@pytest.mark.parametrize(
    "asked",
    [
        {"id": "age", "ignore": ["age"]},
        {"features": ["age"], "ignore": ["age"]},
        {"features": ["age"], "describe": ["age"]},
        {"describe": ["age"], "ignore": ["age"]},
        {"weight": {"age": 2}, "ignore": ["age"]},
        {"weight": {"age": 2}, "features": ["income"]},
    ],
)
def test_contradictions_are_one_clear_error(asked: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match="'age'"):
        seen(customers(), **asked)


@pytest.mark.parametrize("setting", ["id", "features", "ignore", "describe"])
def test_unknown_names_are_suggested(setting: str) -> None:
    value = "Incmoe" if setting == "id" else ["Incmoe"]
    with pytest.raises(ColumnNotFoundError, match="Try: 'income'"):
        seen(customers(), **{setting: value})


def test_no_usable_column_is_a_clear_error() -> None:
    with pytest.raises(DataError, match="No column can form segments"):
        seen({"customer_id": ["a", "b", "c"], "x": [1, 1, 1]})
    with pytest.raises(DataError, match="cannot be a feature"):
        seen(customers(note=[f"word{i}" for i in range(ROWS)]), features=["note"])


@pytest.mark.parametrize(
    "name",
    [
        "Mall_Customers.csv",
        "Mall_Customers_genre.csv",
        "variants/Mall_Customers_genre_short.csv",
        "variants/Mall_Customers_short_headers.csv",
        "variants/Mall_Customers_snake_case.csv",
    ],
)
def test_the_mall_table_is_recognised_alike_under_every_header(name: str, data_dir: Path) -> None:
    found = seen(data_dir / "mall" / name)
    assert [(item.role, item.use) for item in found.roles] == [
        ("id", "id"),
        ("category", "describe"),
        ("number", "feature"),
        ("number", "feature"),
        ("number", "feature"),
    ]
    assert found.findings == ()


def test_wholesale_codes_are_categories(data_dir: Path) -> None:
    found = seen(data_dir / "wholesale" / "wholesale.csv")
    assert [item.role for item in found.roles] == ["category"] * 2 + ["number"] * 6


def test_the_survey_is_recognised(data_dir: Path) -> None:
    found = seen(data_dir / "mcdonalds" / "mcdonalds.csv")
    assert [item.role for item in found.roles] == ["category"] * 12 + ["number"] + ["category"] * 2


def test_an_order_log_is_recognised(data_dir: Path) -> None:
    found = seen(data_dir / "cdnow" / "CDNOW_master.txt")
    assert [item.role for item in found.roles] == ["id", "date", "number", "number"]
    assert "46,089 rows repeat" in next(
        item.evidence for item in found.findings if item.code == "duplicate-ids"
    )
