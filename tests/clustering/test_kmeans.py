"""The estimator: scikit-learn's own checks, its company, and what it adds."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans as Theirs
from sklearn.metrics import silhouette_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from segmeans import KMeans
from segmeans.clustering.search import Budget, search
from segmeans.errors import DataError, SettingError

PLAIN_STARTS = dict.fromkeys(
    (
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weight_equivalence_on_sparse_data",
    ),
    "single starts are drawn by the order of the rows, as in scikit-learn",
)


def blobs(n: int = 400, d: int = 3, k: int = 4, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return 8 * random.normal(size=(k, d))[random.integers(0, k, n)] + random.normal(size=(n, d))


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@parametrize_with_checks(
    [KMeans(n_clusters=3), KMeans(n_clusters=3, n_init=2)],
    expected_failed_checks=lambda model: PLAIN_STARTS if model.n_init == 2 else {},
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_same_ends_as_scikit_learn_from_the_same_centres(init):
    rows = blobs(1_000, 5, 6)
    for seed in range(5):
        start = rows[np.random.default_rng(seed).choice(1_000, 6, replace=False)]
        ours = KMeans(6, init=start, tol=0).fit(rows)
        theirs = Theirs(6, init=start, tol=0, n_init=1).fit(rows)
        np.testing.assert_array_equal(ours.labels_, theirs.labels_)
        np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, rtol=1e-9)
        assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-12)
    many = KMeans(6, init=init, n_init=10, random_state=1).fit(rows).inertia_
    assert many <= Theirs(6, init=init, n_init=10, random_state=1).fit(rows).inertia_ * 1.01


def test_a_centre_without_rows_moves_to_the_farthest_row():
    rows = [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [1.0, 1.0]]
    model = KMeans(2, init=[[0.5, 0.5], [3.0, 3.0]]).fit(rows)
    assert model.inertia_ == 0.25
    assert sorted(model.cluster_centers_.tolist()) == [[0.25, 0.0], [0.75, 1.0]]


def test_the_default_is_the_certified_search():
    rows = blobs()
    model = KMeans(4, random_state=3).fit(rows)
    assert model.certificate_.certified
    assert model.inertia_ == pytest.approx(search(rows, 4).inertia, rel=1e-12)
    assert np.bincount(model.labels_).tolist() == sorted(np.bincount(model.labels_))[::-1]
    np.testing.assert_array_equal(model.predict(rows), model.labels_)
    assert model.score(rows) == pytest.approx(-model.inertia_)


def test_a_budget_that_is_too_small_is_admitted():
    rows = np.random.default_rng(0).uniform(size=(2_000, 5))
    model = KMeans(12, budget=Budget(starts=2, swaps=0), random_state=0).fit(rows)
    assert not model.certificate_.certified
    assert model.certificate_.reason.startswith("Not certified")


def test_plain_starts_are_counted():
    model = KMeans(4, n_init=7, random_state=0).fit(blobs())
    assert model.certificate_.starts == 7
    assert not model.certificate_.certified
    given = KMeans(4, init=model.cluster_centers_).fit(blobs())
    assert given.certificate_.starts == 1


def test_parameters_are_stored_as_given_and_clone():
    budget = Budget(hits=3)
    model = KMeans(5, n_init="auto", budget=budget, n_threads=1)
    assert clone(model).get_params() == model.get_params()
    assert model.get_params()["budget"] is budget


def test_frames_keep_their_names():
    rows = blobs(d=2)
    named = pd.DataFrame(rows, columns=["orders", "revenue"])
    model = KMeans(4, random_state=0).set_output(transform="pandas").fit(named)
    assert model.feature_names_in_.tolist() == ["orders", "revenue"]
    assert list(model.transform(named)) == ["kmeans0", "kmeans1", "kmeans2", "kmeans3"]
    polar = KMeans(4, random_state=0).fit(pl.DataFrame(rows, schema=["orders", "revenue"]))
    np.testing.assert_array_equal(polar.cluster_centers_, model.cluster_centers_)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(named.rename(columns={"orders": "visits"}))


def test_in_pipelines_grids_and_pickles():
    corners = np.array([[0.0, 0.0], [0.0, 9.0], [9.0, 0.0], [9.0, 9.0]])
    rows = np.tile(corners, (50, 1)) + np.random.default_rng(0).normal(size=(200, 2))
    pipeline = make_pipeline(StandardScaler(), KMeans(random_state=0))
    grid = GridSearchCV(
        pipeline,
        {"kmeans__n_clusters": [2, 4, 7]},
        scoring=lambda model, X: silhouette_score(X, model.predict(X)),
        cv=3,
    ).fit(rows)
    assert grid.best_params_ == {"kmeans__n_clusters": 4}
    again = pickle.loads(pickle.dumps(grid.best_estimator_))  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(again.predict(rows), grid.predict(rows))


def test_weights_are_repeats_and_the_input_is_left_alone():
    rows = blobs(120, 2, 3)
    repeats = np.random.default_rng(0).integers(1, 4, 120)
    rows.flags.writeable = repeats.flags.writeable = False
    weighted = KMeans(3, random_state=0, copy_x=False).fit(rows, sample_weight=repeats)
    repeated = KMeans(3, random_state=0).fit(np.repeat(rows, repeats, axis=0))
    np.testing.assert_array_equal(weighted.cluster_centers_, repeated.cluster_centers_)
    np.testing.assert_array_equal(np.repeat(weighted.labels_, repeats), repeated.labels_)


def test_float32_stays_float32_and_labels_belong_to_the_rounded_centres():
    rows = (blobs() + 1e4).astype(np.float32)
    model = KMeans(4, random_state=0).fit(rows)
    assert model.cluster_centers_.dtype == np.float32
    assert model.transform(rows).dtype == np.float32
    squares = (rows[:, None].astype(float) - model.cluster_centers_.astype(float)) ** 2
    assert model.inertia_ == pytest.approx(squares.sum(axis=2).min(axis=1).sum(), rel=1e-12)
    np.testing.assert_array_equal(model.labels_, squares.sum(axis=2).argmin(axis=1))


def test_transform_gives_distances():
    model = KMeans(2, random_state=0).fit([[0.0, 0.0], [0.0, 0.0], [3.0, 4.0]])
    np.testing.assert_array_equal(model.transform([[0.0, 0.0]]), [[0.0, 5.0]])


def test_verbose_prints_the_certificate(capsys):
    model = KMeans(2, verbose=1).fit(blobs())
    assert model.certificate_.reason in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_clusters", 0),
        ("n_clusters", 2.0),
        ("n_clusters", True),
        ("init", "kmeans"),
        ("n_init", 0),
        ("n_init", "warn"),
        ("max_iter", 0),
        ("tol", -1.0),
        ("tol", float("nan")),
        ("algorithm", "full"),
        ("n_threads", 0),
    ],
)
def test_bad_parameters_are_named(name, value):
    with pytest.raises(SettingError, match=name):
        KMeans(**{name: value}).fit(blobs())


def test_bad_weights_are_refused():
    rows = blobs(10)
    with pytest.raises(ValueError, match="sample_weight"):
        KMeans(2).fit(rows, sample_weight=-np.ones(10))
    for n_init in ("auto", 1):
        with pytest.raises(ValueError, match="weights must contain"):
            KMeans(2, n_init=n_init).fit(rows, sample_weight=np.zeros(10))


def test_a_sparse_matrix_too_large_is_refused():
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(DataError, match="too large to spread out"):
        KMeans(2).fit(sparse.csr_matrix((2**16, 2**12)))


def test_the_search_does_without_scikit_learn():
    code = "import sys; import segmeans.clustering.search; print('sklearn' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
