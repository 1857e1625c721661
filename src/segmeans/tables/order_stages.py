"""The tables from which the features of customers are put together, one query each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from segmeans.tables.duck import literal
from segmeans.tables.order_baskets import BASKETS, SALES
from segmeans.tables.order_features import DISCOUNTED, Stage
from segmeans.tables.order_lines import Lines
from segmeans.tables.order_options import CANCELLED, KEPT, RETURNED


@dataclass(frozen=True, slots=True)
class Stand:
    """What had happened until a day, as queries: nothing later is seen."""

    lines: str
    baskets: str
    sales: str
    as_of: str  # a DATE literal

    @classmethod
    def of(cls, lines: Lines, as_of: date) -> Stand:
        """Look at the log as it stood at the end of a day."""
        day = f"DATE '{as_of.isoformat()}'"
        until = f"WHERE day <= {day}"
        return cls(
            f"SELECT * FROM ({lines.sql}) {until} AND step = {KEPT}",
            f"SELECT * FROM {BASKETS} {until}",
            f"SELECT * FROM {SALES} {until}",
            day,
        )


def stage_query(stage: Stage, stand: Stand, groups: Sequence[str]) -> str:
    """Return the query of a stage: one row per customer at most.

    Medians and counts of distinct values are written with windows and groups, which spill to
    disk; the aggregates of those names hold every value in memory.
    """
    if stage == "groups":
        return _groups(stand, groups)
    return {
        "gaps": _gaps,
        "halves": _halves,
        "returns": _returns,
        "products": _products,
        "prices": _prices,
    }[stage](stand)


def _gaps(stand: Stand) -> str:
    days = f"SELECT DISTINCT customer, day FROM ({stand.sales})"
    last = "lag(day) OVER (PARTITION BY customer ORDER BY day)"
    gaps = f"SELECT customer, day - {last} AS gap FROM ({days})"
    ranked = (
        "SELECT customer, gap, row_number() OVER (PARTITION BY customer ORDER BY gap) AS place, "
        f"count(*) OVER (PARTITION BY customer) AS n FROM ({gaps}) WHERE gap IS NOT NULL"
    )
    return (
        f"SELECT customer, (min(gap) + max(gap)) / 2 AS gap FROM ({ranked}) "
        "WHERE place IN ((n + 1) // 2, (n + 2) // 2) GROUP BY customer"
    )


def _halves(stand: Stand) -> str:
    first = "min(day) OVER (PARTITION BY customer)"
    firsts = f"SELECT *, {first} AS first FROM ({stand.sales})"
    recent = f"CASE WHEN 2 * (day - first) >= {stand.as_of} - first THEN money ELSE 0 END"
    sums = (
        f"SELECT customer, CAST(sum({recent}) AS DOUBLE) AS recent, "
        f"CAST(sum(money) AS DOUBLE) AS whole FROM ({firsts}) GROUP BY customer "
        "HAVING min(day) < max(day) AND sum(money) > 0"
    )
    return f"SELECT customer, (2 * recent - whole) / whole AS trend FROM ({sums})"


def _returns(stand: Stand) -> str:
    taken = f"step IN ({CANCELLED}, {RETURNED})"
    return (
        f"SELECT customer, sum(CASE WHEN {taken} THEN abs(money) ELSE 0 END) AS back, "
        f"sum(CASE WHEN step = {KEPT} OR ({taken} AND money > 0) THEN money ELSE 0 END) AS ordered "
        f"FROM ({stand.baskets}) WHERE customer IS NOT NULL GROUP BY customer"
    )


def _products(stand: Stand) -> str:
    bought = f"SELECT DISTINCT customer, product FROM ({stand.lines}) WHERE product IS NOT NULL"
    return f"SELECT customer, count(*) AS products FROM ({bought}) GROUP BY customer"


def _prices(stand: Stand) -> str:
    """Return the share of discounted lines, by the discount column or the usual price."""
    each = "coalesce(price, CAST(round(money * 1000.0 / units) AS BIGINT), money)"
    sold = f"SELECT customer, product, off, {each} AS each FROM ({stand.lines})"
    often = (
        f"SELECT product, each, count(*) AS n FROM ({sold}) WHERE product IS NOT NULL "
        "GROUP BY product, each"
    )
    usual = (
        f"SELECT product, each AS usual FROM ({often}) QUALIFY row_number() "
        "OVER (PARTITION BY product ORDER BY n DESC, each DESC) = 1"
    )
    return (
        f"SELECT customer, count_if(coalesce(off, each < {DISCOUNTED} * usual, false)) / count(*) "
        f"AS discounted FROM ({sold}) LEFT JOIN ({usual}) USING (product) GROUP BY customer"
    )


def _groups(stand: Stand, groups: Sequence[str]) -> str:
    worth = "coalesce(money, 1)"
    whole = f"nullif(CAST(sum({worth}) AS DOUBLE), 0)"
    sums = ", ".join(
        f"CAST(sum(CASE WHEN grp = {literal(group)} THEN {worth} ELSE 0 END) AS DOUBLE) "
        f"/ {whole} AS g{place}"
        for place, group in enumerate(groups)
    )
    return f"SELECT customer, {sums} FROM ({stand.lines}) GROUP BY customer"
