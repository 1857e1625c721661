"""What this installation can do, for `segmeans doctor` and for the study record."""

from __future__ import annotations

import os
import platform
import shutil
from importlib import metadata, util
from pathlib import Path

from segmeans import __version__
from segmeans.clustering import kernels

CORE = (
    "numpy",
    "duckdb",
    "sqlglot",
    "pydantic",
    "scikit-learn",
    "matplotlib",
    "seaborn",
)
OPTIONAL = {
    "Excel files": ("python_calamine", "excel"),
    "PostgreSQL": ("psycopg", "postgres"),
    "pandas": ("pandas", ""),
    "polars": ("polars", ""),
    "Arrow": ("pyarrow", ""),
}

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
    "brave-browser",
)
"""Programs that can print a page as PDF, by their names on the path."""
INSTALLED = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"%ProgramFiles%\Google\Chrome\Application\chrome.exe",
    r"%ProgramFiles(x86)%\Google\Chrome\Application\chrome.exe",
    r"%LocalAppData%\Google\Chrome\Application\chrome.exe",
    r"%ProgramFiles(x86)%\Microsoft\Edge\Application\msedge.exe",
)
"""Where they lie on systems that do not put them on the path."""


def find_browser(path: str | None = None) -> str | None:
    """Return a browser that can print a page as PDF, or None.

    Parameters
    ----------
    path : str, optional
        Only this program is looked for.
    """
    if path:
        return shutil.which(Path(path).expanduser())
    found = (shutil.which(name) for name in BROWSERS)
    places = (shutil.which(os.path.expandvars(place)) for place in INSTALLED)
    return next(filter(None, (*found, *places)), None)


def versions() -> dict[str, str]:
    """Return the versions that a result may depend on.

    Returns
    -------
    dict
        Library to version, with ``segmeans`` and ``python`` first.
    """
    found = {"segmeans": __version__, "python": platform.python_version()}
    return found | {name: metadata.version(name) for name in ("numpy", "duckdb")}


def engine() -> str:
    """Return which kernels compute, without what does not change a result.

    Returns
    -------
    str
    """
    found = kernels.description()
    return f"{found.twin} ({found.instructions})"


def processors() -> int:
    """Return how many processors a study may use: ``SEGMEANS_THREADS`` where it is set.

    Returns
    -------
    int

    Raises
    ------
    SettingError
        When that is no positive whole number.
    """
    return kernels.default_threads()


def examine() -> dict[str, str]:
    """Return what is installed and which kernels run, as label to plain words.

    Returns
    -------
    dict
        Facts in the order in which a person wants to read them.
    """
    facts = {
        "segmeans": __version__,
        "python": f"{platform.python_version()} on {platform.platform(terse=True)}",
        "kernels": str(kernels.description()),
        "threads": str(processors()),
    }
    facts |= {name: metadata.version(name) for name in CORE}
    for label, (module, extra) in OPTIONAL.items():
        absent = f"not installed (pip install 'segmeans[{extra}]')" if extra else "not installed"
        facts[label] = "yes" if util.find_spec(module) else absent
    facts["PDF"] = find_browser() or "no browser found (Chromium, Chrome or Edge prints the report)"
    return facts
