"""A study becomes files: all of them, or none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmeans.commerce import Commerce, funnel_columns
from segmeans.model import record_json
from segmeans.report import printing, workbook
from segmeans.report.beside import Drawers
from segmeans.segments.actions import ActionsRecord, recommend, trial_words
from segmeans.segments.actions_playbook import read_playbook
from segmeans.settings import Format
from segmeans.study import Progress, Study, silent
from segmeans.tables.sink import Outputs

if TYPE_CHECKING:
    from segmeans.commerce import OrdersRecord
    from segmeans.records import ProfileRow, StudyRecord, TrackRecord

MOVED = "moved.json"
"""Who moved since an earlier period, kept so that the report can be written anew."""
TYPES = {"segment": "BIGINT", "runner_up": "BIGINT"}
PROFILE_COLUMNS = (
    "segment",
    "name",
    "feature",
    "level",
    "role",
    "mean",
    "median",
    "share",
    "everyone",
    "difference",
    "effect",
    "missing",
    "known",
    "std",
    "lower_quartile",
    "upper_quartile",
    "effect_low",
    "effect_high",
)


def write(
    study: Study,
    folder: str | Path = "segmeans-out",
    *,
    format: Format = "csv",
    overwrite: bool = False,
    figures: bool = True,
    pdf: bool = False,
    browser: str | None = None,
    excel: bool = False,
    rejected: bool = False,
    tracked: TrackRecord | None = None,
    drawers: Drawers | None = None,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Write everything a study gives into one folder, whole or not at all.

    Parameters
    ----------
    study : Study
        Still open.
    folder : str or Path, default="segmeans-out"
    format : {"csv", "parquet"}, default="csv"
        Of the file with the segment of every customer.
    overwrite : bool, default=False
        Replace the outputs of an earlier study in the folder.
    figures : bool, default=True
        Draw the figures as PNG and SVG.
    pdf : bool, default=False
        Write the report as PDF as well.
    browser : str, optional
        The program that prints it; by default one is looked for.
    excel : bool, default=False
        Write segments, profile, actions, the evidence and every customer as one workbook as well.
    rejected : bool, default=False
        Of an order log, write the lines that were left out.
    tracked : TrackRecord, optional
        Who moved since an earlier period; the report then tells of it.
    drawers : Drawers, optional
        Processes that draw the figures while the rest is written; by default they are drawn here.
    progress : callable, optional
        Called as ``progress(step, done, total)``.

    Returns
    -------
    tuple of Path
        The files, in the order in which a person wants to open them.

    Raises
    ------
    OutputError
        When the folder holds something already, cannot be written, or the disk is full.
    SettingError, DependencyError
        When a PDF is asked for and there is no browser to print it, or a workbook and the extra
        ``excel`` is not installed.
    """
    tell = progress or silent
    segments_file = f"segments.{format}"
    files = [
        "report.html",
        *(["report.pdf"] if pdf else []),
        "report.md",
        segments_file,
        "profile.csv",
        "typical.csv",
        "actions.csv",
        *([workbook.NAME] if excel else []),
        "study.json",
        "model.json",
    ]
    program = printing.browser(browser) if pdf else ""
    drawers = drawers or Drawers()
    advice = advise(study)
    with Outputs(folder, overwrite=overwrite) as outputs:
        tell("Writing", 0, 1)
        if figures:
            drawers.begin(study)
        outputs.rows(segments_file, study.customer_blocks(), types=TYPES)
        _write_tables(study, advice, outputs, excel=excel)
        outputs.text("study.json", study.to_json())
        outputs.text("model.json", study.model.to_json())
        if tracked is not None:
            outputs.text(MOVED, record_json(tracked))
            files.append(MOVED)
        found = study.commerce.record if study.commerce is not None else None
        for name, text in pages(study.record, advice, found, tracked).items():
            outputs.text(name, text)
            if pdf and name == "report.html":
                outputs.path("report.pdf").write_bytes(_printed(text, program, tell))
        if study.commerce is not None:
            files += _write_commerce(study, study.commerce, outputs, rejected=rejected)
        tell("Writing", 1, 1)
        if figures:
            for done, total, name in drawers.save(study, outputs.path):
                tell("Drawing", done, total)
                files.append(name)
    return tuple(Path(folder) / name for name in files)


def _write_tables(study: Study, advice: ActionsRecord, outputs: Outputs, *, excel: bool) -> None:
    """Write what says something of segments as tables, and all of it as one workbook."""
    profile, actions = _profile_columns(study), _action_columns(advice)
    typical = {name: values.tolist() for name, values in study.typical().items()}
    outputs.table("profile.csv", profile)
    outputs.table("actions.csv", actions)
    outputs.table("typical.csv", typical)
    if excel:
        path = outputs.path(workbook.NAME)
        workbook.write(path, study, profile=profile, typical=typical, actions=actions)


def advise(study: Study) -> ActionsRecord:
    """Return what the playbook of a study's settings says about its segments.

    Parameters
    ----------
    study : Study

    Returns
    -------
    ActionsRecord

    Raises
    ------
    SourceError, SettingError
        When the user's own playbook cannot be read or is wrong.
    """
    return advise_on(study.record, study.commerce.record if study.commerce else None)


def advise_on(record: StudyRecord, found: OrdersRecord | None) -> ActionsRecord:
    """Return the same from the records of a study; ``found`` is that of an order log."""
    own = record.settings.get("playbook")
    playbook = read_playbook(None if own is None else str(own))
    return recommend(record, playbook, found.value if found is not None else ())


def pages(
    record: StudyRecord,
    advice: ActionsRecord,
    found: OrdersRecord | None,
    tracked: TrackRecord | None = None,
) -> dict[str, str]:
    """Return the text of every page of a report by the name of its file."""
    from segmeans.report import page  # jinja2 takes a moment to load

    data = page.report_data(record, advice, found, tracked)
    return {"report.html": page.html(data), "report.md": page.markdown(data)}


def _printed(text: str, program: str, progress: Progress) -> bytes:
    progress("Printing", 0, 1)
    content = printing.pdf(text, program)
    progress("Printing", 1, 1)
    return content


def _action_columns(advice: ActionsRecord) -> dict[str, list[Any]]:
    """Return one row per action, with room for who does it until when."""
    return {
        "segment": [one.segment for one in advice.actions],
        "name": [one.name for one in advice.actions],
        "action": [one.title for one in advice.actions],
        "how": [one.do for one in advice.actions],
        "because": ["; ".join(one.because) for one in advice.actions],
        "channel": [one.channel for one in advice.actions],
        "kpi": [one.kpi for one in advice.actions],
        "test": [trial_words(one.trial) for one in advice.actions],
        "caution": [one.caution for one in advice.actions],
        "owner": ["" for _ in advice.actions],
        "due": ["" for _ in advice.actions],
    }


def _write_commerce(
    study: Study, commerce: Commerce, outputs: Outputs, *, rejected: bool
) -> list[str]:
    ids = next(iter(study.customers().items()))
    outputs.table("rfm.csv", dict([ids]) | commerce.customers)
    outputs.table("funnel.csv", funnel_columns(commerce.record.funnel))
    outputs.text("orders.json", record_json(commerce.record))
    if not rejected:
        return ["rfm.csv", "funnel.csv", "orders.json"]
    outputs.rows("rejected.csv", commerce.rejected_blocks())
    return ["rfm.csv", "funnel.csv", "orders.json", "rejected.csv"]


def _profile_columns(study: Study) -> dict[str, list[Any]]:
    names = {segment.number: segment.name for segment in study.record.segments}

    def cell(row: ProfileRow, column: str) -> Any:
        if column == "name":
            return names[row.segment]
        if column in ("lower_quartile", "upper_quartile"):
            return None if row.quartiles is None else row.quartiles[column == "upper_quartile"]
        return getattr(row, column)

    return {
        column: [cell(row, column) for row in study.record.profile] for column in PROFILE_COLUMNS
    }
