"""What the data hold: findings, columns, sources, preparation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Level = Literal["note", "warning", "problem"]
Role = Literal["id", "number", "category", "date", "text", "personal", "constant", "unusable"]
Use = Literal["id", "feature", "describe", "ignore"]


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
class Funnel:
    """Rows of the source accounted for, one by one."""

    rows: int
    assigned: int
    unscored: dict[str, int] = field(default_factory=dict)  # reason -> rows


@dataclass(frozen=True, kw_only=True, slots=True)
class FunnelStep:
    """One step of the funnel and what is left after it.

    Parameters
    ----------
    name : str
        For example "cancelled"; the first step is "all lines".
    rule : str
        What leaves at this step, as a sentence.
    left_out : int
        Lines that leave here.
    lines, customers, orders : int
        What is left: lines, different customers, and orders by the rule of the log.
    revenue : float or None
        Sum of the amounts that are left, cancellations and returns counted negative; None for a
        log without amounts.
    """

    name: str
    rule: str
    left_out: int
    lines: int
    customers: int
    orders: int
    revenue: float | None
