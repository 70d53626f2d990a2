from decimal import Decimal

import pytest

from mirrorbi.data.periods import Period
from mirrorbi.errors import WordingError
from mirrorbi.facts.fact import Fact, Interval, Quantity
from mirrorbi.wording.direction_words import plural
from mirrorbi.wording.slots import fill_slot, is_figure, slots_of

Q = Quantity.of
CHANGE = Fact(
    kind="change",
    metric="on_time_rate",
    label="On-time rate",
    scope=(("airline", "UA"), ("origin", "JFK")),
    labels=(("airline", "Airline"), ("origin", "Departure airport")),
    period=Period.parse("2013-12"),
    baseline=Period.parse("2013-11"),
    compare="previous",
    quantities={
        "delta": Q(-0.17034, "pp", 1),
        "value": Q(0.6472, "percent", 1),
        "base": Q(0.8175, "percent", 1),
        "members": Q(1, "count"),
    },
    estimate="delta",
    direction="down",
    better="up",
    interval=Interval(Decimal("-0.1775"), Decimal("-0.1631")),
    p=0.04,
    q=0.31,
    n=55403,
    terms={"by": "origin", "other_label": "Flights"},
)


@pytest.mark.parametrize(
    ("slot", "text"),
    [
        ("value", "64.7%"),
        ("delta", "−17.0\u202fpp"),
        ("delta.abs", "17.0\u202fpp"),
        ("delta.signed", "−17.0\u202fpp"),
        ("delta.bare", "−17.0"),
        ("delta.abs.bare", "17.0"),
        ("n", "55,403"),
        ("q", "0.31"),
        ("level", "95%"),
        ("interval", "−17.8 to −16.3\u202fpp"),
        ("interval.abs", "16.3 to 17.8\u202fpp"),
        ("metric", "on-time rate"),
        ("entity", "JFK"),
        ("dimension", "departure airport"),
        ("dimensions", "departure airports"),
        ("scope", "for airline UA and departure airport JFK"),
        ("period", "December 2013"),
        ("period.short", "Dec 2013"),
        ("when", "in December 2013"),
        ("baseline", "November"),
        ("baseline.full", "November 2013"),
        ("baseline.when", "in November"),
        ("grain", "month"),
        ("next", "January 2014"),
        ("direction", "fell"),
        ("gain", "fall"),
        ("side", "below"),
        ("extreme", "lowest"),
        ("value.gain", "rise"),
        ("better", "worse"),
        ("members:carrier|carriers", "carrier"),
        ("n:row|rows", "rows"),
        ("other_label", "flights"),
    ],
)
def test_each_slot_says_what_its_fact_says(slot, text):
    assert fill_slot(CHANGE, slot) == text


def test_every_listed_slot_can_be_filled():
    listed = slots_of(CHANGE)
    assert len(listed) > 25
    assert all(isinstance(fill_slot(CHANGE, slot), str) for slot in listed)


@pytest.mark.parametrize(
    ("slot", "hint"),
    [("valu", "value"), ("delta.sgned", "signed"), ("perod", "period"), ("base.up", "")],
)
def test_an_unknown_slot_is_refused_with_the_nearest(slot, hint):
    with pytest.raises(WordingError) as caught:
        fill_slot(CHANGE, slot)
    assert hint in str(caught.value)


def test_a_slot_that_the_fact_lacks_is_refused():
    bare = Fact("value", "m", "M", quantities={"value": Q(1)})
    for slot in ("period", "baseline", "direction", "better", "interval", "entity", "q", "level"):
        with pytest.raises(WordingError):
            fill_slot(bare, slot)


def test_an_average_says_over_how_many_periods():
    fact = CHANGE.replace(baseline=Period.parse("2013-01/2013-11"), compare="average")
    assert fill_slot(fact, "baseline") == "the average of the 11 months before"


def test_the_baseline_of_another_year_keeps_its_year():
    fact = CHANGE.replace(baseline=Period.parse("2012-12"), compare="year_ago")
    assert fill_slot(fact, "baseline") == "December 2012"


def test_a_difference_is_no_finer_than_what_it_is_a_difference_of():
    numbers = {"delta": Q(851.5), "base": Q(30816.2), "value": Q(31667.7)}
    fact = CHANGE.replace(quantities=numbers)
    assert fill_slot(fact, "delta") == "852"
    tiny = CHANGE.replace(quantities={**numbers, "delta": Q(0.4)})
    assert fill_slot(tiny, "delta") == "0.40"


def test_figures_are_told_from_words():
    figures = ["value", "delta.abs", "interval", "n", "p", "level"]
    words = ["metric", "direction", "value.gain", "period", "n:row|rows", "entity", "better"]
    assert all(is_figure(CHANGE, slot) for slot in figures)
    assert not any(is_figure(CHANGE, slot) for slot in words)


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("airline", "airlines"),
        ("country", "countries"),
        ("day", "days"),
        ("branch", "branches"),
        ("class", "classes"),
        ("departure airport", "departure airports"),
        ("km/h", "km/h values"),
    ],
)
def test_plurals_of_labels(one, many):
    assert plural(one) == many
