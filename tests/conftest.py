"""Fixtures shared by all tests."""

from __future__ import annotations

import os
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
