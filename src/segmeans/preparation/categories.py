"""Categories: from a level to its prepared columns and back, as array and as SQL.

Two levels become one 0/1 column, more become one 0/1 column per level divided by the square root
of 2. Either way two customers who differ in a category are one unit apart in it, as far as two
customers one standard deviation apart in a number, whatever the number of levels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from segmeans.plain import plain_share
from segmeans.preparation.transforms import Floats
from segmeans.records import FeatureState
from segmeans.tables import sql

OTHER = "(other)"
MISSING = "(missing)"
#: Codes of raw values that are no level. Python counts both from the end of :func:`positions`.
MISSING_CODE, UNSEEN_CODE = -1, -2
ONE_HOT_SCALE = math.sqrt(2.0)

_BOOLEAN_SPELLINGS = {"true": ("True", "TRUE", "1"), "false": ("False", "FALSE", "0")}


def columns(feature: FeatureState) -> tuple[str, ...]:
    """Return the names of the prepared columns, as ``Gender=Male``."""
    shown = feature.levels[1:] if len(feature.levels) == 2 else feature.levels
    return tuple(f"{feature.column}={level}" for level in shown)


def canonical(levels: list[str]) -> dict[str, str]:
    """Return level by value as written; ``1.0`` is ``1`` when all are whole numbers like it.

    Examples
    --------
    >>> canonical(["1.0", "2.0"]), canonical(["1.0", "1.1"])
    ({'1.0': '1', '2.0': '2'}, {'1.0': '1.0', '1.1': '1.1'})
    """
    whole = [level.removesuffix(".0") for level in levels]
    codes = all(
        level.endswith(".0") and short.lstrip("-").isdecimal()
        for level, short in zip(levels, whole, strict=True)
    )
    return dict(zip(levels, whole if codes else levels, strict=True))


def spellings(levels: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return for each level how a source may write it, itself first.

    Codes travel as 1 or 1.0 and truth values as true, True or 1, depending on the file or engine.

    Examples
    --------
    >>> spellings(("1", "2")), spellings(("false", "true"))["true"]
    ({'1': ('1', '1.0'), '2': ('2', '2.0')}, ('true', 'True', 'TRUE', '1'))
    """
    real = [level for level in levels if level not in (OTHER, MISSING)]
    if all(level.lstrip("-").isdecimal() for level in real):
        return {level: (level, f"{level}.0") if level in real else (level,) for level in levels}
    if set(real) <= set(_BOOLEAN_SPELLINGS):
        return {level: (level, *_BOOLEAN_SPELLINGS.get(level, ())) for level in levels}
    return {level: (level,) for level in levels}


def code_of(feature: FeatureState) -> dict[str, int]:
    """Return the code of every spelling of every level."""
    written = spellings(feature.levels)
    return {
        spelling: code for code, level in enumerate(feature.levels) for spelling in written[level]
    }


def is_missing(value: sql.Expression) -> sql.Expression:
    """Return whether a text is NULL or empty."""
    return sql.any_of(sql.is_null(value), sql.equal(value, sql.text("")))


def text_of(name: str) -> sql.Expression:
    """Return a column as text."""
    return sql.as_text(sql.column(name))


def raw(feature: FeatureState) -> sql.Expression:
    """Return what to fetch: the position of the level, -1 for missing, -2 for an unseen level."""
    value = text_of(feature.column)
    written = spellings(feature.levels)
    branches = [(is_missing(value), sql.integer(MISSING_CODE))]
    for code, level in enumerate(feature.levels):
        branches.append((_is_level(value, written[level]), sql.integer(code)))
    return sql.as_small_integer(sql.case(branches, sql.integer(UNSEEN_CODE)))


def _is_level(value: sql.Expression, written: tuple[str, ...]) -> sql.Expression:
    return sql.is_in(value, [sql.text(spelling) for spelling in written])


def positions(feature: FeatureState) -> Floats:
    """Return where each code lies, shape (levels + 2, prepared columns).

    The last two rows are for unseen levels and for missing values, so that their negative codes
    index them. An unseen level counts as the pooled one; without it, and for a missing value
    where none was missing at fit, the customer stands at the mean, where nothing pulls.
    """
    count = len(feature.levels)
    indicators = np.eye(count)[:, 1:] if count == 2 else np.eye(count)
    weight = math.sqrt(feature.weight)
    known = (indicators - np.array(feature.centres)) / (feature.scale / weight)
    mean = np.zeros(known.shape[1])
    levels = feature.levels
    unseen = known[levels.index(OTHER)] if OTHER in levels else mean
    absent = known[levels.index(MISSING)] if MISSING in levels else mean
    return np.vstack([known, unseen, absent])


def prepared(feature: FeatureState, codes: npt.NDArray[np.intp]) -> Floats:
    """Return the prepared columns, shape (n, prepared columns), from codes, shape (n,)."""
    return positions(feature)[codes]


def expressions(feature: FeatureState) -> list[sql.Expression]:
    """Return the prepared columns as SQL."""
    places = positions(feature)
    written = spellings(feature.levels)
    value = text_of(feature.column)
    return [
        _one_column(value, dict(zip(feature.levels, place, strict=False)), place, written)
        for place in places.T
    ]


def _one_column(
    value: sql.Expression,
    by_level: Mapping[str, float],
    place: Floats,
    written: Mapping[str, tuple[str, ...]],
) -> sql.Expression:
    default = float(place[UNSEEN_CODE])
    branches = []
    if place[MISSING_CODE] != default:
        branches.append((is_missing(value), sql.number(float(place[MISSING_CODE]))))
    alike: dict[float, tuple[str, ...]] = {}
    for level, at in by_level.items():
        if at != default:
            alike[float(at)] = alike.get(float(at), ()) + written[level]
    branches += [(_is_level(value, texts), sql.number(at)) for at, texts in alike.items()]
    return sql.case(branches, sql.number(default))


def in_units(feature: FeatureState, block: Floats) -> list[float | str]:
    """Return prepared rows, shape (k, prepared columns), as the share of each level, largest first.

    Examples
    --------
    >>> gender = FeatureState(
    ...     column="Gender", kind="category", levels=("Female", "Male"), centres=(0.44,)
    ... )
    >>> in_units(gender, np.array([[0.0]]))
    ['Female 56 %, Male 44 %']
    """
    spread = block * (feature.scale / math.sqrt(feature.weight)) + np.array(feature.centres)
    if len(feature.levels) == 2:
        spread = np.hstack([1.0 - spread, spread])
    return [_written_shares(feature.levels, row) for row in np.clip(spread, 0.0, 1.0).tolist()]


def _written_shares(levels: tuple[str, ...], shares: list[float]) -> str:
    ranked = sorted(zip(shares, levels, strict=True), key=lambda pair: -pair[0])
    shown = [pair for pair in ranked[:3] if pair[0] >= 0.005] or ranked[:1]
    return ", ".join(f"{level} {plain_share(share, 0)}" for share, level in shown)
