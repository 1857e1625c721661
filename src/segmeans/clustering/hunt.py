"""The search for one k on weighted points in memory: starts, until the best is hit again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmeans.clustering import kernels
from segmeans.clustering.certificate import SAME, Needed, Optimum, Tally
from segmeans.clustering.climb import climb
from segmeans.clustering.coreset import Points, thin
from segmeans.clustering.kernels import Floats
from segmeans.clustering.sums import dot
from segmeans.errors import SettingError

_ROUGH = 2**12  # points on which starts are seeded and settle first, where there are twice as many
_ROUGH_ENOUGH = 64  # of them per cluster
_FIRST = 16  # starts before the first look at the tally
_SCATTERED = 0.85  # chance of ending somewhere new above which plain climbs are given up
_PATIENCE = 32  # plain starts after which fewer than three hits end them
_LEADERS = 4  # solutions that must withstand swaps
_CANDIDATES = 64  # points on which a swap may put a centre, unless all points are fewer
_STILL = 1e-4  # of the mean variance of the columns: what shifts less on a sample may stop there
_PLAIN_ENOUGH = 16  # on samples, clusters up to which swaps are not worth their cost

_BASE_WORK = 1e9  # multiply-adds per k that a search of 2048 points and 8 clusters may spend
_BASE_POINTS, _BASE_CLUSTERS = 2048, 8
# of a start with and without exchanges, and of each swap, in passes over the points
_EXCHANGE_COST, _LLOYD_COST, _SWAP_COST = 25.0, 8.0, 14.0
_STRICT = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """How long a search goes on, and what it must show to be certified.

    Parameters
    ----------
    hits : int, default=8
        Independent starts that must end in the best solution.
    chance : float, default=0.02
        Largest accepted chance that one more start ends in a better solution (Good-Turing).
    starts : int, default=400
        Most independent starts per number of clusters.
    work : float, default=1.0
        Scales the limit on arithmetic per number of clusters, which is reached where the search is
        hard: 10 searches ten times as long. 1 is about a quarter of a second of one processor
        core per k up to 8 clusters, and more for more. The limit counts operations, not
        seconds, so results do not depend on the machine.
    swaps : int, default=16
        Most promising swaps tried before a climb gives up.

    Examples
    --------
    >>> Budget(hits=10).hits
    10
    """

    hits: int = 8
    chance: float = 0.02
    starts: int = 400
    work: float = 1.0
    swaps: int = 16

    def __post_init__(self) -> None:
        for name, allowed, good in (
            ("hits", ">= 1", self.hits >= 1),
            ("chance", "from 0 to 1", 0.0 <= self.chance <= 1.0),
            ("starts", ">= 1", self.starts >= 1),
            ("work", "above 0", self.work > 0.0),
            ("swaps", ">= 0", self.swaps >= 0),
        ):
            if not good:
                raise SettingError(
                    "The search budget does not suit",
                    where=name,
                    found=getattr(self, name),
                    allowed=allowed,
                )


QUICK = Budget(starts=16, swaps=0)
"""Sixteen starts with exchanges and no more: about the time that ten plain starts take elsewhere,
with a better end. For many searches of which none has to prove itself, such as resamples."""


class Setup(NamedTuple):
    """What all searches of one call share."""

    budget: Budget
    seed: int
    threads: int

    @property
    def needed(self) -> Needed:
        """What the budget asks a certificate to show."""
        return Needed(self.budget.hits, self.budget.chance)


class _Ends(NamedTuple):
    """Where climbs ended, with what tells ends apart: see :meth:`Tally.add`."""

    centres: Floats  # (s, k, d)
    inertia: Floats  # (s,)
    found: NDArray[Any]  # (s, m) labels, on a sample (s, k) weights


class Hunt:
    """The search for one k on one set of points.

    Starts run Lloyd and, on points that stand for every row, exchanges. Where these do not settle
    the matter, fresh starts climb with swaps as well, and are counted afresh: the hits on a
    certificate always come from starts that were treated alike.

    Parameters
    ----------
    points : Points
    k : int
    setup : Setup
    n_rows : int
        Rows for which the points stand.
    rough : Points, optional
        A sample of the points, see :func:`rough_of`: starts are drawn and settle there, and go on
        from where that leads. Most iterations of a start find its way in the large, which needs no
        more; the end is one of all points.
    """

    def __init__(
        self, points: Points, k: int, setup: Setup, n_rows: int, rough: Points | None = None
    ) -> None:
        self.points, self.k, self.setup = points, k, setup
        fits = rough is not None and len(rough.points) >= _ROUGH_ENOUGH * k
        self.rough = rough if rough is not None and fits else None
        self.tally = Tally(points.exact)
        self._random = np.random.default_rng([setup.seed, k])
        self._still = 0.0 if points.exact else _STILL * _mean_variance(points)
        self._trials = 2 + int(np.log(k))
        self._swapping = False
        m, d = points.points.shape
        self._pass_cost = float(m * k * (d + 1))
        self._work_left = setup.budget.work * _affordable_work(m, k, n_rows * k * (d + 1))

    @property
    def _may_swap(self) -> bool:
        wanted = self.setup.budget.swaps > 0 and self.k > 1
        return wanted and (self.points.exact or self.k > _PLAIN_ENOUGH)

    def run(self) -> None:
        """Start until certified or the budget is spent."""
        if self.k == 1:
            self._start(1)
            return
        self._run_plain()
        if self._may_swap and not (self._settled() and self._withstands_swaps()):
            self._run_swapping()

    def offer(self, centres: Floats) -> None:
        """Descend from given centres; if that beats the best, go on until it is hit as well.

        The solution counts as seen, never as hit, so what is learned from neighbouring k or a
        former search cannot make the certificate look better.
        """
        before = self.tally.best.inertia
        self._work_left -= self._cost(0)
        ends = self._descend(centres[None], swaps=0)
        self._keep(ends, below=before * (1.0 - SAME))
        if self.tally.best.inertia < before and self._may_swap:
            self._run_swapping()

    def _run_plain(self) -> None:
        """Start without swaps for as long as that promises to settle the matter."""
        self._start(min(_FIRST, self.setup.budget.starts))
        while not self._settled() and self._may_go_on():
            starts, hits = self.tally.starts, self.tally.hits
            hopeless = self.tally.chance_new > _SCATTERED or (starts >= _PATIENCE and hits < 3)
            if hopeless and self._may_swap:
                return
            self._start_some()

    def _run_swapping(self) -> None:
        if not self._swapping and self._may_go_on():
            self._swapping = True
            self.tally = self.tally.restart()
        while not self._settled() and self._may_go_on():
            self._start_some()

    def _start_some(self) -> None:
        starts = self.tally.starts
        affordable = int(np.ceil(self._work_left / self._cost(self._swaps)))
        self._start(min(max(8, starts // 4), self.setup.budget.starts - starts, affordable))

    def _may_go_on(self) -> bool:
        return self._work_left > 0.0 and self.tally.starts < self.setup.budget.starts

    def _settled(self) -> bool:
        budget = self.setup.budget
        return bool(self.tally.hits >= budget.hits and self.tally.chance_better <= budget.chance)

    def _withstands_swaps(self) -> bool:
        """Whether swaps lead from none of the best few to a better one; such a one is kept."""
        best = self.tally.best.inertia
        swaps = self.setup.budget.swaps
        affordable = int(self._work_left / self._cost(swaps))
        leaders = [o.centres for o in self.tally.ranked()[: min(_LEADERS, affordable)]]
        if not leaders:
            return True
        self._work_left -= len(leaders) * self._cost(swaps)
        ends = self._descend(np.stack(leaders), swaps)
        self._keep(ends, below=best * (1.0 - SAME))
        return bool(ends.inertia.min() >= best * (1.0 - SAME))

    def _keep(self, ends: _Ends, below: float) -> None:
        """Remember ends of dependent starts that are better than what is known."""
        for centres, inertia, found in zip(*ends, strict=True):
            if inertia < below:
                self.tally.add(float(inertia), centres, found, hits=0)

    def _start(self, count: int) -> None:
        """Seed some more independent starts, descend from them and count where they end."""
        uniforms = self._random.random((count, self.k, self._trials))
        where = self.rough or self.points
        begun = kernels.starts(
            where.points, where.weights, self.k, uniforms, _STRICT, self._still, self.setup.threads
        )
        hits = [1] * count
        ends = _Ends(begun.centres, begun.inertia, begun.counts)
        self._work_left -= count * self._cost(self._swaps)
        if self.rough:
            known = _gathered(ends)
            hits = [optimum.hits for optimum in known]
            ends = self._descend(np.stack([optimum.centres for optimum in known]), self._swaps)
        elif self.points.exact or self._swaps:
            ends = self._descend(begun.centres, self._swaps)
        for centres, inertia, found, times in zip(*ends, hits, strict=True):
            self.tally.add(float(inertia), centres, found, times)

    @property
    def _swaps(self) -> int:
        return self.setup.budget.swaps if self._swapping else 0

    def _cost(self, swaps: int) -> float:
        exchanges = self.points.exact or swaps > 0
        begin = _EXCHANGE_COST if exchanges else _LLOYD_COST
        return self._pass_cost * (begin + _SWAP_COST * swaps)

    def _descend(self, centres: Floats, swaps: int) -> _Ends:
        """Climb from given centres, on a sample without swaps by Lloyd alone."""
        points, weights, threads = self.points.points, self.points.weights, self.setup.threads
        if self.points.exact or swaps:
            rows = self._swap_rows(centres) if swaps else None
            ends = climb(points, weights, centres, rows, swaps=swaps, threads=threads)
            if self.points.exact:
                return _Ends(ends.centres, ends.inertia, ends.labels)
            mass = [np.bincount(labels, weights, self.k) for labels in ends.labels]
            return _Ends(ends.centres, ends.inertia, np.stack(mass))
        runs = kernels.polish(points, weights, list(centres), _STRICT, self._still, threads)
        return _Ends(
            np.stack([run.centres for run in runs]),
            np.array([run.inertia for run in runs]),
            np.stack([run.counts for run in runs]),
        )

    def _swap_rows(self, centres: Floats) -> NDArray[np.int64]:
        """Draw points on which a swap may put a centre, for every start its own.

        A common choice would lead all starts the same way, and their hits would prove nothing.
        Half of the chance goes by weight, half by weight times squared distance to the centres.
        """
        points, weights = self.points.points, self.points.weights
        if len(points) <= _CANDIDATES:
            return np.arange(len(points), dtype=np.int64)
        rows = np.empty((len(centres), _CANDIDATES), dtype=np.int64)
        for chosen, start in zip(rows, centres, strict=True):
            near = kernels.nearest(points, start, self.setup.threads)[1]
            mass = np.cumsum(weights * (near + dot(weights, near) / weights.sum()))
            drawn = self._random.random(_CANDIDATES) * mass[-1]
            chosen[:] = np.minimum(np.searchsorted(mass, drawn, side="right"), len(points) - 1)
        return rows


def _mean_variance(points: Points) -> float:
    squares = np.einsum("ij,ij->i", points.points, points.points)
    columns = int(points.points.shape[1])
    return dot(points.weights, squares) / float(points.weights.sum()) / columns


def _gathered(ends: _Ends) -> list[Optimum]:
    """Gather the ends on a sample that agree: they go on together, as what they are, several."""
    tally = Tally(exact=False)
    for centres, inertia, found in zip(*ends, strict=True):
        tally.add(float(inertia), centres, found)
    return tally.optima


def _affordable_work(m: int, k: int, full_pass: float) -> float:
    """Return the multiply-adds that a search may spend: less per point where points are many.

    More clusters have more ways to go wrong, hence the square. One pass over all rows comes on
    top, so that the search on a sample never costs much more than the final passes.
    """
    clusters = max(1.0, k / _BASE_CLUSTERS) ** 2
    return _BASE_WORK * clusters * min(1.0, _BASE_POINTS / m) + full_pass


def rough_of(points: Points, seed: int) -> Points | None:
    """Return a sample on which starts may settle first; None where there are few points."""
    return thin(points, _ROUGH, seed) if len(points.points) >= 2 * _ROUGH else None


def swap_rows(points: Points, seed: int) -> NDArray[np.int64]:
    """Return points spread over the data by k-means++, outlying groups included."""
    m = len(points.points)
    if m <= _CANDIDATES:
        return np.arange(m, dtype=np.int64)
    uniforms = np.random.default_rng([seed, 0]).random((_CANDIDATES, 1))
    chosen: NDArray[np.int64] = kernels.seed(points.points, points.weights, _CANDIDATES, uniforms)
    return chosen
