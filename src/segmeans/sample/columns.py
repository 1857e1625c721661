"""Columns of a made-up table: whole numbers inside, the text of a CSV file outside.

Text is made without a loop over rows: every column becomes a matrix of bytes with one row per row
of the table, unused places are 0, and dropping the zeros of all columns side by side leaves the
lines of a CSV file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmeans.sample.draws import Whole

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Numbers:
    """Numbers held as whole units: cents, when there are two ``places``."""

    units: Whole
    places: int = 0
    missing: Mask | None = None

    @property
    def sql_type(self) -> str:
        """The SQL type that holds the column."""
        return f"DECIMAL(18, {self.places})" if self.places else "BIGINT"

    def text(self) -> Bytes:
        """Return the values as characters, shape (rows, width); 0 is no character."""
        size = np.abs(self.units)
        parts = [_digits(size // 10**self.places)]
        if (self.units < 0).any():
            parts.insert(0, np.where(self.units < 0, ord("-"), 0).astype(np.uint8)[:, None])
        if self.places:
            parts.append(_constant(".", len(size)))
            parts.append(_digits(size % 10**self.places, least=self.places))
        return np.hstack(parts)


@dataclass(frozen=True)
class Labels:
    """Categories: codes from 0 into a list of texts."""

    codes: NDArray[np.integer]
    labels: tuple[str, ...]
    missing: Mask | None = None
    sql_type = "VARCHAR"

    def text(self) -> Bytes:
        """Return the values as characters, shape (rows, width); 0 is no character."""
        written = [_quoted(label).encode() for label in self.labels]
        table: Bytes = np.array(written).view(np.uint8).reshape(len(written), -1)
        return np.take(table, self.codes, axis=0)


@dataclass(frozen=True)
class Serials:
    """Ids: a number between two fixed texts, padded with zeros to at least ``digits`` digits."""

    numbers: Whole
    prefix: str = ""
    suffix: str = ""
    digits: int = 1
    missing: Mask | None = None

    @property
    def sql_type(self) -> str:
        """The SQL type that holds the column."""
        return "VARCHAR" if self.prefix or self.suffix or self.digits > 1 else "BIGINT"

    def text(self) -> Bytes:
        """Return the values as characters, shape (rows, width); 0 is no character."""
        rows = len(self.numbers)
        digits = _digits(self.numbers, least=self.digits)
        return np.hstack([_constant(self.prefix, rows), digits, _constant(self.suffix, rows)])


@dataclass(frozen=True)
class Dates:
    """Calendar days, as days since 1970-01-01."""

    days: Whole
    missing: Mask | None = None
    sql_type = "DATE"

    def text(self) -> Bytes:
        """Return the values as characters, shape (rows, width); 0 is no character."""
        first, last = int(self.days.min(initial=0)), int(self.days.max(initial=0))
        every = np.datetime_as_string(np.arange(first, last + 1).astype("datetime64[D]"))
        table: Bytes = every.astype("S10").view(np.uint8).reshape(-1, 10)
        return table[self.days - first]


Column = Numbers | Labels | Serials | Dates
Block = dict[str, Column]


def csv_header(block: Block) -> bytes:
    """Return the first line of a CSV file with these columns."""
    return ",".join(map(_quoted, block)).encode() + b"\n"


def csv_lines(block: Block) -> bytes:
    r"""Return the rows of a block as the lines of a CSV file.

    Examples
    --------
    >>> import numpy as np
    >>> block = {"id": Serials(np.array([7, 10])), "price": Numbers(np.array([-250, 5]), 2)}
    >>> csv_lines(block)
    b'7,-2.50\n10,0.05\n'
    """
    parts: list[Bytes] = []
    for column in block.values():
        text = column.text()
        if column.missing is not None:
            text[column.missing] = 0
        parts += [text, _constant(",", len(text))]
    parts[-1] = _constant("\n", len(parts[-1]))
    characters: Bytes = np.hstack(parts).ravel()
    written: Bytes = characters[characters != 0]
    return written.tobytes()


def _digits(values: Whole, *, least: int = 1) -> Bytes:
    """Write numbers from 0, with leading zeros up to ``least`` digits."""
    width = max(least, len(str(int(values.max(initial=0)))))
    out = np.empty((len(values), width), dtype=np.uint8)
    rest = values
    for place in range(width - 1, -1, -1):
        tens = rest // 10  # faster than divmod
        out[:, place] = rest - 10 * tens + ord("0")
        rest = tens
    for place in range(width - least):
        out[values < 10 ** (width - 1 - place), place] = 0
    return out


def _constant(text: str, rows: int) -> Bytes:
    characters = np.frombuffer(text.encode(), dtype=np.uint8)
    return np.broadcast_to(characters, (rows, len(characters)))


def _quoted(text: str) -> str:
    special = any(mark in text for mark in ',"\n\r')
    return '"' + text.replace('"', '""') + '"' if special else text
