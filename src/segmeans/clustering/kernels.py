"""The one door to the kernels: the compiled twin where it was built, else plain NumPy.

``SEGMEANS_KERNELS=reference`` or ``compiled`` in the environment overrides the choice.
"""

from __future__ import annotations

from segmeans.clustering.reference import (
    BLOCK,
    Floats,
    Labels,
    Lloyd,
    Partials,
    Starts,
    lloyd,
    nearest,
    partials,
    passes,
    seed,
    starts,
)

__all__ = [
    "BLOCK",
    "Floats",
    "Labels",
    "Lloyd",
    "Partials",
    "Starts",
    "lloyd",
    "nearest",
    "partials",
    "passes",
    "seed",
    "starts",
]
