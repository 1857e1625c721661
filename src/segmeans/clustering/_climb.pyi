from typing import Any

from numpy.typing import NDArray

def climb(
    points: NDArray[Any],
    weights: NDArray[Any],
    centres: NDArray[Any],
    labels: NDArray[Any],
    rows: NDArray[Any],
    tries: int,
    per_centre: int,
    exchanges: int,
    max_iter: int,
    tol: float,
    /,
) -> tuple[float, bool]: ...
