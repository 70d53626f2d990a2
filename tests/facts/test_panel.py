"""Panels lay answers out without losing or inventing a cell."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirrorbi.data.periods import Period, steps
from mirrorbi.data.query import Query, Result
from mirrorbi.facts.fact import exact
from mirrorbi.facts.sweep.panel import Panel, rounded_floats

finite = st.floats(allow_nan=False, allow_infinity=False, width=64)


@given(st.lists(finite, min_size=1, max_size=20))
def test_settled_floats_have_the_digits_that_facts_hold(values: list[float]) -> None:
    for before, after in zip(values, rounded_floats(np.array(values)).tolist(), strict=True):
        assert exact(after) == pytest.approx(exact(before), rel=Decimal("1e-11"))
        assert rounded_floats(np.array([after]))[0] == after


@given(st.lists(st.floats(0.01, 1e6), min_size=2, max_size=50), st.randoms())
def test_the_order_of_adding_does_not_show(values: list[float], random: object) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = float(np.cumsum(values)[-1]), float(np.cumsum(shuffled)[-1])
    assert abs(float(rounded_floats(np.array([one]))[0]) / one - 1) < 1e-11
    assert rounded_floats(np.array([one]))[0] == pytest.approx(
        rounded_floats(np.array([other]))[0], rel=2e-12
    )


def test_gaps_are_nan_with_no_rows_and_members_come_by_size() -> None:
    months = steps(Period.parse("2024-01"), Period.parse("2024-03"))
    frame = pd.DataFrame(
        {
            "period": pd.to_datetime(["2024-01-01", "2024-01-01", "2024-03-01"]),
            "complete": True,
            "city": ["Oslo", "Rome", "Rome"],
            "sales": [1.0, 2.0, 3.0],
            "rows": [4, 3, 2],
        }
    )
    query = Query.of("sales", by="city", grain="month")
    panel = Panel.of(Result(query, frame), months)
    assert panel.members == ("Rome", "Oslo")
    assert panel.rows.tolist() == [[3, 0, 2], [4, 0, 0]]
    assert np.array_equal(
        panel.values["sales"], [[2, np.nan, 3], [1, np.nan, np.nan]], equal_nan=True
    )
    assert panel.line("Rome") == 0
    assert panel.line("Bern") is None


def test_periods_beyond_the_panel_are_left_out() -> None:
    months = steps(Period.parse("2024-01"), Period.parse("2024-02"))
    frame = pd.DataFrame(
        {
            "period": pd.to_datetime(["2024-02-01", "2024-03-01"]),
            "complete": [True, False],
            "sales": [2.0, 3.0],
            "rows": [1, 1],
        }
    )
    panel = Panel.of(Result(Query.of("sales", grain="month"), frame), months)
    assert panel.rows.tolist() == [[0, 1]]


def test_an_answer_without_lines_is_a_panel_of_nothing() -> None:
    frame = pd.DataFrame({"sales": np.array([], dtype=float), "rows": np.array([], dtype=np.int64)})
    panel = Panel.of(Result(Query.of("sales"), frame))
    assert panel.rows.tolist() == [[0]]
    assert np.isnan(panel.values["sales"]).all()
