"""The named RFM table: a file people edit, and the proof that it leaves nobody out.

A table gives every cell (recency, frequency and monetary score) a name. Each line of the file
covers a box of cells; a name may have several lines. *Standing* ranks the names, the best highest;
*state* says whether customers of that name still buy.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from segmeans.errors import SettingError, SourceError
from segmeans.records import Finding

State = Literal["active", "fading", "lapsed"]
Cell = tuple[int, int, int]  # recency, frequency and monetary score, 1 to bins

SCORES = ("recency", "frequency", "monetary")
RANGES = tuple(f"{score}_{end}" for score in SCORES for end in ("from", "to"))
COLUMNS = ("name", "standing", "state", *RANGES, "meaning")
OTHERS = "Others"
MOST_BINS = 10
_ACTIVITY = {state: place for place, state in enumerate(reversed(get_args(State)))}


@dataclass(frozen=True, kw_only=True, slots=True)
class RfmName:
    """A name with its rank among the names and what it means."""

    name: str
    standing: int  # the best is the highest
    state: State
    meaning: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RfmRule:
    """A box of cells that bears a name; the ends belong to it."""

    name: str
    recency: tuple[int, int]
    frequency: tuple[int, int]
    monetary: tuple[int, int]

    def cells(self) -> Iterable[Cell]:
        """Yield the cells of the box."""
        for recency, frequency in product(_range(self.recency), _range(self.frequency)):
            for monetary in _range(self.monetary):
                yield recency, frequency, monetary


def _range(ends: tuple[int, int]) -> range:
    return range(ends[0], ends[1] + 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedTable:
    """Names for the cells of an RFM table.

    Parameters
    ----------
    bins : int
        Scores run from 1 to this.
    names : tuple of RfmName
        Each name once, the highest standing first.
    rules : tuple of RfmRule
        In the order of the file.
    """

    bins: int
    names: tuple[RfmName, ...]
    rules: tuple[RfmRule, ...]

    def places(self) -> NDArray[np.int16]:
        """Return which name each cell bears.

        Returns
        -------
        ndarray of shape (bins, bins, bins)
            Index into ``names`` by recency, frequency and monetary score minus 1; the first rule
            that covers a cell counts, -1 where none does.
        """
        order = {name.name: place for place, name in enumerate(self.names)}
        places = np.full((self.bins,) * 3, -1, dtype=np.int16)
        for rule in reversed(self.rules):
            box = tuple(
                slice(low - 1, high) for low, high in (rule.recency, rule.frequency, rule.monetary)
            )
            places[box] = order[rule.name]
        return places


def read_names(path: str | Path | None = None, *, check: bool = True) -> NamedTable:
    """Read a named table.

    Parameters
    ----------
    path : str or Path, optional
        A CSV file with the columns of ``COLUMNS``; by default the table that comes with segmeans.
    check : bool, default=True
        Refuse a table that :func:`lint` finds fault with.

    Raises
    ------
    SourceError
        If the file cannot be read.
    SettingError
        If a line of it is wrong, or the table has a hole, an overlap or a name out of order.

    Examples
    --------
    >>> table = read_names()
    >>> table.names[0].name, len(table.names), table.bins
    ('Champions', 11, 5)
    """
    where = "the named RFM table of segmeans" if path is None else str(path)
    table = parse_names(default_text() if path is None else _text(Path(path)), where=where)
    faults = lint(table) if check else ()
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise SettingError(
            "The named RFM table is at fault",
            where=where,
            found=faults[0].evidence + more,
            hint=faults[0].advice,
        )
    return table


def default_text() -> str:
    """Return the file of the table that comes with segmeans, to be saved and edited."""
    return (resources.files("segmeans.segments") / "rfm_names.csv").read_text("utf-8")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(
            "The named RFM table cannot be read", where=str(path), found=str(error)
        ) from None


def parse_names(text: str, *, where: str = "") -> NamedTable:
    """Make a table from the text of its file.

    Raises
    ------
    SettingError
        For a missing column, a score that is no whole number of 1 to 10, a range that runs
        downwards, or a name with two standings.
    """
    reader = csv.DictReader(io.StringIO(text))
    missing = [name for name in COLUMNS[:-1] if name not in (reader.fieldnames or ())]
    if missing:
        raise SettingError(
            "The named RFM table lacks columns",
            where=where,
            found=", ".join(reader.fieldnames or ()) or "nothing",
            allowed=", ".join(COLUMNS),
        )
    names: dict[str, RfmName] = {}
    rules = []
    for number, row in enumerate(reader, start=2):
        name, rule = _line(row, f"{where}, line {number}" if where else f"line {number}")
        known = names.setdefault(name.name, name)
        if (known.standing, known.state) != (name.standing, name.state):
            raise SettingError(
                f"The name {name.name!r} has two standings or states",
                where=f"{where}, line {number}",
            )
        rules.append(rule)
    if not rules:
        raise SettingError("The named RFM table has no lines", where=where)
    ordered = tuple(sorted(names.values(), key=lambda name: -name.standing))
    bins = max(max(*rule.recency, *rule.frequency, *rule.monetary) for rule in rules)
    return NamedTable(bins=bins, names=ordered, rules=tuple(rules))


def _line(row: dict[str, str | None], where: str) -> tuple[RfmName, RfmRule]:
    name = (row["name"] or "").strip()
    if not name:
        raise SettingError("A line of the named RFM table has no name", where=where)
    state = (row["state"] or "").strip()
    if state not in get_args(State):
        raise SettingError(
            "A state does not exist", where=where, found=state, allowed=", ".join(get_args(State))
        )
    ends = {
        score: (_score(row, score, "from", where), _score(row, score, "to", where))
        for score in SCORES
    }
    for score, (low, high) in ends.items():
        if low > high:
            raise SettingError(
                f"The {score} scores run downwards", where=where, found=f"{low} to {high}"
            )
    named = RfmName(
        name=name,
        standing=_whole(row, "standing", where),
        state=state,  # type: ignore[arg-type]
        meaning=(row.get("meaning") or "").strip(),
    )
    return named, RfmRule(name=name, **ends)


def _score(row: dict[str, str | None], score: str, end: str, where: str) -> int:
    value = _whole(row, f"{score}_{end}", where)
    if not 1 <= value <= MOST_BINS:
        raise SettingError(
            f"A {score} score is out of range",
            where=where,
            found=value,
            allowed=f"1 to {MOST_BINS}",
        )
    return value


def _whole(row: dict[str, str | None], column: str, where: str) -> int:
    text = (row[column] or "").strip()
    try:
        return int(text)
    except ValueError:
        raise SettingError(
            f"The column {column!r} holds no whole number", where=where, found=repr(text)
        ) from None


# The proof


def lint(table: NamedTable) -> tuple[Finding, ...]:
    """Return every fault of a named table; none means that the following is proved.

    - Every cell bears exactly one name.
    - Every name is reachable: at least one cell bears it.
    - Names are monotone: a cell that is at least as good in all three scores never has a name of
      lower standing.
    - States follow recency: with the other scores alike, a more recent customer is never in a
      worse state; the most recent are all active, the least recent never.

    Parameters
    ----------
    table : NamedTable
        To be checked.

    Returns
    -------
    tuple of Finding
    """
    places = table.places()
    return (
        *_holes(places),
        *_overlaps(table),
        *_unreachable(table, places),
        *_out_of_order(table, places),
        *_wrong_states(table, places),
    )


def _fault(code: str, evidence: str, advice: str) -> Finding:
    return Finding(
        level="problem", code=code, where="named RFM table", evidence=evidence, advice=advice
    )


def _spelled(cells: Iterable[Cell]) -> str:
    texts = ["-".join(map(str, cell)) for cell in cells]
    return ", ".join(texts[:6]) + (f" and {len(texts) - 6} more" if len(texts) > 6 else "")


def _cells(mask: NDArray[np.bool_]) -> list[Cell]:
    return [(int(r) + 1, int(f) + 1, int(m) + 1) for r, f, m in np.argwhere(mask)]


def _holes(places: NDArray[np.int16]) -> Iterable[Finding]:
    holes = _cells(places < 0)
    if holes:
        yield _fault(
            "rfm-hole",
            f"{len(holes)} of {places.size} cells have no name: {_spelled(holes)}",
            "widen a line, or add one",
        )


def _overlaps(table: NamedTable) -> Iterable[Finding]:
    seen: dict[Cell, str] = {}
    twice: dict[tuple[str, str], list[Cell]] = {}
    for rule in table.rules:
        for cell in rule.cells():
            if cell in seen:
                twice.setdefault((seen[cell], rule.name), []).append(cell)
            seen.setdefault(cell, rule.name)
    for (first, second), cells in twice.items():
        yield _fault(
            "rfm-overlap",
            f"{len(cells)} cells belong to {first!r} and to {second!r}: {_spelled(cells)}",
            "narrow one of the lines",
        )


def _unreachable(table: NamedTable, places: NDArray[np.int16]) -> Iterable[Finding]:
    for place, name in enumerate(table.names):
        if not (places == place).any():
            yield _fault(
                "rfm-unreachable",
                f"Nobody can be {name.name!r}: earlier lines cover all of its cells",
                "narrow the earlier lines, or remove the name",
            )


def _out_of_order(table: NamedTable, places: NDArray[np.int16]) -> Iterable[Finding]:
    """Compare each cell with its neighbour one score up; that is enough by transitivity."""
    standing = np.array([*(name.standing for name in table.names), 0])
    ranked = standing[places]
    told: set[tuple[str, str]] = set()
    for axis, score in enumerate(SCORES):
        low = np.moveaxis(places, axis, 0)
        rank = np.moveaxis(ranked, axis, 0)
        worse = (rank[1:] < rank[:-1]) & (low[1:] >= 0) & (low[:-1] >= 0)
        for step, *others in np.argwhere(worse):
            upper = table.names[low[(step + 1, *others)]].name
            lower = table.names[low[(step, *others)]].name
            if (upper, lower) not in told:
                told.add((upper, lower))
                cell = list(others)
                cell.insert(axis, step)
                spelled = _spelled([tuple(int(part) + 1 for part in cell)])  # type: ignore[list-item]
                yield _fault(
                    "rfm-not-monotone",
                    f"A higher {score} score leads from {lower!r} down to {upper!r}, at cell "
                    f"{spelled}",
                    "change the standings or the cells",
                )


def _wrong_states(table: NamedTable, places: NDArray[np.int16]) -> Iterable[Finding]:
    activity = np.array([*(_ACTIVITY[name.state] for name in table.names), -1])[places]
    named = places >= 0
    worse = np.zeros_like(named)
    worse[1:] = (activity[1:] < activity[:-1]) & named[1:] & named[:-1]
    checks = (
        (worse, "have a worse state than the same customer longer ago"),
        (
            _only(named, -1) & (activity < _ACTIVITY["active"]),
            "bought last of all and are not active",
        ),
        (_only(named, 0) & (activity == _ACTIVITY["active"]), "bought longest ago and are active"),
    )
    for mask, what in checks:
        if mask.any():
            names = sorted({table.names[place].name for place in places[mask]})
            yield _fault(
                "rfm-wrong-state",
                f"Customers {what}: {', '.join(map(repr, names))} at {_spelled(_cells(mask))}",
                "change the state of the name, or its recency scores",
            )


def _only(named: NDArray[np.bool_], recency: int) -> NDArray[np.bool_]:
    mask = np.zeros_like(named)
    mask[recency] = named[recency]
    return mask
