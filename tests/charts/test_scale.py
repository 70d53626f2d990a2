"""Ticks, ranges and labels that do not collide."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirrorbi.charts.drawing import spread
from mirrorbi.charts.scale import periods_on, tick_texts, ticks, value_range
from mirrorbi.data.periods import Period, steps

finite = st.floats(-1e12, 1e12, allow_nan=False)


@given(finite, finite)
def test_ticks_are_even_and_inside(a, b):
    low, high = sorted((a, b))
    if not math.isfinite(high - low) or high - low < 1e-6 * max(1, abs(low), abs(high)):
        return
    found = ticks(low, high)
    assert 3 <= len(found) <= 8
    room = (high - low) * 1e-6
    assert all(low - room <= t <= high + room for t in found)
    gaps = [y - x for x, y in pairwise(found)]
    assert max(gaps) - min(gaps) <= 1e-6 * max(1, abs(low), abs(high))


@given(st.lists(finite, min_size=1, max_size=20), st.booleans())
def test_range_holds_every_value_and_zero_where_asked(values, zero):
    low, high = value_range(values, "count", zero=zero)
    assert low < high
    assert all(low <= v <= high for v in values)
    assert not zero or low <= 0 <= high


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_a_share_is_never_drawn_beyond_its_limits(values):
    low, high = value_range(values, "percent")
    assert low >= 0
    assert high <= 1.02


def test_zero_is_shown_where_leaving_it_out_would_exaggerate():
    assert value_range([10, 100], "count")[0] == 0
    assert value_range([90, 100], "count")[0] > 0


@given(
    st.lists(
        st.tuples(st.floats(0, 300), st.sampled_from([17.0, 21.0, 38.0])), min_size=1, max_size=6
    )
)
def test_labels_at_the_end_of_lines_never_overlap(labels):
    wanted, heights = [w for w, _ in labels], [h for _, h in labels]
    placed = spread(wanted, heights, 0, 400)
    boxes = sorted((p - h / 2, p + h / 2) for p, h in zip(placed, heights, strict=True))
    assert all(a[1] <= b[0] + 1e-6 for a, b in pairwise(boxes))
    assert boxes[0][0] >= -1e-6
    assert boxes[-1][1] <= 400 + 1e-6


def test_a_label_with_room_stays_where_it_is_wanted():
    assert spread([50, 200], [20, 20], 0, 300) == [50, 200]


@pytest.mark.parametrize(
    ("unit", "locale", "texts"),
    [
        ("percent", "en_GB", ["60%", "65%"]),
        ("percent", "de_DE", ["60\u202f%", "65\u202f%"]),
        ("minutes", "en_GB", ["0.60", "0.65"]),
        ("currency:USD", "en_US", ["$0.60", "$0.65"]),
    ],
)
def test_ticks_are_written_in_the_unit_and_locale(unit, locale, texts):
    assert tick_texts([0.6, 0.65], unit, locale) == texts


def test_the_last_period_is_labelled_and_the_year_where_it_changes():
    months = steps(Period.parse("2012-11"), Period.parse("2013-02"))
    axis = periods_on(months, "en_GB")
    assert axis["ticktext"] == ["Nov<br>2012", "Dec", "Jan<br>2013", "Feb"]
    assert axis["tickvals"][-1] == 3


def test_a_long_series_has_few_labels():
    days = steps(Period.parse("2013-01-01"), Period.parse("2013-12-31"))
    axis = periods_on(days, "en_GB")
    assert len(axis["ticktext"]) <= 12
    assert axis["tickvals"][-1] == 364


def test_labels_with_a_time_in_them_are_half_as_many():
    for grain, first, most in (("day", "2024-01-01", 12), ("hour", "2024-01-01T00", 6)):
        start = Period.parse(first)
        hours = [start.next(i) for i in range(400)]
        assert str(start.grain) == grain
        axis = periods_on(hours, "en_GB")
        assert most - 1 <= len(axis["tickvals"]) <= most
