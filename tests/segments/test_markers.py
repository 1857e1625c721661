"""Markers: what is told of a segment, from rows made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.segments.by_hand import CITY, SPEND, groups, numbers

from segmeans.segments.markers import markers
from segmeans.segments.profile import Column, Groups, category_rows, number_rows


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


def test_a_few_with_a_value_do_not_speak_for_the_others() -> None:
    # 3 of 4 gold among those of segment 1 who have a plan, 1 of 4 in segment 2: the share of
    # everyone is a half, and both effects are a quarter over a half.
    codes = np.array([0, 0, 0, 1, *[-1] * 4, 0, 1, 1, 1])
    plan = Column("plan", "category", "feature")
    labels = [0] * 8 + [1] * 4
    rows = category_rows(plan, codes, ["gold", "basic"], groups(*labels))
    effects = {(row.segment, row.level): (row.effect, row.missing) for row in rows}
    assert effects[1, "gold"] == (0.5, 0.5)
    assert effects[2, "basic"] == (0.5, 0.0)
    found = markers(rows)
    assert found[1] == ()  # half of it has no plan
    assert [(one.level, one.direction) for one in found[2]] == [("basic", "high")]
    codes[3:5] = 0  # now 5 of 5, and five of eight have one
    found = markers(category_rows(plan, codes, ["gold", "basic"], groups(*labels)))
    assert [(one.level, one.segment) for one in found[1]] == [("gold", 1.0)]
