"""A made-up market of customers in the classic columns, with or without segments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmeans.errors import SettingError
from segmeans.sample.columns import Block, Labels, Mask, Numbers, Serials
from segmeans.sample.draws import (
    BLOCK,
    Draws,
    Table,
    check_within,
    cut,
    hump_table,
    look_up,
    normal_table,
    share_ends,
    share_table,
)
from segmeans.sample.extras import EXTRAS

AGE, INCOME, SCORE = "Age", "Annual Income (k$)", "Spending Score (1-100)"
TRUTH = "True Segment"


class Limits(NamedTuple):
    """Spread inside a segment at separation 1, and the range, of a planted column."""

    spread: float
    low: int
    high: int


PLANTED = {AGE: Limits(5, 18, 80), INCOME: Limits(8, 12, 160), SCORE: Limits(7, 1, 100)}


class Kind(NamedTuple):
    """One kind of customer: its share, and the middle of its columns."""

    name: str
    share: float
    female: float
    middle: tuple[float, float, float]  # age, income, score


# The first five are the classic market; each further one keeps clear of all before it.
KINDS = (
    Kind("Middle of the road", 0.28, 0.58, (46, 58, 50)),
    Kind("Affluent enthusiasts", 0.21, 0.54, (34, 97, 80)),
    Kind("Affluent savers", 0.19, 0.46, (44, 99, 19)),
    Kind("Careful on a budget", 0.17, 0.60, (60, 24, 21)),
    Kind("Young trend followers", 0.15, 0.58, (24, 24, 79)),
    Kind("Comfortable retired", 0.12, 0.55, (72, 78, 46)),
    Kind("Young savers", 0.10, 0.45, (23, 60, 16)),
    Kind("Top earners", 0.06, 0.40, (53, 136, 54)),
    Kind("Lively seniors", 0.09, 0.62, (70, 25, 64)),
    Kind("Mature enthusiasts", 0.08, 0.57, (61, 64, 92)),
    Kind("Young professionals", 0.07, 0.48, (24, 116, 48)),
    Kind("Wealthy and reserved", 0.05, 0.44, (68, 126, 12)),
)

# Streams: one per column, so that a further column changes no other one.
_SEGMENT, _GENDER, _EXTRA, _MISSING = 0, 1, 10, 40


@dataclass(frozen=True, kw_only=True)
class CustomerMarket:
    """What a made-up market of customers is like.

    Parameters
    ----------
    segments : int, default=5
        Number of planted segments, 1 to 12. The first five are the classic ones.
    sizes : sequence of float, default=()
        Relative sizes of the segments. By default the largest has about a third.
    separation : float, default=1.0
        How far the segments stand apart: 1 is clear, 0.5 blurred, 0.05 to 10.
    structure : bool, default=True
        False makes one single cloud in which every column has the mean and the spread that it
        has with the segments, but nothing belongs together.
    extra : int, default=0
        Number of further columns, 0 to 8: tenure, visits, basket, online share, city, sign-up
        date, newsletter, e-mail. Visits, basket and online share go with the segments.
    missing : float, default=0.0
        Share of values left out at random, 0 to 0.9. Ids are never left out.
    truth : bool, default=False
        Add the column ``True Segment`` with the name of the planted segment.

    Raises
    ------
    SettingError
        When a value is out of its range.
    """

    segments: int = 5
    sizes: tuple[float, ...] = ()
    separation: float = 1.0
    structure: bool = True
    extra: int = 0
    missing: float = 0.0
    truth: bool = False

    def __post_init__(self) -> None:
        check_within("segments", self.segments, 1, len(KINDS))
        check_within("separation", self.separation, 0.05, 10)
        check_within("extra", self.extra, 0, len(EXTRAS))
        check_within("missing", self.missing, 0, 0.9)
        if self.sizes and len(self.sizes) != self.segments:
            raise SettingError(
                "There must be one size per segment",
                where="sizes",
                found=f"{len(self.sizes)} sizes for {self.segments} segments",
            )
        share_ends(self.shares)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The planted segments."""
        return KINDS[: self.segments]

    @property
    def shares(self) -> tuple[float, ...]:
        """The relative sizes of the planted segments."""
        return self.sizes or tuple(kind.share for kind in self.kinds)

    def blocks(self, rows: int, seed: int) -> Iterator[Block]:
        """Make the customers, block by block.

        Parameters
        ----------
        rows : int
            Number of customers.
        seed : int
            The same seed gives the same customers on any machine.

        Yields
        ------
        dict of str to Column
            Up to 65,536 customers.
        """
        tables = _Tables.of(self)
        for number, first in enumerate(range(0, rows, BLOCK)):
            count = min(BLOCK, rows - first)
            yield self._block(tables, Draws(seed, number, count), first, count)

    def _block(self, tables: _Tables, draws: Draws, first: int, count: int) -> Block:
        segment = tables.segment[draws.lane(_SEGMENT)]
        ids = np.arange(first + 1, first + count + 1)
        block: Block = {
            "CustomerID": Serials(ids),
            "Gender": Labels(
                (draws.lane(_GENDER) < tables.female[segment]).astype(np.uint8),
                ("Male", "Female"),
                self._missing(draws, 0),
            ),
        }
        for i, (name, table) in enumerate(tables.planted.items(), start=1):
            units = look_up(table, segment, draws.lane(_GENDER + i))
            block[name] = Numbers(units, 0, self._missing(draws, i))
        for i, (extra, table) in enumerate(zip(EXTRAS, tables.extra, strict=False)):
            units = look_up(table, segment, draws.lane(_EXTRA + i))
            block[extra.name] = extra.column(units, ids, self._missing(draws, 4 + i))
        if self.truth and self.structure:
            block[TRUTH] = Labels(segment, tuple(kind.name for kind in self.kinds))
        return block

    def _missing(self, draws: Draws, column: int) -> Mask | None:
        if not self.missing:
            return None
        return np.asarray(draws.lane(_MISSING + column) < cut(self.missing))


@dataclass(frozen=True)
class _Tables:
    """The distributions of a market: one table per column and segment."""

    segment: Table
    female: Table  # (k,), levels below which a lane is a woman
    planted: dict[str, Table]  # (k, 65536) each
    extra: tuple[Table, ...]  # (k, 65536) or (1, 65536) each

    @classmethod
    def of(cls, market: CustomerMarket) -> _Tables:
        segment = share_table(market.shares)
        female = np.array([cut(kind.female) for kind in market.kinds], dtype=np.int32)
        middles = np.array([kind.middle for kind in market.kinds], dtype=np.float64)
        planted = {
            name: np.stack(
                [
                    normal_table(
                        kind.middle[i], limits.spread / market.separation, limits.low, limits.high
                    )
                    for kind in market.kinds
                ]
            )
            for i, (name, limits) in enumerate(PLANTED.items())
        }
        extras = EXTRAS[: market.extra]
        if market.structure:
            return cls(segment, female, planted, tuple(extra.table(middles) for extra in extras))
        parts = np.bincount(segment, minlength=market.segments) / len(segment)
        return cls(
            np.zeros_like(segment),
            np.array([round(float(parts @ female))], dtype=np.int32),
            {name: _one_hump(table, parts, PLANTED[name]) for name, table in planted.items()},
            tuple(extra.table((parts @ middles)[None, :]) for extra in extras),
        )


def _one_hump(table: Table, parts: NDArray[np.float64], limits: Limits) -> Table:
    """Return one hump with the mean and spread of a mixture."""
    mean = float(parts @ table.mean(axis=1))
    square = float(parts @ np.square(table, dtype=np.float64).mean(axis=1))
    return hump_table(mean, (square - mean**2) ** 0.5, limits.low, limits.high)[None, :]
