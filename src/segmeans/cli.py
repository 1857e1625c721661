"""The command line: parse, call, print. Commands are as thin as routes; no arithmetic here.

Nothing heavy is imported before a command needs it, so that ``segmeans --help`` stays quick.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Annotated, Any, Literal, get_origin

import typer

from segmeans import __version__
from segmeans.config import config_text, read_config, split_names, split_numbers
from segmeans.errors import SegmeansError, SettingError
from segmeans.settings import Settings, allowed_values

NO_SEGMENTS = 3
INTERRUPTED = 130

app = typer.Typer(
    name="segmeans",
    help="Customer segments that hold up: proven search, proven structure, proven use.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong use, 3 done but no real segments, "
    "130 interrupted.",
)
sample_app = typer.Typer(
    name="sample",
    help="Write made-up, lifelike data to try things on.",
    no_args_is_help=True,
)
app.add_typer(sample_app)

Source = Annotated[
    str | None,
    typer.Argument(
        help="A CSV, TSV, Parquet, JSON-lines or Excel file, a folder of Parquet files, or the "
        "URL of a database (duckdb:///, sqlite:///, postgresql://).",
        show_default=False,
    ),
]
Config = Annotated[
    str | None,
    typer.Option(help="Read settings from a study.toml; options given here win."),
]
Json = Annotated[bool, typer.Option("--json", help="Print the study as JSON and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    app()


def _told(command: Callable[..., None]) -> Callable[..., None]:
    """Turn every error into one clear message and an exit code; never a traceback."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except SegmeansError as error:
            typer.echo(f"segmeans: {error}", err=True)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            typer.echo("segmeans: interrupted; nothing was written", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115  (the reader has gone)
            raise typer.Exit(1) from None
        except (typer.Exit, SystemExit):
            raise
        except Exception as error:
            if os.environ.get("SEGMEANS_DEBUG"):
                raise
            typer.echo(
                f"segmeans: an error we did not foresee: {type(error).__name__}: {error}. "
                "Try: SEGMEANS_DEBUG=1 shows where; please report it.",
                err=True,
            )
            raise typer.Exit(1) from None

    return run


def _option(name: str) -> inspect.Parameter:
    """Make the command-line option of one setting; None or an empty list means not given."""
    field = Settings.model_fields[name]
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    flag = "--" + name.replace("_", "-")
    common: dict[str, Any] = {
        "help": f"{field.description} {_default(name)}".strip(),
        "rich_help_panel": str(extra["group"]),
        "show_default": False,
    }
    kind: Any
    if field.annotation is bool:
        kind = Annotated[bool | None, typer.Option(f"{flag}/--no-{flag[2:]}", **common)]
    else:
        many = name in ("features", "ignore", "describe", "weight")
        common["metavar"] = "TEXT"
        kind = Annotated[(list[str] if many else str) | None, typer.Option(flag, **common)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)


def _default(name: str) -> str:
    """Name the choices and the default of a setting, for its help."""
    field = Settings.model_fields[name]
    default = "{}-{}".format(*field.default) if name == "k" else field.default
    choices = f"One of {allowed_values(name)}. " if get_origin(field.annotation) is Literal else ""
    return choices + ("" if default in (None, (), {}, False, True) else f"Default: {default}.")


def _with_settings(
    *groups: str,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of the named groups of settings, passed on as ``asked``."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        names = [
            name
            for name, field in Settings.model_fields.items()
            if isinstance(field.json_schema_extra, dict)
            and field.json_schema_extra["group"] in groups
        ]

        @functools.wraps(command)
        def run(**kwargs: Any) -> None:
            given = {name: kwargs.pop(name) for name in names}
            command(asked=_asked(given), **kwargs)

        own = inspect.signature(command, eval_str=True).parameters.values()
        parameters = [p for p in own if p.name != "asked"] + [_option(name) for name in names]
        run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters]
        )
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        return run

    return decorate


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    """Keep the options that were given, in the form that settings take."""
    asked = {name: value for name, value in given.items() if value not in (None, [])}
    for name in ("features", "ignore", "describe"):
        if name in asked:
            asked[name] = split_names(asked[name])
    if asked.get("separator") in ("tab", "\\t"):
        asked["separator"] = "\t"
    return asked


def _resolve(
    source: str | None, config: str | None, asked: dict[str, Any]
) -> tuple[str, dict[str, Any], Settings]:
    """Join config file and options into a source, the values as asked and checked settings."""
    values = {**(read_config(config) if config else {}), **asked}
    source = source or values.pop("source", None)
    values.pop("source", None)
    if not source:
        raise SettingError(
            "No source was given",
            allowed="a file, a folder of Parquet files or a database URL",
            hint="segmeans run customers.csv",
        )
    return source, values, Settings.ask(values, where=config or "command line")


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"segmeans {__version__}")
        raise typer.Exit


@app.command()
@_told
@_with_settings("Source", "Columns", "Orders", "Preparation", "Segments", "Output")
def run(
    *,
    source: Source = None,
    config: Config = None,
    save_config: Annotated[
        str | None, typer.Option(help="Write the settings to a study.toml and stop.")
    ] = None,
    json_: Json = False,
    quiet: Quiet = False,
    asked: dict[str, Any],
) -> None:
    """Find the segments of a customer table: segmeans run customers.csv --out results."""
    source, values, settings = _resolve(source, config, asked)
    if save_config:
        from segmeans.tables.sink import write_text

        write_text(save_config, config_text({"source": source, **values}), settings.overwrite)
        return
    from segmeans.report import bundle, screen
    from segmeans.study import conduct

    with screen.progress(quiet=quiet or json_) as progress:
        study = conduct(source, settings, progress=progress)
        with study:
            files = bundle.write(
                study,
                settings.out,
                format=settings.format,
                overwrite=settings.overwrite,
                figures=settings.figures,
                rejected=settings.rejected,
                progress=progress,
            )
    if json_:
        typer.echo(study.to_json(), nl=False)
    elif not quiet:
        screen.show_study(study.record, files=files)
    if study.record.verdict.structure == "none":
        raise typer.Exit(NO_SEGMENTS)


@app.command("inspect")
@_told
@_with_settings("Source", "Columns", "Orders")
def inspect_source(
    *,
    source: Source = None,
    config: Config = None,
    json_: Json = False,
    asked: dict[str, Any],
) -> None:
    """Show what each column of a table is taken for, without making segments."""
    source, _, settings = _resolve(source, config, asked)
    from segmeans.report import screen
    from segmeans.study import look

    seen = look(source, settings)
    if json_:
        typer.echo(seen.to_json(), nl=False)
    else:
        screen.show_inspection(seen)


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
@_told
@_with_settings("Source")
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
    from segmeans.model import load, record_json, score
    from segmeans.report import life, screen

    with screen.progress(quiet=quiet or json_) as progress:
        record = score(
            load(model), source, out, settings=settings, overwrite=overwrite, progress=progress
        )
    if json_:
        typer.echo(record_json(record), nl=False)
    elif not quiet:
        life.show_scored(record, out)


@app.command("sql")
@_told
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
@_told
@_with_settings("Source")
def refresh(
    *,
    model: ModelFile,
    source: Customers,
    refit: Annotated[
        bool, typer.Option("--refit", help="Fit anew; segments found again keep their names.")
    ] = False,
    out: Annotated[str, typer.Option(help="Folder for the outputs of a refit.")] = "segmeans-refit",
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
    from segmeans.model import load, record_json
    from segmeans.report import bundle, life, screen
    from segmeans.tracking import refresh

    old = load(model)
    with screen.progress(quiet=quiet or json_) as progress:
        record: Any = refresh(old, source, settings=settings, progress=progress)
    if not (quiet or json_):
        life.show_refresh(record)
    if refit:
        from segmeans.refit import refit as fit_anew

        with screen.progress(quiet=quiet or json_) as progress:
            study, record = fit_anew(old, source, settings, progress=progress)
            with study:
                bundle.write(study, out, overwrite=overwrite, progress=progress)
        if not (quiet or json_):
            life.show_refit(record, out)
    if json_:
        typer.echo(record_json(record), nl=False)


@app.command()
@_told
def track(
    *,
    sources: Annotated[
        list[str],
        typer.Argument(help="Files of segments, the earliest first.", show_default=False),
    ],
    out: Annotated[
        str | None, typer.Option(help="Write the previous and the current segment of everyone.")
    ] = None,
    id_: Annotated[str | None, typer.Option("--id", help="The id. Default: first column.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """Say who moved from where to where: segmeans track january.csv february.csv."""
    from segmeans.model import record_json
    from segmeans.report import life
    from segmeans.tracking import track

    record = track(sources, id_column=id_, out=out, overwrite=overwrite)
    if json_:
        typer.echo(record_json(record), nl=False)
    elif not quiet:
        life.show_track(record)


@app.command("list")
@_told
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
@_told
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


Rows = Annotated[int, typer.Option(help="How many rows.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same bytes on any machine.")]
Out = Annotated[str, typer.Option(help="File to write: .csv, .csv.gz or .parquet.")]
Truth = Annotated[bool, typer.Option(help="Add a column with the true segment.")]
Left = Annotated[float, typer.Option(help="Share of values left out at random, 0 to 0.9.")]
Replace = Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")]


@sample_app.command("customers")
@_told
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
@_told
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


@app.command()
@_told
@_with_settings("Source", "Columns", "Orders", "Preparation", "Segments")
def plot(
    *,
    name: Annotated[
        str,
        typer.Argument(
            help="elbow, silhouette, evidence, stability, map, profile, bars, sizes or pairs."
        ),
    ],
    source: Source = None,
    config: Config = None,
    to: Annotated[
        str | None, typer.Option(help="File to write, .png or .svg. Default: NAME.png.")
    ] = None,
    overwrite: Replace = False,
    quiet: Quiet = False,
    asked: dict[str, Any],
) -> None:
    """Draw one figure of a study: segmeans plot elbow customers.csv --to elbow.svg."""
    source, _, settings = _resolve(source, config, asked)
    path = to or f"{name}.png"
    from segmeans.report import figures, screen
    from segmeans.study import conduct
    from segmeans.tables.sink import check_free

    figures.check(name, path)
    check_free(path, overwrite=overwrite)
    with (
        screen.progress(quiet=quiet) as progress,
        conduct(source, settings, progress=progress) as study,
    ):
        figures.save_one(study, name, path, overwrite=overwrite)
    if not quiet:
        typer.echo(f"Wrote {path}")


@app.command()
@_told
@_with_settings("Source", "Columns", "Orders", "Preparation", "Segments")
def notebook(
    *,
    source: Source = None,
    config: Config = None,
    to: Annotated[str, typer.Option(help="File to write.")] = "study.ipynb",
    overwrite: Replace = False,
    quiet: Quiet = False,
    asked: dict[str, Any],
) -> None:
    """Write a study as a Jupyter notebook to run again, step by step."""
    source, _, settings = _resolve(source, config, asked)
    from segmeans.report import screen
    from segmeans.report.notebook import notebook as text_of
    from segmeans.study import conduct
    from segmeans.tables.sink import check_free, write_text

    check_free(to, overwrite=overwrite)
    with (
        screen.progress(quiet=quiet) as progress,
        conduct(source, settings, progress=progress) as study,
    ):
        text = text_of(study, source, settings)
    write_text(to, text, overwrite)
    if not quiet:
        typer.echo(f"Wrote {to}")


@app.command()
@_told
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
