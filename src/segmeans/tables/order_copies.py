"""Lines of an order log that are equal in every column: counted always, numbered on request.

Only lines that share a hash are compared column by column; they are few.
"""

from __future__ import annotations

from collections.abc import Sequence

from segmeans.tables.duck import Engine, Table, quoted
from segmeans.tables.order_options import COPY


def count_copies(engine: Engine, relation: str, names: Sequence[str]) -> int:
    """Return how many lines are equal to an earlier one.

    Parameters
    ----------
    engine : Engine
    relation : str
        The table with the lines.
    names : sequence of str
        The columns in which they are compared.
    """
    _write_prints(engine, relation, names)
    return count_printed(engine, relation, names)


def count_printed(engine: Engine, relation: str, names: Sequence[str]) -> int:
    """Return the same for lines that have been compared already, by :func:`numbered`."""
    listed = ", ".join(map(quoted, names))
    alike = f"SELECT * FROM {quoted(relation)} WHERE hash({listed}) IN (FROM order_prints)"
    groups = f"SELECT count(*) AS n FROM ({alike}) GROUP BY {listed}"
    return int(engine.rows(f"SELECT coalesce(sum(n - 1), 0) FROM ({groups})")[0][0])


def numbered(table: Table) -> str:
    """Return the lines of a log with the number of each among those equal to it, from 1."""
    relation = quoted(table.relation)
    names = ", ".join(quoted(name) for name in table.names)
    _write_prints(table.engine, table.relation, table.names)
    number = f"row_number() OVER (PARTITION BY {names})"
    alike, apart = (
        f"SELECT * FROM {relation} WHERE hash({names}) {test} (FROM order_prints)"
        for test in ("IN", "NOT IN")
    )
    return (
        f"SELECT *, 1 AS {quoted(COPY)} FROM ({apart}) UNION ALL "
        f"SELECT *, {number} AS {quoted(COPY)} FROM ({alike})"
    )


def _write_prints(engine: Engine, relation: str, names: Sequence[str]) -> None:
    """Keep the hashes that several lines have."""
    engine.run(
        f"CREATE OR REPLACE TABLE order_prints AS SELECT hash({', '.join(map(quoted, names))}) "
        f"AS print FROM {quoted(relation)} GROUP BY 1 HAVING count(*) > 1"
    )
