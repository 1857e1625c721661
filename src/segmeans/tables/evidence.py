"""What the values of every column show: counts over all rows, and a sample spread through them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segmeans.tables.duck import Column, Table, quoted
from segmeans.tables.names import says_id

SAMPLE_ROWS = 2_000
NEARLY = 0.8  # of the rows; the engine's estimate is better than that


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What is known about one column.

    Parameters
    ----------
    column : Column
        Its name and type.
    position : int
        Its place in the table, from 0.
    rows, present, distinct : int
        Rows of the table, rows with a value, different values. ``distinct`` is exact up to a few
        thousand values, for columns named like an id, and for whole numbers and text where nearly
        every value is different; the engine's estimate otherwise.
    whole : bool
        A column of numbers that are all whole.
    low, high : float or None
        Range of a column of numbers.
    sample : tuple of str
        Values of a column of text, spread evenly through the rows.
    """

    column: Column
    position: int
    rows: int
    present: int
    distinct: int
    whole: bool = False
    low: float | None = None
    high: float | None = None
    sample: tuple[str, ...] = ()

    @property
    def missing(self) -> int:
        """Rows without a value."""
        return self.rows - self.present

    @property
    def unique(self) -> bool:
        """Whether no value occurs twice."""
        return self.present > 0 and self.distinct == self.present


def gather(table: Table) -> tuple[Evidence, ...]:
    """Return the evidence on every column, from two or three passes over the rows."""
    counts = _counts(table)
    samples = _samples(table)
    return tuple(
        Evidence(
            column=column,
            position=position,
            rows=table.n_rows,
            sample=samples.get(column.name, ()),
            **counts[column.name],
        )
        for position, column in enumerate(table.columns)
    )


def _counts(table: Table) -> dict[str, dict[str, Any]]:
    wanted = []
    for column in table.columns:
        name = quoted(column.name)
        wanted += [f"count({name})", f"approx_count_distinct({name})"]
        if column.is_number:
            whole = "true" if column.type == "BIGINT" else f"bool_and({name} = floor({name}))"
            wanted += [f"min({name})", f"max({name})", whole]
        else:
            wanted += ["NULL", "NULL", "false"]
    row = table.engine.rows(
        f"SELECT {', '.join(wanted)} FROM {quoted(table.relation)}", where=table.name
    )[0]
    found: dict[str, dict[str, Any]] = {}
    exact = []
    for i, column in enumerate(table.columns):
        present, distinct, low, high, whole = row[5 * i : 5 * i + 5]
        few, nearly_all = distinct <= 2 * SAMPLE_ROWS, distinct >= NEARLY * present
        if few or says_id(column.name) or (nearly_all and column.type in ("BIGINT", "VARCHAR")):
            exact.append(column.name)
        found[column.name] = {
            "present": int(present),
            "distinct": min(int(distinct), int(present)),
            "low": None if low is None else float(low),
            "high": None if high is None else float(high),
            "whole": bool(whole),
        }
    for name, distinct in _exact(table, exact).items():
        found[name]["distinct"] = distinct
    return found


def _exact(table: Table, names: list[str]) -> dict[str, int]:
    """Count different values exactly, one column at a time to bound the memory."""
    counted = {}
    for name in names:
        query = f"SELECT count(DISTINCT {quoted(name)}) FROM {quoted(table.relation)}"
        counted[name] = int(table.engine.rows(query, where=table.name)[0][0])
    return counted


def _samples(table: Table) -> dict[str, tuple[str, ...]]:
    names = [column.name for column in table.columns if column.type == "VARCHAR"]
    if not names:
        return {}
    step = max(1, table.n_rows // SAMPLE_ROWS)
    columns = ", ".join(quoted(name) for name in names)
    query = (
        f"SELECT {columns} FROM (SELECT {columns}, row_number() OVER () AS rownumber "
        f"FROM {quoted(table.relation)}) WHERE rownumber % {step} = 0"
    )
    arrays = table.engine.arrays(query, where=table.name)
    return {name: tuple(value for value in arrays[name] if value is not None) for name in names}
