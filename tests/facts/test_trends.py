"""Trends: the slope is the oracle's, a rise is found, and nothing else is."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import mirrorbi
from mirrorbi.facts import find_facts
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.families.trends import Trend, theil_sen, trends_of

MODEL = {
    "time": {"column": "month"},
    "metrics": {"sales": {"agg": "sum", "column": "sales", "unit": "currency:EUR", "better": "up"}},
}


def trend_of(values: np.ndarray, season: int = 1, seed: int = 0) -> Trend | None:
    return trends_of([values], season, seed)[0]


def found(sales: np.ndarray) -> list[Fact]:
    months = pd.date_range("2021-01-01", periods=len(sales), freq="MS")
    data = mirrorbi.open(pd.DataFrame({"month": months, "sales": sales}), model=MODEL)
    return list(find_facts(data, kinds="trend", period=str(months[-1])[:7]))


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40))
def test_the_slope_is_that_of_scipy(values: list[float]) -> None:
    wanted = stats.theilslopes(values).slope
    assert theil_sen(np.array(values)) == pytest.approx(wanted, rel=1e-9, abs=1e-9)


def test_a_seasonal_slope_compares_like_with_like() -> None:
    season = np.tile([0.0, 50.0, -50.0, 9.0], 4)
    assert theil_sen(season + 2 * np.arange(16), 4) == pytest.approx(2)
    # Cut inside a season, pairs of all kinds would find a slope in the season alone.
    assert theil_sen(season[1:7], 4) == 0
    assert theil_sen(season[1:7]) != 0


@pytest.mark.parametrize("n", [12, 24, 60])
def test_a_clear_trend_is_found_and_its_slope_lies_in_the_interval(n: int) -> None:
    rng = np.random.default_rng(n)
    columns = [np.arange(n) * 0.8 + rng.normal(size=n) for _ in range(40)]
    trends = [t for t in trends_of(columns) if t is not None]
    assert len(trends) == 40
    assert np.mean([t.p < 0.05 for t in trends]) > 0.8
    assert np.mean([t.low <= 0.8 <= t.high for t in trends]) >= 0.85


def test_a_trend_is_found_under_a_season_much_larger_than_it() -> None:
    rng = np.random.default_rng(1)
    steps = np.arange(48)
    values = 0.2 * steps + 30 * np.cos(steps * np.pi / 6) + rng.normal(size=48)
    trend = trend_of(values, 12)
    assert trend is not None
    assert trend.season == 12
    assert trend.p < 0.001
    assert trend.slope == pytest.approx(0.2, abs=0.05)
    assert trend_of(values - 0.2 * steps, 12).p > 0.05  # type: ignore[union-attr]


def test_a_fall_is_a_trend_down_with_the_interval_below_zero() -> None:
    values = 100 - 3.0 * np.arange(20) + np.tile([0.5, -1, 0.5, 1], 5)
    trend = trend_of(values)
    assert trend is not None
    assert trend.high < 0
    assert trend.slope == pytest.approx(-3, abs=0.1)
    assert trend.fit[0] == pytest.approx(100, abs=1)


def test_gaps_and_what_came_before_the_window_do_not_shift_the_line() -> None:
    values = 2.0 * np.arange(150.0)
    values[::7] = np.nan
    values[-1] = 298
    trend = trend_of(values)
    assert trend is not None
    assert trend.first >= 30
    assert np.isnan(trend.fit[: trend.first]).all()
    assert np.allclose(trend.fit[trend.first :], 2.0 * np.arange(trend.first, 150))


def test_one_wild_value_does_not_hide_a_trend() -> None:
    values = np.arange(24.0) + np.tile([0.5, -0.5, 1.0, -1.0], 6)
    values[5] = 500
    trend = trend_of(values)
    assert trend is not None
    assert trend.p < 0.01
    assert trend.slope == pytest.approx(1, abs=0.1)


DEGENERATE = {
    "nothing": [],
    "one": [1.0],
    "three": [1.0, 2.0, 3.0],
    "missing": [np.nan] * 30,
    "constant": [7.0] * 30,
    "zeros": [0.0] * 30,
    "infinite": [np.inf, -np.inf] * 15,
    "mostly missing": [*([np.nan] * 5), 1.0] * 6,
    "no last": [*np.arange(30.0), np.nan],
    "rounding": [0.1 + 0.2, 0.3] * 15,
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_what_cannot_be_judged_gives_no_trend_and_no_warning(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert trend_of(np.array(DEGENERATE[name]), 4) is None


@pytest.mark.parametrize("factor", [1e307, 1e-300, -1.0, -1e150])
def test_huge_tiny_and_negative_values_are_judged_like_any(factor: float) -> None:
    values = np.array([3.0, 5, 4, 6, 8, 7, 9, 8, 10, 12, 11, 13, np.inf, 15, 14])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trend, plain = trend_of(values * factor), trend_of(values)
    assert trend is not None
    assert plain is not None
    assert trend.p == pytest.approx(plain.p, rel=1e-3)
    assert trend.slope == pytest.approx(plain.slope * factor)


def test_an_exact_line_is_a_trend_and_a_wave_is_none() -> None:
    line = trend_of(5.0 * np.arange(24))
    wave = trend_of(np.sin(np.arange(24) * 1.3))
    assert line is not None
    assert line.p < 1e-4
    assert line.low == pytest.approx(5)
    assert wave is not None
    assert wave.p > 0.2


def test_the_same_seed_gives_the_same_and_another_nearly_the_same() -> None:
    values = np.random.default_rng(4).normal(size=30).cumsum()
    one, same, other = (trend_of(values, 1, seed) for seed in (1, 1, 2))
    assert one is not None
    assert same is not None
    assert other is not None
    assert (one.p, one.low) == (same.p, same.low)
    assert one.low != other.low
    assert one.p == pytest.approx(other.p, abs=0.1)


def test_the_fact_says_slope_total_span_and_method() -> None:
    rng = np.random.default_rng(2)
    (fact,) = found(1000 + 25 * np.arange(24) + rng.normal(0, 30, 24))
    assert fact.direction == "up"
    assert fact.good is True
    assert str(fact.period) == "2021-01-01/2022-12-31"
    assert fact["slope"].unit == "currency:EUR"
    assert fact["total"].value == fact["slope"].value * 23
    assert fact["periods"].value == 24
    assert float(fact["slope"].value) == pytest.approx(25, abs=3)
    assert float(fact["base"].value) == pytest.approx(1000, abs=40)
    assert fact.interval is not None
    assert fact.interval.low < fact["slope"].value < fact.interval.high
    assert fact.p is not None
    assert fact.q is not None
    assert fact.p <= fact.q < 0.05
    assert "Theil-Sen" in fact.method
    assert 0 < fact.score <= 1
    assert fact.table is not None
    assert [name for name, _ in fact.table.columns] == ["period", "value", "complete", "fit"]
    assert None not in fact.table.column("fit")


def test_noise_gives_no_fact() -> None:
    noise = np.random.default_rng(3).normal(1000, 30, (24, 6))
    assert sum(len(found(column)) for column in noise.T) <= 1


def test_the_incomplete_last_month_is_not_part_of_the_trend() -> None:
    months = pd.date_range("2021-01-01", periods=25, freq="MS")
    sales = 100.0 + 10 * np.arange(25) + np.tile([1, -2, 3, -1, 2], 5)
    sales[-1] = 3
    model = {**MODEL, "time": {"column": "month", "complete_through": "2023-01-10"}}
    data = mirrorbi.open(pd.DataFrame({"month": months, "sales": sales}), model=model)
    (fact,) = find_facts(data, kinds="trend")
    assert fact["periods"].value == 24
    assert str(fact.period) == "2021-01-01/2022-12-31"
