"""The day of training as a few numbers, against which every later day is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmeans import preparation
from segmeans.model.assigning import Assigned
from segmeans.preparation.categories import MISSING_CODE
from segmeans.preparation.transforms import LARGEST
from segmeans.records import FeatureSeen, FeatureState, ModelRecord, PreparationState
from segmeans.tables import sql
from segmeans.tables.duck import Table

DISTANCES = (0.5, 0.9, 0.99, 0.999, 1.0)
"""Quantiles of the distances of a segment's customers that a model keeps."""
UNLIKE = 3
"""Whoever is farther out than this one of them is unlike anyone seen: 1 in 1,000 on that day."""
CERTAINTIES = (0.1, 0.5)
"""Quantiles of the certainty: the least certain tenth is border, the more certain half core."""
BINS = 10

Raw = Mapping[str, NDArray[Any]]


def calibrated(
    record: ModelRecord, assigned: Assigned, table: Table, *, digits: int = 6
) -> ModelRecord:
    """Return a model that also knows the customers it was trained on.

    Parameters
    ----------
    record : ModelRecord
    assigned : Assigned
        Of every row of the table.
    table : Table
        What the model was trained on.
    digits : int, default=6
        Significant digits kept of every measured number.

    Returns
    -------
    ModelRecord
        With the certainty cut-offs, the distances and spread of every segment, and how the values
        of every feature were spread.
    """
    scored = assigned.labels >= 0
    certainty = np.quantile(assigned.certainty[scored].astype(np.float64), CERTAINTIES)
    segments = []
    for segment in record.segments:
        own = assigned.distance[assigned.labels == segment.number - 1].astype(np.float64)
        known = len(own) > 0
        segments.append(
            replace(
                segment,
                spread=_short(np.sqrt(np.mean(np.square(own))), digits) if known else None,
                distances=_shorts(np.quantile(own, DISTANCES), digits) if known else (),
            )
        )
    return replace(
        record,
        certainty_cuts=_shorts(certainty, digits),
        segments=tuple(segments),
        seen=seen(table, record.preparation, digits=digits),
    )


def _short(value: float, digits: int) -> float:
    """Round upwards in size, so that the farthest customer of all is never beyond the cut-off."""
    rounded = float(f"{value:.{digits - 1}e}")
    if rounded < value:
        step = 10.0 ** (np.floor(np.log10(abs(value))) - digits + 1)
        rounded = float(f"{value + step:.{digits - 1}e}")
    return rounded


def _shorts(values: Iterable[float], digits: int) -> tuple[float, ...]:
    return tuple(_short(float(value), digits) for value in values)


def seen(table: Table, state: PreparationState, *, digits: int = 6) -> tuple[FeatureSeen, ...]:
    """Measure how the values of every feature are spread.

    Parameters
    ----------
    table : Table
    state : PreparationState
    digits : int, default=6
        Significant digits kept.

    Returns
    -------
    tuple of FeatureSeen
        Numbers and dates in ten bins of about equally many values, categories by level.
    """
    edges = _edges(table, state)
    counts = Spread(state, edges)
    for raw in table.blocks(preparation.raw_expressions(state)):
        counts.add(raw)
    return tuple(
        FeatureSeen(
            column=feature.column,
            edges=edges[feature.column],
            shares=tuple(round(float(share), digits + 2) for share in counts.shares(feature)),
            missing=round(counts.missing(feature), digits + 2),
        )
        for feature in state.features
    )


def _edges(table: Table, state: PreparationState) -> dict[str, tuple[float, ...]]:
    """Return the different inner deciles of numbers and dates, nothing for categories."""
    raw = preparation.raw_expressions(state)
    inner = np.arange(1, BINS) / BINS
    asked = {
        feature.column: sql.quantile_values(raw[feature.column], inner.tolist())
        for feature in state.features
        if feature.kind != "category"
    }
    found = table.aggregate(asked) if asked else {}
    return {
        feature.column: tuple(sorted({float(edge) for edge in found.get(feature.column) or ()}))
        for feature in state.features
    }


class Spread:
    """Counts of the values of every feature, block by block.

    Parameters
    ----------
    state : PreparationState
    edges : mapping of str to tuple of float
        By feature; empty for categories.
    """

    def __init__(self, state: PreparationState, edges: Mapping[str, tuple[float, ...]]) -> None:
        self.rows = 0
        self._state = state
        self._edges = {name: np.array(values) for name, values in edges.items()}
        self._counts = {
            feature.column: np.zeros(_bins(feature, edges), dtype=np.int64)
            for feature in state.features
        }

    def add(self, raw: Raw) -> None:
        """Count a block of raw values."""
        self.rows += len(raw[self._state.features[0].column])
        for feature in self._state.features:
            values = np.asarray(raw[feature.column], dtype=np.float64)
            counts = self._counts[feature.column]
            if feature.kind == "category":
                codes = values[values != MISSING_CODE].astype(np.intp)
                codes[codes < 0] = len(counts) - 1
            else:
                present = values[np.abs(values) <= LARGEST]
                codes = np.searchsorted(self._edges[feature.column], present, side="left")
            counts += np.bincount(codes, minlength=len(counts))

    def counts(self, feature: FeatureState) -> NDArray[np.int64]:
        """Return how many values fell into each bin or level; values of no level come last."""
        return self._counts[feature.column]

    def shares(self, feature: FeatureState) -> NDArray[np.float64]:
        """Return the same as shares of the rows with a value."""
        counts = self._counts[feature.column]
        return counts / max(int(counts.sum()), 1)

    def missing(self, feature: FeatureState) -> float:
        """Return the share of the rows without a value."""
        return 1.0 - int(self._counts[feature.column].sum()) / max(self.rows, 1)


def _bins(feature: FeatureState, edges: Mapping[str, tuple[float, ...]]) -> int:
    return (len(feature.levels) if feature.kind == "category" else len(edges[feature.column])) + 1
