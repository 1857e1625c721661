"""Column names and numbers as a person would say them."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

LONGEST = 40  # characters of a feature in a sentence

_UNIT = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")
_JOINTS = re.compile(r"[\s_.\-]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# Format characters that can reorder or hide what follows (bidirectional overrides, zero widths).
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_JOINERS = {"\u200c", "\u200d"}  # needed by Persian, Indic scripts and emoji


def plain_text(text: object) -> str:
    r"""Return text on one line, without characters that hide, reorder or command.

    Examples
    --------
    >>> plain_text("net\nincome\x1b[31m")
    'net income [31m'
    """
    kept = [
        character
        if character in _JOINERS or unicodedata.category(character) not in _HIDDEN
        else " "
        for character in str(text)
    ]
    return " ".join("".join(kept).split())


def shorten(text: str, longest: int = LONGEST) -> str:
    """Shorten a text in its middle, so that beginning and end stay recognisable.

    Examples
    --------
    >>> shorten("share_of_orders_with_a_voucher_in_the_last_year", 25)
    'share_of_orders…last_year'
    """
    if len(text) <= longest:
        return text
    head = math.ceil((longest - 1) * 0.6)
    tail = longest - 1 - head
    return f"{text[:head].rstrip()}…{text[-tail:].lstrip() if tail else ''}"


def _spoken(column: str, *, keep_unit: bool) -> str:
    text = plain_text(column)
    unit = _UNIT.search(text)
    if unit and unit.start() > 0:
        text, tail = text[: unit.start()], text[unit.start() :]
    else:
        tail = ""
    words = _JOINTS.sub(" ", _CAMEL.sub(" ", text)).split()
    shouted = all(word.upper() == word for word in words)
    spoken = " ".join(
        word if word.isupper() and 1 < len(word) <= 4 and not shouted else word.lower()
        for word in words
    )
    return (spoken + (tail if keep_unit else "")).strip() or plain_text(column) or "unnamed"


def feature_words(columns: Iterable[str]) -> dict[str, str]:
    """Say each column name in plain words, no two alike.

    Units in brackets go, underscores and camel case become blanks, long names are shortened in
    their middle. Columns that would sound alike keep their unit, then their full name, then get
    a number.

    Parameters
    ----------
    columns : iterable of str
        Distinct column names.

    Returns
    -------
    dict of str to str
        Column name to words, in the order given.

    Examples
    --------
    >>> feature_words(["Annual Income (k$)", "Detergents_Paper", "daysSinceLastOrder"])
    {'Annual Income (k$)': 'annual income', 'Detergents_Paper': 'detergents paper', \
'daysSinceLastOrder': 'days since last order'}
    >>> list(feature_words(["Income (k$)", "Income (k€)"]).values())
    ['income (k$)', 'income (k€)']
    """
    names = list(dict.fromkeys(columns))
    words = {name: shorten(_spoken(name, keep_unit=False)) for name in names}
    for name in _alike(words):
        words[name] = shorten(_spoken(name, keep_unit=True))
    for name in _alike(words):
        words[name] = shorten(plain_text(name)) or words[name]
    taken: set[str] = set()
    for name, said in words.items():
        number = 2
        unique = said
        while unique in taken:
            unique = f"{said} {number}"
            number += 1
        taken.add(unique)
        words[name] = unique
    return words


def _alike(words: dict[str, str]) -> list[str]:
    """Return the names whose words another name shares."""
    said = list(words.values())
    return [name for name, text in words.items() if said.count(text) > 1]


def plain_number(value: float | None, *, compact: bool = False) -> str:
    """Write a number with about three digits, as on a price tag.

    Parameters
    ----------
    value : float or None
        None and NaN become a dash.
    compact : bool, default=False
        Write thousands, millions and billions as ``k``, ``M`` and ``bn``.

    Examples
    --------
    >>> [plain_number(x) for x in (55.2963, 0.04217, 12669, 3.0, -1250000.4, None)]
    ['55.3', '0.0422', '12,669', '3', '-1,250,000', '-']
    >>> plain_number(1254000, compact=True)
    '1.25M'
    """
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    size = abs(value)
    if size == 0:
        return "0"
    if compact:
        for unit, suffix in ((1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e4, "k")):
            if size >= unit * 0.9995:
                divisor = 1e3 if suffix == "k" else unit
                return plain_number(float(f"{value / divisor:.3g}")) + suffix
    if value == round(value) and size < 1e15:
        return f"{value:,.0f}"
    if size >= 1e15 or size < 1e-4:
        return f"{value:.2e}"
    digits = 0 if size >= 99.95 else 1 if size >= 9.995 else 2
    if size < 1:
        digits = 2 - math.floor(math.log10(size))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain_date(days: float | None) -> str:
    """Write days since 1970-01-01 as a calendar day.

    Examples
    --------
    >>> plain_date(19723.4)
    '2024-01-01'
    """
    if days is None or math.isnan(days):
        return "-"
    try:
        return (date(1970, 1, 1) + timedelta(days=math.floor(days))).isoformat()
    except OverflowError:
        return plain_number(days)


def plain_share(share: float | None) -> str:
    """Write a share as a percentage that never rounds to nothing or to all.

    Examples
    --------
    >>> [plain_share(x) for x in (0.405, 0.12, 0.0004, 0.9999, 1.0, None)]
    ['40.5 %', '12.0 %', '< 0.1 %', '> 99.9 %', '100 %', '-']
    """
    if share is None or math.isnan(share):
        return "-"
    if share in (0.0, 1.0):
        return f"{100 * share:.0f} %"
    if 0 < share < 0.0005:
        return "< 0.1 %"
    if 0.9995 < share < 1:
        return "> 99.9 %"
    return f"{100 * share:.1f} %"


def plain_numbers(values: Sequence[float | None]) -> list[str]:
    """Write the numbers of one column with the same number of decimals.

    Examples
    --------
    >>> plain_numbers([400.0, 271.04, 65.568, None])
    ['400.0', '271.0', '65.6', '-']
    >>> plain_numbers([3.0, 12.0]), plain_numbers([1.0, 1e-9])
    (['3', '12'], ['1', '1.00e-09'])
    """
    known = [abs(value) for value in values if value is not None and math.isfinite(value)]
    sizes = [size for size in known if size]
    if not sizes or max(sizes) >= 1e15 or min(sizes) < 1e-4:
        return [plain_number(value) for value in values]
    digits = 0
    if any(value != round(value) for value in known):
        # Three digits for the smallest value, but no more than five for the largest.
        least, most = (math.floor(math.log10(of(sizes))) for of in (min, max))
        digits = max(0, min(2 - least, 4 - most))
    return [
        f"{value + 0.0:,.{digits}f}"
        if value is not None and math.isfinite(value)
        else plain_number(value)
        for value in values
    ]
