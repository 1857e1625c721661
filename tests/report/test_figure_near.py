"""Gorge and shadow plot, against arithmetic by hand."""

from __future__ import annotations

import dataclasses
from math import exp, sqrt
from typing import Any

import numpy as np
import pytest

from segmeans.prepared import CustomerSample
from segmeans.report import captions, figure_near, figures


def on_a_line(
    *places: float, labels: tuple[int, ...], shadows: tuple[float, ...]
) -> CustomerSample:
    return CustomerSample(
        prepared=np.array(places)[:, None],
        names=("x",),
        units={"x": np.array(places)},
        labels=np.array(labels, dtype=np.int32),
        silhouettes=np.zeros(len(places)),
        shadows=np.array(shadows),
        customers=len(places),
    )


LINE = on_a_line(0.0, 2.0, 9.0, 11.0, labels=(0, 0, 1, 1), shadows=(0.2, 0.25, 0.25, 0.2))
CENTRES = ((1.0,), (10.0,))


def test_similarity_is_that_of_distances_in_units_of_the_spread() -> None:
    # all lie 1 from their own centre: the unit is 1; the first is 10, the second 8 off the other
    near = figure_near.similarity(LINE, CENTRES)
    assert near[0, 0] == pytest.approx(exp(-1) / (exp(-1) + exp(-10)))
    assert near[1, 0] == pytest.approx(exp(-1) / (exp(-1) + exp(-8)))
    assert near.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("factor", [1e-6, 1000.0])
def test_similarity_does_not_depend_on_the_units(factor: float) -> None:
    other = dataclasses.replace(LINE, prepared=LINE.prepared * factor)
    centres = tuple((centre[0] * factor,) for centre in CENTRES)
    assert figure_near.similarity(other, centres) == pytest.approx(
        figure_near.similarity(LINE, CENTRES)
    )


def test_customers_all_in_their_centres_are_similar_to_it_alone() -> None:
    same = on_a_line(0.0, 0.0, 5.0, labels=(0, 0, 1), shadows=(0, 0, 0))
    assert figure_near.similarity(same, ((0.0,), (5.0,))).tolist() == [[1, 0], [1, 0], [0, 1]]


def test_the_next_segment_is_the_second_nearest_centre(five: Any) -> None:
    record = dataclasses.replace(
        five.record, k=3, centres=((0.0,), (10.0,), (100.0,)), segments=five.record.segments[:3]
    )
    sample = on_a_line(1.0, -1.0, 9.0, 90.0, labels=(0, 0, 1, 2), shadows=(0.1,) * 4)
    assert figure_near.nearest_others(sample, record).tolist() == [[0, 1, 0], [1, 0, 0], [0, 1, 0]]


def test_the_shadow_plot_agrees_with_the_sample(five: Any) -> None:
    [drawn] = figures.draw(five, ["shadow"])
    said = [text.get_text() for text in drawn.figure.axes[0].texts]
    for place in range(5):
        mean = five.sample.shadows[five.sample.labels == place].mean()
        assert f"{mean:.2f}" in said


def test_the_gorge_has_a_panel_per_segment_whose_bars_hold_everyone(five: Any) -> None:
    [drawn] = figures.draw(five, ["gorge"])
    assert len(drawn.figure.axes) == 5
    for axes in drawn.figure.axes:
        others, members = axes.collections
        for columns in (others, members):
            tops = [path.vertices[:, 1].max() for path in columns.get_paths()]
            assert len(tops) == figure_near.BINS
            assert sum(tops) == pytest.approx(1)


def test_the_gorge_counts_who_is_halfway(five: Any) -> None:
    words = captions.gorge(five.record, np.array([0.05, 0.3, 0.0, 0.2, 0.099]), 200)
    assert words.title == "A gorge sets 3 of the 5 segments apart"
    names = [segment.name for segment in five.record.segments]
    assert f"0 for every 100 members of “{names[2]}”, 30 of “{names[1]}”" in words.caption
    assert (
        captions.gorge(five.record, np.zeros(5), 200).title == "A gorge sets all 5 segments apart"
    )


def test_a_uniform_spread_has_no_gorge() -> None:
    places = np.linspace(0, 1, 1001)
    labels = (places > 0.5).astype(np.int32)
    sample = dataclasses.replace(
        LINE, prepared=places[:, None], labels=labels, shadows=np.zeros(1001)
    )
    near = figure_near.similarity(sample, ((0.25,), (0.75,)))
    # s = 1/3 where both distances differ by ln 2 units; the unit is 1/4 / sqrt(3)
    halfway = np.abs(places - 0.5) * 2 < np.log(2) / 4 / sqrt(3)
    between = (near[:, 0] > 1 / 3) & (near[:, 0] < 2 / 3)
    assert (between != halfway).sum() <= 2
