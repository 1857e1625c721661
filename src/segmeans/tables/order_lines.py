"""The lines of an order log in one tidy form, each with the step of the funnel it falls into.

Money is counted in whole units of a power of ten, chosen so that the largest line keeps fourteen
digits. Sums of whole numbers do not depend on the order of adding, so every figure is the same
on any number of threads, and dividing all amounts by 1000 changes no comparison between them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from segmeans.errors import DataError, SettingError
from segmeans.records import Finding
from segmeans.tables.duck import Table, literal, quoted
from segmeans.tables.names import shown
from segmeans.tables.order_columns import OrderColumns
from segmeans.tables.order_copies import numbered
from segmeans.tables.order_dates import ABSURD, FAR, last_sound_day, moment
from segmeans.tables.order_options import COPY, KEPT, ROW, STEP, OrderOptions, OrderRule

MONEY_DIGITS = 14  # of the largest line: rounds away the error of a product of two floats
PIECES_DIGITS = 3  # pieces are counted in thousandths
PIECES = "coalesce(units, 1000 * CAST(sign(money) AS BIGINT))"
EACH = f"coalesce(price, TRY_CAST(round(money * 1000.0 / {PIECES}) AS BIGINT))"
MOST_WHOLE = 9e18  # below the largest whole number of 64 bits
SUSPECTS = "order_suspects"  # the lines that may be equal to others, take back or be taken back
FIRST = 1000  # customers that are looked at before all are
MOST_LEVELS = 200  # of a status or currency column

_CANCEL = re.compile(r"cancel|void|storn|annul|abgebrochen|fail|declin|reject|abandon|expired")
_RETURN = re.compile(r"return|refund|retour|erstatt|chargeback|rückgabe|widerruf|devol")
_NOT = re.compile(r"\b(not|non|never|nicht|no)\b|\bun")
_POINTED = "(suffix({0}, '.0') AND regexp_full_match({0}, '[0-9]+\\.0'))"
_CANCEL_NUMBER = literal("[Cc][0-9]+")

Kind = Literal["sale", "cancelled", "returned"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Lines:
    """The tidy lines as SQL, and what had to be measured to write it.

    ``sql`` is a query over the source that gives, per line, ``customer``, ``order_key`` (its
    order), ``moment``, ``day``, ``units`` (thousandths of pieces), ``money``, ``price`` and
    ``margin`` (whole multiples of 10 to the power of minus ``money_digits``), ``product``,
    ``grp``, ``off`` (discounted), ``step`` (of the funnel; the last means that it counts),
    ``print``, a hash that tells most lines of an order apart, ``pieces`` and ``each`` (units and
    price, from the money where the log has none), ``kind``, a hash of the product and of what each
    costs, and ``negative``, whether pieces or money are. ``with_source`` gives the columns of
    the source and the step of each line as ``STEP``. ``source`` gives the lines as they are, and
    ``key_of_source`` and ``customer_of_source`` are SQL over it: what tells an order from all
    others, and the customer; ``key_of_baskets`` is the former over summed lines.
    """

    sql: str
    of_suspects: str  # the same of the lines in the table ``SUSPECTS``
    with_source: str
    source: str
    key_of_source: str
    key_of_baskets: str
    customer_of_source: str
    money_digits: int  # decimals of an amount that are kept
    order_rule: OrderRule
    has_times: bool
    fits: bool  # whether no sum of money or pieces outgrows 64 bits
    findings: tuple[Finding, ...]


def status_kind(level: str) -> Kind:
    """Return what a word in a status column means for a line.

    Examples
    --------
    >>> [status_kind(level) for level in ("Shipped", "CANCELED", "refunded", "not returned")]
    ['sale', 'cancelled', 'returned', 'sale']
    """
    folded = level.casefold()
    if _NOT.search(folded):
        return "sale"
    if _RETURN.search(folded):
        return "returned"
    return "cancelled" if _CANCEL.search(folded) else "sale"


def tidy(table: Table, columns: OrderColumns, options: OrderOptions) -> Lines:
    """Measure a log and write the query that gives its tidy lines.

    Parameters
    ----------
    table : Table
        One row per order line.
    columns : OrderColumns
        What its columns mean.
    options : OrderOptions
        How it is read.

    Returns
    -------
    Lines

    Raises
    ------
    DataError
        If no line has a customer, a date that can be read, or an amount.
    SettingError
        If the time zone, the currency or the order rule does not fit the log.
    """
    when, odd_dates = moment(table, columns.date, options.time_zone)
    seen = _measured(table, columns, when)
    _check(table, columns, options, seen)
    digits = _digits(seen["largest"])
    customer, odd_ids = _customer(table, columns, seen)
    conditions, odd_lines = _conditions(table, columns, options, seen)
    values = {
        "customer": customer,
        "number": _order_number(table, columns.order),
        "moment": when,
        "units": _whole(_number(columns.quantity), PIECES_DIGITS),
        "money": _whole(_amount(columns), digits),
        "price": _whole(_number(columns.price), digits),
        "margin": _whole(_margin(columns), digits),
        "product": _text(table, columns.product),
        "grp": _text(table, columns.group),
        "off": f"{quoted(columns.discount)} > 0" if columns.discount else "CAST(NULL AS BOOLEAN)",
        "copy": quoted(COPY),
        **conditions,
    }
    source = numbered(table) if options.duplicates == "drop" else _unnumbered(table)
    telling = f"hash({', '.join(map(quoted, _telling(table, columns)))})"
    inner = ", ".join(f"{sql} AS {name}" for name, sql in values.items())
    rule = _order_rule(columns, options, seen)
    step = _step(columns, options, rule, options.as_of or _last_day(table, when, seen))
    kept = "customer, moment, units, money, price, margin, product, grp, off, print, negative"
    row = quoted(ROW)
    names = ", ".join(f"{row}.{quoted(name)}" for name in table.names)
    counted = _is_counted(table, columns.order)
    lacking = seen["orders"] < table.n_rows
    key = _order_key(rule, values["number"], when, counted=counted, lacking=lacking)
    kind = f"hash(product, {EACH})" if columns.price else "hash(product)"
    order_key = _order_key(rule, "number", "moment", counted=counted, lacking=lacking)

    def tidied(relation: str) -> str:
        return (
            f"SELECT {kept}, {PIECES} AS pieces, {EACH} AS each, {kind} AS kind, "
            f"CAST(moment AS DATE) AS day, {order_key} AS order_key, {step} AS step FROM "
            f"(SELECT {telling} AS print, {_negative(columns)} AS negative, {inner} "
            f"FROM ({relation}))"
        )

    return Lines(
        sql=tidied(source),
        of_suspects=tidied(f"FROM {SUSPECTS}"),
        with_source=f"SELECT {names}, {step} AS {quoted(STEP)} FROM "
        f"(SELECT {row}, {inner} FROM ({source}) AS {row})",
        source=source,
        key_of_source=_one_order(rule, customer, key, lacking=lacking),
        key_of_baskets=_one_order(rule, "customer", "order_key", lacking=lacking),
        customer_of_source=customer,
        money_digits=digits,
        order_rule=rule,
        has_times=bool(seen["timed"]),
        fits=_fits(seen, digits),
        findings=(*odd_dates, *odd_ids, *odd_lines),
    )


# What is measured


def _measured(table: Table, columns: OrderColumns, when: str) -> dict[str, Any]:
    """Return what the query for the tidy lines depends on, from one scan."""
    customer = _text(table, columns.customer)
    amount = _amount(columns)
    marked = _marked(table, columns.order)
    negative = _negative(columns)
    measures = {
        "customers": f"count({customer})",
        "pointed": f"count_if({_POINTED.format(customer)})"
        if _may_be_pointed(table, customer)
        else "0",
        "moments": f"count({when})",
        "earliest": f"min({_calendar(when)})",
        "latest": f"max({_calendar(when)})",
        "timed": _timed(table.column(columns.date).type, when),
        "amounts": f"count({amount})",
        "largest": f"max(abs({amount}))",
        "money": f"sum(abs({amount}))",
        "pieces": f"sum(abs({_number(columns.quantity)}))",
        "orders": f"count({quoted(columns.order)})" if columns.order else "0",
        "marked": f"count_if({marked})",
        "marked_back": f"count_if({marked} AND {negative})",
    }
    wanted = ", ".join(measures.values())
    row = table.engine.rows(f"SELECT {wanted} FROM {quoted(table.relation)}", where=table.name)[0]
    return {name: value or 0 for name, value in zip(measures, row, strict=True)}


def _may_be_pointed(table: Table, customer: str) -> bool:
    """Return whether the first customers are all written like 17850.0: a look at all takes long."""
    query = (
        f"SELECT bool_and({_POINTED.format('who')}) FROM (SELECT {customer} AS who "
        f"FROM {quoted(table.relation)} WHERE who IS NOT NULL LIMIT {FIRST})"
    )
    return bool(table.engine.rows(query, where=table.name)[0][0])


def _timed(type_: str, when: str) -> str:
    """Return how many moments are not midnight; a day has no time."""
    return "0" if type_ == "DATE" else f"count_if({when} <> date_trunc('day', {when}))"


def _marked(table: Table, name: str | None) -> str:
    """Return the condition for an order number like C536379."""
    if name is None or table.column(name).type != "VARCHAR":
        return "false"
    number = _text(table, name)
    return f"(lower(left({number}, 1)) = 'c' AND regexp_full_match({number}, {_CANCEL_NUMBER}))"


def _check(
    table: Table, columns: OrderColumns, options: OrderOptions, seen: dict[str, Any]
) -> None:
    if not seen["customers"]:
        raise DataError(
            "No line of the orders has a customer",
            where=columns.customer,
            hint="name another column with the setting 'customer'",
        )
    if not seen["moments"]:
        raise DataError(
            "No date of the orders can be read",
            where=columns.date,
            found=shown((value for value, _ in table.levels(columns.date, 3)), 3),
            hint="write dates as 2024-12-31, or name another column with the setting 'date'",
        )
    if columns.has_money and not seen["amounts"]:
        raise DataError(
            "No amount of the orders can be read",
            where=columns.amount or f"{columns.quantity} x {columns.price}",
        )
    if options.same_day == "id" and not columns.order:
        raise SettingError(
            "Orders cannot be told by their number: the log has no such column",
            found="same_day=id",
            allowed="moment, day or line",
            hint="name the column with the setting 'order'",
        )


def _digits(largest: float | None) -> int:
    """Return how many decimals of an amount are kept.

    Examples
    --------
    >>> _digits(77_183.6), _digits(77.1836), _digits(1e20), _digits(None)
    (9, 12, 2, 0)
    """
    if not largest:
        return 0
    return max(2, min(200, MONEY_DIGITS - 1 - math.floor(math.log10(largest))))


def _fits(seen: dict[str, Any], digits: int) -> bool:
    """Return whether all money and pieces together fit into 64 bits, so that any sum does."""
    scaled = (seen["money"] * 10.0**digits, seen["pieces"] * 10.0**PIECES_DIGITS)
    return all(value < MOST_WHOLE for value in scaled)


# Values


def _text(table: Table, name: str | None) -> str:
    """Return a column as text; that of a table has no padding, and blank is missing there."""
    if name is None:
        return "CAST(NULL AS VARCHAR)"
    value = quoted(name)
    kind = table.column(name).type
    if kind == "VARCHAR":
        return value
    if kind == "DOUBLE":  # a number like 17850.0 is an id like 17850
        return f"coalesce(CAST(TRY_CAST({value} AS BIGINT) AS VARCHAR), CAST({value} AS VARCHAR))"
    return f"CAST({value} AS VARCHAR)"


def _number(name: str | None) -> str:
    return f"CAST({quoted(name)} AS DOUBLE)" if name else "CAST(NULL AS DOUBLE)"


def _amount(columns: OrderColumns) -> str:
    if columns.amount:
        return _number(columns.amount)
    return f"{_number(columns.quantity)} * {_number(columns.price)}"


def _negative(columns: OrderColumns) -> str:
    return f"coalesce({_number(columns.quantity)} < 0, {_amount(columns)} < 0, false)"


def _margin(columns: OrderColumns) -> str:
    if columns.margin:
        return _number(columns.margin)
    return f"{_amount(columns)} - {_number(columns.cost)}"


def _whole(value: str, digits: int) -> str:
    """Return a value as a whole number of its last decimal; missing when absurdly large."""
    return f"TRY_CAST(round(({value}) * 1e{digits}) AS BIGINT)"


def _customer(
    table: Table, columns: OrderColumns, seen: dict[str, Any]
) -> tuple[str, tuple[Finding, ...]]:
    customer = _text(table, columns.customer)
    if seen["pointed"] < seen["customers"]:
        return customer, ()
    finding = Finding(
        level="note",
        code="pointed-ids",
        where=columns.customer,
        evidence="Every customer is written like 17850.0, a whole number that went through a "
        "spreadsheet or a dataframe; it was read as 17850.",
    )
    return f"left({customer}, -2)", (finding,)


# Orders


def _order_rule(columns: OrderColumns, options: OrderOptions, seen: dict[str, Any]) -> OrderRule:
    if options.same_day != "auto":
        return options.same_day
    if columns.order:
        return "id"
    if not columns.product:
        return "line"
    return "moment" if seen["timed"] else "day"


def _is_counted(table: Table, name: str | None) -> bool:
    """Return whether order numbers are whole numbers, which group faster than text."""
    return name is not None and table.column(name).type == "BIGINT"


def _order_number(table: Table, name: str | None) -> str:
    return quoted(str(name)) if _is_counted(table, name) else _text(table, name)


def _order_key(rule: OrderRule, number: str, when: str, *, counted: bool, lacking: bool) -> str:
    """Return what tells the orders of one customer apart, by their number and moment.

    A line without a number stands with the others of its moment.
    """
    if rule == "day":
        return f"CAST({when} AS DATE)"
    if rule != "id":
        return f"epoch_us({when})"
    if not lacking:
        return number
    if counted:
        return f"coalesce({number}, -epoch_us({when}))"
    return f"coalesce({number}, '@' || CAST(epoch_us({when}) AS VARCHAR))"


def _one_order(rule: OrderRule, customer: str, key: str, *, lacking: bool) -> str:
    """Return what tells an order from all others, never missing.

    A number serves as it is where no line lacks one: the engine skips lines by it while it reads.
    """
    if rule == "id":
        return f"hash({key})" if lacking else key
    return f"hash({customer}, {key})"


def _telling(table: Table, columns: OrderColumns) -> tuple[str, ...]:
    """Return columns in which lines of one order differ unless they are alike, the cheap ones."""
    amount = columns.amount or columns.price
    found = tuple(name for name in (columns.product, columns.quantity, amount) if name)
    return found or table.names


# What is left out


def _calendar(when: str) -> str:
    """Return the day of a moment, within the years that Python's calendar has."""
    return f"greatest(least(CAST({when} AS DATE), DATE '9999-12-31'), DATE '0001-01-01')"


def _last_day(table: Table, when: str, seen: dict[str, Any]) -> date | None:
    """Return the day after which dates are clearly wrong; the days are listed only if need be."""
    if seen["latest"] < ABSURD and seen["latest"] - seen["earliest"] < FAR:
        return None
    query = (
        f"SELECT {_calendar(when)}, count(*) FROM {quoted(table.relation)} "
        f"WHERE {when} IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    return last_sound_day([(day, int(lines)) for day, lines in table.engine.rows(query)])


def _step(columns: OrderColumns, options: OrderOptions, rule: OrderRule, limit: date | None) -> str:
    """Return the step of the funnel a line falls into, over the tidy values."""
    back = "units < 0" if columns.quantity else "money < 0"
    tests = (
        "customer IS NULL",
        "cancelled",
        f"returned OR coalesce({back}, false)",
        _no_money(columns, options, rule),
        "copy > 1",
        "moment IS NULL",
        f"CAST(moment AS DATE) > DATE '{limit.isoformat()}'" if limit else "false",
        "foreign_money",
    )
    branches = " ".join(f"WHEN {test} THEN {step}" for step, test in enumerate(tests, start=1))
    return f"CAST(CASE {branches} ELSE {KEPT} END AS TINYINT)"


def _no_money(columns: OrderColumns, options: OrderOptions, rule: OrderRule) -> str:
    if columns.has_money:
        keeps = options.zero_amounts
        free = keeps == "keep" or (keeps == "auto" and rule == "line")
        return f"coalesce(money {'<' if free else '<='} 0, true)"
    return "coalesce(units <= 0, true)" if columns.quantity else "false"


def _conditions(
    table: Table, columns: OrderColumns, options: OrderOptions, seen: dict[str, Any]
) -> tuple[dict[str, str], tuple[Finding, ...]]:
    cancelled, returned, by_status = _by_status(table, columns.status)
    numbered, by_number = _by_number(table, columns.order, seen)
    foreign, by_currency = _by_currency(table, columns.currency, options.currency)
    conditions = {
        "cancelled": f"{cancelled} OR {numbered}",
        "returned": returned,
        "foreign_money": foreign,
    }
    return conditions, (*by_status, *by_number, *by_currency)


def _by_status(table: Table, name: str | None) -> tuple[str, str, tuple[Finding, ...]]:
    """Return the conditions under which the status says cancelled, and returned."""
    if not name:
        return "false", "false", ()
    levels = table.levels(name, MOST_LEVELS)
    kinds = {level: status_kind(level) for level, _ in levels}
    told = ", ".join(
        f"{shown([level])} as {kinds[level]} ({rows:,})" for level, rows in levels[:12]
    )
    finding = Finding(
        level="note",
        code="order-status",
        where=name,
        evidence=f"Lines were taken by their status: {told}.",
        advice="Choose the column with the setting 'status', or none, if this is wrong.",
    )
    value = f"CAST({quoted(name)} AS VARCHAR)"
    cancelled, returned = (
        _is_one_of(value, [level for level, kind in kinds.items() if kind == wanted])
        for wanted in ("cancelled", "returned")
    )
    return cancelled, returned, (finding,)


def _is_one_of(value: str, levels: list[str]) -> str:
    if not levels:
        return "false"
    return f"coalesce({value} IN ({', '.join(map(literal, levels))}), false)"


def _by_number(
    table: Table, name: str | None, seen: dict[str, Any]
) -> tuple[str, tuple[Finding, ...]]:
    """Return the condition for order numbers like C536379 among plain ones."""
    marked, back = seen["marked"], seen["marked_back"]
    if not marked or marked > seen["orders"] / 2 or back < 0.99 * marked:
        return "false", ()
    finding = Finding(
        level="note",
        code="cancellation-numbers",
        where=str(name),
        evidence=f"{marked:,} lines have an order number that begins with C and take goods or "
        "money back: they are cancellations.",
    )
    return f"coalesce({_marked(table, name)}, false)", (finding,)


def _by_currency(
    table: Table, name: str | None, asked: str | None
) -> tuple[str, tuple[Finding, ...]]:
    """Return the condition under which a line is in another currency than the one that counts."""
    if not name:
        return "false", ()
    levels = table.levels(name, MOST_LEVELS)
    if asked and asked not in dict(levels):
        raise SettingError(
            "No order is in this currency",
            where=name,
            found=asked,
            allowed=", ".join(level for level, _ in levels[:20]),
        )
    if not levels:
        return "false", ()
    wanted = asked or levels[0][0]
    others = {level: rows for level, rows in levels if level != wanted}
    condition = f"CAST({quoted(name)} AS VARCHAR) IS DISTINCT FROM {literal(wanted)}"
    if not others:
        return condition, ()
    finding = Finding(
        level="warning",
        code="several-currencies",
        where=name,
        evidence=f"Only lines in {shown([wanted])} count; {sum(others.values()):,} lines are in "
        f"another currency: {shown(others)}.",
        advice="Convert all amounts to one currency, or choose it with the setting 'currency'.",
    )
    return condition, (finding,)


def _unnumbered(table: Table) -> str:
    """Return the source as if every line were the first of its kind."""
    return f"SELECT *, 1 AS {quoted(COPY)} FROM {quoted(table.relation)}"
