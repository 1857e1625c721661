"""The evidence as a whole: complete, reproducible, the same for rows and for repeats."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

from segmeans.clustering import evidence
from segmeans.clustering.evidence import Evidence, Plan, gather
from segmeans.clustering.kernels import assign
from segmeans.clustering.search import sweep

SMALL = Plan(resamples=6, splits=3, searches=2, tables=3, null_stability=True)


def _planted(rows: int = 120, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    centres = np.array([[0.0, 0.0, 0.0], [9.0, 0.0, 0.0], [0.0, 9.0, 0.0]])
    labels = np.repeat([0, 1, 2], [rows // 2, rows // 4, rows - rows // 2 - rows // 4])
    return centres[labels] + generator.normal(size=(rows, 3)) + 100.0


@pytest.fixture(scope="module")
def found() -> Evidence:
    points = _planted()
    return gather(points, sweep(points, range(1, 6)), plan=SMALL, threads=2)


def test_every_k_has_every_score(found: Evidence) -> None:
    assert [row.k for row in found.rows] == [1, 2, 3, 4, 5]
    first, *others = found.rows
    assert set(first.scores) == {"gap", "gap_gaussian", "gap_permuted", "gap_single_peaked"}
    assert (first.silhouette, first.davies_bouldin, first.explained) == (None, None, 0.0)
    names = {frozenset(row.scores) for row in others}
    assert len(names) == 1
    for row in others:
        assert sum(row.sizes) == 120
        for scores in row.cluster_scores.values():
            assert len(scores) == row.k
        for score in row.scores.values():
            assert np.isfinite(score.value)
            assert score.place is None or 0 <= score.place <= 1


def test_every_score_has_its_place_among_the_null_tables(found: Evidence) -> None:
    """But for those that compare with null tables themselves, and the search, which is no score."""
    own = {name for name in found.rows[2].scores if name.startswith("gap")}
    own |= {"border_null", "silhouette_excess", "search"}
    for row in found.rows[1:]:
        assert {name for name, score in row.scores.items() if score.place is None} == own
    for name in ("jaccard", "halves", "prediction_strength", "shadow"):
        # of three null tables with two resamples each one may come back whole by chance
        place = found.rows[2].scores[name].place
        assert place is not None, name
        assert place >= 2 / 3, name
    least = found.rows[3].scores["prediction_strength"]
    assert least.place is not None
    assert least.place < 1.0  # four clusters where there are three


def test_scores_are_those_of_scikit_learn(found: Evidence) -> None:
    points = _planted()
    solution = sweep(points, [3])[0]
    labels = assign(points - 100.0, solution.centres - 100.0)
    row = found.rows[2]
    assert row.silhouette == pytest.approx(silhouette_score(points, labels), abs=1e-6)
    assert row.calinski_harabasz == pytest.approx(calinski_harabasz_score(points, labels))
    assert row.davies_bouldin == pytest.approx(davies_bouldin_score(points, labels))
    assert row.scores["silhouette"].how == "exact"


def test_planted_clusters_stand_out_of_every_null_family(found: Evidence) -> None:
    scores = found.rows[2].scores
    for name in ("silhouette", "simplified_silhouette", "border", "calinski_harabasz"):
        assert scores[name].place == 1.0, name
    for name in ("gap", "gap_gaussian", "gap_permuted", "gap_single_peaked"):
        assert scores[name].value > 2 * (scores[name].error or 0.0), name
    assert scores["stability"].value == 1.0
    assert scores["prediction_strength"].value == 1.0
    assert scores["border"].value < 0.1


def test_arrays_belong_to_the_distinct_points(found: Evidence) -> None:
    m = len(found.points.points)
    for k in (2, 3, 4, 5):
        assert found.labels[k].shape == found.shadows[k].shape == (m,)
        assert found.silhouettes[k].shape == (m,)
    shares = found.membership(_planted(), found.resampled[3])
    np.testing.assert_allclose(shares.max(axis=1), 1.0)
    assert found.flows[2, 3].sum() == 120


def test_segments_are_followed_through_the_resamples(found: Evidence) -> None:
    np.testing.assert_allclose(found.rows[2].moves, np.eye(3))
    for row in found.rows[1:]:
        np.testing.assert_allclose(np.sum(row.moves, axis=1), 1.0, atol=1e-5)


def test_moves_are_the_mean_membership_of_each_cluster(found: Evidence) -> None:
    shares = found.membership(_planted(), found.resampled[5])
    solution = sweep(_planted(), range(1, 6))[4]
    labels = assign(_planted() - 100.0, solution.centres - 100.0)
    means = [shares[labels == number].mean(axis=0) for number in range(5)]
    np.testing.assert_allclose(found.rows[4].moves, means, atol=1e-5)
    turned = found.found_again(solution.centres[::-1])
    np.testing.assert_allclose(turned.moves, found.resampled[5].moves[::-1, ::-1])


def test_the_same_seed_gives_the_same_evidence_on_any_number_of_threads() -> None:
    points = _planted(60)
    solutions = sweep(points, [1, 2, 3])
    one = gather(points, solutions, plan=SMALL, seed=5, threads=1)
    two = gather(points, solutions, plan=SMALL, seed=5, threads=2)
    assert [asdict(row) for row in one.rows] == [asdict(row) for row in two.rows]
    other = gather(points, solutions, plan=SMALL, seed=6, threads=1)
    assert other.rows[1].scores["stability"] != one.rows[1].scores["stability"] or (
        other.rows[1].scores["gap"] != one.rows[1].scores["gap"]
    )


def test_weights_are_repeats() -> None:
    points = _planted(40)
    weights = np.random.default_rng(1).integers(1, 4, 40)
    rows = np.repeat(points, weights, axis=0)
    solutions = sweep(points, [1, 2, 3], weights=weights)
    weighted = gather(points, solutions, weights=weights, plan=SMALL, threads=1)
    repeated = gather(rows, sweep(rows, [1, 2, 3]), plan=SMALL, threads=1)
    for one, other in zip(weighted.rows, repeated.rows, strict=True):
        assert one.sizes == other.sizes
        assert one.scores.keys() == other.scores.keys()
        for name, score in one.scores.items():
            assert score.value == pytest.approx(other.scores[name].value), name


def test_many_points_are_sampled_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    points = _planted(2000)
    solutions = sweep(points, [1, 2, 3])
    exact = gather(points, solutions, plan=SMALL, threads=2)
    monkeypatch.setattr(evidence, "EXACT", 1000)
    monkeypatch.setattr(evidence, "SAMPLE", 600)
    monkeypatch.setattr(evidence, "POINTS", 500)
    sampled = gather(points, solutions, plan=SMALL, threads=2)
    score = sampled.rows[2].scores["silhouette"]
    assert score.how == "sample of 600"
    assert score.error is not None
    assert abs(score.value - (exact.rows[2].silhouette or 0.0)) < 4 * score.error
    assert 3 not in sampled.silhouettes
    assert sampled.rows[2].scores["simplified_silhouette"].how == "all 2,000 rows"
    assert sampled.rows[2].davies_bouldin == pytest.approx(exact.rows[2].davies_bouldin)
    assert sampled.rows[2].scores["stability"].value > 0.95


def test_progress_is_told_and_ends_at_the_total() -> None:
    told: dict[str, list[tuple[int, int]]] = {}
    points = _planted(40)
    gather(
        points,
        sweep(points, [1, 2]),
        plan=SMALL,
        threads=2,
        progress=lambda step, done, total: told.setdefault(step, []).append((done, total)),
    )
    assert len(told) == 3
    for calls in told.values():
        assert [done for done, _ in calls] == list(range(1, calls[0][1] + 1))


def test_one_k_alone_and_k_beyond_the_distinct_rows_less_one() -> None:
    points = np.array([[0.0], [1.0], [5.0], [6.0]])
    for ks in ([2], [1], [1, 2, 3, 4]):
        found = gather(points, sweep(points, ks), plan=SMALL, threads=1)
        assert [row.k for row in found.rows] == ks


def test_mall_keeps_its_published_figures(data_dir: Path) -> None:
    table = np.genfromtxt(
        data_dir / "mall" / "Mall_Customers.csv", delimiter=",", skip_header=1, usecols=(3, 4)
    )
    points = (table - table.mean(axis=0)) / table.std(axis=0)
    row = gather(points, sweep(points, [1, 5]), plan=SMALL, threads=2).rows[1]
    assert row.inertia == pytest.approx(65.568408, rel=1e-6)
    assert row.silhouette == pytest.approx(0.554657, abs=1e-6)
    assert row.sizes == (81, 39, 35, 23, 22)
    assert row.calinski_harabasz == pytest.approx(248.6493, abs=1e-4)
    assert row.davies_bouldin == pytest.approx(0.5722, abs=1e-4)
    assert row.explained == pytest.approx(1 - 65.568408 / 400)
