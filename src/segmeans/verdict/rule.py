"""The rule that turns the evidence over k into a verdict; explained in ``docs/verdict.md``.

A number of segments k of two or more is

*found again*
    when every segment reappears (Jaccard index of 0.75 or more) in at least 85 % of the bootstrap
    resamples;
*set apart*
    when the borders between its segments are at most three quarters as busy as in tables of the
    same shape without segments (the toughest family), none of them busier than 85 %, the borders
    beat at least 90 % of those tables and the silhouette 95 %;
*whole*
    when no segment hides a clear gap inside, and no finer k that is found again has a silhouette
    that stands out clearly more.

Natural: found again, set apart and whole; of several such k the largest whose silhouette exceeds
that of tables without segments by as much as any (within one error): what is finer and stands out
less cuts a segment where chance left its middle quiet.
Reproducible: found again, and the columns hang together more than by chance or, at some k, gaps
are found again; of several such k the smallest whose silhouette exceeds that of tables without
segments by as much as any, or, where none exceeds it clearly, the one nearest to the bend of the
inertia curve.
Constructive: the columns hang together, but no k is found again.
None: not even that, and one segment is recommended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segmeans.clustering.elbow import elbow
from segmeans.errors import DataError
from segmeans.records import KRow, Structure, Verdict
from segmeans.settings import Settings
from segmeans.verdict.case import (
    QUIET,
    SEARCHED,
    TOGETHER,
    Case,
    Cases,
    clearest,
    finest,
    naturals,
    outshines,
)
from segmeans.verdict.rivals import rivals
from segmeans.verdict.words import between, changes, limits_said, reasons, rivals_said

Flows = Mapping[tuple[int, int], NDArray[np.float64]]
Weak = Literal["none", "search", "sampling", "structure"]

_NESTED = 0.05  # customers that may change company where a finer solution refines a coarser one
_BY_SAMPLE = 1.25  # halves disagree by so much more than resamples when more customers would help


def decide(rows: Sequence[KRow], settings: Settings, flows: Flows | None = None) -> Verdict:
    """Decide on the number of segments and say how real they are.

    Parameters
    ----------
    rows : sequence of KRow
        Ascending in k, with the scores of :func:`segmeans.clustering.evidence.gather`.
    settings : Settings
        Its limits are respected, and kept apart from the evidence.
    flows : mapping of (int, int) to ndarray, optional
        Customers that go from segment to segment between two k, the lower first; to say what the
        runner-up would change.

    Returns
    -------
    Verdict

    Raises
    ------
    DataError
        Without any row.
    """
    if not rows:
        raise DataError("There is no number of segments to decide on", where="k_table")
    bend = elbow([row.k for row in rows], [row.inertia for row in rows])
    cases = {row.k: Case(row) for row in rows if row.k > 1}
    ranking = _ranking(cases, bend.k, one=rows[0].k == 1)
    within = [k for k in ranking if _within(k, cases, settings)] or ranking
    chosen = within[0]
    word = _word(cases, chosen)
    near, also = _near_ties(cases, within, word, flows or {})
    others = sorted(within[1:], key=lambda k: k not in near)  # near-ties come first
    runner_up = others[0] if others else None
    weak = _weak_link(cases, chosen, word)
    alone = rivals(rows) if len(rows) > 1 else {}
    return Verdict(
        recommended_k=chosen,
        structure=word,
        reasons=(
            *reasons(cases, chosen, word, bend, near, also, weak),
            *between(cases, chosen, runner_up),
            *rivals_said(alone),
        ),
        runner_up=runner_up,
        near_ties=near,
        also=also,
        sure=_sure(cases, chosen, word, near),
        weak_link=weak,
        what_changes=changes(chosen, runner_up, flows or {}),
        elbow=bend.k if bend.clear else None,
        elbow_range=(bend.low, bend.high) if bend.k is not None else None,
        elbow_others=bend.others,
        single_rules=alone,
        limits=limits_said(settings, ranking[0], chosen, fits=within is not ranking),
    )


def _ranking(cases: Cases, bend: int | None, *, one: bool) -> list[int]:
    """Order all k, the best supported first."""

    def to_bend(k: int) -> tuple[int, int]:
        return (abs(k - bend) if bend else 0, k)

    natural = sorted(naturals(cases), reverse=True)
    top = finest(cases, natural)
    natural.sort(key=lambda k: k != top)
    again = [k for k, case in cases.items() if case.found_again and k not in natural]
    rest = [k for k in cases if k not in natural and k not in again]
    best = clearest(cases, again)
    again.sort(key=lambda k: (k != best, *to_bend(k)))
    rest.sort(key=lambda k: (-round(cases[k].score("stability"), 1), *to_bend(k)))
    ranked = [*natural, *again, *rest]
    if one:
        ranked.insert(0 if not natural and not _structured(cases) else len(ranked), 1)
    return ranked


def _structured(cases: Cases) -> bool:
    """Whether at some k the columns hang together, or gaps are found again.

    One column alone can set segments apart, and then explains nothing of the others.
    """
    return any(
        case.togetherness > TOGETHER or (case.found_again and case.set_apart)
        for case in cases.values()
    )


def _within(k: int, cases: Cases, settings: Settings) -> bool:
    low, high = settings.k
    small = k > 1 and cases[k].smallest_share < settings.smallest
    return low <= k <= high and not small


def _word(cases: Cases, k: int) -> Structure:
    if k in naturals(cases):
        return "natural"
    if k == 1 or not _structured(cases):
        return "none"
    return "reproducible" if cases[k].found_again else "constructive"


def _near_ties(
    cases: Cases, ranking: Sequence[int], word: Structure, flows: Flows
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """List the other k that pass the same criteria: near-ties, and those that are clearly less.

    A k that misses a criterion by less than its error of measurement counts as passing. Among
    natural ones it is no tie where its segments are the recommended ones joined together: then both
    are there, and the finer says more. Among finer natural ones, and among all others, it is none
    where the recommended k stands out clearly more.
    """
    chosen = ranking[0]
    if word == "natural":
        same = [k for k in naturals(cases, nearly=True) if k in ranking[1:]]
    elif word == "reproducible":
        same = [k for k in ranking[1:] if k in cases and cases[k].nearly_found_again]
    else:
        same = []
    less = [
        k
        for k in same
        if (
            _refines(flows.get((k, chosen)))
            if word == "natural" and k < chosen
            else outshines(cases[chosen], cases[k])
        )
    ]
    near = sorted(k for k in same if k not in less)
    return tuple(near), tuple(sorted(k for k in less if cases[k].found_again))


def _refines(flow: NDArray[np.float64] | None) -> bool:
    """Whether the finer solution only divides segments of the coarser one."""
    return flow is not None and float(flow.max(axis=0).sum()) >= (1.0 - _NESTED) * flow.sum()


def _weak_link(cases: Cases, chosen: int, word: Structure) -> Weak:
    """Name what to mend first: the search, the number of customers, or (in vain) the structure."""
    if not cases:
        return "structure"
    case = cases.get(chosen) or max(cases.values(), key=lambda each: each.score("stability"))
    if case.score("search") < SEARCHED:
        return "search"
    if not case.found_again:
        apart = 1.0 - case.score("stability")
        halves = 1.0 - case.score("halves")
        return "sampling" if halves > _BY_SAMPLE * apart else "structure"
    return "none" if word == "natural" else "structure"


def _sure(
    cases: Cases, chosen: int, word: Structure, near: Sequence[int]
) -> Literal["high", "moderate", "low"]:
    if word == "none":
        hints = any(case.quiet <= QUIET or case.found_again for case in cases.values())
        return "moderate" if hints else "high"
    case = cases[chosen]
    clear = not near and (case.quiet <= 0.5 if word == "natural" else word == "reproducible")
    searched = case.score("search") >= 0.95 and _certified(case)
    points = sum((clear, searched, case.score("stability") >= 0.9))
    return "high" if points == 3 else "moderate" if points == 2 else "low"


def _certified(case: Case) -> bool:
    return case.row.certificate is None or case.row.certificate.certified
