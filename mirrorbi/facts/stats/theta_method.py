"""The theta method: half of a line, and what exponential smoothing adds to it."""

from __future__ import annotations

import numpy as np

from mirrorbi.facts.stats.exponential_smoothing import ALPHA
from mirrorbi.facts.sweep.panel import Floats


def theta(values: Floats, first: int, ahead: int, season: int = 1) -> Floats:
    """Return the forecasts that the theta method makes at every origin.

    The method of Assimakopoulos and Nikolopoulos (International Journal of Forecasting 16,
    2000) with theta lines 0 and 2, in the form of Hyndman and Billah (ibid. 19, 2003):
    simple exponential smoothing with half the slope of a least-squares line as drift. A
    season is taken out before and put back after, as means about a line.

    Parameters
    ----------
    values
        One per step, oldest first; NaN where there is none.
    first
        Values before the first origin.
    ahead
        Steps forecast.
    season
        Steps in a season; 1 for none.

    Returns
    -------
    array
        (len(values) - first + 1, ahead): line ``i`` was made of ``values[: first + i]``.

    Examples
    --------
    >>> theta(np.full(12, 5.0), 10, 2)[-1].tolist()
    [5.0, 5.0]
    """
    lines = [_from(filled(values[:t]), ahead, season) for t in range(first, len(values) + 1)]
    return np.array(lines).reshape(-1, ahead)


def slope(values: Floats) -> float:
    """Return the slope of the least-squares line through values one step apart."""
    steps = np.arange(len(values)) - (len(values) - 1) / 2
    return float(steps @ values / (steps @ steps))


def filled(values: Floats) -> Floats:
    """Return values with gaps closed by straight lines; at the ends, by the nearest."""
    mask = np.isfinite(values)
    steps = np.arange(len(values))
    closed: Floats = np.interp(steps, steps[mask], values[mask])
    return closed


def points_of(values: Floats, season: int) -> Floats:
    """Return the season of a series: the mean distance from a line at each of its points."""
    steps = np.arange(len(values))
    residual = values - slope(values) * steps
    residual = residual - residual.mean()
    points = np.array([residual[at::season].mean() for at in range(season)])
    centred: Floats = points - points.mean()
    return centred


def _from(values: Floats, ahead: int, season: int) -> Floats:
    ahead_of = len(values) + np.arange(ahead)
    if season > 1:
        points = points_of(values, season)
        plain = values - points[np.arange(len(values)) % season]
        added = points[ahead_of % season]
    else:
        plain, added = values, np.zeros(ahead)
    levels, errors = _levels(plain, np.array(ALPHA))
    best = int(np.argmin(errors))
    forecasts: Floats = (
        _drifted(float(levels[-1, best]), slope(plain), ALPHA[best], len(plain), ahead) + added
    )
    return forecasts


def _drifted(level: float, line: float, alpha: float, n: int, ahead: int) -> Floats:
    steps = np.arange(ahead, dtype=np.float64)
    return np.asarray(level + line / 2 * (steps + (1 - (1 - alpha) ** n) / alpha), dtype=np.float64)


def _levels(values: Floats, alpha: Floats) -> tuple[Floats, Floats]:
    """Return the level after each value for each weight, and the sums of squared errors."""
    levels: Floats = np.empty((len(values), len(alpha)))
    levels[0] = values[0]
    errors: Floats = np.zeros_like(levels)
    for t in range(1, len(values)):
        errors[t] = values[t] - levels[t - 1]
        levels[t] = levels[t - 1] + alpha * errors[t]
    return levels, np.asarray((errors**2).sum(axis=0))
