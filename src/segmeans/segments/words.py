"""Column names and other texts from the data as a person would say them."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable

LONGEST = 40  # characters of a feature in a sentence
LONGEST_UNIT = 16  # characters of a unit, brackets included, beside a feature

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


def labels(columns: Iterable[str]) -> dict[str, str]:
    """Say each column name in plain words with its unit, for the edge of a table or a figure.

    Examples
    --------
    >>> labels(["Annual Income (k$)", "Detergents_Paper"])
    {'Annual Income (k$)': 'annual income (k$)', 'Detergents_Paper': 'detergents paper'}
    """
    words = feature_words(columns)
    told = {name: said + _unit_after(name, said) for name, said in words.items()}
    alike = _alike(told)
    return {name: words[name] if name in alike else said for name, said in told.items()}


def _unit_after(column: str, said: str) -> str:
    """Return the unit that a column name ends with, unless it is said or too long."""
    unit = _UNIT.search(plain_text(column))
    if unit is None or unit.start() == 0:
        return ""
    text = unit.group().strip()
    return "" if said.endswith(text) or len(text) > LONGEST_UNIT else f" {text}"


def _alike(words: dict[str, str]) -> list[str]:
    """Return the names whose words another name shares."""
    said = list(words.values())
    return [name for name, text in words.items() if said.count(text) > 1]
