"""Who was in which segment when: files of segments joined on the id, in the engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from segmeans.errors import ColumnNotFoundError, DataError
from segmeans.settings import Settings
from segmeans.tables import sql
from segmeans.tables.answers import as_given, check_format, copy_out
from segmeans.tables.duck import Array, Engine, Table, quoted
from segmeans.tables.source import open_table

UNSCORED = "(no segment)"
NAME, NUMBER = "name", "segment"
WORDS = (NAME, "runner_up_name", "standing", "unscored")


class Worth(NamedTuple):
    """What the same customers are worth, summed up in the places of their counts."""

    both: tuple[tuple[float, ...], ...]
    joined: tuple[float, ...]
    left: tuple[float, ...]


class Crossed(NamedTuple):
    """Customers of two periods, counted by their segments."""

    origins: tuple[str, ...]
    targets: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    joined: tuple[int, ...]
    left: tuple[int, ...]
    worth: Worth | None = None


class Periods:
    """The segments of the customers of several periods, side by side.

    Parameters
    ----------
    sources : sequence of str or Path
        Files with an id, ``segment`` and ``name``, as ``segmeans run`` and ``score`` write them;
        the earliest first.
    id_column : str, optional
        The id; by default the first column.
    value : str, optional
        Column of the files, or of ``values``, with what a customer is worth in a period.
    values : str or Path, optional
        Another file with that column; its id is called as in the files of segments, or is its
        first column.
    names : sequence of str, optional
        What the periods are called; by default as their files.
    threads : int, optional
        Threads to use.

    Raises
    ------
    ColumnNotFoundError, DataError, SourceError
        When a file cannot be read, lacks a column, or has an id twice.
    """

    def __init__(
        self,
        sources: Sequence[Any],
        id_column: str | None = None,
        *,
        value: str | None = None,
        values: str | Path | None = None,
        names: Sequence[str] | None = None,
        threads: int | None = None,
    ) -> None:
        self.names = list(names) if names is not None else [str(source) for source in sources]
        self._value, self._apart = value, values is not None
        self._segments: list[tuple[str, ...]] = []
        self._engine = Engine(threads=threads)
        try:
            if values is not None:
                self._add_values(values, id_column)
            for place, source in enumerate(sources):
                self._segments.append(self._add(place, source, id_column))
        except BaseException:
            self._engine.close()
            raise

    def __enter__(self) -> Periods:
        return self

    def __exit__(self, *exc: object) -> None:
        self._engine.close()

    def _add(self, place: int, source: Any, id_column: str | None) -> tuple[str, ...]:
        """Take in one file; return its segments by number."""
        own = self._value is not None and not self._apart
        with open_table(source, Settings(id=id_column), words=WORDS) as opened:
            table = opened.table
            needed = [NAME, NUMBER, *([self._value] if own and self._value else [])]
            for column in needed:
                if column not in table.names:
                    raise ColumnNotFoundError.from_names(column, table.names, where=str(source))
            key = id_column or table.names[0]
            rows = {"id": table.texts(key), "name": table.texts(NAME)}
            if own and self._value:
                rows["worth"] = _amounts(table, self._value, str(source))
            numbers = _numbers(table)
        rows["name"] = np.array(
            [UNSCORED if name is None else name for name in rows["name"]], dtype=object
        )
        self._engine.load(f"p{place}", rows, where=str(source))
        self._undo(f"p{place}")
        self._check_ids(place, str(source))
        listed = sorted(numbers, key=lambda name: (numbers[name], name))
        return (*listed, UNSCORED) if UNSCORED in rows["name"] else tuple(listed)

    def _add_values(self, source: str | Path, id_column: str | None) -> None:
        """Take in what customers are worth."""
        with open_table(source, Settings()) as opened:
            table = opened.table
            key = id_column if id_column in table.names else table.names[0]
            if self._value is None or self._value not in table.names:
                raise ColumnNotFoundError.from_names(
                    str(self._value), table.names, where=str(source)
                )
            rows = {"id": table.texts(key), "worth": _amounts(table, self._value, str(source))}
        self._engine.load("worth", rows, where=str(source))
        self._undo("worth")
        self._engine.run(
            "CREATE OR REPLACE TABLE worth AS "
            "SELECT id, sum(worth) AS worth FROM worth "
            "WHERE id IS NOT NULL AND NOT isnan(worth) GROUP BY id"
        )

    def _undo(self, name: str) -> None:
        """Let ids be as they were given, whatever file they come from."""
        whole = f"SELECT * REPLACE ({as_given('id')} AS id) FROM {name} ORDER BY rowid"
        self._engine.run(f"CREATE OR REPLACE TABLE {name} AS {whole}")

    def _check_ids(self, place: int, source: str) -> None:
        query = f"SELECT count(*), count(id), count(DISTINCT id) FROM p{place}"
        rows, known, different = self._engine.rows(query)[0]
        if different < rows:
            raise DataError(
                "Customers cannot be followed without an id of their own",
                where=source,
                found=f"{rows:,} rows, {rows - known:,} without an id, {different:,} ids",
                hint="name the right column with --id",
            )

    def crossed(self, place: int) -> Crossed:
        """Count the customers of a period and the next one by their segments in both."""
        origins, targets = self._segments[place], self._segments[place + 1]
        rows = self._engine.rows(
            f"SELECT a.name, b.name, count(*), {self._worth()} FROM p{place} a "
            f"FULL JOIN p{place + 1} b ON a.id = b.id {self._joined()} GROUP BY ALL"
        )
        found = {(before, after): count for before, after, count, _ in rows}
        worth = {(before, after): float(total or 0.0) for before, after, _, total in rows}
        return Crossed(
            origins,
            targets,
            tuple(tuple(found.get((o, t), 0) for t in targets) for o in origins),
            tuple(found.get((None, target), 0) for target in targets),
            tuple(found.get((origin, None), 0) for origin in origins),
            None
            if self._value is None
            else Worth(
                tuple(tuple(worth.get((o, t), 0.0) for t in targets) for o in origins),
                tuple(worth.get((None, target), 0.0) for target in targets),
                tuple(worth.get((origin, None), 0.0) for origin in origins),
            ),
        )

    def _worth(self) -> str:
        """Return SQL for the worth of customers: of the later period, or the last known."""
        if self._value is None:
            return "NULL"
        return (
            "sum(w.worth)"
            if self._apart
            else "sum(coalesce(nullif(b.worth, 'nan'), nullif(a.worth, 'nan')))"
        )

    def _joined(self) -> str:
        return "LEFT JOIN worth w ON w.id = coalesce(b.id, a.id)" if self._apart else ""

    def write(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the previous and the current segment of every customer of the last two periods.

        Customers of the last period come first, in its order, then those who have left.

        Parameters
        ----------
        path : path
            Ends in ``.csv`` or ``.parquet``.
        overwrite : bool, default=False
            Replace an existing file.
        """
        check_format(path)
        last = len(self.names) - 1
        word = (
            "CASE WHEN a.id IS NULL THEN 'joined' WHEN b.id IS NULL THEN 'left' "
            "WHEN a.name = b.name THEN 'stayed' ELSE 'moved' END"
        )
        query = (
            f"SELECT coalesce(b.id, a.id) AS id, a.name AS previous, b.name AS current, "
            f"{word} AS movement FROM p{last - 1} a FULL JOIN p{last} b ON a.id = b.id "
            f"ORDER BY b.rowid NULLS LAST, a.rowid"
        )
        copy_out(
            self._engine, query, path, texts=("id", "previous", "current"), overwrite=overwrite
        )


def _amounts(table: Table, column: str, source: str) -> Array:
    """Return a column of amounts as floats, NULL as NaN."""
    if not table.column(column).is_number:
        raise DataError(
            "What customers are worth must be a number",
            where=f"{source}, {column}",
            found=table.column(column).type.lower(),
        )
    return table.fetch({"v": sql.column(column)})["v"]


def _numbers(table: Table) -> dict[str, float]:
    """Return the segments of a file with their numbers."""
    query = (
        f"SELECT CAST({quoted(NAME)} AS VARCHAR), min({quoted(NUMBER)}) "
        f"FROM {quoted(table.relation)} WHERE {quoted(NAME)} IS NOT NULL GROUP BY 1"
    )
    return {name: float(number or 0) for name, number in table.engine.rows(query)}
