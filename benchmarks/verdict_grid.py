"""How often the verdict is right: made-up tables with planted segments, and without any.

    python benchmarks/verdict_grid.py --cache grid.jsonl     # long; resumes where it stopped
    python benchmarks/verdict_grid.py --cache grid.jsonl --write docs/verdict.md
    python benchmarks/verdict_grid.py --cache check.jsonl --check
    python benchmarks/verdict_grid.py --cache categories.jsonl --categories

The thresholds of the rule were settled while looking at the grid. ``--check`` makes tables that
were not looked at: 200 with well separated segments (6 or 8) of equal size or with the largest
three or eight times the smallest, and 200 without segments, all from other seeds. They are measured
first and judged once, when the rule is settled. (A first check, from the seeds that begin at
20,000, was looked at, and one sentence of the rule changed by it.) ``--categories`` makes 90 tables
of random categories, alone and beside numbers without segments.

Every table is searched once for k = 1..8; the verdict and its peers (each a single rule as the
literature states it) read the same numbers, which the cache keeps: a changed rule is judged anew
without computing them again. Tables differ in separation (distance of neighbouring
segment centres in standard deviations), size, columns and balance.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from segmeans import verdict
from segmeans.clustering.evidence import Plan, gather
from segmeans.clustering.kernels import Floats
from segmeans.clustering.search import Budget, sweep
from segmeans.records import KRow, Score
from segmeans.settings import Settings
from segmeans.verdict.rivals import rivals

MOST = 8
PLAN = Plan(resamples=40, splits=8, searches=3, tables=20, null_stability=False)
BUDGET = Budget(work=0.3)
PEERS = ("silhouette", "elbow", "gap (Tibshirani)", "prediction strength", "Calinski-Harabasz")
TABLES = 200  # of each kind
SEPARATIONS = (3.0, 4.0, 5.0, 6.0, 8.0)
CELLS = [(separation, largest) for largest in (1.0, 8.0) for separation in SEPARATIONS]
CHECK_CELLS = [(separation, largest) for largest in (1.0, 3.0, 8.0) for separation in (6.0, 8.0)]
COLUMNS, SIZES, NULL_SIZES = (2, 3, 5, 8, 12), (200, 500, 2000), (200, 500, 2000, 20_000)
MARGINS = ("uniform", "gaussian", "skewed", "correlated", "skewed and correlated")
FIRST = {"grid": 0, "check": 40_000, "categories": 60_000}  # seeds
WEIGHTS = (1.0, 2.0, 4.0)  # of categories: squared distance between two levels
BESIDE = (*MARGINS, "whole numbers", "nothing")  # what stands beside the categories
WITH_CATEGORIES = 90  # tables


@dataclass(frozen=True)
class Table:
    """One made-up table: its name in the cache, what it is, and its true k."""

    name: str
    kind: str
    true_k: int
    seed: int
    rows: int
    columns: int
    separation: float = 0.0
    largest: float = 1.0  # size of the largest segment relative to the smallest
    weight: float = 0.0  # of random categories beside the columns; 0: none

    def draw(self) -> Floats:
        """Return the rows, each column standardised."""
        generator = np.random.default_rng([self.seed, self.true_k])
        points = self._planted(generator) if self.true_k > 1 else self._crowd(generator)
        points = np.asarray((points - points.mean(axis=0)) / points.std(axis=0))
        return self._with_categories(points, generator) if self.weight else points

    def _with_categories(self, points: Floats, generator: np.random.Generator) -> Floats:
        """Add categories of 2 to 10 levels, as the tool prepares them."""
        alone = self.kind == "nothing"
        blocks = [] if alone else [points]
        for _ in range(generator.integers(1, 4) + 3 * alone):
            count = int(generator.choice([2, 3, 4, 6, 10]))
            chances = generator.dirichlet(np.full(count, 3.0))
            ups = np.eye(count)[generator.choice(count, size=len(points), p=chances)]
            blocks.append(np.sqrt(self.weight) * (ups[:, 1:] if count == 2 else ups / np.sqrt(2.0)))
        columns = np.column_stack(blocks)
        return np.asarray(columns - columns.mean(axis=0))

    def _planted(self, generator: np.random.Generator) -> Floats:
        centres = _centres(self.true_k, self.columns, self.separation, generator)
        share = np.geomspace(self.largest, 1.0, self.true_k)
        sizes = np.maximum(np.round(self.rows * share / share.sum()).astype(int), 10)
        labels = np.repeat(np.arange(self.true_k), sizes)
        noise = generator.standard_normal((len(labels), self.columns))
        return np.asarray(centres[labels] + noise)

    def _crowd(self, generator: np.random.Generator) -> Floats:
        shape = (self.rows, self.columns)
        if self.kind == "uniform":
            return generator.uniform(size=shape)
        if self.kind == "whole numbers":
            return generator.integers(1, 6, shape).astype(float)
        points = generator.standard_normal(shape)
        if "correlated" in self.kind:
            points = points @ generator.normal(size=(self.columns, self.columns))
            points /= points.std(axis=0)
        return np.exp(0.8 * points) if "skewed" in self.kind else points


def _centres(k: int, columns: int, separation: float, generator: np.random.Generator) -> Floats:
    """Draw centres whose nearest neighbours lie exactly ``separation`` apart."""
    centres = [np.zeros(columns)]
    while len(centres) < k:
        step = generator.standard_normal(columns)
        step *= separation / np.linalg.norm(step)
        new = centres[generator.integers(len(centres))] + step
        if min(np.linalg.norm(new - old) for old in centres) >= separation * (1 - 1e-9):
            centres.append(new)
    return np.array(centres)


def tables(part: str = "grid") -> Iterator[Table]:
    """All tables, the two kinds in turn, so that an interrupted run shows both."""
    if part == "categories":
        yield from _categories()
        return
    kinds = CHECK_CELLS if part == "check" else CELLS
    for step in range(TABLES):
        at = FIRST[part] + step
        separation, largest = kinds[step % len(kinds)]
        generator = np.random.default_rng([7, at])
        k, rows, columns = (
            int(generator.integers(2, 7)),
            int(generator.choice(SIZES)),
            int(generator.choice(COLUMNS)),
        )
        yield Table(f"planted {at}", "planted", k, at, rows, columns, separation, largest)
        kind = MARGINS[step % len(MARGINS)]
        size = int(generator.choice(NULL_SIZES, p=(0.3, 0.3, 0.3, 0.1)))
        yield Table(f"null {at}", kind, 1, at, size, int(generator.choice(COLUMNS)))


def _categories() -> Iterator[Table]:
    for step in range(WITH_CATEGORIES):
        at = FIRST["categories"] + step
        generator = np.random.default_rng([7, at])
        rows, columns = int(generator.choice(SIZES[:2])), int(generator.choice(COLUMNS[:3]))
        weight = WEIGHTS[step % len(WEIGHTS)]
        kind = BESIDE[step % len(BESIDE)]
        yield Table(f"categories {at}", kind, 1, at, rows, columns, weight=weight)


def measure(table: Table) -> dict[str, Any]:
    """Search one table and gather its evidence: one line of the cache."""
    began = time.process_time()
    points = table.draw()
    solutions = sweep(points, range(1, MOST + 1), budget=BUDGET, seed=table.seed)
    rows = gather(points, solutions, seed=table.seed, plan=PLAN).rows
    seconds = round(time.process_time() - began, 2)
    plain = [asdict(replace(row, certificate=None)) for row in rows]
    return {"table": asdict(table), "seconds": seconds, "rows": plain}


def judge(line: str) -> dict[str, Any]:
    """Ask everyone for the k of one measured table."""
    held = json.loads(line)
    rows = [_row_of(plain) for plain in held["rows"]]
    decided, said = verdict.decide(rows, Settings(k=(1, MOST))), rivals(rows)
    return {
        **held["table"],
        "word": decided.structure,
        "k": decided.recommended_k,
        "sure": decided.sure,
        "near_ties": decided.near_ties,
        "peers": {name: said.get(name, 1) for name in PEERS},
    }


def _row_of(plain: dict[str, Any]) -> KRow:
    scores = {name: Score(**each) for name, each in plain["scores"].items()}
    clusters = {
        name: tuple(Score(**each) for each in values)
        for name, values in plain["cluster_scores"].items()
    }
    return KRow(**{**plain, "scores": scores, "cluster_scores": clusters})


def report(found: Sequence[dict[str, Any]], part: str = "grid") -> str:
    """Return the tables of the documentation, in Markdown."""
    if part == "categories":
        return _report_categories(found)
    planted = [each for each in found if each["true_k"] > 1]
    nulls = [each for each in found if each["true_k"] == 1]
    head = ["separation", "segments", "tables", "segmeans", *PEERS]
    lines = [_row(head), _row(["---"] * len(head))]
    for separation, largest in sorted(CHECK_CELLS if part == "check" else CELLS):
        cell = [
            each
            for each in planted
            if (each["separation"], each["largest"]) == (separation, largest)
        ]
        kind = "equal" if largest == 1 else f"{largest:g} : 1"
        lines.append(_row([f"{separation:g}", kind, str(len(cell)), *_rates(cell)]))
    lines.append(_row(["all", "", str(len(planted)), *_rates(planted)]))
    head = ["without segments", "tables", "called natural", "one segment", *PEERS]
    lines += ["", _row(head), _row(["---"] * len(head))]
    for kind in (*MARGINS, "all"):
        cell = [each for each in nulls if kind in ("all", each["kind"])]
        natural = _share([each["word"] == "natural" for each in cell])
        lines.append(_row([kind, str(len(cell)), natural, *_rates(cell)]))
    return "\n".join(lines) + "\n"


def _report_categories(found: Sequence[dict[str, Any]]) -> str:
    head = ["weight of the categories", "tables", "called natural", "one segment", *PEERS]
    lines = [_row(head), _row(["---"] * len(head))]
    for weight in (*WEIGHTS, 0.0):
        cell = [each for each in found if weight in (0.0, each["weight"])]
        natural = _share([each["word"] == "natural" for each in cell])
        name = f"{weight:g}" if weight else "all"
        lines.append(_row([name, str(len(cell)), natural, *_rates(cell)]))
    return "\n".join(lines) + "\n"


def _rates(cell: Sequence[dict[str, Any]]) -> list[str]:
    ours = _share([each["k"] == each["true_k"] for each in cell])
    return [ours] + [
        _share([each["peers"][name] == each["true_k"] for each in cell]) for name in PEERS
    ]


def _share(right: Sequence[bool]) -> str:
    return f"{np.mean(right):.0%}" if right else "-"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Run what the cache does not hold yet, or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--most", type=int, default=None, help="stop after so many tables")
    parser.add_argument("--write", type=Path, default=None, help="put the tables into this page")
    parser.add_argument("--check", action="store_true", help="the tables not looked at before")
    parser.add_argument("--categories", action="store_true", help="tables with random categories")
    asked = parser.parse_args()
    part = "check" if asked.check else "categories" if asked.categories else "grid"
    lines = asked.cache.read_text("utf-8").splitlines() if asked.cache.exists() else []
    if asked.write is None:
        done = {json.loads(line)["table"]["name"] for line in lines}
        todo = [table for table in tables(part) if table.name not in done]
        _measure_all(asked.cache, todo[: asked.most], check=asked.check)
        if asked.check:
            print("Measured. --write judges.")
            return
        lines = asked.cache.read_text("utf-8").splitlines()
    told = report([judge(line) for line in lines], part)
    if asked.write is None:
        print(told)
        return
    begin, end = f"<!-- {part} -->", f"<!-- end of {part} -->"
    page = asked.write.read_text("utf-8")
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    asked.write.write_text(f"{before}{begin}\n{told}{end}{after}", "utf-8")
    print(f"Wrote {asked.write}")


def _measure_all(cache: Path, todo: Sequence[Table], *, check: bool) -> None:
    """Measure tables; those of the check are not judged before the rule is settled."""
    with cache.open("a", encoding="utf-8") as held:
        for table in todo:
            line = json.dumps(measure(table))
            held.write(line + "\n")
            held.flush()
            print(table.name, *(() if check else _told(judge(line))), flush=True)


def _told(judged: dict[str, Any]) -> tuple[object, ...]:
    return judged["true_k"], judged["k"], judged["word"], judged["sure"]


if __name__ == "__main__":
    main()
