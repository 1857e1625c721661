"""What the segments are: profiles, how to recognise members, how attractive they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from segmeans.records.data import Use


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
    border_with: int | None = None  # the segment to which most of these are so close


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
