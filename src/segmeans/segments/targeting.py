"""Which segments to serve: six criteria that knock out, then how attractive the others are.

After Dolnicar, Gruen and Leisch, *Market Segmentation Analysis* (2018), steps 2 and 8: a target
segment must be homogeneous, distinct, large enough, matching the organisation's strengths,
identifiable and reachable; whatever fails is out, whatever it is worth. The rest is rated on
weighted criteria. What the data tell is computed, what only the organisation knows is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from segmeans.errors import SettingError, nearest_name
from segmeans.plain import plain_number, plain_share
from segmeans.records import Finding, KnockOut, Segment, StudyRecord, Target, TargetingRecord, Turn
from segmeans.segments.actions import steadiness
from segmeans.segments.actions_power import smallest_lift
from segmeans.segments.naming import find
from segmeans.segments.targeting_plan import (
    COMPETITIVE,
    KNOCK_OUTS,
    MEASURED,
    QUESTIONS,
    SegmentAnswers,
    TargetingPlan,
)
from segmeans.segments.value import SegmentValue
from segmeans.segments.words import plain_text
from segmeans.segments.worth import worth

BASE = 0.1
"""Share that responds, assumed where the size of a test is quoted."""
DRAWS = 2000
FACTOR = 2.0
"""Other weights are each up to this many times as large or as small."""
FAR = 5.0
"""Turning points farther than this many times the weight are not worth telling."""
REACHED = 0.5
"""Share of customers with a known address from which a segment counts as reachable."""
Floats = NDArray[np.float64]


def judge_targets(
    record: StudyRecord,
    spreads: Sequence[float | None],
    plan: TargetingPlan,
    value: Sequence[SegmentValue] = (),
) -> tuple[TargetingRecord | None, tuple[Finding, ...]]:
    """Judge every segment of a study as a target.

    Parameters
    ----------
    record : StudyRecord
    spreads : sequence of float or None, one per segment
        Root mean square distance of its customers from the centre, in prepared units, as the
        model knows it.
    plan : TargetingPlan
    value : sequence of SegmentValue, default=()

    Returns
    -------
    TargetingRecord or None
        None for one single segment: there is nothing to choose.
    tuple of Finding
        One per answer to a segment that is not there.

    Raises
    ------
    SettingError
        When a criterion of the plan is neither computed nor rated for every segment that is not
        knocked out.
    """
    if record.k < 2:
        return None, ()
    answers, lost = _answered(record.segments, plan)
    inside = _homogeneity(record, spreads)
    knocked = [
        tuple(
            _criterion(name, record, segment, inside[place], plan, answers.get(place))
            for name in KNOCK_OUTS
        )
        for place, segment in enumerate(record.segments)
    ]
    measured = _measured(record, value)
    weights = dict(plan.weights) or dict.fromkeys(measured, 1.0)
    left = [
        place
        for place, criteria in enumerate(knocked)
        if not any(one.passes is False for one in criteria)
    ]
    ratings = [
        _ratings(weights, {name: of[place] for name, of in measured.items()}, answers.get(place))
        for place in range(record.k)
    ]
    _check_rated(record.segments, ratings, weights, left, plan)
    scores = _scores(ratings, weights, left, record.seed)
    targets = tuple(
        Target(
            segment=place + 1,
            criteria=knocked[place],
            ratings=ratings[place],
            competitive=answers[place].ratings.get(COMPETITIVE) if place in answers else None,
            **scores.get(place, {"attractive": None}),
        )
        for place in range(record.k)
    )
    asks = tuple(
        dict.fromkeys(one.told for place in left for one in knocked[place] if one.passes is None)
    )
    return TargetingRecord(
        plan=plan.name,
        limits=dict(plan.limits),
        weights=weights,
        segments=targets,
        turns=_turns(ratings, weights, left),
        asks=asks,
    ), lost


def _answered(
    segments: Sequence[Segment], plan: TargetingPlan
) -> tuple[dict[int, SegmentAnswers], tuple[Finding, ...]]:
    found: dict[int, SegmentAnswers] = {}
    lost = []
    for key, answers in plan.answers.items():
        place = find(segments, key)
        if place is None:
            near = nearest_name(key, [one.name for one in segments])
            lost.append(
                Finding(
                    level="warning",
                    code="answer-without-segment",
                    where=plan.name,
                    evidence=f"No segment is {key!r}, so what the plan says of it is not used.",
                    advice=f"Try {near!r}." if near else "",
                )
            )
        elif place in found:
            raise SettingError("One segment is answered twice", where=plan.name, found=repr(key))
        else:
            found[place] = answers
    return found, tuple(lost)


def _homogeneity(record: StudyRecord, spreads: Sequence[float | None]) -> list[float | None]:
    """Return what share of everyone's mean squared distance is gone inside each segment."""
    if any(spread is None for spread in spreads):
        return [None] * record.k
    centres = np.array(record.centres)
    shares = np.array([segment.share for segment in record.segments])
    inside = np.array(spreads, dtype=np.float64) ** 2
    between = ((centres - shares @ centres / shares.sum()) ** 2).sum(axis=1)
    everyone = float(shares @ (inside + between)) / float(shares.sum())
    return [float(1 - one / everyone) if everyone > 0 else None for one in inside.tolist()]


def _criterion(
    name: str,
    record: StudyRecord,
    segment: Segment,
    inside: float | None,
    plan: TargetingPlan,
    answers: SegmentAnswers | None,
) -> KnockOut:
    if answers is not None and name in answers.passes:
        said = "You say that it is so." if answers.passes[name] else "You say that it is not so."
        return KnockOut(criterion=name, passes=answers.passes[name], by="you", told=said)
    passes, told = _computed(name, record, segment, inside, plan.limits)
    return KnockOut(criterion=name, passes=passes, by="" if passes is None else "data", told=told)


Answer = tuple[bool | None, str]


def _computed(
    name: str,
    record: StudyRecord,
    segment: Segment,
    inside: float | None,
    limits: Mapping[str, float],
) -> Answer:
    if name == "homogeneous":
        return _homogeneous(inside, limits[name])
    if name == "distinct":
        return _distinct(record, segment, limits[name])
    if name == "large enough":
        return _large(segment, limits[name])
    if name == "identifiable":
        return _identifiable(record, segment, limits[name])
    return _reachable(record, segment) if name == "reachable" else (None, QUESTIONS[name])


def _homogeneous(inside: float | None, limit: float) -> Answer:
    if inside is None:
        return None, "How alike are its members? The model does not know their spread."
    if inside < 0:
        return False, "Its customers differ more among themselves than customers at large."
    told = f"Inside it {plain_share(inside)} of the spread of all customers is gone"
    return inside >= limit, f"{told} (asked: {plain_share(limit)})."


def _distinct(record: StudyRecord, segment: Segment, limit: float) -> Answer:
    row = next((row for row in record.k_table if row.k == record.k), None)
    scores = row.cluster_scores.get("silhouette", ()) if row is not None else ()
    if len(scores) < segment.number:
        return None, "Is it clearly different from the other segments? It was not measured."
    value = scores[segment.number - 1].value
    border = plain_share(segment.border / segment.size) if segment.size else "-"
    told = (
        f"Mean silhouette {value:.2f} (asked: {limit:g}); {border} of its customers stand at a "
        "border."
    )
    if record.verdict.structure == "none":
        return False, f"No clearer than in data without segments. {told}"
    return value >= limit, told


def _large(segment: Segment, limit: float) -> Answer:
    told = f"{segment.size:,} customers, {plain_share(segment.share)} of all"
    told += f" (asked: {plain_share(limit)})"
    lift = smallest_lift(BASE, segment.size // 2)
    test = (
        "too few for a test of any action"
        if lift is None
        else f"halved, a test can show a lift from {plain_share(BASE)} by {100 * lift:.1f} points"
    )
    return segment.share >= limit, f"{told}; {test}."


def _identifiable(record: StudyRecord, segment: Segment, limit: float) -> Answer:
    tools = {one.asks: one.segments[segment.number - 1] for one in record.typing}
    known = tools.get("features")
    if known is None or known.found is None:
        return None, "Can its members be told from others? There is no typing tool."
    right = known.right or 0.0
    told = (
        f"The typing tool recognises {plain_share(known.found)} of its customers, and is right in "
        f"{plain_share(right)} of cases when it names it (asked: {plain_share(limit)} of both)."
    )
    outside = tools.get("descriptions")
    if outside is not None and outside.found is not None:
        told += f" By what only describes them: {plain_share(outside.found)}"
        told += f" and {plain_share(outside.right)}." if outside.right is not None else "."
    return min(known.found, right) >= limit, told


def _reachable(record: StudyRecord, segment: Segment) -> Answer:
    known = {name: shares[segment.number - 1] for name, shares in record.contacts.items()}
    if not known:
        return None, QUESTIONS["reachable"]
    best = max(known, key=lambda name: known[name])
    told = f"{plain_text(best)} is known of {plain_share(known[best])} of its customers"
    if known[best] >= REACHED:
        return True, f"{told}; whether you may use it is for you to know."
    return None, f"{told}. {QUESTIONS['reachable']}"


def _measured(record: StudyRecord, value: Sequence[SegmentValue]) -> dict[str, list[float]]:
    """Return the ratings that can be computed: 10 for the best segment, others in proportion."""
    found = {"size": [segment.share for segment in record.segments]}
    brought = {one.segment: one for one in value}
    shares = [brought[n].revenue_share if n in brought else None for n in range(1, record.k + 1)]
    if all(share is not None and share >= 0 for share in shares):
        found["value"] = [share or 0.0 for share in shares]
        each = [brought[n].revenue_per_customer for n in range(1, record.k + 1)]
        found["value per customer"] = each
    elif (money := worth(record)) is not None:
        found |= {} if money.shares is None else {"value": list(money.shares)}
        found["value per customer"] = list(money.each)
    steady = [steadiness(record, n) for n in range(1, record.k + 1)]
    rated = {name: _in_proportion(of) for name, of in found.items()}
    if all(one is not None for one in steady):
        rated["stability"] = [10.0 * (one or 0.0) for one in steady]
    return {name: rated[name] for name in MEASURED if name in rated}


def _in_proportion(values: Sequence[float]) -> list[float]:
    most = max(values)
    return [10.0 * value / most if most > 0 else 0.0 for value in values]


def _ratings(
    weights: Mapping[str, float], measured: Mapping[str, float], answers: SegmentAnswers | None
) -> dict[str, float]:
    """Return the ratings of one segment; those of the user go first."""
    own = answers.ratings if answers is not None else {}
    known = {**measured, **own}
    return {name: round(known[name], 6) for name in weights if name in known}


def _check_rated(
    segments: Sequence[Segment],
    ratings: Sequence[Mapping[str, float]],
    weights: Mapping[str, float],
    left: Sequence[int],
    plan: TargetingPlan,
) -> None:
    for name in weights:
        missing = [segments[place] for place in left if name not in ratings[place]]
        if missing:
            raise SettingError(
                f"The criterion {name!r} is not rated for every segment",
                where=plan.name,
                found="no rating for "
                + ", ".join(f"{one.number} ({plain_text(one.name)})" for one in missing),
                allowed="a rating from 1 to 10 for each segment that is not knocked out",
                hint=f"computed are {', '.join(MEASURED)}, where the data allow",
            )


def _scores(
    ratings: Sequence[Mapping[str, float]],
    weights: Mapping[str, float],
    left: Sequence[int],
    seed: int,
) -> dict[int, dict[str, float]]:
    """Return how attractive each remaining segment is, now and under other weights."""
    if not left or not weights:
        return {}
    matrix = np.array([[ratings[place][name] for name in weights] for place in left])
    now = np.array(list(weights.values()))
    factors = np.exp(
        np.random.default_rng(seed).uniform(-np.log(FACTOR), np.log(FACTOR), (DRAWS, len(now)))
    )
    drawn = factors * now
    scores = drawn @ matrix.T / drawn.sum(axis=1, keepdims=True)
    low, high = np.quantile(scores, (0.05, 0.95), axis=0)
    first = np.bincount(scores.argmax(axis=1), minlength=len(left)) / DRAWS
    middle = matrix @ now / now.sum()
    return {
        place: {
            "attractive": round(float(middle[row]), 6),
            "low": round(float(low[row]), 6),
            "high": round(float(high[row]), 6),
            "first": float(first[row]),
        }
        for row, place in enumerate(left)
    }


def _turns(
    ratings: Sequence[Mapping[str, float]], weights: Mapping[str, float], left: Sequence[int]
) -> tuple[Turn, ...]:
    """Return for each criterion the nearest weight at which another segment leads."""
    if len(left) < 2 or not weights:
        return ()
    names = list(weights)
    now = np.array([weights[name] for name in names])
    matrix = np.array([[ratings[place][name] for name in names] for place in left])
    leader = int((matrix @ now).argmax())
    found = []
    for at, name in enumerate(names):
        near: tuple[float, float, int] | None = None
        for rival in range(len(left)):
            ahead = matrix[leader] - matrix[rival]
            if rival == leader or ahead[at] == 0:
                continue
            weight = float(-(now @ ahead - now[at] * ahead[at]) / ahead[at])
            times = max(weight / now[at], now[at] / weight) if weight > 0 else np.inf
            if times <= FAR and (near is None or times < near[0]):
                near = (float(times), weight, left[rival])
        if near is not None:
            found.append(
                Turn(criterion=name, weight=float(now[at]), turns=near[1], segment=near[2] + 1)
            )
    return tuple(found)


def standing(target: Target) -> str:
    """Return ``"out"`` for a segment that is knocked out, ``"open"`` or ``"in"``.

    Parameters
    ----------
    target : Target

    Returns
    -------
    str
        ``"open"`` while an answer is missing.
    """
    answers = [one.passes for one in target.criteria]
    return "out" if False in answers else "open" if None in answers else "in"


def said_turn(turn: Turn, names: Mapping[int, str]) -> str:
    """Say a turning point in a sentence.

    Parameters
    ----------
    turn : Turn
    names : mapping of int to str
        Of the segments, by number.

    Returns
    -------
    str
    """
    way = "more" if turn.turns > turn.weight else "less"
    return (
        f"With a weight of {plain_number(turn.turns)} or {way} for {turn.criterion} "
        f"(now {plain_number(turn.weight)}), “{names[turn.segment]}” would lead."
    )
