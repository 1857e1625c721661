"""Profile, names and certainty come together as the records of the segments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segmeans.model import Assigned
from segmeans.records import ProfileRow, Segment
from segmeans.segments.markers import markers
from segmeans.segments.names import names, segment_ids

BORDER = 0.1
"""Certainty below which a customer stands at a border: the next centre is at most 22 % farther."""


def describe(
    profile: Sequence[ProfileRow],
    assigned: Assigned,
    centres: Sequence[dict[str, float | str]],
) -> tuple[Segment, ...]:
    """Return one record per segment.

    Parameters
    ----------
    profile : sequence of ProfileRow
        Of all segments.
    assigned : Assigned
        Of every row of the source.
    centres : sequence of dict, one per segment
        Feature to value in its own units.

    Returns
    -------
    tuple of Segment
        In the order of the centres.
    """
    k = len(centres)
    scored = assigned.labels >= 0
    labels = assigned.labels[scored]
    sizes = np.bincount(labels, minlength=k)
    certainty = np.bincount(labels, assigned.certainty[scored], k) / np.maximum(sizes, 1)
    near = assigned.certainty[scored] < BORDER
    border = np.bincount(labels[near], minlength=k)
    across = np.zeros((k, k), dtype=np.int64)
    if k > 1:
        np.add.at(across, (labels[near], assigned.runners_up[scored][near]), 1)
    marks, ids = markers(profile), segment_ids(profile, k)
    return tuple(
        Segment(
            number=number,
            id=ids[number - 1],
            name=name,
            size=int(sizes[number - 1]),
            share=float(sizes[number - 1] / len(labels)),
            centre=centres[number - 1],
            markers=marks.get(number, ()),
            certainty=round(float(certainty[number - 1]), 6),
            border=int(border[number - 1]),
            border_with=int(across[number - 1].argmax()) + 1 if across[number - 1].any() else None,
        )
        for number, name in enumerate(names(profile, k), start=1)
    )
