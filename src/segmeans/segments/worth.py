"""What the customers of a segment spend, where a column of the table tells it."""

from __future__ import annotations

from dataclasses import dataclass

from segmeans.records import StudyRecord
from segmeans.segments.actions_playbook import read_playbook
from segmeans.segments.words import feature_words

GRADES = frozenset({"score", "index", "rating", "level", "class", "group", "rank"})
"""Words of a column that grades customers: its sum is no money."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Worth:
    """What each segment spends.

    Parameters
    ----------
    feature : str
        The column.
    words : str
        The column in words.
    each : tuple of float, one per segment
        Mean of a customer, in the unit of the column.
    shares : tuple of float or None
        Share of the sum over all customers; None for a grade, of which no sum can be taken.
    """

    feature: str
    words: str
    each: tuple[float, ...]
    shares: tuple[float, ...] | None


def worth(record: StudyRecord) -> Worth | None:
    """Find the column that says what customers spend, and sum it up.

    Parameters
    ----------
    record : StudyRecord

    Returns
    -------
    Worth or None
        None when no column of a number is about spending, by the words of our playbook, or one
        is not known in every segment or below 0 somewhere. Of several, money goes before
        grades, and the first one counts.
    """
    words = feature_words(dict.fromkeys(row.feature for row in record.profile))
    book = read_playbook()
    columns = [
        feature
        for feature, said in words.items()
        if book.meaning(said) == "spend"
        and all(row.kind == "number" for row in record.profile if row.feature == feature)
    ]
    for feature in sorted(columns, key=lambda name: bool(GRADES & set(words[name].split()))):
        rows = [row for row in record.profile if row.feature == feature]
        means = [row.mean for row in rows]
        if any(mean is None or mean < 0 for mean in means) or not any(means):
            continue
        each = tuple(mean or 0.0 for mean in means)
        sums = [mean * row.known for mean, row in zip(each, rows, strict=True)]
        total = sum(sums)
        graded = bool(GRADES & set(words[feature].split())) or total <= 0
        return Worth(
            feature=feature,
            words=words[feature],
            each=each,
            shares=None if graded else tuple(one / total for one in sums),
        )
    return None
