"""Cells of an output table: what is written, and what a spreadsheet would take for a formula."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_FIRST = frozenset(_FORMULA)
_NUMBER = re.compile(r"[-+]?[0-9]+(?:[.,][0-9]+)?(?:[eE][-+]?[0-9]+)?")


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    A leading apostrophe goes before ``= + - @`` (of full width as well), tab, carriage return and
    line feed (OWASP, "CSV Injection"); a text that is a plain number stays as it is. Line breaks
    inside the text become line feeds.

    Examples
    --------
    >>> [harmless(text) for text in ("=1+1", "-5", "@home", "Ann")]
    ["'=1+1", '-5', "'@home", 'Ann']
    """
    if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text):
        text = "'" + text
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def written(values: Sequence[Any] | np.ndarray[Any, Any]) -> list[Any]:
    """Return a column ready for the CSV writer: missing values empty, text harmless.

    Numbers are written with as many digits as are needed to read the same number again.

    Examples
    --------
    >>> written([1, None, 0.5, float("nan"), True, "=x"])
    [1, '', 0.5, '', 'true', "'=x"]
    """
    listed: list[Any] = values.tolist() if isinstance(values, np.ndarray) else list(values)
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        return listed
    if isinstance(values, np.ndarray) and values.dtype in (np.float64, np.float32):
        missing = np.isnan(values)
        return ["" if v != v else v for v in listed] if missing.any() else listed
    return [  # most texts stand as they are, and need no look of their own
        v if type(v) is str and v[:1] not in _FIRST and "\r" not in v else _cell(v) for v in listed
    ]


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return "" if value != value else float(value)
    return value
