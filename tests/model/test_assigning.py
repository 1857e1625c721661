"""The rule that gives segments, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from segmeans.model.assigning import TIE, assign, tie

LINE = np.array([[0.0], [4.0], [10.0]])


def test_four_points_by_hand() -> None:
    found = assign(np.array([[1.0], [3.5], [9.0], [20.0]]), LINE)
    assert found.labels.tolist() == [0, 1, 2, 2]
    assert found.runners_up.tolist() == [1, 0, 1, 1]
    assert found.distance.tolist() == [1.0, 0.5, 1.0, 10.0]
    assert found.margin.tolist() == [2.0, 3.0, 4.0, 6.0]
    assert found.certainty == pytest.approx([2 / 4, 3 / 4, 4 / 6, 6 / 26])


def test_a_tie_goes_to_the_lower_number() -> None:
    found = assign(np.array([[2.0], [7.0]]), LINE)
    assert found.labels.tolist() == [0, 1]
    assert found.runners_up.tolist() == [1, 2]
    assert found.certainty.tolist() == found.margin.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("last_bits", [-1e-13, 0.0, 1e-13])
def test_the_last_bits_decide_nothing(last_bits: float) -> None:
    assert assign(np.array([[2.0 + last_bits]]), LINE).labels.tolist() == [0]


def test_three_centres_equally_near() -> None:
    corners = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -3.0]])
    found = assign(np.array([[0.0, 0.0]]), corners)
    assert (found.labels.item(), found.runners_up.item()) == (0, 1)
    turned = assign(np.array([[0.0, 0.0]]), corners[[3, 2, 1, 0]])
    assert (turned.labels.item(), turned.runners_up.item()) == (1, 2)


def test_more_than_the_last_bits_does_decide() -> None:
    width = tie(LINE)
    assert width == pytest.approx(TIE * (10 - 14 / 3) ** 2)
    beyond = width / 8 * 1.1  # squared distances differ by 8 times the step from the middle
    assert assign(np.array([[2.0 + beyond]]), LINE).labels.tolist() == [1]
    assert assign(np.array([[2.0 + 0.8 * beyond]]), LINE).labels.tolist() == [0]


def test_the_width_of_a_tie_follows_the_scale_and_not_the_origin() -> None:
    assert tie(LINE * 1e-6) == pytest.approx(tie(LINE) * 1e-12)
    assert tie(LINE + 1e6) == pytest.approx(tie(LINE))


def test_equal_centres_and_one_centre() -> None:
    same = assign(np.array([[1.0]]), np.array([[1.0], [1.0]]))
    assert (same.labels.item(), same.certainty.item(), same.distance.item()) == (0, 0.0, 0.0)
    alone = assign(np.array([[4.0]]), np.array([[1.0]]))
    assert (alone.labels.item(), alone.runners_up.item(), alone.certainty.item()) == (0, -1, 1.0)
    assert alone.distance.item() == 3.0
    assert np.isnan(alone.margin.item())


def test_threads_and_blocks_do_not_change_the_answer() -> None:
    draws = np.random.default_rng(1)
    rows, centres = draws.integers(-3, 4, (5000, 3)) / 2, draws.integers(-2, 3, (6, 3)) / 1.0
    whole = assign(rows, centres, threads=2)
    parts = [assign(rows[i : i + 701], centres) for i in range(0, 5000, 701)]
    for field, one in zip(whole._fields, whole, strict=True):
        joined = np.concatenate([getattr(part, field) for part in parts])
        assert np.array_equal(one, joined, equal_nan=True)
    distances = np.square(rows[:, None] - centres).sum(axis=2)
    assert np.array_equal(whole.labels, np.argmin(distances, axis=1))


def test_a_row_far_outside_has_the_nearest_centre_all_the_same() -> None:
    """Of squared distances near 1e36 only the first 16 digits are left, and they are the same."""
    corners = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 4.0]])
    rows = np.array([[-1e18, 9.0], [1e18, -9.0], [-3.0, 1e17], [7.0, -1e20]])
    assert len({*np.square(rows[0] - corners).sum(axis=1).tolist()}) == 1
    found = assign(rows, corners)
    # on the side on which it lies; what the other column says is lost beside it but for ties
    sides = [corners[label, place // 2] for place, label in enumerate(found.labels)]
    assert sides == [0.0, 4.0, 4.0, 0.0]
    assert found.distance == pytest.approx([1e18, 1e18, 1e17, 1e20])
    assert not found.certainty.any()
    assert np.array_equal(found.labels, assign(rows, corners, threads=2).labels)
