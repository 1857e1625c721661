"""Workbooks that are written, as openpyxl reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segmeans.errors import DependencyError, OutputError
from segmeans.tables import workbook
from segmeans.tables.workbook import Sheet, write_workbook

openpyxl = pytest.importorskip("openpyxl")
pytest.importorskip("xlsxwriter")
from openpyxl.utils.escape import unescape  # noqa: E402 - installed, as is known by now

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "{=1}",
    "=1",
    "http://example.com",
    "internal:Sheet1!A1",
    "<script>alert(1)</script>",
    "\u05e9\u05dc\u05d5\u05dd \U0001f600 \u202eevil",
    "0042",
    "1e5",
    "#N/A",
    "true",
    "_x0041_",
    "a\nb",
)


def _written(tmp_path: Path, *sheets: Sheet) -> Any:
    path = tmp_path / "book.xlsx"
    write_workbook(path, sheets, title="a study")
    assert [one.name for one in tmp_path.iterdir()] == ["book.xlsx"]
    return openpyxl.load_workbook(path)


def test_no_text_becomes_a_formula_a_link_or_a_number(tmp_path: Path) -> None:
    block = {"=1+1": list(HOSTILE), "plain": np.array(HOSTILE, dtype=object)}
    page = _written(tmp_path, Sheet("Texts", [block]))["Texts"]
    assert page["A1"].value == "=1+1"
    for row, text in enumerate(HOSTILE, start=2):
        for cell in (page.cell(row, 1), page.cell(row, 2)):
            assert cell.data_type == "s"
            assert cell.hyperlink is None
            assert unescape(cell.value) == text
    assert {cell.data_type for line in page.iter_rows() for cell in line} == {"s"}


def test_numbers_stay_numbers_and_nothing_is_a_gap(tmp_path: Path) -> None:
    block = {
        "count": np.array([1, 2_000]),
        "mean": [0.25, None],
        "share": np.array([0.125, np.nan]),
        "id": np.array([10**17 + 1, None], dtype=object),
        "flag": [True, False],
        "far": [float("inf"), -1e300],
    }
    page = _written(tmp_path, Sheet("Numbers", [block], {"share": "share"}))["Numbers"]
    rows = [[cell.value for cell in line] for line in page.iter_rows()]
    assert rows[1] == [1, 0.25, 0.125, "100000000000000001", True, "inf"]
    assert rows[2] == [2000, None, None, None, False, "-1e+300"]
    assert page["C2"].number_format == "0.0 %"
    assert page["A2"].number_format == "#,##0"


def test_the_header_stays_in_sight_filters_and_widths_fit(tmp_path: Path) -> None:
    blocks = [{"name": ["x" * 30], "how": ["y" * 500]}, {"name": ["z"], "how": ["y"]}]
    page = _written(tmp_path, Sheet("Wide", iter(blocks), {"how": "long"}))["Wide"]
    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == "A1:B3"
    assert page["A1"].font.bold
    assert 30 <= page.column_dimensions["A"].width <= 33
    assert 60 <= page.column_dimensions["B"].width <= 62
    assert page["B2"].alignment.wrap_text
    assert [cell.value for cell in page["A"]] == ["name", "x" * 30, "z"]


def test_rows_are_as_high_as_their_lines_and_no_higher_than_a_row_may_be(tmp_path: Path) -> None:
    texts = ["one", "one\ntwo\n\nfour", "a " * 100, "a " * 9_000]
    page = _written(tmp_path, Sheet("S", [{"told": texts}], {"told": "long"}))["S"]
    heights = [page.row_dimensions[row].height for row in range(2, 6)]
    assert heights[:3] == [None, 4 * 15, 4 * 15]
    assert 400 < heights[3] <= 409  # points: the most that Excel opens


def test_texts_that_no_cell_can_hold_are_cut(tmp_path: Path) -> None:
    page = _written(tmp_path, Sheet("Long", [{"text": ["x" * 40_000, "\ud800"]}]))["Long"]
    assert page["A2"].value == "x" * 32_767
    assert page["A3"].value == "?"


def test_the_same_bytes_every_time(tmp_path: Path) -> None:
    written = []
    for name in ("one.xlsx", "two.xlsx"):
        write_workbook(tmp_path / name, [Sheet("S", [{"a": [1, 2], "b": ["x", "y"]}])], title="t")
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]


def test_too_many_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 2)
    with pytest.raises(OutputError, match="cannot hold so many rows"):
        write_workbook(tmp_path / "book.xlsx", [Sheet("S", [{"a": [1, 2, 3]}])])


def test_without_the_extra_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
    with pytest.raises(DependencyError, match=r"segmeans\[excel\]"):
        write_workbook(tmp_path / "book.xlsx", [])
    assert not list(tmp_path.iterdir())
