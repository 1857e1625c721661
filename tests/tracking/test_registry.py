"""Studies kept side by side."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from segmeans import segment, write
from segmeans.errors import SourceError
from segmeans.tracking import compare, studies


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two studies of the same customers, and other things."""
    place = tmp_path_factory.mktemp("studies")
    draws = np.random.default_rng(2)
    kind = draws.choice(3, 300, p=[0.5, 0.3, 0.2])
    table = {
        "id": [f"c{row}" for row in range(300)],
        "age": np.array([20.0, 50.0, 80.0])[kind] + draws.normal(0, 3, 300),
        "spend": np.array([10.0, 90.0, 40.0])[kind] + draws.normal(0, 3, 300),
        "noise": draws.normal(0, 1, 300),
    }
    for name, features, k in (("a", ["age", "spend"], 3), ("b", ["age", "noise"], 2)):
        with segment(table, k=k, fast=True, features=features) as study:
            write(study, place / name, figures=False)
    (place / "notes").mkdir()
    (place / "broken").mkdir()
    (place / "broken" / "model.json").write_text("{}")
    (place / "file.txt").write_text("")
    return place


def test_only_studies_are_listed(folder: Path) -> None:
    found = studies(folder)
    assert [Path(one.folder).name for one in found] == ["a", "b"]
    assert [one.k for one in found] == [3, 2]
    assert found[0].features == ("age", "spend")
    assert found[0].customers == 300
    assert len(found[0].segments) == 3
    assert [Path(one.folder).name for one in studies(folder / "a")] == ["a"]
    assert studies(folder / "notes") == ()
    with pytest.raises(SourceError, match="cannot be opened"):
        studies(folder / "nowhere")


def labels(path: Path) -> list[str]:
    return [line.split(",")[1] for line in path.read_text("utf-8").splitlines()[1:]]


def test_two_studies_of_the_same_customers(folder: Path) -> None:
    found = compare(folder / "a", folder / "b")
    wanted = adjusted_rand_score(
        labels(folder / "a" / "segments.csv"), labels(folder / "b" / "segments.csv")
    )
    assert found.agreement == pytest.approx(wanted)
    assert found.customers == 300
    assert found.features_gone == ("spend",)
    assert found.features_new == ("noise",)
    assert len(found.same) + len(found.only_first) == 3
    assert len(found.same) + len(found.only_second) == 2
    itself = compare(folder / "a", folder / "a")
    assert itself.agreement == 1.0
    assert [pair.overlap for pair in itself.same] == [1.0] * 3
    assert [pair.first for pair in itself.same] == [pair.second for pair in itself.same]


def test_what_is_no_study(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be opened"):
        compare(folder / "notes", folder / "a")
    (tmp_path / "model.json").write_bytes((folder / "a" / "model.json").read_bytes())
    for content in ("", "[]", json.dumps({"source": 1}), "[" * 100_000):
        (tmp_path / "study.json").write_text(content)
        assert studies(tmp_path) == ()
    (tmp_path / "study.json").write_bytes((folder / "a" / "study.json").read_bytes())
    with pytest.raises(SourceError, match="no file of segments"):
        compare(tmp_path, folder / "a")
