"""What a column is follows from all of its rows."""

from __future__ import annotations

from typing import Any

import pytest

from segmeans.records import Finding
from segmeans.tables.columns import serve_columns
from segmeans.tables.duck import Column, Engine
from segmeans.tables.grid import load_cells


def served(
    columns: dict[str, list[str | None]], **asked: Any
) -> tuple[tuple[Column, ...], tuple[Finding, ...], dict[str, list[Any]]]:
    with Engine(threads=1) as engine:
        load_cells(engine, "source", list(columns), zip(*columns.values(), strict=True))
        found, findings = serve_columns(engine, "source", "data", copy=True, **asked)
        rows = engine.rows("SELECT * FROM data")
    values = {c.name: [row[i] for row in rows] for i, c in enumerate(found)}
    return found, findings, values


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2", "30"], "BIGINT"),
        (["1", "2.0", "30"], "DOUBLE"),
        (["0001", "0002", "0030"], "VARCHAR"),
        (["12345678901234567", "2", "3"], "VARCHAR"),
        (["1.0", "2.0", "3.0"], "DOUBLE"),
        (["1990", "1957", "2001"], "BIGINT"),
        (["19970101", "19970131", "19980228"], "DATE"),
        (["19970101", "19970132", "19980228"], "BIGINT"),
        (["2024-01-01", "2024-01-02", None], "DATE"),
        (["yes", "no", "yes"], "VARCHAR"),
        ([None, None, None], "VARCHAR"),
        (["NA", "?", ""], "VARCHAR"),
    ],
)
def test_types(values: list[str | None], kind: str) -> None:
    assert served({"x": values})[0][0].type == kind


def test_every_row_counts_not_only_the_first_ones() -> None:
    values: list[str | None] = [str(i) for i in range(30_000)]
    values[-1] = "late"
    found, findings, read = served({"x": values})
    assert found[0].type == "DOUBLE"
    assert read["x"][-1] is None
    assert "'late'" in findings[0].evidence
    values[20_000:] = ["word"] * 10_000
    found, findings, read = served({"x": values})
    assert found[0].type == "VARCHAR"
    assert read["x"][0] == "0"
    assert findings == ()


def test_settings_keep_ids_and_make_numbers() -> None:
    columns: dict[str, list[str | None]] = {
        "CustomerID": ["17850.0", "17851.0", None],
        "code": ["0010", "0020", "0030"],
        "n": ["1", "2", "3"],
    }
    found, _, read = served(columns)
    assert [c.type for c in found] == ["VARCHAR", "VARCHAR", "BIGINT"]
    assert read["CustomerID"] == ["17850.0", "17851.0", None]
    found, _, read = served(columns, text=["n"], numbers=["CustomerID", "code"])
    assert [c.type for c in found] == ["DOUBLE", "DOUBLE", "VARCHAR"]
    assert read["code"] == [10.0, 20.0, 30.0]


def test_a_decimal_comma_elsewhere_makes_points_thousands() -> None:
    columns: dict[str, list[str | None]] = {
        "price": ["1,5", "2,25", "3,0"],
        "stock": ["1.500", "12.000", "850"],
    }
    assert served(columns)[2]["stock"] == [1500.0, 12000.0, 850.0]
    columns["price"] = ["1.5", "2.25", "3.0"]
    assert served(columns)[2]["stock"] == [1.5, 12.0, 850.0]


def test_markers_depend_on_what_the_column_is() -> None:
    _, findings, read = served({"n": ["1", "unknown", "2"] * 9, "t": ["a", "unknown", "NA"] * 9})
    assert read["n"][:3] == [1, None, 2]
    assert read["t"][:3] == ["a", "unknown", None]
    assert [(f.code, f.where) for f in findings] == [
        ("missing-markers", "n"),
        ("missing-markers", "t"),
    ]
