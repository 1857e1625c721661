"""What a study has written, read again: as hostile as any file, so checked before it is used."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from segmeans.commerce import OrdersRecord
from segmeans.errors import SourceError
from segmeans.records import StudyRecord, TrackRecord

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MAX_BYTES = 200_000_000
"""More than the largest study: a row of its profile takes about 600 bytes."""

Record = TypeVar("Record")


def read_study(path: str | Path) -> StudyRecord:
    """Read a ``study.json``.

    Parameters
    ----------
    path : str or Path
        The file, or the folder it lies in.

    Returns
    -------
    StudyRecord

    Raises
    ------
    SourceError
        When there is none, or it is no study of this version of segmeans.
    """
    path = Path(path)
    return _read(path / "study.json" if path.is_dir() else path, StudyRecord)


def read_orders(folder: str | Path) -> OrdersRecord | None:
    """Read the ``orders.json`` of a folder; None where the study is not of an order log.

    Raises
    ------
    SourceError
        When it cannot be read.
    """
    path = Path(folder) / "orders.json"
    return _read(path, OrdersRecord) if path.is_file() else None


def read_tracked(folder: str | Path) -> TrackRecord | None:
    """Read the ``moved.json`` of a folder; None where a report tells of no earlier period.

    Raises
    ------
    SourceError
        When it cannot be read.
    """
    path = Path(folder) / "moved.json"
    return _read(path, TrackRecord) if path.is_file() else None


def _read(path: Path, kind: type[Record]) -> Record:
    from pydantic import ValidationError

    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceError(
            "The folder holds no study",
            where=str(path),
            found=error.strerror or error,
            allowed="a folder written by segmeans run",
        ) from None
    try:
        if len(content) > MAX_BYTES:
            raise ValueError
        found: Record = _adapter(kind.__name__).validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))[:200] or "the whole file"
        raise SourceError(
            "The file is no study of this version of segmeans",
            where=f"{path}, {place}",
            found=first["msg"][:500],
            hint="write it anew with segmeans run",
        ) from None
    except ValueError:
        raise SourceError(
            "The file is too large to be a study", where=str(path), allowed=f"{MAX_BYTES:,} bytes"
        ) from None
    return found


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    kinds = {kind.__name__: kind for kind in (StudyRecord, OrdersRecord, TrackRecord)}
    return TypeAdapter(kinds[name])
