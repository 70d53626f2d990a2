"""Forecasts: the recursions are the oracle's, nothing of the future is seen, naive is beaten."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.forecasting.theta import ThetaModel
from statsmodels.tsa.holtwinters import ExponentialSmoothing

import mirrorbi
from mirrorbi.facts import Fact, find_facts
from mirrorbi.facts.families.forecast import refusal
from mirrorbi.facts.stats.backtest import (
    BETTER,
    FEWEST,
    LEARN,
    Forecast,
    candidates,
    covered,
    forecast_of,
    repeated,
)
from mirrorbi.facts.stats.exponential_smoothing import (
    ALPHA,
    Shape,
    forecasts_from,
    grid,
    initial_states,
    next_states,
    smoothed,
)
from mirrorbi.facts.stats.theta_method import slope, theta
from mirrorbi.facts.sweep.request import definite

MODEL = {
    "time": {"column": "month"},
    "dimensions": {"shop": {}},
    "metrics": {
        "sales": {"agg": "sum", "column": "sales", "unit": "currency:EUR", "better": "up"},
        "days": {"agg": "count"},
        "good": {"agg": "count", "filter": "good", "hidden": True},
        "rate": {"type": "ratio", "numerator": "good", "denominator": "days", "unit": "percent"},
    },
}


def noisy(n: int = 60, seed: int = 1, trend: float = 0.3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 50 + trend * np.arange(n) + rng.normal(size=n)


def seasonal(n: int = 60, seed: int = 1) -> np.ndarray:
    return noisy(n, seed, 0.1) + 5 * np.sin(2 * np.pi * np.arange(n) / 12)


def opened(sales: np.ndarray) -> mirrorbi.Analysis:
    months = pd.date_range("2018-01-01", periods=len(sales), freq="MS")
    frame = pd.DataFrame({"month": months, "sales": sales, "shop": "A", "good": True})
    return mirrorbi.open(frame, model=MODEL)


def told(sales: np.ndarray) -> list[Fact]:
    months = pd.date_range("2018-01-01", periods=len(sales), freq="MS")
    last = str(months[-1])[:7]
    found = find_facts(opened(sales), metrics="sales", by=[], kinds="forecast", period=last)
    return sorted(found, key=lambda fact: str(fact.period))


# -- the recursions, against statsmodels -------------------------------------------------


@pytest.mark.parametrize("shape", [Shape(t, m) for t in ("", "linear", "damped") for m in (1, 12)])
@pytest.mark.parametrize("line", [0, 200, -1])
def test_smoothing_from_known_states_is_that_of_statsmodels(shape: Shape, line: int) -> None:
    values = seasonal()
    weights = grid(shape)
    line %= len(weights.alpha)
    alpha, beta, gamma, phi = (float(column[line]) for column in weights)
    start = initial_states(values[:24], shape, len(weights.alpha))
    level, trend = float(start.level[0]), float(start.trend[0])
    points = start.season[:, 0].copy()
    states, missed = start, 0.0
    for t, value in enumerate(values):
        states, error = next_states(states, weights, t, float(value))
        missed += float(error[line]) ** 2
    ours = forecasts_from(states, weights, len(values), line, 14)

    oracle = ETSModel(
        values,
        error="add",
        trend="add" if shape.trend else None,
        damped_trend=shape.trend == "damped",
        seasonal="add" if shape.season > 1 else None,
        seasonal_periods=shape.season if shape.season > 1 else None,
        initialization_method="known",
        initial_level=level,
        initial_trend=trend if shape.trend else None,
        initial_seasonal=points if shape.season > 1 else None,
    )
    told = {
        "smoothing_level": alpha,
        "smoothing_trend": alpha * beta,
        "smoothing_seasonal": gamma,
        "damping_trend": phi,
    }
    fit = oracle.smooth([told[name] for name in oracle.param_names if name in told])
    assert ours == pytest.approx(np.asarray(fit.forecast(14)), rel=1e-9)
    assert missed == pytest.approx(fit.sse, rel=1e-9)


@pytest.mark.parametrize("shape", [Shape(""), Shape("linear"), Shape("", 12)])
def test_the_grid_forecasts_as_the_optimiser_of_statsmodels_does(shape: Shape) -> None:
    values = seasonal() if shape.season > 1 else noisy(trend=0.3 if shape.trend else 0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = ExponentialSmoothing(
            values,
            trend="add" if shape.trend else None,
            seasonal="add" if shape.season > 1 else None,
            seasonal_periods=shape.season if shape.season > 1 else None,
        ).fit()
    ours = smoothed(values, shape, 24, 6)[-1]
    # The noise has a standard deviation of 1: neither is far from the other, by its measure.
    assert np.abs(ours - oracle.forecast(6)).max() < 1.0


@pytest.mark.parametrize("jumps", [0.0, 0.4, 2.0])
def test_theta_is_that_of_statsmodels(jumps: float) -> None:
    values = noisy(40) + jumps * np.random.default_rng(7).normal(size=40).cumsum()
    fit = ThetaModel(pd.Series(values), deseasonalize=False, period=1).fit(use_mle=False)
    # Its drift is the same; its weight is its own, so its formula is given ours.
    assert fit.params["b0"] == pytest.approx(slope(values), rel=1e-9)
    forecasts = {}
    for alpha in ALPHA:
        level, squares = values[0], 0.0
        for value in values:
            squares += (value - level) ** 2
            level += alpha * (value - level)
        steps = np.arange(6) + (1 - (1 - alpha) ** 40) / alpha
        forecasts[squares] = level + slope(values) / 2 * steps
    ours = theta(values, 30, 6)[-1]
    assert ours == pytest.approx(forecasts[min(forecasts)])
    assert np.abs(ours - np.asarray(fit.forecast(6))).max() < 0.5


def test_theta_takes_a_season_out_and_puts_it_back() -> None:
    pattern = np.tile([4.0, 0, -4, 0], 8)
    found = theta(20 + pattern + 0.5 * np.arange(32), 24, 4, 4)[-1]
    assert np.diff(found) == pytest.approx(np.diff(pattern[:4]) + 0.25, abs=0.1)
    assert found[0] > found[2] + 6


# -- the backtest ------------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1), st.integers(LEARN + FEWEST, 50), st.sampled_from([1, 4]))
@settings(max_examples=15)
def test_no_origin_sees_what_comes_after_it(seed: int, n: int, season: int) -> None:
    values = np.random.default_rng(seed).normal(size=n)
    changed = values.copy()
    cut = n - 4
    changed[cut:] += 1000
    names, before = candidates(values, season, LEARN, 3)
    _, after = candidates(changed, season, LEARN, 3)
    known = cut - LEARN + 1
    assert names[0] == "naive"
    assert np.allclose(before[:, :known], after[:, :known])
    assert not np.allclose(before[:, known:], after[:, known:])


def test_naive_repeats_the_last_value_and_the_last_season() -> None:
    values = np.array([1.0, 2, 3, 4, 5, 6, np.nan, 8])
    assert repeated(values, 8, 3, 1).tolist() == [[8, 8, 8]]
    # Where a value is missing, that of the season before stands for it.
    assert repeated(values, 8, 5, 4).tolist() == [[5, 6, 3, 8, 5]]


def test_a_range_is_held_against_what_came_after_it_was_given() -> None:
    errors = np.array([[1.0, 2, 3, 4, 5, 2, 9]]).T
    # After 1, 2, 3, 4 the range reaches 4, which does not hold 5; then 5 holds 2, and not 9.
    assert covered(errors) == [False, True, False]
    assert covered(np.column_stack([errors, errors]))[3:] == [True, False]


@pytest.mark.parametrize("kind", ["walk", "noise", "trend", "season"])
def test_a_forecast_is_made_where_there_is_one_and_its_range_holds(kind: str) -> None:
    made = held = steps = 0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        t = np.arange(66)
        values = {
            "walk": np.cumsum(rng.normal(size=66)),
            "noise": 10 + rng.normal(size=66),
            "trend": 0.4 * t + rng.normal(size=66),
            "season": 4 * np.sin(2 * np.pi * t / 12) + rng.normal(size=66),
        }[kind]
        found = forecast_of(values[:60], 12, 6)
        if isinstance(found, Forecast):
            made += 1
            held += int(((values[60:] >= found.low) & (values[60:] <= found.high)).sum())
            steps += 6
            assert 1 - found.skill <= BETTER
    if kind == "walk":
        # Nothing beats naive on a random walk, and nothing is claimed to.
        assert made <= 3
    else:
        assert made >= 17
        assert 0.68 <= held / steps <= 0.92


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (noisy(LEARN + FEWEST - 1), "too_short"),
        (np.full(40, 3.0), "too_short"),
        (np.append(noisy(40), np.nan), "too_short"),
        (np.array([]), "too_short"),
        (np.cumsum(np.random.default_rng(3).normal(size=60)), "not_better_than_naive"),
    ],
)
def test_what_cannot_be_told_is_refused_with_the_reason(values: np.ndarray, reason: str) -> None:
    assert forecast_of(values, 12, 3) == reason


def test_gaps_are_bridged_and_scale_does_not_matter() -> None:
    values = noisy(60, trend=1.0)
    values[[20, 33, 47]] = np.nan
    small, large = forecast_of(values, 1, 3), forecast_of(values * 1e9, 1, 3)
    assert isinstance(small, Forecast)
    assert isinstance(large, Forecast)
    assert small.n == 57
    assert large.values == pytest.approx(small.values * 1e9)
    assert large.method == small.method


# -- the facts ---------------------------------------------------------------------------


def test_facts_tell_the_next_months_with_their_range() -> None:
    facts = told(1000 + 20 * noisy(48, trend=1.0))
    assert [str(fact.period) for fact in facts] == [f"2022-{m:02d}" for m in range(1, 7)]
    first, last = facts[0], facts[-1]
    for fact in facts:
        assert fact["low"].value < fact["value"].value < fact["high"].value
        assert fact["value"].unit == "currency:EUR"
        assert fact.interval is not None
        assert (fact.interval.low, fact.interval.high) == (fact["low"].value, fact["high"].value)
    assert last["value"].value > first["value"].value > first["naive"].value
    assert first["delta"].value == first["value"].value - first["last"].value
    assert str(first.baseline) == "2021-12"
    assert 0 < first["skill"].value < 1
    assert "beat naive" in first.method
    assert first["backtests"].value - last["backtests"].value == 5


def test_the_table_ends_where_the_fact_does() -> None:
    facts = told(1000 + 20 * noisy(48, trend=1.0))
    for ahead, fact in enumerate(facts, 1):
        assert fact.table is not None
        line = dict(zip([name for name, _ in fact.table.columns], fact.table.rows[-1], strict=True))
        assert line["period"] == str(fact.period)
        assert line["value"] is None
        assert line["forecast"] == fact["value"].value
        assert len(fact.table.rows) == 48 + ahead


def test_amounts_are_not_forecast_below_nothing() -> None:
    rng = np.random.default_rng(5)
    falling = np.maximum(0, 60 - np.arange(60) + rng.normal(size=60)) + rng.random(60)
    facts = told(falling)
    assert facts
    assert all(fact["low"].value >= 0 and fact["value"].value >= 0 for fact in facts)


def test_a_sweep_makes_no_forecast_unless_asked_and_says_why_there_is_none() -> None:
    data = opened(1000 + 20 * noisy(48, trend=1.0))
    period = "2021-12"
    assert "forecast" not in {fact.kind for fact in find_facts(data, period=period)}
    again = find_facts(data, metrics="sales", by=[], kinds=["forecast"], period=period)
    assert [f.id for f in find_facts(data, **again.request)] == [f.id for f in again]
    context = definite(data, metrics=["sales", "days"], by=[], period=period)
    assert refusal(context, "sales") is None
    assert refusal(context, "days") == "too_short"
    short = definite(data, metrics="sales", by=[], period="2018-12")
    assert refusal(short, "sales") == "too_short"


def test_data_without_time_has_no_forecast() -> None:
    frame = pd.DataFrame({"shop": ["A", "B"] * 30, "sales": range(60)})
    model = {"dimensions": {"shop": {}}, "metrics": {"sales": {"agg": "sum", "column": "sales"}}}
    data = mirrorbi.open(frame, model=model)
    assert len(find_facts(data, kinds="forecast")) == 0
    assert refusal(definite(data), "sales") == "too_short"
