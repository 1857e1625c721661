"""Small tables to prepare."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

import pytest

from segmeans.preparation import Fitted, fit
from segmeans.records import ColumnRole, Role
from segmeans.settings import Settings
from segmeans.tables.duck import Column, Engine, Table, quoted

_TYPES = {int: "BIGINT", float: "DOUBLE", str: "VARCHAR", dt.date: "DATE"}
_ROLES = {"BIGINT": "number", "DOUBLE": "number", "VARCHAR": "category", "DATE": "date"}


def _type_of(values: Sequence[object]) -> str:
    kinds = {type(value) for value in values if value is not None}
    if not kinds or kinds == {int, float}:
        return "DOUBLE"
    return _TYPES[kinds.pop()]


@pytest.fixture
def make_table() -> Iterator[Callable[[Mapping[str, Sequence[object]]], Table]]:
    """Return a function that puts columns of Python values into DuckDB as they are."""
    with Engine(threads=2) as engine:
        count = 0

        def make(data: Mapping[str, Sequence[object]]) -> Table:
            nonlocal count
            count += 1
            name = f"table {count}"
            columns = tuple(Column(column, _type_of(values)) for column, values in data.items())
            declared = ", ".join(f"{quoted(column.name)} {column.type}" for column in columns)
            engine.run(f"CREATE TABLE {quoted(name)} ({declared})")
            rows = list(zip(*data.values(), strict=True))
            marks = ", ".join(f"({', '.join('?' for _ in columns)})" for _ in rows)
            engine.run(
                f"INSERT INTO {quoted(name)} VALUES {marks}",
                [value for row in rows for value in row],
            )
            return Table(engine, name, columns, name=name)

        yield make


@pytest.fixture
def make_roles() -> Callable[..., list[ColumnRole]]:
    """Return a function that makes columns of a table features, by type or as told."""

    def make(table: Table, *names: str, **roles: str) -> list[ColumnRole]:
        return [
            ColumnRole(
                name=column.name,
                type=column.type,
                role=cast("Role", roles.get(column.name, _ROLES[column.type])),
                use="feature" if not names or column.name in names else "ignore",
                reason="",
                distinct=len(table.levels(column.name)),
            )
            for column in table.columns
        ]

    return make


@pytest.fixture
def learn(
    make_table: Callable[..., Table], make_roles: Callable[..., list[ColumnRole]]
) -> Callable[..., tuple[Table, Fitted]]:
    """Return a function that fits the preparation of columns of Python values."""

    def learnt(data: Mapping[str, Sequence[object]], **settings: object) -> tuple[Table, Fitted]:
        table = make_table(data)
        return table, fit(table, make_roles(table), Settings.ask(settings))

    return learnt
