"""The next period: who moved, and whether the model still fits."""

from __future__ import annotations

from segmeans.tracking.drift import refresh
from segmeans.tracking.moves import track

__all__ = ["refresh", "track"]
