"""Column names and numbers as a person would say them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmeans.segments.words import (
    LONGEST,
    feature_words,
    plain_date,
    plain_number,
    plain_share,
    plain_text,
    shorten,
)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("Annual Income (k$)", "annual income"),
        ("Spending Score (1-100)", "spending score"),
        ("days_since_last_order", "days since last order"),
        ("Detergents_Paper", "detergents paper"),
        ("revenuePerOrder", "revenue per order"),
        ("RFMScore", "RFM score"),
        ("AGE", "age"),
        ("basket [EUR]", "basket"),
        ("(k$)", "(k$)"),
        ("   ", "unnamed"),
        ("净收入", "净收入"),
        ("net\nincome\u202egpj", "net income gpj"),
    ],
)
def test_a_column_name_in_words(column: str, words: str) -> None:
    assert feature_words([column]) == {column: words}


def test_long_names_stay_recognisable_and_apart() -> None:
    columns = ["x" * 300, "x" * 299, "x" * 299 + "y"]
    words = feature_words(columns)
    assert len(set(words.values())) == 3
    assert all(len(said) <= LONGEST + 2 for said in words.values())


@given(st.lists(st.text(max_size=60), unique=True, max_size=8))
def test_any_names_are_told_apart_on_one_line(columns: list[str]) -> None:
    words = feature_words(columns)
    assert list(words) == columns
    assert len(set(words.values())) == len(columns)
    assert all(said and said == plain_text(said) for said in words.values())


def test_text_that_commands_a_terminal_is_disarmed() -> None:
    assert plain_text("\x1b[31mred\x07\u202e\u2066") == "[31mred"
    assert plain_text("family \U0001f468\u200d\U0001f469") == "family \U0001f468\u200d\U0001f469"


def test_shortening_keeps_both_ends() -> None:
    assert shorten("abcdefghij", 5) == "abc…j"
    assert shorten("abc", 5) == "abc"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (99.96, "100"),
        (99.9, "99.9"),
        (1234.5, "1,234"),
        (1e6, "1,000,000"),
        (0.5, "0.5"),
        (0.00001234, "1.23e-05"),
        (6.02e23, "6.02e+23"),
        (float("nan"), "-"),
        (float("inf"), "∞"),
    ],
)
def test_a_number_in_about_three_digits(value: float, text: str) -> None:
    assert plain_number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(9990.0, "9,990"), (12669.0, "12.7k"), (999_700.0, "1M"), (2.5e9, "2.5bn"), (3.0, "3")],
)
def test_a_compact_number(value: float, text: str) -> None:
    assert plain_number(value, compact=True) == text


def test_dates_and_shares() -> None:
    assert plain_date(0.0) == "1970-01-01"
    assert plain_date(-1.0) == "1969-12-31"
    assert plain_date(1e12) == "1,000,000,000,000"
    assert plain_date(None) == "-"
    assert [plain_share(x) for x in (0.0, 1.0, 0.123, 0.00001)] == [
        "0 %",
        "100 %",
        "12.3 %",
        "< 0.1 %",
    ]
