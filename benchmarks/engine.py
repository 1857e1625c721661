"""The engine beside its peers: time, CPU time and inertia of a whole sweep over k, in one run.

Run it in an environment where segmeans and the peers are installed::

    python benchmarks/engine.py --rows 1e5 --columns 8 --seeds 5
    python benchmarks/engine.py --rows 1e6 --columns 3 8 16 --peers scikit-learn --one-start

Tables of at most 10,000 rows are searched in two more ways, which prove nothing: with as many
starts as the peers make (`KMeans(n_init=10)`), and with the budget `QUICK`. Above that, proving
costs little, and only the search as it is by default runs.

Every engine gets the same rows, the same numbers of clusters and the same number of threads. Its
centres are judged by one ruler: their inertia over all rows in float64, as the relative excess
over the best inertia that any engine found for that k in the whole run.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Sweep = Callable[[Rows, list[int], int, int], list[NDArray[np.float64]]]
STARTS = 10
SMALL = 10_000


@dataclass(frozen=True)
class Result:
    """One sweep of one engine."""

    engine: str
    data: str
    rows: int
    columns: int
    seed: int
    seconds: float
    cpu_seconds: float
    excess: float  # mean over k of the relative excess inertia
    note: str = ""


# Data ----------------------------------------------------------------------------------------


def blobs(n: int, d: int, random: np.random.Generator) -> Rows:
    """Return eight round groups of equal size that touch."""
    centres = random.normal(scale=2.0, size=(8, d))
    rows = random.normal(size=(n, d)).astype(np.float32)
    rows += centres[random.integers(0, 8, n)].astype(np.float32)
    return rows


def skewed(n: int, d: int, random: np.random.Generator) -> Rows:
    """Return correlated log-normal columns after log1p: a continuum, as customers often are."""
    mixing = np.eye(d) + random.normal(scale=0.3, size=(d, d))
    rows = random.normal(size=(n, d)) @ mixing
    return np.log1p(np.exp(rows)).astype(np.float32)


def unequal(n: int, d: int, random: np.random.Generator) -> Rows:
    """Return twelve groups of very unequal size and width."""
    shares = 0.6 ** np.arange(12)
    group = random.choice(12, size=n, p=shares / shares.sum())
    centres = random.normal(scale=4.0, size=(12, d))
    widths = random.uniform(0.5, 2.0, 12)
    rows = random.normal(size=(n, d)) * widths[group, None] + centres[group]
    return rows.astype(np.float32)


DATA: dict[str, Callable[[int, int, np.random.Generator], Rows]] = {
    "blobs": blobs,
    "skewed": skewed,
    "unequal": unequal,
}


# Engines -------------------------------------------------------------------------------------


def segmeans(rows: Rows, ks: list[int], seed: int, threads: int) -> list[NDArray[np.float64]]:
    """Sweep over all k in one call."""
    from segmeans.clustering.search import sweep

    return [one.centres for one in sweep(rows, ks, seed=seed, threads=threads)]


def quick(rows: Rows, ks: list[int], seed: int, threads: int) -> list[NDArray[np.float64]]:
    """Sweep with a budget of sixteen starts, which proves nothing."""
    from segmeans.clustering.search import QUICK, sweep

    return [one.centres for one in sweep(rows, ks, budget=QUICK, seed=seed, threads=threads)]


def estimators(module: str, name: str, **options: object) -> Sweep:
    """Fit one estimator per k."""

    def run(rows: Rows, ks: list[int], seed: int, threads: int) -> list[NDArray[np.float64]]:
        estimator = getattr(importlib.import_module(module), name)
        with limited(threads):
            return [
                estimator(n_clusters=k, random_state=seed, **options).fit(rows).cluster_centers_
                for k in ks
            ]

    return run


def faiss(rows: Rows, ks: list[int], seed: int, threads: int) -> list[NDArray[np.float64]]:
    """Train on all rows, which faiss by default does not."""
    library = importlib.import_module("faiss")
    library.omp_set_num_threads(threads)
    options = {"niter": 100, "nredo": STARTS, "min_points_per_centroid": 1}
    options["max_points_per_centroid"] = len(rows)  # else it draws a sample
    centres = []
    for k in ks:
        model = library.Kmeans(rows.shape[1], k, seed=seed, **options)
        model.train(rows)
        centres.append(model.centroids)
    return centres


def own(n: int, threads: int) -> dict[str, Sweep]:
    """Return the ways in which segmeans searches n rows."""
    ways: dict[str, Sweep] = {"segmeans": segmeans}
    if n <= SMALL:
        plain = estimators("segmeans", "KMeans", n_init=STARTS, n_threads=threads)
        ways |= {"segmeans, n_init=10": plain, "segmeans, QUICK": quick}
    return ways


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """Hold the libraries that scikit-learn calls to a number of threads."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=threads):
        yield


PEERS: dict[str, tuple[str, Sweep]] = {
    "scikit-learn": (
        "scikit-learn",
        estimators("sklearn.cluster", "KMeans", n_init=STARTS),
    ),
    "scikit-learn-intelex": (
        "scikit-learn-intelex",
        estimators("sklearnex.cluster", "KMeans", n_init=STARTS),
    ),
    "faiss": ("faiss-cpu", faiss),
    "MiniBatchKMeans": (
        "scikit-learn",
        estimators("sklearn.cluster", "MiniBatchKMeans", n_init=STARTS),
    ),
    "BisectingKMeans": (
        "scikit-learn",
        estimators("sklearn.cluster", "BisectingKMeans", n_init=STARTS),
    ),
}
ONE_START = estimators("sklearn.cluster", "KMeans", n_init=1)


def installed(package: str) -> str:
    """Return the version of a package, "" where it is absent."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


# Measuring -----------------------------------------------------------------------------------


def inertia(rows: Rows, centres: NDArray[np.float64], threads: int) -> float:
    """Return the inertia over all rows in float64."""
    from segmeans.clustering import kernels

    centres = np.ascontiguousarray(centres, dtype=np.float64)
    origin = centres.mean(axis=0)
    return float(kernels.passes(rows, None, [centres - origin], threads, origin=origin)[0].inertia)


def measure(args: argparse.Namespace) -> list[Result]:
    """Run every engine on every table and judge all ends together."""
    results = []
    for name in args.data:
        for d in args.columns:
            rows = DATA[name](args.rows, d, np.random.default_rng(7))
            results += measure_table(name, rows, args)
    return results


def measure_table(name: str, rows: Rows, args: argparse.Namespace) -> list[Result]:
    """Run every engine on one table, seed by seed."""
    ks = list(range(args.ks[0], args.ks[1] + 1))
    engines = own(len(rows), args.threads) | {
        peer: PEERS[peer][1] for peer in args.peers if installed(PEERS[peer][0])
    }
    if args.one_start and "scikit-learn" in engines:
        engines["scikit-learn"] = ONE_START
    runs = []
    for run in engines.values():  # imports and first calls are not timed
        run(rows[:500], ks[:1], 0, args.threads)
    for seed in range(args.seeds):
        for engine, run in engines.items():
            start, cpu = time.perf_counter(), time.process_time()
            centres = run(rows, ks, seed, args.threads)
            seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
            ends = [inertia(rows, table, args.threads) for table in centres]
            runs.append((engine, seed, seconds, cpu_seconds, ends))
            print(f"{name} {rows.shape} {engine} seed {seed}: {seconds:.2f} s", file=sys.stderr)
    best = np.min([run[4] for run in runs], axis=0)
    results = []
    for engine, seed, seconds, cpu_seconds, ends in runs:
        tenfold = args.one_start and engine == "scikit-learn"
        times = STARTS if tenfold else 1
        excess = float(np.mean(np.array(ends) / best - 1.0))
        note = "ten times one start; excess of one start" if tenfold else ""
        results.append(
            Result(
                engine, name, *rows.shape, seed, seconds * times, cpu_seconds * times, excess, note
            )
        )
    return results


def as_times(ratio: float) -> str:
    """Write how many times as long with two digits, or all before the point."""
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"


def table(results: list[Result]) -> str:
    """Return medians over the seeds, and ratios to segmeans, as Markdown."""
    lines = [
        "| data | rows x columns | engine | seconds | CPU seconds | times segmeans | mean excess |",
        "|---|---|---|---|---|---|---|",
    ]
    groups: dict[tuple[str, int, int], dict[str, list[Result]]] = {}
    for one in results:
        group = groups.setdefault((one.data, one.rows, one.columns), {})
        group.setdefault(one.engine, []).append(one)
    for (data, n, d), engines in groups.items():
        ours = statistics.median(one.seconds for one in engines["segmeans"])
        for engine, runs in engines.items():
            seconds = statistics.median(one.seconds for one in runs)
            cpu = statistics.median(one.cpu_seconds for one in runs)
            excess = statistics.mean(one.excess for one in runs)
            note = f" ({runs[0].note})" if runs[0].note else ""
            lines.append(
                f"| {data} | {n:,} x {d} | {engine}{note} | {seconds:.3g} | {cpu:.3g} "
                f"| {as_times(seconds / ours)} | {excess:.1e} |"
            )
    return "\n".join(lines)


def circumstances(args: argparse.Namespace) -> str:
    """Name the machine, the versions and what was absent."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = models[0].split(":")[1].strip() if models else cpu
    packages = ("segmeans", "numpy", *dict.fromkeys(package for package, _ in PEERS.values()))
    versions = ", ".join(f"{name} {installed(name) or 'absent'}" for name in packages)
    from segmeans.clustering import kernels

    twin = kernels.description()
    return (
        f"{cpu}, {os.cpu_count()} processors, {args.threads} threads used; Python "
        f"{platform.python_version()}; {versions}; kernels: {twin.twin}, {twin.instructions}; "
        f"k = {args.ks[0]}..{args.ks[1]}, medians over {args.seeds} seeds."
    )


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=lambda text: int(float(text)), default=100_000)
    parser.add_argument("--columns", type=int, nargs="+", default=[8])
    parser.add_argument("--data", nargs="+", choices=list(DATA), default=list(DATA))
    parser.add_argument("--ks", type=int, nargs=2, default=[2, 12], metavar=("FIRST", "LAST"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=list(PEERS))
    parser.add_argument(
        "--one-start",
        action="store_true",
        help="let ten times one start stand for the ten starts of scikit-learn",
    )
    parser.add_argument("--json", type=Path, help="also write every run to this file")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    args = arguments()
    results = measure(args)
    print(circumstances(args), table(results), sep="\n\n")
    if args.json:
        args.json.write_text(json.dumps([asdict(one) for one in results], indent=1))


if __name__ == "__main__":
    main()
