"""The main job, from a source to the segments of every customer."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from segmeans import segment, write
from segmeans.errors import ColumnNotFoundError, DataError, SettingError
from segmeans.model import load
from segmeans.sample import CustomerMarket, write_customers
from segmeans.settings import Settings
from segmeans.study import Study, look

INCOME, SCORE = "Annual Income (k$)", "Spending Score (1-100)"
MALL_Z = {
    1: 400,
    2: 269.016794,
    3: 157.704008,
    4: 108.921317,
    5: 65.568408,
    6: 55.057348,
    7: 44.864756,
}
MALL_RAW = {
    1: 269981.28,
    2: 181363.595960,
    3: 106348.373062,
    4: 73679.789039,
    5: 44448.455448,
    6: 37233.814511,
    7: 30227.606513,
}
MALL_AGE_Z = {
    1: 600,
    2: 389.386189,
    3: 295.212246,
    4: 205.225147,
    5: 168.247580,
    6: 133.868334,
    7: 117.011555,
}
MALL_AGE_RAW = {
    1: 308812.78,
    2: 212840.169821,
    3: 143342.751572,
    4: 104366.151456,
    5: 75350.779172,
    6: 58300.443322,
    7: 51082.542968,
}
# file -> (id, age, income, score)
MALL_FILES = {
    "Mall_Customers.csv": ("Age", INCOME, SCORE),
    "Mall_Customers_genre.csv": ("Age", INCOME, SCORE),
    "variants/Mall_Customers_genre_short.csv": ("Age", "AnnualIncome", "SpendingScore"),
    "variants/Mall_Customers_short_headers.csv": ("Age", "AnnualIncome", "SpendingScore"),
    "variants/Mall_Customers_snake_case.csv": (
        "age",
        "annual_income_thousands",
        "spending_score",
    ),
}


@pytest.fixture(scope="module")
def customers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small market with five planted segments."""
    path = tmp_path_factory.mktemp("sample") / "customers.csv"
    write_customers(path, 600, 1, CustomerMarket(truth=True))
    return path


@pytest.fixture(scope="module")
def study(customers: Path) -> Study:
    """Return a quick study of that market."""
    return segment(customers, features=[INCOME, SCORE], ignore=["True Segment"], fast=True)


@pytest.mark.parametrize("file", MALL_FILES)
def test_mall_finds_the_classic_five_under_every_header(data_dir: Path, file: str) -> None:
    found = segment(data_dir / "mall" / file, features=MALL_FILES[file][1:], fast=True)
    row = found.record.k_table[4]
    assert found.record.recommended_k == found.k == 5
    assert row.inertia == pytest.approx(65.568408, rel=1e-6)
    assert row.silhouette == pytest.approx(0.554657, abs=1e-6)
    assert row.sizes == (81, 39, 35, 23, 22)
    assert [one.size for one in found.record.segments] == [81, 39, 35, 23, 22]
    uses = {role.role: role.name for role in found.record.roles}
    assert uses["id"].casefold().replace("_", "") == "customerid"
    assert uses["category"].casefold() in {"gender", "genre"}


@pytest.mark.parametrize(
    ("columns", "scale", "expected"),
    [
        (slice(1, 3), "standard", MALL_Z),
        (slice(1, 3), "none", MALL_RAW),
        (slice(0, 3), "standard", MALL_AGE_Z),
        (slice(0, 3), "none", MALL_AGE_RAW),
    ],
)
def test_mall_reaches_the_best_known_inertia_for_every_k(
    data_dir: Path, columns: slice, scale: str, expected: dict[int, float]
) -> None:
    features = MALL_FILES["Mall_Customers.csv"][columns]
    found = segment(
        data_dir / "mall" / "Mall_Customers.csv",
        features=features,
        scale=scale,
        k=(1, 7),
        fast=True,
    )
    inertia = {row.k: row.inertia for row in found.record.k_table}
    assert inertia == pytest.approx(expected, rel=1e-6)


def test_mall_default_leaves_the_customer_id_out(data_dir: Path) -> None:
    found = segment(data_dir / "mall" / "Mall_Customers.csv", k=5, fast=True)
    features = [feature.column for feature in found.record.preparation.features]
    assert "CustomerID" not in features


def test_mall_forced_customer_id_is_told_of(data_dir: Path) -> None:
    seen = look(
        data_dir / "mall" / "Mall_Customers.csv",
        Settings.ask({"features": ["CustomerID", INCOME]}),
    )
    assert any("CustomerID" in finding.where for finding in seen.findings)


def test_wholesale_codes_are_categories_and_ln_reaches_the_best_known(data_dir: Path) -> None:
    file = data_dir / "wholesale" / "wholesale.csv"
    roles = {role.name: role for role in look(file, Settings()).roles}
    assert roles["Channel"].role == roles["Region"].role == "category"
    spends = ["Fresh", "Milk", "Grocery", "Frozen", "Detergents_Paper", "Delicassen"]
    found = segment(
        file, features=spends, transform="log", scale="none", outliers="keep", k=2, fast=True
    )
    assert found.record.k_table[0].inertia == pytest.approx(3314.947406, rel=1e-6)
    forced = look(file, Settings.ask({"features": ["Channel", *spends]}))
    assert any(finding.where == "Channel" for finding in forced.findings)


def test_planted_segments_are_found(study: Study, customers: Path) -> None:
    truth = [line.rsplit(",", 1)[1] for line in customers.read_text().splitlines()[1:]]
    assert study.k == study.record.recommended_k == 5
    right = 0
    for number in range(1, 6):
        members = [truth[row] for row in np.flatnonzero(study.labels == number)]
        right += max(members.count(name) for name in set(members))
    assert right / len(truth) > 0.95


def test_record_survives_json(study: Study) -> None:
    read = json.loads(study.to_json())
    assert read == json.loads(json.dumps(dataclasses.asdict(study.record)))
    assert {"k", "inertia", "silhouette", "sizes"} <= set(read["k_table"][0])


def test_segments_add_up(study: Study) -> None:
    record = study.record
    sizes = [one.size for one in record.segments]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == record.funnel.assigned == record.source.rows == 600
    assert sum(one.share for one in record.segments) == pytest.approx(1)
    assert len({one.name for one in record.segments}) == len({one.id for one in record.segments})
    for row in record.k_table:
        assert sum(row.sizes) == 600


def test_model_gives_the_same_segments_as_the_study(study: Study, customers: Path) -> None:
    rows = [line.split(",") for line in customers.read_text().splitlines()]
    columns = {name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])}
    assigned = study.model.assign(columns)
    assert (assigned.labels + 1 == study.labels).all()


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_do_not_change_a_byte(study: Study, customers: Path, threads: int) -> None:
    again = segment(
        customers,
        features=[INCOME, SCORE],
        ignore=["True Segment"],
        fast=True,
        threads=threads,
    )
    assert again.to_json() == study.to_json()
    assert again.model.to_json() == study.model.to_json()


def test_order_of_rows_does_not_change_the_segments(study: Study, customers: Path) -> None:
    head, *lines = customers.read_text().splitlines()
    turned = customers.with_name("turned.csv")
    turned.write_text("\n".join([head, *reversed(lines)]) + "\n")
    again = segment(turned, features=[INCOME, SCORE], ignore=["True Segment"], fast=True)
    assert (again.labels[::-1] == study.labels).all()
    assert [one.name for one in again.record.segments] == [
        one.name for one in study.record.segments
    ]


def test_rows_too_empty_are_set_aside_and_counted() -> None:
    rng = np.random.default_rng(0)
    age, income = rng.normal(40, 9, 60), rng.normal(70, 9, 60)
    age[:30] += 60
    age[[5, 7]] = income[[5, 7]] = np.nan
    found = segment({"Age": age, "Income": income}, k=2, fast=True)
    assert found.record.funnel.rows == 60
    assert found.record.funnel.assigned == 58
    assert sum(found.record.funnel.unscored.values()) == 2
    assert list(np.flatnonzero(found.labels == 0)) == [5, 7]


@pytest.mark.parametrize(
    ("data", "settings", "error", "message"),
    [
        ({"a": [1.0, 2, 3, 5, 8]}, {"k": 9}, SettingError, "fewer different customers"),
        ({"a": [1.0, 1, 1, 2, 2]}, {"k": 4}, SettingError, "fewer different customers"),
        ({"a": [1.5, 1.5, 1.5]}, {}, DataError, "feature"),
        ({"a": [1.5]}, {}, DataError, "."),
        ({"a": [1.5, 2, 3, 4]}, {"features": ["b"]}, ColumnNotFoundError, "'b'"),
        ({"a": [None, None, None]}, {}, DataError, "feature"),
    ],
)
def test_data_that_cannot_bear_it_is_one_clear_error(
    data: dict[str, list[float]], settings: dict[str, object], error: type, message: str
) -> None:
    with pytest.raises(error, match=message):
        segment(data, **settings)


def test_a_range_of_k_ends_with_the_distinct_customers() -> None:
    found = segment({"a": [1.0, 1.0, 2.0, 2.0, 9.0, 9.0, 9.0]}, fast=True)
    assert [row.k for row in found.record.k_table] == [1, 2, 3]


def test_prints_in_a_terminal_and_a_notebook(study: Study) -> None:
    assert "5 segments of 600 customers" in repr(study)
    for one in study.record.segments:
        assert one.name in str(study)
    assert study._repr_html_().count("<tr>") == 6


def test_words_stand_at_the_left_and_numbers_at_the_right(study: Study) -> None:
    lines = str(study).split("\n")[2:8]
    customers = lines[0].index("customers") + len("customers")
    for line, one in zip(lines[1:], study.record.segments, strict=True):
        assert line.index(one.name) == lines[0].index("name")
        assert line[:customers].endswith(f" {one.size:,}")
    html = study._repr_html_()
    for one in study.record.segments:
        assert f'<td style="text-align: left">{one.name}</td>' in html
        assert f'<td style="text-align: right">{one.size:,}</td>' in html


def test_html_escapes_what_comes_from_the_data() -> None:
    rng = np.random.default_rng(1)
    hostile = "<script>alert(1)</script>"
    found = segment({hostile: rng.normal(0, 1, 50), "b": rng.normal(0, 1, 50)}, k=2, fast=True)
    assert "<script>" not in found._repr_html_()


def test_customers_as_columns_and_files(study: Study, tmp_path: Path) -> None:
    columns = study.customers()
    assert list(columns["segment"]) == list(study.labels)
    assert list(columns["CustomerID"][:3]) == ["1", "2", "3"]
    files = write(study, tmp_path / "out", format="parquet", figures=False)
    by_name = {file.name: file for file in files}
    assert by_name.keys() >= {"segments.parquet", "profile.csv", "study.json", "model.json"}
    assert by_name.keys() == {file.name for file in (tmp_path / "out").glob("[!.]*")}
    written = pd.read_parquet(by_name["segments.parquet"])
    assert written["segment"].tolist() == study.labels.tolist()
    assert written["name"].tolist() == columns["name"].tolist()
    assert load(by_name["model.json"]).record == study.model.record


def test_limits_on_sizes_are_kept_and_their_price_is_told() -> None:
    data = {"a": [0.0, 1.0, 2.0, 10.0]}
    found = segment(data, k=2, min_size=2, scale="none", transform="none", fast=True)
    assert [one.size for one in found.record.segments] == [2, 2]
    [price] = [one for one in found.record.findings if one.code == "size-limits"]
    # best: {0, 1, 2}, {10} with 2; within the limits: {0, 1}, {2, 10} with 0.5 + 32
    assert "the inertia by +1,525.0 %" in price.evidence
    assert "1 of 4 customers" in price.evidence


def test_weights_tell_their_price() -> None:
    data = {"a": [0.0, 0.1, 3.0, 3.1], "b": [0.0, 2.0, 0.1, 2.1]}
    asked = {"features": ["a", "b"], "k": 2, "scale": "none", "transform": "none", "fast": True}
    plain = segment(data, **asked)
    weighed = segment(data, **asked, weight={"a": 0.01})
    assert not any(one.code == "feature-weights" for one in plain.record.findings)
    [price] = [one for one in weighed.record.findings if one.code == "feature-weights"]
    assert "2 of 4 customers" in price.evidence


def codes(study: Study) -> set[str]:
    """Return the codes of what a study warns of."""
    return {finding.code for finding in study.record.findings}


def test_gender_that_cuts_the_customers_is_told(data_dir: Path) -> None:
    """Weighed like one more standardised number; with its default weight it cuts nobody."""
    found = segment(
        data_dir / "mall" / "Mall_Customers.csv",
        features=["Gender", "Age", INCOME, SCORE],
        weight={"Gender": 4},
        k=4,
        fast=True,
    )
    assert "one-category-segment" in codes(found)


def test_outliers_that_make_the_segments_are_told(data_dir: Path) -> None:
    found = segment(
        data_dir / "online_retail" / "online_retail.csv.gz",
        orders=True,
        transform="none",
        outliers="keep",
        as_of="2011-12-10",
        k=2,
        fast=True,
    )
    row = found.record.k_table[0]
    assert row.inertia == pytest.approx(9012.599, abs=5e-4)
    assert row.sizes == (4312, 26)
    assert row.silhouette == pytest.approx(0.8958, abs=5e-5)
    assert "outlier-segments" in codes(found)


def test_other_choices_are_tried_on_request(data_dir: Path) -> None:
    found = segment(
        data_dir / "mall" / "Mall_Customers.csv",
        features=[INCOME, SCORE],
        k=5,
        robustness=True,
        fast=True,
    )
    kinds = {one.kind for one in found.record.robustness}
    assert kinds == {"preparation", "feature", "method"}
    for one in found.record.robustness:
        assert one.agreement > 0.9 or one.kind == "feature", one


def test_membership_says_how_often_new_samples_agree() -> None:
    """Two groups far apart never exchange anyone; a customer halfway belongs to both by chance."""
    generator = np.random.default_rng(3)
    spend = np.concatenate([generator.normal(0, 1, 60), generator.normal(10, 1, 60), [5.0, np.nan]])
    table = pd.DataFrame({"spend": spend, "age": generator.normal(40, 10, 122)})
    with segment(table, features=["spend"], k=2, fast=True, membership=True) as study:
        columns, record = study.customers(), study.to_json()
    shares = np.column_stack([columns["membership_1"], columns["membership_2"]])
    np.testing.assert_allclose(np.nansum(shares, axis=1)[:121], 1.0, atol=1e-3)
    own = np.where(columns["segment"][:120] == 1, shares[:120, 0], shares[:120, 1])
    assert (own == 1.0).all()
    assert 0.0 < shares[120, 0] < 1.0
    with segment(table, features=["spend"], k=2, fast=True) as plain:
        assert "membership_1" not in plain.customers()
        assert plain.to_json() == record
