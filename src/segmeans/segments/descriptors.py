"""Do columns that did not form the segments differ between them? Tested, and corrected for many.

The features that formed the segments are not tested: they were made to differ.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from segmeans.records import ProfileRow


@dataclass(frozen=True, kw_only=True, slots=True)
class DescriptorTest:
    """Whether a descriptor differs between segments.

    Parameters
    ----------
    column : str
    method : str
        ``"Welch"`` for the means of a number or date, ``"chi-squared"`` for a category.
    statistic : float
    p : float
        Chance of such a difference or a larger one, were there none.
    corrected : float
        The same for all descriptors of the study together (Holm).
    strength : float
        0 for no difference to 1: eta squared of a number, Cramér's V of a category.
    thin : bool
        A category so rare in some segment that fewer than five customers are expected in more
        than a fifth of the cells: p is a rough guide.
    """

    column: str
    method: str
    statistic: float
    p: float
    corrected: float
    strength: float
    thin: bool = False


def descriptor_tests(profile: Sequence[ProfileRow]) -> tuple[DescriptorTest, ...]:
    """Test every descriptor of a profile.

    Means by Welch's analysis of variance, which does not ask for equal variances (Welch, "On the
    comparison of several mean values", Biometrika, 1951); shares by Pearson's chi-squared test.
    Corrected p-values are Holm's ("A simple sequentially rejective multiple test procedure",
    1979).

    Parameters
    ----------
    profile : sequence of ProfileRow

    Returns
    -------
    tuple of DescriptorTest
        The strongest difference first. A column that is constant, or known in fewer than two
        segments, is left out.
    """
    columns: dict[str, list[ProfileRow]] = {}
    for row in profile:
        if row.role == "describe":
            columns.setdefault(row.feature, []).append(row)
    found = [
        test
        for rows in columns.values()
        if (test := _chi_squared(rows) if rows[0].kind == "category" else _welch(rows)) is not None
    ]
    order = sorted(range(len(found)), key=lambda place: found[place].p)
    least, corrected = 0.0, [1.0] * len(found)
    for rank, place in enumerate(order):
        least = max(least, min(1.0, (len(found) - rank) * found[place].p))
        corrected[place] = least
    tests = [replace(one, corrected=p) for one, p in zip(found, corrected, strict=True)]
    return tuple(sorted(tests, key=lambda test: (test.corrected, -test.strength)))


def _welch(rows: Sequence[ProfileRow]) -> DescriptorTest | None:
    told = [
        (row.known, row.mean, row.std)
        for row in rows
        if row.known > 1 and row.mean is not None and row.std
    ]
    if len(told) < 2:
        return None
    counts, means, stds = (np.array(column, dtype=np.float64) for column in zip(*told, strict=True))
    scale = float(np.max(stds))
    means, stds = means / scale, stds / scale
    k = len(told)
    weights = counts / stds**2
    total = weights.sum()
    centre = float(weights @ means / total)
    between = float(weights @ (means - centre) ** 2) / (k - 1)
    loose = float(np.sum((1 - weights / total) ** 2 / (counts - 1)))
    statistic = between / (1 + 2 * (k - 2) / (k**2 - 1) * loose)
    overall = float(counts @ means / counts.sum())
    explained = float(counts @ (means - overall) ** 2)
    from scipy.special import fdtrc  # half a second to load, wanted only here

    return DescriptorTest(
        column=rows[0].feature,
        method="Welch",
        statistic=statistic,
        p=float(fdtrc(k - 1, (k**2 - 1) / (3 * loose), statistic)),
        corrected=1.0,
        strength=explained / (explained + float((counts - 1) @ stds**2)),
    )


def _chi_squared(rows: Sequence[ProfileRow]) -> DescriptorTest | None:
    segments = list(dict.fromkeys(row.segment for row in rows))
    levels = list(dict.fromkeys(row.level for row in rows))
    table = np.zeros((len(segments), len(levels)))
    for row in rows:
        count = round((row.share or 0.0) * row.known)
        table[segments.index(row.segment), levels.index(row.level)] = count
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    if min(table.shape) < 2:
        return None
    whole = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / whole
    statistic = float(((table - expected) ** 2 / expected).sum())
    from scipy.special import chdtrc

    return DescriptorTest(
        column=rows[0].feature,
        method="chi-squared",
        statistic=statistic,
        p=float(chdtrc((table.shape[0] - 1) * (table.shape[1] - 1), statistic)),
        corrected=1.0,
        strength=math.sqrt(statistic / whole / (min(table.shape) - 1)),
        thin=bool(np.mean(expected < 5) > 0.2),
    )
