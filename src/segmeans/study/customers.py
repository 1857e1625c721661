"""One row per customer: a source as it is, or made from an order log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from segmeans.commerce import of_customers, read_log
from segmeans.errors import DataError
from segmeans.records import Finding
from segmeans.settings import Settings
from segmeans.tables.orders import CustomerTable, OrderLog
from segmeans.tables.roles import Recognised
from segmeans.tables.source import Opened, open_table


class Customers(NamedTuple):
    """A table with one row per customer, and the settings that hold for it."""

    opened: Opened
    settings: Settings
    orders: tuple[OrderLog, CustomerTable] | None


def opened(source: Any, settings: Settings) -> Opened:
    """Open a source; the columns that settings name are those of a customer table."""
    if settings.orders:
        named: dict[str, object] = {"features": (), "ignore": (), "describe": (), "weight": {}}
        settings = settings.model_copy(update={**named, "id": settings.customer})
    return open_table(source, settings)


def customers_of(source: Opened, settings: Settings) -> Customers:
    """Return the customers of a source, those of an order log with what their orders tell."""
    if not settings.orders:
        return Customers(source, settings, None)
    log = read_log(source.table, settings)
    made = log.customers(settings.features or ("rfm",))
    findings = (*source.findings, *made.findings)
    made_of = replace(source, table=made.table, findings=findings)
    return Customers(made_of, of_customers(settings, made), (log, made))


def odd_columns(seen: Recognised, of: Customers, asked: Settings) -> tuple[Finding, ...]:
    """Return what was odd about columns, of an order log in the words of an order log.

    Parameters
    ----------
    seen : Recognised
        The columns of the customers.
    of : Customers
    asked : Settings
        As the user gave them, in which features of an order log may be named as a group.
    """
    return seen.findings if of.orders is None else tuple(_of_orders(seen, asked))


def _of_orders(seen: Recognised, asked: Settings) -> Iterator[Finding]:
    """Leave out doubts about counts, which are no codes; nobody named what comes in a group."""
    reasons = {role.name: (role.role, role.reason) for role in seen.roles}
    for one in seen.findings:
        if one.code == "column-left-out" and one.where not in asked.features:
            yield _made_in_vain(one.where, *reasons[one.where])
        elif one.code != "codes-as-amounts":
            yield one


def _made_in_vain(name: str, role: str, reason: str) -> Finding:
    alike = role == "constant"
    return Finding(
        level="note" if alike else "warning",
        code="feature-left-out",
        where=name,
        evidence="It is the same for every customer, so it forms no segments."
        if alike
        else f"It was made from the orders, but forms no segments: {reason}.",
        advice="The other features of the orders form them.",
    )


def check_enough(customers: int, where: str) -> None:
    """Refuse a table of which no segments can be made.

    Raises
    ------
    DataError
        With fewer than two customers.
    """
    if customers < 2:
        raise DataError(
            "Segments need at least 2 customers with values",
            where=where,
            found=f"{customers}",
            hint="check the source, or allow more missing values with max_missing",
        )
