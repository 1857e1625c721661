"""Tables against the distributions they stand for; streams that leave one another alone."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from segmeans.errors import SettingError
from segmeans.sample.draws import (
    LEVELS,
    Draws,
    check_within,
    cut,
    hump_table,
    look_up,
    normal_table,
    share_ends,
    share_table,
    skewed_table,
)


def test_a_draw_is_made_of_the_raw_words_of_its_stream() -> None:
    words = np.random.PCG64(np.random.SeedSequence(7, spawn_key=(3, 2))).random_raw(2)
    expected = [(int(word) >> shift) & 0xFFFF for word in words for shift in (0, 16, 32, 48)]
    assert Draws(7, 2, 6).lane(3).tolist() == expected[:6]


def test_below_scales_32_bits() -> None:
    [word] = np.random.PCG64(np.random.SeedSequence(7, spawn_key=(0, 0))).random_raw(1).tolist()
    low, high = word & 0xFFFFFFFF, word >> 32
    limits = np.array([10, 1_000_000])
    expected = [low * 10 >> 32, high * 1_000_000 >> 32]
    assert Draws(7, 0, 2).below(0, limits).tolist() == expected


def test_fewer_rows_are_the_beginning_of_more_rows() -> None:
    assert Draws(1, 0, 5).lane(4).tolist() == Draws(1, 0, 100).lane(4)[:5].tolist()


def test_normal_table_has_the_quantiles_of_the_normal_distribution() -> None:
    table = normal_table(100, 15, -1000, 1000)
    for share in (0.01, 0.25, 0.5, 0.9):
        expected = NormalDist(100, 15).inv_cdf(share)
        assert table[int(share * LEVELS)] == pytest.approx(expected, abs=0.51)


def test_normal_table_is_cut_off_without_heaps_at_the_ends() -> None:
    table = normal_table(18, 5, 18, 80)
    values, counts = np.unique(table, return_counts=True)
    assert values[0] == 18
    # half of the half-normal mass of one unit lies below 18.5; the next unit has a whole one
    assert counts[0] / counts[1] == pytest.approx(0.5, abs=0.02)


def test_skewed_table_has_its_median_and_spread() -> None:
    table = skewed_table(1000, 0.25, 0, 100_000)
    assert np.median(table) == pytest.approx(1000, abs=1)
    assert np.std(np.log(table)) == pytest.approx(0.25, abs=0.002)


def test_hump_table_has_one_hump_and_the_mean_and_spread_asked_for() -> None:
    table = hump_table(50, 26, 1, 100)
    assert table.mean() == pytest.approx(50, abs=0.05)
    assert table.std() == pytest.approx(26, abs=0.1)
    counts = np.histogram(table, bins=9, range=(0.5, 100.5))[0]
    turns = np.diff(np.sign(np.diff(counts)))
    assert np.count_nonzero(turns) <= 1


def test_share_table_keeps_shares() -> None:
    counts = np.bincount(share_table([1, 0, 2, 1]), minlength=4)
    assert counts.tolist() == [LEVELS // 4, 0, LEVELS // 2, LEVELS // 4]
    assert share_ends([1, 3]).tolist() == [LEVELS // 4, LEVELS]
    assert cut(0.25) == LEVELS // 4


@pytest.mark.parametrize("shares", [[], [0, 0], [1, -1], [1, float("nan")], [float("inf")]])
def test_impossible_shares_are_refused(shares: list[float]) -> None:
    with pytest.raises(SettingError, match="Sizes must be"):
        share_ends(shares)


def test_look_up_reads_row_and_lane() -> None:
    table = np.stack([np.arange(LEVELS), -np.arange(LEVELS)]).astype(np.int32)
    lane = np.array([0, 5, 65535], dtype=np.uint16)
    assert look_up(table, np.array([0, 1, 1]), lane).tolist() == [0, -5, -65535]
    assert look_up(table[1:], np.array([0, 1, 1]), lane).tolist() == [0, -5, -65535]


def test_check_within_names_the_option() -> None:
    check_within("extra", 8, 0, 8)
    with pytest.raises(SettingError, match=r"'extra'.*Found: 9.*Allowed: 0 to 8"):
        check_within("extra", 9, 0, 8)
