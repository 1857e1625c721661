"""The rule on made-up k tables whose verdict follows from the definition, and on made-up data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from segmeans.clustering.evidence import FAST, Plan, gather
from segmeans.clustering.search import sweep
from segmeans.errors import DataError
from segmeans.records import Certificate, KRow, Score, Verdict
from segmeans.settings import Settings
from segmeans.verdict import decide
from segmeans.verdict.case import Case, clearest, finest

PLAN = Plan(resamples=30, splits=2, searches=2, tables=10, null_stability=False)


def row(k: int, **changes: Any) -> KRow:
    """Return a k table row of a solid, natural solution, less what is changed."""
    values = {
        "recovered": 1.0,
        "jaccard": 0.97,
        "stability": 0.96,
        "halves": 0.95,
        "search": 1.0,
        "border": 0.3,
        "border_null": 1.0,
        "simplified_silhouette": 0.7,
        "silhouette_excess": 0.2,
        "gap_permuted": 0.5,
        "busiest": 0.4,
        "place": 1.0,
        "inner_high": None,
        "inertia": 100.0 / k,
        "smallest": 100 // k,
    } | changes
    scores = {
        name: Score(value=value, error=0.02, place=values["place"], how="uniform null tables")
        for name, value in values.items()
        if name not in {"busiest", "place", "inner_high", "inertia", "smallest"}
    }
    inner = Score(value=0.1, low=0.4, high=values["inner_high"])
    rest = [(100 - values["smallest"]) // max(k - 1, 1)] * (k - 1)
    return KRow(
        k=k,
        inertia=values["inertia"],
        explained=1 - values["inertia"] / 100,
        sizes=(*rest, values["smallest"]) if k > 1 else (100,),
        scores=scores,
        cluster_scores={
            "border": tuple(Score(value=values["busiest"]) for _ in range(k)),
            "inner_border": tuple(inner for _ in range(k)),
        },
    )


ONE = KRow(k=1, inertia=100.0, explained=0.0, sizes=(100,))
LOOSE = {"recovered": 0.4, "stability": 0.5, "halves": 0.3}
CROWD = {"border": 1.0, "busiest": 1.1, "place": 0.5, "silhouette_excess": 0.0}
APART = {"gap_permuted": 0.0}


def verdict(*rows: KRow, **settings: Any) -> Verdict:
    return decide([ONE, *rows], Settings(**{"k": (1, 12), **settings}))


def test_the_finest_of_several_natural_solutions_is_recommended() -> None:
    found = verdict(row(2), row(3), row(4, **LOOSE))
    assert (found.recommended_k, found.structure, found.near_ties) == (3, "natural", (2,))
    assert found.runner_up == 2
    assert found.weak_link == "none"
    assert found.sure == "moderate"  # two numbers that pass the same tests


def test_a_finer_natural_solution_that_stands_out_less_is_not_recommended() -> None:
    """A cut through a crowd can look quiet by chance, but it lowers the silhouette."""
    cut = verdict(row(2), row(3, silhouette_excess=0.1))  # 0.1 below, an error of 0.02 each
    assert (cut.recommended_k, cut.runner_up, cut.near_ties, cut.also) == (2, 3, (), (3,))
    assert any("stands out clearly less" in reason for reason in cut.reasons)
    close = verdict(row(2), row(3, silhouette_excess=0.17))  # below by more than one error, not two
    assert (close.recommended_k, close.near_ties, close.also) == (2, (3,), ())
    equal = verdict(row(2), row(3, silhouette_excess=0.19))
    assert (equal.recommended_k, equal.near_ties) == (3, (2,))


def test_a_coarser_level_or_a_clearly_lesser_k_is_no_near_tie() -> None:
    rows = [ONE, row(2), row(3)]
    nested = {(2, 3): np.array([[50.0, 0.0, 0.0], [0.0, 30.0, 20.0]])}
    found = decide(rows, Settings(k=(1, 12)), nested)
    assert (found.near_ties, found.also, found.sure) == ((), (2,), "high")
    crossed = {(2, 3): np.array([[50.0, 0.0, 10.0], [0.0, 30.0, 10.0]])}
    found = decide(rows, Settings(k=(1, 12)), crossed)
    assert (found.near_ties, found.also, found.sure) == ((2,), (), "moderate")
    lesser = row(2, **CROWD | {"silhouette_excess": 0.1})  # 0.1 below, an error of 0.02 each
    better = row(3, **CROWD | {"silhouette_excess": 0.2})
    found = decide([ONE, lesser, better], Settings(k=(1, 12)), crossed)
    assert (found.recommended_k, found.near_ties, found.also) == (3, (), (2,))


def test_a_k_that_misses_by_chance_is_a_near_tie() -> None:
    """0.82 of the resamples with an error of 0.02 each way may be 0.85; 0.8 may not."""
    assert verdict(row(3), row(4, recovered=0.82)).near_ties == (4,)
    assert verdict(row(3), row(4, recovered=0.8)).near_ties == ()
    assert verdict(row(3), row(4, border=0.8)).near_ties == (4,)
    assert verdict(row(3), row(4, border=0.85)).near_ties == ()
    assert verdict(row(3), row(4, recovered=0.82)).sure == "moderate"


def test_a_near_tie_is_the_runner_up_before_what_is_clearly_less() -> None:
    """The curve bends at k = 2, which stands out 0.18 less than k = 3; k = 4 by 0.01 more."""
    rows = [
        row(k, **CROWD | {"silhouette_excess": excess})
        for k, excess in ((2, 0.02), (3, 0.2), (4, 0.21))
    ]
    found = verdict(*rows)
    assert (found.recommended_k, found.near_ties, found.also) == (3, (4,), (2,))
    assert found.runner_up == 4


def test_unstable_numbers_between_the_two_best_are_named() -> None:
    crowded = [row(k, **CROWD) for k in (4, 6)]
    found = verdict(crowded[0], row(5, **CROWD, **LOOSE), crowded[1])
    assert {found.recommended_k, found.runner_up} == {4, 6}
    assert any("k = 5 (40 %) is unstable" in reason for reason in found.reasons)
    assert not any("unstable" in reason for reason in verdict(*crowded).reasons)


def test_what_single_rules_say_and_where_the_curve_bends_is_data() -> None:
    found = verdict(row(2, inertia=30), row(3, inertia=25), row(4, inertia=22), row(5, inertia=20))
    assert (found.elbow, found.elbow_range, found.elbow_others) == (2, (1, 5), ())
    assert found.single_rules["elbow"] == 2


@pytest.mark.parametrize(
    "missing",
    [
        {"recovered": 0.84},
        {"border": 0.76},
        {"busiest": 0.86},
        {"place": 0.94},
        {"inner_high": 0.5},
    ],
)
def test_each_criterion_is_needed_for_natural(missing: Mapping[str, float]) -> None:
    assert verdict(row(2)).structure == "natural"
    assert verdict(row(2, **missing)).structure != "natural"


def test_segments_that_join_two_are_not_natural() -> None:
    finer = row(4, border=0.9, silhouette_excess=0.26)
    found = verdict(row(2), finer)
    assert (found.recommended_k, found.structure) == (4, "reproducible")
    assert verdict(row(2), row(4, border=0.9, silhouette_excess=0.24)).structure == "natural"
    assert verdict(row(2), row(4, **LOOSE, silhouette_excess=0.4)).structure == "natural"


def test_whole_numbers_are_no_gaps_inside_a_segment() -> None:
    """1 to 4 orders of small spenders, 9 to 14 of large ones: two groups, and nothing finer."""
    generator = np.random.default_rng(5)
    small = np.column_stack([generator.integers(1, 5, 300), generator.normal(20, 5, 300)])
    large = np.column_stack([generator.integers(9, 15, 150), generator.normal(80, 10, 150)])
    found = _study(_standard(np.concatenate([small, large])), 6, FAST)
    assert (found.recommended_k, found.structure) == (2, "natural")
    answers = _standard(generator.integers(1, 6, (300, 4)).astype(float))  # of five-point questions
    assert _study(answers, 6, FAST).structure == "none"


def test_found_again_without_gaps_is_reproducible() -> None:
    found = verdict(row(2, **CROWD), row(3, **CROWD, **LOOSE))
    assert (found.recommended_k, found.structure) == (2, "reproducible")
    assert found.weak_link == "structure"


def test_of_reproducible_solutions_the_clearest_is_taken_and_else_the_one_at_the_bend() -> None:
    plain = CROWD | {"silhouette_excess": 0.01}
    clear = CROWD | {"silhouette_excess": 0.3}
    bends = [90.0, 20.0, 15.0, 12.0]  # furthest below the chord at k = 3
    rows = [
        row(k, **plain, inertia=inertia) for k, inertia in zip((2, 3, 4, 5), bends, strict=True)
    ]
    assert verdict(*rows).recommended_k == 3
    rows[2] = row(4, **clear, inertia=15.0)
    assert verdict(*rows).recommended_k == 4
    assert verdict(*rows).also == (2, 3, 5)
    assert verdict(*rows).near_ties == ()
    assert verdict(row(2, **plain), row(3, **plain)).near_ties != ()


def test_hanging_together_without_being_found_again_is_constructive() -> None:
    found = verdict(row(2, **CROWD, **LOOSE), row(3, **CROWD, **LOOSE))
    assert found.structure == "constructive"
    assert found.recommended_k > 1
    assert found.weak_link == "sampling"  # halves disagree far more than resamples


def test_a_crowd_of_unrelated_columns_is_one_segment() -> None:
    found = verdict(row(2, **CROWD, **APART), row(3, **CROWD, **APART, **LOOSE))
    assert (found.recommended_k, found.structure) == (1, "none")
    assert "one crowd" in found.reasons[0]


def test_gaps_along_one_column_alone_are_no_crowd() -> None:
    """Shuffling the columns loses nothing then, and a segment that hides a gap is not natural."""
    found = verdict(row(2, **APART, inner_high=0.5), row(3, **CROWD, **APART, **LOOSE))
    assert (found.recommended_k, found.structure) == (2, "reproducible")
    assert any("A gap runs through" in reason for reason in found.reasons)
    loose = verdict(row(2, **APART, **LOOSE, inner_high=0.5))
    assert (loose.recommended_k, loose.structure) == (1, "none")


def test_a_search_that_disagrees_with_itself_is_named_first() -> None:
    assert verdict(row(2, search=0.6)).weak_link == "search"
    assert any("search" in reason for reason in verdict(row(2, search=0.6)).reasons)


def test_limits_are_respected_and_kept_apart_from_the_evidence() -> None:
    rows = (row(2), row(3), row(4, smallest=1))
    assert verdict(*rows).recommended_k == 4
    limited = verdict(*rows, smallest=0.05)
    assert limited.recommended_k == 3
    assert "k = 4" in limited.limits
    assert limited.structure == "natural"
    ranged = verdict(*rows, k=(2, 2))
    assert ranged.recommended_k == 2
    assert "rule out k = 4" in ranged.limits
    assert verdict(*rows).limits == ""
    impossible = verdict(row(2, smallest=1), k=(2, 12), smallest=0.05)
    assert impossible.recommended_k == 2
    assert "not applied" in impossible.limits


def test_one_row_and_no_rows() -> None:
    assert verdict().recommended_k == 1
    assert decide([row(3)], Settings(k=3)).recommended_k == 3
    with pytest.raises(DataError, match="no number of segments"):
        decide([], Settings())


def test_of_a_single_k_nothing_is_compared() -> None:
    said = " ".join(decide([row(5)], Settings(k=5)).reasons)
    assert "found again" in said
    assert not any(word in said for word in ("No other k", "elbow", "Single rules"))


def test_the_runner_up_is_put_in_terms_of_segments() -> None:
    flows = {(2, 3): np.array([[50.0, 0.0, 0.0], [0.0, 30.0, 20.0]])}
    found = decide([ONE, row(2), row(3)], Settings(), flows)
    assert found.what_changes == "With 2 segments instead of 3, segments 2 and 3 would be one."
    finer = decide([ONE, row(2), row(3, **LOOSE)], Settings(), flows)
    assert finer.runner_up == 3
    assert finer.what_changes == (
        "With 3 segments instead of 2, segment 2 would fall into 2 (30 and 20 customers)."
    )


def test_the_elbow_is_reported_and_decides_nothing_alone() -> None:
    found = verdict(row(2, inertia=30), row(3, inertia=25), row(4, inertia=22), row(5, inertia=20))
    assert (found.elbow, found.recommended_k) == (2, 5)
    assert any("bends at k = 2" in reason for reason in found.reasons)


def test_clearest_counts_one_error_as_equal() -> None:
    cases = {
        k: Case(row(k, silhouette_excess=excess)) for k, excess in ((2, 0.1), (3, 0.19), (4, 0.2))
    }
    assert clearest(cases, [2, 3, 4]) == 3  # within 0.02 of the best
    assert finest(cases, [2, 3, 4]) == 4
    assert finest(cases, []) is None
    assert clearest({2: Case(row(2, silhouette_excess=0.03))}, [2]) is None
    assert clearest(cases, []) is None


def test_sureness_falls_with_every_doubt() -> None:
    assert verdict(row(2)).sure == "high"
    assert verdict(row(2, border=0.6)).sure == "moderate"
    assert verdict(row(2, border=0.6, stability=0.8)).sure == "low"


def _study(points: np.ndarray, most: int = 8, plan: Plan = PLAN) -> Verdict:
    solutions = sweep(points, range(1, most + 1))
    found = gather(points, solutions, plan=plan)
    return decide(found.rows, Settings(k=(1, most)), found.flows)


def _standard(points: np.ndarray) -> np.ndarray:
    return np.asarray((points - points.mean(axis=0)) / points.std(axis=0))


def test_planted_segments_are_natural() -> None:
    generator = np.random.default_rng(0)
    centres = np.array([[0, 0, 0, 0], [7, 0, 0, 0], [0, 7, 0, 0], [0, 0, 7, 0]])
    points = np.repeat(centres, 50, axis=0) + generator.normal(size=(200, 4))
    found = _study(_standard(points), plan=FAST)
    assert (found.recommended_k, found.structure) == (4, "natural")


@pytest.mark.parametrize("kind", ["uniform", "gaussian", "skewed", "correlated"])
def test_noise_is_not_natural(kind: str) -> None:
    generator = np.random.default_rng(7)
    points = generator.normal(size=(300, 3))
    if kind == "uniform":
        points = generator.uniform(size=(300, 3))
    if kind == "correlated":
        points = points @ np.array([[1.0, 0.8, 0.5], [0.0, 0.5, 0.3], [0.0, 0.0, 0.4]])
    if kind == "skewed":
        points = np.exp(points)
    found = _study(_standard(points), 6, FAST)
    assert found.structure != "natural"
    if kind in {"uniform", "gaussian"}:
        assert (found.recommended_k, found.structure) == (1, "none")


def test_a_changed_certificate_shows_in_the_sureness() -> None:
    doubtful = Certificate(
        k=2, starts=9, hits=1, distinct=9, gap=None, ari_next=None, chance_better=1.0,
        full_passes=0, converged=True, certified=False, reason="",
    )  # fmt: skip
    assert verdict(replace(row(2), certificate=doubtful)).sure == "moderate"


def test_a_proven_solution_is_not_blamed_for_the_short_searches_of_samples() -> None:
    proven = Certificate(
        k=2, starts=9, hits=9, distinct=1, gap=None, ari_next=None, chance_better=0.0,
        full_passes=0, converged=True, certified=True, reason="",
    )  # fmt: skip
    unsteady = row(2, search=0.6)
    found = verdict(replace(unsteady, certificate=proven))
    assert found.weak_link == "search"
    assert any("that found these segments is proven" in reason for reason in found.reasons)
    doubtful = replace(proven, certified=False)
    blamed = verdict(replace(unsteady, certificate=doubtful))
    assert not any("is proven" in reason for reason in blamed.reasons)
