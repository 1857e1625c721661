"""Python values as text, in batches."""

from __future__ import annotations

from datetime import date, datetime, time

import numpy as np
import pytest

from segmeans.tables.duck import Engine
from segmeans.tables.grid import cell_text, load_cells


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (19.0, "19"),
        (0.1, "0.1"),
        (1e300, "1e+300"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        (np.float64(2.0), "2"),
        (np.bool_(False), "false"),
        (2**70, str(2**70)),
        (datetime(2024, 1, 31, 8, 26), "2024-01-31 08:26:00"),
        (date(2024, 1, 31), "2024-01-31"),
        (time(8, 26), "08:26:00"),
        (b"\xff", "\ufffd"),
        ("\ud800", "?"),
        (None, None),
    ],
)
def test_a_value_as_text(value: object, text: str | None) -> None:
    assert cell_text(value) == text


def test_batches_keep_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segmeans.tables.grid.BATCH_ROWS", 7)
    rows = [(i, None if i % 3 else f"x{i}") for i in range(100)]
    with Engine(threads=1) as engine:
        load_cells(engine, "source", ["n", "t"], rows)
        found = engine.rows("SELECT * FROM source")
    assert found == [(str(n), t) for n, t in rows]
