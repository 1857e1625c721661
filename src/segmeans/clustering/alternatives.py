"""Other ways to cluster a few thousand rows, to see whether segments depend on k-means.

Plain NumPy, for tables of up to a few thousand rows: distances of all pairs are held in memory.
Each function returns labels of shape (n,).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmeans.clustering.kernels import Floats
from segmeans.clustering.quality import squared_distances
from segmeans.clustering.sums import column_sums

Numbers = NDArray[np.intp]

_ROUNDS = 100
_LEAST_SPREAD = 1e-6  # added to variances, relative to those of the table
_SETTLED = 1e-6  # gain in mean log-likelihood below which EM stops


def medoids(points: Floats, k: int, generator: np.random.Generator) -> Numbers:
    """Cluster around k rows that minimise the sum of distances (not squared): k-medoids.

    Swaps as in FasterPAM (Schubert & Rousseeuw, Information Systems 2021): a row takes the place
    of the medoid for which that helps most, as soon as it helps.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [2.0], [9.0], [10.0], [11.0]])
    >>> medoids(x, 2, np.random.default_rng(0)).tolist() in ([0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0])
    True
    """
    n = len(points)
    distance = np.sqrt(squared_distances(points, points))
    np.fill_diagonal(distance, 0.0)
    chosen = generator.choice(n, k, replace=False)
    since, row = 0, 0
    near = _Near(distance, chosen)
    for _ in range(_ROUNDS * n):
        if since >= n:
            break
        gain, place = near.gain(row)
        if gain > 1e-12 * near.cost:
            chosen[place], since = row, 0
            near = _Near(distance, chosen)
        row, since = (row + 1) % n, since + 1
    return np.asarray(distance[:, chosen].argmin(axis=1))


class _Near:
    """Nearest and second nearest medoid of every row."""

    def __init__(self, distance: Floats, chosen: Numbers) -> None:
        self._distance, rows = distance, np.arange(len(distance))
        reach = distance[:, chosen].copy()
        self._k = len(chosen)
        self._nearest = reach.argmin(axis=1)
        self._first = reach[rows, self._nearest]
        reach[rows, self._nearest] = np.inf
        self._second = reach.min(axis=1) if self._k > 1 else np.full(len(rows), np.inf)
        self.cost = float(self._first.sum())

    def gain(self, row: int) -> tuple[float, int]:
        """Return what the best swap of this row for a medoid saves, and which medoid."""
        fresh = self._distance[row]
        closer = fresh < self._first
        saved = float((self._first - fresh)[closer].sum())
        # Members that do not go to the new row lose their medoid and take the second or the row.
        loss = np.where(closer, 0.0, np.minimum(self._second, fresh) - self._first)
        lost = np.bincount(self._nearest, loss, self._k)
        place = int(lost.argmin())
        return saved - float(lost[place]), place


def ward(points: Floats, k: int) -> Numbers:
    """Merge rows two by two with the least growth of inertia until k clusters remain.

    Ward (1963), by chains of nearest neighbours (Murtagh 1983), which finds the same tree.
    """
    n = len(points)
    size = np.ones(n)
    cost = squared_distances(points, points) / 2.0  # growth of inertia of each merger
    np.fill_diagonal(cost, np.inf)
    mergers: list[tuple[float, int, int]] = []
    chain: list[int] = []
    alive = np.ones(n, dtype=bool)
    while len(mergers) < n - 1:
        if not chain:
            chain.append(int(np.flatnonzero(alive)[0]))
        last = chain[-1]
        nearest = int(cost[last].argmin())
        if len(chain) > 1 and cost[last, chain[-2]] <= cost[last, nearest]:
            nearest = chain[-2]
        if len(chain) < 2 or nearest != chain[-2]:
            chain.append(nearest)
            continue
        chain = chain[:-2]
        mergers.append((float(cost[last, nearest]), nearest, last))
        _merge(cost, size, alive, nearest, last)
    return _cut(n, sorted(mergers, key=lambda merger: merger[0])[: n - k])


def _merge(cost: Floats, size: Floats, alive: NDArray[np.bool_], kept: int, gone: int) -> None:
    """Lance & Williams (1967): the costs of the merged cluster, in the place of ``kept``."""
    a, b = size[kept], size[gone]
    both = cost[kept, gone]
    fresh = ((a + size) * cost[kept] + (b + size) * cost[gone] - size * both) / (a + b + size)
    size[kept], alive[gone] = a + b, False
    fresh[~alive] = np.inf
    fresh[kept] = np.inf
    cost[kept], cost[:, kept] = fresh, fresh
    cost[gone], cost[:, gone] = np.inf, np.inf


def _cut(n: int, mergers: list[tuple[float, int, int]]) -> Numbers:
    parent = np.arange(n)

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = int(parent[row])
        return row

    for _, first, second in mergers:
        parent[root(second)] = root(first)
    return np.asarray(np.unique([root(row) for row in range(n)], return_inverse=True)[1])


def gaussian_mixture(points: Floats, labels: Numbers, k: int) -> Numbers:
    """Fit k bell curves, each with its own covariance, by EM from a first clustering.

    Dempster, Laird & Rubin (1977); a little of the table's variance is added to each covariance.
    Rows go to the curve that most likely made them.
    """
    n, d = points.shape
    chance = np.zeros((n, k))
    chance[np.arange(n), labels] = 1.0
    least = _LEAST_SPREAD * max(float(points.var(axis=0).mean()), 1e-12) * np.eye(d)
    before = -np.inf
    for _ in range(_ROUNDS):
        density = np.column_stack([_log_density(points, chance[:, j], least) for j in range(k)])
        top = density.max(axis=1, keepdims=True)
        mass = np.exp(density - top)
        total = mass.sum(axis=1, keepdims=True)
        chance = mass / total
        likely = float((top + np.log(total)).mean())
        if likely - before < _SETTLED:
            break
        before = likely
    return np.asarray(chance.argmax(axis=1))


def _log_density(points: Floats, weight: Floats, least: Floats) -> Floats:
    """Log of share times density of the bell curve that fits the weighted rows."""
    mass = float(weight.sum())
    if mass < 1e-8:
        return np.full(len(points), -np.inf)
    mean = column_sums(weight, points) / mass
    centred = points - mean
    covariance = (centred * weight[:, None]).T @ centred / mass + least
    root = np.linalg.cholesky(covariance)
    scaled = np.linalg.solve(root, centred.T)
    constant = np.log(mass / len(points)) - np.log(np.diag(root)).sum()
    constant -= 0.5 * points.shape[1] * np.log(2.0 * np.pi)
    return np.asarray(constant - 0.5 * np.square(scaled).sum(axis=0))


def prototypes(
    points: Floats, codes: NDArray[np.integer], labels: Numbers, k: int, gamma: float
) -> Numbers:
    """Improve a clustering of mixed data: means for numbers, most frequent levels for categories.

    k-prototypes (Huang 1998): squared distances of the numbers plus ``gamma`` per differing
    category.

    Parameters
    ----------
    points : ndarray of shape (n, d)
        Numbers.
    codes : ndarray of shape (n, c)
        Levels of each category, from 0.
    labels : ndarray of shape (n,)
        Where to begin.
    k : int
    gamma : float
    """
    labels = labels.copy()
    for _ in range(_ROUNDS):
        cost = np.full((len(points), k), np.inf)
        for j in range(k):
            mine = labels == j
            if mine.any():
                modes = np.array([np.bincount(column[mine]).argmax() for column in codes.T])
                cost[:, j] = np.square(points - points[mine].mean(axis=0)).sum(axis=1)
                cost[:, j] += gamma * (codes != modes).sum(axis=1)
        fresh = cost.argmin(axis=1)
        if np.array_equal(fresh, labels):
            break
        labels = fresh
    return labels
