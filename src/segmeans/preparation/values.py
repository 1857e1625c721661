"""Python values as raw values: dataframes and dictionaries with whatever people put into them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from segmeans.errors import ColumnNotFoundError, DataError
from segmeans.preparation import categories
from segmeans.preparation.transforms import Floats
from segmeans.records import FeatureState, PreparationState
from segmeans.tables import sql
from segmeans.tables.values import SPACE, TEXT_MISSING

_ABSENT = frozenset(TEXT_MISSING)
_EPOCH = dt.date.fromisoformat(sql.EPOCH)


class Columns(Protocol):
    """A dictionary of sequences, or a dataframe of pandas or polars."""

    def __getitem__(self, name: str, /) -> Any:
        """Return the column of that name."""
        ...


def raw_values(state: PreparationState, data: Columns) -> dict[str, npt.NDArray[Any]]:
    """Return the raw values that :func:`segmeans.preparation.matrix` takes, from Python values.

    Parameters
    ----------
    state : PreparationState
        The fitted preparation.
    data : dictionary of sequences, pandas or polars DataFrame
        Holds at least the columns of the preparation. Numbers may be text; None, NaN, NaT, NA,
        empty text and text that is no number are missing.

    Raises
    ------
    ColumnNotFoundError
        If a column of the preparation is not there.
    DataError
        If the columns differ in length.
    """
    names = list(_names(data))
    for feature in state.features:
        if feature.column not in names:
            raise ColumnNotFoundError.from_names(feature.column, names, where="data")
    raw = {feature.column: _raw(feature, data[feature.column]) for feature in state.features}
    lengths = {name: len(values) for name, values in raw.items()}
    if len(set(lengths.values())) > 1:
        raise DataError("The columns differ in length", where="data", found=lengths)
    return raw


def _names(data: Any) -> Iterable[str]:
    names: Iterable[str] = data.columns if hasattr(data, "columns") else data.keys()
    return names


def _raw(feature: FeatureState, column: Any) -> npt.NDArray[Any]:
    values = _one_dimensional(feature, column)
    if feature.kind == "category":
        return _codes(feature, values)
    if feature.kind == "date":
        return _each(_day, values) if values.dtype.kind != "M" else _days(values)
    return values.astype(np.float64) if values.dtype.kind in "biuf" else _each(_number, values)


def _one_dimensional(feature: FeatureState, column: Any) -> npt.NDArray[Any]:
    if isinstance(column, (str, bytes)) or not hasattr(column, "__len__"):
        raise DataError(
            "A column is not a sequence of values",
            where=feature.column,
            found=repr(column),
            hint="pass a list, one value per customer",
        )
    if isinstance(column, (list, tuple)):  # mixed values must stay as given, not become text
        return np.fromiter(column, dtype=object, count=len(column))
    values = np.asarray(column)
    if values.ndim != 1:
        raise DataError(
            "A column has more than one dimension", where=feature.column, found=values.shape
        )
    return values


def _each(function: Any, values: npt.NDArray[Any]) -> Floats:
    return np.fromiter((function(value) for value in values.tolist()), np.float64, len(values))


def _number(value: Any) -> float:
    """Return a number, NaN for whatever is none."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _days(values: npt.NDArray[Any]) -> Floats:
    whole = values.astype("datetime64[D]")
    numbers = whole.astype(np.int64).astype(np.float64)
    numbers[np.isnat(whole)] = np.nan
    return numbers


def _day(value: Any) -> float:
    """Return days since 1970-01-01 of a date, a time or ISO text, NaN for whatever is none."""
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            return math.nan
    if isinstance(value, dt.datetime):
        value = value.date() if value == value else None  # NaT differs from itself
    return float((value - _EPOCH).days) if isinstance(value, dt.date) else math.nan


def _codes(feature: FeatureState, values: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    code_of = categories.code_of(feature)
    if values.dtype.kind in "biuf":
        distinct, where = np.unique(values, return_inverse=True)
        found = np.array([_code(code_of, value) for value in distinct.tolist()], dtype=np.intp)
        return found[where]
    codes = (_code(code_of, value) for value in values.tolist())
    return np.fromiter(codes, np.intp, len(values))


def _code(code_of: dict[str, int], value: Any) -> int:
    """Return the code of a level, or the code for missing or unseen.

    Text is read as in a file: without the blanks around it, and ``n/a`` and its like are missing.
    """
    if isinstance(value, bool):
        written = "true" if value else "false"
    elif isinstance(value, str):
        written = value.strip(SPACE)
    elif value is None or type(value).__name__ in ("NAType", "NaTType") or value != value:
        return categories.MISSING_CODE
    else:
        written = str(value)
    if written == "":
        return categories.MISSING_CODE
    code = code_of.get(written)
    if code is None and isinstance(value, (int, float)):  # 1 where 1.0 was learnt
        code = code_of.get(f"{float(value)}")
    if code is None and written.lower() in _ABSENT:
        return categories.MISSING_CODE
    return categories.UNSEEN_CODE if code is None else code
