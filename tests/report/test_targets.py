"""A plan answered after the study reaches its record, its report and its plot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import segmeans
from segmeans.errors import DependencyError, OutputError, SettingError
from segmeans.report.figure_targeting import targeting
from segmeans.report.targets import target, write_questions
from segmeans.sample import write_customers
from segmeans.study.reading import read_study

FEATURES = ["Annual Income (k$)", "Spending Score (1-100)"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("targets")
    write_customers(place / "customers.csv", 300, 1)
    with segmeans.segment(place / "customers.csv", features=FEATURES, k=5, fast=True) as study:
        segmeans.write(study, place / "out")
    return place / "out"


def test_without_a_plan_nothing_is_written(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    record = target(folder).record
    assert record.targeting is not None
    assert len(record.targeting.asks) == 2
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_questions_are_written_once_and_the_answers_reach_everything(
    folder: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.toml"
    write_questions(target(folder).record, "out", str(plan), overwrite=False)
    with pytest.raises(OutputError, match="exists already"):
        write_questions(target(folder).record, "out", str(plan), overwrite=False)
    text = plan.read_text("utf-8").replace("# strengths", "strengths")
    plan.write_text(text.replace("strengths = true", "strengths = false", 1), "utf-8")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    record, files, hints = target(folder, plan)

    assert read_study(folder) == record
    assert record.targeting is not None
    assert record.targeting.segments[0].attractive is None
    assert "knocked out" in (folder / "report.html").read_text("utf-8")
    assert "| fails |" in (folder / "report.md").read_text("utf-8")
    changed = {path.name for path in folder.iterdir() if before[path.name] != path.read_bytes()}
    assert changed == {"study.json", "report.html", "report.md", "targeting.png", "targeting.svg"}
    assert set(files) >= changed
    assert not hints
    assert target(folder, plan).record == record


def test_a_wrong_plan_leaves_the_study_as_it_was(folder: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text("[weights]\ngrowth = 1\n", "utf-8")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(SettingError, match="'growth' is not rated"):
        target(folder, plan)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_printed_report_that_stays_old_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text("[weights]\nsize = 2\n", "utf-8")

    def none() -> str:
        raise DependencyError("A PDF needs a browser")

    monkeypatch.setattr("segmeans.report.printing.browser", none)
    manifest = folder / ".segmeans.json"
    listed = json.loads(manifest.read_text("utf-8"))
    listed["files"].append("report.pdf")
    manifest.write_text(json.dumps(listed), "utf-8")
    (folder / "report.pdf").write_bytes(b"%PDF-")

    _, files, [hint] = target(folder, plan)

    assert "report.html" in files
    assert hint.startswith("The old standing is still in report.pdf")
    assert (folder / "report.pdf").read_bytes() == b"%PDF-"


def test_the_evaluation_plot_has_attractiveness_strength_and_size(
    folder: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(
        "\n".join(f'[segments."{n}"]\ncompetitive = {2 * n - 1}' for n in range(1, 6)), "utf-8"
    )
    record = target(folder, plan).record
    [axes] = targeting(record)[1].axes
    assert record.targeting is not None
    sizes = {segment.number: segment.size for segment in record.segments}
    expected = {
        (round(one.attractive or 0, 6), float(2 * one.segment - 1)): sizes[one.segment]
        for one in record.targeting.segments
    }
    drawn = {}
    for disc in axes.collections:
        [(x, y)], [area] = disc.get_offsets().tolist(), disc.get_sizes()
        drawn[round(x, 6), y] = area
    assert drawn.keys() == expected.keys()
    for place, size in expected.items():  # areas are in proportion to the customers
        assert drawn[place] / max(drawn.values()) == pytest.approx(size / max(sizes.values()))
