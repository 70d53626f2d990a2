"""Cells: the plain value of each member, or of each period of the history."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mirrorbi.facts.fact import Fact
from mirrorbi.facts.sweep.caveats import small_sample_caveat
from mirrorbi.facts.sweep.sweep_context import SweepContext

MEMBERS = 24
"""Members told, those with the most rows."""

PERIODS = 24
"""Periods told, the newest."""

_PLAIN = 0.05


def find(context: SweepContext) -> Iterator[Fact]:
    """Yield every metric of each member; without dimensions, of each period."""
    for metric in context.metrics:
        for by in context.by:
            yield from _of_members(context, metric, by)
        if not context.by and context.periods:
            yield from _of_periods(context, metric)


def _of_members(context: SweepContext, metric: str, by: str) -> Iterator[Fact]:
    cells = context.cells(by)
    values = cells.values[metric]
    most = sorted(range(len(cells.members)), key=lambda i: (-cells.rows[i], i))
    for i in most[:MEMBERS]:
        n = int(cells.rows[i])
        if not n or not np.isfinite(values[i]):
            continue
        scope = ((by, cells.members[i]),)
        yield context.blank(
            "cell",
            metric,
            scope=scope,
            quantities={"value": context.quantity(metric, float(values[i]))},
            n=n,
            method="as defined, over the rows of the member",
            terms={"by": by},
            caveats=small_sample_caveat(n),
            score=_PLAIN * context.impact(scope),
            evidence=cells.queries,
        )


def _of_periods(context: SweepContext, metric: str) -> Iterator[Fact]:
    series = context.series(metric)
    lines = zip(series.periods, series.values, series.rows, series.complete, strict=True)
    for age, (period, value, rows, whole) in enumerate(reversed(list(lines)), 1):
        if age > PERIODS:
            return
        if not np.isfinite(value):
            continue
        n = int(rows)
        yield context.blank(
            "cell",
            metric,
            period=period,
            quantities={"value": context.quantity(metric, float(value))},
            n=n,
            method="as defined, over the rows of the period",
            terms={"step": str(context.grain)},
            caveats=(*small_sample_caveat(n), *("incomplete",) * (not whole)),
            score=_PLAIN / age,
            evidence=(series.query,),
        )
