"""The parts of a report that a marketer reads: segments, differences, actions."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from segmeans.plain import FEW, plain_date, plain_numbers, plain_share, told_share
from segmeans.records import ProfileRow, Segment, StudyRecord
from segmeans.report.look import look
from segmeans.report.page_data import (
    ActionCard,
    Badge,
    Bar,
    Card,
    Heat,
    HeatCell,
    HeatRow,
    SegmentActions,
)
from segmeans.segments.actions import (
    DOUBTFUL,
    HIGHLY,
    VALID,
    ActionsRecord,
    steadiness,
    trial_words,
)
from segmeans.segments.levels import (
    is_told_by_another,
    level_words,
    levels_of,
    row_said,
    told,
)
from segmeans.segments.markers import speaks
from segmeans.segments.value import SegmentValue
from segmeans.segments.words import feature_words, labels, plain_text, shorten
from segmeans.segments.worth import Worth
from segmeans.segments.worth import worth as spent

LONGEST_NAME = 80
SHOWN_ROWS = 40
DIFFERENCES = 3
NEAR = 0.2  # standard deviations below which a segment is like everyone
HIDDEN = f"fewer than {FEW}"


def badge(segment: Segment) -> Badge:
    """Return the number of a segment on its colour, and its name."""
    seen = look(segment.number)
    return Badge(
        number=segment.number,
        name=shorten(plain_text(segment.name), LONGEST_NAME),
        colour=seen.colour,
        ink=_readable_on(seen.colour),
        hollow=seen.hollow,
    )


def _readable_on(colour: str) -> str:
    """Return white or near black, whichever contrasts more (WCAG 2.2, relative luminance)."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if 1.05 / (light + 0.05) >= (light + 0.05) / 0.056 else "#10161c"


def cards(record: StudyRecord, value: Sequence[SegmentValue]) -> tuple[Card, ...]:
    """Return every segment at a glance.

    Parameters
    ----------
    record : StudyRecord
    value : sequence of SegmentValue
        Empty without amounts.
    """
    worth = {one.segment: one for one in value}
    money = None if value else spent(record)
    words, known = _words(record), _known_of_all(record)
    found = []
    for segment in record.segments:
        rows = [row for row in record.profile if row.segment == segment.number]
        few = segment.size < FEW
        trust, doubtful = _trust(record, segment)
        found.append(
            Card(
                badge=badge(segment),
                size=f"{HIDDEN} customers" if few else f"{segment.size:,} customers",
                who=(f"Not described: {HIDDEN} customers.",)
                if few
                else _who(rows, segment, words, known),
                like="" if few or record.k == 1 else _like(rows, words),
                bars=() if few else _bars(segment, worth.get(segment.number), money),
                border="" if few or record.k == 1 else _border(record, segment),
                trust=trust,
                doubtful=doubtful,
            )
        )
    return tuple(found)


def _words(record: StudyRecord) -> dict[str, str]:
    return feature_words(row.feature for row in record.profile)


def _known_of_all(record: StudyRecord) -> dict[str, int]:
    """Return how many customers have a value in each feature."""
    first = {(row.feature, row.segment): row for row in record.profile}
    sizes = {segment.number: segment.size for segment in record.segments}
    known: dict[str, int] = {}
    for (feature, segment), row in first.items():
        known[feature] = known.get(feature, 0) + _known(row, sizes[segment])
    return known


def _who(
    rows: Sequence[ProfileRow], segment: Segment, words: dict[str, str], known: dict[str, int]
) -> tuple[str, ...]:
    """Say the strongest differences, one per feature, in plain units."""
    said: dict[str, str] = {}
    levels = levels_of(rows)
    by_size = sorted(rows, key=lambda row: -abs(row.effect))
    for row in by_size:
        if abs(_clear(row)) < NEAR or len(said) == DIFFERENCES or row.feature in said:
            continue
        if row.level and is_told_by_another(row, levels[row.feature]):
            continue
        if 0 < _known(row, segment.size) < FEW or not speaks(row):
            continue
        here, everyone = _two(row, segment.size, known[row.feature])
        if row.level and not everyone.endswith("%"):
            continue  # of a level that few of all have, or lack, nothing can be compared
        side = "above" if _clear(row) > 0 else "below"
        name = row_said(row, words[row.feature], levels, here)
        said[row.feature] = f"{name}, {side} {everyone} for everyone"
    return tuple(said.values()) or ("Near everyone in every feature.",)


def _clear(row: ProfileRow) -> float:
    """Return the effect, or 0 where the plain means say the contrary.

    Effects are measured on the scale that formed the segments (capped, logarithmic), where a few
    very large customers do not pull the mean of everyone up; a reader sees plain means alone.
    """
    return row.effect if row.effect * row.difference > 0 else 0.0


def _two(row: ProfileRow, size: int, known: int) -> tuple[str, str]:
    if row.kind == "category":
        here = told_share(row.share, _known(row, size))
        return here if here.endswith("%") else f"for {here}", told_share(row.everyone, known)
    if row.kind == "date":
        return plain_date(row.mean), plain_date(row.everyone)
    here, everyone = plain_numbers([row.mean, row.everyone])
    return here, everyone


def _known(row: ProfileRow, size: int) -> int:
    """Return how many customers of a segment have a value."""
    return row.known or round(size * (1 - row.missing))


def _like(rows: Sequence[ProfileRow], words: dict[str, str]) -> str:
    """Name the features in which a segment is like everyone."""
    strongest: dict[str, float] = {}
    for row in filter(speaks, rows):
        strongest[row.feature] = max(strongest.get(row.feature, 0.0), abs(row.effect))
    near = [words[name] for name, effect in strongest.items() if effect < NEAR]
    more = f" and {len(near) - 5} more" if len(near) > 5 else ""
    return ", ".join(near[:5]) + more


def _border(record: StudyRecord, segment: Segment) -> str:
    """Say how many customers are nearly as close to another segment, and to which."""
    if segment.border < FEW:
        return "Few at a border with another segment." if segment.border else "Nobody at a border."
    share = plain_share(segment.border / segment.size)
    other = next((s for s in record.segments if s.number == segment.border_with), None)
    if other is None:
        return f"At a border: {share}."
    name = shorten(plain_text(other.name), LONGEST_NAME)
    return f"At a border: {share}, most often with {other.number} ({name})."


def _bars(segment: Segment, worth: SegmentValue | None, money: Worth | None) -> tuple[Bar, ...]:
    def bar(label: str, share: float | None) -> list[Bar]:
        return [] if share is None else [Bar(label=label, share=share, text=plain_share(share))]

    bars = bar("of customers", segment.share)
    if worth is not None:
        bars += bar("of revenue", worth.revenue_share) + bar("of margin", worth.margin_share)
    elif money is not None and money.shares is not None:
        bars += bar(f"of {shorten(money.words, 18)}", money.shares[segment.number - 1])
    return tuple(bars)


def _trust(record: StudyRecord, segment: Segment) -> tuple[str, bool]:
    """Say how steady a segment is, and whether that is a reason to doubt it."""
    steady = steadiness(record, segment.number)
    if record.k == 1:
        return "Everyone.", False
    if record.verdict.structure == "none":
        return "Not more than chance would make.", True
    if steady is None:
        return "How steady it is was not measured.", True
    found = f"(Jaccard {steady:.2f})"
    if steady >= HIGHLY:
        return f"Highly stable: found again in new samples {found}.", False
    if steady >= VALID:
        return f"Stable: found again in new samples {found}.", False
    if steady >= DOUBTFUL:
        return f"Doubtful: found again only in part {found}.", True
    return f"Unstable: hardly found again in new samples {found}.", True


def heat(record: StudyRecord) -> Heat | None:
    """Return every segment against everyone, the features that differ most first.

    Returns
    -------
    Heat or None
        None for one single segment.
    """
    if record.k == 1:
        return None
    words, levels = labels(row.feature for row in record.profile), levels_of(record.profile)
    lines: dict[tuple[str, str], list[ProfileRow]] = {}
    for row in told(record.profile):
        lines.setdefault((row.feature, row.level), []).append(row)
    strength: dict[str, float] = {}
    for row in record.profile:
        strength[row.feature] = max(strength.get(row.feature, 0.0), abs(row.effect))
    ordered = sorted(
        lines.values(), key=lambda rows: (rows[0].role != "feature", -strength[rows[0].feature])
    )
    sizes = [segment.size for segment in record.segments]
    return Heat(
        badges=tuple(map(badge, record.segments)),
        rows=tuple(
            _heat_row(rows, sizes, words, levels.get(rows[0].feature, ()))
            for rows in ordered[:SHOWN_ROWS]
        ),
        left_out=max(0, len(ordered) - SHOWN_ROWS),
    )


def _heat_row(
    rows: Sequence[ProfileRow],
    sizes: Sequence[int],
    words: dict[str, str],
    levels: Sequence[str],
) -> HeatRow:
    first = rows[0]
    known = [_known(row, size) for row, size in zip(rows, sizes, strict=True)]
    if first.kind == "category":
        texts = [
            told_share(row.share, there) if there else "-"
            for row, there in zip(rows, known, strict=True)
        ]
        everyone = told_share(first.everyone, sum(known))
    elif first.kind == "date":
        texts, everyone = [plain_date(row.mean) for row in rows], plain_date(first.everyone)
    else:
        *texts, everyone = plain_numbers([*(row.mean for row in rows), first.everyone])
    cells = tuple(
        HeatCell(text="few", tone="", sign="")
        if size < FEW or 0 < there < FEW
        else HeatCell(text=text, tone=_tone(_clear(row)), sign=_sign(_clear(row)))
        for row, text, size, there in zip(rows, texts, sizes, known, strict=True)
    )
    return HeatRow(
        feature=words[first.feature],
        level=level_words(first.level, levels),
        describes=first.role != "feature",
        everyone="few" if 0 < sum(known) < FEW else everyone,
        cells=cells,
    )


def _tone(effect: float) -> str:
    step = sum(abs(effect) >= edge for edge in (0.25, 0.5, 1.0))
    return f"{'h' if effect > 0 else 'l'}{step}" if step else ""


def _sign(effect: float) -> str:
    if abs(effect) < 0.5:
        return ""
    much = "far " if abs(effect) >= 1 else ""
    return f"{much}{'above' if effect > 0 else 'below'} everyone"


def actions(record: StudyRecord, advice: ActionsRecord) -> tuple[SegmentActions, ...]:
    """Return what to do, segment after segment.

    Parameters
    ----------
    record : StudyRecord
    advice : ActionsRecord
    """
    segments = {segment.number: segment for segment in record.segments}
    found = []
    for number, group in itertools.groupby(advice.actions, key=lambda action: action.segment):
        if segments[number].size < FEW:
            continue
        lines = tuple(group)
        found.append(
            SegmentActions(
                badge=badge(segments[number]),
                caution=lines[0].caution,
                actions=tuple(
                    ActionCard(
                        title=plain_text(line.title),
                        do=plain_text(line.do),
                        because="; ".join(map(plain_text, line.because)),
                        channel=plain_text(line.channel),
                        kpi=plain_text(line.kpi),
                        trial=trial_words(line.trial),
                    )
                    for line in lines
                ),
            )
        )
    return tuple(found)


def headline(record: StudyRecord, value: Sequence[SegmentValue]) -> str:
    """Say the one sentence to remember."""
    names = {s.number: shorten(plain_text(s.name), LONGEST_NAME) for s in record.segments}
    told = [
        (one.revenue_share / one.customer_share, one)
        for one in value
        if one.revenue_share is not None and one.customer_share and one.customers >= FEW
    ]
    if record.k > 1 and told:
        _, best = max(told, key=lambda pair: pair[0])
        return (
            f"{plain_share(best.customer_share)} of the customers bring "
            f"{plain_share(best.revenue_share)} of the revenue: “{names[best.segment]}”."
        )
    if record.k == 1:
        return "Nothing divides the customers into groups that would come back."
    largest = max(record.segments, key=lambda segment: segment.size)
    return (
        f"The largest segment, “{names[largest.number]}”, holds "
        f"{plain_share(largest.share)} of the customers."
    )
