"""Models to load and customers to score."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segmeans.model import Model, load

GOLDEN = Path(__file__).parent / "golden"
NEWEST = GOLDEN / "model-4.json"


@pytest.fixture
def model() -> Model:
    """Return a model of three numbers, a date and two categories, and a scale of RFM."""
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
