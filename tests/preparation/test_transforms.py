"""Transforms there and back, and the exponent of Yeo-Johnson against scikit-learn and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.preprocessing import PowerTransformer

from segmeans.preparation.transforms import EXPONENTS, Moments, Transform, yeo_johnson_exponent

exponents = st.integers(-200, 400).map(lambda hundredths: hundredths / 100)


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=9), exponents)
def test_yeo_johnson_agrees_with_scipy_and_comes_back(values: list[float], exponent: float) -> None:
    transform = Transform("yeo-johnson", exponent)
    numbers = np.array(values)
    there = transform.forward(numbers)
    expected = stats.yeojohnson(numbers, lmbda=exponent)
    np.testing.assert_allclose(there, expected, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(transform.backward(there), numbers, rtol=1e-5, atol=1e-10)


@pytest.mark.parametrize(("name", "value"), [("log", 1e-12), ("log1p", 0.0), ("log1p", 1e6)])
def test_logarithms_come_back(name: str, value: float) -> None:
    transform = Transform("log" if name == "log" else "log1p")
    assert transform.back(transform.at(value)) == pytest.approx(value, rel=1e-9)


def test_beyond_the_range_lies_infinity() -> None:
    # With exponent -1 the upper branch never reaches 1.
    assert Transform("yeo-johnson", -1.0).back(1.5) == np.inf
    assert Transform("yeo-johnson", 3.0).back(-1.5) == -np.inf


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(1).lognormal(size=400),
        np.random.default_rng(2).normal(5, 2, size=300),
        -np.random.default_rng(3).exponential(10, size=500),
        np.random.default_rng(4).exponential(1e6, size=200),
    ],
    ids=["lognormal", "normal", "left", "large"],
)
def test_the_most_likely_exponent_agrees_with_others(values: np.ndarray) -> None:
    found = yeo_johnson_exponent(values)
    assert found == pytest.approx(stats.yeojohnson_normmax(values), abs=0.0051)
    fitted = PowerTransformer(standardize=False).fit(values[:, None])
    assert found == pytest.approx(fitted.lambdas_[0], abs=0.0051)


def test_exponents_stay_within_their_limits() -> None:
    extreme = 1 + np.random.default_rng(5).exponential(0.1, size=300) ** 2
    assert yeo_johnson_exponent(extreme) == EXPONENTS[0]
    assert yeo_johnson_exponent(-extreme) == EXPONENTS[1]


def test_moments_from_sums() -> None:
    # u = 0, 0, 0, 1: mean 1/4, variance 3/16, third central moment 3/32, skew 2 / sqrt(3).
    found = Moments.from_sums((1.0, 1.0, 1.0), 4, 10.0, 2.0)
    assert found.mean == pytest.approx(10.5)
    assert found.std == pytest.approx(2 * np.sqrt(3) / 4)
    assert found.skew == pytest.approx(2 / np.sqrt(3))
