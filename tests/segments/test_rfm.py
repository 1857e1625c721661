from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from tests.segments.test_rfm_names import r_table
from tests.tables.order_logs import online_retail, rfm_orders

from segmeans.segments.rfm import rfm
from segmeans.segments.rfm_scores import fit_cuts, score
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
    for k, inertia in ((2, 6474.135), (3, 4856.322)):
        found = KMeans(k, n_init=3, tol=1e-8, random_state=0).fit(z)
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
