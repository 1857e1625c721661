"""Results as an Excel workbook: texts stay texts, numbers numbers (extra ``excel``).

Nothing from the data becomes a formula, a link or a number: every text is written as a text cell,
so there is nothing to disarm and nothing is changed.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np

from segmeans.errors import DependencyError, OutputError
from segmeans.plain import plain_share
from segmeans.tables.duck import Array

MOST_ROWS = 1_048_575
"""Rows that a sheet holds below its header."""
LONGEST_TEXT = 32_767  # characters that a cell holds
EXACT = 10**15  # a sheet keeps fifteen digits of a number: longer ones are written as text
NARROW, WIDE = 6, 60  # characters of a column
SAMPLE = 200  # rows that decide the width of a column
LINE = 15  # points: height of a line
HIGHEST = 409  # points that a row may have
CREATED = datetime(2020, 1, 1)

Look = Literal["text", "count", "number", "share", "long"]
FORMATS: dict[Look, dict[str, Any]] = {
    "text": {"valign": "top", "align": "left"},
    "count": {"valign": "top", "num_format": "#,##0"},
    "number": {"valign": "top", "num_format": "#,##0.00"},
    "share": {"valign": "top", "num_format": "0.0 %"},
    "long": {"valign": "top", "text_wrap": True},
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook.

    Parameters
    ----------
    name : str
        At most 31 characters.
    blocks : iterable of mapping of str to sequence
        Equally named columns of equal length per block; at least one block.
    looks : mapping of str to {"text", "count", "number", "share", "long"}, optional
        How a column looks; shares, from 0 to 1, are shown as percentages, long texts wrapped. By
        default as its values ask for.
    """

    name: str
    blocks: Iterable[Mapping[str, Sequence[Any] | Array]]
    looks: Mapping[str, Look] = field(default_factory=dict)


def check_writer() -> None:
    """Refuse where no workbook can be written.

    Raises
    ------
    DependencyError
    """
    try:
        import xlsxwriter  # noqa: F401
    except ImportError:
        raise DependencyError.for_extra("xlsxwriter", "excel") from None


def write_workbook(path: Path, sheets: Iterable[Sheet], *, title: str = "") -> None:
    """Write sheets, with a frozen header that filters, into an ``.xlsx`` file.

    Rows go to disk as they come, so that memory does not grow with them.

    Parameters
    ----------
    path : Path
        Written directly: a place in :class:`segmeans.tables.sink.Outputs`.
    sheets : iterable of Sheet
    title : str, default=""
        In the properties of the file.

    Raises
    ------
    DependencyError
        If xlsxwriter is not installed.
    OutputError
        If a sheet has more than :data:`MOST_ROWS` rows, or the file cannot be written.
    """
    check_writer()
    import xlsxwriter

    options = {
        "constant_memory": True,
        "tmpdir": str(path.parent),
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    with _told(path), xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": _text(title), "created": CREATED})
        formats = {look: book.add_format(how) for look, how in FORMATS.items()}
        head = {"bold": True, "bottom": 1, "valign": "top"}
        heads = {True: book.add_format({**head, "align": "right"}), False: book.add_format(head)}
        for sheet in sheets:
            _write_sheet(book.add_worksheet(sheet.name), sheet, formats, heads)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    from xlsxwriter.exceptions import XlsxWriterException

    try:
        yield
    except XlsxWriterException as error:
        raise OutputError(
            "The workbook cannot be written", where=path.name, found=str(error)
        ) from None


def _write_sheet(
    page: Any, sheet: Sheet, formats: Mapping[Look, Any], heads: Mapping[bool, Any]
) -> None:
    row, names, looks = 0, list[str](), list[Look]()
    _set_print(page)
    for block in sheet.blocks:
        columns = {name: _listed(values) for name, values in block.items()}
        if not names:
            names = list(columns)
            looks = [sheet.looks.get(name) or _look(columns[name]) for name in names]
            _write_head(page, columns, looks, heads)
        for values in zip(*columns.values(), strict=True):
            row += 1
            if row > MOST_ROWS:
                raise OutputError(
                    "A sheet cannot hold so many rows", where=sheet.name, allowed=f"{MOST_ROWS:,}"
                )
            if (lines := _lines(values, looks)) > 1:
                page.set_row(row, min(LINE * lines, HIGHEST))
            for column, value in enumerate(values):
                _write_cell(page, row, column, value, formats[looks[column]])
    page.autofilter(0, 0, row, max(len(names) - 1, 0))


def _set_print(page: Any) -> None:
    """Print a sheet across, as wide as a page, its header on every one."""
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)


def _lines(values: Sequence[Any], looks: Sequence[Look]) -> int:
    """Return how many lines the longest wrapped text of a row takes."""
    wrapped = [str(v) for v, look in zip(values, looks, strict=True) if look == "long" and v]
    return max(
        (sum(len(textwrap.wrap(line, WIDE)) or 1 for line in text.split("\n")) for text in wrapped),
        default=1,
    )


def _write_head(
    page: Any,
    columns: Mapping[str, Sequence[Any]],
    looks: Sequence[Look],
    heads: Mapping[bool, Any],
) -> None:
    page.freeze_panes(1, 0)
    for place, (name, values) in enumerate(columns.items()):
        shown = (len(line) for v in values[:SAMPLE] for line in _shown(v, looks[place]).split("\n"))
        longest = max([len(name) + 3, *shown])
        page.set_column(place, place, min(WIDE, max(NARROW, longest + 1)))
        right = looks[place] in ("count", "number", "share")
        page.write_string(0, place, _text(name), heads[right])


def _listed(values: Sequence[Any] | Array) -> list[Any]:
    return [value.item() if isinstance(value, np.generic) else value for value in values]


def _look(values: Sequence[Any]) -> Look:
    known = [value for value in values if value is not None]
    if not known or not all(isinstance(v, int | float) and not isinstance(v, bool) for v in known):
        return "text"
    return "count" if all(isinstance(value, int) for value in known) else "number"


def _shown(value: Any, look: Look) -> str:
    """Return about what a cell shows, for its width."""
    if value is None:
        return ""
    if isinstance(value, float):
        return plain_share(value) if look == "share" else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) and look == "count" else str(value)


def _write_cell(page: Any, row: int, column: int, value: Any, how: Any) -> None:
    if isinstance(value, bool):
        page.write_boolean(row, column, value, how)
    elif isinstance(value, int | float) and math.isfinite(value) and abs(value) < EXACT:
        page.write_number(row, column, value, how)
    elif value is None or (isinstance(value, float) and math.isnan(value)):
        page.write_blank(row, column, None, how)
    else:
        page.write_string(row, column, _text(str(value)), how)


def _text(text: str) -> str:
    """Return a text that a cell can hold: at most so long, and fit for UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")[:LONGEST_TEXT]
