"""Findings that save people: what makes segments look better, or other, than they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segmeans.clustering.coreset import Points
from segmeans.clustering.kernels import Floats
from segmeans.plain import plain_share, set_share
from segmeans.records import Finding, Level, PreparationState, ProfileRow
from segmeans.verdict.influence import (
    Influence,
    Solved,
    influences,
    shares_between,
    single_start_rate,
    solved,
    twins,
)

ONE_CATEGORY = 0.95  # share of a segment from which on it is one category
COMMON = 0.9  # unless so many of all customers are of it
TINY = 0.02  # share of the customers
FEW = 0.05  # customers that ...
MOST = 0.5  # ... make so much of the variance between segments are outliers
EVERYTHING, NOTHING = 0.9, 0.01  # share of the variance between segments
NOT_NEEDED = 0.95  # agreement without a feature from which on it changes nothing
ALIKE = 0.95  # correlation
PER_FEATURE = 70  # customers, as Dolnicar, Gruen & Leisch (2014) recommend
FAR_TOO_FEW = 10  # customers per feature
LUCKY = 0.5  # how often a single start should find the solution


def cautions(
    held: Points,
    centres: Floats,
    state: PreparationState,
    described: Sequence[ProfileRow],
    customers: int,
    *,
    seed: int = 0,
) -> tuple[Finding, ...]:
    """Look for what misleads in one solution.

    Parameters
    ----------
    held : Points
        The points that stand for the customers, from the evidence.
    centres : ndarray of shape (k, p)
        The solution in prepared units, in the order of the segments.
    state : PreparationState
    described : sequence of ProfileRow
        The profile of the segments.
    customers : int
        Customers that were segmented.
    seed : int, default=0

    Returns
    -------
    tuple of Finding
    """
    found = too_few(customers, len(state.features))
    if len(centres) > 1:
        solution = solved(held, centres, state, seed)
        sizes = np.bincount(solution.labels, solution.weights, len(centres))
        found += one_category(described)
        found += outliers(sizes / sizes.sum(), shares_between(solution), customers)
        found += tiny(sizes / sizes.sum())
        found += deciding(influences(solution, seed))
        found += alike(solution)
        found += hard_to_find(solution, seed)
    return tuple(found)


def too_few(customers: int, features: int) -> list[Finding]:
    """Tell that there are few customers for so many features."""
    if customers >= PER_FEATURE * features:
        return []
    level: Level = "warning" if customers < FAR_TOO_FEW * features else "note"
    return [
        Finding(
            level=level,
            code="few-customers",
            where="rows",
            evidence=f"{customers:,} customers for {features} features; {PER_FEATURE} per feature "
            f"({PER_FEATURE * features:,}) are recommended (Dolnicar, Gruen & Leisch 2014).",
            advice="Choose fewer features, the ones that matter for the decision.",
        )
    ]


def one_category(described: Sequence[ProfileRow]) -> list[Finding]:
    """Tell which segments are one level of a category that formed them."""
    pure: dict[str, list[str]] = {}
    for row in described:
        if row.role != "feature" or row.share is None:
            continue
        if row.share >= ONE_CATEGORY and row.everyone < COMMON:
            pure.setdefault(row.feature, []).append(
                f"segment {row.segment} is {plain_share(row.share, 0)} {row.level}"
            )
    segments = {row.segment for row in described if row.segment > 0}
    return [
        Finding(
            level="problem" if len(told) >= len(segments) else "warning",
            code="one-category-segment",
            where=feature,
            evidence=f"{'; '.join(told)}. The category cuts the customers, whatever else they do.",
            advice=f"Leave {feature} out of the features and look at it with 'describe', or give "
            "it less weight.",
        )
        for feature, told in pure.items()
    ]


def outliers(share: Floats, between: Floats, customers: int) -> list[Finding]:
    """Tell that a few customers make most of the difference between the segments."""
    order = np.argsort(share, kind="stable")
    reached = np.cumsum(share[order]) <= FEW
    few = order[reached]
    weight = float(between[few].sum())
    if not len(few) or weight < MOST:
        return []
    head = round(float(share[few].sum()) * customers)
    which = ", ".join(str(int(j) + 1) for j in sorted(few))
    return [
        Finding(
            level="problem",
            code="outlier-segments",
            where=f"segment {which}",
            evidence=f"{head:,} of {customers:,} customers make {plain_share(weight, 0)} of the "
            "difference between the segments: outliers, not a market. A high silhouette means "
            "nothing here.",
            advice="Use a log transform or cap extreme values, or study these customers by "
            "themselves and leave them out.",
        )
    ]


def tiny(share: Floats) -> list[Finding]:
    """Tell which segments are very small."""
    small = [
        f"segment {j + 1} ({plain_share(part)})" for j, part in enumerate(share) if part < TINY
    ]
    if not small:
        return []
    return [
        Finding(
            level="warning",
            code="tiny-segment",
            where="segments",
            evidence=f"Under {set_share(TINY)} of the customers: {', '.join(small)}.",
            advice="Check whether so small a segment is worth a plan of its own; 'smallest' "
            "rules such solutions out.",
        )
    ]


def deciding(found: Sequence[Influence]) -> list[Finding]:
    """Tell which feature decides everything, and which nothing."""
    if len(found) < 2:
        return []
    told = []
    for each in found:
        if each.share >= EVERYTHING:
            told.append(
                Finding(
                    level="warning",
                    code="feature-decides-all",
                    where=each.feature,
                    evidence=f"{plain_share(each.share, 0)} of the variance between the segments "
                    f"is this feature's; without it the segments agree by {each.agreement:.2f} "
                    "(adjusted Rand).",
                    advice="Check its scale and weight, or accept that it is the segmentation.",
                )
            )
        elif each.share <= NOTHING and each.agreement >= NOT_NEEDED:
            told.append(
                Finding(
                    level="note",
                    code="feature-decides-nothing",
                    where=each.feature,
                    evidence=f"{plain_share(each.share)} of the variance between the segments is "
                    f"this feature's; without it the segments stay the same "
                    f"({each.agreement:.2f}, adjusted Rand).",
                    advice="Leave it out or use it with 'describe'.",
                )
            )
    return told


def alike(solution: Solved) -> list[Finding]:
    """Tell which features say the same twice."""
    return [
        Finding(
            level="warning",
            code="features-alike",
            where=f"{first}, {second}",
            evidence=f"Correlation {correlation:.2f}: the two say nearly the same, and so count "
            "twice.",
            advice="Keep one of them, or give each half the weight.",
        )
        for first, second, correlation in twins(solution, ALIKE)
    ]


def hard_to_find(solution: Solved, seed: int = 0) -> list[Finding]:
    """Tell that a single start of k-means seldom finds this solution."""
    rate = single_start_rate(solution, seed)
    if rate >= LUCKY:
        return []
    return [
        Finding(
            level="note",
            code="hard-to-find",
            where="search",
            evidence="A single k-means++ start finds a solution this good in "
            f"{plain_share(rate, 0)} of 50 tries. Analyses with few starts will report other "
            "segments, and a lower stability, of the same data.",
            advice="Compare inertias before comparing segments with those of other software.",
        )
    ]
