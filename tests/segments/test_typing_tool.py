"""The typing tool against scikit-learn's own cross-validation, and against what can be seen."""

from __future__ import annotations

import csv
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import precision_score, recall_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict, cross_val_score
from sklearn.tree import DecisionTreeClassifier

import segmeans
from segmeans.records import TypingRecord
from segmeans.sample import CustomerMarket, write_customers
from segmeans.segments.profile import Column
from segmeans.segments.typing_tool import Answers, questions, recognise, roundest, typing_lines

FEATURES = ("Annual Income (k$)", "Spending Score (1-100)")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, NDArray[Any], NDArray[Any]]:
    """Return a study of 400 customers, their two features as numbers, and their segments."""
    path = tmp_path_factory.mktemp("typing") / "customers.csv"
    write_customers(path, 400, 3, CustomerMarket(separation=0.8))
    with path.open(encoding="utf-8", newline="") as file:
        rows = [[float(row[name]) for name in FEATURES] for row in csv.DictReader(file)]
    with segmeans.segment(path, features=FEATURES, k=5, fast=True, seed=7) as study:
        return study.record, np.array(rows), study.labels


def grown(
    columns: dict[str, Any], labels: NDArray[Any], *, role: Any = "feature", seed: int = 0
) -> TypingRecord | None:
    """Learn from columns of numbers, or of texts as (codes, levels)."""
    answers = Answers(np.flatnonzero(labels >= 0), {})
    for name, values in columns.items():
        if isinstance(values, tuple):
            answers.take(Column(name, "category", role), *values)
        else:
            answers.take(Column(name, "number", role), values)
    found = answers.grown(labels, int(labels.max()) + 1, seed)
    return found[0] if found else None


def test_accuracy_is_that_of_scikit_learns_cross_validation(market: Any) -> None:
    record, rows, labels = market
    tool = record.typing[0]
    folds = StratifiedKFold(10, shuffle=True, random_state=7)
    for tried in tool.depths:
        tree = DecisionTreeClassifier(max_depth=tried.depth, min_samples_leaf=4, random_state=0)
        scores = cross_val_score(tree, rows, labels, cv=folds)
        assert tried.accuracy == pytest.approx(scores.mean(), abs=1e-12)
        assert tried.error == pytest.approx(scores.std(ddof=1) / 10**0.5, abs=1e-12)


def test_accuracy_per_segment_is_recall_and_precision(market: Any) -> None:
    record, rows, labels = market
    tool = record.typing[0]
    tree = DecisionTreeClassifier(max_depth=tool.depth, min_samples_leaf=4, random_state=0)
    said = cross_val_predict(
        tree, rows, labels, cv=StratifiedKFold(10, shuffle=True, random_state=7)
    )
    found = recall_score(labels, said, average=None)
    right = precision_score(labels, said, average=None, zero_division=np.nan)
    assert [one.found for one in tool.segments] == pytest.approx(found.tolist())
    assert [one.right for one in tool.segments] == pytest.approx(right.tolist())


def test_the_depth_is_the_least_within_one_standard_error_of_the_best(market: Any) -> None:
    tool = market[0].typing[0]
    best = max(tool.depths, key=lambda one: one.accuracy)
    good = [one.depth for one in tool.depths if one.accuracy >= best.accuracy - best.error]
    assert tool.depth == min(good)


def test_its_questions_answer_as_the_tree_does(market: Any) -> None:
    record, rows, labels = market
    tool = record.typing[0]
    tree = DecisionTreeClassifier(max_depth=tool.depth, min_samples_leaf=4, random_state=0)
    expected = tree.fit(rows, labels).predict(rows)
    told = [recognise(tool, dict(zip(FEATURES, row, strict=True))) for row in rows.tolist()]
    assert told == expected.tolist()
    assert all(
        node.threshold == int(node.threshold) for node in tool.nodes if node.threshold is not None
    ), "whole numbers are asked for whole numbers"


def test_the_shares_of_the_ends_add_up(market: Any) -> None:
    tool = market[0].typing[0]
    ends = [line for line in typing_lines(tool) if line.segment is not None]
    assert sum(line.share for line in ends) == pytest.approx(1)
    assert {line.segment for line in ends} == {1, 2, 3, 4, 5}
    most, mean = questions(tool)
    assert 3 <= most <= tool.depth, "five segments need three questions"
    assert 2 < mean <= most


def test_two_groups_need_one_round_question() -> None:
    spend = np.array([10.2, 11.3, 12.1, 9.7, 10.9, 55.1, 61.2, 58.8, 57.3, 60.4])
    tool = grown({"spend": spend}, np.repeat([0, 1], 5))
    assert tool is not None
    assert tool.accuracy == 1
    assert [line.answer for line in typing_lines(tool)] == ["spend up to 30", "spend above 30"]
    assert [line.segment for line in typing_lines(tool)] == [1, 2]


def test_a_category_is_asked_by_its_levels() -> None:
    codes = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
    labels = np.repeat([0, 1], 6)
    said = {
        ("No", "Yes"): ["app: yes", "app: no"],
        ("1", "2"): ["app: 1", "app: 2"],
        ("iOS", "Android"): ["app: iOS", "app: Android"],
    }
    for levels, expected in said.items():
        tool = grown({"app": (codes, levels)}, labels)
        assert tool is not None
        assert [line.answer for line in typing_lines(tool)] == expected
        for code, level in enumerate(levels):
            assert recognise(tool, {"app": level}) == code + 1


def test_who_does_not_say_is_taken_where_the_fill_stands() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 17.0, 18.0, 19.0, 20.0, 21.0, np.nan])
    labels = np.repeat([0, 1], 6)
    answers = Answers(np.arange(12), {"x": 19.0})
    answers.take(Column("x", "number", "feature"), values)
    [tool] = answers.grown(labels, 2, 0)
    assert tool.accuracy == 1
    assert recognise(tool, {}) == recognise(tool, {"x": None}) == recognise(tool, {"x": 19}) == 2


def test_noise_is_not_recognised() -> None:
    rng = np.random.default_rng(5)
    labels = np.repeat([0, 1, 2, 3], 250)
    noise = {f"x{place}": rng.normal(size=1000) for place in range(5)}
    tool = grown(noise, labels)
    assert tool is not None
    assert tool.chance == 0.25
    assert tool.accuracy < 0.25 + 4 * (0.25 * 0.75 / 1000) ** 0.5
    assert tool.depth <= 2


def test_a_segment_of_one_customer_and_too_few_customers() -> None:
    values = np.arange(21.0)
    labels = np.append(np.repeat([0, 1], 10), 2)
    tool = grown({"x": values}, labels)
    assert tool is not None
    assert len(tool.segments) == 3
    assert grown({"x": values[:6]}, np.repeat([0, 1], 3)) is None
    assert grown({"x": values}, np.zeros(21, dtype=int)) is None


def test_descriptions_make_a_tool_of_their_own() -> None:
    labels = np.repeat([0, 1], 20)
    tool = grown({"region": (labels, ("North", "South"))}, labels, role="describe")
    assert tool is not None
    assert (tool.asks, tool.accuracy) == ("descriptions", 1)


def test_the_same_seed_gives_the_same_tool_and_customers_are_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("segmeans.segments.typing_tool.LEARNT", 100)
    values = np.random.default_rng(2).normal(size=1000)
    labels = (values > 0).astype(int)
    labels[::50] = -1
    found = [Answers.of(labels, (), seed) for seed in (1, 1)]
    for answers in found:
        answers.take(Column("x", "number", "feature"), values)
    first, second = (answers.grown(labels, 2, 1) for answers in found)
    assert first == second
    assert first[0].customers == 100


def test_round_numbers_lie_within() -> None:
    rng = np.random.default_rng(0)
    for scale in 10.0 ** np.arange(-8, 9):
        low, high = np.sort(rng.normal(size=2) * scale).tolist()
        assert low <= roundest(low, high) <= high
