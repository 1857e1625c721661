"""The targeting plan: limits, weights and answers that only the organisation can give."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segmeans.errors import SettingError, SourceError, nearest_name
from segmeans.records import Segment
from segmeans.segments.words import plain_text

KNOCK_OUTS = ("homogeneous", "distinct", "large enough", "strengths", "identifiable", "reachable")
"""The six criteria of Dolnicar, Gruen and Leisch, in their order."""
LIMITS = {"homogeneous": 0.2, "distinct": 0.25, "large enough": 0.02, "identifiable": 0.6}
"""Least value with which a segment passes a criterion that is computed."""
MEASURED = ("size", "value", "value per customer", "stability")
"""Criteria of attractiveness that are computed where the data allow."""
COMPETITIVE = "competitive"
"""How strong the organisation is in a segment, beside its competitors: the other axis."""
LEAST, MOST = 1.0, 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class SegmentAnswers:
    """What the organisation says of one segment.

    Parameters
    ----------
    passes : mapping of str to bool
        Knock-out criterion to the answer; goes before what is computed.
    ratings : mapping of str to float
        Criterion of attractiveness, or ``"competitive"``, to a rating from 1 to 10.
    """

    passes: Mapping[str, bool]
    ratings: Mapping[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetingPlan:
    """What the targeting is judged by.

    Parameters
    ----------
    name : str
        Of the file; empty without one.
    limits : mapping of str to float
    weights : mapping of str to float
        Criterion of attractiveness to its weight; empty for equal weights of all that is
        computed.
    answers : mapping of str to SegmentAnswers
        By number, id or name of the segment.
    """

    name: str = ""
    limits: Mapping[str, float] = field(default_factory=lambda: dict(LIMITS))
    weights: Mapping[str, float] = field(default_factory=dict)
    answers: Mapping[str, SegmentAnswers] = field(default_factory=dict)


def read_plan(path: str | Path | None = None) -> TargetingPlan:
    """Read a targeting plan.

    Parameters
    ----------
    path : str or Path, optional
        A TOML file as :func:`template` writes it; without one nothing is answered.

    Returns
    -------
    TargetingPlan

    Raises
    ------
    SourceError
        When the file cannot be read or is no TOML.
    SettingError
        When something in it is not understood; names it and what is allowed.
    """
    if path is None:
        return TargetingPlan()
    where = str(path)
    try:
        values = tomllib.loads(Path(path).read_text("utf-8-sig"))
    except FileNotFoundError:
        raise SourceError("The targeting plan does not exist", where=where) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SourceError(
            "The targeting plan cannot be read", where=where, found=error, allowed="TOML"
        ) from None
    _known(values, ("limits", "weights", "segments"), where)
    weights = {
        name: _number(value, f"{where}, weight {name!r}", 0.0, 1e6, "a number above 0")
        for name, value in _table(values, "weights", where).items()
    }
    if weights and not all(weights.values()):
        zero = next(name for name, weight in weights.items() if not weight)
        raise SettingError(
            "A weight is 0", where=f"{where}, weight {zero!r}", allowed="a number above 0",
            hint="leave the line out",
        )  # fmt: skip
    limits = _table(values, "limits", where)
    _known(limits, tuple(LIMITS), f"{where}, limits")
    return TargetingPlan(
        name=where,
        limits=LIMITS
        | {
            name: _number(value, f"{where}, limit {name!r}", 0.0, 1.0, "a number from 0 to 1")
            for name, value in limits.items()
        },
        weights=weights,
        answers={
            key: _answers(value, (*weights, *MEASURED), f"{where}, segment {key!r}")
            for key, value in _table(values, "segments", where).items()
        },
    )


def _answers(values: Any, criteria: Sequence[str], where: str) -> SegmentAnswers:
    if not isinstance(values, dict):
        raise SettingError("The answers are no table", where=where, found=values)
    _known(values, (*KNOCK_OUTS, *dict.fromkeys(criteria), COMPETITIVE), where)
    passes = {name: values[name] for name in KNOCK_OUTS if name in values}
    for name, answer in passes.items():
        if not isinstance(answer, bool):
            raise SettingError(
                f"The answer to {name!r} is not understood",
                where=where,
                found=repr(answer),
                allowed="true or false",
            )
    ratings = {
        name: _number(value, f"{where}, {name!r}", LEAST, MOST, "a rating from 1 to 10")
        for name, value in values.items()
        if name not in KNOCK_OUTS
    }
    return SegmentAnswers(passes=passes, ratings=ratings)


def _table(values: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    found = values.get(name, {})
    if not isinstance(found, dict):
        raise SettingError(
            f"The plan's {name!r} is no table", where=where, found=repr(found), allowed=f"[{name}]"
        )
    return found


def _known(values: Mapping[str, Any], names: Sequence[str], where: str) -> None:
    for name in values:
        if name not in names:
            near = nearest_name(name, names)
            raise SettingError(
                "The targeting plan has an entry that is not known",
                where=where,
                found=name,
                allowed=", ".join(names),
                hint=repr(near) if near else "a weight of that name makes it a criterion",
            )


def _number(value: Any, where: str, low: float, high: float, allowed: str) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool)
    if not good or not low <= value <= high:
        raise SettingError(
            "A number of the targeting plan is not allowed",
            where=where,
            found=repr(value),
            allowed=allowed,
        )
    return float(value)


QUESTIONS = {
    "strengths": "Does it match what we are good at?",
    "reachable": "Is there a channel that reaches its members, and we may use it?",
}

HEAD = """\
# Which segments to serve: limits, weights and what only you can answer.
# Fill in, then: segmeans target {folder} --plan {name}

[limits]           # least value with which a segment passes; computed from the data
homogeneous = {limits[homogeneous]}      # share of everyone's spread that is gone inside it
distinct = {limits[distinct]}        # mean silhouette of its customers
"large enough" = {limits[large enough]}  # share of the customers
identifiable = {limits[identifiable]}     # recognised by the typing tool, and right when it says so

[weights]          # of what makes a segment attractive; any criterion of your own may join
{weights}
# growth = 1       # then give each segment a rating from 1 to 10 below
"""


def template(
    segments: Sequence[Segment], weights: Mapping[str, float], folder: str, name: str
) -> str:
    """Return the text of a plan with everything that has to be answered, as comments.

    Parameters
    ----------
    segments : sequence of Segment
    weights : mapping of str to float
        In force now.
    folder, name : str
        Of the study and of the plan, for the command in its head.
    """
    lines = "\n".join(f"{_key(criterion)} = {weight}" for criterion, weight in weights.items())
    parts = [HEAD.format(folder=folder, name=name, limits=LIMITS, weights=lines)]
    for segment in segments:
        head = f"[segments.{_key(segment.id)}]"
        parts.append(
            f"\n{head}  # {segment.number}: {plain_text(segment.name)}\n"
            + "".join(f"# {answer} = true   # {ask}\n" for answer, ask in QUESTIONS.items())
            + f"# {COMPETITIVE} = 5    # how strong are we here beside competitors, 1 to 10?\n"
        )
    return "".join(parts)


def _key(name: str) -> str:
    """Write a key of TOML: bare where it can be, else quoted as JSON does it, which TOML reads."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
