"""The engine on rows that do not fit in memory: a sweep over Parquet, with its peak memory.

Writes a table of touching groups in pieces, as Parquet in float32, and searches k = 2..12 while it
streams from there, in a process of its own::

    python benchmarks/streamed.py --rows 1e8 --columns 8
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

PART = 1_000_000  # rows of a file

CHILD = """
import json, sys, time
from streamed import ParquetRows
from segmeans.clustering.search import sweep
rows = ParquetRows(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
start, cpu = time.perf_counter(), time.process_time()
found = sweep(rows, range(2, 13), threads=int(sys.argv[4]))
print(json.dumps({
    "seconds": time.perf_counter() - start,
    "cpu": time.process_time() - cpu,
    "readings": rows.readings,
    "converged": sum(one.converged for one in found),
    "inertia": found[-1].inertia,
}))
"""


class ParquetRows:
    """Rows of Parquet files as blocks: what ``sweep`` takes where rows do not fit in memory."""

    def __init__(self, folder: str, n_rows: int, n_columns: int) -> None:
        self.folder, self.n_rows, self.n_columns, self.readings = folder, n_rows, n_columns, 0

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield the rows in order."""
        from segmeans.tables.duck import Engine, literal

        self.readings += 1
        with Engine() as engine:
            engine.run("SET memory_limit = '1GB'")
            files = literal(f"{self.folder}/*.parquet")
            query = f"SELECT CAST(COLUMNS(*) AS DOUBLE) FROM read_parquet({files})"  # noqa: S608
            for block in engine.stream(query, 65_536, numbers=True):
                yield np.column_stack([column.astype(np.float32) for column in block.values()])


def write(folder: Path, rows: int, columns: int) -> float:
    """Write eight round groups that touch; return the gigabytes on disk."""
    random = np.random.default_rng(7)
    centres = random.normal(scale=2.0, size=(8, columns))
    with duckdb.connect() as engine:
        for part, first in enumerate(range(0, rows, PART)):
            n = min(PART, rows - first)
            block = random.normal(size=(n, columns)) + centres[random.integers(0, 8, n)]
            names = [f"x{j}" for j in range(columns)]
            data = dict(zip(names, block.T.astype(np.float32), strict=True))
            engine.register("piece", data)
            path = folder / f"part-{part:05d}.parquet"
            engine.execute(f"COPY (FROM piece) TO '{path}' (FORMAT parquet)")
            engine.unregister("piece")
    return sum(path.stat().st_size for path in folder.iterdir()) / 1e9


def main() -> None:
    """Write, search, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=lambda text: int(float(text)), default=10_000_000)
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        size = write(Path(name), args.rows, args.columns)
        given = [name, str(args.rows), str(args.columns), str(args.threads)]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
        start = time.perf_counter()
        command = [sys.executable, "-c", CHILD, *given]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
            out = process.communicate()[0] if process.stdout else b""
            seconds = time.perf_counter() - start
        found = json.loads(out)
    peak = resource_of_children()
    print(
        f"{args.rows:,} x {args.columns} ({size:.2f} GB of Parquet), k = 2..12, {args.threads} "
        f"threads: {found['seconds']:.1f} s ({found['cpu']:.1f} CPU seconds, {seconds:.1f} s with "
        f"the start of Python), {found['readings']} readings, peak memory {peak:,.0f} MB, "
        f"{found['converged']} of 11 converged"
    )


def resource_of_children() -> float:
    """Return the peak resident memory of the child, in megabytes."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    main()
