"""Which periods are complete: the difference between a fall and a month half delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from mirrorbi.data.periods import Grain, Period

_REGULAR = 0.5
"""Share of days (or of one weekday's days) with data from which data is expected."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The days that have data, and the day through which they are said to be final.

    Parameters
    ----------
    days
        Days with at least one row, ascending.
    final
        Last day for which the data is final, where the model says so.

    Examples
    --------
    >>> days = tuple(date(2024, 1, 1) + timedelta(days=n) for n in range(45))
    >>> coverage = Coverage(days)
    >>> coverage.complete(Period.parse("2024-01")), coverage.complete(Period.parse("2024-02"))
    (True, False)
    """

    days: tuple[date, ...]
    final: date | None = None

    def complete(self, period: Period) -> bool:
        """Return whether no more data is to be expected for the period.

        A day is expected if its weekday usually has data; where data comes less often
        than every other day, the usual gap between two days with data is allowed for.
        The first period counts as incomplete if data begins within it, in the same sense.
        """
        if not self.days:
            return False
        if self.final is not None and period.last_day > self.final:
            return False
        if period.grain is Grain.HOUR:
            return period.last_day < self.days[-1] or self.complete(
                Period.of(period.start, Grain.DAY, period.calendar)
            )
        started = self._nothing_expected(period.start.date(), self.days[0], opening=True)
        if self.final is not None:
            return started
        return started and self._nothing_expected(
            self.days[-1] + timedelta(days=1), period.last_day + timedelta(days=1), opening=False
        )

    def _nothing_expected(self, start: date, end: date, *, opening: bool) -> bool:
        """Return whether no day from ``start`` up to, not including, ``end`` should have data."""
        length = (end - start).days
        if length <= 0:
            return True
        span = (self.days[-1] - self.days[0]).days + 1
        if len(self.days) >= _REGULAR * span and span >= 14:
            usual = _usual_weekdays(self.days)
            if length > 7:
                return False
            return all((start + timedelta(days=n)).weekday() not in usual for n in range(length))
        return length < _usual_gap(self.days)


def _usual_weekdays(days: Sequence[date]) -> set[int]:
    weeks = ((days[-1] - days[0]).days + 1) / 7
    counts = [0] * 7
    for day in days:
        counts[day.weekday()] += 1
    return {weekday for weekday, count in enumerate(counts) if count >= _REGULAR * weeks}


def _usual_gap(days: Sequence[date]) -> int:
    gaps = sorted((b - a).days for a, b in pairwise(days))
    return gaps[int(0.9 * (len(gaps) - 1))] if gaps else 1
