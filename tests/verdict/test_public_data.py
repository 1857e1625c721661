"""The verdict on public data sets whose answer is known, or known to mislead."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from segmeans.clustering.evidence import Evidence, Plan, gather
from segmeans.clustering.kernels import assign
from segmeans.clustering.search import sweep
from segmeans.records import Verdict
from segmeans.settings import Settings
from segmeans.verdict import decide
from segmeans.verdict.case import Case

PLAN = Plan(resamples=30, splits=2, searches=2, tables=10, null_stability=False)
LIGHT = PLAN._replace(resamples=20, tables=6)


def _evidence(points: np.ndarray, most: int, plan: Plan) -> Evidence:
    return gather(points, sweep(points, range(1, most + 1)), plan=plan)


def _study(points: np.ndarray, most: int, plan: Plan = PLAN) -> Verdict:
    found = _evidence(points, most, plan)
    return decide(found.rows, Settings(k=(1, most)), found.flows)


def _standard(points: np.ndarray) -> np.ndarray:
    return np.asarray((points - points.mean(axis=0)) / points.std(axis=0))


def _mall(data_dir: Path, *columns: int) -> np.ndarray:
    path = data_dir / "mall" / "Mall_Customers.csv"
    return _standard(np.genfromtxt(path, delimiter=",", skip_header=1, usecols=columns))


def _benchmark(data_dir: Path, name: str) -> np.ndarray:
    with gzip.open(data_dir / "benchmarks" / f"{name}.data.gz", "rt") as text:
        points = np.loadtxt(text)
    return np.asarray((points - points.mean(axis=0)) / points.std())


def test_mall_income_and_score_are_five_natural_segments(data_dir: Path) -> None:
    found = _study(_mall(data_dir, 3, 4), 10)
    assert (found.recommended_k, found.structure, found.sure) == (5, "natural", "high")


def test_mall_with_age_is_six_or_four_and_five_is_named_unstable(data_dir: Path) -> None:
    plan = PLAN._replace(resamples=100, tables=20)  # as in a study: 6 is found again in 87 %
    evidence = _evidence(_mall(data_dir, 2, 3, 4), 8, plan)
    found = decide(evidence.rows, Settings(k=(1, 8)), evidence.flows)
    assert {found.recommended_k, found.runner_up} == {4, 6}
    assert not Case(evidence.rows[4]).found_again
    [told] = [reason for reason in found.reasons if reason.startswith("Between 4 and 6")]
    assert "k = 5 (" in told
    assert "unstable" in told


@pytest.mark.parametrize(
    ("name", "k"), [("hepta", 7), ("tetra", 4), ("twodiamonds", 2), ("wingnut", 2)]
)
def test_benchmarks_with_gaps_are_natural(data_dir: Path, name: str, k: int) -> None:
    found = _study(_benchmark(data_dir, name), k + 2)
    assert (found.recommended_k, found.structure) == (k, "natural")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lsun", "target", "atom", "chainlink"])
def test_shapes_k_means_cannot_follow_are_not_called_natural(data_dir: Path, name: str) -> None:
    assert _study(_benchmark(data_dir, name), 8, LIGHT).structure != "natural"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "k", "most"), [("s1", 15, 16), ("r15", 15, 16), ("unbalance", 8, 9)]
)
def test_many_and_unequal_clusters(data_dir: Path, name: str, k: int, most: int) -> None:
    found = _study(_benchmark(data_dir, name), most, LIGHT)
    assert (found.recommended_k, found.structure) == (k, "natural")


def test_wholesale_spends_are_two_kinds_without_a_gap(data_dir: Path) -> None:
    """The two follow the channel (adjusted Rand 0.58); untransformed, some outliers score higher.

    A silhouette of 0.30 for the better answer, of 0.57 and more for the worse one.
    """
    path = data_dir / "wholesale" / "wholesale.csv"
    table = np.genfromtxt(path, delimiter=",", skip_header=1)
    channel, spends = table[:, 0], table[:, 2:]
    logged = np.log(spends)
    evidence = _evidence(logged, 5, LIGHT)
    found = decide(evidence.rows, Settings(k=(1, 5)), evidence.flows)
    assert (found.recommended_k, found.structure) == (2, "reproducible")
    assert evidence.rows[1].silhouette == pytest.approx(0.29996, abs=5e-6)
    [two] = sweep(logged, [2])
    labels = assign(logged - two.centres.mean(axis=0), two.centres - two.centres.mean(axis=0))
    assert adjusted_rand_score(channel, labels) == pytest.approx(0.5808, abs=5e-5)
    raw = _evidence(_standard(spends), 5, LIGHT)
    assert raw.rows[1].silhouette is not None
    assert raw.rows[1].silhouette >= 0.567
    refused = decide(raw.rows, Settings(k=(1, 5)), raw.flows)
    assert refused.structure == "none"
