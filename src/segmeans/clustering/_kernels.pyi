from typing import Any

from numpy.typing import NDArray

_Buffer = NDArray[Any]

def sweep(
    rows: _Buffer,
    wide: bool,
    n: int,
    d: int,
    origin: _Buffer | None,
    weights: _Buffer | None,
    scale: float,
    sets: list[Any],
    threads: int,
    /,
) -> list[int]: ...
def nearest(
    rows: _Buffer,
    wide: bool,
    n: int,
    d: int,
    origin: _Buffer | None,
    centres: _Buffer,
    k: int,
    labels: _Buffer,
    distances: _Buffer | None,
    second_labels: _Buffer | None,
    second_distances: _Buffer | None,
    threads: int,
    /,
) -> None: ...
def starts(
    points: _Buffer,
    weights: _Buffer | None,
    m: int,
    d: int,
    k: int,
    uniforms: _Buffer | None,
    s: int,
    trials: int,
    max_iter: int,
    tol: float,
    threads: int,
    correction: _Buffer | None,
    centres: _Buffer,
    inertia: _Buffer,
    iterations: _Buffer,
    converged: _Buffer,
    counts: _Buffer | None,
    /,
) -> None: ...
def climb(
    points: _Buffer,
    weights: _Buffer | None,
    m: int,
    d: int,
    k: int,
    centres: _Buffer,
    s: int,
    candidates: _Buffer,
    t: int,
    tries: int,
    per_centre: int,
    exchanges: int,
    max_iter: int,
    tol: float,
    threads: int,
    labels: _Buffer,
    inertia: _Buffer,
    converged: _Buffer,
    iterations: _Buffer,
    /,
) -> None: ...
def seed(
    points: _Buffer,
    weights: _Buffer | None,
    m: int,
    d: int,
    k: int,
    uniforms: _Buffer,
    trials: int,
    chosen: _Buffer,
    /,
) -> None: ...
def instructions() -> list[str]: ...
def use(name: str, /) -> None: ...
