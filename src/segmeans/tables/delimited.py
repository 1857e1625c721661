"""Delimited text: find out the separator and the header, then let DuckDB read every row.

Every column is read as text, and rows that the reader rejects are counted and listed: nothing is
lost silently, and no guess rests on a sample that the rest of the file could contradict.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from segmeans.errors import SourceError
from segmeans.records import Finding
from segmeans.tables.dialect import BLANKS, Dialect, find_dialect, separator_name
from segmeans.tables.duck import Engine, literal, quoted
from segmeans.tables.grid import RAW
from segmeans.tables.names import clipped, shown
from segmeans.tables.text import TextFile, copy_failed, filled_lines, open_text, unclosed_line
from segmeans.tables.values import teach

REJECTED_SHARE = 0.1  # more rejected lines than this and the file is refused

_TOTALS = ("total", "totals", "grand total", "sum", "summe", "gesamt", "insgesamt")
_LAST_ROW = f"rowid = (SELECT max(rowid) FROM {RAW})"
_BREAKS = re.compile(r"(?:\r?\n)+")
_ABSENT = "\x02"  # what no cell holds: tells an empty cell from a cell that is not there


def load_delimited(
    engine: Engine,
    path: Path,
    relation: str,
    *,
    separator: str | None = None,
    encoding: str | None = None,
) -> tuple[dict[str, str], tuple[Finding, ...]]:
    """Read a delimited file into a new table of text columns.

    Parameters
    ----------
    engine : Engine
        Gets the table.
    path : Path
        The file, possibly compressed with gzip, bzip2 or xz.
    relation : str
        Name of the new view.
    separator, encoding : str, optional
        What the user stated.

    Returns
    -------
    details : dict
        Separator and encoding in words.
    findings : tuple of Finding
        What was odd, rejected rows among it.

    Raises
    ------
    SourceError
        If the file is empty, no text, or its quoting is broken.
    DataError
        If it holds a header and nothing else.
    """
    text = open_text(path, engine.folder, encoding=encoding)
    dialect = find_dialect(text, path, separator)
    if dialect.separator == BLANKS or dialect.uneven:
        text, dialect = _copied(text, engine.folder / "copied.txt", dialect)
    teach(engine)
    rejected = _read(engine, text, dialect, path)
    findings = [*text.findings, *dialect.layout.findings]
    findings += _sorted_out(engine, relation, dialect.layout.names, rejected, path)
    details = {"separator": separator_name(dialect.separator)}
    details["encoding"] = text.encoding
    if text.compression:
        details["compression"] = text.compression
    return details, tuple(findings)


def _copied(text: TextFile, copy: Path, dialect: Dialect) -> tuple[TextFile, Dialect]:
    """Copy the rows of data alone, runs of blanks as tabs."""
    blanks = dialect.separator == BLANKS
    try:
        with (
            text.path.open(encoding="utf-8-sig", newline="\n") as source,
            copy.open("w", encoding="utf-8", newline="") as out,
        ):
            for line in islice(source, dialect.skip, None):
                out.write("\t".join(line.split()) + "\n" if blanks else line)
    except OSError as error:
        raise copy_failed(copy.parent, error) from None
    return replace(text, path=copy), replace(dialect, skip=0, uneven=False)


def _read(engine: Engine, text: TextFile, dialect: Dialect, path: Path) -> list[tuple[int, str]]:
    """Read all rows into the table ``raw`` and return the rejected lines: number and text.

    One column more than the layout has catches rows that are too long by a cell.
    """
    width = dialect.layout.width
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(width + 1))
    separator = "\t" if dialect.separator == BLANKS else dialect.separator
    options = {
        "auto_detect": "false",
        "header": "false",
        "skip": str(dialect.skip),
        "columns": f"{{{columns}}}",
        "delim": literal(separator),
        "quote": literal(dialect.quoting.mark),
        "escape": literal(dialect.quoting.escape),
        "nullstr": literal(_ABSENT),
        "null_padding": "true",
        "strict_mode": "true",
        "ignore_errors": "true",
        "store_rejects": "true",
        "parallel": "false" if dialect.quoting.mark else "true",
    }
    written = ", ".join(f"{key} = {value}" for key, value in options.items())
    where = str(path)
    engine.run(
        f"CREATE TABLE {RAW} AS SELECT * FROM read_csv({literal(str(text.path))}, {written})",
        where=where,
    )
    rejected = engine.rows(
        "SELECT line, min(coalesce(csv_line, '')) FROM reject_errors GROUP BY 1 ORDER BY 1"
    )
    engine.run("DROP TABLE reject_errors; DROP TABLE reject_scans")
    _check_nothing_lost(engine, text, dialect, [line for _, line in rejected], path)
    return [(int(number), line) for number, line in rejected]


def _check_nothing_lost(
    engine: Engine, text: TextFile, dialect: Dialect, rejected: Sequence[str], path: Path
) -> None:
    """Raise when a line of the file is in no row and was not rejected either.

    That is what an unclosed quotation mark leads to. A row spans one line and, for every run of
    line breaks inside its cells, one more that is not blank.
    """
    mark = dialect.quoting.mark
    cells = [f"c{i}" for i in range(dialect.layout.width + 1)]
    breaks = "len(regexp_extract_all({0}, '(\\r?\\n)+'))"
    runs = " + ".join(  # a look for a line feed spares nearly all cells the search
        f"CASE WHEN contains({c}, chr(10)) THEN {breaks.format(c)} ELSE 0 END" for c in cells
    )
    spanned = f"count(*) + sum({runs})" if mark else "count(*)"
    read = int(engine.rows(f"SELECT {spanned} FROM {RAW}")[0][0] or 0)
    refused = sum(len(_BREAKS.findall(line.strip("\r\n"))) + 1 for line in rejected)
    lines = filled_lines(text.path, skip=dialect.skip)
    many = [line for line in rejected if _BREAKS.search(line.strip("\r\n"))]
    if read + refused == lines and not many:
        return
    number = unclosed_line(text.path, mark) if mark else 0
    raise SourceError(
        "A quotation mark is opened and not closed where it should be"
        if mark
        else "Some lines cannot be read",
        where=f"{path}, line {number}" if number else str(path),
        found=f"{max(lines - read, 1):,} lines would be lost",
        hint="correct that line, or write a quotation mark inside a cell twice",
    )


def _sorted_out(
    engine: Engine,
    relation: str,
    names: Sequence[str],
    rejected: list[tuple[int, str]],
    path: Path,
) -> list[Finding]:
    """Make a view of the rows that fit, and findings of those that do not."""
    width = len(names)
    # white space sorts before '!', so that nearly no cell is looked at by a pattern
    cells = [f"coalesce(c{i}, '')" for i in range(width + 1)]
    blank = " AND ".join(f"{cell} < '!' AND {cell} SIMILAR TO '\\s*'" for cell in cells)
    long = f"coalesce(c{width}, '') <> ''"
    short = f"c{width - 1} IS NULL AND NOT ({blank})"
    rows, blanks, longs, shorts = engine.rows(
        f"SELECT count(*), count_if({blank}), count_if({long}), count_if({short}) FROM {RAW}"
    )[0]
    total = _total_row(engine, width)
    kept = rows - (blanks or 0) - (longs or 0) - bool(total)
    lost = len(rejected) + (longs or 0)
    examples = [clipped(line) for _, line in rejected[:5]]
    examples += _examples(engine, long, width + 1) if longs else []
    if lost > REJECTED_SHARE * (kept + lost):
        raise SourceError(
            "Too many rows do not fit the columns",
            where=str(path),
            found=f"{lost:,} of {kept + lost:,} rows, such as {shown(examples, 2)}",
            hint="check the separator and the quotation marks, or say 'separator'",
        )
    columns = ", ".join(f"c{i} AS {quoted(name)}" for i, name in enumerate(names))
    left_out = [blank] * bool(blanks) + [long] * bool(longs) + [_LAST_ROW] * bool(total)
    kept_rows = " WHERE " + " AND ".join(f"NOT ({part})" for part in left_out) if left_out else ""
    engine.run(f"CREATE VIEW {quoted(relation)} AS SELECT {columns} FROM {RAW}{kept_rows}")
    findings = []
    if lost:
        findings.append(_rejected(lost, examples))
    if shorts:
        findings.append(_short(shorts, _examples(engine, short, width)))
    if blanks:
        findings.append(_blank(blanks))
    if total:
        findings.append(_total(total))
    return findings


def _total_row(engine: Engine, width: int) -> str:
    """Return the last row when it is a line of totals under the data, else nothing."""
    cells = engine.rows(
        f"SELECT {', '.join(f'c{i}' for i in range(width))} FROM {RAW} WHERE {_LAST_ROW}"
    )
    filled = [cell.strip() for cell in cells[0] if cell and cell.strip()] if cells else []
    is_total = len(filled) > 1 and filled[0].casefold().rstrip(":") in _TOTALS
    return " | ".join(filled) if is_total else ""


def _total(row: str) -> Finding:
    return Finding(
        level="note",
        code="total-row",
        where="rows",
        evidence=f"The last row holds totals and was left out: {shown([row])}.",
    )


def _examples(engine: Engine, condition: str, width: int) -> list[str]:
    joined = ", ".join(f"c{i}" for i in range(width))
    rows = engine.rows(f"SELECT concat_ws(' | ', {joined}) FROM {RAW} WHERE {condition} LIMIT 3")
    return [text for (text,) in rows]


def _rejected(rows: int, examples: Sequence[str]) -> Finding:
    return Finding(
        level="problem",
        code="rejected-rows",
        where="rows",
        evidence=f"{rows:,} rows do not fit the columns and were left out: {shown(examples, 3)}.",
        advice="Correct them in the source: most have a separator or quotation mark too many.",
    )


def _short(rows: int, examples: Sequence[str]) -> Finding:
    return Finding(
        level="warning",
        code="short-rows",
        where="rows",
        evidence=f"{rows:,} rows have too few cells; the cells at their end count as missing: "
        f"{shown(examples, 3)}.",
    )


def _blank(rows: int) -> Finding:
    return Finding(
        level="note",
        code="blank-rows",
        where="rows",
        evidence=f"{rows:,} rows are blank and were left out.",
    )
