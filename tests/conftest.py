"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


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
