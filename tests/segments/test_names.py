"""Names from markers: plain, unique, and nothing the features cannot carry."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest

from segmeans.records import ProfileRow, Use
from segmeans.segments.names import names, segment_ids
from segmeans.segments.profile import Column, Groups, category_rows, number_rows

# Centres of the classic mall table at k = 5 (income, score), its sizes and the standard
# deviations of its columns, as many notebooks publish them.
MALL_CENTRES = [
    (55.2963, 49.5185),
    (86.5385, 82.1282),
    (88.2, 17.1143),
    (26.3043, 20.9130),
    (25.7273, 79.3636),
]
MALL_MEAN, MALL_STD = (60.56, 50.2), (26.198977, 25.758882)
INCOME, SCORE = "Annual Income (k$)", "Spending Score (1-100)"


def row(
    segment: int,
    feature: str,
    effect: float,
    *,
    level: str = "",
    share: float | None = None,
    mean: float | None = None,
    role: Use = "feature",
    kind: str = "number",
) -> ProfileRow:
    return ProfileRow(
        segment=segment,
        feature=feature,
        level=level,
        mean=None if level else effect if mean is None else mean,
        median=None if level else effect if mean is None else mean,
        share=share,
        everyone=0.0,
        difference=effect,
        effect=effect,
        missing=0.0,
        role=role,
        kind="category" if level else kind,  # type: ignore[arg-type]
    )


def mall() -> list[ProfileRow]:
    return [
        row(segment, name, (centre[i] - MALL_MEAN[i]) / MALL_STD[i], mean=centre[i])
        for segment, centre in enumerate(MALL_CENTRES, start=1)
        for i, name in enumerate((INCOME, SCORE))
    ]


def test_the_mall_has_its_five_classic_names() -> None:
    assert names(mall(), 5) == (
        "the middle",
        "high income, high spending",
        "high income, low spending",
        "low income, low spending",
        "low income, high spending",
    )


def test_the_real_mall_table_around_the_published_centres(data_dir: Path) -> None:
    with (data_dir / "mall" / "Mall_Customers.csv").open(newline="") as file:
        table = [(float(line[INCOME]), float(line[SCORE])) for line in csv.DictReader(file)]
    values = np.array(table)
    labels = ((values[:, None] - np.array(MALL_CENTRES)) ** 2).sum(axis=2).argmin(axis=1)
    groups = Groups.of(labels, 5)
    assert np.diff(groups.bounds).tolist() == [81, 39, 35, 23, 22]
    rows = [
        line
        for i, name in enumerate((INCOME, SCORE))
        for line in number_rows(Column(name, "number", "feature"), values[:, i], groups)
    ]
    assert names(rows, 5) == names(mall(), 5)
    assert segment_ids(rows, 5) == segment_ids([*reversed(rows)], 5)


def test_one_segment_is_everyone() -> None:
    assert names([row(1, INCOME, 0.0)], 1) == ("everyone",)


def test_descriptors_do_not_speak() -> None:
    rows = [row(1, INCOME, 0.1), row(1, "Age", 3.0, role="describe"), row(2, INCOME, -0.9)]
    assert names(rows, 2) == ("the middle", "low income")


def test_at_most_three_traits_none_much_weaker_than_the_strongest() -> None:
    effects = {"a": 2.0, "b": 1.9, "c": 1.8, "d": 1.7, "e": 0.6}
    rows = [row(1, name, effect) for name, effect in effects.items()]
    assert names([*rows, row(2, "a", -2.0)], 2)[0] == "high a, high b, high c"
    assert names([row(1, "a", 2.0), row(1, "b", 0.7), row(2, "a", -1)], 2)[0] == "high a"


@pytest.mark.parametrize(
    ("feature", "high", "low"),
    [
        ("Age", "older", "younger"),
        ("orders", "many orders", "few orders"),
        ("orders_per_year", "high orders per year", "low orders per year"),
        ("days_since_last_order", "long since last order", "recent order"),
        ("tenure_days", "long tenure days", "short tenure days"),
        ("recency", "high recency", "low recency"),
        ("Milk", "high milk", "low milk"),
    ],
)
def test_a_number_gets_the_words_its_column_can_carry(feature: str, high: str, low: str) -> None:
    assert names([row(1, feature, 1.0), row(2, feature, -1.0)], 2) == (high, low)


def test_a_date_is_later_or_earlier() -> None:
    rows = [row(1, "signup", 1.0, kind="date"), row(2, "signup", -1.0, kind="date")]
    assert names(rows, 2) == ("later signup", "earlier signup")


@pytest.mark.parametrize(
    ("yes", "words"), [(0.95, "tasty"), (0.7, "mostly tasty"), (0.3, "mostly not tasty"),
                       (0.02, "not tasty")]
)  # fmt: skip
@pytest.mark.parametrize(("positive", "negative"), [("Yes", "No"), ("1", "0"), ("true", "false")])
def test_a_question_of_yes_and_no(yes: float, words: str, positive: str, negative: str) -> None:
    effect = 1.0 if yes > 0.5 else -1.0
    rows = [
        row(1, "tasty", effect, level=positive, share=yes),
        row(1, "tasty", -effect, level=negative, share=1 - yes),
        row(2, "tasty", 0.0, level=positive, share=0.5),
        row(2, "tasty", 0.0, level=negative, share=0.5),
    ]
    assert names(rows, 2) == (words, "mixed")


def test_a_level_that_few_have_is_not_claimed_for_all() -> None:
    rows = [
        row(1, "city", 0.8, level="Lisbon", share=0.2),
        row(1, "city", -0.1, level="Porto", share=0.5),
        row(1, "city", -0.1, level="Faro", share=0.3),
        row(2, "city", -0.7, level="Lisbon", share=0.15),
        row(2, "city", 1.2, level="Porto", share=0.6),
        row(2, "city", 0.0, level="Faro", share=0.25),
    ]
    assert names(rows, 2) == ("city more often Lisbon", "city mostly Porto")


def test_equal_traits_are_told_apart_by_the_value_that_differs_most() -> None:
    rows = [
        row(1, INCOME, 1.0, mean=80.0),
        row(2, INCOME, 1.1, mean=81.0),
        row(3, INCOME, -2.0, mean=10.0),
        row(1, "Age", -0.4, mean=27.0),
        row(2, "Age", 0.4, mean=43.0),
        row(3, "Age", 0.0, mean=35.0),
    ]
    assert names(rows, 3) == (
        "high income, age around 27",
        "high income, age around 43",
        "low income",
    )


def test_a_plain_word_is_for_those_who_go_farthest() -> None:
    # Effects of the days since the last order in an order log: means of 113 and of 237 days.
    away = "days_since_last_order"
    rows = [row(1, away, 0.53), row(2, away, 1.15), row(3, away, -1.2), row(4, away, -1.59)]
    told = names(rows, 4)
    assert told[:2] == ("rather long since last order", "long since last order")
    assert all(name.startswith("recent order") for name in told[2:])
    ages = [row(1, "Age", 0.6), row(2, "Age", 2.0), row(3, "Age", -0.9)]
    assert names(ages, 3) == ("somewhat older", "older", "younger")


def test_identical_segments_still_have_different_names() -> None:
    rows = [row(segment, INCOME, 0.0, mean=5.0) for segment in (1, 2, 3)]
    assert len(set(names(rows, 3))) == 3


def test_values_that_round_alike_get_more_digits() -> None:
    rows = [row(1, INCOME, 0.01, mean=1000.004), row(2, INCOME, 0.0, mean=1000.001)]
    told = names(rows, 2)
    assert told == ("the middle, income around 1000.004", "the middle, income around 1000.001")


def test_hostile_columns_and_levels_make_readable_names() -> None:
    feature = "<script>alert(1)</script>\n\x1b[31m" + "x" * 300
    rows = [row(1, feature, 1.0), row(2, feature, -1.0)]
    told = names(rows, 2)
    assert all(len(name) < 60 and "\n" not in name and "\x1b" not in name for name in told)
    assert told[0].startswith("high <script>")


@pytest.mark.parametrize("seed", range(10))
def test_names_differ_and_are_never_numbers_on_made_up_markets(seed: int) -> None:
    draw = np.random.default_rng(seed)
    k, n, p = 3 + seed * 2, 2000, 4
    labels = draw.integers(0, k, n)
    groups = Groups.of(labels, k)
    rows = [
        line
        for column in range(p)
        for line in number_rows(
            Column(f"feature_{'abcd'[column]}", "number", "feature"),
            draw.normal(size=k)[labels] + draw.normal(size=n),
            groups,
        )
    ]
    shares = draw.dirichlet(np.ones(3), size=k)
    codes = np.array([draw.choice(3, p=shares[label]) for label in labels])
    rows += category_rows(Column("plan", "category", "feature"), codes, ["S", "M", "L"], groups)
    told = names(rows, k)
    assert len(set(told)) == k
    assert not any("segment" in name.casefold() for name in told)


def test_ids_follow_the_content_not_the_number() -> None:
    ids = segment_ids(mall(), 5)
    assert len(set(ids)) == 5
    turned = [dataclasses.replace(line, segment=6 - line.segment) for line in reversed(mall())]
    assert segment_ids(turned, 5) == tuple(reversed(ids))


def test_ids_survive_the_last_bits_of_a_sum_and_a_descriptor() -> None:
    shaken = [dataclasses.replace(line, effect=line.effect * (1 + 1e-13)) for line in mall()]
    described = [*mall(), row(1, "Age", 1.0, role="describe")]
    assert segment_ids(shaken, 5) == segment_ids(mall(), 5) == segment_ids(described, 5)


def test_ids_change_with_the_segment_and_differ_within_a_study() -> None:
    moved = [dataclasses.replace(line, effect=line.effect + 0.01) for line in mall()]
    assert not set(segment_ids(moved, 5)) & set(segment_ids(mall(), 5))
    assert len(set(segment_ids([row(1, "a", 0.0), row(2, "a", 0.0)], 2))) == 2


def plans(*segments: str) -> list[ProfileRow]:
    """Return the profile of a plan: a letter per customer, a dash where there is none."""
    letters = "".join(segments)
    codes = np.array(["gs-".index(letter) for letter in letters])
    labels = np.repeat(np.arange(len(segments)), [len(segment) for segment in segments])
    groups = Groups.of(labels, len(segments))
    column = Column("plan", "category", "feature")
    return category_rows(column, np.where(codes == 2, -1, codes), ["gold", "silver"], groups)


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("g" * 3 + "-" * 37, "plan unknown"),  # 3 of 40 have a plan at all
        ("g" * 10 + "-" * 30, "plan mostly unknown"),  # three quarters have none
        ("g" * 21 + "-" * 19, "plan mostly gold"),  # 21 of 40, all of those with a plan
        ("g" * 38 + "-" * 2, "plan gold"),  # 95 %
        ("g" * 35 + "-" * 5, "plan mostly gold"),  # 87.5 % of all, though 100 % of the known
        ("g" * 20 + "s" * 5 + "-" * 15, "plan mostly gold"),  # exactly a half
        ("g" * 19 + "s" * 5 + "-" * 16, "plan more often gold"),  # 47.5 % of all
    ],
)
def test_a_name_says_what_is_true_of_most_of_a_segment(own: str, said: str) -> None:
    assert names(plans(own, "s" * 36 + "g" * 4), 2)[0] == said


def test_what_nobody_tells_is_in_no_name() -> None:
    rows = plans("g" * 3 + "-" * 7, "s" * 3 + "-" * 7)
    ages = number_rows(
        Column("age", "number", "feature"), np.repeat([20.0, 60.0], 10),
        Groups.of(np.repeat([0, 1], 10), 2),
    )  # fmt: skip
    assert names([*ages, *rows], 2) == ("younger", "older")
