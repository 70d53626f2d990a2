"""Extremes: the latest value is the highest or lowest of the history."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mirrorbi.data.periods import Period
from mirrorbi.facts.fact import Direction, Fact, Quantity
from mirrorbi.facts.limits import SMALL
from mirrorbi.facts.sweep.caveats import small_sample_caveat
from mirrorbi.facts.sweep.sweep_context import Scope, SweepContext
from mirrorbi.facts.tables import series_table

HISTORY = 8
"""Complete periods needed before one of them is called highest or lowest."""


def extremes(context: SweepContext, metric: str, scope: Scope) -> Iterator[Fact]:
    """Yield that the latest value lies beyond every one before it, if it does."""
    series = context.series(metric, scope)
    if context.period != series.periods[-1]:
        return
    usable = series.complete & np.isfinite(series.values)
    if not context.splits(metric):
        usable &= series.rows >= SMALL
    if not usable[-1] or usable.sum() < HISTORY:
        return
    value, before = float(series.values[-1]), series.values[:-1][usable[:-1]]
    high, low = float(before.max()), float(before.min())
    if low <= value <= high or high == low:
        return
    direction: Direction = "up" if value > high else "down"
    former = high if value > high else low
    earlier = [p for p, used in zip(series.periods[:-1], usable[:-1], strict=True) if used]
    n = int(series.rows[-1])
    yield context.blank(
        "extreme",
        metric,
        scope=scope,
        baseline=Period(earlier[0].start, earlier[-1].end, None, earlier[0].calendar),
        direction=direction,
        quantities={
            "value": context.quantity(metric, value),
            "of": Quantity.of(int(usable.sum()), "count"),
            "previous": context.quantity(metric, former),
        },
        n=n,
        method="beyond every complete period before; a new extreme says nothing of chance",
        caveats=small_sample_caveat(n),
        score=context.impact(scope) * min(1.0, abs(value - former) / (high - low)),
        evidence=(series.query,),
        table=series_table(series, context.unit(metric)),
    )
