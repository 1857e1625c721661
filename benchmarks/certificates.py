"""How often a certificate is wrong, and what fewer hits would save.

Small tables of three kinds are searched for k = 2..12 with several seeds and several numbers of
hits asked for. A certified search is wrong where any other search of the same table, a patient one
with twenty hits included, found a solution better by more than one part in ten million.

    python benchmarks/certificates.py                       # some minutes
    python benchmarks/certificates.py --tables 6 --seeds 5  # more searches
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field

import numpy as np

from engine import DATA
from segmeans.clustering.kernels import Floats
from segmeans.clustering.search import Budget, Solution, sweep

KS = range(2, 13)
HITS = (8, 6, 4)
PATIENT = Budget(hits=20, starts=2000, work=20.0)
BETTER = 1e-7
COLUMNS = (2, 8)


@dataclass
class Count:
    """What the searches with one number of hits came to."""

    searches: int = 0
    certified: int = 0
    wrong: int = 0
    open_and_worse: int = 0
    excess: list[float] = field(default_factory=list)
    spent: float = 0.0

    def add(self, found: Solution, best: float) -> None:
        """Judge one search."""
        excess = found.inertia / best - 1.0
        worse = excess > BETTER
        self.searches += 1
        self.certified += found.certificate.certified
        self.wrong += worse and found.certificate.certified
        self.open_and_worse += worse and not found.certificate.certified
        self.excess.append(max(excess, 0.0))


def judge(counts: dict[int, Count], points: Floats, seeds: int) -> None:
    """Search one table in every way and count."""
    found: list[tuple[int, tuple[Solution, ...]]] = []
    for hits, count in counts.items():
        for seed in range(seeds):
            begin = time.process_time()
            found.append((hits, sweep(points, KS, budget=Budget(hits=hits), seed=seed)))
            count.spent += time.process_time() - begin
    patient = sweep(points, KS, budget=PATIENT, seed=seeds)
    for i, end in enumerate(patient):
        best = min(end.inertia, *(solutions[i].inertia for _, solutions in found))
        for hits, solutions in found:
            counts[hits].add(solutions[i], best)


def main() -> None:
    """Search and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=(200, 500, 1000))
    parser.add_argument("--tables", type=int, default=3, help="of each kind")
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    heads = ("rows", "hits", "searches", "certified", "of these wrong", "not certified, not best")
    print(f"| {' | '.join((*heads, 'mean excess', 'CPU seconds'))} |\n{'|---' * 8}|")
    for rows in asked.rows:
        counts = {hits: Count() for hits in HITS}
        for kind in DATA:
            for columns in COLUMNS:
                for table in range(asked.tables):
                    points = DATA[kind](rows, columns, np.random.default_rng(table))
                    judge(counts, points.astype(np.float64), asked.seeds)
        for hits, count in counts.items():
            numbers = f"{count.searches:,} | {count.certified:,} | {count.wrong}"
            rest = f"{count.open_and_worse} | {np.mean(count.excess):.1e} | {count.spent:.0f}"
            print(f"| {rows:,} | {hits} | {numbers} | {rest} |", flush=True)


if __name__ == "__main__":
    main()
