"""Audiences: a file of the customers of each segment to act upon, and a group held out to compare.

Who is held out follows from the id and a seed alone, so that a customer who was held out once is
held out in every later file with the same seed and share, whatever else the file holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from segmeans.clustering import kernels
from segmeans.errors import (
    ColumnNotFoundError,
    DataError,
    SettingError,
    SourceError,
    nearest_name,
)
from segmeans.later import open_log
from segmeans.model import Model, record_json
from segmeans.model.files import Asked, Tally, Tick, open_for
from segmeans.records import (
    AudienceRecord,
    AudienceSegment,
    Finding,
    ModelRecord,
    ModelSegment,
    OrdersScored,
)
from segmeans.segments.actions_power import group_size, smallest_lift
from segmeans.settings import Settings
from segmeans.tables.audiences import Audiences, Wanted
from segmeans.tables.personal import personal_header
from segmeans.tables.sink import Outputs

RECORD = "audience.json"
MAX_BYTES = 10_000_000
FORMATS = ("csv", "parquet")
LONGEST_SLUG = 60


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What shall be written, and who shall be held out.

    Parameters
    ----------
    segments : sequence of str
        Names, ids or numbers; all segments by default.
    fields : sequence of str
        Columns of the source to write; by default the id, or the e-mail address that is hashed.
    email : str, optional
        Column of e-mail addresses, written as their SHA-256; whoever has none is left out.
    gmail : bool, default=False
        Hash addresses at Gmail without dots, and without what follows a plus.
    base, lift : float, optional
        Share of the customers who do it anyhow, and by how much the action shall raise it: so many
        are held out as a test of that needs.
    holdout : float, optional
        Share held out, stated instead.
    like : str or Path, optional
        Folder of an earlier audience, whose seed and shares are taken over: the same customers are
        held out again.
    seed : int, default=0
    format : {"csv", "parquet"}, default="csv"
    """

    segments: Sequence[str] = ()
    fields: Sequence[str] = ()
    email: str | None = None
    gmail: bool = False
    base: float | None = None
    lift: float | None = None
    holdout: float | None = None
    like: str | Path | None = None
    seed: int = 0
    format: str = "csv"

    @property
    def holds_out(self) -> bool:
        """Whether anyone is held out."""
        return any(one is not None for one in (self.base, self.holdout, self.like))


def audience(
    model: Model,
    source: Any,
    out: str | Path,
    plan: Plan | None = None,
    *,
    settings: Settings | None = None,
    overwrite: bool = False,
    progress: Tick | None = None,
) -> AudienceRecord:
    """Write the customers of segments to files of their own, whole or not at all.

    Parameters
    ----------
    model : Model
    source : str, Path, DataFrame or Arrow table
    out : str or Path
        A folder; it gets a file of customers per segment, one of those held out, and what was done
        as ``audience.json``.
    plan : Plan, optional
    settings : Settings, optional
        How to read the source, and ``id`` and ``threads``.
    overwrite : bool, default=False
        Replace an earlier audience in the folder.
    progress : callable, optional
        Called as ``progress(step, done, total)``.

    Returns
    -------
    AudienceRecord

    Raises
    ------
    SettingError
        For a segment that the model does not have, or a hold-out that cannot be.
    ColumnNotFoundError, SourceError, DataError
        When the source cannot be read, lacks a column, or holds no e-mail address to hash.
    OutputError
        When the folder cannot be written.
    """
    plan, settings = plan or Plan(), settings or Settings()
    _check(plan)
    segments = chosen(model.record, plan.segments)
    earlier = _earlier(plan.like) if plan.like is not None else None
    if earlier is not None:
        plan = replace(plan, seed=earlier.seed)
    columns = [*plan.fields, *([plan.email] if plan.email else [])]
    asked, orders = _opened(model, source, settings, list(dict.fromkeys(columns)))
    with asked.opened, Outputs(out, overwrite=overwrite) as outputs:
        if plan.holds_out and asked.id_column is None:
            raise DataError(
                "A group cannot be held out without an id that stays the same",
                where=asked.info.name,
                hint="name the column with --id",
            )
        writer = _Writer(model, asked, plan, earlier, settings.threads, progress)
        record = replace(writer.write(outputs, segments), orders=orders)
        outputs.text(RECORD, record_json(record))
    return record


def _opened(
    model: Model, source: Any, settings: Settings, also: list[str]
) -> tuple[Asked, OrdersScored | None]:
    """Open a table of customers, or make one of an order log, which has no other columns."""
    if not settings.orders:
        return open_for(model, source, settings, also=also), None
    log = open_log(model, source, settings)
    names = log.asked.table.names
    for name in also:
        if name not in names:
            log.asked.opened.close()
            raise ColumnNotFoundError.from_names(name, names, where="customers of the order log")
    return log.asked, log.orders


def chosen(record: ModelRecord, wanted: Sequence[str]) -> list[ModelSegment]:
    """Return segments by name, id or number; all of them when none is named.

    Raises
    ------
    SettingError
        For one that is not there; suggests the name that is most like it.
    """
    if not wanted:
        return list(record.segments)
    found: dict[int, ModelSegment] = {}
    for text in wanted:
        one = _named(record, text)
        found.setdefault(one.number, one)
    return [found[number] for number in sorted(found)]


def _named(record: ModelRecord, text: str) -> ModelSegment:
    folded = text.strip().casefold()
    by_name = {one.name: one for one in record.segments}
    keys = (
        {name: one for name, one in by_name.items() if name == text},
        {name: one for name, one in by_name.items() if name.casefold() == folded},
        {one.id: one for one in record.segments if one.id.casefold() == folded},
        {str(one.number): one for one in record.segments if str(one.number) == folded},
    )
    for fits in keys:
        if len(fits) == 1:
            return next(iter(fits.values()))
    near = nearest_name(text, by_name)
    listed = ", ".join(f"{one.number} {one.name!r}" for one in record.segments[:20])
    more = len(record.segments) - 20
    raise SettingError(
        f"There is no segment {text!r}",
        allowed=listed + (f" and {more} more" if more > 0 else ""),
        hint=repr(near) if near else "the number or the name of a segment",
    )


def _check(plan: Plan) -> None:
    if plan.format not in FORMATS:
        raise SettingError(
            "There is no such format", found=plan.format, allowed=" or ".join(FORMATS)
        )
    if (plan.base is None) != (plan.lift is None):
        raise SettingError(
            "A test is sized by two shares, what happens anyhow and by how much it shall rise",
            found="base without lift" if plan.lift is None else "lift without base",
            hint="--base 0.10 --lift 0.02",
        )
    if plan.base is not None and plan.holdout is not None:
        raise SettingError(
            "The group held out is sized either by a test or by a share",
            found="base, lift and holdout",
            hint="leave out --holdout, or --base and --lift",
        )
    if plan.base is not None and plan.lift is not None:
        group_size(plan.base, plan.lift)
    if plan.holdout is not None and not 0.0 < plan.holdout < 1.0:
        raise SettingError(
            "This share cannot be held out",
            found=f"{plan.holdout:g}",
            allowed="a share above 0 and below 1",
        )
    if plan.gmail and plan.email is None:
        raise SettingError(
            "The rule for Gmail goes with a column of e-mail addresses", hint="--hash Email --gmail"
        )


@dataclass(frozen=True)
class _Earlier:
    """Who was held out before."""

    seed: int
    shares: dict[str, float]  # by the id of the segment


def _earlier(folder: str | Path) -> _Earlier:
    path = Path(folder) / RECORD
    try:
        with path.open("rb") as file:
            told = json.loads(file.read(MAX_BYTES + 1)[: MAX_BYTES + 1])
        shares = {one["id"]: one["share"] for one in told["segments"] if one["share"] is not None}
        fine = all(
            isinstance(key, str) and isinstance(share, float) and 0.0 < share <= 1.0
            for key, share in shares.items()
        )
        if fine and type(told["seed"]) is int:
            return _Earlier(told["seed"], shares)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        pass
    raise SourceError(
        "The folder holds no earlier audience",
        where=str(path),
        allowed="a folder written by segmeans audience",
    )


class _Writer:
    """Scores a source once and writes the files of its segments."""

    def __init__(
        self,
        model: Model,
        asked: Asked,
        plan: Plan,
        earlier: _Earlier | None,
        threads: int | None,
        progress: Tick | None,
    ) -> None:
        self.plan, self.asked, self.earlier = plan, asked, earlier
        self.tally, self.progress = Tally(model.record), progress
        self.fields, self.fingerprint = _fields(plan, asked), model.record.fingerprint
        self.findings: list[Finding] = []
        self.small: list[tuple[str, int]] = []  # segments too small for the test, and their size
        wanted = Wanted(self.fields, asked.id_column, plan.email, plan.gmail, plan.seed)
        self.rows = Audiences(asked.table, self._labels(model, threads), wanted)

    def _labels(self, model: Model, threads: int | None) -> Iterator[Any]:
        table = self.asked.table
        for _, scored, _ in model.blocks(table, threads=threads or kernels.default_threads()):
            self.tally.add(scored)
            yield scored.labels + 1
            if self.progress is not None:
                self.progress("Scoring", self.tally.rows, table.n_rows)

    def write(self, outputs: Outputs, segments: Sequence[ModelSegment]) -> AudienceRecord:
        """Write the files of the segments and return what was done."""
        plan = self.plan
        scored = self.tally.result(self.asked)
        told = tuple(self._segment(outputs, one) for one in segments)
        if (
            plan.email is not None
            and told
            and all(one.unreachable == one.customers for one in told)
        ):
            raise DataError(
                "The column holds no e-mail address that could be hashed",
                where=plan.email,
                hint="name the column of e-mail addresses with --hash",
            )
        self.findings += _too_small(self.small, plan)
        self.findings += _personal(self.fields, plan, self.asked.id_column)
        return AudienceRecord(
            source=scored.source,
            model=self.fingerprint,
            id_column=self.asked.id_column,
            fields=tuple(self.fields),
            hashed=plan.email,
            gmail=plan.gmail,
            seed=plan.seed,
            base=plan.base,
            lift=plan.lift,
            rows=scored.rows,
            unscored=scored.unscored,
            segments=told,
            findings=(*scored.findings, *self.findings),
        )

    def _segment(self, outputs: Outputs, one: ModelSegment) -> AudienceSegment:
        number, needs_id = one.number, self.plan.holds_out
        members = self.rows.members(number, needs_id=needs_id)
        asked, share = self._share(one, members.usable)
        stem, ending = f"{number}-{slug(one.name)}", self.plan.format
        file, held = f"{stem}.{ending}", f"{stem}.held-out.{ending}" if share is not None else None
        written = self.rows.write(outputs.path(file), number, share=share, held_out=False)
        out = 0
        if held is not None:
            out = self.rows.write(outputs.path(held), number, share=share, held_out=True)
        self.findings += _repeated(one, members.repeated)
        return AudienceSegment(
            number=number,
            id=one.id,
            name=one.name,
            customers=members.customers,
            without_id=members.without_id if needs_id else 0,
            unreachable=members.unreachable,
            file=file,
            written=written,
            held_out_file=held,
            held_out=out,
            share=share,
            asked=asked,
            smallest_lift=self._shown(min(written, out)),
        )

    def _shown(self, per_group: int) -> float | None:
        return None if self.plan.base is None else smallest_lift(self.plan.base, per_group)

    def _share(self, one: ModelSegment, usable: int) -> tuple[int | None, float | None]:
        """Return how many a test asks for, and the share that is held out."""
        plan = self.plan
        asked = None
        if plan.base is not None and plan.lift is not None:
            asked = group_size(plan.base, plan.lift)
        if self.earlier is not None and one.id in self.earlier.shares:
            return asked, self.earlier.shares[one.id]
        if plan.holdout is not None:
            return None, plan.holdout
        if asked is None:
            if self.earlier is not None:
                self.findings.append(_new_segment(one))
            return None, None
        if usable < 2:
            return asked, None
        if 2 * asked > usable:
            self.small.append((one.name, usable))
            return asked, 0.5
        return asked, self.rows.share_for(one.number, asked)


def _fields(plan: Plan, asked: Asked) -> list[str]:
    """Return the columns to write, each once."""
    default = [plan.email] if plan.email is not None else []
    default = default or ([asked.id_column] if asked.id_column is not None else [])
    fields = list(dict.fromkeys(plan.fields)) or default
    if plan.email is not None and plan.email not in fields:
        fields.append(plan.email)
    if not fields:
        raise DataError(
            "Nothing says who the customers are",
            where=asked.info.name,
            hint="name a column with --id or --fields",
        )
    return fields


def slug(name: str) -> str:
    """Return a name as part of the name of a file.

    Examples
    --------
    >>> slug("older, low income / Zürich")
    'older-low-income-zürich'
    """
    return "-".join(re.findall(r"[^\W_]+", name.casefold()))[:LONGEST_SLUG].strip("-") or "segment"


def _personal(fields: Sequence[str], plan: Plan, id_column: str | None) -> list[Finding]:
    """Return a caution about what is in the files."""
    plain = [name for name in fields if name != plan.email]
    named = [name for name in plain if name == id_column or personal_header(name)]
    what = [*named, *([f"the hash of {plan.email}"] if plan.email is not None else [])]
    if not what:
        return []
    return [
        Finding(
            level="warning",
            code="personal-data",
            where=", ".join(what),
            evidence="The files say who the customers are"
            + (
                "; a hash does as well, as whoever has an address can hash it again."
                if plan.email is not None
                else "."
            ),
            advice="Use them only for what these customers agreed to, and delete them afterwards.",
        )
    ]


def _repeated(one: ModelSegment, rows: int) -> list[Finding]:
    if not rows:
        return []
    return [
        Finding(
            level="warning",
            code="duplicate-ids",
            where=one.name,
            evidence=f"{rows:,} rows have the id of another row; they are in the same group.",
            advice="One row per customer gives true sizes.",
        )
    ]


def _too_small(small: Sequence[tuple[str, int]], plan: Plan) -> list[Finding]:
    if not small or plan.base is None or plan.lift is None:
        return []
    asked = group_size(plan.base, plan.lift)
    return [
        Finding(
            level="warning",
            code="too-small-to-test",
            where=", ".join(name for name, _ in small),
            evidence=f"The test needs {asked:,} customers with the action and as many without it, "
            f"more than there are ({', '.join(f'{usable:,}' for _, usable in small)}): half of "
            "them are held out.",
            advice="Test these segments together, or a larger lift.",
        )
    ]


def _new_segment(one: ModelSegment) -> Finding:
    return Finding(
        level="note",
        code="no-earlier-hold-out",
        where=one.name,
        evidence="Nobody is held out: the earlier audience has no such segment.",
        advice="Add --base and --lift to size a group for it.",
    )
