"""One answer per row of a table, written beside its id: no value passes through Python.

The answers come as small numbers, block by block while the file is written, so that no more than a
few blocks wait at any time. Ids pass through unread, and words take the place of numbers in the
engine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from segmeans.errors import OutputError, SegmeansError, SettingError
from segmeans.tables.arrow import TEXT, Array, Copied, Offer, Text
from segmeans.tables.duck import ALONG, Engine, literal, quoted
from segmeans.tables.sink import check_free, whole

ANSWERS = "answers"

_CSV = "FORMAT csv, HEADER true"
_PARQUET = "FORMAT parquet, DICTIONARY_SIZE_LIMIT 1000"  # ids and distances hardly repeat
_FORMATS = {".csv": _CSV, ".parquet": _PARQUET}

#: What a spreadsheet would take for a formula, as :func:`segmeans.tables.cells.harmless` says it.
_FORMULA = r"[=+\-@\t\r\n\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}]"
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
    engine: Engine,
    id_column: str | None,
    blocks: Iterator[Mapping[str, Array | Text | Copied]],
    path: str | Path,
    *,
    types: Mapping[str, str],
    words: Mapping[str, tuple[str, Sequence[str | bool]]],
    order: Sequence[str],
    overwrite: bool = False,
) -> None:
    """Write ids and answers, whole or not at all, in the order of the blocks.

    Parameters
    ----------
    engine : Engine
        Asks for one block after the other while it writes.
    id_column : str or None
        What the ids are called; they are the text :data:`segmeans.tables.duck.ALONG` of the
        blocks. None numbers the rows from 1.
    blocks : iterator of mapping
        Equally named arrays, together one value per row. NaN, and 0 in a column that words belong
        to, are nobody's answer and are written as missing.
    path : path
        Ends in ``.csv`` or ``.parquet``.
    types : mapping
        Of the columns of the blocks, as :class:`segmeans.tables.arrow.Offer` takes them.
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
    listed = Path(path).suffix.casefold() == ".parquet"
    types = dict(types) if id_column is None else {ALONG: TEXT, **types}
    first = "row" if id_column is None else _head(id_column, order)
    head = "row_number() OVER ()" if id_column is None else quoted(ALONG)
    query = f"SELECT {head} AS {quoted(first)}, {_written(types, words, order, listed=listed)} "
    texts = () if id_column is None else (first,)
    named = (name for name in words if not isinstance(words[name][1][0], bool))
    offer = Offer(types, blocks)
    try:
        with engine.offered(ANSWERS, offer):
            query += f"FROM {ANSWERS}"
            copy_out(engine, query, path, texts=(*texts, *named), overwrite=overwrite)
    except OutputError:
        if offer.error is not None:
            raise offer.error from None
        raise
    finally:
        offer.close()


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


def _written(
    types: Mapping[str, str],
    words: Mapping[str, tuple[str, Sequence[str | bool]]],
    order: Sequence[str],
    *,
    listed: bool,
) -> str:
    """Return SQL for the columns to write after the id."""
    counted = {column for column, _ in words.values()}
    written = []
    for name in order:
        if name in words:
            column, texts = words[name]
            value = _worded(column, texts, listed=listed)
        elif name in counted:
            value = f"nullif({quoted(name)}, 0)"
        elif types[name].startswith("f"):
            value = f"CASE WHEN NOT isnan({quoted(name)}) THEN {quoted(name)} END"
        else:
            value = quoted(name)
        written.append(f"{value} AS {quoted(name)}")
    return ", ".join(written)


def _head(id_column: str, order: Sequence[str]) -> str:
    return "id" if id_column.casefold() in order else id_column


def _worded(column: str, words: Sequence[str | bool], *, listed: bool) -> str:
    """Return SQL for the words that the numbers of a column stand for, from 1.

    A type that lists the words spares Parquet from finding out that there are few of them; its
    readers see texts either way.
    """
    said = [literal(word) if isinstance(word, str) else str(word).lower() for word in words]
    if listed and isinstance(words[0], str):
        said = [f"{text}::ENUM({', '.join(said)})" for text in said]
    cases = " ".join(f"WHEN {place} THEN {text}" for place, text in enumerate(said, 1))
    return f"CASE {quoted(column)} {cases} END"


def _tame(value: str) -> str:
    """Return SQL for :func:`segmeans.tables.cells.harmless` of a text."""
    return (
        f"CASE WHEN regexp_matches({value}, '^{_FORMULA}') "
        f"AND NOT regexp_full_match({value}, '{_PLAIN_NUMBER}') "
        f"THEN chr(39) || {value} ELSE {value} END"
    )


def as_given(value: str) -> str:
    """Return SQL for a text as it was before a CSV file of ours disarmed it.

    Parameters
    ----------
    value : str
        SQL for the text.

    Returns
    -------
    str
    """
    return (
        f"CASE WHEN regexp_matches({value}, '^''{_FORMULA}') "
        f"AND NOT regexp_full_match(substr({value}, 2), '{_PLAIN_NUMBER}') "
        f"THEN substr({value}, 2) ELSE {value} END"
    )
