"""The bytes of a text file: compression, encoding, line ends, and a clean copy when needed."""

from __future__ import annotations

import bz2
import codecs
import gzip
import hashlib
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from segmeans.errors import OutputError, SettingError, SourceError
from segmeans.records import Finding

CHUNK = 1 << 20
HEAD = 1 << 18  # bytes that decide what a file is

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|\?xml|body|table)", re.IGNORECASE)
_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}
_UNPACKERS: dict[str, Callable[[IO[bytes]], Any]] = {
    "gzip": lambda file: gzip.GzipFile(fileobj=file),
    "bzip2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
}
_ESCAPED = re.compile("[\udc80-\udcff]")  # bytes that are no UTF-8, read with surrogateescape
_BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError)


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text file that can be read as UTF-8 with plain line ends.

    Parameters
    ----------
    path : Path
        The file itself or, when it was not clean UTF-8, a clean copy in the temporary folder.
    encoding : str
        The encoding of the source.
    compression : str
        "gzip", "bzip2", "xz" or "".
    quotes : bool
        Whether a double quotation mark occurs anywhere.
    findings : tuple of Finding
        What was odd about the bytes.
    """

    path: Path
    encoding: str
    compression: str
    quotes: bool
    findings: tuple[Finding, ...]

    def head(self) -> str:
        """Return the first part of the text, in whole lines when it was cut."""
        with self.path.open("rb") as file:
            data = file.read(HEAD)
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="replace")
        if len(data) == HEAD and "\n" in text:
            text = text[: text.rindex("\n") + 1]
        return text


@dataclass(frozen=True, slots=True)
class _Survey:
    """What one pass over the bytes found."""

    utf8: bool
    bad: int  # positions that are not UTF-8
    wide: int  # characters beyond ASCII that are
    nul: bool
    quotes: bool
    returns: bool  # carriage returns at all
    mixed: bool  # carriage returns that end lines beside line feeds, or alone


def file_digest(path: Path) -> str:
    """Return the SHA-256 of the bytes of a file.

    Raises
    ------
    SourceError
        If the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: OSError) -> SourceError:
    """Return the error for a file that cannot be opened or read."""
    return SourceError("The file cannot be read", where=str(path), found=error.strerror or error)


def copy_failed(folder: Path, error: OSError) -> OutputError:
    """Return the error for a temporary copy that cannot be written."""
    return OutputError(
        "The temporary copy of the rows cannot be written",
        where=str(folder),
        found=error.strerror or error,
        hint="free some space, or let TMPDIR name another folder",
    )


def filled_lines(path: Path, *, skip: int = 0) -> int:
    """Return how many lines of a clean file are not blank, the first ``skip`` left out."""
    filled = 0
    before = b"\n\n"  # the two bytes before a chunk: a line is blank after a line end
    with path.open("rb") as file:
        for _ in range(skip):
            file.readline()
        if skip == 0 and file.read(3) != codecs.BOM_UTF8:
            file.seek(0)
        while chunk := file.read(CHUNK):
            data = np.frombuffer(before + chunk, dtype=np.uint8)
            feed, carriage = data == ord("\n"), data == ord("\r")
            blank = feed[1:-1] | (carriage[1:-1] & feed[:-2])
            filled += int(np.count_nonzero(feed[2:] & ~blank))
            before = data[-2:].tobytes()
    return filled + (before[-1:] != b"\n")


def unclosed_line(path: Path, mark: str = '"') -> int:
    """Return the line in which a quotation mark is opened for the last time, 0 if all close."""
    opened, is_open = 0, False
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.count(mark.encode()) % 2:
                is_open = not is_open
                opened = number if is_open else opened
    return opened if is_open else 0


def open_text(path: Path, folder: Path, *, encoding: str | None = None) -> TextFile:
    """Find out how a text file is encoded and make a clean copy when it needs one.

    Parameters
    ----------
    path : Path
        The file; never changed.
    folder : Path
        Temporary folder for the copy.
    encoding : str, optional
        The encoding, when the user stated it.

    Raises
    ------
    SourceError
        If the file is empty, unreadable, no text, or broken while compressed.
    SettingError
        If the stated encoding is unknown or does not fit.
    """
    compression = _compression(path)
    with _decompressed(path, compression) as file:
        head = file.read(HEAD)
    if not head.strip(b"\x00\t\r\n \xef\xbb\xbf\xff\xfe"):
        raise SourceError("The file is empty", where=str(path), hint="check how it was exported")
    stated = _known_encoding(encoding) if encoding else ""
    found = stated or _marked_encoding(head)
    if _MARKUP.match(head):
        raise SourceError(
            "The file is a web page, not a table",
            where=str(path),
            found=head.lstrip()[:40].decode("utf-8", errors="replace"),
            hint="export the table itself: a download that needs a login often gives such a page",
        )
    if not found and _is_binary(head):
        raise SourceError(
            "The file is not text",
            where=str(path),
            found=what_it_is(head),
            allowed="a delimited text file, Parquet, JSON lines, Excel, DuckDB or SQLite",
        )
    unpacked = folder / "unpacked.txt" if compression else None
    survey = _survey(path, compression, unpacked)
    findings: list[Finding] = []
    if not found:
        found, findings = _guessed_encoding(survey)
    text = TextFile(path, found, compression, survey.quotes, tuple(findings))
    plain = found in ("utf-8", "utf-8-sig", "ascii") and survey.utf8
    if plain and not (survey.nul or survey.mixed):
        if unpacked is None:
            return text
        if not survey.returns and not head.startswith(codecs.BOM_UTF8):
            return replace(text, path=unpacked)
    copy = folder / "clean.txt"
    _rewrite(unpacked or path, copy, found, stated=bool(stated))
    if unpacked is not None:
        unpacked.unlink()
    if survey.nul and found not in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        findings.append(_nul())
    return replace(text, path=copy, findings=tuple(findings))


def what_it_is(head: bytes) -> str:
    """Name the kind of a binary file from its first bytes."""
    known = {
        b"%PDF": "a PDF document",
        b"\x89PNG": "a PNG image",
        b"\xff\xd8\xff": "a JPEG image",
        b"PK\x03\x04": "a zip archive",
        b"\xd0\xcf\x11\xe0": "an old Excel or Word document",
        b"\x28\xb5\x2f\xfd": "a file compressed with zstd",
        b"PAR1": "a Parquet file",
        b"SQLite format 3": "a SQLite database",
        b"ARROW1": "an Arrow file",
        b"\x7fELF": "a program",
    }
    return next((name for magic, name in known.items() if head.startswith(magic)), "binary data")


def _compression(path: Path) -> str:
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise unreadable(path, error) from None
    return next((name for magic, name in _MAGIC.items() if start.startswith(magic)), "")


@contextmanager
def _decompressed(path: Path, compression: str) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as plain:
            if not compression:
                yield plain
                return
            with _UNPACKERS[compression](plain) as unpacked:
                yield unpacked
    except _BROKEN as error:
        raise SourceError(
            "The file is damaged or cut off", where=str(path), found=error, hint="copy it again"
        ) from None


def _chunks(path: Path, compression: str) -> Iterator[bytes]:
    with _decompressed(path, compression) as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _known_encoding(name: str) -> str:
    try:
        "".encode(name)  # raises for codecs that are no text encodings, too
        return codecs.lookup(name).name
    except LookupError:
        raise SettingError(
            "The setting 'encoding' names no known encoding",
            found=repr(name),
            allowed="utf-8, utf-16, cp1252, latin-1 and others that Python knows",
        ) from None


def _marked_encoding(head: bytes) -> str:
    """Return the encoding that a byte order mark or the pattern of zero bytes gives away."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    sample = head[: 1 << 12]
    even, odd = sample[0::2], sample[1::2]
    if len(sample) >= 4 and len(odd):
        if odd.count(0) > 0.7 * len(odd) and even.count(0) < 0.1 * len(even):
            return "utf-16-le"
        if even.count(0) > 0.7 * len(even) and odd.count(0) < 0.1 * len(odd):
            return "utf-16-be"
    return ""


def _is_binary(head: bytes) -> bool:
    controls = sum(
        head.count(bytes([code])) for code in range(32) if code not in b"\t\n\r\f\x0b\x1a"
    )
    return what_it_is(head) != "binary data" or controls > 0.002 * len(head) + 1


def _survey(path: Path, compression: str, unpacked: Path | None) -> _Survey:
    """Look at all bytes, and keep them unpacked on the way where they were compressed."""
    if unpacked is None:
        return _seen(_chunks(path, compression))
    return _seen(_kept(_chunks(path, compression), unpacked))


def _kept(chunks: Iterator[bytes], copy: Path) -> Iterator[bytes]:
    """Yield chunks and write them down."""
    try:
        with copy.open("wb") as out:
            for chunk in chunks:
                out.write(chunk)
                yield chunk
    except OSError as error:
        raise copy_failed(copy.parent, error) from None


def _seen(chunks: Iterator[bytes]) -> _Survey:
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    bad = wide = 0
    feeds = returns = pairs = 0
    nul = quotes = False
    last = b""
    for chunk in chunks:
        if not chunk.isascii() or decoder.getstate()[0]:
            text = decoder.decode(chunk)
            if not text.isascii():
                escaped = len(_ESCAPED.findall(text))
                bad += escaped
                wide += len(text) - len(text.encode("ascii", "ignore")) - escaped
        nul = nul or b"\x00" in chunk
        quotes = quotes or b'"' in chunk
        if b"\r" in chunk or last == b"\r":
            returns += chunk.count(b"\r")
            pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk.startswith(b"\n"))
        feeds += chunk.count(b"\n")
        last = chunk[-1:]
    bad += len(decoder.getstate()[0])
    mixed = returns > 0 and not (pairs == returns == feeds)
    return _Survey(bad == 0, bad, wide, nul, quotes, returns > 0, mixed)


def _guessed_encoding(survey: _Survey) -> tuple[str, list[Finding]]:
    if survey.utf8:
        return "utf-8", []
    if survey.wide > 10 * survey.bad:
        return "utf-8", [
            Finding(
                level="warning",
                code="broken-characters",
                where="encoding",
                evidence=f"{survey.bad:,} bytes are not valid UTF-8; they were read as �.",
            )
        ]
    return "cp1252", [
        Finding(
            level="note",
            code="not-utf-8",
            where="encoding",
            evidence="The text is not UTF-8; it was read as Windows Western (cp1252).",
            advice="Say which with the setting 'encoding' if names look wrong.",
        )
    ]


def _nul() -> Finding:
    return Finding(
        level="warning",
        code="zero-bytes",
        where="encoding",
        evidence="The text holds zero bytes; they were left out.",
        advice="Export the file again: it may be damaged.",
    )


def _rewrite(
    path: Path,
    copy: Path,
    encoding: str,
    *,
    stated: bool,
) -> None:
    """Write the text as UTF-8 with line feeds and without zero bytes."""
    strict = "strict" if stated else "replace"
    decoder: Any = codecs.getincrementaldecoder(encoding)(strict)
    held = ""
    try:
        with copy.open("w", encoding="utf-8", newline="") as out:
            for chunk in _chunks(path, ""):
                text = held + decoder.decode(chunk)
                held = "\r" if text.endswith("\r") else ""
                out.write(_plain_lines(text.removesuffix("\r")))
            out.write(_plain_lines(held + decoder.decode(b"", True)))
    except UnicodeError as error:
        raise SettingError(
            "The text does not fit the setting 'encoding'", where=str(path), found=error
        ) from None
    except OSError as error:
        raise copy_failed(copy.parent, error) from None


def _plain_lines(text: str) -> str:
    text = text.removeprefix("\ufeff").replace("\x00", "")
    return text.replace("\r\n", "\n").replace("\r", "\n")
