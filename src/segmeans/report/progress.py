"""Progress bars for long work, on the error stream, gone when the work is done."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bars:
    """One bar per step, told of progress as ``bars(step, done, total)``.

    Nothing is shown where nobody watches: when asked to be quiet, or when the error stream is not
    a terminal.

    Parameters
    ----------
    quiet : bool, default=False
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._wanted = not quiet and sys.stderr.isatty()

    def __enter__(self) -> Self:
        if self._wanted:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

            self._progress = Progress(
                "{task.description}",
                BarColumn(bar_width=30),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._progress.start()
        return self

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` pieces of a step are finished."""
        if self._progress is None:
            return
        if step not in self._tasks:
            self._tasks[step] = self._progress.add_task(step, total=total)
        self._progress.update(self._tasks[step], completed=done, total=total)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress is not None:
            self._progress.stop()
