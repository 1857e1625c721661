"""What segments spend where a column tells it, and who is typical of them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import segmeans
from segmeans.segments.worth import worth


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("worth") / "shop.csv"
    rng = np.random.default_rng(1)
    lines = ["customer_id,email,spending_score,total_spend,age,region"]
    for place in range(120):
        rich = place % 3 == 0
        spend = (900 if rich else 100) + rng.integers(0, 50)
        age = (60 if rich else 25) + rng.integers(0, 5)
        score = 90 if rich else 10 + place % 7
        lines.append(f"{place},c{place}@example.org,{score},{spend},{age},{'NS'[place % 2]}")
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_shares_of_spending_are_those_of_the_sums(shop: Path) -> None:
    with segmeans.segment(shop, features=["age", "total_spend"], k=2, fast=True) as study:
        found = worth(study.record)
        spend = np.genfromtxt(shop, delimiter=",", skip_header=1, usecols=3)
        labels = study.labels
        assert found is not None
        assert found.feature == "total_spend", "money goes before grades"
        assert found.shares is not None
        sums = [spend[labels == one].sum() / spend.sum() for one in (1, 2)]
        assert found.shares == pytest.approx(sums)
        assert found.each == pytest.approx([spend[labels == one].mean() for one in (1, 2)])
        assert study.record.contacts == {"email": (1.0, 1.0)}


def test_a_grade_has_no_sum(shop: Path) -> None:
    with segmeans.segment(
        shop, features=["age", "spending_score"], ignore=["total_spend"], k=2, fast=True
    ) as study:
        found = worth(study.record)
        assert found is not None
        assert (found.words, found.shares) == ("spending score", None)


def test_nothing_about_spending_is_nothing(shop: Path) -> None:
    with segmeans.segment(shop, features=["age"], describe=["region"], k=2, fast=True,
                          ignore=["total_spend", "spending_score"]) as study:  # fmt: skip
        assert worth(study.record) is None


def test_typical_customers_are_nearest_and_nobody_in_person(shop: Path) -> None:
    with segmeans.segment(shop, features=["age", "total_spend"], k=2, fast=True) as study:
        found = study.typical(2)
        assert list(found["segment"]) == [1, 1, 2, 2]
        assert not {"email", "customer_id"} & found.keys()
        assert {"age", "total_spend", "region"} <= found.keys()
        distance, labels = study.assigned.distance, study.labels
        ages = np.genfromtxt(shop, delimiter=",", skip_header=1, usecols=4)
        for place, number in ((0, 1), (2, 2)):
            own = np.flatnonzero(labels == number)
            assert found["age"][place] == ages[own[np.argmin(distance[own])]]


def test_typical_customers_are_written_and_a_column_called_segment_keeps_its_values(
    tmp_path: Path,
) -> None:
    source = tmp_path / "shop.csv"
    rows = [
        f"c{n:03},a{n}@shop.example,{'east' if n % 2 else 'west'},{n % 2 * 50 + n % 7}"
        for n in range(60)
    ]
    source.write_text("\n".join(["customer_id,email,segment,spend", *rows]) + "\n", "utf-8")
    with segmeans.segment(source, k=2, fast=True) as study:
        segmeans.write(study, tmp_path / "out", figures=False)
        told = study.typical()
    with (tmp_path / "out" / "typical.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0]) == ["segment", "name", "segment (source)", "spend"]
    assert [line["segment"] for line in lines] == ["1"] * 3 + ["2"] * 3
    assert {line["segment (source)"] for line in lines} == {"east", "west"}
    assert [float(line["spend"]) for line in lines] == told["spend"].tolist()
    # Halves of 0 to 6 and 50 to 56, each value four or five times: the means lie at 3 and 53.
    assert {line["spend"].rstrip("0").rstrip(".") for line in lines} == {"3", "53"}
