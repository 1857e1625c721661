"""A new fit knows its segments again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segmeans import load, segment, write
from segmeans.refit import refit
from segmeans.settings import Settings
from segmeans.study import Study

CENTRES = np.array([[20.0, 80.0], [50.0, 20.0], [80.0, 70.0], [55.0, 130.0]])


def day(kinds: list[int], seed: int, rows: int = 600) -> dict[str, Any]:
    """Draw customers of some of four kinds, in falling numbers."""
    draws = np.random.default_rng(seed)
    shares = np.arange(len(kinds) + 1, 1, -1.0)
    kind = draws.choice(kinds, rows, p=shares / shares.sum())
    points = CENTRES[kind] + draws.normal(0, 5, (rows, 2))
    return {"id": [f"c{row}" for row in range(rows)], "age": points[:, 0], "spend": points[:, 1]}


@pytest.fixture(scope="module")
def trained() -> Study:
    with segment(day([0, 1, 2], 1), k=3, fast=True, seed=1) as study:
        return study


def test_the_same_customers_from_another_seed_keep_every_id_and_name(trained: Study) -> None:
    study, record = refit(trained.model, day([0, 1, 2], 1), Settings(fast=True, seed=99))
    with study:
        assert [(s.id, s.name) for s in study.record.segments] == [
            (s.id, s.name) for s in trained.record.segments
        ]
    assert [one.overlap for one in record.kept] == [1.0] * 3
    assert record.retired == record.added == ()
    assert study.k == 3
    assert study.model.record.id_column == "id"


def test_names_go_with_the_customers_and_not_with_the_order(trained: Study) -> None:
    then = {one.name: one.centre["age"] for one in trained.record.segments}
    study, record = refit(trained.model, day([2, 1, 0], 2), Settings(fast=True))
    with study:
        now = {one.name: one.centre["age"] for one in study.record.segments}
        assert [one.name for one in study.record.segments] == [
            one.name for one in study.model.record.segments
        ]
    assert now == pytest.approx(then, abs=2)
    assert list(now) != list(then)
    assert len(record.kept) == 3


def test_what_has_gone_is_retired(trained: Study) -> None:
    study, record = refit(trained.model, day([0, 1], 3), Settings(fast=True, k=2))
    study.close()
    gone = min(trained.record.segments, key=lambda one: abs(float(one.centre["age"]) - 80))
    assert record.retired == (gone.name,)
    assert len(record.kept) == 2
    assert record.added == ()


def test_what_is_new_is_added_under_a_name_and_id_of_its_own(
    trained: Study, tmp_path: Path
) -> None:
    study, record = refit(trained.model, day([0, 1, 2, 3], 4), Settings(fast=True, k=4))
    with study:
        write(study, tmp_path / "new", figures=False)
    [added] = record.added
    assert added not in {one.name for one in trained.record.segments}
    [new] = [one for one in study.record.segments if one.name == added]
    assert float(new.centre["spend"]) == pytest.approx(130, abs=3)
    assert len({one.id for one in study.record.segments}) == 4
    assert load(tmp_path / "new" / "model.json").record == study.model.record
