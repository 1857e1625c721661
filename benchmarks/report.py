"""The report of a study, after the study: bytes, CPU seconds and seconds on the clock.

The study itself is not counted; what loads for the first time (templates, matplotlib, seaborn) is.
Each part is written into a folder of its own by the functions that `segmeans run` calls, then
everything together as `segmeans run` writes it: the page, the figures, the tables, the segment of
every customer.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from main_job import machine, measure
from segmeans import segment, write
from segmeans.report.beside import Drawers
from segmeans.report.bundle import advise, pages
from segmeans.study import Study


def page(study: Study, folder: Path) -> None:
    """Write the page for people and its text."""
    found = study.commerce.record if study.commerce is not None else None
    for name, text in pages(study.record, advise(study), found).items():
        (folder / name).write_text(text, "utf-8")


def drawn(study: Study, folder: Path) -> None:
    """Write every figure as PNG and SVG."""
    for _ in Drawers().save(study, folder.joinpath):
        pass


def everything(study: Study, folder: Path) -> None:
    """Write the whole folder, as `segmeans run` does."""
    write(study, folder / "out")


def workbook(study: Study, folder: Path) -> None:
    """Write the folder with the workbook, but without figures."""
    write(study, folder / "out", figures=False, excel=True)


PARTS: dict[str, Callable[[Study, Path], None]] = {
    "page (HTML and Markdown)": page,
    "figures (PNG and SVG)": drawn,
    "all files": everything,
}
EXCEL = "all files but figures, and the workbook"


def main() -> None:
    """Find segments once, write each part, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=lambda text: int(float(text)), default=1_000_000)
    parser.add_argument("--excel", action="store_true", help="the workbook as well (minutes)")
    options = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = folder / "customers.parquet"
        wide = ("--rows", str(options.rows), "--extra", "3", "--out", str(table))
        measure("sample", "customers", *wide)
        with segment(table) as study:
            print(f"{options.rows:,} customers, {study.k} segments\n")
            print(f"{'part':<42} {'CPU s':>7} {'seconds':>8} {'files':>6} {'MB':>7}")
            parts = PARTS | ({EXCEL: workbook} if options.excel else {})
            for place, (title, make) in enumerate(parts.items()):
                show(title, make, study, folder / str(place))
        html = next(folder.glob("0/report.html"))
        print(f"\nreport.html: {html.stat().st_size:,} bytes")


def show(title: str, make: Callable[[Study, Path], None], study: Study, folder: Path) -> None:
    """Write one part and print its line."""
    folder.mkdir()
    clock, cpu = time.perf_counter(), time.process_time()
    make(study, folder)
    clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    total = sum(sizes) / 1e6
    print(f"{title:<42} {cpu:>7.1f} {clock:>8.1f} {len(sizes):>6} {total:>7.1f}", flush=True)


if __name__ == "__main__":
    main()
