"""Lines of an order log that are equal in every column: counted always, numbered on request.

Equal lines fall into one basket: the lines of a customer and an order at one step of the funnel.
Each basket marks the bits of a small set with the hashes of its lines; where the set has as many
marks as the basket has lines, all of them differ, and nothing more is asked. The lines of the
other orders are compared column by column; if these are many, as where orders are long, only
those of orders in which two hashes are the same.
"""

from __future__ import annotations

from segmeans.tables.duck import Engine, Table, quoted
from segmeans.tables.order_options import COPY

MANY = 0.1  # of all lines
ALIKE = "bit_count(bit_or(1::UBIGINT << (print & 63))) < count(*)"
"""An aggregate over the lines of a basket: false only where all of them differ."""


def count_copies(table: Table, order: str, telling: str, baskets: str) -> int:
    """Return how many lines are equal in every column to an earlier one.

    Parameters
    ----------
    table : Table
        The log.
    order, telling : str
        The order of a line, and a hash that equal lines share, as SQL over the log.
    baskets : str
        A table with ``order_key``, ``lines`` and, made by :data:`ALIKE`, ``alike``.
    """
    engine, log = table.engine, quoted(table.relation)
    engine.run(
        "CREATE OR REPLACE TABLE order_alike AS "
        f"SELECT DISTINCT order_key FROM {baskets} WHERE alike"
    )
    known, every = engine.rows("SELECT count(order_key), count(*) FROM order_alike")[0]
    tests = [f"({order}) IS NULL"] if every > known else []
    if known:
        tests.append(f"{order} IN (FROM order_alike)")
    lines = engine.rows(f"SELECT sum(lines) FROM {baskets} WHERE alike")[0][0]
    if known and lines > MANY * table.n_rows:
        engine.run(
            "CREATE OR REPLACE TABLE order_alike AS SELECT DISTINCT order_key FROM "
            f"(SELECT {order} AS order_key, {telling} AS print FROM {log} "
            f"WHERE {order} IN (FROM order_alike) "
            "GROUP BY 1, 2 HAVING count(*) > 1)"
        )
    listed = ", ".join(map(quoted, table.names))
    return sum(_surplus(engine, f"SELECT * FROM {log} WHERE {test}", listed) for test in tests)


def count_numbered(table: Table) -> int:
    """Return the same for a log whose lines have been :func:`numbered`."""
    names = ", ".join(map(quoted, table.names))
    alike = f"SELECT * FROM {quoted(table.relation)} WHERE hash({names}) IN (FROM order_prints)"
    return _surplus(table.engine, alike, names)


def _surplus(engine: Engine, lines: str, names: str) -> int:
    groups = f"SELECT count(*) AS n FROM ({lines}) GROUP BY {names}"
    return int(engine.rows(f"SELECT coalesce(sum(n - 1), 0) FROM ({groups})")[0][0])


def numbered(table: Table) -> str:
    """Return the lines of a log with the number of each among those equal to it, from 1.

    Only lines whose hash occurs twice are compared column by column; they are few.
    """
    relation = quoted(table.relation)
    names = ", ".join(quoted(name) for name in table.names)
    table.engine.run(
        f"CREATE OR REPLACE TABLE order_prints AS SELECT hash({names}) AS print "
        f"FROM {relation} GROUP BY 1 HAVING count(*) > 1",
        where=table.name,
    )
    number = f"row_number() OVER (PARTITION BY {names})"
    alike, apart = (
        f"SELECT * FROM {relation} WHERE hash({names}) {test} (FROM order_prints)"
        for test in ("IN", "NOT IN")
    )
    return (
        f"SELECT *, 1 AS {quoted(COPY)} FROM ({apart}) UNION ALL "
        f"SELECT *, {number} AS {quoted(COPY)} FROM ({alike})"
    )
