"""Forecasts: the next periods of a metric, where the past shows that they can be told."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from mirrorbi.data.periods import Grain, Period
from mirrorbi.facts.fact import Fact, Interval, Quantity, Table, exact
from mirrorbi.facts.stats.backtest import FEWEST, LEVEL, Forecast, Reason, forecast_of
from mirrorbi.facts.stats.proportions import is_proportion
from mirrorbi.facts.sweep.caveats import small_sample_caveat
from mirrorbi.facts.sweep.panel import Floats
from mirrorbi.facts.sweep.sweep_context import Scope, Series, SweepContext
from mirrorbi.facts.tables import RECENT, cell, series_table

AHEAD = {
    Grain.HOUR: 12,
    Grain.DAY: 7,
    Grain.WEEK: 4,
    Grain.MONTH: 6,
    Grain.QUARTER: 4,
    Grain.YEAR: 2,
}
"""Steps forecast at most; fewer, where fewer could be tried often enough."""

_WORTH = 0.3
"""Effect of a forecast that has no error at all."""


def find(context: SweepContext) -> Iterator[Fact]:
    """Yield the forecasts of every metric, of the whole and of the largest members.

    What naive forecasts as well yields nothing; `refusal` says why.
    """
    for metric in context.metrics:
        for scope in context.scopes() if context.periods else ():
            forecast = forecast_or_reason(context, metric, scope)
            if isinstance(forecast, Forecast):
                yield from _facts(context, context.series(metric, scope), forecast)


def forecast_or_reason(context: SweepContext, metric: str, scope: Scope = ()) -> Forecast | Reason:
    """Return the forecast of a metric from the reviewed period on, or why there is none."""

    def make() -> Forecast | Reason:
        grain = context.grain
        if grain is None or not context.periods or context.periods[-1] != context.period:
            return "too_short"
        series = context.series(metric, scope)
        values = np.where(series.complete, series.values, np.nan)
        return forecast_of(values, grain.per_year, AHEAD[grain])

    return context.cached(("forecast", metric, scope), make)


def refusal(context: SweepContext, metric: str, scope: Scope = ()) -> Reason | None:
    """Return why a metric is not forecast, ``None`` if it is."""
    forecast = forecast_or_reason(context, metric, scope)
    return None if isinstance(forecast, Forecast) else forecast


def _facts(context: SweepContext, series: Series, forecast: Forecast) -> Iterator[Fact]:
    metric, last = series.metric, float(series.values[-1])
    bounds = _bounds(context, series)
    values, low, high, naive = (
        np.clip(part, *bounds)
        for part in (forecast.values, forecast.low, forecast.high, forecast.naive)
    )
    n = int(series.rows[forecast.first :].sum())
    ahead = _next(series.periods[-1], len(values))
    for step, period in enumerate(ahead):
        value = exact(float(values[step]))
        yield context.blank(
            "forecast",
            metric,
            scope=series.scope,
            period=period,
            baseline=series.periods[-1],
            compare="given",
            quantities={
                "value": context.quantity(metric, value),
                "low": context.quantity(metric, float(low[step])),
                "high": context.quantity(metric, float(high[step])),
                "last": context.quantity(metric, last),
                "delta": context.difference(metric, value - exact(last)),
                "naive": context.quantity(metric, float(naive[step])),
                "mase": Quantity.of(forecast.error, "number", 2),
                "skill": Quantity.of(forecast.skill, "percent", 0),
                "coverage": Quantity.of(forecast.coverage, "percent", 0),
                "judged": Quantity.of(forecast.judged, "count"),
                "backtests": Quantity.of(int(forecast.backtests[step]), "count"),
                "ahead": Quantity.of(step + 1, "count"),
                "periods": Quantity.of(forecast.n, "count"),
            },
            interval=Interval(
                exact(float(low[step])), exact(float(high[step])), Decimal(str(LEVEL))
            ),
            n=n,
            method=(
                f"{forecast.method}, chosen by backtests from a rolling origin, in which it beat "
                f"{forecast.against}; range: errors of the backtests"
            ),
            terms={"step": str(context.grain)},
            caveats=(*small_sample_caveat(n), *_narrow(forecast)),
            score=context.impact(series.scope) * _WORTH * forecast.skill / (step + 1),
            evidence=(series.query,),
            table=_table(series, context.unit(metric), ahead, (values, low, high), step + 1),
        )


def _bounds(context: SweepContext, series: Series) -> tuple[float, float]:
    """Return where values of a metric must lie: shares in 0 to 1, amounts not below 0."""
    if is_proportion(context.dataset.metric, series.metric):
        return 0.0, 1.0
    observed = series.values[np.isfinite(series.values)]
    return (0.0 if len(observed) and observed.min() >= 0 else -np.inf), np.inf


def _narrow(forecast: Forecast) -> tuple[str, ...]:
    """Return the caveat of a range that held clearly less of the past than it was made for."""
    enough = forecast.judged >= FEWEST
    return ("narrow_range",) * (enough and forecast.coverage < LEVEL - 0.15)


def _next(last: Period, steps: int) -> list[Period]:
    ahead = [last.next()]
    while len(ahead) < steps:
        ahead.append(ahead[-1].next())
    return ahead


def _table(
    series: Series,
    unit: str,
    ahead: list[Period],
    columns: tuple[Floats, Floats, Floats],
    steps: int,
) -> Table:
    nothing = np.full(len(series.periods), np.nan)
    names = ("forecast", "low", "high")
    past = series_table(series, unit, dict.fromkeys(names, nothing), last=RECENT)
    lines = [
        (str(ahead[i]), None, False, *(cell(float(column[i])) for column in columns))
        for i in range(steps)
    ]
    return Table(past.columns, (*past.rows, *lines))
