"""Customers with their segments, as columns for people and programs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmeans import preparation
from segmeans.model.assigning import Assigned
from segmeans.records import ModelRecord

STANDINGS = ("border", "between", "core")


@dataclass(frozen=True)
class Scored:
    """The segment of every customer asked about, in their order.

    Parameters
    ----------
    record : ModelRecord
        The model that was asked.
    assigned : Assigned
        Labels, distances and certainty.
    status : ndarray of int8, shape (n,)
        0 for a scored row, else the reason, as :func:`segmeans.preparation.legend` names it.
    unlike : ndarray of bool, shape (n,), or None
        Who is farther out than anyone seen on the day of training; None when the model, written
        by an early version, does not know.
    """

    record: ModelRecord
    assigned: Assigned
    status: NDArray[np.int8]
    unlike: NDArray[np.bool_] | None

    def __len__(self) -> int:
        return len(self.status)

    def __repr__(self) -> str:
        scored = int(np.count_nonzero(self.labels >= 0))
        return f"<Scored: {len(self):,} customers, {scored:,} with a segment>"

    @property
    def labels(self) -> NDArray[np.int32]:
        """Segment number - 1, shape (n,); -1 where a row is not scored."""
        return self.assigned.labels

    @cached_property
    def standings(self) -> NDArray[np.int8]:
        """Place in :data:`STANDINGS`, shape (n,); -1 where there is none to say."""
        cuts = self.record.certainty_cuts
        if not cuts:
            return np.full(len(self), -1, dtype=np.int8)
        # searchsorted takes NaN for the largest number
        places = np.searchsorted(cuts, self.assigned.certainty, side="right").astype(np.int8)
        places[self.labels < 0] = -1
        return places

    def to_dict(self) -> dict[str, NDArray[Any]]:
        """Return the answers as columns, for example for a DataFrame.

        Returns
        -------
        dict of str to ndarray of shape (n,)
            ``segment`` and ``name``; ``distance`` from the own centre in prepared units and
            ``margin``, how much farther the next centre is; ``certainty`` from 0 on a border to 1
            in a centre, and as a word in ``standing``: ``core``, ``between`` or ``border``;
            ``runner_up`` and ``runner_up_name``; ``unlike`` anyone seen; why a row is
            ``unscored``. None or NaN where there is nothing to say.
        """
        names = [segment.name for segment in self.record.segments]
        legend = preparation.legend(self.record.preparation)
        reasons = [None if mark == preparation.USED else legend[mark] for mark in sorted(legend)]
        unlike = np.full(len(self), None, dtype=object)
        if self.unlike is not None:
            unlike[self.labels >= 0] = self.unlike[self.labels >= 0]
        numbers = np.arange(1, len(names) + 1).tolist()
        return {
            "segment": _looked_up(numbers, self.labels),
            "name": _looked_up(names, self.labels),
            "distance": self.assigned.distance,
            "margin": self.assigned.margin,
            "certainty": self.assigned.certainty,
            "standing": _looked_up(STANDINGS, self.standings),
            "runner_up": _looked_up(numbers, self.assigned.runners_up),
            "runner_up_name": _looked_up(names, self.assigned.runners_up),
            "unlike": unlike,
            "unscored": np.array(reasons, dtype=object)[self.status],
        }


def _looked_up(words: Any, places: NDArray[Any]) -> NDArray[Any]:
    """Return the words at the places, None at -1."""
    found: NDArray[Any] = np.array([*words, None], dtype=object)[places]
    return found
