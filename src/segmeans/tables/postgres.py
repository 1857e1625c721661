"""A table or query in PostgreSQL, read through psycopg 3 (extra ``postgres``).

The only file that imports ``psycopg``. The transaction is read-only, and the rows come in one
COPY stream; the password appears in no message.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from segmeans.errors import DependencyError, SourceError
from segmeans.records import Finding
from segmeans.tables.databases import chosen_table, one_of
from segmeans.tables.duck import Engine, literal, quoted
from segmeans.tables.grid import RAW, renamed
from segmeans.tables.names import unique
from segmeans.tables.text import copy_failed

if TYPE_CHECKING:
    import psycopg

_SYSTEM = ("pg_catalog", "information_schema")


def load_postgres(
    engine: Engine, url: str, relation: str, *, name: str, table: str | None, query: str | None
) -> tuple[dict[str, str], tuple[Finding, ...]]:
    """Copy a table or the rows of a query from PostgreSQL.

    Parameters
    ----------
    engine : Engine
        Gets the table.
    url : str
        ``postgresql://user:password@host:port/database``.
    relation : str
        Name of the new view.
    name : str
        The URL without its password, for messages.
    table : str or None
        The table or view, possibly with its schema. May be left out when there is only one.
    query : str or None
        A SELECT statement instead of a table.

    Raises
    ------
    DependencyError
        If psycopg is not installed.
    SourceError
        If the server cannot be reached, refuses, or has no such table.
    SettingError
        If both a table and a query are given.
    """
    one_of(table, query, name)
    try:
        import psycopg
    except ModuleNotFoundError:
        raise DependencyError.for_extra("psycopg", "postgres") from None
    try:
        with closing(psycopg.connect(url, connect_timeout=15)) as connection:
            connection.read_only = True
            return _copied(engine, connection, relation, name, table, query)
    except psycopg.Error as error:
        raise SourceError(
            "PostgreSQL gives no rows", where=name, found=_without_secrets(str(error), url)
        ) from None


def _copied(
    engine: Engine,
    connection: psycopg.Connection[Any],
    relation: str,
    name: str,
    table: str | None,
    query: str | None,
) -> tuple[dict[str, str], tuple[Finding, ...]]:
    from psycopg import sql

    if query is not None:
        rows: sql.Composable = sql.SQL(query.strip().rstrip(";"))
        details = {"query": query}
    else:
        known = _tables(connection)
        chosen = chosen_table(table, list(known), name)
        rows = sql.SQL("SELECT * FROM {}").format(sql.Identifier(*known[chosen]))
        details = {"table": chosen}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL datestyle = 'ISO, YMD'")
        cursor.execute(sql.SQL("SELECT * FROM ({}\n) AS source LIMIT 0").format(rows))
        names = [column.name for column in cursor.description or ()]
        copy = sql.SQL(
            "COPY (SELECT * FROM ({}\n) AS source) TO STDOUT WITH (FORMAT csv, FORCE_QUOTE *)"
        ).format(rows)
        path = engine.folder / "postgres.csv"
        try:
            with cursor.copy(copy) as stream, path.open("wb") as file:
                for data in stream:
                    file.write(data)
        except OSError as error:
            raise copy_failed(engine.folder, error) from None
    tidy = unique(names)
    _read_copy(engine, path, relation, tidy, name)
    return details, renamed(names, tidy)


def _read_copy(engine: Engine, path: Path, relation: str, names: list[str], where: str) -> None:
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    engine.run(
        f"CREATE TABLE {RAW} AS SELECT * FROM read_csv({literal(str(path))}, "
        f"columns = {{{columns}}}, auto_detect = false, header = false, delim = ',', "
        "quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, "
        "parallel = false, max_line_size = 33554432)",
        where=where,
    )
    path.unlink()
    engine.run(f"CREATE VIEW {quoted(relation)} AS SELECT * FROM {RAW}")


def _tables(connection: psycopg.Connection[Any]) -> dict[str, tuple[str, str]]:
    found = connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables "
        "WHERE NOT table_schema = ANY(%s) ORDER BY 1, 2",
        [list(_SYSTEM)],
    ).fetchall()
    return {
        table if schema == "public" else f"{schema}.{table}": (schema, table)
        for schema, table in found
    }


def _without_secrets(message: str, url: str) -> str:
    """Return the first line of a message without the password of the URL."""
    parts = urlsplit(url)
    user, _, _ = parts.netloc.rpartition("@")
    secrets = {user.partition(":")[2], *parse_qs(parts.query).get("password", [])}
    text = message.strip().splitlines()[0] if message.strip() else "no reason given"
    for secret in secrets - {""}:
        text = text.replace(secret, "***").replace(unquote(secret), "***")
    return text
