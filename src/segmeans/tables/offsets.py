"""Times that are written with their offset from UTC: 2024-01-31T23:30:00+02:00, or with a Z."""

from __future__ import annotations

import re

from segmeans.records import Finding
from segmeans.tables.duck import Engine, literal, quoted

UTC, AHEAD = "VARCHAR, TIME ZONE UTC", "VARCHAR, TIME ZONES"  # origins of columns of such times
MOST = 5  # offsets that are named

_NONE = re.compile(r"Z|UTC|GMT|[+-]00:?(?:00)?")
# Behind a time.
_OFFSET = r"(:[0-9]{2}(?:[.,][0-9]+)?)\s*(z|utc|gmt|[+-][0-9]{2}:?(?:[0-9]{2})?)\s*$"


def without_offset(value: str) -> str:
    """Return SQL for a text without its offset."""
    return f"regexp_replace({value}, {literal(_OFFSET)}, '\\1', 'i')"


def offsets_note(engine: Engine, relation: str, name: str) -> tuple[str, Finding] | None:
    """Return the origin of a column of texts with offsets, and a note; None where it has none.

    Parameters
    ----------
    engine : Engine
    relation : str
        The table or view with the column.
    name : str
        The column.
    """
    value = quoted(name)
    offset = f"upper(regexp_extract(CAST({value} AS VARCHAR), {literal('(?i)' + _OFFSET)}, 2))"
    rows = engine.rows(
        f"SELECT {offset}, count(*) FROM {quoted(relation)} WHERE {value} IS NOT NULL "
        "GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    carried = [(offset, count) for offset, count in rows if offset]
    if not carried:
        return None
    named = ", ".join(f"{count:,} with {offset}" for offset, count in carried[:MOST])
    more = sum(count for _, count in carried[MOST:])
    named += f", {more:,} with others" if more else ""
    bare = sum(count for offset, count in rows if not offset)
    named += f", {bare:,} without" if bare else ""
    ahead = not all(_NONE.fullmatch(offset) for offset, _ in carried)
    read = "the clock was read as written, without its offset" if ahead else "they were read in UTC"
    return AHEAD if ahead else UTC, Finding(
        level="note",
        code="utc-offsets",
        where=name,
        evidence=f"Times are written with their offset from UTC: {named}; {read}.",
    )
