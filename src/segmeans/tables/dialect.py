"""How the rows of a text file are written: separator, quotation marks, header.

A sample decides how to read; whether all rows obey is counted afterwards, when they are read.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from segmeans.errors import DataError, SettingError, SourceError
from segmeans.tables.layout import Layout, find_layout, usual_width
from segmeans.tables.names import shown
from segmeans.tables.text import TextFile

SEPARATORS = (",", ";", "\t", "|", "^", "~", ":")
BLANKS = " "  # runs of blanks
SAMPLE_LINES = 2_000

_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", BLANKS: "blanks"}
_EXCEL_SAYS = re.compile(r"sep=(.)\r?\n")
_SINGLE_QUOTED = re.compile(r"(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|\r\n]|$)")
_BACKSLASHED = re.compile(r'\\"[^,;|\t\r\n]')
_DOUBLED = re.compile(r'[^,;|\t\r\n\\]""')


@dataclass(frozen=True, slots=True)
class Quoting:
    """The mark around cells, and the mark that stands before such a mark inside a cell."""

    mark: str = ""
    escape: str = ""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the rows of a text file are written.

    Parameters
    ----------
    separator : str
        One character; a blank stands for runs of blanks.
    quoting : Quoting
        How cells are quoted.
    layout : Layout
        Names and width.
    skip : int
        Lines before the first row of data.
    uneven : bool
        Whether a quotation mark in those lines is open at the end of one of them.
    """

    separator: str
    quoting: Quoting
    layout: Layout
    skip: int
    uneven: bool = False


def separator_name(separator: str) -> str:
    """Return a separator in words.

    Examples
    --------
    >>> separator_name(";"), separator_name("^")
    ('semicolon', '^')
    """
    return _NAMES.get(separator, separator)


def find_dialect(text: TextFile, path: Path, stated: str | None) -> Dialect:
    """Find out how a file is written from its first lines.

    Parameters
    ----------
    text : TextFile
        The clean text.
    path : Path
        The file, for messages.
    stated : str or None
        The separator, when the user stated it.

    Raises
    ------
    SettingError
        If the stated separator cannot be one.
    SourceError
        If it separates nothing, and another one would.
    DataError
        If the file holds a header and nothing else.
    """
    lines = [line + "\n" for line in text.head().split("\n")][:SAMPLE_LINES]
    quoting = _quoting(lines, doubles=text.quotes)
    says = _EXCEL_SAYS.fullmatch(lines[0])
    if says:
        lines = lines[1:]
    guessed = says.group(1) if says else _separator(lines, quoting)
    separator = _stated(stated) if stated else guessed
    rows, ends = _split(lines, separator, quoting)
    if stated and usual_width(rows) == 1 and usual_width(_split(lines, guessed, quoting)[0]) > 1:
        raise SourceError(
            "The file is not separated as the setting 'separator' says",
            where=str(path),
            found=f"{separator_name(separator)}: every row would be one cell",
            hint=f"the file looks separated by {separator_name(guessed)}",
        )
    layout = find_layout(rows)
    if layout.first >= len(rows):
        raise DataError(
            "The file has a header and no rows",
            where=str(path),
            found=shown(layout.names),
            hint="check how it was exported",
        )
    skip = ends[layout.first - 1] if layout.first else 0
    odd = bool(quoting.mark) and any(line.count(quoting.mark) % 2 for line in lines[:skip])
    if separator == BLANKS:
        quoting = Quoting()
    return Dialect(separator, quoting, layout, skip + bool(says), odd)


def _quoting(lines: Sequence[str], *, doubles: bool) -> Quoting:
    """Return the marks around cells; ``doubles`` says whether the file has double ones at all."""
    if doubles:
        backslash = any(map(_BACKSLASHED.search, lines)) and not any(map(_DOUBLED.search, lines))
        return Quoting('"', "\\" if backslash else '"')
    singles = sum(bool(_SINGLE_QUOTED.search(line)) for line in lines)
    return Quoting("'", "'") if singles > 1 and 2 * singles >= len(lines) else Quoting()


def _stated(separator: str) -> str:
    if separator in ("tab", "\\t"):
        return "\t"
    if len(separator) != 1 or separator in '"\r\n' or separator.isalnum():
        raise SettingError(
            "The setting 'separator' has a value that is not allowed",
            found=repr(separator),
            allowed="one character such as , ; or |, or 'tab'",
        )
    return separator


def _split(
    lines: Sequence[str], separator: str, quoting: Quoting
) -> tuple[list[list[str]], list[int]]:
    """Return the rows that are not blank and, for each, the number of lines up to its end."""
    pairs: list[tuple[list[str], int]] = []
    if separator == BLANKS:
        pairs += [(line.split(), end) for end, line in enumerate(lines, start=1)]
    else:
        reader = csv.reader(
            lines,
            delimiter=separator,
            quoting=csv.QUOTE_MINIMAL if quoting.mark else csv.QUOTE_NONE,
            quotechar=quoting.mark or None,
            doublequote=quoting.escape == quoting.mark,
            escapechar="\\" if quoting.escape == "\\" else None,
        )
        with suppress(csv.Error):  # an overlong cell: what was read so far must do
            pairs += [(row, reader.line_num) for row in reader]
    filled = [(row, end) for row, end in pairs if any(cell.strip() for cell in row)]
    if not filled:
        return [[""]], [0]
    return [row for row, _ in filled], [end for _, end in filled]


def _separator(lines: Sequence[str], quoting: Quoting) -> str:
    """Return the separator that cuts most lines into the same number of cells.

    A separator earns the share of rows with the usual width, and loses where its cells still
    hold another separator. Runs of blanks count only when nothing else cuts the lines.
    """
    best, best_score = ",", 0.0
    for separator in SEPARATORS:
        rows, _ = _split(lines, separator, quoting)
        width = usual_width(rows)
        if width < 2:
            continue
        usual = [row for row in rows if len(row) == width]
        others = [other for other in (";", "\t", "|") if other != separator]
        cells = [cell for row in usual[:200] for cell in row]
        uncut = sum(any(other in cell for other in others) for cell in cells) / len(cells)
        score = len(usual) / len(rows) - 0.5 * uncut + 0.001 * min(width, 50)
        if separator in "^~:":
            score -= 0.3
        if score > best_score:
            best, best_score = separator, score
    if best_score >= 0.6:
        return best
    rows, _ = _split(lines, BLANKS, quoting)
    width = usual_width(rows)
    share = sum(len(row) == width for row in rows) / len(rows)
    return BLANKS if width >= 2 and share > max(0.8, best_score) else best
