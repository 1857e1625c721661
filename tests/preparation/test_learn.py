"""What is learnt from small tables, as a whole and by hand, and from published data sets."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segmeans import preparation
from segmeans.errors import ColumnNotFoundError, DataError
from segmeans.preparation import Fitted
from segmeans.records import ColumnRole, FeatureState, Finding, PreparationState
from segmeans.settings import Settings
from segmeans.tables.duck import Column, Engine, Table

Learn = Callable[..., tuple[Table, Fitted]]
MakeRoles = Callable[..., list[ColumnRole]]


def assert_state(found: PreparationState, expected: PreparationState) -> None:
    """Compare two states whole, numbers to twelve digits."""
    left, right = flat(asdict(found)), flat(asdict(expected))
    numbers = {name for name, value in right.items() if isinstance(value, float)}
    assert {k: v for k, v in left.items() if k not in numbers} == {
        k: v for k, v in right.items() if k not in numbers
    }
    for name in numbers:
        assert left[name] == pytest.approx(right[name], rel=1e-12, abs=1e-12), name


def flat(value: Any, name: str = "") -> dict[str, Any]:
    if isinstance(value, dict):
        return {k: v for key, part in value.items() for k, v in flat(part, f"{name}.{key}").items()}
    if isinstance(value, tuple):
        parts = {str(place): part for place, part in enumerate(value)}
        return {f"{name}.len": len(value), **flat(parts, name)}
    return {name: value}


def codes(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(finding.code, finding.where) for finding in findings]


def only(fitted: Fitted) -> FeatureState:
    (feature,) = fitted.state.features
    return feature


def prepared(table: Table, fitted: Fitted) -> tuple[np.ndarray, np.ndarray]:
    matrices, statuses = zip(*preparation.blocks(table, fitted.state), strict=True)
    return np.vstack(matrices), np.concatenate(statuses)


# Whole states by hand


def test_a_number_and_a_category_with_gaps(learn: Learn) -> None:
    # Known ages 20, 30, 40, 50: mean and median 35, mean square deviation (225 + 25) / 2 = 125,
    # quartiles 27.5 and 42.5, so far out is beyond -17.5 and 87.5.
    table, fitted = learn(
        {"age": [20, 30, 40, 50, None], "sex": ["F", "M", "M", None, "M"]}, weight={"age": 4}
    )
    age = FeatureState(
        column="age",
        kind="number",
        weight=4.0,
        missing_share=0.2,
        fill=35.0,
        low=-17.5,
        high=87.5,
        centre=35.0,
        scale=math.sqrt(125),
        before={
            "min": 20.0, "median": 35.0, "mean": 35.0, "max": 50.0,
            "std": math.sqrt(125), "skew": 0.0,
        },
        after={"mean": 35.0, "std": math.sqrt(125), "skew": 0.0, "below": 0.0, "above": 0.0},
        note="skew 0 needs no transform",
    )  # fmt: skip
    sex = FeatureState(
        column="sex",
        kind="category",
        missing_share=0.2,
        scale=math.sqrt(2),
        levels=("F", "M", "(missing)"),
        centres=(0.2, 0.6, 0.2),
        before={"levels": 2.0},
        after={"levels": 3.0},
        note="3 levels",
    )
    assert_state(
        fitted.state,
        PreparationState(
            features=(age, sex),
            scale="standard",
            missing="median",
            max_missing=0.5,
            rows_used=5,
            rows_set_aside=0,
        ),
    )
    assert codes(fitted.findings) == [("missing-values", "age"), ("missing-values", "sex")]
    matrix, status = prepared(table, fitted)
    assert preparation.columns(fitted.state) == ("age", "sex=F", "sex=M", "sex=(missing)")
    z, h = 2 / math.sqrt(125), 1 / math.sqrt(2)  # weight 4 doubles the column
    expected = [
        [-15 * z, 0.8 * h, -0.6 * h, -0.2 * h],
        [-5 * z, -0.2 * h, 0.4 * h, -0.2 * h],
        [5 * z, -0.2 * h, 0.4 * h, -0.2 * h],
        [15 * z, -0.2 * h, -0.6 * h, 0.8 * h],
        [0, -0.2 * h, 0.4 * h, -0.2 * h],
    ]
    np.testing.assert_allclose(matrix, expected, rtol=1e-14, atol=1e-15)
    assert status.tolist() == [0, 0, 0, 0, 0]


def test_a_skewed_amount_is_logged_and_rows_are_dropped(learn: Learn) -> None:
    # ln of 1, e, e**2, e**3 ... e**6: mean 3, mean square deviation 4; the row without an amount
    # is dropped, so its visits do not count.
    amounts = [math.exp(place) for place in range(7)]
    data = {"amount": [*amounts, None], "visits": [1.0, 2, 3, 4, 5, 6, 7, 1000]}
    _, fitted = learn(data, missing="drop", transform="log", outliers="keep")
    state = fitted.state
    assert (state.rows_used, state.rows_set_aside) == (7, 1)
    amount, visits = state.features
    assert (amount.transform, amount.high) == ("log", None)
    assert [amount.low, amount.centre, amount.scale] == pytest.approx([1.0, 3.0, 2.0])
    assert amount.fill == pytest.approx(math.exp(3))
    assert amount.missing_share == 0.125
    assert visits.before["max"] == 7.0
    assert visits.before["mean"] == pytest.approx(4.0)
    assert codes(fitted.findings) == [("rows-set-aside", "rows"), ("missing-values", "amount")]


# Missing values and rows set aside


def test_rows_too_empty_are_set_aside_and_do_not_count(learn: Learn) -> None:
    data = {
        "a": [1.0, 2, 3, None],
        "b": [1.0, 2, 3, None],
        "c": [1.0, 2, 3, 1000],
    }
    table, fitted = learn(data)
    assert (fitted.state.rows_used, fitted.state.rows_set_aside) == (3, 1)
    assert [feature.before["max"] for feature in fitted.state.features] == [3.0, 3.0, 3.0]
    matrix, status = prepared(table, fitted)
    assert status.tolist() == [0, 0, 0, 1]
    assert np.isfinite(matrix).all()
    assert preparation.legend(fitted.state)[1] == "more than 50 % of the features are missing"


@pytest.mark.parametrize(("max_missing", "used"), [(0.0, 1), (0.3, 1), (0.34, 2), (0.7, 3), (1, 4)])
def test_the_share_of_missing_features_decides(learn: Learn, max_missing: float, used: int) -> None:
    data = {
        "a": [1.0, None, None, None, 2],
        "b": [1.0, 2, None, None, 3],
        "c": ["x", "y", "x", None, "y"],
    }
    _, fitted = learn(data, max_missing=max_missing)
    assert fitted.state.rows_used == used + 1


def test_the_mean_may_stand_in(learn: Learn) -> None:
    _, fitted = learn({"x": [1.0, 2, 6, None]}, missing="mean")
    assert only(fitted).fill == pytest.approx(3.0)


def test_infinite_numbers_count_as_missing(learn: Learn) -> None:
    table, fitted = learn(
        {"x": [1.0, 2, 3, math.inf, -math.inf, math.nan, 1e40], "y": [1.0, 2, 3, 4, 5, 6, 7]}
    )
    x = fitted.state.features[0]
    assert (x.fill, x.before["max"]) == (2.0, 3.0)
    assert ("infinite-values", "x") in codes(fitted.findings)
    evidence = next(f.evidence for f in fitted.findings if f.code == "infinite-values")
    assert evidence.startswith("4 values infinite")
    assert np.isfinite(prepared(table, fitted)[0]).all()


# What is left out, and errors


def test_columns_without_differences_are_left_out(learn: Learn) -> None:
    _, fitted = learn(
        {
            "same": [5.0, 5, 5],
            "empty": [None, None, None],
            "city": ["Rome", "Rome", "Rome"],
            "rounding": [1.0, 1.0 + 2e-16, 1.0],
            "x": [1.0, 2, 4],
        }
    )
    assert [feature.column for feature in fitted.state.features] == ["x"]
    assert codes(fitted.findings) == [
        ("feature-left-out", "empty"),
        ("feature-left-out", "same"),
        ("feature-left-out", "rounding"),
        ("feature-left-out", "city"),
    ]


def test_a_column_that_becomes_constant_when_rows_are_set_aside(learn: Learn) -> None:
    # Without the last row "b" is constant; without "b" that row has half its features.
    data = {"a": [1.0, 2, 3, None], "b": [1.0, 1, 1, 2], "c": [3.0, 1, 2, None]}
    _, fitted = learn(data, max_missing=0.5)
    assert [feature.column for feature in fitted.state.features] == ["a", "c"]
    assert fitted.state.rows_set_aside == 1


def test_nothing_to_learn_from(learn: Learn, make_table: Any, make_roles: MakeRoles) -> None:
    with pytest.raises(DataError, match="No feature has two different values"):
        learn({"x": [1.0, 1], "y": ["a", "a"]})
    with pytest.raises(DataError, match="Every row has too many missing"):
        learn({"x": [1.0, 2, None, None], "y": [None, None, 1.0, 2]}, missing="drop")
    table = make_table({"x": [1.0, 2]})
    with pytest.raises(DataError, match="no feature"):
        preparation.fit(table, make_roles(table, "nothing"), Settings())


def test_a_weight_needs_a_feature(learn: Learn) -> None:
    with pytest.raises(ColumnNotFoundError, match=r"'Agee'.*'Age'"):
        learn({"Age": [1.0, 2]}, weight={"Agee": 2})


# Transforms


def skewed(shift: float = 0.0) -> list[float]:
    """Return quantiles of a lognormal distribution with spread 1, an example of strong skew."""
    normal = np.array([-2.2, -1.5, -1.1, -0.8, -0.5, -0.25, 0, 0.25, 0.5, 0.8, 1.1, 1.5, 2.2])
    return [float(value) for value in np.exp(normal) + shift]


@pytest.mark.parametrize(
    ("values", "wish", "transform"),
    [
        (skewed(), "auto", "log"),
        ([0.0, *skewed()], "auto", "log1p"),
        (skewed(-1.0), "auto", "yeo-johnson"),
        ([-value for value in skewed()], "auto", "yeo-johnson"),
        (skewed(), "none", "none"),
        ([float(place) for place in range(20)], "auto", "none"),
        ([1.0, 1, 1, 1, 1, 1, 1, 2, 2, 50], "auto", "none"),  # few different values
        ([float(place + 1) for place in range(20)], "log", "log"),
        ([1.0, 2.0, 1.0, 2.0, 1.0], "log", "none"),  # two values
        ([float(place) for place in range(20)], "log", "log1p"),
        ([float(place - 1) for place in range(20)], "log", "yeo-johnson"),
        ([float(place - 1) for place in range(20)], "log1p", "yeo-johnson"),
        (skewed(), "yeo-johnson", "yeo-johnson"),
    ],
)
def test_the_transform_follows_skew_and_wish(
    learn: Learn, values: list[float], wish: str, transform: str
) -> None:
    _, fitted = learn({"x": values}, transform=wish)
    feature = only(fitted)
    assert feature.transform == transform
    replaced = wish not in ("auto", transform) and transform != "none"
    assert (("transform-replaced", "x") in codes(fitted.findings)) == replaced
    if wish == "auto" and transform != "none":
        assert abs(feature.after["skew"]) < abs(feature.before["skew"])


def test_moments_agree_with_numpy(learn: Learn) -> None:
    values = np.array(skewed())
    feature = only(learn({"x": values.tolist()}, outliers="keep")[1])
    logs = np.log(values)
    assert feature.before["mean"] == pytest.approx(np.mean(values), rel=1e-13)
    assert feature.before["std"] == pytest.approx(np.std(values), rel=1e-13)
    cubes = np.mean((values - np.mean(values)) ** 3) / np.std(values) ** 3
    assert feature.before["skew"] == pytest.approx(cubes, rel=1e-12)
    assert feature.centre == pytest.approx(np.mean(logs), abs=1e-13)
    assert feature.scale == pytest.approx(np.std(logs), rel=1e-13)


def test_dates_are_numbers_without_transform(learn: Learn) -> None:
    dates = [dt.date(1970, 1, 1) + dt.timedelta(days=day) for day in (0, 1, 2, 3, 994)]
    table, fitted = learn({"since": dates}, outliers="keep", transform="log", scale="none")
    assert (only(fitted).kind, only(fitted).transform) == ("date", "none")
    assert prepared(table, fitted)[0].ravel().tolist() == [0, 1, 2, 3, 994]
    assert preparation.to_units(fitted.state, [[994.0]]) == ({"since": "1972-09-21"},)


# Outliers


def test_far_out_values_are_capped_and_counted(learn: Learn) -> None:
    # Quartiles of 1 ... 9 and 100 are 3.25 and 7.75, so far out is above 7.75 + 13.5 = 21.25.
    table, fitted = learn({"x": [1.0, 2, 3, 4, 5, 6, 7, 8, 9, 100]}, transform="none")
    feature = only(fitted)
    assert (feature.low, feature.high) == (-10.25, 21.25)
    assert (feature.after["below"], feature.after["above"]) == (0.0, 1.0)
    assert feature.centre == pytest.approx(66.25 / 10)
    assert feature.before["mean"] == pytest.approx(14.5)
    (finding,) = fitted.findings
    assert finding.code == "capped-values"
    assert "1 value above 21.25" in finding.evidence
    column = prepared(table, fitted)[0].ravel()
    assert column.mean() == pytest.approx(0.0, abs=1e-15)
    assert column.std() == pytest.approx(1.0)


def test_outliers_may_be_kept(learn: Learn) -> None:
    _, fitted = learn({"x": [1.0, 2, 3, 4, 5, 6, 7, 8, 9, 100]}, transform="none", outliers="keep")
    assert (only(fitted).low, only(fitted).high, fitted.findings) == (None, None, ())
    assert only(fitted).centre == pytest.approx(14.5)


def test_the_fences_need_a_width(learn: Learn) -> None:
    # Half of the values are 0: quartiles coincide, the 5 % and 95 % quantiles do not.
    values = [0.0] * 17 + [1.0, 2.0, 3.0, 50.0]
    feature = only(learn({"x": values}, transform="none")[1])
    assert (feature.low, feature.high) == (-3.0, 6.0)
    # Nearly all values are 0: no width at all.
    _, fitted = learn({"x": [0.0] * 60 + [1.0, 50.0]}, transform="none")
    assert (only(fitted).low, only(fitted).high) == (None, None)
    assert codes(fitted.findings) == [("hardly-varies", "x")]


def test_small_amounts_are_not_wrong_because_a_logarithm_stretches_them(learn: Learn) -> None:
    values = [0.001, *(float(place) for place in range(90, 111))]
    _, fitted = learn({"x": values}, transform="log")
    assert codes(fitted.findings) == [("capped-values", "x")]  # far out either way
    values = [0.001, *(float(place) for place in range(50, 151, 5))]
    _, fitted = learn({"x": values}, transform="log")
    assert only(fitted).low == 0.001
    assert codes(fitted.findings) == [("far-out-after-transform", "x")]


# Scale


@pytest.mark.parametrize(
    ("scale", "centre", "width"),
    [
        ("standard", 3.0, math.sqrt(2.0)),
        ("robust", 3.0, 2.0 / 1.3489795003921634),
        ("minmax", 1.0, 4.0),
        ("none", 0.0, 1.0),
    ],
)
def test_scales_of_one_to_five(learn: Learn, scale: str, centre: float, width: float) -> None:
    feature = only(learn({"x": [1.0, 2, 3, 4, 5]}, scale=scale)[1])
    assert [feature.centre, feature.scale] == pytest.approx([centre, width])


def test_robust_scaling_without_quartiles_uses_the_deviation(learn: Learn) -> None:
    _, fitted = learn({"x": [0.0, 0, 0, 0, 0, 0, 0, 1]}, scale="robust")
    assert only(fitted).scale == pytest.approx(math.sqrt(7) / 8)
    assert ("scale-replaced", "x") in codes(fitted.findings)


# The same on every run


def test_a_fit_gives_the_same_bits_on_one_thread_and_on_four(make_roles: MakeRoles) -> None:
    states = []
    for threads in (1, 4):
        with Engine(threads=threads) as engine:
            engine.run(
                "CREATE TABLE t AS SELECT exp(3 * sin(i * i)) AS x, CASE WHEN i % 17 > 0 THEN "
                "cos(i) END AS y, 'c' || i % 9 AS z FROM range(300000) AS r(i)"
            )
            table = Table(
                engine, "t", (Column("x", "DOUBLE"), Column("y", "DOUBLE"), Column("z", "VARCHAR"))
            )
            roles = make_roles(table)
            states.append(preparation.fit(table, roles, Settings(missing="drop")).state)
    assert states[0] == states[1]


# Published figures


def read(engine: Engine, path: Path, **types: str) -> Table:
    engine.run(f"CREATE TABLE t AS SELECT * FROM read_csv('{path}', types = {types or '{}'})")
    columns = tuple(
        Column(name, "VARCHAR" if type_ == "BOOLEAN" else type_)
        for name, type_ in engine.types("SELECT * FROM t").items()
    )
    return Table(engine, "t", columns)


def test_mall(data_dir: Path, make_roles: MakeRoles) -> None:
    with Engine() as engine:
        table = read(engine, data_dir / "mall" / "Mall_Customers.csv")
        roles = make_roles(table, "Annual Income (k$)", "Spending Score (1-100)")
        fitted = preparation.fit(table, roles, Settings())
        matrix, _ = prepared(table, fitted)
        raw = np.column_stack(list(table.fetch(preparation.raw_expressions(fitted.state)).values()))
    np.testing.assert_allclose(matrix, (raw - raw.mean(0)) / raw.std(0), rtol=1e-12, atol=1e-14)
    assert (matrix**2).sum() == pytest.approx(400, rel=1e-12)
    assert fitted.findings == ()


def test_wholesale(data_dir: Path, make_roles: MakeRoles) -> None:
    with Engine() as engine:
        table = read(engine, data_dir / "wholesale" / "wholesale.csv")
        roles = make_roles(table, *table.names[2:])
        matrix, _ = prepared(
            table, preparation.fit(table, roles, Settings(transform="log", scale="none"))
        )
    assert ((matrix - matrix.mean(0)) ** 2).sum() == pytest.approx(4800.918977, abs=5e-7)


def test_mcdonalds(data_dir: Path, make_roles: MakeRoles) -> None:
    with Engine() as engine:
        table = read(engine, data_dir / "mcdonalds" / "mcdonalds.csv", yummy="VARCHAR")
        roles = make_roles(table, *table.names[:11], **dict.fromkeys(table.names[:11], "category"))
        fitted = preparation.fit(table, roles, Settings(scale="none"))
        matrix, _ = prepared(table, fitted)
    shares = [feature.centres[0] for feature in fitted.state.features]
    published = [0.55, 0.91, 0.09, 0.87, 0.53, 0.90, 0.60, 0.64, 0.36, 0.20, 0.24]
    assert [round(share, 2) for share in shares] == published
    assert len(np.unique(matrix, axis=0)) == 264
