"""An order log to customers, beside plain group-bys of the same engine: `make bench` runs it.

Each run has a process of its own, the same number of threads and the same memory for the engine.
The plain group-by knows which columns are what and which lines count, and gives the same features
and nothing else; segmeans also finds out what the columns are, accounts for every line it leaves
out, counts exact duplicates and matches returns with their sales. Both results are compared.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from main_job import machine

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


def plain(log: str, wanted: str, threads: int, memory: float) -> dict[str, float]:
    """Run the plain group-by and return sums over its columns."""
    import duckdb

    with tempfile.TemporaryDirectory() as spill:
        config = {"threads": threads, "memory_limit": f"{memory}GB", "temp_directory": spill}
        engine = duckdb.connect(config=config)
        engine.execute("SET enable_progress_bar = false")
        lines = LINES.format(log=log)
        baskets = BASKETS.format(lines=lines)
        steps = BEHAVIOUR
        if wanted == "rfm":
            steps = (f"CREATE TABLE result AS {RFM.replace('baskets', '({baskets})', 1)}",)
        for step in steps:
            engine.execute(step.format(lines=lines, baskets=baskets, as_of=AS_OF))
        sums = ", ".join(f"sum({name})" for name in FEATURES[wanted])
        query = f"SELECT count(*), {sums} FROM result"  # noqa: S608  (names of this file)
        row = engine.execute(query).fetchone() or ()
        return dict(zip(("customers", *FEATURES[wanted]), map(float, row), strict=True))


def ours(log: str, wanted: str, threads: int, memory: float) -> dict[str, float]:
    """Let segmeans make the customers and return sums over the same columns."""
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
        return {"customers": made.table.n_rows} | {n: float(v or 0) for n, v in sums.items()}


def run(who: str, log: str, wanted: str, threads: int, memory: float) -> dict[str, float]:
    """Run one of the two in a process of its own; return its sums and what it took."""
    command = (sys.executable, __file__, "--who", who, "--log", log, "--features", wanted)
    limits = ("--threads", str(threads), "--memory", str(memory))
    done = subprocess.run([*command, *limits], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measured(who: str, log: str, wanted: str, threads: int, memory: float) -> dict[str, float]:
    """Return the sums that this process found, its time and its peak memory."""
    start = time.perf_counter()
    found = (ours if who == "segmeans" else plain)(log, wanted, threads, memory)
    took = resource.getrusage(resource.RUSAGE_SELF)
    unit = 1 if sys.platform == "darwin" else 1024
    return found | {
        "seconds": time.perf_counter() - start,
        "cpu": took.ru_utime + took.ru_stime,
        "megabytes": took.ru_maxrss * unit / 1e6,
    }


def main() -> None:
    """Make the log, run both on it, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=float, default=1e6, help="order lines")
    parser.add_argument("--log", help="a log that is there already, made by segmeans sample orders")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", type=float, default=2.5, help="gigabytes for the engine")
    parser.add_argument("--features", choices=FEATURES, nargs="*", default=list(FEATURES))
    parser.add_argument("--who", choices=("segmeans", "plain"), help=argparse.SUPPRESS)
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
    """Print what both took for a set of features, and whether they agree."""
    results = {who: run(who, log, wanted, threads, memory) for who in ("plain", "segmeans")}
    names = ("customers", *FEATURES[wanted])
    apart = [
        name
        for name in names
        if abs(results["plain"][name] - results["segmeans"][name])
        > 1e-9 * abs(results["plain"][name])
    ]
    for who, one in results.items():
        told = f"{one['customers']:,.0f} customers" if who == "plain" else "equal"
        if who != "plain" and apart:
            told = f"NOT equal: {', '.join(apart)}"
        print(
            f"{wanted:<10} {who:<9} {one['cpu']:>7.1f} {one['seconds']:>8.1f} "
            f"{one['megabytes']:>8.0f}  {told}",
            flush=True,
        )


if __name__ == "__main__":
    main()
