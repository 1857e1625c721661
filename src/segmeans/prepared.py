"""The prepared customers of a study: in memory where they fit, else read again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmeans import preparation
from segmeans.clustering.quality import silhouettes
from segmeans.model import Assigned, assign
from segmeans.records import PreparationState
from segmeans.tables.duck import Table

IN_MEMORY = 4 * 2**30
"""Prepared bytes up to which the rows are held in memory; the result does not depend on it."""
DRAWN = 4000
"""Customers drawn for the figures."""

Tick = Callable[[str, int, int], None]


class StreamedRows:
    """Prepared rows that do not fit in memory, read from the table each time.

    Parameters
    ----------
    table : Table
    state : PreparationState
    used : int
        Rows that are not set aside.
    """

    def __init__(self, table: Table, state: PreparationState, used: int) -> None:
        self._table, self._state = table, state
        self.n_rows = used
        self.n_columns = len(preparation.columns(state))

    def blocks(self) -> Iterator[NDArray[np.float64]]:
        """Yield arrays of shape (b, n_columns), together n_rows rows, in source order."""
        for matrix, status in preparation.blocks(self._table, self._state):
            yield matrix[status == preparation.USED]


class PreparedRows(NamedTuple):
    """The prepared customers that are scored, and the status of every row of the table."""

    rows: NDArray[np.float64] | StreamedRows  # (used, p)
    status: NDArray[np.int8]  # (n,), as preparation.legend names it

    @property
    def used(self) -> int:
        """The number of rows that are scored."""
        return int(np.count_nonzero(self.status == preparation.USED))

    def blocks(self) -> Iterator[NDArray[np.float64]]:
        """Yield the rows that are scored, in source order."""
        if isinstance(self.rows, StreamedRows):
            yield from self.rows.blocks()
        else:
            yield self.rows

    def take(self, wanted: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return some of the rows that are scored; their numbers ascend."""
        parts, first = [], 0
        for block in self.blocks():
            here = wanted[(wanted >= first) & (wanted < first + len(block))]
            parts.append(block[here - first])
            first += len(block)
        return np.concatenate(parts)


def prepare(table: Table, state: PreparationState, *, tick: Tick) -> PreparedRows:
    """Prepare every row of a table.

    Parameters
    ----------
    table : Table
    state : PreparationState
    tick : callable
        Called as ``tick(step, done, total)``.

    Returns
    -------
    PreparedRows
    """
    n, p = table.n_rows, len(preparation.columns(state))
    status = np.empty(n, dtype=np.int8)
    held = np.empty((n, p)) if n * p * 8 <= IN_MEMORY else None
    done = used = 0
    for matrix, mark in preparation.blocks(table, state):
        status[done : done + len(mark)] = mark
        done += len(mark)
        kept = matrix[mark == preparation.USED]
        if held is not None:
            held[used : used + len(kept)] = kept
        used += len(kept)
        tick("Preparing the customers", done, n)
    return PreparedRows(StreamedRows(table, state, used) if held is None else held[:used], status)


def everyone(rows: PreparedRows, centres: NDArray[np.float64]) -> Assigned:
    """Assign every customer to the nearest centre.

    Parameters
    ----------
    rows : PreparedRows
    centres : ndarray of shape (k, p)

    Returns
    -------
    Assigned
        One entry per row of the table; rows set aside are not scored.
    """
    parts = [assign(block, centres) for block in rows.blocks()]
    scored = Assigned(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    return scored.spread(rows.status == preparation.USED)


@dataclass(frozen=True, kw_only=True)
class CustomerSample:
    """Customers drawn for the figures: all of them when few, else a random sample.

    Rows are in source order. ``m`` is the number of customers drawn, ``p`` of prepared columns.
    """

    prepared: NDArray[np.float64]  # (m, p), columns named by ``names``
    names: tuple[str, ...]  # the p prepared columns, as preparation.columns gives them
    units: dict[str, NDArray[np.float64]]  # numeric features in their own units, (m,) each
    labels: NDArray[np.int32]  # (m,), segment number - 1
    silhouettes: NDArray[np.float64]  # (m,), 0 where there is one segment
    shadows: NDArray[np.float64]  # (m,), 0 at the centre to 1 on the border
    customers: int  # how many there are in all


def draw(
    table: Table, state: PreparationState, rows: PreparedRows, assigned: Assigned, seed: int
) -> CustomerSample:
    """Draw customers for the figures.

    Parameters
    ----------
    table : Table
    state : PreparationState
    rows : PreparedRows
    assigned : Assigned
    seed : int

    Returns
    -------
    CustomerSample
        At most ``DRAWN`` customers, in source order.
    """
    used = np.flatnonzero(rows.status == preparation.USED)
    drawn = np.arange(len(used))
    if len(used) > DRAWN:
        drawn = np.sort(np.random.default_rng(seed).choice(len(used), DRAWN, replace=False))
    prepared, places = rows.take(drawn), used[drawn]
    labels = assigned.labels[places]
    units = {
        feature.column: table.fetch({feature.column: expression})[feature.column][places]
        for feature, expression in zip(
            state.features, preparation.raw_expressions(state).values(), strict=True
        )
        if feature.kind != "category"
    }
    k = int(labels.max()) + 1
    depth = np.zeros(len(drawn))
    if k > 1:
        [depth] = silhouettes(prepared, np.ones(len(drawn)), [(labels, k)])
    return CustomerSample(
        prepared=prepared,
        names=preparation.columns(state),
        units=units,
        labels=labels,
        silhouettes=depth,
        shadows=1.0 - assigned.certainty[places].astype(np.float64),
        customers=len(used),
    )
