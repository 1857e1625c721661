"""Whether the segments survive other choices, all as defensible as the ones that were made.

Same number of segments throughout: another scale, transform or cap, one feature less, another
method. A segment that only one recipe finds is a product of the recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmeans import preparation
from segmeans.clustering.agreement import AnyLabels
from segmeans.clustering.alternatives import gaussian_mixture, medoids, prototypes, ward
from segmeans.clustering.kernels import Floats, assign
from segmeans.clustering.search import search
from segmeans.records import ColumnRole, FeatureState, Finding, PreparationState, Variation
from segmeans.settings import Settings
from segmeans.tables.duck import Table
from segmeans.verdict.influence import Solved, compared, influences

ROWS = 200_000  # customers that are prepared anew for each variation
PAIRS = 2000  # customers for the methods that compare all pairs
FRAGILE = 0.6  # agreement below which a choice decides

Tick = Callable[[str, int, int], None]


def robustness(
    table: Table,
    roles: Sequence[ColumnRole],
    state: PreparationState,
    settings: Settings,
    centres: Floats,
    solution: Solved,
    *,
    tick: Tick | None = None,
) -> tuple[Variation, ...]:
    """Compare the recommended segments with those that other choices give.

    Parameters
    ----------
    table : Table
    roles : sequence of ColumnRole
    state : PreparationState
        The preparation behind the recommended segments.
    settings : Settings
    centres : ndarray of shape (k, p)
        The recommended solution in prepared units.
    solution : Solved
        The same, from :func:`segmeans.verdict.influence.solved`.
    tick : callable, optional
        Called as ``tick(step, done, total)``.

    Returns
    -------
    tuple of Variation
        Preparations first, then features left out, then other methods.
    """
    work: list[Callable[[], list[Variation]]] = [
        *(
            partial(_prepared_otherwise, table, roles, state, settings, centres, name, value)
            for name, value in _other_choices(settings)
        ),
        partial(_features, solution, settings.seed),
        partial(_methods, solution, state, settings.seed),
    ]
    found: list[Variation] = []
    for done, part in enumerate(work):
        if tick is not None:
            tick("Trying other choices", done, len(work))
        found += part()
    if tick is not None:
        tick("Trying other choices", len(work), len(work))
    return tuple(found)


def _other_choices(settings: Settings) -> list[tuple[str, str]]:
    """List the settings that another analyst might have chosen."""
    scales = [("scale", scale) for scale in ("standard", "robust", "minmax")]
    others = [*scales, ("transform", "none"), ("transform", "auto")]
    others += [("outliers", "keep"), ("outliers", "cap")]
    return [(name, value) for name, value in others if getattr(settings, name) != value]


def _prepared_otherwise(
    table: Table,
    roles: Sequence[ColumnRole],
    state: PreparationState,
    settings: Settings,
    centres: Floats,
    name: str,
    value: str,
) -> list[Variation]:
    other = preparation.fit(table, roles, settings.model_copy(update={name: value})).state
    if _numbers_of(other) == _numbers_of(state):
        return []  # the choice makes no difference here
    rows, status = _some(table, state, settings.seed)
    fresh, fresh_status = _some(table, other, settings.seed)
    both = (status == preparation.USED) & (fresh_status == preparation.USED)
    k = len(centres)
    origin = rows[both].mean(axis=0)
    labels = assign(np.ascontiguousarray(rows[both] - origin), centres - origin)
    matter = np.ascontiguousarray(fresh[both] - fresh[both].mean(axis=0))
    if len(np.unique(matter[: 10 * k + 1000], axis=0)) < k:
        return []
    found = search(matter, k, seed=settings.seed, threads=settings.threads)
    agreement = compared(labels, assign(matter, found.centres), k)
    return [_variation("preparation", f"{name}: {value}", agreement)]


def _numbers_of(state: PreparationState) -> tuple[FeatureState, ...]:
    """Return what prepares a customer, without what was written about it for people."""
    return tuple(replace(feature, before={}, after={}, note="") for feature in state.features)


def _some(
    table: Table, state: PreparationState, seed: int
) -> tuple[Floats, NDArray[np.signedinteger[Any]]]:
    """Prepare all rows, or the same random ones whatever the preparation."""
    generator = np.random.default_rng(seed)
    keep = min(1.0, ROWS / max(table.n_rows, 1))
    parts = []
    for matrix, status in preparation.blocks(table, state):
        mask = generator.random(len(status)) < keep
        parts.append((matrix[mask], status[mask]))
    matrices, marks = zip(*parts, strict=True)
    return np.concatenate(matrices), np.concatenate(marks)


def _features(solution: Solved, seed: int) -> list[Variation]:
    if len(solution.features) < 2:
        return []
    return [
        _variation("feature", f"without {each.feature}", (each.agreement, each.segment, each.kept))
        for each in influences(solution, seed)
    ]


def _methods(solution: Solved, state: PreparationState, seed: int) -> list[Variation]:
    """Cluster customers by other methods, from the same prepared columns."""
    generator = np.random.default_rng(seed)
    rows = _drawn(solution.weights, generator)
    points, labels = solution.points[rows], solution.labels[rows].astype(np.intp)
    k = solution.k
    if len(np.unique(points, axis=0)) < max(k, 2) or k < 2:
        return []
    ways: dict[str, AnyLabels] = {
        "k-medoids": medoids(points, k, generator),
        "Ward": ward(points, k),
        "Gaussian mixture": gaussian_mixture(points, labels, k),
    }
    kinds = [feature.kind == "category" for feature in state.features]
    if any(kinds) and not all(kinds):
        ways["k-prototypes"] = _prototypes(solution, points, labels, kinds)
    return [
        _variation("method", name, compared(labels, others, k)) for name, others in ways.items()
    ]


def _drawn(weights: Floats, generator: np.random.Generator) -> NDArray[np.intp]:
    """Return all customers, repeats included, where they are few, else some drawn by weight."""
    if float(weights.sum()) <= PAIRS and np.equal(weights, np.round(weights)).all():
        return np.repeat(np.arange(len(weights)), weights.astype(np.intp))
    return generator.choice(len(weights), PAIRS, p=weights / weights.sum())


def _prototypes(
    solution: Solved, points: Floats, labels: NDArray[np.intp], kinds: Sequence[bool]
) -> AnyLabels:
    numeric = [own for own, category in zip(solution.columns, kinds, strict=True) if not category]
    coded = [own for own, category in zip(solution.columns, kinds, strict=True) if category]
    numbers = points[:, np.concatenate(numeric)]
    codes = np.column_stack(
        [np.unique(points[:, own].round(9), axis=0, return_inverse=True)[1] for own in coded]
    )
    # Huang (1998) proposes about the average spread of a number.
    gamma = float(numbers.var(axis=0).mean())
    return prototypes(numbers, codes, labels, solution.k, gamma)


def _variation(kind: Any, what: str, agreement: tuple[float, int, float]) -> Variation:
    return Variation(
        kind=kind, what=what, agreement=agreement[0], segment=agreement[1], kept=agreement[2]
    )


def fragile(found: Sequence[Variation]) -> tuple[Finding, ...]:
    """Tell which choices decide the segments."""
    weak = [each for each in found if each.agreement < FRAGILE and each.kind != "feature"]
    if not weak:
        return ()
    told = "; ".join(f"{each.what} ({each.agreement:.2f})" for each in weak)
    return (
        Finding(
            level="warning",
            code="choice-decides",
            where="segments",
            evidence=f"Other choices give other segments (adjusted Rand): {told}.",
            advice="Say which choice was made, and why, wherever the segments are shown.",
        ),
    )
