"""The transforms of a number, each as array, as SQL and backwards, and what is measured of them.

Array and SQL use the same formulas step by step (``ln(1 + x)``, never ``log1p``), so that both
give the same numbers but for the last bit of the engine's own logarithm and power.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from segmeans.tables import sql

Floats = npt.NDArray[np.float64]
Name = Literal["none", "log", "log1p", "yeo-johnson"]

#: Numbers beyond this count as infinite: nobody has so much of anything, and the fourth power,
#: squared, is still a number.
LARGEST = 1e36
#: Limits of the exponent of Yeo-Johnson, symmetrical about 1, which changes nothing.
EXPONENTS = (-2.0, 4.0)
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


@dataclass(frozen=True, slots=True)
class Transform:
    """A rising function of one number.

    Parameters
    ----------
    name : {"none", "log", "log1p", "yeo-johnson"}
        Which one: x, ln x, ln(1 + x) or the power transform of Yeo and Johnson (Biometrika 87,
        2000, 954-959).
    exponent : float, default=1.0
        Lambda of Yeo-Johnson; 1 changes nothing, below 1 draws in the upper tail.

    Examples
    --------
    >>> square_root = Transform("yeo-johnson", 0.5)
    >>> square_root.forward(np.array([3.0])), square_root.backward(np.array([2.0]))
    (array([2.]), array([3.]))
    """

    name: Name = "none"
    exponent: float = 1.0

    def forward(self, values: Floats) -> Floats:
        """Return the transformed values; logarithms need values in their domain."""
        if self.name == "log":
            return np.log(values)
        if self.name == "log1p":
            return np.log(1.0 + values)
        if self.name == "yeo-johnson":
            upper = _power_forward(np.where(values >= 0, values, 0.0), self.exponent)
            lower = _power_forward(np.where(values < 0, 0.0 - values, 0.0), 2.0 - self.exponent)
            return np.where(values >= 0, upper, 0.0 - lower)
        return values

    def backward(self, values: Floats) -> Floats:
        """Return the values that ``forward`` maps here, infinite beyond its range."""
        with np.errstate(over="ignore", divide="ignore"):
            if self.name == "log":
                return np.exp(values)
            if self.name == "log1p":
                return np.expm1(values)
            if self.name == "yeo-johnson":
                upper = _power_backward(np.where(values >= 0, values, 0.0), self.exponent)
                lower = _power_backward(np.where(values < 0, -values, 0.0), 2.0 - self.exponent)
                return np.where(values >= 0, upper, 0.0 - lower)
        return values

    def at(self, value: float) -> float:
        """Return the transformed value of one number."""
        return float(self.forward(np.array([value]))[0])

    def back(self, value: float) -> float:
        """Return the number whose transformed value is this."""
        return float(self.backward(np.array([value]))[0])

    def branches(
        self, value: sql.Expression, low: float, high: float
    ) -> list[tuple[sql.Expression, sql.Expression]]:
        """Return conditions on a value between two limits, each with the transformed value.

        Yeo-Johnson has one branch on each side of zero, the others one in all.
        """
        if self.name != "yeo-johnson":
            return [(_within(value, low, high), self._expression(value))]
        minus = sql.subtract(sql.number(0.0), value)
        upper = _power_expression(value, self.exponent)
        lower = _power_expression(minus, 2.0 - self.exponent)
        pieces = []
        if high >= 0:
            pieces.append((_within(value, max(low, 0.0), high), upper))
        if low < 0:
            lower = sql.subtract(sql.number(0.0), lower)
            pieces.append((_within(value, low, min(high, 0.0)), lower))
        return pieces

    def _expression(self, value: sql.Expression) -> sql.Expression:
        if self.name == "log":
            return sql.ln(value)
        return sql.ln1p(value) if self.name == "log1p" else value


def _within(value: sql.Expression, low: float, high: float) -> sql.Expression:
    return sql.between(value, sql.number(low), sql.number(high))


def _power_forward(values: Floats, exponent: float) -> Floats:
    """Return ((1 + x)**e - 1) / e of values that are not negative, ln(1 + x) at e = 0."""
    if exponent == 0.0:
        return np.log(1.0 + values)
    return (np.power(1.0 + values, exponent) - 1.0) / exponent


def _power_backward(values: Floats, exponent: float) -> Floats:
    if exponent == 0.0:
        return np.expm1(values)
    inside = np.maximum(1.0 + exponent * values, 0.0)
    return np.power(inside, 1.0 / exponent) - 1.0


def _power_expression(value: sql.Expression, exponent: float) -> sql.Expression:
    if exponent == 0.0:
        return sql.ln1p(value)
    raised = sql.power(sql.add(sql.number(1.0), value), sql.number(exponent))
    return sql.divide(sql.subtract(raised, sql.number(1.0)), sql.number(exponent))


def yeo_johnson_exponent(values: Sequence[float] | Floats) -> float:
    """Return the most likely exponent of Yeo-Johnson, to two decimals.

    Parameters
    ----------
    values : sequence of float, shape (n,)
        At least two different numbers.

    Returns
    -------
    float
        The maximum of the normal log-likelihood within -2 to 4, found by golden-section search.
        Two decimals are far finer than its standard error and keep the formula well conditioned
        near 0 and 2, where it turns into a logarithm.

    Examples
    --------
    >>> yeo_johnson_exponent(np.expm1(np.linspace(0.5, 3.5, 25)))
    0.0
    """
    numbers = np.asarray(values, dtype=np.float64)
    jacobian = float(np.sum(np.sign(numbers) * np.log1p(np.abs(numbers))))

    def loss(exponent: float) -> float:
        spread = float(np.var(Transform("yeo-johnson", exponent).forward(numbers)))
        if not 0.0 < spread < math.inf:
            return math.inf
        return 0.5 * numbers.size * math.log(spread) - (exponent - 1.0) * jacobian

    low, high = EXPONENTS
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = loss(left), loss(right)
    while high - low > 1e-4:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = loss(right)
    return round((low + high) / 2.0, 2) + 0.0


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean, standard deviation (divisor n) and skew of a column."""

    mean: float
    std: float
    skew: float

    @classmethod
    def from_sums(cls, sums: Sequence[float], n: int, centre: float, unit: float) -> Moments:
        """Return the moments from the n-row sums of u, u**2, u**3 with u = (x - centre) / unit.

        With the median as centre, mean and median are never more than one standard deviation
        apart, so the subtraction below costs no accuracy.
        """
        first, second, third = (value / n for value in sums)
        variance = max(second - first * first, 0.0)
        skew = 0.0
        if variance > 0.0:
            skew = (third - 3.0 * first * second + 2.0 * first**3) / variance**1.5
        return cls(centre + unit * first, unit * math.sqrt(variance), skew)
