"""Studies kept side by side in folders: listed, and compared two at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from segmeans.clustering.agreement import adjusted_rand
from segmeans.errors import SegmeansError, SourceError
from segmeans.model import load
from segmeans.records import CompareRecord, SamePair, StudySummary
from segmeans.tables.periods import UNSCORED, Periods
from segmeans.tracking.identity import matched

MAX_BYTES = 50_000_000
SEGMENTS = ("segments.csv", "segments.parquet")


def studies(folder: str | Path) -> tuple[StudySummary, ...]:
    """Return the studies in a folder and in the folders directly below it, by name.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    tuple of StudySummary
        Folders that hold something else, or a study that cannot be read, are left out.

    Raises
    ------
    SourceError
        When there is no such folder.
    """
    return tuple(_found(Path(folder)))


def _found(folder: Path) -> Iterator[StudySummary]:
    try:
        places = [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]
    except OSError as error:
        raise SourceError(
            "The folder cannot be opened", where=str(folder), found=error.strerror or error
        ) from None
    for place in places:
        try:
            yield summary(place)
        except SegmeansError:
            continue


def summary(folder: str | Path) -> StudySummary:
    """Return a study in one line.

    Parameters
    ----------
    folder : str or Path
        With ``study.json`` and ``model.json``, as ``segmeans run`` writes them.

    Returns
    -------
    StudySummary

    Raises
    ------
    SourceError
        When the folder holds no study.
    """
    folder = Path(folder)
    record = load(folder / "model.json").record
    told = _told(folder / "study.json")
    return StudySummary(
        folder=str(folder),
        source=str(told["source"]["name"]),
        customers=sum(segment.size for segment in record.segments),
        k=len(record.segments),
        structure=str(told["verdict"]["structure"]),
        features=tuple(feature.column for feature in record.preparation.features),
        seed=record.seed,
        version=record.versions.get("segmeans", ""),
        segments=tuple(segment.name for segment in record.segments),
    )


def _told(path: Path) -> dict[str, Any]:
    """Return what a study.json says, as far as it is needed here."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        told: dict[str, Any] = json.loads(content[: MAX_BYTES + 1])
        named = isinstance(told["source"]["name"], str)
        if named and isinstance(told["verdict"]["structure"], str):
            return told
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        pass
    raise SourceError(
        "The folder holds no study", where=str(path), allowed="a folder written by segmeans run"
    )


def compare(first: str | Path, second: str | Path, *, threads: int | None = None) -> CompareRecord:
    """Compare two studies: how far they agree, and which segments are the same.

    Parameters
    ----------
    first, second : str or Path
        Folders of studies. Customers are joined on the first column of their segments files.
    threads : int, optional
        Threads to use.

    Returns
    -------
    CompareRecord

    Raises
    ------
    SourceError, DataError
        When a folder holds no study, or an id occurs twice.
    """
    one, other = summary(first), summary(second)
    with Periods([_segments(first), _segments(second)], threads=threads) as periods:
        crossed = periods.crossed(0)
    rows = [place for place, name in enumerate(crossed.origins) if name != UNSCORED]
    columns = [place for place, name in enumerate(crossed.targets) if name != UNSCORED]
    counts = np.array(crossed.counts, dtype=np.float64).reshape(len(crossed.origins), -1)
    table = counts[np.ix_(rows, columns)]
    origins = [crossed.origins[place] for place in rows]
    targets = [crossed.targets[place] for place in columns]
    total = float(table.sum())
    pairs = matched(table) if total else []
    same = tuple(
        SamePair(
            first=origins[then],
            second=targets[now],
            overlap=overlap,
            first_share=float(table[then].sum()) / total,
            second_share=float(table[:, now].sum()) / total,
        )
        for then, now, overlap in pairs
    )
    return CompareRecord(
        first=one,
        second=other,
        customers=int(total),
        agreement=float(adjusted_rand(table)) if total else None,
        same=same,
        only_first=tuple(n for n in one.segments if n not in {pair.first for pair in same}),
        only_second=tuple(n for n in other.segments if n not in {pair.second for pair in same}),
        features_gone=tuple(name for name in one.features if name not in other.features),
        features_new=tuple(name for name in other.features if name not in one.features),
    )


def _segments(folder: str | Path) -> Path:
    for name in SEGMENTS:
        if (path := Path(folder) / name).is_file():
            return path
    raise SourceError(
        "The study has no file of segments", where=str(folder), allowed=" or ".join(SEGMENTS)
    )
