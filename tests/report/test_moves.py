"""Movement as a figure and as a page: what is drawn is what was counted."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from matplotlib.patches import PathPatch, Rectangle
from rich.console import Console

from segmeans.records import Step, TrackRecord
from segmeans.report.figure_flow import flow
from segmeans.report.life import show_track
from segmeans.report.page import moves_html
from segmeans.report.page_moves import moves
from segmeans.tables.periods import UNSCORED, Crossed, Worth
from segmeans.tracking.moves import step

NAMES = ("young <b>& rich", "old, thrifty", UNSCORED)
COUNTS = ((500, 120, 0), (30, 300, 2), (0, 0, 7))
WORTH = Worth(((5e4, 1.2e4, 0), (3e3, 3e4, 9), (0, 0, 70)), (100.0, 0.0, 0.0), (0.0, 40.0, 0.0))


@pytest.fixture
def moved() -> Step:
    crossed = Crossed(NAMES, NAMES, COUNTS, (20, 0, 0), (0, 45, 3), WORTH)
    return step("history/2026-09.csv", "studies/october/segments.csv", crossed, "revenue")


def test_bars_and_bands_are_as_large_as_the_counts(moved: Step) -> None:
    words, figure = flow(moved)
    [axes] = figure.axes
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    bands = [patch for patch in axes.patches if isinstance(patch, PathPatch)]
    heights = [bar.get_height() for bar in bars]
    sizes = [620, 377, 10, 20, 550, 420, 9, 48]  # then with joined, now with left
    unit = heights[0] / sizes[0]
    assert heights == pytest.approx([unit * size for size in sizes])
    assert sum(sizes[:4]) == sum(sizes[4:])
    wide = sorted(
        band.get_path().vertices[5, 1] - band.get_path().vertices[2, 1]  # its edges at the middle
        for band in bands
    )
    counts = sorted([*(n for row in COUNTS for n in row if n), 20, 45, 3])
    assert wide == pytest.approx([unit * count for count in counts])
    marked = [band for band in bands if band.get_linewidth() > 0]
    assert len(marked) == 1
    assert "120 from" in words.title
    assert "959 customers of both periods, 20 who joined and 48 who left" in words.caption


@pytest.mark.parametrize("many", [1, 25])
def test_one_segment_and_many(many: int) -> None:
    names = tuple(f"segment number {place}, with a rather long name" for place in range(many))
    counts = tuple(tuple(5 * (row == column) for column in range(many)) for row in range(many))
    words, figure = flow(step("a", "b", Crossed(names, names, counts, (0,) * many, (0,) * many)))
    assert words.title.startswith("0 % of the customers")
    figure.canvas.draw()
    assert figure.get_size_inches()[1] < 14


def test_nobody_of_both() -> None:
    none = Crossed(("a",), ("b",), ((0,),), (5,), (4,))
    _, figure = flow(step("then", "now", none))
    figure.canvas.draw()


def test_the_page_tells_counts_shares_and_value_and_hides_the_few(moved: Step) -> None:
    page = moves_html(TrackRecord(periods=("a", "b"), steps=(moved,)))
    assert "young &lt;b&gt;&amp; rich" in page
    assert "<b>& rich" not in page
    assert "2026-09 to october" in page
    plain = re.sub(r"<[^>]+>|\s+", " ", page).replace("\u00a0", " ")
    assert "120 (19.4 %)" in plain
    assert "12,000" in plain
    assert "few" in plain
    assert re.search(r"src=\"data:image/svg\+xml;base64,", page)
    assert not re.search(r"https?://(?!www\.w3\.org)", re.sub(r"base64,[^\"]*", "", page))
    assert len(page) < 500_000


def test_shares_do_not_tell_what_numbers_hide() -> None:
    """Of 28 customers 27 are 96.4 %: who reads that knows that one went, and of 57 three."""
    names = ("young", "old")
    few = step("a", "b", Crossed(names, names, ((27, 1), (2, 27)), (1, 1), (2, 1)))
    [table] = [one.content for one in moves(TrackRecord(periods=("a", "b"), steps=(few,))).tables]
    assert [column.cells[:2] for column in table.columns[1:3]] == [
        ("27 (nearly all)", "<5"),
        ("<5", "27 (nearly all)"),
    ]
    page = moves_html(TrackRecord(periods=("a", "b"), steps=(few,)))
    assert "Few of 57 customers are in another segment than in a" in page
    assert "a to b: few in another segment, few joined, few left" in page
    assert flow(few)[0].title == "Few of the customers are in another segment"
    assert "5.3 %" not in page


def test_a_single_small_number_cannot_be_told_from_nobody(moved: Step) -> None:
    """The sizes of the segments are known: with zeros beside it, it could be worked out."""
    counts, value = moves(TrackRecord(periods=("a", "b"), steps=(moved,))).tables
    for table in (counts, value):
        cells = [column.cells for column in table.content.columns[1:]]
        assert not {"0", "2", "3", "9"} & {cell for column in cells for cell in column}
        assert cells[2][:2] == ("<5", "<5")  # nobody, and two customers
    large = replace(moved, counts=((500, 120, 0), (30, 300, 8), (0, 0, 7)), left=(0, 45, 8))
    cells = moves(TrackRecord(periods=("a", "b"), steps=(large,))).tables[0].content.columns
    assert cells[3].cells[0] == "0"


def test_only_the_last_steps_are_drawn(moved: Step) -> None:
    told = moves(TrackRecord(periods=("a",) * 10, steps=(moved,) * 9))
    assert len(told.pictures) == 6
    assert len(told.tables) == 18
    plain = replace(moved, value=None)
    assert len(moves(TrackRecord(periods=("a", "b"), steps=(plain,))).tables) == 1


def test_the_screen_tells_shares_and_value(moved: Step) -> None:
    out = io.StringIO()
    on = Console(file=out, width=100, highlight=False, markup=False)
    show_track(TrackRecord(periods=("a", "b"), steps=(moved,)), on=on)
    text = " ".join(out.getvalue().split())
    assert "1 young <b>& rich 500 120 0 0" in text
    assert "1 young <b>& rich 80.6 % 19.4 % 0 %" in text
    assert "1 young <b>& rich 50,000 12,000 0 0" in text
    assert "joined 20 0 0" in text
    assert "joined 100 0 0" in text
