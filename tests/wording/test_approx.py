from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirrorbi.errors import WordingError
from mirrorbi.facts.fact import Fact, Quantity
from mirrorbi.wording.approx import (
    CLOSE,
    CLOSE_MULTIPLE,
    FRACTIONS,
    MULTIPLES,
    RELATIVE,
    TIMES,
    TOLERANCE,
    fraction,
    multiple,
    times,
)
from mirrorbi.wording.slots import fill_slot, is_figure, slots_of

SHARES = st.decimals(min_value=0, max_value=1, places=6)
QUOTIENTS = st.decimals(min_value=0, max_value=12, places=6)


def target_of(words, table):
    """Return the number that the longest known phrase in some words stands for."""
    known = max((name for name in table if words.endswith(name)), key=len)
    return Decimal(table[known][0]) / Decimal(table[known][1])


@given(SHARES)
def test_a_fraction_is_within_its_tolerance_on_the_side_it_says(value):
    words = fraction(value)
    if words is None:
        near = [Decimal(a) / Decimal(b) for a, b in FRACTIONS.values()]
        assert (
            value in (0, 1) or min(abs(value - t) / min(TOLERANCE, RELATIVE * t) for t in near) > 1
        )
        return
    target = target_of(words, FRACTIONS)
    off = value - target
    assert abs(off) <= min(TOLERANCE, RELATIVE * target)
    if words.startswith("about"):
        assert abs(off) <= CLOSE
    else:
        assert (off < 0) == words.startswith("nearly")
        assert (off > 0) == words.startswith("just over")


@given(QUOTIENTS)
def test_a_multiple_is_within_its_tolerance_on_the_side_it_says(value):
    words = multiple(value)
    if words is None:
        return
    target = target_of(words, MULTIPLES)
    off = (value - target) / target
    assert abs(off) <= RELATIVE
    if words.startswith("roughly"):
        assert abs(off) <= CLOSE_MULTIPLE
    else:
        # Half of a half is more than halved.
        assert words.startswith("more than") == ((off > 0) != (target < 1))


@given(QUOTIENTS)
def test_times_are_within_their_tolerance(value):
    words = times(value)
    assert words is None or abs(value - target_of(words, TIMES)) <= RELATIVE * target_of(
        words, TIMES
    )


def fact(**quantities):
    return Fact("change", "m", "M", quantities=quantities, estimate=next(iter(quantities)))


def test_the_slot_is_a_figure_and_offered_only_where_there_are_words():
    near, far = (fact(share=Quantity.of(v, "percent")) for v in (0.335, 0.44))
    assert fill_slot(near, "share.approx") == "about a third"
    assert is_figure(near, "share.approx")
    assert "share.approx" in slots_of(near)
    assert "share.approx" not in slots_of(far)
    with pytest.raises(WordingError, match="near no simple fraction"):
        fill_slot(far, "share.approx")


def test_a_change_in_percent_becomes_a_verb():
    doubled = fact(pct=Quantity.of(0.94, "percent"))
    halved = fact(pct=Quantity.of(-0.49, "percent"))
    assert fill_slot(doubled, "pct.approx") == "nearly doubled"
    assert fill_slot(halved, "pct.approx") == "roughly halved"
