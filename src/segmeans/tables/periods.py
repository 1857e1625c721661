"""Who was in which segment when: files of segments joined on the id, in the engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from segmeans.errors import ColumnNotFoundError, DataError
from segmeans.settings import Settings
from segmeans.tables.answers import check_format, copy_out
from segmeans.tables.duck import Engine, Table, quoted
from segmeans.tables.source import open_table

UNSCORED = "(no segment)"
NAME, NUMBER = "name", "segment"
WORDS = (NAME, "runner_up_name", "standing", "unscored")


class Crossed(NamedTuple):
    """Customers of two periods, counted by their segments."""

    origins: tuple[str, ...]
    targets: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    joined: tuple[int, ...]
    left: tuple[int, ...]


class Periods:
    """The segments of the customers of several periods, side by side.

    Parameters
    ----------
    sources : sequence of str or Path
        Files with an id, ``segment`` and ``name``, as ``segmeans run`` and ``score`` write them;
        the earliest first.
    id_column : str, optional
        The id; by default the first column.
    threads : int, optional
        Threads to use.

    Raises
    ------
    ColumnNotFoundError, DataError, SourceError
        When a file cannot be read, lacks a column, or has an id twice.
    """

    def __init__(
        self,
        sources: Sequence[str | Path],
        id_column: str | None = None,
        *,
        threads: int | None = None,
    ) -> None:
        self.names = [str(source) for source in sources]
        self._segments: list[tuple[str, ...]] = []
        self._engine = Engine(threads=threads)
        try:
            for place, source in enumerate(sources):
                self._segments.append(self._add(place, source, id_column))
        except BaseException:
            self._engine.close()
            raise

    def __enter__(self) -> Periods:
        return self

    def __exit__(self, *exc: object) -> None:
        self._engine.close()

    def _add(self, place: int, source: str | Path, id_column: str | None) -> tuple[str, ...]:
        """Take in one file; return its segments by number."""
        with open_table(source, Settings(id=id_column), words=WORDS) as opened:
            table = opened.table
            for needed in (NAME, NUMBER):
                if needed not in table.names:
                    raise ColumnNotFoundError.from_names(needed, table.names, where=str(source))
            key = id_column or table.names[0]
            rows = {"id": table.texts(key), "name": table.texts(NAME)}
            numbers = _numbers(table)
        rows["name"] = np.array(
            [UNSCORED if name is None else name for name in rows["name"]], dtype=object
        )
        self._engine.load(f"p{place}", rows, where=str(source))
        self._check_ids(place, str(source))
        listed = sorted(numbers, key=lambda name: (numbers[name], name))
        return (*listed, UNSCORED) if UNSCORED in rows["name"] else tuple(listed)

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
            f"SELECT a.name, b.name, count(*) FROM p{place} a "
            f"FULL JOIN p{place + 1} b ON a.id = b.id GROUP BY ALL"
        )
        found = {(before, after): count for before, after, count in rows}
        return Crossed(
            origins,
            targets,
            tuple(tuple(found.get((o, t), 0) for t in targets) for o in origins),
            tuple(found.get((None, target), 0) for target in targets),
            tuple(found.get((origin, None), 0) for origin in origins),
        )

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


def _numbers(table: Table) -> dict[str, float]:
    """Return the segments of a file with their numbers."""
    query = (
        f"SELECT CAST({quoted(NAME)} AS VARCHAR), min({quoted(NUMBER)}) "
        f"FROM {quoted(table.relation)} WHERE {quoted(NAME)} IS NOT NULL GROUP BY 1"
    )
    return {name: float(number or 0) for name, number in table.engine.rows(query)}
