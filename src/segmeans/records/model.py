"""A model, what it has scored, and audiences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from segmeans.records.data import Finding, FunnelStep, PreparationState, SourceInfo


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
class ModelRfmName:
    """A name of RFM cells, as in the named table of the day of training."""

    name: str
    standing: int  # the best is the highest
    state: Literal["active", "fading", "lapsed"]
    meaning: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelRfmRule:
    """A box of RFM cells that bears a name; the ends belong to it."""

    name: str
    recency: tuple[int, int]
    frequency: tuple[int, int]
    monetary: tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelRfm:
    """The RFM scale of the day of training, to score later customers on.

    Scores run from 1 to ``bins``. Independent binning has one tuple of ``bins - 1`` cut points
    each; nested binning has one of frequency per recency score, and one of money per recency and
    frequency score. ``monetary`` is empty for orders without amounts.
    """

    bins: int
    binning: Literal["independent", "nested"]
    closed: Literal["right", "left"]  # right: a value equal to a cut point belongs below it
    recency: tuple[tuple[float, ...], ...]  # days
    frequency: tuple[tuple[float, ...], ...]  # orders
    monetary: tuple[tuple[float, ...], ...]  # money
    names: tuple[ModelRfmName, ...]  # the highest standing first
    rules: tuple[ModelRfmRule, ...]  # the first that covers a cell names it


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelOrders:
    """How the customers of a model were made from an order log, to make later ones alike."""

    columns: dict[str, str]  # meaning -> column of the log
    forms: dict[str, str]  # column -> how its text was read
    groups: tuple[str, ...]  # product groups whose shares are features
    order_rule: Literal["id", "moment", "day", "line"]  # what one order is
    duplicates: Literal["keep", "drop"]
    returns: Literal["drop", "net"]
    zero_amounts: Literal["auto", "keep", "drop"]
    currency: str | None  # the one that counted; None where the log names none
    time_zone: str | None
    as_of: str  # the day on which customers were looked at, as 2024-12-31
    rfm: ModelRfm


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
    # since schema 4
    orders: ModelOrders | None = None  # None: not trained on an order log


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
class OrdersScored:
    """How an order log became the customers that were scored."""

    columns: dict[str, str]  # meaning -> column of the log
    order_rule: str
    as_of: date
    trained_as_of: str  # that day of the training
    funnel: tuple[FunnelStep, ...]
    rfm: bool  # whether customers have RFM scores on the cut points of the training


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
    orders: OrdersScored | None = None  # None: the source had a row per customer


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
    orders: OrdersScored | None = None  # None: the source had a row per customer
