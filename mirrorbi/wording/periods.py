"""Periods as people read them.

Month names are English in this version, as the sentences around them are; the order of
day and month follows an English locale (`en_US`: December 5, 2013) and is day first for
every other.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from babel.dates import format_date, format_skeleton

from mirrorbi.data.periods import Grain, Period
from mirrorbi.wording.numbers import locale_of

Style = Literal["long", "short"]

_DAY = {"long": "long", "short": "medium"}
_DAY_ONLY = {"long": "MMMMd", "short": "MMMd"}


def format_period(
    p: Period, locale: str = "en_GB", style: Style = "long", *, near: Period | None = None
) -> str:
    """Return a period as text.

    Parameters
    ----------
    p
        The period.
    locale
        Decides the order of day and month.
    style
        ``long`` for sentences, ``short`` for axes and tables.
    near
        A period already named: the year is left out where both lie in the same one.

    Examples
    --------
    >>> format_period(Period.parse("2013-12"))
    'December 2013'
    >>> format_period(Period.parse("2013-11"), near=Period.parse("2013-12"))
    'November'
    >>> format_period(Period.parse("2013-01/2013-11"))
    'January to November 2013'
    """
    bare = near is not None and _same_year(p, near)
    match p.grain:
        case Grain.HOUR:
            clock = p.start.strftime("%H:%M")
            same_day = near is not None and near.start.date() == p.start.date()
            day = "" if same_day else " " + _day(p.start, locale, style, bare)
            return clock + (day if style == "short" or not day else f" on{day}")
        case Grain.DAY:
            return _day(p.start, locale, style, bare)
        case Grain.WEEK:
            day = _day(p.start, locale, style, bare)
            return f"w/c {day}" if style == "short" else f"the week of {day}"
        case Grain.MONTH:
            return _month(p.start, style, bare)
        case Grain.QUARTER:
            quarter = f"Q{p.calendar.quarter_number(p.start)}"
            return quarter if bare else f"{quarter} {_year(p)}"
        case Grain.YEAR:
            return _year(p)
    return _span(p, locale, style)


def when(p: Period, locale: str = "en_GB", *, near: Period | None = None) -> str:
    """Return a period with its preposition, for use inside a sentence.

    Examples
    --------
    >>> when(Period.parse("2013-12")), when(Period.parse("2013-12-05"))
    ('in December 2013', 'on 5 December 2013')
    """
    text = format_period(p, locale, near=near)
    if p.grain is None and " to " in text:
        return f"from {text}"
    if p.grain is Grain.HOUR:
        return f"at {text}"
    if p.grain is Grain.DAY or (p.grain is None and p.days == 1):
        return f"on {text}"
    return f"in {text}"


def english(locale: str) -> str:
    """Return the locale whose words are used: the given one if English, else British."""
    return locale if locale_of(locale).language == "en" else "en_GB"


def _day(when: datetime | date, locale: str, style: Style, bare: bool) -> str:
    moment, where = datetime(when.year, when.month, when.day), locale_of(english(locale))
    if bare:
        return str(format_skeleton(_DAY_ONLY[style], moment, locale=where))
    return str(format_date(moment, format=_DAY[style], locale=where))


def _month(start: datetime, style: Style, bare: bool) -> str:
    name = _MONTHS[start.month - 1]
    name = name if style == "long" else name[:3]
    return name if bare else f"{name} {start.year}"


def _year(p: Period) -> str:
    number = p.calendar.year_number(p.start)
    return str(number) if p.calendar.fiscal_year_start == 1 else f"FY{number}"


def _span(p: Period, locale: str, style: Style) -> str:
    last = p.last_day
    joint = " to " if style == "long" else "–"
    first_of_month = p.start.day == 1 and _midnight(p.start)
    if first_of_month and p.end.day == 1 and _midnight(p.end):
        begin, finish = p.start, datetime(last.year, last.month, 1)
        if begin.month == 1 and finish.month == 12:
            return str(begin.year) if begin.year == finish.year else _years(begin, finish, joint)
        if begin == finish:
            return _month(begin, style, bare=False)
        same = begin.year == finish.year
        return _month(begin, style, same) + joint + _month(finish, style, bare=False)
    if p.start.date() == last:
        return _day(last, locale, style, bare=False)
    same = p.start.year == last.year
    return _day(p.start, locale, style, same) + joint + _day(last, locale, style, bare=False)


def _years(begin: datetime, finish: datetime, joint: str) -> str:
    return f"{begin.year}{joint}{finish.year}"


def _midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)


def _same_year(a: Period, b: Period) -> bool:
    if a.grain is None or b.grain is None or Grain.YEAR in (a.grain, b.grain):
        return False
    if Grain.QUARTER in (a.grain, b.grain):
        return a.calendar.year_number(a.start) == b.calendar.year_number(b.start)
    return a.start.year == b.start.year


_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
