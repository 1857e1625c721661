"""An order log to customers, beside the same engine alone: `make bench` runs it.

Each run has a process of its own, the same number of threads and the same memory for the engine.
The plain group-by knows which columns are what and which lines count, and gives the same features
and nothing else; segmeans also finds out what the columns are, accounts for every line it leaves
out, counts exact duplicates and matches returns with their sales. For RFM, `orders_by_hand.sql`
does all of that but finding out, written by hand for this one log. All results are compared.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from main_job import machine

if TYPE_CHECKING:
    import duckdb

TOOK = ("seconds", "cpu", "megabytes")
COLUMNS = "OrderID, CustomerID, OrderDate, Product, Category, Quantity, UnitPrice, Amount, Status"
AS_OF = "2024-12-31"  # the day after the last order of the sample
LINES = (
    "(SELECT * FROM read_parquet('{log}') WHERE CustomerID IS NOT NULL AND Quantity > 0 "
    "AND Amount > 0 AND Status NOT IN ('cancelled', 'returned'))"
)
RFM = (
    "SELECT CustomerID, date_diff('day', max(day), DATE '{as_of}') AS days_since_last_order, "
    "count(*) AS orders, CAST(sum(money) AS DOUBLE) AS revenue FROM baskets GROUP BY CustomerID"
)
BASKETS = (
    "SELECT CustomerID, OrderID, max(OrderDate) AS day, sum(Amount) AS money, "
    "sum(Quantity) AS units FROM {lines} GROUP BY CustomerID, OrderID"
)
BEHAVIOUR = (
    "CREATE TABLE baskets AS {baskets}",
    "CREATE TABLE days AS SELECT CustomerID, day, day - lag(day) OVER (PARTITION BY CustomerID "
    "ORDER BY day) AS gap FROM (SELECT DISTINCT CustomerID, day FROM baskets)",
    "CREATE TABLE gaps AS SELECT CustomerID, median(gap) AS days_between_orders FROM days "
    "GROUP BY CustomerID",
    "CREATE TABLE products AS SELECT CustomerID, count(DISTINCT Product) AS distinct_products "
    "FROM {lines} GROUP BY CustomerID",
    "CREATE TABLE prices AS SELECT Product, mode(UnitPrice) AS usual FROM {lines} GROUP BY Product",
    "CREATE TABLE discounts AS SELECT CustomerID, avg((UnitPrice < 0.98 * usual)::INT) "
    "AS discount_share FROM {lines} JOIN prices USING (Product) GROUP BY CustomerID",
    "CREATE TABLE result AS SELECT CustomerID, date_diff('day', max(day), DATE '{as_of}') "
    "AS days_since_last_order, "
    "date_diff('day', min(day), DATE '{as_of}') AS days_since_first_order, "
    "count(*) AS orders, CAST(sum(money) AS DOUBLE) AS revenue, "
    "CAST(sum(money) AS DOUBLE) / count(*) AS revenue_per_order, sum(units) AS units, "
    "any_value(distinct_products) AS distinct_products, "
    "any_value(days_between_orders) AS days_between_orders, "
    "any_value(discount_share) AS discount_share, "
    "avg((isodow(day) >= 6)::INT) AS weekend_share FROM baskets LEFT JOIN gaps USING (CustomerID) "
    "LEFT JOIN products USING (CustomerID) LEFT JOIN discounts USING (CustomerID) "
    "GROUP BY CustomerID",
)
FEATURES = {
    "rfm": ("days_since_last_order", "orders", "revenue"),
    "behaviour": (
        *("days_since_last_order", "days_since_first_order", "orders", "revenue"),
        *("revenue_per_order", "units", "distinct_products", "days_between_orders"),
        *("discount_share", "weekend_share"),
    ),
}


Found = dict[str, float]
Row = Sequence[Any]


@contextmanager
def alone(threads: int, memory: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give the engine alone, with the same limits as segmeans gives it."""
    import duckdb

    with tempfile.TemporaryDirectory() as spill:
        config = {"threads": threads, "memory_limit": f"{memory}GB", "temp_directory": spill}
        with duckdb.connect(config=config) as engine:
            engine.execute("SET enable_progress_bar = false")
            yield engine


def summed(engine: duckdb.DuckDBPyConnection, wanted: str) -> Found:
    """Return the number of customers and sums over their columns."""
    sums = ", ".join(f"sum({name})" for name in FEATURES[wanted])
    query = f"SELECT count(*), {sums} FROM result"  # noqa: S608  (names of this file)
    row = engine.execute(query).fetchone() or ()
    return dict(zip(("customers", *FEATURES[wanted]), map(float, row), strict=True))


def plain(log: str, wanted: str, threads: int, memory: float) -> Found:
    """Run the plain group-by and return sums over its columns."""
    with alone(threads, memory) as engine:
        lines = LINES.format(log=log)
        baskets = BASKETS.format(lines=lines)
        steps = BEHAVIOUR
        if wanted == "rfm":
            steps = (f"CREATE TABLE result AS {RFM.replace('baskets', '({baskets})', 1)}",)
        for step in steps:
            engine.execute(step.format(lines=lines, baskets=baskets, as_of=AS_OF))
        return summed(engine, wanted)


def by_hand(log: str, wanted: str, threads: int, memory: float) -> Found:
    """Run the script that does the same work; return all that it found out."""
    script = Path(__file__).with_name("orders_by_hand.sql").read_text("utf-8")
    with alone(threads, memory) as engine:
        engine.execute(script.format(log=log, columns=COLUMNS, as_of=AS_OF))
        steps = engine.execute("FROM funnel ORDER BY step").fetchall()
        (copies,) = engine.execute("FROM copies").fetchone() or ()
        netting = engine.execute("FROM netting").fetchone() or ()
        return summed(engine, wanted) | told([row[1:] for row in steps], copies, netting)


def told(funnel: Sequence[Row], copies: float, netting: Row) -> Found:
    """Return what is known beside the customers, by name."""
    found = {
        f"{name} after step {place}": float(value)
        for place, row in enumerate(funnel)
        for name, value in zip(("lines", "customers", "orders", "revenue"), row, strict=True)
    }
    names = ("returns", "matched", "taken back", "whole lines")
    found |= dict(zip(names, map(float, netting), strict=True))
    return found | {"copies": float(copies)}


def ours(log: str, wanted: str, threads: int, memory: float) -> Found:
    """Let segmeans make the customers and return all that it found out."""
    from segmeans import commerce
    from segmeans.settings import Settings
    from segmeans.tables import sql
    from segmeans.tables.source import open_table

    settings = Settings(orders=True, threads=threads, memory=memory)
    with open_table(log, settings) as opened:
        made = commerce.read_log(opened.table, settings).customers(FEATURES[wanted])
        sums = made.table.aggregate(
            {name: sql.total(sql.column(name)) for name in FEATURES[wanted]}
        )
        found = {"customers": float(made.table.n_rows)}
        found |= {name: float(value or 0) for name, value in sums.items()}
        steps = [(one.lines, one.customers, one.orders, one.revenue or 0) for one in made.funnel]
        equal = next((f.evidence for f in made.findings if f.code == "duplicate-lines"), "0")
        copies = float(re.match(r"[0-9,]+", equal)[0].replace(",", ""))
        taken = made.netting
        netting = (taken.lines, taken.matched, taken.amount, taken.whole_lines)
        return found | told(steps, copies, netting)


WAYS: dict[str, Callable[[str, str, int, float], Found]] = {
    "plain": plain,
    "by hand": by_hand,
    "segmeans": ours,
}


def run(who: str, log: str, wanted: str, threads: int, memory: float) -> Found:
    """Run one of the ways in a process of its own; return what it found and what it took."""
    command = (sys.executable, __file__, "--who", who, "--log", log, "--features", wanted)
    limits = ("--threads", str(threads), "--memory", str(memory))
    done = subprocess.run([*command, *limits], check=True, capture_output=True, text=True)
    found: Found = json.loads(done.stdout)
    return found


def measured(who: str, log: str, wanted: str, threads: int, memory: float) -> Found:
    """Return what this process found, its time and its peak memory."""
    start = time.perf_counter()
    found = WAYS[who](log, wanted, threads, memory)
    took = resource.getrusage(resource.RUSAGE_SELF)
    unit = 1 if sys.platform == "darwin" else 1024
    return found | {
        "seconds": time.perf_counter() - start,
        "cpu": took.ru_utime + took.ru_stime,
        "megabytes": took.ru_maxrss * unit / 1e6,
    }


def main() -> None:
    """Make the log, run all ways on it, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=float, default=1e6, help="order lines")
    parser.add_argument("--log", help="a log that is there already, made by segmeans sample orders")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", type=float, default=2.5, help="gigabytes for the engine")
    parser.add_argument("--features", choices=FEATURES, nargs="*", default=list(FEATURES))
    parser.add_argument("--who", choices=WAYS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.who:
        wanted = asked.features[0]
        print(json.dumps(measured(asked.who, asked.log, wanted, asked.threads, asked.memory)))
        return
    with tempfile.TemporaryDirectory() as folder:
        log = asked.log or str(Path(folder) / "orders.parquet")
        if not asked.log:
            sample = ("sample", "orders", "--rows", f"{asked.rows:.0f}", "--out", log)
            subprocess.run((sys.executable, "-m", "segmeans", *sample), check=True)
        print(f"{machine()}; {asked.threads} threads, {asked.memory} GB for the engine\n")
        print(f"{'features':<10} {'who':<9} {'CPU s':>7} {'seconds':>8} {'peak MB':>8}  result")
        for wanted in asked.features:
            compare(log, wanted, asked.threads, asked.memory)


def compare(log: str, wanted: str, threads: int, memory: float) -> None:
    """Print what each took for a set of features, and whether it agrees with segmeans."""
    ways = [who for who in WAYS if who != "by hand" or wanted == "rfm"]
    results = {who: run(who, log, wanted, threads, memory) for who in ways}
    ours = results["segmeans"]
    for who, one in results.items():
        shared = [name for name in one if name in ours and name not in TOOK]
        apart = [name for name in shared if abs(one[name] - ours[name]) > 1e-9 * abs(one[name])]
        words = f"{len(shared)} figures equal" if not apart else f"NOT equal: {', '.join(apart)}"
        if who == "segmeans":
            words = f"{one['customers']:,.0f} customers"
        print(
            f"{wanted:<10} {who:<9} {one['cpu']:>7.1f} {one['seconds']:>8.1f} "
            f"{one['megabytes']:>8.0f}  {words}",
            flush=True,
        )


if __name__ == "__main__":
    main()
