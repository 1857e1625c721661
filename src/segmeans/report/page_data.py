"""What a report says, as frozen records: between the study and the templates.

Every text is plain (one line, no control characters) but not escaped: the templates do that.
Nothing here is about a single customer, and what only few customers share is not told.
"""

from __future__ import annotations

from dataclasses import dataclass

from segmeans.report.tables import TextTable


@dataclass(frozen=True, kw_only=True, slots=True)
class Badge:
    """The number of a segment on its colour."""

    number: int
    name: str
    colour: str
    ink: str  # of the number on the colour
    hollow: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A share of 1 as a bar with its words."""

    label: str
    share: float
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """A segment at a glance."""

    badge: Badge
    size: str
    who: tuple[str, ...]  # one line per difference
    like: str  # what it is not different on; empty without such a feature
    bars: tuple[Bar, ...]
    border: str  # how many stand at a border, and with whom; empty where nothing is said
    trust: str
    doubtful: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatCell:
    """One number of the comparison with everyone."""

    text: str
    tone: str  # "h3" ... "h1", "" or "l1" ... "l3"
    sign: str  # what the tone says in words; empty for an ordinary value


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatRow:
    """One feature, or one level of a category, in every segment."""

    feature: str
    level: str
    describes: bool  # it did not form the segments
    everyone: str
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Heat:
    """Every segment against everyone."""

    badges: tuple[Badge, ...]
    rows: tuple[HeatRow, ...]
    left_out: int  # rows that differ less and are not shown


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionCard:
    """One thing to do."""

    title: str
    do: str
    because: str
    channel: str
    kpi: str
    trial: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SegmentActions:
    """What to do with one segment."""

    badge: Badge
    caution: str
    actions: tuple[ActionCard, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One answer of the typing tool, and the answers to the next question."""

    answer: str
    badge: Badge | None  # of the segment, where the questions end here
    share: str  # of all customers
    below: tuple[Question, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Typing:
    """A few questions that recognise a member."""

    title: str
    told: str
    questions: tuple[Question, ...]
    accuracy: Table


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetCell:
    """Whether a segment passes one criterion, and why."""

    sign: str  # "✓", "✗" or "?"
    word: str  # the sign in words
    told: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetRow:
    """One segment as a target."""

    badge: Badge
    cells: tuple[TargetCell, ...]
    standing: str
    score: Bar | None  # None for a segment that is knocked out
    range: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Targeting:
    """Which segments to serve."""

    told: str
    criteria: tuple[str, ...]
    rows: tuple[TargetRow, ...]
    weights: str
    sentences: tuple[str, ...]
    asks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A point of a chart, in units of its picture."""

    x: float
    y: float
    label: str
    value: str
    chosen: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """A line over the number of segments."""

    title: str
    caption: str
    marks: tuple[Mark, ...]
    labelled: tuple[int, ...]  # places in ``marks`` whose value is written beside them
    band: tuple[Mark, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table with its caption."""

    caption: str
    content: TextTable


@dataclass(frozen=True, kw_only=True, slots=True)
class GridCell:
    """One cell of the grid of recency and frequency."""

    name: str
    customers: str
    each: str  # mean revenue; empty without amounts, and for few customers
    tone: int  # 0 for nobody to 4 for the fullest


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """Customers by recency (rows, the best first) and frequency (columns, the worst first)."""

    columns: tuple[int, ...]
    rows: tuple[tuple[int, tuple[GridCell, ...]], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Orders:
    """What an order log says beyond its segments."""

    facts: tuple[str, ...]
    value: Table | None
    grid: Grid
    names: Table
    sentences: tuple[str, ...]  # RFM against segments, the look ahead
    funnel: Table


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A figure that is part of the page."""

    source: str  # a data URI
    alt: str
    caption: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Moves:
    """Who moved from where to where since earlier periods."""

    title: str
    told: tuple[str, ...]
    pictures: tuple[Picture, ...]
    tables: tuple[Table, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Everything an analyst asks for."""

    reasons: tuple[str, ...]
    charts: tuple[Chart, ...]
    k_table: Table
    certificate: str
    stability: Table | None
    scores: Table | None
    others: Table | None  # tests of the columns that did not form the segments
    findings: tuple[tuple[str, str], ...]  # level, sentence
    preparation: Table
    roles: Table
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportData:
    """A whole report."""

    title: str
    source: str
    headline: str
    structure: str
    sure: str
    unscored: tuple[str, ...]
    cards: tuple[Card, ...]
    heat: Heat | None
    actions: tuple[SegmentActions, ...]
    silent: tuple[str, ...]
    typing: tuple[Typing, ...]
    targeting: Targeting | None
    orders: Orders | None
    evidence: Evidence
    moves: Moves | None = None
