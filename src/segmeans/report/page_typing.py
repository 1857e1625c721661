"""The part of a report that says how to recognise a member of each segment."""

from __future__ import annotations

from collections.abc import Iterable

from segmeans.plain import FEW, plain_share
from segmeans.records import StudyRecord, TypingRecord
from segmeans.report.page_data import Question, Table, Typing
from segmeans.report.page_parts import badge
from segmeans.report.tables import Column, TextTable
from segmeans.segments.typing_tool import TypingLine, questions, typing_lines
from segmeans.segments.words import plain_text

COUNTED = {1: "one question", 2: "two questions", 3: "three questions", 4: "four questions"}


def typing_tools(record: StudyRecord) -> tuple[Typing, ...]:
    """Return the questions of a study, those about the features first.

    Parameters
    ----------
    record : StudyRecord

    Returns
    -------
    tuple of Typing
        Without those that ask nothing, as no column tells the segments apart.
    """
    return tuple(
        Typing(
            title=typing_title(one),
            told=_told(one),
            questions=_below(record, one, list(typing_lines(one)), 0),
            accuracy=_accuracy(record, one),
        )
        for one in record.typing
        if len(one.nodes) > 1
    )


def typing_title(one: TypingRecord) -> str:
    """Say how many questions are needed and how often the answer is right.

    Parameters
    ----------
    one : TypingRecord

    Returns
    -------
    str
    """
    most, _ = questions(one)
    many = COUNTED.get(most, f"{most} questions")
    spot = "" if one.asks == "features" else " about columns that did not form the segments"
    return f"At most {many}{spot}, right for {plain_share(one.accuracy)} of the customers"


def _told(one: TypingRecord) -> str:
    _, mean = questions(one)
    told = (
        f"Counted on customers whom the questions had not been learnt from ({one.folds}-fold "
        f"cross-validation on {one.customers:,} customers, standard error "
        f"{100 * one.error:.1f} points); always saying the largest segment would be right for "
        f"{plain_share(one.chance)}. {mean:.1f} questions on average."
    )
    if one.asks == "descriptions":
        told += " What is asked here can often be seen without asking: it says whether the "
        told += "segments can be spotted from outside."
    return told


def _below(
    record: StudyRecord, one: TypingRecord, lines: list[TypingLine], depth: int
) -> tuple[Question, ...]:
    """Take the answers at one depth off the front of the lines."""
    found: list[Question] = []
    while lines and lines[0].depth == depth:
        line = lines.pop(0)
        few = 0 < line.share * one.customers < FEW
        found.append(
            Question(
                answer=line.answer,
                badge=None if line.segment is None else badge(record.segments[line.segment - 1]),
                share="few customers" if few else f"{plain_share(line.share)} of customers",
                below=_below(record, one, lines, depth + 1),
            )
        )
    return tuple(found)


def _accuracy(record: StudyRecord, one: TypingRecord) -> Table:
    names = [f"{s.number}. {plain_text(s.name)}" for s in record.segments]
    few = [segment.size < FEW for segment in record.segments]

    def shares(values: Iterable[float | None]) -> tuple[str, ...]:
        return tuple(
            "few" if hidden else plain_share(value)
            for value, hidden in zip(values, few, strict=True)
        )

    return Table(
        caption="How well each segment is recognised",
        content=TextTable(
            (
                Column(header="segment", cells=tuple(names), align="left"),
                Column(
                    header="of its customers recognised",
                    cells=shares(segment.found for segment in one.segments),
                ),
                Column(
                    header="right when it is said",
                    cells=shares(segment.right for segment in one.segments),
                ),
            )
        ),
    )
