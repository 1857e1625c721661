"""The commands of the later days: score, sql, refresh, track, list, compare."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated, Any

import typer

from segmeans.cli.base import LOG, Quiet, app, told, with_settings
from segmeans.settings import Settings

ModelFile = Annotated[str, typer.Argument(help="A model.json.", show_default=False)]
Customers = Annotated[
    str,
    typer.Argument(help="The customers to score; any source that run takes.", show_default=False),
]
Id = Annotated[
    str | None,
    typer.Option("--id", help="Column that identifies a customer, if not that of the training."),
]
Threads = Annotated[int | None, typer.Option(help="Threads to use. Default: all processors.")]


@app.command()
@told
@with_settings("Source", also=LOG)
def score(
    *,
    model: ModelFile,
    source: Customers,
    out: Annotated[str, typer.Option(help="File to write: .csv or .parquet.")] = "scored.csv",
    id_: Id = None,
    threads: Threads = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print what came out as JSON.")] = False,
    quiet: Quiet = False,
    asked: dict[str, Any],
) -> None:
    """Say which segment every customer belongs to: segmeans score model.json new.csv."""
    settings = Settings.ask({**asked, "id": id_, "threads": threads}, where="command line")
    from segmeans import later
    from segmeans.model import load, record_json, score
    from segmeans.report import life, screen

    write_scores = later.score if settings.orders else score
    with screen.progress(quiet=quiet or json_) as progress:
        record = write_scores(
            load(model), source, out, settings=settings, overwrite=overwrite, progress=progress
        )
    if json_:
        typer.echo(record_json(record), nl=False)
    elif not quiet:
        life.show_scored(record, out)


@app.command("sql")
@told
def write_sql(
    *,
    model: ModelFile,
    dialect: Annotated[
        str,
        typer.Option(help="duckdb, postgres, sqlite, bigquery, snowflake, spark, mysql or tsql."),
    ] = "duckdb",
    table: Annotated[str, typer.Option(help="Table with the customers.")] = "customers",
    id_: Id = None,
    out: Annotated[str | None, typer.Option(help="File to write, instead of printing.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
) -> None:
    """Print the model as one SQL statement: segmeans sql model.json --dialect postgres."""
    from segmeans.model import load, statement
    from segmeans.tables.sink import write_text

    text = statement(load(model), dialect=dialect, table=table, id_column=id_)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_text(out, text, overwrite)


@app.command()
@told
@with_settings("Source", also=LOG)
def refresh(
    *,
    model: ModelFile,
    source: Customers,
    refit: Annotated[
        bool, typer.Option("--refit", help="Fit anew; segments found again keep their names.")
    ] = False,
    out: Annotated[str, typer.Option(help="Folder for the outputs of a refit.")] = "segmeans-refit",
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Of a refit, write the report as PDF as well.")
    ] = False,
    excel: Annotated[
        bool, typer.Option("--excel", help="Of a refit, write a workbook as well.")
    ] = False,
    id_: Id = None,
    threads: Threads = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the folder.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
    quiet: Quiet = False,
    asked: dict[str, Any],
) -> None:
    """Say whether a model still fits: segmeans refresh model.json february.csv."""
    given = {name: value for name, value in {"id": id_, "threads": threads}.items() if value}
    settings = Settings.ask({**asked, **given}, where="command line")
    from segmeans import later
    from segmeans.model import load, record_json
    from segmeans.report import beside, bundle, life, printing, screen
    from segmeans.tables import workbook
    from segmeans.tracking import refresh

    browser = printing.browser() if refit and pdf else None  # a missing one is said before the work
    if refit and excel:
        workbook.check_writer()
    old = load(model)
    record: Any
    with screen.progress(quiet=quiet or json_) as progress:
        if settings.orders:
            record, settings = later.refresh(old, source, settings=settings, progress=progress)
        else:
            record = refresh(old, source, settings=settings, progress=progress)
    if not (quiet or json_):
        life.show_refresh(record)
    if refit:
        from segmeans.refit import continued

        with (
            screen.progress(quiet=quiet or json_) as progress,
            beside.drawers(settings) as drawers,
        ):
            tell = drawers.heeding(progress)
            study, record, tracked = continued(model, source, settings, progress=tell)
            with study:
                bundle.write(
                    study,
                    out,
                    overwrite=overwrite,
                    pdf=pdf,
                    browser=browser,
                    excel=excel,
                    tracked=tracked,
                    drawers=drawers,
                    progress=tell,
                )
        if not (quiet or json_):
            life.show_refit(record, tracked, out)
    if json_:
        typer.echo(record_json(record), nl=False)


@app.command()
@told
def track(
    *,
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Files of segments, the earliest first; or a folder of them.", show_default=False
        ),
    ],
    value: Annotated[
        str | None, typer.Option(help="Column with what a customer is worth, to sum up as well.")
    ] = None,
    values: Annotated[
        str | None, typer.Option(help="File with that column, if the files do not have it.")
    ] = None,
    out: Annotated[
        str | None, typer.Option(help="Write the previous and the current segment of everyone.")
    ] = None,
    report: Annotated[
        str | None, typer.Option(help="Write a page with the flows as a figure: moves.html.")
    ] = None,
    id_: Annotated[str | None, typer.Option("--id", help="The id. Default: first column.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """Say who moved from where to where: segmeans track january.csv february.csv."""
    from segmeans.model import record_json
    from segmeans.report import life
    from segmeans.tables.sink import check_free, write_text
    from segmeans.tracking import track

    if report is not None:
        check_free(report, overwrite=overwrite)
    record = track(sources, id_column=id_, value=value, values=values, out=out, overwrite=overwrite)
    if report is not None:
        from segmeans.report.page import moves_html

        write_text(report, moves_html(record), overwrite)
    if json_:
        typer.echo(record_json(record), nl=False)
    elif not quiet:
        life.show_track(record)


@app.command("list")
@told
def list_studies(
    *,
    folder: Annotated[str, typer.Argument(help="Folder with studies.")] = ".",
    json_: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the studies in a folder: segmeans list studies."""
    from segmeans.report import life
    from segmeans.tracking import studies

    found = studies(folder)
    if json_:
        typer.echo(json.dumps([dataclasses.asdict(one) for one in found], indent=2))
    elif found:
        life.show_studies(found)
    else:
        typer.echo("No study here. Try: segmeans run customers.csv --out studies/first")


@app.command()
@told
def compare(
    *,
    first: Annotated[str, typer.Argument(help="Folder of a study.", show_default=False)],
    second: Annotated[str, typer.Argument(help="Folder of another one.", show_default=False)],
    json_: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Say how far two studies agree: segmeans compare january february."""
    from segmeans.model import record_json
    from segmeans.report import life
    from segmeans.tracking import compare

    record = compare(first, second)
    if json_:
        typer.echo(record_json(record), nl=False)
    else:
        life.show_compare(record)
