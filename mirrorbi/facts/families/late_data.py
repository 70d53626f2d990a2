"""Deliveries: rows per period of all of the data, what is missing and what came in late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import numpy as np

from mirrorbi.data.model.semantic_model import SimpleMetric
from mirrorbi.data.periods import Grain, Period, coarser
from mirrorbi.data.query import Query
from mirrorbi.facts.fact import exact
from mirrorbi.facts.sweep.panel import Floats, Ints, Panel
from mirrorbi.facts.sweep.sweep_context import SweepContext

REGULAR = 0.5
"""Part of the days of one weekday that have data from which such days are expected."""

DENSE = 0.5
"""Part of all expected days with data under which the data is not daily at all."""

LOW = 0.5
"""Part of the usual rows under which a period may have come in late."""

USUAL = 8
"""Earlier periods needed to say what is usual."""

_FAR = 4.0
_LONGEST = 3_700


@dataclass(frozen=True, slots=True)
class RowCounts:
    """Rows per period of all of the data, whatever a scan filters."""

    grain: Grain
    periods: tuple[Period, ...]
    rows: Ints
    query: Query

    @property
    def span(self) -> Period:
        """From the first period to the end of the last."""
        first, last = self.periods[0], self.periods[-1]
        return Period(first.start, last.end, None, first.calendar)

    @property
    def lines(self) -> tuple[tuple[str, Decimal], ...]:
        """The rows of a table."""
        return tuple(
            (str(period), exact(count))
            for period, count in zip(self.periods, self.rows.tolist(), strict=True)
        )

    def cut(self, length: int) -> RowCounts:
        """Return the first periods only."""
        return RowCounts(self.grain, self.periods[:length], self.rows[:length], self.query)


def stepwise(context: SweepContext) -> RowCounts | None:
    """Return the rows per step of the scan's grain; ``None`` without time."""
    return _history(context, context.grain) if context.grain is not None else None


def daily(context: SweepContext) -> RowCounts | None:
    """Return the rows per day, where the grain is coarser and the model knows days."""
    time = context.dataset.model.time
    if time is None or context.grain is None or Grain.DAY not in time.grains:
        return None
    if context.grain is Grain.DAY or not coarser(context.grain, Grain.DAY):
        return None
    first, last = context.dataset.first, context.dataset.last
    if first is None or last is None or last - first > timedelta(days=_LONGEST):
        return None
    return _history(context, Grain.DAY)


def missing(history: RowCounts) -> tuple[list[Period], int] | None:
    """Return the periods without a row, and of how many; ``None`` where none are expected.

    Of days, only those of a weekday that usually has data are expected, and only if at
    least half of them have some. Every period of other grains is.
    """
    empty = history.rows == 0
    if history.grain is not Grain.DAY:
        gaps = [p for p, gap in zip(history.periods, empty.tolist(), strict=True) if gap]
        return gaps, len(empty)
    weekdays = np.array([p.start.weekday() for p in history.periods])
    expected = np.zeros(len(empty), dtype=bool)
    for weekday in range(7):
        days = weekdays == weekday
        if days.any() and (~empty[days]).mean() >= REGULAR:
            expected |= days
    if not expected.any() or (~empty[expected]).mean() < DENSE:
        return None
    absent = (empty & expected).tolist()
    gaps = [p for p, gap in zip(history.periods, absent, strict=True) if gap]
    return gaps, int(expected.sum())


def last_delivered(context: SweepContext, history: RowCounts) -> RowCounts:
    """Return the history without unfinished periods at its end."""
    length = len(history.periods)
    while length and not context.dataset.is_complete(history.periods[length - 1]):
        length -= 1
    return history.cut(length)


def late(history: RowCounts) -> tuple[int, float] | None:
    """Return where the periods that came in late begin, and the rows usual from there on.

    Only periods at the very end can be late: those that hold less than half of the usual
    rows and are far under them in units of the usual spread. Usual is the median of up
    to 26 periods before, for days that of the same weekday.

    Returns
    -------
    tuple or None
        Position of the first late period and expected rows; ``None`` if none is late.
    """
    season = 7 if history.grain is Grain.DAY else 1
    rows = history.rows.astype(np.float64)
    end = len(rows)
    expected = 0.0
    first = end
    while first > 0 and end - first < max(season, 2):
        usual = _usual(rows[: first - 1], season)
        if usual is None or not _low(rows[first - 1], *usual):
            break
        first -= 1
        expected += usual[0]
    return (first, expected) if first < end else None


def _usual(before: Floats, season: int) -> tuple[float, float] | None:
    same = before[len(before) % season :: season] if season > 1 else before
    same = same[same > 0][-26:]
    if len(same) < USUAL:
        return None
    middle = float(np.median(same))
    return middle, 1.4826 * float(np.median(np.abs(same - middle)))


def _low(rows: float, middle: float, spread: float) -> bool:
    return rows < LOW * middle and middle - rows > _FAR * max(spread, 0.01 * middle)


def _history(context: SweepContext, grain: Grain) -> RowCounts | None:
    periods: Sequence[Period] = context.dataset.periods(grain)
    if not periods:
        return None
    query = Query.of(_cheapest(context), grain=grain)
    panel = Panel.of(context.dataset.answer(query, entities=False), periods)
    return RowCounts(grain, tuple(periods), panel.rows[0], query)


def _cheapest(context: SweepContext) -> str:
    """Return the metric that costs least to ask for: the rows come with every answer."""
    for name in context.columns:
        metric = context.dataset.metric(name)
        if isinstance(metric, SimpleMetric) and metric.agg.mergeable:
            return name
    return context.columns[0]
