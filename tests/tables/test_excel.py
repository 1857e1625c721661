"""Workbooks: sheets, titles, dates, ids; and a clear word when something is missing."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import pytest

from segmeans.errors import DataError, DependencyError, SourceError
from segmeans.settings import Settings
from segmeans.tables.source import open_table

xlsxwriter = pytest.importorskip("xlsxwriter")
pytest.importorskip("python_calamine")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(str(path)) as workbook:
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        workbook.add_worksheet("Empty")
        sheet = workbook.add_worksheet("Customers")
        sheet.write(0, 0, "Report of May")
        sheet.write_row(2, 0, ["CustomerID", "Age", "Income", "Joined", "VIP"])
        for i in range(5):
            sheet.write_row(3 + i, 0, [f"{i:04d}", 20 + i, 1000.5 + i])
            sheet.write_datetime(3 + i, 3, datetime(2024, 1, 1 + i), day)
            sheet.write_boolean(3 + i, 4, i % 2 == 0)
        workbook.add_worksheet("Other").write_row(0, 0, ["a"])
        workbook.add_worksheet("Head").write_row(0, 0, ["a", "b"])
    return path


def test_the_first_filled_sheet_is_read(book: Path) -> None:
    with open_table(book) as opened:
        assert opened.info.kind == "excel"
        assert opened.info.details == {"sheet": "Customers"}
        assert [column.type for column in opened.table.columns] == [
            *("VARCHAR", "BIGINT", "DOUBLE", "DATE", "VARCHAR"),
        ]
        first = opened.table.engine.rows("SELECT * FROM data")[0]
        assert [str(value) for value in first] == ["0000", "20", "1000.5", "2024-01-01", "true"]
        assert {f.code for f in opened.findings} == {"title-rows", "other-sheets"}


def test_sheets_are_chosen_by_name(book: Path) -> None:
    with pytest.raises(SourceError, match="Try: 'Customers'"):
        open_table(book, Settings(table="customers "))
    with pytest.raises(DataError, match="header and no rows"):
        open_table(book, Settings(table="Head"))
    with pytest.raises(DataError, match="empty"):
        open_table(book, Settings(table="Empty"))


def test_a_workbook_is_known_by_its_bytes(book: Path) -> None:
    renamed = book.rename(book.with_name("book.csv"))
    with open_table(renamed) as opened:
        assert opened.info.kind == "excel"


def test_a_damaged_workbook_is_one_clear_error(book: Path) -> None:
    book.write_bytes(book.read_bytes()[:900])
    with pytest.raises(SourceError, match="workbook cannot be read"):
        open_table(book)


def test_without_the_library_the_extra_is_named(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(DependencyError, match=r"segmeans\[excel\]"):
        open_table(book)
