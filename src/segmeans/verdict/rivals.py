"""What single rules of the literature would say, each by itself, of the same k table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from segmeans.clustering.elbow import elbow
from segmeans.clustering.gap import Gap, first_se_max, tibshirani_rule
from segmeans.records import KRow

STRENGTH = 0.8  # prediction strength that counts (Tibshirani & Walther 2005)

Rule = Callable[[Sequence[KRow]], int | None]


def _highest(value: Callable[[KRow], float | None]) -> Rule:
    def rule(rows: Sequence[KRow]) -> int | None:
        known = [(row.k, found) for row in rows if (found := value(row)) is not None]
        return max(known, key=lambda pair: pair[1])[0] if known else None

    return rule


def _gaps(rows: Sequence[KRow]) -> list[Gap]:
    found = [row.scores["gap"] for row in rows]
    return [Gap(score.value, score.error or 0.0) for score in found]


def _gap(choose: Callable[[Sequence[int], Sequence[Gap]], int]) -> Rule:
    def rule(rows: Sequence[KRow]) -> int | None:
        ks = [row.k for row in rows]
        whole = all("gap" in row.scores for row in rows) and bool(np.all(np.diff(ks) == 1))
        return choose(ks, _gaps(rows)) if rows and whole else None

    return rule


def _strength(rows: Sequence[KRow]) -> int | None:
    known = [row for row in rows if "prediction_strength" in row.scores]
    strong = [row.k for row in known if row.scores["prediction_strength"].value >= STRENGTH]
    return max(strong, default=1) if known else None


def _elbow(rows: Sequence[KRow]) -> int | None:
    return elbow([row.k for row in rows], [row.inertia for row in rows]).k


RULES: dict[str, Rule] = {
    "silhouette": _highest(lambda row: row.silhouette),
    "elbow": _elbow,
    "gap (Tibshirani)": _gap(tibshirani_rule),
    "gap (first SE max)": _gap(first_se_max),
    "prediction strength": _strength,
    "Calinski-Harabasz": _highest(lambda row: row.calinski_harabasz),
}
"""Rules by name; each takes the k table, ascending in k, and returns a k or None."""


def rivals(rows: Sequence[KRow]) -> dict[str, int]:
    """Return what each rule says, without those that cannot say anything.

    Examples
    --------
    >>> rows = [
    ...     KRow(k=k, inertia=8 / k, explained=0, sizes=(), silhouette=s)
    ...     for k, s in ((1, None), (2, 0.3), (3, 0.5), (4, 0.4))
    ... ]
    >>> rivals(rows)
    {'silhouette': 3, 'elbow': 2}
    """
    said = ((name, rule(rows)) for name, rule in RULES.items())
    return {name: k for name, k in said if k is not None}
