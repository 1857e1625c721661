"""Captions say what to see, with the numbers of the study."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from segmeans.records import StudyRecord
from segmeans.report import captions


def with_verdict(record: StudyRecord, **changes: Any) -> StudyRecord:
    return dataclasses.replace(record, verdict=dataclasses.replace(record.verdict, **changes))


def test_the_elbow_is_named_or_said_to_be_missing(five: Any) -> None:
    record = five.record
    assert captions.elbow(record).title == "Inertia bends at k = 5, the recommended number"
    assert captions.elbow(with_verdict(record, elbow=3)).title == (
        "Inertia bends at k = 3; 5 segments recommended"
    )
    assert "no clear elbow" in captions.elbow(with_verdict(record, elbow=None)).title


def test_the_gains_around_the_recommended_k(five: Any) -> None:
    explained = {row.k: row.explained for row in five.record.k_table}
    told = captions.elbow(five.record).caption
    assert f"explain {100 * explained[5]:.1f} % of the spread" in told
    assert f"The last one adds {100 * (explained[5] - explained[4]):.1f} points" in told
    assert f"one more {100 * (explained[6] - explained[5]):.1f} points" in told


def test_the_clearest_and_the_least_clear_segment(five: Any) -> None:
    means = np.array([0.6, 0.5, 0.4, 0.7, 0.55])
    told = captions.silhouette(five.record, means, 0.02, 200).caption
    assert "Clearest: low income, low spending (mean 0.70)" in told
    assert "least clear: high income, low spending (0.40)" in told
    assert "2.0 % of the customers lie nearer" in told
    assert "Shown" not in told


def test_a_sample_is_called_a_sample(five: Any) -> None:
    told = captions.silhouette(five.record, np.zeros(5), 0.0, 150).caption
    assert told.endswith("Shown: 150 of 200 customers, at random.")
    assert "150 of 200" in captions.plain_map(five.record, "a", "b", 150).caption


def test_a_map_says_how_far_to_trust_it(nine: Any) -> None:
    words = captions.plane_map(nine.record, (0.41, 0.16), 0.88, 12, 600)
    assert words.title == "9 segments in the plane that shows most of the spread (57.0 %)"
    assert "12 features and show 57.0 %" in words.caption
    assert "88.0 % of the customers in their right segment" in words.caption


def test_without_segments_nothing_is_promised(nobody: Any) -> None:
    silhouette = captions.silhouette(nobody.record, np.empty(0), 0.0, 300)
    assert silhouette.title.startswith("No silhouette makes a case for segments")
    assert "segments" not in captions.plain_map(nobody.record, "income", "score", 300).title


def test_a_difference_in_plain_units(five: Any) -> None:
    row = next(
        row for row in five.record.profile if (row.segment, row.feature[:6]) == (3, "Spendi")
    )
    told = captions.difference(five.record, row)
    assert told.startswith('"high income, low spending" has spending score ')
    assert "against" in told
    assert told.endswith(f"({row.effect:+.1f} SD)")


def test_sizes_count_everyone(five: Any) -> None:
    words = captions.sizes(five.record)
    assert words.title == ("The largest segment holds 40.0 % of the customers, the smallest 11.0 %")
    assert words.caption == "200 of 202 rows are in a segment. Not scored: 2 too many missing."
