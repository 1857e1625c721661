"""A notebook run from top to bottom, in a kernel of its own."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from typing import Any

from segmeans.errors import DependencyError, SegmeansError

SECONDS = 3600
"""A cell that takes longer is stopped."""


class NotebookError(SegmeansError):
    """A cell of a notebook has failed."""


def check_runner() -> None:
    """Refuse to run a notebook without the libraries that do it, before the work.

    Raises
    ------
    DependencyError
    """
    for library in ("nbclient", "ipykernel"):
        if importlib.util.find_spec(library) is None:
            raise DependencyError.for_extra(library, "notebook")


def execute(text: str, folder: str | Path = ".") -> str:
    """Run every cell of a notebook and return it with what the cells show.

    Parameters
    ----------
    text : str
        A notebook of format 4.
    folder : str or Path, default="."
        Where its cells run: relative paths are taken from there.

    Returns
    -------
    str
        The same notebook with its outputs; the times at which cells ran are left out, so that the
        same cells give the same text.

    Raises
    ------
    DependencyError
        When nbclient or ipykernel is missing.
    NotebookError
        When a cell fails; nothing is returned of the others.
    """
    check_runner()
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    library: Any = nbformat  # has no types
    book = library.reads(text, as_version=4)
    client = NotebookClient(
        book,
        timeout=SECONDS,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute(stderr=subprocess.DEVNULL)  # its talk of ports; cells speak elsewhere
    except CellExecutionError as error:
        raise NotebookError(
            "A cell of the notebook failed",
            where=str(folder),
            found=f"{error.ename}: {error.evalue}",
        ) from None
    except RuntimeError as error:  # the kernel does not start, or has died
        raise NotebookError(
            "The notebook could not be run",
            where=str(folder),
            found=error,
            hint="segmeans notebook --no-run, and run it in Jupyter",
        ) from None
    written: str = library.writes(book)
    return written if written.endswith("\n") else written + "\n"
