"""The bytes of text files: encodings, line counts, the clean copy."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmeans.errors import SourceError
from segmeans.tables.text import filled_lines, open_text, unclosed_line, what_it_is

BUDGET = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@BUDGET
@given(
    lines=st.lists(st.text("ab ,", max_size=3)),
    ending=st.sampled_from(["\n", "\r\n"]),
    last=st.booleans(),
    mark=st.booleans(),
    skip=st.integers(0, 3),
)
def test_filled_lines_are_counted(
    lines: list[str], ending: str, last: bool, mark: bool, skip: int, tmp_path: Path
) -> None:
    text = ending.join(lines) + (ending if last else "")
    path = tmp_path / "x.txt"
    path.write_bytes((b"\xef\xbb\xbf" if mark else b"") + text.encode())
    expected = sum(line != "" for line in text.replace("\r\n", "\n").split("\n")[skip:])
    assert filled_lines(path, skip=skip) == expected


@BUDGET
@given(
    text=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_the_clean_copy_holds_the_same_text(text: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(("head,er\n" + text).encode(encoding))
    read = open_text(path, tmp_path, encoding=None if encoding != "utf-8" else "utf-8")
    clean = read.path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode()
    assert clean.replace("\r\n", "\n").replace("\r", "\n") == (
        ("head,er\n" + text).replace("\r\n", "\n").replace("\r", "\n")
    )
    assert read.quotes or '"' not in text


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"")
    assert filled_lines(tmp_path / "x.csv") == 0
    with pytest.raises(SourceError, match="empty"):
        open_text(tmp_path / "x.csv", tmp_path)


def test_the_unclosed_line_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('a,"b"\n"c\nd",e\n"f,g\nh\n')
    assert unclosed_line(path) == 4
    path.write_text('a,"b"\n"c\nd",e\n')
    assert unclosed_line(path) == 0


def test_line_ends_split_between_chunks_are_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segmeans.tables.text.CHUNK", 5)
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,bb\r\nc,dd\r\n\r\ne,f\rg,h\r\n")
    read = open_text(path, tmp_path)
    assert read.path.read_bytes() == b"a,bb\nc,dd\n\ne,f\ng,h\n"
    path.write_bytes("ä,öö\r\nü,ß\r\n".encode())
    plain = open_text(path, tmp_path)
    assert (plain.path, plain.encoding) == (path, "utf-8")
    assert filled_lines(path) == 2


def test_binary_kinds_are_named() -> None:
    assert what_it_is(b"%PDF-1.7") == "a PDF document"
    assert what_it_is(b"???") == "binary data"
