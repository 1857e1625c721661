"""Words beside the points of the silhouette over k: they hide no point and not one another."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from matplotlib.transforms import Bbox

from segmeans.report import figure_k, figures, theme

FALLING = (0.62, 0.60, 0.55, 0.50, 0.48, 0.45, 0.43, 0.42, 0.40, 0.39, 0.38)
SHAPES = {
    "the first": (2, FALLING),
    "the last": (12, FALLING[::-1]),
    "a minimum": (5, (0.5, 0.48, 0.46, 0.20, 0.45, 0.47, 0.46, 0.45, 0.44, 0.43, 0.42)),
    "between high neighbours": (6, (0.3, 0.35, 0.4, 0.52, 0.42, 0.53, 0.45, 0.4, 0.38, 0.36, 0.35)),
    "a lower neighbour of the highest": (4, (0.3, 0.4, 0.5, 0.56, 0.3, 0.3, 0.3, 0.3, 0.2)),
    "flat": (7, (0.31,) * 11),
    "a saw": (8, (0.1, 0.5) * 5 + (0.1,)),
    "below nought": (3, (-0.2, -0.3, -0.1, 0.05)),
    "two": (3, (0.3, 0.4)),
    "a dip of three": (3, (0.4, 0.35, 0.41)),
    "many": (9, tuple(0.3 + 0.1 * np.sin(k) for k in range(2, 40))),
}


def drawn(study: Any, recommended: int, values: Sequence[float]) -> Any:
    """Draw a silhouette over k and return its first axes."""
    record = study.record
    rows = tuple(
        dataclasses.replace(record.k_table[0], k=k, silhouette=float(value))
        for k, value in enumerate(values, start=2)
    )
    verdict = dataclasses.replace(record.verdict, recommended_k=recommended)
    record = dataclasses.replace(record, k_table=rows, verdict=verdict)
    with theme.rules():
        _, figure = figure_k.silhouette(record, study.sample)
        figure.canvas.draw()
    return figure.axes[0]


def extents(axes: Any) -> dict[str, Bbox]:
    return {
        text.get_text().split("\n")[0]: text.get_window_extent()
        for text in axes.texts
        if text.get_text()
    }


def check(axes: Any, values: Sequence[float], said: set[str]) -> None:
    found = extents(axes)
    assert set(found) == said
    radius = 2.5 / 72 * theme.DPI
    places = axes.transData.transform(list(enumerate(values, start=2)))
    room = axes.get_window_extent()
    for box in found.values():
        inside = (
            (places[:, 0] > box.x0 - radius) & (places[:, 0] < box.x1 + radius)
            & (places[:, 1] > box.y0 - radius) & (places[:, 1] < box.y1 + radius)
        )  # fmt: skip
        assert not inside.any()
        assert room.x0 - 1 < box.x0 < box.x1 < room.x1 + 1
        assert room.y0 - 1 < box.y0 < box.y1 < room.y1 + 3
    if len(found) == 2:
        assert not Bbox.overlaps(*found.values())


@pytest.mark.parametrize("shape", SHAPES)
def test_words_hide_no_point(shape: str, five: Any) -> None:
    recommended, values = SHAPES[shape]
    there = {"recommended", "shown"} if len(values) > 3 else {"recommended"}  # five are shown
    check(drawn(five, recommended, values), values, there if recommended != 5 else {"recommended"})


def test_words_hide_no_point_of_any_curve(five: Any) -> None:
    draw = np.random.default_rng(5)
    for _ in range(25):
        values = np.cumsum(draw.normal(scale=0.1, size=draw.integers(4, 15)))
        recommended = int(draw.integers(2, len(values) + 2))
        there = {"recommended"} if recommended == 5 else {"recommended", "shown"}
        check(drawn(five, recommended, values.tolist()), values.tolist(), there)


def test_words_far_above_their_point_are_led_to_it(five: Any) -> None:
    axes = drawn(five, 8, (0.02, 0.5) * 5 + (0.02,))
    leader = next(line for line in axes.lines if line.get_linewidth() == 0.9)
    start, *_, end = leader.get_transform().transform(leader.get_xydata())
    box = extents(axes)["recommended"]
    assert start == pytest.approx(axes.transData.transform((8, 0.02)), abs=0.01)
    assert box.x0 - 1 <= end[0] <= box.x1 + 1
    assert end[1] < box.y0 + 10


def test_a_real_study_says_what_is_recommended(five: Any) -> None:
    [figure] = figures.draw(five, ["silhouette"])
    figure.figure.canvas.draw()
    assert set(extents(figure.figure.axes[0])) == {"recommended"}
