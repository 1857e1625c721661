"""RFM names against segments: how far they agree, and which foresees the next period better.

Both are made from what was known until a day; what customers did afterwards is foreseen as the
mean of the *other* customers of the same group, so that many small groups win nothing by
remembering their own members.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmeans.clustering.agreement import adjusted_rand, contingency
from segmeans.errors import DataError
from segmeans.records import Score

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FOLDS = 10
BLOCKS = 1_000  # customers are summed into so many random blocks, which are then resampled
RESAMPLES = 2_000
INTERVAL = (0.025, 0.975)
CAP = 0.99  # revenue above this quantile counts as the quantile: one giant must not decide

Target = Literal["revenue", "active"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Foresight:
    """How well two ways to group customers foresee one outcome.

    Skill is 1 - error / error of foreseeing the mean of everyone, with squared errors: 1 is
    perfect, 0 knows nothing, below 0 is worse than nothing. Intervals hold 95 % of resamples of
    customers.
    """

    target: Target
    customers: int
    everyone: float  # mean of the outcome
    rfm: Score
    segments: Score
    difference: Score  # segments - rfm
    better: Literal["rfm", "segments", "neither"]  # neither: the interval holds 0
    by_name: tuple[float | None, ...]  # mean outcome per RFM name; None for nobody
    by_segment: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RfmComparison:
    """RFM names against segments.

    Parameters
    ----------
    names : tuple of str
        The rows of the table.
    table : tuple of tuple of int
        Customers per name (row) and segment (column).
    agreement : float
        Adjusted Rand index: 1 for the same groups, about 0 for unrelated ones.
    foresight : tuple of Foresight
        One per outcome; empty without a next period.
    days : int
        Length of the next period; 0 without one.
    """

    names: tuple[str, ...]
    table: tuple[tuple[int, ...], ...]
    agreement: float
    foresight: tuple[Foresight, ...] = ()
    days: int = 0


def compare(
    names: ArrayLike,
    labels: ArrayLike,
    *,
    name_list: Sequence[str],
    segments: int,
    later_revenue: ArrayLike | None = None,
    later_active: ArrayLike | None = None,
    days: int = 0,
    seed: int = 0,
) -> RfmComparison:
    """Compare RFM names with segments of the same customers.

    Parameters
    ----------
    names : array-like of shape (n,)
        Index of each customer's name in ``name_list``.
    labels : array-like of shape (n,)
        Segment of each customer from 1; customers with 0 are left out.
    name_list : sequence of str
        The names.
    segments : int
        Number of segments.
    later_revenue, later_active : array-like of shape (n,), optional
        Revenue in the next period, and whether there was a purchase (0 or 1). Names and segments
        must then be those of the day before it.
    days : int, default=0
        Length of the next period.
    seed : int, default=0
        Of the folds and resamples.

    Returns
    -------
    RfmComparison

    Raises
    ------
    DataError
        If the arrays do not fit, or too few customers are left.
    """
    row, column = np.asarray(names, np.int64), np.asarray(labels, np.int64) - 1
    outcomes: dict[Target, Floats] = {}
    if later_revenue is not None:
        outcomes["revenue"] = np.asarray(later_revenue, np.float64)
    if later_active is not None:
        outcomes["active"] = np.asarray(later_active, np.float64)
    if any(array.shape != row.shape for array in (column, *outcomes.values())):
        raise DataError("Names, segments and outcomes need one value per customer")
    known = column >= 0
    row, column = row[known], column[known]
    table = contingency(row, column, len(name_list), segments)
    foresight = tuple(
        _foreseen(target, row, column, later[known], (len(name_list), segments), seed)
        for target, later in outcomes.items()
        if not np.isnan(later[known]).any()
    )
    return RfmComparison(
        names=tuple(name_list),
        table=tuple(tuple(int(count) for count in counts) for counts in table),
        agreement=adjusted_rand(table),
        foresight=foresight,
        days=days,
    )


def _foreseen(
    target: Target, row: Ints, column: Ints, later: Floats, sizes: tuple[int, int], seed: int
) -> Foresight:
    n = len(later)
    if n < 2 * FOLDS:
        raise DataError(
            "Too few customers to foresee anything", found=n, allowed=f"{2 * FOLDS} at least"
        )
    capped = np.minimum(later, np.quantile(later, CAP)) if target == "revenue" else later
    rng = np.random.default_rng(seed)
    fold = rng.permutation(n) % FOLDS
    block = rng.permutation(n) % min(n, BLOCKS)
    nothing = np.zeros(n, dtype=np.int64)
    losses = np.stack(
        [
            _losses(groups, count, capped, fold, block)
            for groups, count in ((nothing, 1), (row, sizes[0]), (column, sizes[1]))
        ]
    )
    drawn = _resampled(losses, rng)
    by_rfm, by_segments = _skill(drawn, 1), _skill(drawn, 2)
    whole = losses.sum(axis=1, keepdims=True)
    rfm, segment = float(_skill(whole, 1)[0]), float(_skill(whole, 2)[0])
    difference = _scored(segment - rfm, by_segments - by_rfm)
    return Foresight(
        target=target,
        customers=n,
        everyone=float(later.mean()),
        rfm=_scored(rfm, by_rfm),
        segments=_scored(segment, by_segments),
        difference=difference,
        better=_better(difference),
        by_name=_means(row, later, sizes[0]),
        by_segment=_means(column, later, sizes[1]),
    )


def _losses(groups: Ints, count: int, later: Floats, fold: Ints, block: Ints) -> Floats:
    """Return the squared error of foreseeing each customer by the others' mean, per block."""
    cell = groups * FOLDS + fold
    sums = np.bincount(cell, later, count * FOLDS).reshape(count, FOLDS)
    sizes = np.bincount(cell, minlength=count * FOLDS).reshape(count, FOLDS)
    other_sums = sums.sum(axis=1, keepdims=True) - sums
    others = sizes.sum(axis=1, keepdims=True) - sizes
    general = (sums.sum() - sums.sum(axis=0)) / (len(later) - sizes.sum(axis=0))
    means = np.where(others > 0, other_sums / np.maximum(others, 1), general)
    error = (later - means[groups, fold]) ** 2
    return np.bincount(block, error).astype(np.float64)


def _resampled(losses: Floats, rng: np.random.Generator) -> Floats:
    """Return the total losses of resamples of the blocks, shape (3, RESAMPLES)."""
    blocks = losses.shape[1]
    drawn = np.empty((len(losses), RESAMPLES))
    for sample in range(RESAMPLES):
        drawn[:, sample] = losses[:, rng.integers(0, blocks, blocks)].sum(axis=1)
    return drawn


def _skill(losses: Floats, which: int) -> Floats:
    return np.asarray(1 - losses[which] / np.maximum(losses[0], np.finfo(float).tiny))


def _scored(value: float, drawn: Floats) -> Score:
    low, high = np.quantile(drawn, INTERVAL)
    return Score(
        value=value,
        low=float(low),
        high=float(high),
        error=float(drawn.std()),
        how=f"{FOLDS} folds, {RESAMPLES:,} resamples",
    )


def _better(difference: Score) -> Literal["rfm", "segments", "neither"]:
    if difference.low is not None and difference.low > 0:
        return "segments"
    if difference.high is not None and difference.high < 0:
        return "rfm"
    return "neither"


def _means(groups: Ints, later: Floats, count: int) -> tuple[float | None, ...]:
    sizes = np.bincount(groups, minlength=count)
    sums = np.bincount(groups, later, count)
    return tuple(
        float(total / size) if size else None for total, size in zip(sums, sizes, strict=True)
    )
