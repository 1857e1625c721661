"""The commands that give segments a meaning of the user's own: rename, target."""

from __future__ import annotations

from typing import Annotated

import typer

from segmeans.cli.base import Quiet, Replace, app, told


@app.command()
@told
def rename(
    *,
    place: Annotated[
        str,
        typer.Argument(
            metavar="STUDY_OR_MODEL",
            help="The folder of a study, or a model.json.",
            show_default=False,
        ),
    ],
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="SEGMENT=NAME...",
            help="The number, id or name of a segment, and its new name.",
            show_default=False,
        ),
    ],
    out: Annotated[
        str | None, typer.Option(help="Of a model: write it there, leave the old file as it is.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Give segments your own names: segmeans rename segmeans-out "1=Regulars"."""
    from segmeans.config import split_pairs
    from segmeans.report import screen_meaning
    from segmeans.report.renaming import rename

    done = rename(place, split_pairs(names), out=out)
    if not quiet:
        screen_meaning.show_renamed(done)


@app.command()
@told
def target(
    *,
    folder: Annotated[
        str, typer.Argument(metavar="STUDY", help="The folder of a study.", show_default=False)
    ],
    plan: Annotated[
        str | None,
        typer.Option(help="Your answers, limits and weights (TOML); the report follows them."),
    ] = None,
    questions: Annotated[
        str | None, typer.Option(help="Write a plan to fill in: what only you can answer.")
    ] = None,
    overwrite: Replace = False,
    quiet: Quiet = False,
) -> None:
    """Say which segments to serve: segmeans target segmeans-out --questions targeting.toml."""
    from segmeans.report import screen_meaning
    from segmeans.report.targets import target, write_questions

    done = target(folder, plan)
    if questions is not None:
        write_questions(done.record, folder, questions, overwrite=overwrite)
    if not quiet:
        screen_meaning.show_targeting(done)
        if questions is not None:
            typer.echo(f"Wrote {questions}")
