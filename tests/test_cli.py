"""The command line: what it prints, writes and returns, and how it refuses."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from segmeans.sample import CustomerMarket, write_customers

OUTPUTS = {
    *("report.html", "report.md", "segments.csv", "profile.csv", "typical.csv"),
    *("actions.csv", "study.json", "model.json"),
}
MANIFEST = ".segmeans.json"


def segmeans(
    *arguments: object, cwd: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would."""
    return subprocess.run(
        [sys.executable, "-m", "segmeans", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "100", **more},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def customers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small market with five planted segments."""
    path = tmp_path_factory.mktemp("sample") / "customers.csv"
    write_customers(path, 300, 1)
    return path


@pytest.fixture(scope="module")
def done(customers: Path) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Run the main job once, with figures."""
    out = customers.parent / "results"
    return segmeans("run", customers.name, "--out", "results", "--fast", cwd=out.parent), out


def rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_run_says_what_it_found_and_where_it_is(
    done: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    result, out = done
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    study = json.loads((out / "study.json").read_text(encoding="utf-8"))
    for one in study["segments"]:
        assert one["name"] in result.stdout
    assert "segments.csv" in result.stdout


def test_run_writes_every_output(done: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    _, out = done
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert names >= OUTPUTS
    figures = {Path(name).stem for name in names if name.endswith(".png")}
    assert figures == {Path(name).stem for name in names if name.endswith(".svg")}
    assert any("elbow" in name for name in figures)
    assert any("silhouette" in name for name in figures)
    assert any("map" in name for name in figures)
    assert any("profile" in name for name in figures)


def test_every_customer_has_one_row(
    done: tuple[subprocess.CompletedProcess[str], Path], customers: Path
) -> None:
    _, out = done
    segments = rows(out / "segments.csv")
    assert [row["CustomerID"] for row in segments] == [row["CustomerID"] for row in rows(customers)]
    study = json.loads((out / "study.json").read_text(encoding="utf-8"))
    for one in study["segments"]:
        members = [row for row in segments if row["segment"] == str(one["number"])]
        assert len(members) == one["size"]
        assert {row["name"] for row in members} == {one["name"]}
        assert all(row["runner_up"] != row["segment"] for row in members)
        assert all(0 <= float(row["certainty"]) <= 1 for row in members)


def test_existing_outputs_are_not_overwritten_unasked(
    done: tuple[subprocess.CompletedProcess[str], Path], customers: Path
) -> None:
    _, out = done
    before = (out / "study.json").read_bytes()
    refused = segmeans("run", customers, "--out", out, "--fast", "--k", "2")
    assert refused.returncode == 1
    assert "--overwrite" in refused.stderr
    assert (out / "study.json").read_bytes() == before


def test_json_prints_the_study_and_nothing_else(customers: Path, tmp_path: Path) -> None:
    result = segmeans("run", customers, "--out", tmp_path / "o", "--fast", "--json", "--no-figures")
    assert result.stdout == (tmp_path / "o" / "study.json").read_text(encoding="utf-8")
    assert result.stderr == ""


def test_quiet_prints_nothing(customers: Path, tmp_path: Path) -> None:
    result = segmeans("run", customers, "--out", tmp_path / "o", "--fast", "-q", "--no-figures")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert {path.name for path in (tmp_path / "o").iterdir()} == OUTPUTS | {MANIFEST}


def test_a_market_without_segments_has_an_exit_code_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "noise.csv"
    write_customers(file, 400, 3, CustomerMarket(structure=False))
    result = segmeans(
        "run", file, "--ignore", "Gender", "--out", tmp_path / "o", "-q", "--no-figures"
    )
    study = json.loads((tmp_path / "o" / "study.json").read_text(encoding="utf-8"))
    assert study["verdict"]["structure"] != "natural"
    assert result.returncode == (3 if study["verdict"]["structure"] == "none" else 0)


def test_config_says_the_same_as_the_options(customers: Path, tmp_path: Path) -> None:
    options = ["--features", '"Annual Income (k$)",Spending Score (1-100)', "--k", "3-5"]
    options += ["--weight", "Annual Income (k$)=2", "--fast", "--seed", "7"]
    saved = segmeans("run", customers, *options, "--save-config", "study.toml", cwd=tmp_path)
    assert saved.returncode == 0, saved.stderr
    by_options = segmeans("run", customers, *options, "-q", "--no-figures", cwd=tmp_path)
    by_config = segmeans(
        "run", "--config", "study.toml", "--out", "again", "-q", "--no-figures", cwd=tmp_path
    )
    assert by_options.returncode == by_config.returncode == 0, by_config.stderr
    for name in OUTPUTS:
        first, second = tmp_path / "segmeans-out" / name, tmp_path / "again" / name
        assert first.read_bytes() == second.read_bytes(), name


def test_inspect_shows_roles_without_clustering(customers: Path) -> None:
    result = segmeans("inspect", customers)
    assert result.returncode == 0, result.stderr
    assert "CustomerID" in result.stdout
    assert json.loads(segmeans("inspect", customers, "--json").stdout)["roles"]


def test_doctor_names_the_kernels() -> None:
    assert "reference" in segmeans("doctor", SEGMEANS_KERNELS="reference").stdout


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--k", "0"], 2, "'k'"),
        (["--k", "1000"], 2, "fewer different customers"),
        (["--scale", "standart"], 2, "standard, robust, minmax or none"),
        (["--features", "Agee"], 2, "'Age'"),
        (["--features", '"Age'], 2, "cannot be split"),
        (["--weight", "Age"], 2, "FEATURE=NUMBER"),
        (["--id", "Nobody"], 2, "Nobody"),
        (["--seed", "x"], 2, "'seed'"),
        (["--config", "none.toml"], 1, "does not exist"),
        (["--nonsense"], 2, "nonsense"),
    ],
)
def test_wrong_use_is_one_clear_message(
    customers: Path, tmp_path: Path, options: list[str], code: int, message: str
) -> None:
    result = segmeans("run", customers, *options, cwd=tmp_path)
    assert result.returncode == code
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.csv", None),
        ("empty.csv", b""),
        ("header.csv", b"id,age,income\n"),
        ("one_row.csv", b"id,age,income\n1,30,50\n"),
        ("alike.csv", b"age,income\n" + b"30,50\n" * 20),
        ("binary.csv", bytes(range(256)) * 40),
        ("texts.csv", b"note\nhello there my friend\nquite another story\nand one more\n"),
    ],
)
def test_source_that_cannot_be_used_is_one_clear_message(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = segmeans("run", name, cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith("segmeans: ")
    assert "foresee" not in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ([] if content is None else [name])


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_leaves_nothing(tmp_path: Path, kind: signal.Signals) -> None:
    file = tmp_path / "customers.csv"
    write_customers(file, 60_000, 1)
    process = subprocess.Popen(
        [sys.executable, "-m", "segmeans", "run", file.name],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(2.5)
    process.send_signal(kind)
    _, message = process.communicate(timeout=60)
    assert process.returncode not in (0, 3)
    assert "Traceback" not in message
    assert [path.name for path in tmp_path.iterdir()] == ["customers.csv"]


def test_sample_is_the_same_bytes_for_the_same_seed(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        made = segmeans("sample", "customers", "--rows", 100, "--seed", 4, "--out", tmp_path / name)
        assert made.returncode == 0, made.stderr
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    again = segmeans("sample", "customers", "--out", tmp_path / "a.csv")
    assert again.returncode == 1
    assert "there already" in again.stderr


def test_sample_orders_as_parquet(tmp_path: Path) -> None:
    made = segmeans("sample", "orders", "--rows", 1000, "--out", tmp_path / "orders.parquet")
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "orders.parquet").read_bytes()[:4] == b"PAR1"


def test_plot_draws_one_figure(customers: Path, tmp_path: Path) -> None:
    file = tmp_path / "elbow.svg"
    result = segmeans("plot", "elbow", customers, "--k", "1-3", "--fast", "--to", file)
    assert result.returncode == 0, result.stderr
    assert "Wrote" in result.stdout
    assert file.read_text("utf-8").startswith("<?xml")
    wrong = segmeans("plot", "elbo", customers)
    assert wrong.returncode == 2
    assert "Try: 'elbow'" in wrong.stderr


def test_notebook_is_written_once(customers: Path, tmp_path: Path) -> None:
    file = tmp_path / "study.ipynb"
    result = segmeans("notebook", customers, "--k", "1-3", "--fast", "--to", file)
    assert result.returncode == 0, result.stderr
    book = json.loads(file.read_text("utf-8"))
    assert book["nbformat"] == 4
    assert all(cell["execution_count"] for cell in book["cells"] if cell["cell_type"] == "code")
    plain = tmp_path / "plain.ipynb"
    options = ("--k", "1-3", "--fast", "--no-run", "--quiet", "--out")
    assert segmeans("notebook", customers, *options, plain).returncode == 0
    assert not any(cell.get("outputs") for cell in json.loads(plain.read_text("utf-8"))["cells"])
    again = segmeans("notebook", customers, "--to", file)
    assert "exists already" in again.stderr
