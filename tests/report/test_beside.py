"""Figures drawn by other processes: the same bytes, errors in full, nobody left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from segmeans.report import beside, figures
from segmeans.report.beside import Drawers
from segmeans.settings import Settings
from segmeans.study import conduct


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def saved(study: Any, drawers: Drawers, folder: Path) -> list[tuple[int, int, str]]:
    folder.mkdir()
    with drawers:
        drawers.begin(study)
        return list(drawers.save(study, folder.joinpath))


@pytest.fixture(scope="module")
def alone(mixed: Any) -> tuple[dict[str, bytes], list[tuple[int, int, str]]]:
    drawn = {name: figures.contents(mixed, name) for name in figures.available(mixed)}
    found = {file: content for of in drawn.values() for file, content in of.items()}
    return found, [(place, len(found), file) for place, file in enumerate(found, start=1)]


@pytest.mark.parametrize("processors", [2, 3])
def test_the_bytes_and_their_order_do_not_depend_on_who_draws(
    processors: int, mixed: Any, alone: Any, tmp_path: Path
) -> None:
    told = saved(mixed, Drawers(processors), tmp_path / "beside")
    assert (files(tmp_path / "beside"), told) == alone


def test_other_processes_do_draw(
    mixed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []
    here = figures.contents
    monkeypatch.setattr(figures, "contents", lambda *of: drawn.append(of[1]) or here(*of))
    folder = tmp_path / "beside"
    folder.mkdir()
    with Drawers(2) as drawers:
        drawers.begin(mixed)
        with drawers._changed:  # until the other process has drawn all it may
            assert drawers._changed.wait_for(
                lambda: len(drawers._drawn) == len(figures.available(mixed)) - 1, timeout=120
            )
        told = list(drawers.save(mixed, folder.joinpath))
    assert drawn == [beside.OURS]
    assert len(told) == 2 * len(figures.available(mixed)) == len(files(folder))


def test_what_a_lost_process_had_begun_is_drawn_here(
    mixed: Any, alone: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "beside"
    folder.mkdir()
    with Drawers(3) as drawers:
        drawers.begin(mixed)
        for process in drawers._processes:
            process.kill()
        list(drawers.save(mixed, folder.joinpath))
    assert files(folder) == alone[0]


def test_what_a_process_keeps_for_too_long_is_drawn_here(
    mixed: Any, alone: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(signal, "SIGSTOP"):
        pytest.skip("no process can be held still here")
    monkeypatch.setattr(beside, "PATIENCE", 0.3)
    folder = tmp_path / "beside"
    folder.mkdir()
    with Drawers(2) as drawers:
        drawers.begin(mixed)
        with drawers._changed:
            assert drawers._changed.wait_for(lambda: drawers._names is not None, timeout=120)
        drawers._processes[0].send_signal(signal.SIGSTOP)
        list(drawers.save(mixed, folder.joinpath))
        drawers._processes[0].send_signal(signal.SIGCONT)
    assert files(folder) == alone[0]


def test_an_answer_that_makes_no_sense_counts_for_none(
    mixed: Any, alone: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = beside._answer

    def garbled(process: Any, question: Any) -> Any:
        if isinstance(question, str):
            raise ModuleNotFoundError("as unpickling what is no answer of ours may")
        return answer(process, question)

    monkeypatch.setattr(beside, "_answer", garbled)
    monkeypatch.setattr(beside, "PATIENCE", 1e9)
    folder = tmp_path / "beside"
    folder.mkdir()
    with Drawers(2) as drawers:
        drawers.begin(mixed)
        drawers._threads[0].join(120)
        with drawers._changed:
            assert sorted(drawers._left) == sorted(figures.available(mixed))
        list(drawers.save(mixed, folder.joinpath))
    assert files(folder) == alone[0]


def test_without_room_for_a_thread_figures_are_drawn_here(
    mixed: Any, alone: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(beside.Thread, "start", full)
    assert saved(mixed, Drawers(2), tmp_path / "beside") == alone[1]


@pytest.mark.parametrize("isolated", [True, False])
def test_processes_of_an_isolated_one_are_isolated(isolated: bool, tmp_path: Path) -> None:
    loaded = tmp_path / "loaded"
    (tmp_path / "sitecustomize.py").write_text(f"open({str(loaded)!r}, 'a').write('x')")
    program = (
        "from segmeans.report.beside import Drawers\n"
        "with Drawers(2) as drawers:\n"
        "    drawers.start()\n"
        "    drawers._processes[0].stdin.close()\n"
        "    drawers._processes[0].wait()\n"
    )
    subprocess.run(
        [sys.executable, *["-I"] * isolated, "-c", program],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        check=True,
    )
    assert loaded.exists() != isolated


def test_an_error_is_that_of_drawing_in_place(
    mixed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("no ink")

    monkeypatch.setattr(figures, "contents", broken)
    drawers = Drawers(2)
    with pytest.raises(RuntimeError, match="no ink"):
        saved(mixed, drawers, tmp_path / "beside")
    assert all(process.returncode is not None for process in drawers._processes)


def test_no_process_is_started_without_figures_or_a_second_processor() -> None:
    for drawers in (
        beside.drawers(Settings(threads=1)),
        beside.drawers(Settings(threads=8, figures=False)),
        Drawers(),
    ):
        with drawers:
            drawers.start()
            assert not drawers._processes


def test_where_no_process_can_be_started_figures_are_drawn_here(
    mixed: Any, alone: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    assert saved(mixed, Drawers(2), tmp_path / "beside") == alone[1]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL])
def test_nobody_is_left_when_the_run_is_ended(by: signal.Signals) -> None:
    program = (
        "import sys, time\n"
        "from segmeans.report.beside import Drawers\n"
        "with Drawers(3) as drawers:\n"
        "    drawers.start()\n"
        "    print(*(one.pid for one in drawers._processes), flush=True)\n"
        "    time.sleep(120)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as run:
        assert run.stdout is not None
        pids = [int(pid) for pid in run.stdout.readline().split()]
        assert len(pids) == 2
        assert all(_runs(pid) for pid in pids)
        run.send_signal(by)
        run.wait(60)
    until = time.monotonic() + 60
    while any(map(_runs, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(_runs, pids))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_processes_are_started_at_a_step_that_studies_tell(tmp_path: Path) -> None:
    source = tmp_path / "customers.csv"
    source.write_text("id,a,b\n" + "".join(f"c{i},{i % 7},{i % 5}\n" for i in range(60)))
    told: list[str] = []
    with conduct(
        source, Settings(k=(2, 3), fast=True), progress=lambda step, *_: told.append(step)
    ):
        assert beside.SOON in told
