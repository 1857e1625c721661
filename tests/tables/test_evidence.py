"""Counts over all rows, exact where it matters."""

from __future__ import annotations

import numpy as np

from segmeans.settings import Settings
from segmeans.tables.evidence import Evidence, gather
from segmeans.tables.source import open_table

N = 20_000


def test_counts_ranges_and_samples() -> None:
    i = np.arange(N)
    columns = {
        "unique": (i * 7919) % 1_000_003,
        "customer_id": np.array([f"c{k}" for k in i // 2], dtype=object),
        "few": i % 11,
        "half": np.where(i % 2 == 0, np.nan, i * 0.5),
        "text": np.array([f"t{k}" for k in i], dtype=object),
    }
    with open_table(columns, Settings(threads=2)) as opened:
        found: dict[str, Evidence] = {item.column.name: item for item in gather(opened.table)}
    assert found["unique"].unique
    assert found["unique"].whole
    assert found["customer_id"].distinct == N // 2
    assert found["few"].distinct == 11
    assert (found["few"].low, found["few"].high) == (0, 10)
    assert found["half"].missing == N // 2
    assert not found["half"].whole
    assert len(found["text"].sample) == 2_000
    assert found["text"].sample[:2] == ("t9", "t19")
