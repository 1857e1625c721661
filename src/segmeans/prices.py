"""What the user's wishes cost: limits on the sizes of segments, and weights of features."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from segmeans import preparation
from segmeans.clustering.reference import squared_distances
from segmeans.errors import DataError, SettingError
from segmeans.model import Assigned
from segmeans.plain import plain_change
from segmeans.prepared import PreparedRows
from segmeans.records import Finding, PreparationState
from segmeans.settings import Settings

WEIGHED = 50_000
"""Customers, drawn at random where there are more, on whom the price of weights is measured."""

Floats = NDArray[np.float64]


def within_sizes(
    rows: PreparedRows, k: int, settings: Settings
) -> tuple[Floats, Assigned, Finding]:
    """Make segments whose sizes keep within the limits of the settings.

    Parameters
    ----------
    rows : PreparedRows
    k : int
    settings : Settings
        ``min_size`` and ``max_size`` count here.

    Returns
    -------
    centres : ndarray of shape (k, p)
        Largest segment first.
    assigned : Assigned
        Not everyone is with the nearest centre; such a customer has the certainty 0.
    price : Finding
        How much looser the segments are, and how many customers are not with their nearest centre.
    """
    from segmeans.clustering.limits import limit_sizes  # brings scipy.optimize

    if not isinstance(rows.rows, np.ndarray):
        raise DataError("There are too many customers for limits on the sizes of segments")
    found = limit_sizes(
        rows.rows,
        k,
        min_size=settings.min_size,
        max_size=settings.max_size,
        seed=settings.seed,
        threads=settings.threads,
    )
    order = np.lexsort((*found.centres.T[::-1], -found.sizes))
    place = np.empty(k, dtype=np.int32)
    place[order] = np.arange(k, dtype=np.int32)
    centres = np.ascontiguousarray(found.centres[order])
    assigned = _assigned(rows.rows, centres, place[found.labels])
    price = Finding(
        level="note",
        code="size-limits",
        where="segments",
        evidence=f"The limits on the sizes change the inertia by {plain_change(found.price)}, "
        f"and {found.moved:,} of {len(found.labels):,} customers are not with their nearest "
        "centre.",
        advice="Whoever is scored later goes to the nearest centre: limits are for this list only.",
    )
    return centres, assigned.spread(rows.status == preparation.USED), price


def _assigned(matrix: Floats, centres: Floats, labels: NDArray[np.int32]) -> Assigned:
    """Tell how clearly customers belong to the segments they were given."""
    everyone = np.arange(len(labels))
    distances = np.sqrt(squared_distances(matrix, centres))
    own = distances[everyone, labels]
    if len(centres) == 1:
        nobody = np.full(len(labels), -1, dtype=np.int32)
        ones = np.ones(len(labels), dtype=np.float32)
        return Assigned(labels, nobody, ones, own.astype(np.float32), np.full_like(ones, np.nan))
    distances[everyone, labels] = np.inf
    second = distances.argmin(axis=1).astype(np.int32)
    other = distances[everyone, second]
    total = own + other
    clear = np.divide(other - own, total, out=np.zeros_like(total), where=total > 0)
    return Assigned(
        labels,
        second,
        np.maximum(clear, 0.0).astype(np.float32),
        own.astype(np.float32),
        (other - own).astype(np.float32),
    )


def of_weights(
    rows: PreparedRows, state: PreparationState, k: int, settings: Settings
) -> tuple[Finding, ...]:
    """Say what weights of features cost beside equal weights.

    Parameters
    ----------
    rows : PreparedRows
    state : PreparationState
    k : int
    settings : Settings

    Returns
    -------
    tuple of Finding
        Empty without weights.

    Raises
    ------
    SettingError
        When a weight leaves nothing to compare.
    """
    if k == 1 or all(feature.weight == 1.0 for feature in state.features):
        return ()
    from segmeans.clustering.limits import weigh_columns  # brings scipy.optimize

    weights = np.concatenate(
        [
            np.full(len(preparation.columns(_alone(state, place))), feature.weight)
            for place, feature in enumerate(state.features)
        ]
    )
    drawn = np.arange(rows.used)
    if rows.used > WEIGHED:
        generator = np.random.default_rng(settings.seed)
        drawn = np.sort(generator.choice(rows.used, WEIGHED, replace=False))
    plain = rows.take(drawn) / np.sqrt(weights)
    try:
        found = weigh_columns(plain, k, weights, seed=settings.seed, threads=settings.threads)
    except DataError as error:
        raise SettingError("The weights leave too little to compare", found=error.what) from None
    sampled = "" if len(drawn) == rows.used else f" (measured on {WEIGHED:,} of them)"
    told = ", ".join(f"{f.column} {f.weight:g}" for f in state.features if f.weight != 1.0)
    return (
        Finding(
            level="note",
            code="feature-weights",
            where=told,
            evidence="Beside equal weights, the weights change the inertia by "
            f"{plain_change(found.price)}, and {found.moved:,} of {len(drawn):,} customers are "
            f"in another segment{sampled}.",
        ),
    )


def _alone(state: PreparationState, place: int) -> PreparationState:
    """Return a state of one feature alone."""
    return replace(state, features=state.features[place : place + 1])
