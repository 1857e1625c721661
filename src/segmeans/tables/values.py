"""The grammar of values written as text: what is missing, a number, a moment.

Each rule is a DuckDB macro over one value, so that counting how many rows obey it and reading
the column use the very same words. Macros give NULL where a value does not obey.
"""

from __future__ import annotations

from collections.abc import Iterable

from segmeans.tables.duck import Engine, literal

SPACE = " \t\r\n\x0b\x0c\u00a0\u2007\u202f\u200b\ufeff"
TEXT_MISSING = (
    *("", "na", "n/a", "#n/a", "#na", "nan", "-nan", "null", "(null)", "<na>", "nil", "\\n"),
    *("?", "-", "--", ".", "#null!", "#value!", "#div/0!", "#ref!"),
)
NUMBER_MISSING = (
    *TEXT_MISSING,
    *("none", "unknown", "missing", "not available", "undefined", "nat", "n.a.", "k.a."),
)
_LONGEST = 3 * max(map(len, TEXT_MISSING))  # bytes: a letter of three may be one in lower case
INFINITE = ("inf", "-inf", "+inf", "infinity", "-infinity", "+infinity", "∞", "-∞")

_MONEY = (
    r"€|R\$|US\$|\$|£|¥|₹|₽|₺|₩|zł|kr\.?"
    r"|usd|eur|gbp|chf|jpy|cny|inr|brl|cad|aud|sek|nok|dkk|pln|czk"
)
_GAP = r" '\x{2019}\x{00A0}\x{202F}"
_POINT = rf"[-+]?(?:(?:[0-9]{{1,3}}(?:[,{_GAP}][0-9]{{3}})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)"
_COMMA = rf"[-+]?(?:(?:[0-9]{{1,3}}(?:[.{_GAP}][0-9]{{3}})+|[0-9]+)(?:,[0-9]*)?|,[0-9]+)"

_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
# Years of two digits come first: %Y would take 24 for the year 24.
_DATES = {
    "named": (
        *("%d-%b-%y", "%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d-%b-%Y", "%d %B %Y"),
        *("%b %d, %Y", "%B %d, %Y"),
    ),
    "day": ("%d/%m/%y", "%d.%m.%y", "%d-%m-%y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y"),
    "month": ("%m/%d/%y", "%m.%d.%y", "%m-%d-%y", "%m/%d/%Y", "%m.%d.%Y", "%m-%d-%Y"),
}
DATE_ORDERS = ("iso", *_DATES)


def _among(words: Iterable[str]) -> str:
    return "(" + ", ".join(literal(word) for word in words) + ")"


def _listed(words: Iterable[str]) -> str:
    return "[" + ", ".join(literal(word) for word in words) + "]"


def _formats(days: Iterable[str]) -> str:
    return "[" + ", ".join(literal(day + clock) for day in days for clock in _CLOCKS) + "]"


def _fits(pattern: str) -> str:
    return f"regexp_full_match(v, {literal(pattern)})"


def _macros() -> dict[str, str]:
    """Return the macros in the order of definition: signature to body."""
    lead = literal(rf"^([-+]?)\s*(?:{_MONEY})\s*")
    tail = literal(rf"\s*(?:{_MONEY}|%)$")
    groups = {"point": literal(f"[,{_GAP}]"), "comma": literal(f"[.{_GAP}]")}
    likely = "regexp_matches(v, '[0-9]') AND length(v) BETWEEN 6 AND 40"
    return {
        # begins and ends with a visible letter of ASCII
        "tight(v)": "v >= '!' AND v < chr(127) AND v[-1] BETWEEN '!' AND '~'",
        "trimmed_text(v)": f"CASE WHEN tight(v) THEN v ELSE trim(v, {literal(SPACE)}) END",
        "trimmed(v)": "trimmed_text(CAST(v AS VARCHAR))",
        # a function of one column, which DuckDB calls once for each of the few words of Parquet
        "worded_trim(v)": f"CASE WHEN coalesce(list_position({_listed(TEXT_MISSING)}, "
        "lower(v)), 0) = 0 THEN v END",
        "valued_trim(v)": f"CASE WHEN lower(v) NOT IN {_among(NUMBER_MISSING)} THEN v END",
        # long texts without padding are words, which spares them both
        "worded_text(v)": f"CASE WHEN strlen(v) > {_LONGEST} AND tight(v) THEN v "
        "ELSE worded_trim(trimmed_text(v)) END",
        "worded(v)": "worded_text(CAST(v AS VARCHAR))",
        "worded_few(v)": f"worded_trim(trim(CAST(v AS VARCHAR), {literal(SPACE)}))",
        "valued(v)": "valued_trim(trimmed(v))",
        "decimal_text(v)": "NOT (contains(v, '_') OR contains(v, 'x'))",  # 1_000 and 0x1F
        "plain_number(v)": "CASE WHEN decimal_text(v) AND isfinite(TRY_CAST(v AS DOUBLE)) "
        "THEN TRY_CAST(v AS DOUBLE) END",
        "infinite(v)": f"coalesce(lower(v) IN {_among(INFINITE)} "
        "OR (decimal_text(v) AND isinf(TRY_CAST(v AS DOUBLE))), false)",
        "whole_number(v)": "CASE WHEN CAST(TRY_CAST(v AS BIGINT) AS VARCHAR) = v "
        "THEN TRY_CAST(v AS BIGINT) END",
        "unsigned_money(v)": f"regexp_replace(regexp_replace(v, {lead}, '\\1', 'i'), {tail}, "
        "'', 'i')",
        "unsigned(v)": "regexp_replace(regexp_replace(replace(v, chr(8722), '-'), "
        "'^\\((.*)\\)$', '-\\1'), '^(.*[0-9])-$', '-\\1')",
        "undressed(v)": "unsigned_money(unsigned(unsigned_money(v)))",
        "bare(v)": "CASE WHEN regexp_full_match(v, '[-+]?[0-9.,]+') THEN v ELSE undressed(v) END",
        "point_bare(v)": f"CASE WHEN {_fits(_POINT)} THEN "
        f"TRY_CAST(regexp_replace(v, {groups['point']}, '', 'g') AS DOUBLE) END",
        "comma_bare(v)": f"CASE WHEN {_fits(_COMMA)} THEN TRY_CAST(replace("
        f"regexp_replace(v, {groups['comma']}, '', 'g'), ',', '.') AS DOUBLE) END",
        "point_number(v)": "point_bare(bare(v))",
        "comma_number(v)": "comma_bare(bare(v))",
        "moment_iso(v)": f"CASE WHEN {likely} THEN TRY_CAST(v AS TIMESTAMP) END",
        "moment_ymd(v)": "CASE WHEN length(v) = 8 THEN try_strptime(v, '%Y%m%d') END",
        **{
            f"moment_{order}(v)": f"CASE WHEN {likely} THEN try_strptime(v, {_formats(days)}) END"
            for order, days in _DATES.items()
        },
    }


def teach(engine: Engine) -> None:
    """Define the macros in an engine.

    Examples
    --------
    >>> with Engine(threads=1) as engine:
    ...     teach(engine)
    ...     engine.rows("SELECT comma_number('1.234,50 €'), point_number('($1,234.5)')")
    [(1234.5, -1234.5)]
    """
    made = (f"CREATE OR REPLACE MACRO {name} AS ({body})" for name, body in _macros().items())
    engine.run("; ".join(made))
