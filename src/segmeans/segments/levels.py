"""Levels of a category as a person would say them: yes and no, in their order, one row for two."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from segmeans.records import ProfileRow
from segmeans.segments.words import plain_text, shorten

YES = frozenset({"yes", "y", "true", "t", "1", "1.0", "ja", "oui", "si", "sí"})
NO = frozenset({"no", "n", "false", "f", "0", "0.0", "nein", "non"})
LONGEST_LEVEL = 30  # characters of a level in a table or a sentence

Places = dict[str, tuple[float, ...]]

_NUMBER = re.compile(r"\d{1,3}(?:[.,]\d{3})+(?!\d)|\d+(?:[.,]\d+)?")
_NEGATIVE = re.compile(r"(?<!\w)[-\u2212]$")
_NOTHING = re.compile(r"(?:no|none|nothing|never)\b", re.IGNORECASE)
_BELOW = re.compile(r"<|\b(?:under|below|less|up to|until|max)\b", re.IGNORECASE)
_ABOVE = re.compile(r">|\+\s*$|\b(?:over|above|more|older|from|min)\b", re.IGNORECASE)

# Answers that stand in an order though they hold no number; names of one step share a line.
_SCALES = (
    (
        ("very low", "lowest"),
        ("low",),
        ("rather low", "lower middle"),
        ("medium", "middle", "mid", "moderate", "average", "normal"),
        ("rather high", "upper middle"),
        ("high",),
        ("very high", "highest"),
    ),
    (
        ("xxs",),
        ("xs", "extra small"),
        ("s", "small"),
        ("m", "medium"),
        ("l", "large"),
        ("xl", "extra large"),
        ("xxl",),
    ),
    (
        ("never",),
        ("less than once a year", "almost never", "very rarely", "hardly ever"),
        ("once a year", "yearly", "annually", "every year"),
        ("twice a year", "every six months"),
        ("every three months", "quarterly", "rarely", "seldom"),
        ("every two months",),
        ("once a month", "monthly", "every month", "occasionally", "sometimes"),
        ("twice a month", "every two weeks", "more than once a month"),
        ("once a week", "weekly", "every week", "regularly", "often"),
        ("more than once a week", "several times a week", "very often", "frequently"),
        ("once a day", "daily", "every day", "almost always"),
        ("more than once a day", "several times a day", "always"),
    ),
    (
        ("strongly disagree", "very dissatisfied", "very unlikely", "very bad", "very poor"),
        ("disagree", "dissatisfied", "unlikely", "bad", "poor"),
        ("somewhat disagree", "rather disagree", "rather dissatisfied"),
        ("neutral", "undecided", "neither agree nor disagree", "fair", "neither"),
        ("somewhat agree", "rather agree", "rather satisfied"),
        ("agree", "satisfied", "likely", "good"),
        ("strongly agree", "very satisfied", "very likely", "very good", "excellent"),
    ),
    (
        ("none", "no schooling"),
        ("basic", "primary", "primary school"),
        ("secondary", "secondary school", "high school", "highschool", "2n cycle"),
        ("graduation", "graduate", "bachelor", "bachelors", "bachelor's"),
        ("master", "masters", "master's"),
        ("phd", "doctorate", "doctor"),
    ),
    (("bronze",), ("silver",), ("gold",), ("platinum",), ("diamond",)),
)


def is_question(levels: Iterable[str]) -> bool:
    """Return whether levels are yes and no, or one of them.

    Examples
    --------
    >>> is_question(["Yes", "No"]), is_question(["1", "0"]), is_question(["1", "2"])
    (True, True, False)
    """
    said = {level.casefold() for level in levels}
    return bool(said) and said <= YES | NO


def in_order(levels: Sequence[str]) -> tuple[str, ...]:
    """Return levels in the order they have by themselves, else as they are.

    Levels have an order when each holds a number of its own (``18-24``, ``55+``, ``I hate
    it!-5``), or when all of them are steps of one well-known scale of answers (never to always,
    low to high, small to large, disagree to agree).

    Parameters
    ----------
    levels : sequence of str
        All different.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> in_order(["+3", "I love it!+5", "0", "-2", "I hate it!-5"])
    ('I hate it!-5', '-2', '0', '+3', 'I love it!+5')
    >>> in_order(["25-34", "55+", "under 18", "18-24"])
    ('under 18', '18-24', '25-34', '55+')
    >>> in_order(["Once a month", "Never", "Once a week"])
    ('Never', 'Once a month', 'Once a week')
    >>> in_order(["Rome", "Paris"])
    ('Rome', 'Paris')
    """
    found: list[Places] = [_by_number(levels), *(_by_scale(levels, scale) for scale in _SCALES)]
    for places in found:
        if len(places) == len(levels) == len(set(places.values())):
            return tuple(sorted(levels, key=lambda level: places[level]))
    return tuple(levels)


def _by_number(levels: Sequence[str]) -> Places:
    """Return where levels lie by the numbers they hold: the first, below or above it, the last."""
    places: Places = {}
    for level in levels:
        found = list(_NUMBER.finditer(level))
        numbers = [_value(one.group()) for one in found]
        if found and _NEGATIVE.search(level[: found[0].start()]):
            numbers[0] = -numbers[0]
        if not found and len(levels) > 2 and _NOTHING.match(level):
            numbers = [0.0]
        if not numbers:
            return {}
        beyond = bool(_ABOVE.search(level)) - bool(_BELOW.search(level))
        places[level] = (numbers[0], float(beyond), numbers[-1])
    return places


def _value(text: str) -> float:
    thousands = re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", text)
    return float(re.sub("[.,]", "", text) if thousands else text.replace(",", "."))


def _by_scale(levels: Sequence[str], scale: Sequence[Sequence[str]]) -> Places:
    steps = {word: place for place, words in enumerate(scale) for word in words}
    said = {level: " ".join(level.casefold().replace("_", " ").split()) for level in levels}
    return {level: (float(steps[words]),) for level, words in said.items() if words in steps}


def levels_of(profile: Iterable[ProfileRow]) -> dict[str, tuple[str, ...]]:
    """Return the levels of every category of a profile, in the order of the profile."""
    found: dict[str, dict[str, None]] = {}
    for row in profile:
        if row.level:
            found.setdefault(row.feature, {})[row.level] = None
    return {feature: tuple(levels) for feature, levels in found.items()}


def is_implied(level: str, levels: Collection[str]) -> bool:
    """Return whether a level need not be shown, because another one says the same.

    Of yes and no that is no; of any other two levels the first in their order, else in the
    alphabet.

    Examples
    --------
    >>> is_implied("No", ["No", "Yes"]), is_implied("Female", ["Male", "Female"])
    (True, True)
    >>> is_implied("a", ["a", "b", "c"])
    False
    """
    if len(levels) != 2:
        return False
    if is_question(levels):
        return level.casefold() in NO and not all(one.casefold() in NO for one in levels)
    ordered = in_order(sorted(levels))
    return level == ordered[0]


def level_words(level: str, levels: Collection[str]) -> str:
    """Say a level on one line; yes and no in one spelling, whatever the data write.

    Examples
    --------
    >>> level_words("1", ["0", "1"]), level_words("1", ["1", "2"]), level_words("Y", ["N", "Y"])
    ('yes', '1', 'yes')
    """
    if len(levels) == 2 and is_question(levels):
        return "yes" if level.casefold() in YES else "no"
    return shorten(plain_text(level), LONGEST_LEVEL)


def row_words(row: ProfileRow, words: str, levels: Mapping[str, Sequence[str]]) -> str:
    """Say the feature of a row of a profile, with its level.

    Parameters
    ----------
    row : ProfileRow
    words : str
        The feature in words.
    levels : mapping of str to sequence of str
        From :func:`levels_of`.

    Returns
    -------
    str
        Such as ``"tasty: yes"`` or ``"income"``.
    """
    if not row.level:
        return words
    return f"{words}: {level_words(row.level, levels.get(row.feature, ()))}"


def row_said(row: ProfileRow, words: str, levels: Mapping[str, Sequence[str]], value: str) -> str:
    """Say a row of a profile with its value, so that no two numbers stand side by side.

    Such as ``"tasty: yes 12.5 %"``, ``"channel 1: 97.2 %"`` or ``"income 86.5"``.
    """
    name = row_words(row, words, levels)
    if row.level and name[-1:].isdigit():
        return f"{words} {name.removeprefix(f'{words}: ')}: {value}"
    return f"{name} {value}"


def is_told_by_another(row: ProfileRow, levels: Collection[str]) -> bool:
    """Return whether another level says better what a row says of one segment.

    Of two levels the one that is more common than among everyone speaks, but yes before no.
    """
    if len(levels) != 2:
        return False
    return is_implied(row.level, levels) if is_question(levels) else row.effect < 0


def told(profile: Sequence[ProfileRow]) -> list[ProfileRow]:
    """Return the rows of a profile that say something of their own: one for two levels."""
    levels = levels_of(profile)
    return [
        row for row in profile if not row.level or not is_implied(row.level, levels[row.feature])
    ]
