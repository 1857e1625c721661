"""Outputs are whole or absent, replace only their own kind, and are the same bytes every time."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from segmeans.errors import OutputError
from segmeans.tables import sink
from segmeans.tables.sink import MANIFEST, Outputs, write_text


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "results"


def nothing_left(target: Path) -> bool:
    parent = target.parent
    return not parent.exists() or not any(path.name.startswith(".") for path in parent.iterdir())


def write(target: Path, *, overwrite: bool = False, **texts: str) -> None:
    with Outputs(target, overwrite=overwrite) as outputs:
        for name, text in texts.items():
            outputs.text(name.replace("__", "/").replace("_", "."), text)


def test_all_files_appear_at_the_end(target: Path) -> None:
    with Outputs(target) as outputs:
        outputs.text("a.txt", "ä\r\n")
        outputs.path("figures/b.png").write_bytes(b"png")
        assert not target.exists()
    assert (target / "a.txt").read_bytes() == "ä\r\n".encode()
    assert (target / "figures" / "b.png").read_bytes() == b"png"
    assert nothing_left(target)


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
def test_nothing_appears_when_anything_goes_wrong(kind: type[BaseException], target: Path) -> None:
    def interrupted() -> None:
        with Outputs(target) as outputs:
            outputs.text("a.txt", "x")
            raise kind

    with pytest.raises(kind):
        interrupted()
    assert not target.parent.exists()


def test_an_interrupted_stream_leaves_nothing(target: Path) -> None:
    def blocks() -> Iterator[dict[str, Any]]:
        yield {"x": np.arange(3)}
        raise KeyboardInterrupt

    def interrupted() -> None:
        with Outputs(target) as outputs:
            outputs.rows("x.csv", blocks())

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not target.exists()


def test_a_filled_folder_is_refused(target: Path) -> None:
    target.mkdir(parents=True)
    (target / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        write(target, a_txt="x")
    with pytest.raises(OutputError, match="no earlier study"):
        write(target, overwrite=True, a_txt="x")
    assert [path.name for path in target.iterdir()] == ["mine.txt"]
    assert nothing_left(target)


def test_a_file_in_place_of_the_folder_is_refused(target: Path) -> None:
    target.parent.mkdir()
    target.write_text("mine")
    with pytest.raises(OutputError, match="is a file"):
        write(target, overwrite=True, a_txt="x")
    with pytest.raises(OutputError, match="cannot be written"):
        write(target / "below", a_txt="x")
    assert target.read_text() == "mine"


def test_overwriting_replaces_what_was_ours_and_keeps_the_rest(target: Path) -> None:
    write(target, a_txt="old", figures__old_png="old")
    (target / "notes.txt").write_text("mine")
    with pytest.raises(OutputError):
        write(target, a_txt="new")
    write(target, overwrite=True, a_txt="new", b_txt="new")
    files = sorted(p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file())
    assert files == [MANIFEST, "a.txt", "b.txt", "notes.txt"]
    assert (target / "a.txt").read_text() == "new"
    assert nothing_left(target)


def test_the_old_study_stays_until_the_new_one_is_complete(target: Path) -> None:
    write(target, a_txt="old")

    def failing() -> None:
        with Outputs(target, overwrite=True) as outputs:
            outputs.text("a.txt", "new")
            assert (target / "a.txt").read_text() == "old"
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        failing()
    assert (target / "a.txt").read_text() == "old"
    assert nothing_left(target)


def test_a_study_is_known_by_its_record(target: Path) -> None:
    target.mkdir(parents=True)
    (target / "study.json").write_text('{"schema": 1, "recommended_k": 5, "k_table": []}')
    write(target, overwrite=True, study_json="new")
    assert (target / "study.json").read_text() == "new"


def test_an_empty_folder_is_used(target: Path) -> None:
    target.mkdir(parents=True)
    write(target, a_txt="x")
    assert (target / "a.txt").read_text() == "x"


def test_what_the_system_refuses_is_one_clear_error(target: Path) -> None:
    def full() -> None:
        with Outputs(target):
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left"):
        full()
    assert not target.parent.exists()
    with pytest.raises(OutputError, match="cannot be written"):
        write(Path("/proc/nowhere/results"), a_txt="x")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_one_clear_error(target: Path) -> None:
    target.parent.mkdir()
    target.parent.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        write(target, a_txt="x")


@pytest.mark.parametrize("name", ["../x", "/x", "", MANIFEST, "a/../../x"])
def test_names_stay_inside_the_folder(name: str, target: Path) -> None:
    with Outputs(target) as outputs, pytest.raises(OutputError, match="no name"):
        outputs.path(name)


HOSTILE = ["=1+1", "+1+1", "-1+1", "@x", "\tx", "\rx", "-5", "+1.5", 'a "b", c', "two\nlines", None]


def test_csv_is_quoted_harmless_and_reads_back(target: Path) -> None:
    columns = {"text": HOSTILE, "=n": [0.1, -2, None, float("nan"), 1e300, True, *range(5)]}
    with Outputs(target) as outputs:
        outputs.table("t.csv", columns)
    raw = (target / "t.csv").read_bytes()
    assert b"\r\n" not in raw
    with (target / "t.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["text", "'=n"]
    assert [row[0] for row in rows[1:]] == [
        *("'=1+1", "'+1+1", "'-1+1", "'@x", "'\tx", "'\nx", "-5", "+1.5"),
        *('a "b", c', "two\nlines", ""),
    ]
    assert [row[1] for row in rows[1:7]] == ["0.1", "-2", "", "", "1e+300", "true"]


@pytest.mark.parametrize("rows", [0, 1, 3, 4, 7])
def test_long_columns_are_written_block_by_block(
    target: Path, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink, "BLOCK_ROWS", 3)
    with Outputs(target) as outputs:
        outputs.table("t.csv", {"i": np.arange(rows), "t": [f"t{n}" for n in range(rows)]})
        with pytest.raises(ValueError, match="zip"):
            outputs.table("u.csv", {"i": np.arange(rows + 1), "t": ["t"] * rows})
    text = (target / "t.csv").read_text("utf-8")
    assert text == "i,t\n" + "".join(f"{n},t{n}\n" for n in range(rows))


def blocks() -> Iterator[dict[str, Any]]:
    for start in range(0, 100_000, 30_000):
        i = np.arange(start, min(start + 30_000, 100_000))
        segment = (i % 4 + 1).astype(object)
        segment[i % 10 == 0] = None
        names = np.array([None if k is None else f"segment {k}" for k in segment], dtype=object)
        yield {"id": i.astype(str).astype(object), "segment": segment, "name": names, "sure": i / 7}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_streamed_rows_read_back_and_are_the_same_bytes(ending: str, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        with Outputs(tmp_path / folder) as outputs:
            outputs.rows(f"s.{ending}", blocks())
    first, second = ((tmp_path / name / f"s.{ending}") for name in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()
    read = "read_parquet" if ending == "parquet" else "read_csv"
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT count(*), sum(segment), count(segment), count(name), max(sure), "
            f"bool_and(CAST(id AS INTEGER) = n - 1) FROM (SELECT *, row_number() OVER () AS n "
            f"FROM {read}('{first}'))"
        ).fetchone()
    expected = sum(i % 4 + 1 for i in range(100_000) if i % 10)
    assert found == (100_000, expected, 90_000, 90_000, 99_999 / 7, True)


def test_terminating_the_program_leaves_nothing(target: Path) -> None:
    code = (
        "import sys, time; from segmeans.tables.sink import Outputs\n"
        "with Outputs(sys.argv[1]) as outputs:\n"
        "    outputs.text('a.txt', 'x'); print('ready', flush=True); time.sleep(60)\n"
    )
    for sign in (signal.SIGTERM, signal.SIGINT):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(target)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.05)
        process.send_signal(sign)
        assert process.wait(20) != 0
        process.stdout.close()
        assert not target.parent.exists()


def test_one_text_file_is_whole_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    write_text(path, "a")
    with pytest.raises(OutputError, match="exists already"):
        write_text(path, "b")
    write_text(path, "c", overwrite=True)
    assert path.read_text() == "c"
    with pytest.raises(OutputError):
        write_text(tmp_path, "d", overwrite=True)
    assert [item.name for item in tmp_path.iterdir()] == ["study.toml"]


ENDLESS = """
import itertools, sys
from segmeans.tables.sink import Outputs, write_text
print("ready", flush=True)
for turn in itertools.count(1):
    with Outputs(sys.argv[1], overwrite=True) as outputs:
        for name in "abc":
            outputs.text(f"{name}.txt", f"{turn}\\n" * 2000)
    write_text(sys.argv[2], f"{turn}\\n" * 2000, overwrite=True)
"""


def whole_text(path: Path) -> int:
    """Return the turn a file was written in; fail unless all of it is there."""
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) == 2000
    assert len(set(lines)) == 1
    return int(lines[0])


def test_killed_at_any_moment_the_old_or_the_new_is_there_whole(tmp_path: Path) -> None:
    folder, file = tmp_path / "study", tmp_path / "model.json"
    with Outputs(folder) as outputs:
        for name in "abc":
            outputs.text(f"{name}.txt", "0\n" * 2000)
    (folder / "mine.txt").write_text("keep me")
    write_text(file, "0\n" * 2000)
    draws = np.random.default_rng(0)
    turns = []
    for _ in range(25):
        with subprocess.Popen(
            [sys.executable, "-c", ENDLESS, str(folder), str(file)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(float(draws.uniform(0.0, 0.1)))
            process.kill()
        assert len({whole_text(folder / f"{name}.txt") for name in "abc"}) == 1
        assert (folder / "mine.txt").read_text() == "keep me"
        turns.append(whole_text(folder / "a.txt"))
        assert whole_text(file) >= 0
    assert max(turns) > 0  # some were killed after a turn, some within one
    with Outputs(folder, overwrite=True) as outputs:  # and life goes on
        outputs.text("a.txt", "last")
    assert (folder / "a.txt").read_text() == "last"


def test_where_two_folders_cannot_be_exchanged_at_once(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink, "_exchanged", lambda *_: False)
    for turn in "12":
        with Outputs(target, overwrite=True) as outputs:
            outputs.text("a.txt", turn)
    assert (target / "a.txt").read_text() == "2"
    assert [path.name for path in target.parent.iterdir()] == [target.name]
