"""The whole model as one SQL statement: the same segment as in Python, where the rows live.

The nearest centre is the one with the largest score ``s_j = w_j . x - b_j``, where ``x`` are the
prepared columns, ``w_j`` the centre less the mean of all centres, and ``b_j`` half the difference
of their squared lengths: squared distances less what is the same for all, halved and turned. So
the tie of :mod:`segmeans.model.assigning` is half as wide here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from segmeans import preparation
from segmeans.errors import SettingError
from segmeans.model.assigning import Floats, linear, tie
from segmeans.model.segmentation import Model
from segmeans.preparation import categories, numbers
from segmeans.records import FeatureState, ModelRecord, PreparationState
from segmeans.tables import sql
from segmeans.tables.statements import Step, cut_names, layered
from segmeans.tables.values import SPACE, TEXT_MISSING

DIALECTS = (*sql.DIALECTS, *sql.WAREHOUSES)
ANSWERS = ("segment", "segment_name", "unscored")


def statement(model: Model, *, dialect: str, table: str, id_column: str | None = None) -> str:
    """Write a model as one SQL statement over a table of customers.

    Parameters
    ----------
    model : Model
    dialect : {"duckdb", "postgres", "sqlite", "bigquery", "snowflake", "spark", "mysql", "tsql"}
    table : str
        Name of the table, also as ``schema.table`` or ``catalog.schema.table``. It has the
        features as columns of their names; numbers are stored as numbers, dates as dates.
    id_column : str, optional
        Column that identifies a customer; by default that of the training.

    Returns
    -------
    str
        Gives for every row the id (without one, the features), ``segment``, ``segment_name`` and
        why a row is ``unscored``.

    Raises
    ------
    SettingError
        For an unknown dialect or a table that has no name.
    """
    if dialect not in DIALECTS:
        raise SettingError(
            "There is no such SQL dialect", found=dialect, allowed=", ".join(DIALECTS)
        )
    record = model.record
    state = record.preparation
    features = [feature.column for feature in state.features]
    key = id_column or record.id_column
    keys = [key] if key is not None else features
    named = cut_names(list(dict.fromkeys([*keys, *features])), dialect)
    state = replace(
        state, features=tuple(replace(f, column=named[f.column]) for f in state.features)
    )
    kept = {f"key{place}": named[name] for place, name in enumerate(keys, 1)}
    centres = np.array(record.centres, dtype=np.float64)
    steps = [
        *_texts(state, kept, dialect),
        _read(state, kept, dialect),
        _prepared(state, kept),
        _scores(centres, kept),
        _best(len(centres), kept),
        _answered(record, tie(centres) / 2.0, kept),
    ]
    return layered(steps, _table(table), dialect, notes=_notes(record, dialect))


def _table(name: str) -> sql.Expression:
    parts = name.split(".")
    if not all(parts) or len(parts) > 3:
        raise SettingError(
            "This is no name of a table",
            found=repr(name),
            allowed="table, schema.table or catalog.schema.table",
        )
    return sql.table(*reversed(parts))


def _notes(record: ModelRecord, dialect: str) -> list[str]:
    places = [f"x{place}: {name}" for place, name in enumerate(record.columns, 1)]
    return [
        f"Segments of customers, written by segmeans for {dialect}.",
        "values: what is in the table, and which level it is (-1 missing, -2 never seen).",
        "prepared: filled, capped, transformed and scaled. scores: the nearest has the largest.",
        "The segment is the lowest number among those as good as the best.",
        *places,
    ]


def _passed(names: dict[str, str]) -> dict[str, sql.Expression]:
    return {name: sql.column(name) for name in (*names, "status")}


def _texts(state: PreparationState, kept: dict[str, str], dialect: str) -> list[Step]:
    """Read words as a file is read: without the blanks around them, and in lower case as well."""
    if not any(feature.kind == "category" for feature in state.features):
        return []
    columns = {name: sql.column(source) for name, source in kept.items()}
    for place, feature in enumerate(state.features, 1):
        if feature.kind == "category":
            word = sql.trimmed(categories.text_of(feature.column), SPACE)
            columns[f"t{place}"] = sql.as_text(word)
            columns[f"l{place}"] = sql.as_text(sql.lower(word))
        else:
            columns[f"v{place}"] = _number(feature, dialect)
    return [Step("words", columns)]


def _number(feature: FeatureState, dialect: str) -> sql.Expression:
    # SQLite takes text for a number; what is none must count as missing there as well
    loose = dialect == "sqlite" and feature.kind == "number"
    value = numbers.source(feature, text=loose)
    return sql.case([(numbers.present(value), value)])


def _read(state: PreparationState, kept: dict[str, str], dialect: str) -> Step:
    """Read every feature once: numbers that can be used, days, and places of levels."""
    worded = any(feature.kind == "category" for feature in state.features)
    columns = {name: sql.column(name if worded else source) for name, source in kept.items()}
    for place, feature in enumerate(state.features, 1):
        if feature.kind == "category":
            columns[f"v{place}"] = _level(feature, place)
        else:
            columns[f"v{place}"] = sql.column(f"v{place}") if worded else _number(feature, dialect)
    return Step("values", columns)


def _level(feature: FeatureState, place: int) -> sql.Expression:
    """Return the place of a level, or the code of a missing or unseen one."""
    value, written = sql.column(f"t{place}"), categories.spellings(feature.levels)
    missing = sql.integer(categories.MISSING_CODE)
    branches = [(categories.is_missing(value), missing)]
    for code, level in enumerate(feature.levels):
        # without blanks around it no text is a level that has them, and no engine may pad either
        texts = [sql.text(one) for one in written[level] if one and one == one.strip(SPACE)]
        if texts:
            branches.append((sql.is_in(value, texts), sql.integer(code)))
    absent = sql.one_of(sql.column(f"l{place}"), [word for word in TEXT_MISSING if word])
    branches.append((absent, missing))
    return sql.case(branches, sql.integer(categories.UNSEEN_CODE))


def _prepared(state: PreparationState, kept: dict[str, str]) -> Step:
    read = {f"v{place}": feature for place, feature in enumerate(state.features, 1)}
    columns = {name: sql.column(name) for name in kept}
    columns["status"] = _status(state, read)
    prepared: list[sql.Expression] = []
    for name, feature in read.items():
        if feature.kind == "category":
            prepared += _positions(feature, name)
        else:
            prepared.append(numbers.expression(replace(feature, column=name, kind="number")))
    columns |= {f"x{place}": value for place, value in enumerate(prepared, 1)}
    return Step("prepared", columns)


def _status(state: PreparationState, read: dict[str, FeatureState]) -> sql.Expression:
    one, none = sql.integer(1), sql.integer(0)
    missing = sql.integer(categories.MISSING_CODE)
    absent = sql.add(
        *(
            sql.case([(sql.equal(sql.column(name), missing), one)], none)
            if feature.kind == "category"
            else sql.case([(sql.is_null(sql.column(name)), one)], none)
            for name, feature in read.items()
        )
    )
    return preparation.status_of(state, absent)


def _positions(feature: FeatureState, name: str) -> list[sql.Expression]:
    """Return the prepared columns of a category by the code that was read."""
    codes = [*range(len(feature.levels)), categories.UNSEEN_CODE, categories.MISSING_CODE]
    found = []
    for column in categories.positions(feature).T.tolist():
        usual = max(column, key=column.count)
        others = [
            (sql.equal(sql.column(name), sql.integer(code)), sql.number(value))
            for code, value in zip(codes, column, strict=True)
            if value != usual
        ]
        found.append(sql.case(others, sql.number(usual)) if others else sql.number(usual))
    return found


def _scores(centres: Floats, kept: dict[str, str]) -> Step:
    offsets, weights = linear(centres)
    columns = _passed(kept)
    for place, (offset, row) in enumerate(zip(offsets, weights, strict=True), 1):
        score = sql.number(offset)
        for at, weight in enumerate(row, 1):
            term = sql.multiply(sql.number(abs(weight)), sql.column(f"x{at}"))
            score = sql.add(score, term) if weight >= 0.0 else sql.subtract(score, term)
        columns[f"s{place}"] = score
    return Step("scores", columns)


def _best(k: int, kept: dict[str, str]) -> Step:
    scores = {f"s{place}": sql.column(f"s{place}") for place in range(1, k + 1)}
    top = sql.greatest_of(*scores.values()) if k > 1 else scores["s1"]
    return Step("best", {**_passed(kept), **scores, "top": top})


def _answered(record: ModelRecord, width: float, kept: dict[str, str]) -> Step:
    status, least = sql.column("status"), sql.subtract(sql.column("top"), sql.number(width))
    used = sql.equal(status, sql.integer(preparation.USED))
    near = [
        (segment, sql.all_of(used, sql.greater_equal(sql.column(f"s{segment.number}"), least)))
        for segment in record.segments
    ]
    legend = preparation.legend(record.preparation)
    reasons = [
        (sql.equal(status, sql.integer(mark)), sql.text(reason))
        for mark, reason in legend.items()
        if mark != preparation.USED
    ]
    taken = {name.casefold() for name in ANSWERS}
    columns = {
        f"{name}_of_source" if name.casefold() in taken else name: sql.column(held)
        for held, name in kept.items()
    }
    columns["segment"] = sql.case([(when, sql.integer(one.number)) for one, when in near])
    columns["segment_name"] = sql.case([(when, sql.text(one.name)) for one, when in near])
    columns["unscored"] = sql.case(reasons)
    return Step("answered", columns)
