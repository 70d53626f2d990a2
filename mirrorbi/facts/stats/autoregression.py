"""Autoregressions: series that remember."""

from __future__ import annotations

import numpy as np

from mirrorbi.facts.sweep.panel import Floats

CAP = 0.95
"""The longest memory that is considered: beyond, any series is noise."""

BURN = 12
"""Steps that are drawn and thrown away before each series."""

_TINY = float(np.finfo(np.float64).tiny)


def persistence(series: Floats) -> Floats:
    """Return how long each column, about 0, stays on one side.

    The autocorrelations up to a lag of the root of n, weighted down to nothing (Bartlett's
    window, as for long-run variances by Newey and West, 1987). The first of them alone
    would not see the slow part of series that also jump about, and it is the slow part
    that passes for trends and breaks.
    """
    total = np.maximum((series**2).sum(axis=0), _TINY)
    lags = max(1, round(len(series) ** 0.5))
    sums = np.zeros(series.shape[1])
    for lag in range(1, lags + 1):
        weight = 1 - (lag - 1) / lags
        sums += weight * (series[lag:] * series[:-lag]).sum(axis=0) / total
    return sums


def yule_walker(values: Floats, order: int) -> tuple[Floats, Floats]:
    """Fit autoregressions of every order up to one (Levinson and Durbin's recursion).

    Parameters
    ----------
    values
        About 0; NaN where there is none. Autocovariances are over the pairs there are,
        divided by the number of values, so that every fit is stationary without gaps.
    order
        The highest; less than half the number of values.

    Returns
    -------
    coefficients, variances
        (order + 1, order), line k for order k, zero-padded; and the variance of the
        shocks by order, (order + 1,).
    """
    mask = np.isfinite(values)
    filled = np.where(mask, values, 0.0)
    covariance = np.array(
        [(filled[lag:] * filled[: len(filled) - lag]).sum() for lag in range(order + 1)]
    ) / max(int(mask.sum()), 1)
    lines = np.zeros((order + 1, order))
    variances = np.zeros(order + 1)
    variances[0] = covariance[0]
    for k in range(1, order + 1):
        if variances[k - 1] <= 0:
            return lines, variances
        past = lines[k - 1, : k - 1]
        partial = (covariance[k] - past @ covariance[k - 1 : 0 : -1]) / variances[k - 1]
        # Gaps can make covariances that no series has.
        partial = float(np.clip(partial, -CAP, CAP))
        lines[k, : k - 1] = past - partial * past[::-1]
        lines[k, k - 1] = partial
        variances[k] = variances[k - 1] * (1 - partial**2)
    return lines, variances


def ar1_series(shocks: Floats, memory: Floats) -> Floats:
    """Turn shocks into series that remember one step.

    Parameters
    ----------
    shocks
        (burn-in + n, series), time downwards. Written over.
    memory
        First-order coefficient of each series.

    Returns
    -------
    array
        (n, series).
    """
    shocks[0] /= np.sqrt(1 - memory**2)
    for t in range(1, len(shocks)):
        shocks[t] += memory * shocks[t - 1]
    return shocks[BURN:]
