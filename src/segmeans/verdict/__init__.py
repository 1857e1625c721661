"""The verdict: the evidence over k becomes a recommendation, with its reasons and its doubts."""

from __future__ import annotations

from segmeans.verdict.rule import decide

__all__ = ["decide"]
