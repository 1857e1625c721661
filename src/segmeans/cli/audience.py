"""The command that hands segments over: audience."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from segmeans.cli.base import LOG, Quiet, app, told, with_settings
from segmeans.cli.life import Customers, Id, ModelFile, Threads
from segmeans.config import split_names
from segmeans.settings import Settings


@app.command()
@told
@with_settings("Source", also=LOG)
def audience(
    *,
    model: ModelFile,
    source: Customers,
    segment: Annotated[
        list[str] | None,
        typer.Option(help="Name, number or id of a segment; repeatable. Default: all."),
    ] = None,
    fields: Annotated[
        list[str] | None,
        typer.Option(help="Columns to write, separated by commas; repeatable. Default: the id."),
    ] = None,
    hash_: Annotated[
        str | None,
        typer.Option("--hash", help="Column of e-mail addresses, written as their SHA-256."),
    ] = None,
    gmail: Annotated[
        bool,
        typer.Option("--gmail", help="Hash addresses at Gmail without dots and +suffix."),
    ] = False,
    base: Annotated[
        float | None, typer.Option(help="Share that acts anyhow; with --lift sizes the hold-out.")
    ] = None,
    lift: Annotated[float | None, typer.Option(help="What the action shall add to it.")] = None,
    holdout: Annotated[
        float | None, typer.Option(help="Share of customers to hold out, stated instead.")
    ] = None,
    like: Annotated[
        str | None, typer.Option(help="Folder of an earlier audience: hold out the same again.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the hold-out.")] = 0,
    format_: Annotated[str, typer.Option("--format", help="csv or parquet.")] = "csv",
    out: Annotated[str, typer.Option(help="Folder for the files.")] = "segmeans-audience",
    id_: Id = None,
    threads: Threads = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the folder.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")] = False,
    quiet: Quiet = False,
    asked: dict[str, Any],
) -> None:
    """Write the customers of segments to files: segmeans audience model.json customers.csv."""
    settings = Settings.ask({**asked, "id": id_, "threads": threads}, where="command line")
    from segmeans.audience import Plan
    from segmeans.audience import audience as write_audience
    from segmeans.model import load, record_json
    from segmeans.report import audience, screen

    plan = Plan(
        segments=segment or (),
        fields=split_names(fields or []),
        email=hash_,
        gmail=gmail,
        base=base,
        lift=lift,
        holdout=holdout,
        like=like,
        seed=seed,
        format=format_,
    )
    with screen.progress(quiet=quiet or json_) as progress:
        record = write_audience(
            load(model),
            source,
            out,
            plan,
            settings=settings,
            overwrite=overwrite,
            progress=progress,
        )
    if json_:
        typer.echo(record_json(record), nl=False)
    elif not quiet:
        audience.show_audience(record, out)
