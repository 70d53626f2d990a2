"""Backtests: what each method would have said, and whether it would have beaten naive."""

from __future__ import annotations

from math import ceil
from typing import Literal, NamedTuple

import numpy as np

from mirrorbi.facts.stats.exponential_smoothing import Shape, smoothed
from mirrorbi.facts.stats.theta_method import theta
from mirrorbi.facts.sweep.history import history
from mirrorbi.facts.sweep.panel import Floats, Ints

LEVEL = 0.8
"""Part of the backtests that the range is made to hold."""

FEWEST = 10
"""Backtests below which a step ahead is not forecast."""

MOST = 60
"""The latest origins that are looked at."""

LEARN = 10
"""Values before the first origin, where there is no season."""

_RANGE = 4
"""Errors from which a range can be made: the largest of four holds 80 % of what comes."""

BETTER = 0.95
"""The error, as a part of that of naive, that a method must not exceed."""

Reason = Literal["too_short", "not_better_than_naive"]


class Forecast(NamedTuple):
    """The steps after a series.

    Parameters
    ----------
    values, low, high
        (steps,): the forecast, and the range that held `LEVEL` of the backtests.
    naive
        (steps,): what repeating the last value, or the last season, gives.
    coverage, judged
        Part of so many backtests, of all steps, whose value lay in the range that would
        have been given then.
    backtests
        (steps,): how often each step ahead was tried.
    error
        Mean absolute error of the backtests over that of naive in the series itself: the
        mean absolute scaled error of Hyndman and Koehler (2006).
    skill
        By which part the error was less than that of naive in the same backtests.
    method, against
        The method chosen, and the naive one that it beat.
    n, first
        Values used, and the position of the first.
    """

    values: Floats
    low: Floats
    high: Floats
    naive: Floats
    coverage: float
    judged: int
    backtests: Ints
    error: float
    skill: float
    method: str
    against: str
    n: int
    first: int


def forecast_of(values: Floats, season: int = 1, ahead: int = 3) -> Forecast | Reason:
    """Forecast a series by the method that would have done best, if it beats naive.

    At every origin of the past each method sees only what came before, forecasts the
    steps after it, and is measured against what came (a rolling origin; Tashman, 2000).
    The method with the least mean absolute error is chosen. It must beat the better of
    naive and seasonal naive by a twentieth, and so must the choice itself: made at each
    origin from the backtests known by then.

    Parameters
    ----------
    values
        One per step, oldest first; NaN where there is none.
    season
        Steps in a season that the series may have; 1 for none.
    ahead
        Steps wanted at most; those with fewer than 10 backtests are left out.

    Returns
    -------
    Forecast or str
        ``too_short`` if no step has 10 backtests (also where the last value is missing,
        too many are, or they never differ), ``not_better_than_naive`` if naive does as
        well.
    """
    past = history(values, season, least=LEARN + FEWEST)
    if past is None:
        return "too_short"
    cut = values[past.first :]
    m = season if season > 1 and len(cut) >= 2 * season + FEWEST else 1
    learn = max(LEARN, 2 * m if m > 1 else 0)
    first = max(learn, len(cut) - MOST)
    names, forecasts = candidates(past.values, m, first, ahead)
    errors = np.abs(_origin_errors(past.values, forecasts, first))
    tries = np.isfinite(errors[0]).sum(axis=0)
    steps = int((tries >= FEWEST).sum())
    if not steps:
        return "too_short"
    errors, forecasts, tries = errors[:, :, :steps], forecasts[:, :, :steps], tries[:steps]
    mean = np.nanmean(errors, axis=1).mean(axis=1)
    plain = 2 if m > 1 else 1
    naive = int(np.argmin(mean[:plain]))
    best = plain + int(np.argmin(mean[plain:]))
    if not (mean[best] <= BETTER * mean[naive] and _chosen(errors, plain) <= BETTER):
        return "not_better_than_naive"
    reach = np.array([_quantile(column[np.isfinite(column)]) for column in errors[best].T])
    hits = covered(errors[best])
    scale = past.scale
    lags = np.abs(past.values[m:] - past.values[:-m])
    own = past.centre + scale * forecasts[best, -1]
    return Forecast(
        values=own,
        low=own - scale * reach,
        high=own + scale * reach,
        naive=past.centre + scale * forecasts[naive, -1],
        coverage=float(np.mean(hits)),
        judged=len(hits),
        backtests=tries,
        error=float(mean[best] / np.nanmean(lags)),
        skill=float(1 - mean[best] / mean[naive]),
        method=names[best],
        against=names[naive],
        n=past.n,
        first=past.first,
    )


def candidates(values: Floats, season: int, first: int, ahead: int) -> tuple[list[str], Floats]:
    """Return the names of the methods, naive first, and their forecasts at every origin.

    Returns
    -------
    list of str, array
        (methods, origins, steps), the last origin being the end of the series.
    """
    forecasts = {"naive": repeated(values, first, ahead, 1)}
    seasons = [1]
    if season > 1:
        forecasts["seasonal naive"] = repeated(values, first, ahead, season)
        seasons.append(season)
    for m in seasons:
        for trend in ("", "linear", "damped"):
            shape = Shape(trend, m)
            forecasts[shape.name] = smoothed(values, shape, first, ahead)
        name = f"theta, additive season of {m}" if m > 1 else "theta"
        forecasts[name] = theta(values, first, ahead, m)
    return list(forecasts), np.array(list(forecasts.values()))


def repeated(values: Floats, first: int, ahead: int, season: int) -> Floats:
    """Return the naive forecasts at every origin: the last value, or that a season ago."""
    filled = values.copy()
    for t in range(season, len(filled)):
        if np.isnan(filled[t]):
            filled[t] = filled[t - season]
    origins = np.arange(first, len(values) + 1)[:, None]
    return np.asarray(filled[origins - season + np.arange(ahead) % season])


def covered(errors: Floats) -> list[bool]:
    """Return which backtests lay in the range that would have been given at their origin.

    That range is made like the one of the forecast, of the errors known by then.

    Parameters
    ----------
    errors
        Absolute, (origins, steps); NaN where nothing came yet.
    """
    hits = []
    for step, column in enumerate(errors.T):
        for origin, error in enumerate(column):
            past_errors = column[: max(0, origin - step)]
            past_errors = past_errors[np.isfinite(past_errors)]
            if np.isfinite(error) and len(past_errors) >= _RANGE:
                hits.append(bool(error <= _quantile(past_errors)))
    return hits


def _quantile(errors: Floats) -> float:
    """Return the error that `LEVEL` of the backtests, and one more to be sure, do not exceed.

    Split conformal prediction (Lei et al., 2018).
    """
    place = ceil(LEVEL * (len(errors) + 1))
    return float(np.sort(errors)[min(place, len(errors)) - 1])


def _origin_errors(values: Floats, forecasts: Floats, first: int) -> Floats:
    """Return the errors at every origin but the last: NaN where nothing came yet."""
    ahead = forecasts.shape[2]
    padded = np.append(values, np.full(ahead, np.nan))
    came = padded[np.arange(first, len(values))[:, None] + np.arange(ahead)]
    errors: Floats = came - forecasts[:, :-1]
    return errors


def _chosen(errors: Floats, plain: int) -> float:
    """Return the error of the choice itself over that of naive, from the first few origins on.

    At each origin the method is taken that did best one step ahead until then: nothing is
    known of what is to come.
    """
    one_step = errors[:, :, 0]
    filled = np.where(np.isfinite(one_step), one_step, 0.0)
    before = np.cumsum(filled, axis=1) - filled
    origins = np.arange(one_step.shape[1])
    late = origins >= min(FEWEST // 2, len(origins) - 1)
    own = one_step[plain:][np.argmin(before[plain:], axis=0), origins][late]
    naive = one_step[:plain][:, late]
    return float(np.nanmean(own) / max(np.nanmean(naive, axis=1).min(), 1e-12))
