"""The fitted preparation applied: prepared columns as SQL, as array, and back in units."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from segmeans.plain import set_share
from segmeans.preparation import categories, numbers
from segmeans.preparation.transforms import Floats
from segmeans.records import FeatureState, PreparationState
from segmeans.tables import sql

if TYPE_CHECKING:
    from segmeans.tables.duck import Table

BLOCK_ROWS = 65_536
#: Status of a row: used, or why it is set aside.
USED, TOO_MANY_MISSING, SOME_MISSING = 0, 1, 2

Raw = Mapping[str, npt.NDArray[Any]]
Status = npt.NDArray[np.int8]


def columns(state: PreparationState) -> tuple[str, ...]:
    """Return the names of the prepared columns, all different: ``Age``, ``Gender=Male``."""
    names: list[str] = []
    for feature in state.features:
        own = categories.columns(feature) if feature.kind == "category" else (feature.column,)
        for name in own:
            unique, copy = name, 2
            while unique in names:
                unique, copy = f"{name} ({copy})", copy + 1
            names.append(unique)
    return tuple(names)


def raw_expressions(state: PreparationState) -> dict[str, sql.Expression]:
    """Return what to fetch from a table, by column: numbers, and small codes for levels.

    Text in a column of numbers that is no number comes as missing.
    """
    return {
        feature.column: categories.raw(feature)
        if feature.kind == "category"
        else numbers.raw(feature)
        for feature in state.features
    }


def matrix(state: PreparationState, raw: Raw) -> Floats:
    """Return the prepared rows.

    Parameters
    ----------
    state : PreparationState
        The fitted preparation.
    raw : mapping of str to array of shape (n,)
        What :func:`raw_expressions` gave, or :func:`raw_values`.

    Returns
    -------
    array of float64, shape (n, p), C-contiguous
        One column per name of :func:`columns`; always finite. Rows that :func:`status` sets aside
        are filled like all others.
    """
    rows = len(raw[state.features[0].column])
    result = np.empty((rows, len(columns(state))))
    at = 0
    for feature in state.features:
        values = _plain(raw[feature.column])
        if feature.kind == "category":
            block = categories.prepared(feature, values.astype(np.intp))
            result[:, at : at + block.shape[1]] = block
            at += block.shape[1]
        else:
            result[:, at] = numbers.prepared(feature, values)
            at += 1
    return result


def _plain(values: npt.NDArray[Any]) -> Floats:
    """Return raw values as float64 with NaN for masked ones."""
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    return np.asarray(values, dtype=np.float64)


def expressions(
    state: PreparationState, *, text: Collection[str] = ()
) -> dict[str, sql.Expression]:
    """Return the prepared columns as SQL for every dialect, by name.

    Parameters
    ----------
    state : PreparationState
        The fitted preparation.
    text : collection of str, default=()
        Columns of numbers that the table at hand stores as text. What is no number there counts
        as missing; in other columns it is an error of the engine, or 0 in SQLite.
    """
    written: list[sql.Expression] = []
    for feature in state.features:
        if feature.kind == "category":
            written += categories.expressions(feature)
        else:
            written.append(numbers.expression(feature, text=feature.column in text))
    return dict(zip(columns(state), written, strict=True))


def status(state: PreparationState, raw: Raw) -> Status:
    """Return per row 0 if it is used, else why it is set aside, as named by :func:`legend`."""
    counts = reduce(np.add, (_missing(feature, raw).astype(np.intp) for feature in state.features))
    found = np.zeros(len(counts), dtype=np.int8)
    if state.missing == "drop":
        found[counts > 0] = SOME_MISSING
    found[counts > most_missing(state.features, state.max_missing)] = TOO_MANY_MISSING
    return found


def _missing(feature: FeatureState, raw: Raw) -> npt.NDArray[np.bool_]:
    values = _plain(raw[feature.column])
    if feature.kind == "category":
        return np.equal(values, categories.MISSING_CODE)
    return numbers.missing(values)


def legend(state: PreparationState) -> dict[int, str]:
    """Return what each status means."""
    return {
        USED: "used",
        TOO_MANY_MISSING: f"more than {set_share(state.max_missing)} of the features are missing",
        SOME_MISSING: "a feature is missing",
    }


def most_missing(features: Sequence[FeatureState], max_missing: float) -> int:
    """Return how many features may be missing at most in a row that is used."""
    return math.floor(len(features) * max_missing + 1e-9)


def status_expression(state: PreparationState, *, text: Collection[str] = ()) -> sql.Expression:
    """Return the status of a row as SQL; ``text`` as for :func:`expressions`."""
    return status_of(state, _count_missing(state.features, text))


def status_of(state: PreparationState, absent: sql.Expression) -> sql.Expression:
    """Return the status of a row as SQL, from the number of its features without a value."""
    many = sql.integer(most_missing(state.features, state.max_missing))
    branches = [(sql.greater(absent, many), sql.integer(TOO_MANY_MISSING))]
    if state.missing == "drop":
        branches.append((sql.greater(absent, sql.integer(0)), sql.integer(SOME_MISSING)))
    return sql.case(branches, sql.integer(USED))


def used(features: Sequence[FeatureState], missing: str, max_missing: float) -> sql.Expression:
    """Return the condition that a row is used, as SQL."""
    allowed = 0 if missing == "drop" else most_missing(features, max_missing)
    absent = _count_missing(features, {feature.column for feature in features})
    return sql.less_equal(absent, sql.integer(allowed))


def _count_missing(features: Sequence[FeatureState], text: Collection[str]) -> sql.Expression:
    present = (is_present(feature, text=feature.column in text) for feature in features)
    return sql.add(*(sql.case([(each, sql.integer(0))], sql.integer(1)) for each in present))


def is_present(feature: FeatureState, *, text: bool = True) -> sql.Expression:
    """Return the condition that a row has a usable value of a feature, as SQL."""
    if feature.kind == "category":
        return sql.negate(categories.is_missing(categories.text_of(feature.column)))
    return numbers.present(numbers.source(feature, text=text))


def blocks(
    table: Table, state: PreparationState, rows: int = BLOCK_ROWS
) -> Iterator[tuple[Floats, Status]]:
    """Yield prepared rows of a table with their status, in its order and in bounded memory.

    Parameters
    ----------
    table : Table
        Has the columns of the preparation.
    state : PreparationState
        The fitted preparation.
    rows : int, default=65536
        Rows per block; only the last may be shorter.

    Yields
    ------
    matrix, status
        As :func:`matrix` and :func:`status` give them; use rows whose status is 0.
    """
    for raw in table.blocks(raw_expressions(state), rows=rows):
        yield matrix(state, raw), status(state, raw)


def to_units(state: PreparationState, centres: npt.ArrayLike) -> tuple[dict[str, float | str], ...]:
    """Return prepared points in the customer's units.

    Parameters
    ----------
    state : PreparationState
        The fitted preparation.
    centres : array-like, shape (k, p)
        Points in prepared columns.

    Returns
    -------
    tuple of dict, one per point
        By feature: a number in its units, a date as ISO text, a category as the shares of its
        levels. A transformed number is carried back through the transform: the geometric mean
        for a logarithm, not the mean.
    """
    points = np.atleast_2d(np.asarray(centres, dtype=np.float64))
    by_feature: dict[str, list[float | str]] = {}
    at = 0
    for feature in state.features:
        if feature.kind == "category":
            width = len(categories.columns(feature))
            by_feature[feature.column] = categories.in_units(feature, points[:, at : at + width])
        else:
            width = 1
            by_feature[feature.column] = numbers.in_units(feature, points[:, at])
        at += width
    return tuple(
        {name: values[row] for name, values in by_feature.items()} for row in range(len(points))
    )
