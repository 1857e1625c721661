"""The part of a report that says which segments to serve."""

from __future__ import annotations

from segmeans.plain import FEW, plain_number, plain_share
from segmeans.records import KnockOut, StudyRecord, Target, TargetingRecord
from segmeans.report.page_data import Bar, TargetCell, Targeting, TargetRow
from segmeans.report.page_parts import badge
from segmeans.segments.targeting import said_turn, standing
from segmeans.segments.targeting_plan import KNOCK_OUTS
from segmeans.segments.words import plain_text

SIGNS = {True: ("✓", "passes"), False: ("✗", "fails"), None: ("?", "not answered")}
STANDINGS = {
    "in": "passes all six",
    "open": "open until answered",
    "out": "knocked out",
}


def targeting(record: StudyRecord) -> Targeting | None:
    """Return every segment as a target; None for one single segment.

    Parameters
    ----------
    record : StudyRecord
    """
    found = record.targeting
    if found is None:
        return None
    names = {segment.number: plain_text(segment.name) for segment in record.segments}
    return Targeting(
        told=_told(found),
        criteria=KNOCK_OUTS,
        rows=tuple(_row(record, target) for target in found.segments),
        weights=_weights(found),
        sentences=sentences(found, names),
        asks=found.asks,
    )


def _told(found: TargetingRecord) -> str:
    count = {word: sum(standing(one) == word for one in found.segments) for word in STANDINGS}
    said = {
        "in": ("passes all six criteria", "pass all six criteria"),
        "open": ("is open until answered", "are open until answered"),
        "out": ("is knocked out", "are knocked out"),
    }
    parts = [f"{number} {said[word][number > 1]}" for word, number in count.items() if number]
    whole = len(found.segments)
    *others, last = parts
    first = f"Of {whole} segments, {', '.join(others)} and {last}"
    if len(parts) == 1 and whole > 1:
        first = f"{'Both' if whole == 2 else 'All'} segments{parts[0].removeprefix(str(whole))}"
    return (
        f"{first}. A segment that fails one criterion "
        "is out, whatever it is worth; how attractive the others are is a weighted mean of "
        "ratings up to 10."
    )


def _row(record: StudyRecord, target: Target) -> TargetRow:
    segment = record.segments[target.segment - 1]
    few = segment.size < FEW
    score = None
    ranged = ""
    if target.attractive is not None:
        score = Bar(label="of 10", share=target.attractive / 10, text=f"{target.attractive:.1f}")
        ranged = f"{target.low:.1f} to {target.high:.1f} with other weights"
    return TargetRow(
        badge=badge(segment),
        cells=tuple(_cell(one, hidden=few) for one in target.criteria),
        standing=STANDINGS[standing(target)],
        score=score,
        range=ranged,
    )


def _cell(one: KnockOut, *, hidden: bool) -> TargetCell:
    sign, word = SIGNS[one.passes]
    told = f"Not told: fewer than {FEW} customers." if hidden and one.by == "data" else one.told
    return TargetCell(sign=sign, word=word, told=plain_text(told))


def _weights(found: TargetingRecord) -> str:
    if not found.weights:
        return ""
    listed = ", ".join(
        f"{plain_text(name)} {plain_number(weight)}" for name, weight in found.weights.items()
    )
    source = "" if found.plan else ", all equal until you weigh them"
    return (
        f"Weights: {listed}{source}. The range is that of 2,000 other sets of weights, each "
        "up to twice as large or half as large (5 to 95 %)."
    )


def sentences(found: TargetingRecord, names: dict[int, str]) -> tuple[str, ...]:
    """Say which segment leads and what would change that.

    Parameters
    ----------
    found : TargetingRecord
    names : dict of int to str
        Of the segments, by number.

    Returns
    -------
    tuple of str
        Empty where fewer than two segments are left.
    """
    rated = [one for one in found.segments if one.attractive is not None]
    if len(rated) < 2:
        return ()
    best = max(rated, key=lambda one: one.attractive or 0.0)
    lead = (
        f"“{names[best.segment]}” is the most attractive one on these criteria, and under "
        f"{'all' if best.first == 1 else plain_share(best.first) + ' of the'} other weights."
    )
    return (lead, *(said_turn(turn, names) for turn in found.turns))
