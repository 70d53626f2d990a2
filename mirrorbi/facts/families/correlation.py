"""Correlation: two metrics whose ups and downs go together, beyond trend, season and memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np

from mirrorbi.data.periods import Period
from mirrorbi.facts.fact import Direction, Fact, Quantity, Table, exact
from mirrorbi.facts.stats.regressors import EXACT, regression_design
from mirrorbi.facts.stats.sieve_bootstrap import COMMON, FIRST, REPLICATES, Noise
from mirrorbi.facts.stats.significance import seed_of, tail_probability
from mirrorbi.facts.sweep.caveats import small_sample_caveat
from mirrorbi.facts.sweep.history import history
from mirrorbi.facts.sweep.panel import Floats
from mirrorbi.facts.sweep.relations import related
from mirrorbi.facts.sweep.sweep_context import SweepContext
from mirrorbi.facts.tables import cell

ENOUGH = 16
"""Values of both from which they are compared."""

LAGS = 3
"""Steps that one may follow the other, either way."""

_SAME = 0.999

_EFFECT = 0.3
"""Effect of two metrics that always go together: no news of the reviewed period."""


class Correlation(NamedTuple):
    """How two series move together.

    Parameters
    ----------
    rho
        Spearman's rank correlation of what trend, season and memory leave, at the lag.
    lag
        Steps by which the second follows the first; negative where it leads.
    p
        Probability of a correlation as strong at any of the lags, if there were none.
    n
        Pairs of values at the lag.
    first
        Position of the first step looked at.
    """

    rho: float
    lag: int
    p: float
    n: int
    first: int

    @property
    def method(self) -> str:
        """The computation, in words."""
        return (
            f"Spearman, both detrended, without season and prewhitened (autoregression); "
            f"strongest of lags -{LAGS} to {LAGS}; p: permutations, the search included"
        )


class Whitened(NamedTuple):
    """What trend, season and memory leave of a series.

    Parameters
    ----------
    first
        Position of the first step with a shock.
    values
        The shocks, one per step; NaN where there is none.
    lost
        Parameters fitted, besides the mean.
    """

    first: int
    values: Floats
    lost: int


def correlation_of(
    x_values: Floats, y_values: Floats, season: int = 1, seed: int = 0
) -> Correlation | None:
    """Correlate two series at the lag where they move together most.

    Both are freed from trend, season and memory first: two trends, or two series that
    remember, correlate by chance (Granger and Newbold, 1974; Haugh, 1976). The
    probability is that of the strongest of all lags looked at, among permutations.

    Parameters
    ----------
    x_values, y_values
        One value per step, oldest first, of the same steps; NaN where there is none.
    season
        Steps in a season that the series may have; 1 for none.
    seed
        Of the permutations.

    Returns
    -------
    Correlation or None
        ``None`` with fewer than 16 values of either, without a last value of both, if
        either never differs, or if one is the other but for unit and origin.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> one = rng.normal(size=40)
    >>> other = np.r_[0, one[:-1]] + 0.3 * rng.normal(size=40)
    >>> correlation = correlation_of(one, other)
    >>> correlation.lag, correlation.rho > 0.8, correlation.p < 0.01
    (1, True, True)
    """
    both = np.isfinite(x_values) & np.isfinite(y_values)
    x, y = (whitened(np.where(both, values, np.nan), season) for values in (x_values, y_values))
    if x is None or y is None:
        return None
    first = max(x.first, y.first)
    x_shocks, y_shocks = x.values[first:], y.values[first:]
    present = np.isfinite(x_shocks) & np.isfinite(y_shocks)
    m = int(present.sum())
    if m < ENOUGH - 1 or abs(spearman(x_shocks[present], y_shocks[present])) > _SAME:
        return None
    lags = range(-LAGS, LAGS + 1)
    counts = np.array([np.logical_and(*_at(present, present, lag)).sum() for lag in lags])
    lost = (x.lost + y.lost) / 2
    if counts.min() < ENOUGH // 2 or m - 1 - lost < ENOUGH // 2:
        return None
    scores = _scores(x_shocks, present), _scores(y_shocks, present)
    table = np.array([np.roll(scores[0], lag) * _inside(len(x_shocks), lag) for lag in lags])
    table *= np.sqrt(m / counts)[:, None]
    strengths = np.abs(table @ scores[1])
    lag = lags[int(np.argmax(strengths))]
    # What was fitted to both leaves them alike in more directions than shuffling does.
    wider = float(np.sqrt((m - 1) / (m - 1 - lost)))
    p = _permuted(table * wider, scores[1], present, float(strengths.max()), seed)
    pair = _at(x_shocks, y_shocks, lag)
    paired = np.isfinite(pair[0]) & np.isfinite(pair[1])
    return Correlation(spearman(pair[0][paired], pair[1][paired]), lag, p, int(paired.sum()), first)


def whitened(values: Floats, season: int = 1) -> Whitened | None:
    """Return what trend, season and memory leave of a series.

    Parameters
    ----------
    values
        One per step, oldest first; NaN where there is none.
    season
        Steps in a season that the series may have; 1 for none.

    Returns
    -------
    Whitened or None
        ``None`` where there are too few values or they never differ.
    """
    stretch = history(values, season, least=ENOUGH)
    if stretch is None:
        return None
    design = regression_design(stretch.present, stretch.season, "line")
    fit = design.fit(np.nan_to_num(stretch.winsorized)[:, None])
    residual = fit.residual[:, 0]
    # Nothing but rounding is left of a straight line.
    if residual @ residual <= EXACT * float(fit.score[0]) ** 2:
        return None
    noise = Noise(design, residual)
    out = np.full(len(values), np.nan)
    out[stretch.first + 1 :] = noise.innovations
    first = int(np.flatnonzero(np.isfinite(out))[0])
    return Whitened(first, out, stretch.season + noise.order)


def spearman(values: Floats, other_values: Floats) -> float:
    """Return Spearman's rank correlation; equal values share their mean rank.

    Examples
    --------
    >>> round(spearman(np.array([1.0, 2, 3, 4]), np.array([1.0, 4, 9, 8])), 6)
    0.8
    """
    x, y = ranks(values), ranks(other_values)
    x, y = x - x.mean(), y - y.mean()
    size = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / size if size else 0.0


def ranks(values: Floats) -> Floats:
    """Return ranks from 1; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    mean: Floats = (last - (counts - 1) / 2)[inverse]
    return mean


def find(context: SweepContext) -> Iterator[Fact]:
    """Yield the tested correlation of every two metrics of the whole."""
    if context.grain is None or context.complete.sum() < ENOUGH:
        return
    for metric, other_metric in combinations(context.metrics, 2):
        if related(context.dataset.metric, metric, other_metric):
            continue
        series, other_series = context.series(metric), context.series(other_metric)
        pair = [np.where(s.complete, s.values, np.nan) for s in (series, other_series)]
        seed = seed_of("correlation", metric, other_metric, str(context.period), context.seed)
        correlation = correlation_of(pair[0], pair[1], context.grain.per_year, seed)
        if correlation is not None:
            yield _fact(context, metric, other_metric, correlation)


def _at(left: np.ndarray, right: np.ndarray, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Pair each step of the first with the step of the second that follows it by the lag."""
    n = len(left)
    if lag >= 0:
        return left[: n - lag], right[lag:]
    return left[-lag:], right[: n + lag]


def _inside(n: int, lag: int) -> Floats:
    steps = np.arange(n)
    return ((steps >= lag) & (steps < n + lag)).astype(float)


def _scores(values: Floats, present: np.ndarray) -> Floats:
    out = np.zeros(len(values))
    centred = ranks(values[present])
    centred = centred - centred.mean()
    out[present] = centred / np.sqrt(centred @ centred)
    return out


def _permuted(table: Floats, y: Floats, present: np.ndarray, observed: float, seed: int) -> float:
    rng = np.random.default_rng(seed)
    places = np.flatnonzero(present)

    def draw(count: int) -> Floats:
        shuffled = np.zeros((len(y), count))
        shuffled[places] = rng.permuted(np.tile(y[places][:, None], count), axis=0)
        strongest: Floats = np.abs(table @ shuffled).max(axis=0)
        return strongest

    strengths = draw(FIRST)
    if (1 + (strengths >= observed).sum()) / (FIRST + 1) < COMMON:
        strengths = np.concatenate([strengths, draw(REPLICATES - FIRST)])
    # On the scale of a log-likelihood ratio the tail is close to exponential.
    largest = 1 - 1e-9
    ratio = -np.log1p(-(np.minimum(strengths, largest) ** 2))
    return tail_probability(float(-np.log1p(-(min(observed, largest) ** 2))), ratio)


def _fact(context: SweepContext, metric: str, other_metric: str, correlation: Correlation) -> Fact:
    dataset = context.dataset
    pair = context.series(metric), context.series(other_metric)
    steps = range(correlation.first, len(context.periods))
    start, last = context.periods[correlation.first], context.periods[-1]
    columns = (
        ("period", "period"),
        ("value", context.unit(metric)),
        ("other", context.unit(other_metric)),
    )
    lines = tuple(
        (str(context.periods[i]), cell(pair[0].values[i]), cell(pair[1].values[i])) for i in steps
    )
    n = int(pair[0].rows[correlation.first :].sum())
    direction: Direction = "up" if correlation.rho > 0 else "down"
    return context.blank(
        "correlation",
        metric,
        period=Period(start.start, last.end, None, start.calendar),
        quantities={
            "rho": Quantity.of(correlation.rho, "number", 2),
            "lag": Quantity.of(correlation.lag, "count"),
            "periods": Quantity.of(correlation.n, "count"),
        },
        estimate="rho",
        direction=direction,
        p=float(exact(correlation.p)),
        n=n,
        method=correlation.method,
        terms={
            "other": other_metric,
            "other_label": dataset.label(other_metric),
            "step": str(context.grain),
        },
        caveats=small_sample_caveat(n),
        score=context.impact() * _EFFECT * correlation.rho**2,
        evidence=(pair[0].query,),
        table=Table(columns, lines),
    )
