"""What the full verdict costs over the number of customers: the evidence for k = 1..12.

    python benchmarks/verdict_cost.py                 # 200 to 1,000,000 rows of 8 columns
    python benchmarks/verdict_cost.py --rows 200 --columns 2

Made-up customers in five overlapping groups. Processor seconds count all threads; the time by the
clock depends on what else the machine does.
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise

import numpy as np

from segmeans import verdict
from segmeans.clustering.evidence import gather
from segmeans.clustering.kernels import Floats
from segmeans.clustering.search import Budget, sweep
from segmeans.settings import Settings
from segmeans.study.conductor import EFFORT

ROWS = (200, 1000, 10_000, 100_000, 1_000_000)
GROUPS, APART, MOST = 5, 5.0, 12


def customers(rows: int, columns: int, seed: int = 0) -> Floats:
    """Draw bell curves around random centres, standardised."""
    generator = np.random.default_rng(seed)
    centres = generator.standard_normal((GROUPS, columns)) * APART / np.sqrt(2 * columns)
    points = centres[generator.integers(GROUPS, size=rows)]
    points += generator.standard_normal((rows, columns))
    return np.asarray((points - points.mean(axis=0)) / points.std(axis=0))


def measure(rows: int, columns: int, threads: int) -> str:
    """Search and judge one table; return a row of the table that is printed."""
    points = customers(rows, columns)
    clock = [(time.perf_counter(), time.process_time())]
    solutions = sweep(points, range(1, MOST + 1), budget=Budget(work=EFFORT), threads=threads)
    clock.append((time.perf_counter(), time.process_time()))
    found = gather(points, solutions, threads=threads)
    decided = verdict.decide(found.rows, Settings(k=(1, MOST)), found.flows)
    clock.append((time.perf_counter(), time.process_time()))
    spent = [
        f"{after[part] - before[part]:.1f}" for before, after in pairwise(clock) for part in (1, 0)
    ]
    said = f"{decided.recommended_k}, {decided.structure}"
    return f"| {' | '.join([f'{rows:,} x {columns}', *spent, said])} |"


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS)
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    print("| customers | search, CPU s | s | evidence, CPU s | s | verdict |")
    print("|---|---|---|---|---|---|")
    for rows in asked.rows:
        print(measure(rows, asked.columns, asked.threads), flush=True)


if __name__ == "__main__":
    main()
