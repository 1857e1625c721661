"""Rows of numbers, wherever they lie: an array in memory, or blocks that are read again and again.

Everything that visits all rows goes through :class:`Source`, so that rows in memory and rows
streamed in blocks take the same path and give the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmeans.clustering.kernels import Floats, Rows
from segmeans.clustering.sums import column_sums, dot
from segmeans.errors import DataError

CHUNK = 2**16
"""Rows that the NumPy parts hold as float64 at a time."""

_LARGE, _SMALL = 2.0**300, 2.0**-300  # sums of squares are safe between these
_FEW = 8  # as many chunks are gathered into one piece for the compiled kernels


@runtime_checkable
class RowBlocks(Protocol):
    """Rows that can be read again and again, in the same order, in blocks of any size.

    Attributes
    ----------
    n_rows, n_columns : int
        The shape of all rows together.
    """

    @property
    def n_rows(self) -> int:
        """Rows of all blocks together."""
        ...

    @property
    def n_columns(self) -> int:
        """Columns of every block."""
        ...

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield arrays of shape (b, n_columns), together n_rows rows; float32 or float64."""
        ...


class Survey(NamedTuple):
    """What one reading of all rows tells before any search."""

    rows: int  # with a positive weight
    weight: float
    origin: Floats  # (d,) weighted mean, in scaled units
    spread: float  # weighted sum of squared distances from the origin, in scaled units


@dataclass(frozen=True, slots=True)
class Source:
    """Checked rows with their weights. Make one with :func:`open_source`.

    Values are multiplied by ``scale`` and weights by ``weight_scale``, powers of two that differ
    from 1 only for numbers whose squares would leave the range of float64.
    """

    data: NDArray[Any] | RowBlocks
    weights: Floats | None
    n_rows: int
    n_columns: int
    scale: float = 1.0
    weight_scale: float = 1.0

    def pieces(self) -> Iterator[tuple[Rows, Floats | None]]:
        """Yield (rows, weights) for the kernels: contiguous floats, weights positive."""
        if self._ready():
            yield self.data, self.weights  # type: ignore[misc]
        else:
            yield from self.chunks()

    def chunks(self) -> Iterator[tuple[Rows, Floats | None]]:
        """Yield the same rows in chunks of CHUNK rows (fewer where weights are zero)."""
        first = 0
        for chunk in self._cut():
            mass = None if self.weights is None else self.weights[first : first + len(chunk)]
            first += len(chunk)
            rows = _as_floats(chunk)
            if self.scale != 1.0:
                rows = rows.astype(np.float64) * self.scale
            if mass is not None and not mass.all():
                rows, mass = rows[mass > 0], mass[mass > 0]
            if len(rows):
                yield rows, mass
        if first != self.n_rows:
            raise DataError(
                "The blocks do not hold the rows that were announced",
                where="blocks()",
                found=f"{first} rows",
                allowed=f"{self.n_rows} rows",
            )

    def array(self) -> tuple[Rows, Floats | None]:
        """Return all rows at once; only for sources known to be small."""
        parts = list(self.pieces())
        if len(parts) == 1:
            return parts[0]
        rows = np.concatenate([rows for rows, _ in parts])
        if self.weights is None:
            return rows, None
        return rows, np.concatenate([mass for _, mass in parts if mass is not None])

    def _ready(self) -> bool:
        data = self.data
        return (
            isinstance(data, np.ndarray)
            and data.dtype in (np.dtype(np.float32), np.dtype(np.float64))
            and bool(data.flags.c_contiguous)
            and self.scale == 1.0
            and (self.weights is None or bool(self.weights.all()))
        )

    def _cut(self) -> Iterator[NDArray[Any]]:
        if isinstance(self.data, np.ndarray):
            for first in range(0, self.n_rows, CHUNK):
                yield self.data[first : first + CHUNK]
            return
        held: list[NDArray[Any]] = []
        count = 0
        for block in self.data.blocks():
            rest = self._checked_block(block)
            while count + len(rest) >= CHUNK:
                missing = CHUNK - count
                yield np.concatenate([*held, rest[:missing]]) if held else rest[:missing]
                rest, held, count = rest[missing:], [], 0
            if len(rest):
                held.append(rest)
                count += len(rest)
        if held:
            yield np.concatenate(held)

    def _checked_block(self, block: NDArray[Any]) -> NDArray[Any]:
        block = np.asarray(block)
        if block.ndim != 2 or block.shape[1] != self.n_columns:
            raise DataError(
                "A block of rows has the wrong shape",
                where="blocks()",
                found=str(block.shape),
                allowed=f"(rows, {self.n_columns})",
            )
        return block


def open_source(points: ArrayLike | RowBlocks, weights: ArrayLike | None) -> Source:
    """Check the kind and shape of points and weights; the values are checked by :func:`survey`.

    Raises
    ------
    DataError
        For anything but a two-dimensional array of real numbers with at least one row and one
        column, or weights that are not one finite number >= 0 per row with a positive sum.
    """
    data: NDArray[Any] | RowBlocks
    if isinstance(points, RowBlocks):
        data, n_rows, n_columns = points, points.n_rows, points.n_columns
    else:
        data = _as_table(points)
        n_rows, n_columns = data.shape
    if n_rows < 1 or n_columns < 1:
        raise DataError(
            "There is nothing to cluster",
            where="points",
            found=f"shape ({n_rows}, {n_columns})",
            allowed="at least one row and one column",
        )
    mass = None if weights is None else _checked_weights(weights, n_rows)
    source = Source(data, mass, n_rows, n_columns)
    heaviest = 1.0 if mass is None else float(mass.max())
    if not 2.0**-100 < heaviest < 2.0**100:
        factor = _power_of_two(heaviest)
        source = replace(source, weights=np.asarray(mass) * factor, weight_scale=factor)
    return source


def survey(source: Source) -> tuple[Source, Survey]:
    """Read all rows once: refuse NaN and infinity, find the mean and the total spread.

    Returns the source as well, because numbers of extreme size give it a scale.
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        found, reach = _survey(source)
        if (found.spread < _SMALL and reach > 0.0) or not found.spread < _LARGE:
            source = replace(source, scale=_power_of_two(reach))
            found, _ = _survey(source)
    return source, found


def _survey(source: Source) -> tuple[Survey, float]:
    """Return the survey and the largest distance of any value from the first row's."""
    first: Floats | None = None
    rows, weight, spread, reach = 0, 0.0, 0.0, 0.0
    sums = np.zeros(source.n_columns)
    for chunk, mass in source.chunks():
        if first is None:
            first = chunk[0].astype(np.float64)
        offset = np.subtract(chunk, first, dtype=np.float64)
        if not np.isfinite(offset.sum()):
            _refuse_non_finite(chunk, rows)
        reach = max(reach, float(np.abs(offset).max()))
        squares = np.einsum("ij,ij->i", offset, offset)
        rows += len(chunk)
        weight += float(len(chunk) if mass is None else mass.sum())
        sums += offset.sum(axis=0) if mass is None else column_sums(mass, offset)
        spread += float(squares.sum() if mass is None else dot(mass, squares))
    assert first is not None  # noqa: S101 - weights have a positive sum
    shift = sums / weight
    spread = max(0.0, spread - weight * dot(shift, shift))
    return Survey(rows, weight, first + shift, spread), reach


def _refuse_non_finite(chunk: Rows, rows_before: int) -> None:
    bad = np.argwhere(~np.isfinite(chunk))
    if len(bad):
        row, column = (int(i) for i in bad[0])
        raise DataError(
            "The points hold NaN or infinity",
            where=f"row {rows_before + row}, column {column}",
            found=str(chunk[row, column]),
            allowed="finite numbers",
            hint="fill or drop missing values first",
        )


def _power_of_two(size: float) -> float:
    """Return the factor that brings a size near one; an overflowed size far below it."""
    if not np.isfinite(size):
        return 2.0**-1000
    return float(np.ldexp(1.0, -int(np.frexp(size)[1])))


def _as_table(points: ArrayLike) -> NDArray[Any]:
    try:
        table = np.asarray(points)
        if table.dtype.kind == "O":
            table = table.astype(np.float64)
    except (TypeError, ValueError) as problem:
        raise DataError(
            "The points are not numbers", where="points", found=str(problem)
        ) from problem
    if table.dtype.kind not in "fiub":
        raise DataError(
            "The points are not real numbers",
            where="points",
            found=f"dtype {table.dtype}",
            allowed="integers or floats",
        )
    if table.ndim != 2:
        raise DataError(
            "The points do not form a table",
            where="points",
            found=f"{table.ndim} dimensions",
            allowed="two dimensions: rows and columns",
            hint="points.reshape(-1, 1) for one column",
        )
    return table


def _checked_weights(weights: ArrayLike, n_rows: int) -> Floats:
    try:
        mass = np.array(weights, dtype=np.float64)
    except (TypeError, ValueError) as problem:
        raise DataError(
            "The weights are not numbers", where="weights", found=str(problem)
        ) from problem
    if mass.shape != (n_rows,):
        raise DataError(
            "There is not one weight per row",
            where="weights",
            found=f"shape {mass.shape}",
            allowed=f"shape ({n_rows},)",
        )
    if not np.isfinite(mass).all() or mass.min() < 0.0 or not 0.0 < mass.sum() < np.inf:
        raise DataError(
            "The weights do not suit",
            where="weights",
            found=f"least {mass.min()}, greatest {mass.max()}, sum {mass.sum()}",
            allowed="finite numbers >= 0, at least one above 0",
        )
    return mass


def _as_floats(chunk: NDArray[Any]) -> Rows:
    if chunk.dtype in (np.dtype(np.float32), np.dtype(np.float64)):
        return np.ascontiguousarray(chunk)
    return np.ascontiguousarray(chunk, dtype=np.float64)
