"""Targeting after the study: the plan is answered, the report follows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from segmeans.errors import SourceError
from segmeans.model import load
from segmeans.records import StudyRecord
from segmeans.report.renaming import PDF, rewrite, unprinted
from segmeans.segments.targeting import judge_targets
from segmeans.segments.targeting_plan import read_plan, template
from segmeans.study.reading import read_orders, read_study
from segmeans.tables.sink import write_text

CODE = "answer-without-segment"


class Targeted(NamedTuple):
    """A study judged as targets, and the files that tell of it."""

    record: StudyRecord
    files: tuple[str, ...] = ()  # written anew
    hints: tuple[str, ...] = ()  # one line each: what is stale or lost, and what remakes it


def target(folder: str | Path, plan: str | Path | None = None) -> Targeted:
    """Judge the segments of a study as targets, after a plan where one is given.

    Parameters
    ----------
    folder : str or Path
        Of a study.
    plan : str or Path, optional
        The targeting plan. With it ``study.json``, the report and the evaluation plot are written
        anew, whole or not at all; without it nothing is written.

    Returns
    -------
    Targeted

    Raises
    ------
    SourceError
        When there is no study, or the plan cannot be read.
    SettingError
        When something in the plan is not understood, or a criterion is not rated.
    """
    folder = Path(folder)
    record = read_study(folder)
    if plan is None:
        return Targeted(record)
    model, found = load(folder / "model.json").record, read_orders(folder)
    spreads = [segment.spread for segment in model.segments]
    judged, lost = judge_targets(
        record, spreads, read_plan(plan), found.value if found is not None else ()
    )
    kept = tuple(one for one in record.findings if one.code != CODE)
    record = replace(record, targeting=judged, findings=(*kept, *lost))
    done = rewrite(folder, record, model, {})
    stale = [f"The old standing is still in {unprinted('target once more')}"] * (PDF in done.stale)
    missing = [f"{part}. Anew: the command that wrote the folder" for part in done.lost]
    return Targeted(record, done.files, (*stale, *missing))


def write_questions(record: StudyRecord, folder: str, path: str, *, overwrite: bool) -> None:
    """Write a targeting plan to be filled in.

    Raises
    ------
    SourceError
        When there is one segment only.
    OutputError
        When the file exists and may not be replaced.
    """
    if record.targeting is None:
        raise SourceError("There is one segment, everyone: nothing to choose", where=folder)
    text = template(record.segments, record.targeting.weights, folder, path)
    write_text(path, text, overwrite)
