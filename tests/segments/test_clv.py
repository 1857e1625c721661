from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.optimize import approx_fprime
from scipy.stats import beta
from tests.tables.order_logs import cdnow

from segmeans.errors import DataError
from segmeans.segments.clv import (
    BgNbd,
    GammaGamma,
    _bg_nbd,
    _gamma_gamma,
    fit_bg_nbd,
    fit_gamma_gamma,
)
from segmeans.tables.duck import Engine
from segmeans.tables.orders import History, guess_columns, read

# Fader, Hardie and Lee (2005), table 2 and the notes to the Gamma-Gamma model.
PUBLISHED = BgNbd(
    r=0.2426, alpha=4.4136, a=0.7929, b=2.4259, log_likelihood=-9582.4, customers=2357
)


@pytest.fixture(scope="module")
def history(data_dir: Path) -> Iterator[History]:
    with Engine(threads=2) as engine:
        table = cdnow(engine, data_dir, "sample")
        yield read(table, guess_columns(table)).history(date(1997, 9, 30))


def test_bg_nbd_of_cdnow_as_published(history: History) -> None:
    fitted = fit_bg_nbd(history.repeats, history.last / 7, history.age / 7)
    assert round(fitted.r, 4) == 0.2426
    assert round(fitted.alpha, 4) == 4.4136
    assert round(fitted.a, 4) == 0.7929
    assert round(fitted.b, 4) == 2.4259
    assert round(fitted.log_likelihood, 3) == -9582.429
    assert fitted.customers == 2357


def test_gamma_gamma_of_cdnow_as_published(history: History) -> None:
    fitted = fit_gamma_gamma(history.repeats, history.repeat_value)
    assert round(fitted.p, 2) == 6.25
    assert round(fitted.q, 3) == 3.744
    assert round(fitted.gamma, 2) == 15.44
    assert fitted.customers == 946


def test_the_unit_of_time_and_money_changes_only_what_carries_it(history: History) -> None:
    weeks = fit_bg_nbd(history.repeats, history.last / 7, history.age / 7)
    days = fit_bg_nbd(history.repeats, history.last, history.age)
    assert (days.r, days.a, days.b) == pytest.approx((weeks.r, weeks.a, weeks.b), rel=1e-4)
    assert days.alpha == pytest.approx(7 * weeks.alpha, rel=1e-4)
    dollars = fit_gamma_gamma(history.repeats, history.repeat_value)
    cents = fit_gamma_gamma(history.repeats, 100 * history.repeat_value)
    assert (cents.p, cents.q) == pytest.approx((dollars.p, dollars.q), rel=1e-3)
    assert cents.gamma == pytest.approx(100 * dollars.gamma, rel=1e-3)


def test_expected_purchases_as_published() -> None:
    # The paper's example: 2 repeats, the last after 30.43 of 38.86 weeks, 39 weeks ahead: 1.226.
    ahead = PUBLISHED.expected([2], [30.43], [38.86], 39)
    assert float(ahead[0]) == pytest.approx(1.226, abs=5e-4)


def test_expected_purchases_of_a_heavy_buyer_stay_finite() -> None:
    ahead = PUBLISHED.expected([5000], [38.8], [38.86], 39)
    assert 2500 < float(ahead[0]) < 5100


def test_a_customer_without_repeats_is_alive_and_silence_kills() -> None:
    alive = PUBLISHED.alive([0, 10, 10], [0, 38, 5], [38.86] * 3)
    assert alive[0] == 1
    assert alive[1] > 0.9
    assert alive[2] < 0.01


def test_expected_purchases_are_the_integral_of_the_model() -> None:
    """Without history the mean over buying rates has a short form; that over p is integrated."""
    r, alpha, a, b = PUBLISHED.r, PUBLISHED.alpha, PUBLISHED.a, PUBLISHED.b

    def given(p: float) -> float:
        return (1 - (alpha / (alpha + p * 39)) ** r) / p * float(beta.pdf(p, a, b))

    whole = quad(given, 0, 1, limit=200)[0]
    assert float(PUBLISHED.expected([0], [0], [0], 39)[0]) == pytest.approx(whole, rel=1e-6)


def test_slopes_are_those_of_the_likelihood() -> None:
    x, tx, t = np.array([0.0, 1, 3]), np.array([0.0, 2, 5]), np.array([6.0, 6, 7])
    theta = np.log([0.5, 2.0, 0.8, 2.0])

    def buying(theta: NDArray[np.float64]) -> float:
        return _bg_nbd(np.exp(theta), x, tx, t, np.ones(3))[0]

    slope = _bg_nbd(np.exp(theta), x, tx, t, np.ones(3))[1]
    assert slope == pytest.approx(approx_fprime(theta, buying, 1e-7), rel=1e-4)

    def worth(theta: NDArray[np.float64]) -> float:
        return _gamma_gamma(np.exp(theta), x[1:], t[1:])[0]

    slope = _gamma_gamma(np.exp(theta[:3]), x[1:], t[1:])[1]
    assert slope == pytest.approx(approx_fprime(theta[:3], worth, 1e-7), rel=1e-4)


def test_worth_moves_from_the_mean_of_all_to_the_customers_own() -> None:
    model = GammaGamma(p=6.25, q=3.744, gamma=15.44, log_likelihood=0, customers=946)
    nobody, few, many = model.expected([0, 1, 1000], [np.nan, 100, 100])
    assert nobody == pytest.approx(6.25 * 15.44 / 2.744)
    assert nobody < few < many
    assert many == pytest.approx(100, rel=0.01)


def test_simulated_customers_give_back_their_parameters() -> None:
    rng = np.random.default_rng(4)
    n, r, alpha, a, b, until = 4000, 0.8, 5.0, 1.2, 3.0, 60.0
    repeats, last = np.zeros(n), np.zeros(n)
    for customer in range(n):
        rate, chance, now = rng.gamma(r, 1 / alpha), rng.beta(a, b), 0.0
        while rng.random() > chance or repeats[customer] == now == 0:
            now += rng.exponential(1 / rate)
            if now > until:
                break
            repeats[customer] += 1
            last[customer] = now
    fitted = fit_bg_nbd(repeats, last, np.full(n, until))
    assert fitted.r == pytest.approx(r, rel=0.15)
    assert fitted.alpha == pytest.approx(alpha, rel=0.2)
    assert fitted.drop_out == pytest.approx(a / (a + b), rel=0.15)


@pytest.mark.parametrize(
    "arrays", [([], [], []), ([1], [5], [4]), ([-1], [0], [4]), ([1], [0], [0])]
)
def test_impossible_purchases_are_refused(arrays: tuple[list[float], ...]) -> None:
    with pytest.raises(DataError, match="cannot be"):
        fit_bg_nbd(*arrays)


def test_customers_all_alike_have_no_best_parameters() -> None:
    with pytest.raises(DataError, match="No finite parameters"):
        fit_bg_nbd(np.full(300, 4), np.full(300, 20.0), np.full(300, 25.0))
    with pytest.raises(DataError, match="No customer has a repeat"):
        fit_gamma_gamma([0, 1], [5, 0])
