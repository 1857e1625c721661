"""A model that was trained on an order log meets a later one.

The later log becomes one row per customer by the definitions and settings of the training; the
customers are then scored like any others, and by RFM on the cut points that the model keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from segmeans.commerce import (
    FREQUENCY,
    MONEY,
    RECENCY,
    Columns,
    Scale,
    as_trained,
    facts_of,
    meanings,
    read_log,
)
from segmeans.errors import SettingError
from segmeans.model import Model
from segmeans.model.files import NOTHING, Asked, Beside, write_scores
from segmeans.records import (
    Finding,
    ModelOrders,
    ModelRfm,
    OrdersScored,
    RefreshRecord,
    ScoredRecord,
)
from segmeans.settings import Settings
from segmeans.tables.answers import check_format
from segmeans.tables.orders import OrderLog
from segmeans.tables.source import open_table
from segmeans.tracking.drift import check_trained, refreshed

Tick = Callable[[str, int, int], None]

SCORES = ("recency_score", "frequency_score", "monetary_score")
RFM_COLUMNS = (RECENCY, FREQUENCY, MONEY, *SCORES, "rfm_name")
"""What is written of a customer beside the segment, as far as the log gives it."""


@dataclass(frozen=True)
class LaterLog:
    """A later order log, as customers that a model can score.

    Parameters
    ----------
    asked : Asked
        The customers; close ``asked.opened`` when done.
    log : OrderLog
    settings : Settings
        By which it was read: those of the training.
    orders : OrdersScored
        What was read.
    """

    asked: Asked
    log: OrderLog
    settings: Settings
    orders: OrdersScored


def open_log(model: Model, source: Any, settings: Settings) -> LaterLog:
    """Make customers of an order log as on the day of training.

    Parameters
    ----------
    model : Model
        Trained on an order log.
    source : str, Path, DataFrame or Arrow table
        One row per order line.
    settings : Settings
        How to read the source; the columns that are named, and ``as_of``.

    Returns
    -------
    LaterLog
        With the features of the model alone.

    Raises
    ------
    SettingError
        When the model was not trained on an order log, or the log does not give a feature.
    ColumnNotFoundError, SourceError, DataError
        When the log cannot be read.
    """
    kept = trained_on_orders(model)
    opened = open_table(
        source, settings.model_copy(update={"id": settings.customer}), known=kept.forms
    )
    try:
        asked_for = as_trained(kept, settings, opened.table.names)
        log = read_log(opened.table, asked_for)
        features = [feature.column for feature in model.record.preparation.features]
        made = log.customers(features, groups=kept.groups)
        has_rfm = log.columns.has_money or not kept.rfm.monetary
        read = OrdersScored(
            columns={meaning: name for meaning, name, _ in meanings(log.columns)},
            order_rule=made.order_rule,
            as_of=made.as_of,
            trained_as_of=kept.as_of,
            funnel=made.funnel,
            rfm=has_rfm,
        )
        opened = replace(
            opened, table=made.table, findings=(*opened.findings, *_advised(made.findings))
        )
        told = () if has_rfm else (_no_rfm(),)
        return LaterLog(Asked(opened, made.table.names[0], told), log, asked_for, read)
    except BaseException:
        opened.close()
        raise


def trained_on_orders(model: Model) -> ModelOrders:
    """Return what a model keeps of its order log.

    Raises
    ------
    SettingError
        When there is nothing.
    """
    kept = model.record.orders
    if kept is None:
        early = model.record.schema < 4
        raise SettingError(
            "The model was not trained on an order log"
            + (", or by an early version that did not keep how" if early else ""),
            where="setting 'orders'",
            hint="leave out --orders for a table of customers, or train with segmeans run --orders",
        )
    return kept


AGAIN = "A later log is read as that of the training; to change that, train again with"
_ADVICE = {
    "duplicate-lines": f"{AGAIN} segmeans run --orders --duplicates drop.",
    "sales-taken-back": f"{AGAIN} segmeans run --orders --returns net.",
    "time-zone": f"{AGAIN} segmeans run --orders --time-zone, for example Europe/Berlin.",
    "several-currencies": f"Convert all amounts to one currency. {AGAIN} segmeans run --orders "
    "--currency.",
    "unreadable-date": "segmeans run --orders --rejected lists these lines.",
    "future-date": "segmeans run --orders --rejected lists these lines.",
    "mostly-missing-feature": "Missing values are treated as at the training.",
    "mostly-one-time": "",
}
"""What to do about findings of a log, by code, where its settings are those of the training."""


def _advised(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings with advice that a command has options for."""
    return tuple(
        replace(one, advice=_ADVICE.get(one.code, one.advice)) if one.advice else one
        for one in findings
    )


def _no_rfm() -> Finding:
    return Finding(
        level="warning",
        code="no-rfm",
        where="amounts",
        evidence="The log has no amounts, and the RFM scale of the model needs them: customers "
        "have no RFM scores.",
        advice="Name the column with --amount, or --quantity and --price.",
    )


def score(
    model: Model,
    source: Any,
    out: str | Path,
    *,
    settings: Settings | None = None,
    overwrite: bool = False,
    progress: Tick | None = None,
) -> ScoredRecord:
    """Score every customer of an order log and write one line for each, in the order of the ids.

    Parameters
    ----------
    model : Model
        Trained on an order log.
    source : str, Path, DataFrame or Arrow table
        One row per order line.
    out : str or Path
        A ``.csv`` or ``.parquet`` file, written whole or not at all.
    settings : Settings, optional
        As :func:`open_log` takes them, and ``threads``.
    overwrite : bool, default=False
        Replace an existing file.
    progress : callable, optional
        Called as ``progress(step, done, total)``.

    Returns
    -------
    ScoredRecord
        With the funnel of the log.

    Raises
    ------
    SettingError, ColumnNotFoundError, SourceError, DataError
        As for :func:`open_log`.
    OutputError
        When the file exists already or cannot be written.
    """
    check_format(out)
    settings = settings or Settings()
    later = open_log(model, source, settings)
    with later.asked.opened:
        scale = trained_on_orders(model).rfm
        record = write_scores(
            model,
            later.asked,
            out,
            beside=_beside(scale, later.log) if later.orders.rfm else NOTHING,
            threads=settings.threads,
            overwrite=overwrite,
            progress=progress,
        )
    return replace(record, orders=later.orders)


def refresh(
    model: Model,
    source: Any,
    *,
    settings: Settings | None = None,
    progress: Tick | None = None,
) -> tuple[RefreshRecord, Settings]:
    """Score the customers of an order log and say whether the model still fits them.

    Parameters
    ----------
    model : Model
        Trained on an order log.
    source : str, Path, DataFrame or Arrow table
        One row per order line.
    settings : Settings, optional
        As :func:`open_log` takes them, and ``threads``.
    progress : callable, optional
        Called as ``progress(step, done, total)``.

    Returns
    -------
    record : RefreshRecord
    settings : Settings
        By which the log was read, for a study of it.

    Raises
    ------
    SettingError, ColumnNotFoundError, SourceError, DataError
        As for :func:`open_log`.
    """
    check_trained(model)
    settings = settings or Settings()
    later = open_log(model, source, settings)
    with later.asked.opened:
        record = refreshed(model, later.asked, threads=settings.threads, progress=progress)
    scored = replace(record.scored, orders=later.orders)
    return replace(record, scored=scored), later.settings


def _beside(scale: ModelRfm, log: OrderLog) -> Beside:
    """Return what RFM needs of every customer, and the scores on the scale of the training."""
    facts = facts_of(log)
    if not scale.monetary:
        facts.pop(MONEY, None)
    scored = Scale.kept(scale).score(facts)
    parts = (scored.scores.recency, scored.scores.frequency, scored.scores.monetary)
    counted: Columns = {name: facts[name].astype(np.int64) for name in (RECENCY, FREQUENCY)}
    values = {
        **counted,
        **({MONEY: facts[MONEY].astype(np.float64)} if MONEY in facts else {}),
        **dict(zip(SCORES, parts, strict=True)),
        "rfm_number": scored.names.astype(np.int32) + 1,
    }
    types = {RECENCY: "i8", FREQUENCY: "i8", MONEY: "f8"}
    types |= {**dict.fromkeys(SCORES, "i1"), "rfm_number": "i4"}
    return Beside(
        values=values,
        types={name: types[name] for name in values},
        words={"rfm_name": ("rfm_number", scored.name_list())},
        order=[name for name in RFM_COLUMNS if name in values or name == "rfm_name"],
    )
