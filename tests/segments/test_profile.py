"""Profiles: every expected value is worked out by hand beside it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from segmeans.records import ProfileRow
from segmeans.segments.profile import Column, Groups, category_rows, markers, number_rows

SPEND = Column("spend", "number", "feature")
CITY = Column("city", "category", "describe")


def groups(*labels: int, k: int = 2) -> Groups:
    return Groups.of(np.array(labels, dtype=np.int32), k)


def numbers(*values: float) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


def test_groups_keep_source_order_and_leave_out_the_unscored() -> None:
    found = groups(1, -1, 0, 1, 0, k=3)
    assert found.order.tolist() == [2, 4, 0, 3]
    assert found.bounds == (0, 2, 4, 4)
    assert [part.tolist() for part in found.parts(np.arange(5))] == [[2, 4], [0, 3], []]


def test_a_number_by_hand() -> None:
    # segment 1: 1, 3 (mean 2); segment 2: 9, 11 and one unknown (mean 10); everyone: mean 6,
    # deviations -5, -3, 3, 5, so the variance is (25 + 9 + 9 + 25) / 4 = 17
    values = numbers(1, 3, 9, 11, np.nan, 1000)
    first, second = number_rows(SPEND, values, groups(0, 0, 1, 1, 1, -1))
    assert first == ProfileRow(
        segment=1,
        feature="spend",
        level="",
        mean=2.0,
        median=2.0,
        share=None,
        everyone=6.0,
        difference=-4.0,
        effect=pytest.approx(-4 / math.sqrt(17), rel=1e-15),
        missing=0.0,
        role="feature",
        kind="number",
    )
    assert (second.mean, second.median, second.difference) == (10.0, 10.0, 4.0)
    assert second.missing == pytest.approx(1 / 3)


def test_effects_are_measured_on_the_scale_of_the_segments() -> None:
    # One customer of a million makes the raw mean of segment 1 the larger one; on the log scale,
    # where the segments were formed, its customers are the smaller ones. Logs to base 10:
    # 0, 0, 6 (mean 2) and 3, 3, 3 (mean 3); everyone 2.5, variance (6.25 * 2 + 12.25 + 3 / 4) / 6.
    values = numbers(1, 1, 1e6, 1e3, 1e3, 1e3)
    first, second = number_rows(SPEND, values, groups(0, 0, 0, 1, 1, 1), scaled=np.log10(values))
    assert first.difference > 0
    assert first.effect == pytest.approx(-0.5 / math.sqrt(25.5 / 6))
    assert second.effect == -first.effect


def test_equal_values_make_no_difference() -> None:
    for row in number_rows(SPEND, numbers(0.1, 0.1, 0.1), groups(0, 1, 1)):
        assert (row.effect, row.everyone) == (0.0, pytest.approx(0.1))


def test_a_segment_without_a_value_has_no_mean() -> None:
    first, second = number_rows(SPEND, numbers(np.nan, np.inf, 4.0), groups(0, 0, 1))
    assert (first.mean, first.median, first.difference, first.effect) == (None, None, 0.0, 0.0)
    assert first.missing == 1.0
    assert second.mean == 4.0


def test_huge_values_stay_finite() -> None:
    rows = number_rows(SPEND, numbers(1.6e308, 1.7e308, 1.0e308, 1.1e308), groups(0, 0, 1, 1))
    assert all(math.isfinite(row.mean or 0) and math.isfinite(row.effect) for row in rows)
    assert rows[0].mean == pytest.approx(1.65e308)
    assert rows[0].median == pytest.approx(1.65e308)


def test_a_category_by_hand() -> None:
    # segment 1: a a b, one unknown; segment 2: b. Everyone with a value: half a, half b.
    rows = category_rows(CITY, np.array([0, 0, 1, -1, 1]), ["a", "b"], groups(0, 0, 0, 0, 1))
    table = {(row.segment, row.level): row for row in rows}
    assert table[1, "a"].share == pytest.approx(2 / 3)
    assert table[1, "a"].everyone == 0.5
    assert table[1, "a"].difference == pytest.approx(1 / 6)
    assert table[1, "a"].effect == pytest.approx((1 / 6) / 0.5)
    assert table[1, "a"].missing == 0.25
    assert table[2, "a"].share == 0.0
    assert table[2, "b"].effect == 1.0
    assert all(row.mean is None and row.kind == "category" for row in rows)


def test_the_mirrored_level_is_no_second_marker() -> None:
    rows = category_rows(CITY, np.array([0, 0, 1, 1]), ["a", "b"], groups(0, 0, 1, 1))
    found = markers(rows)
    assert [(marker.level, marker.direction) for marker in found[1]] == [("a", "high")]
    assert [(marker.level, marker.direction) for marker in found[2]] == [("b", "high")]


def test_markers_name_features_before_descriptors_and_the_strongest_first() -> None:
    both = groups(0, 0, 1, 1)
    rows = [
        *category_rows(CITY, np.array([0, 0, 1, 1]), ["a", "b"], both),  # effect 1
        *number_rows(Column("weak", "number", "feature"), numbers(1, 4, 3, 6), both),
        *number_rows(Column("strong", "number", "feature"), numbers(1, 2, 9, 9), both),
        *number_rows(Column("none", "number", "feature"), numbers(1, 2, 1, 2), both),
    ]
    assert [marker.feature for marker in markers(rows)[1]] == ["strong", "weak", "city"]


@pytest.mark.parametrize(("stretch", "shift"), [(1000.0, 0.0), (0.001, 5.0), (1.8, 32.0)])
def test_markers_do_not_depend_on_the_unit(stretch: float, shift: float) -> None:
    draw = np.random.default_rng(7)
    labels = draw.integers(0, 3, 300)
    values = draw.normal(size=300) + labels

    def told(column: NDArray[np.float64]) -> list[tuple[int, str]]:
        found = markers(number_rows(SPEND, column, Groups.of(labels, 3)))
        return [(number, m.direction) for number, of in found.items() for m in of]

    assert told(values * stretch + shift) == told(values) != []


def test_a_profile_does_not_change_with_the_order_of_rows() -> None:
    draw = np.random.default_rng(11)
    labels, values = draw.integers(-1, 4, 1000), draw.lognormal(size=1000)
    order = draw.permutation(1000)

    def seen(*arrays: NDArray[Any]) -> list[float]:
        rows = number_rows(SPEND, arrays[0], Groups.of(arrays[1], 4))
        return [value for row in rows for value in (row.mean or 0.0, row.effect, row.everyone)]

    assert seen(values[order], labels[order]) == pytest.approx(seen(values, labels), rel=1e-12)
