"""What a person reads after an audience was written: how many, where, and who was held out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from segmeans.plain import set_share
from segmeans.records import AudienceRecord
from segmeans.report.life import print_table, show_log
from segmeans.report.screen import console, show_findings
from segmeans.segments.words import plain_text

if TYPE_CHECKING:
    from rich.console import Console


def show_audience(record: AudienceRecord, out: str | Path, *, on: Console | None = None) -> None:
    """Print which customers were written where.

    Parameters
    ----------
    record : AudienceRecord
    out : str or Path
        The folder.
    on : rich.console.Console, optional
        Standard output by default.
    """
    on = on or console()
    if record.orders is not None:
        show_log(record.orders, on)
    _show_counts(record, on)
    _show_segments(record, on)
    show_findings(record.findings, on)
    on.print()
    for one in record.segments:
        for name in filter(None, (one.file, one.held_out_file)):
            on.print(Text(f"Written: {plain_text(str(Path(out) / name))}"))


def _show_counts(record: AudienceRecord, on: Console) -> None:
    """Print how many are to act upon, who is left out and why, and what a test asks for."""
    written = sum(one.written for one in record.segments)
    held = sum(one.held_out for one in record.segments)
    tells = f"{record.rows:,} customers, {written:,} to act upon"
    on.print(Text(tells + (f", {held:,} held out" if held else ""), style="bold"))
    for reason, rows in record.unscored.items():
        on.print(Text(f"  {rows:,} without a segment: {reason}"))
    for what, rows in (
        ("an e-mail address that can be hashed", sum(s.unreachable for s in record.segments)),
        ("an id, so that nobody can hold them out", sum(s.without_id for s in record.segments)),
    ):
        if rows:
            on.print(Text(f"  {rows:,} left out, without {what}"))
    if record.base is not None and record.lift is not None:
        asked = max((one.asked or 0 for one in record.segments), default=0)
        lift = f"{set_share(record.base)} + {record.lift * 100:g} points"
        on.print(Text(f"  A test of {lift} asks for {asked:,} with the action, as many without it"))


def _show_segments(record: AudienceRecord, on: Console) -> None:
    """Print one line per segment, with what its test can show where a group is held out."""
    columns = {
        "segment": [str(one.number) for one in record.segments],
        "name": [plain_text(one.name) for one in record.segments],
        "customers": [f"{one.customers:,}" for one in record.segments],
        "to act on": [f"{one.written:,}" for one in record.segments],
    }
    if any(one.share is not None for one in record.segments):
        lifts = [one.smallest_lift for one in record.segments]
        columns["held out"] = [f"{one.held_out:,}" for one in record.segments]
        columns["can show"] = ["" if lift is None else f"{lift * 100:.1f} points" for lift in lifts]
    print_table(list(columns), [list(row) for row in zip(*columns.values(), strict=True)], on)
