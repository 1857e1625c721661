"""The best inertias known for public data sets: reached from five seeds, or not certified.

The values were found elsewhere by thousands of starts with exchange refinement; they are upper
bounds. The folder of data is named by ``SEGMEANS_DATA``.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from segmeans.clustering.agreement import adjusted_rand, contingency
from segmeans.clustering.kernels import assign
from segmeans.clustering.search import sweep

SEEDS = range(5)
MALL = {  # income, score | the same z | age, income, score | the same z
    2: (181363.595960, 269.016794, 212840.169821, 389.386189),
    3: (106348.373062, 157.704008, 143342.751572, 295.212246),
    4: (73679.789039, 108.921317, 104366.151456, 205.225147),
    5: (44448.455448, 65.568408, 75350.779172, 168.247580),
    6: (37233.814511, 55.057348, 58300.443322, 133.868334),
    7: (30227.606513, 44.864756, 51082.542968, 117.011555),
    8: (24986.525641, 37.148117, 44307.873417, 103.788203),
    9: (21794.885609, 32.330814, 40567.962964, 91.956839),
    10: (19634.554629, 29.061153, 37014.147357, 81.428991),
}
MCDONALDS = {
    2: 2145.503727, 3: 1818.700649, 4: 1602.899456, 5: 1434.601194,
    6: 1325.088, 7: 1241.913, 8: 1163.847462,
}  # fmt: skip
WHOLESALE_LN = {
    1: 4800.918977, 2: 3314.947406, 3: 2807.247609,
    4: 2489.137447, 5: 2283.392436, 6: 2093.717595,
}  # fmt: skip
WHOLESALE_LN_Z = {2: 1847.979708, 3: 1558.035894, 4: 1391.755317}
BENCHMARKS = {
    "s1": (15, 8.917615617e12),
    "s2": (15, 1.327910949e13),
    "a1": (20, 1.214625752e10),
    "a2": (35, 2.028673664e10),
    "unbalance": (8, 2.144920628e11),
    "r15": (15, 108.6190408),
    "d31": (31, 3393.256647),
    "hepta": (7, 106.14765),
    "tetra": (4, 229.0488),
    "twodiamonds": (2, 289.26619),
    "wingnut": (2, 966.6001),
    "engytime": (2, 11774.999),
}


def columns(path: Path, first: int, last: int) -> np.ndarray:
    """Read some columns of a table with a header as numbers."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return np.array([[float(value) for value in row[first:last]] for row in rows])


def z(rows: np.ndarray) -> np.ndarray:
    return (rows - rows.mean(axis=0)) / rows.std(axis=0)


def mcdonalds(data_dir: Path) -> np.ndarray:
    with (data_dir / "mcdonalds" / "mcdonalds.csv").open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    return np.array([[float(value == "Yes") for value in row[:11]] for row in rows])


def check(rows: np.ndarray, known: dict[int, float], seed: int) -> None:
    """Sweep; whatever is certified must reach the best value known."""
    for solution in sweep(rows, known, seed=seed):
        proof = solution.certificate
        excess = solution.inertia / known[solution.k] - 1.0
        assert excess <= 1e-6 or not proof.certified, (solution.k, excess, proof)
        assert excess <= 1e-6, (solution.k, excess, proof)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("cell", range(4), ids=["two", "two-z", "three", "three-z"])
def test_mall(data_dir, cell, seed):
    rows = columns(data_dir / "mall" / "Mall_Customers.csv", 3 if cell < 2 else 2, 5)
    known = {k: values[cell] for k, values in MALL.items()}
    check(z(rows) if cell % 2 else rows, known, seed)


def test_mall_five_clusters_as_published(data_dir):
    rows = columns(data_dir / "mall" / "Mall_Customers.csv", 3, 5)
    found = sweep(rows, [5])[0]
    assert found.inertia == pytest.approx(44448.455448, rel=1e-10)
    assert found.sizes.tolist() == [81, 39, 35, 23, 22]
    published = [
        (55.2963, 49.5185), (86.5385, 82.1282), (88.2000, 17.1143),
        (26.3043, 20.9130), (25.7273, 79.3636),
    ]  # fmt: skip
    np.testing.assert_allclose(found.centres, published, atol=5e-5)
    assert found.certificate.certified


@pytest.mark.parametrize("seed", SEEDS)
def test_mcdonalds(data_dir, seed):
    check(mcdonalds(data_dir), MCDONALDS, seed)


def test_the_published_mcdonalds_partition_is_not_optimal(data_dir):
    rows = mcdonalds(data_dir)
    with (data_dir / "mcdonalds" / "mcdonalds_k4_reference_labels.csv").open(newline="") as file:
        table = list(csv.reader(file))
    published = np.unique([row[0] for row in table[1:]], return_inverse=True)[1]
    assert sorted(np.bincount(published).tolist()) == [257, 324, 402, 470]
    means = np.stack([rows[published == j].mean(axis=0) for j in range(4)])
    inertia = float(((rows - means[published]) ** 2).sum())
    assert inertia == pytest.approx(1656.43, abs=0.01)
    found = sweep(rows, [4])[0]
    assert found.certificate.certified
    assert sorted(found.sizes.tolist()) == [240, 315, 318, 580]
    assert found.inertia < inertia * 0.968
    agreement = adjusted_rand(contingency(published, assign(rows, found.centres), 4, 4))
    assert agreement == pytest.approx(0.63, abs=0.005)


@pytest.mark.parametrize("seed", SEEDS)
def test_wholesale(data_dir, seed):
    rows = np.log(columns(data_dir / "wholesale" / "wholesale.csv", 2, 8))
    check(rows, WHOLESALE_LN, seed)
    check(z(rows), WHOLESALE_LN_Z, seed)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", BENCHMARKS)
def test_benchmarks(data_dir, name, seed):
    k, known = BENCHMARKS[name]
    rows = np.loadtxt(data_dir / "benchmarks" / f"{name}.data.gz")
    check(rows, {k: known}, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_birch1(data_dir, seed):
    rows = np.loadtxt(data_dir / "benchmarks" / "birch1.txt.gz")
    check(rows, {100: 9.277285828e13}, seed)
