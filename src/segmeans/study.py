"""The conductor: the only room that knows the order of the steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmeans.records import StudyRecord


@dataclass(frozen=True, kw_only=True)
class CustomerSample:
    """Customers drawn for the figures: all of them when few, else a stratified random sample.

    Rows are in source order. ``m`` is the number of customers drawn, ``p`` of prepared columns.
    """

    prepared: NDArray[np.float64]  # (m, p), columns named by ``names``
    names: tuple[str, ...]  # the p prepared columns, as preparation.columns gives them
    units: dict[str, NDArray[np.float64]]  # numeric features in their own units, (m,) each
    labels: NDArray[np.int32]  # (m,), segment number - 1
    silhouettes: NDArray[np.float64]  # (m,)
    shadows: NDArray[np.float64]  # (m,), 0 at the centre to 1 on the border
    customers: int  # how many there are in all


@dataclass(frozen=True)
class Study:
    """A finished study: the record that ``study.json`` holds, and the rows for the figures."""

    record: StudyRecord
    sample: CustomerSample
