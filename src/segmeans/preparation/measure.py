"""What is measured of the features of a table, each kind of measure in one aggregate query.

Quantiles come first, because everything later is centred and scaled by them; sums are exact, so
that a fit gives the same bits on one thread or many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segmeans.preparation import categories, numbers
from segmeans.preparation.state import is_present, used
from segmeans.preparation.transforms import Moments, Transform
from segmeans.records import FeatureState
from segmeans.tables import sql

if TYPE_CHECKING:
    from segmeans.tables.duck import Table

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
#: Yeo-Johnson is fitted to this many values: all of them, or as many evenly spaced quantiles.
SAMPLE = 500


@dataclass(frozen=True, slots=True)
class Completeness:
    """Rows and what is missing in them."""

    rows: int
    rows_used: int
    known: dict[str, int]  # per feature, over all rows
    infinite: dict[str, int]  # numbers that are there but infinite or not a number


def completeness(
    table: Table, features: Sequence[FeatureState], missing: str, max_missing: float
) -> Completeness:
    """Count usable values per feature and rows with enough of them."""
    asked = {
        "rows": sql.count_rows(),
        "used": sql.count_where(used(features, missing, max_missing)),
    }
    for at, feature in enumerate(features):
        asked[f"known {at}"] = sql.count_where(is_present(feature))
        if feature.kind == "number":
            asked[f"there {at}"] = sql.count(numbers.source(feature, text=True))
    found = table.aggregate(asked)
    known = {feature.column: int(found[f"known {at}"]) for at, feature in enumerate(features)}
    infinite = {
        feature.column: int(found[f"there {at}"]) - known[feature.column]
        for at, feature in enumerate(features)
        if feature.kind == "number"
    }
    return Completeness(int(found["rows"]), int(found["used"]), known, infinite)


@dataclass(frozen=True, slots=True)
class Spread:
    """The order statistics of the usable values of a number or date."""

    known: int
    low: float
    high: float
    quantiles: tuple[float, ...]  # at SHARES

    @property
    def median(self) -> float:
        """The middle value, the mean of the two middle ones for an even number of them."""
        return self.quantiles[2]

    @property
    def constant(self) -> bool:
        """Whether there are not two values that differ by more than rounding."""
        width = self.high - self.low
        return self.known == 0 or width <= 1e-13 * max(abs(self.low), abs(self.high))

    def through(self, transform: Transform) -> Spread:
        """Return the spread of the transformed values: a rising function keeps the order."""
        low, high = transform.at(self.low), transform.at(self.high)
        return Spread(self.known, low, high, tuple(map(transform.at, self.quantiles)))

    def within(self, low: float, high: float) -> Spread:
        """Return the spread of the values with those beyond two limits set to them."""

        def cap(value: float) -> float:
            return min(max(value, low), high)

        return Spread(self.known, cap(self.low), cap(self.high), tuple(map(cap, self.quantiles)))

    def fences(self) -> tuple[float, float] | None:
        """Return beyond which values a value is far out, None if the spread does not say.

        Tukey's outer fences: quartiles -/+ 3 times their distance (Exploratory Data Analysis,
        1977). When the quartiles coincide: the 5 % and 95 % quantiles -/+ their distance, which
        is as far for a normal distribution. When these coincide too, nearly all values are one
        value and no width says what is far.
        """
        q05, q25, _, q75, q95 = self.quantiles
        if q75 > q25:
            return q25 - 3.0 * (q75 - q25), q75 + 3.0 * (q75 - q25)
        if q95 > q05:
            return q05 - (q95 - q05), q95 + (q95 - q05)
        return None


def spreads(
    table: Table, features: Sequence[FeatureState], where: sql.Expression | None
) -> dict[str, Spread]:
    """Return the order statistics of numbers and dates over the rows used."""
    asked: dict[str, sql.Expression] = {}
    for at, feature in enumerate(features):
        value = numbers.raw(feature)
        asked[f"known {at}"] = sql.count(value)
        asked[f"low {at}"] = sql.minimum(value)
        asked[f"high {at}"] = sql.maximum(value)
        asked[f"quantiles {at}"] = sql.quantiles(value, SHARES)
    found = table.aggregate(asked, where=where) if asked else {}
    result = {}
    for at, feature in enumerate(features):
        if found[f"known {at}"]:
            quantiles = tuple(float(value) for value in found[f"quantiles {at}"])
            low, high = float(found[f"low {at}"]), float(found[f"high {at}"])
            result[feature.column] = Spread(int(found[f"known {at}"]), low, high, quantiles)
        else:
            result[feature.column] = Spread(0, 0.0, 0.0, (0.0,) * len(SHARES))
    return result


def moments(
    table: Table,
    measured: Sequence[tuple[FeatureState, Spread]],
    where: sql.Expression | None,
) -> list[Moments]:
    """Return mean, deviation and skew of capped and transformed values, in the order given.

    Parameters
    ----------
    table : Table
        The rows.
    measured : sequence of (FeatureState, Spread)
        Each with the transform and the caps to measure, and the spread of the raw values.
    where : Expression or None
        Which rows count.
    """
    asked: dict[str, sql.Expression] = {}
    frames: list[tuple[float, float]] = []
    for at, (feature, spread) in enumerate(measured):
        inner = spread.within(*numbers.limits(feature)).through(numbers.transform(feature))
        centre, unit = inner.median, max(inner.high - inner.median, inner.median - inner.low)
        frames.append((centre, unit))
        if unit > 0.0:
            # Without a fill, what is missing stays NULL and is not summed.
            unfilled = replace(feature, fill=None, weight=1.0, centre=centre, scale=unit)
            value = numbers.expression(unfilled, text=True)
            asked[f"first {at}"] = sql.exact_sum(value)
            asked[f"second {at}"] = sql.exact_sum(sql.power(value, sql.number(2.0)))
            asked[f"third {at}"] = sql.exact_sum(sql.power(value, sql.number(3.0)))
    found = table.aggregate(asked, where=where) if asked else {}
    result = []
    for at, ((_, spread), (centre, unit)) in enumerate(zip(measured, frames, strict=True)):
        sums = tuple(float(found.get(f"{power} {at}", 0.0)) for power in _POWERS)
        result.append(Moments.from_sums(sums, spread.known, centre, unit))
    return result


_POWERS = ("first", "second", "third")


def beyond(
    table: Table, features: Sequence[FeatureState], where: sql.Expression | None
) -> list[tuple[int, int]]:
    """Count the values below and above the caps of each feature, in the order given."""
    asked: dict[str, sql.Expression] = {}
    for at, feature in enumerate(features):
        value = numbers.raw(feature)
        low, high = numbers.limits(feature)
        asked[f"below {at}"] = sql.count_where(sql.less(value, sql.number(low)))
        asked[f"above {at}"] = sql.count_where(sql.greater(value, sql.number(high)))
    found = table.aggregate(asked, where=where) if asked else {}
    return [(int(found[f"below {at}"]), int(found[f"above {at}"])) for at in range(len(features))]


def samples(
    table: Table,
    measured: Sequence[tuple[FeatureState, Spread]],
    where: sql.Expression | None,
) -> list[list[float]]:
    """Return up to ``SAMPLE`` evenly spaced values of each feature: all, if there are no more."""
    asked: dict[str, sql.Expression] = {}
    for feature, spread in measured:
        count = min(spread.known, SAMPLE)
        shares = [(place + 0.5) / count for place in range(count)]
        asked[feature.column] = sql.quantile_values(numbers.raw(feature), shares)
    found = table.aggregate(asked, where=where) if asked else {}
    return [[float(value) for value in found[feature.column]] for feature, _ in measured]


def level_counts(
    table: Table,
    levels: Mapping[str, Mapping[str, str]],
    where: sql.Expression | None,
) -> dict[str, tuple[dict[str, int], int]]:
    """Count rows per level, and rows with any level at all.

    Parameters
    ----------
    table : Table
        The rows.
    levels : mapping
        By column, the text that stands for each level.
    where : Expression or None
        Which rows count.
    """
    asked: dict[str, sql.Expression] = {}
    for at, (column, texts) in enumerate(levels.items()):
        value = categories.text_of(column)
        asked[f"known {at}"] = sql.count_where(sql.negate(categories.is_missing(value)))
        for place, text in enumerate(texts.values()):
            asked[f"{at} {place}"] = sql.count_where(sql.equal(value, sql.text(text)))
    found = table.aggregate(asked, where=where) if asked else {}
    return {
        column: (
            {level: int(found[f"{at} {place}"]) for place, level in enumerate(texts)},
            int(found[f"known {at}"]),
        )
        for at, (column, texts) in enumerate(levels.items())
    }
