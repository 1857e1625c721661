"""The compiled twin against the reference, and the door to both."""

import importlib
import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmeans.clustering import kernels, reference
from segmeans.clustering.polish import SETS
from segmeans.clustering.reference import BLOCK
from segmeans.errors import SettingError

try:
    compiled = importlib.import_module("segmeans.clustering.compiled")
    _kernels = importlib.import_module("segmeans.clustering._kernels")
except ImportError:
    compiled = _kernels = None

needs_twin = pytest.mark.skipif(compiled is None, reason="the compiled twin was not built here")
INSTRUCTIONS = _kernels.instructions() if _kernels else ["none"]
LINE = np.array([[0.0], [2.0], [10.0], [12.0]])


@pytest.fixture(params=INSTRUCTIONS)
def twin(request):
    """Give the compiled twin, once for each instruction set this processor has."""
    _kernels.use(request.param)
    yield compiled
    _kernels.use(INSTRUCTIONS[0])


class Case:
    """One problem, drawn from a seed: shapes, values, weights, centres."""

    def __init__(self, seed: int, n: int, d: int, k: int, kind: str, dtype: str) -> None:
        random = np.random.default_rng(seed)
        rows = random.normal(size=(n, d)) * 3.0
        if kind == "lattice":
            rows = np.round(rows)
        elif kind == "outliers":
            rows[random.random(n) < 0.02] *= 1e9
        elif kind == "tiny":
            rows *= 1e-12
        elif kind == "tight":
            rows = np.round(rows) + random.normal(size=(n, d)) * 1e-9
        self.rows = np.ascontiguousarray(rows, dtype=dtype)
        self.weights = random.random(n) + 0.1 if random.random() < 0.5 else None
        # tiny spreads stay at the origin: elsewhere the rounding of the means leads the way
        shifted = kind != "tiny" and random.random() < 0.5
        self.origin = random.normal(size=d) if shifted else None
        centred = self.rows.astype(np.float64) - (0.0 if self.origin is None else self.origin)
        places = np.unique(centred, axis=0)
        self.k = min(k, len(places))
        self.centres = places[random.permutation(len(places))[: self.k]]
        self.points = centred
        self.size = float(np.abs(centred).max()) + 1e-300
        self.uniforms = random.random((3, self.k, 3))


cases = st.builds(
    Case,
    seed=st.integers(0, 10**6),
    n=st.integers(1, 60) | st.integers(61, 300) | st.just(BLOCK + 37),
    d=st.integers(1, 20) | st.just(33),
    k=st.integers(1, 14) | st.integers(15, 24),
    kind=st.sampled_from(["plain", "lattice", "outliers", "tiny", "tight"]),
    dtype=st.sampled_from(["float64", "float32"]),
)
thorough = settings(max_examples=40, deadline=None, derandomize=True, database=None)


def every_twin():
    for name in INSTRUCTIONS:
        _kernels.use(name)
        yield compiled
    _kernels.use(INSTRUCTIONS[0])


@needs_twin
@given(case=cases)
@thorough
def test_labels_and_distances_are_those_of_the_reference(case):
    expected = reference.pair(case.rows, case.centres, origin=case.origin)
    for twin in every_twin():
        found = twin.pair(case.rows, case.centres, 2, origin=case.origin)
        for ours, theirs in zip(found, expected, strict=True):
            assert np.array_equal(ours, theirs)
        labels = twin.assign(case.rows, case.centres, 2, origin=case.origin)
        assert np.array_equal(labels, expected.labels)
    assert np.array_equal(
        reference.assign(case.rows, case.centres, origin=case.origin), expected.labels
    )


@needs_twin
@given(case=cases)
@thorough
def test_passes_are_those_of_the_reference(case):
    tables = [case.centres, case.centres[:1], case.centres[: max(1, case.k // 2)]]
    expected = reference.passes(case.rows, case.weights, tables, origin=case.origin)
    room = 1e-13 * len(case.rows)
    for twin in every_twin():
        found = twin.passes(case.rows, case.weights, tables, 2, origin=case.origin)
        for ours, theirs in zip(found, expected, strict=True):
            assert np.allclose(ours.counts, theirs.counts, rtol=1e-12)
            assert np.allclose(ours.sums, theirs.sums, rtol=1e-11, atol=room * case.size)
            assert ours.inertia == pytest.approx(theirs.inertia, rel=1e-10, abs=1e-300)


@needs_twin
@given(case=cases)
@settings(thorough, max_examples=15)
def test_lloyd_ends_where_the_reference_ends(case):
    tables = [case.centres, case.centres[: max(1, case.k // 2)]]
    expected = reference.polish(case.rows, case.weights, tables, 12, 0.0, origin=case.origin)
    room = 1e-12 * case.size
    for twin in every_twin():
        found = twin.polish(case.rows, case.weights, tables, 12, 0.0, 2, origin=case.origin)
        found.append(twin.lloyd(case.points, case.weights, case.centres, 12, 0.0))
        for ours, theirs in zip(found, [*expected, expected[0]], strict=True):
            assert ours.inertia == pytest.approx(theirs.inertia, rel=1e-9, abs=room * room)
            assert np.allclose(ours.centres, theirs.centres, rtol=1e-9, atol=room)


@needs_twin
@given(case=cases)
@settings(thorough, max_examples=15)
def test_starts_are_those_of_the_reference(case):
    weights = np.ones(len(case.points)) if case.weights is None else case.weights
    rows = [reference.seed(case.points, weights, case.k, u) for u in case.uniforms]
    expected = reference.starts(case.points, weights, case.k, case.uniforms, 8, 0.0)
    for twin in every_twin():
        for u, chosen in zip(case.uniforms, rows, strict=True):
            assert np.array_equal(twin.seed(case.points, weights, case.k, u), chosen)
        found = twin.starts(case.points, weights, case.k, case.uniforms, 8, 0.0, 2)
        room = 1e-12 * case.size
        assert np.allclose(found.inertia, expected.inertia, rtol=1e-9, atol=room * room)


@needs_twin
def test_hand_computed_lloyd(twin):
    end = twin.lloyd(LINE, None, LINE[:2].copy(), 100, 0.0)
    assert end.centres.ravel().tolist() == [1.0, 11.0]
    assert (end.inertia, end.iterations, end.converged) == (4.0, 3, True)
    end = twin.lloyd(LINE, None, LINE[:2].copy(), 1, 0.0)
    assert end.centres.ravel().tolist() == [0.0, 8.0]
    assert (end.inertia, end.iterations, end.converged) == (24.0, 1, False)


@needs_twin
def test_ties_and_equal_centres_go_to_the_lowest(twin):
    lattice = np.array(list(itertools.product(range(9), repeat=2)), dtype=np.float64)
    centres = np.array([[8.0, 8.0], [0.0, 0.0], [0.0, 8.0], [0.0, 0.0], [8.0, 0.0]])
    distances = np.square(lattice[:, None] - centres).sum(axis=2)  # whole numbers: exact
    assert np.array_equal(twin.assign(lattice, centres), np.argmin(distances, axis=1))
    assert np.array_equal(twin.nearest(lattice, centres)[0], np.argmin(distances, axis=1))


@needs_twin
def test_an_empty_cluster_goes_to_the_farthest_row(twin):
    for run in (twin.lloyd, lambda *args: twin.polish(args[0], args[1], [args[2]], *args[3:])[0]):
        end = run(LINE, None, np.array([[1.0], [1.0]]), 1, 0.0)
        assert end.centres.ravel().tolist() == [6.0, 12.0]
        weights = np.array([1.0, 1.0, 9.0, 1.0])
        end = run(LINE, weights, np.array([[1.0], [1.0]]), 1, 0.0)
        assert end.centres[1].tolist() == [10.0]


@needs_twin
def test_as_many_centres_as_rows_and_one_row(twin):
    points = np.random.default_rng(0).normal(size=(40, 3))
    assert twin.lloyd(points, None, points.copy(), 10, 0.0).inertia == 0.0
    assert np.array_equal(twin.assign(points, points), np.arange(40))
    only = twin.lloyd(points[:1], None, points[:1] + 1.0, 10, 0.0)
    assert np.array_equal(only.centres, points[:1])


@needs_twin
def test_more_centres_than_a_byte_can_number(twin):
    points = np.random.default_rng(1).normal(size=(3000, 2))
    end = twin.polish(points, None, [points[:700].copy()], 6, 0.0, 2)[0]
    expected = reference.lloyd(points, None, points[:700].copy(), 6, 0.0)
    assert end.inertia == pytest.approx(expected.inertia, rel=1e-10)


@needs_twin
def test_the_bits_do_not_depend_on_threads(twin):
    random = np.random.default_rng(2)
    rows, weights = random.normal(size=(5 * BLOCK + 77, 5)), random.random(5 * BLOCK + 77) + 0.5
    tables = [rows[:k].copy() for k in (2, 5, 9)]
    uniforms = random.random((7, 5, 3))
    one, *others = (
        (
            twin.passes(rows, weights, tables, threads),
            twin.polish(rows, weights, tables, 20, 0.0, threads),
            twin.starts(rows[:2000], weights[:2000], 5, uniforms, 50, 0.0, threads),
            twin.pair(rows, tables[2], threads),
        )
        for threads in (1, 2, 3)
    )
    for other in others:
        assert_same_bits(one, other)


def assert_same_bits(left, right):
    if isinstance(left, (tuple, list)):
        for a, b in zip(left, right, strict=True):
            assert_same_bits(a, b)
    else:
        assert np.array_equal(left, right)


@pytest.mark.parametrize("size", [999, BLOCK, 3 * BLOCK + 1])
def test_pieces_give_the_bits_of_the_whole(size):
    random = np.random.default_rng(4)
    rows = random.normal(size=(4 * BLOCK + 55, 3)).astype(np.float32)
    weights, origin = random.random(len(rows)) + 0.5, np.array([0.1, -0.2, 0.3])
    tables = [rows[:k].astype(np.float64) for k in (3, 4)]

    def feed(target):
        for first in range(0, len(rows), size):
            target.add(rows[first : first + size], weights[first : first + size])

    part = kernels.Pass(tables, 2, origin=origin)
    feed(part)
    assert_same_bits(part.result(), kernels.passes(rows, weights, tables, 2, origin=origin))
    polish = kernels.Polish(tables, 8, 0.0, 2, origin=origin)
    while polish.running:
        feed(polish)
        polish.end_pass()
    expected = kernels.polish(rows, weights, tables, 8, 0.0, 2, origin=origin)
    assert_same_bits(polish.result(), expected)


@needs_twin
@pytest.mark.parametrize("d", [1, 3, 8, 11, 16])
def test_two_sets_at_once_have_the_sums_of_each_alone(twin, d):
    """Whole numbers add up exactly, in any order; 20 x 30 clusters are too many for a pair."""
    random = np.random.default_rng(11)
    rows = random.integers(-50, 50, (BLOCK + 300, d)).astype(np.float64)
    weights = random.integers(1, 5, len(rows)).astype(np.float64)
    tables = [rows[:k].copy() for k in (2, 3, 7, 4, 20, 30, 1)]
    together = twin.passes(rows, weights, tables, 2)
    for part, table in zip(together, tables, strict=True):
        alone = twin.passes(rows, weights, [table])[0]
        labels = twin.assign(rows, table)
        assert_same_bits((part.counts, part.sums), (alone.counts, alone.sums))
        assert np.array_equal(part.counts, np.bincount(labels, weights, len(table)))
        for j in range(d):
            expected = np.bincount(labels, weights * rows[:, j], len(table))
            assert np.array_equal(part.sums[:, j], expected)


@needs_twin
def test_the_first_sets_end_alike_with_and_without_the_others(twin):
    """Rows in memory are polished a few sets at a time, streamed ones all at once."""
    random = np.random.default_rng(12)
    rows, origin = random.normal(size=(3 * BLOCK + 11, 4)), np.full(4, 0.1)
    tables = [rows[k : 2 * k] - origin for k in range(2, 13)]
    whole = twin.polish(rows, None, tables, 9, 1e-3, 2, origin=origin)
    first, rest = (
        twin.polish(rows, None, some, 9, 1e-3, origin=origin)
        for some in (tables[:SETS], tables[SETS:])
    )
    assert_same_bits(whole, first + rest)


@needs_twin
def test_remembered_labels_cross_the_edges_of_their_chunks(monkeypatch):
    monkeypatch.setattr(compiled, "_CHUNK", 2 * BLOCK)
    rows = np.random.default_rng(5).normal(size=(5 * BLOCK + 10, 2))
    end = compiled.polish(rows, None, [rows[:6].copy()], 15, 0.0, 2)[0]
    expected = reference.polish(rows, None, [rows[:6].copy()], 15, 0.0)[0]
    assert end.inertia == pytest.approx(expected.inertia, rel=1e-11)
    assert np.allclose(end.centres, expected.centres, rtol=1e-9, atol=1e-12)


@needs_twin
def test_a_converged_polish_has_the_means_of_its_labels(twin):
    random = np.random.default_rng(6)
    rows = random.normal(size=(20_000, 4))
    for end in twin.polish(rows, None, [rows[:3].copy(), rows[:8].copy()], 1000, 0.0, 2):
        part = twin.passes(rows, None, [end.centres])[0]
        assert end.converged
        assert np.array_equal(part.sums / part.counts[:, None], end.centres)
        assert np.array_equal(part.counts, end.counts)
        assert part.inertia == pytest.approx(end.inertia, rel=1e-15)


@needs_twin
@pytest.mark.parametrize("size", [1e300, 1e150, 1e-150, 1e-300])
def test_extreme_sizes_keep_their_labels(twin, size):
    points = np.repeat(LINE, 10, axis=0) * size / 12.0
    expected = np.repeat([1, 1, 0, 0], 10)
    assert np.array_equal(twin.assign(points, points[[39, 0]]), expected)
    assert np.array_equal(twin.nearest(points, points[[39, 0]])[0], expected)
    part = twin.passes(points, None, [points[[39, 0]]])[0]
    assert part.counts.tolist() == [20.0, 20.0]


@needs_twin
def test_tiny_spreads_far_from_the_origin_keep_their_labels(twin):
    random = np.random.default_rng(7)
    points = 1e6 + random.normal(size=(500, 3)) * 1e-8
    assert np.array_equal(
        twin.assign(points, points[:9]), reference.pair(points, points[:9]).labels
    )


@needs_twin
@pytest.mark.parametrize("spread", [1.0, 0.0])
def test_the_inertia_of_tight_clusters_keeps_its_digits(twin, spread):
    # the short way to the inertia would lose all digits here: 1e8 against squares of the spread
    random = np.random.default_rng(9)
    middles, labels = np.array([[1e8, 0.0], [-1e8, 5.0]]), random.integers(0, 2, 500)
    rows = middles[labels] + np.round(random.normal(size=(500, 2)) * 8.0) / 8.0 * spread
    expected = float(np.square(rows - middles[labels]).sum())
    assert twin.passes(rows, None, [middles])[0].inertia == pytest.approx(expected, rel=1e-12)


@needs_twin
def test_read_only_rows_and_columns_out_of_order_are_taken():
    points = np.asfortranarray(np.random.default_rng(8).normal(size=(100, 3)))
    points.flags.writeable = False
    assert np.array_equal(compiled.assign(points, points[:4]), reference.assign(points, points[:4]))


@needs_twin
def test_buffers_that_are_too_small_are_refused():
    with pytest.raises(ValueError, match="needed"):
        _kernels.nearest(
            LINE, True, 5, 1, None, LINE, 4, np.empty(5, np.int32), None, None, None, 1
        )
    with pytest.raises(ValueError, match="No such instruction set"):
        _kernels.use("abacus")


def test_the_door_describes_what_runs():
    said = kernels.description()
    assert said.twin in ("compiled", "reference")
    assert said.threads >= 1
    assert (said.note == "") == (said.twin == "compiled")
    assert said.twin in str(said)


def test_threads_can_be_set(monkeypatch):
    monkeypatch.setenv("SEGMEANS_THREADS", "3")
    assert kernels.default_threads() == 3
    monkeypatch.setenv("SEGMEANS_THREADS", "none")
    with pytest.raises(SettingError, match="SEGMEANS_THREADS"):
        kernels.default_threads()


@pytest.mark.parametrize("wish", ["reference", "compiled", "fastest"])
def test_the_environment_chooses_the_kernels(wish):
    code = "from segmeans.clustering import kernels; print(kernels.description().twin)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "SEGMEANS_KERNELS": wish},
        capture_output=True,
        text=True,
        check=False,
    )
    if wish == "fastest":
        assert "Allowed: reference, compiled" in done.stderr
    elif wish == "compiled" and compiled is None:
        assert "not built" in done.stderr
    else:
        assert done.stdout.strip() == wish


@pytest.mark.parametrize("size", ["cached", "whole"])
def test_a_correction_shifts_every_mean(size, monkeypatch):
    if compiled is not None and size == "whole":
        monkeypatch.setattr(compiled, "_CACHED", 0)
    offset = np.array([[0.5], [-0.5]])
    tables, corrections = [LINE[:2].copy(), LINE[1:3].copy()], [offset, -offset]
    one, two = kernels.polish(LINE, None, tables, 100, 0.0, 2, corrections=corrections)
    assert one.centres.ravel().tolist() == [1.5, 10.5]  # of {0, 2} and {10, 12}
    assert (one.inertia, one.converged) == (4 * 1.0 + 4 * 0.25, True)
    assert two.centres.ravel().tolist() == [0.5, 11.5]
