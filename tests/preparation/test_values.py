"""Whatever people put into dataframes and dictionaries becomes raw values."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from segmeans.errors import ColumnNotFoundError, DataError
from segmeans.preparation import raw_values
from segmeans.records import FeatureState, PreparationState

NAN = np.nan


def state_of(*features: FeatureState) -> PreparationState:
    return PreparationState(
        features=features,
        scale="none",
        missing="median",
        max_missing=0.5,
        rows_used=9,
        rows_set_aside=0,
    )


def raw(kind: str, values: Any, *levels: str) -> list[float]:
    """Return the raw values of one column."""
    feature = FeatureState(column="x", kind=kind, levels=levels)  # type: ignore[arg-type]
    found: list[float] = raw_values(state_of(feature), {"x": values})["x"].tolist()
    return found


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2.5, None], [1.0, 2.5, NAN]),
        (["1", " 2.5 ", "", "n/a", "1e3"], [1.0, 2.5, NAN, NAN, 1000.0]),
        ([1, "2", Decimal("3.5"), True, None, b"x", [1]], [1.0, 2.0, 3.5, 1.0, NAN, NAN, NAN]),
        (np.array([1, 2], dtype=np.int32), [1.0, 2.0]),
        (np.array([True, False]), [1.0, 0.0]),
        (pd.Series([1, None], dtype="Int64"), [1.0, NAN]),
        (pd.Series(["1", pd.NA], dtype="string"), [1.0, NAN]),
        (pl.Series([1.5, None]), [1.5, NAN]),
        ((1, 2), [1.0, 2.0]),
        ([10**400], [NAN]),
        ([], []),
    ],
)
def test_numbers(values: Any, expected: list[float]) -> None:
    np.testing.assert_array_equal(raw("number", values), expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([dt.date(1970, 1, 2), None], [1.0, NAN]),
        ([dt.datetime(1970, 1, 2, 23, 59), pd.NaT], [1.0, NAN]),
        (["1970-01-03", "1969-12-31T10:00:00", "soon", ""], [2.0, -1.0, NAN, NAN]),
        (np.array(["1970-01-02T23", "NaT"], dtype="datetime64[h]"), [1.0, NAN]),
        (pd.to_datetime(pd.Series(["1970-01-02 10:00", None])), [1.0, NAN]),
        (pl.Series([dt.date(1970, 1, 2), None]), [1.0, NAN]),
        ([7], [NAN]),
    ],
)
def test_dates(values: Any, expected: list[float]) -> None:
    np.testing.assert_array_equal(raw("date", values), expected)


@pytest.mark.parametrize(
    ("values", "levels", "expected"),
    [
        (["b", "a", None, "", "c", NAN], ("a", "b"), [1, 0, -1, -1, -2, -1]),
        ([1, 2, 9], ("1", "2"), [0, 1, -2]),
        ([1.0, 2.0, NAN], ("1", "2"), [0, 1, -1]),
        (["1", "2.0", 1, 2.0], ("1", "2"), [0, 1, 0, 1]),
        (np.array([1, 2]), ("1.0", "1.5", "2.0"), [0, 2]),
        (np.array([2.0, NAN, 1.0]), ("1", "2"), [1, -1, 0]),
        ([True, False, None], ("false", "true"), [1, 0, -1]),
        (np.array([True, False]), ("false", "true"), [1, 0]),
        (["True", "TRUE", "false"], ("false", "true"), [1, 1, 0]),
        (pd.Series(["a", None], dtype="category"), ("a", "b"), [0, -1]),
        (pd.Series(["a", pd.NA], dtype="string"), ("a", "b"), [0, -1]),
        (pd.Series([True, None], dtype="boolean"), ("false", "true"), [1, -1]),
        (pl.Series(["b", None]), ("a", "b"), [1, -1]),
        (np.array(["a", "b"]), ("a", "b"), [0, 1]),
        (np.array([], dtype=np.float64), ("a", "b"), []),
    ],
)
def test_levels(values: Any, levels: tuple[str, ...], expected: list[int]) -> None:
    assert raw("category", values, *levels) == expected


@pytest.mark.parametrize("frame", [dict, pd.DataFrame, pl.DataFrame])
def test_frames_of_all_kinds(frame: Any) -> None:
    state = state_of(
        FeatureState(column="b", kind="category", levels=("u", "v")),
        FeatureState(column="a", kind="number"),
    )
    found = raw_values(state, frame({"a": [1.0, 2.0], "b": ["v", "u"], "more": [0, 0]}))
    assert {name: values.tolist() for name, values in found.items()} == {
        "b": [1, 0],
        "a": [1.0, 2.0],
    }


def test_what_cannot_be_columns_is_said() -> None:
    state = state_of(
        FeatureState(column="Age", kind="number"), FeatureState(column="b", kind="number")
    )
    with pytest.raises(ColumnNotFoundError, match=r"'Age'.*Try: 'age'"):
        raw_values(state, {"age": [1], "b": [1]})
    with pytest.raises(DataError, match="differ in length"):
        raw_values(state, {"Age": [1], "b": [1, 2]})
    with pytest.raises(DataError, match="not a sequence"):
        raw_values(state, {"Age": "12", "b": [1]})
    with pytest.raises(DataError, match="not a sequence"):
        raw_values(state, {"Age": 12, "b": [1]})
    with pytest.raises(DataError, match="more than one dimension"):
        raw_values(state, {"Age": np.zeros((1, 1)), "b": [1]})
