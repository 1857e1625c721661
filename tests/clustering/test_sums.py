"""Results that do not depend on the threads that BLAS happens to find."""

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_info, threadpool_limits

from segmeans.clustering.quality import silhouettes
from segmeans.clustering.search import QUICK, sweep
from segmeans.clustering.sums import column_sums, dot, one_blas_thread

N = 15_000  # beyond what BLAS leaves to one thread


@pytest.fixture(scope="module")
def rows() -> NDArray[np.float64]:
    random = np.random.default_rng(3)
    return random.normal(size=(N, 8)) + random.normal(scale=3.0, size=(5, 8))[np.arange(N) % 5]


def _blas_threads() -> list[int]:
    return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]


@pytest.mark.parametrize("threads", [2, 5])
def test_a_sweep_gives_the_same_bits_on_any_number_of_blas_threads(
    rows: NDArray[np.float64], threads: int
) -> None:
    weights = np.random.default_rng(4).random(N)
    with threadpool_limits(1, user_api="blas"):
        alone = sweep(rows, [2, 5], weights=weights, budget=QUICK)
    with threadpool_limits(threads, user_api="blas"):
        together = sweep(rows, [2, 5], weights=weights, budget=QUICK)
    for one, other in zip(alone, together, strict=True):
        assert one.centres.tobytes() == other.centres.tobytes()
        assert one.inertia == other.inertia
        assert one.certificate == other.certificate


def test_silhouettes_have_the_same_bits_on_any_number_of_blas_threads(
    rows: NDArray[np.float64],
) -> None:
    points, labels = rows[:3000], np.arange(3000) % 7
    with threadpool_limits(1, user_api="blas"):
        [alone] = silhouettes(points, np.ones(3000), [(labels, 7)])
    with threadpool_limits(5, user_api="blas"):
        [together] = silhouettes(points, np.ones(3000), [(labels, 7)])
    assert alone.tobytes() == together.tobytes()


def test_blas_gets_its_threads_back() -> None:
    with threadpool_limits(3, user_api="blas"):
        before = _blas_threads()
        with one_blas_thread():
            assert set(_blas_threads()) <= {1}
        assert _blas_threads() == before


def test_sums_of_products_agree_with_exact_arithmetic() -> None:
    weights, table = np.array([1.0, 2.0, 0.5]), np.array([[1.0, 4.0], [0.25, -1.0], [8.0, 2.0]])
    assert dot(weights, table[:, 0]) == 1.0 + 0.5 + 4.0
    assert column_sums(weights, table).tolist() == [5.5, 3.0]
