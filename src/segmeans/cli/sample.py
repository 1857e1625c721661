"""The commands that write made-up data."""

from __future__ import annotations

from typing import Annotated

import typer

from segmeans.cli.base import Replace, sample_app, told
from segmeans.config import split_numbers

Rows = Annotated[int, typer.Option(help="How many rows.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same bytes on any machine.")]
Out = Annotated[str, typer.Option(help="File to write: .csv, .csv.gz or .parquet.")]
Truth = Annotated[bool, typer.Option(help="Add a column with the true segment.")]
Left = Annotated[float, typer.Option(help="Share of values left out at random, 0 to 0.9.")]


@sample_app.command("customers")
@told
def sample_customers(
    *,
    out: Out,
    rows: Rows = 2000,
    seed: Seed = 1,
    segments: Annotated[int, typer.Option(help="Planted segments, 1 to 12.")] = 5,
    separation: Annotated[
        float, typer.Option(help="How far they stand apart: 1 clear, 0.5 blurred.")
    ] = 1.0,
    sizes: Annotated[
        str | None, typer.Option(help="Relative sizes of the segments, as 4,3,2,1,1.")
    ] = None,
    no_segments: Annotated[
        bool, typer.Option("--no-segments", help="A market without segments, same margins.")
    ] = False,
    extra: Annotated[int, typer.Option(help="Further columns, 0 to 8.")] = 0,
    missing: Left = 0.0,
    truth: Truth = False,
    overwrite: Replace = False,
) -> None:
    """Write a customer table: CustomerID, Gender, Age, Annual Income (k$), Spending Score."""
    from segmeans.sample import CustomerMarket, write_customers
    from segmeans.tables.parquet import from_csv

    market = CustomerMarket(
        segments=segments,
        sizes=split_numbers(sizes, "sizes"),
        separation=separation,
        structure=not no_segments,
        extra=extra,
        missing=missing,
        truth=truth,
    )
    write_customers(out, rows, seed, market, overwrite=overwrite, to_parquet=from_csv)


@sample_app.command("orders")
@told
def sample_orders(
    *,
    out: Out,
    rows: Rows = 20_000,
    seed: Seed = 1,
    days: Annotated[int, typer.Option(help="Length of the log from 2023-01-01 on.")] = 730,
    missing: Left = 0.0,
    truth: Truth = False,
    overwrite: Replace = False,
) -> None:
    """Write an order log, one row per order line, with returns and cancellations."""
    from segmeans.sample import OrderMarket, write_orders
    from segmeans.tables.parquet import from_csv

    market = OrderMarket(days=days, missing=missing, truth=truth)
    write_orders(out, rows, seed, market, overwrite=overwrite, to_parquet=from_csv)
