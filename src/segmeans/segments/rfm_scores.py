"""Scores of recency, frequency and money, on cut points without a unit.

Cut points are quantiles of the customers, so they carry the unit of what they cut and no score
depends on it; a customer is scored by comparing with the cut points alone, so equal customers
always get equal scores.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmeans.errors import DataError, SettingError, SourceError
from segmeans.segments.rfm_names import MOST_BINS

Floats = NDArray[np.float64]
Scores = NDArray[np.int8]
Binning = Literal["independent", "nested"]
Closed = Literal["right", "left"]
Cuts = tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RfmCuts:
    """The scale on which customers are scored: saved with the model, used for later customers.

    Parameters
    ----------
    bins : int
        Scores run from 1 to this, the best.
    recency, frequency, monetary : tuple of tuple of float
        Cut points, rising, ``bins - 1`` of them, which may repeat. Independent binning has one
        tuple each; nested binning has one tuple of frequency cuts per recency score and one of
        monetary cuts per recency and frequency score, the recency score changing slowest.
        ``monetary`` is empty for orders without amounts; the frequency score stands in.
    binning : {"independent", "nested"}
        Cut all customers, or cut within the scores before.
    closed : {"right", "left"}
        Whether a value equal to a cut point belongs below it ("right") or above.
    """

    bins: int
    recency: tuple[Cuts, ...]
    frequency: tuple[Cuts, ...]
    monetary: tuple[Cuts, ...]
    binning: Binning = "independent"
    closed: Closed = "right"


@dataclass(frozen=True, slots=True)
class RfmScores:
    """Scores of n customers, each array of shape (n,) with values from 1 to bins."""

    recency: Scores
    frequency: Scores
    monetary: Scores


def fit_cuts(
    recency: ArrayLike,
    frequency: ArrayLike,
    monetary: ArrayLike | None = None,
    *,
    bins: int = 5,
    binning: Binning = "independent",
    closed: Closed = "right",
    shift: float = 0.0,
) -> RfmCuts:
    """Find the cut points of n customers: interpolated quantiles (type 7) at equal steps.

    Parameters
    ----------
    recency : array-like of shape (n,)
        Days since the last order; few are good.
    frequency : array-like of shape (n,)
        Number of orders.
    monetary : array-like of shape (n,), optional
        Revenue.
    bins : int, default=5
        Number of scores, 2 to 10.
    binning : {"independent", "nested"}, default="independent"
        Cut all customers, or cut frequency within each recency score and money within both.
    closed : {"right", "left"}, default="right"
        Where a value equal to a cut point belongs.
    shift : float, default=0.0
        Added to every cut point. With ``shift=1`` and ``closed="left"`` the cut points and scores
        are those of the R package rfm, which depend on the unit of money; leave it at 0.

    Raises
    ------
    SettingError
        For a choice that does not exist.
    DataError
        For no customers, arrays of different lengths, or values that are no numbers.

    Examples
    --------
    >>> fit_cuts([1, 2, 3, 4], [1, 1, 1, 2], bins=2).frequency
    ((1.0,),)
    """
    _check_choices(bins, binning, closed)
    days, orders, money = checked_values(recency, frequency, monetary)
    shares = np.arange(1, bins) / bins

    def cut(values: Floats) -> Cuts:
        if not len(values):
            return ()
        return tuple(float(value) + shift for value in np.quantile(values, shares))

    def within(values: Floats, groups: NDArray[np.int64], count: int) -> tuple[Cuts, ...]:
        return tuple(cut(values[groups == group]) for group in range(count))

    by_recency = (cut(days),)
    if binning == "independent":
        spent = () if money is None else (cut(money),)
        return RfmCuts(
            bins=bins, recency=by_recency, frequency=(cut(orders),), monetary=spent, closed=closed
        )
    first = _above(days, by_recency[0], closed)
    first = bins - 1 - first
    by_frequency = within(orders, first, bins)
    second = first * bins + _nested(orders, by_frequency, first, closed)
    return RfmCuts(
        bins=bins,
        recency=by_recency,
        frequency=by_frequency,
        monetary=() if money is None else within(money, second, bins * bins),
        binning="nested",
        closed=closed,
    )


def own_cuts(
    recency: Sequence[float],
    frequency: Sequence[float],
    monetary: Sequence[float] = (),
    *,
    closed: Closed = "right",
) -> RfmCuts:
    """Return a scale with cut points chosen by a person.

    Parameters
    ----------
    recency, frequency, monetary : sequence of float
        Rising cut points, the same number of each; without amounts, no monetary ones.
    closed : {"right", "left"}, default="right"
        Where a value equal to a cut point belongs.

    Raises
    ------
    SettingError
        If the numbers of cut points differ, or they do not rise.
    """
    bins = len(recency) + 1
    _check_choices(bins, "independent", closed)
    for name, cuts in (("recency", recency), ("frequency", frequency), ("monetary", monetary)):
        if len(cuts) != bins - 1 and not (name == "monetary" and not len(cuts)):
            raise SettingError(
                "Recency, frequency and monetary need the same number of cut points",
                where=name,
                found=len(cuts),
                allowed=str(bins - 1),
            )
        if not np.isfinite(cuts).all() or (np.diff(cuts) <= 0).any():
            raise SettingError("Cut points must rise", where=name, found=list(cuts))
    spent = (tuple(map(float, monetary)),) if len(monetary) else ()
    return RfmCuts(
        bins=bins,
        recency=(tuple(map(float, recency)),),
        frequency=(tuple(map(float, frequency)),),
        monetary=spent,
        closed=closed,
    )


def cuts_from(saved: Mapping[str, Any]) -> RfmCuts:
    """Return a scale that was saved as a dictionary, for example in a model file.

    Parameters
    ----------
    saved : mapping
        What ``dataclasses.asdict`` makes of the scale, before or after JSON.

    Raises
    ------
    SettingError
        If a part is missing or unknown, or the cut points are not those of such a scale.
    """
    features = ("recency", "frequency", "monetary")
    try:
        parts: dict[str, Any] = {
            name: tuple(tuple(float(value) for value in cuts) for cuts in saved[name])
            for name in features
        }
        rest = {name: value for name, value in saved.items() if name not in features}
        cuts = RfmCuts(**(rest | {"bins": int(rest["bins"])}), **parts)
    except (KeyError, TypeError, ValueError) as error:
        raise SettingError("The saved RFM cut points cannot be read", found=str(error)) from None
    _check_choices(cuts.bins, cuts.binning, cuts.closed)
    nested = cuts.binning == "nested"
    groups = (1, cuts.bins, cuts.bins**2) if nested else (1, 1, 1)
    for name, count in zip(features, groups, strict=True):
        scales = parts[name]
        if len(scales) != count and not (name == "monetary" and not scales):
            raise SettingError("The saved RFM scale has the wrong size", where=name)
        for scale in scales:
            full = len(scale) == cuts.bins - 1 or (nested and not scale)
            if not full or not np.isfinite(scale).all() or (np.diff(scale) < 0).any():
                raise SettingError(
                    "The saved RFM cut points do not rise, or are not as many as they should be",
                    where=name,
                    found=list(scale),
                )
    return cuts


def read_cuts(path: str | Path) -> RfmCuts:
    """Read a scale from a JSON file.

    Parameters
    ----------
    path : str or Path
        The ``orders.json`` of a study, whose scale is taken, or a file with your own cut points:
        ``{"recency": [30, 90], "frequency": [1, 3], "monetary": [50, 200]}``, without ``monetary``
        for orders without amounts, and with ``"closed": "left"`` if a value equal to a cut point
        belongs above it.

    Raises
    ------
    SourceError
        If the file cannot be read as JSON.
    SettingError
        If it holds no scale, or a wrong one.
    """
    try:
        saved = json.loads(Path(path).read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise SourceError(
            "The RFM cut points cannot be read", where=str(path), found=str(error)
        ) from None
    whole = saved if isinstance(saved, dict) else {}
    if isinstance(whole.get("rfm"), dict):
        return cuts_from(whole["rfm"].get("cuts", {}))
    unknown = set(whole) - {"recency", "frequency", "monetary", "closed"}
    try:
        if unknown:
            raise ValueError(", ".join(sorted(map(str, unknown))))
        days, orders = (
            [float(value) for value in whole[name]] for name in ("recency", "frequency")
        )
        money = [float(value) for value in whole.get("monetary", ())]
    except (KeyError, TypeError, ValueError) as error:
        raise SettingError(
            "The file holds no RFM cut points",
            where=str(path),
            found=str(error),
            allowed="the orders.json of a study, or lists of numbers named recency, frequency and "
            "monetary",
        ) from None
    return own_cuts(days, orders, money, closed=whole.get("closed", "right"))


def score(
    cuts: RfmCuts, recency: ArrayLike, frequency: ArrayLike, monetary: ArrayLike | None = None
) -> RfmScores:
    """Score customers on a scale; equal customers get equal scores.

    Parameters
    ----------
    cuts : RfmCuts
        The scale.
    recency, frequency, monetary : array-like of shape (n,)
        As for :func:`fit_cuts`, also of later customers.

    Raises
    ------
    DataError
        For arrays that do not fit, or amounts that are missing though the scale has them.
    """
    days, orders, money = checked_values(recency, frequency, monetary)
    if (money is None) != (not cuts.monetary):
        raise DataError(
            "The scale and the customers do not fit",
            found="amounts on one side only",
            hint="score with amounts where the scale was made with amounts",
        )
    bins = cuts.bins
    first = bins - 1 - _above(days, cuts.recency[0], cuts.closed)
    if cuts.binning == "independent":
        second = _above(orders, cuts.frequency[0], cuts.closed)
        third = second if money is None else _above(money, cuts.monetary[0], cuts.closed)
    else:
        second = _nested(orders, cuts.frequency, first, cuts.closed)
        third = (
            second
            if money is None
            else _nested(money, cuts.monetary, first * bins + second, cuts.closed)
        )
    return RfmScores(*((part + 1).astype(np.int8) for part in (first, second, third)))


# Checks


def _check_choices(bins: int, binning: str, closed: str) -> None:
    if not 2 <= bins <= MOST_BINS:
        raise SettingError(
            "The number of RFM scores is out of range", found=bins, allowed=f"2 to {MOST_BINS}"
        )
    for name, value, allowed in (
        ("binning", binning, ("independent", "nested")),
        ("closed", closed, ("right", "left")),
    ):
        if value not in allowed:
            raise SettingError(
                f"The choice {name!r} does not exist", found=value, allowed=", ".join(allowed)
            )


def checked_values(
    recency: ArrayLike, frequency: ArrayLike, monetary: ArrayLike | None
) -> tuple[Floats, Floats, Floats | None]:
    """Return recency, frequency and money as arrays of numbers of one length.

    Raises
    ------
    DataError
        For no customers, different lengths, or values that are no numbers.
    """
    days, orders = np.asarray(recency, np.float64), np.asarray(frequency, np.float64)
    money = None if monetary is None else np.asarray(monetary, np.float64)
    arrays = [array for array in (days, orders, money) if array is not None]
    if any(array.shape != (len(days),) for array in arrays) or not len(days):
        raise DataError(
            "RFM needs one value per customer and feature",
            found=" and ".join(str(array.shape) for array in arrays),
        )
    if any(not np.isfinite(array).all() for array in arrays):
        raise DataError("RFM needs numbers: a value is missing or infinite")
    return days, orders, money


def _above(values: Floats, cuts: Cuts, closed: Closed) -> NDArray[np.int64]:
    """Return how many cut points lie below each value."""
    side: Literal["left", "right"] = "left" if closed == "right" else "right"
    return np.searchsorted(np.asarray(cuts), values, side=side)


def _nested(
    values: Floats, cuts: tuple[Cuts, ...], groups: NDArray[np.int64], closed: Closed
) -> NDArray[np.int64]:
    """Return the same with the cut points of each value's group; 0 in a group without any."""
    scores = np.zeros(len(values), dtype=np.int64)
    for group in np.unique(groups):
        members = groups == group
        scores[members] = _above(values[members], cuts[group], closed)
    return scores
