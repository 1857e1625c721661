"""What is known of a customer from orders: every feature with its definition, and its SQL.

Four stages feed the features: sums of the orders that count (one row per customer), these orders
(one row per customer and order), the tidy lines, and a few tables made from them on demand. Each
feature names the stage and what the log must have for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from segmeans.errors import SettingError, nearest_name
from segmeans.tables.names import unique
from segmeans.tables.order_columns import OrderColumns

Stage = Literal["customers", "orders", "gaps", "halves", "returns", "products", "prices", "groups"]

EVENING = (18, 6)  # from, until (hours)
DISCOUNTED = 0.98  # of the usual price; less is a discount
MOST_GROUPS = 8
# What a stage of sums has, over orders and over customers whose orders have been summed.
SUMS = {
    "{first_day}": ("min(day)", "first_day"),
    "{last_day}": ("max(day)", "last_day"),
    "{orders}": ("sum(orders)", "orders"),
    "{money}": ("sum(money)", "money"),
}
SHARE_OF = "share_of_"  # begins the name of the feature of a product group


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderFeature:
    """One feature of a customer: what it is called, measured in, means, and when it is missing."""

    name: str
    unit: str  # "days", "orders", "money", "pieces", "share", ...
    definition: str
    missing: str = "never"
    stage: Stage = "customers"
    needs: tuple[str, ...] = ()  # "money", "times" or a meaning of OrderColumns
    sets: tuple[str, ...] = ("behaviour", "all")
    sql: str = ""  # over the stage; {as_of}, {unit} and SUMS are filled in
    type: Literal["BIGINT", "DOUBLE"] = "DOUBLE"


def _share(condition: str) -> str:
    """Return the share of a customer's orders that meet a condition."""
    return f"sum(CASE WHEN {condition} THEN orders ELSE 0 END) / sum(orders)"


_HOUR = "extract(hour FROM moment)"

FEATURES: tuple[OrderFeature, ...] = (
    OrderFeature(
        name="days_since_last_order",
        unit="days",
        definition="Calendar days from the last order's day to the as-of date; 1 is yesterday.",
        sets=("rfm", "behaviour", "all"),
        sql="date_diff('day', {last_day}, {as_of})",
        type="BIGINT",
    ),
    OrderFeature(
        name="days_since_first_order",
        unit="days",
        definition="Calendar days from the day of the first order to the as-of date (tenure).",
        sql="date_diff('day', {first_day}, {as_of})",
        type="BIGINT",
    ),
    OrderFeature(
        name="orders",
        unit="orders",
        definition="Number of orders that count; the lines of one order are one order, and "
        "several orders on a day are several.",
        sets=("rfm", "behaviour", "all"),
        sql="CAST({orders} AS BIGINT)",
        type="BIGINT",
    ),
    OrderFeature(
        name="active_days",
        unit="days",
        definition="Number of different days with an order.",
        sets=("all",),
        stage="orders",
        sql="count(DISTINCT day)",
        type="BIGINT",
    ),
    OrderFeature(
        name="revenue",
        unit="money",
        definition="Sum of the amounts of the lines that count.",
        needs=("money",),
        sets=("rfm", "behaviour", "all"),
        sql="CAST({money} AS DOUBLE) / {unit}",
    ),
    OrderFeature(
        name="revenue_per_order",
        unit="money",
        definition="Revenue divided by the number of orders.",
        needs=("money",),
        sql="CAST({money} AS DOUBLE) / {unit} / CAST({orders} AS DOUBLE)",
    ),
    OrderFeature(
        name="units",
        unit="pieces",
        definition="Sum of the pieces of the lines that count.",
        needs=("quantity",),
        stage="orders",
        sql="CAST(coalesce(sum(units), 0) AS DOUBLE) / 1000",
    ),
    OrderFeature(
        name="distinct_products",
        unit="products",
        definition="Number of different products ever bought, also if they came back.",
        missing="never; 0 when no line names a product",
        stage="products",
        needs=("product",),
        sql="coalesce(products, 0)",
        type="BIGINT",
    ),
    OrderFeature(
        name="days_between_orders",
        unit="days",
        definition="Median of the calendar days between one day with orders and the next.",
        missing="missing with fewer than two days with orders",
        stage="gaps",
        sql="gap",
    ),
    OrderFeature(
        name="return_share",
        unit="share",
        definition="Money of cancelled and returned lines divided by the money of all that was "
        "ordered, 1 at most.",
        missing="never; 0 when nothing was taken back",
        stage="returns",
        needs=("money",),
        sql="CASE WHEN ordered > 0 THEN least(1.0, CAST(back AS DOUBLE) / CAST(ordered AS DOUBLE)) "
        "WHEN back > 0 THEN 1.0 ELSE 0.0 END",
    ),
    OrderFeature(
        name="discount_share",
        unit="share",
        definition="Share of the lines bought with a discount: the discount column is above 0; "
        "without one, the price for one piece is more than 2 % below the price that product was "
        "most often sold at.",
        missing="never; 0 when no line has a price",
        stage="prices",
        needs=("prices",),
        sql="coalesce(discounted, 0)",
    ),
    OrderFeature(
        name="weekend_share",
        unit="share",
        definition="Share of the orders placed on a Saturday or Sunday.",
        stage="orders",
        sql=_share("isodow(day) >= 6"),
    ),
    OrderFeature(
        name="evening_share",
        unit="share",
        definition="Share of the orders placed from 18:00 to before 6:00.",
        needs=("times",),
        stage="orders",
        sql=_share(f"{_HOUR} >= {EVENING[0]} OR {_HOUR} < {EVENING[1]}"),
    ),
    OrderFeature(
        name="spend_trend",
        unit="-1 to 1",
        definition="The time from the customer's first order to the as-of date is cut into halves: "
        "(recent - earlier) / (recent + earlier) revenue; 1 is all recent, -1 all earlier.",
        missing="missing with fewer than two days with orders",
        stage="halves",
        needs=("money",),
        sql="trend",
    ),
    OrderFeature(
        name="margin",
        unit="money",
        definition="Sum of the margin column, or of the amount minus the cost.",
        needs=("margin or cost",),
        sets=("all",),
        stage="orders",
        sql="CAST(coalesce(sum(margin), 0) AS DOUBLE) / {unit}",
    ),
)
BY_NAME = {feature.name: feature for feature in FEATURES}
SETS = ("rfm", "behaviour", "all")


def available(columns: OrderColumns, *, has_times: bool) -> set[str]:
    """Return what the log has that features may need."""
    has = {"money"} if columns.has_money else set()
    if has_times:
        has.add("times")
    if columns.margin or (columns.cost and columns.has_money):
        has.add("margin or cost")
    if columns.discount or (columns.product and (columns.price or columns.has_money)):
        has.add("prices")
    for meaning in ("quantity", "product", "group"):
        if getattr(columns, meaning):
            has.add(meaning)
    return has


def choose(wanted: Sequence[str], has: set[str], groups: Sequence[str]) -> tuple[OrderFeature, ...]:
    """Return the features of a set, or those named, in the order of their declaration.

    Parameters
    ----------
    wanted : sequence of str
        "rfm", "behaviour", "all" or names of features; any mixture.
    has : set of str
        From :func:`available`.
    groups : sequence of str
        The largest product groups, each of which gives one feature in the set "all".

    Raises
    ------
    SettingError
        For a name that does not exist, or a named feature that the log cannot give.
    """
    features = FEATURES + _group_features(groups)
    known = {feature.name: feature for feature in features}
    chosen = set()
    for name in wanted:
        if name in SETS:
            chosen |= {f.name for f in features if name in f.sets and has.issuperset(f.needs)}
            continue
        if name not in known:
            near = nearest_name(name, [*known, *SETS])
            raise SettingError(
                f"Orders give no feature {name!r}",
                allowed=", ".join([*SETS, *known]),
                hint=repr(near) if near else "",
            )
        if lacking := [need for need in known[name].needs if need not in has]:
            raise SettingError(
                f"The feature {name!r} cannot be made from this log",
                found=f"no column for {', '.join(lacking)}",
                hint="name the column, or leave the feature out",
            )
        chosen.add(name)
    return tuple(feature for feature in features if feature.name in chosen)


def _group_features(groups: Sequence[str]) -> tuple[OrderFeature, ...]:
    names = unique([SHARE_OF + group for group in groups])  # Food and food are two groups
    return tuple(
        OrderFeature(
            name=names[place],
            unit="share",
            definition=f"Share of the customer's revenue (without amounts: lines) in {group!r}.",
            missing="never; 0 when nothing was bought in the group",
            stage="groups",
            needs=("group",),
            sets=("all",),
            sql=f"coalesce(g{place}, 0)",
        )
        for place, group in enumerate(groups)
    )
