"""Models to load and customers to score."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segmeans.model import Model, load

GOLDEN = Path(__file__).parent / "golden"
NEWEST = GOLDEN / "model-2.json"


@pytest.fixture
def model() -> Model:
    """Return a model of three numbers, a date and two categories."""
    return load(NEWEST)


@pytest.fixture
def values() -> dict[str, Any]:
    """Return the same as plain JSON, to be changed."""
    read: dict[str, Any] = json.loads(NEWEST.read_text("utf-8"))
    return read


def customers(rows: int, seed: int = 0) -> dict[str, list[Any]]:
    """Draw customers with missing, unseen and outlying values."""
    draws = np.random.default_rng(seed)

    def some(values: np.ndarray[Any, Any]) -> list[Any]:
        return [None if draws.random() < 0.1 else value for value in values.tolist()]

    days = np.datetime64("2015-01-01") + draws.integers(0, 4000, rows)
    return {
        "CustomerID": [f"0{row}" for row in range(rows)],
        "Gender": some(draws.choice(["Female", "Male", "unheard of"], rows)),
        "Age": some(draws.integers(1, 200, rows)),
        "Annual Income (k$)": some(np.round(draws.normal(60, 60, rows), 2)),
        "Tenure (months)": some(np.round(draws.lognormal(3, 1.5, rows), 1)),
        "City": some(draws.choice(["Brno", "Malmö", "Atlantis", ""], rows)),
        "Signup Date": [None if day is None else str(day) for day in some(days)],
    }


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Return where a PostgreSQL listens: that of ``SEGMEANS_POSTGRES``, or one started here."""
    if given := os.environ.get("SEGMEANS_POSTGRES"):
        yield given
        return
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    binary = str(installed[-1]) if installed else shutil.which("postgres")
    owner = _owner()
    if binary is None or owner == "nobody there":
        pytest.skip("no PostgreSQL to start here; SEGMEANS_POSTGRES may name one")
    with tempfile.TemporaryDirectory(prefix="segmeans-pg-", ignore_cleanup_errors=True) as name:
        if owner:
            shutil.chown(name, owner)
        run = partial(subprocess.run, check=True, user=owner, cwd=name, capture_output=True)
        make = [binary.removesuffix("postgres") + "initdb", "-D", f"{name}/data", "--no-sync"]
        run([*make, "-A", "trust", "-U", "ann", "-E", "UTF8", "--locale=C"])
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        options = ["-c", "listen_addresses=", "-c", "fsync=off", "-k", name]
        start = [binary, "-D", f"{name}/data", *options]
        with subprocess.Popen(start, user=owner, cwd=name, **quiet) as server:
            try:
                yield _listening(f"host={name} user=ann dbname=postgres")
            finally:
                server.terminate()


def _owner() -> str | None:
    """Return whom the server must run as: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody there"


def _listening(where: str) -> str:
    psycopg = pytest.importorskip("psycopg")
    for _ in range(300):
        try:
            psycopg.connect(where, connect_timeout=1).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return where
    raise TimeoutError("PostgreSQL does not answer")
