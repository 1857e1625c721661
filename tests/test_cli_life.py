"""The commands after the first day: score, sql, refresh and track."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from segmeans.cli import app
from segmeans.sample import CustomerMarket, write_customers

FEATURES = "Age,Annual Income (k$),Spending Score (1-100)"


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with customers of two months and a study of the first."""
    path = tmp_path_factory.mktemp("life")
    for seed, month in enumerate(("january", "february")):
        write_customers(path / f"{month}.csv", 400, seed, CustomerMarket(missing=0.02))
    chosen = ("--features", FEATURES, "--k", 5, "--fast", "--no-figures", "--quiet")
    code, _, error = run("run", path / "january.csv", "--out", path / "study", *chosen)
    assert code == 0, error
    return path


def test_score(folder: Path) -> None:
    out = folder / "scored.csv"
    code, told, _ = run("score", folder / "study/model.json", folder / "january.csv", "--out", out)
    assert code == 0
    assert "400 customers" in told
    with out.open(encoding="utf-8") as file:
        scored = list(csv.DictReader(file))
    with (folder / "study" / "segments.csv").open(encoding="utf-8") as file:
        trained = list(csv.DictReader(file))
    for name in ("CustomerID", "segment", "name", "runner_up", "unscored"):
        assert [row[name] for row in scored] == [row[name] for row in trained]
    code, _, error = run("score", folder / "study/model.json", folder / "january.csv", "--out", out)
    assert code == 1
    assert "exists already" in error


def test_score_as_json(folder: Path) -> None:
    code, told, _ = run(
        "score", folder / "study/model.json", folder / "january.csv", "--out",
        folder / "scored.parquet", "--json",
    )  # fmt: skip
    assert code == 0
    assert json.loads(told)["rows"] == 400


def test_sql(folder: Path) -> None:
    code, told, _ = run("sql", folder / "study/model.json", "--dialect", "spark", "--table", "a.b")
    assert code == 0
    assert "FROM `a`.`b`" in told
    out = folder / "segments.sql"
    assert run("sql", folder / "study/model.json", "--out", out)[0] == 0
    assert out.read_text("utf-8").endswith(";\n")
    code, _, error = run("sql", folder / "study/model.json", "--dialect", "oracle")
    assert code == 2
    assert "no such SQL dialect" in error


def test_refresh(folder: Path) -> None:
    code, told, _ = run("refresh", folder / "study/model.json", folder / "february.csv")
    assert code == 0
    assert told.startswith("Keep the model.")
    code, told, _ = run("refresh", folder / "study/model.json", folder / "february.csv", "--json")
    assert json.loads(told)["advice"] == "keep"


def test_refresh_and_refit(folder: Path) -> None:
    model, out = folder / "study/model.json", folder / "refitted"
    code, told, error = run(
        "refresh", model, folder / "january.csv", "--refit", "--excel", "--out", out
    )
    assert code == 0, error
    assert "5 segments found again" in told
    assert (out / "study.xlsx").stat().st_size > 10_000
    then = json.loads(model.read_text("utf-8"))["segments"]
    now = json.loads((out / "model.json").read_text("utf-8"))["segments"]
    assert {(one["id"], one["name"]) for one in now} == {(one["id"], one["name"]) for one in then}


def test_run_after_an_earlier_study(folder: Path) -> None:
    """The new study keeps ids and names, and its report shows the matrix and the flows."""
    source, out = folder / "later.csv", folder / "later"
    with (folder / "january.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows[:60]:  # sixty come out where the last one is
        row |= {name: rows[-1][name] for name in FEATURES.split(",")}
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows[20:])
    told = ("--previous", folder / "study", "--fast", "--no-figures")
    code, said, error = run("run", source, "--out", out, *told)
    assert code == 0, error
    then = json.loads((folder / "study/model.json").read_text("utf-8"))["segments"]
    now = json.loads((out / "model.json").read_text("utf-8"))["segments"]
    assert {(one["id"], one["name"]) for one in now} == {(one["id"], one["name"]) for one in then}
    words = " ".join(said.split())
    assert "5 segments found again" in words
    assert "380 customers of both" in words
    assert "fitted anew in between, and what that moves is allowed for" in words
    page = (out / "report.html").read_text("utf-8")
    assert "Who moved" in page
    assert "data:image/svg+xml;base64," in page
    assert "Noise alone moves" in page
    assert "in another segment, 0 joined, 20 left" in page
    code, _, error = run("run", source, "--out", folder / "x", "--previous", folder / "january.csv")
    assert code == 1
    assert "no model of segmeans" in error
    assert not (folder / "x").exists()


def test_track(folder: Path) -> None:
    for month in ("january", "february"):
        run("score", folder / "study/model.json", folder / f"{month}.csv", "--quiet", "--out",
            folder / f"{month}-scored.csv")  # fmt: skip
    files = [folder / "january-scored.csv", folder / "february-scored.csv"]
    code, told, error = run("track", *files, "--out", folder / "moves.csv")
    assert code == 0, error
    assert "400 customers of both" in told
    assert (folder / "moves.csv").read_text("utf-8").startswith("id,previous,current,movement\n")
    [step] = json.loads(run("track", *files, "--json")[1])["steps"]
    assert sum(map(sum, step["counts"])) == 400
    assert run("track", files[0])[0] == 2


def test_a_broken_model_is_one_clear_error(folder: Path) -> None:
    (folder / "broken.json").write_text('{"kind": "segmeans model"')
    for command in ("score", "refresh"):
        code, _, error = run(command, folder / "broken.json", folder / "january.csv")
        assert code == 1
        assert error.startswith("segmeans: The file is no model of segmeans")
        assert len(error.splitlines()) == 1


def test_audience(folder: Path) -> None:
    model, out = folder / "study/model.json", folder / "audience"
    options = ("--segment", 2, "--fields", "CustomerID,Age", "--base", 0.1, "--lift", 0.2)
    code, told, error = run("audience", model, folder / "january.csv", "--out", out, *options)
    assert code == 0, error
    assert "400 customers" in told
    assert "A test of 10 % + 20 points asks for 62 with the action" in told
    assert "The files say who the customers are" in " ".join(told.split())
    names = sorted(path.name for path in out.iterdir())
    assert [name.split("-")[0] for name in names] == [".segmeans.json", "2", "2", "audience.json"]
    with (out / names[1]).open(encoding="utf-8") as file:
        assert file.readline() == "CustomerID,Age\n"
    code, told, _ = run(
        "audience",
        model,
        folder / "february.csv",
        "--like",
        out,
        "--out",
        folder / "audience-later",
        "--json",
    )
    assert code == 0
    assert [one["held_out"] > 0 for one in json.loads(told)["segments"]] == [
        number == 2 for number in range(1, 6)
    ]
    code, _, error = run("audience", model, folder / "january.csv", "--segment", "the middel")
    assert code == 2
    assert "There is no segment 'the middel'" in error


def test_list_and_compare(folder: Path) -> None:
    code, told, _ = run("list", folder)
    assert code == 0
    assert "structure" in told
    assert json.loads(run("list", folder, "--json")[1])[0]["k"] == 5
    assert "No study here" in run("list", Path(__file__).parent / "sample")[1]
    code, told, _ = run("compare", folder / "study", folder / "study")
    assert code == 0
    assert "adjusted Rand index 1.000" in told
    assert json.loads(run("compare", folder / "study", folder / "study", "--json")[1])
