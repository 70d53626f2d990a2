"""Changes: the reviewed period against the previous, last year's, an average, or a given one."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from mirrorbi.data.model.semantic_model import RatioMetric
from mirrorbi.facts.fact import Direction, Fact, Interval, Quantity, Table, exact
from mirrorbi.facts.families.values import plain_size
from mirrorbi.facts.stats.proportions import METHOD, is_proportion, newcombe
from mirrorbi.facts.stats.surprise import Surprise, last_change_surprise
from mirrorbi.facts.sweep.caveats import hidden_members_caveat, small_sample_caveat
from mirrorbi.facts.sweep.panel import ALL, Cells, Floats
from mirrorbi.facts.sweep.sweep_context import Scope, Series, SweepContext
from mirrorbi.facts.tables import RECENT, quotient, series_table

_AVERAGE_FROM = 4
"""Periods that a mean needs before the distance from it is a change."""


def find(context: SweepContext) -> Iterator[Fact]:
    """Yield the change of every metric: of the whole and of the largest members."""
    if not context.comparable:
        return
    for metric in context.metrics:
        for scope in context.scopes():
            yield from _change(context, metric, scope)


def direction_of(delta: Decimal) -> Direction:
    """Return ``up``, ``down`` or ``flat``.

    Examples
    --------
    >>> direction_of(Decimal("-0.1"))
    'down'
    """
    return "up" if delta > 0 else "down" if delta < 0 else "flat"


def size_of(context: SweepContext, metric: str, scope: Scope = ()) -> float:
    """Return how large the change of a metric is, 0 to 1.

    Against its own earlier changes where there are enough; otherwise as `plain_size`.
    """
    ends = _ends(context, metric, scope)
    if ends is None:
        return 0.0
    surprise = surprise_of(context, metric, scope)
    if surprise is not None:
        return surprise.effect
    return plain_size(context.unit(metric), *ends[:2])


def surprise_of(context: SweepContext, metric: str, scope: Scope = ()) -> Surprise | None:
    """Return how the change compares with the earlier ones of the series, if it can be told."""
    if context.grain is None or not context.periods or context.period != context.periods[-1]:
        return None
    season = context.grain.per_year

    def make() -> Surprise | None:
        changes = _changes(context, context.series(metric, scope))
        return None if changes is None else last_change_surprise(changes, season)

    return context.cached(("surprise", metric, scope), make)


def _changes(context: SweepContext, series: Series) -> Floats | None:
    values = np.where(series.complete, series.values, np.nan)
    out = np.full(len(values), np.nan)
    if context.compare == "average":
        reach = max(len(context.averaged), _AVERAGE_FROM)
        for i in range(_AVERAGE_FROM, len(values)):
            before = values[max(0, i - reach) : i]
            if np.isfinite(before).sum() >= _AVERAGE_FROM:
                out[i] = values[i] - np.nanmean(before)
        return out
    if context.baseline not in context.places:
        return None
    lag = len(values) - 1 - context.places[context.baseline]
    out[lag:] = values[lag:] - values[: len(values) - lag]
    return out


def _ends(context: SweepContext, metric: str, scope: Scope) -> tuple[float, float, int, int] | None:
    """Return value, base and the rows of both; members without rows count and sum to 0."""
    by, member = scope[0] if scope else (None, ALL)
    now, then = context.pair(by)
    if member not in now.members:
        return None
    i = now.members.index(member)
    pair = [float(now.values[metric][i]), float(then.values[metric][i])]
    if scope and context.splits(metric):
        pair = [
            0.0 if np.isnan(x) and not cells.rows[i] else x
            for x, cells in zip(pair, (now, then), strict=True)
        ]
    if not np.isfinite(pair).all():
        return None
    return pair[0], pair[1], int(now.rows[i]), int(then.rows[i])


def _change(context: SweepContext, metric: str, scope: Scope) -> Iterator[Fact]:
    ends = _ends(context, metric, scope)
    if ends is None:
        return
    value, base = exact(ends[0]), exact(ends[1])
    delta = value - base
    quantities = {
        "delta": context.difference(metric, delta),
        "value": context.quantity(metric, value),
        "base": context.quantity(metric, base),
    }
    if base > 0 and context.unit(metric) not in ("percent", "%"):
        quantities["pct"] = Quantity(quotient(delta, base), "percent")
    surprise = surprise_of(context, metric, scope)
    interval = _interval(context, metric, scope)
    now, then = context.pair(scope[0][0] if scope else None)
    yield context.blank(
        "change",
        metric,
        scope=scope,
        baseline=context.baseline,
        compare=context.compare,
        direction=direction_of(quantities["delta"].shown),
        quantities=quantities,
        estimate="delta",
        interval=interval,
        p=float(exact(surprise.p)) if surprise else None,
        n=ends[2] + ends[3],
        method="; ".join(
            ["difference of two periods"]
            + [f"baseline: mean of {len(context.averaged)} complete periods"]
            * (context.compare == "average")
            + [METHOD] * (interval is not None)
            + [surprise.method if surprise else "p: none, too few earlier changes"]
        ),
        caveats=(
            *small_sample_caveat(ends[2], ends[3]),
            *baseline_caveats(context),
            *(hidden_members_caveat(now) if scope else ()),
        ),
        score=context.impact(scope) * size_of(context, metric, scope),
        evidence=tuple(dict.fromkeys((*now.queries, *then.queries))),
        table=_history(context, metric, scope),
    )


def _history(context: SweepContext, metric: str, scope: Scope) -> Table | None:
    """Return the series as a table: the recent periods, and back to the baseline at least."""
    if not context.periods or context.baseline is None:
        return None
    start = context.baseline.start
    since = sum(1 for period in context.periods if period.start >= start)
    return series_table(
        context.series(metric, scope), context.unit(metric), last=max(RECENT, since)
    )


def baseline_caveats(context: SweepContext) -> tuple[str, ...]:
    """Return what weakens any comparison of the scan: a baseline of another length."""
    period, baseline = context.period, context.baseline
    if period is None or baseline is None or context.compare == "average":
        return ()
    unlike = abs(period.days - baseline.days) > 0.15 * period.days
    return ("unequal_length",) * unlike


def _interval(context: SweepContext, metric: str, scope: Scope) -> Interval | None:
    if context.compare == "average" or not is_proportion(context.dataset.metric, metric):
        return None
    by, member = scope[0] if scope else (None, ALL)
    counts = [_counts(context, metric, cells, member) for cells in context.pair(by)]
    if any(trials <= 0 or not 0 <= successes <= trials for successes, trials in counts):
        return None
    low, high = newcombe(counts[0], counts[1])
    return Interval(exact(low), exact(high))


def _counts(context: SweepContext, metric: str, cells: Cells, member: str) -> tuple[float, float]:
    ratio = context.dataset.metric(metric)
    if not isinstance(ratio, RatioMetric):
        return 0.0, 0.0
    i = cells.members.index(member)
    pair = (float(cells.values[ratio.numerator][i]), float(cells.values[ratio.denominator][i]))
    return (pair[0], pair[1]) if np.isfinite(pair).all() else (0.0, 0.0)
