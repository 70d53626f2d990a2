import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirrorbi.data.periods import Calendar, Grain, Period
from mirrorbi.wording.periods import format_period, when


@pytest.mark.parametrize(
    ("text", "long", "short", "american", "inside"),
    [
        ("2013", "2013", "2013", "2013", "in 2013"),
        ("2013-Q4", "Q4 2013", "Q4 2013", "Q4 2013", "in Q4 2013"),
        ("2013-12", "December 2013", "Dec 2013", "December 2013", "in December 2013"),
        (
            "2013-W49",
            "the week of 2 December 2013",
            "w/c 2 Dec 2013",
            "the week of December 2, 2013",
            "in the week of 2 December 2013",
        ),
        (
            "2013-12-05",
            "5 December 2013",
            "5 Dec 2013",
            "December 5, 2013",
            "on 5 December 2013",
        ),
        (
            "2013-12-05T14",
            "14:00 on 5 December 2013",
            "14:00 5 Dec 2013",
            "14:00 on December 5, 2013",
            "at 14:00 on 5 December 2013",
        ),
        (
            "2013-01/2013-06",
            "January to June 2013",
            "Jan–Jun 2013",
            "January to June 2013",
            "from January to June 2013",
        ),
        ("2013-01/2013-12", "2013", "2013", "2013", "in 2013"),
        ("2012/2013", "2012 to 2013", "2012–2013", "2012 to 2013", "from 2012 to 2013"),
        (
            "2012-11/2013-02",
            "November 2012 to February 2013",
            "Nov 2012–Feb 2013",
            "November 2012 to February 2013",
            "from November 2012 to February 2013",
        ),
        (
            "2013-01-03/2013-03-05",
            "3 January to 5 March 2013",
            "3 Jan–5 Mar 2013",
            "January 3 to March 5, 2013",
            "from 3 January to 5 March 2013",
        ),
        (
            "2013-12-05/2013-12-05",
            "5 December 2013",
            "5 Dec 2013",
            "December 5, 2013",
            "on 5 December 2013",
        ),
    ],
)
def test_a_period_reads_as_people_write_it(text, long, short, american, inside):
    period = Period.parse(text)
    assert format_period(period) == long
    assert format_period(period, "en_GB", "short") == short
    assert format_period(period, "en_US") == american
    assert when(period) == inside


@pytest.mark.parametrize(
    ("text", "near", "expected"),
    [
        ("2013-11", "2013-12", "November"),
        ("2012-12", "2013-12", "December 2012"),
        ("2013-Q3", "2013-Q4", "Q3"),
        ("2013-12-04", "2013-12-05", "4 December"),
        ("2012", "2013", "2012"),
        ("2013-12-05T13", "2013-12-05T14", "13:00"),
        ("2013-01/2013-11", "2013-12", "January to November 2013"),
    ],
)
def test_the_year_is_left_out_beside_a_period_of_the_same(text, near, expected):
    assert format_period(Period.parse(text), near=Period.parse(near)) == expected


def test_fiscal_years_say_that_they_are():
    fiscal = Calendar(fiscal_year_start=4)
    assert format_period(Period.parse("2014", fiscal)) == "FY2014"
    assert format_period(Period.parse("2014-Q1", fiscal)) == "Q1 FY2014"


def test_words_stay_english_where_numbers_are_not():
    assert format_period(Period.parse("2013-12-05"), "de_DE") == "5 December 2013"


@given(st.dates(), st.sampled_from(list(Grain)))
def test_different_periods_of_a_grain_read_differently(day, grain):
    if not 1901 <= day.year <= 9000:
        return
    period = Period.of(day, grain)
    for style in ("long", "short"):
        assert format_period(period, "en_GB", style) != format_period(period.next(), "en_GB", style)
