"""What the criteria say of one number of segments, or of two compared.

The thresholds stand here and nowhere else; ``docs/verdict.md`` gives the reasons for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segmeans.records import KRow

FOUND_AGAIN = 0.85  # share of resamples in which every segment reappears
QUIET = 0.75  # how busy the borders may be, relative to tables without segments
PLACES = {"border": 0.9, "simplified_silhouette": 0.95}  # shares of those tables to beat
BUSIEST = 0.85  # how busy any one border may be, relative to the same tables
GAP_INSIDE = 0.9  # a border inside a segment below bell curves and surely below this: a gap
OUTDONE = 0.05  # silhouette, above null tables, by which one k must be clearer than another
CLEARLY = 2.0  # errors by which a silhouette must exceed that of tables without segments
NEARLY = 1.1  # times as busy as allowed is a matter of chance
TOGETHER = 3.0  # standard errors by which the columns hang together
SEARCHED = 0.9  # agreement of independent searches below which the search is the weak link


@dataclass(frozen=True)
class Case:
    """The criteria for one k of at least 2."""

    row: KRow

    @property
    def k(self) -> int:
        """The number of segments."""
        return self.row.k

    def score(self, name: str) -> float:
        """Return a score's value."""
        return self.row.scores[name].value

    @property
    def found_again(self) -> bool:
        """Whether every segment reappears in new samples."""
        return self.score("recovered") >= FOUND_AGAIN

    @property
    def nearly_found_again(self) -> bool:
        """Whether every segment reappears, or would within two errors of the count."""
        error = self.row.scores["recovered"].error or 0.0
        return self.score("recovered") + CLEARLY * error >= FOUND_AGAIN

    @property
    def quiet(self) -> float:
        """How busy the borders are, relative to the toughest tables without segments."""
        null = self.score("border_null")
        return self.score("border") / null if null > 0 else 1.0

    @property
    def busiest(self) -> float:
        """The busiest border of any segment."""
        return max(score.value for score in self.row.cluster_scores["border"])

    @property
    def set_apart(self) -> bool:
        """Whether gaps separate the segments, and more clearly than where there are none."""
        return self._set_apart(1.0)

    @property
    def nearly_set_apart(self) -> bool:
        """The same, with borders that may be a little busier."""
        return self._set_apart(NEARLY)

    def _set_apart(self, slack: float) -> bool:
        null = self.score("border_null")
        quiet = self.quiet <= slack * QUIET and self.busiest <= slack * BUSIEST * null
        return quiet and all(
            (self.row.scores[name].place or 0.0) >= least for name, least in PLACES.items()
        )

    @property
    def split_inside(self) -> tuple[int, ...]:
        """The segments that hide a clear gap inside, numbered from 1."""
        inner = self.row.cluster_scores["inner_border"]
        return tuple(
            number
            for number, score in enumerate(inner, start=1)
            if score.low is not None and score.value < score.low
            if score.high is not None and score.high < GAP_INSIDE
        )

    @property
    def togetherness(self) -> float:
        """By how many standard errors the clustering gains on shuffled columns."""
        score = self.row.scores["gap_permuted"]
        return score.value / score.error if score.error else 0.0

    @property
    def excess(self) -> float:
        """The silhouette above that of the toughest tables without segments."""
        return self.score("silhouette_excess")

    @property
    def excess_error(self) -> float:
        """The spread of that silhouette among those tables."""
        return self.row.scores["silhouette_excess"].error or 0.0

    @property
    def smallest_share(self) -> float:
        """The smallest segment's share of the customers."""
        return min(self.row.sizes) / sum(self.row.sizes)


Cases = Mapping[int, Case]


def naturals(cases: Cases, *, nearly: bool = False) -> tuple[int, ...]:
    """Return the k whose segments are found again, set apart and whole, ascending.

    With ``nearly``, those that miss it by less than the error of measurement as well.
    """
    return tuple(
        k
        for k, case in sorted(cases.items())
        if (case.nearly_found_again if nearly else case.found_again)
        and (case.nearly_set_apart if nearly else case.set_apart)
        and not case.split_inside
        and not outdone(cases, k)
    )


def outdone(cases: Cases, k: int) -> int | None:
    """Return a finer k, found again, whose silhouette stands out clearly more; None without one."""
    finer = (each for each in sorted(cases) if each > k and cases[each].found_again)
    return next((each for each in finer if _clearer(cases[each], cases[k])), None)


def _clearer(one: Case, other: Case) -> bool:
    """Whether the silhouette of one stands out clearly more than that of the other."""
    return one.excess - other.excess > max(OUTDONE, CLEARLY * _error(one, other))


def outshines(one: Case, other: Case) -> bool:
    """Whether the silhouette of one stands out more than that of the other by two errors."""
    return one.excess - other.excess > CLEARLY * _error(one, other)


def _error(one: Case, other: Case) -> float:
    return float(np.hypot(one.excess_error, other.excess_error))


def clearest(cases: Cases, ks: Sequence[int]) -> int | None:
    """Return the smallest k whose silhouette exceeds the null tables by as much as any.

    Within one error of the largest excess counts as much; None where no excess is clear.
    """
    equal = _as_clear_as_any(cases, ks)
    best = max((cases[k] for k in equal), key=lambda case: case.excess, default=None)
    clear = best is not None and best.excess > CLEARLY * best.excess_error
    return min(equal) if clear else None


def finest(cases: Cases, ks: Sequence[int]) -> int | None:
    """Return the largest k whose silhouette exceeds the null tables by as much as any.

    A cut where there is a gap raises it; one through a crowd lowers it, even where the cut happens
    to look quiet. None without any k.
    """
    return max(_as_clear_as_any(cases, ks), default=None)


def _as_clear_as_any(cases: Cases, ks: Sequence[int]) -> list[int]:
    """Return the k whose silhouette stands out as much as any, within one error."""
    best = max((cases[k] for k in ks), key=lambda case: case.excess, default=None)
    if best is None:
        return []
    return [k for k in ks if cases[k].excess >= best.excess - best.excess_error]
