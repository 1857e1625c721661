"""Figures: what they were asked to draw, the same bytes, and nothing hostile taken for more."""

from __future__ import annotations

import dataclasses
import struct
import sys
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.text import Text

import segmeans
from segmeans.errors import OutputError, SettingError
from segmeans.records import Score
from segmeans.report import figure_map, figure_profile, figures, theme
from segmeans.report.beside import Drawers


def texts(figure: figures.Figure) -> list[str]:
    return [found.get_text() for found in figure.figure.findobj(Text) if found.get_text()]


def test_a_study_gets_the_figures_that_say_something(
    five: Any, nine: Any, mixed: Any, nobody: Any
) -> None:
    usual = (
        "elbow", "silhouette", "splits", "shadow", "gorge", "map", "profile", "bars", "sizes"
    )  # fmt: skip
    assert figures.available(five) == usual
    assert figures.available(nine) == usual  # too many features for pairs
    assert figures.available(mixed) == (*usual, "pairs")
    assert figures.available(nobody) == ("elbow", "silhouette", "map")


@pytest.mark.parametrize("study", ["five", "nine", "mixed", "nobody"])
def test_every_figure_is_written_as_png_and_svg(
    study: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    subject = request.getfixturevalue(study)
    told = list(Drawers().save(subject, tmp_path.joinpath))
    names = [f"{name}.{kind}" for name in figures.available(subject) for kind in ("png", "svg")]
    assert told == [(i + 1, len(names), name) for i, name in enumerate(names)]
    for name in names:
        content = (tmp_path / name).read_bytes()
        assert len(content) < 1_000_000
        if name.endswith("png"):
            assert struct.unpack(">I", content[16:20])[0] == 1200
        else:
            ET.fromstring(content)  # noqa: S314  (our own file)


@pytest.mark.parametrize("name", ["map", "bars", "silhouette"])
def test_the_same_study_gives_the_same_bytes(name: str, mixed: Any) -> None:
    first, second = (figures.contents(mixed, name) for _ in range(2))
    assert list(first) == [f"{name}.png", f"{name}.svg"]
    assert first == second
    assert not any(b"<dc:date>" in content for content in first.values())


def test_figures_describe_themselves(five: Any) -> None:
    [figure] = figures.draw(five, ["elbow"])
    assert figure.title == "Inertia bends at k = 5, the recommended number"
    assert figure.title.encode() in figures.image(figure, "png")
    assert figure.caption.split(" %")[0].encode() in figures.image(figure, "svg")


def test_pyplot_and_its_global_figures_are_left_alone(five: Any) -> None:
    list(figures.draw(five))
    if "matplotlib.pyplot" in sys.modules:  # another test may have loaded it
        assert sys.modules["matplotlib.pyplot"].get_fignums() == []


def test_the_map_draws_everyone_where_they_are(five: Any) -> None:
    [figure] = figures.draw(five, ["map"])
    [axes] = figure.figure.axes
    clouds = [found for found in axes.collections if isinstance(found, PathCollection)]
    drawn = np.concatenate([np.asarray(cloud.get_offsets()) for cloud in clouds])
    units = np.column_stack(list(five.sample.units.values()))
    assert sorted(map(tuple, drawn)) == sorted(map(tuple, units))
    assert axes.get_xlabel() == "annual income (k$)"
    said = [text.replace("\n", " ") for text in texts(figure)]
    assert {f"{one.number} {one.name}" for one in five.record.segments} <= set(said)


def test_names_on_the_map_hide_neither_one_another_nor_a_disc(five: Any) -> None:
    [figure] = figures.draw(five, ["map"])
    [axes] = figure.figure.axes
    names = {f"{one.number} {one.name}" for one in five.record.segments}
    boxes = [
        found.get_window_extent()
        for found in axes.texts
        if found.get_text().replace("\n", " ") in names
    ]
    centres = axes.transData.transform(
        [list(segment.centre.values()) for segment in five.record.segments]
    )
    assert len(boxes) == 5
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])
        assert not any(box.contains(x, y) for x, y in centres)


def test_the_plane_agrees_with_a_singular_value_decomposition(nine: Any) -> None:
    plane, shares, right = figure_map.principal_plane(nine.sample, nine.record.centres)
    rows = nine.sample.prepared - nine.sample.prepared.mean(axis=0)
    scores, values, _ = np.linalg.svd(rows, full_matrices=False)
    assert shares == pytest.approx((values**2 / (values**2).sum())[:2])
    assert np.abs(plane.points) == pytest.approx(np.abs(scores[:, :2] * values[:2]), abs=1e-9)
    assert 0.5 < right < 1


def test_the_plane_places_flat_customers_right(five: Any) -> None:
    # two prepared columns: nothing is lost, so everyone is nearest to their own centre
    _, shares, right = figure_map.principal_plane(five.sample, five.record.centres)
    assert sum(shares) == pytest.approx(1)
    assert right > 0.99


def test_many_customers_are_drawn_as_a_sample_of_pixels(five: Any) -> None:
    times = 60
    sample = dataclasses.replace(
        five.sample,
        units={name: np.repeat(values, times) for name, values in five.sample.units.items()},
        prepared=np.repeat(five.sample.prepared, times, axis=0),
        labels=np.repeat(five.sample.labels, times),
        silhouettes=np.repeat(five.sample.silhouettes, times),
        customers=12_000,
    )
    record = dataclasses.replace(
        five.record, funnel=dataclasses.replace(five.record.funnel, assigned=12_000)
    )
    study = dataclasses.replace(five, record=record, sample=sample)
    content = figures.contents(study, "map", ["svg"])["map.svg"].decode()
    assert "<image" in content
    assert len(content) < 1_000_000
    assert "5,000 of 12,000 customers" in content


def test_the_profile_shows_plain_units_and_one_of_two_levels(mixed: Any, five: Any) -> None:
    shown, whole = figure_profile.lines(five.record, 24)
    assert [line.words for line in shown] == ["annual income (k$)", "spending score (1-100)"]
    assert whole == 2
    [figure] = figures.draw(five, ["profile"])
    mean = next(row.mean for row in five.record.profile if row.segment == 1)
    assert f"{mean:.1f}".removesuffix(".0") in texts(figure)
    assert len(figure_profile.lines(mixed.record, 24)[0]) == 6  # three numbers, three levels


def test_too_many_lines_leave_the_strongest(nine: Any) -> None:
    shown, whole = figure_profile.lines(nine.record, 5)
    everything, _ = figure_profile.lines(nine.record, 24)
    assert (len(shown), whole) == (5, 12)
    weakest = min(line.strength for line in shown)
    assert sum(line.strength > weakest for line in everything) == 4
    assert [line for line in everything if line in shown] == shown


@pytest.mark.parametrize("k", [2, 20])
def test_any_number_of_segments_can_be_drawn(k: int, make_market: Any) -> None:
    study = make_market(k)
    for figure in figures.draw(study):
        assert figures.image(figure, "png")


def test_hostile_names_are_drawn_as_text_without_a_warning(mixed: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = list(figures.draw(mixed))
        for figure in drawn:
            figures.image(figure, "svg")
    said = "\n".join(text for figure in drawn for text in texts(figure))
    assert "$x 1$" in said.replace("\n", " ")
    assert "<script>" in said
    assert "\x1b" not in said
    assert b"<script>" not in figures.image(drawn[2], "svg")


def test_names_that_would_hide_other_segments_stand_beside_the_map(
    make_market: Callable[[int], Any],
) -> None:
    crowd = make_market(6)  # no gaps between the segments
    [figure] = figures.draw(crowd, ["map"])
    axes = figure.figure.axes
    names = {segment.name for segment in crowd.record.segments}
    on_map = {text.get_text().replace("\n", " ") for text in axes[0].texts}
    assert len(axes) == 2
    assert on_map == {str(number) for number in range(1, 7)}
    assert names <= {text.get_text().replace("\n", " ") for text in axes[1].texts}


def test_every_pair_names_its_segments_by_number(mixed: Any) -> None:
    [figure] = figures.draw(mixed, ["pairs"])
    numbers = [str(segment.number) for segment in mixed.record.segments]
    panels = [axes for axes in figure.figure.axes if axes.get_yticks().size and axes.collections]
    scattered = [axes for axes in panels if any(text.get_text() in numbers for text in axes.texts)]
    count = len(mixed.sample.units)
    assert len(scattered) == count * (count - 1) // 2
    for axes in scattered:
        assert [text.get_text() for text in axes.texts] == numbers


def test_a_constant_column_and_missing_values_do_not_stop_the_pairs(mixed: Any) -> None:
    units = {name: values.copy() for name, values in mixed.sample.units.items()}
    first, second, *_ = units
    units[first][:] = 3.0
    units[second][:5] = np.nan
    study = dataclasses.replace(mixed, sample=dataclasses.replace(mixed.sample, units=units))
    [figure] = figures.draw(study, ["pairs"])
    assert figures.image(figure, "png")


def test_an_unknown_figure_gets_the_nearest_name(five: Any) -> None:
    with pytest.raises(SettingError, match="'elbow'"):
        next(figures.draw(five, ["elbo"]))
    with pytest.raises(SettingError, match="pairs"):
        next(figures.draw(five, ["pairs"]))
    with pytest.raises(SettingError, match="png or svg"):
        figures.contents(five, "elbow", ["gif"])


def with_evidence(study: Any) -> Any:
    """Return a study whose measures over k and segments are known."""
    row = {"stability": Score(value=0.9, low=0.8, high=1.0), "gap": Score(value=0.5, error=0.1)}
    each = {"jaccard": tuple(Score(value=0.7, low=0.6, high=0.8) for _ in study.record.segments)}
    table = tuple(
        dataclasses.replace(one, scores=row, cluster_scores=each) for one in study.record.k_table
    )
    return dataclasses.replace(study, record=dataclasses.replace(study.record, k_table=table))


def test_evidence_and_stability_need_measures(five: Any, nobody: Any) -> None:
    assert {"evidence", "stability"}.isdisjoint(figures.available(five))
    assert {"evidence", "stability"} <= set(figures.available(with_evidence(five)))
    assert "stability" not in figures.available(with_evidence(nobody))


def test_the_evidence_has_a_panel_per_measure(five: Any) -> None:
    [drawn] = figures.draw(with_evidence(five), ["evidence"])
    titles = [axes.get_title(loc="left") for axes in drawn.figure.axes]
    assert titles == ["agreement of resamples", "gap"]
    assert drawn.title == "k = 5 leads in 0 of 2 measures"  # all equal: the first k leads


@pytest.mark.parametrize("name", ["five", "nine", "mixed"])
def test_stability_marks_every_segment_at_its_value(
    name: str, request: pytest.FixtureRequest
) -> None:
    study = with_evidence(request.getfixturevalue(name))
    [drawn] = figures.draw(study, ["stability"])
    left = drawn.figure.axes[0]
    marks = [line for line in left.lines if line.get_marker() in theme.SHAPES]
    assert [float(line.get_xdata()[0]) for line in marks if line.get_xdata()[0] == 0.7] == (
        [0.7] * study.record.k
    )
    assert (
        drawn.title == f"0 of {study.record.k} segments come back in new samples of the customers"
    )


def test_one_figure_alone(five: Any, tmp_path: Path) -> None:
    drawn = segmeans.plot(five, "elbow")
    assert drawn.axes[0].get_xlabel() == "number of segments k"
    assert drawn._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]
    figures.save_one(five, "elbow", tmp_path / "elbow.svg")
    assert (tmp_path / "elbow.svg").read_text("utf-8").startswith("<?xml")
    with pytest.raises(OutputError, match="exists already"):
        figures.save_one(five, "elbow", tmp_path / "elbow.svg")
    with pytest.raises(SettingError, match="Try: 'elbow'"):
        figures.check("elbo", "a.png")
    with pytest.raises(SettingError, match=r"\.png or \.svg"):
        figures.check("elbow", "a.gif")
    with pytest.raises(SettingError, match="no such figure of this study"):
        figures.save_one(five, "stability", tmp_path / "s.png")
