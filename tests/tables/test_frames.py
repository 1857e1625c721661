"""Frames of pandas, polars and Arrow, and mappings, give the same table and stay unchanged."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from segmeans.errors import DataError, SourceError
from segmeans.settings import Settings
from segmeans.tables.source import open_table

COLUMNS: dict[str, list[Any]] = {
    "id": ["0001", "0002", "0003"],
    "x": [1.5, None, -2.0],
    "n": [7, 8, 9],
    "flag": [True, False, None],
    "when": [date(2024, 1, 31), None, date(2024, 2, 1)],
    "text": ["ä", "", "b c"],
}
EXPECTED = [
    ("0001", 1.5, 7, "true", date(2024, 1, 31), "ä"),
    ("0002", None, 8, "false", None, None),
    ("0003", -2.0, 9, None, date(2024, 2, 1), "b c"),
]


class Capsule:
    """Nothing but the Arrow interface."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


def rows(frame: object) -> list[tuple[Any, ...]]:
    with open_table(frame, Settings(threads=1)) as opened:
        return opened.table.engine.rows("SELECT * FROM data")


@pytest.mark.parametrize(
    "make",
    [
        pl.DataFrame,
        lambda columns: pl.DataFrame(columns).lazy(),
        lambda columns: Capsule(pl.DataFrame(columns)),
        pa.table,
        lambda columns: pa.table(columns).to_reader(),
        pd.DataFrame,
        lambda columns: pd.DataFrame(columns).convert_dtypes(),
        lambda columns: pd.DataFrame(columns, index=[5, 5, 9]),
        dict,
    ],
)
def test_every_frame_gives_the_same_rows(make: Any) -> None:
    assert rows(make(COLUMNS)) == EXPECTED


def test_pandas_types_of_their_own_are_read() -> None:
    frame = pd.DataFrame(
        {
            "category": pd.Categorical(["a", None, "b"]),
            "nullable": pd.array([1, None, 3], dtype="Int64"),
            "time": pd.to_datetime(["2024-01-01 08:26", None, "2024-01-02 00:00"]),
            "mixed": ["1", 2, 3.5],
            "small": np.array([1, 2, 3], dtype=np.uint8),
            "infinite": [1.0, np.inf, np.nan],
            "same": ["x", "y", "z"],
        }
    )
    frame.columns = [*frame.columns[:-1], "Small"]
    before = frame.copy(deep=True)
    with open_table(frame) as opened:
        assert opened.table.names[-1] == "Small_2"
        assert {f.code for f in opened.findings} == {"infinite-values", "renamed-columns"}
        found = opened.table.engine.rows("SELECT * FROM data")
    assert [str(value) for value in found[0]] == [
        *("a", "1.0", "2024-01-01 08:26:00", "1.0", "1", "1.0", "x"),
    ]
    assert found[1] == (None, None, None, 2.0, 2, None, "y")
    pd.testing.assert_frame_equal(frame, before)


def test_names_that_are_no_text_become_text() -> None:
    with open_table(pd.DataFrame(np.arange(6).reshape(3, 2))) as opened:
        assert opened.table.names == ("0", "1")


@pytest.mark.parametrize(
    "bad", [[1, 2], 5, None, {}, {"a": [1], "b": [1, 2]}, {"a": np.zeros((2, 2))}, pd.DataFrame()]
)
def test_other_objects_are_one_clear_error(bad: object) -> None:
    with pytest.raises((SourceError, DataError)):
        open_table(bad)


def test_a_frame_without_rows_is_one_clear_error() -> None:
    with pytest.raises(DataError, match="no rows"):
        open_table(pd.DataFrame({"a": [], "b": []}))
