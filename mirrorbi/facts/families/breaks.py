"""Breaks: a lasting change of the level of a series, told from noise that remembers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mirrorbi.data.periods import Period
from mirrorbi.facts.fact import Fact, Interval, exact
from mirrorbi.facts.families.changes import direction_of
from mirrorbi.facts.families.values import plain_size, small
from mirrorbi.facts.stats.regressors import Question, question
from mirrorbi.facts.stats.sieve_bootstrap import Verdict, judge
from mirrorbi.facts.stats.significance import RARE, seed_of
from mirrorbi.facts.sweep.history import History, alike, history, pattern
from mirrorbi.facts.sweep.panel import Floats
from mirrorbi.facts.sweep.sweep_context import Series, SweepContext
from mirrorbi.facts.tables import series_table

KINDS = ("break",)

ENOUGH = 15
"""Values from which a break is tested: with fewer, false alarms in noise of long memory
exceed the nominal rate."""

_AGAIN = 0.05
"""Probability of the first break up to which the parts on both sides are searched too."""


class Break(NamedTuple):
    """A change of level.

    Parameters
    ----------
    place
        Position of the first step of the new level.
    start, end
        Positions of the first step of the old level and after the last of the new.
    before, after
        The typical (median) level on both sides, without the season.
    low, high
        The 95 % interval of the difference, given the place.
    p
        Probability of a step anywhere that explains as much, in noise with the series'
        memory; 1 where a straight line explains more than the step.
    n
        Values from start to end.
    season
        Steps in the season that was taken out; 1 for none.
    order
        Order of the autoregression of the noise.
    """

    place: int
    start: int
    end: int
    before: float
    after: float
    low: float
    high: float
    p: float
    n: int
    season: int
    order: int

    def until(self, other: Break) -> Break:
        """Return the break with its levels up to another on one of its sides."""
        near = (
            self._replace(end=other.place, after=other.before)
            if other.place > self.place
            else self._replace(start=other.place, before=other.after)
        )
        moved = (near.after - near.before) - (self.after - self.before)
        return near._replace(low=self.low + moved, high=self.high + moved)

    @property
    def method(self) -> str:
        """The computation, in words."""
        season = ", season taken out" if self.season > 1 else ""
        return (
            f"place: least squares over {self.n} complete periods{season}; p: largest CUSUM "
            f"against an autoregressive sieve bootstrap, order {self.order}; "
            "interval: the same, given the place"
        )


def breaks_of(values: Floats, season: int = 1, seed: int = 0) -> list[Break]:
    """Find the strongest change of level, and the strongest left on either side of it.

    The place is that with the least squares on both sides: what ``ruptures.Binseg`` with
    the ``l2`` cost proposes. Whether it is more than noise is decided against the same
    search in autoregressive replicates (see `mirrorbi.facts.stats.sieve_bootstrap`).

    Parameters
    ----------
    values
        One per step, oldest first; NaN where there is none.
    season
        Steps in a season that the series may have; 1 for none.
    seed
        Of the bootstrap.

    Returns
    -------
    list of Break
        Every break that was tested, strongest first: none with fewer than 15 values,
        without a last value, or if they never differ; otherwise one or two.

    Examples
    --------
    >>> level = np.array([5.0, 6, 5, 4, 5, 6, 5, 11, 12, 11, 10, 11, 12, 11, 10])
    >>> first, *_ = breaks_of(level)
    >>> first.place, round(first.before, 9), round(first.after, 9), first.p < 0.01
    (7, 5.0, 11.0, True)
    """
    return breaks_in([values], season, seed)[0]


def breaks_in(series: Sequence[Floats], season: int = 1, seed: int = 0) -> list[list[Break]]:
    """Find and test the breaks of each of many series, as `breaks_of` does for one."""
    first = _strongest([history(values, season, least=ENOUGH) for values in series], seed)
    again = [i for i, one in enumerate(first) if one is not None and one.p <= _AGAIN]
    parts = [
        part
        for i in again
        if (one := first[i]) is not None
        for part in (
            _part(series[i], one.start, one.place, season),
            _part(series[i], one.place, one.end, season),
        )
    ]
    later = iter(_strongest(parts, seed))
    out = [[] if one is None else [one] for one in first]
    for i, pair in zip(again, zip(later, later, strict=True), strict=True):
        sides = [one for one in pair if one is not None]
        one = first[i]
        if sides and one is not None:
            second = min(sides, key=lambda side: side.p)
            # The stronger of two is looked for: Bonferroni.
            second = second._replace(p=min(1.0, len(sides) * second.p))
            out[i] = [one.until(second) if second.p <= _AGAIN else one, second]
    return out


def find(context: SweepContext) -> Iterator[Fact]:
    """Yield tested breaks for the whole and the largest members of every metric."""
    if context.grain is None or context.complete.sum() < ENOUGH:
        return
    series = [
        context.series(metric, scope) for metric in context.metrics for scope in context.scopes()
    ]
    values = [np.where(one.complete, one.values, np.nan) for one in series]
    found = breaks_in(values, context.grain.per_year, seed_of("break", context.seed))
    for one, breaks in zip(series, found, strict=True):
        for each in breaks:
            yield _fact(context, one, each)


def _part(values: Floats, start: int, end: int, season: int) -> History | None:
    known = np.flatnonzero(np.isfinite(values[start:end]))
    if not len(known):
        return None
    part = history(values[start : start + known[-1] + 1], season, least=ENOUGH)
    return part and part.moved(start)


def _strongest(found: Sequence[History | None], seed: int) -> list[Break | None]:
    out: list[Break | None] = [None] * len(found)
    for places, parts in alike(found):
        asked = question(parts[0].present, parts[0].season, "step")
        if not len(asked.places):
            continue
        columns = np.column_stack([part.tamed for part in parts])
        known = np.nan_to_num(columns)
        line = question(parts[0].present, parts[0].season, "line").fit(known).statistic
        # A level, like a line, is one parameter; the free place of the step is one more (BIC).
        stronger = asked.fit(known).statistic > line + np.log(parts[0].n) / parts[0].n
        for j, verdict in enumerate(judge(asked, columns, seed)):
            out[places[j]] = _break(asked, parts[j], verdict, bool(stronger[j]))
    return out


def _break(asked: Question, part: History, verdict: Verdict, stronger: bool) -> Break:
    place, size = int(asked.places[verdict.best]), float(asked.sizes[verdict.best])
    before, after = _levels(part, place, verdict.score * size)
    # Medians that say the opposite of the tested means, or nothing, are no break.
    agreed = (after - before) * verdict.score > 0
    reach = verdict.reach * size
    return Break(
        place=part.first + place,
        start=part.first,
        end=part.first + len(part.values),
        before=part.centre + part.scale * before,
        after=part.centre + part.scale * after,
        low=part.scale * (after - before - reach),
        high=part.scale * (after - before + reach),
        p=verdict.p if stronger and agreed else 1.0,
        n=part.n,
        season=part.season,
        order=verdict.order,
    )


def _levels(part: History, place: int, height: float) -> tuple[float, float]:
    flat = part.values - height * (np.arange(len(part.values)) >= place)
    seasonal = pattern(flat[:, None], part.present, part.season)[:, 0]
    level = part.values - seasonal
    return float(np.nanmedian(level[:place])), float(np.nanmedian(level[place:]))


def _fact(context: SweepContext, series: Series, one: Break) -> Fact:
    metric, scope = series.metric, series.scope
    before, after = exact(one.before), exact(one.after)
    level = np.full(len(series.periods), np.nan)
    level[one.start : one.place] = one.before
    level[one.place : one.end] = one.after
    start, last = series.periods[one.start], series.periods[one.place - 1]
    n = int(series.rows[one.start : one.end].sum())
    return context.blank(
        "break",
        metric,
        scope=scope,
        period=series.periods[one.place],
        baseline=Period(start.start, last.end, None, start.calendar),
        quantities={
            "delta": context.difference(metric, after - before),
            "before": context.quantity(metric, before),
            "after": context.quantity(metric, after),
        },
        estimate="delta",
        direction=direction_of(after - before),
        interval=Interval(exact(one.low), exact(one.high)),
        p=float(exact(one.p)),
        n=n,
        method=one.method,
        caveats=small(n),
        score=context.impact(scope) * plain_size(context.unit(metric), one.after, one.before),
        evidence=(series.query,),
        # No q is less than its p: what will not be reported is not drawn.
        table=None
        if one.p > RARE
        else series_table(series, context.unit(metric), {"level": level}),
    )
