"""The typing tool: a few questions, in the customers' own units, that recognise a member.

A shallow decision tree (Breiman, Friedman, Olshen and Stone, *Classification and Regression
Trees*, 1984) learns to tell the segments apart. How deep it may be is decided by cross-validation:
the shallowest tree that is no more than one standard error worse than the best, so that no
question is asked that does not earn its place. Everything said about its accuracy comes from
customers that the tree had not seen.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmeans.plain import plain_date
from segmeans.records import FeatureState, TypingDepth, TypingNode, TypingRecord, TypingSegment
from segmeans.segments.levels import NO, YES
from segmeans.segments.profile import OTHERS, Column, Floats
from segmeans.segments.words import feature_words, plain_text, shorten

FOLDS = 10
DEEPEST = 6
"""Most questions that are ever asked of one customer."""
LEARNT = 8000
"""Customers that the tree is learnt from and checked on."""
FEWEST = 10
"""Customers below which nothing is learnt."""
LEAST = 0.01
"""Share of the customers that an end of the tree stands for at least, or half of the smallest
segment: a question for two or three customers is not worth asking."""
WIDEST = 80
"""Columns that may be asked about; the first of them, where there are more."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """One column that can be asked about: numbers as they are, or 1 for a level."""

    column: Column
    level: str
    values: Floats  # (m,), complete
    unknown: float  # stands in for a customer who does not say
    other: str = ""  # of a category with two levels, the other one


class Answers:
    """What the customers drawn for the typing tool would answer.

    Parameters
    ----------
    places : ndarray of shape (m,)
        Their rows in the table.
    fills : mapping of str to float
        Feature to what stands in for a missing number; elsewhere the median does.
    """

    def __init__(self, places: NDArray[np.intp], fills: Mapping[str, float | None]) -> None:
        self._places, self._fills = places, fills
        self._answers: list[_Answer] = []

    @classmethod
    def of(cls, labels: NDArray[Any], features: Sequence[FeatureState], seed: int) -> Answers:
        """Draw customers of the segments, all of them where they are few.

        Parameters
        ----------
        labels : ndarray of shape (n,)
            Segment number - 1; negative when not scored.
        features : sequence of FeatureState
        seed : int
        """
        used = np.flatnonzero(labels >= 0)
        if len(used) > LEARNT:
            drawn = np.random.default_rng(seed).choice(len(used), LEARNT, replace=False)
            used = used[np.sort(drawn)]
        return cls(used, {feature.column: feature.fill for feature in features})

    def take(self, column: Column, values: NDArray[Any], levels: Sequence[str] = ()) -> None:
        """Keep what the customers would say about one column.

        Parameters
        ----------
        column : Column
        values : ndarray of shape (n,)
            Of every row of the table; codes of levels for a category, negative when missing.
        levels : sequence of str
            Of a category.
        """
        here = values[self._places]
        if column.kind != "category":
            known = np.isfinite(here)
            if known.any():
                fill = self._fills.get(column.name)
                middle = float(np.median(here[known])) if fill is None else fill
                filled = np.where(known, here, middle).astype(np.float64)
                self._answers.append(_Answer(column, "", filled, middle))
            return
        asked = [(code, level) for code, level in enumerate(levels) if level != OTHERS]
        other = ""
        if len(levels) == 2:
            asked = asked[1:] if asked[0][1].casefold() in NO else asked[:1]
            other = levels[1 - asked[0][0]]
        self._answers += [
            _Answer(column, level, (here == code).astype(np.float64), 0.0, other)
            for code, level in asked
        ]

    def grown(self, labels: NDArray[Any], k: int, seed: int) -> tuple[TypingRecord, ...]:
        """Learn to recognise the segments.

        Parameters
        ----------
        labels : ndarray of shape (n,)
            Of every row of the table.
        k : int
            Number of segments.
        seed : int

        Returns
        -------
        tuple of TypingRecord
            By the features that formed the segments and, where there are any, by the columns
            that only describe them: whether a member can be spotted from outside.
        """
        found = []
        for role in ("feature", "describe"):
            answers = [one for one in self._answers if one.column.role == role][:WIDEST]
            if answers:
                record = _grow(answers, labels[self._places].astype(np.intp), k, seed)
                found += [] if record is None else [record]
        return tuple(found)


def _grow(
    answers: Sequence[_Answer], labels: NDArray[np.intp], k: int, seed: int
) -> TypingRecord | None:
    """Choose the depth, grow the tree on all customers drawn, and say how often it is right."""
    from sklearn.model_selection import StratifiedKFold  # 1.5 s of CPU, wanted only here
    from sklearn.tree import DecisionTreeClassifier

    sizes = np.bincount(labels, minlength=k)
    present = sizes[sizes > 0]
    if len(present) < 2 or len(labels) < FEWEST:
        return None
    matrix = np.column_stack([answer.values for answer in answers])
    folds = int(np.clip(present.min(), 2, FOLDS))

    least = max(1, min(math.ceil(LEAST * len(labels)), int(present.min()) // 2))

    def tree(depth: int) -> Any:
        return DecisionTreeClassifier(max_depth=depth, min_samples_leaf=least, random_state=0)

    with warnings.catch_warnings():  # of a segment with one customer among those drawn
        warnings.simplefilter("ignore", UserWarning)
        cuts = StratifiedKFold(folds, shuffle=True, random_state=seed % 2**32)
        parts = list(cuts.split(matrix, labels))
    tried = [_tried(depth, tree, matrix, labels, parts) for depth in range(1, DEEPEST + 1)]
    best = max((one for one, _ in tried), key=lambda one: one.accuracy)
    chosen, said = next(
        (one, said) for one, said in tried if one.accuracy >= best.accuracy - best.error
    )
    grown = tree(chosen.depth).fit(matrix, labels)
    nodes = _nodes(grown, answers, matrix, labels)
    return TypingRecord(
        asks="features" if answers[0].column.role == "feature" else "descriptions",
        customers=len(labels),
        folds=folds,
        depths=tuple(one for one, _ in tried),
        depth=chosen.depth,
        accuracy=chosen.accuracy,
        error=chosen.error,
        chance=float(sizes.max() / len(labels)),
        segments=tuple(_checked(segment, labels, said) for segment in range(k)),
        nodes=nodes,
    )


def _tried(
    depth: int,
    tree: Callable[[int], Any],
    matrix: Floats,
    labels: NDArray[np.intp],
    parts: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]],
) -> tuple[TypingDepth, NDArray[np.intp]]:
    """Cross-validate one depth: how good it is, and what it says of every customer unseen."""
    said = np.empty(len(labels), dtype=np.intp)
    for learn, check in parts:
        said[check] = tree(depth).fit(matrix[learn], labels[learn]).predict(matrix[check])
    rights = np.array([np.mean(said[check] == labels[check]) for _, check in parts])
    error = float(np.std(rights, ddof=1)) / math.sqrt(len(parts))
    return TypingDepth(depth=depth, accuracy=float(rights.mean()), error=error), said


def _checked(segment: int, labels: NDArray[np.intp], said: NDArray[np.intp]) -> TypingSegment:
    own, called = labels == segment, said == segment
    both = int(np.count_nonzero(own & called))
    return TypingSegment(
        segment=segment + 1,
        found=both / int(own.sum()) if own.any() else None,
        right=both / int(called.sum()) if called.any() else None,
    )


def _nodes(
    grown: Any, answers: Sequence[_Answer], matrix: Floats, labels: NDArray[np.intp]
) -> tuple[TypingNode, ...]:
    """Return the tree as records, without questions whose answers lead to one segment."""
    inner = grown.tree_
    made: list[TypingNode] = []

    def says(place: int) -> set[int]:
        """Return the segments at the ends below a place."""
        if inner.children_left[place] < 0:
            return {_most_likely(grown, place)}
        return says(inner.children_left[place]) | says(inner.children_right[place])

    def add(place: int, rows: NDArray[np.intp]) -> int:
        """Add a place and all below it, with the customers who come there; return its number."""
        number, ends = len(made), says(place)
        segment = next(iter(ends)) if len(ends) == 1 else _most_likely(grown, place)
        node = TypingNode(
            segment=segment,
            share=len(rows) / len(labels),
            right=float(np.mean(labels[rows] + 1 == segment)),
        )
        made.append(node)
        if len(ends) > 1:
            answer = answers[inner.feature[place]]
            low = matrix[rows, inner.feature[place]] <= inner.threshold[place]
            sides = ((inner.children_left[place], rows[low]),
                     (inner.children_right[place], rows[~low]))  # fmt: skip
            # A level is the answer yes above one half, a number the answer yes up to its limit.
            yes, no = (add(*side) for side in (sides[::-1] if answer.level else sides))
            made[number] = _asking(node, answer, rows[low], rows[~low], yes=yes, no=no)
        return number

    add(0, np.arange(len(labels)))
    return tuple(made)


def _most_likely(grown: Any, place: int) -> int:
    """Return the segment that most customers at a place of the tree belong to, from 1."""
    return int(grown.classes_[int(np.argmax(grown.tree_.value[place][0]))]) + 1


def _asking(
    node: TypingNode,
    answer: _Answer,
    below: NDArray[np.intp],
    above: NDArray[np.intp],
    *,
    yes: int,
    no: int,
) -> TypingNode:
    """Return a node with its question, which parts the customers below from those above."""
    threshold, unknown = None, no
    if not answer.level:
        threshold = _round_between(answer.values, answer.values[below], answer.values[above])
        unknown = yes if answer.unknown <= threshold else no
    return replace(
        node,
        feature=answer.column.name,
        level=answer.level,
        other=answer.other,
        kind=answer.column.kind,
        threshold=threshold,
        yes=yes,
        no=no,
        unknown=unknown,
    )


def _round_between(everything: Floats, below: Floats, above: Floats) -> float:
    """Return a number that is easy to say and parts the same customers.

    It lies in the middle half of the gap between the two groups where it can; a column of whole
    numbers is asked for a whole number.
    """
    low, high = float(below.max()), float(above.min())
    if np.array_equal(everything, np.round(everything)):
        high -= 1.0
        low, high = low + math.floor((high - low) / 4), high - math.floor((high - low) / 4)
        return roundest(low, high)
    gap = high - low
    return roundest(low + gap / 4, high - gap / 4)


def roundest(low: float, high: float) -> float:
    """Return the number from low to high that takes the fewest digits to say.

    Examples
    --------
    >>> roundest(38.2, 41.7), roundest(0.0312, 0.0384), roundest(-3.0, 2.0), roundest(39.0, 39.0)
    (40.0, 0.035, 0.0, 39.0)
    """
    if low <= 0.0 <= high:
        return 0.0
    if low == high:
        return low
    power = math.floor(math.log10(max(abs(low), abs(high)))) + 1
    for exponent in range(power, power - 17, -1):
        for step in (10.0**exponent, 5.0 * 10.0 ** (exponent - 1)):
            found = round(math.ceil(low / step) * step, max(0, 1 - exponent))
            if low <= found <= high:
                return found
    return low


def recognise(record: TypingRecord, answers: Mapping[str, Any]) -> int:
    """Say which segment a customer most likely belongs to.

    Parameters
    ----------
    record : TypingRecord
    answers : mapping of str to value
        Column to what the customer says: a number, a level, a date as days since 1970-01-01. Left
        out or None where the customer does not say.

    Returns
    -------
    int
        Number of the segment, from 1.

    Examples
    --------
    >>> leaf = TypingNode(segment=2, share=0.5, right=1.0)
    >>> asked = replace(leaf, feature="Age", threshold=40.0, yes=1, no=2, unknown=1)
    >>> tool = TypingRecord(
    ...     asks="features",
    ...     customers=10,
    ...     folds=2,
    ...     depths=(),
    ...     depth=1,
    ...     accuracy=1.0,
    ...     error=0.0,
    ...     chance=0.5,
    ...     segments=(),
    ...     nodes=(asked, leaf, replace(leaf, segment=1)),
    ... )
    >>> recognise(tool, {"Age": 31}), recognise(tool, {"Age": 52}), recognise(tool, {})
    (2, 1, 2)
    """
    node = record.nodes[0]
    while node.yes is not None and node.no is not None:
        answer = answers.get(node.feature)
        if answer is None or answer != answer:
            place = node.unknown
        elif node.threshold is None:
            place = node.yes if str(answer) == node.level else node.no
        else:
            place = node.yes if float(answer) <= node.threshold else node.no
        node = record.nodes[node.no if place is None else place]
    return node.segment


@dataclass(frozen=True, kw_only=True, slots=True)
class TypingLine:
    """One line of the tool when it is read from the top: a question, or a segment.

    Parameters
    ----------
    depth : int
        Questions asked before it.
    answer : str
        The answer that leads here: ``"annual income up to 39"``; empty for the first.
    segment : int or None
        The segment, where the questions end here.
    share : float
        Of all customers, how many come here.
    right : float
        Of those who come here, how many belong to the segment.
    """

    depth: int
    answer: str
    segment: int | None
    share: float
    right: float


def typing_lines(record: TypingRecord) -> tuple[TypingLine, ...]:
    """Return the tool as lines to be read from the top.

    Parameters
    ----------
    record : TypingRecord

    Returns
    -------
    tuple of TypingLine
        One per answer, those of the next question directly below it.
    """
    words = feature_words(dict.fromkeys(node.feature for node in record.nodes if node.feature))

    def below(place: int, depth: int) -> Iterator[TypingLine]:
        node = record.nodes[place]
        if node.yes is None or node.no is None:
            return
        for answer, child in zip(said(node, words), (node.yes, node.no), strict=True):
            end = record.nodes[child]
            yield TypingLine(
                depth=depth,
                answer=answer,
                segment=end.segment if end.yes is None else None,
                share=end.share,
                right=end.right,
            )
            yield from below(child, depth + 1)

    return tuple(below(0, 0))


def said(node: TypingNode, words: Mapping[str, str]) -> tuple[str, str]:
    """Return both answers to a question in words.

    Parameters
    ----------
    node : TypingNode
        With a question.
    words : mapping of str to str
        Column to its name in words.

    Returns
    -------
    tuple of two str
    """
    feature = words[node.feature]
    if node.threshold is None:
        if node.level.casefold() in YES and node.other.casefold() in NO:
            return f"{feature}: yes", f"{feature}: no"
        level, other = (shorten(plain_text(text), 30) for text in (node.level, node.other))
        return f"{feature}: {level}", f"{feature}: {other or f'not {level}'}"
    value = plain_date(node.threshold) if node.kind == "date" else f"{node.threshold:,.12g}"
    return f"{feature} up to {value}", f"{feature} above {value}"


def questions(record: TypingRecord) -> tuple[int, float]:
    """Return the most questions that a customer is asked, and how many on average.

    Parameters
    ----------
    record : TypingRecord

    Returns
    -------
    tuple of int and float
    """
    lines = [line for line in typing_lines(record) if line.segment is not None]
    if not lines:
        return 0, 0.0
    mean = sum(line.share * (line.depth + 1) for line in lines)
    return max(line.depth for line in lines) + 1, mean
