"""What to do with each segment: rules of the playbook, each line bound to the numbers behind it.

Nothing here foretells a return. A rule fires on markers (see
:func:`segmeans.segments.markers.markers`), says which numbers made it fire, and how large a test
has to be before its effect can be told from chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segmeans.plain import FEW, plain_date, plain_numbers, plain_share, set_share, told_share
from segmeans.records import KRow, Marker, ProfileRow, Segment, StudyRecord
from segmeans.segments.actions_playbook import (
    ANSWER,
    CATEGORY,
    MINORITY,
    Direction,
    Playbook,
    Rule,
)
from segmeans.segments.actions_power import ALPHA, POWER, group_size, smallest_lift
from segmeans.segments.levels import YES, is_question, level_words, levels_of
from segmeans.segments.names import SELF_EXPLAINING, answer_words
from segmeans.segments.value import SegmentValue
from segmeans.segments.words import feature_words

MOST = 3
"""Actions per segment; more would not be done."""
NAMED = 4
"""Features that an action names; the others stand with their numbers."""
VALID = 0.75
"""Mean Jaccard similarity under resampling from which a segment can be relied on."""
DOUBTFUL = 0.6
"""Mean Jaccard similarity below which a segment should not be trusted."""
HIGHLY = 0.85
"""Mean Jaccard similarity from which a segment is highly stable."""


Levels = Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """The test an action needs before its effect can be told from chance.

    Parameters
    ----------
    base, lift : float
        Share without the action, and what the action should add: assumptions of the playbook.
    per_group : int
        Customers with the action and as many without it.
    available : int
        Customers of the segment.
    smallest : float or None
        The least lift that can be shown with half of the segment in each group; None when no
        lift can.
    alpha, power : float
        Chance to see a lift where there is none, and to see one where there is one.
    """

    base: float
    lift: float
    per_group: int
    available: int
    smallest: float | None
    alpha: float = ALPHA
    power: float = POWER

    @property
    def fits(self) -> bool:
        """Whether the segment is large enough for the test."""
        return 2 * self.per_group <= self.available


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """One thing to do with one segment.

    Parameters
    ----------
    segment : int
    name : str
        Of the segment.
    rule : str
        Id of the rule in the playbook.
    title, do, channel, kpi : str
        What, how, where, and how it is measured.
    because : tuple of str
        The numbers that made the rule fire, one per marker, then size and value.
    trial : Trial
    caution : str
        Why to test before acting; empty for a segment that can be relied on.
    """

    segment: int
    name: str
    rule: str
    title: str
    do: str
    because: tuple[str, ...]
    channel: str
    kpi: str
    trial: Trial
    caution: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionsRecord:
    """Everything the playbook says about a study.

    Parameters
    ----------
    playbook : str
    actions : tuple of Action
        Segment after segment, in each the rule that stands first in the playbook first.
    silent : tuple of str
        What nothing is said about, and why.
    """

    playbook: str
    actions: tuple[Action, ...]
    silent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Sign:
    """A marker with its meaning and a direction that fits the meaning."""

    meaning: str
    direction: Direction
    marker: Marker
    known: int  # customers of the segment with a value
    everyone: int  # customers with a value


def recommend(
    record: StudyRecord, playbook: Playbook, value: Sequence[SegmentValue] = ()
) -> ActionsRecord:
    """Say what to do with the segments of a study.

    Parameters
    ----------
    record : StudyRecord
    playbook : Playbook
    value : sequence of SegmentValue, default=()
        What each segment is worth, to be quoted.

    Returns
    -------
    ActionsRecord
        Without actions for one single segment: it is everyone.
    """
    words = feature_words(dict.fromkeys(row.feature for row in record.profile))
    known = {_sense(playbook, row, words[row.feature])[0] for row in record.profile}
    if record.k < 2:
        said = "There is one segment, everyone: nothing tells customers apart."
        return ActionsRecord(playbook=playbook.name, actions=(), silent=(said,))
    worth = {one.segment: one for one in value}
    levels = levels_of(record.profile)
    actions: list[Action] = []
    for segment in record.segments:
        signs = [
            _sign(playbook, marker, words, levels, *_known(record, segment, marker.feature))
            for marker in segment.markers
        ]
        caution = doubt(record, segment.number)
        for rule in _fired(playbook, signs, known):
            used = [sign for sign in signs if rule.when.get(sign.meaning) == sign.direction]
            told = _told(used, words, levels)
            actions.append(_action(rule, segment, told, worth.get(segment.number), caution))
    return ActionsRecord(
        playbook=playbook.name, actions=tuple(actions), silent=_silent(playbook, known)
    )


def _sense(playbook: Playbook, of: Marker | ProfileRow, words: str) -> tuple[str, bool]:
    """Return the meaning of a column, and whether a high value means little of it."""
    if of.kind == "category":
        return CATEGORY, False
    if of.kind == "date":  # a late date of the last order is a short time since
        parts = set(words.split())
        if parts & {"last", "latest"}:
            return "recency", True
        return ("tenure", True) if parts & {"first", "signup", "joined", "since"} else ("", False)
    return playbook.meaning(words), False


def _known(record: StudyRecord, segment: Segment, feature: str) -> tuple[int, int]:
    """Return how many customers of a segment, and of all, have a value in a feature."""
    known = {row.segment: row.known for row in record.profile if row.feature == feature}
    return known.get(segment.number, 0) or segment.size, sum(known.values())


def _sign(
    playbook: Playbook, marker: Marker, words: dict[str, str], levels: Levels, *known: int
) -> _Sign:
    meaning, turned = _sense(playbook, marker, words[marker.feature])
    high = (marker.direction == "high") != turned
    if meaning == CATEGORY:
        question, most = is_question(levels.get(marker.feature, ())), marker.segment >= 0.5
        if question and most == high:
            # Most say yes and more than elsewhere, or most say no and more than elsewhere.
            high, meaning = True, ANSWER if playbook.asks_for(ANSWER) else CATEGORY
        elif high and not most:
            meaning = MINORITY
    return _Sign(meaning, "high" if high else "low", marker, *known)


def _fired(playbook: Playbook, signs: Sequence[_Sign], known: set[str]) -> list[Rule]:
    """Return the rules that fit, without those that ask for less than one before them."""
    present = {(sign.meaning, sign.direction) for sign in signs}
    fired: list[Rule] = []
    for rule in playbook.rules:
        asked = set(rule.when.items())
        fits = asked <= present if asked else not present
        if not fits or present & set(rule.unless.items()) or not set(rule.needs) <= known:
            continue
        if any(asked <= set(other.when.items()) for other in fired):
            continue
        fired.append(rule)
    return fired[:MOST]


def _action(
    rule: Rule,
    segment: Segment,
    told: tuple[list[str], str],
    worth: SegmentValue | None,
    caution: str,
) -> Action:
    because, features = told
    size = f"{segment.size:,} customers, {plain_share(segment.share)} of all"
    if worth is not None and worth.revenue_share is not None:
        size += f", with {plain_share(worth.revenue_share)} of revenue"
    return Action(
        segment=segment.number,
        name=segment.name,
        rule=rule.id,
        title=rule.title,
        do=rule.do.replace("{features}", features),
        because=(*because, size),
        channel=rule.channel,
        kpi=rule.kpi,
        trial=Trial(
            base=rule.base,
            lift=rule.lift,
            per_group=group_size(rule.base, rule.lift),
            available=segment.size,
            smallest=smallest_lift(rule.base, segment.size // 2),
        ),
        caution=caution,
    )


def _told(used: Sequence[_Sign], words: dict[str, str], levels: Levels) -> tuple[list[str], str]:
    """Return the numbers that made a rule fire, and the features to be named in its action."""
    because = [_quoted(sign, words[sign.marker.feature], levels) for sign in used]
    named = ", ".join(_shared(sign, words[sign.marker.feature], levels) for sign in used[:NAMED])
    return because or ["no feature lies half a standard deviation from everyone"], named


def _shared(sign: _Sign, words: str, levels: Levels) -> str:
    """Say a feature for the sentence of an action; of a category the level it is about."""
    marker = sign.marker
    if not marker.level:
        return words
    if is_question(levels.get(marker.feature, ())):
        most_say = marker.segment >= 0.5 or sign.meaning not in (ANSWER, CATEGORY)
        yes = marker.level.casefold() in YES
        return answer_words(words, yes=yes == most_say)
    said = level_words(marker.level, ())
    return said.lower() if said.casefold() in SELF_EXPLAINING else f"{words} {said}"


def _called(marker: Marker, words: str, levels: Levels) -> str:
    if not marker.level:
        return words
    said = level_words(marker.level, levels.get(marker.feature, ()))
    return f"{words} {said}:" if said[-1:].isdigit() else f"{words}: {said}"


def _quoted(sign: _Sign, words: str, levels: Levels) -> str:
    """Say the numbers of a marker: the segment's, everyone's and the standardised difference."""
    marker = sign.marker
    if marker.kind == "category":
        here = told_share(marker.segment, sign.known)
        here = here if here.endswith("%") else f"for {here}"
        everyone = told_share(marker.everyone, sign.everyone)
    elif marker.kind == "date":
        here, everyone = plain_date(marker.segment), plain_date(marker.everyone)
    else:
        here, everyone = plain_numbers([marker.segment, marker.everyone])
    here = here if sign.known >= FEW else "known of few"
    told = f"{_called(marker, words, levels)} {here} against {everyone} for everyone"
    # On a logarithmic scale a segment can lie above everyone whose mean a few customers pull up.
    contrary = marker.effect * (marker.segment - marker.everyone) < 0
    scale = " on the scale of the preparation" if contrary else ""
    return f"{told} ({marker.effect:+.1f} SD{scale})"


def _silent(playbook: Playbook, known: set[str]) -> tuple[str, ...]:
    needed = {name for rule in playbook.rules for name in rule.needs}
    return tuple(
        meaning.absent
        for meaning in playbook.meanings
        if meaning.absent and meaning.name in needed - known
    )


def doubt(record: StudyRecord, segment: int) -> str:
    """Say why a segment should be tested before anything is done with it.

    Parameters
    ----------
    record : StudyRecord
    segment : int
        Its number, from 1.

    Returns
    -------
    str
        A sentence; empty for a segment that can be relied on.
    """
    if record.verdict.structure == "none":
        return "Test before acting: there is no more structure than in data without segments."
    steady = steadiness(record, segment)
    if steady is None:
        return "Test before acting: how steady the segment is has not been measured."
    if steady >= VALID:
        return ""
    return (
        "Test before acting: in new samples of the customers this segment comes back only in "
        f"part (mean Jaccard {steady:.2f}, below {VALID})."
    )


def steadiness(record: StudyRecord, segment: int) -> float | None:
    """Return how well a segment is found again in resamples of the customers.

    The mean Jaccard similarity of the segment with its best match (Hennig, "Cluster-wise
    assessment of cluster stability", 2007); below 0.6 it should not be trusted, from 0.75 on it
    is valid, from 0.85 on highly stable.

    Parameters
    ----------
    record : StudyRecord
    segment : int
        Its number, from 1.

    Returns
    -------
    float or None
        None when it was not measured.
    """
    row: KRow | None = next((row for row in record.k_table if row.k == record.k), None)
    scores = row.cluster_scores.get("jaccard", ()) if row is not None else ()
    return scores[segment - 1].value if len(scores) >= segment else None


def trial_words(trial: Trial) -> str:
    """Say the size of a test in a sentence or two.

    Parameters
    ----------
    trial : Trial

    Returns
    -------
    str
    """
    told = (
        f"To show a lift from {set_share(trial.base)} to {set_share(trial.base + trial.lift)} "
        f"(assumed): {trial.per_group:,} customers with the action and {trial.per_group:,} "
        f"without, chosen at random ({set_share(trial.power)} power, {set_share(trial.alpha)} "
        "level)."
    )
    if trial.fits:
        return told
    if trial.smallest is None:
        return f"{told} The segment has only {trial.available:,}: too few for any test."
    return (
        f"{told} The segment has only {trial.available:,}: split in halves it can show a lift "
        f"of {100 * trial.smallest:.1f} points or more."
    )
