"""What a person reads after the first day: customers scored, compared and followed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from segmeans.records import ScoredRecord
from segmeans.report.screen import console, show_findings
from segmeans.segments.words import plain_text

if TYPE_CHECKING:
    from rich.console import Console


def show_scored(record: ScoredRecord, out: str | Path, *, on: Console | None = None) -> None:
    """Print what came out of scoring a table.

    Parameters
    ----------
    record : ScoredRecord
    out : str or Path
        Where the customers were written.
    on : rich.console.Console, optional
        Standard output by default.
    """
    on = on or console()
    scored = sum(segment.size for segment in record.segments)
    on.print(Text(f"{record.rows:,} customers, {scored:,} with a segment", style="bold"))
    for reason, rows in record.unscored.items():
        on.print(Text(f"  {rows:,} without: {reason}"))
    if record.border is not None:
        on.print(Text(f"  {_part(record.border, scored)} on a border; 10 % on the day of training"))
    if record.unlike is not None:
        on.print(Text(f"  {_part(record.unlike, scored)} unlike anyone seen on that day"))
    _print_table(
        ("segment", "name", "customers", "share", "at training"),
        [
            (
                str(segment.number),
                plain_text(segment.name),
                f"{segment.size:,}",
                _percent(segment.share),
                _percent(segment.then),
            )
            for segment in record.segments
        ],
        on,
    )
    show_findings(record.findings, on)
    on.print()
    on.print(Text(f"Written: {plain_text(str(out))}"))


def _part(count: int, whole: int) -> str:
    return f"{count:,} ({_percent(count / max(whole, 1))})"


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], on: Console) -> None:
    """Print a table; all columns but one called name or reason hold numbers."""
    grid = Table(box=None, padding=(0, 1), pad_edge=False, header_style="bold")
    for header in headers:
        words = header in ("name", "feature", "reason", "from", "segment then")
        grid.add_column(Text(header), justify="left" if words else "right", overflow="fold")
    for row in rows:
        grid.add_row(*map(Text, row))
    on.print()
    on.print(Padding(grid, (0, 0, 0, 2), expand=False))
