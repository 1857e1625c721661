"""How near the kernels come to what this machine can do.

One fused pass reads every row once and scores it against every centre of a sweep k = 2..12. It
cannot be faster than memory delivers the rows, nor than the multiply-adds of the distances can be
carried out. Both rates are measured here, with the same number of threads: reading by the dot
product of a long vector with itself, multiply-adds by a product of two float32 matrices in BLAS.
The larger of the two times is the limit that binds; the table says which it is and how many times
as long the pass takes, and beside it how long the labels alone take against as many centres in one
set: the rest of a pass is adding up. Polishing remembers labels and adds up what changed; its
column gives the average time of one iteration of the whole sweep.

    python benchmarks/kernels.py [--rows 1000000] [--threads 1] [--repeats 7]
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from segmeans.clustering import kernels

KS = range(2, 13)
MOST = 100  # iterations


def best_of(repeats: int, threads: int, work: Callable[[], object]) -> float:
    """Return the shortest of several times, in seconds, the first one left out.

    One thread is timed by the processor's time, which leaves out what other programs took.
    """
    clock = time.process_time if threads == 1 else time.perf_counter
    times = []
    for _ in range(repeats + 1):
        begin = clock()
        work()
        times.append(clock() - begin)
    return min(times[1:])


def read_rate(threads: int, repeats: int) -> float:
    """Bytes read from memory per second."""
    values = np.ones(2**25)
    with threadpool_limits(threads):
        return values.nbytes / best_of(repeats, threads, lambda: values @ values)


def multiply_add_rate(threads: int, repeats: int) -> float:
    """Multiply-adds of float32 per second."""
    side = 2048
    left, right = np.ones((side, side), np.float32), np.ones((side, side), np.float32)
    with threadpool_limits(threads):
        return side**3 / best_of(repeats, threads, lambda: left @ right)


def mixture(n: int, d: int) -> kernels.Floats:
    """Seven overlapping Gaussian clusters."""
    random = np.random.default_rng(d)
    middles = random.normal(size=(7, d)) * 2.0
    return middles[random.integers(0, 7, n)] + random.normal(size=(n, d))


def centres_of(rows: kernels.Floats, k: int, threads: int) -> kernels.Floats:
    """Centres that Lloyd's iterations found on a part of the rows."""
    part = np.ascontiguousarray(rows[:16384])
    uniforms = np.random.default_rng(k).random((4, k, 3))
    ends = kernels.starts(part, np.ones(len(part)), k, uniforms, 100, 0.0, threads)
    best: kernels.Floats = ends.centres[int(np.argmin(ends.inertia))]
    return best


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=7)
    asked = parser.parse_args()
    threads, repeats, n = asked.threads, asked.repeats, asked.rows
    reading, adding = read_rate(threads, repeats), multiply_add_rate(threads, repeats)
    say = sys.stdout.write
    say(f"{machine()}, Python {platform.python_version()}, NumPy {np.__version__}\n")
    say(f"kernels: {kernels.description()._replace(threads=threads)}\n")
    say(f"reads {reading / 1e9:.1f} GB/s, {adding / 1e9:.1f} G multiply-adds/s (float32)\n\n")
    say(f"{n:,} rows, sweep k = {KS[0]}..{KS[-1]}; times in ms\n")
    say(" " * 11 + "pass  reading  mult-add  binds    ratio  labels ratio   pass   polish\n")
    say(" d  rows" + " " * 47 + "only          k=7   sweeps, each\n")
    for d in (3, 8, 16):
        wide = mixture(n, d)
        tables = [centres_of(wide, k, threads) for k in KS]
        for rows in (wide, wide.astype(np.float32)):
            say(line(rows, tables, threads, repeats, reading, adding))


def line(
    rows: kernels.Rows,
    tables: list[kernels.Floats],
    threads: int,
    repeats: int,
    reading: float,
    adding: float,
) -> str:
    """Measure one kind of rows."""
    n, d = rows.shape
    fused = best_of(repeats, threads, lambda: kernels.passes(rows, None, tables, threads))
    single = best_of(repeats, threads, lambda: kernels.passes(rows, None, tables[5:6], threads))
    many = rows[: sum(KS)].astype(np.float64)  # as many multiply-adds, nothing to add up
    labels = best_of(repeats, threads, lambda: kernels.assign(rows, many, threads))
    limits = {"reading": rows.nbytes / reading, "mult-add": n * d * sum(KS) / adding}
    binds = max(limits, key=lambda name: limits[name])
    ends = kernels.polish(rows, None, tables, MOST, 0.0, threads)
    spent = best_of(1, threads, lambda: kernels.polish(rows, None, tables, MOST, 0.0, threads))
    steps = sum(end.iterations + 1 for end in ends) / len(KS)
    read, added = limits["reading"], limits["mult-add"]
    return "".join(
        [
            f"{d:2}  {rows.dtype.name:7}",
            f"{1e3 * fused:6.1f}{1e3 * read:9.1f}{1e3 * added:10.1f}  {binds:8}",
            f"{fused / limits[binds]:6.1f}",
            f"{1e3 * labels:8.1f}{labels / limits[binds]:6.1f}{1e3 * single:7.1f}",
            f"{steps:9.1f}{1e3 * spent / steps:7.1f}\n",
        ]
    )


def machine() -> str:
    """Name the processor and how many of its cores may be used."""
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as told:  # noqa: PTH123
            models = [row.split(":")[1].strip() for row in told if row.startswith("model name")]
        name = models[0] if models else name
    except OSError:  # not Linux
        pass
    return f"{name}, {os.cpu_count()} cores"


if __name__ == "__main__":
    main()
