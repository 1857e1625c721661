"""Every figure by its name: ``study.plot.elbow()``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from sklearn.metrics import pairwise_distances_argmin
from typer.testing import CliRunner

from segmeans.cli import app, job
from segmeans.errors import SettingError
from segmeans.report import figures
from segmeans.report.figure_map import segment_map
from segmeans.report.plots import Panels, Plots
from segmeans.study import Study

PNG = b"\x89PNG"


def test_a_figure_of_one_panel_gives_its_axes(five: Any) -> None:
    axes = Plots(five).elbow()
    assert isinstance(axes, Axes)
    assert axes.get_xlabel() == "number of segments k"
    axes.set_title("refined")  # type: ignore[union-attr]
    assert axes._repr_png_().startswith(PNG)


def test_a_figure_of_several_panels_gives_them_all(five: Any) -> None:
    axes = Plots(five)("bars")
    assert isinstance(axes, Panels)
    assert len(axes) == 5
    assert {one.figure for one in axes} == {axes.figure}
    assert axes._repr_png_().startswith(PNG)


def test_keys_and_scales_are_no_axes_of_a_figure(five: Any, make_market: Any) -> None:
    assert isinstance(Plots(five)("profile"), Axes)  # beside it stands the scale of its colours
    assert isinstance(Plots(make_market(12))("map"), Axes)  # and here the list of segments


def test_the_list_holds_what_says_something(five: Any, nobody: Any) -> None:
    assert dir(Plots(five)) == sorted(figures.available(five))
    assert "bars" not in dir(Plots(nobody))
    assert "elbow" in repr(Plots(five))
    assert Plots(five).elbow.__doc__.startswith("Draw inertia over the number")


def test_a_wrong_name_gets_one_clear_error(five: Any, nobody: Any) -> None:
    assert not hasattr(Plots(five), "elbo")
    with pytest.raises(AttributeError, match=r"no figure 'elbo'.*elbow"):
        Plots(five).elbo()
    with pytest.raises(SettingError, match="no such figure of this study"):
        Plots(nobody).bars()


def test_a_map_over_two_chosen_features_says_how_far_to_trust_it(nine: Any) -> None:
    record, sample = nine.record, nine.sample
    across, upwards = list(sample.units)[1:3]
    axes = Plots(nine).map(across, upwards)
    assert isinstance(axes, Axes)
    points = np.vstack([mark.get_offsets() for mark in axes.collections])
    assert sorted(map(tuple, points)) == sorted(
        zip(sample.units[across], sample.units[upwards], strict=True)
    )
    places = [sample.names.index(across), sample.names.index(upwards)]
    centres = np.array(record.centres)[:, places]
    right = pairwise_distances_argmin(sample.prepared[:, places], centres) == sample.labels
    spread = sample.prepared.var(axis=0)
    share = spread[places].sum() / spread.sum()
    told = " ".join(" ".join(text.get_text() for text in axes.figure.texts).split())
    assert f"have {100 * share:.1f} % of the spread" in told.replace("\u00a0", " ")
    assert f"place {100 * right.mean():.1f} % of the customers" in told.replace("\u00a0", " ")


@pytest.mark.parametrize("over", [("a",), ("a", "a"), ("nothing", "a"), ("a", "b", "c")])
def test_a_map_lies_over_two_different_features(nine: Any, over: tuple[str, ...]) -> None:
    known = dict(zip("abc", nine.sample.units, strict=False))
    with pytest.raises(SettingError, match="A map lies over two features"):
        Plots(nine).map(*(known.get(name, name) for name in over))


def test_a_map_without_two_numbers_says_so(nine: Any) -> None:
    for units, said in (({}, "numbers: here none"), ({"a": np.zeros(3)}, "numbers: a")):
        with pytest.raises(SettingError) as caught:
            segment_map(nine.record, replace(nine.sample, units=units), ("a", "b"))
        assert f"Allowed: {said}." in str(caught.value)


@pytest.mark.parametrize("over", ["", " , ", "Age", "Age,Income,Age"])
def test_a_map_over_no_two_features_is_refused_before_the_work(over: str, tmp_path: Path) -> None:
    source = tmp_path / "never read.csv"
    told = CliRunner().invoke(app, ["plot", "map", str(source), "--over", over])
    assert told.exit_code == 2
    assert "A map lies over two features" in told.output
    assert "Try: --over 'Age,Income'" in told.output


def test_only_a_map_lies_over_features(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="Only a map"):
        figures.check("elbow", tmp_path / "a.png", over=("a", "b"))


def test_a_study_offers_its_figures(five: Any) -> None:
    axes = Study.plot.fget(five).sizes()  # type: ignore[attr-defined]
    assert isinstance(axes, Axes)


def test_the_command_and_the_page_name_every_figure() -> None:
    assert tuple(figures.DRAWN) == job.FIGURES
    page = (Path(__file__).parents[2] / "docs" / "report.md").read_text("utf-8")
    for name, kind in figures.DRAWN.items():
        assert f"| `{name}` | {kind.about} |" in page
