"""Changes: the reviewed period against the previous, last year's, an average, or a given one."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from mirrorbi.data.model.semantic_model import RatioMetric
from mirrorbi.facts.fact import Direction, Fact, Interval, Quantity, Table, exact
from mirrorbi.facts.families.values import hides, plain_size, small
from mirrorbi.facts.stats.proportions import METHOD, is_proportion, newcombe
from mirrorbi.facts.stats.surprise import Surprise, judge
from mirrorbi.facts.sweep.panel import ALL, Cells, Floats
from mirrorbi.facts.sweep.sweep_context import Scan, Scope, Series
from mirrorbi.facts.tables import RECENT, quotient, series_table

KINDS = ("change",)

_AVERAGE_FROM = 4
"""Periods that a mean needs before the distance from it is a change."""


def find(scan: Scan) -> Iterator[Fact]:
    """Yield the change of every metric: of the whole and of the largest members."""
    if not scan.comparable:
        return
    for metric in scan.metrics:
        for scope in scan.scopes():
            yield from _change(scan, metric, scope)


def direction_of(delta: Decimal) -> Direction:
    """Return ``up``, ``down`` or ``flat``.

    Examples
    --------
    >>> direction_of(Decimal("-0.1"))
    'down'
    """
    return "up" if delta > 0 else "down" if delta < 0 else "flat"


def size_of(scan: Scan, metric: str, scope: Scope = ()) -> float:
    """Return how large the change of a metric is, 0 to 1.

    Against its own earlier changes where there are enough; otherwise as `plain_size`.
    """
    found = _ends(scan, metric, scope)
    if found is None:
        return 0.0
    surprise = surprise_of(scan, metric, scope)
    if surprise is not None:
        return surprise.effect
    return plain_size(scan.unit(metric), *found[:2])


def surprise_of(scan: Scan, metric: str, scope: Scope = ()) -> Surprise | None:
    """Return how the change compares with the earlier ones of the series, if it can be told."""
    if scan.grain is None or not scan.periods or scan.period != scan.periods[-1]:
        return None
    season = scan.grain.per_year

    def make() -> Surprise | None:
        changes = _changes(scan, scan.series(metric, scope))
        return None if changes is None else judge(changes, season)

    return scan.once(("surprise", metric, scope), make)


def _changes(scan: Scan, series: Series) -> Floats | None:
    values = np.where(series.complete, series.values, np.nan)
    out = np.full(len(values), np.nan)
    if scan.compare == "average":
        reach = max(len(scan.averaged), _AVERAGE_FROM)
        for i in range(_AVERAGE_FROM, len(values)):
            before = values[max(0, i - reach) : i]
            if np.isfinite(before).sum() >= _AVERAGE_FROM:
                out[i] = values[i] - np.nanmean(before)
        return out
    if scan.baseline not in scan.places:
        return None
    lag = len(values) - 1 - scan.places[scan.baseline]
    out[lag:] = values[lag:] - values[: len(values) - lag]
    return out


def _ends(scan: Scan, metric: str, scope: Scope) -> tuple[float, float, int, int] | None:
    """Return value, base and the rows of both; members without rows count and sum to 0."""
    by, member = scope[0] if scope else (None, ALL)
    now, then = scan.pair(by)
    if member not in now.members:
        return None
    i = now.members.index(member)
    pair = [float(now.values[metric][i]), float(then.values[metric][i])]
    if scope and scan.splits(metric):
        pair = [
            0.0 if np.isnan(x) and not cells.rows[i] else x
            for x, cells in zip(pair, (now, then), strict=True)
        ]
    if not np.isfinite(pair).all():
        return None
    return pair[0], pair[1], int(now.rows[i]), int(then.rows[i])


def _change(scan: Scan, metric: str, scope: Scope) -> Iterator[Fact]:
    found = _ends(scan, metric, scope)
    if found is None:
        return
    value, base = exact(found[0]), exact(found[1])
    delta = value - base
    quantities = {
        "delta": scan.difference(metric, delta),
        "value": scan.quantity(metric, value),
        "base": scan.quantity(metric, base),
    }
    if base > 0 and scan.unit(metric) not in ("percent", "%"):
        quantities["pct"] = Quantity(quotient(delta, base), "percent")
    surprise = surprise_of(scan, metric, scope)
    interval = _interval(scan, metric, scope)
    now, then = scan.pair(scope[0][0] if scope else None)
    yield scan.blank(
        "change",
        metric,
        scope=scope,
        baseline=scan.baseline,
        compare=scan.compare,
        direction=direction_of(quantities["delta"].shown),
        quantities=quantities,
        estimate="delta",
        interval=interval,
        p=float(exact(surprise.p)) if surprise else None,
        n=found[2] + found[3],
        method="; ".join(
            ["difference of two periods"]
            + [f"baseline: mean of {len(scan.averaged)} complete periods"]
            * (scan.compare == "average")
            + [METHOD] * (interval is not None)
            + [surprise.method if surprise else "p: none, too few earlier changes"]
        ),
        caveats=(
            *small(found[2], found[3]),
            *baseline_caveats(scan),
            *(hides(now) if scope else ()),
        ),
        score=scan.impact(scope) * size_of(scan, metric, scope),
        evidence=tuple(dict.fromkeys((*now.queries, *then.queries))),
        table=_history(scan, metric, scope),
    )


def _history(scan: Scan, metric: str, scope: Scope) -> Table | None:
    """Return the series as a table: the recent periods, and back to the baseline at least."""
    if not scan.periods or scan.baseline is None:
        return None
    start = scan.baseline.start
    since = sum(1 for period in scan.periods if period.start >= start)
    return series_table(scan.series(metric, scope), scan.unit(metric), last=max(RECENT, since))


def baseline_caveats(scan: Scan) -> tuple[str, ...]:
    """Return what weakens any comparison of the scan: a baseline of another length."""
    period, baseline = scan.period, scan.baseline
    if period is None or baseline is None or scan.compare == "average":
        return ()
    unlike = abs(period.days - baseline.days) > 0.15 * period.days
    return ("unequal_length",) * unlike


def _interval(scan: Scan, metric: str, scope: Scope) -> Interval | None:
    if scan.compare == "average" or not is_proportion(scan.dataset.metric, metric):
        return None
    by, member = scope[0] if scope else (None, ALL)
    counts = [_counts(scan, metric, cells, member) for cells in scan.pair(by)]
    if any(trials <= 0 or not 0 <= successes <= trials for successes, trials in counts):
        return None
    low, high = newcombe(counts[0], counts[1])
    return Interval(exact(low), exact(high))


def _counts(scan: Scan, metric: str, cells: Cells, member: str) -> tuple[float, float]:
    ratio = scan.dataset.metric(metric)
    if not isinstance(ratio, RatioMetric):
        return 0.0, 0.0
    i = cells.members.index(member)
    pair = (float(cells.values[ratio.numerator][i]), float(cells.values[ratio.denominator][i]))
    return (pair[0], pair[1]) if np.isfinite(pair).all() else (0.0, 0.0)
