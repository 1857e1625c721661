"""Levels of categories: their order, yes and no, and one row for two of them."""

from __future__ import annotations

import itertools

import pytest

from segmeans.records import ProfileRow
from segmeans.segments.levels import (
    in_order,
    is_implied,
    level_words,
    levels_of,
    row_said,
    row_words,
    told,
)


@pytest.mark.parametrize(
    "levels",
    [
        ("I hate it!-5", "-4", "-1", "0", "+1", "+3", "I love it!+5"),
        ("Never", "Once a year", "Once a month", "Once a week", "More than once a week"),
        ("<18", "18-24", "25-34", "35+"),
        ("under 18", "18\u201324", "25\u201334", "over 34"),
        ("below -10", "-10 to 0", "0 to 10", "above 10"),
        ("500-1,000", "1,000-2,000", "2,000-10,000"),
        ("0", "1-2", "3+"),
        ("no children", "1", "2"),
        ("1", "2", "10"),
        ("very low", "low", "medium", "high"),
        ("S", "M", "L", "XL"),
        ("strongly disagree", "disagree", "neutral", "agree", "strongly agree"),
        ("Bronze", "Silver", "Gold"),
    ],
)
def test_levels_with_an_order_stand_in_it(levels: tuple[str, ...]) -> None:
    for mixed in itertools.islice(itertools.permutations(levels), 0, None, 7):
        assert in_order(mixed) == levels


@pytest.mark.parametrize(
    "levels",
    [
        ("Rome", "Berlin", "Paris"),
        ("low", "blue", "high"),  # one is no step of the scale
        ("A2", "B2", "A1"),  # a number is not their own
        ("small", "S", "large"),  # two names of one step
        ("18-24", "unknown", "25-34"),
    ],
)
def test_other_levels_stay_as_they_are(levels: tuple[str, ...]) -> None:
    assert in_order(levels) == levels


@pytest.mark.parametrize(
    ("levels", "shown"),
    [
        (("No", "Yes"), "Yes"),
        (("1", "0"), "1"),
        (("true", "false"), "true"),
        (("Ja", "Nein"), "Ja"),
        (("1", "2"), "2"),
        (("Male", "Female"), "Male"),
        (("high", "low"), "high"),
    ],
)
def test_of_two_levels_one_says_it_all(levels: tuple[str, ...], shown: str) -> None:
    assert [level for level in levels if not is_implied(level, levels)] == [shown]
    assert [level for level in levels[::-1] if not is_implied(level, levels)] == [shown]


def test_one_level_or_three_are_all_shown() -> None:
    assert not is_implied("No", ["No"])
    assert not any(is_implied(level, ["No", "Yes", "maybe"]) for level in ("No", "Yes", "maybe"))


def _row(feature: str, level: str, share: float | None = 0.5) -> ProfileRow:
    return ProfileRow(
        segment=1,
        feature=feature,
        level=level,
        mean=None if level else 1.0,
        median=None,
        share=share if level else None,
        everyone=0.5,
        difference=0.0,
        effect=0.0,
        missing=0.0,
        role="feature",
        kind="category" if level else "number",
    )


def test_a_profile_without_what_is_said_twice() -> None:
    rows = [_row("tasty", "No"), _row("tasty", "Yes"), _row("age", ""), _row("city", "Rome")]
    levels = levels_of(rows)
    assert levels == {"tasty": ("No", "Yes"), "city": ("Rome",)}
    assert [row_words(row, row.feature, levels) for row in told(rows)] == [
        "tasty: yes",
        "age",
        "city: Rome",
    ]


def test_a_code_and_a_share_do_not_stand_side_by_side() -> None:
    rows = [_row("channel", "1"), _row("channel", "2"), _row("tasty", "Yes"), _row("tasty", "No")]
    levels = levels_of(rows)
    assert row_said(rows[0], "channel", levels, "97.2 %") == "channel 1: 97.2 %"
    assert row_said(rows[2], "tasty", levels, "12.5 %") == "tasty: yes 12.5 %"
    assert row_said(_row("income", ""), "income", levels, "86.5") == "income 86.5"


def test_yes_and_no_have_one_spelling() -> None:
    assert level_words("TRUE", ["TRUE", "FALSE"]) == "yes"
    assert level_words("n", ["y", "n"]) == "no"
    assert level_words("Yes", ["Yes", "No", "maybe"]) == "Yes"
    assert level_words("a\nb\u202e", ["c", "d", "e"]) == "a b"
