"""Tests of descriptors, against scipy and statsmodels on the rows themselves."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from segmeans.records import ProfileRow
from segmeans.segments.descriptors import descriptor_tests
from segmeans.segments.profile import Column, Groups, category_rows, number_rows

LABELS = np.repeat([0, 1, 2], [40, 25, 60])


def number(values: NDArray[np.float64], name: str = "age") -> list[ProfileRow]:
    return number_rows(Column(name, "number", "describe"), values, Groups.of(LABELS, 3))


def category(codes: NDArray[np.int64], levels: int, name: str = "city") -> list[ProfileRow]:
    names = [f"level {code}" for code in range(levels)]
    return category_rows(Column(name, "category", "describe"), codes, names, Groups.of(LABELS, 3))


def test_means_as_statsmodels_compares_them() -> None:
    oneway = pytest.importorskip("statsmodels.stats.oneway", reason="no statsmodels")
    values = np.random.default_rng(1).normal(40 + LABELS, 5 + LABELS)
    values[3] = np.nan
    parts = [values[(s == LABELS) & np.isfinite(values)] for s in range(3)]
    expected = oneway.anova_oneway(parts, use_var="unequal")
    [test] = descriptor_tests(number(values))
    assert test.method == "Welch"
    assert test.statistic == pytest.approx(expected.statistic, rel=1e-10)
    assert test.p == pytest.approx(expected.pvalue, rel=1e-8)
    known = np.concatenate(parts)
    within = sum(((part - part.mean()) ** 2).sum() for part in parts)
    assert test.strength == pytest.approx(1 - within / ((known - known.mean()) ** 2).sum())


def test_shares_as_scipy_compares_them() -> None:
    draw = np.random.default_rng(2)
    codes = (draw.integers(0, 3, 125) + (LABELS == 1)) % 4
    codes[:5] = -1
    [test] = descriptor_tests(category(codes, 4))
    table = [[np.sum((s == LABELS) & (codes == c)) for c in range(4)] for s in range(3)]
    expected = stats.chi2_contingency(table, correction=False)
    assert test.statistic == pytest.approx(expected.statistic, rel=1e-10)
    assert test.p == pytest.approx(expected.pvalue, rel=1e-8)
    assert test.strength == pytest.approx(stats.contingency.association(table, method="cramer"))
    assert test.thin == bool(np.mean(expected.expected_freq < 5) > 0.2)


def test_many_tests_are_corrected_as_statsmodels_does() -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest", reason="no statsmodels")
    draw = np.random.default_rng(5)
    rows = [
        row
        for i in range(8)
        for row in number(draw.normal(LABELS * 0.15 * i, 1.0), name=f"column {i}")
    ]
    tests = descriptor_tests(rows)
    expected = multitest.multipletests([test.p for test in tests], method="holm")[1]
    assert [test.corrected for test in tests] == pytest.approx(list(expected))


def test_noise_is_rarely_taken_for_a_difference() -> None:
    # Holm keeps the chance of any false alarm among the ten below 5 %: of 200 studies, at most
    # 18 (the 99th percentile of a binomial with that chance).
    draw = np.random.default_rng(9)
    alarms = 0
    for _ in range(200):
        rows = [row for i in range(10) for row in number(draw.normal(size=125), name=str(i))]
        alarms += min(test.corrected for test in descriptor_tests(rows)) < 0.05
    assert alarms <= stats.binom.ppf(0.99, 200, 0.05)


def test_what_cannot_be_tested_is_left_out() -> None:
    assert descriptor_tests(number(np.full(125, 3.0))) == ()
    assert descriptor_tests(number(np.where(LABELS == 0, LABELS * 1.0 + 2, np.nan))) == ()
    assert descriptor_tests(category(np.zeros(125, dtype=np.int64), 2)) == ()
    features = number_rows(Column("x", "number", "feature"), np.arange(125.0), Groups.of(LABELS, 3))
    assert descriptor_tests(features) == ()


def test_huge_values_stay_finite() -> None:
    values = np.random.default_rng(6).normal(1.0, 0.1, 125) * 1e300
    [test] = descriptor_tests(number(values))
    assert 0 < test.p <= 1
