from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from tests.segments.test_rfm_names import r_table
from tests.tables.order_logs import online_retail, rfm_orders

from segmeans.errors import DataError, SettingError
from segmeans.segments.rfm import fit_cuts, own_cuts, rfm, score
from segmeans.tables.duck import Engine, Table, quoted
from segmeans.tables.orders import OrderOptions, guess_columns, read

Arrays = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def rfm_of(table: Table, as_of: date) -> Arrays:
    log = read(table, guess_columns(table), OrderOptions(as_of=as_of))
    made = log.customers().table
    arrays = made.engine.arrays(f"SELECT * FROM {quoted(made.relation)}")
    return arrays["days_since_last_order"], arrays["orders"], arrays["revenue"]


@pytest.fixture(scope="module")
def package(data_dir: Path) -> Iterator[Arrays]:
    with Engine(threads=2) as engine:
        yield rfm_of(rfm_orders(engine, data_dir), date(2006, 12, 31))


class TestTheRPackage:
    """Figures of the tests of the R package rfm 0.3, reproduced by settings that mimic it."""

    def test_cut_points(self, package: Arrays) -> None:
        cuts = fit_cuts(*package, closed="left", shift=1)
        assert cuts.recency == ((115, 181, 297.4, 482),)
        assert cuts.frequency == ((4, 5, 6, 8),)
        assert cuts.monetary[0] == pytest.approx((255.8, 382, 506.4, 666))

    def test_scores(self, package: Arrays) -> None:
        cuts = fit_cuts(*package, closed="left", shift=1)
        result = rfm(*package, cuts=cuts, table=r_table())
        assert result.record.score_counts == {
            "recency": (197, 200, 199, 199, 200),
            "frequency": (268, 187, 176, 244, 120),
            "monetary": (200, 200, 198, 202, 195),
        }
        three = score(cuts, [205, 140, 132], [6, 3, 5], [472, 340, 448])
        rows = np.column_stack(dataclasses.astuple(three)).tolist()
        assert rows == [[3, 4, 3], [4, 1, 2], [4, 3, 3]]

    def test_named_table(self, package: Arrays) -> None:
        cuts = fit_cuts(*package, closed="left", shift=1)
        shares = {
            share.name: share for share in rfm(*package, cuts=cuts, table=r_table()).record.shares
        }
        assert {name: share.customers for name, share in shares.items()} == {
            "Champions": 158,
            "Loyal Customers": 278,
            "Potential Loyalist": 229,
            "New Customers": 0,
            "Promising": 0,
            "Need Attention": 35,
            "About To Sleep": 50,
            "At Risk": 86,
            "Can't Lose Them": 0,
            "Lost": 111,
            "Others": 48,
        }
        assert (shares["Champions"].total_orders, shares["Champions"].revenue) == (1234, 120178)

    def test_our_table_names_everyone(self, package: Arrays) -> None:
        record = rfm(*package).record
        assert "Others" not in {share.name for share in record.shares}
        assert sum(share.customers for share in record.shares) == 995
        assert sum(cell.customers for cell in record.grid) == 995
        assert all(share.customers for share in record.shares)

    @pytest.mark.parametrize("factor", [1 / 1000, 1000, 0.01, 1.19])
    def test_the_unit_of_money_changes_no_score(self, package: Arrays, factor: float) -> None:
        days, orders, money = package
        plain, scaled = rfm(days, orders, money), rfm(days, orders, money * factor)
        assert np.array_equal(plain.scores.monetary, scaled.scores.monetary)
        assert np.array_equal(plain.names, scaled.names)

    def test_the_rule_of_the_package_depends_on_the_unit(self, package: Arrays) -> None:
        days, orders, money = package
        cuts = fit_cuts(days, orders, money / 1000, closed="left", shift=1)
        monetary = score(cuts, days, orders, money / 1000).monetary
        assert int((monetary == 1).sum()) == 994


def test_quintiles_of_online_retail(data_dir: Path) -> None:
    with Engine(threads=2) as engine:
        arrays = rfm_of(online_retail(engine, data_dir), date(2011, 12, 10))
    cuts = fit_cuts(*arrays)
    assert cuts.recency[0] == pytest.approx((13.8, 33, 72, 180))
    assert cuts.frequency[0] == (1, 2, 3, 6)
    assert cuts.monetary[0] == pytest.approx((250.194, 490.096, 942.276, 2058.426))


def test_k_means_on_the_log_standardised_features_of_online_retail(data_dir: Path) -> None:
    with Engine(threads=2) as engine:
        arrays = rfm_of(online_retail(engine, data_dir), date(2011, 12, 10))
    logs = np.log1p(np.column_stack(arrays))
    z = (logs - logs.mean(axis=0)) / logs.std(axis=0)
    for k, inertia in ((2, 6474.135), (3, 4856.322), (4, 3924.379)):
        found = KMeans(k, n_init=12, tol=0, random_state=0).fit(z)
        assert found.inertia_ == pytest.approx(inertia, abs=0.01)
        if k == 2:
            assert sorted(np.bincount(found.labels_)) == [1668, 2670]


@pytest.mark.parametrize(("share", "scores"), [(0.75, {1, 5}), (0.95, {1, 5})])
def test_one_time_buyers_stay_together(share: float, scores: set[int]) -> None:
    n = 1000
    orders = np.where(np.arange(n) < share * n, 1, 2 + np.arange(n) % 7)
    days = np.arange(n) % 300
    result = rfm(days, orders, 10.0 + np.arange(n))
    once = result.scores.frequency[orders == 1]
    assert set(once) == {1}
    assert set(result.scores.frequency) >= scores
    [finding] = [f for f in result.record.findings if f.where == "orders"]
    assert finding.code == "tied-scores"


class TestScales:
    def test_cut_points_by_hand(self) -> None:
        cuts = fit_cuts([1, 2, 3, 4, 5], [1, 1, 1, 2, 9], [5, 5, 5, 5, 5], bins=4)
        assert cuts.recency == ((2, 3, 4),)
        assert cuts.frequency == ((1, 1, 2),)
        scores = score(cuts, [1, 2, 3, 4, 5], [1, 1, 1, 2, 9], [5, 5, 5, 5, 5])
        assert scores.recency.tolist() == [4, 4, 3, 2, 1]
        assert scores.frequency.tolist() == [1, 1, 1, 3, 4]
        assert scores.monetary.tolist() == [1] * 5

    def test_later_customers_are_scored_on_the_saved_scale(self) -> None:
        cuts = own_cuts([10, 100], [1, 5], [50, 500])
        record = json.loads(json.dumps(dataclasses.asdict(cuts)))
        assert record["recency"] == [[10, 100]]
        scores = score(cuts, [10, 11, 101], [1, 2, 6], [50.0, 50.5, 9999])
        assert scores.recency.tolist() == [3, 2, 1]
        assert scores.frequency.tolist() == [1, 2, 3]
        assert scores.monetary.tolist() == [1, 2, 3]

    def test_nested_cuts_are_those_within_each_group(self) -> None:
        days = np.array([1, 1, 1, 1, 9, 9, 9, 9])
        orders = np.array([1, 2, 3, 4, 10, 20, 30, 40])
        money = np.array([1, 2, 3, 4, 5, 6, 7, 8])
        cuts = fit_cuts(days, orders, money, bins=2, binning="nested")
        assert cuts.frequency == ((25,), (2.5,))  # long ago first
        assert cuts.monetary == ((5.5,), (7.5,), (1.5,), (3.5,))
        scores = score(cuts, days, orders, money)
        assert scores.recency.tolist() == [2, 2, 2, 2, 1, 1, 1, 1]
        assert scores.frequency.tolist() == [1, 1, 2, 2, 1, 1, 2, 2]
        assert scores.monetary.tolist() == [1, 2, 1, 2, 1, 2, 1, 2]

    def test_without_amounts_the_frequency_score_stands_in(self) -> None:
        result = rfm([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
        assert np.array_equal(result.scores.monetary, result.scores.frequency)
        assert "rfm-without-amounts" in {f.code for f in result.record.findings}
        assert result.record.shares[0].revenue is None

    @given(
        st.lists(st.tuples(*[st.integers(0, 20)] * 3), min_size=1, max_size=60),
        st.sampled_from(["independent", "nested"]),
        st.integers(2, 7),
    )
    def test_scores_are_in_range_monotone_and_keep_ties(
        self, rows: list[tuple[int, int, int]], binning: str, bins: int
    ) -> None:
        days, orders, money = np.array(rows, dtype=float).T
        cuts = fit_cuts(days, orders, money, bins=bins, binning=binning)  # type: ignore[arg-type]
        scores = score(cuts, days, orders, money)
        for part in dataclasses.astuple(scores):
            assert part.min() >= 1
            assert part.max() <= bins
        order = np.argsort(days, kind="stable")
        assert (np.diff(scores.recency[order]) <= 0).all()
        seen = {
            row: tuple(int(p[i]) for p in dataclasses.astuple(scores)) for i, row in enumerate(rows)
        }
        for i, row in enumerate(rows):
            assert seen[row] == tuple(int(p[i]) for p in dataclasses.astuple(scores))

    @pytest.mark.parametrize(
        ("call", "words"),
        [
            (lambda: fit_cuts([1], [1], bins=11), "2 to 10"),
            (lambda: fit_cuts([1], [1], binning="odd"), "'binning'"),
            (lambda: own_cuts([1, 2], [1], [1, 2]), "same number"),
            (lambda: own_cuts([2, 1], [1, 2], [1, 2]), "must rise"),
            (lambda: rfm([1], [1], [1], cuts=own_cuts([1], [1], [1])), "different numbers"),
        ],
    )
    def test_wrong_use(self, call: object, words: str) -> None:
        with pytest.raises(SettingError, match=words):
            call()  # type: ignore[operator]

    @pytest.mark.parametrize(
        "arrays", [([], []), ([1, 2], [1]), ([1], [np.nan]), ([1], [1], [np.inf])]
    )
    def test_wrong_data(self, arrays: tuple[list[float], ...]) -> None:
        with pytest.raises(DataError):
            fit_cuts(*arrays)  # type: ignore[arg-type]
