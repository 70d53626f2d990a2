"""Periods, calendars and which of them are complete."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirrorbi.data.completeness import Coverage
from mirrorbi.data.periods import Calendar, Grain, Period, coarser, steps
from mirrorbi.errors import QueryError

calendars = st.builds(Calendar, st.integers(0, 6), st.integers(1, 12))
moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1))
grains = st.sampled_from(list(Grain))


@given(moments, grains, calendars)
def test_a_period_holds_its_moment_and_touches_its_neighbours(when, grain, calendar):
    period = Period.of(when, grain, calendar)
    assert when in period
    assert period.previous().end == period.start
    assert period.next().start == period.end
    assert period.next().previous() == period


@given(moments, grains, calendars)
def test_a_period_is_read_back_from_its_text(when, grain, calendar):
    period = Period.of(when, grain, calendar)
    assert Period.parse(str(period), calendar) == period


@given(moments, calendars)
def test_quarters_and_years_are_unions_of_months(when, calendar):
    for grain in (Grain.QUARTER, Grain.YEAR):
        whole = Period.of(when, grain, calendar)
        months = steps(
            Period.of(whole.start, Grain.MONTH, calendar),
            Period.of(whole.end - timedelta(days=1), Grain.MONTH, calendar),
        )
        assert months[0].start == whole.start
        assert months[-1].end == whole.end
        assert len(months) == {Grain.QUARTER: 3, Grain.YEAR: 12}[grain]


@given(moments, grains)
def test_a_year_ago_is_a_period_of_the_same_length_class(when, grain):
    period = Period.of(when, grain)
    ago = period.year_ago()
    assert ago.grain is period.grain
    assert 363 <= (period.start - ago.start).days <= 366
    assert Period.of(ago.start, grain) == ago


@pytest.mark.parametrize(
    "text", ["", "13", "2013-13", "2013-Q5", "2013-W60", "2013-02-30", "2014/2013", "next week"]
)
def test_what_is_no_period_is_refused_with_advice(text):
    with pytest.raises(QueryError, match=r"Write"):
        Period.parse(text)


def test_weeks_do_not_make_months():
    assert coarser(Grain.YEAR, Grain.MONTH)
    assert coarser(Grain.WEEK, Grain.DAY)
    assert not coarser(Grain.MONTH, Grain.WEEK)
    assert not coarser(Grain.DAY, Grain.WEEK)


def days_between(first, last, keep=lambda day: True):
    count = (last - first).days + 1
    return tuple(d for d in (first + timedelta(days=n) for n in range(count)) if keep(d))


@given(st.dates(date(2020, 1, 1), date(2024, 12, 31)), st.integers(40, 400))
def test_daily_data_completes_a_month_exactly_on_its_last_day(first, length):
    last = first + timedelta(days=length)
    coverage = Coverage(days_between(first, last))
    for month in steps(Period.of(first, Grain.MONTH), Period.of(last, Grain.MONTH)):
        expected = first <= month.start.date() and last >= month.last_day
        assert coverage.complete(month) is expected


def test_data_of_weekdays_completes_a_month_that_ends_on_a_sunday():
    weekdays = days_between(date(2024, 1, 1), date(2024, 3, 29), lambda d: d.weekday() < 5)
    assert Coverage(weekdays).complete(Period.parse("2024-03"))
    assert not Coverage(weekdays[:-1]).complete(Period.parse("2024-03"))


def test_data_dated_on_the_first_of_each_month_is_complete():
    firsts = days_between(date(2023, 1, 1), date(2024, 6, 1), lambda d: d.day == 1)
    coverage = Coverage(firsts)
    assert coverage.complete(Period.parse("2024-06"))
    assert not coverage.complete(Period.parse("2024-07"))
    assert not coverage.complete(Period.parse("2024"))


def test_the_model_has_the_last_word_on_what_is_final():
    days = days_between(date(2024, 1, 1), date(2024, 6, 30))
    assert Coverage(days).complete(Period.parse("2024-06"))
    assert not Coverage(days, final=date(2024, 6, 20)).complete(Period.parse("2024-06"))
    assert Coverage(days[:-9], final=date(2024, 6, 30)).complete(Period.parse("2024-06"))
