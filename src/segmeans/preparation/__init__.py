"""From a table to prepared numbers and back.

:func:`fit` measures a table with a few aggregate queries and returns a small readable state. The
same state then gives the prepared columns as SQL (:func:`expressions`), as an array
(:func:`matrix`, :func:`blocks`) and back in the customer's units (:func:`to_units`).
"""

from __future__ import annotations

from segmeans.preparation.categories import MISSING, OTHER, UNSEEN_CODE
from segmeans.preparation.learn import Fitted, fit
from segmeans.preparation.state import (
    SOME_MISSING,
    TOO_MANY_MISSING,
    USED,
    blocks,
    columns,
    expressions,
    legend,
    matrix,
    raw_expressions,
    status,
    status_expression,
    status_of,
    to_units,
)
from segmeans.preparation.summary import summary
from segmeans.preparation.values import raw_values

__all__ = [
    "MISSING",
    "OTHER",
    "SOME_MISSING",
    "TOO_MANY_MISSING",
    "UNSEEN_CODE",
    "USED",
    "Fitted",
    "blocks",
    "columns",
    "expressions",
    "fit",
    "legend",
    "matrix",
    "raw_expressions",
    "raw_values",
    "status",
    "status_expression",
    "status_of",
    "summary",
    "to_units",
]
