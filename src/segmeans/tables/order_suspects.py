"""The few lines of an order log that have to be looked at one by one, told from its baskets.

Lines may be equal to others, may take something back, or may be what was taken back. Which orders
have such lines is seen in small sets of bits, made while lines are summed: where a set has as many
marks as a basket has lines, all of them differ; and a sale shares a mark with the return that it
fits. The sets err on one side alone, so that the lines of these orders are all that is needed:
they are read from the log once, for everything that is asked of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from segmeans.tables.duck import Engine
from segmeans.tables.order_lines import SUSPECTS, Lines
from segmeans.tables.order_options import CANCELLED, KEPT, RETURNED

PART = 16_000_000  # lines that are looked at at once: every part reads the log again
NEGATIVE = 1 << 63  # the mark of a line with negative pieces or money; the others are of kinds
KINDS = (
    "bit_or((1::UBIGINT << (kind % 63)) | "
    f"CASE WHEN negative THEN {NEGATIVE}::UBIGINT ELSE 0::UBIGINT END)"
)
"""An aggregate over the lines of a basket: which products at which prices, and the sign."""
ALIKE = (
    "bit_count(bit_or(1::UBIGINT << (print & 63))) < count(*) "
    f"AND bit_count({KINDS} & {NEGATIVE - 1}::UBIGINT) < count(*)"
)
"""An aggregate over the lines of a basket: false only where all of them differ."""


def suspects(engine: Engine, lines: Lines, baskets: str, *, where: str) -> Iterator[None]:
    """Make the table ``SUSPECTS`` of the suspect lines, one part of the customers after the other.

    Parameters
    ----------
    engine : Engine
    lines : Lines
        The tidy lines.
    baskets : str
        A table with ``customer``, ``order_key``, ``step`` and ``lines`` and, made by :data:`KINDS`
        and :data:`ALIKE`, ``kinds`` and ``alike``.
    where : str
        Name of the log, for messages.

    Yields
    ------
    None
        When a part is there: all suspect lines of some customers.
    """
    key = lines.key_of_baskets
    back = f"step IN ({CANCELLED}, {RETURNED}) AND kinds >= {NEGATIVE}::UBIGINT"
    engine.run(
        "CREATE OR REPLACE TABLE order_returning AS SELECT customer, "
        f"bit_or(kinds & {NEGATIVE - 1}::UBIGINT) AS back FROM {baskets} WHERE {back} "
        "GROUP BY customer"
    )
    engine.run(
        f"CREATE OR REPLACE TABLE order_suspected AS SELECT {key} AS suspect, "
        f"hash(customer) AS who, lines FROM {baskets} WHERE alike OR ({back}) UNION ALL "
        f"SELECT {key}, hash(customer), lines FROM {baskets} JOIN order_returning USING (customer) "
        f"WHERE step = {KEPT} AND NOT alike AND kinds & back <> 0"
    )
    many = engine.rows("SELECT coalesce(sum(lines), 0) FROM order_suspected")[0][0]
    parts = 1 + int(many) // PART
    for part in range(parts):
        some, own = "", ""
        if parts > 1:
            some = f" WHERE who % {parts} = {part}"
            own = f" AND hash({lines.customer_of_source}) % {parts} = {part}"
        engine.run(
            f"CREATE OR REPLACE TABLE {SUSPECTS} AS SELECT * FROM ({lines.source}) "
            f"WHERE {lines.key_of_source} IN (SELECT suspect FROM order_suspected{some}){own}",
            where=where,
        )
        yield
    engine.run(f"DROP TABLE {SUSPECTS}")
