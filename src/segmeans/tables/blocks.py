"""Columns as the engine hands them out become arrays of numbers and texts, in blocks of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def in_blocks(pieces: Iterable[dict[str, Array]], rows: int) -> Iterator[dict[str, Array]]:
    """Yield pieces of any length again as blocks of the same length; the last may be shorter."""
    held: dict[str, Array] = {}
    for piece in pieces:
        joined = {n: np.concatenate([held[n], v]) if held else v for n, v in piece.items()}
        length = len(next(iter(joined.values()), ()))
        whole = length - length % rows
        for start in range(0, whole, rows):
            yield {name: column[start : start + rows] for name, column in joined.items()}
        held = {n: v[whole:] for n, v in joined.items()} if whole < length else {}
    if held:
        yield held


def filled(column: Array) -> Array:
    """Return a column of ``fetchnumpy`` as float64 with NaN or as object with None."""
    mask = np.ma.getmaskarray(column) if isinstance(column, np.ma.MaskedArray) else None
    values = np.ma.getdata(column)
    if values.dtype.kind in "biuf":
        numbers = values.astype(np.float64)  # a copy: the mask must not reach DuckDB's memory
        if mask is not None:
            numbers[mask] = np.nan
        return numbers
    texts = values.astype(object)
    if mask is not None:
        texts[mask] = None
    return texts


def unframed(series: Any) -> Array:
    """Return a column of a frame as float64 with NaN or as object with None."""
    if series.dtype.kind in "biuf":
        return cast("Array", series.to_numpy(dtype=np.float64))
    values: Array = series.to_numpy(dtype=object, copy=True)
    values[series.isna().to_numpy()] = None
    return values
