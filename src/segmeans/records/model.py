"""A model, what it has scored, and audiences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from segmeans.records.data import Finding, PreparationState, SourceInfo


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
