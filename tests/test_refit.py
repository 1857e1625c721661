"""A new fit knows its segments again."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segmeans import load, segment, write
from segmeans.clustering.search import sweep
from segmeans.prepared import prepare
from segmeans.refit import moved_since, refit
from segmeans.settings import Settings
from segmeans.study import Study
from segmeans.study.warm import WarmStart
from segmeans.tracking import track
from segmeans.tracking.noise import fit_beside, fit_of

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


def test_the_old_centres_are_one_more_start(trained: Study) -> None:
    study, record = refit(trained.model, day([0, 1, 2], 1), Settings(fast=True, seed=99))
    study.close()
    assert record.start == "same"
    assert record.warm_inertia == pytest.approx(record.cold_inertia, rel=1e-9)
    study, record = refit(trained.model, day([0, 1, 2], 1), Settings(fast=True, k=2))
    study.close()
    assert (record.start, record.warm_inertia) == ("untried", None)
    study, record = refit(trained.model, day([0, 1], 3), Settings(fast=True))
    study.close()
    assert record.start == "untried"  # nobody is left in one of the old segments


def test_of_two_starts_the_better_is_kept(trained: Study) -> None:
    """The old centres mend a poor search, and give way to a good one."""
    data = day([0, 1, 2], 1)
    with segment(data, k=3, fast=True, seed=1) as study:
        rows = prepare(study.opened.table, study.record.preparation, tick=lambda *_: None)
        [good] = sweep(rows.rows, [3], seed=0)
        poor = dataclasses.replace(good, inertia=good.inertia * 1.5)
        start = WarmStart(trained.model)
        [kept] = start.improved(study.opened.table, rows, [poor], 1)
        assert start.found == "warm"
        assert kept.inertia == pytest.approx(good.inertia, rel=1e-9)
        assert np.allclose(kept.centres, good.centres)
        assert kept.sizes.tolist() == good.sizes.tolist()
        assert not kept.certificate.certified
        assert "earlier model" in kept.certificate.reason
        start = WarmStart(trained.model)
        better = dataclasses.replace(good, inertia=good.inertia * 0.9)
        assert start.improved(study.opened.table, rows, [better], 1) == (better,)
        assert start.found == "cold"


def test_a_refit_tells_who_moved_since_the_old_study(tmp_path: Path) -> None:
    then, now = day([0, 1, 2], 1), day([0, 1, 2], 1)
    for row in range(40):  # the first forty customers are now like the customer beside them
        now["age"][row], now["spend"][row] = now["age"][row + 1], now["spend"][row + 1]
    with segment(then, k=3, fast=True, seed=1) as study:
        write(study, tmp_path / "then", figures=False)
    old = load(tmp_path / "then" / "model.json")
    study, _ = refit(old, now, Settings(fast=True))
    with study:
        found = moved_since(tmp_path / "then", study, name="now")
        assert found is not None
        write(study, tmp_path / "now", figures=False, tracked=found)
    [step] = found.steps
    labels = old.assign(then).labels
    moved = int(np.count_nonzero(labels[:40] != labels[1:41]))
    assert sum(map(sum, step.counts)) == 600
    assert round(step.moved_share * 600) == moved > 0
    page = (tmp_path / "now" / "report.html").read_text("utf-8")
    assert 'id="moves"' in page
    assert "data:image/svg+xml;base64," in page
    assert "## Who moved" in (tmp_path / "now" / "report.md").read_text("utf-8")
    with segment(then, k=3, fast=True, seed=1) as study:
        assert moved_since(tmp_path / "nowhere", study) is None
        (tmp_path / "broken").mkdir()
        (tmp_path / "broken" / "segments.csv").write_text("id,segment,name\n1,1,a\n1,1,a\n")
        assert moved_since(tmp_path / "broken", study) is None


def test_studies_know_what_another_sample_would_move(tmp_path: Path) -> None:
    """Resamples of both studies tell it, read from their folders or from the study in hand."""
    rows = [place for place in range(600) if place % 10]
    then = day([0, 1, 2], 1)
    now = {name: [values[place] for place in rows] for name, values in then.items()}
    for place, data in (("then", then), ("now", now)):
        with segment(data, k=3, seed=1) as study:
            write(study, tmp_path / place, figures=False)
            beside = fit_beside(tmp_path / place / "segments.csv")
            known = fit_of(study.model.record, study.record)
            assert beside is not None
            assert beside.moves == known.moves
            assert beside.is_like(known)
            names = [one.name for one in study.record.segments]
            kept = study.record.k_table[study.k - study.record.k_table[0].k].moves
            assert [[known.moves[one, two] for two in names] for one in names] == [
                list(row) for row in kept
            ]
            assert all(sum(row) == pytest.approx(1.0, abs=1e-5) for row in kept)
    [step] = track([tmp_path / "then", tmp_path / "now"]).steps
    assert step.refitted
    assert step.displaced_known
    assert not any(flow.beyond_noise for flow in step.flows)
    [same] = track([tmp_path / "then", tmp_path / "then"]).steps
    assert not same.refitted
    for broken in ('{"k_table": 3}', "[" * 100_000, "{}", ""):
        (tmp_path / "now" / "study.json").write_text(broken)
        [step] = track([tmp_path / "then", tmp_path / "now"]).steps
        assert not step.refitted  # nothing is known of it, and movement is told without
    assert fit_beside(tmp_path / "then" / "scored.csv") is None
