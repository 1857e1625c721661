"""A study, from the source to the segments of every customer.

:func:`conduct` carries one out, :func:`segment` is the same with settings as arguments, and
:func:`look` stops before the search.
"""

from __future__ import annotations

from segmeans.prepared import CustomerSample
from segmeans.study.conductor import conduct, look, segment
from segmeans.study.result import Inspection, Progress, Study, silent

__all__ = [
    "CustomerSample",
    "Inspection",
    "Progress",
    "Study",
    "conduct",
    "look",
    "segment",
    "silent",
]
