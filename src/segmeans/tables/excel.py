"""Excel and OpenDocument workbooks, through python-calamine (extra ``excel``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from segmeans.errors import DataError, DependencyError, SourceError, nearest_name
from segmeans.records import Finding
from segmeans.tables.duck import Engine
from segmeans.tables.grid import cell_text, load_cells
from segmeans.tables.layout import find_layout
from segmeans.tables.names import shown

SAMPLE_ROWS = 2_000


def load_excel(
    engine: Engine, path: Path, relation: str, *, sheet: str | None = None
) -> tuple[dict[str, str], tuple[Finding, ...]]:
    """Read one sheet of a workbook into a table.

    Parameters
    ----------
    engine : Engine
        Gets the table.
    path : Path
        An .xlsx, .xlsm, .xlsb, .xls or .ods file.
    relation : str
        Name of the new view.
    sheet : str, optional
        The sheet; by default the first one that holds anything.

    Raises
    ------
    DependencyError
        If python-calamine is not installed.
    SourceError
        If the workbook is damaged or protected, or has no such sheet.
    DataError
        If the sheet is empty or holds a header alone.
    """
    book = _open(path)
    names: list[str] = list(book.sheet_names)
    if sheet is not None and sheet not in names:
        near = nearest_name(sheet, names)
        raise SourceError(
            f"There is no sheet {sheet!r}",
            where=str(path),
            allowed=", ".join(names),
            hint=repr(near) if near else "",
        )
    filled = {}
    for name in names if sheet is None else [sheet]:
        if rows := _rows(book, name, path):
            filled[name] = rows
    if not filled:
        raise DataError("The workbook is empty", where=str(path))
    chosen, rows = next(iter(filled.items()))
    layout = find_layout(rows[:SAMPLE_ROWS])
    body = [_fitted(row, layout.width) for row in rows[layout.first :]]
    if not body:
        raise DataError(
            "The sheet has a header and no rows",
            where=f"{path}, sheet {chosen}",
            found=shown(layout.names),
        )
    load_cells(engine, relation, layout.names, body)
    findings = list(layout.findings)
    if len(filled) > 1:
        findings.append(_other_sheets(chosen, list(filled)))
    return {"sheet": chosen}, tuple(findings)


def _open(path: Path) -> Any:
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ModuleNotFoundError:
        raise DependencyError.for_extra("python-calamine", "excel") from None
    try:
        return CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError, ValueError) as error:
        raise _unreadable(path, error) from None


def _rows(book: Any, name: str, path: Path) -> list[list[str]]:
    """Return the rows of a sheet as text, without those that are blank."""
    try:
        cells = book.get_sheet_by_name(name).to_python()
    except Exception as error:
        raise _unreadable(path, error) from None
    texts = ([cell_text(value) or "" for value in row] for row in cells)
    return [row for row in texts if any(cell.strip() for cell in row)]


def _fitted(row: list[str], width: int) -> list[str]:
    return (row + [""] * (width - len(row)))[:width]


def _unreadable(path: Path, error: Exception) -> SourceError:
    return SourceError(
        "The workbook cannot be read",
        where=str(path),
        found=str(error).splitlines()[0] if str(error) else type(error).__name__,
        hint="remove its password if it has one, or save it as CSV",
    )


def _other_sheets(chosen: str, sheets: list[str]) -> Finding:
    return Finding(
        level="note",
        code="other-sheets",
        where="sheet",
        evidence=f"The sheet {chosen!r} was read; others hold rows as well: "
        f"{shown(name for name in sheets if name != chosen)}.",
        advice="Name the sheet with the setting 'table'.",
    )
