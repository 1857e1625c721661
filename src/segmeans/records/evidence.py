"""What the search and the verdict rest on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Structure = Literal["natural", "reproducible", "constructive", "none"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """How well the search for the best k-means solution is proven.

    ``chance_better`` estimates the chance that one more start ends in a better solution: the
    Good-Turing chance of a solution not seen before, spread over the ranks that it may take among
    the solutions seen (divided by their number + 1). ``gap`` is the relative
    excess inertia of the best different solution, ``ari_next`` its adjusted Rand index with the
    best one; both are None when only one solution was ever seen.
    """

    k: int
    starts: int
    hits: int  # independent starts that ended in the best solution
    distinct: int  # different solutions seen
    gap: float | None
    ari_next: float | None
    chance_better: float
    full_passes: int  # passes over all rows
    converged: bool
    certified: bool
    reason: str  # plain sentence: why certified, or what is missing


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """One measured quantity with its doubt: spread, sample and place among null data."""

    value: float
    low: float | None = None  # interval or spread, where there is one
    high: float | None = None
    error: float | None = None  # standard error
    place: float | None = None  # share of null data sets that score worse, 0 to 1
    how: str = ""  # "exact", "simplified", "sample of 20,000" ...


@dataclass(frozen=True, kw_only=True, slots=True)
class KRow:
    """The evidence for one number of clusters: one row of the k table."""

    k: int
    inertia: float
    explained: float  # 1 - inertia / inertia at k = 1
    sizes: tuple[int, ...]  # rows per cluster, in the order of the segments
    silhouette: float | None = None  # None at k = 1
    calinski_harabasz: float | None = None
    davies_bouldin: float | None = None
    certificate: Certificate | None = None
    scores: dict[str, Score] = field(default_factory=dict)  # gap, stability ... by name
    cluster_scores: dict[str, tuple[Score, ...]] = field(default_factory=dict)  # per cluster
    moves: tuple[tuple[float, ...], ...] = ()
    """Share of each cluster's customers (rows) that are in each (columns) over the resamples."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The recommended number of segments and how sure that is."""

    recommended_k: int
    structure: Structure
    reasons: tuple[str, ...]  # plain sentences built from the numbers
    runner_up: int | None = None
    near_ties: tuple[int, ...] = ()  # k about as good, or as good within the error of measurement
    sure: Literal["high", "moderate", "low"] = "low"
    weak_link: Literal["none", "search", "sampling", "structure"] = "none"
    what_changes: str = ""  # what the runner-up would mean for the business
    elbow: int | None = None  # None: no clear elbow
    elbow_range: tuple[int, int] | None = None  # k from which to which the bend was looked for
    elbow_others: tuple[int, ...] = ()  # where shorter ranges put it
    single_rules: dict[str, int] = field(default_factory=dict)  # what each rule alone would say
    also: tuple[int, ...] = ()  # other k that pass the same criteria, but stand out clearly less
    limits: str = ""  # limits the user set, kept apart from the evidence


@dataclass(frozen=True, kw_only=True, slots=True)
class Variation:
    """What becomes of the recommended segments under another choice of the analyst."""

    kind: Literal["preparation", "feature", "method"]
    what: str  # "scale: robust", "without Age", "k-medoids" ...
    agreement: float  # adjusted Rand with the recommended solution
    segment: int  # the segment that changes most
    kept: float  # its Jaccard index with the most similar one


@dataclass(frozen=True, kw_only=True, slots=True)
class Strand:
    """Customers of one segment who are in one cluster at k and in one at k + 1."""

    k: int
    origin: int  # cluster at k, from 1, in the order of the sizes of its row in the k table
    target: int  # cluster at k + 1
    segment: int  # of the solution that is shown
    customers: int  # of a sample: scaled to all
