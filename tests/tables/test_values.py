"""The grammar of values, case by case, and against Python's own reading of numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmeans.tables.duck import Engine
from segmeans.tables.values import teach


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(threads=1) as engine:
        teach(engine)
        yield engine


def value(engine: Engine, macro: str, text: str) -> object:
    return engine.rows(f"SELECT {macro}($1)", [text])[0][0]


@pytest.mark.parametrize(
    ("macro", "text", "expected"),
    [
        ("plain_number", "1e3", 1000.0),
        ("plain_number", "-.5", -0.5),
        ("plain_number", "1_000", None),
        ("plain_number", "0x1F", None),
        ("plain_number", "inf", None),
        ("plain_number", "1e999", None),
        ("whole_number", "7", 7),
        ("whole_number", "007", None),
        ("whole_number", "7.0", None),
        ("whole_number", "-7", -7),
        ("infinite", "-Infinity", True),
        ("infinite", "1e999", True),
        ("infinite", "1", False),
        ("point_number", "1,234,567.89", 1234567.89),
        ("point_number", "$ -5", -5.0),
        ("point_number", "(12.50)", -12.5),
        ("point_number", "12.50-", -12.5),
        ("point_number", "\u22123", -3.0),
        ("point_number", "1'234.5", 1234.5),
        ("point_number", "CHF 1\u2019234", 1234.0),
        ("point_number", "45 %", 45.0),
        ("point_number", "1,23", None),
        ("point_number", "1,2345", None),
        ("point_number", "12 34", None),
        ("point_number", "1.2.3", None),
        ("comma_number", "1.234.567,89", 1234567.89),
        ("comma_number", "1 234,5", 1234.5),
        ("comma_number", "1\u00a0234,5 €", 1234.5),
        ("comma_number", "-,5", -0.5),
        ("comma_number", "1.23", None),
        ("comma_number", "1.234", 1234.0),
        ("valued", " \u00a0unknown ", None),
        ("worded", "unknown", "unknown"),
        ("worded", " #N/A", None),
        ("worded", "", None),
        ("worded", "a\u00a0", "a"),
        ("moment_iso", "2024-02-30", None),
        ("moment_iso", "2024-02-29T10:00:00Z", datetime(2024, 2, 29, 10)),
        ("moment_day", "1.2.24", datetime(2024, 2, 1)),
        ("moment_month", "1/2/2024 3:04 PM", datetime(2024, 1, 2, 15, 4)),
        ("moment_day", "13/13/2024", None),
        ("moment_named", "5-Jan-2024", datetime(2024, 1, 5)),
        ("moment_ymd", "19970101", datetime(1997, 1, 1)),
        ("moment_ymd", "19971301", None),
    ],
)
def test_a_value_reads_as(engine: Engine, macro: str, text: str, expected: object) -> None:
    assert value(engine, macro, text) == expected


@settings(max_examples=200, deadline=None, derandomize=True)
@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_python_writes_is_read_back_exactly(engine: Engine, number: float) -> None:
    assert value(engine, "plain_number", repr(number)) == number


@settings(max_examples=100, deadline=None, derandomize=True)
@given(number=st.integers(-(10**12), 10**12), cents=st.integers(0, 99))
def test_grouped_numbers_are_read_in_both_writings(engine: Engine, number: int, cents: int) -> None:
    english = f"{number:,}.{cents:02d}"
    german = english.translate(str.maketrans(",.", ".,"))
    expected = float(english.replace(",", ""))
    assert value(engine, "point_number", english) == expected
    assert value(engine, "comma_number", german) == expected
    assert value(engine, "comma_number", f"{german} €") == expected
