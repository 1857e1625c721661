"""The figures of one study by name: ``study.plot.elbow()``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from segmeans.report import figures
from segmeans.report.theme import Panel

if TYPE_CHECKING:
    import matplotlib.figure

    from segmeans.study import Study


class Panels(tuple[Panel, ...]):
    """The axes of a figure of several panels, in the order in which they were drawn."""

    __slots__ = ()

    @property
    def figure(self) -> matplotlib.figure.Figure:
        """The figure they are part of."""
        found: Any = self[0].figure
        drawn: matplotlib.figure.Figure = found
        return drawn

    def _repr_png_(self) -> bytes:
        return self[0]._repr_png_()


class Plots:
    """What can be drawn of a study, each figure by its name.

    ``study.plot.elbow()`` draws one figure and returns its axes: the axes of matplotlib, or a
    tuple of them where there are several panels. Both show the whole figure as the last value of a
    cell of a notebook; ``.figure`` leads to it. ``dir(study.plot)`` lists the figures that say
    something about the study.

    Parameters
    ----------
    study : Study
    """

    def __init__(self, study: Study) -> None:
        self._study = study

    def __call__(self, name: str, *, over: Sequence[str] = ()) -> Panel | Panels:
        """Draw the figure of that name and return its axes.

        Parameters
        ----------
        name : str
        over : sequence of str, optional
            Two numeric features that the map lies over.

        Raises
        ------
        SettingError
            For a figure that this study does not have.
        """
        drawn = figures.plot(self._study, name, over=over)
        axes = [panel for panel in drawn.axes if isinstance(panel, Panel)]
        return axes[0] if len(axes) == 1 else Panels(axes)

    def map(self, *over: str) -> Panel | Panels:
        """Draw customers and centres, over two features of your choice where they are named.

        Parameters
        ----------
        *over : str
            Two numeric features. By default the features where there are but two, else the first
            principal components.

        Raises
        ------
        SettingError
        """
        return self("map", over=over)

    def __getattr__(self, name: str) -> Callable[[], Panel | Panels]:
        if name not in figures.DRAWN:
            known = ", ".join(figures.DRAWN)
            raise AttributeError(f"There is no figure {name!r}. Allowed: {known}")

        def draw() -> Panel | Panels:
            return self(name)

        draw.__name__ = draw.__qualname__ = name
        draw.__doc__ = f"Draw {figures.DRAWN[name].about}, and return the axes."
        return draw

    def __dir__(self) -> list[str]:
        return [*figures.available(self._study)]

    def __repr__(self) -> str:
        return f"<figures of this study: {', '.join(figures.available(self._study))}>"
