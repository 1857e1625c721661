from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmeans.errors import DataError, SettingError, SourceError
from segmeans.segments.rfm import rfm
from segmeans.segments.rfm_scores import cuts_from, fit_cuts, own_cuts, read_cuts, score


class TestScales:
    def test_cut_points_by_hand(self) -> None:
        cuts = fit_cuts([1, 2, 3, 4, 5], [1, 1, 1, 2, 9], [5, 5, 5, 5, 5], bins=4)
        assert cuts.recency == ((2, 3, 4),)
        assert cuts.frequency == ((1, 1, 2),)
        scores = score(cuts, [1, 2, 3, 4, 5], [1, 1, 1, 2, 9], [5, 5, 5, 5, 5])
        assert scores.recency.tolist() == [4, 4, 3, 2, 1]
        assert scores.frequency.tolist() == [1, 1, 1, 3, 4]
        assert scores.monetary.tolist() == [1] * 5

    def test_later_customers_are_scored_on_the_saved_scale(self) -> None:
        cuts = own_cuts([10, 100], [1, 5], [50, 500])
        assert cuts_from(json.loads(json.dumps(dataclasses.asdict(cuts)))) == cuts
        scores = score(cuts, [10, 11, 101], [1, 2, 6], [50.0, 50.5, 9999])
        assert scores.recency.tolist() == [3, 2, 1]
        assert scores.frequency.tolist() == [1, 2, 3]
        assert scores.monetary.tolist() == [1, 2, 3]

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"bins": 4}, "recency"),
            ({"bins": "many"}, "saved RFM cut points"),
            ({"frequency": [[2, 1]]}, "frequency"),
            ({"monetary": [[1, float("nan")]]}, "monetary"),
            ({"binning": "nested"}, "frequency"),
            ({"closed": "ajar"}, "'closed'"),
            ({"extra": 1}, "saved RFM cut points"),
        ],
    )
    def test_a_broken_saved_scale_is_refused(self, change: dict[str, object], words: str) -> None:
        saved = dataclasses.asdict(own_cuts([10, 100], [1, 5], [50, 500])) | change
        with pytest.raises(SettingError, match=words):
            cuts_from(saved)

    def test_nested_scales_survive_json(self) -> None:
        days, orders = np.arange(60) % 7, np.arange(60) % 11
        cuts = fit_cuts(days, orders, np.arange(60), bins=5, binning="nested")
        assert cuts_from(json.loads(json.dumps(dataclasses.asdict(cuts)))) == cuts

    def test_nested_cuts_are_those_within_each_group(self) -> None:
        days = np.array([1, 1, 1, 1, 9, 9, 9, 9])
        orders = np.array([1, 2, 3, 4, 10, 20, 30, 40])
        money = np.array([1, 2, 3, 4, 5, 6, 7, 8])
        cuts = fit_cuts(days, orders, money, bins=2, binning="nested")
        assert cuts.frequency == ((25,), (2.5,))  # long ago first
        assert cuts.monetary == ((5.5,), (7.5,), (1.5,), (3.5,))
        scores = score(cuts, days, orders, money)
        assert scores.recency.tolist() == [2, 2, 2, 2, 1, 1, 1, 1]
        assert scores.frequency.tolist() == [1, 1, 2, 2, 1, 1, 2, 2]
        assert scores.monetary.tolist() == [1, 2, 1, 2, 1, 2, 1, 2]

    def test_without_amounts_the_frequency_score_stands_in(self) -> None:
        result = rfm([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
        assert np.array_equal(result.scores.monetary, result.scores.frequency)
        assert "rfm-without-amounts" in {f.code for f in result.record.findings}
        assert result.record.shares[0].revenue is None

    @given(
        st.lists(st.tuples(*[st.integers(0, 20)] * 3), min_size=1, max_size=60),
        st.sampled_from(["independent", "nested"]),
        st.integers(2, 7),
    )
    def test_scores_are_in_range_monotone_and_keep_ties(
        self, rows: list[tuple[int, int, int]], binning: str, bins: int
    ) -> None:
        days, orders, money = np.array(rows, dtype=float).T
        cuts = fit_cuts(days, orders, money, bins=bins, binning=binning)  # type: ignore[arg-type]
        scores = score(cuts, days, orders, money)
        for part in dataclasses.astuple(scores):
            assert part.min() >= 1
            assert part.max() <= bins
        order = np.argsort(days, kind="stable")
        assert (np.diff(scores.recency[order]) <= 0).all()
        seen = {
            row: tuple(int(p[i]) for p in dataclasses.astuple(scores)) for i, row in enumerate(rows)
        }
        for i, row in enumerate(rows):
            assert seen[row] == tuple(int(p[i]) for p in dataclasses.astuple(scores))

    @pytest.mark.parametrize(
        ("call", "words"),
        [
            (lambda: fit_cuts([1], [1], bins=11), "2 to 10"),
            (lambda: fit_cuts([1], [1], binning="odd"), "'binning'"),
            (lambda: own_cuts([1, 2], [1], [1, 2]), "same number"),
            (lambda: own_cuts([2, 1], [1, 2], [1, 2]), "must rise"),
            (lambda: rfm([1], [1], [1], cuts=own_cuts([1], [1], [1])), "different numbers"),
        ],
    )
    def test_wrong_use(self, call: object, words: str) -> None:
        with pytest.raises(SettingError, match=words):
            call()  # type: ignore[operator]

    @pytest.mark.parametrize(
        "arrays", [([], []), ([1, 2], [1]), ([1], [np.nan]), ([1], [1], [np.inf])]
    )
    def test_wrong_data(self, arrays: tuple[list[float], ...]) -> None:
        with pytest.raises(DataError):
            fit_cuts(*arrays)  # type: ignore[arg-type]


class TestFiles:
    def test_own_cut_points(self, tmp_path: Path) -> None:
        file = tmp_path / "cuts.json"
        file.write_text('{"recency": [30, 90], "frequency": [1, 3], "monetary": [50, 200]}')
        cuts = read_cuts(file)
        assert cuts.bins == 3
        scores = score(cuts, [30, 31, 91], [1, 2, 9], [50, 51, 1000])
        assert scores.recency.tolist() == [3, 2, 1]
        assert scores.frequency.tolist() == scores.monetary.tolist() == [1, 2, 3]

    def test_the_scale_of_an_earlier_study(self, tmp_path: Path) -> None:
        cuts = fit_cuts([1, 2, 3, 4], [1, 1, 2, 3], [1, 2, 3, 4], bins=2, binning="nested")
        file = tmp_path / "orders.json"
        file.write_text(json.dumps({"rfm": {"cuts": dataclasses.asdict(cuts)}}))
        assert read_cuts(file) == cuts

    @pytest.mark.parametrize(
        ("text", "error", "words"),
        [
            ("{", SourceError, "cannot be read"),
            ("[]", SettingError, "holds no RFM cut points"),
            ('{"recency": [1]}', SettingError, "'frequency'"),
            ('{"recency": ["x"], "frequency": [1]}', SettingError, "could not convert"),
            ('{"recency": [1], "frequency": [1], "money": [1]}', SettingError, "money"),
            ('{"recency": [1, 2], "frequency": [1]}', SettingError, "same number"),
            ('{"recency": [2, 1], "frequency": [1, 2]}', SettingError, "must rise"),
            ('{"rfm": {}}', SettingError, "saved RFM cut points"),
        ],
    )
    def test_a_wrong_file_gets_one_clear_error(
        self, tmp_path: Path, text: str, error: type[Exception], words: str
    ) -> None:
        file = tmp_path / "cuts.json"
        file.write_text(text)
        with pytest.raises(error, match=words):
            read_cuts(file)
