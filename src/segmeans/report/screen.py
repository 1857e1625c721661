"""What a person reads in the terminal: made from records alone, readable when piped to a file.

Nothing from the data is taken for markup or for a command of the terminal: every text is disarmed
(:func:`segmeans.segments.words.plain_text`) and printed as it stands. Colours appear only on a
terminal; without them nothing is lost.
"""

from __future__ import annotations

import io
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from segmeans.plain import plain_share
from segmeans.records import (
    ColumnRole,
    Finding,
    PreparationState,
    SourceInfo,
    StudyRecord,
    Variation,
    Verdict,
)
from segmeans.report.progress import Bars
from segmeans.report.screen_meaning import show_typing
from segmeans.report.tables import (
    TextTable,
    k_table,
    preparation_table,
    role_table,
    segment_table,
)
from segmeans.segments.words import plain_text
from segmeans.settings import Settings
from segmeans.tables.order_options import order_words

if TYPE_CHECKING:
    from segmeans.commerce import OrdersRecord
    from segmeans.study import Inspection

SHOWN_FINDINGS = 3
SEVERITY = {"problem": 0, "warning": 1, "note": 2}
STYLES = {"problem": "bold red", "warning": "yellow", "note": "cyan"}

STRUCTURES = {
    "natural": "natural: separated from one another, and found again in new samples",
    "reproducible": "reproducible: found again in new samples, though no gaps separate them",
    "constructive": "constructive: useful cuts of a continuum, other cuts would serve as well",
    "none": "none: no more structure than in data without segments",
}

MEANINGS = {
    "report.html": "what was found and what to do: read this first",
    "report.md": "the same as text",
    "segments": "the segment of every customer",
    "profile": "every segment and feature in plain units",
    "typical": "the most typical customers of each segment, without ids",
    "actions": "what to do with each segment, why, and how to test it",
    "study.xlsx": "segments, profile, actions, evidence and customers as one workbook",
    "study": "everything that was found, for programs",
    "model": "assigns new customers to these segments",
    "moved": "who moved since the earlier study, for programs",
    "rfm": "recency, frequency, value and RFM name of every customer",
    "funnel": "order lines accounted for, one by one",
    "orders": "everything that was found in the orders, for programs",
    "rejected": "order lines that were left out, with the reason",
}


def console() -> Console:
    """Return the console for standard output; characters it cannot show become question marks."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return Console(highlight=False, markup=False, emoji=False)


def progress(*, quiet: bool = False) -> Bars:
    """Return the progress bars for long work; a context manager."""
    return Bars(quiet=quiet)


def show_study(
    record: StudyRecord,
    *,
    orders: OrdersRecord | None = None,
    files: Iterable[str | Path] = (),
    on: Console | None = None,
) -> None:
    """Print a study: segments, how many and why, what is odd, what was done, where it lies.

    Parameters
    ----------
    record : StudyRecord
    orders : OrdersRecord, optional
        How its customers were made of orders.
    files : iterable of str or Path, default=()
        The outputs that were written, all in one folder.
    on : rich.console.Console, optional
        Where to print; standard output by default.
    """
    on = on or console()
    on.print()
    show_headline(record, on)
    if orders is not None:
        show_orders(orders, on)
    _show_table(segment_table(record), on, left_out="feature", where="profile.csv")
    show_typing(record, on)
    show_verdict(record, on)
    show_robustness(record.robustness, on)
    show_findings(record.findings, on, most=SHOWN_FINDINGS)
    show_preparation(record.preparation, on)
    paths = [Path(file) for file in files]
    show_files(paths, on)
    show_next(record, on, folder=str(paths[0].parent) if paths else Settings().out)


def show_inspection(seen: Inspection, *, on: Console | None = None) -> None:
    """Print what a source holds and what each column is taken for.

    Parameters
    ----------
    seen : Inspection
    on : rich.console.Console, optional
        Where to print; standard output by default.
    """
    on = on or console()
    on.print()
    show_source(seen.source, on)
    if seen.orders:
        _show_title("What the columns of the order log mean", on)
        show_list((f"{what}: {column} ({why})" for what, column, why in seen.orders), on)
    show_roles(seen.roles, on)
    show_findings(seen.findings, on)
    if seen.preparation is not None:
        show_preparation(seen.preparation, on)


def show_headline(record: StudyRecord, on: Console) -> None:
    """Print in two or three lines what was found among whom."""
    customers, verdict = f"{record.funnel.assigned:,} customers", record.verdict
    many = "1 segment" if record.k == 1 else f"{record.k} segments"
    title = f"{many} of {customers}"
    if verdict.structure == "none":
        title = f"No real segments among {customers}"
        title += "" if record.k == 1 else f"; {many} shown, as asked"
    on.print(Text(title, style="bold"))
    on.print(Text(f"Structure {STRUCTURES[verdict.structure]}. How sure: {verdict.sure}."))
    for reason, rows in record.funnel.unscored.items():
        on.print(Text(f"{rows:,} rows are not scored: {plain_text(reason)}.", style="dim"))


def show_orders(found: OrdersRecord, on: Console) -> None:
    """Print how an order log became customers: which lines count, as what, until when."""
    lines, counted = found.funnel[0].lines, found.funnel[-1]
    until = f"from {found.first_day} to {found.last_day}, as of {found.as_of}"
    part = f"all {lines:,}" if counted.lines == lines else f"{counted.lines:,} of {lines:,}"
    on.print(Text(f"{_counted(counted.orders, 'order')} {until}: {part} lines count."))
    on.print(Text(plain_text(order_words(found.order_rule, found.columns.order))))


def show_verdict(record: StudyRecord, on: Console) -> None:
    """Print the table over k and the reasons for the recommended number."""
    verdict = record.verdict
    asked = "" if record.k == verdict.recommended_k else f", {record.k} as asked"
    _show_title(f"How many segments: {verdict.recommended_k} recommended{asked}", on)
    show_list(_sentences(verdict), on)
    _show_table(k_table(record), on)


def _sentences(verdict: Verdict) -> list[str]:
    extra = (verdict.what_changes, verdict.limits)
    return [plain_text(sentence) for sentence in (*verdict.reasons, *extra) if sentence]


def show_findings(findings: Sequence[Finding], on: Console, *, most: int | None = None) -> None:
    """Print findings, the gravest first.

    Parameters
    ----------
    findings : sequence of Finding
    on : rich.console.Console
    most : int, optional
        How many to print; all by default. The number left out is said.
    """
    if not findings:
        return
    _show_title("Worth knowing about the data", on)
    ordered = sorted(findings, key=lambda finding: SEVERITY[finding.level])
    for finding in ordered[:most]:
        head = Text(f"{finding.level}: ", style=STYLES[finding.level])
        place = plain_text(finding.where)
        told = f"{place}: " if place and place not in finding.evidence else ""
        told += " ".join(plain_text(part) for part in (finding.evidence, finding.advice) if part)
        _show_item(head + Text(told), on)
    left = len(ordered[most:]) if most is not None else 0
    if left:
        _show_note(f"{_counted(left, 'more finding')} in study.json.", on)


def show_robustness(found: Sequence[Variation], on: Console) -> None:
    """Print what becomes of the segments under other choices; nothing when not asked for."""
    if not found:
        return
    _show_title("What other choices would give (agreement: 1 is the same segments)", on)
    show_list(
        (
            f"{one.what}: {one.agreement:.2f}; segment {one.segment} changes most, "
            f"{plain_share(one.kept, 0)} of it kept"
            for one in found
        ),
        on,
    )


def show_preparation(state: PreparationState, on: Console) -> None:
    """Print what was done to each feature, before and after."""
    _show_title("How the features were prepared (before > after)", on)
    _show_table(preparation_table(state), on)
    scales = {"none": "not scaled", "minmax": "min-max scaled", "standard": "standardised"}
    scale = scales.get(state.scale, f"{state.scale} scaled")
    aside = f"; {_counted(state.rows_set_aside, 'row')} set aside" if state.rows_set_aside else ""
    missing = (
        "rows with missing values left out"
        if state.missing == "drop"
        else (f"missing numbers set to the {state.missing}")
    )
    _show_note(f"Then {scale}; {missing}{aside}.", on)


def show_roles(roles: Sequence[ColumnRole], on: Console) -> None:
    """Print what each column is, what it is used for, and why."""
    _show_title("Columns", on)
    _show_table(role_table(roles), on)
    if any(role.forced for role in roles):
        _show_note("* as you asked.", on)


def show_source(source: SourceInfo, on: Console) -> None:
    """Print where the customers come from."""
    on.print(Text(plain_text(source.name), style="bold"))
    details = [f"{name} {plain_text(value)}" for name, value in source.details.items()]
    facts = [source.kind, f"{source.rows:,} rows", f"{source.columns:,} columns", *details]
    on.print(Text(", ".join(facts)))


def show_files(paths: Sequence[Path], on: Console) -> None:
    """Print the outputs that were written, with what they are for; figures together."""
    if not paths:
        return
    figures = [path for path in paths if path.suffix in {".png", ".svg"}]
    others = [path for path in paths if path not in figures]
    _show_title("Written", on)
    grid = Table.grid(padding=(0, 2))
    for path in others:
        meaning = MEANINGS.get(path.name, MEANINGS.get(path.name.split(".")[0], ""))
        grid.add_row(Text(plain_text(path), style="cyan"), Text(meaning))
    if figures:
        names = dict.fromkeys(path.stem for path in figures)
        folder = plain_text(figures[0].parent)
        grid.add_row(Text(f"{folder}/", style="cyan"), Text(f"figures: {', '.join(names)}"))
    on.print(Padding(grid, (0, 0, 0, 2), expand=False))


def show_next(record: StudyRecord, on: Console, *, folder: str) -> None:
    """Print commands worth trying next; they repeat what was asked for.

    Parameters
    ----------
    record : StudyRecord
    on : rich.console.Console
    folder : str
        Where the outputs of this study are.
    """
    source = record.source
    if source.kind == "dataframe":
        return
    name = shlex.quote(plain_text(source.name))
    asked = {key: value for key, value in record.settings.items() if key != "out"}
    commands = []
    runner = record.verdict.runner_up
    if runner is not None and runner != record.k:
        options = command_options(
            {**asked, "names": {}, "k": [runner, runner], "out": f"{folder}-k{runner}"}
        )
        commands.append((f"segmeans run {name} {options}", f"see the runner-up, k = {runner}"))
    commands.append((f"segmeans inspect {name}", "see why each column is used as it is"))
    options = command_options(asked)
    saving = " ".join(filter(None, ("segmeans run", name, options, "--save-config study.toml")))
    commands.append((saving, "keep the settings in a file"))
    _show_title("Next", on)
    for command, why in commands:
        on.print(Text(f"  {why}:", style="dim"))
        on.print(Text(f"    {command}"), soft_wrap=True)  # unbroken, to be copied


def command_options(settings: Mapping[str, Any]) -> str:
    r"""Write settings that differ from their defaults as options of the command line.

    Parameters
    ----------
    settings : mapping of str to JSON value

    Returns
    -------
    str
        Ready for a shell.

    Examples
    --------
    >>> command_options({"k": [5, 5], "features": ["Age", "Income, net"], "seed": 0})
    '--features Age --features \'"Income, net"\' --k 5'
    """
    words: list[str] = []
    for name, field in Settings.model_fields.items():
        value = settings.get(name)
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        if name not in settings or value is None or _plain(value) == default:
            continue
        flag = "--" + name.replace("_", "-")
        if isinstance(value, bool):
            words.append(flag if value else f"--no-{flag[2:]}")
            continue
        for text in _option_values(name, value):
            words += [flag, text]
    return " ".join(shlex.quote(plain_text(word)) for word in words)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _option_values(name: str, value: Any) -> list[str]:
    """Return what stands after the flag of a setting, once or several times."""
    if name == "k":
        first, last = value
        return [f"{first}" if first == last else f"{first}-{last}"]
    if isinstance(value, Mapping):
        return [
            f"{key}={said if isinstance(said, str) else f'{said:g}'}" for key, said in value.items()
        ]
    if isinstance(value, list | tuple):
        # A comma divides names unless the name stands in double quotes.
        return [
            '"' + text.replace('"', '""') + '"' if set(text) & set(',"') else text for text in value
        ]
    return ["tab" if value == "\t" else str(value)]


def _show_title(text: str, on: Console) -> None:
    on.print()
    on.print(Text(text, style="bold"))


def show_list(sentences: Iterable[str], on: Console) -> None:
    """Print sentences one below the other, each behind a dash."""
    for sentence in sentences:
        _show_item(Text(sentence), on)


def _show_item(text: Text, on: Console) -> None:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=3, justify="right")
    grid.add_column()
    grid.add_row(Text("-"), text)
    on.print(grid)


def _show_note(text: str, on: Console) -> None:
    on.print(Padding(Text(text, style="dim"), (0, 0, 0, 2), expand=False))


def _show_table(table: TextTable, on: Console, *, left_out: str = "", where: str = "") -> None:
    """Print the columns that fit; where some do not, say how many and where they are."""
    fitting = table.within(on.width - 2)
    grid = Table(box=None, padding=(0, 1), pad_edge=False, header_style="bold")
    for column in fitting.columns:
        header = Text(column.header)
        if column.align == "left":
            grid.add_column(header, justify="left", vertical="top", overflow="fold")
        else:
            grid.add_column(
                header,
                justify="right",
                min_width=column.width,
                max_width=column.width,
                vertical="top",
            )
    cells = [column.cells for column in fitting.columns]
    for place, row in enumerate(zip(*cells, strict=True)):
        grid.add_row(*map(Text, row), style="bold" if place == fitting.chosen else "")
    on.print()
    on.print(Padding(grid, (0, 0, 0, 2), expand=False))
    missing = len(table.columns) - len(fitting.columns)
    if left_out and missing:
        _show_note(f"{_counted(missing, f'more {left_out}')} in {where}.", on)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
