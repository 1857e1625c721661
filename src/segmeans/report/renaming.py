"""New names for the segments of a study or a model, everywhere they stand."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from segmeans.errors import SettingError, SourceError
from segmeans.model import Model, load, record_json
from segmeans.records import ModelRecord, StudyRecord
from segmeans.report import bundle
from segmeans.segments.naming import renamed
from segmeans.settings import Settings
from segmeans.study.reading import read_orders, read_study
from segmeans.tables.renaming import replace_words
from segmeans.tables.sink import Outputs, own_files, write_text

TABLES = ("segments.csv", "segments.parquet", "profile.csv", "actions.csv")
"""Files in which names are replaced and all else stays: somebody may have written in them."""
FROM_RECORD = ("profile", "bars", "sizes", "targeting")
WITH_CUSTOMERS = ("silhouette", "stability", "map", "pairs", "rfm")
"""Figures with names that cannot be drawn again without the customers."""


class Renamed(NamedTuple):
    """What has been renamed, and what could not be."""

    pairs: tuple[tuple[str, str], ...]  # old and new name, where they differ
    files: tuple[str, ...]  # written anew
    stale: tuple[str, ...]  # figures that still show old names


def rename(
    place: str | Path, names: Mapping[str, str], *, out: str | Path | None = None
) -> Renamed:
    """Give segments new names.

    Parameters
    ----------
    place : str or Path
        The folder of a study, or a ``model.json``. It is replaced whole or not at all: whatever
        goes wrong, the old one is still there.
    names : mapping of str to str
        Number, id or present name of a segment to its new name.
    out : str or Path, optional
        Of a model: write it there and leave the old file as it is.

    Returns
    -------
    Renamed

    Raises
    ------
    SourceError
        When there is neither a study nor a model.
    SettingError
        When a segment is not known, or two would have one name.
    OutputError
        When ``out`` exists, or nothing can be written.
    """
    place = Path(place)
    names = Settings.ask({"names": dict(names)}, where="rename").names
    if not names:
        raise SettingError(
            "No new name was given",
            where=str(place),
            allowed="SEGMENT=NAME with the number, id or name of a segment",
            hint='segmeans rename segmeans-out "1=Regulars"',
        )
    if not place.exists():
        raise SourceError(
            "There is neither a study nor a model",
            where=str(place),
            allowed="a folder written by segmeans run, or a model.json",
        )
    if not place.is_dir():
        return _model_alone(place, names, out)
    if out is not None:
        raise SettingError(
            "A study is renamed in its own folder", where="out", found=out, hint="leave out away"
        )
    return _study(place, names)


def _model_alone(path: Path, names: Mapping[str, str], out: str | Path | None) -> Renamed:
    record = load(path).record
    told = renamed(record.segments, names, where=str(path))
    text = Model(_named_model(record, told)).to_json()
    write_text(out or path, text, overwrite=out is None)
    old = [segment.name for segment in record.segments]
    return Renamed(_pairs(old, told), (str(out or path),), ())


def _named_model(record: ModelRecord, names: tuple[str, ...]) -> ModelRecord:
    pairs = zip(record.segments, names, strict=True)
    return replace(record, segments=tuple(replace(one, name=name) for one, name in pairs))


def _pairs(old: list[str], new: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((one, other) for one, other in zip(old, new, strict=True) if one != other)


def _study(folder: Path, names: Mapping[str, str]) -> Renamed:
    record, model = read_study(folder), load(folder / "model.json").record
    told = renamed(model.segments, names, where=str(folder))
    if [one.id for one in record.segments] != [one.id for one in model.segments]:
        raise SourceError("study.json and model.json are not of one study", where=str(folder))
    old = [segment.name for segment in model.segments]
    segments = tuple(replace(one, name=n) for one, n in zip(record.segments, told, strict=True))
    record = replace(record, segments=segments)
    model = _named_model(model, told)
    made, stale = rewrite(folder, record, model, dict(zip(old, told, strict=True)))
    return Renamed(_pairs(old, told), made, stale)


def rewrite(
    folder: Path, record: StudyRecord, model: ModelRecord, words: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write the files of a study anew, whole or not at all, from changed records.

    Parameters
    ----------
    folder : Path
        With a study.
    record : StudyRecord
    model : ModelRecord
    words : mapping of str to str
        Old name of a segment to its new one.

    Returns
    -------
    tuple of two tuples of str
        The files written anew, and the figures that need the customers and show old names.
    """
    with Outputs(folder, overwrite=True) as outputs:
        made = _written(folder, record, model, words, outputs)
        stale = _kept(folder, set(made), outputs)
    return tuple(made), stale


def _written(
    folder: Path,
    record: StudyRecord,
    model: ModelRecord,
    words: Mapping[str, str],
    outputs: Outputs,
) -> list[str]:
    """Write every file of a study that names segments and needs no customers."""
    found = read_orders(folder)
    advice = bundle.advise_on(record, found)
    texts = {"study.json": record_json(record), "model.json": record_json(model)}
    texts |= bundle.pages(record, advice, found)
    for name, text in texts.items():
        outputs.text(name, text)
    tables = [name for name in TABLES if (folder / name).is_file()]
    for name in tables:
        replace_words(folder / name, outputs.path(name), ("name", "runner_up_name"), words)
    return [*texts, *tables, *_redrawn(folder, record, outputs)]


def _redrawn(folder: Path, record: StudyRecord, outputs: Outputs) -> list[str]:
    wanted = [
        (name, format_)
        for name in FROM_RECORD
        for format_ in ("png", "svg")
        if (folder / f"{name}.{format_}").is_file()
    ]
    if not wanted:
        return []
    from segmeans.report import figures  # matplotlib takes a second to load

    drawn = {name: figures.of_record(record, name) for name in dict(wanted)}
    for name, format_ in wanted:
        outputs.path(f"{name}.{format_}").write_bytes(figures.image(drawn[name], format_))
    return [f"{name}.{format_}" for name, format_ in wanted]


def _kept(folder: Path, made: set[str], outputs: Outputs) -> tuple[str, ...]:
    """Carry over what is not written anew; return the figures that still show old names."""
    stale = []
    for name in sorted(own_files(folder) - made):
        path = folder / name
        if path.is_file():
            shutil.copyfile(path, outputs.path(name))
            if path.stem in WITH_CUSTOMERS and path.suffix in (".png", ".svg"):
                stale.append(name)
    return tuple(stale)
