"""The gap statistic and its rules on values worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from segmeans.clustering.gap import Gap, first_se_max, gap, tibshirani_rule


def _gaps(values: list[float], error: float) -> list[Gap]:
    return [Gap(value, error) for value in values]


def test_gap_by_hand() -> None:
    # Null log inertias 2, 4: mean 3, sd (divisor n) 1, error sqrt(1 + 1/2).
    found = gap(1.5, np.array([2.0, 4.0]))
    assert found.value == 1.5
    assert found.error == pytest.approx(np.sqrt(1.5))


@pytest.mark.parametrize(
    ("values", "error", "expected"),
    [
        ([0.5, 0.4, 0.9], 0.01, 1),  # 0.5 >= 0.4 - 0.01
        ([0.1, 0.4, 0.9, 0.85], 0.01, 3),  # the first that the next does not beat
        ([0.1, 0.4, 0.9], 0.01, 3),  # always rising: the last
        ([0.1, 0.4, 0.44, 0.9], 0.05, 2),  # 0.4 >= 0.44 - 0.05, whatever comes later
    ],
)
def test_tibshirani_rule_by_hand(values: list[float], error: float, expected: int) -> None:
    ks = list(range(1, len(values) + 1))
    assert tibshirani_rule(ks, _gaps(values, error)) == expected


@pytest.mark.parametrize(
    ("values", "error", "expected"),
    [
        ([0.1, 0.8, 0.85, 0.7, 2.0], 0.1, 2),  # first local maximum 0.85 at 3; 0.8 is within 0.1
        ([0.1, 0.8, 0.85, 0.7, 2.0], 0.01, 3),
        ([0.1, 0.2, 0.3], 0.01, 3),
        ([0.9, 0.2, 1.3], 0.01, 1),
    ],
)
def test_first_se_max_by_hand(values: list[float], error: float, expected: int) -> None:
    ks = list(range(1, len(values) + 1))
    assert first_se_max(ks, _gaps(values, error)) == expected
