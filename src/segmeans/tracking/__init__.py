"""The next period: who moved, whether the model still fits, and how studies compare."""

from __future__ import annotations

from segmeans.tracking.drift import refresh
from segmeans.tracking.moves import history, track
from segmeans.tracking.registry import compare, studies

__all__ = ["compare", "history", "refresh", "studies", "track"]
