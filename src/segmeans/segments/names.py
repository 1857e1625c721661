"""A name per segment, in plain words taken from its markers, and an id from its content.

A name says at most three things, each of them a marker of the segment (see
:func:`segmeans.segments.markers.markers`). It is built from the profile alone, so the same
solution has the same names whatever the seed, the threads or the order of the rows.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from segmeans.plain import plain_date, plain_number, plain_share
from segmeans.records import Marker, ProfileRow
from segmeans.segments.levels import NO, YES, is_question, told
from segmeans.segments.markers import markers, speaks
from segmeans.segments.words import feature_words, plain_text, shorten

TRAITS = 3  # a name with more would be a description
RELATIVE = 0.5  # a plain trait is at least half as strong as the strongest, here and elsewhere
NEARLY_ALL = 0.9  # from this share on, a level is said without "mostly"

_WORD = re.compile(r"[^\W\d_]{2}")  # levels without one are codes: 1, B, 2-4

# Counted things: many or few of them, rather than high or low.
COUNTED = frozenset(
    {"calls", "children", "clicks", "complaints", "invoices", "items", "logins", "nights"}
    | {"orders", "products", "purchases", "returns", "sessions", "tickets", "transactions"}
    | {"trips", "visits"}
)
# A column holding one of these words is a rate or an amount, even if it ends in a counted thing.
MEASURED = frozenset({"average", "avg", "mean", "median", "per", "rate", "ratio", "share", "value"})
SCORED = frozenset({"activity", "engagement", "loyalty", "risk", "satisfaction", "spending"})
AGES = frozenset({"age", "age years", "age in years", "customer age"})
SELF_EXPLAINING = frozenset({"female", "male", "woman", "man"})  # the feature need not be named
SINCE = ("days since ", "weeks since ", "months since ", "years since ")


def names(profile: Sequence[ProfileRow], k: int) -> tuple[str, ...]:
    """Name every segment from what sets it apart.

    Only features that formed the segments speak. A segment that is near everyone in all of them
    is "the middle" (or "mixed", when no feature is a number); a single segment is "everyone".
    A category that most of a segment, but not most of every one, lacks is said to be unknown.
    A trait less than half as strong as that of another segment is said with "rather": the plain
    word is for those who stand out among the segments too. Segments whose traits are the same are
    told apart by the value in which they differ most.

    Parameters
    ----------
    profile : sequence of ProfileRow
        Rows of all k segments.
    k : int
        Number of segments.

    Returns
    -------
    tuple of str
        k different names, segment 1 first.

    Examples
    --------
    >>> def row(segment, feature, effect):
    ...     return ProfileRow(
    ...         segment=segment,
    ...         feature=feature,
    ...         level="",
    ...         mean=effect,
    ...         median=effect,
    ...         share=None,
    ...         everyone=0.0,
    ...         difference=effect,
    ...         effect=effect,
    ...         missing=0.0,
    ...         role="feature",
    ...     )
    >>> rich = [row(1, "Annual Income (k$)", 1.1), row(1, "Spending Score (1-100)", -1.3)]
    >>> rest = [row(2, "Annual Income (k$)", -0.2), row(2, "Spending Score (1-100)", 0.2)]
    >>> names([*rich, *rest], 2)
    ('high income, low spending', 'the middle')
    """
    if k == 1:
        return ("everyone",)
    rows = [row for row in profile if row.role == "feature"]
    words = short_words(dict.fromkeys(row.feature for row in rows))
    order = {feature: place for place, feature in enumerate(words)}
    most, unknown = _most(rows), _at_times_unknown(rows)
    spoken = [
        _name(segment, [row for row in rows if row.segment == segment], words, order, most, unknown)
        for segment in range(1, k + 1)
    ]
    return _told_apart(spoken, rows, words)


def short_words(columns: Iterable[str]) -> dict[str, str]:
    """Say column names for use in a name: without "annual", "total" and the like, if still clear.

    Examples
    --------
    >>> short_words(["Annual Income (k$)", "Spending Score (1-100)", "credit_score"])
    {'Annual Income (k$)': 'income', 'Spending Score (1-100)': 'spending', \
'credit_score': 'credit score'}
    >>> short_words(["total_spend", "spend"])
    {'total_spend': 'total spend', 'spend': 'spend'}
    """
    full = feature_words(columns)
    short = {name: _without_filler(words) for name, words in full.items()}
    said = [*short.values(), *full.values()]
    return {
        name: words if said.count(words) == 1 + (words == full[name]) else full[name]
        for name, words in short.items()
    }


def _without_filler(words: str) -> str:
    parts = words.split()
    if len(parts) > 1 and parts[0] in {"annual", "yearly", "total"}:
        parts = parts[1:]
    if len(parts) > 1 and parts[-1] in {"score", "index"} and parts[-2] in SCORED:
        parts = parts[:-1]
    return " ".join(parts)


def _most(rows: Sequence[ProfileRow]) -> dict[tuple[str, str], float]:
    """Return the strongest effect of any segment in each number or date, by its direction."""
    most: dict[tuple[str, str], float] = {}
    for row in rows:
        if not row.level:
            key = (row.feature, "high" if row.effect > 0 else "low")
            most[key] = max(most.get(key, 0.0), abs(row.effect))
    return most


def _name(
    segment: int,
    rows: Sequence[ProfileRow],
    words: Mapping[str, str],
    order: Mapping[str, int],
    most: Mapping[tuple[str, str], float],
    unknown: Collection[str],
) -> str:
    chosen = _traits(markers(rows).get(segment, ()))
    said = {
        marker.feature: _mildly(marker, trait(marker, rows, words[marker.feature]), most)
        for marker in chosen
    }
    for row in rows:
        if row.feature in unknown and not speaks(row) and len(said) < TRAITS:
            how = "unknown" if row.missing >= NEARLY_ALL else "mostly unknown"
            said[row.feature] = f"{words[row.feature]} {how}"
    if not said:
        return "the middle" if any(not row.level for row in rows) else "mixed"
    return ", ".join(said[feature] for feature in sorted(said, key=lambda name: order[name]))


def _at_times_unknown(rows: Sequence[ProfileRow]) -> set[str]:
    """Return the categories that most of one segment lacks, but not most of every one.

    A missing category is a level of its own to the segments; a missing number is none.
    """
    said = {row.feature for row in rows if row.level and speaks(row)}
    return {row.feature for row in rows if row.level and not speaks(row)} & said


def _mildly(marker: Marker, said: str, most: Mapping[tuple[str, str], float]) -> str:
    """Take back a word where another segment goes more than twice as far the same way."""
    if marker.level or abs(marker.effect) >= RELATIVE * most[marker.feature, marker.direction]:
        return said
    compared = said.split()[0] in ("older", "younger", "later", "earlier")
    return f"{'somewhat' if compared else 'rather'} {said}"


def _traits(found: Sequence[Marker]) -> list[Marker]:
    """Choose the markers that make the name: strong ones, one per feature."""
    chosen: dict[str, Marker] = {}
    for marker in found:
        if abs(marker.effect) < RELATIVE * abs(found[0].effect) or len(chosen) == TRAITS:
            break
        chosen.setdefault(marker.feature, _telling(marker, found))
    return list(chosen.values())


def _telling(marker: Marker, found: Sequence[Marker]) -> Marker:
    """Prefer, among the levels of one category, a level that most of the segment has."""
    for other in found:
        if other.feature == marker.feature and other.direction == "high" and other.segment >= 0.5:
            return other
    return marker


def _is_question(feature: str, rows: Sequence[ProfileRow]) -> bool:
    """Return whether the levels of a feature are yes and no."""
    return is_question(row.level for row in rows if row.feature == feature)


def trait(marker: Marker, rows: Sequence[ProfileRow], words: str) -> str:
    """Say one marker in words.

    Parameters
    ----------
    marker : Marker
    rows : sequence of ProfileRow
        Rows of the segment, to know the other levels of a category.
    words : str
        The feature in words.

    Returns
    -------
    str

    Examples
    --------
    >>> def number(direction):
    ...     return Marker(
    ...         feature="x", level="", direction=direction, effect=1.0, segment=1.0, everyone=0.0
    ...     )
    >>> [trait(number("high"), [], words) for words in ("age", "orders", "tenure", "income")]
    ['older', 'many orders', 'long tenure', 'high income']
    >>> trait(number("low"), [], "days since last order")
    'recent order'
    """
    if marker.level:
        return _category_trait(marker, rows, words)
    high = marker.direction == "high"
    if marker.kind == "date":
        return f"{'later' if high else 'earlier'} {words}"
    if words in AGES:
        return "older" if high else "younger"
    if words.startswith(SINCE):
        event = words.split(" since ", 1)[1]
        return f"long since {event}" if high else f"recent {event.removeprefix('last ')}"
    parts = words.split()
    if parts[0] == "tenure":
        return f"{'long' if high else 'short'} {words}"
    if parts[-1] in COUNTED and not MEASURED & set(parts):
        return f"{'many' if high else 'few'} {words}"
    return f"{'high' if high else 'low'} {words}"


def _category_trait(marker: Marker, rows: Sequence[ProfileRow], words: str) -> str:
    level, share, more = marker.level, marker.segment, marker.direction == "high"
    own = next((row for row in rows if row.feature == marker.feature), None)
    known = 1.0 if own is None else 1.0 - own.missing  # the others have no level at all
    if _is_question(marker.feature, rows):
        if level.casefold() in NO:
            share, more = 1 - share, not more
        answered = known * max(share, 1 - share)
        if (share >= 0.5) == more and answered >= 0.5:
            extreme = answered >= NEARLY_ALL
            return f"{'' if extreme else 'mostly '}{answer_words(words, yes=more)}"
        return f"{'more' if more else 'less'} often {answer_words(words, yes=True)}"
    if more:
        have = known * share
        how = "" if have >= NEARLY_ALL else "mostly" if have >= 0.5 else "more often"
    else:
        how = "not" if known * (1 - share) >= NEARLY_ALL else "less often"
    said = _level_words(level)
    if level.casefold() in SELF_EXPLAINING:
        words = ""
    parts = (words, how, said) if _WORD.search(said) else (how, words, said)
    return " ".join(part for part in parts if part)


def answer_words(words: str, *, yes: bool) -> str:
    """Say the answer to a question that a column asks.

    Examples
    --------
    >>> [answer_words(words, yes=True) for words in ("tasty", "is member", "has card")]
    ['tasty', 'member', 'with card']
    >>> [answer_words(words, yes=False) for words in ("tasty", "is member", "has card")]
    ['not tasty', 'not member', 'without card']
    """
    verb, _, thing = words.partition(" ")
    if verb == "has" and thing:
        return f"{'with' if yes else 'without'} {thing}"
    said = thing if verb == "is" and thing else words
    return said if yes else f"not {said}"


def _level_words(level: str) -> str:
    text = shorten(plain_text(level), 24)
    return text.lower() if text.casefold() in SELF_EXPLAINING | {"other", "unknown"} else text


def _told_apart(
    spoken: Sequence[str], rows: Sequence[ProfileRow], words: Mapping[str, str]
) -> tuple[str, ...]:
    """Add to equal names the value in which their segments differ most."""
    told = list(spoken)
    for name in dict.fromkeys(spoken):
        alike = [place for place, other in enumerate(spoken) if other == name]
        if len(alike) > 1:
            endings = _endings([place + 1 for place in alike], rows, words)
            for place, ending in zip(alike, endings, strict=True):
                told[place] = f"{name}, {ending}"
    taken: dict[str, int] = {}
    for place, name in enumerate(told):
        taken[name] = taken.get(name, 0) + 1
        if taken[name] > 1:
            told[place] = f"{name} ({taken[name]})"
    return tuple(told)


def _endings(
    segments: Sequence[int], rows: Sequence[ProfileRow], words: Mapping[str, str]
) -> list[str]:
    """Say, for segments of one name, the value that differs most between them."""
    columns: dict[tuple[str, str], dict[int, ProfileRow]] = {}
    of_these = [row for row in told(rows) if row.segment in segments]
    for row in [row for row in of_these if speaks(row)] or of_these:
        columns.setdefault((row.feature, row.level), {})[row.segment] = row

    def spread(of: Mapping[int, ProfileRow]) -> float:
        effects = [row.effect for row in of.values()]
        return max(effects) - min(effects) if len(effects) == len(segments) else -1.0

    feature, level = max(columns, key=lambda column: spread(columns[column]))
    telling = [columns[feature, level][segment] for segment in segments]
    if level:
        shares = [row.share or 0.0 for row in telling]
        said = f"{words[feature]} {_level_words(level)}"
        if _is_question(feature, rows):
            said = answer_words(words[feature], yes=level.casefold() in YES)
        return [f"{text} {said}" for text in _apart(shares, plain_share)]
    typical = [
        row.mean
        if row.median is None or len({r.median for r in telling}) < len(telling)
        else row.median
        for row in telling
    ]
    say = plain_date if telling[0].kind == "date" else plain_number
    return [f"{words[feature]} around {text}" for text in _apart(typical, say)]


def _apart(values: Sequence[float | None], say: Callable[[float | None], str]) -> list[str]:
    """Write values so that different ones look different."""
    texts = [say(value) for value in values]
    if len(set(texts)) == len(set(values)):
        return texts
    for digits in range(4, 16):
        texts = [f"{value or 0.0:.{digits}g}" for value in values]
        if len(set(texts)) == len(set(values)):
            break
    return texts


def segment_ids(profile: Sequence[ProfileRow], k: int) -> tuple[str, ...]:
    """Return an id per segment, derived from its content.

    The id is a hash of how the segment stands against everyone in every feature: the names of
    the features and the standardised differences, in steps of a ten-thousandth of a standard
    deviation. It depends neither on the number of the segment nor on the order of rows, columns
    or other segments, nor on the unit of a feature (k$ or $), and the last bits of a sum do not
    reach it. Steps are cut off-centre, because means of few rows like to lie exactly on a half.

    Parameters
    ----------
    profile : sequence of ProfileRow
        Rows of all k segments.
    k : int
        Number of segments.

    Returns
    -------
    tuple of str
        k different ids such as ``"s-3f9a1c07"``, segment 1 first.
    """
    contents: list[str] = []
    for segment in range(1, k + 1):
        lines = sorted(
            f"{row.feature!r} {row.level!r} {math.floor(row.effect * 1e4 + 0.382)}"
            for row in profile
            if row.segment == segment and row.role == "feature"
        )
        contents.append("\n".join(lines))
    ids: list[str] = []
    for content in contents:
        unique, turn = content, 1
        while (key := _hashed(unique)) in ids:
            turn += 1
            unique = f"{content}\n{turn}"
        ids.append(key)
    return tuple(ids)


def _hashed(content: str) -> str:
    return "s-" + hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:8]
