"""Sizes of tests, against published figures and an independent package."""

from __future__ import annotations

import pytest
from scipy import stats

from segmeans.errors import SettingError
from segmeans.segments.actions_power import group_size, smallest_lift


@pytest.mark.parametrize(
    ("base", "lift", "power", "published"),
    [
        (0.50, 0.25, 0.90, 77),  # power.prop.test(p1 = .50, p2 = .75, power = .90) in R: 76.65
        (0.10, 0.05, 0.80, 686),  # power.prop.test(p1 = .10, p2 = .15, power = .80) in R: 685.56
    ],
)
def test_group_size_equals_published_ones(
    base: float, lift: float, power: float, published: int
) -> None:
    assert group_size(base, lift, power=power) == published


@pytest.mark.parametrize("base", [0.02, 0.1, 0.5, 0.8])
@pytest.mark.parametrize("lift", [0.01, 0.05, -0.01])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_a_group_of_that_size_has_that_power(base: float, lift: float, alpha: float) -> None:
    size = group_size(base, lift, alpha=alpha)

    def power(n: int) -> float:
        middle, raised = base + lift / 2, base + lift
        under_none = (2 * middle * (1 - middle) / n) ** 0.5
        under_lift = ((base * (1 - base) + raised * (1 - raised)) / n) ** 0.5
        threshold = stats.norm.isf(alpha / 2) * under_none
        return float(stats.norm.sf((threshold - abs(lift)) / under_lift))

    assert power(size) >= 0.8 > power(size - 1)


@pytest.mark.parametrize(("base", "lift"), [(0.02, 0.01), (0.1, 0.05), (0.5, -0.1), (0.8, 0.05)])
def test_statsmodels_finds_the_same_power(base: float, lift: float) -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion", reason="no statsmodels")
    size = group_size(base, lift)

    def power(n: int) -> float:
        return float(proportion.power_proportions_2indep(lift, base, n, alpha=0.05).power)

    assert power(size) >= 0.8 > power(size - 1)


def test_the_smallest_lift_needs_the_whole_group() -> None:
    for base in (0.01, 0.2, 0.9):
        lift = smallest_lift(base, 500)
        assert lift is not None
        assert group_size(base, lift) == 500


def test_tiny_groups_show_nothing() -> None:
    assert smallest_lift(0.5, 1) is None
    assert smallest_lift(0.99, 50) is None


@pytest.mark.parametrize(("base", "lift"), [(0, 0.1), (1, -0.1), (0.5, 0.5), (0.5, 0), (0.1, -0.2)])
def test_impossible_shares_are_refused(base: float, lift: float) -> None:
    with pytest.raises(SettingError, match="cannot be sized"):
        group_size(base, lift)
