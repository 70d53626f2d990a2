"""Breaks: a lasting change of the level of a series, told from noise that remembers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mirrorbi.data.periods import Period
from mirrorbi.facts.fact import Fact, Interval, exact
from mirrorbi.facts.families.changes import direction_of
from mirrorbi.facts.families.values import plain_size
from mirrorbi.facts.stats.regressors import RegressionDesign, regression_design
from mirrorbi.facts.stats.sieve_bootstrap import BootstrapResult, bootstrap_test
from mirrorbi.facts.stats.significance import RARE, seed_of
from mirrorbi.facts.sweep.caveats import small_sample_caveat
from mirrorbi.facts.sweep.history import History, grouped_by_steps, history, pattern
from mirrorbi.facts.sweep.panel import Floats
from mirrorbi.facts.sweep.sweep_context import Series, SweepContext
from mirrorbi.facts.tables import series_table

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


def breaks_in(series: Sequence[Floats], season: int = 1, seed: int = 0) -> list[list[Break]]:
    """Find in each series the strongest change of level, and the strongest on either side of it.

    The place is that with the least squares on both sides: what ``ruptures.Binseg`` with
    the ``l2`` cost proposes. Whether it is more than noise is decided against the same
    search in autoregressive replicates (see `mirrorbi.facts.stats.sieve_bootstrap`).

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
    list of list of Break
        For each series every break that was tested, strongest first: none with fewer than
        15 values, without a last value, or if they never differ; otherwise one or two.

    Examples
    --------
    >>> level = np.array([5.0, 6, 5, 4, 5, 6, 5, 11, 12, 11, 10, 11, 12, 11, 10])
    >>> [[first, *_]] = breaks_in([level])
    >>> first.place, round(first.before, 9), round(first.after, 9), first.p < 0.01
    (7, 5.0, 11.0, True)
    """
    strongest = _strongest([history(values, season, least=ENOUGH) for values in series], seed)
    again = [
        i
        for i, candidate in enumerate(strongest)
        if candidate is not None and candidate.p <= _AGAIN
    ]
    parts = [
        part
        for i in again
        if (candidate := strongest[i]) is not None
        for part in (
            _part(series[i], candidate.start, candidate.place, season),
            _part(series[i], candidate.place, candidate.end, season),
        )
    ]
    later = iter(_strongest(parts, seed))
    out = [[] if candidate is None else [candidate] for candidate in strongest]
    for i, pair in zip(again, zip(later, later, strict=True), strict=True):
        sides = [candidate for candidate in pair if candidate is not None]
        candidate = strongest[i]
        if sides and candidate is not None:
            side_break = min(sides, key=lambda side: side.p)
            # The stronger of two is looked for: Bonferroni.
            side_break = side_break._replace(p=min(1.0, len(sides) * side_break.p))
            out[i] = [
                candidate.until(side_break) if side_break.p <= _AGAIN else candidate,
                side_break,
            ]
    return out


def find(context: SweepContext) -> Iterator[Fact]:
    """Yield tested breaks for the whole and the largest members of every metric."""
    if context.grain is None or context.complete.sum() < ENOUGH:
        return
    series = [
        context.series(metric, scope) for metric in context.metrics for scope in context.scopes()
    ]
    values = [np.where(subject.complete, subject.values, np.nan) for subject in series]
    breaks_by_series = breaks_in(values, context.grain.per_year, seed_of("break", context.seed))
    for subject, breaks in zip(series, breaks_by_series, strict=True):
        for level_break in breaks:
            yield _fact(context, subject, level_break)


def _part(values: Floats, start: int, end: int, season: int) -> History | None:
    observed = np.flatnonzero(np.isfinite(values[start:end]))
    if not len(observed):
        return None
    part = history(values[start : start + observed[-1] + 1], season, least=ENOUGH)
    return part and part.shifted(start)


def _strongest(histories: Sequence[History | None], seed: int) -> list[Break | None]:
    out: list[Break | None] = [None] * len(histories)
    for places, parts in grouped_by_steps(histories):
        design = regression_design(parts[0].present, parts[0].season, "step")
        if not len(design.places):
            continue
        columns = np.column_stack([part.winsorized for part in parts])
        filled = np.nan_to_num(columns)
        line = regression_design(parts[0].present, parts[0].season, "line").fit(filled).statistic
        # A level, like a line, is one parameter; the free place of the step is one more (BIC).
        stronger = design.fit(filled).statistic > line + np.log(parts[0].n) / parts[0].n
        for j, result in enumerate(bootstrap_test(design, columns, seed)):
            out[places[j]] = _break(design, parts[j], result, bool(stronger[j]))
    return out


def _break(
    design: RegressionDesign, part: History, result: BootstrapResult, stronger: bool
) -> Break:
    place, size = int(design.places[result.best]), float(design.sizes[result.best])
    before, after = _levels(part, place, result.score * size)
    # Medians that say the opposite of the tested means, or nothing, are no break.
    agreed = (after - before) * result.score > 0
    reach = result.reach * size
    return Break(
        place=part.first + place,
        start=part.first,
        end=part.first + len(part.values),
        before=part.centre + part.scale * before,
        after=part.centre + part.scale * after,
        low=part.scale * (after - before - reach),
        high=part.scale * (after - before + reach),
        p=result.p if stronger and agreed else 1.0,
        n=part.n,
        season=part.season,
        order=result.order,
    )


def _levels(part: History, place: int, height: float) -> tuple[float, float]:
    flat = part.values - height * (np.arange(len(part.values)) >= place)
    seasonal = pattern(flat[:, None], part.present, part.season)[:, 0]
    level = part.values - seasonal
    return float(np.nanmedian(level[:place])), float(np.nanmedian(level[place:]))


def _fact(context: SweepContext, series: Series, level_break: Break) -> Fact:
    metric, scope = series.metric, series.scope
    before, after = exact(level_break.before), exact(level_break.after)
    level = np.full(len(series.periods), np.nan)
    level[level_break.start : level_break.place] = level_break.before
    level[level_break.place : level_break.end] = level_break.after
    start, last = series.periods[level_break.start], series.periods[level_break.place - 1]
    n = int(series.rows[level_break.start : level_break.end].sum())
    return context.blank(
        "break",
        metric,
        scope=scope,
        period=series.periods[level_break.place],
        baseline=Period(start.start, last.end, None, start.calendar),
        quantities={
            "delta": context.difference(metric, after - before),
            "before": context.quantity(metric, before),
            "after": context.quantity(metric, after),
        },
        estimate="delta",
        direction=direction_of(after - before),
        interval=Interval(exact(level_break.low), exact(level_break.high)),
        p=float(exact(level_break.p)),
        n=n,
        method=level_break.method,
        caveats=small_sample_caveat(n),
        score=context.impact(scope)
        * plain_size(context.unit(metric), level_break.after, level_break.before),
        evidence=(series.query,),
        # No q is less than its p: what will not be reported is not drawn.
        table=None
        if level_break.p > RARE
        else series_table(series, context.unit(metric), {"level": level}),
    )
