"""The one door to the kernels: the compiled twin where it was built, else plain NumPy.

``SEGMEANS_KERNELS=reference`` or ``compiled`` in the environment overrides the choice.

Data. ``points`` are finite, C-contiguous rows, float64 or float32, shape (n, d); with ``origin``
given, it is subtracted from every row on the fly, and centres and sums are relative to it: no
centred copy of the data is ever needed. ``weights`` are float64, positive, or None for ones.
``tables`` are sets of centres, each of its own k. Arguments are not validated here.

All at once, or in pieces (the same bits, whatever the size of the pieces):

>>> import numpy as np
>>> rows = np.array([[0.0], [2.0], [10.0], [12.0]], dtype=np.float32)
>>> origin = np.array([6.0])
>>> passes(rows, None, [np.array([[-5.0], [5.0]])], origin=origin)[0].inertia
4.0
>>> part = Pass([np.array([[-5.0], [5.0]])], origin=origin)
>>> part.add(rows[:3])
>>> part.add(rows[3:])
>>> part.result()[0].inertia
4.0

Lloyd's iterations on all rows: :func:`polish` in memory, :class:`Polish` for rows in pieces.
They remember labels between passes, so iterating through them is far cheaper than calling
:func:`passes` again and again.
"""

from __future__ import annotations

import os
from types import ModuleType
from typing import NamedTuple

from segmeans.clustering import reference
from segmeans.clustering.reference import (
    BLOCK,
    Floats,
    Labels,
    Lloyd,
    Pair,
    Partials,
    Rows,
    Starts,
)
from segmeans.errors import DependencyError, SettingError

try:
    from segmeans.clustering import compiled
except ImportError:  # no compiler when the package was installed
    compiled = None  # type: ignore[assignment]

__all__ = [
    "BLOCK",
    "Floats",
    "Labels",
    "Lloyd",
    "Pair",
    "Partials",
    "Pass",
    "Polish",
    "Rows",
    "Starts",
    "assign",
    "default_threads",
    "description",
    "lloyd",
    "nearest",
    "pair",
    "partials",
    "passes",
    "polish",
    "seed",
    "starts",
]


def _chosen() -> ModuleType:
    wish = os.environ.get("SEGMEANS_KERNELS", "")
    if wish not in ("", "reference", "compiled"):
        raise SettingError(
            "There are no such kernels",
            where="SEGMEANS_KERNELS",
            found=wish,
            allowed="reference, compiled",
        )
    if wish == "compiled" and compiled is None:
        raise DependencyError(
            "The compiled kernels were not built when segmeans was installed",
            where="SEGMEANS_KERNELS",
            found=wish,
            hint="install again where a C compiler is found, or unset the variable",
        )
    return reference if compiled is None or wish == "reference" else compiled


_twin = _chosen()

Pass: type[reference.Pass] = _twin.Pass
Polish: type[reference.Polish] = _twin.Polish
assign = _twin.assign
lloyd = _twin.lloyd
nearest = _twin.nearest
pair = _twin.pair
partials = _twin.partials
passes = _twin.passes
polish = _twin.polish
seed = _twin.seed
starts = _twin.starts


def default_threads() -> int:
    """Return ``SEGMEANS_THREADS`` where it is set, else the processors this process may use."""
    asked = os.environ.get("SEGMEANS_THREADS", "")
    if asked:
        return read_threads(asked)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_threads(asked: str) -> int:
    """Return the number of threads asked for; refuse what is no positive whole number."""
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    raise SettingError(
        "The number of threads is not a positive whole number",
        where="SEGMEANS_THREADS",
        found=asked,
        allowed="1, 2, 3, ...",
    )


class Description(NamedTuple):
    """Which kernels run, on what, and what that costs."""

    twin: str  # "compiled" or "reference"
    instructions: str  # "AVX-512", "AVX2", "NEON", "baseline" or "NumPy"
    threads: int
    note: str  # what the choice costs, "" where nothing

    def __str__(self) -> str:
        threads = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        said = f"{self.twin} ({self.instructions}, {threads})"
        return f"{said}. {self.note}" if self.note else said


def description() -> Description:
    """Say which kernels run, for the record of a study and for ``segmeans doctor``."""
    if _twin is compiled:
        return Description("compiled", compiled.instructions()[0], default_threads(), "")
    reason = (
        "SEGMEANS_KERNELS asks for them."
        if compiled is not None
        else "Install segmeans again where a C compiler is found to have the compiled ones."
    )
    note = f"Plain NumPy takes several times as long as the compiled kernels. {reason}"
    return Description("reference", "NumPy", default_threads(), note)
