"""Cells that come as Python values: written as text, so that one place decides what they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from itertools import islice
from typing import Any

import numpy as np

from segmeans.records import Finding
from segmeans.tables.duck import Engine, quoted
from segmeans.tables.names import shown, unique

RAW = "raw"  # the table of cells as they came
BATCH_ROWS = 50_000


def cell_text(value: object) -> str | None:
    """Return a value as text: whole numbers without a decimal point, dates as 2024-12-31.

    Examples
    --------
    >>> [cell_text(value) for value in (19.0, 0.5, True, date(2024, 12, 31), None)]
    ['19', '0.5', 'true', '2024-12-31', None]
    """
    if value is None or isinstance(value, str):
        return None if value is None else _encodable(value)
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", errors="replace")
    return _encodable(str(value))


def load_cells(
    engine: Engine, relation: str, names: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Copy rows of Python values into a new table of text columns, batch by batch.

    Parameters
    ----------
    engine : Engine
        Gets the table ``raw`` and a view of it.
    relation : str
        Name of the view.
    names : sequence of str
        Tidy, unique names of the columns.
    rows : iterable of sequences
        Rows as long as ``names``.
    """
    columns = ", ".join(f"{quoted(name)} VARCHAR" for name in names)
    engine.run(f"CREATE TABLE {RAW} ({columns})")
    for batch in _batches(rows):
        texts = {
            f"c{i}": np.array([cell_text(row[i]) for row in batch], dtype=object)
            for i in range(len(names))
        }
        engine.append(RAW, texts)
    engine.run(f"CREATE VIEW {quoted(relation)} AS SELECT * FROM {RAW}")


def view_with_tidy_names(
    engine: Engine, relation: str, source: str = RAW, *, where: str = ""
) -> tuple[Finding, ...]:
    """Make a view with tidy, unique names; return what was renamed.

    Parameters
    ----------
    engine : Engine
        Gets the view.
    relation : str
        Name of the new view.
    source : str, default="raw"
        SQL of a table, quoted where needed, or of a scan.
    where : str, default=""
        What the source is, for messages.
    """
    names = list(engine.types(f"SELECT * FROM {source}", where=where))
    tidy = unique(names)
    columns = ", ".join(
        f"{quoted(old)} AS {quoted(new)}" for old, new in zip(names, tidy, strict=True)
    )
    engine.run(f"CREATE VIEW {quoted(relation)} AS SELECT {columns} FROM {source}", where=where)
    return renamed(names, tidy)


def renamed(names: Sequence[str], tidy: Sequence[str]) -> tuple[Finding, ...]:
    """Return a finding on names that had to change for more than padding."""
    changed = [
        f"{old.strip() or 'no name'} → {new}"
        for old, new in zip(names, tidy, strict=False)
        if " ".join(old.split()) != new
    ]
    if not changed:
        return ()
    return (
        Finding(
            level="note",
            code="renamed-columns",
            where="header",
            evidence=f"Names that were empty or used twice were changed: {shown(changed)}.",
        ),
    )


def _batches(rows: Iterable[Sequence[object]]) -> Iterator[list[Sequence[Any]]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH_ROWS)):
        yield batch


def _encodable(text: str) -> str:
    return text.encode("utf-8", errors="replace").decode("utf-8")
