"""Exponential smoothing: forecasts from every origin, each from what was known there alone."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np

from mirrorbi.facts.sweep.panel import Floats

ALPHA = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98)
BETA = (0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8)
GAMMA = (0.01, 0.05, 0.1, 0.2, 0.4)
PHI = (0.8, 0.9, 0.98)
"""The weights tried. A grid, not an optimiser: the same figures on every machine."""

_BEGIN = 10
"""Values from which level and trend begin (Hyndman et al., 2008, section 2.6.1)."""


class Shape(NamedTuple):
    """Which parts a smoother has.

    Parameters
    ----------
    trend
        ``""``, ``linear`` (Holt, 1957) or ``damped`` (Gardner and McKenzie, 1985).
    season
        Steps in its additive season (Winters, 1960); 1 for none.
    """

    trend: str = ""
    season: int = 1

    @property
    def name(self) -> str:
        """The smoother as a statistician calls it."""
        kind = {"": "simple exponential smoothing", "linear": "Holt", "damped": "damped Holt"}
        season = f", additive season of {self.season}" if self.season > 1 else ""
        return f"ETS ({kind[self.trend]}{season})"


class Weights(NamedTuple):
    """The weights of many smoothers, one of each per column of the states.

    Parameters
    ----------
    alpha, beta, gamma, phi
        Of level, trend, season, and the damping, in the error-correction form of Hyndman
        and Athanasopoulos, "Forecasting: Principles and Practice" (3rd ed.), section 8.5:
        ``beta`` is their beta* (a part of alpha).
    """

    alpha: Floats
    beta: Floats
    gamma: Floats
    phi: Floats


class States(NamedTuple):
    """Where smoothers stand.

    Parameters
    ----------
    level, trend
        (weights,).
    season
        (season, weights); one line of zeros without a season.
    """

    level: Floats
    trend: Floats
    season: Floats


def smoothed(values: Floats, shape: Shape, first: int, ahead: int) -> Floats:
    """Return the forecasts that a smoother makes at every origin.

    At each origin the weights are those of the grid with the least sum of squared errors,
    one step ahead, over the values before it. A missing value changes nothing.

    Parameters
    ----------
    values
        One per step, oldest first; NaN where there is none.
    shape
        The parts of the smoother.
    first
        Values before the first origin; two seasons at least. Where the smoother begins is
        computed from these alone.
    ahead
        Steps forecast.

    Returns
    -------
    array
        (len(values) - first + 1, ahead): line ``i`` was made of ``values[: first + i]``.

    Examples
    --------
    >>> smoothed(np.arange(20.0), Shape("linear"), 12, 2)[-1].round(6).tolist()
    [20.0, 21.0]
    """
    weights = grid(shape)
    states = initial_states(values[:first], shape, len(weights.alpha))
    errors = np.zeros(len(weights.alpha))
    forecasts = np.empty((len(values) - first + 1, ahead))
    for t, value in enumerate(values):
        if t >= first:
            forecasts[t - first] = forecasts_from(states, weights, t, int(np.argmin(errors)), ahead)
        states, error = next_states(states, weights, t, float(value))
        errors += error**2
    forecasts[-1] = forecasts_from(states, weights, len(values), int(np.argmin(errors)), ahead)
    return forecasts


def initial_states(values: Floats, shape: Shape, width: int) -> States:
    """Return where smoothers begin: a line, and a season where there is one, through values."""
    season = shape.season
    cut = values[: max(_BEGIN, 2 * season if season > 1 else 0)]
    steps = np.flatnonzero(np.isfinite(cut))
    columns = [np.ones(len(steps)), steps + 1.0]
    # The season sums to nothing: its last point is minus the others.
    for point in range(season - 1):
        columns.append(
            (steps % season == point).astype(float) - (steps % season == season - 1).astype(float)
        )
    fitted = np.linalg.lstsq(np.column_stack(columns), cut[steps], rcond=None)[0]
    points = np.append(fitted[2:], -fitted[2:].sum()) if season > 1 else np.zeros(1)
    trend = fitted[1] if shape.trend else 0.0
    return States(
        np.full(width, fitted[0]), np.full(width, trend), np.repeat(points[:, None], width, axis=1)
    )


def next_states(states: States, weights: Weights, t: int, value: float) -> tuple[States, Floats]:
    """Return the states after one more value, and by how much it was missed."""
    at = t % len(states.season)
    carried = weights.phi * states.trend
    expected = states.level + carried + states.season[at]
    error = np.zeros(len(expected)) if np.isnan(value) else value - expected
    season = states.season
    season[at] += weights.gamma * error
    level = states.level + carried + weights.alpha * error
    return States(level, carried + weights.alpha * weights.beta * error, season), error


def forecasts_from(states: States, weights: Weights, t: int, best: int, ahead: int) -> Floats:
    """Return the forecasts of one of the smoothers from the step ``t`` on."""
    steps = np.arange(ahead)
    damping = np.cumsum(weights.phi[best] ** (steps + 1))
    season = states.season[(t + steps) % len(states.season), best]
    forecasts: Floats = states.level[best] + states.trend[best] * damping + season
    return forecasts


@lru_cache(maxsize=32)
def grid(shape: Shape) -> Weights:
    """Return every combination of weights that is tried for a shape."""
    beta = BETA if shape.trend else (0.0,)
    phi = PHI if shape.trend == "damped" else (1.0,)
    gamma = GAMMA if shape.season > 1 else (0.0,)
    lines = np.array(list(product(ALPHA, beta, gamma, phi)))
    # Shared by all callers: an array that one of them changed would change others' answers.
    lines.setflags(write=False)
    alpha = lines[:, 0]
    # A season may move only by what the level leaves: gamma is at most 1 - alpha.
    return Weights(alpha, lines[:, 1], lines[:, 2] * (1 - alpha), lines[:, 3])
