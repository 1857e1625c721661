"""From the values of a column, as the source gives them, to numbers, dates, text and missing.

Every decision comes from aggregates over *all* rows, never from a sample, so that nothing is
lost without being counted. A column of text becomes numbers or dates only when its values do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from segmeans.records import Finding
from segmeans.tables.census import SAMPLE_ROWS, Counts, count_forms, take_census
from segmeans.tables.duck import Column, Engine, quoted
from segmeans.tables.formats import FORMS, keeps, other_form
from segmeans.tables.names import says_id, shown
from segmeans.tables.offsets import offsets_note
from segmeans.tables.values import DATE_ORDERS, teach

PARSED_SHARE = 0.9  # a column is numbers (dates) when this share of its values reads as such
LIKELY_SHARE = 0.5  # of a sample, before all rows are asked
CODED_SHARE = 0.005  # unreadable values with digits in them, from which numbers are codes

Decimal = Literal[".", ","]

PLAINER = {"point": ("plain", "whole"), "comma": ("plain", "whole")}
"""Forms in which nothing speaks against the one known: whole numbers have no decimal mark."""
_SERVED = {
    "FLOAT": "DOUBLE",
    "DOUBLE": "DOUBLE",
    "BIGINT": "BIGINT",
    "INTEGER": "BIGINT",
    "SMALLINT": "BIGINT",
    "TINYINT": "BIGINT",
    "UINTEGER": "BIGINT",
    "USMALLINT": "BIGINT",
    "UTINYINT": "BIGINT",
    "UBIGINT": "DOUBLE",
    "HUGEINT": "DOUBLE",
    "UHUGEINT": "DOUBLE",
    "BOOLEAN": "VARCHAR",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """How one column is served: the SQL over its source column, and the type that gives."""

    column: Column
    sql: str


def serve_columns(
    engine: Engine,
    source: str,
    served: str,
    *,
    copy: bool,
    decimal: Decimal | None = None,
    text: Iterable[str] = (),
    numbers: Iterable[str] = (),
    words: Collection[str] = (),
    known: Mapping[str, str] | None = None,
) -> tuple[tuple[Column, ...], tuple[Finding, ...]]:
    """Decide what the values of every column are, and serve the columns as that.

    Parameters
    ----------
    engine : Engine
        The engine that holds the rows.
    source : str
        The table or view with the rows as the source gives them.
    served : str
        Name of the new table or view with the same rows, missing values as NULL and columns of
        the types of :class:`Column`.
    copy : bool
        Make a table, where reading the text again for every query would be slow; else a view.
    decimal : {".", ","}, optional
        The decimal mark, when the user stated it.
    text : iterable of str, default=()
        Columns that stay text whatever they hold (the id).
    numbers : iterable of str, default=()
        Columns that become numbers when their values allow it, whatever their name says.
    words : collection of str, default=()
        Columns whose text, where it is text, is words and not measured, which takes time.
    known : mapping of str to str, optional
        How columns of text were written on an earlier day (:data:`segmeans.tables.formats.FORMS`).

    Returns
    -------
    columns : tuple of Column
        The columns of ``served``, in order.
    findings : tuple of Finding
        What was odd: markers of missing values, infinities, text among numbers, formats.
    """
    teach(engine)
    types = engine.types(f"SELECT * FROM {quoted(source)}")
    keep, force = set(text), set(numbers)
    columns = _text_columns(
        engine,
        source,
        [name for name, type_ in types.items() if _is_text(type_) and name not in words],
        decimal=decimal,
        keep=keep,
        force=force,
    )
    typed = _typed_columns(engine, source, types, keep - force)
    for name, type_ in types.items():
        if _is_text(type_) and name in words:
            # few words, which Parquet lists: trimming each of them once beats looking at all rows
            macro = "worded" if copy or name in keep else "worded_few"
            typed[name] = Reading(Column(name, "VARCHAR"), f"{macro}({quoted(name)})"), []
    known = {name: form for name, form in (known or {}).items() if name in columns}
    kinds = {name: _kind(column, known.get(name, "")) for name, column in columns.items()}

    def reading(name: str) -> Reading:
        return typed[name][0] if name in typed else _reading(columns[name], kinds[name])

    made = "TABLE" if copy else "VIEW"
    while True:
        readings = [reading(name) for name in types]
        listed = ", ".join(f"{r.sql} AS {quoted(r.column.name)}" for r in readings)
        engine.run(
            f"CREATE OR REPLACE {made} {quoted(served)} AS SELECT {listed} FROM {quoted(source)}"
        )
        lost = _lost(engine, source, served, columns, kinds)
        failed = [name for name, (rows, _) in lost.items() if _too_many(columns[name], *lost[name])]
        if not failed:
            break
        kinds |= dict.fromkeys(failed, "text")
    findings: list[Finding] = []
    for name in types:
        if name in typed:
            findings += typed[name][1]
        else:
            column, kind, form = columns[name], kinds[name], known.get(name, "")
            findings += _findings(engine, source, column, reading(name), kind, lost, form)
            if form and kind not in (form, *PLAINER.get(form, ())):
                findings.append(other_form(name, form, kind, column.forms))
    carried = {
        name: note
        for name, kind in kinds.items()
        if kind == "iso" and columns[name].forms["iso_timed"]
        if (note := offsets_note(engine, source, name)) is not None
    }
    return tuple(
        replace(r.column, origin=carried[r.column.name][0])
        if r.column.name in carried
        else r.column
        for r in readings
    ), (*findings, *(note for _, note in carried.values()))


def _is_text(type_: str) -> bool:
    return type_ in ("VARCHAR", "UUID") or (type_.startswith("ENUM") and not type_.endswith("]"))


# --- columns of text ---------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class _Text:
    """What is known about one column of text."""

    name: str
    census: Counts  # over all rows
    forms: Counts  # over a sample; empty when the census says enough
    mark: Decimal  # the decimal mark of the table
    unclear: bool  # could be read with either mark
    stays_text: bool
    forced: bool

    @property
    def values(self) -> int:
        """Rows with a value that is not infinite."""
        return self.census["present"] - self.census["infinite"]

    @property
    def is_tidy(self) -> bool:
        """Whether no value is padded or stands for a missing one: text can be taken as it is."""
        return self.census["tidy"] == self.census["held"]

    @property
    def value(self) -> str:
        """SQL of its values: the column as it is where :attr:`is_tidy` and none is missing."""
        bare = self.is_tidy and self.census["present"] == self.census["held"]
        return quoted(self.name) if bare else f"valued({quoted(self.name)})"


def _text_columns(
    engine: Engine,
    source: str,
    names: list[str],
    *,
    decimal: Decimal | None,
    keep: set[str],
    force: set[str],
) -> dict[str, _Text]:
    census = take_census(engine, source, names)
    fixed = {name for name in names if name in keep or (says_id(name) and name not in force)}
    open_ = [name for name in names if name not in fixed and _needs_forms(census[name])]
    forms = count_forms(engine, source, open_)
    mark, unclear = _decimal_mark(forms, decimal)
    return {
        name: _Text(
            name=name,
            census=census[name],
            forms=forms.get(name, {}),
            mark=mark,
            unclear=name in unclear,
            stays_text=name in fixed,
            forced=name in force,
        )
        for name in names
    }


def _needs_forms(census: Counts) -> bool:
    """Return whether a column is not plainly whole numbers; eight digits may be a date."""
    if census["present"] == 0:
        return False
    if census["whole"] < census["present"]:
        return True
    return census["low"] >= 19000101 and census["high"] <= 21001231


def _decimal_mark(
    forms: Mapping[str, Counts], stated: Decimal | None
) -> tuple[Decimal, frozenset[str]]:
    """Return the decimal mark of the table and the columns that could be read either way.

    A value like ``12,5`` can only have a decimal comma, ``12.5`` or ``1,234.5`` only a point;
    ``1,234`` and ``1.234`` say nothing by themselves and follow the rest of the table.
    """
    votes = [form["comma"] - form["point"] for form in forms.values()]
    comma, point = sum(vote > 0 for vote in votes), sum(vote < 0 for vote in votes)
    mark: Decimal = stated or ("," if comma > point else ".")
    if stated or comma or point:
        return mark, frozenset()
    return mark, frozenset(name for name, form in forms.items() if form["unclear"])


def _kind(column: _Text, known: str = "") -> str:
    """Return what a column looks like: text, whole, plain, point or comma; an order of dates.

    What it looked like on an earlier day goes first, where its values allow that.
    """
    census, forms = column.census, column.forms
    values = census["present"] - census["infinite"]
    if values == 0 and census["infinite"] and not column.stays_text:
        return "plain"
    if column.stays_text or values <= 0 or (_is_code(census) and not column.forced):
        return "text"
    if known and keeps(known, forms, PARSED_SHARE):
        return known
    if forms and forms["ymd"] == forms["present"] and census["high"] <= 21001231:
        return "ymd"
    if census["whole"] == values:
        return "whole"
    local = _local_mark(column)
    if local == "point" and census["finite"] >= PARSED_SHARE * values:
        dressed = forms["dressed"] or forms["point"] > forms["plain"]
        return "point" if dressed else "plain"
    candidates = [local, *DATE_ORDERS]
    best = max(candidates, key=lambda form: forms[form])  # the first of equals
    return best if forms[best] >= LIKELY_SHARE * forms["present"] > 0 else "text"


def _is_code(census: Counts) -> bool:
    """Return whether runs of digits cannot be amounts: padded with zeros, or too long."""
    runs = census["whole"] + census["padded"] + census["long"]
    return bool(census["padded"] or census["long"]) and runs >= PARSED_SHARE * census["present"]


def _local_mark(column: _Text) -> Literal["point", "comma"]:
    """Return the decimal mark of a column: its own evidence first, then the table's."""
    vote = column.forms["comma"] - column.forms["point"]
    if vote:
        return "comma" if vote > 0 else "point"
    return "comma" if column.mark == "," else "point"


def _reading(column: _Text, kind: str) -> Reading:
    """Return the SQL that serves a column of text as what it is.

    Where all values are known to be plain numbers, none has to be tried.
    """
    name, value, census = column.name, column.value, column.census
    form = kind if kind in FORMS else ""
    if kind == "text":
        sql = f"CAST({quoted(name)} AS VARCHAR)" if column.is_tidy else f"worded({quoted(name)})"
        return Reading(Column(name, "VARCHAR"), sql)
    if kind == "whole":
        sure = census["whole"] == census["present"]
        sql = f"TRY_CAST({value} AS BIGINT)" if sure else f"whole_number({value})"
        return Reading(Column(name, "BIGINT", "VARCHAR"), sql)
    if kind in ("plain", "point", "comma"):
        sure = kind == "plain" and census["finite"] == census["present"]
        sql = f"TRY_CAST({value} AS DOUBLE)" if sure else f"{kind}_number({value})"
        return Reading(Column(name, "DOUBLE", "VARCHAR", form), sql)
    type_ = "TIMESTAMP" if column.forms.get(f"{kind}_timed") else "DATE"
    return Reading(Column(name, type_, "VARCHAR", form), f"CAST(moment_{kind}({value}) AS {type_})")


def _lost(
    engine: Engine,
    source: str,
    served: str,
    columns: Mapping[str, _Text],
    kinds: Mapping[str, str],
) -> dict[str, tuple[int, int]]:
    """Count over all rows the values that do not read as proposed, and those with digits."""
    names = [name for name, kind in kinds.items() if kind not in ("text", "whole")]
    if not names:
        return {}
    counts = ", ".join(f"count({quoted(name)})" for name in names)
    row = engine.rows(f"SELECT {counts} FROM {quoted(served)}")[0]
    lost = {name: columns[name].values - int(read) for name, read in zip(names, row, strict=True)}
    return {
        name: (rows, _with_digits(engine, source, columns[name], kinds[name]) if rows else 0)
        for name, rows in lost.items()
    }


def _gone(column: _Text, kind: str) -> str:
    """Return SQL that is true where a value does not read as proposed."""
    read = _reading(column, kind).sql
    return f"NOT coalesce(infinite({column.value}), true) AND ({read}) IS NULL"


def _with_digits(engine: Engine, source: str, column: _Text, kind: str) -> int:
    gone = f"{_gone(column, kind)} AND regexp_matches({quoted(column.name)}, '[0-9]')"
    return int(engine.rows(f"SELECT count(*) FROM {quoted(source)} WHERE {gone}")[0][0])


def _too_many(column: _Text, lost: int, with_digits: int) -> bool:
    """Return whether too much would be lost; A123 among numbers makes the numbers codes."""
    coded = with_digits > CODED_SHARE * column.values and not column.forced
    return lost > (1 - PARSED_SHARE) * column.values or coded


def _findings(
    engine: Engine,
    source: str,
    column: _Text,
    reading: Reading,
    kind: str,
    lost: Mapping[str, tuple[int, int]],
    known: str = "",
) -> list[Finding]:
    """Return what was odd about a column of text."""
    name, census = quoted(column.name), column.census
    found: list[Finding] = []
    left, macro = ("worded", "worded") if kind == "text" else ("present", "valued")
    if marked := census["filled"] - census[left]:
        tokens = _tokens(engine, source, name, f"trimmed({name}) <> '' AND {macro}({name}) IS NULL")
        found.append(_markers(column.name, marked, tokens))
    if kind == "text":
        return found
    if census["infinite"]:
        found.append(_infinite(column.name, census["infinite"]))
    if gone := lost.get(column.name, (0, 0))[0]:
        tokens = _tokens(engine, source, name, _gone(column, kind))
        found.append(_unread(column.name, reading, gone, census["present"], tokens))
    if column.unclear and reading.column.is_number and not known:
        found.append(_unclear_decimal(column.name, kind))
    elif kind in ("point", "comma"):
        found.append(_number_format(column.name, kind, bool(column.forms["dressed"])))
    if kind in ("day", "month") and not known and column.forms["day"] == column.forms["month"]:
        found.append(_unclear_date(column.name, kind))
    return found


def _tokens(engine: Engine, source: str, name: str, condition: str) -> str:
    """Return the values of a column that fulfil a condition, the frequent ones first."""
    some = (
        f"SELECT trimmed({name}) AS value FROM {quoted(source)} WHERE {condition} "
        f"LIMIT {SAMPLE_ROWS}"
    )
    rows = engine.rows(
        f"SELECT value, count(*) FROM ({some}) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20"
    )
    return shown(value for value, _ in rows)


def _note(where: str, code: str, evidence: str) -> Finding:
    return Finding(level="note", code=code, where=where, evidence=evidence)


def _markers(where: str, rows: int, tokens: str) -> Finding:
    stand = "values stand" if rows > 1 else "value stands"
    return _note(where, "missing-markers", f"{rows:,} {stand} for a missing value: {tokens}.")


def _unread(where: str, reading: Reading, lost: int, present: int, tokens: str) -> Finding:
    what = "numbers" if reading.column.is_number else "dates"
    return Finding(
        level="warning",
        code=f"text-in-{what}",
        where=where,
        evidence=f"{lost:,} of {present:,} values are not {what} and count as missing: {tokens}.",
        advice="Correct them in the source if they mean something.",
    )


def _number_format(where: str, kind: str, dressed: bool) -> Finding:
    bare = ", without currency, per cent and sign marks" if dressed else ""
    mark = f"decimal {kind}"
    return _note(where, "number-format", f"Numbers were read with a {mark}{bare}.")


def _unclear_decimal(where: str, kind: str) -> Finding:
    mark = "comma" if kind == "comma" else "point"
    return Finding(
        level="warning",
        code="unclear-decimal",
        where=where,
        evidence="Values such as 1,234 or 1.234 can be read in two ways; they were read with a "
        f"decimal {mark}, as nothing in the table says otherwise.",
        advice="Say which with the setting 'decimal'.",
    )


def _unclear_date(where: str, first: str) -> Finding:
    return Finding(
        level="warning",
        code="unclear-date",
        where=where,
        evidence=f"Every date can be read day first or month first; they were read {first} first.",
        advice="Write dates as 2024-12-31 to be safe.",
    )


# --- columns that come with a type -------------------------------------------------------------


def _typed_columns(
    engine: Engine, relation: str, types: Mapping[str, str], keep: set[str]
) -> dict[str, tuple[Reading, list[Finding]]]:
    """Return the readings of columns that are not text in the source."""
    floats = [name for name, type_ in types.items() if type_ in ("FLOAT", "DOUBLE")]
    odd = _odd_floats(engine, relation, floats)
    result = {}
    for name, type_ in types.items():
        if _is_text(type_):
            continue
        simple = type_.partition("(")[0] if not type_.endswith("]") else type_
        served = _SERVED.get(simple, "DOUBLE" if simple == "DECIMAL" else "VARCHAR")
        if simple.startswith("TIMESTAMP"):
            served = "TIMESTAMP"
        if name in keep or (simple in ("UBIGINT", "HUGEINT", "UHUGEINT") and says_id(name)):
            served = "VARCHAR"
        nan, infinite = odd.get(name, (0, 0))
        value = quoted(name)
        if nan or infinite:
            value = f"CASE WHEN isfinite({value}) THEN {value} END"
        sql = value if type_ == served else f"CAST({value} AS {served})"
        reading = Reading(Column(name, served, "" if type_ == served else type_), sql)
        result[name] = reading, [_infinite(name, infinite)] if infinite else []
    return result


def _odd_floats(engine: Engine, relation: str, names: list[str]) -> dict[str, tuple[int, int]]:
    """Return per column of floats how many values are NaN and how many infinite."""
    if not names:
        return {}
    wanted = ", ".join(
        f"count_if(isnan({quoted(name)})), count_if(isinf({quoted(name)}))" for name in names
    )
    row = engine.rows(f"SELECT {wanted} FROM {quoted(relation)}")[0]
    return {name: (row[2 * i] or 0, row[2 * i + 1] or 0) for i, name in enumerate(names)}


def _infinite(name: str, rows: int) -> Finding:
    return Finding(
        level="warning",
        code="infinite-values",
        where=name,
        evidence=f"{rows:,} values are infinite and count as missing.",
        advice="Look for a division by zero where the table is made.",
    )
