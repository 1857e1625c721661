"""Which transform a number gets: the one asked for, or the one its measured skew asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segmeans.preparation import findings, numbers
from segmeans.preparation.measure import Spread, moments, samples
from segmeans.preparation.transforms import Moments, Name, yeo_johnson_exponent
from segmeans.records import FeatureState, Finding
from segmeans.tables import sql

if TYPE_CHECKING:
    from segmeans.tables.duck import Table

#: A distribution whose skew is larger than this in size is worth a transform.
SKEWED = 1.0
#: Columns with no more different values are ratings or small counts and stay as they are.
FEW_VALUES = 10

_SHOWN = {"log": "ln(x)", "log1p": "ln(1 + x)"}


@dataclass(frozen=True, slots=True)
class Column:
    """A number or date on its way to its state: what is decided and what is measured so far."""

    feature: FeatureState
    spread: Spread  # of the raw values
    distinct: int  # different values, 0 if unknown
    raw: Moments
    inner: Moments  # after the transform and the caps decided so far
    findings: tuple[Finding, ...] = ()


def with_transform(
    table: Table, columns: Sequence[Column], wish: str, where: sql.Expression | None
) -> list[Column]:
    """Decide the transform of each column.

    Parameters
    ----------
    table : Table
        The rows.
    columns : sequence of Column
        With their raw moments.
    wish : {"auto", "none", "log", "log1p", "yeo-johnson"}
        What was asked for.
    where : Expression or None
        Which rows are used.

    Returns
    -------
    list of Column
        In the same order, with transform, moments and note.

    Notes
    -----
    "auto" looks at columns of more than ten different values with a skew beyond 1. If a logarithm,
    which people can read, brings the skew within 1, it is chosen; else whichever of logarithm and
    Yeo-Johnson leaves the least, if that is less than before.
    """
    candidates = [_candidates(column, wish) for column in columns]
    candidates = _with_exponents(table, columns, candidates, where)
    flat = [
        (feature, column.spread)
        for column, features in zip(columns, candidates, strict=True)
        for feature in features
    ]
    measured = iter(moments(table, flat, where))
    decided = []
    for column, features in zip(columns, candidates, strict=True):
        tried = [(feature, next(measured)) for feature in features]
        decided.append(_decided(column, tried, wish))
    return decided


def _candidates(column: Column, wish: str) -> list[FeatureState]:
    """Return the feature with each transform worth measuring; the exponent is still open."""
    names: list[Name] = []
    if column.feature.kind == "date" or column.distinct == 2 or wish == "none":
        return []
    if wish == "auto":
        few = 0 < column.distinct <= FEW_VALUES
        if few or abs(column.raw.skew) <= SKEWED:
            return []
        names = [*_logarithm(column.spread.low), "yeo-johnson"]
    else:
        names = [_possible(wish, column.spread.low)]
    return [replace(column.feature, transform=name) for name in names]


def _logarithm(low: float) -> list[Name]:
    """Return the logarithm that a column with this smallest value can bear, if any."""
    if low > 0.0:
        return ["log"]
    return ["log1p"] if low == 0.0 else []


def _possible(wish: str, low: float) -> Name:
    """Return the transform asked for, or the nearest one that is defined from ``low`` on."""
    if wish == "log" and low > 0.0:
        return "log"
    return "log1p" if wish in ("log", "log1p") and low >= 0.0 else "yeo-johnson"


def _with_exponents(
    table: Table,
    columns: Sequence[Column],
    candidates: Sequence[Sequence[FeatureState]],
    where: sql.Expression | None,
) -> list[list[FeatureState]]:
    """Fit the exponents of Yeo-Johnson; leave out transforms that make a column constant."""
    powered = [
        (feature, column.spread)
        for column, features in zip(columns, candidates, strict=True)
        for feature in features
        if feature.transform == "yeo-johnson"
    ]
    exponents = {
        feature.column: yeo_johnson_exponent(values)
        for (feature, _), values in zip(powered, samples(table, powered, where), strict=True)
    }
    fitted = []
    for column, features in zip(columns, candidates, strict=True):
        ready = [
            replace(feature, exponent=exponents[feature.column])
            if feature.transform == "yeo-johnson"
            else feature
            for feature in features
        ]
        fitted.append(
            [f for f in ready if not column.spread.through(numbers.transform(f)).constant]
        )
    return fitted


def _decided(column: Column, tried: Sequence[tuple[FeatureState, Moments]], wish: str) -> Column:
    chosen = _readable_or_least(column, tried) if wish == "auto" else next(iter(tried), None)
    if chosen is None:
        return replace(column, feature=replace(column.feature, note=_why_not(column, tried, wish)))
    feature, found = chosen
    before, after = _short(column.raw.skew), _short(found.skew)
    shown = _SHOWN.get(feature.transform, f"Yeo-Johnson with exponent {feature.exponent}")
    note = f"{shown} brings the skew from {before} to {after}"
    odd = column.findings
    if wish not in ("auto", feature.transform):
        replaced = findings.transform_replaced(
            feature.column, wish, feature.transform, column.spread.low
        )
        odd = (*odd, replaced)
    return replace(column, feature=replace(feature, note=note), inner=found, findings=odd)


def _readable_or_least(
    column: Column, tried: Sequence[tuple[FeatureState, Moments]]
) -> tuple[FeatureState, Moments] | None:
    for feature, found in tried:
        if feature.transform != "yeo-johnson" and abs(found.skew) <= SKEWED:
            return feature, found
    least = min(tried, key=lambda pair: abs(pair[1].skew), default=None)
    if least is None or abs(least[1].skew) >= abs(column.raw.skew):
        return None
    return least


def _why_not(column: Column, tried: Sequence[tuple[FeatureState, Moments]], wish: str) -> str:
    skew = _short(column.raw.skew)
    if column.feature.kind == "date":
        return "a date is not transformed"
    if wish == "none":
        return "as asked"
    if column.distinct == 2:
        return "two values: no transform changes their shape"
    if abs(column.raw.skew) <= SKEWED:
        return f"skew {skew} needs no transform"
    if not tried and column.distinct <= FEW_VALUES:
        return f"skew {skew}, but only {column.distinct} different values"
    return f"no transform lessens the skew of {skew}"


def _short(skew: float) -> str:
    return f"{round(skew, 2) + 0.0:g}"
