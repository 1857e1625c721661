"""The commands of the main job: run, inspect, plot, notebook; and doctor."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from segmeans import __version__
from segmeans.cli.base import (
    NO_SEGMENTS,
    Config,
    Json,
    Quiet,
    Replace,
    Source,
    app,
    resolve,
    told,
    with_settings,
)
from segmeans.config import config_text, split_names

# As report.figures.DRAWN has them, which is not loaded for a help text.
FIGURES = (
    "elbow", "silhouette", "evidence", "stability", "splits", "shadow", "gorge", "map", "profile",
    "bars", "sizes", "value", "targeting", "rfm_heat", "rfm_grid", "rfm_shares", "pairs",
)  # fmt: skip


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"segmeans {__version__}")
        raise typer.Exit


@app.command()
@told
@with_settings("Source", "Columns", "Orders", "Preparation", "Segments", "Output")
def run(
    *,
    source: Source = None,
    config: Config = None,
    save_config: Annotated[
        str | None, typer.Option(help="Write the settings to a study.toml and stop.")
    ] = None,
    previous: Annotated[
        str | None,
        typer.Option(
            help="Folder of an earlier study: the segments found again keep their ids and names, "
            "and the report tells who moved.",
            show_default=False,
        ),
    ] = None,
    json_: Json = False,
    quiet: Quiet = False,
    asked: dict[str, Any],
) -> None:
    """Find the segments of a customer table: segmeans run customers.csv --out results."""
    source, values, settings = resolve(source, config, asked)
    if save_config:
        from segmeans.tables.sink import write_text

        write_text(save_config, config_text({"source": source, **values}), settings.overwrite)
        return
    from segmeans.report import beside, bundle, printing, screen
    from segmeans.study import conduct
    from segmeans.tables import workbook

    if settings.pdf:
        printing.browser(settings.browser)  # a missing browser is said before the work
    if settings.excel:
        workbook.check_writer()
    refitted = tracked = None
    with screen.progress(quiet=quiet or json_) as progress, beside.drawers(settings) as drawers:
        tell = drawers.heeding(progress)
        if previous is None:
            study = conduct(source, settings, progress=tell)
        else:
            from segmeans.refit import continued

            study, refitted, tracked = continued(previous, source, settings, progress=tell)
        with study:
            files = bundle.write(
                study,
                settings.out,
                format=settings.format,
                overwrite=settings.overwrite,
                figures=settings.figures,
                pdf=settings.pdf,
                browser=settings.browser,
                excel=settings.excel,
                rejected=settings.rejected,
                tracked=tracked,
                drawers=drawers,
                progress=tell,
            )
    if json_:
        typer.echo(study.to_json(), nl=False)
    elif not quiet:
        orders = None if study.commerce is None else study.commerce.record
        screen.show_study(study.record, orders=orders, files=files)
        if refitted is not None:
            from segmeans.report import life

            life.show_refit(refitted, tracked)
    if study.record.verdict.structure == "none":
        raise typer.Exit(NO_SEGMENTS)


@app.command("inspect")
@told
@with_settings("Source", "Columns", "Orders")
def inspect_source(
    *,
    source: Source = None,
    config: Config = None,
    json_: Json = False,
    asked: dict[str, Any],
) -> None:
    """Show what each column of a table is taken for, without making segments."""
    source, _, settings = resolve(source, config, asked)
    from segmeans.report import screen
    from segmeans.study import look

    seen = look(source, settings)
    if json_:
        typer.echo(seen.to_json(), nl=False)
    else:
        screen.show_inspection(seen)


@app.command()
@told
@with_settings("Source", "Columns", "Orders", "Preparation", "Segments")
def plot(
    *,
    name: Annotated[
        str,
        typer.Argument(help=f"Which figure: {', '.join(FIGURES)}."),
    ],
    source: Source = None,
    config: Config = None,
    to: Annotated[
        str | None,
        typer.Option("--to", "--out", help="File to write, .png or .svg. Default: NAME.png."),
    ] = None,
    over: Annotated[
        list[str] | None,
        typer.Option(help="Of a map: two features to draw it over, as 'Age,Income'."),
    ] = None,
    overwrite: Replace = False,
    quiet: Quiet = False,
    asked: dict[str, Any],
) -> None:
    """Draw one figure of a study: segmeans plot elbow customers.csv --to elbow.svg."""
    source, _, settings = resolve(source, config, asked)
    path = to or f"{name}.png"
    from segmeans.report import figures, screen
    from segmeans.study import conduct
    from segmeans.tables.sink import check_free

    plane = tuple(split_names(over)) if over else None
    figures.check(name, path, over=plane)
    check_free(path, overwrite=overwrite)
    with (
        screen.progress(quiet=quiet) as progress,
        conduct(source, settings, progress=progress) as study,
    ):
        figures.save_one(study, name, path, over=plane or (), overwrite=overwrite)
    if not quiet:
        typer.echo(f"Wrote {path}")


@app.command()
@told
@with_settings("Source", "Columns", "Orders", "Preparation", "Segments")
def notebook(
    *,
    source: Source = None,
    config: Config = None,
    to: Annotated[str, typer.Option("--to", "--out", help="File to write.")] = "study.ipynb",
    run: Annotated[
        bool, typer.Option("--run/--no-run", help="Run its cells, so that it shows their outputs.")
    ] = True,
    overwrite: Replace = False,
    quiet: Quiet = False,
    asked: dict[str, Any],
) -> None:
    """Write and run a study as a Jupyter notebook, step by step, to be changed and run again."""
    source, _, settings = resolve(source, config, asked)
    from segmeans.report import executing, screen
    from segmeans.report.notebook import notebook as text_of
    from segmeans.study import conduct
    from segmeans.tables.sink import check_free, write_text

    check_free(to, overwrite=overwrite)
    if run:
        executing.check_runner()
    with (
        screen.progress(quiet=quiet) as progress,
        conduct(source, settings, progress=progress) as study,
    ):
        text = text_of(study, source, settings, told=not run)
        if run:
            progress("Running the notebook", 0, 1)
            text = executing.execute(text)
            progress("Running the notebook", 1, 1)
    write_text(to, text, overwrite)
    if not quiet:
        typer.echo(f"Wrote {to}")


@app.command()
@told
def doctor(*, json_: Json = False) -> None:
    """Say what this installation can do: kernels, threads, versions, optional libraries."""
    from segmeans.doctor import examine

    facts = examine()
    if json_:
        typer.echo(json.dumps(facts, indent=2))
        return
    width = max(map(len, facts))
    for name, fact in facts.items():
        typer.echo(f"{name:<{width}}  {fact}")
