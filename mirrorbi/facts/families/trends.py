"""Trends: a steady rise or fall of a series, told from noise that remembers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mirrorbi.data.periods import Period
from mirrorbi.facts.fact import Fact, Interval, Quantity, exact
from mirrorbi.facts.families.changes import direction_of
from mirrorbi.facts.families.values import plain_size
from mirrorbi.facts.stats.regressors import regression_design
from mirrorbi.facts.stats.sieve_bootstrap import BootstrapResult, bootstrap_test
from mirrorbi.facts.stats.significance import RARE, seed_of
from mirrorbi.facts.sweep.caveats import small_sample_caveat
from mirrorbi.facts.sweep.history import ENOUGH, History, grouped_by_steps, history
from mirrorbi.facts.sweep.panel import Floats
from mirrorbi.facts.sweep.sweep_context import Series, SweepContext
from mirrorbi.facts.tables import series_table


class Trend(NamedTuple):
    """A line through a series.

    Parameters
    ----------
    slope
        Change per step.
    low, high
        The slope's 95 % interval.
    fit
        The line, one value per step of the series; NaN before the stretch looked at.
    p
        Probability of a line that explains as much, in noise with the series' memory.
    n
        Values.
    first
        Position of the first step looked at.
    season
        Steps in the season that was taken out; 1 for none.
    order
        Order of the autoregression of the noise.
    """

    slope: float
    low: float
    high: float
    fit: Floats
    p: float
    n: int
    first: int
    season: int
    order: int

    @property
    def method(self) -> str:
        """The computation, in words."""
        kind = "seasonal Theil-Sen" if self.season > 1 else "Theil-Sen"
        return (
            f"slope: {kind}, over {self.n} complete periods; interval and p: "
            f"autoregressive sieve bootstrap, order {self.order}"
        )


def trends_of(series: Sequence[Floats], season: int = 1, seed: int = 0) -> list[Trend | None]:
    """Fit and test a line through each of many series.

    The slope is the median of the slopes between all pairs of values (Theil, 1950; Sen,
    1968), of pairs at the same point of the season where the series has one (Hirsch, Slack
    and Smith, 1982). The test and the interval come from an autoregressive sieve
    bootstrap (see `mirrorbi.facts.stats.sieve_bootstrap`).

    Parameters
    ----------
    series
        For each its values, one per step, oldest first; NaN where there is none.
    season
        Steps in a season that they may have; 1 for none.
    seed
        Of the bootstrap.

    Returns
    -------
    list of Trend or None
        ``None`` for a series with fewer than 12 values, without a last value, or whose values
        never differ.

    Examples
    --------
    >>> [trend] = trends_of([np.array([3.0, 5, 4, 6, 8, 7, 9, 8, 10, 12, 11, 13])])
    >>> round(trend.slope, 2), trend.p < 0.01
    (0.84, True)
    """
    histories = [history(values, season) for values in series]
    out: list[Trend | None] = [None] * len(series)
    for places, group in grouped_by_steps(histories):
        design = regression_design(group[0].present, group[0].season, "line")
        results = bootstrap_test(design, np.column_stack([past.winsorized for past in group]), seed)
        for i, past, result in zip(places, group, results, strict=True):
            out[i] = _trend(past, result, float(design.sizes[0]), len(series[i]))
    return out


def _trend(past: History, result: BootstrapResult, size: float, length: int) -> Trend:
    slope = theil_sen(past.values, past.season)
    steps = np.arange(len(past.values))
    start = float(np.nanmedian(past.values - slope * steps))
    reach = result.reach * size
    fit = np.full(length, np.nan)
    fit[past.first :] = past.centre + past.scale * (start + slope * steps)
    # A median of slopes that says the opposite of the tested line, or nothing, is no trend.
    p = result.p if slope * result.score > 0 else 1.0
    return Trend(
        slope=slope * past.scale,
        low=(slope - reach) * past.scale,
        high=(slope + reach) * past.scale,
        fit=fit,
        p=p,
        n=past.n,
        first=past.first,
        season=past.season,
        order=result.order,
    )


def theil_sen(values: Floats, season: int = 1) -> float:
    """Return the median slope between pairs of values, a whole number of seasons apart.

    Parameters
    ----------
    values
        One per step; NaN where there is none.
    season
        Steps in a season; 1 for all pairs.

    Examples
    --------
    >>> theil_sen(np.array([1.0, 2.0, 9.0, 4.0, 5.0]))
    1.0
    """
    steps = np.flatnonzero(np.isfinite(values))
    apart = steps - steps[:, None]
    pairs = np.triu((apart > 0) & (apart % season == 0))
    observed = values[steps]
    slopes = (observed - observed[:, None])[pairs] / apart[pairs]
    return float(np.median(slopes)) if len(slopes) else 0.0


def find(context: SweepContext) -> Iterator[Fact]:
    """Yield a tested trend for the whole and the largest members of every metric."""
    if context.grain is None or context.complete.sum() < ENOUGH:
        return
    series = [
        context.series(metric, scope) for metric in context.metrics for scope in context.scopes()
    ]
    values = [np.where(subject.complete, subject.values, np.nan) for subject in series]
    trends = trends_of(values, context.grain.per_year, seed_of("trend", context.seed))
    for subject, trend in zip(series, trends, strict=True):
        if trend is not None:
            yield _fact(context, subject, trend)


def _fact(context: SweepContext, series: Series, trend: Trend) -> Fact:
    metric, scope = series.metric, series.scope
    steps = len(series.periods) - 1 - trend.first
    first, last = series.periods[trend.first], series.periods[-1]
    base = float(trend.fit[trend.first])
    slope = exact(trend.slope)
    n = int(series.rows[trend.first :].sum())
    return context.blank(
        "trend",
        metric,
        scope=scope,
        period=Period(first.start, last.end, None, first.calendar),
        quantities={
            "slope": context.difference(metric, slope),
            "total": context.difference(metric, slope * steps),
            "periods": Quantity.of(trend.n, "count"),
            "value": context.quantity(metric, float(series.values[-1])),
            "base": context.quantity(metric, base),
        },
        estimate="slope",
        direction=direction_of(slope),
        interval=Interval(exact(trend.low), exact(trend.high)),
        p=float(exact(trend.p)),
        n=n,
        method=trend.method,
        terms={"step": str(context.grain)},
        caveats=small_sample_caveat(n),
        score=context.impact(scope) * plain_size(context.unit(metric), float(trend.fit[-1]), base),
        evidence=(series.query,),
        # No q is less than its p: what will not be reported is not drawn.
        table=None
        if trend.p > RARE
        else series_table(series, context.unit(metric), {"fit": trend.fit}),
    )
