"""Time and memory of whole commands, start-up included: `make bench` runs it.

Each command runs in a process of its own, as a user would start it. Peak memory is that of the
process as the system counts it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

COMMAND = (sys.executable, "-m", "segmeans")


@dataclass(frozen=True)
class Measured:
    """One command: what it took and how it ended."""

    seconds: float
    megabytes: float
    code: int


def measure(*arguments: str) -> Measured:
    """Run one command to its end, its output thrown away."""
    start = time.perf_counter()
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return Measured(seconds, usage.ru_maxrss * unit / 1e6, process.returncode)


def best(repeats: int, *arguments: str) -> Measured:
    """Return the quickest of several runs."""
    return min((measure(*arguments) for _ in range(repeats)), key=lambda run: run.seconds)


def machine() -> str:
    """Name the processor, the cores in use, the system and the versions that matter."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text("utf-8").splitlines()
        model = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), model)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    libraries = ", ".join(f"{name} {metadata.version(name)}" for name in ("numpy", "duckdb"))
    return (
        f"{model}, {cores} cores, {platform.system()}, Python {platform.python_version()}, "
        f"{libraries}"
    )


def found(folder: Path) -> str:
    """Say what a study found: the number of segments and the structure."""
    study = json.loads((folder / "study.json").read_text("utf-8"))
    return f"{study['k']} segments, {study['verdict']['structure']}"


def main() -> None:
    """Run the commands and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the large table")
    parser.add_argument("--repeats", type=int, default=3, help="runs of the small commands")
    options = parser.parse_args()
    print(machine())
    print(f"\n{'command':<44} {'seconds':>8} {'peak MB':>8}  result")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, large = str(folder / "small.csv"), str(folder / "large.parquet")
        show("segmeans --help", best(options.repeats, "--help"))
        wide = ("sample", "customers", "--extra", "3", "--out", large)
        show(
            f"sample customers, {options.rows:,} x 8, Parquet",
            measure(*wide, "--rows", str(options.rows)),
        )
        measure("sample", "customers", "--rows", "200", "--out", small)
        for title, source, repeats in (
            ("run, 200 x 5 CSV, figures", small, options.repeats),
            (f"run, {options.rows:,} x 8 Parquet, figures", large, 1),
        ):
            out = folder / "out"
            run = best(repeats, "run", source, "--out", str(out), "--overwrite", "--quiet")
            show(title, run, found(out) if run.code in (0, 3) else "")


def show(title: str, run: Measured, result: str = "") -> None:
    """Print one line of the table."""
    failed = "" if run.code in (0, 3) else f"exit code {run.code}"
    print(f"{title:<44} {run.seconds:>8.2f} {run.megabytes:>8.0f}  {result or failed}", flush=True)


if __name__ == "__main__":
    main()
