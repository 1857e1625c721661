"""The verdict in plain sentences, built from the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from segmeans.clustering.elbow import Elbow
from segmeans.plain import plain_share, set_share, told_count
from segmeans.records import Structure
from segmeans.settings import Settings
from segmeans.verdict.case import Case, Cases, clearest, naturals, outdone

_FAMILIES = {
    "uniform": "customers spread evenly",
    "gaussian": "one bell curve",
    "single-peaked": "one crowd with the same skew",
}

_WEAK = {
    "search": "The weak link is the search: independent searches of the same customers disagree.",
    "sampling": "The weak link is the sample: halves of the customers disagree clearly more than "
    "full samples do, so more customers would help.",
    "structure": "The weak link is the structure: more searching or more customers would not "
    "change that.",
}
_SHORT = (
    "The weak link is the search in the samples: short searches of the same customers disagree, so "
    "the samples do as well; the long search that found these segments is proven."
)


def _weakest(weak: str, case: Case | None) -> str:
    certificate = case.row.certificate if case else None
    if weak == "search" and certificate is not None and certificate.certified:
        return _SHORT
    return _WEAK[weak]


def reasons(
    cases: Cases,
    chosen: int,
    word: Structure,
    bend: Elbow,
    near: Sequence[int],
    also: Sequence[int],
    weak: str,
) -> tuple[str, ...]:
    """Say why, one sentence per reason.

    Parameters
    ----------
    cases : mapping of int to Case
    chosen : int
    word : {"natural", "reproducible", "constructive", "none"}
    bend : Elbow
    near, also : sequence of int
        The other k that pass the same criteria: about as good, and clearly less so.
    weak : {"none", "search", "sampling", "structure"}

    Returns
    -------
    tuple of str
    """
    if not cases:
        return ("Only one segment was looked at, so there is nothing to compare it with.",)
    if chosen not in cases:
        said = _nothing(cases)
    else:
        said = [_found_again(cases[chosen]), _set_apart(cases[chosen])]
        said += _not_whole(cases, chosen)
        said += _chosen_because(cases, chosen, word, near, also)
    said += [_weakest(weak, cases.get(chosen))] if weak in _WEAK and word != "none" else []
    return (*said, _elbow(bend)) if bend.low < bend.high else tuple(said)


def _nothing(cases: Cases) -> list[str]:
    best = max(cases.values(), key=lambda case: case.score("stability"))
    quiet = min(cases.values(), key=lambda case: case.quiet)
    return [
        "The customers form one crowd: cut into any number of segments, they look like tables "
        "without segments.",
        f"The quietest borders (k = {quiet.k}) are {quiet.quiet:.2f} times as busy as in such "
        f"tables; gaps would leave them below 0.75.",
        f"The steadiest cut (k = {best.k}) agrees with itself in new samples by "
        f"{best.score('stability'):.2f} (adjusted Rand), but the columns explain each other no "
        "more than when they are shuffled.",
    ]


def _found_again(case: Case) -> str:
    share, least = case.score("recovered"), case.score("jaccard")
    stability = case.score("stability")
    verb = "Every segment is" if case.found_again else "Not every segment is"
    return (
        f"{verb} found again in new samples of the customers: the least steady one in "
        f"{plain_share(share, 0)} of them (mean Jaccard {least:.2f}); whole solutions agree by "
        f"{stability:.2f} (adjusted Rand)."
    )


def _set_apart(case: Case) -> str:
    how = _toughest(case)
    if case.set_apart:
        return (
            f"Gaps separate the segments: their borders are {case.quiet:.2f} times as busy as in "
            f"tables of the same shape without segments ({how})."
        )
    return (
        f"No clear gaps separate the segments: the borders are {case.quiet:.2f} times as busy as "
        f"in tables of the same shape without segments ({how}); gaps would leave them below 0.75."
    )


def _toughest(case: Case) -> str:
    """Name the family of tables without segments that the data were hardest to tell from."""
    family = case.row.scores["border_null"].how.removesuffix(" null tables")
    return f"the toughest: {_FAMILIES.get(family, family)}"


def _not_whole(cases: Cases, chosen: int) -> list[str]:
    said = []
    if numbers := cases[chosen].split_inside:
        which = _listed([f"segment {number}" for number in numbers])
        said.append(
            f"A gap runs through {which}: there are groups whose shape k-means with {chosen} "
            "segments cannot follow."
        )
    if (finer := outdone(cases, chosen)) and cases[chosen].set_apart:
        said.append(
            f"With k = {finer} the silhouette stands out clearly more: some segments join two."
        )
    return said


def _chosen_because(
    cases: Cases, chosen: int, word: Structure, near: Sequence[int], also: Sequence[int]
) -> list[str]:
    if word == "natural":
        return _of_naturals(cases, chosen, near, also)
    if word == "reproducible":
        return _of_reproducibles(cases, chosen, near, also)
    if word == "constructive":
        return ["The columns hang together, so the cuts sort customers usefully, but others would "
                "serve as well."]  # fmt: skip
    return ["The columns explain each other no more than when they are shuffled."]


def _of_naturals(cases: Cases, chosen: int, near: Sequence[int], also: Sequence[int]) -> list[str]:
    said = []
    if coarser := [k for k in also if k < chosen]:
        said.append(
            f"k = {_listed_numbers(coarser)} pass{_es(coarser)} the same tests: there some of the "
            f"{chosen} segments are joined, and gaps divide them further."
        )
    if finer := [k for k in also if k > chosen]:
        said.append(
            f"k = {_listed_numbers(finer)} pass{_es(finer)} the same tests, but the silhouette "
            f"stands out clearly less: some of the {chosen} segments are cut where no gap is sure."
        )
    if near:
        said.append(
            f"k = {_listed_numbers(near)} pass{_es(near)} the same tests, or nearly so, and "
            f"{'is' if len(near) == 1 else 'are'} about as good."
        )
    return said or _no_other(cases, "passes all these tests")


def _of_reproducibles(
    cases: Cases, chosen: int, near: Sequence[int], also: Sequence[int]
) -> list[str]:
    others = sorted((*near, *also))
    if not others:
        return _no_other(cases, "is found again so reliably")
    told = (
        f"k = {_listed_numbers(others)} {'is' if len(others) == 1 else 'are'} found again as well; "
    )
    again = [k for k in (chosen, *others) if k not in naturals(cases)]
    if clearest(cases, again) != chosen:
        return [f"{told}{chosen} lies nearest to the bend of the inertia curve."]
    return [
        f"{told}{chosen} is the smallest number whose silhouette stands out from tables without "
        f"segments as clearly as any (by {cases[chosen].excess:.2f})."
    ]


def _no_other(cases: Cases, does: str) -> list[str]:
    """Say that no other k does as well; nothing where no other one was looked at."""
    if len(cases) == 1:
        return []
    return [f"No other k from {min(cases)} to {max(cases)} {does}."]


def _listed_numbers(numbers: Sequence[int]) -> str:
    return _listed([str(k) for k in numbers])


def _elbow(bend: Elbow) -> str:
    if bend.k is None:
        return "The inertia curve has no elbow."
    if bend.clear:
        return (
            f"The inertia curve bends at k = {bend.k} (looked for from {bend.low} to {bend.high})."
        )
    others = _listed([str(k) for k in bend.others])
    return (
        f"The inertia curve has no clear elbow: k = {bend.k} from {bend.low} to {bend.high}, but "
        f"{others} on shorter ranges."
    )


def rivals_said(said: Mapping[str, int]) -> tuple[str, ...]:
    """Say what single rules would recommend; nothing when there are none.

    Examples
    --------
    >>> rivals_said({"silhouette": 5, "elbow": 4, "gap (Tibshirani)": 5})
    ('Single rules by themselves: 4 (elbow); 5 (silhouette, gap (Tibshirani)).',)
    """
    if not said:
        return ()
    by_k: dict[int, list[str]] = {}
    for name, k in said.items():
        by_k.setdefault(k, []).append(name)
    told = "; ".join(f"{k} ({', '.join(by_k[k])})" for k in sorted(by_k))
    return (f"Single rules by themselves: {told}.",)


def changes(
    chosen: int, runner_up: int | None, flows: Mapping[tuple[int, int], NDArray[np.float64]]
) -> str:
    """Say what the runner-up would change for the segments; empty when that is not known.

    Examples
    --------
    >>> flow = {(1, 2): np.array([[60.0, 40.0]])}
    >>> changes(2, 1, flow)
    'With 1 segment instead of 2, segments 1 and 2 would be one.'
    >>> flow = {(2, 3): np.array([[60.0, 3.0, 0.0], [0.0, 0.0, 40.0]])}
    >>> changes(2, 3, flow)
    'With 3 segments instead of 2, segment 1 would fall into 2 (60 and few customers).'
    """
    if runner_up is None or chosen == runner_up:
        return ""
    low, high = sorted((chosen, runner_up))
    flow = flows.get((low, high))
    if flow is None:
        return ""
    parents = flow.argmax(axis=0)  # of each finer segment
    families = [np.flatnonzero(parents == coarse) + 1 for coarse in range(low)]
    moved = 1.0 - float(flow.max(axis=0).sum() / flow.sum())
    if runner_up < chosen:
        parts = [
            f"segments {_listed([str(j) for j in family])} would be one"
            for family in families
            if len(family) > 1
        ]
    else:
        parts = [
            f"segment {coarse} would fall into {len(family)} "
            f"({_listed([told_count(round(flow[coarse - 1, j - 1])) for j in family])} customers)"
            for coarse, family in enumerate(families, start=1)
            if len(family) > 1
        ]
    told = "; ".join(parts) or "the segments would be drawn anew"
    plural = "" if runner_up == 1 else "s"
    rest = (
        f", and {plain_share(moved, 0)} of the customers would change company"
        if moved > 0.02
        else ""
    )
    return f"With {runner_up} segment{plural} instead of {chosen}, {told}{rest}."


def between(cases: Cases, chosen: int, runner_up: int | None) -> tuple[str, ...]:
    """Name the numbers between the recommended one and the runner-up that do not hold."""
    if runner_up is None or chosen not in cases or runner_up not in cases:
        return ()
    low, high = sorted((chosen, runner_up))
    loose = [k for k in range(low + 1, high) if k in cases and not cases[k].found_again]
    if not loose or not cases[runner_up].found_again:
        return ()
    told = _listed([f"k = {k} ({plain_share(cases[k].score('recovered'), 0)})" for k in loose])
    return (
        f"Between {low} and {high}, {told} {'is' if len(loose) == 1 else 'are'} unstable: in so "
        "few of the new samples is the least steady segment found again.",
    )


def limits_said(settings: Settings, favoured: int, chosen: int, *, fits: bool) -> str:
    """Say what the user's limits did to the recommendation; empty when nothing."""
    if not fits:
        return "No number of segments keeps within the limits that were set; they are not applied."
    if favoured == chosen:
        return ""
    low, high = settings.k
    asked = [f"{low} to {high} segments" if high > low else f"{low} segments"]
    if settings.smallest > 0:
        asked.append(f"no segment below {set_share(settings.smallest)} of the customers")
    return (
        f"The limits that were set ({', '.join(asked)}) rule out k = {favoured}, which the "
        "evidence alone favours."
    )


def _listed(items: Sequence[str]) -> str:
    if len(items) <= 1:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def _es(items: Sequence[object]) -> str:
    return "es" if len(items) == 1 else ""
