"""What a person reads after the first day: customers scored, compared and followed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from segmeans.plain import plain_number, plain_share
from segmeans.records import (
    CompareRecord,
    OrdersScored,
    RefitRecord,
    RefreshRecord,
    ScoredRecord,
    Step,
    StudySummary,
    TrackRecord,
)
from segmeans.report.page_moves import noise_words
from segmeans.report.screen import console, show_findings, show_list
from segmeans.segments.words import plain_text, shorten
from segmeans.tables.order_options import order_words

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
    if record.orders is not None:
        show_log(record.orders, on)
    scored = sum(segment.size for segment in record.segments)
    on.print(Text(f"{record.rows:,} customers, {scored:,} with a segment", style="bold"))
    for reason, rows in record.unscored.items():
        on.print(Text(f"  {rows:,} without: {reason}"))
    if record.border is not None:
        on.print(Text(f"  {_part(record.border, scored)} on a border; 10 % on the day of training"))
    if record.unlike is not None:
        on.print(Text(f"  {_part(record.unlike, scored)} unlike anyone seen on that day"))
    print_table(
        ("segment", "name", "customers", "share", "at training"),
        [
            (
                str(segment.number),
                plain_text(segment.name),
                f"{segment.size:,}",
                plain_share(segment.share),
                plain_share(segment.then),
            )
            for segment in record.segments
        ],
        on,
    )
    show_findings(record.findings, on)
    on.print()
    on.print(Text(f"Written: {plain_text(str(out))}"))


def show_log(read: OrdersScored, on: Console) -> None:
    """Print how an order log became the customers that were scored.

    Parameters
    ----------
    read : OrdersScored
    on : rich.console.Console
    """
    on.print(
        Text(
            f"Customers as of {read.as_of}; the model was trained as of {read.trained_as_of}",
            style="bold",
        )
    )
    told = ", ".join(f"{what} {plain_text(name)!r}" for what, name in read.columns.items())
    on.print(Padding(Text(f"Columns of the log: {told}"), (0, 0, 0, 2), expand=False))
    rule = order_words(read.order_rule, read.columns.get("order"))
    on.print(Padding(Text(plain_text(rule)), (0, 0, 0, 2), expand=False))
    if not read.rfm:
        on.print(Text("  No RFM scores"))
    print_table(
        ("step", "lines left out", "lines left", "customers", "orders"),
        [
            (
                plain_text(step.name),
                f"{step.left_out:,}",
                f"{step.lines:,}",
                f"{step.customers:,}",
                f"{step.orders:,}",
            )
            for step in read.funnel
        ],
        on,
    )
    on.print()


MOST_NAMED = 5  # features of a study in a list of studies
WORDS = {"step", "name", "name there", "feature", "from", "folder", "structure", "features"}
STARTS = {
    "same": "The old centres and a search from nothing lead to the same solution.",
    "warm": "The old centres lead to a better solution than a search from nothing; it is kept.",
    "cold": "A search from nothing leads to a better solution than the old centres; it is kept.",
}
ADVICE = {
    "keep": "Keep the model.",
    "refit": "Refit the model: segmeans run on these customers.",
    "rethink": "Rethink the features before a refit.",
}


def show_refresh(record: RefreshRecord, *, on: Console | None = None) -> None:
    """Print whether a model still fits, and why.

    Parameters
    ----------
    record : RefreshRecord
    on : rich.console.Console, optional
        Standard output by default.
    """
    on = on or console()
    if record.scored.orders is not None:
        show_log(record.scored.orders, on)
    on.print(Text(ADVICE[record.advice], style="bold"))
    show_list(map(plain_text, record.reasons), on)
    print_table(
        ("feature", "psi", "Cramer's V", "p", "missing then", "missing now", "drift"),
        [
            (
                plain_text(one.column),
                f"{one.psi:.3f}",
                f"{one.effect:.3f}",
                f"{one.p:.2g}",
                plain_share(one.missing_then),
                plain_share(one.missing_now),
                one.drift,
            )
            for one in record.drift
        ],
        on,
    )
    print_table(
        ("segment", "name", "customers", "share", "at training"),
        [
            (
                str(one.number),
                plain_text(one.name),
                f"{one.size:,}",
                plain_share(one.share),
                plain_share(one.then),
            )
            for one in record.scored.segments
        ],
        on,
    )
    show_findings(record.scored.findings, on)


def show_refit(
    record: RefitRecord,
    moved: TrackRecord | None = None,
    out: str | Path | None = None,
    *,
    on: Console | None = None,
) -> None:
    """Print what has become of the segments in a new fit.

    Parameters
    ----------
    record : RefitRecord
    moved : TrackRecord, optional
        Who moved since the old study.
    out : str or Path, optional
        Where the new study was written, unless that has been said.
    on : rich.console.Console, optional
        Standard output by default.
    """
    on = on or console()
    on.print()
    on.print(Text(f"Fitted anew: {len(record.kept)} segments found again", style="bold"))
    if record.start in STARTS:
        on.print(Text(f"  {STARTS[record.start]}"))
    print_table(
        ("name", "overlap", "at training", "now"),
        [
            (
                plain_text(one.name),
                plain_share(one.overlap),
                plain_share(one.then),
                plain_share(one.now),
            )
            for one in record.kept
        ],
        on,
    )
    for word, names in (("No more", record.retired), ("New", record.added)):
        for name in names:
            on.print(Text(f"  {word}: {plain_text(name)}"))
    if moved is not None:
        on.print()
        for step in moved.steps:
            _show_sums(step, on)
        on.print(Text("  From where to where: Who moved, in report.html."))
    if out is not None:
        on.print(Text(f"Written: {plain_text(str(out))}"))


def show_studies(found: Sequence[StudySummary], *, on: Console | None = None) -> None:
    """Print studies, one line each.

    Parameters
    ----------
    found : sequence of StudySummary
    on : rich.console.Console, optional
        Standard output by default.
    """
    on = on or console()
    print_table(
        ("folder", "customers", "k", "structure", "features"),
        [
            (
                plain_text(one.folder),
                f"{one.customers:,}",
                str(one.k),
                plain_text(one.structure),
                _few(one.features),
            )
            for one in found
        ],
        on,
    )


def show_compare(record: CompareRecord, *, on: Console | None = None) -> None:
    """Print how far two studies agree.

    Parameters
    ----------
    record : CompareRecord
    on : rich.console.Console, optional
        Standard output by default.
    """
    on = on or console()
    show_studies([record.first, record.second], on=on)
    on.print()
    if record.agreement is None:
        on.print(Text("They share no customer.", style="bold"))
    else:
        told = f"{record.customers:,} customers of both, adjusted Rand index {record.agreement:.3f}"
        on.print(Text(told, style="bold"))
    print_table(
        ("name", "name there", "overlap", "share", "share there"),
        [
            (
                plain_text(pair.first),
                plain_text(pair.second),
                plain_share(pair.overlap),
                plain_share(pair.first_share),
                plain_share(pair.second_share),
            )
            for pair in record.same
        ],
        on,
    )
    only = (
        ("Only in the first", record.only_first),
        ("Only in the second", record.only_second),
        ("Features no longer used", record.features_gone),
        ("Features now used", record.features_new),
    )
    for word, names in only:
        if names:
            on.print(Text(f"  {word}: {', '.join(map(plain_text, names))}"))


def show_track(record: TrackRecord, *, on: Console | None = None) -> None:
    """Print who moved from where to where.

    Parameters
    ----------
    record : TrackRecord
    on : rich.console.Console, optional
        Standard output by default.
    """
    on = on or console()
    for place, step in enumerate(record.steps):
        if place:
            on.print()
        _show_step(step, on)


def _show_sums(step: Step, on: Console) -> None:
    """Print how many moved, joined and left, and what noise alone moves."""
    both = sum(map(sum, step.counts))
    head = f"{plain_text(step.before)} > {plain_text(step.after)}"
    on.print(Text(head, style="bold"))
    on.print(
        Text(
            f"  {both:,} customers of both, {plain_share(step.moved_share)} in another segment; "
            f"{sum(step.joined):,} joined, {sum(step.left):,} left"
        )
    )
    for line in noise_words(step):
        on.print(Padding(Text(line), (0, 0, 0, 2)))


def _show_step(step: Step, on: Console) -> None:
    _show_sums(step, on)
    numbers = {name: str(place) for place, name in enumerate(step.targets, 1)}
    _print_matrix(step, [[f"{n:,}" for n in row] for row in _with_outside(step)], on)
    on.print()
    on.print(Text("  Of those who are still there:"))
    _print_matrix(step, [[plain_share(share) for share in row] for row in step.shares], on)
    if step.value is not None:
        on.print()
        on.print(Text(f"  {plain_text(step.value)}, of those who left as far as it is known:"))
        rows = [[*row, left] for row, left in zip(step.values, step.left_values, strict=True)]
        rows.append([*step.joined_values])
        _print_matrix(step, [[plain_number(total) for total in row] for row in rows], on)
    others = [name for name in numbers if name not in step.origins]
    if others:
        on.print()
    for name in others:
        on.print(Text(f"  To {_numbered(name, numbers)}"))
    beyond = [flow for flow in step.flows if flow.beyond_noise]
    on.print()
    if not beyond:
        on.print(Text("  No flow is larger than the flow back by more than chance allows."))
    show_list(
        (
            f"{flow.customers:,} ({plain_share(flow.share)}) went from "
            f"{plain_text(flow.origin)!r} to {plain_text(flow.target)!r}, "
            f"{flow.back:,} the other way."
            for flow in beyond
        ),
        on,
    )


def _with_outside(step: Step) -> list[list[int]]:
    """Return the counts with those who left in a last column and those who joined in a last row."""
    rows = [[*row, left] for row, left in zip(step.counts, step.left, strict=True)]
    return [*rows, [*step.joined]]


def _print_matrix(step: Step, cells: list[list[str]], on: Console) -> None:
    """Print a row per origin and, where there is one more, a row of those who joined."""
    numbers = {name: str(place) for place, name in enumerate(step.targets, 1)}
    origins = [*(_numbered(origin, numbers) for origin in step.origins), "joined"]
    headers = ["from", *(f"to {number}" for number in numbers.values())]
    headers += ["left"] if len(cells[0]) > len(numbers) else []
    rows = [[name, *row] for name, row in zip(origins, cells, strict=False)]
    print_table(headers, [row + [""] * (len(headers) - len(row)) for row in rows], on)


def _numbered(name: str, numbers: dict[str, str]) -> str:
    return f"{numbers.get(name, '-')} {plain_text(name)}"


def _few(features: Sequence[str]) -> str:
    """Name a few features, shortened, and count the others."""
    named = [shorten(plain_text(name), 32) for name in features[:MOST_NAMED]]
    left = len(features) - len(named)
    return ", ".join(named) + (f" and {left} more" if left else "")


def _part(count: int, whole: int) -> str:
    return f"{count:,} ({plain_share(count / max(whole, 1))})"


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], on: Console) -> None:
    """Print a table; columns hold numbers unless their header is one of :data:`WORDS`."""
    grid = Table(box=None, padding=(0, 1), pad_edge=False, header_style="bold")
    for header in headers:
        words = header in WORDS
        grid.add_column(Text(header), justify="left" if words else "right", overflow="fold")
    for row in rows:
        grid.add_row(*map(Text, row))
    on.print()
    on.print(Padding(grid, (0, 0, 0, 2), expand=False))
