"""Outputs, written whole or not at all.

Everything is written into a hidden folder beside the target, which takes the target's place only
when all is there. Whatever goes wrong before, an interrupt included, leaves no trace.
"""

from __future__ import annotations

import csv
import ctypes
import json
import os
import secrets
import shutil
import signal
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import FrameType, TracebackType
from typing import Any

import numpy as np

from segmeans.errors import OutputError, SegmeansError
from segmeans.tables.cells import harmless, written
from segmeans.tables.duck import BLOCK_ROWS, Array, Engine, literal, quoted

AT_CWD, EXCHANGE = -100, 2  # of renameat2 in Linux
MANIFEST = ".segmeans.json"  # lists the files that are ours, so that a later run replaces only them

Block = Mapping[str, Array]


class Outputs:
    """A folder of outputs that appears complete, or not at all.

    Parameters
    ----------
    folder : path
        The target; its parents are made when needed.
    overwrite : bool, default=False
        Replace the outputs of an earlier study. Files that are not ours stay.

    Raises
    ------
    OutputError
        If the folder holds something already and may not be replaced, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "results"
    >>> with Outputs(target) as outputs:
    ...     outputs.table("sizes.csv", {"segment": [1, 2], "name": ["=young", "old"]})
    >>> print((target / "sizes.csv").read_text(), end="")
    segment,name
    1,'=young
    2,old
    """

    def __init__(self, folder: str | Path, *, overwrite: bool = False) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self.overwrite = overwrite
        self._staging: Path | None = None
        self._made: list[Path] = []  # parents that did not exist
        self._handler: Any = None

    def __enter__(self) -> Outputs:
        _refuse(self.folder, overwrite=self.overwrite)
        with _told(self.folder):
            self._made = [path for path in self.folder.parents if not path.exists()]
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            staging = _beside(self.folder, "partial")
            staging.mkdir()
            self._staging = staging
        self._handler = _stop_on_terminate()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        staging = self._here()
        try:
            if error is None:
                with _told(self.folder):
                    _write_manifest(staging)
                    _take_place(staging, self.folder)
                self._made = []
            elif isinstance(error, OSError) and not isinstance(error, SegmeansError):
                raise _cannot(self.folder, error) from None
        finally:
            self._staging = None
            shutil.rmtree(staging, ignore_errors=True)
            for parent in self._made:
                _remove_if_empty(parent)
            if self._handler is not None:
                signal.signal(signal.SIGTERM, self._handler)

    def path(self, name: str) -> Path:
        """Return where to write the file of that name; its folder is there.

        Parameters
        ----------
        name : str
            A file name, possibly below a sub-folder (``"figures/elbow.png"``).
        """
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts or not parts.name or name == MANIFEST:
            raise OutputError("This is no name for an output", found=repr(name))
        path = self._here() / parts
        with _told(self.folder):
            path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def text(self, name: str, text: str) -> None:
        """Write a text as UTF-8 with the line ends it has."""
        path = self.path(name)
        with _told(self.folder):
            path.write_text(text, encoding="utf-8", newline="", errors="replace")

    def table(self, name: str, columns: Mapping[str, Sequence[Any] | Array]) -> None:
        """Write equally long columns as CSV.

        UTF-8, line feeds, quotes where needed; text that a spreadsheet would take for a formula
        gets an apostrophe; None and NaN are empty.
        """
        path = self.path(name)
        with (
            _told(self.folder),
            path.open("w", encoding="utf-8", newline="", errors="replace") as f,
        ):
            _write_rows(f, columns, header=True)

    def rows(
        self, name: str, blocks: Iterable[Block], *, types: Mapping[str, str] | None = None
    ) -> None:
        """Write blocks of rows as they come, as CSV or Parquet by the ending of the name.

        Parameters
        ----------
        name : str
            Ends in ``.csv`` or ``.parquet``.
        blocks : iterable of mapping
            Equally named columns of equal length per block. At least one block.
        types : mapping, optional
            Parquet only: name to ``"BIGINT"``, ``"DOUBLE"`` or ``"VARCHAR"``. Without it arrays
            of numbers keep their kind, and objects are whole numbers if those of the first block
            are, else text.
        """
        path = self.path(name)
        if path.suffix == ".parquet":
            _write_parquet(path, blocks, types or {}, self.folder)
            return
        with (
            _told(self.folder),
            path.open("w", encoding="utf-8", newline="", errors="replace") as f,
        ):
            for position, block in enumerate(blocks):
                _write_rows(f, block, header=position == 0)

    def _here(self) -> Path:
        if self._staging is None:
            raise OutputError("The outputs are not open", where=str(self.folder))
        return self._staging


def write_text(path: str | Path, text: str, overwrite: bool = False) -> None:
    """Write one text file, whole or not at all.

    Raises
    ------
    OutputError
        If the file exists and may not be replaced, or cannot be written.
    """
    with whole(path, overwrite=overwrite) as partial:
        partial.write_text(text, encoding="utf-8", newline="", errors="replace")


def check_free(path: str | Path, *, overwrite: bool = False) -> None:
    """Refuse to write a file that exists, unless it may be replaced.

    Raises
    ------
    OutputError
    """
    target = Path(path).expanduser().absolute()
    if target.is_dir() or (target.exists() and not overwrite):
        raise OutputError(
            "The file exists already",
            where=str(target),
            hint="another name, or --overwrite" if not target.is_dir() else "the name of a file",
        )


@contextmanager
def whole(path: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a place beside a file; what is written there becomes the file, or vanishes.

    Parameters
    ----------
    path : path
        The file; its folder is made when needed.
    overwrite : bool, default=False
        Replace it where it exists.

    Raises
    ------
    OutputError
        If the file exists and may not be replaced, or cannot be written.
    """
    check_free(path, overwrite=overwrite)
    target = Path(path).expanduser().absolute()
    with _told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = _beside(target, "partial")
        try:
            yield partial
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)


# --- the folder --------------------------------------------------------------------------------


def _refuse(folder: Path, *, overwrite: bool) -> None:
    """Raise when the target holds something that may not be replaced."""
    with _told(folder):
        if folder.exists() and not folder.is_dir():
            raise OutputError("The output folder is a file", where=str(folder))
        if not folder.is_dir() or not any(folder.iterdir()):
            return
        if not overwrite:
            raise OutputError(
                "The output folder is not empty",
                where=str(folder),
                hint="another folder with --out, or --overwrite to replace an earlier study",
            )
        if not _is_ours(folder):
            raise OutputError(
                "The output folder holds no earlier study, so it is not overwritten",
                where=str(folder),
                hint="another folder with --out",
            )


def _is_ours(folder: Path) -> bool:
    if (folder / MANIFEST).is_file():
        return True
    try:
        study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(study, dict) and {"schema", "recommended_k", "k_table"} <= study.keys()


def _files(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()
    )


def own_files(folder: Path) -> set[str]:
    """Return the files that an earlier study wrote into a folder, by their names in it."""
    return _replaced(folder) - {MANIFEST}


def _write_manifest(staging: Path) -> None:
    listed = json.dumps({"made by": "segmeans", "files": _files(staging)}, indent=1)
    (staging / MANIFEST).write_text(listed + "\n", encoding="utf-8")


def _replaced(folder: Path) -> set[str]:
    """Return the files of an earlier study, by its manifest."""
    try:
        listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        return {MANIFEST, *(str(name) for name in listed)}
    except (OSError, ValueError, KeyError, TypeError):
        return {MANIFEST}


def _take_place(staging: Path, folder: Path) -> None:
    """Put the complete outputs where the target is; an earlier study stays until then."""
    if not folder.is_dir() or not any(folder.iterdir()):
        staging.replace(folder)
        return
    old, new = _replaced(folder), set(_files(staging))
    for name in _files(folder):
        if name not in old and name not in new:
            _keep(folder / name, staging / name)
    shutil.rmtree(_swapped(staging, folder), ignore_errors=True)


def _keep(theirs: Path, ours: Path) -> None:
    """Let a file that is not ours be in both folders, so that it is lost at no moment."""
    ours.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(theirs, ours, follow_symlinks=False)
    except OSError:  # a file system without links
        shutil.copy2(theirs, ours, follow_symlinks=False)


def _swapped(staging: Path, folder: Path) -> Path:
    """Let two folders take each other's place; return where the earlier one is now.

    In one step where the system can (Linux), so that one of the two is there at any moment, even
    when the program or the machine stops.
    """
    previous = _beside(folder, "previous")
    if _exchanged(staging, folder):
        staging.rename(previous)
        return previous
    folder.rename(previous)
    try:
        staging.rename(folder)
    except BaseException:
        previous.rename(folder)
        raise
    return previous


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two names at once; return whether the system and the file system could."""
    try:
        exchange = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    return bool(exchange(AT_CWD, os.fsencode(one), AT_CWD, os.fsencode(other), EXCHANGE) == 0)


def _beside(target: Path, what: str) -> Path:
    return target.with_name(f".{target.name}.{what}-{secrets.token_hex(4)}")


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # not empty after all, or gone: nothing of ours is left


@contextmanager
def _told(target: Path) -> Iterator[None]:
    """Turn what the system says about a file into one clear error."""
    try:
        yield
    except SegmeansError:
        raise
    except OSError as error:
        raise _cannot(target, error) from None


def _cannot(target: Path, error: OSError) -> OutputError:
    return OutputError(
        "The output cannot be written",
        where=str(target),
        found=error.strerror or str(error) or type(error).__name__,
        hint="another folder, or free some space",
    )


def _stop_on_terminate() -> Any:
    """Make a request to terminate end the program as an exception, so that it cleans up."""
    if threading.current_thread() is not threading.main_thread():
        return None
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return None

    def stop(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    return signal.signal(signal.SIGTERM, stop)


# --- rows --------------------------------------------------------------------------------------


def _write_rows(file: Any, columns: Mapping[str, Sequence[Any] | Array], *, header: bool) -> None:
    writer = csv.writer(file, lineterminator="\n")
    if header:
        writer.writerow([harmless(name) for name in columns])
    most = max(map(len, columns.values()), default=0)
    for start in range(0, most, BLOCK_ROWS):  # a number of Python takes four times its bytes
        parts = (values[start : start + BLOCK_ROWS] for values in columns.values())
        writer.writerows(zip(*map(written, parts), strict=True))


def _write_parquet(
    path: Path, blocks: Iterable[Block], types: Mapping[str, str], folder: Path
) -> None:
    """Gather the blocks in the engine, which spills, and copy them out in one go."""
    with Engine(threads=1) as engine:  # several threads would cut the rows into other groups
        decided: dict[str, str] = {}
        for block in blocks:
            if not decided:
                decided = {name: types.get(name) or _type(v) for name, v in block.items()}
                columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in decided.items())
                engine.run(f"CREATE TABLE gathered ({columns})")
            engine.append("gathered", {name: _loadable(v) for name, v in block.items()})
        try:
            engine.run(f"COPY gathered TO {literal(str(path))} (FORMAT parquet)")
        except SegmeansError as error:
            raise OutputError(
                "The output cannot be written", where=str(folder), found=error.found or error.what
            ) from None


def _type(values: Array) -> str:
    if values.dtype.kind in "iub":
        return "BIGINT"
    if values.dtype.kind == "f":
        return "DOUBLE"
    kinds = {type(value) for value in values if value is not None}
    return "BIGINT" if kinds and kinds <= {int, np.int32, np.int64} else "VARCHAR"


def _loadable(values: Array) -> Array:
    """Return a column as the engine takes it: objects as text, to be cast on insertion."""
    if values.dtype.kind in "iubf":
        return values
    texts = [None if value is None else str(value) for value in values]
    return np.array(texts, dtype=object)
