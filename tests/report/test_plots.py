"""Every figure by its name: ``study.plot.elbow()``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from matplotlib.axes import Axes

from segmeans.cli import job
from segmeans.errors import SettingError
from segmeans.report import figures
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


def test_a_study_offers_its_figures(five: Any) -> None:
    axes = Study.plot.fget(five).sizes()  # type: ignore[attr-defined]
    assert isinstance(axes, Axes)


def test_the_command_and_the_page_name_every_figure() -> None:
    assert tuple(figures.DRAWN) == job.FIGURES
    page = (Path(__file__).parents[2] / "docs" / "report.md").read_text("utf-8")
    for name, kind in figures.DRAWN.items():
        assert f"| `{name}` | {kind.about} |" in page
