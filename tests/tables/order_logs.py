"""Order logs for the tests: small ones written out by hand, and the real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from segmeans.records import Finding
from segmeans.tables.duck import Column, Engine, Table, literal, quoted
from segmeans.tables.orders import OrderLog, OrderOptions, guess_columns, read

SHOP = {"customer": "VARCHAR", "order_id": "VARCHAR", "date": "TIMESTAMP", "amount": "DOUBLE"}
GOODS = SHOP | {"product": "VARCHAR", "quantity": "BIGINT"}
_TYPES = {"BIGINT", "DOUBLE", "DATE", "TIMESTAMP"}


def table_of(engine: Engine, relation: str) -> Table:
    """Serve a relation whose types are those a table may have."""
    types = engine.types(f"SELECT * FROM {quoted(relation)}")
    columns = tuple(
        Column(name, type_ if type_ in _TYPES else "VARCHAR") for name, type_ in types.items()
    )
    return Table(engine, relation, columns, name=relation)


def log_of(engine: Engine, types: Mapping[str, str], rows: Sequence[Sequence[object]]) -> Table:
    """Make a small log: name to type, and its rows as text; served without padding and blanks."""
    columns = ", ".join(f"{quoted(name)} {type_}" for name, type_ in types.items())
    engine.run(f"CREATE OR REPLACE TABLE log ({columns})")
    marks = ", ".join("?" for _ in types)
    for row in rows:
        tidy = (value.strip() or None if isinstance(value, str) else value for value in row)
        engine.run(f"INSERT INTO log VALUES ({marks})", list(tidy))
    return table_of(engine, "log")


def read_log(
    engine: Engine,
    types: Mapping[str, str],
    rows: Sequence[Sequence[object]],
    options: OrderOptions | None = None,
) -> OrderLog:
    """Read a small log with guessed columns."""
    table = log_of(engine, types, rows)
    return read(table, guess_columns(table), options)


def features_of(log: OrderLog, *names: str) -> dict[str, tuple[object, ...]]:
    """Return the features per customer, in the order of their names."""
    made = log.customers(names).table
    rows = made.engine.rows(f"SELECT * FROM {quoted(made.relation)}")
    return {row[0]: row[1:] for row in rows}


def online_retail(engine: Engine, data: Path) -> Table:
    """Load UCI Online Retail."""
    path = literal(str(data / "online_retail" / "online_retail.csv.gz"))
    engine.run(
        "CREATE TABLE online_retail AS SELECT InvoiceNo, StockCode, Description, "
        "CAST(Quantity AS BIGINT) AS Quantity, CAST(InvoiceDate AS TIMESTAMP) AS InvoiceDate, "
        "CAST(UnitPrice AS DOUBLE) AS UnitPrice, CustomerID, Country "
        f"FROM read_csv({path}, all_varchar = true)"
    )
    return table_of(engine, "online_retail")


def cdnow(engine: Engine, data: Path, name: str) -> Table:
    """Load the CDNOW master (4 columns) or sample (5 columns), by its name."""
    path = literal(str(data / "cdnow" / f"CDNOW_{name}.txt"))
    shift = 1 if name == "sample" else 0
    engine.run(
        f"CREATE TABLE cdnow_{name} AS SELECT x[1] AS customer_id, "
        f"CAST(strptime(x[{2 + shift}], '%Y%m%d') AS DATE) AS date, "
        f"CAST(x[{3 + shift}] AS BIGINT) AS number_of_cds, "
        f"CAST(x[{4 + shift}] AS DOUBLE) AS dollar_value FROM ("
        "SELECT string_split_regex(trim(line), ' +') AS x FROM ("
        f"SELECT unnest(string_split(replace(content, chr(13), ''), chr(10))) AS line "
        f"FROM read_text({path})) WHERE regexp_matches(line, '^ *[0-9]'))"
    )
    return table_of(engine, f"cdnow_{name}")


def rfm_orders(engine: Engine, data: Path) -> Table:
    """Load the orders of the R package rfm."""
    path = literal(str(data / "rfm_orders" / "rfm_data_orders.csv"))
    engine.run(
        "CREATE TABLE rfm_orders AS SELECT customer_id, CAST(order_date AS DATE) AS order_date, "
        f"CAST(revenue AS BIGINT) AS revenue FROM read_csv({path}, all_varchar = true)"
    )
    return table_of(engine, "rfm_orders")


def finding(log: OrderLog, code: str) -> Finding:
    """Return the one finding of a code."""
    [found] = [finding for finding in log.findings if finding.code == code]
    return found


def steps(log: OrderLog) -> dict[str, int]:
    """Return what each step of the funnel left out."""
    return {step.name: step.left_out for step in log.funnel[1:]}


def copies_told(log: OrderLog) -> int:
    """Return how many lines are said to be equal to an earlier one."""
    found = [finding for finding in log.findings if finding.code == "duplicate-lines"]
    return int(found[0].evidence.split()[0].replace(",", "")) if found else 0
