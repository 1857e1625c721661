"""The made-up customers: classic columns, planted segments that are there, or none."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from segmeans.errors import SettingError
from segmeans.sample import CustomerMarket
from segmeans.sample.columns import csv_header, csv_lines
from segmeans.sample.customers import KINDS, PLANTED

CLASSIC = ["CustomerID", "Gender", "Age", "Annual Income (k$)", "Spending Score (1-100)"]
NUMBERS = CLASSIC[2:]


def frame(market: CustomerMarket, rows: int = 20_000, seed: int = 1) -> pd.DataFrame:
    blocks = list(market.blocks(rows, seed))
    text = csv_header(blocks[0]) + b"".join(map(csv_lines, blocks))
    return pd.read_csv(io.BytesIO(text))


def test_the_columns_are_the_classic_ones() -> None:
    customers = frame(CustomerMarket(), rows=300)
    assert list(customers) == CLASSIC
    assert customers["CustomerID"].tolist() == list(range(1, 301))
    assert set(customers["Gender"]) == {"Male", "Female"}
    assert not customers.isna().any().any()


def test_values_stay_in_their_ranges() -> None:
    customers = frame(CustomerMarket(segments=12, separation=0.2))
    for name, limits in PLANTED.items():
        assert limits.low <= customers[name].min()
        assert customers[name].max() <= limits.high


def test_segments_have_the_sizes_and_middles_they_were_planted_with() -> None:
    sizes = (4, 3, 1)
    customers = frame(CustomerMarket(segments=3, sizes=sizes, truth=True))
    groups = customers.groupby("True Segment")
    for size, kind in zip(sizes, KINDS, strict=False):
        group = groups.get_group(kind.name)
        share = size / 8
        noise = (share * (1 - share) / len(customers)) ** 0.5
        assert len(group) / len(customers) == pytest.approx(share, abs=4 * noise)
        for name, middle in zip(NUMBERS, kind.middle, strict=True):
            assert group[name].mean() == pytest.approx(middle, abs=1)
        assert (group["Gender"] == "Female").mean() == pytest.approx(kind.female, abs=0.03)


def test_separation_sets_the_spread_inside_segments() -> None:
    spreads = [
        frame(CustomerMarket(segments=1, separation=separation))["Annual Income (k$)"].std()
        for separation in (0.5, 1, 2)
    ]
    assert spreads == pytest.approx([16, 8, 4], rel=0.03)


def test_without_structure_margins_stay_and_nothing_belongs_together() -> None:
    with_segments = frame(CustomerMarket(extra=2))
    without = frame(CustomerMarket(extra=2, structure=False, truth=True))
    assert "True Segment" not in without
    for name in NUMBERS:
        assert without[name].mean() == pytest.approx(with_segments[name].mean(), abs=0.6)
        assert without[name].std() == pytest.approx(with_segments[name].std(), rel=0.02)
    women = (without["Gender"] == "Female").mean()
    assert women == pytest.approx((with_segments["Gender"] == "Female").mean(), abs=0.015)
    # independent columns: a correlation is noise of size 1 / sqrt(n)
    correlation = np.corrcoef(without[[*NUMBERS, "Visits per Month"]].T) - np.eye(4)
    assert np.abs(correlation).max() < 4 / len(without) ** 0.5


def test_without_structure_every_margin_has_one_hump() -> None:
    without = frame(CustomerMarket(structure=False), rows=60_000)
    for name, limits in PLANTED.items():
        counts = np.histogram(without[name], bins=9, range=(limits.low - 0.5, limits.high + 0.5))[0]
        noise = 3 * np.sqrt(counts.max())
        rises = np.flatnonzero(np.diff(counts) > noise)
        falls = np.flatnonzero(np.diff(counts) < -noise)
        assert rises.max(initial=-1) < falls.min(initial=9)


def test_further_columns_leave_the_others_alone() -> None:
    plain = frame(CustomerMarket(), rows=500)
    wide = frame(CustomerMarket(extra=8, truth=True), rows=500)
    pd.testing.assert_frame_equal(wide[CLASSIC], plain)
    assert list(wide)[5:] == [
        "Tenure (months)",
        "Visits per Month",
        "Average Basket ($)",
        "Online Share (%)",
        "City",
        "Signup Date",
        "Newsletter",
        "Email",
        "True Segment",
    ]
    assert wide["Email"].is_unique
    assert wide["City"].nunique() == 8
    dates = pd.to_datetime(wide["Signup Date"])
    assert dates.min() >= pd.Timestamp(2015, 1, 1)
    assert dates.max() <= pd.Timestamp(2024, 12, 31)


def test_missing_values_have_their_share_and_spare_the_ids() -> None:
    customers = frame(CustomerMarket(missing=0.1, extra=8, truth=True))
    shares = customers.isna().mean()
    assert shares[["CustomerID", "True Segment"]].tolist() == [0, 0]
    gone = shares.drop(["CustomerID", "True Segment"])
    assert gone.to_numpy() == pytest.approx(np.full(12, 0.1), abs=0.01)


def test_the_beginning_does_not_depend_on_the_number_of_rows() -> None:
    short, long = frame(CustomerMarket(), rows=100), frame(CustomerMarket(), rows=70_000)
    pd.testing.assert_frame_equal(long.head(100), short)
    assert len(long) == 70_000
    assert long["CustomerID"].is_unique


def test_another_seed_gives_another_market() -> None:
    first, second = frame(CustomerMarket(), 100, seed=1), frame(CustomerMarket(), 100, seed=2)
    assert (first["Age"] != second["Age"]).mean() > 0.5


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"segments": 0}, "'segments'"),
        ({"segments": 13}, "Allowed: 1 to 12"),
        ({"separation": 0}, "'separation'"),
        ({"separation": float("nan")}, "'separation'"),
        ({"extra": 9}, "'extra'"),
        ({"missing": -0.1}, "'missing'"),
        ({"sizes": (1, 2)}, "2 sizes for 5 segments"),
        ({"segments": 2, "sizes": (1, -2)}, "Sizes must be numbers"),
    ],
)
def test_bad_options_are_refused(options: dict[str, object], complaint: str) -> None:
    with pytest.raises(SettingError, match=complaint):
        CustomerMarket(**options)  # type: ignore[arg-type]
