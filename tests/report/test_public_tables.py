"""What people read about public data sets: names and advice that their columns can carry."""

from __future__ import annotations

import re
from pathlib import Path

import segmeans
from segmeans.report.bundle import advise, pages

LEAVING = re.compile(
    r"churn|lapsed|dormant|inactive|win back|gone quiet|last order|lately|recent", re.IGNORECASE
)
SPENDS = ("Fresh", "Milk", "Grocery", "Frozen", "Detergents_Paper", "Delicassen")


def test_mall_has_its_five_names_and_no_word_of_leaving(data_dir: Path) -> None:
    with segmeans.segment(
        data_dir / "mall" / "Mall_Customers.csv",
        features=["Annual Income (k$)", "Spending Score (1-100)"],
    ) as study:
        advice = advise(study)
        page = pages(study.record, advice, None)["report.md"]
    assert {one.name for one in study.record.segments} == {
        "the middle",
        "high income, high spending",
        "high income, low spending",
        "low income, high spending",
        "low income, low spending",
    }
    assert {one.segment for one in advice.actions} == {1, 2, 3, 4, 5}
    for action in advice.actions:
        said = " ".join((action.title, action.do, action.kpi, *action.because))
        assert not LEAVING.search(said)
        assert re.search(r"\d", action.because[0]) or "no feature" in action.because[0]
    cards = page[: page.index("## What to do")]
    assert not LEAVING.search(cards)


def test_wholesale_is_named_by_its_products(data_dir: Path) -> None:
    source = data_dir / "wholesale" / "wholesale.csv"
    with segmeans.segment(source, features=list(SPENDS), k=3, fast=True) as study:
        names = [one.name for one in study.record.segments]
    products = {name.lower().replace("_", " ") for name in SPENDS}
    told = {trait for name in names for trait in name.split(", ")} - {"the middle"}
    assert told
    assert all(re.sub(r"^(rather )?(high|low) ", "", trait) in products for trait in told)


def test_codes_of_wholesale_are_said_as_categories(data_dir: Path) -> None:
    source = data_dir / "wholesale" / "wholesale.csv"
    asked = ["Channel", "Milk", "Grocery"]
    with segmeans.segment(source, features=asked, k=3, fast=True) as study:
        names = " ".join(one.name for one in study.record.segments)
    assert "low channel" not in names
    assert "high channel" not in names


def test_online_retail_is_told_by_recency_frequency_and_revenue(data_dir: Path) -> None:
    source = data_dir / "online_retail" / "online_retail.csv.gz"
    with segmeans.segment(source, orders=True, k=6, fast=True) as study:
        advice = advise(study)
        names = " ".join(one.name for one in study.record.segments)
    for feature in ("last order", "orders", "revenue"):
        assert feature in names
    because = " ".join(line for action in advice.actions for line in action.because)
    for feature in ("days since last order", "orders", "revenue"):
        assert re.search(rf"{feature} [\d,.]+ against [\d,.]+ for everyone", because)
    assert {"look-after-the-best", "let-one-time-buyers-rest"} <= {
        action.rule for action in advice.actions
    }
