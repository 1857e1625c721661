"""Every segment against everyone as one table of text, for a notebook and a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from segmeans.plain import plain_numbers, plain_share
from segmeans.records import StudyRecord
from segmeans.report.page_data import HeatCell
from segmeans.report.page_parts import heat
from segmeans.report.tables import Column, TextTable
from segmeans.segments.levels import told
from segmeans.segments.words import labels, plain_text


def profile_table(record: StudyRecord) -> TextTable:
    """Return :func:`heat` as a table of text: marks say what lies above and below everyone.

    One single segment is everyone, and has one column.
    """
    found = heat(record)
    if found is None:
        words = labels(row.feature for row in record.profile)
        rows = told(record.profile)
        names = [f"{words[row.feature]} {plain_text(row.level)}".rstrip() for row in rows]
        numbers = plain_numbers([row.mean for row in rows])
        cells = [
            number if row.share is None else plain_share(row.share)
            for row, number in zip(rows, numbers, strict=True)
        ]
        return TextTable((_left("feature", names), Column(header="everyone", cells=tuple(cells))))
    more = [f"{found.left_out} more that differ less"] if found.left_out else []
    blank = [""] * len(more)
    names = [
        f"{row.feature}: {row.level}" if row.level else row.feature for row in found.rows
    ] + more
    segments = [
        Column(
            header=f"{one.number} {plain_text(one.name)}",
            cells=tuple([_marked(row.cells[place]) for row in found.rows] + blank),
        )
        for place, one in enumerate(record.segments)
    ]
    everyone = Column(header="everyone", cells=tuple([row.everyone for row in found.rows] + blank))
    return TextTable((_left("feature", names), *segments, everyone))


def _left(header: str, cells: Sequence[str]) -> Column:
    return Column(header=header, cells=tuple(cells), align="left")


def _marked(cell: HeatCell) -> str:
    mark = "" if not cell.sign else "\u25b2 " if "above" in cell.sign else "\u25bc "
    return mark + cell.text
