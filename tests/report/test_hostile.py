"""A whole study of a table that means harm: shown as text everywhere, executed nowhere."""

from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from matplotlib import font_manager

from segmeans.report import theme

FORMULA = "=cmd|' /C calc'!A0"
SCRIPT = "<script>alert(1)</script>"
EMOJI = "\N{BANKNOTE WITH EURO SIGN} spend"
ARABIC = "الدخل السنوي"
BEGINS_FORMULA = re.compile(r"\s*[=+\-@\t\r\n＝＋－＠]")  # noqa: RUF001  (as Excel reads them)
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?")


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_holds_them_as_text(hostile: Path) -> None:
    page = Page((hostile / "report.html").read_text("utf-8"))
    assert {"script", "img", "iframe", "object", "embed", "form"}.isdisjoint(page.tags)
    assert not [name for name in page.attributes if name.startswith("on")]
    for text in (SCRIPT, FORMULA, EMOJI, ARABIC, "very very"):
        assert text in page.text


def test_the_markdown_holds_no_markup_of_the_data(hostile: Path) -> None:
    text = (hostile / "report.md").read_text("utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_no_cell_of_a_spreadsheet_is_a_formula(hostile: Path) -> None:
    files = sorted(hostile.glob("*.csv"))
    assert {"segments.csv", "profile.csv", "actions.csv"} <= {path.name for path in files}
    cells = [
        cell
        for path in files
        for row in csv.reader(path.read_text("utf-8").splitlines(keepends=True))
        for cell in row
    ]
    assert [
        cell for cell in cells if BEGINS_FORMULA.match(cell) and not NUMBER.fullmatch(cell)
    ] == []
    assert f"'{FORMULA}" in cells  # it is there, as text
    assert "'=HYPERLINK(7)" in cells
    assert SCRIPT in cells


def test_the_records_hold_them_unchanged(hostile: Path) -> None:
    record = json.loads((hostile / "study.json").read_text("utf-8"))
    names = {role["name"] for role in record["roles"]}
    assert {SCRIPT, FORMULA, EMOJI, ARABIC} <= names
    levels = {row["level"] for row in record["profile"] if row["feature"] == FORMULA}
    assert FORMULA in levels


def test_the_figures_are_pictures_alone(hostile: Path) -> None:
    pictures = sorted(hostile.rglob("*.svg"))
    assert len(pictures) > 8
    allowed = {"svg", "metadata", "RDF", "Work", "title", "description", "type", "format"}
    allowed |= {
        "creator",
        "Agent",
        "defs",
        "style",
        "g",
        "path",
        "use",
        "clipPath",
        "rect",
        "image",
    }
    allowed |= {"pattern"}
    for path in pictures:
        root = ET.parse(path).getroot()  # noqa: S314  (our own file)
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert tags <= allowed, path.name


@pytest.mark.parametrize(
    "text", [SCRIPT, FORMULA, EMOJI, ARABIC, "שלום", "👩‍👩‍👧 🇩🇪 👍🏽 ★ €", "naïve é"]
)
def test_every_character_of_a_figure_has_a_glyph(text: str) -> None:
    font = font_manager.get_font(font_manager.findfont("DejaVu Sans"))
    said = theme.drawable(text)
    assert said
    assert theme.NO_GLYPH not in said
    # another font of the machine may have what this one lacks
    lacking = [one for one in said if not font.get_char_index(ord(one))]
    assert all(one in text for one in lacking)


def test_pictures_without_a_glyph_are_named() -> None:
    assert theme.drawable("🇩🇪 shop") == "DE shop"
    assert theme.drawable("👍🏽") == "[thumbs up sign]"
