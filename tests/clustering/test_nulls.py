"""Null tables keep what they promise and have lost the segments."""

from __future__ import annotations

import numpy as np
import pytest

from segmeans.clustering.nulls import FAMILIES, NullMaker, _isotonic, single_peak


def _segmented(seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    points = generator.normal(size=(900, 3))
    points[:300, 0] += 9.0
    points[300:600, :2] += 7.0
    points[:, 2] = np.exp(points[:, 2])
    return points


@pytest.fixture(scope="module")
def maker() -> NullMaker:
    return NullMaker(_segmented(), np.ones(900), np.random.default_rng(1))


def test_isotonic_by_hand() -> None:
    # 3 and 1 are pooled with widths 1 and 3: (3 + 3) / 4 = 1.5.
    fitted = _isotonic(np.array([1.0, 3.0, 1.0, 4.0]), np.array([1.0, 1.0, 3.0, 1.0]))
    np.testing.assert_allclose(fitted, [1.0, 1.5, 1.5, 4.0])


def test_gaussian_keeps_mean_and_covariance(maker: NullMaker) -> None:
    drawn = maker.draw("gaussian", 60_000, np.random.default_rng(2))
    points = _segmented()
    np.testing.assert_allclose(drawn.mean(axis=0), points.mean(axis=0), atol=0.1)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(points.T, bias=True), atol=0.5)


def test_permuted_keeps_every_column_and_drops_what_joins_them(maker: NullMaker) -> None:
    drawn = maker.draw("permuted", 60_000, np.random.default_rng(2))
    points = _segmented()
    for column, original in zip(drawn.T, points.T, strict=True):
        assert set(column) <= set(original)
    np.testing.assert_allclose(np.corrcoef(drawn.T), np.eye(3), atol=0.03)


def test_uniform_fills_the_box_of_the_principal_components(maker: NullMaker) -> None:
    drawn = maker.draw("uniform", 20_000, np.random.default_rng(2))
    points = _segmented() - _segmented().mean(axis=0)
    axes = np.linalg.eigh(np.cov(points.T))[1]
    reach = points @ axes
    scores = (drawn - _segmented().mean(axis=0)) @ axes
    np.testing.assert_allclose(scores.min(axis=0), reach.min(axis=0), atol=0.1)
    np.testing.assert_allclose(scores.max(axis=0), reach.max(axis=0), atol=0.1)
    np.testing.assert_allclose(np.corrcoef(scores.T), np.eye(3), atol=0.03)


def test_single_peaked_keeps_correlation_and_skew_but_has_one_crowd(maker: NullMaker) -> None:
    drawn = maker.draw("single-peaked", 60_000, np.random.default_rng(2))
    points = _segmented()
    np.testing.assert_allclose(np.corrcoef(drawn.T), np.corrcoef(points.T), atol=0.08)
    np.testing.assert_allclose(drawn.mean(axis=0), points.mean(axis=0), rtol=0.2, atol=0.3)
    counts = np.histogram(drawn[:, 0], bins=12)[0].astype(float)
    peak = int(counts.argmax())
    slack = 0.03 * counts.sum()
    assert (np.diff(counts[: peak + 1]) > -slack).all()
    assert (np.diff(counts[peak:]) < slack).all()
    assert (
        np.histogram(points[:, 0], bins=12)[0][4:6].min() < 0.7 * counts[4:6].min() / 60_000 * 900
    )


def test_a_flag_stays_a_flag() -> None:
    generator = np.random.default_rng(3)
    points = (generator.random((500, 2)) < [0.3, 0.6]).astype(float)
    drawn = NullMaker(points, np.ones(500), generator).draw("single-peaked", 20_000, generator)
    assert set(np.unique(drawn)) == {0.0, 1.0}
    np.testing.assert_allclose(drawn.mean(axis=0), points.mean(axis=0), atol=0.02)


def test_a_bimodal_column_loses_its_valley() -> None:
    generator = np.random.default_rng(4)
    column = np.concatenate([generator.normal(-4, 1, 2000), generator.normal(4, 1, 2000)])
    margin = single_peak(column, np.full(4000, 1 / 4000), 4000)
    drawn = margin(generator.standard_normal(40_000))
    assert np.mean(np.abs(column) < 1) < 0.01
    assert np.mean(np.abs(drawn) < 1) > 0.08


def test_constant_columns_and_single_columns_are_no_trouble() -> None:
    generator = np.random.default_rng(5)
    points = np.column_stack([generator.normal(size=50), np.ones(50)])
    for table in (points, points[:, :1]):
        maker = NullMaker(table, np.ones(50), generator)
        for family in FAMILIES:
            drawn = maker.draw(family, 30, generator)
            assert drawn.shape == (30, table.shape[1])
            assert np.isfinite(drawn).all()
