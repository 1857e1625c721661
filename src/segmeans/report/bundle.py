"""A study becomes files: all of them, or none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from segmeans import preparation
from segmeans.tables import sql
from segmeans.tables.sink import Outputs

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from segmeans.records import ProfileRow
    from segmeans.settings import Settings
    from segmeans.study import Progress, Study

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
)


def write(study: Study, settings: Settings, *, progress: Progress) -> tuple[Path, ...]:
    """Write everything a study gives into one folder, whole or not at all.

    Parameters
    ----------
    study : Study
        Still open.
    settings : Settings
        Of these ``out``, ``overwrite``, ``format`` and ``figures`` count here.
    progress : Progress

    Returns
    -------
    tuple of Path
        The files, in the order in which a person wants to open them.

    Raises
    ------
    OutputError
        When the folder holds something already, cannot be written, or the disk is full.
    """
    segments_file = f"segments.{settings.format}"
    files = [segments_file, "profile.csv", "study.json", "model.json"]
    with Outputs(settings.out, overwrite=settings.overwrite) as outputs:
        progress("Writing", 0, 1)
        outputs.rows(segments_file, _segment_blocks(study), types=TYPES)
        outputs.table("profile.csv", _profile_columns(study))
        outputs.text("study.json", study.to_json())
        outputs.text("model.json", study.model.to_json())
        progress("Writing", 1, 1)
        if settings.figures:
            files += _draw(study, outputs, progress)
    return tuple(Path(settings.out) / name for name in files)


def _draw(study: Study, outputs: Outputs, progress: Progress) -> list[str]:
    from segmeans.report import figures  # matplotlib and seaborn take a second to load

    names = []
    for done, total, name in figures.save(study, outputs.path):
        progress("Drawing", done, total)
        names.append(name)
    return names


def _segment_blocks(study: Study) -> Iterator[dict[str, NDArray[Any]]]:
    """Yield one row per customer of the source, in its order."""
    record, assigned = study.record, study.assigned
    names = np.array([segment.name for segment in record.segments], dtype=object)
    legend = preparation.legend(record.preparation)
    column = next((role.name for role in record.roles if role.use == "id"), None)
    first = 0
    for ids in _ids(study, column):
        part = slice(first, first + len(ids))
        first += len(ids)
        labels, second = assigned.labels[part], assigned.runners_up[part]
        yield {
            column or "row": ids,
            "segment": _numbered(labels),
            "name": _named(labels, names),
            "certainty": np.round(assigned.certainty[part].astype(np.float64), 4),
            "runner_up": _numbered(second),
            "runner_up_name": _named(second, names),
            "unscored": _reasons(study.status[part], legend),
        }


def _ids(study: Study, column: str | None) -> Iterator[NDArray[Any]]:
    table = study.opened.table
    if column is not None:
        for block in table.blocks({"id": sql.as_text(sql.column(column))}):
            yield block["id"]
        return
    yield np.arange(1, table.n_rows + 1)


def _numbered(labels: NDArray[np.int32]) -> NDArray[Any]:
    """Return segment numbers from 1, None for nobody."""
    numbers = (labels + 1).astype(object)
    numbers[labels < 0] = None
    return numbers


def _named(labels: NDArray[np.int32], names: NDArray[Any]) -> NDArray[Any]:
    found = names[labels]
    found[labels < 0] = None
    return found


def _reasons(status: NDArray[np.int8], legend: dict[int, str]) -> NDArray[Any]:
    words = np.array([legend[mark] for mark in sorted(legend)], dtype=object)
    words[preparation.USED] = None
    return words[status]


def _profile_columns(study: Study) -> dict[str, list[Any]]:
    names = {segment.number: segment.name for segment in study.record.segments}

    def cell(row: ProfileRow, column: str) -> Any:
        return names[row.segment] if column == "name" else getattr(row, column)

    return {
        column: [cell(row, column) for row in study.record.profile] for column in PROFILE_COLUMNS
    }
