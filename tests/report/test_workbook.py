"""The workbook of a study: what its files say, in one place."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

import segmeans
from segmeans.errors import DependencyError
from segmeans.report import workbook
from segmeans.report.renaming import rename

openpyxl = pytest.importorskip("openpyxl")
pytest.importorskip("xlsxwriter")

EVIL = "=cmd|' /C calc'!A0"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("workbook")
    with (place / "customers.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "=1+1", "<script>alert(1)</script>", "kind"])
        for number in range(120):
            near = number % 3
            spread = number * 7 % 11 / 10
            kind = (EVIL, "\u05e9\u05dc\u05d5\u05dd", "+44")[near]
            writer.writerow([f"={number:04d}", near * 10 + spread, near * -20 + spread, kind])
    with segmeans.segment(place / "customers.csv", id="id", k=3, fast=True) as study:
        segmeans.write(study, place / "out", figures=False, excel=True)
    return place / "out"


@pytest.fixture
def book(folder: Path) -> Any:
    return openpyxl.load_workbook(folder / workbook.NAME)


def table(page: Any) -> list[dict[str, Any]]:
    header, *rows = page.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_sheet_is_there_and_none_has_a_formula(book: Any) -> None:
    assert book.sheetnames == [
        "Summary",
        "Segments",
        "Profile",
        "Typical customers",
        "Actions",
        "Numbers of segments",
        "Customers",
    ]
    cells = [cell for page in book for line in page.iter_rows() for cell in line]
    assert any(str(cell.value).startswith("=") for cell in cells)
    assert not [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink]


def test_it_prints_across_with_its_header_and_names_no_folder(book: Any, folder: Path) -> None:
    for page in book:
        assert page.page_setup.orientation == "landscape"
        assert (page.page_setup.fitToWidth or 1, page.page_setup.fitToHeight) == (1, 0)
        assert page.print_title_rows == "$1:$1"
    summary = {line["what"]: line[""] for line in table(book["Summary"])}
    assert summary["source"] == "customers.csv"
    texts = [str(cell.value) for page in book for line in page.iter_rows() for cell in line]
    assert not any(str(folder.parent) in text for text in texts)


def test_rows_are_as_high_as_their_wrapped_texts(book: Any) -> None:
    page = book["Summary"]
    for line in page.iter_rows(min_row=2):
        text, height = str(line[1].value), page.row_dimensions[line[0].row].height
        assert (height or 15) >= 15 * -(-len(text) // 60)


def test_it_says_what_the_files_say(book: Any, folder: Path) -> None:
    customers, written = table(book["Customers"]), rows_of(folder / "segments.csv")
    assert len(customers) == len(written) == 120
    for one, other in zip(customers, written, strict=True):
        assert one["id"] == other["id"].removeprefix("'")  # a workbook needs no apostrophe
        assert (str(one["segment"]), one["name"]) == (other["segment"], other["name"])
        assert one["certainty"] == pytest.approx(float(other["certainty"]))
    profile, lines = table(book["Profile"]), rows_of(folder / "profile.csv")
    assert len(profile) == len(lines)
    shares = [float(line["share"]) for line in lines if line["share"]]
    assert [one["share"] for one in profile if one["share"] is not None] == pytest.approx(shares)
    assert EVIL in {one["level"] for one in profile}
    segments = table(book["Segments"])
    assert sum(one["customers"] for one in segments) == 120
    assert sum(one["share"] for one in segments) == pytest.approx(1)
    assert [one["name"] for one in segments] == sorted({one["name"] for one in profile}, key=[
        one["name"] for one in segments].index)  # fmt: skip
    assert "recommended" in str([one[""] for one in table(book["Numbers of segments"])])


def test_many_customers_are_left_to_the_file(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 100)
    with segmeans.segment(folder.parent / "customers.csv", id="id", k=3, fast=True) as study:
        segmeans.write(study, tmp_path / "out", figures=False, excel=True)
    book = openpyxl.load_workbook(tmp_path / "out" / workbook.NAME)
    assert "Customers" not in book.sheetnames
    assert "holds 100" in str([line[1] for line in book["Summary"].iter_rows(values_only=True)])


def test_after_a_renaming_the_workbook_is_named_as_old(folder: Path) -> None:
    done = rename(folder, {"1": "Regulars"})
    assert done.stale == (workbook.NAME,)
    [hint] = done.hints
    assert workbook.NAME in hint
    assert "--excel" in hint


def test_it_is_only_written_when_asked_for(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with segmeans.segment(folder.parent / "customers.csv", id="id", k=3, fast=True) as study:
        segmeans.write(study, tmp_path / "out", figures=False)
        assert not (tmp_path / "out" / workbook.NAME).exists()
        monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
        with pytest.raises(DependencyError, match=r"segmeans\[excel\]"):
            segmeans.write(study, tmp_path / "again", figures=False, excel=True)
    assert not (tmp_path / "again").exists()
