"""How many customers a test needs before it can show a lift in a share."""

from __future__ import annotations

import math
from statistics import NormalDist

from segmeans.errors import SettingError

ALPHA = 0.05
POWER = 0.8


def group_size(base: float, lift: float, *, alpha: float = ALPHA, power: float = POWER) -> int:
    """Return the customers that each of two equal groups needs to show a lift.

    The normal approximation for two independent shares p and q = p + lift with a two-sided test
    (Fleiss, Levin and Paik, *Statistical Methods for Rates and Proportions*, 3rd ed., 2003,
    formula 4.14, without continuity correction)::

        n = (z_a sqrt(2 m (1 - m)) + z_b sqrt(p (1 - p) + q (1 - q)))**2 / lift**2,  m = (p + q) / 2

    with z_a and z_b the normal quantiles of 1 - alpha / 2 and of the power.

    Parameters
    ----------
    base : float
        Share without the action, above 0 and below 1.
    lift : float
        By how much the action raises it, as a share; negative when it lowers it.
    alpha : float, default=0.05
        Chance to see a lift where there is none.
    power : float, default=0.8
        Chance to see the lift where there is one.

    Returns
    -------
    int

    Raises
    ------
    SettingError
        When a share leaves 0 to 1 or the lift is 0.

    Examples
    --------
    >>> group_size(0.10, 0.05)
    686
    """
    _check(base, lift)
    raised = base + lift
    middle = (base + raised) / 2
    normal = NormalDist()
    spread = normal.inv_cdf(1 - alpha / 2) * math.sqrt(2 * middle * (1 - middle))
    spread += normal.inv_cdf(power) * math.sqrt(base * (1 - base) + raised * (1 - raised))
    return max(2, math.ceil((spread / lift) ** 2 - 1e-9))


def smallest_lift(
    base: float, per_group: int, *, alpha: float = ALPHA, power: float = POWER
) -> float | None:
    """Return the least lift that groups of a given size can show.

    Parameters
    ----------
    base : float
        Share without the action, above 0 and below 1.
    per_group : int
        Customers in each of two groups.
    alpha, power : float
        As in :func:`group_size`.

    Returns
    -------
    float or None
        None when even a lift to everyone would not show.

    Examples
    --------
    >>> round(smallest_lift(0.10, 686), 4)
    0.05
    """
    low, high = 0.0, (1 - base) * (1 - 1e-9)
    if per_group < 2 or group_size(base, high, alpha=alpha, power=power) > per_group:
        return None
    for _ in range(60):
        middle = (low + high) / 2
        enough = middle > 0 and group_size(base, middle, alpha=alpha, power=power) <= per_group
        low, high = (low, middle) if enough else (middle, high)
    return high


def _check(base: float, lift: float) -> None:
    if not (0 < base < 1 and 0 < base + lift < 1 and lift):
        raise SettingError(
            "A test cannot be sized for these shares",
            found=f"base {base:g}, lift {lift:g}",
            allowed="a base and a base plus lift above 0 and below 1, and a lift that is not 0",
        )
