"""The report as PDF, printed by a browser of this machine; only the standard library."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from segmeans.doctor import find_browser
from segmeans.errors import DependencyError, OutputError, SettingError

PATIENCE = 120.0
"""Seconds after which a browser that has not printed is stopped."""

_DATE = re.compile(rb"(?<=Date \(D:)\d{14}")
_DAY = b"20000101000000"


def browser(path: str | None = None) -> str:
    """Return the browser that prints.

    Parameters
    ----------
    path : str, optional
        Of a Chromium, Chrome or Edge; by default one is looked for.

    Returns
    -------
    str

    Raises
    ------
    SettingError
        When there is no such program.
    DependencyError
        When none is found.
    """
    found = find_browser(path)
    if found is None and path:
        raise SettingError(
            "There is no such browser",
            where="browser",
            found=path,
            allowed="the program of a Chromium, Chrome or Edge",
        )
    if found is None:
        raise DependencyError(
            "A PDF needs a Chromium, Chrome or Edge on this machine, and none was found",
            hint="install one, name one with --browser, or print report.html from any browser",
        )
    return found


def pdf(page: str, program: str) -> bytes:
    """Return a page as PDF.

    The browser runs without a window, with a profile of its own that is deleted, on a page that
    forbids itself to load anything.

    Parameters
    ----------
    page : str
        HTML that needs nothing else.
    program : str
        As :func:`browser` returns it.

    Returns
    -------
    bytes
        The same page and browser give the same bytes: the date of printing is left out.

    Raises
    ------
    OutputError
        When the browser does not print.
    """
    with tempfile.TemporaryDirectory(prefix="segmeans-", ignore_cleanup_errors=True) as folder:
        source, target = Path(folder, "report.html"), Path(folder, "report.pdf")
        source.write_text(page, encoding="utf-8", errors="replace")
        said = _print(program, source, target, Path(folder, "profile"))
        content = target.read_bytes() if target.is_file() else b""
    if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-1024:]:
        raise OutputError(
            "The browser did not print the report",
            where=program,
            found=said or "no PDF",
            hint="another browser with --browser, or print report.html by hand",
        )
    return _DATE.sub(_DAY, content)


def _print(program: str, source: Path, target: Path, profile: Path) -> str:
    """Let a browser print, and return the last that it said."""
    command = [
        program,
        "--headless",
        "--disable-gpu",
        "--disable-extensions",
        "--disable-background-networking",
        "--disable-sync",
        "--no-first-run",
        "--no-default-browser-check",
        "--no-pdf-header-footer",
        f"--user-data-dir={profile}",
        f"--print-to-pdf={target}",
        *_unconfined(),
        source.as_uri(),
    ]
    try:
        with subprocess.Popen(  # noqa: S603  (a program of the user's, no shell)
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as started:
            try:
                _, said = started.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                return f"nothing within {PATIENCE:.0f} seconds"
            finally:
                _stop(started)
    except OSError as error:
        return error.strerror or str(error)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1][:300] if lines else f"exit code {started.returncode}"


def _unconfined() -> list[str]:
    """Return what Chromium asks of the superuser on Linux, under whom its sandbox cannot start."""
    root = sys.platform.startswith("linux") and os.geteuid() == 0
    return ["--no-sandbox"] if root else []


def _stop(started: subprocess.Popen[str]) -> None:
    """End a browser with the processes that it started."""
    if started.poll() is not None:
        return
    if hasattr(os, "killpg"):
        os.killpg(started.pid, signal.SIGKILL)
    else:
        started.kill()
