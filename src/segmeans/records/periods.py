"""The next period: drift, movement, segments found again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from segmeans.records.model import ScoredRecord


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureDrift:
    """How the values of a feature have moved since the day of training."""

    column: str
    psi: float  # population stability index over the bins of that day
    effect: float  # Cramer's V between the two days, 0 to 1
    p: float  # of the chi-squared test, adjusted for the number of features
    missing_then: float
    missing_now: float
    unseen: float | None  # share of values of no level that day; None for numbers
    drift: Literal["none", "slight", "strong"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RefreshRecord:
    """Whether a model still fits the customers of another day."""

    scored: ScoredRecord
    drift: tuple[FeatureDrift, ...]  # in the order of the features
    sizes_psi: float  # of the sizes of the segments
    sizes_p: float
    unlike_share: float
    unlike_expected: float  # that share if nothing had changed
    unlike_p: float  # of so many or more, if customers were as on the day of training
    spread_ratio: float  # mean squared distance from the own centre, now over then
    advice: Literal["keep", "refit", "rethink"]
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """Customers who were in one segment and are in another one now."""

    origin: str
    target: str
    customers: int
    share: float  # of those who were in the origin and are still there
    back: int  # how many went the other way
    p: float  # of so uneven an exchange by noise alone, adjusted for the number of pairs
    beyond_noise: bool
    displaced: float = 0.0  # customers, one way or the other, that fitting anew alone moves


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What happened between two periods."""

    before: str
    after: str
    origins: tuple[str, ...]  # segments of the first period, the rows of ``counts``
    targets: tuple[str, ...]  # segments of the second period, its columns
    counts: tuple[tuple[int, ...], ...]  # customers of both periods
    joined: tuple[int, ...]  # by target
    left: tuple[int, ...]  # by origin
    flows: tuple[Flow, ...]  # of all pairs that differ, the largest first
    moved_share: float  # of the customers of both periods
    shares: tuple[tuple[float, ...], ...]  # the counts as shares of their row
    # what the same customers are worth in the later period, of those who left in the earlier one
    value: str | None = None  # the column; None when nothing was said of it
    values: tuple[tuple[float, ...], ...] = ()  # in the places of the counts
    joined_values: tuple[float, ...] = ()
    left_values: tuple[float, ...] = ()
    noise_share: float | None = None  # of the customers of both, moved as noise moves them
    refitted: bool = False  # whether another model put them into the segments of the later period
    displaced_known: bool = True  # False: fitted anew by a study without resamples


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackRecord:
    """Who moved from where to where, over two or more periods."""

    periods: tuple[str, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptSegment:
    """A segment that a new fit has found again."""

    id: str
    name: str
    overlap: float  # customers of both over customers of either, 0 to 1
    then: float  # its share on the day of the first training
    now: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RefitRecord:
    """What has become of the segments of a model in a new fit."""

    kept: tuple[KeptSegment, ...]
    retired: tuple[str, ...]  # names of segments that are no more
    added: tuple[str, ...]  # names of segments that are new
    # which start the solution came from: the old centres, nothing, or both alike
    start: Literal["untried", "same", "warm", "cold"] = "untried"
    cold_inertia: float | None = None
    warm_inertia: float | None = None
