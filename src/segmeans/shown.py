"""A study as plain text and as HTML, for a terminal and a notebook; the standard library alone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from segmeans.plain import plain_share
from segmeans.records import StudyRecord

Row = tuple[str, ...]


def segment_rows(record: StudyRecord) -> list[Row]:
    """Return the table of segments as text cells, its header first.

    Parameters
    ----------
    record : StudyRecord

    Returns
    -------
    list of tuple of str
    """
    features = list(record.segments[0].centre) if record.segments else []
    rows: list[Row] = [("segment", "name", "customers", "share", *features)]
    for segment in record.segments:
        centre = (_cell(segment.centre[name]) for name in features)
        rows.append(
            (
                str(segment.number),
                segment.name,
                f"{segment.size:,}",
                plain_share(segment.share),
                *centre,
            )
        )
    return rows


def _sides(record: StudyRecord) -> list[str]:
    """Where the columns of :func:`segment_rows` stand: words at the left, numbers at the right."""
    centre = record.segments[0].centre.values() if record.segments else []
    words = ["left" if isinstance(value, str) else "right" for value in centre]
    return ["right", "left", "right", "right", *words]


def headline(record: StudyRecord) -> str:
    """Say in one line what was found.

    Parameters
    ----------
    record : StudyRecord

    Returns
    -------
    str
    """
    verdict, customers = record.verdict, record.funnel.assigned
    chosen = f"{record.k} segments of {customers:,} customers"
    if verdict.structure == "none":
        return f"No real segments among {customers:,} customers; {chosen} shown"
    note = "" if record.k == record.recommended_k else f"; recommended: {record.recommended_k}"
    return f"{chosen} (structure: {verdict.structure}; how sure: {verdict.sure}{note})"


def as_text(record: StudyRecord) -> str:
    """Return a study as lines for a terminal.

    Parameters
    ----------
    record : StudyRecord

    Returns
    -------
    str
    """
    lines = aligned(segment_rows(record), _sides(record))
    return "\n".join([headline(record), "", *lines, "", *record.verdict.reasons])


def as_html(record: StudyRecord) -> str:
    """Return a study as an HTML fragment for a notebook; everything from the data is escaped.

    Parameters
    ----------
    record : StudyRecord

    Returns
    -------
    str
    """
    table = html_table(segment_rows(record), _sides(record))
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in record.verdict.reasons)
    return f"<div><p><strong>{escape(headline(record))}</strong></p>{table}<ul>{reasons}</ul></div>"


def aligned(rows: Sequence[Row], sides: Sequence[str]) -> list[str]:
    """Return rows of text cells as lines, every column as wide as its widest cell.

    Examples
    --------
    >>> aligned([("name", "share"), ("young", "5 %")], ["left", "right"])
    ['name   share', 'young    5 %']
    """
    columns = []
    for cells, side in zip(zip(*rows, strict=True), sides, strict=True):
        width = max(map(len, cells))
        columns.append([f"{cell:{'<' if side == 'left' else '>'}{width}}" for cell in cells])
    return ["  ".join(cells).rstrip() for cells in zip(*columns, strict=True)]


def html_table(rows: Sequence[Row], sides: Sequence[str], styles: Sequence[str] = ()) -> str:
    """Return rows of text cells, the header first, as an HTML table; everything is escaped.

    ``styles`` holds what more is to be said of the cells of each row in CSS.

    Examples
    --------
    >>> html_table([("a",), ("<b",)], ["left"]).count("&lt;b")
    1
    """
    lines = [
        "".join(
            f'<{tag} style="text-align: {side}{style}">{escape(cell)}</{tag}>'
            for cell, side in zip(row, sides, strict=True)
        )
        for tag, row, style in zip(
            ["th", *["td"] * (len(rows) - 1)], rows, styles or [""] * len(rows), strict=True
        )
    ]
    body = "".join(f"<tr>{line}</tr>" for line in lines[1:])
    return f"<table><thead><tr>{lines[0]}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: float | str) -> str:
    return (
        value
        if isinstance(value, str)
        else f"{value:,.4g}"
        if abs(value) < 1e4
        else f"{value:,.0f}"
    )
