"""Single rules on a k table worked by hand."""

from __future__ import annotations

from segmeans.records import KRow, Score
from segmeans.verdict.rivals import rivals


def _row(k: int, inertia: float, silhouette: float, gap: float, strength: float) -> KRow:
    scores = {"gap": Score(value=gap, error=0.05)}
    if k > 1:
        scores["prediction_strength"] = Score(value=strength)
    return KRow(
        k=k, inertia=inertia, explained=0.0, sizes=(), scores=scores,
        silhouette=silhouette if k > 1 else None,
        calinski_harabasz=100.0 / k if k > 1 else None,
    )  # fmt: skip


ROWS = [
    _row(1, 100, 0.0, 0.1, 1.0),
    _row(2, 60, 0.4, 0.5, 0.95),
    _row(3, 20, 0.6, 0.9, 0.85),
    _row(4, 18, 0.5, 0.93, 0.5),
    _row(5, 16, 0.3, 0.8, 0.81),
]


def test_every_rule_by_hand() -> None:
    assert rivals(ROWS) == {
        "silhouette": 3,
        "elbow": 3,
        "gap (Tibshirani)": 3,  # 0.9 >= 0.93 - 0.05
        "gap (first SE max)": 3,  # the first peak is 0.93; 0.9 lies within 0.05
        "prediction strength": 5,  # the largest k of at least 0.8
        "Calinski-Harabasz": 2,
    }


def test_rules_that_cannot_say_anything_keep_silent() -> None:
    assert rivals([]) == {}
    gappy = rivals([ROWS[0], ROWS[2], ROWS[3]])
    assert "gap (Tibshirani)" not in gappy
    assert gappy["silhouette"] == 3
    weak = [ROWS[0], _row(2, 60, 0.4, 0.5, 0.3)]
    assert rivals(weak)["prediction strength"] == 1
