"""One table, few aggregate queries -> a small readable state and what was odd on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from segmeans.errors import ColumnNotFoundError, DataError
from segmeans.preparation import findings
from segmeans.preparation.learn_categories import Levels, count_levels, learn_category
from segmeans.preparation.learn_numbers import learn_numbers
from segmeans.preparation.measure import Completeness, Spread, completeness, spreads
from segmeans.preparation.state import legend, used
from segmeans.records import ColumnRole, FeatureState, Finding, PreparationState
from segmeans.settings import Settings
from segmeans.tables import sql

if TYPE_CHECKING:
    from segmeans.tables.duck import Table

_NUMERIC = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted preparation and what a person should know about it."""

    state: PreparationState
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Measured:
    """The features that differ between rows, and the rows used to learn about them."""

    features: list[FeatureState]
    complete: Completeness
    where: sql.Expression | None
    spreads: dict[str, Spread]
    levels: dict[str, Levels]


def fit(table: Table, roles: Sequence[ColumnRole], settings: Settings) -> Fitted:
    """Learn from a table how each feature becomes prepared numbers.

    Parameters
    ----------
    table : Table
        The rows, one per customer.
    roles : sequence of ColumnRole
        The columns; those whose use is "feature" are prepared.
    settings : Settings
        ``scale``, ``transform``, ``outliers``, ``missing``, ``max_missing`` and ``weight`` count.

    Returns
    -------
    Fitted
        The state, and findings about missing, infinite and far-out values, transforms that could
        not be, pooled levels, rows set aside and columns left out.

    Raises
    ------
    ColumnNotFoundError
        If a weight names a column that is not a feature.
    DataError
        If no feature or no row is left.

    Notes
    -----
    Statistics are those of known values in rows used: neither what is missing nor rows set aside
    count. A column without two different values is left out, after which the share of missing
    features of each row is judged anew.
    """
    chosen = [role for role in roles if role.use == "feature"]
    if not chosen:
        raise DataError(
            "There is no feature to form segments from", hint="name columns with 'features'"
        )
    features = _weighted(table, chosen, settings.weight)
    distinct = {role.name: role.distinct for role in chosen}
    measured, odd = _measured(table, features, distinct, settings)
    states, found = _learnt(table, measured, distinct, settings)
    state = PreparationState(
        features=tuple(states),
        scale=settings.scale,
        missing=settings.missing,
        max_missing=settings.max_missing,
        rows_used=measured.complete.rows_used,
        rows_set_aside=measured.complete.rows - measured.complete.rows_used,
    )
    odd += _about_missing(state, measured.complete)
    return Fitted(state, tuple(odd + found))


def _weighted(
    table: Table, chosen: Sequence[ColumnRole], weights: Mapping[str, float]
) -> list[FeatureState]:
    names = [role.name for role in chosen]
    for name in weights:
        if name not in names:
            raise ColumnNotFoundError.from_names(name, names, where="the setting 'weight'")
    return [
        FeatureState(
            column=role.name,
            kind=_kind(role),
            weight=float(weights.get(role.name, 1.0)),
            form=table.column(role.name).form if _kind(role) != "category" else "",
        )
        for role in chosen
    ]


def _kind(role: ColumnRole) -> Literal["number", "category", "date"]:
    """Return how a column is prepared; one forced against its role goes by its type."""
    if role.role == "number" or role.role == "category" or role.role == "date":
        return role.role
    return "number" if role.type.removeprefix("U").startswith(_NUMERIC) else "category"


def _measured(
    table: Table,
    features: list[FeatureState],
    distinct: Mapping[str, int],
    settings: Settings,
) -> tuple[_Measured, list[Finding]]:
    """Measure rows and features, leaving out features until all that remain differ."""
    odd: list[Finding] = []
    while features:
        complete = completeness(table, features, settings.missing, settings.max_missing)
        without = {name: "it has no value" for name, known in complete.known.items() if not known}
        if not without:
            measured = _measure_used(table, features, complete, distinct, settings)
            without = _constant(measured)
            if not without:
                return measured, odd
        odd += [findings.left_out(name, reason) for name, reason in without.items()]
        features = [feature for feature in features if feature.column not in without]
    raise DataError(
        "No feature has two different values",
        found=", ".join(finding.where for finding in odd),
        hint="name other columns with 'features'",
    )


def _measure_used(
    table: Table,
    features: list[FeatureState],
    complete: Completeness,
    distinct: Mapping[str, int],
    settings: Settings,
) -> _Measured:
    if not complete.rows_used:
        raise DataError(
            "Every row has too many missing values",
            found=f"{complete.rows:,} rows",
            hint="raise 'max_missing', choose missing 'median', or leave columns out with 'ignore'",
        )
    where = None
    if complete.rows_used < complete.rows:
        where = used(features, settings.missing, settings.max_missing)
    numbers = [feature for feature in features if feature.kind != "category"]
    names = [feature for feature in features if feature.kind == "category"]
    levels = count_levels(table, names, distinct, complete.rows_used, where)
    return _Measured(features, complete, where, spreads(table, numbers, where), levels)


def _constant(measured: _Measured) -> dict[str, str]:
    reasons = {
        name: "all its values are alike"
        for name, found in measured.spreads.items()
        if found.constant
    }
    for name, levels in measured.levels.items():
        if levels.constant:
            reasons[name] = "all its values are alike"
    return reasons


def _learnt(
    table: Table, measured: _Measured, distinct: Mapping[str, int], settings: Settings
) -> tuple[list[FeatureState], list[Finding]]:
    """Return the states in the order of the features, and what was odd."""
    numeric = [feature for feature in measured.features if feature.kind != "category"]
    states, odd = learn_numbers(
        table, numeric, measured.spreads, distinct, settings, measured.where
    )
    for feature in measured.features:
        if feature.kind == "category":
            state, found = learn_category(feature, measured.levels[feature.column])
            states.append(state)
            odd += found
    by_name = {state.column: state for state in states}
    ordered = []
    for feature in measured.features:
        share = 1.0 - measured.complete.known[feature.column] / measured.complete.rows
        ordered.append(replace(by_name[feature.column], missing_share=share))
    return ordered, odd


def _about_missing(state: PreparationState, complete: Completeness) -> list[Finding]:
    odd = []
    if state.rows_set_aside:
        allowed = legend(state)
        rule = allowed[2] if state.missing == "drop" else allowed[1]
        odd.append(findings.rows_set_aside(state.rows_set_aside, complete.rows, rule))
    for feature in state.features:
        infinite = complete.infinite.get(feature.column, 0)
        if infinite:
            odd.append(findings.infinite_values(feature.column, infinite))
        absent = complete.rows - complete.known[feature.column]
        if absent:
            dropped = state.missing == "drop"
            odd.append(findings.missing_values(feature, absent, complete.rows, dropped))
    return odd
