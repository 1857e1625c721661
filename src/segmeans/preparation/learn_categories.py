"""Categories: which levels stand for themselves and which are pooled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segmeans.preparation import findings
from segmeans.preparation.categories import MISSING, ONE_HOT_SCALE, OTHER, canonical
from segmeans.preparation.measure import level_counts
from segmeans.records import FeatureState, Finding
from segmeans.tables import sql

if TYPE_CHECKING:
    from segmeans.tables.duck import Table

#: At most so many levels stand for themselves, each with at least this share of the rows.
MOST_LEVELS, LEAST_SHARE = 12, 0.01
#: So many of the most frequent levels are read.
LEVELS_READ = 100

_AFFIRMATIVE = frozenset({"yes", "y", "true", "t"})


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of a column among the rows used."""

    counts: dict[str, int]  # the most frequent levels, largest first
    distinct: int  # levels in all, as far as known
    rows: int  # rows used
    known: int  # rows among them with a level

    @property
    def constant(self) -> bool:
        """Whether all rows agree."""
        return len(self.counts) + (self.known < self.rows) < 2


def count_levels(
    table: Table,
    features: Sequence[FeatureState],
    distinct: Mapping[str, int],
    rows: int,
    where: sql.Expression | None,
) -> dict[str, Levels]:
    """Count the most frequent levels of each category.

    Parameters
    ----------
    table : Table
        The rows.
    features : sequence of FeatureState
        The categories.
    distinct : mapping
        How many levels each column has in all, 0 if unknown.
    rows : int
        How many rows are used.
    where : Expression or None
        Which rows are used.
    """
    texts: dict[str, dict[str, str]] = {}
    for feature in features:
        read = [text for text, _ in table.levels(feature.column, LEVELS_READ) if text != ""]
        texts[feature.column] = {level: text for text, level in canonical(read).items()}
    result = {}
    for column, (counts, known) in level_counts(table, texts, where).items():
        ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        seen = {level: count for level, count in ranked if count > 0}
        hidden = distinct[column] if sum(seen.values()) < known else 0
        result[column] = Levels(seen, max(len(seen), hidden), rows, known)
    return result


def learn_category(feature: FeatureState, levels: Levels) -> tuple[FeatureState, list[Finding]]:
    """Return the state of a category that is not constant, and what was odd.

    Parameters
    ----------
    feature : FeatureState
        Column and weight.
    levels : Levels
        Its levels among the rows used.
    """
    kept, pooled = _pooled(levels)
    counts = {level: levels.counts[level] for level in _in_order(kept)}
    missing = levels.rows - levels.known + levels.counts.get(MISSING, 0)
    rest = levels.rows - missing - sum(counts.values())
    if rest:
        counts[OTHER] = rest
    if missing:
        counts[MISSING] = missing
    shares = tuple(count / levels.rows for count in counts.values())
    many_pooled = levels.distinct - len(kept)
    two = len(counts) == 2
    state = replace(
        feature,
        scale=1.0 if two else ONE_HOT_SCALE,
        levels=tuple(counts),
        pooled=tuple(pooled),
        centres=shares[1:] if two else shares,
        before={"levels": float(levels.distinct)},
        after={"levels": float(len(counts))},
        note=_note(tuple(counts), len(kept), many_pooled if rest else 0),
    )
    odd = []
    if rest:
        odd.append(findings.levels_pooled(state, len(kept), many_pooled))
    if levels.distinct > findings.MANY_LEVELS:
        odd.append(findings.many_levels(feature.column, levels.distinct))
    return state, odd


def _pooled(levels: Levels) -> tuple[list[str], list[str]]:
    """Divide the levels read into those that stand for themselves and the rare ones.

    A single rare level keeps its name: pooling it would hide the name and merge nothing.
    """
    real = [level for level in levels.counts if level not in (OTHER, MISSING)]
    least = LEAST_SHARE * levels.rows
    kept = [level for level in real if levels.counts[level] >= least][:MOST_LEVELS]
    rare = [level for level in real if level not in kept]
    if len(rare) == 1 and levels.distinct == len(levels.counts) and OTHER not in levels.counts:
        return real, []
    return kept, rare


def _in_order(levels: Sequence[str]) -> list[str]:
    """Sort levels; of two, the affirmative one comes last and becomes 1."""
    ordered = sorted(levels)
    if len(ordered) == 2 and ordered[0].casefold() in _AFFIRMATIVE:
        ordered.reverse()
    return ordered


def _note(levels: tuple[str, ...], kept: int, pooled: int) -> str:
    if pooled:
        return f"{kept} levels and {pooled:,} rare ones pooled"
    return f"1 is {levels[1]}" if len(levels) == 2 else f"{len(levels)} levels"
