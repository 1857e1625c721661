"""A model fitted anew on other customers, whose segments keep who they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmeans import preparation
from segmeans.errors import ColumnNotFoundError, DataError, SourceError
from segmeans.model import Model, load
from segmeans.records import KeptSegment, ModelSegment, RefitRecord, Segment, TrackRecord
from segmeans.settings import Settings
from segmeans.study import Progress, Study, conduct, silent
from segmeans.study.warm import WarmStart
from segmeans.tracking import history, track
from segmeans.tracking.identity import matched, unlike_others
from segmeans.tracking.noise import fit_beside, fit_of


class Refitted(NamedTuple):
    """The new study, and what has become of the old segments."""

    study: Study
    record: RefitRecord


def refit(
    model: Model, source: Any, settings: Settings | None = None, *, progress: Progress = silent
) -> Refitted:
    """Fit a model anew on other customers and carry over the ids and names of its segments.

    The search starts from nothing, as for any first study, and once more from the centres of the
    old segments; the better solution is kept. Old and new segments are then matched on the
    customers they share when both models assign the same customers.

    Parameters
    ----------
    model : Model
    source : str, Path, DataFrame or Arrow table
    settings : Settings, optional
        As for a study. Features, id and the number of segments are those of the model where the
        settings say nothing of them.
    progress : Progress, optional
        Told of every step.

    Returns
    -------
    Refitted
        Close ``study`` when it has been written.

    Raises
    ------
    ColumnNotFoundError, SourceError, DataError
        When the source cannot be read, lacks a column, or cannot bear the fit.
    """
    start = WarmStart(model)
    asked = _asked(model, settings or Settings())
    study = conduct(source, asked, progress=progress, start=start)
    try:
        return _carried(model, study, start)
    except BaseException:
        study.close()
        raise


class Continued(NamedTuple):
    """The new study, what has become of the old segments, and who moved."""

    study: Study
    record: RefitRecord
    tracked: TrackRecord | None


def continued(
    previous: str | Path,
    source: Any,
    settings: Settings | None = None,
    *,
    progress: Progress = silent,
) -> Continued:
    """Fit the model of an earlier study anew and say who moved since.

    Parameters
    ----------
    previous : str or Path
        Folder of the study, or the ``model.json`` in it.
    source : str, Path, DataFrame or Arrow table
    settings : Settings, optional
        As :func:`refit` takes them.
    progress : Progress, optional
        Told of every step.

    Returns
    -------
    Continued
        Close ``study`` when it has been written. ``tracked`` is None where no customer is known
        from then.

    Raises
    ------
    ColumnNotFoundError, SourceError, DataError
        When there is no model, or the source cannot be read, lacks a column, or cannot bear the
        fit.
    """
    path = Path(previous)
    path = path / "model.json" if path.is_dir() else path
    study, record = refit(load(path), source, settings, progress=progress)
    try:
        threads = None if settings is None else settings.threads
        name = str(source) if isinstance(source, (str, Path)) else "now"
        tracked = moved_since(path.parent, study, name=name, threads=threads)
    except BaseException:
        study.close()
        raise
    return Continued(study, record, tracked)


def moved_since(
    earlier: str | Path, study: Study, *, name: str = "now", threads: int | None = None
) -> TrackRecord | None:
    """Say who is in another segment than in an earlier study.

    Parameters
    ----------
    earlier : str or Path
        Folder of the study, with its file of segments.
    study : Study
        Of later customers, known by the same ids.
    name : str, default="now"
        What to call its period.
    threads : int, optional

    Returns
    -------
    TrackRecord or None
        None where there is no such file, or no customer is known from then.
    """
    if study.model.record.id_column is None or not Path(earlier).is_dir():
        return None
    now = {key: values.tolist() for key, values in list(study.customers().items())[:3]}
    try:
        [before] = history(earlier)
        fits = (fit_beside(before), fit_of(study.model.record, study.record))
        found = track([before, now], names=(str(before), name), fits=fits, threads=threads)
    except (SourceError, DataError, ColumnNotFoundError, ValueError):
        return None  # nothing that could be joined; the study itself is whole without it
    return found if any(map(sum, found.steps[0].counts)) else None


def _asked(model: Model, settings: Settings) -> Settings:
    record = model.record
    features = record.preparation.features
    k = len(record.segments)
    known: dict[str, Any] = {
        "features": tuple(feature.column for feature in features),
        "id": record.id_column,
        "k": (k, k),
        "scale": record.preparation.scale,
        "missing": record.preparation.missing,
        "max_missing": record.preparation.max_missing,
        "weight": {f.column: f.weight for f in features if f.weight != 1.0},
    }
    said = settings.model_fields_set
    return settings.model_copy(update={name: v for name, v in known.items() if name not in said})


def _carried(model: Model, study: Study, start: WarmStart) -> Refitted:
    old, new = model.record.segments, study.record.segments
    pairs = matched(_crossed(model, study))
    kept = {now: then for then, now, _ in pairs}
    names = [old[then].name for then in kept.values()]
    segments: list[Segment] = []
    for place, segment in enumerate(new):
        if place in kept:
            same = old[kept[place]]
            segments.append(replace(segment, id=same.id, name=same.name))
        else:
            name = unlike_others(segment.name, names)
            names.append(name)
            ids = [one.id for one in old]
            segments.append(replace(segment, name=name, id=unlike_others(segment.id, ids)))
    record = RefitRecord(
        kept=tuple(
            KeptSegment(
                id=old[then].id,
                name=old[then].name,
                overlap=overlap,
                then=old[then].share,
                now=new[now].share,
            )
            for then, now, overlap in pairs
        ),
        retired=tuple(one.name for place, one in enumerate(old) if place not in kept.values()),
        added=tuple(one.name for place, one in enumerate(segments) if place not in kept),
        start=start.found,
        cold_inertia=start.cold,
        warm_inertia=start.warm,
    )
    return Refitted(_renamed(study, segments), record)


def _crossed(model: Model, study: Study) -> NDArray[np.float64]:
    """Count the new customers by their segment in the old model and in the new one."""
    table = np.zeros((len(model.record.segments), study.k))
    first = 0
    for raw in study.opened.table.blocks(preparation.raw_expressions(model.record.preparation)):
        then = model.assign_raw(raw).labels
        now = study.assigned.labels[first : first + len(then)]
        first += len(then)
        both = (then >= 0) & (now >= 0)
        np.add.at(table, (then[both], now[both]), 1.0)
    return table


def _renamed(study: Study, segments: list[Segment]) -> Study:
    trained = study.model.record
    known: list[ModelSegment] = [
        replace(one, id=segment.id, name=segment.name)
        for one, segment in zip(trained.segments, segments, strict=True)
    ]
    return replace(
        study,
        record=replace(study.record, segments=tuple(segments)),
        model=Model(replace(trained, segments=tuple(known))),
    )
