"""A study as plain text and as HTML, for a terminal and a notebook; the standard library alone."""

from __future__ import annotations

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
    rows = segment_rows(record)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
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
    head, *body = segment_rows(record)
    header = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in body
    )
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in record.verdict.reasons)
    return (
        f"<div><p><strong>{escape(headline(record))}</strong></p>"
        f"<table><thead><tr>{header}</tr></thead><tbody>{rows}</tbody></table>"
        f"<ul>{reasons}</ul></div>"
    )


def _cell(value: float | str) -> str:
    return (
        value
        if isinstance(value, str)
        else f"{value:,.4g}"
        if abs(value) < 1e4
        else f"{value:,.0f}"
    )
