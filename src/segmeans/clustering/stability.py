"""Would the same clusters be found again? Resamples, halves, and other numbers of clusters.

Three sources of disagreement are kept apart: the search (the same customers, searched again), the
sample (other customers drawn) and the structure (neither helps). Every draw is searched to
convergence, with the solution on all customers among the starts: a lazy search in the resamples
would be taken for instability of the clusters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from segmeans.clustering.agreement import (
    adjusted_rand,
    best_jaccard,
    concentration,
    contingency,
    prediction_strength,
)
from segmeans.clustering.kernels import Floats, Labels, assign
from segmeans.clustering.resample import Effort, bootstrap, halves, settle

DISSOLVED = 0.5  # Hennig (2007): a cluster with a Jaccard index up to this is gone
RECOVERED = 0.75  # and from this on it was found again

_Task = TypeVar("_Task")
_Done = TypeVar("_Done")
Tick = Callable[[], None]


class Resampled(NamedTuple):
    """The clusterings of B bootstrap resamples for one k."""

    centres: Floats  # (B, k, d)
    match: NDArray[np.int16]  # (B, k): the original cluster that holds most of each
    pairs: Floats  # (B,) adjusted Rand of each resample's clustering and the next one's
    jaccard: Floats  # (B, k) best Jaccard index of each original cluster
    moves: Floats  # (k, k) share of each original cluster's customers that is in each, on average


class Halved(NamedTuple):
    """The clusterings of S splits of the customers into halves, for one k."""

    agreement: Floats  # (S,) adjusted Rand of the two halves' clusterings of all points
    strength: Floats  # (S,) prediction strength, the mean of both directions


class AcrossK(NamedTuple):
    """Where the members of each cluster are at the next lower and the next higher k."""

    together: Floats | None  # (k,) 1: the members come from one cluster of k - 1
    splits: Floats | None  # (k,) 1: they stay one cluster at k + 1; 0: spread over all


def in_order(
    work: Callable[[_Task], _Done],
    tasks: Sequence[_Task],
    threads: int,
    tick: Tick | None = None,
) -> list[_Done]:
    """Work on tasks, in threads where asked; the results come in the order of the tasks."""

    def one(task: _Task) -> _Done:
        done = work(task)
        if tick is not None:
            tick()
        return done

    if threads <= 1 or len(tasks) <= 1:
        return [one(task) for task in tasks]
    with ThreadPoolExecutor(min(threads, len(tasks))) as pool:
        return list(pool.map(one, tasks))


def resamples(
    points: Floats,
    weights: Floats,
    solutions: Mapping[int, Floats],
    seeds: Sequence[np.random.SeedSequence],
    effort: Effort,
    *,
    threads: int = 1,
    tick: Tick | None = None,
) -> dict[int, Resampled]:
    """Cluster bootstrap resamples and compare them with each other and with the solutions.

    Agreement is measured on all points: each clustering labels everyone by its nearest centre.

    Parameters
    ----------
    points : ndarray of shape (m, d)
    weights : ndarray of shape (m,)
    solutions : mapping of int to ndarray of shape (k, d)
        Centres for each k >= 2.
    seeds : sequence of SeedSequence
        One per resample, at least two.
    effort : Effort
    threads : int, default=1
        The result does not depend on it.
    tick : callable, optional
        Called after every resample.

    Returns
    -------
    dict of int to Resampled
    """

    def one(seed: np.random.SeedSequence) -> dict[int, Floats]:
        generator = np.random.default_rng(seed)
        drawn = bootstrap(weights, generator)
        return {
            k: settle(points, drawn, k, generator, effort, [centres])
            for k, centres in solutions.items()
        }

    found = in_order(one, seeds, threads, tick)
    return {
        k: compare(points, weights, centres, np.stack([each[k] for each in found]))
        for k, centres in solutions.items()
    }


def compare(points: Floats, weights: Floats, centres: Floats, drawn: Floats) -> Resampled:
    """Compare the clusterings of resamples with a solution, and with each other.

    Parameters
    ----------
    points : ndarray of shape (m, d)
    weights : ndarray of shape (m,)
    centres : ndarray of shape (k, d)
        The solution; its clusters need not be in the order of those that were resampled.
    drawn : ndarray of shape (B, k, d)

    Returns
    -------
    Resampled
    """
    count, k = len(drawn), len(centres)
    original = assign(points, centres)
    match, jaccard = np.empty((count, k), dtype=np.int16), np.empty((count, k))
    moves = np.zeros((k, k))
    labels = [assign(points, table) for table in drawn]
    for b, mine in enumerate(labels):
        table = contingency(original, mine, k, k, weights)
        match[b], jaccard[b] = table.argmax(axis=0), best_jaccard(table)
        np.add.at(moves.T, match[b], table.T)
    pairs = [
        adjusted_rand(contingency(labels[b], labels[(b + 1) % count], k, k, weights))
        for b in range(count)
    ]
    total = moves.sum(axis=1, keepdims=True)
    return Resampled(
        drawn, match, np.array(pairs), jaccard, moves / np.where(total > 0, total, 1.0)
    )


def least_in_pairs(jaccard: Floats) -> dict[str, float]:
    """Summarise the least steady cluster as two resamples show it, on average over all pairs.

    The least of several means is the lower the fewer resamples there are; taken in pairs, many
    resamples of the data compare with two of a null table.

    Parameters
    ----------
    jaccard : ndarray of shape (B, k)

    Returns
    -------
    dict of str to float
        ``jaccard``, the mean index, and ``recovered``, the share of the pair that finds it again.

    Examples
    --------
    >>> least_in_pairs(np.array([[1.0, 0.6], [0.7, 1.0]]))
    {'jaccard': 0.8, 'recovered': 0.5}
    """

    def least(values: Floats) -> float:
        return float((0.5 * (values + np.roll(values, -1, axis=0))).min(axis=1).mean())

    return {
        "jaccard": least(jaccard),
        "recovered": least((jaccard >= RECOVERED).astype(np.float64)),
    }


def membership(points: Floats, k: int, found: Resampled) -> Floats:
    """Return how often each point falls into each original cluster, over the resamples.

    A cluster of a resample stands for the original cluster that holds most of it.

    Returns
    -------
    ndarray of shape (m, k)
        Rows add up to 1.
    """
    counts = np.zeros((len(points), k))
    rows = np.arange(len(points))
    for centres, match in zip(found.centres, found.match, strict=True):
        counts[rows, match[assign(points, centres)]] += 1.0
    return np.asarray(counts / len(found.centres))


def splits(
    points: Floats,
    weights: Floats,
    solutions: Mapping[int, Floats],
    seeds: Sequence[np.random.SeedSequence],
    effort: Effort,
    *,
    threads: int = 1,
    tick: Tick | None = None,
) -> dict[int, Halved]:
    """Split the customers into halves, cluster each, and let each half predict the other.

    Tibshirani & Walther (2005) for the prediction strength. Parameters as in
    :func:`resamples`, one seed per split.
    """

    def one(seed: np.random.SeedSequence) -> dict[int, tuple[float, float]]:
        generator = np.random.default_rng(seed)
        parts = halves(weights, generator)
        return {
            k: _one_split(points, weights, parts, centres, generator, effort)
            for k, centres in solutions.items()
        }

    found = in_order(one, seeds, threads, tick)
    return {
        k: Halved(*(np.array([each[k][i] for each in found]) for i in range(2))) for k in solutions
    }


def _one_split(
    points: Floats,
    weights: Floats,
    parts: tuple[Floats, Floats],
    centres: Floats,
    generator: np.random.Generator,
    effort: Effort,
) -> tuple[float, float]:
    k = len(centres)
    first, second = (
        assign(points, settle(points, part, k, generator, effort, [centres])) for part in parts
    )
    agreement = adjusted_rand(contingency(first, second, k, k, weights))
    strength = 0.5 * (_strength(second, first, k, parts[1]) + _strength(first, second, k, parts[0]))
    return agreement, strength


def _strength(test: Labels, training: Labels, k: int, weights: Floats) -> float:
    return float(prediction_strength(contingency(test, training, k, k, weights)).min())


def searches(
    points: Floats,
    weights: Floats,
    solutions: Mapping[int, Floats],
    seeds: Sequence[np.random.SeedSequence],
    effort: Effort,
    *,
    threads: int = 1,
) -> dict[int, Floats]:
    """Search the same points anew from random starts alone; return the adjusted Rand indices.

    Returns
    -------
    dict of int to ndarray of shape (len(seeds),)
        Agreement of each independent search with the solution.
    """

    def one(seed: np.random.SeedSequence) -> dict[int, float]:
        generator = np.random.default_rng(seed)
        return {
            k: adjusted_rand(
                contingency(
                    assign(points, centres),
                    assign(points, settle(points, weights, k, generator, effort)),
                    k,
                    k,
                    weights,
                )
            )
            for k, centres in solutions.items()
        }

    found = in_order(one, seeds, threads)
    return {k: np.array([each[k] for each in found]) for k in solutions}


def across_k(
    weights: Floats, labels: Mapping[int, Labels]
) -> tuple[dict[int, AcrossK], dict[tuple[int, int], Floats]]:
    """Follow the members of each cluster to the neighbouring numbers of clusters.

    Staying together at k - 1 shows a unit; spreading at k + 1 shows that it has sub-groups
    (stability across solutions, Dolnicar & Leisch 2017, read both ways).

    Parameters
    ----------
    weights : ndarray of shape (m,)
    labels : mapping of int to ndarray of shape (m,)
        Labels of the same points for each k.

    Returns
    -------
    dict of int to AcrossK
    dict of (int, int) to ndarray
        For every two k, the lower first, the weight that flows from cluster to cluster.
    """
    ks = sorted(labels)
    flows = {
        (low, high): contingency(labels[low], labels[high], low, high, weights)
        for low, high in combinations(ks, 2)
    }
    found = {}
    for low, k, high in zip([None, *ks], ks, [*ks[1:], None], strict=False):
        below = None if low is None else concentration(flows[low, k].T)
        above = None if high is None else concentration(flows[k, high])
        found[k] = AcrossK(below, above)
    return found, flows
