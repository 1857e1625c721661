"""Columns pass between engines and arrays whole, in order, and without waiting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from segmeans.errors import SourceError
from segmeans.tables import arrow
from segmeans.tables.arrow import TEXT, Offer
from segmeans.tables.duck import Engine

ROWS = 300_001
QUERY = (
    "SELECT range::DOUBLE AS n, CASE WHEN range % 7 <> 0 THEN 'ä' || range END AS t "
    f"FROM range({ROWS})"
)


def offered(engine: Engine, query: str, offer: Offer) -> list[tuple[Any, ...]]:
    try:
        with engine.offered("offer", offer):
            return engine.rows(query)
    finally:
        offer.close()


@pytest.mark.parametrize("threads", [1, 2])
def test_numbers_and_texts_arrive_as_they_were(threads: int) -> None:
    with Engine(threads=threads) as engine:

        def blocks() -> Iterator[Mapping[str, Any]]:
            # 50,000 rows of batches of another length: some texts are copied, some passed on
            for block, text in arrow.blocks(engine.batches(QUERY), ["n"], "t", 50_000):
                part = block["n"]
                assert text is not None
                assert len(text) == len(part)
                yield {
                    "half": (part / 2).astype("f4"),
                    "fifth": (part % 5).astype("i1"),
                    "place": part.astype("i8"),
                    "t": text,
                }

        types = {"half": "f4", "fifth": "i1", "place": "i8", "t": TEXT}
        query = (
            "SELECT count(*), count(t), count_if(place <> seen), "
            "count_if(half <> (seen / 2)::FLOAT), "
            "count_if(fifth <> seen % 5), count_if(t <> 'ä' || seen), "
            "count_if((t IS NULL) <> (seen % 7 = 0)) "
            "FROM (SELECT *, row_number() OVER () - 1 AS seen FROM offer)"
        )
        found = offered(engine, query, Offer(types, blocks()))
    assert found == [(ROWS, ROWS - (ROWS + 6) // 7, 0, 0, 0, 0, 0)]


def test_nothing_is_kept_when_all_is_done() -> None:
    before = len(arrow._HELD)
    with Engine(threads=1) as engine:
        for _ in range(3):
            block = {"n": np.arange(5.0)}
            assert offered(engine, "SELECT sum(n) FROM offer", Offer({"n": "f8"}, iter([block])))
    assert len(arrow._HELD) == before


def test_a_view_outlives_its_batch() -> None:
    with Engine(threads=1) as engine:
        views = [batch.numbers("n") for batch in engine.batches(QUERY)]
    joined = np.concatenate(views)
    assert np.array_equal(joined, np.arange(ROWS))
    assert not views[0].flags.writeable


def test_an_error_while_making_blocks_is_kept() -> None:
    def blocks() -> Iterator[Mapping[str, Any]]:
        yield {"n": np.arange(3.0)}
        raise ZeroDivisionError("no more")

    offer = Offer({"n": "f8"}, blocks())
    with Engine(threads=1) as engine, pytest.raises(SourceError):
        offered(engine, "SELECT count(*) FROM offer", offer)
    assert isinstance(offer.error, ZeroDivisionError)


def test_an_error_while_reading_is_ours() -> None:
    query = f"SELECT (CASE WHEN n < 250000 THEN '1' ELSE 'x' END)::DOUBLE AS n FROM ({QUERY})"
    with Engine(threads=1) as engine, pytest.raises(SourceError, match="Could not convert"):
        list(engine.batches(query))


def test_an_unread_stream_is_let_go() -> None:
    with Engine(threads=1) as engine:
        batches = engine.batches(QUERY)
        assert next(batches).rows > 0
        batches.close()  # type: ignore[attr-defined]
        assert engine.rows("SELECT 1") == [(1,)]
