"""What the terminal says of the meaning of segments: how to recognise a member, which to serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from segmeans.records import StudyRecord
from segmeans.report.page_targeting import targeting
from segmeans.report.page_typing import typing_title
from segmeans.segments.typing_tool import typing_lines
from segmeans.segments.words import plain_text

if TYPE_CHECKING:
    from rich.console import Console

    from segmeans.report.renaming import Renamed
    from segmeans.report.targets import Targeted

MOST_LINES = 14


def show_typing(record: StudyRecord, on: Console) -> None:
    """Print the questions that recognise a member, where they fit on a few lines."""
    tool = next((one for one in record.typing if one.asks == "features"), None)
    if tool is None or len(tool.nodes) < 2:
        return
    on.print()
    on.print(Text(f"How to recognise a customer: {_lower(typing_title(tool))}", style="bold"))
    lines = typing_lines(tool)
    if len(lines) > MOST_LINES:
        on.print(Text("  The questions are in report.html.", style="dim"))
        return
    names = {segment.number: plain_text(segment.name) for segment in record.segments}
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column()
    grid.add_column()
    for line in lines:
        leads = f"{line.segment}  {names[line.segment]}" if line.segment is not None else ""
        grid.add_row(Text("  " * (line.depth + 1) + line.answer), Text(leads))
    on.print(grid)


def show_renamed(done: Renamed) -> None:
    """Print which names have changed, and what still shows old ones."""
    from segmeans.report.screen import console

    on = console()
    if not done.pairs:
        on.print(Text("The segments have these names already."))
    for old, new in done.pairs:
        on.print(Text(f"{plain_text(old)} -> {plain_text(new)}"))
    on.print(Text(f"Written: {', '.join(done.files)}", style="dim"))
    for line in done.hints:
        on.print(Text(plain_text(line)), soft_wrap=True)  # unbroken, to be copied


def show_targeting(done: Targeted) -> None:
    """Print every segment as a target: six criteria, and how attractive it is."""
    from segmeans.report.screen import console

    on, page = console(), targeting(done.record)
    if page is None:
        on.print(Text("There is one segment, everyone: nothing to choose."))
        return
    on.print(Text("Which segments to serve", style="bold"))
    on.print(Text(page.told))
    grid = Table(box=None, padding=(0, 1), pad_edge=False, header_style="bold")
    grid.add_column("")
    grid.add_column("segment", overflow="fold")
    for name in ("attractive", "other weights"):
        grid.add_column(name, justify="right", no_wrap=True)
    grid.add_column("fails", overflow="fold")
    grid.add_column("to be answered", overflow="fold")
    for row in page.rows:
        pairs = list(zip(page.criteria, row.cells, strict=True))
        grid.add_row(
            str(row.badge.number),
            Text(row.badge.name),
            "-" if row.score is None else row.score.text,
            row.range.removesuffix(" with other weights") or "-",
            ", ".join(name for name, cell in pairs if cell.word == "fails") or "-",
            ", ".join(name for name, cell in pairs if cell.word == "not answered") or "-",
        )
    on.print()
    on.print(grid)
    on.print()
    for line in (page.weights, *page.sentences):
        on.print(Text(line))
    for line in page.asks:
        on.print(Text(f"To be answered: {line}"))
    if done.files:
        on.print(Text(f"Written: {', '.join(done.files)}", style="dim"))
    for line in done.hints:
        on.print(Text(plain_text(line)), soft_wrap=True)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
