"""The notebook: its cells run, and it tells no one's row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from segmeans.report.executing import execute
from segmeans.report.notebook import notebook
from segmeans.sample import write_customers
from segmeans.settings import Settings
from segmeans.study import conduct


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("notebook")
    write_customers(folder / "customers.csv", 300, 1)
    settings = Settings(
        k=(1, 4), fast=True, features=("Age", "Annual Income (k$)"), out="elsewhere"
    )
    with conduct(folder / "customers.csv", settings) as study:
        text = notebook(study, str(folder / "customers.csv"), settings)
        assert notebook(study, str(folder / "customers.csv"), settings) == text
    return folder, text


def test_it_is_a_notebook(written: tuple[Path, str]) -> None:
    document = json.loads(written[1])
    assert (document["nbformat"], document["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in document["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in document["cells"]:
        kept = {"cell_type", "id", "metadata", "source"}
        code = cell["cell_type"] == "code"
        assert set(cell) == kept | ({"execution_count", "outputs"} if code else set())


def test_its_story_follows_the_work(written: tuple[Path, str]) -> None:
    told = ["".join(cell["source"]) for cell in json.loads(written[1])["cells"]]
    heads = [text.split("\n")[0] for text in told if text.startswith("#")]
    assert [head.lstrip("# ").split(":")[0] for head in heads[1:6]] == [
        "1. Prepare", "2. How many", "3. Train", "4. Interpret", "5. Evaluate",
    ]  # fmt: skip
    assert "elsewhere" not in written[1]


def test_what_a_figure_shows_is_said_once(written: tuple[Path, str]) -> None:
    """Above it where the cells have not run; by the figure itself where they have."""
    settings = Settings(k=(1, 4), fast=True, features=("Age", "Annual Income (k$)"))
    with conduct(written[0] / "customers.csv", settings) as study:
        run = notebook(study, "customers.csv", settings, told=False)
    drawn = written[1].count("study.plot.")
    assert drawn == run.count("study.plot.") > 5
    assert written[1].count('"cell_type": "markdown"') - drawn == run.count(
        '"cell_type": "markdown"'
    )


def test_its_cells_run_from_top_to_bottom(
    written: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(written[0])
    namespace: dict[str, object] = {}
    for cell in json.loads(written[1])["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), "cell", "exec"), namespace)  # noqa: S102
    study = namespace["study"]
    assert study.k == int(json.loads(written[1])["cells"][0]["source"][0].split()[1])  # type: ignore[attr-defined]
    assert [path.name for path in written[0].iterdir()] == ["customers.csv"], "nothing is written"


def test_it_is_run_as_a_notebook(written: tuple[Path, str]) -> None:
    first, second = (json.loads(execute(written[1], written[0])) for _ in range(2))
    assert first == second
    for cell, plain in zip(first["cells"], json.loads(written[1])["cells"], strict=True):
        assert "".join(cell["source"]) == "".join(plain["source"])
    shown = [
        kind
        for cell in first["cells"]
        for output in cell.get("outputs", ())
        for kind in output.get("data", {"text": ""})
    ]
    assert shown.count("image/png") >= 6
    assert "text/html" in shown


def test_hostile_sources_stay_text(written: tuple[Path, str]) -> None:
    folder = written[0]
    evil = folder / "x';import os#<script>.csv"
    evil.write_bytes((folder / "customers.csv").read_bytes())
    settings = Settings(k=(2, 2), fast=True)
    with conduct(evil, settings) as study:
        cells = json.loads(notebook(study, str(evil), settings))["cells"]
    first, code = ("".join(cell["source"]) for cell in cells[:2])
    assert "<script>" not in first
    compiled = compile(code, "cell", "exec")
    assert str(evil) in compiled.co_consts
