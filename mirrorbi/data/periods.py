"""Grains, calendars and periods: how time is cut."""

from __future__ import annotations

import calendar as _calendar
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from mirrorbi.errors import QueryError, did_you_mean


class Grain(StrEnum):
    """Length of one step of time, finest first."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def per_year(self) -> int:
        """Steps in one year, rounded: the season of a series of this grain.

        Hours and days are given the season that they have in practice (24, 7).
        """
        return _SEASON[self]

    @classmethod
    def parse(cls, text: str | Grain) -> Grain:
        """Return the grain of that name.

        Raises
        ------
        QueryError
            If there is none; the message names the nearest.
        """
        try:
            return cls(str(text).lower())
        except ValueError:
            raise QueryError(
                f"There is no grain {str(text)!r}.",
                hint=did_you_mean(str(text), cls, noun="grains"),
            ) from None


_SEASON = {
    Grain.HOUR: 24,
    Grain.DAY: 7,
    Grain.WEEK: 52,
    Grain.MONTH: 12,
    Grain.QUARTER: 4,
    Grain.YEAR: 1,
}
_ORDER = list(Grain)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Where weeks and years begin.

    Parameters
    ----------
    week_start
        First day of the week: 0 is Monday (ISO 8601), 6 is Sunday.
    fiscal_year_start
        First month of the year, 1 to 12. Quarters follow it. A fiscal year that does
        not begin in January carries the number of the calendar year in which it ends.
    """

    week_start: int = 0
    fiscal_year_start: int = 1

    def floor(self, when: datetime | date, grain: Grain) -> datetime:
        """Return the first moment of the period of that grain that holds ``when``."""
        moment = _as_datetime(when)
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        match grain:
            case Grain.HOUR:
                return moment.replace(minute=0, second=0, microsecond=0)
            case Grain.DAY:
                return day
            case Grain.WEEK:
                return day - timedelta(days=(day.weekday() - self.week_start) % 7)
            case Grain.MONTH:
                return day.replace(day=1)
            case Grain.QUARTER:
                back = (day.month - self.fiscal_year_start) % 3
                return _add_months(day.replace(day=1), -back)
            case Grain.YEAR:
                back = (day.month - self.fiscal_year_start) % 12
                return _add_months(day.replace(day=1), -back)

    def step(self, start: datetime, grain: Grain, n: int = 1) -> datetime:
        """Return ``start`` moved by ``n`` periods of that grain (``n`` may be negative)."""
        match grain:
            case Grain.HOUR:
                return start + timedelta(hours=n)
            case Grain.DAY:
                return start + timedelta(days=n)
            case Grain.WEEK:
                return start + timedelta(weeks=n)
            case Grain.MONTH:
                return _add_months(start, n)
            case Grain.QUARTER:
                return _add_months(start, 3 * n)
            case Grain.YEAR:
                return _add_months(start, 12 * n)

    def year_number(self, start: datetime) -> int:
        """Return the number of the fiscal year that holds ``start``."""
        first = self.floor(start, Grain.YEAR)
        return first.year + (1 if self.fiscal_year_start > 1 else 0)

    def quarter_number(self, start: datetime) -> int:
        """Return 1 to 4, counted from the start of the fiscal year."""
        return (start.month - self.fiscal_year_start) % 12 // 3 + 1


ISO = Calendar()


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A stretch of time: one step of a grain, or a span of several.

    Parameters
    ----------
    start, end
        Half open: ``start`` belongs to the period, ``end`` does not. Naive, in the
        time zone of the model.
    grain
        The grain of one step; ``None`` for a span of any length.
    calendar
        Where weeks and years begin.

    Examples
    --------
    >>> p = Period.parse("2013-12")
    >>> str(p), str(p.previous()), str(p.year_ago()), p.days
    ('2013-12', '2013-11', '2012-12', 31)
    >>> str(Period.parse("2013-01-01/2013-06-30"))
    '2013-01-01/2013-06-30'
    """

    start: datetime
    end: datetime
    grain: Grain | None = None
    calendar: Calendar = field(default=ISO, compare=False, repr=False)

    @classmethod
    def of(cls, when: datetime | date, grain: Grain, calendar: Calendar = ISO) -> Period:
        """Return the period of that grain that holds ``when``."""
        start = calendar.floor(when, grain)
        return cls(start, calendar.step(start, grain), grain, calendar)

    @classmethod
    def span(cls, start: datetime | date, last: date, calendar: Calendar = ISO) -> Period:
        """Return the span from ``start`` to the end of the day ``last``."""
        end = _as_datetime(last).replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(_as_datetime(start), end + timedelta(days=1), None, calendar)

    @classmethod
    def parse(cls, text: str, calendar: Calendar = ISO) -> Period:
        """Read a period from text.

        Year ``2013``, quarter ``2013-Q4``, month ``2013-12``, ISO week ``2013-W49``, day
        ``2013-12-05``, hour ``2013-12-05T14``, or a span of two of these,
        ``2013-01/2013-06``.

        Raises
        ------
        QueryError
            If the text is none of these.
        """
        text = text.strip()
        if "/" in text:
            first, _, last = text.partition("/")
            begin, finish = cls.parse(first, calendar), cls.parse(last, calendar)
            if finish.end <= begin.start:
                raise QueryError(
                    f"The period {text!r} ends before it begins.", hint="Write the earlier first."
                )
            return cls(begin.start, finish.end, None, calendar)
        for pattern, read in _READERS:
            match = re.fullmatch(pattern, text, flags=re.IGNORECASE)
            if match:
                try:
                    return read(calendar, *(int(part) for part in match.groups()))
                except (ValueError, OverflowError):
                    break
        raise QueryError(
            f"{text!r} is not a period.",
            hint="Write 2013, 2013-Q4, 2013-12, 2013-W49, 2013-12-05 or 2013-01/2013-06.",
        )

    @property
    def days(self) -> int:
        """Length in whole days, rounded up."""
        return -((self.start - self.end) // timedelta(days=1))

    @property
    def last_day(self) -> date:
        """The last day that belongs to the period."""
        return (self.end - timedelta(microseconds=1)).date()

    def __contains__(self, when: datetime | date) -> bool:
        return self.start <= _as_datetime(when) < self.end

    def previous(self, n: int = 1) -> Period:
        """Return the period ``n`` steps before; a span moves by its own length."""
        if self.grain is None:
            length = self.end - self.start
            return Period(self.start - n * length, self.end - n * length, None, self.calendar)
        start = self.calendar.step(self.start, self.grain, -n)
        return Period(start, self.calendar.step(start, self.grain), self.grain, self.calendar)

    def next(self, n: int = 1) -> Period:
        """Return the period ``n`` steps later."""
        return self.previous(-n)

    def year_ago(self) -> Period:
        """Return the same period one year before (weeks: 52 weeks, days: 364 days)."""
        if self.grain in (Grain.WEEK, Grain.DAY, Grain.HOUR):
            back = timedelta(weeks=52)
            return Period(self.start - back, self.end - back, self.grain, self.calendar)
        return Period(
            _add_months(self.start, -12), _add_months(self.end, -12), self.grain, self.calendar
        )

    def __str__(self) -> str:
        start = self.start
        match self.grain:
            case Grain.HOUR:
                return start.strftime("%Y-%m-%dT%H")
            case Grain.DAY:
                return start.strftime("%Y-%m-%d")
            case Grain.WEEK:
                year, week, _ = (start + timedelta(days=3)).isocalendar()
                return f"{year}-W{week:02d}"
            case Grain.MONTH:
                return start.strftime("%Y-%m")
            case Grain.QUARTER:
                number = self.calendar.quarter_number(start)
                return f"{self.calendar.year_number(start)}-Q{number}"
            case Grain.YEAR:
                return str(self.calendar.year_number(start))
        return f"{start:%Y-%m-%d}/{self.last_day:%Y-%m-%d}"


def steps(start: Period, end: Period) -> list[Period]:
    """Return every period of one grain from ``start`` to ``end``, both included.

    Examples
    --------
    >>> [str(p) for p in steps(Period.parse("2013-11"), Period.parse("2014-01"))]
    ['2013-11', '2013-12', '2014-01']
    """
    periods = []
    current = start
    while current.start <= end.start:
        periods.append(current)
        current = current.next()
    return periods


def coarser(a: Grain, b: Grain) -> bool:
    """Return whether every period of grain ``a`` is a union of periods of grain ``b``."""
    if a == b:
        return True
    if Grain.WEEK in (a, b):
        return (a == Grain.WEEK and b in (Grain.HOUR, Grain.DAY)) or (
            b == Grain.WEEK and a == Grain.WEEK
        )
    return _ORDER.index(a) > _ORDER.index(b)


def _as_datetime(when: datetime | date) -> datetime:
    return when if isinstance(when, datetime) else datetime(when.year, when.month, when.day)


def _add_months(moment: datetime, n: int) -> datetime:
    index = moment.year * 12 + moment.month - 1 + n
    year, month = index // 12, index % 12 + 1
    return moment.replace(
        year=year, month=month, day=min(moment.day, _calendar.monthrange(year, month)[1])
    )


def _year(calendar: Calendar, year: int) -> Period:
    first = year - (1 if calendar.fiscal_year_start > 1 else 0)
    return Period.of(datetime(first, calendar.fiscal_year_start, 1), Grain.YEAR, calendar)


def _quarter(calendar: Calendar, year: int, quarter: int) -> Period:
    start = _add_months(_year(calendar, year).start, 3 * (quarter - 1))
    return Period.of(start, Grain.QUARTER, calendar)


def _week(calendar: Calendar, year: int, week: int) -> Period:
    return Period.of(date.fromisocalendar(year, week, 4), Grain.WEEK, calendar)


_READERS: list[tuple[str, Callable[..., Period]]] = [
    (r"(\d{4})", _year),
    (r"(\d{4})-?Q([1-4])", _quarter),
    (r"(\d{4})-?W(\d{1,2})", _week),
    (r"(\d{4})-(\d{1,2})", lambda c, y, m: Period.of(date(y, m, 1), Grain.MONTH, c)),
    (r"(\d{4})-(\d{1,2})-(\d{1,2})", lambda c, y, m, d: Period.of(date(y, m, d), Grain.DAY, c)),
    (
        r"(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{1,2})(?::00)?",
        lambda c, y, m, d, h: Period.of(datetime(y, m, d, h), Grain.HOUR, c),
    ),
]
