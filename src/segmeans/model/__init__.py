"""The Segmentation as data: a few kB of JSON that says which segment anyone belongs to.

The file holds the preparation, the centres, the names and what the customers of the day of
training looked like; no code, no pickle. :func:`load` reads it as hostile, :class:`Model` assigns
Python values, :func:`score` whole files, and :func:`statement` writes it as SQL.
"""

from __future__ import annotations

from segmeans.model.assigning import Assigned, assign
from segmeans.model.calibration import calibrated
from segmeans.model.files import score
from segmeans.model.reading import SCHEMA, load
from segmeans.model.scored import Scored
from segmeans.model.segmentation import Model, record_json
from segmeans.model.statement import statement

__all__ = [
    "SCHEMA",
    "Assigned",
    "Model",
    "Scored",
    "assign",
    "calibrated",
    "load",
    "record_json",
    "score",
    "statement",
]
