"""The series in a fact's table: periods, values and what is complete."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mirrorbi.charts.figure_text import plot_text
from mirrorbi.charts.scale import decimals_of, format_value, number
from mirrorbi.data.periods import Calendar, Grain, Period
from mirrorbi.facts.fact import Fact, Table

Values = list[float | None]

_STEPS = {
    Grain.HOUR: 72,
    Grain.DAY: 92,
    Grain.WEEK: 60,
    Grain.MONTH: 37,
    Grain.QUARTER: 20,
    Grain.YEAR: 20,
}
"""Periods shown at most, the newest, where nothing older belongs to the finding."""


@dataclass(frozen=True, slots=True)
class Series:
    """What a chart over time draws, oldest first.

    Parameters
    ----------
    periods, values, complete
        One of each per step; a gap is ``None``.
    at
        Where the period stands that the fact is about.
    unit, decimals, locale
        How values are written.
    first
        How many steps at the beginning of the table are left out.
    """

    periods: list[Period]
    values: Values
    complete: list[bool]
    at: int
    unit: str
    decimals: int | None
    locale: str
    first: int = 0

    @classmethod
    def of(
        cls,
        fact: Fact,
        table: Table,
        locale: str,
        *,
        column: str = "value",
        since: Period | None = None,
        whole: bool = False,
    ) -> Series:
        """Return the series of that column.

        From the beginning of the span ``since``; all of it, if ``whole``; else the newest
        periods, as many as the grain calls for, and the baseline.
        """
        unit = dict(table.columns)[column]
        calendar = fact.period.calendar if fact.period else Calendar()
        periods = [Period.parse(text, calendar) for text in table.column("period")]
        at = periods.index(fact.period) if fact.period in periods else len(periods) - 1
        first = 0 if whole else _first_drawn(fact, periods, since)
        names = [name for name, _ in table.columns]
        complete = table.column("complete") if "complete" in names else [True] * len(periods)
        return cls(
            periods=periods[first:],
            values=[number(value) for value in table.column(column)][first:],
            complete=[bool(value) for value in complete][first:],
            at=at - first,
            unit=unit,
            decimals=decimals_of(fact, unit),
            locale=locale,
            first=first,
        )

    def __len__(self) -> int:
        return len(self.periods)

    def column(self, table: Table, name: str) -> Values:
        """Return another column of the table, for the same periods."""
        return [number(value) for value in table.column(name)][self.first :]

    def write(
        self,
        value: float | Decimal | None,
        unit: str = "",
        *,
        signed: bool = False,
        bare: bool = False,
    ) -> str:
        """Return a value as text of the figure; ``bare`` leaves out a unit that is a word."""
        own = not unit or unit == self.unit
        decimals = self.decimals if own else None
        return plot_text(
            format_value(value, unit or self.unit, self.locale, decimals, signed=signed, bare=bare)
        )

    def index(self, period: Period | None) -> int | None:
        """Return where a period stands, if it does."""
        return self.periods.index(period) if period in self.periods else None

    def within(self, span: Period | None) -> list[int]:
        """Return the steps that lie inside a span."""
        if span is None:
            return []
        return [
            i for i, p in enumerate(self.periods) if p.start >= span.start and p.end <= span.end
        ]

    @property
    def solid(self) -> Values:
        """The values of complete periods; ``None`` elsewhere."""
        return [v if c else None for v, c in zip(self.values, self.complete, strict=True)]

    @property
    def dashed(self) -> Values:
        """The values of incomplete periods and their neighbours; ``None`` elsewhere."""
        n = len(self)
        near = [
            any(not self.complete[j] for j in range(max(0, i - 1), min(n, i + 2))) for i in range(n)
        ]
        return [v if k else None for v, k in zip(self.values, near, strict=True)]

    @property
    def alone(self) -> list[int]:
        """The values without a neighbour, which a line would not show."""
        padded: Values = [None, *self.values, None]
        return [
            i
            for i, value in enumerate(self.values)
            if value is not None and padded[i] is None and padded[i + 2] is None
        ]


def _first_drawn(fact: Fact, periods: list[Period], since: Period | None) -> int:
    if since is not None:
        return next((i for i, period in enumerate(periods) if period.start >= since.start), 0)
    grain = periods[-1].grain if periods else None
    newest = max(0, len(periods) - _STEPS.get(grain or Grain.MONTH, 60))
    if fact.baseline is None:
        return newest
    needed = [i for i, period in enumerate(periods) if period.start >= fact.baseline.start]
    return min([newest, *needed[:1]])
