"""New names reach every file of a study, and nothing is lost on the way."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

import segmeans
from segmeans.errors import DependencyError, OutputError, SettingError, SourceError
from segmeans.records import Flow, Step, TrackRecord
from segmeans.refit import moved_since, refit
from segmeans.report.renaming import rename, with_names
from segmeans.sample import write_customers, write_orders
from segmeans.study.reading import read_orders, read_study

FEATURES = ["Annual Income (k$)", "Spending Score (1-100)"]


@pytest.fixture(scope="module")
def customers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("renaming") / "customers.csv"
    write_customers(path, 300, 1)
    return path


def studied(customers: Path, folder: Path, **settings: Any) -> Path:
    with segmeans.segment(customers, features=FEATURES, k=5, fast=True) as study:
        segmeans.write(study, folder, **settings)
    return folder


def names_in(path: Path) -> set[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["name"] for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def folder(customers: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return studied(customers, tmp_path_factory.mktemp("study") / "out")


def test_every_file_has_the_new_name_and_none_the_old(folder: Path) -> None:
    old = segmeans.load(folder / "model.json").record.segments[1].name
    actions = folder / "actions.csv"
    text = actions.read_text("utf-8")
    actions.write_text(text.replace(",,\n", ",Ann,Friday\n"), "utf-8")  # the user's own notes
    (folder / "notes.txt").write_text("mine", "utf-8")
    before = {path.name for path in folder.iterdir()}

    done = rename(folder, {old: "=Big spenders"})

    assert done.pairs == ((old, "=Big spenders"),)
    assert {path.name for path in folder.iterdir()} == before
    assert segmeans.load(folder / "model.json").record.segments[1].name == "=Big spenders"
    assert read_study(folder).segments[1].name == "=Big spenders"
    for name in ("segments.csv", "profile.csv", "actions.csv"):
        assert "'=Big spenders" in names_in(folder / name), "no formula for a spreadsheet"
        assert old not in names_in(folder / name)
    for name in ("report.html", "report.md", "study.json", "profile.svg"):
        assert old not in (folder / name).read_text("utf-8")
    assert "Big spenders" in (folder / "report.html").read_text("utf-8")
    assert "Ann,Friday" in actions.read_text("utf-8")
    assert (folder / "notes.txt").read_text("utf-8") == "mine"
    listed = json.loads((folder / ".segmeans.json").read_text("utf-8"))["files"]
    assert "notes.txt" not in listed
    assert "map.png" in done.stale
    assert "elbow.png" not in done.stale
    [line] = done.hints
    assert all(name in line for name in done.stale)
    assert f"--names '{read_study(folder).segments[1].number}==Big spenders'" in line
    assert f"--out {folder} --overwrite" in line.replace("'", "")


def test_nothing_but_names_changes(customers: Path, tmp_path: Path) -> None:
    one = studied(customers, tmp_path / "one", figures=False)
    other = studied(customers, tmp_path / "other", figures=False)
    name = read_study(one).segments[0].name
    rename(one, {"1": "Somebody"})
    rename(one, {"Somebody": name})
    for path in other.iterdir():
        assert (one / path.name).read_bytes() == path.read_bytes(), path.name


def test_parquet_is_renamed_too(customers: Path, tmp_path: Path) -> None:
    folder = studied(customers, tmp_path / "p", figures=False, format="parquet")
    before = duckdb.sql(f"FROM '{folder}/segments.parquet'").fetchall()
    old = read_study(folder).segments[0].name
    rename(folder, {"1": "O'Hara"})
    after = duckdb.sql(f"FROM '{folder}/segments.parquet'").fetchall()
    assert after == [tuple("O'Hara" if cell == old else cell for cell in row) for row in before]


def test_a_model_alone_is_renamed_in_place_or_beside(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_bytes((folder / "model.json").read_bytes())
    old = path.read_bytes()
    rename(path, {"1": "Core"}, out=tmp_path / "new.json")
    assert path.read_bytes() == old
    assert segmeans.load(tmp_path / "new.json").record.segments[0].name == "Core"
    with pytest.raises(OutputError, match="exists already"):
        rename(path, {"1": "Core"}, out=tmp_path / "new.json")
    rename(path, {"1": "Core"})
    assert path.read_bytes() == (tmp_path / "new.json").read_bytes()


@pytest.mark.parametrize(
    ("names", "error"),
    [({"nobody": "x"}, SettingError), ({}, SettingError), ({"1": ""}, SettingError)],
)
def test_a_wrong_name_leaves_everything_as_it_was(
    folder: Path, names: dict[str, str], error: type[Exception]
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(error):
        rename(folder, names)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_cards_say_how_many_stand_at_a_border_and_with_whom(
    customers: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    with segmeans.segment(customers, features=["Age", FEATURES[0]], k=7, fast=True) as study:
        segmeans.write(study, folder, figures=False)
    with (folder / "segments.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if float(row["certainty"]) < 0.1]
    text = (folder / "report.md").read_text("utf-8")
    told = 0
    for segment in read_study(folder).segments:
        others = Counter(row["runner_up"] for row in rows if row["segment"] == str(segment.number))
        assert segment.border == others.total()
        if others:
            assert others[str(segment.border_with)] == max(others.values())
        if segment.border >= 5:
            told += 1
            share = f"{100 * segment.border / segment.size:.1f}"
            assert f"At a border: {share}" in text
            assert f"most often with {segment.border_with} " in text
    assert told


def test_a_failure_half_way_leaves_everything_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr("segmeans.report.renaming.replace_words", full)
    with pytest.raises(OutputError, match="No space left"):
        rename(folder, {"1": "Core"})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_neither_study_nor_model(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="neither a study nor a model"):
        rename(tmp_path / "nothing", {"1": "x"})
    with pytest.raises(SourceError, match="holds no study"):
        rename(tmp_path, {"1": "x"})


def test_names_are_remembered_by_score_sql_and_refit(customers: Path, tmp_path: Path) -> None:
    wished = {str(number): f"Group {letter}" for number, letter in enumerate("ABCDE", start=1)}
    with segmeans.segment(customers, features=FEATURES, k=5, fast=True, names=wished) as study:
        names = [one.name for one in study.record.segments]
        assert names == list(wished.values())
        assert [one.name for one in study.model.record.segments] == names
        assert set(study.customers()["name"]) == set(names)
        (tmp_path / "model.json").write_text(study.model.to_json(), "utf-8")
    model = segmeans.load(tmp_path / "model.json")
    scored = model.assign({FEATURES[0]: [86], FEATURES[1]: [82]})
    assert scored.to_dict()["name"][0] in names
    from segmeans.model import statement

    assert "Group A" in statement(model, dialect="postgres", table="customers", id_column=None)
    write_customers(tmp_path / "later.csv", 300, 2)
    again, record = refit(model, tmp_path / "later.csv")
    with again:
        assert sorted(one.name for one in again.record.segments) == sorted(names)
        assert len(record.kept) == 5


def test_a_study_can_be_renamed_in_python(customers: Path) -> None:
    with segmeans.segment(customers, features=FEATURES, k=2, fast=True) as study:
        other = study.renamed({"1": "Many"})
        assert other.record.segments[0].name == other.model.record.segments[0].name == "Many"
        assert study.record.segments[0].name != "Many"
        with pytest.raises(SettingError, match="no such segment"):
            study.renamed({"7": "Many"})


def test_a_study_is_read_as_it_was_written(folder: Path, customers: Path) -> None:
    with segmeans.segment(customers, features=FEATURES, k=5, fast=True) as study:
        path = folder.parent / "again.json"
        path.write_text(study.to_json(), "utf-8")
        assert read_study(path) == study.record
        path.write_text(study.to_json().replace('"k": 5', '"k": "five"'), "utf-8")
        with pytest.raises(SourceError, match="no study of this version"):
            read_study(path)
        path.unlink()
    assert read_orders(folder) is None


def test_a_renamed_folder_is_that_of_a_renamed_study_but_for_what_is_told(tmp_path: Path) -> None:
    write_orders(tmp_path / "orders.csv", 3000, 1)
    one, other = tmp_path / "one", tmp_path / "other"
    with segmeans.segment(tmp_path / "orders.csv", orders=True, k=(2, 4), fast=True) as study:
        segmeans.write(study, one)
        segmeans.write(study.renamed({"1": "Core", "2": "Rest"}), other)
    done = rename(one, {"1": "Core", "2": "Rest"})
    files = {path.name for path in other.iterdir()}
    assert {path.name for path in one.iterdir()} == files
    assert {"value.svg", "splits.svg"} <= set(done.files)
    differ = {n for n in files if (one / n).read_bytes() != (other / n).read_bytes()}
    assert {"gorge.svg", "shadow.svg", "map.svg"} <= differ <= set(done.stale)


@pytest.fixture
def refitted(customers: Path, tmp_path: Path) -> Path:
    before = studied(customers, tmp_path / "before", figures=False)
    later = tmp_path / "later.csv"
    write_customers(later, 300, 2)
    again, _ = refit(segmeans.load(before / "model.json"), later)
    with again:
        tracked = moved_since(before, again, name="later.csv")
        assert tracked is not None
        segmeans.write(again, tmp_path / "after", figures=False, tracked=tracked)
    return tmp_path / "after"


def test_who_moved_is_told_under_the_new_names(refitted: Path) -> None:
    text = (refitted / "report.html").read_text("utf-8")
    old = read_study(refitted).segments[0].name
    done = rename(refitted, {"1": "Core"})
    told = (refitted / "report.html").read_text("utf-8")
    assert "Who moved" in text
    assert "Who moved" in told
    assert f"to {old}<" in text
    assert f"to {old}<" not in told
    assert "to Core<" in told
    assert done.hints == ()
    rename(refitted, {"1": old})
    assert (refitted / "report.html").read_text("utf-8") == text


def test_who_moved_is_not_lost_without_a_word(refitted: Path) -> None:
    (refitted / "moved.json").unlink()
    done = rename(refitted, {"1": "Core"})
    [line] = done.hints
    assert '"Who moved"' in line
    assert "segmeans refresh" in line
    assert "Who moved" not in (refitted / "report.html").read_text("utf-8")


def test_an_earlier_segment_of_the_new_name_stays_another_one() -> None:
    flow = Flow(origin="a", target="b", customers=3, share=0.5, back=1, p=1.0, beyond_noise=False)
    step = Step(
        before="x", after="y", origins=("a", "gone"), targets=("a", "b"), counts=((1, 3), (1, 1)),
        joined=(0, 0), left=(0, 0), flows=(flow,), moved_share=0.5,
        shares=((0.25, 0.75), (0.5, 0.5)),
    )  # fmt: skip
    record = TrackRecord(periods=("x", "y"), steps=(step,))
    [told] = with_names(record, {"a": "b", "b": "a"}).steps
    assert (told.origins, told.targets) == (("b", "gone"), ("b", "a"))
    assert (told.flows[0].origin, told.flows[0].target) == ("b", "a")
    [told] = with_names(record, {"a": "gone"}).steps
    assert (told.origins, told.targets) == (("a", "gone"), ("gone", "b"))


def test_a_printed_report_is_printed_again_or_told(
    customers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segmeans.report.printing.browser", lambda *_: "a browser")
    monkeypatch.setattr("segmeans.report.printing.pdf", lambda page, _: page.encode())
    folder = studied(customers, tmp_path / "out", figures=False, pdf=True)
    done = rename(folder, {"1": "Core"})
    assert (folder / "report.pdf").read_bytes() == (folder / "report.html").read_bytes()
    assert "report.pdf" in done.files
    assert done.hints == ()

    def none() -> str:
        raise DependencyError("A PDF needs a browser")

    monkeypatch.setattr("segmeans.report.printing.browser", none)
    done = rename(folder, {"1": "Hearts"})
    assert done.stale == ("report.pdf",)
    [line] = done.hints
    assert "report.pdf" in line
    assert b"Core" in (folder / "report.pdf").read_bytes()
