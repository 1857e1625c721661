"""The conductor: the only file that knows the order of the steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmeans import doctor, model, preparation, verdict
from segmeans.clustering import evidence, kernels
from segmeans.clustering.coreset import count_distinct
from segmeans.clustering.evidence import Evidence
from segmeans.clustering.search import Budget, Solution, sweep
from segmeans.commerce import Commerce, judge, kept_orders, meanings
from segmeans.errors import DataError, SettingError
from segmeans.model import Assigned, Model
from segmeans.prepared import PreparedRows, draw, everyone, prepare
from segmeans.prices import of_weights, within_sizes
from segmeans.records import (
    ColumnRole,
    Finding,
    Funnel,
    KRow,
    ModelRecord,
    ModelSegment,
    PreparationState,
    StudyRecord,
    Use,
    Variation,
    Verdict,
)
from segmeans.segments.actions_playbook import read_playbook
from segmeans.segments.describe import describe
from segmeans.segments.naming import given
from segmeans.segments.profile import contacts, profile
from segmeans.segments.targeting import judge_targets
from segmeans.segments.targeting_plan import read_plan
from segmeans.segments.typing_tool import Answers
from segmeans.settings import Settings
from segmeans.study import customers
from segmeans.study.result import Inspection, Progress, Study, silent
from segmeans.study.warm import WarmStart
from segmeans.tables.orders import CustomerTable, OrderLog
from segmeans.tables.roles import recognise
from segmeans.tables.source import Opened
from segmeans.verdict.cautions import cautions
from segmeans.verdict.influence import solved
from segmeans.verdict.robustness import fragile, robustness
from segmeans.verdict.strands import strands

SCHEMA = 1
EFFORT, EFFORT_FAST = 6.0, 2.0
"""Work of the search that everything rests on, in units of the default budget."""
STRICT = 1000
"""Most iterations of the last descent on all rows."""
_AT_ONCE = 2**18  # rows
USES: tuple[Use, ...] = ("id", "feature", "describe", "ignore")


def look(source: Any, settings: Settings) -> Inspection:
    """Say what a source holds and what each column is taken for, without making segments.

    Parameters
    ----------
    source : str, Path, DataFrame or Arrow table
        As :func:`conduct` takes it.
    settings : Settings

    Returns
    -------
    Inspection
    """
    with customers.opened(source, settings) as opened:
        of = customers.customers_of(opened, settings)
        seen = recognise(of.opened.table, of.settings, any_feature=False)
        findings = (*of.opened.findings, *customers.odd_columns(seen, of, settings))
        state: PreparationState | None = None
        try:
            fitted = preparation.fit(of.opened.table, seen.roles, of.settings)
            state, findings = fitted.state, (*findings, *fitted.findings)
        except DataError as error:
            findings = (*findings, _no_features(opened.info.name, error))
        return Inspection(
            source=opened.info,
            roles=seen.roles,
            findings=findings,
            preparation=state,
            orders=() if of.orders is None else meanings(of.orders[0].columns),
        )


def _no_features(where: str, error: DataError) -> Finding:
    return Finding(
        level="problem", code="no-features", where=where, evidence=error.what, advice=error.hint
    )


def segment(data: Any, **settings: Any) -> Study:
    """Find the segments of a customer table.

    Parameters
    ----------
    data : str, Path, DataFrame or Arrow table
        A file, a folder of Parquet files, a database URL, or a pandas, polars or Arrow table.
        It is never changed.
    **settings
        As in :class:`segmeans.Settings`, for example ``features=["Age", "Income"], k="2-20"``.
        Nothing is written: ``out`` and the other settings of the output have no effect.

    Returns
    -------
    Study

    Raises
    ------
    SettingError
        When a setting is not known or has a value that is not allowed.
    SourceError, DataError
        When the data cannot be read or cannot bear what was asked.
    """
    return conduct(data, Settings.ask(settings, where="segment()"))


def conduct(
    source: Any,
    settings: Settings,
    *,
    progress: Progress = silent,
    start: WarmStart | None = None,
) -> Study:
    """Carry out a study from the source to the segments of every customer.

    Parameters
    ----------
    source : str, Path, DataFrame or Arrow table
    settings : Settings
    progress : Progress, optional
        Told of every step.
    start : WarmStart, optional
        An earlier model, from whose centres the search starts as well.

    Returns
    -------
    Study
        Open; close it when the segments have been written.

    Raises
    ------
    SettingError, SourceError, DataError
        When the data cannot be read or cannot bear what was asked.
    """
    read_playbook(settings.playbook)  # a fault in it is said before the work, not after it
    read_plan(settings.targeting)
    progress("Reading the table", 0, 1)
    opened = customers.opened(source, settings)
    try:
        study = _conduct(opened, settings, progress, start)
    except BaseException:
        opened.close()
        raise
    return study


def _conduct(
    opened: Opened, settings: Settings, progress: Progress, start: WarmStart | None
) -> Study:
    ready = _ready(opened, settings, progress)
    searched = _searched(ready, settings, progress, start)
    progress("Assigning everyone", 0, 1)
    centres, assigned, prices = _settled(ready, searched.solution, settings)
    progress("Assigning everyone", 1, 1)
    commerce = None
    if ready.orders is not None:
        commerce = judge(*ready.orders, assigned.labels + 1, len(centres), settings)
    ready = ready._replace(findings=(*ready.findings, *prices))
    record = _record(ready, searched, settings, assigned, centres, commerce, progress)
    table = ready.opened.table
    trained = model.calibrated(_model(record, commerce), assigned, table)
    return Study(
        _targeted(record, trained, settings, commerce),
        Model(trained),
        assigned,
        ready.rows.status,
        draw(table, ready.state, ready.rows, assigned, settings.seed),
        ready.opened,
        commerce,
        _membership(ready.rows, searched.found, centres) if settings.membership else None,
    )


def _membership(
    rows: PreparedRows, found: Evidence, centres: NDArray[np.float64]
) -> NDArray[np.float32] | None:
    """Say how often new samples put each row into each segment; None for one segment."""
    if len(centres) == 1:
        return None
    matched = found.found_again(centres)
    shares = np.full((len(rows.status), len(centres)), np.nan, dtype=np.float32)
    used, first = np.flatnonzero(rows.status == preparation.USED), 0
    for block in rows.blocks():
        for part in np.array_split(block, len(block) // _AT_ONCE + 1):
            shares[used[first : first + len(part)]] = found.membership(part, matched)
            first += len(part)
    return shares


def _targeted(
    record: StudyRecord, trained: ModelRecord, settings: Settings, commerce: Commerce | None
) -> StudyRecord:
    """Say how suitable each segment is as a target."""
    found, lost = judge_targets(
        record,
        [segment.spread for segment in trained.segments],
        read_plan(settings.targeting),
        commerce.record.value if commerce else (),
    )
    return replace(record, targeting=found, findings=(*record.findings, *lost))


def _settled(
    ready: _Ready, solution: Solution, settings: Settings
) -> tuple[NDArray[np.float64], Assigned, tuple[Finding, ...]]:
    """Return the final centres, everyone's segment, and what the user's wishes cost."""
    prices = of_weights(ready.rows, ready.state, solution.k, settings)
    if settings.min_size > 0 or settings.max_size is not None:
        centres, assigned, price = within_sizes(ready.rows, solution.k, settings)
        return centres, assigned, (*prices, price)
    centres = _polished(ready.rows, solution, settings)
    return centres, everyone(ready.rows, centres), prices


class _Ready(NamedTuple):
    """The customers, ready for the search."""

    opened: Opened  # of an order log: the customers made from it
    orders: tuple[OrderLog, CustomerTable] | None
    roles: tuple[ColumnRole, ...]
    state: PreparationState
    rows: PreparedRows
    findings: tuple[Finding, ...]


class _Searched(NamedTuple):
    """The solutions for every k, what is known of them, and the one that is chosen."""

    solutions: tuple[Solution, ...]
    rows: tuple[KRow, ...]
    verdict: Verdict
    solution: Solution
    found: Evidence


def _ready(opened: Opened, settings: Settings, progress: Progress) -> _Ready:
    of = customers.customers_of(opened, settings)
    opened = of.opened
    if of.orders is not None:
        customers.check_enough(opened.table.n_rows, opened.info.name)
    seen = recognise(opened.table, of.settings)
    progress("Reading the table", 1, 1)
    fitted = preparation.fit(opened.table, seen.roles, of.settings)
    rows = prepare(opened.table, fitted.state, tick=progress)
    customers.check_enough(rows.used, opened.info.name)
    odd = customers.odd_columns(seen, of, settings)
    findings = (*opened.findings, *odd, *fitted.findings)
    return _Ready(opened, of.orders, seen.roles, fitted.state, rows, findings)


def _searched(
    ready: _Ready, settings: Settings, progress: Progress, start: WarmStart | None
) -> _Searched:
    rows = ready.rows.rows
    ks = _ks(settings, count_distinct(rows, settings.k[1] + 1), ready.opened.info.name)
    progress("Searching", 0, 1)
    budget = Budget(work=EFFORT_FAST if settings.fast else EFFORT)
    solutions = sweep(rows, ks, budget=budget, seed=settings.seed, threads=settings.threads)
    if start is not None:
        solutions = start.improved(ready.opened.table, ready.rows, solutions, settings.threads)
    progress("Searching", 1, 1)
    found = evidence.gather(
        rows,
        solutions,
        seed=settings.seed,
        fast=settings.fast,
        threads=settings.threads,
        progress=progress,
    )
    decided = verdict.decide(found.rows, settings, found.flows)
    k = settings.k[0] if settings.k[0] == settings.k[1] else decided.recommended_k
    chosen = next(solution for solution in solutions if solution.k == k)
    return _Searched(solutions, found.rows, decided, chosen, found)


def _record(
    ready: _Ready,
    searched: _Searched,
    settings: Settings,
    assigned: Assigned,
    centres: NDArray[np.float64],
    commerce: Commerce | None,
    progress: Progress,
) -> StudyRecord:
    progress("Describing the segments", 0, 1)
    k = len(centres)
    answers = Answers.of(assigned.labels, ready.state.features, settings.seed)
    described = profile(
        ready.opened.table, ready.roles, ready.state, assigned.labels, k, keep=answers.take
    )
    segments = describe(described, assigned, preparation.to_units(ready.state, centres))
    wished, lost = given(segments, settings.names)
    segments = tuple(replace(one, name=name) for one, name in zip(segments, wished, strict=True))
    typing = answers.grown(assigned.labels, k, settings.seed)
    progress("Describing the segments", 1, 1)
    warned = cautions(
        searched.found.points, centres, ready.state, described, ready.rows.used, seed=settings.seed
    )
    varied = _varied(ready, searched, settings, centres, progress)
    return StudyRecord(
        schema=SCHEMA,
        versions=doctor.versions(),
        engine=doctor.engine(),
        seed=settings.seed,
        settings=settings.model_dump(mode="json", exclude=_LEAVES_NO_TRACE),
        resolved=_resolved(ready.roles, searched.solutions, k),
        source=ready.opened.info,
        funnel=_funnel(ready.state, ready.rows),
        findings=(
            *warned,
            *fragile(varied),
            *lost,
            *ready.findings,
            *(commerce.findings if commerce else ()),
        ),
        roles=ready.roles,
        preparation=ready.state,
        recommended_k=searched.verdict.recommended_k,
        k=k,
        k_table=searched.rows,
        verdict=searched.verdict,
        segments=segments,
        centres=tuple(tuple(centre) for centre in centres.tolist()),
        profile=described,
        robustness=varied,
        typing=typing,
        contacts=contacts(ready.opened.table, ready.roles, assigned.labels, k),
        strands=strands(searched.found.points, searched.found.labels, centres, ready.rows.used),
    )


def _varied(
    ready: _Ready,
    searched: _Searched,
    settings: Settings,
    centres: NDArray[np.float64],
    progress: Progress,
) -> tuple[Variation, ...]:
    """Try other choices of the analyst, if asked to."""
    if not settings.robustness or len(centres) == 1:
        return ()
    return robustness(
        ready.opened.table,
        ready.roles,
        ready.state,
        settings,
        centres,
        solved(searched.found.points, centres, ready.state, settings.seed),
        tick=progress,
    )


_LEAVES_NO_TRACE = {
    "threads",
    "memory",
    "membership",
    "out",
    "overwrite",
    "figures",
    "pdf",
    "excel",
    "browser",
    "format",
    "rejected",
}
"""Settings that do not change what is found, and so do not change ``study.json``."""


def _ks(settings: Settings, distinct: int, where: str) -> range:
    """Return the numbers of segments to search; a range ends with the different customers."""
    first, last = settings.k
    if distinct < 2:
        raise DataError(
            "All customers are alike in the features",
            where=where,
            hint="name other features, or check the source",
        )
    if first > distinct:
        raise SettingError(
            "There are fewer different customers than segments asked for",
            where=where,
            found=f"k = {first}, {distinct:,} different customers",
            allowed=f"k up to {distinct:,}",
        )
    return range(first, min(last, distinct) + 1)


def _polished(rows: PreparedRows, solution: Solution, settings: Settings) -> NDArray[np.float64]:
    """Descend on all rows until nothing moves; largest segment first, ties by the centres."""
    centres, sizes = solution.centres, solution.sizes
    if isinstance(rows.rows, np.ndarray):
        threads = settings.threads or kernels.default_threads()
        origin = centres.mean(axis=0)
        end = kernels.polish(
            rows.rows, None, [centres - origin], STRICT, 0.0, threads, origin=origin
        )[0]
        part = kernels.passes(rows.rows, None, [end.centres], threads, origin=origin)[0]
        centres, sizes = end.centres + origin, part.counts
    order = np.lexsort((*centres.T[::-1], -sizes))
    return np.ascontiguousarray(centres[order])


def _resolved(
    roles: Sequence[ColumnRole], solutions: Sequence[Solution], k: int
) -> dict[str, object]:
    used: dict[str, object] = {
        use: [role.name for role in roles if role.use == use] for use in USES
    }
    return used | {"k_searched": [one.k for one in solutions], "k": k}


def _funnel(state: PreparationState, rows: PreparedRows) -> Funnel:
    legend = preparation.legend(state)
    marks, counts = np.unique(rows.status, return_counts=True)
    unscored = {
        legend[int(mark)]: int(count)
        for mark, count in zip(marks, counts, strict=True)
        if mark != preparation.USED
    }
    return Funnel(rows=len(rows.status), assigned=rows.used, unscored=unscored)


def _model(record: StudyRecord, commerce: Commerce | None) -> ModelRecord:
    uses = {role.use: role.name for role in record.roles}
    return ModelRecord(
        kind="segmeans model",
        schema=model.SCHEMA,
        versions=record.versions,
        fingerprint=record.source.fingerprint,
        seed=record.seed,
        id_column=uses.get("id"),
        preparation=record.preparation,
        columns=preparation.columns(record.preparation),
        centres=record.centres,
        segments=tuple(
            ModelSegment(
                number=one.number, id=one.id, name=one.name, size=one.size, share=one.share
            )
            for one in record.segments
        ),
        orders=None if commerce is None else kept_orders(commerce),
    )
