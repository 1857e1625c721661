"""Movement that was planted is found, and noise is not taken for movement."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.model.conftest import NEWEST, customers

from segmeans import KMeans
from segmeans.clustering.kernels import assign
from segmeans.clustering.resample import Effort
from segmeans.clustering.stability import resamples
from segmeans.errors import (
    ColumnNotFoundError,
    DataError,
    OutputError,
    SettingError,
    SourceError,
)
from segmeans.model import load, score
from segmeans.tables.periods import UNSCORED, Crossed
from segmeans.tracking import history, track
from segmeans.tracking.moves import step
from segmeans.tracking.noise import Fit, Noise

NAMES = ("big", "small", "tiny")


def write(path: Path, ids: list[str], names: list[str | None]) -> Path:
    numbers = [None if name is None else NAMES.index(name) + 1 for name in names]
    frame = pd.DataFrame({"who": ids, "segment": pd.array(numbers, dtype="Int64"), "name": names})
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    return path


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_six_customers_by_hand(tmp_path: Path, ending: str) -> None:
    first = write(
        tmp_path / f"a.{ending}",
        ["01", "02", "03", "04", "05"],
        ["big", "big", "big", "small", None],
    )
    second = write(
        tmp_path / f"b.{ending}", ["04", "03", "02", "06"], ["small", "small", "big", "tiny"]
    )
    out = tmp_path / f"moves.{ending}"
    record = track([first, second], out=out)
    [found] = record.steps
    assert record.periods == (str(first), str(second))
    assert found.origins == ("big", "small", UNSCORED)
    assert found.targets == ("big", "small", "tiny")
    assert found.counts == ((1, 1, 0), (0, 1, 0), (0, 0, 0))
    assert found.joined == (0, 0, 1)
    assert found.left == (1, 0, 1)
    assert found.moved_share == pytest.approx(1 / 3)
    [flow] = found.flows
    assert (flow.origin, flow.target, flow.customers, flow.back) == ("big", "small", 1, 0)
    assert flow.share == 0.5
    assert not flow.beyond_noise
    moves = pd.read_csv(out, dtype=str) if ending == "csv" else pd.read_parquet(out)
    assert moves["id"].tolist() == ["04", "03", "02", "06", "01", "05"]
    assert moves["movement"].tolist() == ["stayed", "moved", "stayed", "joined", "left", "left"]
    assert moves["previous"].fillna("").tolist() == ["small", "big", "big", "", "big", UNSCORED]
    assert moves["current"].fillna("").tolist() == ["small", "small", "big", "tiny", "", ""]
    with pytest.raises(OutputError, match="exists already"):
        track([first, second], out=out)


def test_three_periods_make_two_steps(tmp_path: Path) -> None:
    files = [
        write(tmp_path / f"{place}.csv", ["1", "2"], [name, "small"])
        for place, name in enumerate(NAMES)
    ]
    steps = track(files).steps
    assert [(one.before, one.after) for one in steps] == [
        (str(files[0]), str(files[1])),
        (str(files[1]), str(files[2])),
    ]
    assert [[flow.target for flow in one.flows] for one in steps] == [["small"], ["tiny"]]


def test_what_cannot_be_followed(tmp_path: Path) -> None:
    fine = write(tmp_path / "fine.csv", ["1", "2"], ["big", "small"])
    with pytest.raises(SettingError, match="two periods"):
        track([fine])
    twice = write(tmp_path / "twice.csv", ["1", "1"], ["big", "small"])
    with pytest.raises(DataError, match="2 rows, 0 without an id, 1 ids"):
        track([fine, twice])
    (tmp_path / "other.csv").write_text("who,segment,nome\n1,1,big\n")
    with pytest.raises(ColumnNotFoundError, match=r"no column 'name'.*Try: 'nome'"):
        track([fine, tmp_path / "other.csv"])
    with pytest.raises(ColumnNotFoundError, match="'nobody'"):
        track([fine, fine], id_column="nobody")


def periods(seed: int, moving: float) -> Crossed:
    """Draw customers of three segments near their borders, seen twice with noise.

    Of the first segment a share really moves to the second.
    """
    draws = np.random.default_rng(seed)
    place = draws.normal(0, 1, 4000)
    cuts = np.array([-0.4, 0.6])
    before = np.searchsorted(cuts, place + draws.normal(0, 0.1, 4000))
    after = np.searchsorted(cuts, place + draws.normal(0, 0.1, 4000))
    moved = (before == 0) & (draws.random(4000) < moving)
    after[moved] = 1
    counts = np.zeros((3, 3), dtype=int)
    np.add.at(counts, (before, after), 1)
    return Crossed(NAMES, NAMES, tuple(map(tuple, counts.tolist())), (0,) * 3, (0,) * 3)


def test_noise_alone_gives_no_alarm_in_95_of_100_seeds() -> None:
    alarms = sum(
        any(flow.beyond_noise for flow in step("a", "b", periods(seed, 0.0)).flows)
        for seed in range(100)
    )
    assert alarms <= 5


def test_planted_movement_is_found_and_measured() -> None:
    for seed in range(20):
        crossed = periods(seed, 0.1)
        beyond = [flow for flow in step("a", "b", crossed).flows if flow.beyond_noise]
        assert [(flow.origin, flow.target) for flow in beyond] == [("big", "small")]
        [flow] = beyond
        net = (flow.customers - flow.back) / sum(crossed.counts[0])
        assert net == pytest.approx(0.1, abs=0.05)


def test_what_noise_alone_moves_by_hand() -> None:
    """30 of 200 went one way and 10 the other: 20 even out, and a border may account for more."""
    crossed = Crossed(NAMES[:2], NAMES[:2], ((70, 30), (10, 90)), (0, 0), (0, 0))
    plain = step("a", "b", crossed)
    assert (plain.moved_share, plain.noise_share, plain.refitted) == (0.2, 0.1, False)
    assert plain.flows[0].p == pytest.approx(0.0022, abs=1e-4)  # McNemar exact, 10 of 40
    assert plain.flows[0].beyond_noise
    # another sample puts 3 % of the first 100 into the second segment, and 1 % back: 4 customers,
    # in each of two fits; sqrt(4**2 + 4**2) = 5.66, 20 + 5.66 of 200 are 12.8 %
    moves = {("big", "small"): 0.03, ("small", "big"): 0.01}
    found = step("a", "b", crossed, noise=Noise(fit(1.0, moves), fit(2.0, moves)))
    assert found.refitted
    assert found.flows[0].displaced == pytest.approx(5.657, abs=1e-3)
    assert found.noise_share == pytest.approx(0.1283, abs=1e-4)
    # z = 20 / sqrt(40 + 1.5708 * 32) = 2.105, p = 0.0353
    assert found.flows[0].p == pytest.approx(0.0353, abs=1e-4)
    assert not found.flows[0].beyond_noise
    same = step("a", "b", crossed, noise=Noise(fit(1.0, moves), fit(1.0, moves)))
    assert same == plain  # one model twice
    unknown = step("a", "b", crossed, noise=Noise(fit(1.0, moves), fit(2.0, {})))
    assert unknown.refitted
    assert not unknown.displaced_known


def fit(centre: float, moves: dict[tuple[str, str], float]) -> Fit:
    """Return a fit told from others by one centre."""
    record = load(NEWEST).record
    return Fit(replace(record, centres=((centre,) * len(record.columns),)), moves)


PLACES = np.array([[0.0, 0.0], [2.4, 0.0], [1.2, 2.2]])


def refitted(seed: int, rows: int, moving: float = 0.0) -> tuple[Crossed, Noise]:
    """Draw customers measured twice, half of them in both periods; cluster each period anew."""
    draws = np.random.default_rng(seed)
    kind = draws.integers(0, 3, rows * 3 // 2)
    shape = (len(kind), 2)
    base = PLACES[kind] + draws.normal(0, 0.8, shape)
    moved = np.flatnonzero((kind == 0) & (draws.random(len(kind)) < moving))
    then = base + draws.normal(0, 0.05, shape)
    base[moved] = PLACES[1] + draws.normal(0, 0.8, (len(moved), 2))
    now = base + draws.normal(0, 0.05, shape)
    first, second = clustered(then[:rows], seed), clustered(now[-rows:], seed + 1)
    both = slice(len(kind) - rows, rows)
    counts = np.zeros((3, 3), dtype=int)
    labels = (assign(points[both], one[0]) for points, one in ((then, first), (now, second)))
    np.add.at(counts, tuple(labels), 1)
    noise = Noise(fit(1.0, first[1]), fit(2.0, second[1]))
    return Crossed(NAMES, NAMES, tuple(map(tuple, counts.tolist())), (0,) * 3, (0,) * 3), noise


def clustered(points: Any, seed: int) -> tuple[Any, dict[tuple[str, str], float]]:
    """Return centres in the order of the places, and what resamples do, as a study keeps it."""
    centres = KMeans(3).fit(points).cluster_centers_
    orders = [centres[list(order)] for order in permutations(range(3))]
    centres = min(orders, key=lambda order: float(np.square(order - PLACES).sum()))
    seeds = np.random.SeedSequence(seed).spawn(10)
    effort = Effort(1, 0, 1, 1e-6)
    found = resamples(points, np.ones(len(points)), {3: centres}, seeds, effort)[3].moves
    return centres, {
        (one, other): float(found[i, j])
        for i, one in enumerate(NAMES)
        for j, other in enumerate(NAMES)
    }


def alarms(crossed: Crossed, noise: Noise | None = None) -> list[tuple[str, str]]:
    flows = step("a", "b", crossed, noise=noise).flows
    return [(flow.origin, flow.target) for flow in flows if flow.beyond_noise]


def test_a_new_fit_alone_gives_no_alarm_in_95_of_100_seeds() -> None:
    """The ways there and back alone, which a new border upsets, would give one in many."""
    found = [refitted(seed, 4_000) for seed in range(100)]
    assert sum(bool(alarms(crossed, noise)) for crossed, noise in found) <= 5
    assert sum(bool(alarms(crossed)) for crossed, _ in found) > 5
    told = [step("a", "b", crossed, noise=noise) for crossed, noise in found]
    moved = float(np.mean([one.moved_share for one in told]))
    assert np.mean([one.noise_share for one in told]) == pytest.approx(moved, rel=0.25)


def test_planted_movement_is_found_through_a_new_fit() -> None:
    for seed in range(10):
        crossed, noise = refitted(seed, 9_000, 0.12)
        assert alarms(crossed, noise) == [("big", "small")]
        told = step("a", "b", crossed, noise=noise)
        # 12 % of a third moved, less those who were or come out elsewhere than their kind
        assert 0.02 < told.moved_share - told.noise_share < 0.05


def test_value_moves_with_the_customers(tmp_path: Path) -> None:
    first = write(tmp_path / "a.csv", ["1", "2", "3", "4"], ["big", "big", "small", "small"])
    second = write(tmp_path / "b.csv", ["1", "2", "3", "5"], ["big", "small", "small", "big"])
    worth = pd.DataFrame({"who": [1, 2, 3, 4, 5, 5], "paid": [10.0, 20.5, None, 7, 1, 2]})
    worth.to_csv(tmp_path / "worth.csv", index=False)
    [found] = track([first, second], value="paid", values=tmp_path / "worth.csv").steps
    assert found.value == "paid"
    assert found.counts == ((1, 1), (0, 1))
    assert found.shares == ((0.5, 0.5), (0.0, 1.0))
    assert found.values == ((10.0, 20.5), (0.0, 0.0))
    assert found.joined_values == (3.0, 0.0)
    assert found.left_values == (0.0, 7.0)
    for path, paid in ((first, [1, 2, 3, 4]), (second, [10, 20, 30, 50])):
        pd.read_csv(path, dtype=str).assign(paid=paid).to_csv(path, index=False)
    [found] = track([first, second], value="paid").steps
    assert found.values == ((10.0, 20.0), (0.0, 30.0))  # of the later period
    assert found.joined_values == (50.0, 0.0)
    assert found.left_values == (0.0, 4.0)  # the last that is known
    with pytest.raises(ColumnNotFoundError, match="Try: 'paid'"):
        track([first, second], value="payd")
    with pytest.raises(DataError, match="must be a number"):
        track([first, second], value="name")
    with pytest.raises(SettingError, match="--value"):
        track([first, second], values=tmp_path / "worth.csv")


def test_a_folder_stands_for_its_periods(tmp_path: Path) -> None:
    for name in ("2026-10.csv", "2026-9.csv", "2025-12.parquet"):
        write(tmp_path / name, ["1", "2"], ["big", "small"])
    (tmp_path / "2027-1").mkdir()
    write(tmp_path / "2027-1" / "segments.csv", ["1", "2"], ["big", "small"])
    (tmp_path / "notes.txt").write_text("nothing to follow")
    (tmp_path / "empty").mkdir()
    names = ["2025-12.parquet", "2026-9.csv", "2026-10.csv", "2027-1/segments.csv"]
    assert history(tmp_path) == [tmp_path / name for name in names]
    assert history(tmp_path / "2027-1") == [tmp_path / "2027-1" / "segments.csv"]
    assert track([tmp_path]).periods == tuple(str(tmp_path / name) for name in names)
    with pytest.raises(SourceError, match="no files of segments"):
        history(tmp_path / "empty")


def test_ids_that_a_csv_file_disarms_are_the_same_everywhere(tmp_path: Path) -> None:
    ids = ["=1+1", "-5", "@x", "+49 30", "'plain", "\uff1d2", "c"]
    rows = customers(len(ids), seed=1) | {"CustomerID": ids}
    for ending in ("csv", "parquet"):
        score(load(NEWEST), rows, tmp_path / f"scored.{ending}")
    told = (tmp_path / "scored.csv").read_text("utf-8").splitlines()[1:]
    cells = [line.partition(",")[0] for line in told]
    assert cells == ["'=1+1", "-5", "'@x", "'+49 30", "'plain", "'\uff1d2", "c"]
    files = [tmp_path / "scored.csv", tmp_path / "scored.parquet"]
    [found] = track(files, out=tmp_path / "moves.parquet").steps
    assert sum(map(sum, found.counts)) == len(ids)
    assert (sum(found.joined), sum(found.left)) == (0, 0)
    assert pd.read_parquet(tmp_path / "moves.parquet")["id"].tolist() == ids
