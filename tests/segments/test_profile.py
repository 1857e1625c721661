"""Profiles: every expected value is worked out by hand beside it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.segments.by_hand import CITY, SPEND, groups, numbers

from segmeans.records import ColumnRole, FeatureState, PreparationState, ProfileRow
from segmeans.segments.profile import (
    LEVELS,
    OTHERS,
    Groups,
    category_rows,
    number_rows,
    profile,
)
from segmeans.tables import duck
from segmeans.tables.duck import Engine, Table


def test_groups_keep_source_order_and_leave_out_the_unscored() -> None:
    found = groups(1, -1, 0, 1, 0, k=3)
    assert found.order.tolist() == [2, 4, 0, 3]
    assert found.bounds == (0, 2, 4, 4)
    assert [part.tolist() for part in found.parts(np.arange(5))] == [[2, 4], [0, 3], []]


def test_a_number_by_hand() -> None:
    # segment 1: 1, 3 (mean 2); segment 2: 9, 11 and one unknown (mean 10); everyone: mean 6,
    # deviations -5, -3, 3, 5, so the variance is (25 + 9 + 9 + 25) / 4 = 17
    values = numbers(1, 3, 9, 11, np.nan, 1000)
    first, second = number_rows(SPEND, values, groups(0, 0, 1, 1, 1, -1))
    assert first == ProfileRow(
        segment=1,
        feature="spend",
        level="",
        mean=2.0,
        median=2.0,
        share=None,
        everyone=6.0,
        difference=-4.0,
        effect=pytest.approx(-4 / math.sqrt(17), rel=1e-15),
        missing=0.0,
        role="feature",
        kind="number",
        known=2,
        std=pytest.approx(math.sqrt(2)),
        quartiles=(1.5, 2.5),
        # against the others (mean 10, variance 2, two of four): errors sqrt(2 / 2 + 2 / 2), times
        # 2 / 4, in units of sqrt(17)
        effect_low=pytest.approx((-4 - 1.959964 * math.sqrt(2) / 2) / math.sqrt(17), rel=1e-6),
        effect_high=pytest.approx((-4 + 1.959964 * math.sqrt(2) / 2) / math.sqrt(17), rel=1e-6),
    )
    assert (second.mean, second.median, second.difference) == (10.0, 10.0, 4.0)
    assert second.missing == pytest.approx(1 / 3)


def test_effects_are_measured_on_the_scale_of_the_segments() -> None:
    # One customer of a million makes the raw mean of segment 1 the larger one; on the log scale,
    # where the segments were formed, its customers are the smaller ones. Logs to base 10:
    # 0, 0, 6 (mean 2) and 3, 3, 3 (mean 3); everyone 2.5, variance (6.25 * 2 + 12.25 + 3 / 4) / 6.
    values = numbers(1, 1, 1e6, 1e3, 1e3, 1e3)
    first, second = number_rows(SPEND, values, groups(0, 0, 0, 1, 1, 1), scaled=np.log10(values))
    assert first.difference > 0
    assert first.effect == pytest.approx(-0.5 / math.sqrt(25.5 / 6))
    assert second.effect == -first.effect


def test_intervals_agree_with_an_independent_package() -> None:
    # statsmodels: CompareMeans(own, others).zconfint_diff(usevar="unequal"), times the share of
    # the others, in standard deviations of everyone
    weightstats = pytest.importorskip("statsmodels.stats.weightstats", reason="no statsmodels")
    draw = np.random.default_rng(3)
    labels = np.repeat([0, 1, 2], [40, 25, 60])
    values = draw.gamma(2.0 + labels, size=125)
    codes = (values > 2.0).astype(np.int64)
    together = Groups.of(labels, 3)
    shares = [r for r in category_rows(CITY, codes, ["a", "b"], together) if r.level == "b"]
    for column, rows in ((values, number_rows(SPEND, values, together)), (codes, shares)):
        for row in rows:
            own = labels == row.segment - 1
            low, high = weightstats.CompareMeans.from_data(column[own], column[~own]).zconfint_diff(
                usevar="unequal"
            )
            share = np.mean(~own) / np.std(column)
            assert row.effect_low == pytest.approx(low * share, rel=1e-9)
            assert row.effect_high == pytest.approx(high * share, rel=1e-9)


def test_an_interval_needs_two_on_each_side() -> None:
    first, second = number_rows(SPEND, numbers(1, 2, 4, 7), groups(0, 1, 1, 1))
    assert (first.effect_low, second.effect_high, first.std) == (None, None, None)
    assert second.std is not None
    [everyone] = number_rows(SPEND, numbers(1, 2, 4), groups(0, 0, 0, k=1))
    assert everyone.effect_low is None


def test_equal_values_make_no_difference() -> None:
    for row in number_rows(SPEND, numbers(0.1, 0.1, 0.1), groups(0, 1, 1)):
        assert (row.effect, row.everyone) == (0.0, pytest.approx(0.1))


def test_a_segment_without_a_value_has_no_mean() -> None:
    first, second = number_rows(SPEND, numbers(np.nan, np.inf, 4.0), groups(0, 0, 1))
    assert (first.mean, first.median, first.difference, first.effect) == (None, None, 0.0, 0.0)
    assert first.missing == 1.0
    assert second.mean == 4.0


def test_huge_values_stay_finite() -> None:
    rows = number_rows(SPEND, numbers(1.6e308, 1.7e308, 1.0e308, 1.1e308), groups(0, 0, 1, 1))
    assert all(math.isfinite(row.mean or 0) and math.isfinite(row.effect) for row in rows)
    assert rows[0].mean == pytest.approx(1.65e308)
    assert rows[0].median == pytest.approx(1.65e308)


def test_a_category_by_hand() -> None:
    # segment 1: a a b, one unknown; segment 2: b. Everyone with a value: half a, half b.
    rows = category_rows(CITY, np.array([0, 0, 1, -1, 1]), ["a", "b"], groups(0, 0, 0, 0, 1))
    table = {(row.segment, row.level): row for row in rows}
    assert table[1, "a"].share == pytest.approx(2 / 3)
    assert table[1, "a"].everyone == 0.5
    assert table[1, "a"].difference == pytest.approx(1 / 6)
    assert table[1, "a"].effect == pytest.approx((1 / 6) / 0.5)
    assert table[1, "a"].missing == 0.25
    assert table[2, "a"].share == 0.0
    assert table[2, "b"].effect == 1.0
    assert all(row.mean is None and row.kind == "category" for row in rows)


def test_a_profile_does_not_change_with_the_order_of_rows() -> None:
    draw = np.random.default_rng(11)
    labels, values = draw.integers(-1, 4, 1000), draw.lognormal(size=1000)
    order = draw.permutation(1000)

    def seen(*arrays: NDArray[Any]) -> list[float]:
        rows = number_rows(SPEND, arrays[0], Groups.of(arrays[1], 4))
        return [value for row in rows for value in (row.mean or 0.0, row.effect, row.everyone)]

    assert seen(values[order], labels[order]) == pytest.approx(seen(values, labels), rel=1e-12)


def table_of(engine: Engine, columns: dict[str, tuple[str, list[object]]]) -> Table:
    """Put small columns, name to (type, values), into an engine."""
    names = ", ".join(f'"{name}" {type_}' for name, (type_, _) in columns.items())
    engine.run(f"CREATE TABLE customers ({names})")
    marks = ", ".join("?" for _ in columns)
    for line in zip(*(values for _, values in columns.values()), strict=True):
        engine.run(f"INSERT INTO customers VALUES ({marks})", line)
    served = tuple(duck.Column(name, type_) for name, (type_, _) in columns.items())
    return Table(engine, "customers", served)


def described(name: str, role: str, use: str = "describe") -> ColumnRole:
    return ColumnRole(name=name, type="", role=role, use=use, reason="")  # type: ignore[arg-type]


def state_of(*features: FeatureState) -> PreparationState:
    return PreparationState(
        features=features,
        scale="standard",
        missing="median",
        max_missing=0.5,
        rows_used=4,
        rows_set_aside=0,
    )


def test_a_whole_table() -> None:
    columns: dict[str, tuple[str, list[object]]] = {
        "spend": ("DOUBLE", [1.0, 100.0, 1e4, 1e9, 5.0]),
        "since": ("DATE", ["1970-01-02", None, "1970-01-11", "1970-01-13", "1970-01-01"]),
        "city": ("VARCHAR", ["it's", "it's", None, "Rome", "Rome"]),
        "email": ("VARCHAR", ["a@x", "b@x", "c@x", "d@x", "e@x"]),
        "age": ("BIGINT", [20, 30, 40, 50, 60]),
    }
    roles = [
        described("spend", "number", "feature"),
        described("since", "date"),
        described("city", "category"),
        described("email", "personal"),
        described("age", "number", "ignore"),
    ]
    # spend is capped at 1e4 and its logarithm taken: ln 1, ln 100 | ln 1e4, ln 1e4
    state = state_of(
        FeatureState(column="spend", kind="number", transform="log", low=1.0, high=1e4)
    )
    with Engine(threads=1) as engine:
        rows = profile(table_of(engine, columns), roles, state, np.array([0, 0, 1, 1, -1]), 2)
    table = {(row.segment, row.feature, row.level): row for row in rows}
    assert {row.feature for row in rows} == {"spend", "since", "city"}
    assert [row.segment for row in rows] == sorted(row.segment for row in rows)
    spend = table[1, "spend", ""]
    # in units of ln 100: 0, 1, 2, 2; mean 5/4, variance (25 + 1 + 9 + 9) / 16 / 4 = 11/16
    assert spend.effect == pytest.approx((0.5 - 1.25) / math.sqrt(11 / 16))
    assert (spend.mean, spend.median, spend.role) == (50.5, 50.5, "feature")
    assert table[2, "spend", ""].mean == pytest.approx((1e4 + 1e9) / 2)
    since = table[2, "since", ""]
    assert (since.mean, since.kind, since.role) == (11.0, "date", "describe")
    assert table[1, "since", ""].missing == 0.5
    assert table[1, "city", "it's"].share == 1.0
    assert table[2, "city", "it's"].everyone == pytest.approx(2 / 3)


def test_rare_levels_share_a_row() -> None:
    names = [f"level {i:02d}" for i in range(20) for _ in range(21 - i)]
    columns: dict[str, tuple[str, list[object]]] = {"plan": ("VARCHAR", [*names])}
    with Engine(threads=1) as engine:
        table = table_of(engine, columns)
        labels = np.zeros(len(names), dtype=np.int32)
        rows = profile(table, [described("plan", "category")], state_of(), labels, 1)
    assert len(rows) == LEVELS
    assert rows[0].level == "level 00"
    assert rows[-1].level == OTHERS
    # levels 11 to 19 have 10, 9, ..., 2 rows: 54 of 21 + 20 + ... + 2 = 230
    assert rows[-1].share == pytest.approx(54 / 230)
    assert sum(row.share or 0 for row in rows) == pytest.approx(1)
