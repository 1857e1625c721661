"""Scoring from Parquet to Parquet: rows per second and peak memory, beside the usual pipeline.

The usual pipeline is pandas and scikit-learn: read the table, impute, transform and scale with a
ColumnTransformer, distances from KMeans, then segment, name, distance, margin, certainty and
runner-up, and write the table. Both are trained on the same sample; time is that of scoring alone,
without imports, and memory the peak of the process. `make bench` runs it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NUMBERS = ["Age", "Annual Income (k$)", "Spending Score (1-100)", "Visits per Month"]
SKEWED = ["Tenure (months)"]
CATEGORIES = ["City"]
FEATURES = [*NUMBERS, *SKEWED, *CATEGORIES]
K = 5


def ours(folder: Path, threads: int) -> None:
    """Score with segmeans."""
    from segmeans.model import load, score
    from segmeans.settings import Settings

    model = load(folder / "out" / "model.json")
    start = now()
    settings = Settings(threads=threads)
    score(model, folder / "large.parquet", folder / "ours.parquet", settings=settings)
    told(start)


def usual(folder: Path) -> None:
    """Score with pandas and scikit-learn."""
    import numpy as np
    import pandas as pd
    from sklearn.cluster import KMeans
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

    median = SimpleImputer(strategy="median")
    prepare = ColumnTransformer(
        [
            ("numbers", make_pipeline(median, StandardScaler()), NUMBERS),
            (
                "skewed",
                make_pipeline(median, FunctionTransformer(np.log), StandardScaler()),
                SKEWED,
            ),
            ("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), CATEGORIES),
        ]
    )
    trained = pd.read_csv(folder / "small.csv")
    means = KMeans(K, n_init=10, random_state=0).fit(prepare.fit_transform(trained))
    names = np.array([f"segment {number}" for number in range(1, K + 1)])
    start = now()
    table = pd.read_parquet(folder / "large.parquet", columns=["CustomerID", *FEATURES])
    distances = means.transform(prepare.transform(table))
    two = np.argpartition(distances, 1, axis=1)[:, :2]
    every = np.arange(len(two))
    near, far = distances[every, two[:, 0]], distances[every, two[:, 1]]
    pd.DataFrame(
        {
            "CustomerID": table["CustomerID"].astype(str),
            "segment": two[:, 0] + 1,
            "name": names[two[:, 0]],
            "distance": near,
            "margin": far - near,
            "certainty": (far - near) / (far + near),
            "runner_up": two[:, 1] + 1,
            "runner_up_name": names[two[:, 1]],
        }
    ).to_parquet(folder / "usual.parquet")
    told(start)


def now() -> tuple[float, float]:
    """Return the time on the clock and the time the processors took."""
    return time.perf_counter(), time.process_time()


def told(start: tuple[float, float]) -> None:
    """Print what it took, for the parent process."""
    seconds, cpu = (later - earlier for later, earlier in zip(now(), start, strict=True))
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    print(json.dumps({"seconds": seconds, "megabytes": peak, "cpu": cpu}))


def segmeans(*arguments: object) -> None:
    """Run one command."""
    command = [sys.executable, "-m", "segmeans", *map(str, arguments)]
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)


def main() -> None:
    """Make the tables, score them both ways in processes of their own, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", choices=["ours", "usual"], help="one of the two")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--part", choices=["ours", "usual"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        ours(options.folder, options.threads) if options.part == "ours" else usual(options.folder)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sample = ("sample", "customers", "--extra", 6, "--seed", 1)
        segmeans(*sample, "--rows", 20_000, "--missing", 0.02, "--out", folder / "small.csv")
        segmeans(
            *sample, "--rows", options.rows, "--missing", 0.02, "--out", folder / "large.parquet"
        )
        chosen = ("--features", ",".join(FEATURES), "--k", K, "--fast", "--no-figures", "-q")
        segmeans("run", folder / "small.csv", "--out", folder / "out", *chosen)
        print(f"{options.rows:,} rows, {len(FEATURES)} features, {options.threads} threads\n")
        print(f"{'scored by':<28} {'seconds':>8} {'rows/s':>10} {'CPU s':>8} {'peak MB':>8}")
        for part in [options.only] if options.only else ["ours", "usual"]:
            found = min(
                (measured(part, folder, options.threads) for _ in range(options.repeats)),
                key=lambda one: one["seconds"],
            )
            title = {"ours": "segmeans", "usual": "pandas and scikit-learn"}[part]
            rate = options.rows / found["seconds"]
            print(
                f"{title:<28} {found['seconds']:>8.2f} {rate:>10,.0f} "
                f"{found['cpu']:>8.2f} {found['megabytes']:>8.0f}",
                flush=True,
            )


def measured(part: str, folder: Path, threads: int) -> dict[str, float]:
    """Score in a process of its own."""
    (folder / f"{part}.parquet").unlink(missing_ok=True)
    command = [sys.executable, __file__, "--part", part, "--folder", str(folder)]
    command += ["--threads", str(threads)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
