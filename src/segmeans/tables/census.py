"""What the values of text columns look like: counts over all rows, and forms in a sample.

Where values repeat, as in an order log, each different value is looked at once and counts as
often as it occurs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from segmeans.tables.duck import Engine, quoted
from segmeans.tables.values import DATE_ORDERS

SAMPLE_ROWS = 2_000
FIRST = 1_000  # rows that are looked at before all are
REPEATS = 4  # rows per different value, from which grouping is cheaper than looking at each row

Counts = Mapping[str, int]

# Over the text c of a column, c trimmed as t, its value v, and d and w: v as a number and as a
# whole number.
_CENSUS = {
    "held": "c IS NOT NULL",
    "tidy": "worded_trim(t) = c",
    "filled": "t <> ''",
    "present": "v IS NOT NULL",
    "worded": "worded_trim(t) IS NOT NULL",
    "finite": "isfinite(d) AND decimal_text(v)",
    "infinite": "infinite(v)",
    "whole": "CAST(w AS VARCHAR) = v",
    "padded": "starts_with(v, '0') AND length(v) > 1 AND w IS NOT NULL AND NOT contains(v, '.')",
    "long": "length(v) > 15 AND d IS NOT NULL AND NOT contains(v, '.')",
}
_RANGE = {"low": "min(w)", "high": "max(w)"}
# Plainly words, such as C10242626: a letter first, which the range of a column tells, and a digit
# last; no number, marker of a missing value or padded text has both.
_LETTER_FIRST = "min({0}) >= 'A' AND max({0}) < '{{'"
_DIGIT_LAST = "{0}[-1] BETWEEN '0' AND '9'"
_OF_WORDS = ("held", "tidy", "filled", "present", "worded")
# Over a sample of values v and the same without currency and sign marks, b.
_FORMS = {
    "present": "count(v)",
    "point": "count(point_bare(b))",
    "comma": "count(comma_bare(b))",
    "unclear": "count_if(point_bare(b) <> comma_bare(b))",
    "plain": "count(plain_number(v))",
    "dressed": "count_if(b <> v)",
    "ymd": "count(moment_ymd(v))",
    **{order: f"count(moment_{order}(v))" for order in DATE_ORDERS},
    **{
        f"{order}_timed": f"count_if(CAST(moment_{order}(v) AS TIME) > '00:00:00')"
        for order in DATE_ORDERS
    },
}


def take_census(engine: Engine, relation: str, names: list[str]) -> dict[str, dict[str, int]]:
    """Count over all rows what the values of text columns look like.

    Parameters
    ----------
    engine : Engine
        Has been taught the grammar of values.
    relation : str
        The table or view that holds the columns.
    names : list of str
        Its columns of text.

    Returns
    -------
    dict of str to dict of str to int
        By column: the rows that ``held`` a text, of these ``tidy`` ones, which are words as they
        stand, ``filled`` ones, and so on; ``low`` and ``high`` are the range of whole numbers.
    """
    found = _plain_words(engine, relation, names)
    names = [name for name in names if name not in found]
    repeating = _repeating(engine, relation, names)
    apart = [name for name in names if name not in repeating]
    listed = ", ".join(f"CAST({quoted(name)} AS VARCHAR) AS c{i}" for i, name in enumerate(apart))
    found |= _counted(engine, f"SELECT {listed} FROM {quoted(relation)}", apart, _each_row)
    for name in repeating:
        values = (
            f"SELECT CAST({quoted(name)} AS VARCHAR) AS c0, count(*) AS n FROM {quoted(relation)} "
            "GROUP BY 1"  # a column of the table may be named as this one
        )
        found |= _counted(engine, values, [name], _as_often)
    return found


def _plain_words(engine: Engine, relation: str, names: list[str]) -> dict[str, dict[str, int]]:
    """Return the census of the columns that hold nothing but plain words, such as ids."""
    every = quoted(relation)
    likely = _where(engine, f"(SELECT * FROM {every} LIMIT {FIRST})", names, _LETTER_FIRST)
    likely = _where(engine, every, likely, _LETTER_FIRST)
    found = _where(
        engine, every, likely, f"CASE WHEN bool_and({_DIGIT_LAST}) THEN count({{0}}) END"
    )
    return {
        name: dict.fromkeys((*_CENSUS, *_RANGE), 0) | dict.fromkeys(_OF_WORDS, rows)
        for name, rows in found.items()
    }


def _where(engine: Engine, rows: str, names: Iterable[str], measure: str) -> dict[str, int]:
    """Return a measure of the columns for which it is neither missing nor 0."""
    wanted = [measure.format(f"CAST({quoted(name)} AS VARCHAR)") for name in names]
    row = engine.rows(f"SELECT {', '.join(wanted)} FROM {rows}")[0] if wanted else ()
    return {name: int(value) for name, value in zip(names, row, strict=True) if value}


def _repeating(engine: Engine, relation: str, names: list[str]) -> list[str]:
    if not names:
        return []
    wanted = ", ".join(f"approx_count_distinct({quoted(name)})" for name in names)
    rows, *distinct = engine.rows(f"SELECT count(*), {wanted} FROM {quoted(relation)}")[0]
    return [name for name, some in zip(names, distinct, strict=True) if some * REPEATS <= rows]


def _each_row(condition: str) -> str:
    return f"count_if({condition})"


def _as_often(condition: str) -> str:
    return f"sum(CASE WHEN {condition} THEN n END)"


def _counted(
    engine: Engine, texts: str, names: list[str], count: Callable[[str], str]
) -> dict[str, dict[str, int]]:
    """Return the census of the columns c0, c1, ... that a query gives."""
    measures = {name: count(condition) for name, condition in _CENSUS.items()} | _RANGE
    each = range(len(names))
    trimmed = ", ".join(f"trimmed_text(c{i}) AS t{i}" for i in each)
    valued = ", ".join(f"valued_trim(t{i}) AS v{i}" for i in each)
    numbers = ", ".join(
        f"TRY_CAST(v{i} AS DOUBLE) AS d{i}, TRY_CAST(v{i} AS BIGINT) AS w{i}" for i in each
    )
    source = (
        f"(SELECT *, {numbers} FROM (SELECT *, {valued} FROM (SELECT *, {trimmed} FROM ({texts}))))"
    )
    return _measured(engine, source, names, measures)


def count_forms(engine: Engine, relation: str, names: list[str]) -> dict[str, dict[str, int]]:
    """Count over rows spread evenly through the table which written forms values have.

    Parameters
    ----------
    engine, relation, names
        As for :func:`take_census`.

    Returns
    -------
    dict of str to dict of str to int
    """
    if not names:
        return {}
    rows = engine.rows(f"SELECT count(*) FROM {quoted(relation)}")[0][0]
    step = max(1, rows // SAMPLE_ROWS)
    columns = ", ".join(f"{quoted(name)} AS c{i}" for i, name in enumerate(names))
    spread = (
        f"SELECT * FROM (SELECT {columns}, row_number() OVER () AS n FROM {quoted(relation)}) "
        f"WHERE n % {step} = 0"
    )
    valued = ", ".join(f"valued(c{i}) AS v{i}" for i in range(len(names)))
    bared = ", ".join(f"v{i}, bare(v{i}) AS b{i}" for i in range(len(names)))
    source = f"(SELECT {bared} FROM (SELECT {valued} FROM ({spread})))"
    return _measured(engine, source, names, _FORMS)


def _measured(
    engine: Engine, source: str, names: list[str], measures: Mapping[str, str]
) -> dict[str, dict[str, int]]:
    """Return measures of the columns t0, v0, ... of a source, all from one query."""
    if not names:
        return {}
    wanted = ", ".join(
        re.sub(r"\b([ctvdwb])\b(?![(])", rf"\g<1>{i}", measure)
        for i in range(len(names))
        for measure in measures.values()
    )
    flat = iter(engine.rows(f"SELECT {wanted} FROM {source}")[0])
    return {name: {measure: int(next(flat) or 0) for measure in measures} for name in names}
