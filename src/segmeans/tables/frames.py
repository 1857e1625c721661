"""Frames from Python: pandas, polars, Arrow, or a mapping of columns."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from segmeans.errors import SourceError
from segmeans.records import Finding
from segmeans.tables.duck import Array, Engine, quoted
from segmeans.tables.grid import RAW, cell_text, renamed, view_with_tidy_names
from segmeans.tables.names import unique


class _Stream:
    """Passes on the Arrow stream of an object, and nothing else of it."""

    def __init__(self, source: Any) -> None:
        self._source = source

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._source.__arrow_c_stream__(requested_schema)


def load_frame(
    engine: Engine, source: object, relation: str
) -> tuple[dict[str, str], tuple[Finding, ...]]:
    """Copy a frame into a new table; the frame is not changed.

    Parameters
    ----------
    engine : Engine
        Gets the table.
    source : object
        A pandas or polars frame, any object with ``__arrow_c_stream__`` (pyarrow is not needed),
        or a mapping of names to equally long columns.
    relation : str
        Name of the new table.

    Raises
    ------
    SourceError
        If the object is none of these or cannot be read.
    """
    library = type(source).__module__.partition(".")[0]
    pandas = sys.modules.get("pandas")
    if library == "polars" and hasattr(source, "collect"):
        source = source.collect()
    if pandas is not None and isinstance(source, pandas.DataFrame):
        columns = [_pandas_column(source.iloc[:, i]) for i in range(source.shape[1])]
        findings = _load_arrays(engine, relation, [str(name) for name in source.columns], columns)
    elif hasattr(source, "__arrow_c_stream__"):
        findings = _load_stream(engine, relation, source)
    elif isinstance(source, Mapping):
        names = [str(name) for name in source]
        findings = _load_arrays(
            engine, relation, names, [_column(values) for values in source.values()]
        )
    else:
        raise SourceError(
            "This object cannot be read as a table",
            found=f"{type(source).__module__}.{type(source).__qualname__}",
            allowed="a path or URL, a pandas or polars frame, an Arrow table, "
            "a mapping of names to columns",
        )
    return {"library": library}, findings


def _load_stream(engine: Engine, relation: str, source: object) -> tuple[Finding, ...]:
    engine.load(RAW, _Stream(source), where="dataframe")
    return view_with_tidy_names(engine, relation)


def _load_arrays(
    engine: Engine, relation: str, names: list[str], columns: list[Array]
) -> tuple[Finding, ...]:
    if not columns:
        raise SourceError("The frame has no columns", where="dataframe")
    if len({len(column) for column in columns}) > 1:
        raise SourceError(
            "The columns have different lengths",
            where="dataframe",
            found=", ".join(f"{n}: {len(c)}" for n, c in zip(names, columns, strict=True)),
        )
    tidy = unique(names)
    engine.load(RAW, dict(zip(tidy, columns, strict=True)), where="dataframe")
    engine.run(f"CREATE VIEW {quoted(relation)} AS SELECT * FROM {RAW}")
    return renamed(names, tidy)


def _pandas_column(series: Any) -> Array:
    """Return a pandas column as an array that DuckDB reads without guessing."""
    kind = getattr(series.dtype, "kind", "O")
    if isinstance(series.dtype, np.dtype) and kind in "iuf":
        return series.to_numpy()  # type: ignore[no-any-return]
    if isinstance(series.dtype, np.dtype) and kind == "M":
        return series.to_numpy().astype("datetime64[us]")  # type: ignore[no-any-return]
    missing = series.isna().to_numpy()
    if kind in "iuf" and not missing.any():  # pandas' own nullable numbers
        return series.to_numpy(dtype=np.float64 if kind == "f" else np.int64)  # type: ignore
    if kind in "iuf":
        return series.to_numpy(dtype=np.float64, na_value=np.nan)  # type: ignore[no-any-return]
    return _texts(series.to_numpy(dtype=object, copy=True), missing)


def _column(values: Any) -> Array:
    array = np.asarray(values)
    if array.ndim != 1:
        raise SourceError("A column must be one-dimensional", found=f"{array.ndim} dimensions")
    if array.dtype.kind in "iuf":
        return array
    if array.dtype.kind == "M":
        return array.astype("datetime64[us]")
    values = np.asarray(values, dtype=object)
    return _texts(values, np.array([value is None or value != value for value in values], bool))


def _texts(values: Array, missing: Array) -> Array:
    """Return objects as numbers where all are numbers, otherwise as text."""
    present = values[~missing]
    kinds = {type(value) for value in present}
    if kinds and kinds <= {int, float, np.int64, np.float64}:
        numbers = np.full(len(values), np.nan)
        numbers[~missing] = present.astype(np.float64)
        return numbers
    texts = np.full(len(values), None, dtype=object)
    texts[~missing] = [cell_text(value) for value in present]
    return texts
