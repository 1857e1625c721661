"""The segmentation itself: a record that can be saved and asked."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmeans import preparation
from segmeans.model.ahead import ahead
from segmeans.model.assigning import Assigned, assign
from segmeans.model.calibration import UNLIKE
from segmeans.model.scored import Scored
from segmeans.preparation.values import Columns
from segmeans.records import ModelRecord
from segmeans.tables.arrow import Copied, Text, blocks
from segmeans.tables.duck import ALONG, BLOCK_ROWS, Table

RANGE = 1.0
"""A value farther outside what was seen than this many times the seen range is unlike it."""


class Block(NamedTuple):
    """Some rows of a table, scored, with the raw values they were scored from."""

    raw: Mapping[str, NDArray[Any]]
    scored: Scored
    along: Text | Copied | None  # a column of text that came along unread


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

    def assign(self, columns: Columns, *, threads: int = 1) -> Scored:
        """Say which segment each customer belongs to, and how clearly.

        Parameters
        ----------
        columns : mapping of str to array-like of shape (n,)
            The columns of the table by name: a dict of lists, or a pandas or polars DataFrame.
            Other columns than the features are ignored.
        threads : int, default=1
            The result does not depend on it.

        Returns
        -------
        Scored
            One entry per customer, in order; rows with too many missing values are not scored.

        Raises
        ------
        ColumnNotFoundError
            When a feature is missing.
        DataError
            When the columns differ in length.
        """
        raw = preparation.raw_values(self.record.preparation, columns)
        return self.assign_raw(raw, threads=threads)

    def assign_raw(self, raw: Mapping[str, NDArray[Any]], *, threads: int = 1) -> Scored:
        """Say the same from raw values.

        Parameters
        ----------
        raw : mapping of str to ndarray of shape (n,)
            As :func:`segmeans.preparation.raw_expressions` or ``raw_values`` give them.
        threads : int, default=1

        Returns
        -------
        Scored
        """
        state = self.record.preparation
        status = preparation.status(state, raw)
        used = status == preparation.USED
        matrix = preparation.matrix(state, raw)
        if not used.all():
            matrix = np.ascontiguousarray(matrix[used])
        assigned = assign(matrix, self._centres, threads=threads).spread(used)
        return Scored(self.record, assigned, status, self._unlike(raw, assigned))

    def blocks(
        self, table: Table, *, threads: int = 1, along: str | None = None
    ) -> Iterator[Block]:
        """Score a table block by block, in its order and in bounded memory.

        Parameters
        ----------
        table : Table
            Has the features.
        threads : int, default=1
        along : str, optional
            A column that comes along unread, as text.

        Yields
        ------
        Block
        """
        wanted = preparation.raw_expressions(self.record.preparation)
        name = None if along is None else ALONG
        batches = ahead(table.batches(wanted, along))
        for raw, text in blocks(batches, list(wanted), name, BLOCK_ROWS):
            yield Block(raw, self.assign_raw(raw, threads=threads), text)

    def _unlike(
        self, raw: Mapping[str, NDArray[Any]], assigned: Assigned
    ) -> NDArray[np.bool_] | None:
        """Return who is unlike anyone seen; None for a model that does not know whom it saw."""
        limits = self._limits()
        if limits is None:
            return None
        # the last limit serves whoever is not scored, whose distance is NaN
        unlike: NDArray[np.bool_] = assigned.distance > limits[assigned.labels]
        for feature in self.record.preparation.features:
            if feature.kind != "category" and {"min", "max"} <= feature.before.keys():
                low, high = feature.before["min"], feature.before["max"]
                slack = RANGE * (high - low)
                values = np.asarray(raw[feature.column], dtype=np.float64)
                unlike |= np.logical_or(values < low - slack, values > high + slack)
        unlike &= assigned.labels >= 0
        return unlike

    def _limits(self) -> NDArray[np.float64] | None:
        known = [segment.distances for segment in self.record.segments]
        if not any(known):
            return None
        return np.array([distances[UNLIKE] if distances else np.inf for distances in known])

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
    text = json.dumps(values, ensure_ascii=False, indent=2, allow_nan=False, default=_day)
    return text + "\n"


def _day(value: object) -> str:
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
