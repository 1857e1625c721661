"""Where the header of a grid of cells is, and which rows around it are no data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from segmeans.records import Finding
from segmeans.tables.grid import renamed
from segmeans.tables.names import shown, unique
from segmeans.tables.values import NUMBER_MISSING

MOST_TITLE_ROWS = 30
LEAST_DESCRIBED = 5  # rows under the header, before the first of them counts as a description
NUMERIC_SHARE = 0.8  # a column of the sample counts as numbers from this share on

_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_MINUS = "\u2212"
_NUMBER = re.compile(
    rf"[({_MINUS}+-]?\s*(?:[$€£¥]\s*)?[{_MINUS}+-]?\.?[0-9][0-9.,'\u2019\s]*(?:[eE][+-]?[0-9]+)?"
    r"\s*[%€$£)]?"
)

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a grid of cells is laid out.

    Parameters
    ----------
    width : int
        Cells in a row of data.
    names : tuple of str
        Tidy, unique names of the columns.
    first : int
        Position of the first row of data among the rows looked at.
    findings : tuple of Finding
        What was odd: title rows, a description row, no header, names that were changed.
    """

    width: int
    names: tuple[str, ...]
    first: int
    findings: tuple[Finding, ...]


def is_number(cell: str) -> bool:
    """Return whether a cell looks like a number, in any country's writing.

    Examples
    --------
    >>> [is_number(cell) for cell in ("1.234,50 €", "-3", "12%", "A1", "")]
    [True, True, True, False, False]
    """
    return bool(_NUMBER.fullmatch(cell.strip()))


def is_blank(cell: str) -> bool:
    """Return whether a cell is empty or stands for a missing value."""
    text = cell.strip().casefold()
    return text == "" or text in NUMBER_MISSING


def usual_width(rows: Rows) -> int:
    """Return how many cells most rows have; of equally frequent widths the larger one."""
    counts = Counter(len(row) for row in rows)
    return max(counts, key=lambda width: (counts[width], width), default=0)


def find_layout(rows: Rows) -> Layout:
    """Find the header among the first rows of a grid.

    Parameters
    ----------
    rows : sequence of sequences of str
        The first rows, none of them wholly blank; at least one.

    Returns
    -------
    Layout

    Examples
    --------
    >>> layout = find_layout([["Report of May"], ["Age", "City"], ["19", "Rome"], ["40", "Oslo"]])
    >>> layout.names, layout.first
    (('Age', 'City'), 2)
    """
    width = usual_width(rows)
    top = _header_row(rows, width)
    findings = [_titles(rows[:top])] if top else []
    header, body = list(rows[top]), rows[top + 1 :]
    if len(header) == width - 1 and body:
        if all(len(row) < width or not row[-1].strip() for row in body):
            width -= 1  # every row ends with a separator too many
        else:
            header = ["", *header]  # R leaves out the name over the row names
    if not _is_header(header, body):
        names = tuple(f"column_{position}" for position in range(1, width + 1))
        return Layout(width, names, top, (*findings, _no_header(header)))
    named = max((i for i, cell in enumerate(header, start=1) if cell.strip()), default=0)
    width = max(width, named)  # a name without cells below is a column of missing values
    header += [""] * (width - len(header))
    names = tuple(unique(header[:width]))
    findings += renamed(header, names)
    first = top + 1
    if _describes(body):
        findings.append(_description(body[0]))
        first += 1
    return Layout(width, names, first, tuple(findings))


def _header_row(rows: Rows, width: int) -> int:
    """Return the position of the first row that is as wide as the data."""
    for position, row in enumerate(rows[: MOST_TITLE_ROWS + 1]):
        filled = sum(not is_blank(cell) for cell in row)
        wide = len(row) >= width or _lacks_first_name(row, rows[position + 1 :], width)
        titled = width >= 3 and filled <= 1 and position + 1 < len(rows)
        if wide and not titled:
            return position
    return 0


def _lacks_first_name(row: Sequence[str], below: Rows, width: int) -> bool:
    """Return whether a row is a header that leaves out the name over row names."""
    if len(row) != width - 1 or width < 3 or len(below) < 1:
        return False
    next_is_header = _numeric_columns(below[1:]) and _is_header(below[0], below[1:])
    return not next_is_header


def _numeric_columns(rows: Rows) -> list[int]:
    """Return the positions of columns whose filled cells are nearly all numbers."""
    width = usual_width(rows)
    numeric = []
    for position in range(width):
        cells = [row[position] for row in rows if len(row) > position]
        filled = [cell for cell in cells if not is_blank(cell)]
        if filled and sum(map(is_number, filled)) >= NUMERIC_SHARE * len(filled):
            numeric.append(position)
    return numeric


def _is_header(header: Sequence[str], body: Rows) -> bool:
    """Return whether a row names columns rather than being data itself."""
    if not body:
        return not any(is_number(cell) for cell in header)
    numeric = [position for position in _numeric_columns(body) if position < len(header)]
    if numeric and _names_years([header[i] for i in numeric], body, numeric):
        return True
    if numeric:
        named = sum(not is_number(header[i]) and not is_blank(header[i]) for i in numeric)
        blank = sum(is_blank(header[i]) for i in numeric)
        return 2 * named > len(numeric) - blank
    recur = sum(
        any(len(row) > i and row[i].strip() == cell.strip() for row in body)
        for i, cell in enumerate(header)
        if cell.strip()
    )
    return 2 * recur < len(header)


def _names_years(cells: Sequence[str], body: Rows, numeric: Sequence[int]) -> bool:
    """Return whether numbers in a header are years over amounts: 2019, 2020, 2021."""
    years = {cell.strip() for cell in cells if _YEAR.fullmatch(cell.strip())}
    below = (row[i].strip() for row in body for i in numeric if i < len(row))
    return len(cells) > 1 and len(years) == len(cells) and not any(map(_YEAR.fullmatch, below))


def _describes(body: Rows) -> bool:
    """Return whether the first row under the header explains the columns in words.

    It does when it has words where at least two well-filled columns have numbers, and a number
    in none of them.
    """
    if len(body) < LEAST_DESCRIBED:
        return False
    first, rest = body[0], body[1:]
    filled = [
        i
        for i in _numeric_columns(rest)
        if i < len(first)
        and sum(len(row) > i and not is_blank(row[i]) for row in rest) >= 0.5 * len(rest)
    ]
    cells = [first[i] for i in filled if not is_blank(first[i])]
    worded = sum(not is_number(cell) for cell in cells)
    return len(filled) >= 2 and worded == len(cells) and 2 * worded > len(filled)


def _titles(rows: Rows) -> Finding:
    lines = [" ".join(cell for cell in row if cell.strip()) for row in rows]
    return Finding(
        level="note",
        code="title-rows",
        where="header",
        evidence=f"{len(rows)} {'rows' if len(rows) > 1 else 'row'} above the header "
        f"{'were' if len(rows) > 1 else 'was'} left out: {shown(lines, 3)}.",
    )


def _no_header(row: Sequence[str]) -> Finding:
    return Finding(
        level="warning",
        code="no-header",
        where="header",
        evidence=f"The first row looks like data ({shown(row, 4)}), so columns were named "
        "column_1, column_2 and so on.",
        advice="Add a row with the names of the columns if you can.",
    )


def _description(row: Sequence[str]) -> Finding:
    return Finding(
        level="note",
        code="description-row",
        where="header",
        evidence=f"The row under the header explains the columns ({shown(row, 3)}) and was left "
        "out.",
    )
