"""The nouns that travel between rooms: small frozen records that survive JSON. No logic.

A record holds only what JSON can hold (text, numbers, booleans, None, tuples and dictionaries of
them, other records), so that ``dataclasses.asdict`` and back loses nothing. Arrays never live here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Level = Literal["note", "warning", "problem"]
Role = Literal["id", "number", "category", "date", "text", "personal", "constant", "unusable"]
Use = Literal["id", "feature", "describe", "ignore"]
Structure = Literal["natural", "reproducible", "constructive", "none"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something odd that a person should know, with what to do about it.

    Parameters
    ----------
    level : {"note", "warning", "problem"}
        A note is worth knowing, a warning may mislead, a problem has changed the result.
    code : str
        A stable kebab-case name, for example ``"duplicate-ids"``.
    where : str
        The column, segment or step concerned.
    evidence : str
        What was seen, with its numbers, as a sentence.
    advice : str
        What to do, as a sentence.
    """

    level: Level
    code: str
    where: str
    evidence: str
    advice: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnRole:
    """What a column is, why we think so, and what it is used for."""

    name: str
    type: str  # the engine's type as read, for example "VARCHAR", "DOUBLE"
    role: Role
    use: Use
    reason: str  # why this role and this use, in plain words
    missing: int = 0  # rows without a value
    distinct: int = 0  # distinct values, exact or as good as the engine's estimate
    forced: bool = False  # the user chose the use


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceInfo:
    """Where the customers came from."""

    name: str  # path or URL as given, passwords removed
    kind: str  # "csv", "parquet", "json", "excel", "duckdb", "sqlite", "postgres", "dataframe"
    rows: int
    columns: int
    fingerprint: str  # SHA-256 of the bytes of the file or, without a file, of the rows
    details: dict[str, str] = field(default_factory=dict)  # separator, encoding, sheet ...


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureState:
    """How one column becomes prepared numbers: all that is needed to do it again.

    A number x becomes ``sqrt(weight) * (t(clip(fill(x), low, high)) - centre) / scale`` with the
    transform t; the caps are in the units of the column. A category becomes one 0/1 column per
    level of ``levels`` (a two-level category one column, for its second level), each times
    ``sqrt(weight) / scale`` after subtracting its centre.
    """

    column: str
    kind: Literal["number", "category", "date"]
    weight: float = 1.0
    missing_share: float = 0.0
    # numbers and dates (dates as days since 1970-01-01)
    fill: float | None = None  # stands in for a missing value
    transform: Literal["none", "log", "log1p", "yeo-johnson"] = "none"
    exponent: float | None = None  # lambda of Yeo-Johnson
    low: float | None = None  # values below are set to it
    high: float | None = None  # values above are set to it
    centre: float = 0.0
    scale: float = 1.0
    # categories
    levels: tuple[str, ...] = ()  # in order; pooled rare levels appear as ``pooled``
    pooled: tuple[str, ...] = ()  # rare levels that share the level OTHER
    centres: tuple[float, ...] = ()  # one per prepared column
    # what was measured, for people
    before: dict[str, float] = field(default_factory=dict)  # mean, std, skew, min, max ...
    after: dict[str, float] = field(default_factory=dict)
    note: str = ""  # why this transform and these caps
    # since schema 3
    form: str = ""  # how text was read: "day" first, "comma" ...; empty where nothing was unclear


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparationState:
    """The fitted preparation: small, readable, enough to prepare anyone again."""

    features: tuple[FeatureState, ...]
    scale: str
    missing: str
    max_missing: float  # rows with a larger share of missing features are not scored
    rows_used: int
    rows_set_aside: int


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Marker:
    """A feature that sets a segment apart."""

    feature: str
    level: str  # the category level, or "" for a number
    direction: Literal["high", "low"]
    effect: float  # standardised difference from everyone, in standard deviations
    segment: float  # the segment's mean or share, in the column's unit
    everyone: float
    kind: Literal["number", "category", "date"] = "number"  # a date in days since 1970-01-01


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileRow:
    """One feature of one segment, in the customer's units."""

    segment: int
    feature: str
    level: str  # the category level, or "" for a number
    mean: float | None  # mean of a number; None for a category
    median: float | None
    share: float | None  # share of the level; None for a number
    everyone: float  # mean or share over all customers
    difference: float  # segment minus everyone
    effect: float  # the difference in standard deviations over all customers
    missing: float  # share of the segment's customers without a value
    role: Use  # "feature", or "describe" when it did not form the segments
    kind: Literal["number", "category", "date"] = "number"  # a date in days since 1970-01-01
    known: int = 0  # customers of the segment with a value
    std: float | None = None  # of a number in its unit, divisor n - 1
    quartiles: tuple[float, float] | None = None  # of a number in its unit, lower and upper
    effect_low: float | None = None  # 95 % interval of the effect
    effect_high: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """One segment of the final solution."""

    number: int  # 1 is the largest
    id: str  # derived from the content: survives reordering
    name: str
    size: int
    share: float
    centre: dict[str, float | str]  # feature -> value in its own units
    markers: tuple[Marker, ...] = ()
    certainty: float = 0.0  # mean certainty of its customers, 0 to 1
    border: int = 0  # customers nearly as close to the centre of another segment


@dataclass(frozen=True, kw_only=True, slots=True)
class TypingNode:
    """One question of the typing tool, or one end of it, where nothing more is asked.

    A number or a date (as days since 1970-01-01) is asked whether it is at most ``threshold``, a
    category whether it is ``level``.
    """

    segment: int  # the most likely one of those who come here
    share: float  # of all customers, how many come here
    right: float  # of those who come here, how many belong to the segment
    feature: str = ""  # empty where nothing more is asked
    level: str = ""
    other: str = ""  # of a category with two levels, the other one
    kind: Literal["number", "category", "date"] = "number"
    threshold: float | None = None
    yes: int | None = None  # place of the next node, as for the two below
    no: int | None = None
    unknown: int | None = None  # where it goes on for who does not say


@dataclass(frozen=True, kw_only=True, slots=True)
class TypingDepth:
    """How good the typing tool is with so many questions, by cross-validation."""

    depth: int
    accuracy: float
    error: float  # standard error over the folds


@dataclass(frozen=True, kw_only=True, slots=True)
class TypingSegment:
    """How well the typing tool recognises one segment, by cross-validation."""

    segment: int
    found: float | None  # of its customers, how many are recognised
    right: float | None  # of those taken for its customers, how many are


@dataclass(frozen=True, kw_only=True, slots=True)
class TypingRecord:
    """A few questions that recognise a member of each segment."""

    asks: Literal["features", "descriptions"]  # columns that formed the segments, or the others
    customers: int  # learnt from and checked on
    folds: int
    depths: tuple[TypingDepth, ...]  # tried
    depth: int  # the least that is as good as the best, within one standard error
    accuracy: float  # share of customers recognised who were not learnt from
    error: float
    chance: float  # the same for who always says the largest segment
    segments: tuple[TypingSegment, ...]
    nodes: tuple[TypingNode, ...]  # the first question first


@dataclass(frozen=True, kw_only=True, slots=True)
class KnockOut:
    """Whether a segment passes one of the criteria that a target segment has to pass."""

    criterion: str
    passes: bool | None  # None: only the organisation can tell
    by: Literal["data", "you", ""]  # who has told
    told: str  # the numbers behind it, or the question


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """How suitable and how attractive one segment is."""

    segment: int
    criteria: tuple[KnockOut, ...]
    ratings: dict[str, float]  # criterion of attractiveness -> 0 to 10
    attractive: float | None  # weighted mean of the ratings; None when knocked out or not rated
    low: float | None = None  # the same for 5 and 95 % of other weights
    high: float | None = None
    first: float | None = None  # share of other weights under which it is the most attractive
    competitive: float | None = None  # rating of the organisation in it, 1 to 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """The weight at which another segment becomes the most attractive one."""

    criterion: str
    weight: float  # now
    turns: float  # at this weight, the others unchanged
    segment: int  # the one that takes over


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetingRecord:
    """Which segments to serve: six knock-out criteria, attractiveness, and how sure it is."""

    plan: str  # name of the file with the answers; empty without one
    limits: dict[str, float]
    weights: dict[str, float]
    segments: tuple[Target, ...]
    turns: tuple[Turn, ...]
    asks: tuple[str, ...]  # what is still to be answered


@dataclass(frozen=True, kw_only=True, slots=True)
class Funnel:
    """Rows of the source accounted for, one by one."""

    rows: int
    assigned: int
    unscored: dict[str, int] = field(default_factory=dict)  # reason -> rows


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyRecord:
    """Everything a study found, without the rows: what ``study.json`` holds."""

    schema: int
    versions: dict[str, str]
    engine: str  # which kernels ran
    seed: int
    settings: dict[str, object]  # as asked
    resolved: dict[str, object]  # as carried out
    source: SourceInfo
    funnel: Funnel
    findings: tuple[Finding, ...]
    roles: tuple[ColumnRole, ...]
    preparation: PreparationState
    recommended_k: int
    k: int
    k_table: tuple[KRow, ...]
    verdict: Verdict
    segments: tuple[Segment, ...]
    centres: tuple[tuple[float, ...], ...]  # in prepared units, in the order of the segments
    profile: tuple[ProfileRow, ...]
    robustness: tuple[Variation, ...] = ()  # on request
    typing: tuple[TypingRecord, ...] = ()  # by features; by descriptions where there are any
    contacts: dict[str, tuple[float, ...]] = field(default_factory=dict)  # share known, by segment
    targeting: TargetingRecord | None = None  # None for one segment
    strands: tuple[Strand, ...] = ()  # how clusters split and join from k to k + 1


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSegment:
    """What the model file knows of one segment."""

    number: int
    id: str
    name: str
    size: int  # customers on the day of training
    share: float
    # since schema 2
    spread: float | None = None  # root mean square distance of its customers from the centre
    distances: tuple[float, ...] = ()  # quantiles 0.5, 0.9, 0.99, 0.999 and 1 of the distances


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureSeen:
    """How the values of a feature were spread on the day of training, to compare later days with.

    A number or date has ``edges`` e1 < e2 < ... and the shares of the values up to e1, above e1
    and up to e2, ..., and above the last edge. A category has the shares of its levels, in order,
    and then of values of no level. Rows without a value count apart, in ``missing``.
    """

    column: str
    edges: tuple[float, ...]
    shares: tuple[float, ...]  # of the rows with a value, together 1
    missing: float  # share of the rows without a value


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelRecord:
    """All that is needed to say which segment anyone belongs to: what ``model.json`` holds."""

    kind: Literal["segmeans model"]
    schema: int
    versions: dict[str, str]
    fingerprint: str  # of the source it was trained on
    seed: int
    id_column: str | None
    preparation: PreparationState
    columns: tuple[str, ...]  # prepared columns, in the order of the centres
    centres: tuple[tuple[float, ...], ...]  # in prepared units
    segments: tuple[ModelSegment, ...]  # in the order of the centres
    # since schema 2
    certainty_cuts: tuple[float, ...] = ()  # below the first: border; from the second on: core
    seen: tuple[FeatureSeen, ...] = ()  # in the order of the features


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoredSegment:
    """How one segment of a model looks among customers that were scored with it."""

    number: int
    name: str
    size: int
    share: float  # of the scored customers
    then: float  # its share on the day of training
    spread: float | None  # root mean square distance from the centre; None for nobody


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoredRecord:
    """What came out of scoring a table with a model, without the rows."""

    source: SourceInfo
    id_column: str | None  # None: rows are numbered
    rows: int
    unscored: dict[str, int]  # reason -> rows
    border: int | None  # how many customers are less certain than nine in ten were at training
    unlike: int | None  # how many are unlike anyone seen; None for a model that cannot tell
    segments: tuple[ScoredSegment, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AudienceSegment:
    """The customers of one segment as they were written to files."""

    number: int
    id: str
    name: str
    customers: int  # of the segment, in the source
    without_id: int  # left out, as nobody can be held out without an id
    unreachable: int  # left out, as they have no e-mail address that can be hashed
    file: str
    written: int
    held_out_file: str | None
    held_out: int
    share: float | None  # of all hashes of ids below which a customer is held out
    asked: int | None  # customers that the test needs in each group
    smallest_lift: float | None  # that the two groups can show, by the smaller one


@dataclass(frozen=True, kw_only=True, slots=True)
class AudienceRecord:
    """Which customers were written where, and who was held out: what ``audience.json`` holds."""

    source: SourceInfo
    model: str  # fingerprint of the source that the model was trained on
    id_column: str | None
    fields: tuple[str, ...]
    hashed: str | None  # column of e-mail addresses, written as their SHA-256
    gmail: bool  # whether dots and what follows a plus were taken out of addresses at Gmail
    seed: int  # of the hash that holds out
    base: float | None  # share without the action, and what the action shall add
    lift: float | None
    rows: int
    unscored: dict[str, int]  # reason -> rows
    segments: tuple[AudienceSegment, ...]
    findings: tuple[Finding, ...]


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
    p: float  # of so uneven an exchange by chance, adjusted for the number of pairs
    beyond_noise: bool


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


@dataclass(frozen=True, kw_only=True, slots=True)
class StudySummary:
    """A study in a folder, in one line."""

    folder: str
    source: str
    customers: int
    k: int
    structure: str
    features: tuple[str, ...]
    seed: int
    version: str  # of segmeans
    segments: tuple[str, ...]  # names, the largest first


@dataclass(frozen=True, kw_only=True, slots=True)
class SamePair:
    """Two segments of two studies that are the same one."""

    first: str
    second: str
    overlap: float  # customers of both over customers of either, 0 to 1
    first_share: float
    second_share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class CompareRecord:
    """Two studies beside one another."""

    first: StudySummary
    second: StudySummary
    customers: int  # with a segment in both
    agreement: float | None  # adjusted Rand index; None when they share no customer
    same: tuple[SamePair, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    features_gone: tuple[str, ...]
    features_new: tuple[str, ...]
