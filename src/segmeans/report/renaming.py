"""New names for the segments of a study or a model, everywhere they stand."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from segmeans.commerce import OrdersRecord
from segmeans.errors import DependencyError, OutputError, SettingError, SourceError
from segmeans.model import Model, load, record_json
from segmeans.records import ModelRecord, StudyRecord, TrackRecord
from segmeans.report import bundle, printing, workbook
from segmeans.report.screen import command_options
from segmeans.segments.names import names as made_up
from segmeans.segments.naming import renamed
from segmeans.segments.words import plain_text
from segmeans.settings import Settings
from segmeans.study.reading import read_orders, read_study, read_tracked
from segmeans.tables.renaming import replace_words
from segmeans.tables.sink import Outputs, own_files, write_text

TABLES = ("segments.csv", "segments.parquet", "profile.csv", "typical.csv", "actions.csv")
"""Files in which names are replaced and all else stays: somebody may have written in them."""
FROM_RECORD = ("splits", "profile", "bars", "sizes", "value", "targeting")
WITH_CUSTOMERS = ("silhouette", "stability", "shadow", "gorge", "map", "pairs")
"""Figures with names that cannot be drawn again without the customers."""
PDF = "report.pdf"
MOVES = b'<section id="moves"'
LOST = 'Left out of the report, as the folder does not hold it as a record: "Who moved"'


class Rewritten(NamedTuple):
    """What has been written anew, and what could not be."""

    files: tuple[str, ...]  # written anew
    stale: tuple[str, ...]  # still as they were before
    lost: tuple[str, ...]  # parts of the report of which no record lies in the folder


class Renamed(NamedTuple):
    """What has been renamed, and what could not be."""

    pairs: tuple[tuple[str, str], ...]  # old and new name, where they differ
    files: tuple[str, ...]  # written anew
    stale: tuple[str, ...]  # still show old names
    hints: tuple[str, ...] = ()  # one line each: what is stale or lost, and what remakes it


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
    done = rewrite(folder, record, model, dict(zip(old, told, strict=True)))
    return Renamed(_pairs(old, told), done.files, done.stale, _hints(folder, record, done))


def _hints(folder: Path, record: StudyRecord, done: Rewritten) -> tuple[str, ...]:
    """Say in one line each what could not be written anew, and the command that remakes it."""
    again = _again(folder, record, refitted=bool(done.lost))
    customers = ", ".join(name for name in done.stale if name != PDF)
    told = []
    if customers:
        told.append(f"Old names are still in {customers}, made of single customers. Anew: {again}")
    if PDF in done.stale:
        told.append(f"Old names are still in {unprinted('rename once more')}")
    return (*told, *(f"{part}. Anew: {again}" for part in done.lost))


def unprinted(again: str) -> str:
    """Say why the printed report is an old one, and how to have it anew."""
    return (
        f"{PDF}, as no browser was found to print it. Anew: install a Chromium and {again}, or "
        "print report.html"
    )


def _again(folder: Path, record: StudyRecord, *, refitted: bool) -> str:
    """Return the command that makes a folder anew, with the names that people gave."""
    own = made_up(record.profile, record.k)
    given = [one for one, name in zip(record.segments, own, strict=True) if one.name != name]
    tracked = read_tracked(folder)
    source = shlex.quote(plain_text(record.source.name))
    if tracked is not None or refitted:
        old = Path(tracked.steps[-1].before).parent if tracked is not None else Path("OLD")
        model = shlex.quote(plain_text(str(old / "model.json")))
        told = " ".join(shlex.quote(f"{one.id}={one.name}") for one in given)
        out = f"--refit --out {shlex.quote(str(folder))} --overwrite"
        return f"segmeans rename {model} {told} && segmeans refresh {model} {source} {out}"
    names = {str(one.number): one.name for one in given}
    also = {
        what: True
        for what, name in (("pdf", PDF), ("excel", workbook.NAME))
        if (folder / name).is_file()
    }
    if record.source.kind == "dataframe":
        wanted = "".join(f", {what}=True" for what in ("overwrite", *also))
        return f"segmeans.write(study.renamed({names!r}), {str(folder)!r}{wanted})"
    options = {**record.settings, **also, "names": names, "out": str(folder), "overwrite": True}
    return f"segmeans run {source} {command_options(options)}"


def rewrite(
    folder: Path, record: StudyRecord, model: ModelRecord, words: Mapping[str, str]
) -> Rewritten:
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
    Rewritten
    """
    with Outputs(folder, overwrite=True) as outputs:
        made, lost = _written(folder, record, model, words, outputs)
        stale = _kept(folder, set(made), outputs)
    return Rewritten(tuple(made), stale, lost)


def _written(
    folder: Path,
    record: StudyRecord,
    model: ModelRecord,
    words: Mapping[str, str],
    outputs: Outputs,
) -> tuple[list[str], tuple[str, ...]]:
    """Write every file of a study that names segments and needs no customers."""
    found, tracked = read_orders(folder), read_tracked(folder)
    advice = bundle.advise_on(record, found)
    texts = {"study.json": record_json(record), "model.json": record_json(model)}
    if tracked is not None:
        tracked = with_names(tracked, words)
        texts[bundle.MOVED] = record_json(tracked)
    texts |= bundle.pages(record, advice, found, tracked)
    for name, text in texts.items():
        outputs.text(name, text)
    tables = [name for name in TABLES if (folder / name).is_file()]
    for name in tables:
        replace_words(folder / name, outputs.path(name), ("name", "runner_up_name"), words)
    printed = _printed(folder, texts["report.html"], outputs)
    lost = () if tracked is not None or not _told_moves(folder) else (LOST,)
    return [*texts, *tables, *printed, *_redrawn(folder, record, found, outputs)], lost


def _told_moves(folder: Path) -> bool:
    """Return whether the report of a folder tells who moved."""
    page = folder / "report.html"
    return page.is_file() and MOVES in page.read_bytes()


def _printed(folder: Path, page: str, outputs: Outputs) -> list[str]:
    """Print the report again where it was printed and a browser is there."""
    if not (folder / PDF).is_file():
        return []
    try:
        content = printing.pdf(page, printing.browser())
    except (DependencyError, OutputError):
        return []
    outputs.path(PDF).write_bytes(content)
    return [PDF]


def with_names(tracked: TrackRecord, words: Mapping[str, str]) -> TrackRecord:
    """Return who moved, with the segments of the last period under other names.

    A refit gives a segment that it finds again the name that it had, so that one is renamed in
    the earlier period too, unless another segment of that period has the new name.

    Parameters
    ----------
    tracked : TrackRecord
    words : mapping of str to str
        Old name to new one.
    """
    last = tracked.steps[-1]
    targets = tuple(words.get(name, name) for name in last.targets)
    origins = tuple(words.get(name, name) for name in last.origins)
    if len({name.casefold() for name in origins}) < len(origins):
        origins = last.origins
    then = dict(zip(last.origins, origins, strict=True))
    now = dict(zip(last.targets, targets, strict=True))
    flows = tuple(
        replace(one, origin=then[one.origin], target=now[one.target]) for one in last.flows
    )
    step = replace(last, origins=origins, targets=targets, flows=flows)
    return replace(tracked, steps=(*tracked.steps[:-1], step))


def _redrawn(
    folder: Path, record: StudyRecord, found: OrdersRecord | None, outputs: Outputs
) -> list[str]:
    wanted = [
        (name, format_)
        for name in FROM_RECORD
        for format_ in ("png", "svg")
        if (folder / f"{name}.{format_}").is_file()
    ]
    if not wanted:
        return []
    from segmeans.report import figures  # matplotlib takes a second to load

    drawn = {name: figures.of_record(record, name, found) for name in dict(wanted)}
    for name, format_ in wanted:
        outputs.path(f"{name}.{format_}").write_bytes(figures.image(drawn[name], format_))
    return [f"{name}.{format_}" for name, format_ in wanted]


def _kept(folder: Path, made: set[str], outputs: Outputs) -> tuple[str, ...]:
    """Carry over what is not written anew; return what still shows old names."""
    stale = []
    for name in sorted(own_files(folder) - made):
        path = folder / name
        if path.is_file():
            shutil.copyfile(path, outputs.path(name))
            drawn = path.stem in WITH_CUSTOMERS and path.suffix in (".png", ".svg")
            if drawn or name in (PDF, workbook.NAME):
                stale.append(name)
    return tuple(stale)
