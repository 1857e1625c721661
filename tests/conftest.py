"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# No timed test, and the same examples on every run.
settings.register_profile("segmeans", deadline=None, derandomize=True)
settings.load_profile("segmeans")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of real data sets named by ``SEGMEANS_DATA``, or skip."""
    folder = os.environ.get("SEGMEANS_DATA", "")
    if not folder:
        pytest.skip("SEGMEANS_DATA does not name the folder of real data sets")
    path = Path(folder)
    if not path.is_dir():
        pytest.skip(f"SEGMEANS_DATA names no folder: {folder}")
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Return the URL of a PostgreSQL: that of ``SEGMEANS_POSTGRES``, or one started here."""
    if given := os.environ.get("SEGMEANS_POSTGRES"):
        yield given
        return
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    binary = str(installed[-1]) if installed else shutil.which("postgres")
    owner = _server_owner()
    if binary is None or owner == "nobody there":
        pytest.skip("no PostgreSQL to start here; SEGMEANS_POSTGRES may name one")
    with tempfile.TemporaryDirectory(prefix="segmeans-pg-", ignore_cleanup_errors=True) as folder:
        if owner:
            shutil.chown(folder, owner)
        make = [str(Path(binary).with_name("initdb")), "-D", f"{folder}/data", "--no-sync"]
        make += ["-A", "trust", "-U", "ann", "-E", "UTF8", "--locale=C"]
        subprocess.run(make, check=True, capture_output=True, user=owner, cwd=folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        start = [binary, "-D", f"{folder}/data", "-k", folder, "-c", "fsync=off"]
        start += ["-c", "listen_addresses=127.0.0.1", "-c", f"port={port}"]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(start, user=owner, cwd=folder, stdout=quiet, stderr=quiet) as server:
            try:
                yield _listening(f"postgresql://ann:s3cret@127.0.0.1:{port}/postgres")
            finally:
                server.terminate()


def _server_owner() -> str | None:
    """Return whom the server must run as: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody there"


def _listening(url: str) -> str:
    psycopg = pytest.importorskip("psycopg")
    for _ in range(300):
        try:
            psycopg.connect(url, connect_timeout=1).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return url
    raise TimeoutError("PostgreSQL does not answer")
