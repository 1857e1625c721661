"""The part of a page that tells who moved from where to where, and a page of that alone."""

from __future__ import annotations

import base64
import io

from segmeans.plain import FEW, plain_number, plain_share, told_count, told_share
from segmeans.records import Step, TrackRecord
from segmeans.report.page_data import Moves, Picture, Table
from segmeans.report.tables import Column, TextTable
from segmeans.segments.words import plain_text

PICTURES = 6  # of the last steps; the tables tell of all
FLOWS = 5


def moves(record: TrackRecord) -> Moves:
    """Return what a page says about movement.

    Parameters
    ----------
    record : TrackRecord
    """
    last = record.steps[-1]
    both = sum(map(sum, last.counts))
    told = f"{told_share(last.moved_share, both)} of {both:,} customers are in another segment"
    return Moves(
        title=f"{told[0].upper()}{told[1:]} than in {period(last.before)}",
        told=tuple(line for step in record.steps for line in _sentences(step)),
        pictures=tuple(_picture(step) for step in record.steps[-PICTURES:]),
        tables=tuple(table for step in record.steps for table in _tables(step)),
    )


def period(name: str) -> str:
    """Return what to call a period: by its file, or by the folder of its study.

    Examples
    --------
    >>> period("history/2026-09.csv"), period("studies/january/segments.csv")
    ('2026-09', 'january')
    """
    parts = [part for part in name.replace("\\", "/").split("/") if part]
    if not parts:
        return plain_text(name)
    stem = parts[-1].rpartition(".")[0] or parts[-1]
    return plain_text(parts[-2] if stem == "segments" and len(parts) > 1 else stem)


def _heading(step: Step) -> str:
    return f"{period(step.before)} to {period(step.after)}"


def _sentences(step: Step) -> list[str]:
    both = sum(map(sum, step.counts))
    told = [
        f"{_heading(step)}: {told_share(step.moved_share, both)} in another segment, "
        f"{told_count(sum(step.joined))} joined, {told_count(sum(step.left))} left.",
        *noise_words(step),
    ]
    beyond = [one for one in step.flows if one.beyond_noise and one.customers >= FEW]
    told += [
        f"{one.customers:,} ({plain_share(one.share)}) went from {plain_text(one.origin)!r} to "
        f"{plain_text(one.target)!r}, {told_count(one.back)} the other way: more than chance "
        "allows."
        for one in beyond[:FLOWS]
    ]
    if not beyond:
        told.append("No flow is larger than the flow back by more than chance allows.")
    return told


def noise_words(step: Step) -> list[str]:
    """Return what noise alone does, in sentences.

    Parameters
    ----------
    step : Step

    Returns
    -------
    list of str
        None for a step that an early version has written, or without movement.
    """
    if step.noise_share is None or step.moved_share == 0.0:
        return []
    why = "as many went one way as the other"
    if step.refitted and step.displaced_known:
        why += ", or as many as another sample of the customers would have put elsewhere"
    told = [f"Noise alone moves {plain_share(step.noise_share)}: {why}."]
    if not step.displaced_known:
        told.append(
            "The model was fitted anew in between, by a study without resamples: how many that "
            "alone moves is not known, and is not allowed for."
        )
    elif step.refitted:
        told.append("The model was fitted anew in between, and what that moves is allowed for.")
    return told


def _picture(step: Step) -> Picture:
    from segmeans.report import theme  # matplotlib takes a second to load
    from segmeans.report.figure_flow import flow

    words, figure = flow(step)
    out = io.BytesIO()
    with theme.rules():
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return Picture(
        source="data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode(),
        alt=f"{words.title}. {words.caption}",
        caption=_heading(step),
    )


def _tables(step: Step) -> list[Table]:
    nobody = _nobody(step)
    cells = [
        [
            _cell(count, nobody) if count < FEW else f"{count:,} ({told_share(share, sum(row))})"
            for count, share in zip(row, shares, strict=True)
        ]
        for row, shares in zip(step.counts, step.shares, strict=True)
    ]
    made = [
        _table(
            step,
            f"Customers from {_heading(step)}, and their share of those who were in the segment "
            "and are still there",
            cells,
            [_cell(count, nobody) for count in step.joined],
            [_cell(count, nobody) for count in step.left],
        )
    ]
    if step.value is None:
        return made
    worth = [
        [_worth(total, count, nobody) for total, count in zip(row, counts, strict=True)]
        for row, counts in zip(step.values, step.counts, strict=True)
    ]
    made.append(
        _table(
            step,
            f"{plain_text(step.value)} of the same customers in {period(step.after)}; of those who "
            "left as far as it is known",
            worth,
            [
                _worth(total, count, nobody)
                for total, count in zip(step.joined_values, step.joined, strict=True)
            ],
            [
                _worth(total, count, nobody)
                for total, count in zip(step.left_values, step.left, strict=True)
            ],
        )
    )
    return made


SMALL = f"<{FEW}"


def _nobody(step: Step) -> str:
    """Return how to write that nobody went: as a small number where there are any.

    The sizes of segments are known, so a single small number among zeros could be worked out.
    """
    counts = [*(count for row in step.counts for count in row), *step.joined, *step.left]
    return SMALL if any(0 < count < FEW for count in counts) else "0"


def _cell(count: int, nobody: str) -> str:
    if count >= FEW:
        return plain_number(count)
    return SMALL if count else nobody


def _worth(total: float, customers: int, nobody: str) -> str:
    return plain_number(total) if customers >= FEW else _cell(customers, nobody)


def _table(
    step: Step, caption: str, cells: list[list[str]], joined: list[str], left: list[str]
) -> Table:
    names = (*map(plain_text, step.origins), "joined")
    columns = [Column(header="from", cells=names, align="left")]
    for place, target in enumerate(step.targets):
        column = (*(row[place] for row in cells), joined[place])
        columns.append(Column(header=f"to {plain_text(target)}", cells=column))
    columns.append(Column(header="left", cells=(*left, "")))
    return Table(caption=caption, content=TextTable(tuple(columns)))
