"""Plain statements of one period: value, share, rank, and extremes of the history."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from mirrorbi.data.periods import Period
from mirrorbi.data.query import MISSING
from mirrorbi.facts.fact import Direction, Fact, Quantity, Table, exact
from mirrorbi.facts.limits import SMALL
from mirrorbi.facts.sweep.caveats import hidden_members_caveat, small_sample_caveat
from mirrorbi.facts.sweep.panel import Cells, Floats, Ints
from mirrorbi.facts.sweep.sweep_context import Scope, SweepContext
from mirrorbi.facts.tables import OTHER, RECENT, ROWS, cell, folded, quotient, series_table

SHARES = 3
"""Members per metric and dimension whose share is a fact."""

MIN_RELATIVE_ROWS = 0.1
"""Members with fewer rows than this part of an average member are not ranked."""

HISTORY = 8
"""Complete periods needed before one of them is called highest or lowest."""

_PLAIN = 0.1
"""Effect of a statement that compares with nothing."""


def find(context: SweepContext) -> Iterator[Fact]:
    """Yield values, shares, ranks and extremes."""
    for metric in context.metrics:
        yield from _value(context, metric)
        for by in context.by:
            cells = context.cells(by)
            if len(cells.members) < 2:
                continue
            shares = list(_shares(context, metric, by, cells))
            yield from shares or _ranks(context, metric, by, cells)
        for scope in context.scopes() if context.periods else ():
            yield from _extreme(context, metric, scope)


def order(values: Floats) -> list[int]:
    """Return positions of the finite values, highest first; ties in their given order.

    Examples
    --------
    >>> order(np.array([1.0, np.nan, 3.0, 3.0]))
    [2, 3, 0]
    """
    return sorted(np.flatnonzero(np.isfinite(values)).tolist(), key=lambda i: (-values[i], i))


def rank_of(values: Floats, position: int) -> int:
    """Return the rank of one value, 1 is highest; equals share the better rank.

    Examples
    --------
    >>> rank_of(np.array([1.0, 3.0, 3.0]), 0)
    3
    """
    return int((values[np.isfinite(values)] > values[position]).sum()) + 1


def large_enough(rows: Ints) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return which members have rows enough for their value to be compared.

    At least 30, and at least a tenth of what a member has on average: the highest and
    lowest rates of many members are otherwise those of the smallest ones
    (Wainer, "The most dangerous equation", American Scientist 95, 2007).
    """
    present = rows[rows > 0]
    mean = present.mean() if len(present) else 0.0
    sufficient: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = rows >= max(
        SMALL, MIN_RELATIVE_ROWS * mean
    )
    return sufficient


def plain_size(unit: str, value: float, base: float) -> float:
    """Return how large a difference is where no history says, 0 to 1.

    Fully large are 20 percentage points for percentages, and half of the base for the
    rest.

    Examples
    --------
    >>> plain_size("percent", 0.7, 0.8), plain_size("count", 100.0, 400.0)
    (0.5, 1.0)
    """
    large = 0.2 if unit == "percent" else 0.5 * abs(base)
    return round(min(1.0, abs(value - base) / large), 6) if large else float(value != base)


def _value(context: SweepContext, metric: str) -> Iterator[Fact]:
    cells = context.cells()
    if not len(cells.rows) or not np.isfinite(cells.values[metric][0]):
        return
    n = int(cells.rows[0])
    series = context.series(metric)
    table = series_table(series, context.unit(metric), last=RECENT) if context.periods else None
    yield context.blank(
        "value",
        metric,
        quantities={"value": context.quantity(metric, float(cells.values[metric][0]))},
        n=n,
        method="as defined, over all rows of the period" if context.period else "over all rows",
        caveats=small_sample_caveat(n),
        score=_PLAIN,
        evidence=(context.panel().query, *cells.queries) if context.periods else cells.queries,
        table=table,
    )


def _shares(context: SweepContext, metric: str, by: str, cells: Cells) -> Iterator[Fact]:
    values = cells.values[metric]
    ranked = [i for i in order(values) if cells.rows[i] > 0]
    amounts = [exact(float(values[i])) for i in ranked]
    total = sum(amounts, Decimal(0))
    if not context.splits(metric) or len(ranked) < 2 or total <= 0 or min(amounts) < 0:
        return
    parts = [quotient(amount, total) for amount in amounts]
    lines = [
        (cells.members[i], amount, part)
        for i, amount, part in zip(ranked, amounts, parts, strict=True)
    ]
    units = ((by, "text"), ("value", context.unit(metric)), ("share", "percent"))
    table = Table(units, folded(lines))
    even = 1 / len(ranked)
    # What was put together as "Other" is nobody's, and has no rank.
    named = [line for line, i in enumerate(ranked) if cells.members[i] != OTHER]
    compared = values.copy()
    compared[[i for i, member in enumerate(cells.members) if member == OTHER]] = np.nan
    for line in named[:SHARES]:
        i, part = ranked[line], parts[line]
        n = int(cells.rows[i])
        yield context.blank(
            "share",
            metric,
            scope=((by, cells.members[i]),),
            quantities={
                "share": Quantity(part, "percent"),
                "value": context.quantity(metric, amounts[line]),
                "total": context.quantity(metric, total),
                "rank": Quantity.of(rank_of(compared, i), "rank"),
                "of": Quantity.of(len(named), "count"),
            },
            estimate="share",
            n=n,
            method="part of the sum over all members",
            terms={"by": by},
            caveats=small_sample_caveat(n),
            score=context.impact(((by, cells.members[i]),)) * max(0.0, float(part) - even),
            evidence=cells.queries,
            table=table,
        )


def _ranks(context: SweepContext, metric: str, by: str, cells: Cells) -> Iterator[Fact]:
    values, overall = cells.values[metric], context.cells().values[metric]
    named = np.array([member not in (MISSING, OTHER) for member in cells.members])
    counted = (cells.rows > 0) & np.isfinite(values) & named
    enough = counted & large_enough(cells.rows)
    compared = np.where(enough, values, np.nan)
    ranked = order(compared)
    if len(ranked) < 2 or not np.isfinite(overall).all() or not len(overall):
        return
    if values[ranked[0]] == values[ranked[-1]]:
        return
    left_out = int(counted.sum() - enough.sum())
    lines = [(cells.members[i], cell(values[i]), exact(int(cells.rows[i]))) for i in ranked]
    if len(lines) > ROWS:
        lines = lines[: ROWS // 2] + lines[-ROWS // 2 :]
    units = ((by, "text"), ("value", context.unit(metric)), ("rows", "count"))
    table = Table(units, tuple(lines))
    # A distinct count of the whole is no yardstick for that of its parts.
    counted_once = context.unit(metric) == "count"
    centre = float(np.median(values[ranked])) if counted_once else float(overall[0])
    ends: list[tuple[int, Direction]] = [(ranked[0], "up"), (ranked[-1], "down")]
    some_hidden = hidden_members_caveat(cells)
    for i, direction in ends:
        # Not the highest, if even the whole is higher: that is a member not shown.
        beyond = values[i] - centre if direction == "up" else centre - values[i]
        if some_hidden and beyond < 0:
            continue
        n = int(cells.rows[i])
        yield context.blank(
            "rank",
            metric,
            scope=((by, cells.members[i]),),
            direction=direction,
            quantities={
                "value": context.quantity(metric, float(values[i])),
                "rank": Quantity.of(rank_of(compared, i), "rank"),
                "of": Quantity.of(len(ranked), "count"),
                "overall": context.quantity(metric, float(overall[0])),
                "left_out": Quantity.of(left_out, "count"),
            },
            n=n,
            method=(
                f"members with at least {SMALL} rows and a tenth of an average member's, "
                "sorted by value"
            ),
            terms={"by": by},
            caveats=(*("small_left_out",) * bool(left_out), *some_hidden),
            score=context.impact(((by, cells.members[i]),))
            * plain_size(context.unit(metric), float(values[i]), centre)
            * (0.25 if counted_once else 0.75),
            evidence=(*cells.queries, *context.cells().queries),
            table=table,
        )


def _extreme(context: SweepContext, metric: str, scope: Scope) -> Iterator[Fact]:
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
