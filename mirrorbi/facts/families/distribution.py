"""Distributions: how a metric is spread over members, or over periods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from mirrorbi.data.periods import Period
from mirrorbi.data.query import MISSING
from mirrorbi.facts.fact import Fact, Quantity, Table, exact
from mirrorbi.facts.families.values import large_enough, order
from mirrorbi.facts.limits import SMALL
from mirrorbi.facts.sweep.caveats import small_sample_caveat
from mirrorbi.facts.sweep.panel import Floats
from mirrorbi.facts.sweep.sweep_context import Scope, SweepContext
from mirrorbi.facts.tables import RECENT, quotient, series_table

FEWEST = 5
"""Members or periods below which a distribution says nothing."""

LINES = 400
"""Members in the table at most; of more there are figures, and no chart."""

MARKS = {True: "the mean", False: "the value overall"}
"""What members are above: sums have a mean, of rates the whole has one of its own."""

_SKEWED = 0.15
"""Quartile skewness from which the halves differ plainly."""

_PLAIN = 0.1


class Distribution(NamedTuple):
    """How values lie, each counted once.

    Parameters
    ----------
    n
        How many.
    mean, median, lower, upper
        Arithmetic mean and quartiles (linear interpolation; Hyndman and Fan, 1996, type 7).
    skew
        Of the quartiles (Bowley, 1920), -1 to 1: above 0 the upper half is the wider one.
    """

    n: int
    mean: float
    median: float
    lower: float
    upper: float
    skew: float

    @property
    def spread(self) -> float:
        """The distance between the quartiles, in which the middle half lies."""
        return self.upper - self.lower

    @property
    def shape(self) -> str:
        """The form in words."""
        if abs(self.skew) < _SKEWED:
            return "even on both sides of the median"
        side = "upper" if self.skew > 0 else "lower"
        return f"wider on the {side} side of the median"


def distribution_of(values: Sequence[float] | Floats) -> Distribution | None:
    """Return how values lie; ``None`` for fewer than 5, or if all are the same.

    Parameters
    ----------
    values
        Each counts once, whatever its size; what is not finite is left out.

    Examples
    --------
    >>> distribution = distribution_of([1, 2, 3, 4, 10])
    >>> distribution.median, distribution.spread, distribution.skew
    (3.0, 2.0, 0.0)
    """
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    if len(finite) < FEWEST or finite.min() == finite.max():
        return None
    lower, median, upper = (float(q) for q in np.quantile(finite, [0.25, 0.5, 0.75]))
    width = upper - lower
    skew = (upper + lower - 2 * median) / width if width else 0.0
    return Distribution(len(finite), float(finite.mean()), median, lower, upper, skew)


def find(context: SweepContext) -> Iterator[Fact]:
    """Yield how every metric is spread over the members of each dimension, and over time."""
    for metric in context.metrics:
        for by in context.by:
            yield from _of_members(context, metric, by)
        for scope in context.scopes() if context.periods else ():
            yield from _of_periods(context, metric, scope)


def _of_members(context: SweepContext, metric: str, by: str) -> Iterator[Fact]:
    cells = context.cells(by)
    values, adds = cells.values[metric], context.splits(metric)
    named = np.array([member != MISSING for member in cells.members], dtype=bool)
    counted = (cells.rows > 0) & np.isfinite(values) & named
    # The rate of a member with few rows is luck; its count or sum is what it is.
    included = counted if adds else counted & large_enough(cells.rows)
    distribution = distribution_of(values[included]) if len(values) else None
    if distribution is None:
        return
    mark = distribution.mean if adds else float(context.cells().values[metric][0])
    left_out = int(counted.sum() - included.sum())
    ranked = order(np.where(included, values, np.nan))
    lines = [(cells.members[i], exact(float(values[i])), exact(int(cells.rows[i]))) for i in ranked]
    units = ((by, "text"), ("value", context.unit(metric)), ("rows", "count"))
    quantities = _quantities(context, metric, distribution, values[included], mark)
    if not adds:
        quantities["overall"] = context.quantity(metric, mark)
    rows = int(cells.rows[included].sum())
    yield context.blank(
        "distribution",
        metric,
        quantities={**quantities, "left_out": Quantity.of(left_out, "count")},
        estimate="median",
        n=rows,
        method="each member counts once; quartiles: linear interpolation"
        + ("" if adds else f"; members with at least {SMALL} rows and a tenth of an average"),
        terms={"by": by, "over": "members", "shape": distribution.shape, "mark": MARKS[adds]},
        caveats=(*small_sample_caveat(rows), *("small_left_out",) * bool(left_out)),
        score=_PLAIN
        * min(1.0, distribution.spread / abs(distribution.median) if distribution.median else 1.0),
        evidence=(*cells.queries, *context.cells().queries),
        table=Table(units, tuple(lines)) if len(lines) <= LINES else None,
    )


def _of_periods(context: SweepContext, metric: str, scope: Scope) -> Iterator[Fact]:
    series = context.series(metric, scope)
    used = series.complete & np.isfinite(series.values)
    if not context.splits(metric):
        used &= series.rows >= SMALL
    distribution = distribution_of(series.values[used])
    if distribution is None:
        return
    periods = [period for period, use in zip(series.periods, used, strict=True) if use]
    n = int(series.rows[used].sum())
    yield context.blank(
        "distribution",
        metric,
        scope=scope,
        period=Period(periods[0].start, periods[-1].end, None, periods[0].calendar),
        quantities=_quantities(
            context, metric, distribution, series.values[used], distribution.mean
        ),
        estimate="median",
        n=n,
        method="each complete period counts once; quartiles: linear interpolation",
        terms={
            "over": f"{context.grain}s",
            "step": str(context.grain),
            "shape": distribution.shape,
            "mark": MARKS[True],
        },
        caveats=small_sample_caveat(n),
        score=context.impact(scope)
        * _PLAIN
        * min(1.0, distribution.spread / abs(distribution.median) if distribution.median else 1.0),
        evidence=(series.query,),
        table=series_table(series, context.unit(metric), last=RECENT),
    )


def _quantities(
    context: SweepContext, metric: str, distribution: Distribution, values: Floats, mark: float
) -> dict[str, Quantity]:
    above = int((values > mark).sum())
    return {
        "members": Quantity.of(distribution.n, "count"),
        "mean": context.quantity(metric, distribution.mean),
        "median": context.quantity(metric, distribution.median),
        "lower": context.quantity(metric, distribution.lower),
        "upper": context.quantity(metric, distribution.upper),
        "spread": context.difference(metric, distribution.spread),
        "above": Quantity.of(above, "count"),
        "share_above": Quantity(quotient(Decimal(above), Decimal(distribution.n)), "percent"),
        "skew": Quantity.of(distribution.skew, "number", 2),
    }
