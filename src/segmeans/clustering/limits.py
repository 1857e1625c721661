"""Clusters under conditions, each with its price: sizes within limits, columns with weights.

With limits on the sizes a row may have to leave its nearest centre. For given centres the cheapest
assignment within the limits is a flow of least cost; alternating it with the means is the
constrained k-means of Bradley, Bennett & Demiriz (MSR-TR-2000-65). The flow is solved exactly on
the small graph of the clusters by shortest augmenting paths, as only rows that change cluster
matter: an edge from a to b costs what the cheapest row of a pays for moving to b.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from segmeans.clustering.agreement import contingency
from segmeans.clustering.hunt import Budget
from segmeans.clustering.kernels import Floats, Labels, assign
from segmeans.clustering.reference import squared_distances
from segmeans.clustering.rows import open_source, survey
from segmeans.clustering.search import Solution, search
from segmeans.clustering.sums import dot
from segmeans.errors import DataError, SettingError

MOST_ROWS = 2**17
"""Rows up to which limits on sizes are enforced."""

_MOST_ROUNDS = 50


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Limited:
    """Clusters whose sizes lie within limits, and what the limits cost.

    Parameters
    ----------
    centres : ndarray of shape (k, d)
        Means of the clusters.
    labels : ndarray of shape (n,)
        Not always the nearest centre.
    inertia : float
    sizes : ndarray of shape (k,)
        Rows per cluster.
    price : float
        Relative excess of the inertia over the best solution without limits.
    moved : int
        Rows that are not with their nearest centre.
    converged : bool
        Whether neither rows nor centres would move any more.
    unlimited : Solution
        The best solution without limits, with its certificate.
    """

    centres: Floats
    labels: Labels
    inertia: float
    sizes: Labels
    price: float
    moved: int
    converged: bool
    unlimited: Solution


def limit_sizes(
    points: ArrayLike,
    k: int,
    *,
    min_size: int = 0,
    max_size: int | None = None,
    weights: ArrayLike | None = None,
    budget: Budget | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> Limited:
    """Find k clusters whose numbers of rows lie within limits.

    Begins at the best centres without limits. Each assignment is the cheapest within the limits
    for its centres; the end is a local optimum, as with plain k-means, and not certified.

    Parameters
    ----------
    points : array-like of shape (n, d)
        At most 2**17 rows.
    k : int
    min_size, max_size : int
        Least and most rows of every cluster; weights do not count here.
    weights : array-like of shape (n,), optional
        Weights of the squared distances.
    budget, seed, threads
        As in :func:`segmeans.clustering.search.search`.

    Returns
    -------
    Limited

    Examples
    --------
    >>> found = limit_sizes([[0.0], [1.0], [2.0], [10.0]], 2, min_size=2)
    >>> found.sizes.tolist(), found.moved, round(found.price, 3)
    ([2, 2], 1, 15.25)
    """
    rows, mass = _rows_in_memory(points, weights)
    n = len(rows)
    most = n if max_size is None else max_size
    _check_limits(n, k, min_size, most)
    unlimited = search(rows, k, weights=mass, budget=budget, seed=seed, threads=threads)
    origin = rows.mean(axis=0)
    rows = rows - origin
    centres, labels, converged = unlimited.centres - origin, None, False
    for _ in range(_MOST_ROUNDS):
        costs = squared_distances(rows, centres) * mass[:, None]
        before, labels = labels, assign_within(costs, min_size, most)
        centres = _means(rows, mass, labels, centres)
        converged = before is not None and np.array_equal(before, labels)
        if converged:
            break
    assert labels is not None  # noqa: S101 - there is at least one round
    distances = squared_distances(rows, centres)
    own = distances[np.arange(n), labels]
    inertia = dot(mass, own)
    return Limited(
        centres=centres + origin,
        labels=labels,
        inertia=inertia,
        sizes=np.bincount(labels, minlength=k).astype(np.int32),
        price=_excess(inertia, unlimited.inertia),
        moved=int((own > distances.min(axis=1)).sum()),
        converged=converged,
        unlimited=unlimited,
    )


def assign_within(costs: Floats, least: int, most: int) -> Labels:
    """Assign rows to clusters of ``least`` to ``most`` rows at the least total cost, exactly.

    Starts where every row is with its cheapest cluster and moves one row at a time along the
    cheapest chain of moves from a cluster that is too large, or to one that is too small. Every
    chain keeps the assignment the cheapest one for its sizes, so the end is optimal (successive
    shortest paths; Ahuja, Magnanti & Orlin, Network Flows, 1993, chapter 9).

    Parameters
    ----------
    costs : ndarray of shape (n, k)
    least, most : int
        With ``k * least <= n <= k * most``; else a SettingError is raised.

    Returns
    -------
    ndarray of shape (n,)

    Examples
    --------
    >>> costs = np.array([[0.0, 9.0], [0.0, 5.0], [0.0, 7.0]])
    >>> assign_within(costs, 1, 2)
    array([0, 1, 0], dtype=int32)
    """
    _check_limits(len(costs), costs.shape[1], least, most)
    moves = _Moves(costs)
    rounding = 1e-13 * float(costs.max())
    while True:
        sizes = moves.sizes
        if sizes.max() > most:
            begin, end = sizes > most, sizes < most
        elif sizes.min() < least:
            begin, end = sizes > least, sizes < least
        else:
            return moves.labels
        moves.move_along(_cheapest_chain(moves.edges(), begin, end, rounding))


class _Moves:
    """Who is where, and for every two clusters the cheapest row to move from one to the other."""

    def __init__(self, costs: Floats) -> None:
        n, self.k = costs.shape
        self.costs = costs
        self.labels: Labels = np.argmin(costs, axis=1).astype(np.int32)
        self.sizes = np.bincount(self.labels, minlength=self.k)
        self._heaps: list[list[list[tuple[float, int]]]] = []
        extra = costs - costs[np.arange(n), self.labels][:, None]
        for a in range(self.k):
            members = np.flatnonzero(self.labels == a)
            self._heaps.append(
                [_heap(extra[members, b], members) if b != a else [] for b in range(self.k)]
            )

    def edges(self) -> Floats:
        """Return the cost of the cheapest move between every two clusters, shape (k, k)."""
        edges = np.full((self.k, self.k), np.inf)
        for a in range(self.k):
            for b in range(self.k):
                heap = self._heaps[a][b]
                while heap and self.labels[heap[0][1]] != a:
                    heapq.heappop(heap)  # has left since
                if heap:
                    edges[a, b] = heap[0][0]
        return edges

    def move_along(self, chain: list[int]) -> None:
        """Move one row along every step of the chain."""
        rows = [self._heaps[a][b][0][1] for a, b in itertools.pairwise(chain)]
        for row, b in zip(rows, chain[1:], strict=True):
            self.labels[row] = b
            for c in range(self.k):
                if c != b:
                    extra = float(self.costs[row, c] - self.costs[row, b])
                    heapq.heappush(self._heaps[b][c], (extra, row))
        self.sizes[chain[0]] -= 1
        self.sizes[chain[-1]] += 1


def _heap(extra: Floats, members: NDArray[np.intp]) -> list[tuple[float, int]]:
    heap = list(zip(extra.tolist(), members.tolist(), strict=True))
    heapq.heapify(heap)
    return heap


def _cheapest_chain(
    edges: Floats, begin: NDArray[np.bool_], end: NDArray[np.bool_], rounding: float
) -> list[int]:
    """Return the cheapest path from any cluster of ``begin`` to any of ``end`` (Bellman-Ford).

    Gains of no more than ``rounding`` do not count: circles of them would never end.
    """
    k = len(edges)
    cost = np.where(begin, 0.0, np.inf)
    came = np.full(k, -1)
    for _ in range(k):
        through = cost[:, None] + edges
        best = through.argmin(axis=0)
        value = through[best, np.arange(k)]
        better = value < cost - rounding
        if not better.any():
            break
        cost[better], came[better] = value[better], best[better]
    chain = [int(np.argmin(np.where(end, cost, np.inf)))]
    while came[chain[-1]] >= 0:
        chain.append(int(came[chain[-1]]))
    return chain[::-1]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Weighted:
    """The best clusters with weighted columns, and what the weights cost.

    Parameters
    ----------
    solution : Solution
        In the units of the points; its inertia is the weighted one.
    labels : ndarray of shape (n,)
    price : float
        Relative excess of the inertia without weights of these clusters over the best ones.
    moved : int
        Rows that are in another cluster than without weights, clusters being matched so that as
        many rows as possible stay.
    unweighted : Solution
    """

    solution: Solution
    labels: Labels
    price: float
    moved: int
    unweighted: Solution


def weigh_columns(
    points: ArrayLike,
    k: int,
    column_weights: ArrayLike,
    *,
    budget: Budget | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> Weighted:
    """Search with weighted columns and say what that costs beside equal ones.

    A weight multiplies the squared distances of its column: weight 4 makes the column count as if
    its spread were doubled.

    Parameters
    ----------
    points : array-like of shape (n, d)
    k : int
    column_weights : array-like of shape (d,)
        Above 0.
    budget, seed, threads
        As in :func:`segmeans.clustering.search.search`.

    Examples
    --------
    >>> points = [[0.0, 0.0], [0.0, 2.0], [3.0, 0.0], [3.0, 2.0]]
    >>> found = weigh_columns(points, 2, [0.1, 1.0])
    >>> found.solution.centres.tolist(), found.moved
    ([[1.5, 0.0], [1.5, 2.0]], 2)
    """
    rows, _ = _rows_in_memory(points, None)
    factors = np.sqrt(_checked_column_weights(column_weights, rows.shape[1]))
    unweighted = search(rows, k, budget=budget, seed=seed, threads=threads)
    found = search(rows * factors, k, budget=budget, seed=seed, threads=threads)
    labels = assign(rows * factors, found.centres)
    plain = assign(rows, unweighted.centres)
    means = _means(rows, np.ones(len(rows)), labels, found.centres / factors)
    inertia = float(np.square(rows - means[labels]).sum())
    shared = contingency(labels, plain, k, k)
    stay = shared[linear_sum_assignment(shared, maximize=True)].sum()
    return Weighted(
        solution=replace(found, centres=found.centres / factors),
        labels=labels,
        price=_excess(inertia, unweighted.inertia),
        moved=int(len(rows) - stay),
        unweighted=unweighted,
    )


def _rows_in_memory(points: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, Floats]:
    source, _ = survey(open_source(points, weights))
    rows = np.asarray(points, dtype=np.float64)
    mass = np.ones(len(rows)) if source.weights is None else np.asarray(weights, dtype=np.float64)
    return rows, mass


def _means(rows: Floats, mass: Floats, labels: Labels, centres: Floats) -> Floats:
    """Return the weighted means; a cluster without weight keeps its centre."""
    k = len(centres)
    total = np.bincount(labels, mass, k)
    sums = np.stack([np.bincount(labels, mass * column, k) for column in rows.T], axis=1)
    filled = total > 0.0
    moved = centres.copy()
    moved[filled] = sums[filled] / total[filled, None]
    return moved


def _excess(inertia: float, best: float) -> float:
    if best > 0.0:
        return inertia / best - 1.0
    return 0.0 if inertia == 0.0 else float("inf")


def _check_limits(n: int, k: int, least: int, most: int) -> None:
    if n > MOST_ROWS:
        raise DataError(
            "There are too many rows for limits on the sizes",
            where="points",
            found=f"{n} rows",
            allowed=f"{MOST_ROWS} rows",
            hint="a sample of the rows",
        )
    if least < 0 or most < 1 or least > most or k * least > n or k * most < n:
        raise SettingError(
            "The limits on the sizes cannot be kept",
            where="min_size, max_size",
            found=f"{k} clusters of {least} to {most} rows",
            allowed=f"limits that leave room for {n} rows",
        )


def _checked_column_weights(column_weights: ArrayLike, d: int) -> Floats:
    weights = np.asarray(column_weights, dtype=np.float64)
    if weights.shape != (d,) or not np.isfinite(weights).all() or not (weights > 0.0).all():
        raise SettingError(
            "The column weights do not suit",
            where="column_weights",
            found=str(column_weights),
            allowed=f"{d} finite numbers above 0",
        )
    return weights
