"""Lines of an order log that are equal in every column: counted always, numbered on request.

Equal lines fall into one basket: the lines of a customer and an order at one step of the funnel.
Each basket marks the bits of two small sets with the hashes of its lines; where a set has as many
marks as the basket has lines, all of them differ, and nothing more is asked. The lines of the few
other orders are compared column by column.
"""

from __future__ import annotations

from segmeans.tables.duck import Engine, Table, quoted
from segmeans.tables.order_options import COPY, KEY

ALIKE = (
    "greatest(bit_count(bit_or(1::UBIGINT << (print & 63))), "
    "bit_count(bit_or(1::UBIGINT << ((print >> 6) & 63)))) < count(*)"
)
"""An aggregate over the lines of a basket: false only where all of them differ."""


def count_copies(engine: Engine, names: tuple[str, ...], with_source: str, baskets: str) -> int:
    """Return how many lines are equal in every column to an earlier one.

    Parameters
    ----------
    engine : Engine
    names : tuple of str
        The columns of the log.
    with_source : str
        A query: these columns, and the order of each line as ``KEY``.
    baskets : str
        A table with ``order_key`` and, made by :data:`ALIKE`, ``alike``.
    """
    engine.run(
        "CREATE OR REPLACE TABLE order_alike AS "
        f"SELECT DISTINCT order_key FROM {baskets} WHERE alike"
    )
    known, every = engine.rows("SELECT count(order_key), count(*) FROM order_alike")[0]
    key = quoted(KEY)
    parts = []
    if known:
        parts.append(f"SELECT * FROM ({with_source}) WHERE {key} IN (FROM order_alike)")
    if every > known:
        parts.append(f"SELECT * FROM ({with_source}) WHERE {key} IS NULL")
    listed = ", ".join(map(quoted, names))
    return sum(_surplus(engine, part, listed) for part in parts)


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
        f"FROM {relation} GROUP BY print HAVING count(*) > 1",
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
