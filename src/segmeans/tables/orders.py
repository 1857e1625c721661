"""An order log becomes one row per customer, and a funnel that accounts for every line.

All work is done by the engine, out of core: one scan to measure the log, one to find duplicates,
one to sum lines into orders, and one for each feature that needs more than orders.

Examples
--------
>>> from segmeans.tables.source import open_table
>>> log = {
...     "customer": ["ann", "ann", "bob"],
...     "date": ["2024-01-01", "2024-01-11", "2024-01-05"],
...     "amount": [10.0, 5.5, 20.0],
... }
>>> with open_table(log) as opened:
...     made = customers(opened.table, guess_columns(opened.table))
...     print(made.as_of, made.table.texts("revenue").tolist())
2024-01-12 ['15.5', '20.0']
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from segmeans.errors import DataError, SettingError
from segmeans.records import Finding, FunnelStep
from segmeans.tables.duck import Column, Engine, Table, quoted
from segmeans.tables.order_baskets import BASKETS, SALES, write_baskets, write_sales
from segmeans.tables.order_columns import OrderColumns, guess_columns
from segmeans.tables.order_copies import count_copies, count_printed
from segmeans.tables.order_features import (
    MOST_GROUPS,
    SHARE_OF,
    SUMS,
    OrderFeature,
    available,
    choose,
)
from segmeans.tables.order_findings import log_findings, table_findings
from segmeans.tables.order_funnel import PEOPLE, after_netting, funnel
from segmeans.tables.order_lines import SUSPECTS, Lines, tidy
from segmeans.tables.order_options import KEPT, STEP, STEPS, OrderOptions
from segmeans.tables.order_returns import Matches, Netting
from segmeans.tables.order_stages import Stand, stage_query
from segmeans.tables.order_suspects import suspects

REJECTED = "order_rejected"
BASE = ("customers", "orders")  # stages whose features are made first, those of the rest joined

__all__ = [
    "CustomerTable",
    "History",
    "OrderColumns",
    "OrderLog",
    "OrderOptions",
    "customers",
    "guess_columns",
    "read",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerTable:
    """One row per customer, made from orders.

    Parameters
    ----------
    table : Table
        The id of the customer, named as in the log, then one column per feature; in the order of
        the ids.
    features : tuple of OrderFeature
        What each column means.
    as_of : date
        The day on which customers are looked at.
    funnel : tuple of FunnelStep
        Every line of the log accounted for.
    netting : Netting
        What was taken back.
    columns : OrderColumns
        What the columns of the log were taken for.
    order_rule : {"id", "moment", "day", "line"}
        What one order is.
    findings : tuple of Finding
        What was odd.
    """

    table: Table
    features: tuple[OrderFeature, ...]
    as_of: date
    funnel: tuple[FunnelStep, ...]
    netting: Netting
    columns: OrderColumns
    order_rule: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """Repeat buying of n customers until a day, and what they did afterwards.

    Several orders on a day are one purchase. All arrays have shape (n,) and are in the order of
    the ids.

    Parameters
    ----------
    customer : ndarray of str
    repeats : ndarray
        Days with a purchase after the first one.
    last : ndarray
        Days from the first to the last purchase.
    age : ndarray
        Days from the first purchase to ``until``.
    repeat_value : ndarray
        Mean money of a repeat purchase; NaN without one, or without amounts.
    revenue : ndarray
        Money of all purchases until then; NaN without amounts.
    later_purchases : ndarray
        Days with a purchase after ``until``.
    later_revenue : ndarray
        Money after ``until``; NaN without amounts.
    until, end : date
        The day of looking, and the last day of the log.
    """

    customer: NDArray[np.object_]
    repeats: NDArray[np.float64]
    last: NDArray[np.float64]
    age: NDArray[np.float64]
    repeat_value: NDArray[np.float64]
    revenue: NDArray[np.float64]
    later_purchases: NDArray[np.float64]
    later_revenue: NDArray[np.float64]
    until: date
    end: date

    @property
    def later_days(self) -> int:
        """Length of the time after ``until`` in days."""
        return (self.end - self.until).days


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderLog:
    """An order log that has been read: made by :func:`read`.

    Reading a second log in the same engine replaces the first one.
    """

    source: Table
    columns: OrderColumns
    options: OrderOptions
    lines: Lines
    first_day: date
    last_day: date
    as_of: date
    funnel: tuple[FunnelStep, ...]
    netting: Netting
    findings: tuple[Finding, ...]

    @property
    def engine(self) -> Engine:
        """The engine that holds the log."""
        return self.source.engine

    def customers(
        self,
        features: Sequence[str] = ("rfm",),
        *,
        as_of: date | None = None,
        groups: Sequence[str] | None = None,
    ) -> CustomerTable:
        """Return one row per customer.

        Parameters
        ----------
        features : sequence of str, default=("rfm",)
            "rfm", "behaviour", "all" or names of features.
        as_of : date, optional
            Look at the customers as they stood at the end of an earlier day.
        groups : sequence of str, optional
            Product groups that have a feature, by default the largest.

        Raises
        ------
        SettingError
            For a feature that does not exist or cannot be made from this log, and for a day
            before the first order.
        """
        day = as_of or self.as_of
        if day < self.first_day:
            raise SettingError(
                "No order counts on or before this day",
                where="setting 'as_of'",
                found=day,
                allowed=f"a day from {self.first_day}",
            )
        has = available(self.columns, has_times=self.lines.has_times)
        by_group = any(name == "all" or name.startswith(SHARE_OF) for name in features)
        if groups is None:
            groups = self.groups(day) if by_group and "group" in has else ()
        chosen = choose(features, has, groups)
        table = self._made(chosen, Stand.of(self.lines, day), groups, day)
        return CustomerTable(
            table=table,
            features=chosen,
            as_of=day,
            funnel=self.funnel,
            netting=self.netting,
            columns=self.columns,
            order_rule=self.lines.order_rule,
            findings=(*self.findings, *table_findings(table, chosen)),
        )

    def groups(self, day: date) -> tuple[str, ...]:
        """Return the largest product groups by revenue, or by lines without amounts."""
        stand = Stand.of(self.lines, day)
        rows = self.engine.rows(
            f"SELECT grp FROM ({stand.lines}) WHERE grp IS NOT NULL GROUP BY grp "
            f"ORDER BY sum(coalesce(money, 1)) DESC, grp LIMIT {MOST_GROUPS}"
        )
        return tuple(row[0] for row in rows)

    def _made(
        self, features: tuple[OrderFeature, ...], stand: Stand, groups: Sequence[str], day: date
    ) -> Table:
        unit = 10.0**self.lines.money_digits
        fill = {"{as_of}": stand.as_of, "{unit}": f"{unit!r}::DOUBLE"}
        summed = self._are_summed(day) and all(f.stage != "orders" for f in features)
        fill |= {mark: sums[summed] for mark, sums in SUMS.items()}
        rows = f"{PEOPLE} WHERE step = {KEPT}" if summed else f"({stand.sales}) GROUP BY customer"
        base, chosen = ["customer"], []
        for place, feature in enumerate(features):
            sql = feature.sql
            for mark, value in fill.items():
                sql = sql.replace(mark, value)
            if feature.stage in BASE:
                base.append(f"{sql} AS f{place}")
                sql = f"f{place}"
            chosen.append(f"CAST({sql} AS {feature.type}) AS {quoted(feature.name)}")
        stages = dict.fromkeys(f.stage for f in features if f.stage not in BASE)
        joins = " ".join(
            f"LEFT JOIN ({stage_query(stage, stand, groups)}) AS {stage}_ USING (customer)"
            for stage in stages
        )
        name = f"customers of {day.isoformat()}: {', '.join(f.name for f in features)}"
        key = quoted(self._key(features))
        self.engine.run(
            f"CREATE OR REPLACE TABLE {quoted(name)} AS SELECT customer AS {key}, "
            f"{', '.join(chosen)} FROM (SELECT {', '.join(base)} FROM {rows}) {joins} "
            "ORDER BY customer",
            where=self.source.name,
        )
        columns = [Column(self._key(features), "VARCHAR")]
        columns += [Column(feature.name, feature.type) for feature in features]
        return Table(self.engine, name, tuple(columns), name=self.source.name)

    def _are_summed(self, day: date) -> bool:
        """Return whether the sums of customers made for the funnel hold on a day."""
        return day >= self.last_day and not self.netting.applied

    def _key(self, features: Sequence[OrderFeature]) -> str:
        """Return the name of the customer column, clear of the names of features."""
        taken = {feature.name.casefold() for feature in features}
        name = self.columns.customer
        return name if name.casefold() not in taken else f"{name}_id"

    def rejected(self) -> Table:
        """Return the lines that were left out: all columns of the log, and ``left out because``.

        Sales that were taken back whole are not among them: their lines are in order.
        """
        reason = "left out because"
        while reason in self.source.names:
            reason += " "
        step = quoted(STEP)
        words = " ".join(f"WHEN {place} THEN '{name}'" for place, name in enumerate(STEPS, start=1))
        self.engine.run(
            f"CREATE OR REPLACE VIEW {REJECTED} AS SELECT * EXCLUDE ({step}), "
            f"CASE {step} {words} END AS {quoted(reason)} "
            f"FROM ({self.lines.with_source}) WHERE {step} < {KEPT}"
        )
        columns = (*self.source.columns, Column(reason, "VARCHAR"))
        return Table(self.engine, REJECTED, columns, name=self.source.name)

    def history(self, until: date) -> History:
        """Return the repeat buying of everyone who had bought until a day.

        Parameters
        ----------
        until : date
            The last day that is looked at, a day of the log; what comes later is counted apart.

        Raises
        ------
        SettingError
            If there was no order until then.
        """
        if until < self.first_day:
            raise SettingError(
                "No order counts on or before this day",
                found=until,
                allowed=f"a day from {self.first_day}",
            )
        arrays = self.engine.arrays(self._history_query(until), where=self.source.name)
        return History(until=until, end=max(until, self.last_day), **arrays)

    def _history_query(self, until: date) -> str:
        day = f"DATE '{until.isoformat()}'"
        unit = f"{10.0**self.lines.money_digits!r}::DOUBLE"
        days = f"SELECT customer, day, sum(money) AS money FROM {SALES} GROUP BY customer, day"
        firsts = f"SELECT customer, first_day AS first FROM {PEOPLE} WHERE step = {KEPT}"
        if self.netting.applied:
            firsts = f"SELECT customer, min(day) AS first FROM {SALES} GROUP BY customer"
        dated = f"SELECT * FROM ({days}) JOIN ({firsts}) USING (customer)"
        seen = f"day <= {day}"

        def money(condition: str) -> str:
            return (
                f"CAST(sum(CASE WHEN {condition} THEN money WHEN money >= 0 THEN 0 END) AS DOUBLE)"
            )

        repeats = f"count_if({seen} AND day > first)"
        return (
            f"SELECT customer, {repeats} AS repeats, "
            f"max(CASE WHEN {seen} THEN day - first END) AS last, {day} - first AS age, "
            f"{money(f'{seen} AND day > first')} / nullif({repeats}, 0) / {unit} AS repeat_value, "
            f"{money(seen)} / {unit} AS revenue, count_if(NOT ({seen})) AS later_purchases, "
            f"{money(f'NOT ({seen})')} / {unit} AS later_revenue "
            f"FROM ({dated}) WHERE first <= {day} GROUP BY customer, first ORDER BY customer"
        )


def read(table: Table, columns: OrderColumns, options: OrderOptions | None = None) -> OrderLog:
    """Read an order log: account for every line and sum the lines of each order.

    Parameters
    ----------
    table : Table
        One row per order line.
    columns : OrderColumns
        What its columns mean, as :func:`guess_columns` says.
    options : OrderOptions, optional
        How it is read.

    Returns
    -------
    OrderLog

    Raises
    ------
    DataError
        If no line counts.
    SettingError
        If an option does not fit the log.
    """
    options = options or OrderOptions()
    lines, engine = tidy(table, columns, options), table.engine
    write_baskets(engine, columns, lines, where=table.name)
    copies, dropped = 0, options.duplicates == "drop"
    if dropped:  # copies stand in a basket of their own
        copies = count_printed(engine, table.relation, table.names)
    matches = Matches(engine, lines)
    for _ in suspects(engine, lines, BASKETS, where=table.name):
        copies += 0 if dropped else count_copies(engine, SUSPECTS, table.names)
        matches.add()
    netting = matches.told(applied=options.returns == "net")
    write_sales(engine, netted=netting.applied)
    steps = funnel(engine, lines, has_money=columns.has_money)
    if netting.applied:
        steps += (after_netting(engine, lines, steps[-1], has_money=columns.has_money),)
    first, last = engine.rows(f"SELECT min(day), max(day) FROM {SALES}")[0]
    if last is None:
        raise DataError(
            "No line of the orders counts",
            where=table.name,
            found="; ".join(f"{step.left_out:,} {step.name}" for step in steps[1:]),
            hint="say what the columns mean with 'customer', 'date', 'amount' and so on, or keep "
            "lines of amount 0 with 'zero_amounts'",
        )
    return OrderLog(
        source=table,
        columns=columns,
        options=options,
        lines=lines,
        first_day=first,
        last_day=last,
        as_of=options.as_of or last + timedelta(days=1),
        funnel=steps,
        netting=netting,
        findings=(
            *lines.findings,
            *log_findings(engine, columns, lines, steps, netting, copies=copies),
        ),
    )


def customers(
    table: Table,
    columns: OrderColumns,
    options: OrderOptions | None = None,
    *,
    features: Sequence[str] = ("rfm",),
) -> CustomerTable:
    """Return one row per customer from an order log: :func:`read`, then its customers.

    Parameters
    ----------
    table : Table
        One row per order line.
    columns : OrderColumns
        What its columns mean, as :func:`guess_columns` says.
    options : OrderOptions, optional
        How the log is read.
    features : sequence of str, default=("rfm",)
        "rfm", "behaviour", "all" or names of features.

    Raises
    ------
    DataError, SettingError
        As for :func:`read` and :meth:`OrderLog.customers`.
    """
    return read(table, columns, options).customers(features)
