"""The Segmentation as data: a few kB of JSON that says which segment anyone belongs to.

The file holds the preparation, the centres and the names; no code, no pickle. Reading it treats it
as hostile: size, types, shapes and finiteness are checked before anything is used.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmeans import preparation
from segmeans.clustering import kernels
from segmeans.errors import SourceError
from segmeans.records import ModelRecord

SCHEMA = 1
MAX_BYTES = 10_000_000


class Assigned(NamedTuple):
    """Which segment each row belongs to, and how clearly.

    ``certainty`` is ``(d2 - d1) / (d2 + d1)`` with the distances to the nearest and the
    second-nearest centre: 0 on the border between two segments, 1 in the centre of one. It is one
    minus the shadow value ``2 d1 / (d1 + d2)`` of Leisch (2010, Statistics and Computing 20).
    """

    labels: NDArray[np.int32]  # (n,), segment number - 1; -1 when not scored
    runners_up: NDArray[np.int32]  # (n,), -1 when not scored or when there is one segment
    certainty: NDArray[np.float32]  # (n,), NaN when not scored
    distance: NDArray[np.float32]  # (n,), to the own centre, in prepared units; NaN likewise

    def spread(self, used: NDArray[np.bool_]) -> Assigned:
        """Return the entries at the places where ``used`` is true, and blanks elsewhere.

        Parameters
        ----------
        used : ndarray of bool, shape (n,)
            As many true values as there are entries.

        Returns
        -------
        Assigned
        """
        if used.all():
            return self
        blanks: list[NDArray[Any]] = []
        for fill, part in zip((-1, -1, np.nan, np.nan), self, strict=True):
            whole = np.full(len(used), fill, dtype=part.dtype)
            whole[used] = part
            blanks.append(whole)
        return Assigned(*blanks)


def assign(matrix: NDArray[np.float64], centres: NDArray[np.float64]) -> Assigned:
    """Assign prepared rows to their nearest centres; ties go to the lowest segment number.

    Parameters
    ----------
    matrix : ndarray of shape (n, p)
        Prepared rows, all of them complete.
    centres : ndarray of shape (k, p)

    Returns
    -------
    Assigned
    """
    if len(centres) == 1:
        labels, first = kernels.nearest(matrix, centres)
        nobody = np.full(len(matrix), -1, dtype=np.int32)
        ones = np.ones(len(matrix), dtype=np.float32)
        return Assigned(labels, nobody, ones, np.sqrt(first).astype(np.float32))
    labels, first, runners_up, second = kernels.pair(matrix, centres)
    near, far = np.sqrt(first), np.sqrt(second)
    total = near + far
    certainty = np.divide(far - near, total, out=np.zeros_like(total), where=total > 0)
    return Assigned(labels, runners_up, certainty.astype(np.float32), near.astype(np.float32))


class Model:
    """A segmentation that can be saved, loaded and asked.

    Parameters
    ----------
    record : ModelRecord

    Examples
    --------
    ``segmeans.load("model.json").assign({"Age": [31], "Annual Income (k$)": [60]})``
    """

    def __init__(self, record: ModelRecord) -> None:
        self.record = record
        self._centres = np.array(record.centres, dtype=np.float64)

    def assign(self, columns: Mapping[str, Any]) -> Assigned:
        """Say which segment each customer belongs to.

        Parameters
        ----------
        columns : mapping of str to array-like of shape (n,)
            The columns of the table by name, for example a dict of lists or a DataFrame. Other
            columns than the features are ignored.

        Returns
        -------
        Assigned
            One entry per customer, in order; rows with too many missing values are not scored.

        Raises
        ------
        ColumnNotFoundError
            When a feature is missing.
        """
        state = self.record.preparation
        raw = preparation.raw_values(state, columns)
        return self.assign_prepared(preparation.matrix(state, raw), preparation.status(state, raw))

    def assign_prepared(self, matrix: NDArray[np.float64], status: NDArray[np.int8]) -> Assigned:
        """Assign prepared rows, leaving out those whose status is not 0.

        Parameters
        ----------
        matrix : ndarray of shape (n, p)
        status : ndarray of shape (n,)
            As :func:`segmeans.preparation.status` gives it; 0 means complete.

        Returns
        -------
        Assigned
        """
        used = status == preparation.USED
        if used.all():
            return assign(matrix, self._centres)
        return assign(np.ascontiguousarray(matrix[used]), self._centres).spread(used)

    def to_json(self) -> str:
        """Return the text of ``model.json``."""
        return record_json(self.record)


def record_json(record: Any) -> str:
    """Return a record as JSON text: readable, strict (no NaN), the same bytes every time.

    Parameters
    ----------
    record : dataclass instance

    Returns
    -------
    str
    """
    values = dataclasses.asdict(record)
    return json.dumps(values, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def load(path: str | Path) -> Model:
    """Read a ``model.json``.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Model

    Raises
    ------
    SourceError
        When the file is missing, too large, no model, of a newer schema, or inconsistent.
    """
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415  (only for reading)

    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SourceError(
                "The model file is too large to be one of ours",
                where=str(path),
                found=f"{path.stat().st_size:,} bytes",
                allowed=f"up to {MAX_BYTES:,} bytes",
            )
        record = TypeAdapter(ModelRecord).validate_json(path.read_bytes(), strict=True)
    except OSError as error:
        raise SourceError(
            "The model file cannot be opened", where=str(path), found=error.strerror
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole file"
        raise SourceError(
            "The file is no model of segmeans",
            where=f"{path}, {place}",
            found=first["msg"],
            allowed=f"a model.json of schema {SCHEMA}",
        ) from None
    _check(record, str(path))
    return Model(record)


def _check(record: ModelRecord, where: str) -> None:
    """Refuse a model whose parts do not fit together."""
    widths = {len(centre) for centre in record.centres}
    faults = {
        f"schema {record.schema}": record.schema != SCHEMA,
        "no centre": not record.centres,
        "centres of another width than the columns": widths - {len(record.columns)},
        "another number of segments than of centres": len(record.segments) != len(record.centres),
        "a number that is not finite": not all(map(math.isfinite, _numbers(record))),
        "columns that the preparation does not give": record.columns
        != preparation.columns(record.preparation),
    }
    for fault, present in faults.items():
        if present:
            raise SourceError(
                "The model file does not fit together",
                where=where,
                found=fault,
                hint="write it anew with segmeans run",
            )


def _numbers(value: Any) -> list[float]:
    """Return every number in a record, however deep."""
    if isinstance(value, float):
        return [value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = [getattr(value, field.name) for field in dataclasses.fields(value)]
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [number for item in value for number in _numbers(item)]
    return []
