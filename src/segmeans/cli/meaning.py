"""The commands that give segments a meaning of the user's own: rename."""

from __future__ import annotations

from typing import Annotated

import typer

from segmeans.cli.base import Quiet, app, told


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
