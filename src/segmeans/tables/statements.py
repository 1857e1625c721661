"""A query in named steps, laid out to be read: one column per line, each step from the last one.

The parts come from :mod:`segmeans.tables.sql`; only the frame around them is text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from segmeans.errors import SettingError
from segmeans.tables import sql

FENCED = {"postgres", "duckdb", "sqlite"}
"""Engines that fold steps into one another unless told to work each out first."""
LONG = 100
NAME_BYTES = 63
"""PostgreSQL cuts longer names, without an error."""


class Step(NamedTuple):
    """One step: the columns it makes from those of the step before it."""

    name: str
    columns: Mapping[str, sql.Expression]


def layered(
    steps: Sequence[Step], source: sql.Expression, dialect: str, *, notes: Sequence[str] = ()
) -> str:
    """Return one statement that carries out the steps in turn; the last one is its result.

    Parameters
    ----------
    steps : sequence of Step
    source : Expression
        A table, for the first step.
    dialect : str
        As :func:`segmeans.tables.sql.render` takes it.
    notes : sequence of str
        Lines above the statement; whatever could end a comment is taken out.

    Returns
    -------
    str
        Ends with a semicolon and a line feed.
    """
    fence = "AS MATERIALIZED" if dialect in FENCED else "AS"
    *inner, last = steps
    below = source
    parts: list[str] = []
    for step in inner:
        name = sql.render(sql.column(step.name), dialect)
        body = _select(step, below, dialect, "  ", ours=bool(parts))
        parts.append(f"{name} {fence} (\n{body}\n)")
        below = sql.table(step.name)
    head = f"WITH {', '.join(parts)}\n" if parts else ""
    said = "".join(f"-- {_harmless(note)}\n" for note in notes)
    return f"{said}{head}{_select(last, below, dialect, '', ours=bool(parts))};\n"


def _select(step: Step, source: sql.Expression, dialect: str, indent: str, *, ours: bool) -> str:
    """Write a step; ``ours`` says that it names no column of a user, so that lines may break."""
    lines = []
    for name, value in step.columns.items():
        text = sql.render(value, dialect)
        text = _broken(text, f"\n{indent}      ") if ours else text
        lines.append(f"{indent}  {text} AS {sql.render(sql.column(name), dialect)}")
    listed = ",\n".join(lines)
    return f"{indent}SELECT\n{listed}\n{indent}FROM {sql.render(source, dialect)}"


def _broken(text: str, line: str) -> str:
    """Break long choices and long sums of products, where no text could be broken as well."""
    if len(text) <= LONG or "'" in text:
        return text
    if text.startswith("CASE "):
        return re.sub(r"(?<!CASE) (?=WHEN )", line, text)
    terms = re.split(r" (?=[+-] \()", text)
    return line.join(" ".join(terms[first : first + 4]) for first in range(0, len(terms), 4))


def _harmless(note: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in note).replace("*/", "* /")


def cut_names(names: Sequence[str], dialect: str) -> dict[str, str]:
    """Return the names of columns as the engine knows them.

    Parameters
    ----------
    names : sequence of str
    dialect : str

    Returns
    -------
    dict of str to str

    Raises
    ------
    SettingError
        When two names are the same once PostgreSQL has cut them to 63 bytes.

    Examples
    --------
    >>> len(cut_names(["x" * 70], "postgres")["x" * 70])
    63
    """
    if dialect != "postgres":
        return {name: name for name in names}
    cut = {name: name.encode()[:NAME_BYTES].decode(errors="ignore") for name in names}
    known: dict[str, str] = {}
    for name, short in cut.items():
        if short in known:
            raise SettingError(
                "Two columns have the same name once PostgreSQL has cut it to 63 bytes",
                where=short,
                found=f"{known[short]!r} and {name!r}",
                hint="rename one of them and train the model again",
            )
        known[short] = name
    return cut
