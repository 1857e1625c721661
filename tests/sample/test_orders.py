"""The made-up order log, checked the way an accountant would."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from segmeans.errors import SettingError
from segmeans.sample import OrderMarket
from segmeans.sample.columns import csv_header, csv_lines

COLUMNS = [
    "OrderID",
    "CustomerID",
    "OrderDate",
    "Product",
    "Category",
    "Quantity",
    "UnitPrice",
    "Amount",
    "Status",
]


def log(market: OrderMarket, rows: int = 100_000, seed: int = 1) -> pd.DataFrame:
    blocks = list(market.blocks(rows, seed))
    text = csv_header(blocks[0]) + b"".join(map(csv_lines, blocks))
    return pd.read_csv(io.BytesIO(text), parse_dates=["OrderDate"])


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    return log(OrderMarket(truth=True))


def test_it_has_exactly_the_rows_and_columns_asked_for(orders: pd.DataFrame) -> None:
    assert list(orders) == [*COLUMNS, "True Segment"]
    assert len(orders) == 100_000
    assert list(log(OrderMarket(), rows=1)) == COLUMNS
    assert len(log(OrderMarket(), rows=1)) == 1


def test_it_is_in_the_order_of_time_and_fills_the_period(orders: pd.DataFrame) -> None:
    assert orders["OrderDate"].is_monotonic_increasing
    assert orders["OrderID"].is_monotonic_increasing
    assert orders["OrderDate"].min() == pd.Timestamp(2023, 1, 1)
    assert orders["OrderDate"].max() == pd.Timestamp(2024, 12, 30)
    assert orders["OrderDate"].nunique() == 730


def test_an_order_has_one_customer_day_and_status(orders: pd.DataFrame) -> None:
    distinct = orders.groupby("OrderID")[["CustomerID", "OrderDate", "Status"]].nunique()
    assert (distinct == 1).all().all()
    lines = orders.groupby("OrderID").size()
    assert lines.max() == 5
    assert lines.mean() == pytest.approx((5 * 1 + 3 * 2 + 2 * 3 + 4 + 5) / 12, rel=0.02)


def test_amounts_are_quantity_times_price(orders: pd.DataFrame) -> None:
    assert (orders["Quantity"] * orders["UnitPrice"]).to_numpy() == pytest.approx(
        orders["Amount"].to_numpy()
    )
    assert (orders["UnitPrice"] > 0).all()


def test_a_product_belongs_to_one_category(orders: pd.DataFrame) -> None:
    assert orders["Product"].nunique() == 36
    assert (orders.groupby("Product")["Category"].nunique() == 1).all()
    assert (orders.groupby("Category")["Product"].nunique() == 6).all()


def test_only_returns_are_negative_and_each_takes_back_an_earlier_sale(
    orders: pd.DataFrame,
) -> None:
    returned = orders[orders["Status"] == "returned"]
    assert ((orders["Quantity"] < 0) == (orders["Status"] == "returned")).all()
    assert 0.005 < len(returned) / len(orders) < 0.05
    key = ["CustomerID", "Product", "UnitPrice"]
    sold = orders[orders["Status"] == "completed"]
    pairs = returned.merge(sold, on=key, suffixes=("", "_sold"))
    pairs = pairs[
        (pairs["OrderDate_sold"] <= pairs["OrderDate"])
        & (pairs["Quantity_sold"] == -pairs["Quantity"])
    ]
    assert pairs.groupby(["OrderID", *key]).ngroups == returned.groupby(["OrderID", *key]).ngroups


def test_cancellations_have_their_share(orders: pd.DataFrame) -> None:
    each = orders.drop_duplicates("OrderID")
    assert (each["Status"] == "cancelled").mean() == pytest.approx(0.02, abs=0.003)


def test_customers_behave_as_their_segment_says(orders: pd.DataFrame) -> None:
    bought = orders[orders["Status"] != "returned"]
    people = bought.groupby("CustomerID").agg(
        orders=("OrderID", "nunique"),
        first=("OrderDate", "min"),
        last=("OrderDate", "max"),
        segment=("True Segment", "first"),
        segments=("True Segment", "nunique"),
        revenue=("Amount", "sum"),
    )
    assert (people["segments"] == 1).all()
    by_segment = people.groupby("segment")
    assert by_segment["orders"].max()["Once only"] == 1
    mean = by_segment["orders"].mean()
    # a Poisson count is seen only when it is above 0, which lifts the mean of the rare buyers
    assert mean["Loyal"] == pytest.approx(26, rel=0.2)
    assert mean["Regular"] == pytest.approx(9, rel=0.2)
    assert 6 < mean["Lapsed"] < 8  # many of them had stopped before the log begins
    assert by_segment["last"].max()["Lapsed"] <= pd.Timestamp(2024, 3, 15)
    assert by_segment["first"].min()["New"] >= pd.Timestamp(2024, 9, 1)
    assert by_segment["revenue"].mean().idxmax() == "Big baskets"


def test_guests_have_no_id() -> None:
    orders = log(OrderMarket(missing=0.2), rows=50_000)
    each = orders.groupby("OrderID")["CustomerID"]
    assert ((each.count() == 0) | (each.count() == each.size())).all()
    assert (each.count() == 0).mean() == pytest.approx(0.2, abs=0.01)


def test_ids_do_not_give_the_segment_away(orders: pd.DataFrame) -> None:
    people = orders.drop_duplicates("CustomerID")
    number = people["CustomerID"].str[1:].astype(int)
    ranks = number.rank(pct=True).groupby(people["True Segment"]).mean()
    assert ranks.to_numpy() == pytest.approx([0.5] * 7, abs=0.04)


@pytest.mark.parametrize("options", [{"days": 29}, {"days": 3651}, {"missing": 0.95}])
def test_bad_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(SettingError, match="is not allowed"):
        OrderMarket(**options)  # type: ignore[arg-type]
