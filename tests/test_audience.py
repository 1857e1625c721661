"""Everyone of a segment is in exactly one of its files, and who is held out never changes."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from segmeans import segment
from segmeans.audience import Plan, audience, chosen
from segmeans.errors import ColumnNotFoundError, DataError, OutputError, SettingError, SourceError
from segmeans.model import Model
from segmeans.segments.actions_power import group_size
from segmeans.tables.audiences import email_hash
from segmeans.tables.duck import Engine, literal
from segmeans.tables.values import teach

CENTRES = np.array([[20.0, 80.0], [50.0, 20.0], [80.0, 70.0]])


def people(rows: int, seed: int = 1) -> pd.DataFrame:
    draws = np.random.default_rng(seed)
    kind = draws.choice(3, rows, p=[0.5, 0.3, 0.2])
    points = CENTRES[kind] + draws.normal(0, 4, (rows, 2))
    return pd.DataFrame(
        {
            "client": [f"{row:07}" for row in range(rows)],
            "age": points[:, 0],
            "spend": points[:, 1],
            "mail": [f"Ann.{row}@Example.org" for row in range(rows)],
            "zip": [f"0{row % 1000:04}" for row in range(rows)],
        }
    )


@pytest.fixture(scope="module")
def model() -> Model:
    """Return a model of three kinds of customers."""
    with segment(people(600), features=["age", "spend"], id="client", k=3, fast=True) as study:
        return study.model


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_everyone_is_in_exactly_one_file(model: Model, tmp_path: Path, ending: str) -> None:
    frame = people(150_000)  # more than one block of rows, more than one row group
    source = tmp_path / f"people.{ending}"
    frame.to_csv(source, index=False) if ending == "csv" else frame.to_parquet(source)
    labels = model.assign(frame).labels
    plan = Plan(fields=["client", "zip"], holdout=0.25, format=ending)
    record = audience(model, source, tmp_path / "out", plan)
    assert sum(one.written + one.held_out for one in record.segments) == 150_000
    for one in record.segments:
        expected = frame[labels == one.number - 1]
        digest = [hashlib.sha256(f"0:{key}".encode()).hexdigest() for key in expected["client"]]
        out = np.array([int(text[:13], 16) < 0.25 * 16**13 for text in digest])
        assert one.held_out == pytest.approx(0.25 * len(expected), rel=0.05)
        for name, part in ((one.file, expected[~out]), (one.held_out_file, expected[out])):
            path = tmp_path / "out" / str(name)
            got = pd.read_csv(path, dtype=str) if ending == "csv" else pd.read_parquet(path)
            assert got.to_dict("list") == part[["client", "zip"]].to_dict("list")


@pytest.mark.parametrize(
    ("gmail", "address", "published"),
    [
        # Meta, Conversions API, customer information parameters
        (
            False,
            " John_Smith@gmail.com ",
            "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f",
        ),
        # Unified ID 2.0, normalisation and encoding, examples for e-mail
        (
            True,
            "JaneSaoirse+UID2@gmail.com",
            "92ee26057ed9dea2535d6c8b141d48373932476599196e00352254896db5888f",
        ),
        (
            True,
            "JANE.SAOIRSE@gmail.com",
            "92ee26057ed9dea2535d6c8b141d48373932476599196e00352254896db5888f",
        ),
        (
            True,
            "JaneSaoirse+UID2@example.com",
            "6e143668c206593d5ecb8a7b2726af74d948438a5ed75febadcbf4bb58ebc427",
        ),
    ],
)
def test_hashes_that_platforms_publish(gmail: bool, address: str, published: str) -> None:
    with Engine(threads=1) as engine:
        teach(engine)
        sql = email_hash(literal(address), gmail=gmail)
        assert engine.rows(f"SELECT {sql}") == [(published,)]
        again = email_hash(literal(published.upper()), gmail=gmail)
        assert engine.rows(f"SELECT {again}") == [(published,)]
        for nothing in ("", "unknown", "ann@home", "a b@example.org", "@example.org"):
            assert engine.rows(f"SELECT {email_hash(literal(nothing), gmail=gmail)}") == [(None,)]


def test_the_hash_stands_in_for_the_address(model: Model, tmp_path: Path) -> None:
    frame = people(300)
    frame.loc[:9, "mail"] = "none given"
    frame.loc[0, "mail"] = None
    frame.to_csv(tmp_path / "people.csv", index=False)
    record = audience(model, tmp_path / "people.csv", tmp_path / "out", Plan(email="mail"))
    assert sum(one.unreachable for one in record.segments) == 10
    written = [row for one in record.segments for row in read(tmp_path / "out" / one.file)]
    expected = {hashlib.sha256(f"ann.{row}@example.org".encode()).hexdigest() for row in range(300)}
    assert {row["mail_sha256"] for row in written} < expected
    assert [set(row) for row in written] == [{"mail_sha256"}] * 290
    assert "Example" not in "".join(path.read_text() for path in (tmp_path / "out").glob("*.csv"))
    assert [one.code for one in record.findings] == ["personal-data"]
    with pytest.raises(DataError, match="no e-mail address"):
        audience(model, tmp_path / "people.csv", tmp_path / "none", Plan(email="zip"))
    assert not (tmp_path / "none").exists()


def held(record: Any, folder: Path) -> dict[str, set[str]]:
    return {
        one.id: {row["client"] for row in read(folder / one.held_out_file)}
        for one in record.segments
    }


def test_who_is_held_out_never_changes(model: Model, tmp_path: Path) -> None:
    january, february = people(20_000), people(20_000)
    february = february.iloc[::-1]  # another order, and other customers among them
    february.loc[february.index[:5_000], "client"] = [f"new{row}" for row in range(5_000)]
    january.to_csv(tmp_path / "january.csv", index=False)
    february.to_csv(tmp_path / "february.csv", index=False)
    plan = Plan(base=0.10, lift=0.05)
    first = audience(model, tmp_path / "january.csv", tmp_path / "a", plan)
    needed = group_size(0.10, 0.05)
    for one in first.segments:
        assert one.asked == needed == 686
        assert needed <= one.held_out <= needed + 0.001 * one.customers + 1
        assert one.smallest_lift == pytest.approx(0.05, abs=0.001)
    later = Plan(like=tmp_path / "a")
    second = audience(model, tmp_path / "february.csv", tmp_path / "b", later)
    then, now = held(first, tmp_path / "a"), held(second, tmp_path / "b")
    known = set(february["client"])
    for key, members in then.items():
        assert {one for one in now[key] if not one.startswith("new")} == members & known
        assert any(one.startswith("new") for one in now[key])
    again = audience(model, tmp_path / "january.csv", tmp_path / "c", plan)
    assert again == first
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "c" / path.name).read_bytes()
    more = audience(model, tmp_path / "january.csv", tmp_path / "d", Plan(holdout=0.4))
    assert all(then[key] <= members for key, members in held(more, tmp_path / "d").items())
    other = audience(model, tmp_path / "january.csv", tmp_path / "e", Plan(holdout=0.4, seed=1))
    shared = [
        len(one & two) / len(one)
        for one, two in zip(
            held(more, tmp_path / "d").values(), held(other, tmp_path / "e").values(), strict=True
        )
    ]
    assert shared == pytest.approx([0.4] * 3, abs=0.05)


def test_a_segment_too_small_for_the_test_is_halved(model: Model, tmp_path: Path) -> None:
    people(600).to_csv(tmp_path / "people.csv", index=False)
    plan = Plan(base=0.10, lift=0.05)
    record = audience(model, tmp_path / "people.csv", tmp_path / "out", plan)
    assert [one.share for one in record.segments] == [0.5] * 3
    assert "too-small-to-test" in {one.code for one in record.findings}
    assert all((one.smallest_lift or 1.0) > 0.05 for one in record.segments)


def test_ids_missing_and_repeated(model: Model, tmp_path: Path) -> None:
    frame = people(400)
    frame.loc[:3, "client"] = None
    frame.loc[4:6, "client"] = "0000007"
    frame.to_csv(tmp_path / "people.csv", index=False)
    record = audience(model, tmp_path / "people.csv", tmp_path / "out", Plan(holdout=0.5))
    assert sum(one.without_id for one in record.segments) == 4
    assert sum(one.written + one.held_out for one in record.segments) == 396
    repeated = frame[frame["client"] == "0000007"]
    assert len(repeated) == 4
    files = [read(path) for path in (tmp_path / "out").glob("*.csv")]
    assert len({id(rows) for rows in files for row in rows if row["client"] == "0000007"}) <= 3
    assert "duplicate-ids" in {one.code for one in record.findings}


def test_segments_by_name_number_and_id(model: Model) -> None:
    one, two, three = model.record.segments
    assert chosen(model.record, []) == [one, two, three]
    assert chosen(model.record, [three.name.upper(), "1", one.id]) == [one, three]
    with pytest.raises(SettingError, match=rf"There is no segment .*Try: '{two.name}'"):
        chosen(model.record, [two.name[:-2] + "x"])
    with pytest.raises(SettingError, match="There is no segment '4'"):
        chosen(model.record, ["4"])


@pytest.mark.parametrize(
    ("plan", "error", "told"),
    [
        (Plan(base=0.1), SettingError, "base without lift"),
        (Plan(lift=0.1), SettingError, "lift without base"),
        (Plan(base=0.1, lift=0.95), SettingError, "cannot be sized"),
        (Plan(base=0.1, lift=0.1, holdout=0.1), SettingError, "either by a test or by a share"),
        (Plan(holdout=1.0), SettingError, "cannot be held out"),
        (Plan(holdout=float("nan")), SettingError, "cannot be held out"),
        (Plan(gmail=True), SettingError, "rule for Gmail"),
        (Plan(format="xlsx"), SettingError, "csv or parquet"),
        (Plan(fields=["zipp"]), ColumnNotFoundError, "Try: 'zip'"),
        (Plan(email="mial"), ColumnNotFoundError, "Try: 'mail'"),
        (Plan(like="nowhere"), SourceError, "no earlier audience"),
    ],
)
def test_wrong_wishes_are_one_clear_error(
    model: Model, tmp_path: Path, plan: Plan, error: type[Exception], told: str
) -> None:
    people(50).to_csv(tmp_path / "people.csv", index=False)
    with pytest.raises(error, match=told):
        audience(model, tmp_path / "people.csv", tmp_path / "out", plan)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["people.csv"]


def test_nothing_is_held_out_without_an_id(model: Model, tmp_path: Path) -> None:
    people(50).drop(columns="client").to_csv(tmp_path / "people.csv", index=False)
    with pytest.raises(DataError, match="without an id"):
        audience(model, tmp_path / "people.csv", tmp_path / "out", Plan(holdout=0.2))
    with pytest.raises(DataError, match="Nothing says who"):
        audience(model, tmp_path / "people.csv", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_earlier_audience_is_replaced_whole_or_not_at_all(model: Model, tmp_path: Path) -> None:
    people(50).to_csv(tmp_path / "people.csv", index=False)
    audience(model, tmp_path / "people.csv", tmp_path / "out", Plan(holdout=0.5))
    with pytest.raises(OutputError, match="not empty"):
        audience(model, tmp_path / "people.csv", tmp_path / "out")
    audience(model, tmp_path / "people.csv", tmp_path / "out", Plan(segments=["1"]), overwrite=True)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert len(names) == 3
    assert {"audience.json", ".segmeans.json"} < names


@pytest.mark.parametrize(
    "text", ["", "[]", '{"seed": 1}', '{"seed": true, "segments": []}', "[" * 100_000]
)
def test_a_broken_earlier_audience(model: Model, tmp_path: Path, text: str) -> None:
    people(50).to_csv(tmp_path / "people.csv", index=False)
    (tmp_path / "before").mkdir()
    (tmp_path / "before" / "audience.json").write_text(text)
    with pytest.raises(SourceError, match="no earlier audience"):
        audience(model, tmp_path / "people.csv", tmp_path / "out", Plan(like=tmp_path / "before"))


def test_the_record_says_what_was_done(model: Model, tmp_path: Path) -> None:
    people(50).to_csv(tmp_path / "people.csv", index=False)
    record = audience(model, tmp_path / "people.csv", tmp_path / "out", Plan(email="mail"))
    told = json.loads((tmp_path / "out" / "audience.json").read_text("utf-8"))
    assert told["hashed"] == "mail"
    assert [one["written"] for one in told["segments"]] == [one.written for one in record.segments]
