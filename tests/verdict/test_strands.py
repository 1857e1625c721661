"""How customers are followed from one number of clusters to the next."""

from __future__ import annotations

from collections import Counter

import numpy as np

import segmeans
from segmeans.clustering.coreset import Points
from segmeans.verdict.strands import strands


def test_a_study_follows_every_customer() -> None:
    draw = np.random.default_rng(4)
    rows = draw.normal(scale=0.5, size=(240, 2)) + draw.integers(0, 3, (240, 1)) * 4.0
    with segmeans.segment({"a": rows[:, 0], "b": rows[:, 1]}, k="1-5", fast=True) as study:
        record = study.record
    sizes = {row.k: Counter(dict(enumerate(row.sizes, start=1))) for row in record.k_table}
    for k in (2, 3, 4):
        origins, targets, segments = Counter[int](), Counter[int](), Counter[int]()
        for one in record.strands:
            if one.k == k:
                origins[one.origin] += one.customers
                targets[one.target] += one.customers
                segments[one.segment] += one.customers
        assert origins == sizes[k]
        assert targets == sizes[k + 1]
        assert segments == Counter({one.number: one.size for one in record.segments})
    assert {one.k for one in record.strands} == {2, 3, 4}  # at k = 1 there is nothing to follow


def test_a_sample_stands_for_everyone() -> None:
    held = Points(np.array([[0.0], [1.0]]), np.array([1.0, 3.0]), np.array([100.0]), False)
    labels = {2: np.array([1, 0]), 3: np.array([2, 0])}
    found = strands(held, labels, np.array([[101.0], [100.0]]), 1000)
    assert [(one.segment, one.customers) for one in found] == [(1, 750), (2, 250)]


def test_one_number_of_clusters_gives_nothing_to_follow() -> None:
    held = Points(np.array([[0.0], [1.0]]), np.ones(2), np.zeros(1), True)
    assert strands(held, {2: np.array([0, 1])}, np.array([[0.0], [1.0]]), 2) == ()
