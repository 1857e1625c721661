"""Findings on data made to mislead, and none on data that do not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from segmeans.clustering.coreset import Points
from segmeans.clustering.search import sweep
from segmeans.records import FeatureState, Finding, PreparationState, ProfileRow
from segmeans.verdict.cautions import cautions, deciding, one_category, outliers, tiny, too_few
from segmeans.verdict.influence import Influence, influences, shares_between, solved


def _state(*names: str) -> PreparationState:
    return PreparationState(
        features=tuple(FeatureState(column=name, kind="number") for name in names),
        scale="standard", missing="median", max_missing=0.5, rows_used=0, rows_set_aside=0,
    )  # fmt: skip


def _look(points: np.ndarray, k: int, state: PreparationState) -> tuple[Finding, ...]:
    [solution] = sweep(points, [k])
    origin = points.mean(axis=0)
    held = Points(points - origin, np.ones(len(points)), origin, True)
    return cautions(held, solution.centres, state, (), len(points))


def _codes(found: Sequence[Finding]) -> set[str]:
    return {finding.code for finding in found}


def _planted(columns: int = 3) -> np.ndarray:
    generator = np.random.default_rng(0)
    centres = np.zeros((3, columns))
    centres[1, :2] = 8.0
    centres[2, 1:3] = -8.0
    return np.repeat(centres, 100, axis=0) + generator.normal(size=(300, columns))


def test_plain_segments_raise_nothing() -> None:
    assert _look(_planted(), 3, _state("a", "b", "c")) == ()


def test_outliers_are_named_as_such() -> None:
    points = np.random.default_rng(1).normal(size=(500, 2))
    points[:6] += 60.0
    found = _look(points, 2, _state("a", "b"))
    assert {"outlier-segments", "tiny-segment"} <= _codes(found)
    [finding] = [each for each in found if each.code == "outlier-segments"]
    assert finding.level == "problem"
    assert finding.evidence.startswith("6 of 500 customers")


def test_a_feature_that_decides_everything_and_one_that_decides_nothing() -> None:
    points = _planted()
    points[:, 0] *= 40
    found = _look(points, 2, _state("money", "b", "c"))
    assert {each.where for each in found if each.code == "feature-decides-all"} == {"money"}
    wide = np.column_stack([_planted(), np.random.default_rng(2).normal(size=300)])
    found = _look(wide, 3, _state("a", "b", "c", "noise"))
    assert {each.where for each in found if each.code == "feature-decides-nothing"} == {"noise"}


def test_features_that_say_the_same_twice() -> None:
    points = _planted()
    twin = points[:, :1] + np.random.default_rng(3).normal(scale=0.1, size=(300, 1))
    found = _look(np.column_stack([points, twin]), 3, _state("a", "b", "c", "d"))
    assert [each.where for each in found if each.code == "features-alike"] == ["a, d"]


def test_influence_by_hand() -> None:
    # Centres (0, 0), (4, 2) of equal size: squared distances from the mean 4 and 1 per feature.
    points = np.array([[0.0, 0.0], [0.0, 0.0], [4.0, 2.0], [4.0, 2.0]])
    origin = points.mean(axis=0)
    held = Points(points - origin, np.ones(4), origin, True)
    two = solved(held, np.array([[0.0, 0.0], [4.0, 2.0]]), _state("a", "b"))
    assert [each.share for each in influences(two)] == [pytest.approx(0.8), pytest.approx(0.2)]
    assert [each.agreement for each in influences(two)] == [1.0, 1.0]
    np.testing.assert_allclose(shares_between(two), [0.5, 0.5])


def test_the_columns_of_a_category_count_as_one_feature() -> None:
    features = (
        FeatureState(column="plan", kind="category", levels=("a", "b", "c")),
        FeatureState(column="age", kind="number"),
        FeatureState(column="sex", kind="category", levels=("f", "m")),
    )
    state = PreparationState(
        features=features, scale="standard", missing="median", max_missing=0.5,
        rows_used=0, rows_set_aside=0,
    )  # fmt: skip
    held = Points(np.zeros((2, 5)), np.ones(2), np.zeros(5), True)
    made = solved(held, np.zeros((1, 5)), state)
    assert [own.tolist() for own in made.columns] == [[0, 1, 2], [3], [4]]


def _profile(segment: int, level: str, share: float, everyone: float, role: str = "feature"):  # type: ignore[no-untyped-def]
    return ProfileRow(
        segment=segment, feature="Gender", level=level, mean=None, median=None, share=share,
        everyone=everyone, difference=share - everyone, effect=0.0, missing=0.0, role=role,
    )  # fmt: skip


def test_segments_of_one_category_are_a_trap() -> None:
    rows = [
        _profile(segment, level, share, 0.56 if level == "F" else 0.44)
        for segment, level, share in (
            (1, "F", 1.0), (1, "M", 0.0), (2, "F", 0.0), (2, "M", 1.0),
        )
    ]  # fmt: skip
    [finding] = one_category(rows)
    assert (finding.level, finding.where) == ("problem", "Gender")
    assert "segment 1 is 100 % F; segment 2 is 100 % M" in finding.evidence
    assert one_category([*rows[:2], _profile(2, "F", 0.5, 0.56)])[0].level == "warning"
    assert one_category([_profile(1, "F", 0.97, 0.95)]) == []
    assert one_category([_profile(1, "F", 1.0, 0.5, "describe")]) == []


def test_rules_on_plain_numbers() -> None:
    assert [each.level for each in too_few(150, 3)] == ["note"]
    assert [each.level for each in too_few(20, 3)] == ["warning"]
    assert too_few(210, 3) == []
    assert tiny(np.array([0.5, 0.48, 0.02])) == []
    assert "segment 3 (1.9 %)" in tiny(np.array([0.5, 0.481, 0.019]))[0].evidence
    assert outliers(np.array([0.96, 0.04]), np.array([0.6, 0.4]), 100) == []
    assert outliers(np.array([0.9, 0.1]), np.array([0.1, 0.9]), 100) == []
    assert deciding([Influence("a", 1.0, 0.0, 1, 0.0)]) == []


def test_online_retail_outliers(data_dir: Path) -> None:
    """Raw recency, frequency and revenue: a silhouette of 0.896 made by 26 of 4,338 customers."""
    import pandas as pd

    log = pd.read_csv(data_dir / "online_retail" / "online_retail.csv.gz")
    bought = ~log["InvoiceNo"].astype(str).str.startswith("C")
    log = log[log["CustomerID"].notna() & bought & (log["UnitPrice"] > 0)]
    log = log.assign(
        day=pd.to_datetime(log["InvoiceDate"]).dt.normalize(),
        amount=log["Quantity"] * log["UnitPrice"],
    )
    made = log.groupby("CustomerID").agg(
        last=("day", "max"), orders=("InvoiceNo", "nunique"), revenue=("amount", "sum")
    )
    made["last"] = (pd.Timestamp("2011-12-10") - made["last"]).dt.days
    table = made.to_numpy(float)
    found = _look((table - table.mean(0)) / table.std(0), 2, _state("days", "orders", "revenue"))
    [finding] = [each for each in found if each.code == "outlier-segments"]
    assert finding.evidence.startswith("26 of 4,338 customers")


def test_mcdonalds_says_why_published_figures_differ(data_dir: Path) -> None:
    text = np.genfromtxt(
        data_dir / "mcdonalds" / "mcdonalds.csv", delimiter=",", dtype=str, skip_header=1
    )[:, :11]
    points = (np.char.strip(text, '"') == "Yes").astype(float)
    found = _look(points, 4, _state(*"abcdefghijk"))
    assert "hard-to-find" in _codes(found)
