"""Counting where independent starts end, and what the counts prove."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmeans.clustering.agreement import adjusted_rand, contingency
from segmeans.clustering.kernels import Floats, assign
from segmeans.clustering.sums import dot
from segmeans.plain import plain_share, set_share
from segmeans.records import Certificate

SAME = 1e-9
"""Relative difference of inertia below which two solutions are equally good."""

_NEAR = 1e-3  # share of the inertia by which matched centres may differ on a sample


@dataclass(slots=True)
class Optimum:
    """A solution in which starts have ended."""

    inertia: float
    centres: Floats  # (k, d)
    hits: int


@dataclass(slots=True)
class Tally:
    """The optima seen so far for one k on one set of points.

    On points that stand for every row two ends are the same optimum when they cut the points
    into the same clusters. On a sample, whose finest distinctions mean nothing, they are when
    their centres pair off within a thousandth of the inertia.
    """

    exact: bool
    starts: int = 0
    optima: list[Optimum] = field(default_factory=list)
    _places: dict[bytes, int] = field(default_factory=dict)

    def add(self, inertia: float, centres: Floats, found: NDArray[Any], hits: int = 1) -> None:
        """Count one end; ``hits=0`` offers a solution that no independent start has found.

        ``found`` tells ends apart: the labels of the points where these stand for every row, on a
        sample the weight of each cluster.
        """
        self.starts += hits
        key = partition_key(found) if self.exact else b""
        place = self._places.get(key) if self.exact else self._nearby(inertia, centres, found)
        if place is None:
            self._places[key] = len(self.optima)
            self.optima.append(Optimum(inertia, centres.copy(), hits))
            return
        known = self.optima[place]
        known.hits += hits
        if inertia < known.inertia:
            known.inertia, known.centres = inertia, centres.copy()

    def _nearby(self, inertia: float, centres: Floats, mass: Floats) -> int | None:
        for place, known in enumerate(self.optima):
            close = abs(known.inertia - inertia) <= _NEAR * inertia
            if close and centres_agree(known.centres, centres, mass, inertia):
                return place
        return None

    def restart(self) -> Tally:
        """Return a tally without counts that still knows the optima."""
        fresh = Tally(self.exact)
        fresh.optima = [Optimum(o.inertia, o.centres, 0) for o in self.optima]
        fresh._places = dict(self._places)
        return fresh

    def ranked(self) -> list[Optimum]:
        """Return the optima from the best on; of equals the one found first comes first."""
        return sorted(self.optima, key=lambda optimum: optimum.inertia)

    @property
    def best(self) -> Optimum:
        """The best solution, whether hit or offered."""
        return min(self.optima, key=lambda optimum: optimum.inertia)

    @property
    def hits(self) -> int:
        """Starts that ended in a solution as good as the best."""
        least = self.best.inertia
        return sum(o.hits for o in self.optima if o.inertia <= least * (1.0 + SAME))

    @property
    def chance_new(self) -> float:
        """Good-Turing estimate that one more start ends in a solution not seen before.

        The share of starts whose end was seen exactly once (Good, Biometrika 1953); before any
        start it is 1.
        """
        once = sum(o.hits == 1 for o in self.optima)
        return once / self.starts if self.starts else 1.0

    @property
    def chance_better(self) -> float:
        """The chance that one more start ends in a solution better than all seen.

        :attr:`chance_new`, times one over the solutions seen plus one: a new solution is taken to
        hold any rank among them with equal chance.
        """
        return self.chance_new / (len(self.optima) + 1)


def partition_key(labels: NDArray[Any]) -> bytes:
    """Return a digest of a partition that does not depend on the numbers of its clusters."""
    first = np.full(int(labels.max()) + 1, len(labels))
    first[labels[::-1]] = np.arange(len(labels) - 1, -1, -1)  # the last to be written stays
    place = np.empty(len(first), dtype=np.int32)
    place[np.argsort(first, kind="stable")] = np.arange(len(first), dtype=np.int32)
    return hashlib.blake2b(place[labels].tobytes(), digest_size=16).digest()


def centres_agree(first: Floats, second: Floats, mass: Floats, inertia: float) -> bool:
    """Whether two sets of centres pair off one to one within a thousandth of the inertia.

    ``mass`` holds the weight of each cluster of the second set.
    """
    squares = np.square(first[:, None, :] - second[None, :, :]).sum(axis=2)
    partner = squares.argmin(axis=0)
    if len(np.unique(partner)) < len(partner):
        return False
    moved = dot(mass, squares[partner, np.arange(len(second))])
    return moved <= _NEAR * inertia


@dataclass(frozen=True, slots=True)
class Needed:
    """What a search must show before it is certified."""

    hits: int
    chance: float


@dataclass(frozen=True, slots=True)
class Rival:
    """The best solution other than the best."""

    gap: float  # relative excess of its inertia
    ari: float  # adjusted Rand index with the best


def rival_of(best: Optimum, other: Optimum | None, points: Floats, weights: Floats) -> Rival | None:
    """Measure another solution against the best one on weighted points."""
    if other is None:
        return None
    gap = other.inertia / best.inertia - 1.0 if best.inertia > 0.0 else 0.0
    first, second = assign(points, best.centres), assign(points, other.centres)
    table = contingency(first, second, len(best.centres), len(other.centres), weights)
    return Rival(max(gap, 0.0), adjusted_rand(table))


def certify(
    tally: Tally,
    needed: Needed,
    rival: Rival | None,
    *,
    k: int,
    hits: int,
    full_passes: int,
    converged: bool,
) -> Certificate:
    """Turn a tally into a certificate, with the reason in plain words.

    Parameters
    ----------
    tally : Tally
        Of the starts.
    needed : Needed
    rival : Rival or None
        None when every start ended in the same solution.
    k : int
    hits : int
        Starts that led to the solution returned. Not always those of the best of the tally: on a
        sample two solutions may rank in another order than on all rows.
    full_passes : int
    converged : bool
    """
    chance = 0.0 if k == 1 else tally.chance_better
    enough = hits >= needed.hits and chance <= needed.chance
    return Certificate(
        k=k,
        starts=tally.starts,
        hits=hits,
        distinct=len(tally.optima),
        gap=None if rival is None else rival.gap,
        ari_next=None if rival is None else rival.ari,
        chance_better=chance,
        full_passes=full_passes,
        converged=converged,
        certified=converged and (k == 1 or enough),
        reason=_reason(tally.starts, hits, chance, needed, k, converged),
    )


def _reason(starts: int, hits: int, chance: float, needed: Needed, k: int, converged: bool) -> str:
    if k == 1:
        return "Certified: one cluster has one best centre, the mean."
    seen = f"{hits} of {starts} independent starts ended in the best solution"
    new = f"the chance that one more start finds a better one is about {plain_share(chance, 2)}"
    if chance == 0.0:
        new = "no solution was met only once, which puts the chance of a better one near 0 %"
    if hits < needed.hits:
        return f"Not certified: {seen}; {needed.hits} were asked for."
    if chance > needed.chance:
        return (
            f"Not certified: {seen}, but {new}; at most {set_share(needed.chance)} was asked for."
        )
    if not converged:
        return f"Not certified: {seen}, but the last passes did not converge."
    return f"Certified: {seen}, and {new}."
