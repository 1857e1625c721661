"""Whole files and tables scored: any number of rows in bounded memory, every row answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmeans import preparation
from segmeans.clustering import kernels
from segmeans.errors import ColumnNotFoundError
from segmeans.model.scored import STANDINGS, Scored
from segmeans.model.segmentation import Model
from segmeans.records import (
    FeatureState,
    Finding,
    ModelRecord,
    ScoredRecord,
    ScoredSegment,
    SourceInfo,
)
from segmeans.settings import Settings
from segmeans.tables.answers import check_format, write_answers
from segmeans.tables.arrow import Copied, Text
from segmeans.tables.duck import ALONG, Table
from segmeans.tables.source import Opened, open_table

Tick = Callable[[str, int, int], None]

COLUMNS = (
    "segment",
    "name",
    "distance",
    "margin",
    "certainty",
    "standing",
    "runner_up",
    "runner_up_name",
    "unlike",
    "unscored",
)
"""What is written beside the id, as :meth:`segmeans.model.Scored.to_dict` names it."""
TYPES = {
    "segment": "i4",
    "distance": "f4",
    "margin": "f4",
    "certainty": "f4",
    "standing_number": "i1",
    "runner_up": "i4",
    "unlike_number": "i1",
    "status": "i1",
}
"""How the answers reach the engine, before words take the place of numbers."""


@dataclass(frozen=True)
class Asked:
    """A source opened for a model."""

    opened: Opened
    id_column: str | None
    findings: tuple[Finding, ...]

    @property
    def table(self) -> Table:
        """The rows."""
        return self.opened.table

    @property
    def info(self) -> SourceInfo:
        """Where they came from."""
        return self.opened.info


@dataclass(frozen=True)
class Beside:
    """More columns to write beside the answers, whole in memory.

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n,)
        In the order of the rows.
    types : mapping of str to str
        As :data:`TYPES`.
    words : mapping
        As :func:`segmeans.tables.answers.write_answers` takes them.
    order : sequence of str
        The columns to write.
    """

    values: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, tuple[str, Sequence[str | bool]]] = field(default_factory=dict)
    order: Sequence[str] = ()


NOTHING = Beside()


def open_for(model: Model, source: Any, settings: Settings, *, also: Sequence[str] = ()) -> Asked:
    """Open a source whose customers a model shall score.

    Parameters
    ----------
    model : Model
    source : str, Path, DataFrame or Arrow table
    settings : Settings
        How to read the source; ``id`` names another id column than that of the training.
    also : sequence of str, default=()
        Other columns that shall be there, their text as it stands.

    Returns
    -------
    Asked
        Close ``opened`` when done. Without the model's id column the rows are numbered, and a
        finding says so.

    Raises
    ------
    ColumnNotFoundError
        When a feature, or another column that was asked for, is missing.
    SourceError, DataError
        When the source cannot be read.
    """
    wanted = settings.id or model.record.id_column
    features = model.record.preparation.features
    columns = [feature.column for feature in features]
    numbers = tuple(feature.column for feature in features if feature.kind == "number")
    words = [feature.column for feature in features if _has_words(feature)]
    others = [name for name in also if name not in columns]
    columns, words = [*columns, *others], [*words, *others]
    known = {feature.column: feature.form for feature in features if feature.form}
    reading = settings.model_copy(update={"id": wanted, "features": numbers})
    try:
        whole = [*columns, *([wanted] if wanted else [])]
        opened = open_table(source, reading, only=whole, words=[*words, wanted or ""], known=known)
        return Asked(opened, wanted, ())
    except ColumnNotFoundError as error:
        if error.where != "setting 'id'":
            raise _needed(error, model, source, also) from None
        if settings.id:
            raise
        told = _no_id(str(wanted), error.hint)
    try:
        reading = reading.model_copy(update={"id": None})
        opened = open_table(source, reading, only=columns, words=words, known=known)
        return Asked(opened, None, (told,))
    except ColumnNotFoundError as error:
        raise _needed(error, model, source, also) from None


def _has_words(feature: FeatureState) -> bool:
    """Return whether the levels of a category are words, and not numbers that may be spelled."""
    return feature.kind == "category" and not any(
        character.isdecimal() for level in feature.levels for character in level
    )


def _needed(
    error: ColumnNotFoundError, model: Model, source: Any, also: Sequence[str]
) -> ColumnNotFoundError:
    if any(error.what == f"There is no column {name!r}" for name in also):
        return error
    hint = f"rename {error.hint} to it, if it is the same" if error.hint else ""
    if model.record.orders is not None:
        hint = "the model was trained on an order log: say --orders if this is one"
    return ColumnNotFoundError(
        f"{error.what}, which the model needs",
        where=str(source) if isinstance(source, (str, Path)) else "data",
        allowed=error.allowed,
        hint=hint,
    )


def _no_id(wanted: str, near: str) -> Finding:
    return Finding(
        level="warning",
        code="no-id",
        where=wanted,
        evidence=f"There is no column {wanted!r}: the rows are numbered instead.",
        advice=f"It may be --id {near}." if near else "",
    )


def score(
    model: Model,
    source: Any,
    out: str | Path,
    *,
    settings: Settings | None = None,
    overwrite: bool = False,
    progress: Tick | None = None,
) -> ScoredRecord:
    """Score every row of a source and write one line for each, in order.

    Parameters
    ----------
    model : Model
    source : str, Path, DataFrame or Arrow table
    out : str or Path
        A ``.csv`` or ``.parquet`` file, written whole or not at all.
    settings : Settings, optional
        How to read the source, and ``threads``.
    overwrite : bool, default=False
        Replace an existing file.
    progress : callable, optional
        Called as ``progress(step, done, total)``.

    Returns
    -------
    ScoredRecord
        What came out, in numbers.

    Raises
    ------
    ColumnNotFoundError, SourceError, DataError
        When the source cannot be read or lacks a column.
    OutputError
        When the file exists already or cannot be written.
    """
    check_format(out)
    settings = settings or Settings()
    asked = open_for(model, source, settings)
    with asked.opened:
        return write_scores(
            model, asked, out, threads=settings.threads, overwrite=overwrite, progress=progress
        )


def write_scores(
    model: Model,
    asked: Asked,
    out: str | Path,
    *,
    beside: Beside = NOTHING,
    threads: int | None = None,
    overwrite: bool = False,
    progress: Tick | None = None,
) -> ScoredRecord:
    """Score every row of an open source and write one line for each, as :func:`score` does.

    Parameters
    ----------
    model : Model
    asked : Asked
    out : str or Path
    beside : Beside, optional
        More columns to write.
    threads : int, optional
    overwrite : bool, default=False
    progress : callable, optional

    Returns
    -------
    ScoredRecord
    """
    tally = Tally(model.record)
    write_answers(
        asked.table.engine,
        asked.id_column,
        _joined(_answers(model, asked, tally, threads, progress), beside),
        out,
        types={**TYPES, **beside.types},
        words={**_words(model.record), **beside.words},
        order=(*COLUMNS, *beside.order),
        overwrite=overwrite,
    )
    return tally.result(asked)


def _joined(
    blocks: Iterator[dict[str, NDArray[Any] | Text | Copied]], beside: Beside
) -> Iterator[dict[str, NDArray[Any] | Text | Copied]]:
    first = 0
    for block in blocks:
        rows = slice(first, first + len(block["status"]))
        first = rows.stop
        yield {**block, **{name: values[rows] for name, values in beside.values.items()}}


def _answers(
    model: Model, asked: Asked, tally: Tally, threads: int | None, progress: Tick | None
) -> Iterator[dict[str, NDArray[Any] | Text | Copied]]:
    threads = threads or kernels.default_threads()
    for block in model.blocks(asked.table, threads=threads, along=asked.id_column):
        tally.add(block.scored)
        answers = _numbered(block.scored)
        yield answers if block.along is None else {**answers, ALONG: block.along}
        if progress is not None:
            progress("Scoring", tally.rows, asked.table.n_rows)


def _numbered(scored: Scored) -> dict[str, NDArray[Any] | Text | Copied]:
    """Return the answers as numbers; words count from 1, 0 is none."""
    assigned = scored.assigned
    unlike = np.zeros(len(scored), dtype=np.int8)
    if scored.unlike is not None:
        unlike = scored.unlike.astype(np.int8) + 1
        unlike[scored.labels < 0] = 0
    return {
        "segment": assigned.labels + 1,
        "distance": assigned.distance,
        "margin": assigned.margin,
        "certainty": assigned.certainty,
        "standing_number": scored.standings + 1,
        "runner_up": assigned.runners_up + 1,
        "unlike_number": unlike,
        "status": scored.status,
    }


def _words(record: ModelRecord) -> dict[str, tuple[str, Sequence[str | bool]]]:
    names = [segment.name for segment in record.segments]
    legend = preparation.legend(record.preparation)
    reasons = [legend[mark] for mark in sorted(legend) if mark != preparation.USED]
    return {
        "name": ("segment", names),
        "runner_up_name": ("runner_up", names),
        "standing": ("standing_number", [*STANDINGS]),
        "unlike": ("unlike_number", [False, True]),
        "unscored": ("status", reasons),
    }


class Tally:
    """Counts customers as they are scored.

    Parameters
    ----------
    record : ModelRecord
    """

    def __init__(self, record: ModelRecord) -> None:
        k = len(record.segments)
        self.rows = self.border = self.unlike = 0
        self._record = record
        self._sizes, self._squares = np.zeros(k, dtype=np.int64), np.zeros(k)
        self._status = np.zeros(len(preparation.legend(record.preparation)), dtype=np.int64)

    def add(self, scored: Scored) -> None:
        """Count a block of customers."""
        k, used = len(self._sizes), scored.labels >= 0
        labels = scored.labels[used]
        squares = np.square(scored.assigned.distance[used].astype(np.float64))
        self.rows += len(scored)
        self._sizes += np.bincount(labels, minlength=k)
        self._squares += np.bincount(labels, squares, k)
        self._status += np.bincount(scored.status, minlength=len(self._status))
        self.border += int(np.count_nonzero(scored.standings == STANDINGS.index("border")))
        if scored.unlike is not None:
            self.unlike += int(np.count_nonzero(scored.unlike))

    def result(self, asked: Asked) -> ScoredRecord:
        """Return what was counted."""
        record, legend = self._record, preparation.legend(self._record.preparation)
        everyone = max(int(self._sizes.sum()), 1)
        segments = tuple(
            ScoredSegment(
                number=segment.number,
                name=segment.name,
                size=int(size),
                share=float(size / everyone),
                then=segment.share,
                spread=float(np.sqrt(squares / size)) if size else None,
            )
            for segment, size, squares in zip(
                record.segments, self._sizes, self._squares, strict=True
            )
        )
        return ScoredRecord(
            source=asked.info,
            id_column=asked.id_column,
            rows=self.rows,
            unscored={
                legend[mark]: int(count)
                for mark, count in enumerate(self._status)
                if count and mark != preparation.USED
            },
            border=self.border if record.certainty_cuts else None,
            unlike=self.unlike if any(s.distances for s in record.segments) else None,
            segments=segments,
            findings=(*asked.findings, *asked.opened.findings),
        )
