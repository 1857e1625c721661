"""When an order was placed: a moment, from dates, from texts in several formats, or from UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from segmeans.errors import SettingError
from segmeans.records import Finding
from segmeans.tables.duck import Table, literal, quoted
from segmeans.tables.offsets import AHEAD, offsets_note, without_offset
from segmeans.tables.values import teach

_READABLE = {
    "iso": "count(coalesce(moment_ymd(v), moment_iso(v), moment_named(v)))",
    "day": "count_if(moment_day(v) IS NOT NULL AND moment_month(v) IS NULL)",
    "month": "count_if(moment_month(v) IS NOT NULL AND moment_day(v) IS NULL)",
    "either": "count_if(moment_month(v) <> moment_day(v))",
}

ABSURD = date(2100, 1, 1)  # no order was placed from here on
FAR = timedelta(days=3653)  # ten years without an order, before dates that are taken for wrong
FEW = 100  # at most one line in so many, or a single one, may have such dates


def last_sound_day(days: Sequence[tuple[date, int]]) -> date | None:
    """Return the last day that can be that of an order; later dates are clearly wrong.

    The rule looks at the log alone, never at a clock: the same log reads the same on every day.
    Wrong are days from the year 2100 on, and the days of a few lines (one in 100, or a single
    one) after at least ten years without an order that are also longer than the log before them.

    Parameters
    ----------
    days : sequence of (date, int)
        Every day of the log with its lines, rising.

    Returns
    -------
    date or None
        None when no day is wrong.

    Examples
    --------
    >>> last_sound_day([(date(2024, 1, 1), 50), (date(2024, 1, 2), 50), (date(2042, 1, 3), 1)])
    datetime.date(2024, 1, 2)
    """
    sound = [(day, lines) for day, lines in days if day < ABSURD]
    most = max(1, sum(lines for _, lines in sound) // FEW)
    begin = _early_day(sound, most)
    late, place = 0, len(sound) - 1
    last = place
    while place > 0 and (late := late + sound[place][1]) <= most:
        gap = sound[place][0] - sound[place - 1][0]
        if gap >= max(FAR, sound[place - 1][0] - begin):
            last = place - 1
        place -= 1
    if last == len(days) - 1:
        return None
    return sound[last][0] if sound else ABSURD - timedelta(days=1)


def _early_day(days: Sequence[tuple[date, int]], most: int) -> date:
    """Return the first day but for those of a few lines, which may be wrong as well."""
    seen = 0
    for day, lines in days:
        seen += lines
        if seen > most:
            return day
    return ABSURD


def moment(table: Table, name: str, time_zone: str | None) -> tuple[str, tuple[Finding, ...]]:
    """Return the SQL of the moment a line was bought at, and what was odd about the column.

    Parameters
    ----------
    table : Table
        The order log.
    name : str
        Its date column, of any type.
    time_zone : str or None
        Times are in UTC and are wanted as local times of this zone; None leaves them.

    Raises
    ------
    SettingError
        If there is no such time zone, or the column holds days without times.
    """
    column = table.column(name)
    found: tuple[Finding, ...] = ()
    value, origin = quoted(name), column.origin.upper()
    if column.type not in ("DATE", "TIMESTAMP"):
        value, found, origin = _mixed(table, name)
    sql = f"CAST({value} AS TIMESTAMP)"
    if time_zone:
        _check_zone(table, time_zone, column.type, name)
        if origin == AHEAD:
            raise SettingError(
                "The setting 'time_zone' needs times in UTC",
                where=name,
                found="times with other offsets from UTC",
                hint="leave it out: the days are those written; or write all times in UTC",
            )
        return f"timezone({literal(time_zone)}, timezone('UTC', {sql}))", found
    if origin != AHEAD and any(mark in origin for mark in ("ZONE", "TIMESTAMPTZ")):
        found += (_in_utc(name),)
    return sql, found


def _check_zone(table: Table, zone: str, type_: str, name: str) -> None:
    if type_ == "DATE":
        raise SettingError(
            "A time zone needs times", where=name, found="days without times", hint="leave it out"
        )
    query = "SELECT name FROM pg_timezone_names() WHERE name = ?"
    if not table.engine.rows(query, [zone]):
        raise SettingError(
            "There is no such time zone",
            where="setting 'time_zone'",
            found=zone,
            allowed="a name like Europe/Berlin or UTC",
        )


def _in_utc(name: str) -> Finding:
    return Finding(
        level="note",
        code="time-zone",
        where=name,
        evidence="The times carry a time zone; calendar days are counted in UTC.",
        advice="Say where the shop is with the setting 'time_zone', for example Europe/Berlin.",
    )


def _mixed(table: Table, name: str) -> tuple[str, tuple[Finding, ...], str]:
    """Read each value of a text column in its own format; return the origin of its times as well.

    An offset is left out: the day of an order is the day that was written.
    """
    teach(table.engine)
    value = f"valued({quoted(name)})"
    carried = offsets_note(table.engine, table.relation, name)
    if carried is not None:
        value = without_offset(value)
    query = (
        f"SELECT {', '.join(_READABLE.values())} "
        f"FROM (SELECT {value} AS v FROM {quoted(table.relation)})"
    )
    row = table.engine.rows(query, where=table.name)[0]
    counts = {way: int(count or 0) for way, count in zip(_READABLE, row, strict=True)}
    ways = ("month", "day") if counts["month"] > counts["day"] else ("day", "month")
    reads = ", ".join(f"moment_{way}({value})" for way in ("ymd", "iso", "named", *ways))
    found = (_formats(name, counts, ways[0]),) if any(counts.values()) else ()
    if carried is None:
        return f"coalesce({reads})", found, ""
    return f"coalesce({reads})", (*found, carried[1]), carried[0]


def _formats(name: str, counts: dict[str, int], first: str) -> Finding:
    unsure = bool(counts["either"]) and bool(counts["day"]) == bool(counts["month"])
    return Finding(
        level="problem" if unsure else "warning",
        code="mixed-dates",
        where=name,
        evidence=f"Dates are written in several ways: {counts['iso']:,} with the year first or "
        f"the month in words, {counts['day']:,} that can only be day first, {counts['month']:,} "
        f"that can only be month first, {counts['either']:,} that could be either and were read "
        f"{first} first.",
        advice="Write all dates as 2024-12-31."
        if unsure
        else "Check a few dates after the reading.",
    )
