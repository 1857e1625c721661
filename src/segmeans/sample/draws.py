"""Random draws that give the same bytes on every machine, one independent stream per block.

NumPy promises the raw 64-bit words of a bit generator for ever, but not the streams of its
distributions. So all draws are raw words cut into 16-bit lanes, and a distribution is a table of
2^16 equally likely whole numbers that a lane looks up. Floating point appears only while a table
is made, and ends in rounding.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from segmeans.errors import SettingError

Lanes = NDArray[np.uint16]
Whole = NDArray[np.int64]
Table = NDArray[np.int32]

LEVELS = 1 << 16
BLOCK = 1 << 16


class Draws:
    """The draws of one block of rows.

    Parameters
    ----------
    seed : int
        Seed of the whole sample.
    block : int
        Number of the block, from 0.
    rows : int
        How many values a draw has.
    """

    def __init__(self, seed: int, block: int, rows: int) -> None:
        self._seed, self._block, self.rows = seed, block, rows

    def _words(self, stream: int, count: int) -> NDArray[np.uint64]:
        source = np.random.SeedSequence(self._seed, spawn_key=(stream, self._block))
        words = np.random.PCG64(source).random_raw(count)
        return np.asarray(words, dtype="<u8")

    def lane(self, stream: int) -> Lanes:
        """Draw 16 bits per row from a stream; the same stream gives the same bits."""
        return self._words(stream, -(-self.rows // 4)).view("<u2")[: self.rows]

    def below(self, stream: int, limit: Whole | int) -> Whole:
        """Draw a whole number from 0 to below ``limit`` per row; limits are at most 2^31."""
        words = self._words(stream, -(-self.rows // 2)).view("<u4")[: self.rows]
        return (words.astype(np.int64) * limit) >> 32


@functools.cache
def _normal_quantiles() -> NDArray[np.float64]:
    normal = NormalDist()
    return np.array([normal.inv_cdf((i + 0.5) / LEVELS) for i in range(LEVELS)])


def _rounded(values: NDArray[np.float64]) -> Table:
    return np.floor(values + 0.5).astype(np.int32)


def normal_table(mean: float, spread: float, low: float, high: float) -> Table:
    """Return a normal distribution cut off at ``low`` and ``high``, as a table.

    Returns
    -------
    ndarray of shape (65536,)
        Whole numbers in rising order, each equally likely.
    """
    normal = NormalDist(mean, spread)
    first, last = normal.cdf(low), normal.cdf(high)
    places = (first + (last - first) * (np.arange(LEVELS) + 0.5) / LEVELS) * LEVELS - 0.5
    z = np.interp(places, np.arange(LEVELS), _normal_quantiles())
    return np.clip(_rounded(mean + spread * z), int(low), int(high))


def skewed_table(median: float, spread: float, low: float, high: float) -> Table:
    """Return a log-normal distribution as a table; ``spread`` is the one of the logarithm."""
    return _rounded(np.clip(median * np.exp(spread * _normal_quantiles()), low, high))


def hump_table(mean: float, spread: float, low: float, high: float) -> Table:
    """Return one hump (a beta distribution) with this mean, spread and range, as a table."""
    m = (mean - low) / (high - low)
    total = m * (1 - m) / (spread / (high - low)) ** 2 - 1
    a, b = m * total, (1 - m) * total
    x = (np.arange(LEVELS) + 0.5) / LEVELS
    mass = np.cumsum(x ** (a - 1) * (1 - x) ** (b - 1))
    quantiles = np.interp((np.arange(LEVELS) + 0.5) / LEVELS, mass / mass[-1], x)
    return _rounded(low + (high - low) * quantiles)


def share_ends(shares: Sequence[float] | NDArray[np.float64]) -> Table:
    """Return the levels at which the shares of a whole end.

    Parameters
    ----------
    shares : sequence of float
        Relative sizes; they need not add up to one.

    Raises
    ------
    SettingError
        When a share is negative or none is above 0.
    """
    parts = np.asarray(shares, dtype=np.float64)
    if not np.isfinite(parts).all() or (parts < 0).any() or parts.sum() <= 0:
        raise SettingError("Sizes must be numbers from 0", found=list(shares))
    return _rounded(np.cumsum(parts) / parts.sum() * LEVELS)


def share_table(shares: Sequence[float]) -> Table:
    """Return the numbers 0, 1, 2 ... in these shares, as a table.

    Examples
    --------
    >>> import numpy as np
    >>> np.bincount(share_table([3, 1])).tolist()
    [49152, 16384]
    """
    return np.searchsorted(share_ends(shares), np.arange(LEVELS), side="right").astype(np.int32)


def cut(share: float) -> int:
    """Return the level below which a lane falls with the given chance."""
    return round(share * LEVELS)


def look_up(table: Table, row: NDArray[np.integer], lane: Lanes) -> Whole:
    """Return ``table[row, lane]``; a table of one row serves every row.

    Parameters
    ----------
    table : ndarray of shape (k, 65536) or (1, 65536)
    row : ndarray of shape (n,)
    lane : ndarray of shape (n,)
    """
    place = lane if len(table) == 1 else (row.astype(np.int64) << 16) + lane
    return table.ravel()[place].astype(np.int64)


def check_within(name: str, value: float, low: float, high: float) -> None:
    """Refuse an option outside its range.

    Raises
    ------
    SettingError
        Naming the option, what was found and what is allowed.
    """
    if not low <= value <= high:
        raise SettingError(
            f"The option {name!r} has a value that is not allowed",
            found=value,
            allowed=f"{low} to {high}",
        )
