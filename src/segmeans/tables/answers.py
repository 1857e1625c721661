"""One answer per row of a table, written beside its id: no value passes through Python.

The answers come as small numbers in blocks and are gathered in the engine, which spills to disk.
Ids, and the words that numbers stand for, join them only while the file is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from segmeans.errors import OutputError, SegmeansError, SettingError
from segmeans.tables.duck import Array, Engine, Table, literal, quoted
from segmeans.tables.sink import check_free, whole

ANSWERS = "answers"
TOGETHER = 4  # blocks inserted at once

_CSV = "FORMAT csv, HEADER true"
_PARQUET = "FORMAT parquet, DICTIONARY_SIZE_LIMIT 1000"  # ids and distances hardly repeat
_FORMATS = {".csv": _CSV, ".parquet": _PARQUET}

#: What a spreadsheet would take for a formula, as :func:`segmeans.tables.cells.harmless` says it.
_FORMULA = r"^[=+\-@\t\r]"
_PLAIN_NUMBER = r"^[-+]?[0-9]+([.,][0-9]+)?([eE][-+]?[0-9]+)?$"


def check_format(path: str | Path) -> None:
    """Refuse the name of a file whose ending says neither CSV nor Parquet.

    Raises
    ------
    SettingError
    """
    if Path(path).suffix.casefold() not in _FORMATS:
        raise SettingError(
            "The ending of the output says no format",
            where=str(path),
            allowed=".csv or .parquet",
        )


def write_answers(
    table: Table,
    id_column: str | None,
    blocks: Iterable[Mapping[str, Array]],
    path: str | Path,
    *,
    words: Mapping[str, tuple[str, Sequence[str | bool]]],
    order: Sequence[str],
    overwrite: bool = False,
) -> None:
    """Write ids and answers, whole or not at all, in the order of the table.

    Parameters
    ----------
    table : Table
        Its engine gathers the answers.
    id_column : str or None
        Written as text; None numbers the rows from 1.
    blocks : iterable of mapping
        Equally named arrays of numbers, together one value per row. NaN, and 0 in a column that
        words belong to, are nobody's answer and are written as missing.
    path : path
        Ends in ``.csv`` or ``.parquet``.
    words : mapping
        Name of a written column to the column of the blocks that numbers its words from 1, and
        the words, texts or truth values. The numbers themselves may be written as well.
    order : sequence of str
        The columns to write after the id; those without words come as they are in the blocks.
    overwrite : bool, default=False
        Replace an existing file.

    Raises
    ------
    OutputError
        When the file exists already or cannot be written.
    """
    check_format(path)
    check_free(path, overwrite=overwrite)
    create = True
    try:
        for block in _joined(blocks):
            table.engine.append(ANSWERS, block, create=create)
            create = False
        query = _query(table, id_column, words, order)
        first = "row" if id_column is None else _head(id_column, order)
        texts = () if id_column is None else (first,)
        named = (name for name in words if not isinstance(words[name][1][0], bool))
        copy_out(table.engine, query, path, texts=(*texts, *named), overwrite=overwrite)
    finally:
        table.engine.run(f"DROP TABLE IF EXISTS {ANSWERS}")


def _joined(blocks: Iterable[Mapping[str, Array]]) -> Iterator[dict[str, Array]]:
    """Join blocks, because every insertion takes some time of its own."""
    remaining = iter(blocks)
    while group := list(islice(remaining, TOGETHER)):
        yield {name: np.concatenate([block[name] for block in group]) for name in group[0]}


def copy_out(
    engine: Engine,
    query: str,
    path: str | Path,
    *,
    texts: Collection[str] = (),
    overwrite: bool = False,
) -> None:
    """Write the result of a query, whole or not at all.

    Parameters
    ----------
    engine : Engine
    query : str
    path : path
        Ends in ``.csv`` or ``.parquet``.
    texts : collection of str, default=()
        Columns of text; in CSV no spreadsheet takes what is in them for a formula.
    overwrite : bool, default=False
        Replace an existing file.

    Raises
    ------
    OutputError
        When the file exists already or cannot be written.
    """
    kind = Path(path).suffix.casefold()
    if kind == ".csv" and texts:
        tamed = ", ".join(f"{_tame(quoted(name))} AS {quoted(name)}" for name in texts)
        query = f"SELECT * REPLACE ({tamed}) FROM ({query})"
    with whole(path, overwrite=overwrite) as partial:
        try:
            engine.run(f"COPY ({query}) TO {literal(str(partial))} ({_FORMATS[kind]})")
        except SegmeansError as error:
            raise OutputError(
                "The output cannot be written", where=str(path), found=error.found or error.what
            ) from None


def _query(
    table: Table,
    id_column: str | None,
    words: Mapping[str, tuple[str, Sequence[str | bool]]],
    order: Sequence[str],
) -> str:
    counted = {column for column, _ in words.values()}
    types = table.engine.types(f"SELECT * FROM {ANSWERS}")
    written = []
    for name in order:
        if name in words:
            column, texts = words[name]
            value = _worded(column, texts)
        elif name in counted:
            value = f"nullif({quoted(name)}, 0)"
        elif types[name] == "FLOAT":
            value = f"CASE WHEN NOT isnan({quoted(name)}) THEN {quoted(name)} END"
        else:
            value = quoted(name)
        written.append(f"{value} AS {quoted(name)}")
    if id_column is None:
        first = f'row_number() OVER () AS "row", {", ".join(written)}'
        return f"SELECT {first} FROM {ANSWERS}"
    return (
        f"SELECT i AS {quoted(_head(id_column, order))}, {', '.join(written)} FROM "
        f"(SELECT CAST({quoted(id_column)} AS VARCHAR) AS i FROM {quoted(table.relation)}) "
        f"POSITIONAL JOIN {ANSWERS}"
    )


def _head(id_column: str, order: Sequence[str]) -> str:
    return "id" if id_column.casefold() in order else id_column


def _worded(column: str, words: Sequence[str | bool]) -> str:
    """Return SQL for the words that the numbers of a column stand for, from 1."""
    said = [word if isinstance(word, str) else str(word).lower() for word in words]
    texts = [literal(word) if isinstance(words[0], str) else word for word in said]
    cases = " ".join(f"WHEN {place} THEN {text}" for place, text in enumerate(texts, 1))
    return f"CASE {quoted(column)} {cases} END"


def _tame(value: str) -> str:
    """Return SQL for :func:`segmeans.tables.cells.harmless` of a text."""
    return (
        f"CASE WHEN regexp_matches({value}, '{_FORMULA}') "
        f"AND NOT regexp_full_match({value}, '{_PLAIN_NUMBER}') "
        f"THEN chr(39) || {value} ELSE {value} END"
    )
