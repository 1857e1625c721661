"""Customers of one segment at a time, written to files of their own, with a group held out.

Everything happens in the engine: which segment a row belongs to comes as one small number, all
else is SQL over the rows where they are. Who is held out follows from a hash of the id and a seed
alone: ``SHA-256("seed:id")``, read as a share of all hashes, is below the share held out. So the
same customer is held out in every run, and a larger share only adds to a smaller one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from segmeans.tables.answers import copy_out
from segmeans.tables.duck import Array, Table, literal, quoted

LABELS, PEOPLE = "labels", "people"
DIGITS = 13  # of the hash, in hexadecimal: 52 bits, which a float holds
STEPS = 1_000  # a share held out is a whole number of these

EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}"
HASHED = "[0-9a-f]{64}"
GMAIL = r"@(gmail|googlemail)\.com$"


class Wanted(NamedTuple):
    """Which columns to write, and how to tell and reach customers."""

    fields: Sequence[str]
    id_column: str | None
    email: str | None  # written as its hash alone
    gmail: bool
    seed: int


class Members(NamedTuple):
    """The rows of one segment, counted."""

    customers: int
    without_id: int
    repeated: int  # rows whose id another row of the segment has
    unreachable: int  # rows without an e-mail address that can be hashed
    usable: int


def email_hash(value: str, *, gmail: bool) -> str:
    """Return SQL for the hash of an e-mail address as advertising platforms take it.

    Trimmed, in lower case, SHA-256 of the UTF-8 in lower-case hexadecimal digits; NULL for what is
    no address. What is such a hash already stays as it is.

    Parameters
    ----------
    value : str
        SQL of a text.
    gmail : bool
        Also take out the dots, and everything from a plus on, before the at sign of an address at
        gmail.com or googlemail.com, where they make no difference.
    """
    plain = f"lower(trimmed({value}))"
    if gmail:
        name = f"replace(split_part(split_part({plain}, '@', 1), '+', 1), '.', '')"
        plain = (
            f"CASE WHEN regexp_matches({plain}, {literal(GMAIL)}) "
            f"THEN {name} || '@' || split_part({plain}, '@', 2) ELSE {plain} END"
        )
    return (
        f"CASE WHEN regexp_full_match({plain}, {literal(HASHED)}) THEN {plain} "
        f"WHEN regexp_full_match({plain}, {literal(EMAIL)}) THEN sha256({plain}) END"
    )


def cut_off(share: float) -> str:
    """Return the hash digits below which a customer is held out.

    Examples
    --------
    >>> cut_off(0.5)
    '8000000000000'
    >>> cut_off(0.0)
    '0000000000000'
    """
    return f"{min(math.ceil(share * 16**DIGITS), 16**DIGITS - 1):0{DIGITS}x}"


class Audiences:
    """The customers of a table by segment, ready to be written.

    Parameters
    ----------
    table : Table
    labels : iterable of ndarray
        Segment numbers from 1, block by block in the order of the table; 0 for none.
    wanted : Wanted
    """

    def __init__(self, table: Table, labels: Iterable[Array], wanted: Wanted) -> None:
        self._engine, self._wanted = table.engine, wanted
        self._engine.run(f"CREATE TABLE {LABELS} ({quoted(_LABEL)} INTEGER)")
        for block in labels:
            self._engine.append(LABELS, {_LABEL: block})
        key = "NULL" if wanted.id_column is None else quoted(wanted.id_column)
        email = "NULL"
        if wanted.email is not None:
            email = email_hash(quoted(wanted.email), gmail=wanted.gmail)
        self._engine.run(
            f"CREATE VIEW {PEOPLE} AS SELECT *, CAST({key} AS VARCHAR) AS {quoted(_KEY)}, "
            f"{email} AS {quoted(_EMAIL)} FROM {quoted(table.relation)} POSITIONAL JOIN {LABELS}"
        )

    def members(self, segment: int, *, needs_id: bool) -> Members:
        """Count the rows of a segment.

        Parameters
        ----------
        segment : int
        needs_id : bool
            A row without an id cannot be used.
        """
        key, usable = quoted(_KEY), self._usable(needs_id=needs_id)
        row = self._engine.rows(
            f"SELECT count(*), count(*) - count({key}), count({key}) - count(DISTINCT {key}), "
            f"count(*) - count({quoted(_EMAIL)}), count_if({usable}) "
            f"FROM {PEOPLE} WHERE {quoted(_LABEL)} = {int(segment)}"
        )[0]
        customers, without, repeated, unreachable, able = map(int, row)
        known = self._wanted.id_column is not None
        return Members(
            customers,
            without if known else 0,
            repeated,
            unreachable if self._wanted.email is not None else 0,
            able,
        )

    def share_for(self, segment: int, customers: int) -> float:
        """Return the least share, in whole thousandths, that holds out so many of a segment."""
        found = self._engine.rows(
            f"SELECT {self._digits()} FROM {PEOPLE} WHERE {quoted(_LABEL)} = {int(segment)} "
            f"AND {self._usable(needs_id=True)} ORDER BY 1 LIMIT 1 OFFSET {int(customers) - 1}"
        )
        last = (int(found[0][0], 16) + 1) / 16**DIGITS if found else 1.0
        return math.ceil(last * STEPS) / STEPS

    def write(self, path: Path, segment: int, *, share: float | None, held_out: bool) -> int:
        """Write the customers of a segment who are held out, or those who are not.

        Returns
        -------
        int
            How many they are.
        """
        condition = f"{quoted(_LABEL)} = {int(segment)} AND "
        condition += self._usable(needs_id=share is not None)
        if share is not None:
            sign = "<" if held_out else ">="
            condition += f" AND {self._digits()} {sign} {literal(cut_off(share))}"
        columns = ", ".join(f"{value} AS {quoted(name)}" for name, value in self._fields().items())
        query = f"SELECT {columns} FROM {PEOPLE} WHERE {condition}"
        types = self._engine.types(query)
        texts = [name for name, type_ in types.items() if type_ == "VARCHAR"]
        copy_out(self._engine, query, path, texts=texts)
        return int(self._engine.rows(f"SELECT count(*) FROM {PEOPLE} WHERE {condition}")[0][0])

    def _fields(self) -> dict[str, str]:
        wanted = self._wanted
        return {
            f"{name}_sha256" if name == wanted.email else name: quoted(
                _EMAIL if name == wanted.email else name
            )
            for name in wanted.fields
        }

    def _usable(self, *, needs_id: bool) -> str:
        needed = [_KEY] if needs_id else []
        needed += [_EMAIL] if self._wanted.email is not None else []
        return " AND ".join(f"{quoted(name)} IS NOT NULL" for name in needed) or "true"

    def _digits(self) -> str:
        return f"substr(sha256('{int(self._wanted.seed)}:' || {quoted(_KEY)}), 1, {DIGITS})"


_LABEL, _KEY, _EMAIL = "segmeans label", "segmeans key", "segmeans e-mail"
