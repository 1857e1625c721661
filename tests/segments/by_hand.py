"""Columns and groups of customers written down by hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmeans.segments.profile import Column, Groups

SPEND = Column("spend", "number", "feature")
CITY = Column("city", "category", "describe")


def groups(*labels: int, k: int = 2) -> Groups:
    return Groups.of(np.array(labels, dtype=np.int32), k)


def numbers(*values: float) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)
