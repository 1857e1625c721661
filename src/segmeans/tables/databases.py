"""Tables and queries in database files: DuckDB and SQLite, opened read-only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from segmeans.errors import SettingError, SourceError, nearest_name
from segmeans.records import Finding
from segmeans.tables.duck import Engine, literal, quoted
from segmeans.tables.grid import RAW, load_cells, renamed, view_with_tidy_names
from segmeans.tables.names import unique

_ATTACHED = "attached"
Loaded = tuple[dict[str, str], tuple[Finding, ...]]


def load_duckdb(
    engine: Engine, path: Path, relation: str, *, table: str | None, query: str | None
) -> Loaded:
    """Serve a table of a DuckDB file where it lies, or the rows of a query.

    Parameters
    ----------
    engine : Engine
        Gets the view.
    path : Path
        The database file; opened read-only.
    relation : str
        Name of the new view.
    table : str or None
        The table or view, possibly with its schema. May be left out when there is only one.
    query : str or None
        A SELECT statement instead of a table.

    Raises
    ------
    SourceError
        If the file is locked or damaged, or has no such table.
    SettingError
        If both a table and a query are given, or the query does not only read.
    """
    where = str(path)
    one_of(table, query, where)
    engine.run(f"ATTACH {literal(where)} AS {_ATTACHED} (READ_ONLY)", where=where)
    if query is not None:
        if not engine.is_query(query):
            raise _no_query(query, where)
        engine.run(f"USE {_ATTACHED}", where=where)
        rows = query.strip().rstrip(";")
        try:
            engine.run(f"CREATE TABLE memory.main.{RAW} AS SELECT * FROM ({rows}\n)", where=where)
        finally:
            engine.run("USE memory")
        return {"query": query}, view_with_tidy_names(engine, relation)
    listed = engine.rows(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = $1 "
        "UNION ALL SELECT schema_name, view_name FROM duckdb_views() "
        "WHERE database_name = $1 AND NOT internal ORDER BY 1, 2",
        [_ATTACHED],
    )
    known = {
        name if schema == "main" else f"{schema}.{name}": (schema, name) for schema, name in listed
    }
    schema, name = known[chosen := chosen_table(table, list(known), where)]
    full = f"{_ATTACHED}.{quoted(schema)}.{quoted(name)}"
    return {"table": chosen}, view_with_tidy_names(engine, relation, full, where=where)


def load_sqlite(
    engine: Engine, path: Path, relation: str, *, table: str | None, query: str | None
) -> Loaded:
    """Copy a table of a SQLite file, or the rows of a query; arguments as for DuckDB."""
    where = str(path)
    one_of(table, query, where)
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            connection.text_factory = lambda data: data.decode("utf-8", errors="replace")
            if query is None:
                known = [
                    row[0]
                    for row in connection.execute(
                        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
                        "AND name NOT LIKE 'sqlite_%' ORDER BY name"
                    )
                ]
                chosen = chosen_table(table, known, where)
                cursor = connection.execute(f"SELECT * FROM {quoted(chosen)}")
                details = {"table": chosen}
            else:
                connection.set_authorizer(_only_reading)
                cursor = connection.execute(query)
                details = {"query": query}
            if cursor.description is None:
                raise _no_query(str(query), where)
            names = [column[0] for column in cursor.description]
            tidy = unique(names)
            load_cells(engine, relation, tidy, _fetched(cursor))
            return details, renamed(names, tidy)
    except sqlite3.Error as error:
        raise SourceError("The database cannot be read", where=where, found=error) from None


_READING = (
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
)


def _only_reading(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def _fetched(cursor: sqlite3.Cursor) -> Iterator[Sequence[object]]:
    while batch := cursor.fetchmany(10_000):
        yield from batch


def one_of(table: str | None, query: str | None, where: str) -> None:
    """Raise a SettingError when both a table and a query are named."""
    if table is not None and query is not None:
        raise SettingError(
            "A table and a query cannot both be the source",
            where=where,
            hint="leave out the setting 'table' or 'query'",
        )


def chosen_table(table: str | None, known: list[str], where: str) -> str:
    """Return the table asked for, or the only one there is.

    Raises
    ------
    SourceError
        If there is no such table, or none is named and there are several.
    """
    if table in known:
        return str(table)
    shown = ", ".join(sorted(known)[:20])
    if table is not None:
        near = nearest_name(table, known)
        raise SourceError(
            f"There is no table {table!r}",
            where=where,
            allowed=shown or "none: the database is empty",
            hint=repr(near) if near else "",
        )
    if len(known) == 1:
        return known[0]
    raise SourceError(
        "The database holds several tables" if known else "The database holds no tables",
        where=where,
        allowed=shown,
        hint="name one with the setting 'table'" if known else "",
    )


def _no_query(query: str, where: str) -> SettingError:
    return SettingError(
        "The query must be one SELECT statement", where=where, found=repr(query[:60])
    )
