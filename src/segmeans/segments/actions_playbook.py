"""The playbook: rules that say what to do with a segment, read from a file and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, cast

from segmeans.errors import SegmeansError, SettingError, SourceError, nearest_name
from segmeans.segments.actions_power import group_size

OTHER = "other"
"""The meaning of a number that no meaning of the playbook fits."""
CATEGORY = "category"
"""The meaning of a level of a category."""
ANSWER = "answer"
"""The meaning of what most of a segment answer to a question of yes and no."""
MINORITY = "minority"
"""The meaning of a level that more of a segment have than of everyone, but not most of it."""

Direction = Literal["high", "low"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Meaning:
    """What a column is about, told from the words of its name."""

    name: str
    words: tuple[str, ...]
    never: tuple[str, ...] = ()
    absent: str = ""  # said when a rule needs the meaning and no column has it

    def fits(self, words: str) -> bool:
        """Return whether a column, its name in plain words, is about this."""
        padded = f" {words.lower()} "
        return any(f" {word} " in padded for word in self.words) and not any(
            f" {word} " in padded for word in self.never
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule of the playbook; shares are assumptions for the size of a test."""

    id: str
    title: str
    do: str
    channel: str
    kpi: str
    base: float
    lift: float
    when: dict[str, Direction]
    unless: dict[str, Direction]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Playbook:
    """Meanings and rules in the order of the file."""

    name: str
    meanings: tuple[Meaning, ...]
    rules: tuple[Rule, ...]

    def meaning(self, words: str) -> str:
        """Return what a column is about, or ``"other"``; its name in plain words.

        Examples
        --------
        >>> [read_playbook().meaning(words) for words in ("days since last order", "milk")]
        ['recency', 'other']
        """
        return next((one.name for one in self.meanings if one.fits(words)), OTHER)

    def asks_for(self, meaning: str) -> bool:
        """Return whether a rule fires on a meaning."""
        return any(meaning in rule.when for rule in self.rules)


def default_text() -> str:
    """Return the text of the playbook that comes with segmeans."""
    return files("segmeans.segments").joinpath("playbook.toml").read_text("utf-8")


def read_playbook(path: str | Path | None = None) -> Playbook:
    """Read a playbook.

    Parameters
    ----------
    path : str or Path, optional
        A TOML file written like ``segments/playbook.toml``; that file by default.

    Returns
    -------
    Playbook

    Raises
    ------
    SourceError
        If the file cannot be read or is no TOML.
    SettingError
        If a meaning or a rule is wrong; names it and what is allowed.

    Examples
    --------
    >>> book = read_playbook()
    >>> book.rules[0].id, book.rules[0].when
    ('look-after-the-best', {'spend': 'high', 'frequency': 'high'})
    """
    where = "the playbook of segmeans" if path is None else str(path)
    try:
        text = default_text() if path is None else Path(path).read_text("utf-8-sig")
        values = tomllib.loads(text)
    except FileNotFoundError:
        raise SourceError("The playbook does not exist", where=where) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SourceError(
            "The playbook cannot be read", where=where, found=error, allowed="TOML"
        ) from None
    _only(values, ("meaning", "rule"), where)
    meanings = tuple(_meaning(value, where) for value in _tables(values, "meaning", where))
    known = (*(meaning.name for meaning in meanings), OTHER, CATEGORY, ANSWER, MINORITY)
    rules = tuple(_rule(value, known, where) for value in _tables(values, "rule", where))
    ids = [rule.id for rule in rules]
    twice = next((name for name in ids if ids.count(name) > 1), None)
    if twice is not None:
        raise SettingError("Two rules of the playbook have one id", where=where, found=twice)
    return Playbook(name=where, meanings=meanings, rules=rules)


def _tables(values: Mapping[str, Any], name: str, where: str) -> list[dict[str, Any]]:
    found = values.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise SettingError(
            f"The playbook's {name!r} is no list of tables", where=where, allowed=f"[[{name}]]"
        )
    return cast("list[dict[str, Any]]", found)


def _meaning(values: dict[str, Any], where: str) -> Meaning:
    _only(values, ("name", "words", "never", "absent"), where)
    place = f"{where}, meaning {values.get('name', '?')!r}"
    return Meaning(
        name=_text(values, "name", place),
        words=_texts(values, "words", place),
        never=_texts(values, "never", place, optional=True),
        absent=_text(values, "absent", place, optional=True),
    )


def _rule(values: dict[str, Any], known: Iterable[str], where: str) -> Rule:
    names = ("id", "title", "do", "channel", "kpi", "base", "lift", "when", "unless", "needs")
    place = f"{where}, rule {values.get('id', '?')!r}"
    _only(values, names, place)
    said = {name: _text(values, name, place) for name in names[:5]}
    base, lift = (_share(values, name, place) for name in ("base", "lift"))
    try:
        group_size(base, lift)
    except SegmeansError as error:
        raise SettingError(error.what, where=place, found=error.found) from None
    needs = _texts(values, "needs", place, optional=True)
    for name in needs:
        _check_meaning(name, known, place)
    return Rule(
        **said,
        base=base,
        lift=lift,
        when=_markers(values, "when", known, place),
        unless=_markers(values, "unless", known, place),
        needs=needs,
    )


def _markers(
    values: dict[str, Any], name: str, known: Iterable[str], place: str
) -> dict[str, Direction]:
    found = values.get(name, {})
    if not isinstance(found, dict) or any(one not in ("high", "low") for one in found.values()):
        raise SettingError(
            f"The rule's {name!r} is not understood",
            where=place,
            found=found,
            allowed='meanings, each "high" or "low", as { spend = "high" }',
        )
    for meaning in found:
        _check_meaning(meaning, known, place)
    return cast("dict[str, Direction]", found)


def _check_meaning(name: str, known: Iterable[str], place: str) -> None:
    if name not in known:
        near = nearest_name(name, known)
        raise SettingError(
            "There is no such meaning in the playbook",
            where=place,
            found=name,
            allowed=", ".join(known),
            hint=repr(near) if near else "",
        )


def _only(values: Mapping[str, Any], names: tuple[str, ...], place: str) -> None:
    for name in values:
        if name not in names:
            near = nearest_name(name, names)
            raise SettingError(
                "The playbook has an entry that is not known",
                where=place,
                found=name,
                allowed=", ".join(names),
                hint=repr(near) if near else "",
            )


def _text(values: Mapping[str, Any], name: str, place: str, *, optional: bool = False) -> str:
    value = values.get(name, "" if optional else None)
    if not isinstance(value, str) or not (value or optional):
        raise SettingError(
            f"The entry {name!r} is missing or no text", where=place, found=value or ""
        )
    return value


def _texts(
    values: Mapping[str, Any], name: str, place: str, *, optional: bool = False
) -> tuple[str, ...]:
    value = values.get(name, [] if optional else None)
    good = isinstance(value, list) and all(isinstance(one, str) and one for one in value)
    if not good or not (value or optional):
        raise SettingError(
            f"The entry {name!r} is no list of texts", where=place, found=value or ""
        )
    return tuple(cast("list[str]", value))


def _share(values: Mapping[str, Any], name: str, place: str) -> float:
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SettingError(
            f"The entry {name!r} is missing or no number", where=place, found=value or ""
        )
    return float(value)
