"""Whether a model still fits: another day's customers against those of the day of training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from segmeans.clustering import kernels
from segmeans.errors import DataError
from segmeans.model.calibration import DISTANCES, UNLIKE, Spread
from segmeans.model.files import Asked, Tally, open_for
from segmeans.model.segmentation import Model
from segmeans.plain import plain_share
from segmeans.records import FeatureDrift, ModelRecord, RefreshRecord, ScoredRecord
from segmeans.settings import Settings
from segmeans.tracking.chance import (
    ALPHA,
    adjusted,
    at_least,
    same_spread,
    stability_index,
)

SLIGHT, STRONG = 0.1, 0.2
"""Stability indices from which a difference that is no chance is worth a look, and an alarm."""
UNLIKE_SHARE = 0.01
UNLIKE_MANY = 0.05
UNLUCKY = 3.0
"""So many times the expected share may come from where the cut-off happened to fall."""
WIDER = 1.25
"""Squared distances from the centres so much larger than at training count as a loose fit."""
MISSING_MORE = 0.2
UNSEEN_MANY = 0.5

Tick = Callable[[str, int, int], None]


def refresh(
    model: Model,
    source: Any,
    *,
    settings: Settings | None = None,
    progress: Tick | None = None,
) -> RefreshRecord:
    """Score another day's customers and say whether the model still fits them.

    Parameters
    ----------
    model : Model
        Of schema 2 or later, which knows the day of training.
    source : str, Path, DataFrame or Arrow table
    settings : Settings, optional
        How to read the source, and ``threads``.
    progress : callable, optional
        Called as ``progress(step, done, total)``.

    Returns
    -------
    RefreshRecord
        With the advice to keep the model, to refit it, or to rethink the features, and why.

    Raises
    ------
    DataError
        When the model, written by an early version, does not know the day of training.
    ColumnNotFoundError, SourceError
        When the source cannot be read or lacks a column.
    """
    check_trained(model)
    settings = settings or Settings()
    asked = open_for(model, source, settings)
    with asked.opened:
        return refreshed(model, asked, threads=settings.threads, progress=progress)


def check_trained(model: Model) -> None:
    """Refuse a model that does not know the day of its training.

    Raises
    ------
    DataError
    """
    record = model.record
    if not record.seen:
        raise DataError(
            "The model does not know the customers of the day of training",
            found=f"schema {record.schema}",
            hint="train it again with segmeans run",
        )


def refreshed(
    model: Model, asked: Asked, *, threads: int | None = None, progress: Tick | None = None
) -> RefreshRecord:
    """Score the customers of an open source and say whether the model still fits them.

    Parameters
    ----------
    model : Model
    asked : Asked
    threads : int, optional
    progress : callable, optional

    Returns
    -------
    RefreshRecord
    """
    record, threads = model.record, threads or kernels.default_threads()
    tally = Tally(record)
    spread = Spread(record.preparation, {one.column: one.edges for one in record.seen})
    for raw, scored, _ in model.blocks(asked.table, threads=threads):
        tally.add(scored)
        spread.add(raw)
        if progress is not None:
            progress("Scoring", tally.rows, asked.table.n_rows)
    return judged(record, tally.result(asked), spread)


def judged(record: ModelRecord, scored: ScoredRecord, spread: Spread) -> RefreshRecord:
    """Compare what was counted with the day of training.

    Parameters
    ----------
    record : ModelRecord
    scored : ScoredRecord
    spread : Spread
        Of the same customers.

    Returns
    -------
    RefreshRecord
    """
    drift = feature_drift(record, spread)
    sizes = np.array([segment.size for segment in scored.segments], dtype=np.float64)
    then = np.array([segment.size for segment in record.segments], dtype=np.float64)
    customers = int(sizes.sum())
    _, sizes_p = same_spread(then, sizes)
    sizes_psi = stability_index(then / max(then.sum(), 1), sizes / max(customers, 1))
    unlike = scored.unlike or 0
    found = {
        "sizes_psi": sizes_psi,
        "sizes_p": sizes_p,
        "unlike_share": unlike / max(customers, 1),
        "unlike_expected": _unlike_expected(record, scored),
        "spread_ratio": _spread_ratio(record, scored),
    }
    found["unlike_p"] = at_least(unlike, customers, found["unlike_expected"])
    advice, reasons = _advice(scored, drift, found)
    return RefreshRecord(scored=scored, drift=drift, advice=advice, reasons=reasons, **found)


def feature_drift(record: ModelRecord, spread: Spread) -> tuple[FeatureDrift, ...]:
    """Return how far every feature has moved.

    Parameters
    ----------
    record : ModelRecord
        Knows the day of training.
    spread : Spread
        Of the other day.

    Returns
    -------
    tuple of FeatureDrift
        In the order of the features.
    """
    state = record.preparation
    trained = state.rows_used + state.rows_set_aside
    shares = [np.array(one.shares) for one in record.seen]
    tests = [
        same_spread(then * trained * (1.0 - one.missing), spread.counts(feature).astype(float))
        for one, then, feature in zip(record.seen, shares, state.features, strict=True)
    ]
    chances = adjusted([p for _, p in tests])
    return tuple(
        FeatureDrift(
            column=one.column,
            psi=(psi := stability_index(then, spread.shares(feature))),
            effect=effect,
            p=p,
            missing_then=one.missing,
            missing_now=spread.missing(feature),
            unseen=float(spread.shares(feature)[-1]) if feature.kind == "category" else None,
            drift=_word(psi, p),
        )
        for one, then, feature, (effect, _), p in zip(
            record.seen, shares, state.features, tests, chances, strict=True
        )
    )


def _word(psi: float, p: float) -> Literal["none", "slight", "strong"]:
    if p >= ALPHA or psi < SLIGHT:
        return "none"
    return "strong" if psi >= STRONG else "slight"


def _spread_ratio(record: ModelRecord, scored: ScoredRecord) -> float:
    """Return the mean squared distance from the own centre, now over then; 1 for nobody."""

    def mean(pairs: list[tuple[int, float | None]]) -> float:
        rows = sum(size for size, _ in pairs)
        return sum(size * (spread or 0.0) ** 2 for size, spread in pairs) / max(rows, 1)

    then = mean([(segment.size, segment.spread) for segment in record.segments])
    now = mean([(segment.size, segment.spread) for segment in scored.segments])
    return now / then if then > 0.0 and now > 0.0 else 1.0


def _unlike_expected(record: ModelRecord, scored: ScoredRecord) -> float:
    """Return the share that would be unlike anyone seen if nothing had changed.

    One of n + 1 alike customers is farther out than n others, so that small segments give more.
    """
    beyond = [max(1.0 - DISTANCES[UNLIKE], 1.0 / (one.size + 1)) for one in record.segments]
    return sum(one.share * share for one, share in zip(scored.segments, beyond, strict=True))


def _advice(
    scored: ScoredRecord, drift: tuple[FeatureDrift, ...], found: dict[str, float]
) -> tuple[Literal["keep", "refit", "rethink"], tuple[str, ...]]:
    """Return the advice, and the sentences that bear it out, the gravest first."""
    grave, reasons = _grave(drift, found), []
    strong = [one for one in drift if one.drift == "strong"]
    reasons += [
        f"The values of {one.column!r} have moved: stability index {one.psi:.2f}, "
        f"Cramer's V {one.effect:.2f}."
        for one in strong
    ]
    if _many_unlike(found, UNLIKE_SHARE):
        reasons.append(
            f"{plain_share(found['unlike_share'])} of the customers are unlike anyone seen; "
            f"{plain_share(found['unlike_expected'])} would be if nothing had changed."
        )
    if found["sizes_psi"] >= STRONG and found["sizes_p"] < ALPHA:
        reasons.append(
            f"The sizes of the segments have changed: stability index {found['sizes_psi']:.2f}."
        )
    if found["spread_ratio"] >= WIDER:
        reasons.append(
            "Customers lie farther from the centres: mean squared distance "
            f"{found['spread_ratio']:.2f} times that of the day of training."
        )
    if grave:
        return "rethink", (*grave, *reasons)
    if reasons:
        return "refit", tuple(reasons)
    slight = [one.column for one in drift if one.drift == "slight"]
    customers = sum(segment.size for segment in scored.segments)
    kept = f"{customers:,} customers lie among the segments as those of the day of training did."
    look = (f"Worth a look, though slight: {', '.join(map(repr, slight))}.",) if slight else ()
    return "keep", (kept, *look)


def _grave(drift: tuple[FeatureDrift, ...], found: dict[str, float]) -> list[str]:
    """Return what a new fit on the same features would not mend."""
    said = []
    for one in drift:
        if one.missing_now - one.missing_then > MISSING_MORE:
            said.append(
                f"{plain_share(one.missing_now)} of the customers have no {one.column!r}; "
                f"{plain_share(one.missing_then)} had none on the day of training."
            )
        if one.unseen is not None and one.unseen > UNSEEN_MANY:
            said.append(
                f"{plain_share(one.unseen)} of the values of {one.column!r} were never seen."
            )
    strong = sum(one.drift == "strong" for one in drift)
    if strong > 1 and strong * 2 > len(drift):
        said.append(f"{strong} of {len(drift)} features have moved.")
    if _many_unlike(found, UNLIKE_MANY):
        said.append(
            f"{plain_share(found['unlike_share'])} of the customers are unlike anyone seen."
        )
    return said


def _many_unlike(found: dict[str, float], least: float) -> bool:
    """Return whether more are unlike anyone seen than chance and an unlucky cut-off explain."""
    most = max(least, UNLUCKY * found["unlike_expected"])
    return found["unlike_share"] > most and found["unlike_p"] < ALPHA
