"""Other choices of the analyst: strong segments survive, a product of the recipe does not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from segmeans import preparation
from segmeans.clustering.coreset import Points
from segmeans.clustering.search import search
from segmeans.prepared import prepare
from segmeans.records import Variation
from segmeans.settings import Settings
from segmeans.tables.roles import recognise
from segmeans.tables.source import open_table
from segmeans.verdict.influence import solved
from segmeans.verdict.robustness import fragile, robustness


def _look(data: object, k: int, **settings: object) -> dict[str, Variation]:
    asked = Settings.ask(settings)
    opened = open_table(data, asked)
    roles = recognise(opened.table, asked).roles
    state = preparation.fit(opened.table, roles, asked).state
    rows = prepare(opened.table, state, tick=lambda *_: None).rows
    assert isinstance(rows, np.ndarray)
    solution = search(rows, k)
    origin = rows.mean(axis=0)
    held = Points(rows - origin, np.ones(len(rows)), origin, True)
    told: list[tuple[int, int]] = []
    found = robustness(
        opened.table, roles, state, asked, solution.centres,
        solved(held, solution.centres, state),
        tick=lambda _, done, total: told.append((done, total)),
    )  # fmt: skip
    assert told[-1][0] == told[-1][1]
    opened.close()
    return {each.what: each for each in found}


def _customers(separation: float, seed: int = 0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    centres = np.array([[0, 0, 0], [1, 1, 0], [0, 1, 1]]) * separation
    points = np.repeat(centres, 60, axis=0) + generator.normal(size=(180, 3))
    frame = pd.DataFrame(points, columns=["visits", "basket", "age"])
    return frame.assign(plan=np.where(np.arange(180) < 60, "basic", "full"))


def test_planted_segments_survive_everything_but_losing_a_feature() -> None:
    found = _look(_customers(9.0), 3, features=["visits", "basket", "age", "plan"])
    for each in found.values():
        if each.kind != "feature":
            assert each.agreement > 0.95, each
    assert {"k-medoids", "Ward", "Gaussian mixture", "k-prototypes"} <= set(found)
    assert {"scale: robust", "scale: minmax"} <= set(found)
    assert {each.what for each in found.values() if each.kind == "feature"} == {
        "without visits", "without basket", "without age", "without plan",
    }  # fmt: skip
    assert fragile(tuple(found.values())) == ()


def test_cuts_of_a_crowd_depend_on_the_recipe() -> None:
    found = _look(_customers(0.0), 4, features=["visits", "basket", "age"])
    assert min(each.agreement for each in found.values() if each.kind == "method") < 0.6
    [finding] = fragile(tuple(found.values()))
    assert finding.code == "choice-decides"
    assert "k-prototypes" not in found  # no categories


def test_choices_that_change_nothing_are_left_out() -> None:
    frame = pd.DataFrame(np.random.default_rng(1).uniform(size=(90, 2)), columns=["a", "b"])
    found = _look(frame, 2, features=["a", "b"])
    assert not any(what.startswith("transform") for what in found)


def test_the_most_changed_segment_is_named() -> None:
    variations: Sequence[Variation] = tuple(_look(_customers(9.0), 3).values())
    for each in variations:
        assert 1 <= each.segment <= 3
        assert 0 <= each.kept <= 1


def test_mall_segments_survive_every_recipe(data_dir: Path) -> None:
    path = data_dir / "mall" / "Mall_Customers.csv"
    found = _look(path, 5, features=["Annual Income (k$)", "Spending Score (1-100)"])
    for each in found.values():
        if each.kind != "feature":
            assert each.agreement > 0.9, each
