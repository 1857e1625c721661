"""One row of the k table from everything that was measured for one k."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from segmeans.clustering.borders import Borders, Inner
from segmeans.clustering.calibration import NullScores
from segmeans.clustering.gap import gap
from segmeans.clustering.kernels import Floats
from segmeans.clustering.nulls import Family
from segmeans.clustering.quality import Silhouette, calinski_harabasz
from segmeans.clustering.quality_rows import RowQuality
from segmeans.clustering.search import Solution
from segmeans.clustering.stability import (
    DISSOLVED,
    RECOVERED,
    AcrossK,
    Halved,
    Resampled,
    least_in_pairs,
)
from segmeans.records import KRow, Score

GAPS: dict[str, Family] = {
    "gap": "uniform",
    "gap_gaussian": "gaussian",
    "gap_permuted": "permuted",
    "gap_single_peaked": "single-peaked",
}


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What was measured for one k of at least 2."""

    silhouette: Silhouette
    rows: RowQuality
    shadows: Floats  # (k,) mean shadow value
    borders: Borders
    inner: Inner
    resampled: Resampled
    halved: Halved
    searched: Floats  # (S,) agreement of independent searches with the solution
    across: AcrossK


def krow(
    solution: Solution,
    total: float,
    parts: Parts | None,
    measured: Mapping[str, float],
    nulls: Mapping[str, NullScores],
) -> KRow:
    """Put one row of the k table together.

    Parameters
    ----------
    solution : Solution
    total : float
        Inertia at k = 1.
    parts : Parts or None
        None at k = 1.
    measured : mapping of str to float
        From :func:`segmeans.clustering.calibration.measure`, like the null scores.
    nulls : mapping of str to NullScores

    Returns
    -------
    KRow
    """
    k, n = solution.k, float(np.sum(solution.sizes))
    scores = {name: _gap(measured, nulls, family) for name, family in GAPS.items()}
    clusters: dict[str, tuple[Score, ...]] = {}
    if parts is not None:
        scores |= _separation(parts, measured, nulls) | _agreement(parts, nulls)
        clusters = _clusters(parts)
    return KRow(
        k=k,
        inertia=float(solution.inertia),
        explained=1.0 - float(solution.inertia) / total if total > 0 else 0.0,
        sizes=tuple(round(float(size)) for size in solution.sizes),
        silhouette=None if parts is None else parts.silhouette.mean,
        calinski_harabasz=calinski_harabasz(total, float(solution.inertia), n, k),
        davies_bouldin=None if parts is None else parts.rows.davies_bouldin,
        certificate=solution.certificate,
        scores=scores,
        cluster_scores=clusters,
        moves=() if parts is None else _shares(parts.resampled.moves),
    )


def _shares(table: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(value, 6) for value in row) for row in table.tolist())


def _gap(measured: Mapping[str, float], nulls: Mapping[str, NullScores], family: Family) -> Score:
    found = gap(measured["log_inertia"], nulls["log_inertia"].families[family])
    return Score(value=found.value, error=found.error, how=f"{family} null tables")


def _separation(
    parts: Parts, measured: Mapping[str, float], nulls: Mapping[str, NullScores]
) -> dict[str, Score]:
    sil, border = parts.silhouette, measured["border"]
    place = {name: _place(name, value, nulls) for name, value in measured.items()}
    tough_family, tough = nulls["border"].toughest()
    excess_family, excess = nulls["simplified_silhouette"].toughest()
    scores = {
        "silhouette": Score(
            value=sil.mean,
            error=sil.error or None,
            place=place.get("silhouette", place["simplified_silhouette"]),
            how="exact" if sil.points is not None else f"sample of {sil.sampled:,}",
        ),
        "simplified_silhouette": Score(
            value=parts.rows.simplified,
            place=place["simplified_silhouette"],
            how=f"all {parts.rows.rows:,} rows",
        ),
        "silhouette_excess": Score(
            value=measured["simplified_silhouette"] - float(excess.mean()),
            error=_spread(excess),
            how=f"simplified silhouette above {excess_family} null tables",
        ),
        "border": Score(value=border, place=place["border"], how="density at the border"),
        "border_null": Score(
            value=float(tough.mean()),
            low=float(tough.min()),
            high=float(tough.max()),
            how=f"{tough_family} null tables",
        ),
        "shadow": Score(
            value=float(np.average(parts.shadows)),
            place=place["shadow"],
            how="mean of the clusters",
        ),
    }
    for name in ("calinski_harabasz", "davies_bouldin"):
        if name in measured:
            scores[name] = Score(value=measured[name], place=place[name], how="as the null tables")
    return scores


def _agreement(parts: Parts, nulls: Mapping[str, NullScores]) -> dict[str, Score]:
    pairs = parts.resampled.pairs
    stability = float(pairs.mean())
    strength = parts.halved.strength
    recovered = float((parts.resampled.jaccard >= RECOVERED).mean(axis=0).min())
    halves = float(parts.halved.agreement.mean())
    place = {
        name: _place(name, value, nulls)
        for name, value in {
            "stability": stability,
            "prediction_strength": float(strength.mean()),
            "halves": halves,
            **least_in_pairs(parts.resampled.jaccard),
        }.items()
    }
    return {
        "stability": Score(
            value=stability,
            low=float(np.quantile(pairs, 0.05)),
            high=float(np.quantile(pairs, 0.95)),
            place=place["stability"],
            how=f"{len(pairs)} pairs of bootstrap resamples",
        ),
        "jaccard": Score(
            value=float(parts.resampled.jaccard.mean(axis=0).min()),
            place=place["jaccard"],
            how="least cluster",
        ),
        "recovered": Score(
            value=recovered,
            error=float(np.sqrt(recovered * (1.0 - recovered) / len(pairs))),
            place=place["recovered"],
            how="least cluster",
        ),
        "prediction_strength": Score(
            value=float(strength.mean()),
            error=_spread(strength) / np.sqrt(len(strength)),
            place=place["prediction_strength"],
            how=f"{len(strength)} splits into halves",
        ),
        "halves": Score(
            value=halves,
            error=_spread(parts.halved.agreement) / np.sqrt(len(strength)),
            place=place["halves"],
            how=f"{len(strength)} splits into halves",
        ),
        "search": Score(
            value=float(parts.searched.mean()),
            low=float(parts.searched.min()),
            how=f"{len(parts.searched)} independent searches",
        ),
    }


def _clusters(parts: Parts) -> dict[str, tuple[Score, ...]]:
    jaccard = parts.resampled.jaccard
    count = len(jaccard)
    found = {
        "silhouette": [Score(value=float(v)) for v in parts.silhouette.clusters],
        "shadow": [Score(value=float(v)) for v in parts.shadows],
        "jaccard": [
            Score(
                value=float(each.mean()),
                low=float(np.quantile(each, 0.05)),
                high=float(np.quantile(each, 0.95)),
                how=f"{count} bootstrap resamples",
            )
            for each in jaccard.T
        ],
        "recovered": [
            Score(value=float(np.count_nonzero(each >= RECOVERED)), how=f"of {count} resamples")
            for each in jaccard.T
        ],
        "dissolved": [
            Score(value=float(np.count_nonzero(each <= DISSOLVED)), how=f"of {count} resamples")
            for each in jaccard.T
        ],
        "border": [
            Score(value=float(worst), how=f"towards cluster {int(other) + 1}")
            for worst, other in zip(
                parts.borders.worst, parts.borders.ratios.argmax(axis=1), strict=True
            )
        ],
        "inner_border": [
            Score(
                value=float(value),
                low=float(low) if np.isfinite(low) else None,
                high=float(high) if np.isfinite(high) else None,
                how="cut in two; low: the least in a bell curve; high: given the counts",
            )
            for value, high, low in zip(*parts.inner, strict=True)
        ],
    }
    for name, values in (
        ("together", parts.across.together),
        ("splits", parts.across.splits),
    ):
        if values is not None:
            found[name] = [Score(value=float(v)) for v in values]
    return {name: tuple(each) for name, each in found.items()}


def _place(name: str, value: float, nulls: Mapping[str, NullScores]) -> float | None:
    return nulls[name].place(value) if name in nulls else None


def _spread(values: Floats) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0
