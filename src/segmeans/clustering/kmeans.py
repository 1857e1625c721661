"""KMeans: the search as a scikit-learn estimator. The one file here that imports scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from segmeans.clustering import kernels
from segmeans.clustering.certificate import Needed, Tally, certify, rival_of
from segmeans.clustering.coreset import distinct
from segmeans.clustering.kernels import Floats, Labels, Rows
from segmeans.clustering.reference import squared_distances
from segmeans.clustering.search import Budget, search
from segmeans.clustering.sums import dot
from segmeans.errors import DataError, SettingError
from segmeans.records import Certificate

_DENSE_CELLS = 2**27  # a sparse table of more is refused, not spread out
_CELLS = 2**22  # distances that transform holds at a time beside its result


class _Fit(NamedTuple):
    centres: Floats
    n_iter: int
    certificate: Certificate


class KMeans(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    ClusterMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """K-means that searches until it can show that it has found the best clusters.

    Takes and gives what ``sklearn.cluster.KMeans`` takes and gives. With the defaults it searches
    as :func:`segmeans.clustering.search.search` does, and ``certificate_`` says how sure the
    result is; with any other ``init`` or ``n_init`` it runs plain k-means as asked.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters.
    init : {"k-means++", "random"}, callable or array of shape (n_clusters, n_features), \
            default="k-means++"
        Where plain k-means starts: greedy k-means++, rows drawn by weight, the result of
        ``init(X, n_clusters, random_state=...)``, or the given centres.
    n_init : "auto" or int, default="auto"
        ``"auto"`` searches when ``init`` is ``"k-means++"``; otherwise it means 1 start for given
        centres and 10 for the others. A number asks for that many starts of plain k-means.
    max_iter : int, default=300
        Most iterations of each start of plain k-means. A search goes on to convergence.
    tol : float, default=1e-4
        Plain k-means ends when the summed squared shift of the centres is at most ``tol`` times
        the mean variance of the columns; 0: when nothing moves. A search goes on to convergence.
    verbose : int, default=0
        Above 0: print the certificate.
    random_state : int, RandomState instance or None, default=None
        An int makes the result repeatable.
    copy_x : bool, default=True
        For compatibility: the given data are never changed.
    algorithm : {"lloyd", "elkan"}, default="lloyd"
        For compatibility: both names give the same result.
    budget : Budget, optional
        How long the search may go on and what it must show.
    n_threads : int, optional
        Default: ``SEGMEANS_THREADS``, else all processors. The result does not depend on it.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        After a search the largest cluster comes first. float32 for float32 data.
    labels_ : ndarray of shape (n_samples,)
    inertia_ : float
        Weighted sum of squared distances to the nearest of these centres.
    n_iter_ : int
        Iterations of the best start, or of the last descent of a search.
    certificate_ : Certificate
        How well the search is proven.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where the columns have names.

    Examples
    --------
    >>> from segmeans import KMeans
    >>> model = KMeans(n_clusters=2, random_state=0).fit([[1.0], [2.0], [9.0], [10.0], [11.0]])
    >>> model.cluster_centers_.ravel()
    array([10. ,  1.5])
    >>> model.predict([[0.0], [8.0]])
    array([1, 0], dtype=int32)
    >>> model.certificate_.certified
    True
    """

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: str | Callable[..., ArrayLike] | ArrayLike = "k-means++",
        n_init: int | str = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        verbose: int = 0,
        random_state: Any = None,
        copy_x: bool = True,
        algorithm: str = "lloyd",
        budget: Budget | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose
        self.random_state = random_state
        self.copy_x = copy_x
        self.algorithm = algorithm
        self.budget = budget
        self.n_threads = n_threads

    def fit(
        self,
        X: Any,
        y: Any = None,  # noqa: ARG002 - scikit-learn hands it over
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Find the clusters.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Finite numbers. Sparse matrices are spread out, up to 2**27 cells.
        y : ignored
        sample_weight : array-like of shape (n_samples,), optional
            Weights >= 0, read as repeats.

        Returns
        -------
        self
        """
        self._check_params()
        rows = self._validated(X, reset=True)
        weights = None
        if sample_weight is not None:
            weights = _check_sample_weight(
                sample_weight, rows, dtype=np.float64, ensure_non_negative=True
            )
        if len(rows) < self.n_clusters:
            raise DataError(f"n_samples={len(rows)} should be >= n_clusters={self.n_clusters}")
        fit = self._search(rows, weights) if self._searches() else self._plain(rows, weights)
        centres = fit.centres.astype(rows.dtype)
        labels, inertia = _assigned(rows, weights, centres, self._threads())
        self._warn_if_fewer(labels)
        self.cluster_centers_ = centres
        self._n_features_out = len(centres)
        self.labels_ = labels
        self.inertia_ = inertia
        self.n_iter_ = fit.n_iter
        self.certificate_ = fit.certificate
        if self.verbose:
            print(fit.certificate.reason)  # noqa: T201 - what verbose asks for
        return self

    def fit_predict(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> Labels:
        """Find the clusters and return the cluster of each row, shape (n_samples,)."""
        return self.fit(X, y, sample_weight).labels_

    def predict(self, X: Any) -> Labels:
        """Return the nearest cluster of each row, the lowest of equals, shape (n_samples,)."""
        check_is_fitted(self)
        return _labels(self._validated(X, reset=False), self.cluster_centers_, self._threads())

    def transform(self, X: Any) -> Floats:
        """Return the distances of each row to the centres, shape (n_samples, n_clusters)."""
        check_is_fitted(self)
        rows = self._validated(X, reset=False)
        centres = self.cluster_centers_.astype(np.float64)
        distances = np.empty((len(rows), len(centres)), dtype=rows.dtype)
        step = max(1, _CELLS // len(centres))
        for first in range(0, len(rows), step):
            piece = rows[first : first + step].astype(np.float64, copy=False)
            distances[first : first + step] = np.sqrt(squared_distances(piece, centres))
        return distances

    def fit_transform(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> Any:
        """Find the clusters and return the distances of each row to the centres."""
        return self.fit(X, y, sample_weight).transform(X)

    def score(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> float:  # noqa: ARG002
        """Return the inertia of X with these centres, with a minus sign: higher is better."""
        check_is_fitted(self)
        rows = self._validated(X, reset=False)
        weights = None
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, rows, dtype=np.float64)
        return -_assigned(rows, weights, self.cluster_centers_, self._threads())[1]

    def _search(self, rows: Rows, weights: Floats | None) -> _Fit:
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        k, missing = self.n_clusters, 0
        if len(rows) < 2**17:  # more rows than that are told apart by the search itself
            used = rows if weights is None else rows[weights > 0.0]
            few = len(distinct(used.astype(np.float64), None)[0]) if len(used) else k
            k, missing = min(k, few), max(0, k - few)
        found = search(
            rows, k, weights=weights, budget=self.budget, seed=seed, threads=self._threads()
        )
        centres = np.concatenate([found.centres, np.repeat(found.centres[-1:], missing, axis=0)])
        return _Fit(centres, found.iterations, found.certificate)

    def _plain(self, rows: Rows, weights: Floats | None) -> _Fit:
        """Run k-means from every start asked for and keep the best end."""
        random = check_random_state(self.random_state)
        origin = np.average(rows, axis=0, weights=weights).astype(np.float64)
        points = rows.astype(np.float64) - origin
        mass = np.ones(len(points)) if weights is None else weights
        used = mass > 0.0
        points, mass = points[used], mass[used]
        tol = self.tol * float(points.var(axis=0).mean())
        tally = Tally(exact=True)
        ends = []
        for _ in range(self._starts()):
            start = self._start(rows, points, mass, origin, random)
            end = _descend(points, mass, start, self.max_iter, tol, self._threads())
            labels = kernels.assign(points, end.centres, self._threads())
            tally.add(end.inertia, end.centres, labels)
            ends.append(end)
        best = min(ends, key=lambda end: end.inertia)
        others = tally.ranked()[1:]
        budget = self.budget or Budget()
        certificate = certify(
            tally,
            Needed(budget.hits, budget.chance),
            rival_of(tally.best, others[0] if others else None, points, mass),
            k=self.n_clusters,
            hits=tally.hits,
            full_passes=sum(end.iterations for end in ends) + len(ends),
            converged=best.converged,
        )
        return _Fit(best.centres + origin, best.iterations, certificate)

    def _start(
        self, rows: Rows, points: Floats, mass: Floats, origin: Floats, random: Any
    ) -> Floats:
        """Return initial centres, relative to the origin."""
        k = self.n_clusters
        if isinstance(self.init, str) and self.init == "k-means++":
            uniforms = random.random_sample((k, 2 + int(np.log(k))))
            return np.asarray(points[kernels.seed(points, mass, k, uniforms)])
        if isinstance(self.init, str):
            few = np.count_nonzero(mass) < k
            drawn = random.choice(len(points), k, replace=few, p=mass / mass.sum())
            return np.asarray(points[drawn])
        given = self.init(rows, k, random_state=random) if callable(self.init) else self.init
        centres = check_array(given, dtype=np.float64, copy=True, order="C")
        _check_shape(centres, k, rows.shape[1])
        return np.asarray(centres - origin)

    def _check_params(self) -> None:
        init_known = not isinstance(self.init, str) or self.init in ("k-means++", "random")
        _require(_is_count(self.n_clusters), "n_clusters", self.n_clusters, "1, 2, 3, ...")
        _require(init_known, "init", self.init, "k-means++, random, a callable, an array")
        auto = isinstance(self.n_init, str) and self.n_init == "auto"
        _require(auto or _is_count(self.n_init), "n_init", self.n_init, "auto, 1, 2, 3, ...")
        _require(_is_count(self.max_iter), "max_iter", self.max_iter, "1, 2, 3, ...")
        _require(_is_share(self.tol), "tol", self.tol, "a number >= 0")
        known = self.algorithm in ("lloyd", "elkan")
        _require(known, "algorithm", self.algorithm, "lloyd, elkan")
        threads = self.n_threads is None or _is_count(self.n_threads)
        _require(threads, "n_threads", self.n_threads, "None, 1, 2, 3, ...")
        if self.algorithm == "elkan" and self.n_clusters == 1:
            warnings.warn(
                "algorithm='elkan' doesn't make sense for a single cluster. Using 'lloyd' instead.",
                RuntimeWarning,
                stacklevel=3,
            )

    def _searches(self) -> bool:
        plus = isinstance(self.init, str) and self.init == "k-means++"
        return plus and isinstance(self.n_init, str)

    def _starts(self) -> int:
        given = not isinstance(self.init, str) and not callable(self.init)
        if isinstance(self.n_init, str):
            return 1 if given else 10
        if given and self.n_init != 1:
            warnings.warn(
                "Explicit initial center position passed: performing only one init in "
                f"{type(self).__name__} instead of n_init={self.n_init}.",
                RuntimeWarning,
                stacklevel=4,
            )
            return 1
        return int(self.n_init)

    def _threads(self) -> int:
        return kernels.default_threads() if self.n_threads is None else int(self.n_threads)

    def _validated(self, X: Any, *, reset: bool) -> Rows:
        rows = validate_data(
            self,
            X,
            reset=reset,
            accept_sparse="csr",
            accept_large_sparse=False,
            dtype=[np.float64, np.float32],
            order="C",
        )
        if isinstance(rows, np.ndarray):
            return rows
        if rows.shape[0] * rows.shape[1] > _DENSE_CELLS:
            raise DataError(
                "The sparse matrix is too large to spread out",
                where="X",
                found=f"{rows.shape[0]} x {rows.shape[1]}",
                allowed=f"{_DENSE_CELLS} cells",
                hint="reduce the columns first, for example with TruncatedSVD",
            )
        dense: Rows = rows.toarray()
        return dense

    def _warn_if_fewer(self, labels: Labels) -> None:
        found = len(np.unique(labels))
        if found < self.n_clusters:
            warnings.warn(
                f"Number of distinct clusters ({found}) found smaller than n_clusters "
                f"({self.n_clusters}). Possibly due to duplicate points in X.",
                ConvergenceWarning,
                stacklevel=3,
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _descend(
    points: Floats, mass: Floats, start: Floats, max_iter: int, tol: float, threads: int
) -> kernels.Lloyd:
    end: kernels.Lloyd = kernels.polish(points, mass, [start], max_iter, tol, threads)[0]
    return end


def _labels(rows: Rows, centres: NDArray[Any], threads: int) -> Labels:
    origin = centres.astype(np.float64).mean(axis=0)
    labels: Labels = kernels.assign(rows, centres - origin, threads, origin=origin)
    return labels


def _assigned(
    rows: Rows, weights: Floats | None, centres: NDArray[Any], threads: int
) -> tuple[Labels, float]:
    """Return the labels and the inertia that belong to exactly these centres."""
    origin = centres.astype(np.float64).mean(axis=0)
    labels, distances = kernels.nearest(rows, centres - origin, threads, origin=origin)
    return labels, float(distances.sum() if weights is None else dot(weights, distances))


def _check_shape(centres: Floats, k: int, columns: int) -> None:
    if len(centres) != k:
        raise DataError(
            f"The shape of the initial centers {centres.shape} does not match "
            f"the number of clusters {k}"
        )
    if centres.shape[1] != columns:
        raise DataError(
            f"The shape of the initial centers {centres.shape} does not match "
            f"the number of features of the data {columns}"
        )


def _is_count(value: object) -> bool:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool | np.bool_)
    return whole and int(value) >= 1  # type: ignore[call-overload]


def _is_share(value: object) -> bool:
    return isinstance(value, int | float | np.number) and bool(0.0 <= float(value) < np.inf)


def _require(good: bool, name: str, found: object, allowed: str) -> None:
    if not good:
        raise SettingError(
            f"The '{name}' parameter of KMeans does not suit",
            where=name,
            found=repr(found),
            allowed=allowed,
        )
