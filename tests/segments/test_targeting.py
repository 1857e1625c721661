"""Knock-out criteria, attractiveness and its sensitivity, by hand arithmetic and invariants."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import segmeans
from segmeans.errors import SettingError, SourceError
from segmeans.records import StudyRecord, TargetingRecord
from segmeans.sample import CustomerMarket, write_customers
from segmeans.segments.targeting import judge_targets, standing
from segmeans.segments.targeting_plan import (
    KNOCK_OUTS,
    SegmentAnswers,
    TargetingPlan,
    read_plan,
    template,
)
from segmeans.segments.value import SegmentValue

FEATURES = ("Annual Income (k$)", "Spending Score (1-100)")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[StudyRecord, list[float | None], Any]:
    """Return a study of three segments, their spreads, and the prepared customers with labels."""
    path = tmp_path_factory.mktemp("targeting") / "customers.csv"
    write_customers(path, 300, 2, CustomerMarket(segments=3))
    with segmeans.segment(path, features=FEATURES, k=3) as study:
        spreads = [one.spread for one in study.model.record.segments]
        return study.record, spreads, (study.sample.prepared, study.sample.labels)


def worth(*shares: float) -> tuple[SegmentValue, ...]:
    return tuple(
        SegmentValue(
            segment=number, customers=100, customer_share=1 / 3, revenue=share, orders=1,
            revenue_share=share, revenue_per_customer=share * 30, order_share=0.0,
        )
        for number, share in enumerate(shares, start=1)
    )  # fmt: skip


def judged(made: Any, plan: TargetingPlan | None = None, value: Any = ()) -> TargetingRecord:
    record, spreads, _ = made
    found, _ = judge_targets(record, spreads, plan or TargetingPlan(), value)
    assert found is not None
    return found


def rated(weights: dict[str, float], *ratings: dict[str, float]) -> Any:
    answers = {
        str(number): SegmentAnswers(passes={}, ratings=of)
        for number, of in enumerate(ratings, start=1)
    }
    return TargetingPlan(name="plan.toml", weights=weights, answers=answers)


def test_every_segment_has_the_six_criteria_in_their_order(made: Any) -> None:
    for target in judged(made).segments:
        assert tuple(one.criterion for one in target.criteria) == KNOCK_OUTS
        assert {one.criterion for one in target.criteria if one.passes is None} == {
            "strengths",
            "reachable",
        }
        assert standing(target) == "open"


def test_homogeneity_is_the_spread_that_is_gone(made: Any) -> None:
    rows, labels = made[2]
    whole = ((rows - rows.mean(axis=0)) ** 2).sum(axis=1).mean()
    for target in judged(made).segments:
        inside = rows[labels == target.segment - 1]
        gone = 1 - ((inside - inside.mean(axis=0)) ** 2).sum(axis=1).mean() / whole
        assert f"Inside it {100 * gone:.1f} % of the spread" in target.criteria[0].told


def test_distinct_quotes_the_silhouette_of_scikit_learn(made: Any) -> None:
    from sklearn.metrics import silhouette_samples

    rows, labels = made[2]
    values = silhouette_samples(rows, labels)
    for target in judged(made).segments:
        mean = values[labels == target.segment - 1].mean()
        assert target.criteria[1].told.startswith(f"Mean silhouette {mean:.2f} ")
        assert target.criteria[1].passes == (mean >= 0.25)


def test_without_structure_nothing_is_distinct(made: Any) -> None:
    record, spreads, _ = made
    vague = replace(record, verdict=replace(record.verdict, structure="none"))
    found, _ = judge_targets(vague, spreads, TargetingPlan())
    assert found is not None
    assert [target.criteria[1].passes for target in found.segments] == [False] * 3
    assert all(target.attractive is None for target in found.segments)


def test_limits_knock_out(made: Any) -> None:
    shares = [segment.share for segment in made[0].segments]
    limit = (shares[1] + shares[2]) / 2
    plan = TargetingPlan(limits=TargetingPlan().limits | {"large enough": limit})
    found = judged(made, plan)
    assert [standing(one) for one in found.segments] == ["open", "open", "out"]
    assert [one.attractive is None for one in found.segments] == [False, False, True]


def test_answers_go_before_what_is_computed(made: Any) -> None:
    answers = SegmentAnswers(
        passes={"distinct": False, "strengths": True, "reachable": True}, ratings={}
    )
    found = judged(made, TargetingPlan(name="p", answers={made[0].segments[0].id: answers}))
    told = {one.criterion: (one.passes, one.by) for one in found.segments[0].criteria}
    assert told["distinct"] == (False, "you")
    assert told["strengths"] == (True, "you")
    assert told["homogeneous"] == (True, "data")


def test_an_answer_for_nobody_is_a_finding(made: Any) -> None:
    plan = TargetingPlan(name="p", answers={"ghosts": SegmentAnswers(passes={}, ratings={})})
    _, [finding] = judge_targets(made[0], made[1], plan)
    assert (finding.code, finding.where) == ("answer-without-segment", "p")


def test_known_addresses_make_a_segment_reachable(made: Any) -> None:
    record = replace(made[0], contacts={"email": (0.9, 0.3, 0.5)})
    found, _ = judge_targets(record, made[1], TargetingPlan())
    assert found is not None
    assert [one.criteria[5].passes for one in found.segments] == [True, None, True]
    assert "email is known of 90.0 % of its customers" in found.segments[0].criteria[5].told


def test_attractiveness_is_the_weighted_mean(made: Any) -> None:
    plan = rated({"a": 1, "b": 3}, {"a": 10, "b": 2}, {"a": 5, "b": 5}, {"a": 1, "b": 1})
    found = judged(made, plan)
    assert [one.attractive for one in found.segments] == [4.0, 5.0, 1.0]
    for one in found.segments:
        assert one.low is not None
        assert one.high is not None
        assert one.attractive is not None
        assert one.low <= one.attractive <= one.high
    assert sum(one.first or 0 for one in found.segments) == pytest.approx(1)
    assert found.segments[2].low == found.segments[2].high == 1, "no weights change equal ratings"
    assert found.segments[2].first == 0


def test_turning_points_are_where_two_segments_are_equal(made: Any) -> None:
    plan = rated({"a": 1, "b": 3}, {"a": 10, "b": 2}, {"a": 5, "b": 5}, {"a": 1, "b": 1})
    turns = {turn.criterion: turn for turn in judged(made, plan).turns}
    # 10 a + 6 = 5 a + 15 at a = 1.8, and 10 + 2 b = 5 + 5 b at b = 5 / 3
    assert turns["a"].turns == pytest.approx(1.8)
    assert turns["b"].turns == pytest.approx(5 / 3)
    assert turns["a"].segment == turns["b"].segment == 1


def test_the_draws_agree_with_the_turning_point(made: Any) -> None:
    plan = rated({"a": 1, "b": 1}, {"a": 9, "b": 3}, {"a": 3, "b": 9}, {"a": 1, "b": 1})
    found = judged(made, plan)
    assert found.segments[0].first == pytest.approx(0.5, abs=4 * (0.25 / 2000) ** 0.5)


def test_computed_ratings_are_in_proportion(made: Any) -> None:
    found = judged(made, value=worth(0.6, 0.3, 0.1))
    assert [one.ratings["value"] for one in found.segments] == pytest.approx([10, 5, 10 / 6])
    shares = np.array([segment.share for segment in made[0].segments])
    sizes = [one.ratings["size"] for one in found.segments]
    assert sizes == pytest.approx((10 * shares / shares.max()).tolist(), abs=1e-6)
    assert found.weights == dict.fromkeys(("size", "value", "value per customer", "stability"), 1.0)


def test_a_spending_score_rates_the_customer_and_not_the_sum(made: Any) -> None:
    found = judged(made)
    means = [
        row.mean for row in made[0].profile if row.feature == FEATURES[1] and row.mean is not None
    ]
    assert "value" not in found.weights
    assert [one.ratings["value per customer"] for one in found.segments] == pytest.approx(
        [10 * mean / max(means) for mean in means], abs=1e-6
    )


def test_a_criterion_must_be_rated_for_all_that_are_left(made: Any) -> None:
    with pytest.raises(SettingError, match="'a' is not rated for every segment"):
        judged(made, rated({"a": 1}, {"a": 1}, {"a": 2}))
    plan = rated({"a": 1}, {"a": 1}, {"a": 2})
    out = {"3": SegmentAnswers(passes={"strengths": False}, ratings={})}
    found = judged(made, replace(plan, answers={**plan.answers, **out}))
    assert [one.attractive for one in found.segments] == [1.0, 2.0, None]


def test_one_segment_is_no_choice(made: Any) -> None:
    assert judge_targets(replace(made[0], k=1), made[1], TargetingPlan()) == (None, ())


def test_the_template_is_a_plan(made: Any, tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    weights = judged(made).weights
    text = template(made[0].segments, weights, "out", "plan.toml")
    path.write_text(text, "utf-8")
    assert read_plan(path).weights == weights
    assert set(read_plan(path).answers) == {one.id for one in made[0].segments}
    answered = text.replace("# strengths", "strengths").replace("# reachable", "reachable")
    path.write_text(answered.replace("# competitive", "competitive"), "utf-8")
    found = judged(made, read_plan(path))
    assert [standing(one) for one in found.segments] == ["in"] * 3
    assert [one.competitive for one in found.segments] == [5.0] * 3
    assert found.asks == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[limit]\n", "entry that is not known"),
        ("[limits]\nhomogenous = 0.2\n", "Try: 'homogeneous'"),
        ("[limits]\ndistinct = 2\n", "Allowed: a number from 0 to 1"),
        ("[weights]\nsize = 0\n", "A weight is 0"),
        ("[weights]\nsize = true\n", "Allowed: a number above 0"),
        ("[segments.1]\nstrengths = 'yes'\n", "Allowed: true or false"),
        ("[segments.1]\ngrowth = 5\n", "a weight of that name makes it a criterion"),
        ("[weights]\ngrowth = 1\n[segments.1]\ngrowth = 11\n", "a rating from 1 to 10"),
        ("segments = 3\n", "'segments' is no table"),
    ],
)
def test_a_wrong_plan_is_one_clear_message(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingError) as caught:
        read_plan(path)
    assert said in str(caught.value)
    assert "plan.toml" in str(caught.value)


def test_a_missing_plan_stops_a_study_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="targeting plan does not exist"):
        segmeans.segment(tmp_path / "none.csv", targeting=str(tmp_path / "none.toml"))
