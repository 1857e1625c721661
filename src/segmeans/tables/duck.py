"""DuckDB, the embedded engine: run, stream blocks of columns, out of core.

The only file that imports ``duckdb``. Tables live in memory, spill to a temporary folder when they
outgrow the memory limit, and vanish with the :class:`Engine`. Nothing is ever downloaded.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import duckdb
import numpy as np
import numpy.typing as npt

from segmeans.errors import DataError, OutputError, SourceError
from segmeans.tables.arrow import Batch, Reading, StreamError
from segmeans.tables.blocks import filled, in_blocks, unframed
from segmeans.tables.sql import Expression, render

BLOCK_ROWS = 65_536
ALONG = "along unread"  # the column of text that comes with numbers
VECTOR_ROWS = 2_048  # DuckDB hands out rows in vectors of this many
MEMORY_SHARE = 0.6  # of what DuckDB would take by itself; the rest belongs to the arrays

Array = npt.NDArray[Any]

_NUMBERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL"}


def quoted(name: str) -> str:
    """Return a name as a quoted SQL identifier.

    Examples
    --------
    >>> quoted("Annual Income") == '"Annual Income"'
    True
    >>> quoted('say "hi"').count('"')
    6
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as a SQL literal.

    Examples
    --------
    >>> print(literal("it's"))
    'it''s'
    """
    return "'" + text.replace("'", "''") + "'"


def plain(message: str) -> str:
    r"""Return the first sentence of an engine's message, without its class and its advice.

    Examples
    --------
    >>> plain('Binder Error: Table "a" not found!\n\nLINE 1: ...')
    'Table "a" not found'
    """
    first = message.strip().splitlines()[0] if message.strip() else "no reason given"
    head, colon, rest = first.partition("Error: ")
    text = rest if colon and len(head) < 40 else first
    return text.strip().rstrip(".!:")


def _translated(error: duckdb.Error, where: str) -> BaseException:
    """Return the error of ours that says what DuckDB's error means to the user."""
    if isinstance(error, duckdb.InterruptException):
        return KeyboardInterrupt()
    text = plain(str(error))
    if isinstance(error, duckdb.OutOfMemoryException):
        return DataError(
            "The data does not fit into memory and the temporary folder",
            where=where,
            found=text,
            hint="free memory or disk space, or leave out columns with 'ignore'",
        )
    if "No space left" in str(error):
        return OutputError("The disk is full", where=where, hint="free some disk space")
    return SourceError("The data cannot be read", where=where, found=text)


class Engine:
    """A private DuckDB that lives in memory and spills to a temporary folder.

    Parameters
    ----------
    threads : int or None, default=None
        Threads to use; all processors by default. Results do not depend on it.
    memory : float or None, default=None
        Gigabytes before it spills; about half of the machine's by default.

    Examples
    --------
    >>> with Engine(threads=1) as engine:
    ...     engine.rows("SELECT 1 + 1")
    [(2,)]
    """

    def __init__(self, *, threads: int | None = None, memory: float | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="segmeans-"))
        self._remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        config: dict[str, Any] = {
            "temp_directory": str(self.folder / "spill"),
            "preserve_insertion_order": "true",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
        }
        if threads is not None:
            config["threads"] = threads
        self._connection = duckdb.connect(":memory:", config=config)
        # In a notebook without ipywidgets there is no bar, and DuckDB refuses to switch it off.
        if self.rows("SELECT current_setting('enable_progress_bar')")[0][0]:
            self.run("SET enable_progress_bar = false")
        self.run("SET TimeZone = 'UTC'")
        self.run("SET pandas_analyze_sample = 0")  # arrays of objects are text: no guessing
        # DuckDB turns long IN lists into hash joins, which do not keep the order of rows.
        self.run("SET disabled_optimizers = 'in_clause'")
        if memory is None:
            amount, unit = self.rows("SELECT current_setting('memory_limit')")[0][0].split()
            self.run(f"SET memory_limit = '{float(amount) * MEMORY_SHARE:.2f}{unit}'")
        else:
            self.run(f"SET memory_limit = '{memory:.3f}GB'")

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget all tables and remove the temporary folder."""
        self._connection.close()
        self._remove()

    def run(self, query: str, parameters: Sequence[object] = (), *, where: str = "") -> None:
        """Run a statement that returns nothing.

        Parameters
        ----------
        query : str
            The statement.
        parameters : sequence, default=()
            Values for its question marks.
        where : str, default=""
            What the statement is about, for the error message.

        Raises
        ------
        SourceError, DataError, OutputError
            When DuckDB cannot do it.
        """
        try:
            self._connection.execute(query, list(parameters) or None)
        except duckdb.Error as error:
            raise _translated(error, where) from None

    def rows(
        self, query: str, parameters: Sequence[object] = (), *, where: str = ""
    ) -> list[tuple[Any, ...]]:
        """Run a query and return its rows as Python values; arguments as for :meth:`run`."""
        try:
            return self._connection.execute(query, list(parameters) or None).fetchall()
        except duckdb.Error as error:
            raise _translated(error, where) from None

    def types(self, query: str, *, where: str = "") -> dict[str, str]:
        """Return the columns a query would give, name to type."""
        return {row[0]: row[1] for row in self.rows(f"DESCRIBE {query}", where=where)}

    def load(self, name: str, data: object, *, where: str = "") -> None:
        """Copy a dataframe, an Arrow stream or a mapping of arrays into a new table.

        Raises
        ------
        SourceError
            When DuckDB cannot read the object.
        """
        self.append(name, data, create=True, where=where)

    @contextmanager
    def offered(self, name: str, data: object) -> Iterator[None]:
        """Let queries read an object under a name, for as long as the context lasts."""
        self._connection.register(name, data)
        try:
            yield
        finally:
            self._connection.unregister(name)

    def append(self, name: str, data: object, *, create: bool = False, where: str = "") -> None:
        """Add the rows of a dataframe, an Arrow stream or a mapping of arrays to a table."""
        verb = f"CREATE TABLE {quoted(name)} AS" if create else f"INSERT INTO {quoted(name)}"
        try:
            with self.offered("incoming", data):
                self._connection.execute(f"{verb} SELECT * FROM incoming")
        except duckdb.Error as error:
            raise _translated(error, where) from None

    def is_query(self, text: str) -> bool:
        """Return whether a text is exactly one statement that only reads."""
        try:
            statements = duckdb.extract_statements(text)
        except duckdb.Error as error:
            raise SourceError("The query cannot be read", found=plain(str(error))) from None
        return len(statements) == 1 and statements[0].type == duckdb.StatementType.SELECT

    def arrays(self, query: str, *, where: str = "") -> dict[str, Array]:
        """Return whole columns: numbers as float64 with NaN, all else as object with None."""
        try:
            columns = self._connection.execute(query).fetchnumpy()
        except duckdb.Error as error:
            raise _translated(error, where) from None
        return {name: filled(cast("Array", column)) for name, column in columns.items()}

    def batches(self, query: str, *, where: str = "") -> Iterator[Batch]:
        """Yield the rows of a query as they come, in order and in bounded memory.

        Parameters
        ----------
        query : str
            Gives floats that are never NULL, and texts.
        where : str, default=""
            What the query is about, for the error message.
        """
        cursor = self._connection.cursor()
        try:
            yield from Reading(cursor.sql(query))
        except duckdb.Error as error:
            raise _translated(error, where) from None
        except StreamError as error:
            raise SourceError(
                "The data cannot be read", where=where, found=plain(error.what)
            ) from None
        finally:
            cursor.close()

    def stream(
        self,
        query: str,
        rows: int,
        *,
        total: int | None = None,
        numbers: bool = False,
        where: str = "",
    ) -> Iterator[dict[str, Array]]:
        """Yield blocks of exactly ``rows`` rows (the last one shorter) in bounded memory.

        Parameters
        ----------
        query : str
            Gives the rows, in order.
        rows : int
            Rows per block.
        total : int, optional
            At most this many rows come; where they fit one block, pandas need not be loaded.
        numbers : bool, default=False
            All columns are floats that are never NULL, so that pandas need not be loaded either.
        where : str, default=""
            What the query is about, for the error message.
        """
        if total is not None and total <= rows:
            block = self.arrays(query, where=where)
            if any(map(len, block.values())):
                yield block
            return
        if numbers:
            found = (batch.columns() for batch in self.batches(query, where=where))
            yield from in_blocks(found, rows)
        else:
            yield from in_blocks(self._frames(query, rows, where), rows)

    def _frames(self, query: str, rows: int, where: str) -> Iterator[dict[str, Array]]:
        """Yield the rows of a query in pieces of whole vectors, about as many as asked for."""
        cursor = self._connection.cursor()
        vectors = max(1, rows // VECTOR_ROWS)
        try:
            cursor.execute(query)
            while len(frame := cursor.fetch_df_chunk(vectors)):
                yield {str(name): unframed(frame[name]) for name in frame}
        except duckdb.Error as error:
            raise _translated(error, where) from None
        finally:
            cursor.close()


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        Its name, unique in the table whatever the case of its letters.
    type : {"BIGINT", "DOUBLE", "VARCHAR", "DATE", "TIMESTAMP"}
        The type it is served as.
    origin : str, default=""
        The type it had in the source, where that differs.
    form : str, default=""
        How its values were written there, where that could be read in several ways.
    """

    name: str
    type: str
    origin: str = ""
    form: str = ""

    @property
    def is_number(self) -> bool:
        """Whether the column holds numbers."""
        return self.type in ("BIGINT", "DOUBLE")


class Table:
    """Rows in DuckDB, in the order of the source.

    Parameters
    ----------
    engine : Engine
        The engine that holds the rows.
    relation : str
        Name of the table or view in the engine.
    columns : tuple of Column
        Its columns, in order.
    name : str, default=""
        What to call it in messages.

    Notes
    -----
    Missing values are NULL in the engine; NaN and infinity do not occur there. Order is the
    order of the source: DuckDB keeps it for every scan (``preserve_insertion_order``).
    """

    def __init__(
        self, engine: Engine, relation: str, columns: tuple[Column, ...], *, name: str = ""
    ) -> None:
        self.engine, self.relation, self.columns, self.name = engine, relation, columns, name
        self.n_rows = self.count()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column of that name.

        Raises
        ------
        KeyError
            If there is none.
        """
        return next(column for column in self.columns if column.name == name)

    def fetch(self, expressions: Mapping[str, Expression]) -> dict[str, Array]:
        """Return whole columns in source order.

        Parameters
        ----------
        expressions : mapping
            Output name to expression over the columns of the table.

        Returns
        -------
        dict
            Per name an array of ``n_rows`` values: numbers and truth values as float64 with NaN
            for missing, everything else as text (object) with None for missing.
        """
        return self.engine.arrays(self._query(expressions, None)[0], where=self.name)

    def blocks(
        self,
        expressions: Mapping[str, Expression],
        rows: int = BLOCK_ROWS,
        *,
        where: Expression | None = None,
    ) -> Iterator[dict[str, Array]]:
        """Yield the same as :meth:`fetch` in blocks, in source order and bounded memory.

        Parameters
        ----------
        expressions : mapping
            Output name to expression over the columns of the table.
        rows : int, default=65536
            Rows per block; only the last block may be shorter.
        where : expression, optional
            Leave out rows for which this is not true.
        """
        query, numbers = self._query(expressions, where)
        if self.n_rows > rows and numbers:
            query = _without_null(query, list(expressions))
        yield from self.engine.stream(
            query, rows, total=self.n_rows, numbers=numbers, where=self.name
        )

    def at(self, expressions: Mapping[str, Expression], rows: Sequence[int]) -> dict[str, Array]:
        """Return the same as :meth:`fetch` for a few rows alone.

        Parameters
        ----------
        expressions : mapping
            Output name to expression over the columns of the table.
        rows : sequence of int
            Their places in source order, from 0; in that order they are returned.
        """
        wanted = [int(row) for row in rows]
        query = (
            f"SELECT * FROM (SELECT *, row_number() OVER () - 1 AS {quoted(ALONG)} "
            f"FROM ({self._query(expressions, None)[0]})) "
            f"WHERE {quoted(ALONG)} IN ({', '.join(map(str, sorted(set(wanted)))) or 'NULL'})"
        )
        found = self.engine.arrays(query, where=self.name)
        at = {int(row): place for place, row in enumerate(found.pop(ALONG))}
        order = np.array([at[row] for row in wanted], dtype=np.intp)
        return {name: values[order] for name, values in found.items()}

    def batches(self, expressions: Mapping[str, Expression], text: str | None) -> Iterator[Batch]:
        """Yield columns of numbers as the engine gives them, in source order and bounded memory.

        Parameters
        ----------
        expressions : mapping
            Output name to expression over the columns of the table; a number each.
        text : str or None
            A column of the table to come along unread, as text, named :data:`ALONG`.
        """
        along = [] if text is None else [f"CAST({quoted(text)} AS VARCHAR) AS {quoted(ALONG)}"]
        columns = [*(f"{_written(e)} AS {quoted(n)}" for n, e in expressions.items()), *along]
        query = f"SELECT {', '.join(columns)} FROM {quoted(self.relation)}"
        yield from self.engine.batches(
            _without_null(query, list(expressions), along=text is not None), where=self.name
        )

    def aggregate(
        self, expressions: Mapping[str, Expression], *, where: Expression | None = None
    ) -> dict[str, Any]:
        """Return one value per aggregate expression, all from one query.

        Decimals and huge integers come as float or int of Python; NULL as None. Rows for which
        ``where`` is not true are left out.
        """
        columns = ", ".join(
            f"{_written(expression)} AS {quoted(name)}" for name, expression in expressions.items()
        )
        query = f"SELECT {columns} FROM {quoted(self.relation)}" + _where(where)
        values = self.engine.rows(query, where=self.name)[0]
        return {
            name: float(value) if type(value).__name__ == "Decimal" else value
            for name, value in zip(expressions, values, strict=True)
        }

    def count(self, where: Expression | None = None) -> int:
        """Return the number of rows, or of those for which ``where`` is true."""
        query = f"SELECT count(*) FROM {quoted(self.relation)}" + _where(where)
        return int(self.engine.rows(query, where=self.name)[0][0])

    def levels(self, name: str, limit: int | None = None) -> list[tuple[str, int]]:
        """Return the distinct values of a column as text with their counts.

        Ordered by count, largest first, then by value; missing values are not among them.

        Parameters
        ----------
        name : str
            The column.
        limit : int, optional
            At most this many values.
        """
        value = f"CAST({quoted(name)} AS VARCHAR)"
        query = (
            f"SELECT {value} AS value, count(*) AS rows FROM {quoted(self.relation)} "
            f"WHERE {quoted(name)} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
        )
        if limit is not None:
            query += f" LIMIT {int(limit)}"
        return [(value, int(rows)) for value, rows in self.engine.rows(query, where=self.name)]

    def texts(self, name: str) -> Array:
        """Return a column as it is written in the source: text, None for missing.

        Whole numbers come without a decimal point, so that an id 7 is ``"7"``.
        """
        query = f"SELECT CAST({quoted(name)} AS VARCHAR) AS v FROM {quoted(self.relation)}"
        return self.engine.arrays(query, where=self.name)["v"]

    def _query(
        self, expressions: Mapping[str, Expression], where: Expression | None
    ) -> tuple[str, bool]:
        """Return a query for expressions, and whether all of them are numbers."""
        columns = ", ".join(
            f"{_written(expression)} AS {quoted(name)}" for name, expression in expressions.items()
        )
        query = f"SELECT {columns} FROM {quoted(self.relation)}" + _where(where)
        types = self.engine.types(query, where=self.name)
        served = ", ".join(
            f"CAST({quoted(name)} AS {'DOUBLE' if _numeric(type_) else 'VARCHAR'}) "
            f"AS {quoted(name)}"
            for name, type_ in types.items()
        )
        return f"SELECT {served} FROM ({query})", all(map(_numeric, types.values()))


def _without_null(query: str, names: Sequence[str], *, along: bool = False) -> str:
    """Return a query whose numbers are floats, NaN where they were NULL."""
    columns = [
        f"coalesce(CAST({quoted(name)} AS DOUBLE), 'NaN'::DOUBLE) AS {quoted(name)}"
        for name in names
    ]
    columns += [quoted(ALONG)] if along else []
    return f"SELECT {', '.join(columns)} FROM ({query})"


def _numeric(type_: str) -> bool:
    simple = type_.removeprefix("U").partition("(")[0]
    return simple in _NUMBERS or simple == "BOOLEAN"


def _written(expression: Expression) -> str:
    return render(expression, "duckdb")


def _where(condition: Expression | None) -> str:
    return "" if condition is None else f" WHERE {_written(condition)}"
