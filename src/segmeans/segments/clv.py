"""How often a customer will come back, and for how much: BG/NBD and Gamma-Gamma.

Maintained libraries for these models are either retired or bring a probabilistic programming
system of several hundred megabytes; the likelihoods are a page long, so they stand here. Time may
be counted in any unit, which becomes the unit of ``alpha``; segmeans uses weeks.

References
----------
Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005). "Counting your customers" the easy way: an
alternative to the Pareto/NBD model. *Marketing Science* 24(2), 275-284.
Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005). RFM and CLV: using iso-value curves for
customer base analysis. *Journal of Marketing Research* 42(4), 415-430.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmeans.errors import DataError

Floats = NDArray[np.float64]

BOUND = 12.0  # of the logarithm of a parameter; a fit that ends there has no optimum
NEAR = 0.01  # to the bound counts as there
NO_DROP_OUT = 1e-3  # mean chance to drop out after a purchase, below which it is not measurable
STARTS = (0.0, -1.0, 1.0)  # of the logarithm of every parameter, in scaled time or money


@dataclass(frozen=True, kw_only=True, slots=True)
class BgNbd:
    """A fitted BG/NBD model: buying is Poisson until the customer drops out after a purchase.

    Parameters
    ----------
    r, alpha : float
        Shape and rate of the gamma distribution of buying rates; ``alpha`` in units of time.
    a, b : float
        Of the beta distribution of the chance to drop out after a purchase.
    log_likelihood : float
        At these parameters.
    customers : int
        It was fitted to.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    customers: int

    @property
    def drop_out(self) -> float:
        """Mean chance of a customer to drop out after a purchase."""
        return self.a / (self.a + self.b)

    def alive(self, repeats: ArrayLike, last: ArrayLike, age: ArrayLike) -> Floats:
        """Return the chance that each customer has not dropped out, shape (n,).

        Parameters
        ----------
        repeats, last, age : array-like of shape (n,)
            Repeat purchases, time of the last one and time observed, both from the first purchase.
        """
        x, tx, t = _three(repeats, last, age)
        return np.asarray(1.0 / (1.0 + self._odds(x, tx, t)))

    def expected(self, repeats: ArrayLike, last: ArrayLike, age: ArrayLike, ahead: float) -> Floats:
        """Return the expected purchases of each customer in a time ahead, shape (n,).

        Parameters
        ----------
        repeats, last, age : array-like of shape (n,)
            As for :meth:`alive`.
        ahead : float
            Length of the time ahead.
        """
        x, tx, t = _three(repeats, last, age)
        left = _left(self, x, ahead / (self.alpha + t + ahead))
        still = (self.a + self.b + x - 1) / (self.a - 1) * (1 - left)
        return np.asarray(still / (1.0 + self._odds(x, tx, t)))

    def _odds(self, x: Floats, tx: Floats, t: Floats) -> Floats:
        """Return the odds of having dropped out; 0 without a repeat purchase."""
        r, alpha = self.r, self.alpha
        back = np.where(x > 0, self.b + x - 1, 1.0)
        log_odds = np.log(self.a / back) + (r + x) * (np.log(alpha + t) - np.log(alpha + tx))
        return np.where(x > 0, np.exp(np.minimum(log_odds, 700)), 0.0)


def _left(model: BgNbd, x: Floats, z: Floats) -> Floats:
    """Return ``(1 - z)**(r + x) * 2F1(r + x, b + x; a + b + x - 1; z)``.

    As published, the function overflows for heavy buyers (large x); by Euler's transformation,
    for models in which all customers are as likely to drop out (large a and b). One of the two
    forms always serves.
    """
    from scipy.special import hyp2f1

    r, a, b = model.r, model.a, model.b
    with np.errstate(all="ignore"):
        turned = (1 - z) ** (a - 1) * hyp2f1(a + b - 1 - r, a - 1, a + b + x - 1, z)
        straight = (1 - z) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, z)
    left = np.where(np.isfinite(turned), turned, straight)
    if not np.isfinite(left).all():
        raise DataError("The expected purchases of this BG/NBD model cannot be computed")
    return np.asarray(left)


@dataclass(frozen=True, kw_only=True, slots=True)
class GammaGamma:
    """A fitted Gamma-Gamma model of what a purchase is worth.

    Parameters
    ----------
    p, q, gamma : float
        Purchases of a customer are gamma with shape ``p`` and a rate that is itself gamma with
        shape ``q`` and rate ``gamma``, in units of money.
    log_likelihood : float
        At these parameters.
    customers : int
        It was fitted to: those with a repeat purchase of more than nothing.
    """

    p: float
    q: float
    gamma: float
    log_likelihood: float
    customers: int

    def expected(self, repeats: ArrayLike, value: ArrayLike) -> Floats:
        """Return the expected worth of a future purchase of each customer, shape (n,).

        Parameters
        ----------
        repeats : array-like of shape (n,)
            Repeat purchases.
        value : array-like of shape (n,)
            Their mean worth; ignored without one.
        """
        x = np.asarray(repeats, np.float64)
        spent = np.where(x > 0, np.asarray(value, np.float64), 0.0) * x
        return np.asarray(self.p * (self.gamma + spent) / (self.p * x + self.q - 1))


def fit_bg_nbd(repeats: ArrayLike, last: ArrayLike, age: ArrayLike) -> BgNbd:
    """Fit the BG/NBD model by maximum likelihood.

    Parameters
    ----------
    repeats : array-like of shape (n,)
        Repeat purchases of each customer, 0 or more.
    last : array-like of shape (n,)
        Time from the first to the last purchase; 0 without a repeat.
    age : array-like of shape (n,)
        Time from the first purchase to the end of watching.

    Returns
    -------
    BgNbd

    Raises
    ------
    DataError
        If the values contradict one another, or no finite parameters fit best.
    """
    x, tx, t = _three(repeats, last, age)
    if (
        not len(x)
        or (x < 0).any()
        or (tx < 0).any()
        or (tx > t).any()
        or ((x > 0) & (t <= 0)).any()
    ):
        raise DataError(
            "These purchases cannot be",
            allowed="repeats of 0 or more, and 0 <= last purchase <= age",
        )
    rows, counts = np.unique(np.column_stack([x, tx, t]), axis=0, return_counts=True)
    scale = max(float(t.max()) / 10, np.finfo(float).tiny)
    x, tx, t = rows[:, 0], rows[:, 1] / scale, rows[:, 2] / scale
    weight = counts.astype(np.float64)

    def loss(theta: Floats) -> tuple[float, Floats]:
        value, slope = _bg_nbd(np.exp(theta), x, tx, t, weight)
        return -value, -slope

    theta, value = _best(loss, 4, "BG/NBD", _settled_buying)
    r, alpha, a, b = (float(part) for part in np.exp(theta))
    shift = float((x * weight).sum() * np.log(scale))  # the density of times, in the caller's unit
    return BgNbd(
        r=r,
        alpha=alpha * scale,
        a=a,
        b=b,
        log_likelihood=-value - shift,
        customers=int(weight.sum()),
    )


def fit_gamma_gamma(repeats: ArrayLike, value: ArrayLike) -> GammaGamma:
    """Fit the Gamma-Gamma model by maximum likelihood.

    Parameters
    ----------
    repeats : array-like of shape (n,)
        Repeat purchases of each customer.
    value : array-like of shape (n,)
        Their mean worth. Customers without a repeat, or worth nothing, are left out.

    Returns
    -------
    GammaGamma

    Raises
    ------
    DataError
        If nobody is left, or no finite parameters fit best, or the mean would be infinite.
    """
    x, m = np.asarray(repeats, np.float64), np.asarray(value, np.float64)
    used = (x > 0) & (m > 0)
    if not used.any():
        raise DataError("No customer has a repeat purchase that was worth something")
    x, m = x[used], m[used]
    scale = float(np.median(m))
    m = m / scale

    def loss(theta: Floats) -> tuple[float, Floats]:
        total, slope = _gamma_gamma(np.exp(theta), x, m)
        return -total, -slope

    theta, total = _best(loss, 3, "Gamma-Gamma", _inside)
    p, q, gamma = (float(part) for part in np.exp(theta))
    if q <= 1:
        raise DataError(
            "The worth of purchases has no mean under the Gamma-Gamma model",
            found=f"q = {q:.3g}",
            allowed="q above 1",
        )
    return GammaGamma(
        p=p,
        q=q,
        gamma=gamma * scale,
        log_likelihood=-total - len(x) * float(np.log(scale)),
        customers=len(x),
    )


def _inside(theta: Floats) -> bool:
    return bool((np.abs(theta) < BOUND - NEAR).all())


def _settled_buying(theta: Floats) -> bool:
    """Return whether an optimum is one: inside, or at the limit where nobody drops out."""
    a, b = np.exp(theta[2:])
    return _inside(theta[:2]) and (_inside(theta[2:]) or bool(a / (a + b) < NO_DROP_OUT))


def _three(*arrays: ArrayLike) -> tuple[Floats, Floats, Floats]:
    x, tx, t = (np.asarray(array, np.float64) for array in arrays)
    return x, tx, t


def _best(
    loss: Callable[[Floats], tuple[float, Floats]],
    parameters: int,
    model: str,
    settled: Callable[[Floats], bool],
) -> tuple[Floats, float]:
    """Return the logarithms of the best parameters, and the loss there."""
    from scipy.optimize import minimize

    for start in STARTS:
        end = minimize(
            loss,
            np.full(parameters, start),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-BOUND, BOUND)] * parameters,
            options={"maxiter": 2000, "ftol": 1e-14, "gtol": 1e-7},
        )
        if np.isfinite(end.fun) and settled(np.asarray(end.x)):
            return np.asarray(end.x), float(end.fun)
    raise DataError(
        f"No finite parameters of the {model} model fit these purchases best: the customers are "
        "too much alike, or too few of them come back"
    )


def _of_counts(function: Callable[[Floats], Floats], counts: Floats) -> Floats:
    """Return a function of whole numbers, worked out once for each of the few there are."""
    places = counts.astype(np.intp)
    most = int(places.max(initial=0))
    if most >= len(counts) or (places != counts).any():
        return function(counts)
    return function(np.arange(most + 1.0))[places]


def _bg_nbd(
    parameters: Floats, x: Floats, tx: Floats, t: Floats, weight: Floats
) -> tuple[float, Floats]:
    """Return the log-likelihood and its slope by the logarithms of the parameters."""
    from scipy.special import digamma, gammaln

    r, alpha, a, b = parameters
    again = x > 0
    back = np.where(again, b + x - 1, 1.0)
    alive = -(r + x) * np.log(alpha + t)
    gone = np.where(again, np.log(a) - np.log(back) - (r + x) * np.log(alpha + tx), -np.inf)
    either = np.logaddexp(alive, gone)
    value = (
        _of_counts(lambda n: gammaln(r + n), x)
        - gammaln(r)
        + r * np.log(alpha)
        + gammaln(a + b)
        + _of_counts(lambda n: gammaln(b + n), x)
        - gammaln(b)
        - _of_counts(lambda n: gammaln(a + b + n), x)
        + either
    )
    dead = np.exp(gone - either)
    live = 1 - dead
    drops = digamma(a + b) - _of_counts(lambda n: digamma(a + b + n), x)
    slopes = (
        _of_counts(lambda n: digamma(r + n), x)
        - digamma(r)
        + np.log(alpha)
        - live * np.log(alpha + t)
        - dead * np.log(alpha + tx),
        r / alpha - (r + x) * (live / (alpha + t) + dead / (alpha + tx)),
        drops + dead / a,
        drops + _of_counts(lambda n: digamma(b + n), x) - digamma(b) - dead / back,
    )
    total = float((weight * value).sum())
    slope = np.array([float((weight * part).sum()) for part in slopes]) * parameters
    return total, slope


def _gamma_gamma(parameters: Floats, x: Floats, m: Floats) -> tuple[float, Floats]:
    """Return the log-likelihood and its slope by the logarithms of the parameters."""
    from scipy.special import digamma, gammaln

    p, q, gamma = parameters
    whole = gamma + m * x
    value = (
        _of_counts(lambda n: gammaln(p * n + q), x)
        - _of_counts(lambda n: gammaln(p * n), x)
        - gammaln(q)
        + q * np.log(gamma)
        + (p * x - 1) * np.log(m)
        + p * x * np.log(x)
        - (p * x + q) * np.log(whole)
    )
    psi = _of_counts(lambda n: digamma(p * n + q), x)
    log_share = np.log(m) + np.log(x) - np.log(whole)
    slopes = (
        x * (psi - _of_counts(lambda n: digamma(p * n), x) + log_share),
        psi - digamma(q) + np.log(gamma) - np.log(whole),
        q / gamma - (p * x + q) / whole,
    )
    slope = np.array([float(part.sum()) for part in slopes]) * parameters
    return float(value.sum()), slope
