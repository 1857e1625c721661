"""What every command shares: the application, its options from the settings, its errors."""

from __future__ import annotations

import functools
import gc
import inspect
import os
import signal
import sys
from collections.abc import Callable, Collection
from typing import Annotated, Any, Literal, get_origin

import typer
from typer.core import TyperGroup

from segmeans.config import read_config, split_names
from segmeans.errors import SegmeansError, SettingError
from segmeans.settings import Settings, allowed_values

NO_SEGMENTS = 3
INTERRUPTED = 130

# The way of a study, from a first look at the columns to what is done with the segments.
ORDER = (
    *("sample", "inspect", "run", "rename", "target", "plot", "notebook"),
    *("score", "sql", "audience", "refresh", "track", "list", "compare", "doctor"),
)

# Of an order log; the other settings of orders are those of the training.
LOG = (
    *("orders", "customer", "date", "amount", "order", "quantity", "price", "product"),
    *("product_group", "status", "cost", "margin", "discount", "currency_column", "as_of"),
)


class _InOrder(TyperGroup):
    """Commands listed in the order in which they are used."""

    def list_commands(self, ctx: Any) -> list[str]:
        rank = {name: place for place, name in enumerate(ORDER)}
        return sorted(super().list_commands(ctx), key=lambda name: rank.get(name, len(rank)))


app = typer.Typer(
    name="segmeans",
    cls=_InOrder,
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
Replace = Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")]


def main() -> None:
    """Run the command line."""
    gc.set_threshold(50_000, 20, 100)  # a command is short: each sweep of all libraries costs 0.1 s
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    app()


def told(command: Callable[..., None]) -> Callable[..., None]:
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
        many = name in ("features", "ignore", "describe", "weight", "names")
        common["metavar"] = "TEXT"
        kind = Annotated[(list[str] if many else str) | None, typer.Option(flag, **common)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)


def _default(name: str) -> str:
    """Name the choices and the default of a setting, for its help."""
    field = Settings.model_fields[name]
    default = "{}-{}".format(*field.default) if name == "k" else field.default
    choices = f"One of {allowed_values(name)}. " if get_origin(field.annotation) is Literal else ""
    return choices + ("" if default in (None, (), {}, False, True) else f"Default: {default}.")


def with_settings(
    *groups: str, also: Collection[str] = ()
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of groups of settings, and of single ones, as ``asked``."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        names = [
            name
            for name, field in Settings.model_fields.items()
            if isinstance(field.json_schema_extra, dict)
            and (field.json_schema_extra["group"] in groups or name in also)
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


def resolve(
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
