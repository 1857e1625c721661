"""scikit-learn's own installed tests of k-means, run against our class.

Every test of ``sklearn/cluster/tests/test_k_means.py`` that uses ``KMeans`` runs with ours in its
place, except those named below with the reason. Tests of ``MiniBatchKMeans`` and of private
helpers are not about our class and are left out.
"""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from sklearn.cluster import MiniBatchKMeans
from sklearn.cluster.tests import test_k_means as suite

from segmeans import KMeans

LEFT_OUT = {
    "test_kmeans_init_auto_with_initial_centroids": "reads the private _n_init",
    "test_n_init_auto": "reads the private _n_init",
    "test_sample_weight_init": "calls the private _init_centroids",
    "test_sample_weight_zero": "calls the private _init_centroids",
    "test_kmeans_relocated_clusters": "counts iterations of its own way to fill empty clusters",
    "test_relocating_with_duplicates": "counts iterations of its own way to fill empty clusters",
    "test_kmeans_verbose": "expects scikit-learn's wording of its progress",
}


def _tests() -> list[str]:
    return [
        name
        for name, test in inspect.getmembers(suite, inspect.isfunction)
        if name.startswith("test_") and _uses_kmeans(test)
    ]


def _uses_kmeans(test) -> bool:
    source = inspect.getsource(test)
    names = set(test.__code__.co_names)
    return (
        "KMeans" in names
        or "Estimator" in inspect.signature(test).parameters
        or ("Klass" in inspect.signature(test).parameters and "KMeans" in source)
    )


def _cases() -> list:
    """Unroll the parameters of scikit-learn's tests, without MiniBatchKMeans."""
    cases = []
    for name in _tests():
        if name in LEFT_OUT:
            continue
        test = getattr(suite, name)
        for arguments, label in _unrolled(test):
            if MiniBatchKMeans not in [a for a in arguments.values() if inspect.isclass(a)]:
                cases.append(pytest.param(test, arguments, id=f"{name}[{label}]"))
    return cases


def _unrolled(test) -> list[tuple[dict, str]]:
    unrolled: list[tuple[dict, str]] = [({}, "")]
    for mark in getattr(test, "pytestmark", []):
        if mark.name != "parametrize":
            continue
        names = mark.args[0]
        names = [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)
        grown = []
        for arguments, label in unrolled:
            for number, values in enumerate(mark.args[1]):
                values = [values] if len(names) == 1 else list(values)
                grown.append(
                    (arguments | dict(zip(names, values, strict=True)), f"{label}-{number}")
                )
        unrolled = grown
    return unrolled


@pytest.fixture
def global_random_seed() -> int:
    return 42


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(("test", "arguments"), _cases())
def test_scikit_learn_suite(test, arguments, monkeypatch, request):
    monkeypatch.setattr(suite, "KMeans", KMeans)
    arguments = {
        name: KMeans if value is suite_kmeans else value for name, value in arguments.items()
    }
    for name in inspect.signature(test).parameters:
        if name == "global_random_seed":
            arguments[name] = 42
        elif name == "global_dtype":
            arguments[name] = np.float64
        elif name not in arguments:
            arguments[name] = request.getfixturevalue(name)
    test(**arguments)


suite_kmeans = suite.KMeans


def test_what_is_left_out_exists():
    assert set(LEFT_OUT) <= set(_tests())
