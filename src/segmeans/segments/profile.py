"""What sets each segment apart, in the customer's units.

One column is held at a time, so a table of ten million customers needs no more than two of its
columns in memory. Sums run in source order within a segment, so the same rows give the same bits
whatever the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from segmeans.preparation import categories, numbers
from segmeans.records import ColumnRole, FeatureState, PreparationState, ProfileRow, Use
from segmeans.segments.levels import in_order
from segmeans.tables import sql
from segmeans.tables.duck import Table

LEVELS = 12  # levels of a category that are shown one by one; the rarer ones share OTHERS
OTHERS = "(other values)"
INTERVAL = 1.959963984540054  # standard errors on each side of a 95 % interval

Kind = Literal["number", "category", "date"]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Groups:
    """The scored customers, sorted by segment.

    ``order`` holds their row numbers, segment after segment and within a segment in source order;
    segment ``s`` (from 0) lies at ``bounds[s]:bounds[s + 1]``.
    """

    order: NDArray[np.intp]
    bounds: tuple[int, ...]

    @classmethod
    def of(cls, labels: NDArray[np.integer[Any]], k: int) -> Groups:
        """Sort labels from 0 to k - 1; rows with a negative label belong to no group."""
        order = np.argsort(labels, kind="stable")
        bounds = np.searchsorted(labels[order], np.arange(k + 1))
        return cls(order[bounds[0] : bounds[k]], tuple((bounds - bounds[0]).tolist()))

    @property
    def k(self) -> int:
        """Number of segments."""
        return len(self.bounds) - 1

    def parts(self, column: NDArray[Any]) -> list[NDArray[Any]]:
        """Return the values of each segment."""
        sorted_ = column[self.order]
        return [sorted_[self.bounds[s] : self.bounds[s + 1]] for s in range(self.k)]


@dataclass(frozen=True, slots=True)
class Column:
    """What is said of a column in every row of its profile."""

    name: str
    kind: Kind
    role: Use


Keep = Callable[[Column, NDArray[Any], Sequence[str]], None]


def profile(
    table: Table,
    roles: Sequence[ColumnRole],
    state: PreparationState,
    labels: NDArray[np.integer[Any]],
    k: int,
    *,
    keep: Keep | None = None,
) -> tuple[ProfileRow, ...]:
    """Describe every segment by its features and by the columns that only describe.

    Parameters
    ----------
    table : Table
        The customers, n of them.
    roles : sequence of ColumnRole
        Which columns describe. Personal data, ids, constants and free text are left out of the
        descriptions: their values would point at single customers.
    state : PreparationState
        The features that formed the segments and the scale on which they did.
    labels : ndarray of shape (n,)
        Segment number - 1 per customer; negative when not scored. "Everyone" is all scored
        customers.
    k : int
        Number of segments.
    keep : callable, optional
        Called with every column while it is in memory, with its values (codes of levels for a
        category) and its levels, so that nobody need read it again.

    Returns
    -------
    tuple of ProfileRow
        Segment after segment; within one the features in the order of ``state``, then the
        descriptors in the order of ``roles``; a category has one row per level, in the order of
        the levels where they have one (see :func:`segmeans.segments.levels.in_order`), else the
        most common level first.
    """
    groups = Groups.of(labels, k)
    rows: list[ProfileRow] = []
    for use, feature in _columns(roles, state):
        column = Column(feature.column, feature.kind, use)
        if feature.kind == "category":
            codes, levels = _codes(table, feature.column)
            rows.extend(category_rows(column, codes, levels, groups))
            if keep is not None:
                keep(column, codes, levels)
        else:
            values = table.fetch({"value": numbers.raw(feature)})["value"]
            scaled = numbers.prepared(feature, values) if use == "feature" else None
            rows.extend(number_rows(column, values, groups, scaled=scaled))
            if keep is not None:
                keep(column, values, ())
    return tuple(sorted(rows, key=lambda row: row.segment))


def _columns(
    roles: Sequence[ColumnRole], state: PreparationState
) -> Iterator[tuple[Use, FeatureState]]:
    """Yield what is profiled: the features, then the columns that describe, as they are."""
    for feature in state.features:
        yield "feature", feature
    formed = {feature.column for feature in state.features}
    for role in roles:
        if role.use != "describe" or role.name in formed:
            continue
        if role.role in ("number", "category", "date"):
            yield "describe", FeatureState(column=role.name, kind=role.role)


def contacts(
    table: Table, roles: Sequence[ColumnRole], labels: NDArray[np.integer[Any]], k: int
) -> dict[str, tuple[float, ...]]:
    """Return how many customers of each segment can be written to or called.

    No address is read: only whether there is one.

    Parameters
    ----------
    table : Table
    roles : sequence of ColumnRole
    labels : ndarray of shape (n,)
        Segment number - 1; negative when not scored.
    k : int

    Returns
    -------
    dict of str to tuple of float
        Column of e-mail addresses or telephone numbers to the share known, per segment.
    """
    known: dict[str, tuple[float, ...]] = {}
    used = labels >= 0
    sizes = np.maximum(np.bincount(labels[used], minlength=k), 1)
    for role in roles:
        if role.role == "personal" and ("mail" in role.reason or "phone" in role.reason):
            absent = categories.is_missing(categories.text_of(role.name))
            there = table.fetch({"there": sql.case([(absent, sql.number(0))], sql.number(1))})
            counts = np.bincount(labels[used], there["there"][used], k)
            known[role.name] = tuple((counts / sizes).tolist())
    return known


def _codes(table: Table, name: str) -> tuple[NDArray[np.int16], list[str]]:
    """Return the position of each customer's level, -1 when missing, and the levels."""
    levels = [level for level, _ in table.levels(name) if level]
    shown = levels if len(levels) <= LEVELS else levels[: LEVELS - 1]
    written = categories.canonical(levels)
    place = {level: at for at, level in enumerate(in_order([written[one] for one in shown]))}
    shown = sorted(shown, key=lambda level: place[written[level]])
    said = categories.text_of(name)
    branches = [(categories.is_missing(said), sql.number(-1))]
    branches += [
        (sql.equal(said, sql.text(level)), sql.number(code)) for code, level in enumerate(shown)
    ]
    code = sql.case(branches, sql.number(len(shown)))
    codes = table.fetch({"code": code})["code"].astype(np.int16)
    others = [] if len(shown) == len(levels) else [OTHERS]
    return codes, [written[level] for level in shown] + others


def number_rows(
    column: Column, values: Floats, groups: Groups, *, scaled: Floats | None = None
) -> list[ProfileRow]:
    """Profile one number or date.

    Parameters
    ----------
    column : Column
    values : ndarray of shape (n,)
        In the column's own units; what is not finite counts as missing.
    groups : Groups
    scaled : ndarray of shape (n,), optional
        The same values on the scale on which the segments were formed (capped, transformed);
        effects are measured there. By default the values themselves.

    Returns
    -------
    list of ProfileRow
        One row per segment. Mean and difference are in the column's units. ``effect`` is the
        difference of the means divided by the standard deviation over all scored customers
        (divisor n), both on the scale of ``scaled``: a difference that one very large customer
        makes does not count as one. A segment without any value has neither mean nor median,
        and no difference. The 95 % interval of the effect is that of the difference between the
        means of the segment and of all others, without equal variances, times the share of the
        others; it takes the segments as given, and has none for fewer than two customers on
        either side. For the features that formed the segments it says how exactly the effect
        is known, not whether there is one: they were made to differ.
    """
    parts = groups.parts(values)
    known = [np.isfinite(part) for part in parts]
    kept = [part[there] for part, there in zip(parts, known, strict=True)]
    everyone = _mean(np.concatenate(kept))
    scales = kept if scaled is None else _where(groups.parts(scaled), known)
    effects = _effects(scales)
    intervals = _intervals(scales, effects)
    rows = []
    for segment, part in enumerate(kept):
        mean = _mean(part) if len(part) else None
        rows.append(
            ProfileRow(
                segment=segment + 1,
                feature=column.name,
                level="",
                mean=mean,
                median=_median(part) if len(part) else None,
                share=None,
                everyone=everyone,
                difference=0.0 if mean is None else mean - everyone,
                effect=effects[segment],
                missing=_share(len(parts[segment]) - len(part), len(parts[segment])),
                role=column.role,
                kind=column.kind,
                known=len(part),
                std=_deviation(part) if len(part) > 1 else None,
                quartiles=_quartiles(part) if len(part) else None,
                effect_low=intervals[segment][0],
                effect_high=intervals[segment][1],
            )
        )
    return rows


def category_rows(
    column: Column, codes: NDArray[np.integer[Any]], levels: Sequence[str], groups: Groups
) -> list[ProfileRow]:
    """Profile one category: the share of every level among the customers with a value.

    Parameters
    ----------
    column : Column
    codes : ndarray of shape (n,)
        Positions in ``levels``; negative when missing.
    levels : sequence of str
    groups : Groups

    Returns
    -------
    list of ProfileRow
        One row per segment and level. ``effect`` is the difference of the shares divided by
        ``sqrt(p (1 - p))``, the standard deviation of "has this level" over all scored customers
        with a value; p is the share among them. Its interval is that of :func:`number_rows`,
        for the 0/1 numbers "has this level".
    """
    width = len(levels)
    counts = np.zeros((groups.k, width), dtype=np.int64)
    sizes = np.zeros(groups.k, dtype=np.int64)
    for segment, part in enumerate(groups.parts(codes)):
        counts[segment] = np.bincount(part[part >= 0], minlength=width)
        sizes[segment] = len(part)
    known = counts.sum(axis=1)
    total = int(known.sum())
    rows = []
    for segment in range(groups.k):
        for level, name in enumerate(levels):
            everyone = _share(int(counts[:, level].sum()), total)
            share = _share(int(counts[segment, level]), int(known[segment]))
            difference = share - everyone if known[segment] else 0.0
            spread = math.sqrt(everyone * (1 - everyone))
            low, high = _share_interval(counts[:, level], known, segment, spread)
            rows.append(
                ProfileRow(
                    segment=segment + 1,
                    feature=column.name,
                    level=name,
                    mean=None,
                    median=None,
                    share=share,
                    everyone=everyone,
                    difference=difference,
                    effect=difference / spread if spread else 0.0,
                    missing=_share(int(sizes[segment] - known[segment]), int(sizes[segment])),
                    role=column.role,
                    kind=column.kind,
                    known=int(known[segment]),
                    effect_low=low,
                    effect_high=high,
                )
            )
    return rows


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _mean(values: Floats) -> float:
    stretch = _stretch(values)
    return float(np.sum(values / stretch)) / len(values) * stretch if len(values) else 0.0


def _median(values: Floats) -> float:
    stretch = _stretch(values)
    return float(np.median(values / stretch)) * stretch


def _quartiles(values: Floats) -> tuple[float, float]:
    stretch = _stretch(values)
    low, high = np.quantile(values / stretch, (0.25, 0.75))
    return float(low) * stretch, float(high) * stretch


def _deviation(values: Floats) -> float:
    stretch = _stretch(values)
    return float(np.std(values / stretch, ddof=1)) * stretch


def _where(parts: Sequence[Floats], known: Sequence[NDArray[np.bool_]]) -> list[Floats]:
    return [part[there] for part, there in zip(parts, known, strict=True)]


Interval = tuple[float, float] | tuple[None, None]


def _intervals(parts: Sequence[Floats], effects: Sequence[float]) -> list[Interval]:
    """Return the interval of each effect, from counts, means and variances of the parts."""
    everyone = np.concatenate(parts)
    stretch = _stretch(everyone)
    counts = np.array([len(part) for part in parts])
    means = np.array([np.mean(part / stretch) if len(part) else 0.0 for part in parts])
    squares = np.array(
        [np.sum((part / stretch - mean) ** 2) for part, mean in zip(parts, means, strict=True)]
    )
    whole = float(np.std(everyone / stretch)) if len(everyone) else 0.0
    return [
        _interval(counts, means, squares, place, whole, effect)
        for place, effect in enumerate(effects)
    ]


def _share_interval(
    counts: NDArray[np.int64], known: NDArray[np.int64], place: int, spread: float
) -> Interval:
    """Return the interval of the effect of one level: of the 0/1 numbers "has this level"."""
    shares = counts / np.maximum(known, 1)
    total = int(known.sum())
    effect = (shares[place] - counts.sum() / total) / spread if spread and total else 0.0
    return _interval(known, shares, known * shares * (1 - shares), place, spread, float(effect))


def _interval(
    counts: NDArray[np.int64],
    means: Floats,
    squares: Floats,
    place: int,
    whole: float,
    effect: float,
) -> Interval:
    """Return the interval of one effect: part against all other parts, variances not equal.

    ``squares`` holds the sums of squared deviations within the parts, ``whole`` is the standard
    deviation over all of them.
    """
    own, total = int(counts[place]), int(counts.sum())
    rest = total - own
    if own < 2 or rest < 2 or whole <= 1e-12 * max(float(np.abs(means).max()), 1e-300):
        return None, None
    others = np.arange(len(counts)) != place
    mean = float(counts[others] @ means[others]) / rest
    within = float(squares[others].sum() + counts[others] @ (means[others] - mean) ** 2)
    error = math.sqrt(squares[place] / (own - 1) / own + within / (rest - 1) / rest)
    reach = INTERVAL * error * rest / total / whole
    return effect - reach, effect + reach


def _stretch(values: Floats) -> float:
    """Return a power of two to divide by: sums of huge values stay finite, no bit changes."""
    largest = float(np.max(np.abs(values), initial=0.0))
    return math.ldexp(1.0, min(math.frexp(largest)[1], 1023)) if largest else 1.0


def _effects(parts: Sequence[Floats]) -> list[float]:
    """Return how many standard deviations of all values each part's mean lies from their mean."""
    everyone = np.concatenate(parts)
    if not len(everyone):
        return [0.0] * len(parts)
    stretch = _stretch(everyone)
    everyone = everyone / stretch
    mean = float(np.mean(everyone))
    deviation = math.sqrt(float(np.mean((everyone - mean) ** 2)))
    # Rounding alone makes a deviation of about 1e-16 of the values: equal values have none.
    if deviation <= 1e-12 * max(abs(mean), 1e-300):
        return [0.0] * len(parts)
    return [
        (float(np.mean(part / stretch)) - mean) / deviation if len(part) else 0.0 for part in parts
    ]
