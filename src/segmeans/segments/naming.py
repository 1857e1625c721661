"""Names that people give to segments: whose they are, and that no two are alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from segmeans.errors import SettingError, nearest_name
from segmeans.records import Finding
from segmeans.segments.words import plain_text


class Named(Protocol):
    """A segment of a study or of a model."""

    @property
    def number(self) -> int: ...  # noqa: D102
    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102


def find(segments: Sequence[Named], key: str) -> int | None:
    """Return the place of the segment that a key means: its id, its name, or its number.

    Parameters
    ----------
    segments : sequence of Segment or ModelSegment
    key : str

    Returns
    -------
    int or None
        None when no segment is meant.
    """
    asked = key.strip()
    for same in (
        lambda one: one.id == asked,
        lambda one: one.name == asked,
        lambda one: one.name.casefold() == asked.casefold(),
        lambda one: str(one.number) == asked,
    ):
        for place, segment in enumerate(segments):
            if same(segment):
                return place
    return None


def given(
    segments: Sequence[Named], names: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Return the names of a study's segments after the user's wishes.

    A name that was asked for goes before one that was made up: where both are the same, the
    made-up one gets a number.

    Parameters
    ----------
    segments : sequence of Segment
        With the names they have by themselves.
    names : mapping of str to str
        Id, name or number to the new name.

    Returns
    -------
    names : tuple of str
        One per segment, all different.
    findings : tuple of Finding
        One per key that means no segment: the customers may have changed since it was written.

    Raises
    ------
    SettingError
        When two keys mean one segment.
    """
    wished, unknown = _placed(segments, names)
    taken = {name.casefold() for name in wished.values()}
    told: list[str] = []
    for place, segment in enumerate(segments):
        name, copy = wished.get(place, segment.name), 2
        while place not in wished and name.casefold() in taken:
            name, copy = f"{segment.name} ({copy})", copy + 1
        taken.add(name.casefold())
        told.append(name)
    listed = ", ".join(f"{one.number} ({one.name})" for one in segments)
    return tuple(told), tuple(
        Finding(
            level="warning",
            code="name-without-segment",
            where="names",
            evidence=f"No segment is {key!r}, so the name {names[key]!r} was not given.",
            advice=f"There are {listed}.",
        )
        for key in unknown
    )


def renamed(segments: Sequence[Named], names: Mapping[str, str], *, where: str) -> tuple[str, ...]:
    """Return the names of segments after renaming some of them.

    Parameters
    ----------
    segments : sequence of Segment or ModelSegment
    names : mapping of str to str
        Id, name or number to the new name.
    where : str
        The file, for the message.

    Returns
    -------
    tuple of str
        One per segment, all different.

    Raises
    ------
    SettingError
        When a key means no segment, two mean the same, or two segments would have one name.

    Examples
    --------
    >>> from segmeans.records import ModelSegment
    >>> def named(number, name):
    ...     return ModelSegment(number=number, id=f"s-{number}", name=name, size=1, share=0.5)
    >>> renamed([named(1, "older"), named(2, "younger")], {"older": "Regulars"}, where="")
    ('Regulars', 'younger')
    """
    wished, unknown = _placed(segments, names)
    for key in unknown:
        near = nearest_name(key, [one.name for one in segments])
        raise SettingError(
            "There is no such segment",
            where=where,
            found=key,
            allowed="the number, id or name of a segment: "
            + ", ".join(f"{one.number} ({one.name})" for one in segments),
            hint=repr(near) if near else "",
        )
    told = tuple(wished.get(place, one.name) for place, one in enumerate(segments))
    folded = [name.casefold() for name in told]
    for place, name in enumerate(told):
        if folded.count(name.casefold()) > 1:
            other = folded.index(name.casefold(), folded.index(name.casefold()) + 1)
            raise SettingError(
                "Two segments would have one name",
                where=where,
                found=f"{name!r} for segments {place + 1} and {other + 1}",
                allowed="a name of its own for each",
                hint="another name, or rename both at once",
            )
    return told


def _placed(
    segments: Sequence[Named], names: Mapping[str, str]
) -> tuple[dict[int, str], tuple[str, ...]]:
    """Return new names by the place of their segment, and the keys that mean none."""
    wished: dict[int, str] = {}
    keys: dict[int, str] = {}
    unknown = []
    for key, name in names.items():
        place = find(segments, key)
        if place is None:
            unknown.append(key)
        elif place in wished:
            raise SettingError(
                "One segment is given two names",
                where=f"segment {segments[place].number}",
                found=f"{wished[place]!r} for {keys[place]!r}, {name!r} for {key!r}",
                allowed="one name for each segment",
            )
        else:
            wished[place], keys[place] = plain_text(name), key
    return wished, tuple(unknown)
