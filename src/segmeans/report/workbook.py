"""A study as one Excel workbook: what was found, sheet after sheet, down to every customer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from segmeans.records import Segment, StudyRecord
from segmeans.report.page_evidence import source_name
from segmeans.segments.actions import steadiness
from segmeans.segments.value import SegmentValue
from segmeans.shown import headline
from segmeans.study import Study
from segmeans.tables.workbook import MOST_ROWS, Look, Sheet, write_workbook

NAME = "study.xlsx"
Columns = dict[str, list[Any]]


def write(
    path: Path,
    study: Study,
    *,
    profile: Mapping[str, Sequence[Any]],
    typical: Columns,
    actions: Columns,
) -> None:
    """Write the workbook of a study.

    Parameters
    ----------
    path : Path
        A place in the outputs of the study.
    study : Study
        Still open.
    profile, typical, actions : mapping of str to list
        The columns of ``profile.csv``, ``typical.csv`` and ``actions.csv``.
    """
    record = study.record
    value = study.commerce.record.value if study.commerce is not None else ()
    customers = record.funnel.rows
    sheets = [
        Sheet("Summary", [_summary(record, customers)], {"": "long"}),
        Sheet("Segments", [_segments(record, value)], _SEGMENT_LOOKS),
        Sheet("Profile", [profile], _PROFILE_LOOKS),
        Sheet("Typical customers", [typical], {"segment": "text"}),
        Sheet("Actions", [actions], dict.fromkeys(_LONG_ACTIONS, "long")),
        Sheet("Numbers of segments", [_k_table(record)], _K_LOOKS),
    ]
    if customers <= MOST_ROWS:
        looks: dict[str, Look] = {"segment": "text", "runner_up": "text", "unscored": "text"}
        sheets.append(Sheet("Customers", study.customer_blocks(), looks))
    write_workbook(path, sheets, title=headline(record))


_SEGMENT_LOOKS: dict[str, Look] = {
    "segment": "text",
    "share": "share",
    "share of revenue": "share",
    "at a border": "share",
}
_PROFILE_LOOKS: dict[str, Look] = {"segment": "text", "share": "share", "missing": "share"}
_LONG_ACTIONS = ("how", "because", "test", "caution")
_K_LOOKS: dict[str, Look] = {
    "k": "text",
    "explained": "share",
    "found again": "share",
    "smallest": "share",
}


def _summary(record: StudyRecord, customers: int) -> Columns:
    """Return what to read first, one line a row."""
    verdict = record.verdict
    lines = [
        ("found", headline(record)),
        ("how sure", verdict.sure),
        *(("why", reason) for reason in verdict.reasons),
        *(("a limit", verdict.limits) for _ in range(bool(verdict.limits))),
        ("source", source_name(record)),
        ("rows", f"{customers:,}, of them {record.funnel.assigned:,} in a segment"),
        *(("left out", f"{rows:,}: {why}") for why, rows in record.funnel.unscored.items()),
        *((one.level, f"{one.where}: {one.evidence} {one.advice}") for one in record.findings),
        ("sheets", "Segments: one row each. Profile: every segment and feature in plain units."),
        ("", "Typical customers: the three nearest to the centre of each, without ids."),
        ("", "Actions: what to do, why, and how to test it. Numbers of segments: the evidence."),
    ]
    if customers > MOST_ROWS:
        told = f"Customers are not on a sheet, which holds {MOST_ROWS:,}: see the segments file."
    else:
        told = "Customers: the segment of every one, how clearly, and the next nearest."
    return {"what": [what for what, _ in lines] + [""], "": [line for _, line in lines] + [told]}


def _segments(record: StudyRecord, value: Sequence[SegmentValue]) -> Columns:
    """Return one row per segment: how large, how sure, and its typical values."""
    worth = {one.segment: one for one in value}
    segments = record.segments
    columns: Columns = {
        "segment": [one.number for one in segments],
        "name": [one.name for one in segments],
        "customers": [one.size for one in segments],
        "share": [one.share for one in segments],
    }
    if worth:
        columns["revenue"] = [_of(worth, one, "revenue") for one in segments]
        columns["share of revenue"] = [_of(worth, one, "revenue_share") for one in segments]
    columns["found again (Jaccard)"] = [steadiness(record, one.number) for one in segments]
    columns["certainty"] = [one.certainty for one in segments]
    columns["at a border"] = [one.border / one.size if one.size else None for one in segments]
    for feature in segments[0].centre if segments else ():
        columns[_free(f"typical {feature}", columns)] = [one.centre[feature] for one in segments]
    columns["id"] = [one.id for one in segments]
    return columns


def _of(worth: Mapping[int, SegmentValue], segment: Segment, what: str) -> Any:
    found = worth.get(segment.number)
    return None if found is None else getattr(found, what)


def _free(name: str, taken: Columns) -> str:
    return name if name not in taken else f"{name} "


def _k_table(record: StudyRecord) -> Columns:
    """Return the evidence for every number of segments that was tried."""
    rows, customers = record.k_table, max(record.funnel.assigned, 1)

    def score(name: str) -> list[float | None]:
        found = (row.scores.get(name) for row in rows)
        return [None if one is None else one.value for one in found]

    return {
        "k": [row.k for row in rows],
        "": list(_notes(record)),
        "inertia": [row.inertia for row in rows],
        "explained": [row.explained for row in rows],
        "silhouette": [row.silhouette for row in rows],
        "found again": score("recovered"),
        "least steady (Jaccard)": score("jaccard"),
        "stability (adjusted Rand)": score("stability"),
        "Calinski-Harabasz": [row.calinski_harabasz for row in rows],
        "Davies-Bouldin": [row.davies_bouldin for row in rows],
        "smallest": [min(row.sizes) / customers for row in rows],
        "search": [row.certificate.reason if row.certificate else "" for row in rows],
    }


def _notes(record: StudyRecord) -> Iterator[str]:
    verdict = record.verdict
    for row in record.k_table:
        told = ("recommended", "shown", "runner-up")
        holds = (
            row.k == verdict.recommended_k,
            row.k == record.k != verdict.recommended_k,
            row.k == verdict.runner_up,
        )
        yield ", ".join(word for word, is_so in zip(told, holds, strict=True) if is_so)
