"""The text of columns, against Python's own formatting and the csv module."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmeans.sample.columns import Dates, Labels, Numbers, Serials, csv_header, csv_lines


def lines(column: Numbers | Labels | Serials | Dates) -> list[str]:
    return csv_lines({"x": column}).decode().splitlines()


@given(st.lists(st.integers(-(10**15), 10**15), min_size=1), st.integers(0, 4))
def test_numbers_read_as_decimals_do(values: list[int], places: int) -> None:
    written = lines(Numbers(np.array(values), places))
    assert written == [f"{Decimal(value).scaleb(-places):f}" for value in values]


@given(st.lists(st.integers(0, 10**12), min_size=1), st.integers(1, 8))
def test_serials_are_padded(numbers: list[int], digits: int) -> None:
    written = lines(Serials(np.array(numbers), "C", "@example.com", digits))
    assert written == [f"C{number:0{digits}d}@example.com" for number in numbers]


@given(st.lists(st.integers(-25000, 40000), min_size=1, max_size=20))
def test_dates_are_calendar_days(days: list[int]) -> None:
    written = lines(Dates(np.array(days)))
    assert written == [(date(1970, 1, 1) + timedelta(day)).isoformat() for day in days]


@given(
    st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1), min_size=1)
)
def test_labels_survive_the_csv_module(labels: list[str]) -> None:
    codes = np.arange(len(labels))[::-1]
    block = {"id": Serials(codes), 'a "b", c': Labels(codes, tuple(labels))}
    text = (csv_header(block) + csv_lines(block)).decode()
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert header == ["id", 'a "b", c']
    assert rows == [[str(code), labels[code]] for code in codes]


def test_missing_values_are_empty_fields() -> None:
    gone = np.array([True, False])
    block = {
        "n": Numbers(np.array([-15, 25]), 1, gone),
        "l": Labels(np.array([0, 1]), ("a", "bb"), gone),
        "s": Serials(np.array([1, 2]), "C", "", 3, gone),
        "d": Dates(np.array([0, 1]), gone),
        "end": Numbers(np.array([7, 8])),
    }
    assert csv_lines(block) == b",,,,7\n2.5,bb,C002,1970-01-02,8\n"


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (Numbers(np.array([1])), "BIGINT"),
        (Numbers(np.array([1]), 2), "DECIMAL(18, 2)"),
        (Labels(np.array([0]), ("a",)), "VARCHAR"),
        (Serials(np.array([1])), "BIGINT"),
        (Serials(np.array([1]), digits=6), "VARCHAR"),
        (Dates(np.array([1])), "DATE"),
    ],
)
def test_sql_types(column: Numbers | Labels | Serials | Dates, kind: str) -> None:
    assert column.sql_type == kind
