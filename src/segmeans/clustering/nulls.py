"""Data of the same shape without segments, to see what every score is worth.

Each family keeps something of the table and drops the segments:

uniform
    Uniform in the box of the principal components (Tibshirani, Walther & Hastie 2001): keeps the
    extent and its directions.
gaussian
    One bell curve with the same covariance: keeps the correlations.
permuted
    Columns shuffled independently: keeps every single column exactly, drops what joins them.
single-peaked
    One crowd with the same correlations whose columns are as skewed and heavy-tailed as the real
    ones, but have a single peak each: the hardest to beat.

Real segments stand out from all of them except, sometimes, ``permuted``: segments that one column
alone makes are there after shuffling too.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Literal

import numpy as np

from segmeans.clustering.kernels import Floats
from segmeans.clustering.sums import column_sums

Family = Literal["uniform", "gaussian", "permuted", "single-peaked"]
FAMILIES: tuple[Family, ...] = ("uniform", "gaussian", "permuted", "single-peaked")

_FEW_LEVELS = 25  # a column with at most so many values keeps them
_BINS = 100
_PEAKS = 33  # places tried for the peak
_MATCHING = 4  # rounds of matching the correlation
_TRIAL_ROWS = 2048


class NullMaker:
    """Draw tables without segments that resemble given points.

    Parameters
    ----------
    points : ndarray of shape (m, d)
    weights : ndarray of shape (m,)
    generator : numpy.random.Generator
        For the trial rows that match the correlation of the single-peaked tables.
    """

    def __init__(self, points: Floats, weights: Floats, generator: np.random.Generator) -> None:
        share = weights / weights.sum()
        self._points, self._cumulated = points, np.cumsum(share)
        self._mean = column_sums(share, points)
        centred = points - self._mean
        covariance = (centred * share[:, None]).T @ centred
        self._axes = np.linalg.eigh(covariance)[1]
        self._root = matrix_root(covariance)
        scores = centred @ self._axes
        self._low, self._high = scores.min(axis=0), scores.max(axis=0)
        size = min(float(weights.sum()), len(points))
        self._margins = [single_peak(column, share, size) for column in points.T]
        self._latent = self._match(_correlation(covariance), generator)

    def draw(self, family: Family, rows: int, generator: np.random.Generator) -> Floats:
        """Return one table of the family, shape (rows, d)."""
        d = self._points.shape[1]
        if family == "uniform":
            box = generator.uniform(self._low, self._high, (rows, d))
            return np.asarray(self._mean + box @ self._axes.T)
        if family == "permuted":
            places = np.searchsorted(self._cumulated, generator.random((rows, d)), side="right")
            places = np.minimum(places, len(self._points) - 1)
            return np.take_along_axis(self._points, places, axis=0)
        normal = generator.standard_normal((rows, d))
        if family == "gaussian":
            return np.asarray(self._mean + normal @ self._root.T)
        return self._shape(normal @ self._latent.T)

    def _shape(self, latent: Floats) -> Floats:
        """Give standard normal columns the single-peaked margins."""
        columns = [margin(z) for margin, z in zip(self._margins, latent.T, strict=True)]
        return np.column_stack(columns)

    def _match(self, target: Floats, generator: np.random.Generator) -> Floats:
        """Find the latent correlation that gives the columns the target correlation."""
        normal = generator.standard_normal((_TRIAL_ROWS, len(target)))
        latent = target.copy()
        for _ in range(_MATCHING):
            drawn = self._shape(normal @ matrix_root(latent).T)
            latent = np.clip(latent + target - _correlation(np.cov(drawn.T)), -0.99, 0.99)
            np.fill_diagonal(latent, 1.0)
        return matrix_root(latent)


def matrix_root(symmetric: Floats) -> Floats:
    """Return R with R R^T equal to the matrix; what is negative in it counts as zero."""
    values, axes = np.linalg.eigh(np.atleast_2d(symmetric))
    return np.asarray(axes * np.sqrt(np.maximum(values, 0.0)))


def _correlation(covariance: Floats) -> Floats:
    covariance = np.atleast_2d(covariance)
    deviation = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    correlation = covariance / deviation / deviation[:, None]
    np.fill_diagonal(correlation, 1.0)
    return np.asarray(correlation)


class Margin:
    """One column's distribution, reached from a standard normal variable."""

    def __init__(self, probabilities: Floats, values: Floats, *, levels: bool) -> None:
        inner = probabilities.clip(1e-6, 1 - 1e-6)
        self._z = np.array([NormalDist().inv_cdf(float(p)) for p in inner])
        self._values, self._levels = values, levels

    def __call__(self, z: Floats) -> Floats:
        """Return the quantiles of standard normal values."""
        if self._levels:
            places = np.searchsorted(self._z, z, side="right")
            return np.asarray(self._values[np.minimum(places, len(self._values) - 1)])
        return np.asarray(np.interp(z, self._z, self._values))


def single_peak(column: Floats, share: Floats, size: float) -> Margin:
    """Fit the nearest distribution with a single peak to a column.

    The density over bins of equal content rises up to the peak and falls after it, as close as
    isotonic regression gets; the peak is put where the largest difference between the two
    cumulative distributions, the dip of Hartigan & Hartigan (1985), is smallest. A column of few
    levels keeps them, and their shares get a single peak.
    """
    levels, where = np.unique(column, return_inverse=True)
    content = np.bincount(where, share).astype(np.float64)
    if len(levels) <= _FEW_LEVELS:
        fitted = _unimodal(content, np.ones(len(levels)))
        return Margin(np.cumsum(fitted), levels, levels=True)
    bins = int(np.clip(size / 8, 8, _BINS))
    cumulated = np.concatenate([[0.0], np.cumsum(content)])
    edges = np.concatenate([levels[:1], (levels[1:] + levels[:-1]) / 2, levels[-1:]])
    at = np.unique(np.interp(np.linspace(0, 1, bins + 1), cumulated, edges))
    mass = np.diff(np.interp(at, edges, cumulated))
    fitted = _unimodal(mass, np.diff(at))
    return Margin(np.concatenate([[0.0], np.cumsum(fitted)]), at, levels=False)


def _unimodal(mass: Floats, width: Floats) -> Floats:
    """Return the masses of the single-peaked density nearest to ``mass / width``."""
    density, best, smallest = mass / width, mass, np.inf
    for peak in np.unique(np.linspace(0, len(mass) - 1, _PEAKS).astype(int)):
        rise = _isotonic(density[: peak + 1], width[: peak + 1])
        fall = _isotonic(density[:peak:-1], width[:peak:-1])[::-1]
        fitted = np.concatenate([rise, fall]) * width
        dip = float(np.abs(np.cumsum(fitted - mass)).max())
        if dip < smallest:
            best, smallest = fitted, dip
    return np.asarray(best / best.sum())


def _isotonic(values: Floats, width: Floats) -> Floats:
    """Weighted least-squares rising fit by pooling adjacent violators."""
    levels: list[float] = []
    spans: list[float] = []
    counts: list[int] = []
    for value, span in zip(values.tolist(), width.tolist(), strict=True):
        count = 1
        while levels and levels[-1] >= value:
            total = spans[-1] + span
            value = (levels.pop() * spans[-1] + value * span) / total
            spans.pop()
            span, count = total, count + counts.pop()
        levels.append(value)
        spans.append(span)
        counts.append(count)
    return np.repeat(levels, counts)
