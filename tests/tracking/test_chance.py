"""The tests of chance against those of scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from segmeans.tracking.chance import adjusted, at_least, same_spread, stability_index, uneven


@pytest.mark.parametrize(("there", "back"), [(0, 0), (1, 0), (5, 5), (10, 2), (2, 10), (900, 800)])
def test_uneven_is_the_exact_binomial_test(there: int, back: int) -> None:
    wanted = stats.binomtest(there, there + back, 0.5).pvalue if there + back else 1.0
    assert uneven(there, back) == pytest.approx(wanted)


@pytest.mark.parametrize(("count", "of", "share"), [(0, 9, 0.1), (3, 20, 0.001), (40, 90, 0.5)])
def test_at_least_is_the_binomial_tail(count: int, of: int, share: float) -> None:
    wanted = stats.binomtest(count, of, share, alternative="greater").pvalue
    assert at_least(count, of, share) == pytest.approx(wanted)


def test_same_spread_is_the_chi_squared_test() -> None:
    then, now = np.array([30.0, 50.0, 70.0]), np.array([22.0, 21.0, 60.0])
    wanted = stats.chi2_contingency(np.stack([then, now]), correction=False)
    effect, p = same_spread(then, now)
    assert p == pytest.approx(wanted.pvalue)
    assert effect == pytest.approx(np.sqrt(wanted.statistic / (then.sum() + now.sum())))


def test_thin_bins_are_joined() -> None:
    then, now = np.array([400.0, 1.0, 1.0, 398.0, 2.0]), np.array([10.0, 0.0, 0.0, 10.0, 0.0])
    joined = same_spread(np.array([400.0, 402.0]), np.array([10.0, 10.0]))
    assert same_spread(then, now) == pytest.approx(joined)
    assert same_spread(then, np.zeros(5)) == (0.0, 1.0)
    assert same_spread(np.array([9.0]), np.array([8.0])) == (0.0, 1.0)


def test_holm_by_hand() -> None:
    assert adjusted([]) == []
    assert adjusted([0.5, 0.001, 0.02]) == pytest.approx([0.5, 0.003, 0.04])
    assert adjusted([0.9, 0.8]) == [1.0, 1.0]


def test_stability_index_by_hand() -> None:
    then, now = np.array([0.2, 0.3, 0.5]), np.array([0.5, 0.3, 0.2])
    assert stability_index(then, now) == pytest.approx(2 * 0.3 * np.log(2.5))
    assert stability_index(then, then) == 0.0
    assert np.isfinite(stability_index(then, np.array([1.0, 0.0, 0.0])))
