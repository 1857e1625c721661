"""The map of splits: every customer is in every column, and few bands cross."""

from __future__ import annotations

import dataclasses
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from segmeans.records import Strand
from segmeans.report import captions, figure_splits, figures


def strand(k: int, origin: int, target: int, segment: int, customers: int) -> Strand:
    return Strand(k=k, origin=origin, target=target, segment=segment, customers=customers)


def with_strands(study: Any, *strands: Strand, k: int = 2) -> Any:
    segments = tuple(dataclasses.replace(study.record.segments[i], number=i + 1) for i in range(k))
    return dataclasses.replace(study.record, strands=strands, k=k, segments=segments)


def test_every_column_holds_every_customer(five: Any) -> None:
    strands = figure_splits.shown(five.record)
    plan = figure_splits.layout(five.record, strands, 4.0)
    everyone: Counter[int] = Counter()
    for (k, _), size in plan.size.items():
        everyone[k] += int(size)
    assert set(everyone.values()) == {200}
    assert plan.ks == (2, 3, 4, 5, 6, 7, 8)
    for k in plan.ks:  # clusters lie below one another and within the picture
        ends = sorted(
            (top, top + plan.size[node]) for node, top in plan.top.items() if node[0] == k
        )
        assert ends[0][0] >= 0
        assert ends[-1][1] <= plan.height + 1e-9
        assert all(low[1] < high[0] for low, high in pairwise(ends))


def test_bands_that_need_not_cross_do_not(five: Any) -> None:
    # 1 goes to 3 and 2 goes to 1 and 2: drawn by number they would cross
    record = with_strands(
        five, strand(2, 1, 3, 1, 50), strand(2, 2, 1, 2, 60), strand(2, 2, 2, 2, 9)
    )
    plan = figure_splits.layout(record, record.strands, 4.0)
    above = plan.top[2, 1] < plan.top[2, 2]
    assert (plan.top[3, 3] < plan.top[3, 1]) is above
    assert (plan.top[3, 3] < plan.top[3, 2]) is above


def test_the_caption_tells_what_splits_and_what_was_a_unit(five: Any) -> None:
    record = with_strands(
        five,
        strand(2, 1, 1, 1, 97), strand(2, 2, 1, 1, 3),  # 97 % together with one fewer
        strand(2, 2, 2, 2, 50), strand(2, 1, 3, 2, 50),  # in halves
        strand(3, 1, 1, 1, 100), strand(3, 2, 2, 2, 60), strand(3, 3, 3, 2, 40),
        k=3,
    )  # fmt: skip
    words = captions.splits(record, record.strands)
    assert words.title == f"One segment more would split “{record.segments[1].name}”"
    assert "1 of the 3 would still be together" in words.caption
    assert "would be 60.0 % of it" in words.caption


def test_wide_ranges_are_cut_to_what_can_be_read(five: Any) -> None:
    many = [strand(k, 1, 1, 1, 9) for k in range(2, 40)]
    record = dataclasses.replace(with_strands(five, *many), k=20)
    assert [one.k for one in figure_splits.shown(record)] == [16, 17, 18, 19, 20, 21, 22]
    record = dataclasses.replace(record, k=3)
    assert [one.k for one in figure_splits.shown(record)] == [2, 3, 4, 5]


@pytest.mark.parametrize("k", [1, 2])
def test_one_number_of_segments_splits_nothing(five: Any, nobody: Any, k: int) -> None:
    record = dataclasses.replace((nobody if k == 1 else five).record, strands=())
    assert "splits" not in figures.available(dataclasses.replace(five, record=record))


def test_all_segments_are_named_beside_the_picture(nine: Any) -> None:
    [drawn] = figures.draw(nine, ["splits"])
    said = [text.get_text().replace("\n", " ") for text in drawn.figure.axes[0].texts]
    for segment in nine.record.segments:
        assert str(segment.number) in said
        assert any(segment.name.startswith(text.rstrip("…")) for text in said if len(text) > 3)
