"""What the terminal says of the meaning of segments: how to recognise a member of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from segmeans.records import StudyRecord
from segmeans.report.page_typing import typing_title
from segmeans.segments.typing_tool import typing_lines
from segmeans.segments.words import plain_text

if TYPE_CHECKING:
    from rich.console import Console

    from segmeans.report.renaming import Renamed

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
    if done.stale:
        figures = ", ".join(done.stale)
        on.print(
            Text(
                f"These figures need the customers and still show the old names: {figures}. "
                'segmeans run with --names "SEGMENT=NAME" draws them anew.'
            )
        )


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
