"""A whole study, in full and in short, and two of them compared."""

from __future__ import annotations

from dataclasses import dataclass, field

from segmeans.records.data import ColumnRole, Finding, Funnel, PreparationState, SourceInfo
from segmeans.records.evidence import KRow, Strand, Variation, Verdict
from segmeans.records.meaning import ProfileRow, Segment, TargetingRecord, TypingRecord


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
