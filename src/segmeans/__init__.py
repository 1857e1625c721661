"""Customer segmentation with k-means that proves its search, its structure and its use.

:func:`segment` finds the segments of a customer table and returns a :class:`Study`;
:func:`write` puts it into a folder, :func:`plot` draws one of its figures, :func:`load` reads its
``model.json`` again to score others. :class:`Settings` holds everything that can be asked of it;
:class:`KMeans` is the engine alone, as a scikit-learn estimator. Everything the package raises on
purpose is a :class:`SegmeansError`.

Nothing is loaded before it is used: ``import segmeans`` costs no time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "ColumnNotFoundError",
    "DataError",
    "DependencyError",
    "KMeans",
    "OutputError",
    "SegmeansError",
    "SettingError",
    "Settings",
    "SourceError",
    "Study",
    "__version__",
    "load",
    "plot",
    "segment",
    "write",
]

if TYPE_CHECKING:
    from segmeans.clustering.kmeans import KMeans
    from segmeans.errors import (
        ColumnNotFoundError,
        DataError,
        DependencyError,
        OutputError,
        SegmeansError,
        SettingError,
        SourceError,
    )
    from segmeans.model.reading import load
    from segmeans.report.bundle import write
    from segmeans.report.figures import plot
    from segmeans.settings import Settings
    from segmeans.study import Study, segment

_HOMES = {
    "KMeans": "segmeans.clustering.kmeans",
    "Settings": "segmeans.settings",
    "Study": "segmeans.study",
    "load": "segmeans.model.reading",
    "plot": "segmeans.report.figures",
    "segment": "segmeans.study",
    "write": "segmeans.report.bundle",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES.get(name, "segmeans.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
