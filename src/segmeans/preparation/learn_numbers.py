"""Numbers and dates: transform, caps, what stands in for missing values, scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from segmeans.preparation import findings, numbers
from segmeans.preparation.measure import Spread, beyond, moments
from segmeans.preparation.skew import Column, with_transform
from segmeans.preparation.transforms import LARGEST, Transform
from segmeans.records import FeatureState, Finding
from segmeans.settings import Settings
from segmeans.tables import sql

if TYPE_CHECKING:
    from segmeans.tables.duck import Table

#: The quartiles of a normal distribution are this many standard deviations apart.
NORMAL_QUARTILES = 1.3489795003921634


def learn_numbers(
    table: Table,
    features: Sequence[FeatureState],
    spread: Mapping[str, Spread],
    distinct: Mapping[str, int],
    settings: Settings,
    where: sql.Expression | None,
) -> tuple[list[FeatureState], list[Finding]]:
    """Return the states of numbers and dates, in the order given, and what was odd.

    Parameters
    ----------
    table : Table
        The rows.
    features : sequence of FeatureState
        Column, kind and weight; none of them constant.
    spread : mapping
        The spread of each column.
    distinct : mapping
        How many different values each column has, 0 if unknown.
    settings : Settings
        ``transform``, ``outliers``, ``missing`` and ``scale`` count.
    where : Expression or None
        Which rows are used.
    """
    raw = moments(table, [(feature, spread[feature.column]) for feature in features], where)
    columns = [
        Column(feature, spread[feature.column], distinct[feature.column], found, found)
        for feature, found in zip(features, raw, strict=True)
    ]
    columns = with_transform(table, columns, settings.transform, where)
    columns = _with_caps(table, columns, settings.outliers, where)
    columns = [_filled_and_scaled(column, settings) for column in columns]
    odd = [finding for column in columns for finding in column.findings]
    return [column.feature for column in columns], odd


# Caps


def _with_caps(
    table: Table, columns: Sequence[Column], wish: str, where: sql.Expression | None
) -> list[Column]:
    """Decide the caps of each column and measure what they change."""
    capped = [_caps(column, wish) for column in columns]
    biting = {
        feature.column: (feature, column.spread)
        for feature, column in zip(capped, columns, strict=True)
        if _outside(column.spread, *numbers.limits(feature))
    }
    counts = beyond(table, [feature for feature, _ in biting.values()], where)
    outside = dict(zip(biting, counts, strict=True))
    inner = dict(zip(biting, moments(table, list(biting.values()), where), strict=True))
    far_out = _far_out(table, columns, where) if wish == "cap" else {}
    return [
        replace(
            _with_counts(
                column, feature, outside.get(feature.column, (0, 0)), far_out.get(feature.column, 0)
            ),
            inner=inner.get(feature.column, column.inner),
        )
        for column, feature in zip(columns, capped, strict=True)
    ]


def _with_counts(
    column: Column, feature: FeatureState, outside: tuple[int, int], far_out: int
) -> Column:
    """Return the column with its caps, how many values they set, and what that means."""
    below, above = outside
    odd = list(column.findings)
    if below or above:
        odd.append(findings.capped_values(feature, below, above))
    if far_out > below + above:
        kept = far_out - below - above
        odd.append(findings.far_out_kept(feature.column, kept, feature.transform))
    feature = replace(feature, after={"below": float(below), "above": float(above)})
    return replace(column, feature=feature, findings=tuple(odd))


def _far_out(
    table: Table, columns: Sequence[Column], where: sql.Expression | None
) -> dict[str, int]:
    """Count the values beyond the fences of the transformed values, per transformed column."""
    fenced = []
    for column in columns:
        fences = _fences_in_units(column.spread, numbers.transform(column.feature))
        if column.feature.transform != "none" and fences and _outside(column.spread, *fences):
            fenced.append(replace(column.feature, low=fences[0], high=fences[1]))
    counts = beyond(table, fenced, where)
    return {feature.column: sum(pair) for feature, pair in zip(fenced, counts, strict=True)}


def _outside(spread: Spread, low: float, high: float) -> bool:
    return spread.low < low or spread.high > high


def _caps(column: Column, wish: str) -> FeatureState:
    """Return the feature with its caps, in its own units.

    A value is far out if it lies beyond the fences both as it stands and after the transform: a
    logarithm stretches small amounts, which does not make them wrong. A logarithm also needs a
    lowest value for customers to come; the smallest known one serves.
    """
    feature, spread = column.feature, column.spread
    transform = numbers.transform(feature)
    low, high = -LARGEST, LARGEST
    fences = _fences_in_units(spread, transform) if wish == "cap" else None
    if fences is not None:
        own = spread.fences() or fences
        low, high = min(own[0], fences[0]), max(own[1], fences[1])
    if feature.transform in ("log", "log1p") and low < spread.low:
        low = spread.low
    return replace(
        feature, low=low if low > -LARGEST else None, high=high if high < LARGEST else None
    )


def _fences_in_units(spread: Spread, transform: Transform) -> tuple[float, float] | None:
    """Return the fences of the transformed values, carried back."""
    fences = spread.through(transform).fences()
    if fences is None:
        return None
    low, high = (transform.back(fence) for fence in fences)
    return (low if low > -math.inf else -LARGEST), (high if high < math.inf else LARGEST)


# What stands in for missing values, and the scale


def _filled_and_scaled(column: Column, settings: Settings) -> Column:
    feature, spread, inner = column.feature, column.spread, column.inner
    fill = column.raw.mean if settings.missing == "mean" else spread.median
    centre, scale, replaced = _centre_and_scale(column, settings.scale)
    before = {
        "min": spread.low,
        "median": spread.median,
        "mean": column.raw.mean,
        "max": spread.high,
        "std": column.raw.std,
        "skew": column.raw.skew,
    }
    after = {"mean": inner.mean, "std": inner.std, "skew": inner.skew, **feature.after}
    odd = list(column.findings)
    if column.distinct > 2 and spread.fences() is None:
        odd.append(findings.hardly_varies(feature.column))
    if replaced:
        odd.append(findings.scale_replaced(feature.column))
    state = replace(feature, fill=fill, centre=centre, scale=scale, before=before, after=after)
    return replace(column, feature=state, findings=tuple(odd))


def _centre_and_scale(column: Column, scale: str) -> tuple[float, float, bool]:
    """Return what is subtracted and divided by, and whether robust scaling was impossible."""
    inner = column.spread.within(*numbers.limits(column.feature))
    inner = inner.through(numbers.transform(column.feature))
    if scale == "none":
        return 0.0, 1.0, False
    if scale == "minmax":
        return inner.low, inner.high - inner.low, False
    if scale == "robust":
        quartiles = inner.quantiles[3] - inner.quantiles[1]
        if quartiles > 0.0:
            return inner.median, quartiles / NORMAL_QUARTILES, False
        return inner.median, column.inner.std, True
    return column.inner.mean, column.inner.std, False
