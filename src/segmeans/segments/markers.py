"""Which rows of a profile set a segment apart."""

from __future__ import annotations

from collections.abc import Sequence

from segmeans.records import Marker, ProfileRow
from segmeans.segments.levels import is_told_by_another

NOTABLE = 0.5  # standard deviations from everyone that make a marker


def speaks(row: ProfileRow) -> bool:
    """Return whether a row says something of its segment: most of it has a value.

    A difference of the few who have one is no trait of all the others.
    """
    return row.missing < 0.5


def markers(profile: Sequence[ProfileRow]) -> dict[int, tuple[Marker, ...]]:
    """Choose the features that set each segment apart.

    A marker lies at least half a standard deviation (of all scored customers) from everyone. The
    rule is free of units: shifting or stretching a feature changes nothing. For a yes/no item
    that half of all customers tick it asks for 25 points of difference, the rule of Dolnicar,
    Gruen and Leisch (*Market Segmentation Analysis*, 2018, step 6); for rarer items it asks for
    less, as their shares vary less. Of a category with two levels one is kept, as the other says
    the same: of yes and no that is yes, else the level that is more common than among everyone.
    A feature of which half of a segment or more has no value is no marker of it.

    Parameters
    ----------
    profile : sequence of ProfileRow

    Returns
    -------
    dict of int to tuple of Marker
        Per segment number its markers: first the features that formed the segments, then the
        descriptors, each group from the strongest to the weakest.

    Examples
    --------
    >>> import numpy as np
    >>> from segmeans.segments.profile import Column, Groups, number_rows
    >>> rows = number_rows(
    ...     Column("spend", "number", "feature"),
    ...     np.array([1.0, 3.0, 9.0, 11.0]),
    ...     Groups.of(np.array([0, 0, 1, 1]), 2),
    ... )
    >>> [marker.direction for found in markers(rows).values() for marker in found]
    ['low', 'high']
    """
    levels: dict[str, set[str]] = {}
    for row in profile:
        levels.setdefault(row.feature, set()).add(row.level)
    found: dict[int, list[tuple[bool, Marker]]] = {row.segment: [] for row in profile}
    for row in profile:
        mirrored = row.kind == "category" and is_told_by_another(row, levels[row.feature])
        value = row.share if row.kind == "category" else row.mean
        if abs(row.effect) < NOTABLE or mirrored or value is None or not speaks(row):
            continue
        marker = Marker(
            feature=row.feature,
            level=row.level,
            direction="high" if row.effect > 0 else "low",
            effect=row.effect,
            segment=value,
            everyone=row.everyone,
            kind=row.kind,
        )
        found[row.segment].append((row.role != "feature", marker))
    return {
        segment: tuple(
            marker for _, marker in sorted(pairs, key=lambda pair: (pair[0], -abs(pair[1].effect)))
        )
        for segment, pairs in found.items()
    }
