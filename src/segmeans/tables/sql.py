"""The one place that builds SQL: small trees of known functions, written once for every dialect.

Callers combine the functions below and never write SQL text. Names are always quoted, values are
always literals of the tree, and :func:`render` refuses any node it does not know, because a
transpiler passes through unchanged what it does not understand.

Notes
-----
Engines disagree on NULL in ``LEAST`` and ``GREATEST``, on the type of ``0.1``, on division of
whole numbers and on what a failed cast does. The functions here are built from forms on which
they agree; the three forms on which they cannot agree are rewritten per dialect in ``render``.

Examples
--------
>>> income = double(column("Annual Income (k$)"))
>>> print(render(multiply(subtract(income, number(60.56)), number(0.5)), "duckdb"))
(CAST("Annual Income (k$)" AS DOUBLE) - 60.56e0) * 0.5e0
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Literal, TypeAlias, get_args

from sqlglot import exp

from segmeans.errors import SegmeansError, SettingError

Expression: TypeAlias = exp.Expression
Dialect = Literal["duckdb", "postgres", "sqlite"]

DIALECTS: tuple[str, ...] = get_args(Dialect)
#: Engines that are written for and not run here: their SQL is parsed again, and kept in the tests.
WAREHOUSES = ("bigquery", "snowflake", "spark", "mysql", "tsql")
EPOCH = "1970-01-01"
#: exact_sum adds whole multiples of this, so that values up to 1 in size fit 2**37 times.
SUM_UNIT = 2.0**-90

_ALLOWED: frozenset[type[Expression]] = frozenset({
    exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Star, exp.Paren, exp.Alias,
    exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Ln, exp.Pow, exp.Sqrt, exp.Abs,
    exp.Cast, exp.TryCast, exp.DataType, exp.Coalesce, exp.Case, exp.If, exp.DateDiff, exp.Var,
    exp.And, exp.Or, exp.Not, exp.Is, exp.Between,
    exp.EQ, exp.LT, exp.LTE, exp.GT, exp.GTE,
    exp.Count, exp.Distinct, exp.Sum, exp.Avg, exp.StddevPop, exp.Min, exp.Max,
    exp.PercentileCont, exp.PercentileDisc, exp.Array, exp.Greatest,
    exp.Select, exp.From, exp.Table, exp.Where, exp.Group, exp.Order, exp.Ordered, exp.Limit,
    exp.Subquery, exp.TableAlias, exp.Trim, exp.Lower, exp.In,
})  # fmt: skip
_AT_FIT_TIME = (exp.PercentileCont, exp.PercentileDisc)
_NUMBER = re.compile(r"\d+(\.\d+)?(e[+-]?\d+)?")


# Values


def column(name: str) -> Expression:
    """Return the column with exactly this name.

    Examples
    --------
    >>> print(render(column('a "b" c'), "duckdb"))
    "a ""b"" c"
    """
    return exp.column(_identifier(name))


def _identifier(name: str) -> exp.Identifier:
    if not isinstance(name, str) or not name or "\x00" in name:
        raise SegmeansError(
            "A name cannot be used in SQL", found=repr(name), allowed="a text that is not empty"
        )
    return exp.to_identifier(name, quoted=True)


def number(value: float) -> Expression:
    """Return a floating-point literal that every engine reads back as the same float.

    The literal always has an exponent: without one, engines read ``0.1`` as a decimal.

    Examples
    --------
    >>> print(render(number(0.1), "duckdb"), render(number(-3), "duckdb"))
    0.1e0 -3e0
    """
    value = float(value)
    if not math.isfinite(value):
        raise SegmeansError("SQL has no literal for this number", found=value, allowed="a number")
    digits, _, exponent = repr(abs(value)).partition("e")
    literal = exp.Literal.number(f"{digits.removesuffix('.0')}e{int(exponent or 0)}")
    return exp.Neg(this=literal) if value < 0 else literal


def integer(value: int) -> Expression:
    """Return a whole-number literal.

    Examples
    --------
    >>> print(render(integer(-1), "postgres"))
    -1
    """
    literal = exp.Literal.number(str(abs(int(value))))
    return exp.Neg(this=literal) if value < 0 else literal


def text(value: str) -> Expression:
    """Return a text literal.

    Examples
    --------
    >>> print(render(text("it's"), "sqlite"))
    'it''s'
    """
    if not isinstance(value, str) or "\x00" in value:
        raise SegmeansError("SQL has no literal for this text", found=repr(value))
    return exp.Literal.string(value)


def null() -> Expression:
    """Return NULL."""
    return exp.null()


# Casts


def _type(name: str) -> exp.DataType:
    return exp.DataType(this=exp.DataType.Type[name])  # building from text would parse it


def _is_type(node: object, name: str) -> bool:
    return isinstance(node, exp.DataType) and node.this == exp.DataType.Type[name]


def double(value: Expression) -> Expression:
    """Return the value as a 64-bit float; text that is no number is the engine's error."""
    return exp.Cast(this=value.copy(), to=_type("DOUBLE"))


def try_double(value: Expression) -> Expression:
    """Return the value as a 64-bit float, NULL where it is text that is no number."""
    return exp.TryCast(this=value.copy(), to=_type("DOUBLE"))


def as_text(value: Expression) -> Expression:
    """Return the value as text."""
    return exp.Cast(this=value.copy(), to=_type("TEXT"))


def trimmed(value: Expression, blanks: str) -> Expression:
    r"""Return a text without the characters in ``blanks`` around it; in MySQL spaces alone.

    Examples
    --------
    >>> print(render(trimmed(column("city"), " \t"), "sqlite"))
    TRIM("city", ' ' || CHAR(9))
    """
    return exp.Trim(this=value.copy(), expression=text(blanks))


def lower(value: Expression) -> Expression:
    """Return a text in lower case."""
    return exp.Lower(this=value.copy())


def as_small_integer(value: Expression) -> Expression:
    """Return the value as a 16-bit integer, or the engine's nearest."""
    return exp.Cast(this=value.copy(), to=_type("SMALLINT"))


def days(value: Expression) -> Expression:
    """Return a date or time as whole calendar days since 1970-01-01.

    Examples
    --------
    >>> print(render(days(column("since")), "postgres"))
    CAST("since" AS DATE) - CAST('1970-01-01' AS DATE)
    """
    return exp.DateDiff(
        this=exp.TryCast(this=value.copy(), to=_type("DATE")),
        expression=exp.Cast(this=text(EPOCH), to=_type("DATE")),
        unit=exp.var("DAY"),
    )


# Arithmetic; operands are floats, so that a division is one in every engine


def _operand(value: Expression) -> Expression:
    value = value.copy()
    return exp.Paren(this=value) if isinstance(value, (exp.Binary, exp.Neg)) else value


def add(*values: Expression) -> Expression:
    """Return the sum of the values of one row, added from left to right."""
    return reduce(
        lambda left, right: exp.Add(this=left, expression=_operand(right)),
        values[1:],
        values[0].copy(),
    )


def subtract(left: Expression, right: Expression) -> Expression:
    """Return ``left - right``."""
    return exp.Sub(this=left.copy(), expression=_operand(right))


def multiply(left: Expression, right: Expression) -> Expression:
    """Return ``left * right``."""
    return exp.Mul(this=_operand(left), expression=_operand(right))


def divide(left: Expression, right: Expression) -> Expression:
    """Return ``left / right`` of two floats; the caller sees to it that ``right`` is not 0."""
    return exp.Div(this=_operand(left), expression=_operand(right), typed=True)


def ln(value: Expression) -> Expression:
    """Return the natural logarithm; engines differ at 0 and below, so guard it with a case."""
    return exp.Ln(this=value.copy())


def ln1p(value: Expression) -> Expression:
    """Return ln(1 + value), written so because not every engine has a ``log1p``."""
    return ln(add(number(1.0), value))


def power(base: Expression, exponent: Expression) -> Expression:
    """Return ``base`` to the power of ``exponent``."""
    return exp.Pow(this=_operand(base), expression=_operand(exponent))


def sqrt(value: Expression) -> Expression:
    """Return the square root."""
    return exp.Sqrt(this=value.copy())


def absolute(value: Expression) -> Expression:
    """Return the absolute value."""
    return exp.Abs(this=value.copy())


# Choices


def case(
    branches: Sequence[tuple[Expression, Expression]], default: Expression | None = None
) -> Expression:
    """Return the value of the first branch whose condition is true, else the default or NULL.

    Examples
    --------
    >>> spent = column("spent")
    >>> print(render(case([(less(spent, number(0)), number(0))], spent), "duckdb"))
    CASE WHEN "spent" < 0e0 THEN 0e0 ELSE "spent" END
    """
    if not branches:
        raise SegmeansError("A case needs at least one branch")
    return exp.Case(
        ifs=[exp.If(this=when.copy(), true=then.copy()) for when, then in branches],
        default=None if default is None else default.copy(),
    )


def coalesce(first: Expression, *others: Expression) -> Expression:
    """Return the first value that is not NULL."""
    return exp.Coalesce(this=first.copy(), expressions=[other.copy() for other in others])


def least(left: Expression, right: Expression) -> Expression:
    """Return the smaller value, NULL if either is; engines disagree on ``LEAST`` with NULL."""
    return case([(less_equal(left, right), left), (greater(left, right), right)])


def greatest(left: Expression, right: Expression) -> Expression:
    """Return the larger value, NULL if either is; engines disagree on ``GREATEST`` with NULL."""
    return case([(greater_equal(left, right), left), (less(left, right), right)])


def greatest_of(first: Expression, *others: Expression) -> Expression:
    """Return the largest of several values, none of which is NULL.

    Examples
    --------
    >>> print(render(greatest_of(column("a"), column("b")), "sqlite"))
    MAX("a", "b")
    """
    return exp.Greatest(this=first.copy(), expressions=[other.copy() for other in others])


# Conditions


def equal(left: Expression, right: Expression) -> Expression:
    """Return ``left = right``; NULL if either is."""
    return exp.EQ(this=_operand(left), expression=_operand(right))


def less(left: Expression, right: Expression) -> Expression:
    """Return ``left < right``."""
    return exp.LT(this=_operand(left), expression=_operand(right))


def less_equal(left: Expression, right: Expression) -> Expression:
    """Return ``left <= right``."""
    return exp.LTE(this=_operand(left), expression=_operand(right))


def greater(left: Expression, right: Expression) -> Expression:
    """Return ``left > right``."""
    return exp.GT(this=_operand(left), expression=_operand(right))


def greater_equal(left: Expression, right: Expression) -> Expression:
    """Return ``left >= right``."""
    return exp.GTE(this=_operand(left), expression=_operand(right))


def between(value: Expression, low: Expression, high: Expression) -> Expression:
    """Return ``low <= value <= high``; false for NaN, NULL for NULL."""
    return exp.Between(this=_operand(value), low=low.copy(), high=high.copy())


def is_null(value: Expression) -> Expression:
    """Return whether the value is NULL; never NULL itself."""
    return exp.Is(this=_operand(value), expression=exp.null())


def is_in(value: Expression, values: Sequence[Expression]) -> Expression:
    """Return whether the value is one of the given ones.

    Notes
    -----
    Written with ``OR``: DuckDB turns an ``IN`` of five or more values into a join, and a join on
    several threads does not keep the rows in order.

    Examples
    --------
    >>> print(render(is_in(column("city"), [text("Paris"), text("Rome")]), "duckdb"))
    "city" = 'Paris' OR "city" = 'Rome'
    """
    return any_of(*(equal(value, other) for other in values))


def one_of(value: Expression, texts: Sequence[str]) -> Expression:
    """Return the same for many texts, as a list where the engine keeps the rows in order.

    Examples
    --------
    >>> print(render(one_of(column("city"), ["Paris", "Rome"]), "postgres"))
    "city" IN ('Paris', 'Rome')
    """
    return exp.In(this=_operand(value), expressions=[text(one) for one in texts])


def negate(condition: Expression) -> Expression:
    """Return the opposite of a condition."""
    return exp.Not(this=exp.Paren(this=condition.copy()))


def all_of(*conditions: Expression) -> Expression:
    """Return whether every condition is true."""
    return _joined(exp.And, conditions)


def any_of(*conditions: Expression) -> Expression:
    """Return whether at least one condition is true."""
    return _joined(exp.Or, conditions)


def _joined(word: type[exp.And] | type[exp.Or], conditions: Sequence[Expression]) -> Expression:
    first, *others = (
        exp.Paren(this=part.copy()) if isinstance(part, exp.Connector) else part.copy()
        for part in conditions
    )
    joined: Expression = first
    for other in others:
        joined = word(this=joined, expression=other)
    return joined


# Aggregates; NULL is left out by all of them


def count_rows() -> Expression:
    """Return the number of rows."""
    return exp.Count(this=exp.Star())


def count(value: Expression) -> Expression:
    """Return the number of rows whose value is not NULL."""
    return exp.Count(this=value.copy())


def count_distinct(value: Expression) -> Expression:
    """Return the number of distinct values."""
    return exp.Count(this=exp.Distinct(expressions=[value.copy()]))


def count_where(condition: Expression) -> Expression:
    """Return the number of rows for which the condition is true; 0 for no rows."""
    return count(case([(condition, integer(1))]))


def total(value: Expression) -> Expression:
    """Return the sum over rows, in whatever order the engine adds."""
    return exp.Sum(this=value.copy())


def exact_sum(value: Expression) -> Expression:
    """Return the sum over rows of values no larger than 1 in size, the same in any order.

    Each value is rounded to a whole multiple of ``SUM_UNIT`` and added as a 128-bit integer, so
    the result does not depend on how threads share the rows. DuckDB only.
    """
    scaled = multiply(value, number(1.0 / SUM_UNIT))
    whole = exp.Cast(this=scaled, to=_type("INT128"))
    return multiply(double(exp.Sum(this=whole)), number(SUM_UNIT))


def average(value: Expression) -> Expression:
    """Return the mean over rows."""
    return exp.Avg(this=value.copy())


def stddev_pop(value: Expression) -> Expression:
    """Return the standard deviation over rows with divisor n."""
    return exp.StddevPop(this=value.copy())


def minimum(value: Expression) -> Expression:
    """Return the smallest value over rows."""
    return exp.Min(this=value.copy())


def maximum(value: Expression) -> Expression:
    """Return the largest value over rows."""
    return exp.Max(this=value.copy())


def quantiles(value: Expression, shares: Sequence[float]) -> Expression:
    """Return the list of interpolated quantiles (type 7) over rows. DuckDB only, at fit time."""
    return exp.PercentileCont(this=value.copy(), expression=_array(shares))


def quantile_values(value: Expression, shares: Sequence[float]) -> Expression:
    """Return the list of quantiles that are values of the column. DuckDB only, at fit time."""
    return exp.PercentileDisc(this=value.copy(), expression=_array(shares))


def _array(shares: Sequence[float]) -> Expression:
    return exp.Array(expressions=[number(share) for share in shares])


# Queries


def table(name: str, schema: str | None = None, catalog: str | None = None) -> Expression:
    """Return a table by name.

    Examples
    --------
    >>> print(render(table("customers", "crm"), "postgres"))
    "crm"."customers"
    """
    return exp.Table(
        this=_identifier(name),
        db=None if schema is None else _identifier(schema),
        catalog=None if catalog is None else _identifier(catalog),
    )


def select(
    columns: Mapping[str, Expression],
    source: str | Expression,
    where: Expression | None = None,
    *,
    group_by: Sequence[Expression] = (),
    order_by: Sequence[tuple[Expression, Literal["up", "down"]]] = (),
    limit: int | None = None,
) -> Expression:
    """Return a query.

    Parameters
    ----------
    columns : mapping of str to Expression
        Result names to what they hold.
    source : str or Expression
        The name of a table, a :func:`table`, or another query.
    where : Expression, optional
        Condition on the rows.
    group_by : sequence of Expression, default=()
        Rows that agree on all of these become one.
    order_by : sequence of (Expression, {"up", "down"}), default=()
        Order of the result.
    limit : int, optional
        Most rows to return.

    Examples
    --------
    >>> print(render(select({"n": count_rows()}, "customers"), "duckdb"))
    SELECT COUNT(*) AS "n" FROM "customers"
    """
    if not columns:
        raise SegmeansError("A query needs at least one column")
    query = exp.Select(
        expressions=[
            exp.Alias(this=value.copy(), alias=_identifier(name)) for name, value in columns.items()
        ]
    ).from_(_source(source))
    if where is not None:
        query = query.where(where.copy())
    if group_by:
        query = query.group_by(*(value.copy() for value in group_by))
    if order_by:
        query = query.order_by(
            *(exp.Ordered(this=value.copy(), desc=way == "down") for value, way in order_by)
        )
    return query if limit is None else query.limit(int(limit))


def _source(source: str | Expression) -> Expression:
    if isinstance(source, str):
        return table(source)
    if isinstance(source, exp.Select):
        return source.subquery(alias=_identifier("source"))
    return source.copy()


# Text


def render(expression: Expression, dialect: str) -> str:
    """Write an expression as SQL text of one dialect.

    Parameters
    ----------
    expression : Expression
        Built by the functions of this module.
    dialect : {"duckdb", "postgres", "sqlite"} or one of :data:`WAREHOUSES`
        The SQL to write.

    Raises
    ------
    SegmeansError
        For an unknown dialect and for any node this module does not build.
    """
    if dialect not in (known := (*DIALECTS, *WAREHOUSES)):
        raise SettingError("There is no such SQL dialect", found=dialect, allowed=", ".join(known))
    for node in expression.walk():
        _refuse_unknown(node, dialect)
    if dialect in _REWRITES:
        expression = expression.transform(_REWRITES[dialect])
    return expression.sql(dialect=dialect, identify=True, comments=False)


def _refuse_unknown(node: exp.Expr, dialect: str) -> None:
    known = type(node) in _ALLOWED
    if isinstance(node, exp.Literal) and not node.is_string:
        known = _NUMBER.fullmatch(node.name) is not None
    elif isinstance(node, exp.Identifier):
        known = bool(node.args.get("quoted"))
    if not known:
        raise SegmeansError(
            "This SQL was not built by segmeans and is refused",
            found=type(node).__name__,
            hint="build it with the functions of segmeans.tables.sql",
        )
    if dialect != "duckdb" and (isinstance(node, _AT_FIT_TIME) or _is_type(node, "INT128")):
        raise SegmeansError(
            "Quantiles and exact sums are measured with DuckDB only",
            found=dialect,
            hint="write the measured value as a literal",
        )


# Bounded digits, of which PostgreSQL counts 255, keep the cast from overflowing.
_POSTGRES_NUMBER = (
    r"^\s*[+-]?([0-9]{1,40}[.]?[0-9]{0,200}|[.][0-9]{1,200})([eE][+-]?[0-9]{1,2})?\s*$"
)
_SQLITE_NOT_A_NUMBER = (
    "*[^0-9.eE+-]*", "*[0-9.][+-]*", "*[+-][+-]*", "*.*.*", "*[eE]*[eE.]*", "*[eE+-]",
    "[eE]*", "[+-][eE]*", "*.[eE]*",
)  # fmt: skip


def _rewrite_duckdb(node: Expression) -> Expression:
    if isinstance(node, exp.In):
        return exp.Paren(this=is_in(node.this, node.expressions))
    return _visible(node, "CHR") if isinstance(node, exp.Trim) else node


def _visible(node: exp.Trim, function: str) -> Expression:
    """Spell out the blanks to take off, which nobody sees in a text and editors change."""
    letters = (
        text(letter)
        if letter == " "
        else exp.Anonymous(this=function, expressions=[integer(ord(letter))])
        for letter in node.expression.name
    )
    joined = reduce(lambda left, right: exp.DPipe(this=left, expression=right), letters)
    return exp.Trim(this=node.this, expression=joined)


def _rewrite_postgres(node: Expression) -> Expression:
    if isinstance(node, exp.Trim):
        return _visible(node, "CHR")
    if isinstance(node, exp.TryCast):
        if _is_type(node.to, "DATE"):
            return exp.Cast(this=node.this, to=node.to)
        written = as_text(node.this)
        matches = exp.RegexpLike(this=written, expression=text(_POSTGRES_NUMBER))
        return case([(matches, double(written))])
    if isinstance(node, exp.DateDiff):
        return exp.Sub(this=_rewrite_postgres(node.this), expression=node.expression)
    return node


def _rewrite_sqlite(node: Expression) -> Expression:
    if isinstance(node, exp.Trim):
        return _visible(node, "CHAR")
    if isinstance(node, exp.TryCast):
        return _sqlite_try_double(node.this)
    if isinstance(node, exp.DateDiff):
        day = exp.Anonymous(this="DATE", expressions=[node.this.this])
        julian = exp.Anonymous(this="JULIANDAY", expressions=[day])
        return exp.Paren(this=subtract(julian, number(2440587.5)))
    return node


def _sqlite_try_double(value: Expression) -> Expression:
    kind = exp.Anonymous(this="TYPEOF", expressions=[value.copy()])
    trimmed = exp.Anonymous(this="TRIM", expressions=[value.copy()])
    spelled = all_of(
        exp.Glob(this=trimmed.copy(), expression=text("*[0-9]*")),
        *(
            negate(exp.Glob(this=trimmed.copy(), expression=text(pattern)))
            for pattern in _SQLITE_NOT_A_NUMBER
        ),
    )
    is_number = is_in(kind, [text("integer"), text("real")])
    is_spelled = all_of(equal(kind, text("text")), spelled)
    return case([(is_number, double(value)), (is_spelled, double(trimmed))])


def _rewrite_snowflake(node: Expression) -> Expression:
    if isinstance(node, exp.TryCast):  # takes text alone there
        return exp.Cast(this=node.this, to=node.to)
    return node


def _rewrite_mysql(node: Expression) -> Expression:
    if isinstance(node, exp.Trim):  # would take off a whole text, and binary has no lower case
        return exp.Trim(this=node.this)
    if isinstance(node, exp.Cast) and _is_type(node.to, "TEXT"):
        inner = node.this.transform(_rewrite_mysql)
        return exp.Cast(this=inner, to=_type("BINARY"))  # else 'male' equals 'Male'
    return node


def _unicode(node: exp.Cast) -> Expression:
    letters = exp.DataType(
        this=exp.DataType.Type.NVARCHAR, expressions=[exp.DataTypeParam(this=exp.var("MAX"))]
    )
    return exp.Cast(this=node.this.transform(_rewrite_tsql), to=letters)


def _rewrite_tsql(node: Expression) -> Expression:
    if isinstance(node, exp.Trim) and isinstance(node.this, exp.Cast):
        return _visible(exp.Trim(this=_unicode(node.this), expression=node.expression), "NCHAR")
    if isinstance(node, exp.Cast) and _is_type(node.to, "TEXT"):
        exact = exp.var("Latin1_General_100_BIN2")  # else 'male' equals 'Male'
        return exp.Collate(this=_unicode(node), expression=exact)
    if isinstance(node, exp.Literal) and node.is_string and not node.name.isascii():
        return exp.National(this=node.name)
    return node


_REWRITES = {
    "duckdb": _rewrite_duckdb,
    "postgres": _rewrite_postgres,
    "sqlite": _rewrite_sqlite,
    "snowflake": _rewrite_snowflake,
    "mysql": _rewrite_mysql,
    "tsql": _rewrite_tsql,
}
