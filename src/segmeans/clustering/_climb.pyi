from numpy.typing import NDArray

def climb(
    points: NDArray[object],
    weights: NDArray[object],
    centres: NDArray[object],
    labels: NDArray[object],
    rows: NDArray[object],
    tries: int,
    per_centre: int,
    exchanges: int,
    max_iter: int,
    tol: float,
    /,
) -> tuple[float, bool]: ...
