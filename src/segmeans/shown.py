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
    rows = segment_rows(record)
    columns = list(zip(*rows, strict=True))
    for i, side in enumerate(_sides(record)):
        width = max(map(len, columns[i]))
        columns[i] = tuple(f"{cell:{'<' if side == 'left' else '>'}{width}}" for cell in columns[i])
    lines = ["  ".join(cells).rstrip() for cells in zip(*columns, strict=True)]
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
    sides = _sides(record)
    head, *body = (
        "".join(
            f'<{tag} style="text-align: {side}">{escape(cell)}</{tag}>'
            for cell, side in zip(row, sides, strict=True)
        )
        for tag, row in zip(
            ["th", *["td"] * len(record.segments)], segment_rows(record), strict=True
        )
    )
    rows = "".join(f"<tr>{cells}</tr>" for cells in body)
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in record.verdict.reasons)
    return (
        f"<div><p><strong>{escape(headline(record))}</strong></p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
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
