"""Column names and other texts from the data as a person would say them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmeans.segments.words import LONGEST, feature_words, plain_text, shorten


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
