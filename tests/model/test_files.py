"""Whole files scored: every row answered, in order, whole or not at all."""

from __future__ import annotations

import csv
import hashlib
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from tests.model.conftest import NEWEST, customers

from segmeans import segment
from segmeans.errors import ColumnNotFoundError, OutputError, SettingError
from segmeans.model import Model, score
from segmeans.model.files import COLUMNS, open_for
from segmeans.settings import Settings

ROWS = 3000


@pytest.fixture(scope="module")
def table() -> dict[str, list[Any]]:
    return customers(ROWS, seed=5)


@pytest.fixture
def source(table: dict[str, list[Any]], tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    pd.DataFrame(table).to_csv(path, index=False)
    return path


def expected(model: Model, table: dict[str, list[Any]]) -> pd.DataFrame:
    return pd.DataFrame(model.assign(table).to_dict())


def known(column: pd.Series[Any]) -> list[Any]:
    return [None if pd.isna(value) else value for value in column]


def same(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    assert list(found)[1:] == list(COLUMNS)
    for name in COLUMNS:
        left, right = found[name], wanted[name]
        if name in ("distance", "margin", "certainty"):
            np.testing.assert_allclose(left.astype(float), right.astype(float), rtol=1e-6)
        else:
            assert known(left) == known(right), name


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_is_scored_as_in_python(
    model: Model, table: dict[str, list[Any]], source: Path, tmp_path: Path, ending: str
) -> None:
    out = tmp_path / f"scored.{ending}"
    record = score(model, source, out)
    found = (
        pd.read_parquet(out) if ending == "parquet" else pd.read_csv(out, dtype={"CustomerID": str})
    )
    assert found["CustomerID"].tolist() == table["CustomerID"]  # text: zeros in front stay
    wanted = expected(model, table)
    same(found, wanted)
    assert record.rows == ROWS
    assert sum(one.size for one in record.segments) == wanted["segment"].notna().sum()
    assert sum(record.unscored.values()) == wanted["unscored"].notna().sum() > 0
    assert record.unlike == wanted["unlike"].fillna(False).astype(bool).sum() > 0
    assert record.border == (wanted["standing"] == "border").sum() > 0
    for one in record.segments:
        own = wanted["distance"][wanted["segment"] == one.number].astype(float)
        assert one.spread == pytest.approx(np.sqrt(np.mean(own**2)), rel=1e-6)


@pytest.mark.parametrize("threads", [1, 2])
def test_many_blocks_keep_the_order(
    model: Model, table: dict[str, list[Any]], tmp_path: Path, threads: int
) -> None:
    source, out = tmp_path / "many.parquet", tmp_path / "scored.parquet"
    many = pd.concat([pd.DataFrame(table)] * 50, ignore_index=True)
    many["CustomerID"] = np.arange(len(many))
    many.to_parquet(source, row_group_size=10_000)
    seen: list[tuple[int, int]] = []
    score(
        model,
        source,
        out,
        settings=Settings(threads=threads),
        progress=lambda _, done, total: seen.append((done, total)),
    )
    found = pd.read_parquet(out)
    assert found["CustomerID"].tolist() == [str(row) for row in range(50 * ROWS)]
    assert len(seen) > 2
    assert seen[-1] == (50 * ROWS, 50 * ROWS)
    one = pd.DataFrame(expected(model, table)["segment"])
    assert found["segment"].fillna(0).tolist() == one["segment"].fillna(0).tolist() * 50


def test_one_row(model: Model, tmp_path: Path) -> None:
    score(model, customers(1, seed=3), tmp_path / "one.csv")
    with (tmp_path / "one.csv").open(encoding="utf-8") as file:
        [row] = csv.DictReader(file)
    assert row["CustomerID"] == "00"
    assert row["segment"] in "123"
    assert row["unlike"] in ("true", "false")


def test_the_table_is_told_and_typed(model: Model, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "scored.parquet"
    score(model, source, out)
    types = {row[0]: row[1] for row in duckdb.sql(f"DESCRIBE FROM '{out}'").fetchall()}
    assert types == {
        "CustomerID": "VARCHAR",
        "segment": "INTEGER",
        "name": "VARCHAR",
        "distance": "FLOAT",
        "margin": "FLOAT",
        "certainty": "FLOAT",
        "standing": "VARCHAR",
        "runner_up": "INTEGER",
        "runner_up_name": "VARCHAR",
        "unlike": "BOOLEAN",
        "unscored": "VARCHAR",
    }


def test_ids_are_no_formulas_in_csv(model: Model, tmp_path: Path) -> None:
    rows = customers(4, seed=1)
    rows["CustomerID"] = ["=1+1", "-5", "@x", "+49 30"]
    score(model, rows, tmp_path / "out.csv")
    read = pd.read_csv(tmp_path / "out.csv", dtype=str)
    assert read["CustomerID"].tolist() == ["'=1+1", "-5", "'@x", "'+49 30"]
    score(model, rows, tmp_path / "out.parquet")
    assert pd.read_parquet(tmp_path / "out.parquet")["CustomerID"].tolist() == rows["CustomerID"]


def test_another_id_no_id_and_a_missing_feature(model: Model, tmp_path: Path) -> None:
    rows = customers(4, seed=1)
    rows["customer_id"] = rows.pop("CustomerID")
    record = score(model, rows, tmp_path / "numbered.csv")
    assert pd.read_csv(tmp_path / "numbered.csv")["row"].tolist() == [1, 2, 3, 4]
    [finding] = record.findings
    assert finding.code == "no-id"
    assert "--id 'customer_id'" in finding.advice
    score(model, rows, tmp_path / "named.csv", settings=Settings(id="customer_id"))
    named = pd.read_csv(tmp_path / "named.csv", dtype=str)["customer_id"]
    assert named.tolist() == rows["customer_id"]
    with pytest.raises(ColumnNotFoundError, match="'nobody'"):
        score(model, rows, tmp_path / "x.csv", settings=Settings(id="nobody"))
    for gone, near in (("Age", "Agee"), ("City", "Citty")):
        renamed = {near if name == gone else name: column for name, column in rows.items()}
        with pytest.raises(ColumnNotFoundError, match=f"'{gone}', which the model needs.*{near}"):
            score(model, renamed, tmp_path / "x.csv")
    assert not (tmp_path / "x.csv").exists()


def test_an_output_is_never_replaced_unasked(model: Model, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "scored.csv"
    out.write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        score(model, source, out)
    assert out.read_text() == "mine"
    score(model, source, out, overwrite=True)
    assert len(out.read_text("utf-8").splitlines()) == ROWS + 1
    with pytest.raises(SettingError, match=r"\.csv or \.parquet"):
        score(model, source, tmp_path / "scored.xlsx")


SLOW = """
import sys, time
from segmeans.model import load, score
from segmeans.tables.duck import Engine
run = Engine.run
def slowly(engine, query, *arguments, **more):
    run(engine, query, *arguments, **more)
    if query.startswith("COPY"):
        print("written, but not in its place", flush=True)
        time.sleep(20)
Engine.run = slowly
score(load(sys.argv[1]), sys.argv[2], sys.argv[3], overwrite=True)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_while_writing_the_old_file_is_whole(
    source: Path, tmp_path: Path, how: signal.Signals
) -> None:
    out = tmp_path / "out" / "scored.csv"
    out.parent.mkdir()
    out.write_text("the old one")
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, NEWEST, source, out],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(how)
    assert out.read_text() == "the old one"
    others = [path.name for path in out.parent.iterdir() if path != out]
    assert all(name.startswith(".scored.csv.partial") for name in others)
    assert len(others) == (1 if how == signal.SIGKILL else 0)


def trained_on(path: Path, dates: list[str], amounts: list[str]) -> Model:
    """Train on two kinds of customers, early and small, and late and large."""
    lines = [f"c{n};{d};{a}" for n, (d, a) in enumerate(zip(dates, amounts, strict=True))]
    path.write_text("\n".join(["id;since;paid", *lines]) + "\n", encoding="utf-8")
    with segment(path, features=["since", "paid"], id="id", k=2, fast=True, seed=1) as study:
        return study.model


def half_and_half(form: str) -> tuple[list[str], list[str]]:
    early = [np.datetime64("2015-01-25") + day for day in range(30)]
    late = [np.datetime64("2024-05-25") + day for day in range(30)]
    days = [day.astype(object).strftime(form) for day in (*early, *late)]
    return days, [f"{n % 7},{n % 10}5" for n in range(30)] + [f"{900 + n},5" for n in range(30)]


def test_dates_and_numbers_are_read_as_on_the_day_of_training(tmp_path: Path) -> None:
    model = trained_on(tmp_path / "then.csv", *half_and_half("%d/%m/%Y"))
    forms = {one.column: one.form for one in model.record.preparation.features}
    assert forms == {"since": "day", "paid": "comma"}
    later = tmp_path / "later.csv"
    # by themselves both rows would be read month first and with a point as thousands sign
    later.write_text("id;since;paid\nx;02/03/2015;1,250\ny;06/07/2024;905,500\n")
    record = score(model, later, tmp_path / "scored.csv")
    with (tmp_path / "scored.csv").open(encoding="utf-8") as file:
        found = [int(row["segment"]) for row in csv.DictReader(file)]
    asked = {"since": ["2015-03-02", "2024-07-06"], "paid": [1.25, 905.5]}
    assert found == (model.assign(asked).labels + 1).tolist()
    assert set(found) == {1, 2}
    assert [one.code for one in record.findings] == ["number-format"]  # nothing is unclear
    with open_for(model, later, Settings()).opened as opened:
        read = opened.table.texts("since").tolist()
        assert read == ["2015-03-02", "2024-07-06"]


def test_another_way_to_write_dates_is_told(tmp_path: Path) -> None:
    model = trained_on(tmp_path / "then.csv", *half_and_half("%d/%m/%Y"))
    for text, said in (("2024-06-15", "year first"), ("06/15/2024", "month first")):
        later = tmp_path / "later.csv"
        later.write_text(f"id;since;paid\nx;{text};905,5\n")
        record = score(model, later, tmp_path / "scored.csv", overwrite=True)
        [finding] = [one for one in record.findings if one.level == "warning"]
        assert (finding.code, finding.where) == ("other-format", "since")
        assert "were written day first on the day of training; 0 of 1" in finding.evidence
        assert f"read {said} instead" in finding.evidence
        with open_for(model, later, Settings()).opened as opened:
            assert opened.table.texts("since").tolist() == ["2024-06-15"]


def test_the_same_bytes_on_any_number_of_threads(model: Model, tmp_path: Path) -> None:
    frame = pd.DataFrame(customers(5_000, seed=11))
    many = pd.concat([frame] * 60, ignore_index=True)  # more than two batches of the engine
    many["CustomerID"] = [f"c{row}" for row in range(len(many))]
    many.to_parquet(tmp_path / "many.parquet", row_group_size=50_000)
    digests = set()
    for threads in (1, 2, 3):
        out = tmp_path / f"{threads}.parquet"
        score(model, tmp_path / "many.parquet", out, settings=Settings(threads=threads))
        digests.add(hashlib.sha256(out.read_bytes()).hexdigest())
    assert len(digests) == 1
    found = pd.read_parquet(tmp_path / "1.parquet")
    assert found["CustomerID"].tolist() == many["CustomerID"].tolist()
    same(found, expected(model, many.to_dict("list")))
