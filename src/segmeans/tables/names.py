"""What the name of a column says, whatever its spelling: its words, and whether it is an id."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W_]+|#")


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text, separated by blanks."""
    return frozenset(text.split())


_WHO = word_set(
    "customer cust client user member account acct household person subscriber contact loyalty "
    "shopper buyer guest patient student employee respondent kunde kunden mitglied cliente "
    "clientes klant"
)
_NUMBERED = word_set("id ids no nr num number nummer numero code key ref reference hash identifier")
_ID_ANYWHERE = word_set("id ids uuid guid")
_ID_ALONE = word_set("uid rowid index rownames # identifier")
_ID_RUN = re.compile(
    r"(?:customer|cust|client|user|member|account|household|person|subscriber|contact|kunden?)"
    r"(?:id|no|nr|num|number|nummer|code|key)|unnamed"
)


def words(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case.

    Examples
    --------
    >>> words("AnnualIncome (k$)")
    ('annual', 'income', 'k')
    >>> words("customer_id")
    ('customer', 'id')
    """
    return tuple(part.casefold() for part in _WORD.findall(_CAMEL.sub(" ", name)))


def says_id(name: str) -> bool:
    """Return whether a name claims to identify something.

    Examples
    --------
    >>> [says_id(name) for name in ("CustomerID", "Kundennummer", "InvoiceNo", "paid", "Age")]
    [True, True, True, False, False]
    """
    parts = words(name)
    if not parts:
        return False
    if _ID_ANYWHERE & set(parts):
        return True
    if len(parts) == 1:
        return parts[0] in _ID_ALONE or bool(_ID_RUN.fullmatch(parts[0]))
    if parts[-1] in _NUMBERED or parts[:2] == ("unnamed", "0"):
        return True
    return any(noun in _WHO and number in _NUMBERED for noun, number in pairwise(parts))


def says_customer(name: str) -> bool:
    """Return whether a name speaks of a customer, as the id of a customer table does.

    Examples
    --------
    >>> [says_customer(name) for name in ("CustomerID", "StoreID", "id")]
    [True, False, False]
    """
    return any(part in _WHO or _ID_RUN.fullmatch(part) for part in words(name))


def unique(names: Sequence[str]) -> list[str]:
    """Return tidy names, each used once whatever the case of its letters.

    Padding and line breaks go, an empty name becomes ``column_3`` for the third column, a name
    that was used before gets a number.

    Examples
    --------
    >>> unique([" Age ", "age", "", "Age"])
    ['Age', 'age_2', 'column_3', 'Age_3']
    """
    used: set[str] = set()
    tidy: list[str] = []
    for position, name in enumerate(names, start=1):
        base = " ".join(name.replace("\ufeff", "").replace("\x00", "").split())
        base = base or f"column_{position}"
        candidate, count = base, 1
        while candidate.casefold() in used:
            count += 1
            candidate = f"{base}_{count}"
        used.add(candidate.casefold())
        tidy.append(candidate)
    return tidy


def shown(values: Iterable[object], most: int = 5) -> str:
    """Return the first few values, quoted, and how many more there are.

    Examples
    --------
    >>> shown(["a", "b", "c"], 2)
    "'a', 'b' and 1 more"
    """
    texts = [clipped(str(value)) for value in values]
    head = ", ".join(f"'{text}'" for text in texts[:most])
    return head + (f" and {len(texts) - most:,} more" if len(texts) > most else "")


def clipped(text: str, most: int = 40) -> str:
    """Return a text on one line, without control characters, cut to ``most`` characters."""
    line = "".join(mark if mark.isprintable() else " " for mark in text)
    return line if len(line) <= most else line[: most - 1] + "…"
