"""What is advised follows from what is known, and quotes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from segmeans.records import (
    Certificate,
    Funnel,
    KRow,
    Marker,
    PreparationState,
    ProfileRow,
    Score,
    Segment,
    SourceInfo,
    StudyRecord,
    Verdict,
)
from segmeans.segments.actions import recommend, trial_words
from segmeans.segments.actions_playbook import read_playbook
from segmeans.segments.value import segment_values

BOOK = read_playbook()


def study(
    effects: Mapping[str, float],
    *,
    jaccard: float | None = 0.9,
    structure: Any = "natural",
    kind: Any = "number",
    size: int = 4000,
) -> StudyRecord:
    """Return a study of two segments; the first has the effects, the second has none."""
    marks = tuple(
        Marker(
            feature=name,
            level="",
            direction="high" if effect > 0 else "low",
            effect=effect,
            segment=100.0 + effect,
            everyone=100.0,
            kind=kind,
        )
        for name, effect in effects.items()
        if abs(effect) >= 0.5
    )
    rows = [
        ProfileRow(
            segment=number,
            feature=name,
            level="",
            mean=100.0,
            median=100.0,
            share=None,
            everyone=100.0,
            difference=0.0,
            effect=effect if number == 1 else 0.0,
            missing=0.0,
            role="feature",
            kind=kind,
        )
        for number in (1, 2)
        for name, effect in effects.items()
    ]
    scores = {} if jaccard is None else {"jaccard": (Score(value=jaccard), Score(value=0.95))}
    certificate = Certificate(
        k=2, starts=9, hits=9, distinct=1, gap=None, ari_next=None, chance_better=0.0,
        full_passes=1, converged=True, certified=True, reason="",
    )  # fmt: skip
    return StudyRecord(
        schema=1,
        versions={},
        engine="reference",
        seed=0,
        settings={},
        resolved={},
        source=SourceInfo(name="c.csv", kind="csv", rows=2 * size, columns=3, fingerprint=""),
        funnel=Funnel(rows=2 * size, assigned=2 * size),
        findings=(),
        roles=(),
        preparation=PreparationState(
            features=(), scale="standard", missing="median", max_missing=0.5, rows_used=1,
            rows_set_aside=0,
        ),
        recommended_k=2,
        k=2,
        k_table=(
            KRow(
                k=2, inertia=1.0, explained=0.5, sizes=(size, size), certificate=certificate,
                cluster_scores=scores,
            ),
        ),
        verdict=Verdict(recommended_k=2, structure=structure, reasons=()),
        segments=tuple(
            Segment(
                number=number, id=f"s-{number}", name=f"segment {number}", size=size, share=0.5,
                centre={}, markers=marks if number == 1 else (),
            )
            for number in (1, 2)
        ),
        centres=(),
        profile=tuple(rows),
    )  # fmt: skip


def rules(record: StudyRecord, segment: int = 1) -> list[str]:
    return [one.rule for one in recommend(record, BOOK).actions if one.segment == segment]


@pytest.mark.parametrize(
    ("effects", "expected"),
    [
        ({"income": 1.0, "spending_score": 1.0}, ["premium"]),
        ({"income": 1.0, "spending_score": -1.0}, ["find-the-obstacle"]),
        ({"income": -1.0, "spending_score": 1.0}, ["keep-it-affordable"]),
        ({"income": -1.0, "spending_score": -1.0}, ["serve-at-low-cost"]),
        (
            {"days_since_last_order": -1.0, "orders": 2.0, "revenue": 2.0},
            ["look-after-the-best", "ask-while-in-touch"],
        ),
        (
            {"days_since_last_order": 1.2, "orders": -1.0, "revenue": -1.0},
            ["let-one-time-buyers-rest", "reason-to-spend"],
        ),
        ({"days_since_last_order": 0.8, "orders": 0.1}, ["win-back"]),
        ({"days_since_last_order": 0.9, "revenue": 0.9}, ["call-back-the-best"]),
        ({"milk": 1.0, "grocery": -1.0}, ["lead-with-strengths", "ask-the-restrained"]),
    ],
)
def test_rules_fire_on_meanings(effects: dict[str, float], expected: list[str]) -> None:
    found = rules(study(effects))
    assert found[: len(expected)] == expected


def test_a_segment_like_everyone_is_compared_with() -> None:
    assert rules(study({"income": 1.0}), segment=2) == ["compare-with"]


def test_no_dates_no_word_of_leaving() -> None:
    record = study({"income": -1.0, "spending_score": -1.2, "orders": -1.0, "age": 1.0})
    advice = recommend(record, BOOK)
    said = " ".join(f"{one.title} {one.do} {one.kpi}" for one in advice.actions).casefold()
    assert not any(word in said for word in ("win back", "quiet", "lapsed", "churn", "leaving"))
    assert any("how long ago" in why for why in advice.silent)


def test_dates_lift_the_silence() -> None:
    advice = recommend(study({"days_since_last_order": 1.0}), BOOK)
    assert not any("how long ago" in why for why in advice.silent)


def test_an_early_date_of_the_last_order_is_long_ago() -> None:
    assert rules(study({"last_order": -1.0}, kind="date")) == ["win-back"]
    assert rules(study({"last_order": 1.0}, kind="date")) == ["ask-while-in-touch"]


def test_every_line_quotes_its_numbers() -> None:
    value = segment_values([1, 1, 2, 2], [6.0, 3.0, 0.5, 0.5], [1, 1, 1, 1])
    for one in recommend(study({"income": 1.0, "spending_score": -1.0}), BOOK, value).actions:
        assert one.because
        assert all(any(sign.isdigit() for sign in line) for line in one.because[1:])
    first = recommend(study({"spending_score": -1.0}), BOOK, value).actions[0]
    assert first.because[0] == "spending score 99 against 100 for everyone (-1.0 SD)"
    assert first.because[1] == "4,000 customers, 50.0 % of all, with 90.0 % of revenue"


@pytest.mark.parametrize(
    ("how", "word"),
    [
        ({"jaccard": 0.7}, "0.70"),
        ({"jaccard": None}, "not been measured"),
        ({"structure": "none"}, "no more structure"),
    ],
)
def test_an_unsteady_segment_is_tested_first(how: dict[str, Any], word: str) -> None:
    for one in recommend(study({"income": 1.0}, **how), BOOK).actions:
        if one.segment == 1:
            assert one.caution.startswith("Test before acting")
            assert word in one.caution


def test_a_steady_segment_is_not_doubted() -> None:
    assert {one.caution for one in recommend(study({"income": 1.0}), BOOK).actions} == {""}


def test_a_small_segment_is_told_what_it_can_show() -> None:
    [action, *_] = recommend(study({"spend": 1.0}, size=60), BOOK).actions
    assert not action.trial.fits
    assert "only 60" in trial_words(action.trial)
    assert "points or more" in trial_words(action.trial)
    [action, *_] = recommend(study({"spend": 1.0}, size=3), BOOK).actions
    assert "too few for any test" in trial_words(action.trial)


def test_never_more_than_three_actions() -> None:
    effects = dict.fromkeys(
        ("income", "spend", "orders", "age", "discount", "returns", "basket", "milk"), 1.0
    )
    assert len(rules(study(effects))) == 3


def test_what_most_do_not_share_is_not_said_of_them() -> None:
    marks = [
        Marker(feature=f"item {number}", level="Yes", direction="high", effect=0.9, segment=share,
               everyone=0.1, kind="category")
        for number, share in enumerate((0.9, 0.8, 0.7, 0.6, 0.55, 0.3), start=1)
    ]  # fmt: skip
    record = study({f"item {number}": 0.0 for number in range(1, 7)})
    first = replace(record.segments[0], markers=tuple(marks))
    found = recommend(replace(record, segments=(first, *record.segments[1:])), BOOK)
    [action] = [one for one in found.actions if one.rule == "speak-to-what-they-share"]
    assert "item 4 Yes." in action.do
    assert "item 5" not in action.do
    assert not any("item 6" in line for line in action.because)


def surveyed(answers: Mapping[str, tuple[float, float]], *, size: int = 400) -> StudyRecord:
    """Return a study whose first segment answers yes as often as the first share, all the second.

    Levels are yes and no, or those of a city where the name says so.
    """
    record = study(dict.fromkeys(answers, 0.0), size=size)
    marks, rows = [], []
    for name, (here, everyone) in answers.items():
        level, *others = ("Lisbon", "Porto", "Faro") if name == "city" else ("Yes", "No")
        effect = (here - everyone) / (everyone * (1 - everyone)) ** 0.5
        way: Any = "high" if effect > 0 else "low"
        marks.append(
            Marker(
                feature=name, level=level, direction=way, effect=effect, segment=here,
                everyone=everyone, kind="category",
            )
        )  # fmt: skip
        first = next(row for row in record.profile if row.feature == name)
        rows += [
            replace(first, segment=s, level=one, share=0.5, mean=None, kind="category", known=size)
            for s in (1, 2)
            for one in (level, *others)
        ]
    one = replace(record.segments[0], markers=tuple(marks))
    return replace(record, segments=(one, *record.segments[1:]), profile=tuple(rows))


@pytest.mark.parametrize(
    ("column", "here", "everyone", "rule", "said"),
    [
        ("tasty", 0.9, 0.6, "start-from-their-answers", "most of them: tasty."),
        ("tasty", 0.1, 0.6, "start-from-their-answers", "most of them: not tasty."),
        ("tasty", 0.4, 0.1, "ask-whom-it-concerns", "for most: tasty."),
        ("tasty", 0.6, 0.9, "do-not-count-on-it", "everyone: tasty."),
        ("city", 0.8, 0.3, "speak-to-what-they-share", "them: city Lisbon."),
        ("city", 0.4, 0.1, "ask-whom-it-concerns", "for most: city Lisbon."),
        ("city", 0.1, 0.5, "do-not-count-on-it", "everyone: city Lisbon."),
    ],
)
def test_a_single_category_that_sets_a_segment_apart_has_its_advice(
    column: str, here: float, everyone: float, rule: str, said: str
) -> None:
    found = recommend(surveyed({column: (here, everyone)}), BOOK)
    [action] = [one for one in found.actions if one.segment == 1]
    assert action.rule == rule
    assert said in action.do


def test_a_playbook_without_rules_for_answers_takes_them_for_categories() -> None:
    kept = tuple(rule for rule in BOOK.rules if "answer" not in rule.when)
    found = recommend(surveyed({"tasty": (0.1, 0.6)}), replace(BOOK, rules=kept))
    assert found.actions[0].rule == "speak-to-what-they-share"
    assert found.actions[0].do.endswith("them: not tasty.")


@pytest.mark.parametrize(
    ("here", "said"), [(0.01, "for few"), (0.99, "for nearly all"), (0.02, "2.0 %")]
)
def test_reasons_quote_no_share_of_fewer_than_five_customers(here: float, said: str) -> None:
    found = recommend(surveyed({"tasty": (here, 0.5)}, size=300), BOOK)
    first = found.actions[0].because[0]
    assert first.startswith(f"tasty: yes {said} against 50.0 % for everyone")


def test_reasons_quote_no_mean_of_fewer_than_five_customers() -> None:
    record = study({"visits": 1.0})
    first, second = record.profile
    for known, said in ((4, "visits known of few against"), (5, "visits 101 against")):
        changed = replace(record, profile=(replace(first, known=known), second))
        assert recommend(changed, BOOK).actions[0].because[0].startswith(said)
