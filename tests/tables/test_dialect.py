"""Separators and quotation marks are found in the first lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from segmeans.errors import SettingError
from segmeans.tables.dialect import BLANKS, Dialect, find_dialect
from segmeans.tables.text import open_text


def dialect(text: str, folder: Path, stated: str | None = None) -> Dialect:
    path = folder / "x.csv"
    path.write_bytes(text.encode())
    return find_dialect(open_text(path, folder), path, stated)


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1,5;2,5\n2,5;3,5\n", ";"),
        ("a\tb\n1, 2\tx\n", "\t"),
        ("a|b|c\n1|2|3\n", "|"),
        ("a:b\n1:2\n", ":"),
        ("time,n\n10:30,1\n11:45,2\n", ","),
        ("when;n\n2024-01-01 10:30:00;1\n", ";"),
        ("a b\n1 2\n3 4\n", BLANKS),
        ("full name,n\nAnn Lee,1\nBob Ray,2\n", ","),
        ("name\nAnn\nBob\n", ","),
    ],
)
def test_the_separator_is_found(text: str, separator: str, tmp_path: Path) -> None:
    assert dialect(text, tmp_path).separator == separator


def test_a_stated_separator_is_taken(tmp_path: Path) -> None:
    assert dialect("a;b,c\n1;2,3\n", tmp_path, ",").layout.names == ("a;b", "c")
    assert dialect("a\tb\n1\t2\n", tmp_path, "tab").separator == "\t"
    with pytest.raises(SettingError):
        dialect("a,b\n1,2\n", tmp_path, "x")


def test_lines_before_the_rows_are_counted(tmp_path: Path) -> None:
    found = dialect('made in May\n\n"a\nb",c\n1,2\n3,4\n', tmp_path)
    assert (found.layout.names, found.skip, found.uneven) == (("a b", "c"), 4, True)
