"""Figures drawn by processes of their own, beside whatever else this one has to do.

Drawing is work of the interpreter, of which a process does one piece at a time: only other
processes make it faster. Each of them is a fresh interpreter that is given what the figures look
at over a pipe, so that nothing is forked and it is the same on every system. A figure depends on
the study alone, hence its bytes are the same wherever it is drawn; and whatever goes wrong in
another process, the figure is drawn here instead, where an error is told as it would be without.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Condition, Thread
from types import SimpleNamespace
from typing import IO, TYPE_CHECKING, Any, Self

from segmeans.doctor import processors

if TYPE_CHECKING:
    from pathlib import Path

    from segmeans.settings import Settings
    from segmeans.study import Progress, Study

MOST = 2
"""Processes; each takes a second to load what it draws with, and some 100 MB."""
OURS = "pairs"
"""The figure that is left to this process, which has loaded most of what seaborn needs."""
SOON = "Assigning everyone"
"""The step of a study after which there is just time to load the libraries."""
PATIENCE = 60.0
"""Seconds without a figure from another process after which it is drawn here."""
_START = "import sys; sys.path[:] = sys.argv[1:]; from segmeans.report.beside import serve; serve()"


def drawers(settings: Settings) -> Drawers:
    """Return as many drawers as settings allow: none without figures or a second processor."""
    return Drawers((settings.threads or processors()) if settings.figures else 1)


class Drawers:
    """Processes that draw the figures of one study.

    Use as a context manager; on leaving it no process is left, whatever happened. Without a
    second processor, or where no process can be started, figures are drawn in place.

    Parameters
    ----------
    among : int, default=1
        How many processors this study may use, with the one that is at work already.
    """

    def __init__(self, among: int = 1) -> None:
        can = bool(sys.executable) and not getattr(sys, "frozen", False)
        self._most = min(among - 1, MOST) if can else 0
        self._processes: list[subprocess.Popen[bytes]] = []
        self._threads: list[Thread] = []
        self._changed = Condition()
        self._names: list[str] | None = None
        self._left: list[str] = []  # taken by nobody yet
        self._drawn: dict[str, dict[str, bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def start(self) -> None:
        """Start the processes, so that they have loaded their libraries when they are needed."""
        try:
            while len(self._processes) < self._most:
                self._processes.append(_process())
        except (OSError, ValueError):
            self._most = len(self._processes)

    def heeding(self, progress: Progress) -> Progress:
        """Return the same progress, at a word of which the processes are started."""

        def tell(step: str, done: int, total: int) -> None:
            if step == SOON:
                self.start()
            progress(step, done, total)

        return tell

    def begin(self, study: Study) -> None:
        """Have the figures of a study drawn from now on.

        Parameters
        ----------
        study : Study
            Finished; :meth:`save` is to be called with the same.
        """
        self.start()
        found = None if study.commerce is None else study.commerce.record
        looked_at = (study.record, study.sample, found)
        for process in self._processes:
            thread = Thread(target=self._ask, args=(process, looked_at), daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no room for another thread
                break
            self._threads.append(thread)

    def save(self, study: Study, path_of: Callable[[str], Path]) -> Iterator[tuple[int, int, str]]:
        """Write the figures of a study; draw those that nobody has begun.

        Parameters
        ----------
        study : Study
        path_of : callable
            Turns the name of a file into the path to write it to.

        Yields
        ------
        tuple of int, int, str
            Files done, files in all, and the name of the file just written.
        """
        names, done = self._known(study), 0
        for name in names:
            contents = self._contents(study, name)
            for file, content in contents.items():
                path_of(file).write_bytes(content)
                done += 1
                yield done, len(names) * len(contents), file

    def _known(self, study: Study) -> list[str]:
        """Return the names of the figures: as another process has told, or as found here."""
        with self._changed:
            if self._names is not None:
                return self._names
        from segmeans.report import figures  # loads matplotlib

        self._found(figures.available(study))
        assert self._names is not None  # noqa: S101  (just found)
        return self._names

    def _found(self, names: Any) -> None:
        with self._changed:
            if self._names is None:
                self._names = list(names)
                self._left = list(names)
                self._changed.notify_all()

    def _contents(self, study: Study, name: str) -> dict[str, bytes]:
        """Return the files of a figure; until it is there, draw what is left, from the end."""
        waited = 0.0
        while True:
            with self._changed:
                if name in self._drawn:
                    return self._drawn.pop(name)
                if not self._left:  # short waits, so that a Ctrl-C is heard on every system
                    waited = 0.0 if self._changed.wait(0.2) else waited + 0.2
                    if waited > PATIENCE:
                        self._left.append(name)
                    continue
                mine = self._left.pop(-1 if self._threads else 0)
            from segmeans.report import figures

            drawn = figures.contents(study, mine)
            with self._changed:
                self._drawn[mine] = drawn

    def _ask(self, process: subprocess.Popen[bytes], looked_at: Any) -> None:
        """Ask one process for figures, from the first on, until none is left or it has gone."""
        name: str | None = None
        try:
            self._found(_answer(process, looked_at))
            while (name := self._next()) is not None:
                files = _answer(process, name)
                with self._changed:
                    self._drawn[name] = files
                    self._changed.notify_all()
        except Exception:  # an answer cut short or garbled may raise anything
            with self._changed:
                self._left += [] if name is None else [name]
                self._changed.notify_all()

    def _next(self) -> str | None:
        with self._changed:
            name = next((name for name in self._left if name != OURS), None)
            if name is not None:
                self._left.remove(name)
            return name

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for thread in self._threads:
            thread.join()
        for process in self._processes:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()


def _process() -> subprocess.Popen[bytes]:
    """Start an interpreter that serves; a Ctrl-C in the terminal is for this one alone."""
    own: dict[str, Any] = {"process_group": 0}
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        own = {"creationflags": flags}
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return subprocess.Popen(  # noqa: S603  (this interpreter and a text of ours)
        [sys.executable, "-I" if sys.flags.isolated else "-P", "-c", _START, *sys.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what fails there is done here, and told here
        env=os.environ | threads,
        **own,
    )


def _answer(process: subprocess.Popen[bytes], question: Any) -> Any:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    _send(process.stdin, question)
    return pickle.load(process.stdout)  # noqa: S301  (written by our own process)


def _send(pipe: IO[bytes], message: Any) -> None:
    pickle.dump(message, pipe, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.flush()


def serve() -> None:
    """Draw as asked on the standard input, until it ends: the work of another process."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever is printed is no answer
    from segmeans.report import figures

    with suppress(EOFError, BrokenPipeError):
        record, sample, found = pickle.load(questions)  # noqa: S301  (written by who started us)
        commerce = None if found is None else SimpleNamespace(record=found)
        study: Any = SimpleNamespace(record=record, sample=sample, commerce=commerce)
        _send(answers, figures.available(study))
        while True:
            _send(answers, figures.contents(study, pickle.load(questions)))  # noqa: S301
