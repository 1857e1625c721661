"""How many customers move by noise alone: measured anew, or the model fitted on another sample.

Values measured again put customers near a border on the other side of it, as many one way as the
other. A model fitted again moves the border itself, and all customers it passes go the same way: no
comparison of the two ways shows that. How far a border goes is known from the resamples of the
study (:class:`segmeans.records.KRow`, ``moves``): the share of each segment's customers that
another sample of the same customers puts into each other segment.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from segmeans.errors import SegmeansError
from segmeans.model import load
from segmeans.records import ModelRecord, StudyRecord
from segmeans.tracking.chance import normal_tails, uneven

MAX_BYTES = 200_000_000
SPREAD = math.pi / 2.0
"""Squared standard deviation of a normal number of mean 0, in units of its squared mean size."""

_BROKEN = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
Shares = Mapping[tuple[str, str], float]


class Fit(NamedTuple):
    """The model that put customers into segments, and how sure its borders are.

    ``moves`` is the share of the customers of the first segment that a resample puts into the
    second one, by names; empty where the study made no resamples.
    """

    model: ModelRecord
    moves: Shares

    def is_like(self, other: Fit) -> bool:
        """Return whether both models put everyone into the same segments."""
        mine, theirs = self.model, other.model
        return mine.centres == theirs.centres and mine.preparation == theirs.preparation


def fit_of(model: ModelRecord, study: StudyRecord) -> Fit:
    """Return the fit of a study in hand.

    Parameters
    ----------
    model : ModelRecord
    study : StudyRecord

    Returns
    -------
    Fit
    """
    names = [segment.name for segment in study.segments]
    table = next((row.moves for row in study.k_table if row.k == study.k), ())
    return Fit(model, _named(names, table))


def fit_beside(file: Path) -> Fit | None:
    """Return the fit of the study whose file of segments this is.

    Parameters
    ----------
    file : Path
        ``segments.csv`` or ``segments.parquet`` in the folder of a study.

    Returns
    -------
    Fit or None
        None for a file that is no study's, as one that ``segmeans score`` wrote.
    """
    if file.stem != "segments":
        return None
    try:
        model = load(file.parent / "model.json").record
        with (file.parent / "study.json").open("rb") as content:
            told = json.loads(content.read(MAX_BYTES))
        k = len(model.segments)
        table = next((row.get("moves") or () for row in told["k_table"] if row["k"] == k), ())
        return Fit(model, _named([segment.name for segment in model.segments], table))
    except (SegmeansError, OSError, *_BROKEN):
        return None  # movement is told without it


def _named(names: list[str], table: Any) -> Shares:
    """Return shares by the names of both segments; nothing unless they are shares of all."""
    k = len(names)
    rows = [[float(value) for value in row] for row in table]
    fits = len(rows) == k and all(len(row) == k for row in rows)
    if not fits or not all(0.0 <= value <= 1.0 for row in rows for value in row):
        return {}
    return {
        (origin, target): value
        for origin, row in zip(names, rows, strict=True)
        for target, value in zip(names, row, strict=True)
    }


class Noise:
    """What noise alone does between two periods.

    Parameters
    ----------
    before, after : Fit or None
        None where nothing is known of the model; the other one then stands for both.
    """

    def __init__(self, before: Fit | None, after: Fit | None) -> None:
        self.refitted = bool(before and after and not before.is_like(after))
        self._moves = [fit.moves for fit in (before, after) if fit] if self.refitted else []

    @property
    def known(self) -> bool:
        """Whether it is known how far borders go when the model is fitted again."""
        return not self.refitted or all(self._moves)

    def displaced(self, pair: tuple[str, str], there: float, back: float) -> float:
        """Return how many customers two fits to samples of the same customers tell apart.

        Each fit puts its border where its own sample has it, so that the squares add up.

        Parameters
        ----------
        pair : tuple of str
            Two segments.
        there, back : float
            Customers who were in the first one and in the second one.

        Returns
        -------
        float
            Mean over samples; the customers go one way or the other, all of them.
        """
        return math.sqrt(
            sum(
                (there * shares.get(pair, 0.0) + back * shares.get(pair[::-1], 0.0)) ** 2
                for shares in self._moves
            )
        )

    def chance(self, one: int, other: int, displaced: float) -> float:
        """Return how likely noise alone gives an exchange so uneven.

        McNemar's exact test where the model is the same. Where borders may have gone as well, a
        normal approximation: customers who cross at random, and a border whose way is normal.

        Parameters
        ----------
        one, other : int
            Customers who went one way and the other.
        displaced : float

        Returns
        -------
        float
        """
        if displaced == 0.0 or one == other:
            return uneven(one, other)
        return normal_tails((one - other) / math.sqrt(one + other + SPREAD * displaced**2))


def by_noise(one: int, other: int, displaced: float) -> float:
    """Return how many customers of an exchange noise alone accounts for.

    Parameters
    ----------
    one, other : int
        Customers who went one way and the other.
    displaced : float
        As :meth:`Noise.displaced` gives it.

    Returns
    -------
    float
        Those who have someone who went the other way, and of the rest as many as the border may
        have passed.

    Examples
    --------
    >>> by_noise(30, 10, 0.0), by_noise(30, 10, 5.0), by_noise(30, 10, 50.0)
    (20.0, 25.0, 40.0)
    """
    return 2.0 * min(one, other) + min(abs(one - other), displaced)
