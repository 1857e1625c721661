"""A model file may come from anywhere."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmeans.errors import SourceError
from segmeans.model import SCHEMA, load
from segmeans.model.reading import MAX_BYTES

GOLDEN = Path(__file__).parent / "golden"
NEWEST: dict[str, Any] = json.loads((GOLDEN / f"model-{SCHEMA}.json").read_text("utf-8"))
CUSTOMERS = {
    "Gender": ["Male", None, "unheard of"],
    "Age": [30, None, 1e300],
    "Annual Income (k$)": ["60", "n/a", "-5"],
    "Tenure (months)": [10.5, -1, None],
    "City": ["Brno", "Atlantis", ""],
    "Signup Date": ["2020-02-29", None, "soon"],
}


def by_hand(values: dict[str, Any], customer: dict[str, Any]) -> int:
    """Return the segment of a customer, worked out from the JSON alone."""
    place: list[float] = []
    for feature in values["preparation"]["features"]:
        value = customer[feature["column"]]
        if feature["kind"] == "category":
            assert len(feature["levels"]) > 2
            value = "(missing)" if value is None else value
            for level, centre in zip(feature["levels"], feature["centres"], strict=True):
                known = value in feature["levels"]
                place.append(((value == level) - centre) / feature["scale"] if known else 0.0)
            continue
        if feature["kind"] == "date" and value is not None:
            value = (np.datetime64(value) - np.datetime64("1970-01-01")).astype(int)
        value = feature["fill"] if value is None else value
        value = min(max(value, feature["low"]), feature["high"])
        value = np.log(value) if feature["transform"] == "log" else value
        place.append((value - feature["centre"]) / feature["scale"])
    distances = np.square(np.array(values["centres"]) - np.array(place)).sum(axis=1)
    return int(np.argmin(distances)) + 1


@pytest.mark.parametrize("schema", range(1, SCHEMA + 1))
def test_every_schema_so_far_is_read_and_scores(schema: int) -> None:
    path = GOLDEN / f"model-{schema}.json"
    values = json.loads(path.read_text("utf-8"))
    assert values["schema"] == schema
    names = list(CUSTOMERS)
    rows: list[tuple[Any, ...]] = [
        ("Male", 30, 60.0, 10.5, "Brno", "2020-02-29"),
        ("Female", 61, 20.0, None, "Lyon", "2012-01-01"),
        (None, 22, 25.5, 60.0, "Atlantis", None),
        ("unheard of", 300, -500.0, 0.5, None, "2031-12-31"),
    ]
    scored = load(path).assign(dict(zip(names, zip(*rows, strict=True), strict=True)))
    expected = [by_hand(values, dict(zip(names, row, strict=True))) for row in rows]
    assert (scored.labels + 1).tolist() == expected
    assert len(set(expected)) > 1


def test_a_model_of_the_first_schema_does_not_guess() -> None:
    told = load(GOLDEN / "model-1.json").assign(CUSTOMERS).to_dict()
    assert told["unlike"].tolist() == told["standing"].tolist() == [None] * 3


def test_models_before_the_fourth_schema_know_no_orders() -> None:
    assert [load(GOLDEN / f"model-{schema}.json").record.orders for schema in (1, 2, 3)] == [
        None
    ] * 3
    newest = load(GOLDEN / "model-4.json").record.orders
    assert newest is not None
    assert newest.rfm.bins == 5


def test_written_again_it_is_the_same(tmp_path: Path) -> None:
    model = load(GOLDEN / f"model-{SCHEMA}.json")
    again = tmp_path / "model.json"
    again.write_text(model.to_json(), "utf-8")
    assert load(again).record == model.record


def change(values: dict[str, Any], place: str, value: object) -> None:
    *path, last = (int(part) if part.isdecimal() else part for part in place.split("/"))
    inner: Any = values
    for part in path:
        inner = inner[part]
    inner[last] = value


FEATURE, NUMBER = "preparation/features/0", "preparation/features/1"
FAULTS = {
    f"schema {SCHEMA + 1}, of a later version": ("schema", SCHEMA + 1),
    "schema below 1": ("schema", 0),
    "not finite": ("centres/0/0", float("inf")),
    "a number that is not": ("preparation/features/1/before/mean", float("nan")),
    "no centre": ("centres", []),
    "width": ("centres/0", [0.0]),
    "number of segments": ("segments", []),
    "numbered": ("segments/0/number", 7),
    "names": ("segments/0/name", NEWEST["segments"][1]["name"]),
    "size": ("segments/0/size", -1),
    "comes twice": (f"{FEATURE}/column", "age"),
    "a level that comes twice": (f"{FEATURE}/levels/0", "Male"),
    "another number of centres": (f"{FEATURE}/centres", [0.5]),
    "above 0": (f"{NUMBER}/scale", 0.0),
    "leads out of range": (f"{NUMBER}/scale", 1e-300),
    "weight": (f"{NUMBER}/weight", -1.0),
    "stands in": (f"{NUMBER}/fill", None),
    "caps": (f"{NUMBER}/low", 1e9),
    "logarithm": ("preparation/features/3/low", -1.0),
    "exponent": (f"{NUMBER}/exponent", 1e-300),
    "columns that the preparation does not give": ("columns/0", "something"),
    "unknown way to write": (f"{NUMBER}/form", "upside down"),
    "rule for missing": ("preparation/max_missing", 7.0),
    "no feature": ("preparation/features", []),
    "a column without a name": ("id_column", ""),
    "NUL": ("id_column", "a\x00b"),
    "distances": ("segments/0/distances", [3.0, 2.0, 1.0, 0.0, 0.0]),
    "cut-offs": ("certainty_cuts", [0.5, 0.1]),
    "values seen": ("seen/1/shares", [1.0]),
    "other columns": ("seen/0/column", "Age"),
    "no model of segmeans": ("kind", "a cake"),
    "valid integer": ("seed", "1"),
    "unknown meaning": ("orders/columns/colour", "Colour"),
    "way to write the values of an order log": ("orders/forms/OrderDate", "upside down"),
    "product groups": ("orders/groups", ["tea"] * 1_001),
    "text of the order log": ("orders/time_zone", "UTC\x00"),
    "day of the order log": ("orders/as_of", "2024-02-30"),
    "number of RFM scores": ("orders/rfm/bins", 11),
    "RFM scale of the wrong size": ("orders/rfm/recency", []),
    "number of RFM cut points": ("orders/rfm/frequency/0", [1.0] * 5),
    "cut points that do not ascend": ("orders/rfm/monetary/0", [1.0, 2.0, 4.0, 3.0]),
    "points that do not ascend": ("orders/rfm/monetary/0/3", 1e301),
    "is not finite": ("orders/rfm/recency/0/0", float("nan")),
    "number of RFM names": ("orders/rfm/rules", []),
    "RFM name that comes twice": ("orders/rfm/names/0/name", "At risk"),
    "name that is not listed": ("orders/rfm/rules/0/name", "Kings"),
    "cells beyond the scores": ("orders/rfm/rules/0/recency", [0, 5]),
    "'right' or 'left'": ("orders/rfm/closed", "up"),
}


@pytest.mark.parametrize("said", FAULTS)
def test_what_does_not_fit_is_refused(said: str, values: dict[str, Any], tmp_path: Path) -> None:
    change(values, *FAULTS[said])
    path = tmp_path / "model.json"
    path.write_text(json.dumps(values), "utf-8")
    with pytest.raises(SourceError, match=said) as told:
        load(path)
    assert str(path) in str(told.value)


def raw(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None


TEXT = json.dumps(NEWEST).encode()
BROKEN: dict[str, Callable[[Path], Any]] = {
    "nothing": raw(b""),
    "cut off": raw(TEXT[: len(TEXT) // 2]),
    "twice": raw(TEXT + TEXT),
    "binary": raw(bytes(range(256))),
    "not UTF-8": raw(TEXT.replace(b"Brno", b"\xff\xfe")),
    "half a character": raw(TEXT.replace(b"Brno", b"\\ud800")),
    "deep": raw(b"[" * 1_000_000),
    "deep inside": raw(TEXT.replace(b'"seed": 0', b'"seed": ' + b'{"a":' * 100_000)),
    "long number": raw(TEXT.replace(b'"seed": 0', b'"seed": ' + b"9" * 100_000)),
    "too large": lambda path: path.write_bytes(b" " * (MAX_BYTES + 1)),
    "folder": lambda path: path.mkdir(),
    "pipe": lambda path: os.mkfifo(path),
    "absent": lambda path: None,  # noqa: ARG005
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_model_gets_one_clear_error(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    BROKEN[name](path)
    with pytest.raises(SourceError) as told:
        load(path)
    assert len(str(told.value)) < 2_000


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the place of every value in JSON, however deep."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = [path] if path else []
    for key, item in inner:
        deeper = (*path, key)
        found += places(item, deeper) if isinstance(item, (dict, list)) else [deeper]
    return found


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        [0, 1, -1, 1e308, -1e308, 5e-324, 1e36, "drop", "log", "category", "(other)"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)


@settings(
    max_examples=int(os.environ.get("SEGMEANS_FUZZ", "300")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(changes=st.lists(st.tuples(st.sampled_from(places(NEWEST)), JUNK), min_size=1, max_size=3))
def test_a_changed_model_is_refused_or_answers(
    changes: list[tuple[tuple[Any, ...], Any]], tmp_path: Path
) -> None:
    values = copy.deepcopy(NEWEST)
    for (*path, last), junk in changes:
        inner: Any = values
        try:
            for key in path:
                inner = inner[key]
            inner[last] = junk
        except (KeyError, IndexError, TypeError):  # an earlier change took the place away
            continue
    answers(json.dumps(values).encode("utf-8", "replace"), tmp_path / "model.json")


@settings(
    max_examples=int(os.environ.get("SEGMEANS_FUZZ", "100")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    changes=st.lists(st.tuples(st.integers(0, len(TEXT) - 1), st.integers(0, 255)), max_size=4),
    end=st.integers(0, len(TEXT)),
)
def test_changed_bytes_are_refused_or_answer(
    changes: list[tuple[int, int]], end: int, tmp_path: Path
) -> None:
    content = bytearray(TEXT)
    for place, byte in changes:
        content[place] = byte
    answers(bytes(content[: max(end, len(TEXT) - 5)]), tmp_path / "model.json")


def answers(content: bytes, path: Path) -> None:
    """Load and score: either one clear error, or a segment or a reason for everyone."""
    path.write_bytes(content)
    try:
        model = load(path)
    except SourceError:
        return
    columns = {feature.column for feature in model.record.preparation.features}
    told = model.assign({name: CUSTOMERS.get(name, [1, None, "x"]) for name in columns}).to_dict()
    for name, unscored in zip(told["name"], told["unscored"], strict=True):
        assert (name is None) != (unscored is None)
    assert np.all(np.isfinite(told["distance"]) | (told["name"] == None))  # noqa: E711
