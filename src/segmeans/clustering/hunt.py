"""The search for one k on weighted points in memory: starts, until the best is hit again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmeans.clustering import kernels
from segmeans.clustering.certificate import SAME, Needed, Tally
from segmeans.clustering.climb import Climbed, climb
from segmeans.clustering.coreset import Points
from segmeans.clustering.kernels import Floats
from segmeans.errors import SettingError

_FIRST = 16  # starts before the first look at the tally
_SCATTERED = 0.85  # chance of ending somewhere new above which plain climbs are given up
_PATIENCE = 64  # plain starts after which fewer than three hits end them
_LEADERS = 4  # solutions that must withstand swaps
_CANDIDATES = 256  # points on which a swap may put a centre, unless all points are fewer
_BASE_WORK = 1e9  # multiply-adds that any search may spend, per k up to 8
_PASSES_WORK = 3.0  # and as many times the cost of one pass over all rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """How long a search goes on, and what it must show to be certified.

    Parameters
    ----------
    hits : int, default=8
        Independent starts that must end in the best solution.
    chance : float, default=0.01
        Largest accepted chance that one more start ends in a better solution (Good-Turing).
    starts : int, default=400
        Most independent starts per number of clusters.
    work : float, default=1.0
        Scales the limit on arithmetic per number of clusters. 1 is about half a second of one
        processor core per k at k = 12, more for larger k and more rows; 10 searches ten times
        as long. The limit counts operations, not seconds, so results do not depend on the machine.
    swaps : int, default=16
        Most promising swaps tried before a climb gives up.

    Examples
    --------
    >>> Budget(hits=10).hits
    10
    """

    hits: int = 8
    chance: float = 0.01
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


class Setup(NamedTuple):
    """What all searches of one call share."""

    budget: Budget
    seed: int
    threads: int

    @property
    def needed(self) -> Needed:
        """What the budget asks a certificate to show."""
        return Needed(self.budget.hits, self.budget.chance)


class Hunt:
    """The search for one k on one set of points.

    Starts climb with exchanges alone at first. Where these do not settle the matter, fresh starts
    climb with swaps as well, and are counted afresh: the hits on a certificate always come from
    starts that were treated alike.
    """

    def __init__(self, points: Points, k: int, setup: Setup, n_rows: int) -> None:
        self.points, self.k, self.setup = points, k, setup
        self.tally = Tally(points.weights, points.exact)
        self._random = np.random.default_rng([setup.seed, k])
        self._trials = 2 + int(np.log(k))
        self._swapping = False
        m, d = points.points.shape
        self._cost_of_pass = float(m * k * (d + 1))
        base = _BASE_WORK * max(1.0, k / 8.0)
        self._work_left = setup.budget.work * (base + _PASSES_WORK * n_rows * k * (d + 1))
        self._candidates = swap_rows(points, setup.seed)

    def run(self) -> None:
        """Start until certified or the budget is spent."""
        if self.k == 1:
            self._start(1)
            return
        self._run_plain()
        if not self._settled() or not self._withstands_swaps():
            self._run_swapping()

    def offer(self, centres: Floats) -> bool:
        """Climb from given centres; if that beats the best, go on until it is hit as well.

        The solution counts as seen, never as hit, so what is learned from neighbouring k or a
        former search cannot make the certificate look better.
        """
        before = self.tally.best.inertia
        ends = self._climb(centres[None])
        self.tally.add(float(ends.inertia[0]), ends.centres[0], ends.labels[0], hits=0)
        better = self.tally.best.inertia < before * (1.0 - SAME)
        if better:
            self._run_swapping()
        return better

    def _run_plain(self) -> None:
        """Climb with exchanges alone for as long as that promises to settle the matter."""
        self._start(min(_FIRST, self.setup.budget.starts))
        while not self._settled() and self._may_go_on():
            starts, hits = self.tally.starts, self.tally.hits
            if self.tally.chance_new > _SCATTERED or (starts >= _PATIENCE and hits < 3):
                return
            self._start_some()

    def _run_swapping(self) -> None:
        if not self._swapping:
            self._swapping = True
            self.tally = self.tally.restart()
        while not self._settled() and self._may_go_on():
            self._start_some()

    def _start_some(self) -> None:
        starts = self.tally.starts
        self._start(min(max(8, starts // 4), self.setup.budget.starts - starts))

    def _may_go_on(self) -> bool:
        return self._work_left > 0.0 and self.tally.starts < self.setup.budget.starts

    def _settled(self) -> bool:
        budget = self.setup.budget
        return bool(self.tally.hits >= budget.hits and self.tally.chance_better <= budget.chance)

    def _withstands_swaps(self) -> bool:
        """Whether swaps lead from none of the best few to a better one; such a one is kept."""
        best = self.tally.best.inertia
        leaders = [optimum.centres for optimum in self.tally.ranked()[:_LEADERS]]
        self._swapping, plain = True, self._swapping
        ends = self._climb(np.stack(leaders))
        self._swapping = plain
        for centres, inertia, labels in zip(ends.centres, ends.inertia, ends.labels, strict=True):
            if inertia < best * (1.0 - SAME):
                self.tally.add(float(inertia), centres, labels, hits=0)
        return bool(ends.inertia.min() >= best * (1.0 - SAME))

    def _start(self, count: int) -> None:
        """Seed and climb some more independent starts, and count where they end."""
        uniforms = self._random.random((count, self.k, self._trials))
        points, weights = self.points.points, self.points.weights
        seeded = kernels.starts(points, weights, self.k, uniforms, 0, 0.0, self.setup.threads)
        ends = self._climb(seeded.centres)
        for centres, inertia, labels in zip(ends.centres, ends.inertia, ends.labels, strict=True):
            self.tally.add(float(inertia), centres, labels)

    def _climb(self, centres: Floats) -> Climbed:
        swaps = self.setup.budget.swaps if self._swapping else 0
        self._work_left -= len(centres) * self._cost_of_pass * (25.0 + 6.0 * swaps)
        return climb(
            self.points.points,
            self.points.weights,
            centres,
            self._candidates,
            swaps=swaps,
            threads=self.setup.threads,
        )


def swap_rows(points: Points, seed: int) -> NDArray[np.int64]:
    """Points spread over the data by k-means++, outlying groups included."""
    m = len(points.points)
    if m <= _CANDIDATES:
        return np.arange(m, dtype=np.int64)
    uniforms = np.random.default_rng([seed, 0]).random((_CANDIDATES, 1))
    return np.unique(kernels.seed(points.points, points.weights, _CANDIDATES, uniforms))
