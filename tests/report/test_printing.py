"""The report as PDF: whole or not at all, the same bytes, and a clear word without a browser."""

from __future__ import annotations

import os
import re
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

import segmeans
from segmeans.doctor import examine, find_browser
from segmeans.errors import DependencyError, OutputError, SettingError
from segmeans.report import printing

PAGE = "<!doctype html><html lang='en'><title>Segments</title><h1>Five segments</h1></html>"
ROWS = {"a": [1.0, 1.1, 0.9, 5.0, 5.1, 4.9] * 5, "b": [1.0, 0.9, 1.1, 5.0, 4.9, 5.1] * 5}

no_browser = pytest.mark.skipif(
    find_browser() is None, reason="there is no Chromium on this machine"
)
unix = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")


def stand_in(folder: Path, body: str) -> str:
    """Write a program that is asked to print like a browser."""
    path = folder / "browser"
    path.write_text(
        '#!/bin/sh\nfor one in "$@"; do case $one in --print-to-pdf=*) to=${one#*=};; esac; done\n'
        + body,
        "utf-8",
    )
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return str(path)


@pytest.mark.browser
@no_browser
def test_a_browser_prints_the_same_bytes_each_time() -> None:
    program = printing.browser()
    first, second = printing.pdf(PAGE, program), printing.pdf(PAGE, program)
    assert first.startswith(b"%PDF-")
    assert first == second
    assert set(re.findall(rb"Date \(D:(\d{14})", first)) == {b"20000101000000"}


@pytest.mark.browser
@no_browser
def test_a_study_is_printed_beside_its_page(tmp_path: Path) -> None:
    with segmeans.segment(ROWS, k=2) as study:
        files = segmeans.write(study, tmp_path / "out", pdf=True, figures=False)
    assert [path.name for path in files][:2] == ["report.html", "report.pdf"]
    assert (tmp_path / "out" / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_without_a_browser_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("segmeans.doctor.INSTALLED", ())
    assert examine()["PDF"].startswith("no browser found")
    with pytest.raises(DependencyError, match=r"none was found.*--browser"):
        printing.browser()
    with segmeans.segment(ROWS, k=2) as study, pytest.raises(DependencyError):
        segmeans.write(study, tmp_path / "out", pdf=True, figures=False)
    assert not (tmp_path / "out").exists()


def test_a_named_browser_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"no such browser.*nowhere"):
        printing.browser(str(tmp_path / "nowhere"))
    (tmp_path / "text").write_text("no program", "utf-8")
    if os.name == "posix":
        with pytest.raises(SettingError):
            printing.browser(str(tmp_path / "text"))


@unix
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("echo the sandbox is broken >&2; exit 3", "the sandbox is broken"),
        ("exit 3", "exit code 3"),
        ('printf "%%PDF-1.7 cut off" > "$to"', "exit code 0"),
        ("sleep 60", "nothing within 1 seconds"),
    ],
)
def test_a_browser_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, said: str
) -> None:
    monkeypatch.setattr(printing, "PATIENCE", 1.0)
    program = stand_in(tmp_path, body)
    with (
        segmeans.segment(ROWS, k=2) as study,
        pytest.raises(OutputError, match=f"did not print.*{said}"),
    ):
        segmeans.write(study, tmp_path / "out", pdf=True, browser=program, figures=False)
    assert not (tmp_path / "out").exists()


@unix
def test_what_a_browser_prints_is_written_without_its_date(tmp_path: Path) -> None:
    program = stand_in(
        tmp_path, 'printf "%%PDF-1.7 /CreationDate (D:20260102030405+00) %%%%EOF" > "$to"'
    )
    content = printing.pdf(PAGE, printing.browser(program))
    assert content == b"%PDF-1.7 /CreationDate (D:20000101000000+00) %%EOF"


def test_the_browser_leaves_no_trace_in_the_study() -> None:
    with segmeans.segment(ROWS, k=2, pdf=True, browser="anything") as study:
        found: dict[str, Any] = study.record.settings
    assert {"pdf", "browser"}.isdisjoint(found)
