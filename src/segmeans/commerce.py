"""What an order log adds to a study: the customers it holds, RFM, and what they are worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmeans import preparation
from segmeans.clustering.search import search
from segmeans.errors import DataError, SettingError
from segmeans.prepared import everyone, prepare
from segmeans.records import Finding, FunnelStep, ModelOrders, ModelRfm, ModelRfmName, ModelRfmRule
from segmeans.segments.lifetimes import (
    LifetimeRecord,
    Lifetimes,
    Outlook,
    lifetimes,
)
from segmeans.segments.rfm import Rfm, RfmRecord, rfm
from segmeans.segments.rfm_compare import RfmComparison, compare
from segmeans.segments.rfm_names import NamedTable, RfmName, RfmRule, read_names
from segmeans.segments.rfm_scores import Binning, RfmCuts, cuts_from, read_cuts
from segmeans.segments.value import (
    Concentration,
    SegmentValue,
    concentration,
    segment_values,
    value_findings,
)
from segmeans.settings import Settings
from segmeans.tables import sql
from segmeans.tables.duck import Table
from segmeans.tables.order_columns import MEANINGS
from segmeans.tables.order_features import SHARE_OF
from segmeans.tables.order_returns import Netting
from segmeans.tables.orders import (
    CustomerTable,
    History,
    OrderColumns,
    OrderLog,
    OrderOptions,
    guess_columns,
    read,
)
from segmeans.tables.roles import recognise

RECENCY, FREQUENCY, MONEY = "days_since_last_order", "orders", "revenue"

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureMeaning:
    """What a feature made from orders means."""

    name: str
    unit: str
    definition: str
    missing: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OrdersRecord:
    """Everything a study found out from an order log: what ``orders.json`` holds."""

    columns: OrderColumns
    order_rule: str
    first_day: date
    last_day: date
    as_of: date
    funnel: tuple[FunnelStep, ...]
    netting: Netting
    features: tuple[FeatureMeaning, ...]
    rfm: RfmRecord
    comparison: RfmComparison | None  # None when there is one segment
    value: tuple[SegmentValue, ...]  # empty without amounts
    concentration: Concentration | None  # None without amounts
    lifetimes: LifetimeRecord


@dataclass(frozen=True, slots=True)
class Commerce:
    """The record of an order log, and what it says of every customer.

    Parameters
    ----------
    record : OrdersRecord
    customers : dict of str to ndarray of shape (n,)
        RFM scores and name, expected purchases and value; in the order of the customer table.
    findings : tuple of Finding
        What RFM, value and lifetimes found odd.
    log : OrderLog
        Open as long as the study.
    """

    record: OrdersRecord
    customers: Columns
    findings: tuple[Finding, ...]
    log: OrderLog

    def rejected_blocks(self) -> Iterator[Columns]:
        """Yield the order lines that were left out, with the reason, in bounded memory."""
        table = self.log.rejected()
        yield from table.blocks({name: sql.as_text(sql.column(name)) for name in table.names})


@dataclass(frozen=True, slots=True)
class Scale:
    """How RFM is scored: the named table, cut points of before, and how new ones are made."""

    names: NamedTable
    cuts: RfmCuts | None
    binning: Binning

    @classmethod
    def of(cls, settings: Settings) -> Scale:
        """Read the files that the settings name."""
        names = read_names(settings.rfm_names)
        cuts = None if settings.rfm_scale is None else read_cuts(settings.rfm_scale)
        if cuts is not None and cuts.bins != names.bins:
            raise SettingError(
                "The cut points and the named RFM table have different numbers of scores",
                where=str(settings.rfm_scale),
                found=f"{cuts.bins} scores, and {names.bins} in the table",
            )
        return cls(names, cuts, settings.rfm_binning)

    @classmethod
    def kept(cls, saved: ModelRfm) -> Scale:
        """Return the scale that a model keeps."""
        values = asdict(saved)
        names, rules = values.pop("names"), values.pop("rules")
        table = NamedTable(
            bins=saved.bins,
            names=tuple(RfmName(**one) for one in names),
            rules=tuple(RfmRule(**one) for one in rules),
        )
        return cls(table, cuts_from(values), saved.binning)

    def score(self, facts: Columns) -> Rfm:
        """Score customers; with a scale of amounts, only customers with amounts."""
        return rfm(
            facts[RECENCY],
            facts[FREQUENCY],
            facts.get(MONEY),
            table=self.names,
            cuts=self.cuts,
            binning=self.binning,
        )


def read_log(table: Table, settings: Settings) -> OrderLog:
    """Read an order log as the settings say.

    Parameters
    ----------
    table : Table
        One row per order line.
    settings : Settings

    Returns
    -------
    OrderLog
    """
    Scale.of(settings)  # a fault in a file is said before the work, not after it
    given = {name: getattr(settings, _SETTING.get(name, name), None) for name in MEANINGS}
    options = OrderOptions(
        as_of=settings.as_of,
        duplicates=settings.duplicates,
        returns=settings.returns,
        zero_amounts=settings.zero_amounts,
        same_day=settings.same_day,
        currency=settings.currency,
        time_zone=settings.time_zone,
    )
    return read(table, guess_columns(table, given), options)


def kept_orders(found: Commerce) -> ModelOrders:
    """Return what a model keeps of its order log, so that later logs become customers alike.

    Parameters
    ----------
    found : Commerce

    Returns
    -------
    ModelOrders
    """
    log, record = found.log, found.record
    columns = {what: name for what, name, _ in meanings(log.columns)}
    forms = {one.name: one.form for one in log.source.columns if one.name in columns.values()}
    options, currency = log.options, log.options.currency
    if currency is None and log.columns.currency:
        currency = next((level for level, _ in log.source.levels(log.columns.currency, 1)), None)
    names, rules = record.rfm.table.names, record.rfm.table.rules
    return ModelOrders(
        columns=columns,
        forms={name: form for name, form in forms.items() if form},
        groups=_groups(log, [one.name for one in record.features], record.as_of),
        order_rule=log.lines.order_rule,
        duplicates=options.duplicates,
        returns=options.returns,
        zero_amounts=options.zero_amounts,
        currency=currency,
        time_zone=options.time_zone,
        as_of=record.as_of.isoformat(),
        rfm=ModelRfm(
            **asdict(record.rfm.cuts),
            names=tuple(ModelRfmName(**asdict(one)) for one in names),
            rules=tuple(ModelRfmRule(**asdict(one)) for one in rules),
        ),
    )


def as_trained(kept: ModelOrders, settings: Settings, names: Sequence[str]) -> Settings:
    """Return the settings that read another order log as that of the training was read.

    Parameters
    ----------
    kept : ModelOrders
    settings : Settings
        The columns that they name win, and ``as_of`` is theirs.
    names : sequence of str
        Columns of the other log: those of the training that it has mean what they meant, those
        that it lacks are guessed.

    Returns
    -------
    Settings
    """
    update: dict[str, object] = {
        "orders": True,
        "same_day": kept.order_rule,
        "duplicates": kept.duplicates,
        "returns": kept.returns,
        "zero_amounts": kept.zero_amounts,
        "currency": kept.currency,
        "time_zone": kept.time_zone,
    }
    for meaning in MEANINGS:
        setting, column = _SETTING.get(meaning, meaning), kept.columns.get(meaning, "")
        if setting in Settings.model_fields and getattr(settings, setting) is None:
            update[setting] = column if column in names or not column else None
    return settings.model_copy(update=update)


def meanings(columns: OrderColumns) -> tuple[tuple[str, str, str], ...]:
    """Say what the columns of an order log were taken for.

    Parameters
    ----------
    columns : OrderColumns

    Returns
    -------
    tuple of (meaning, column, reason)
    """
    found = ((meaning, getattr(columns, meaning)) for meaning in MEANINGS)
    return tuple(
        (what, name, columns.reasons.get(what, "as asked")) for what, name in found if name
    )


_SETTING = {"group": "product_group", "currency": "currency_column"}


def of_customers(settings: Settings, made: CustomerTable) -> Settings:
    """Return the settings for the customer table that was made from an order log.

    Parameters
    ----------
    settings : Settings
        For the log: their features are those made from orders.
    made : CustomerTable

    Returns
    -------
    Settings
        With the customer as id and every column made as a feature.
    """
    names = tuple(feature.name for feature in made.features)
    features = tuple(name for name in names if name not in (*settings.ignore, *settings.describe))
    return settings.model_copy(update={"id": made.table.names[0], "features": features})


def judge(
    log: OrderLog,
    made: CustomerTable,
    labels: NDArray[np.integer[Any]],
    k: int,
    settings: Settings,
) -> Commerce:
    """Score customers by RFM, value the segments, look ahead, and hold RFM against segments.

    Parameters
    ----------
    log : OrderLog
    made : CustomerTable
        The customers that were segmented.
    labels : ndarray of shape (n,)
        Their segments from 1; 0 for a customer that is not scored.
    k : int
        Number of segments.
    settings : Settings
        Of the order log.

    Returns
    -------
    Commerce
    """
    scale = Scale.of(settings)
    facts = facts_of(log)
    scored = scale.score(facts)
    ahead = lifetimes(log, Outlook(weeks=settings.horizon))
    money = facts.get(MONEY)
    values: tuple[SegmentValue, ...] = ()
    spread = None
    if money is not None:
        values = segment_values(
            labels,
            money,
            facts[FREQUENCY],
            margin=facts.get("margin"),
            lifetime_value=ahead.value,
            segments=k,
        )
        spread = concentration(money)
    comparison = (
        None if k == 1 else _against_rfm(log, made, scored, labels, k, settings, scale, ahead.until)
    )
    record = OrdersRecord(
        columns=log.columns,
        order_rule=made.order_rule,
        first_day=log.first_day,
        last_day=log.last_day,
        as_of=made.as_of,
        funnel=made.funnel,
        netting=made.netting,
        features=tuple(
            FeatureMeaning(name=f.name, unit=f.unit, definition=f.definition, missing=f.missing)
            for f in made.features
        ),
        rfm=scored.record,
        comparison=comparison,
        value=values,
        concentration=spread,
        lifetimes=ahead.record,
    )
    findings = (
        *scored.record.findings,
        *ahead.record.findings,
        *(value_findings(spread, values) if spread is not None else ()),
    )
    return Commerce(record, _columns(facts, scored, ahead), findings, log)


def facts_of(log: OrderLog, day: date | None = None) -> Columns:
    """Return the numbers that RFM and value need, whatever the features of the study.

    Parameters
    ----------
    log : OrderLog
    day : date, optional
        Look at the customers as they stood at the end of an earlier day.

    Returns
    -------
    dict of str to ndarray of shape (n,)
        In the order of the ids.
    """
    wanted: tuple[str, ...] = (RECENCY, FREQUENCY)
    wanted += (MONEY,) if log.columns.has_money else ()
    wanted += ("margin",) if log.columns.margin or log.columns.cost else ()
    table = log.customers(wanted, as_of=day).table
    return table.fetch({name: sql.column(name) for name in wanted})


def _columns(facts: Columns, scored: Rfm, ahead: Lifetimes) -> Columns:
    named = np.array(scored.name_list(), dtype=object)
    counted = {name: facts[name].astype(np.int64) for name in (RECENCY, FREQUENCY)}
    found: Columns = {
        **facts,
        **counted,
        "recency_score": scored.scores.recency,
        "frequency_score": scored.scores.frequency,
        "monetary_score": scored.scores.monetary,
        "rfm_name": named[scored.names],
    }
    expected = {
        "chance_alive": ahead.alive,
        "expected_purchases": ahead.purchases,
        "expected_value": ahead.value,
    }
    return found | {name: values for name, values in expected.items() if values is not None}


def _against_rfm(
    log: OrderLog,
    made: CustomerTable,
    scored: Rfm,
    labels: NDArray[np.integer[Any]],
    k: int,
    settings: Settings,
    scale: Scale,
    history: History | None,
) -> RfmComparison:
    """Hold RFM names against segments; on a held-out period where the log is long enough."""
    name_list = scored.name_list()
    if history is not None:
        with suppress(DataError):  # too few customers had bought by then
            return compare(
                scale.score(facts_of(log, history.until)).names,
                _segments_until(log, made, k, settings, history.until),
                name_list=name_list,
                segments=k,
                later_revenue=history.later_revenue if log.columns.has_money else None,
                later_active=(history.later_purchases > 0).astype(np.float64),
                days=history.later_days,
                seed=settings.seed,
            )
    return compare(scored.names, labels, name_list=name_list, segments=k, seed=settings.seed)


def _segments_until(
    log: OrderLog, made: CustomerTable, k: int, settings: Settings, until: date
) -> NDArray[np.int32]:
    """Segment the customers as they stood on an earlier day, the same way; numbers from 1."""
    names = [feature.name for feature in made.features]
    early = log.customers(names, as_of=until, groups=_groups(log, names, made.as_of))
    asked = of_customers(settings, early)
    seen = recognise(early.table, asked)
    fitted = preparation.fit(early.table, seen.roles, asked)
    rows = prepare(early.table, fitted.state, tick=_untold)
    found = search(rows.rows, k, seed=settings.seed, threads=settings.threads)
    return everyone(rows, found.centres).labels + 1


def _groups(log: OrderLog, features: Sequence[str], as_of: date) -> tuple[str, ...]:
    """Return the product groups of which there are features."""
    return log.groups(as_of) if any(name.startswith(SHARE_OF) for name in features) else ()


def _untold(step: str, done: int, total: int) -> None:
    del step, done, total


def funnel_columns(steps: Sequence[FunnelStep]) -> dict[str, list[Any]]:
    """Return the funnel as the columns of a table.

    Parameters
    ----------
    steps : sequence of FunnelStep

    Returns
    -------
    dict of str to list
    """
    names = ("name", "rule", "left_out", "lines", "customers", "orders", "revenue")
    return {name: [getattr(step, name) for step in steps] for name in names}
