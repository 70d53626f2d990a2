"""Unusual values: judged by what came before, found when they are, and not when they are not."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mirrorbi
from mirrorbi.facts import find_facts
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.families.unusual import Unusual, predict, unusual_in
from mirrorbi.facts.stats.autoregression import BURN, ar1_series

MODEL = {
    "time": {"column": "day", "grains": ["month"]},
    "metrics": {
        "lines": {"agg": "count"},
        "late": {"agg": "count", "filter": "late"},
        "late_rate": {
            "type": "ratio",
            "numerator": "late",
            "denominator": "lines",
            "unit": "percent",
            "better": "down",
        },
    },
}


def unusual_of(values: np.ndarray, season: int = 1, seed: int = 0) -> Unusual | None:
    return unusual_in([values], season, seed)[0]


def found(late: list[int], **request: object) -> list[Fact]:
    """Return the unusual late rates of months with a hundred lines each."""
    months = pd.date_range("2022-01-01", periods=len(late), freq="MS").repeat(100)
    flags = np.concatenate([np.arange(100) < count for count in late])
    data = mirrorbi.open(pd.DataFrame({"day": months, "late": flags}), model=MODEL)
    period = str(months[-1])[:7]
    return list(
        find_facts(data, metrics="late_rate", kinds="unusual", **{"period": period, **request})
    )


@pytest.mark.parametrize("n", [11, 24, 60])
@pytest.mark.parametrize("memory", [0.0, 0.7])
def test_a_value_far_from_what_is_usual_is_found(n: int, memory: float) -> None:
    shocks = np.random.default_rng(n).normal(size=(n + BURN, 40))
    noise = ar1_series(shocks, np.full(40, memory))
    noise[-1] += 7
    judged = [one for one in unusual_in(list(noise.T)) if one is not None]
    assert len(judged) == 40
    assert np.mean([one.p < 0.05 for one in judged]) > 0.9
    assert all(one.value > one.expected for one in judged if one.p < 0.05)


def test_a_spike_is_unusual_and_a_new_level_that_stays_soon_is_not() -> None:
    rng = np.random.default_rng(1)
    level = np.r_[rng.normal(10, 1, 30), rng.normal(30, 1, 6)]
    first, later = unusual_of(level[:31]), unusual_of(level)
    assert first is not None
    assert later is not None
    assert first.p < 0.01
    assert later.p > 0.05
    assert later.expected > 28


def test_a_trend_is_expected_to_go_on() -> None:
    values = 5.0 * np.arange(36) + np.random.default_rng(2).normal(size=36)
    judged = unusual_of(values)
    assert judged is not None
    assert judged.expected == pytest.approx(175, abs=4)
    assert judged.p > 0.05
    stopped = unusual_of(np.r_[values[:-1], values[-1] - 15])
    assert stopped is not None
    assert stopped.p < 0.05


def test_december_is_compared_with_december() -> None:
    rng = np.random.default_rng(3)
    steps = np.arange(48)
    season = np.where(steps % 12 == 11, 60.0, 0.0) + 0.5 * steps
    values = season + rng.normal(size=48)
    judged = unusual_of(values, 12)
    assert judged is not None
    assert judged.season == 12
    assert judged.expected == pytest.approx(season[-1], abs=4)
    assert judged.p > 0.05
    missing = unusual_of(np.r_[values[:-1], values[-1] - 60], 12)
    assert missing is not None
    assert missing.p < 0.01


@given(st.floats(-1e6, 1e6), st.integers(0, 5))
@settings(max_examples=25)
def test_what_is_expected_never_depends_on_what_came(latest: float, seed: int) -> None:
    values = np.random.default_rng(seed).normal(10, 2, 25)
    one, other = unusual_of(np.r_[values, latest]), unusual_of(np.r_[values, 11.0])
    assert one is not None
    assert other is not None
    assert one.expected == other.expected
    assert one.n == other.n == 25


@pytest.mark.parametrize("seed", range(6))
def test_outside_the_band_is_where_p_is_below_five_percent(seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=25)
    for latest in (-3.0, -1.5, 0.0, 2.0, 2.5, 4.0):
        judged = unusual_of(np.r_[values, latest], seed=seed)
        assert judged is not None
        assert judged.low < judged.expected < judged.high
        outside = not judged.low <= latest <= judged.high
        assert outside == (judged.p < 0.05) or abs(judged.p - 0.05) < 0.01


def test_a_forecast_of_white_noise_is_its_level_and_of_a_walk_its_last_value() -> None:
    rng = np.random.default_rng(4)
    white = rng.normal(5, 1, (60, 50))
    walk = rng.normal(size=(60, 50)).cumsum(axis=0) + 20
    present = (True,) * 60
    assert predict(white, present, 1).expected == pytest.approx(np.full(50, 5), abs=1.5)
    of_walk = predict(walk, present, 1)
    assert np.median(np.abs(of_walk.expected - walk[-1])) < 0.6
    assert np.median(of_walk.spread) == pytest.approx(1, abs=0.2)


def test_rare_events_are_counted_against_those_before_and_not_measured() -> None:
    rng = np.random.default_rng(8)
    judged = unusual_in([column.astype(float) for column in rng.poisson(0.2, (200, 24))])
    p = np.array([one.p for one in judged if one is not None])
    assert len(p) > 150
    assert (p <= 0.05).mean() <= 0.08
    steady = np.array([16.0] * 40 + [15.0] + [16.0] * 20 + [2.0])
    found = unusual_of(steady)
    assert found is not None
    assert found.p < 0.03
    assert found.counted
    assert "part of earlier errors" in found.method


def test_a_gap_before_the_latest_value_is_stepped_over() -> None:
    values = 3.0 * np.arange(30) + np.random.default_rng(5).normal(size=30)
    values[-3:-1] = np.nan
    judged = unusual_of(values)
    assert judged is not None
    assert judged.n == 27
    assert judged.expected == pytest.approx(87, abs=3)
    assert judged.p > 0.05


DEGENERATE = {
    "nothing": [],
    "one": [1.0],
    "three": [1.0, 2.0, 30.0],
    "missing": [np.nan] * 30,
    "constant": [7.0] * 30,
    "constant before": [7.0] * 30 + [9.0],
    "no latest": [*np.arange(30.0), np.nan],
    "infinite latest": [*np.arange(30.0), np.inf],
    "latest alone": [np.nan] * 30 + [1.0],
    "infinite": [np.inf, -np.inf] * 15 + [1.0],
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_what_cannot_be_judged_gives_nothing_and_no_warning(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert unusual_of(np.array(DEGENERATE[name]), 4) is None


@pytest.mark.parametrize("factor", [1e300, 1e-300, -1.0])
def test_huge_tiny_and_negative_values_are_judged_like_any(factor: float) -> None:
    values = np.array([3.0, 5, 4, 6, 3, 5, 4, 5, 6, 3, 4, 5, 6, 4, 15])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scaled, plain = unusual_of(values * factor), unusual_of(values)
    assert scaled is not None
    assert plain is not None
    assert scaled.p == pytest.approx(plain.p, abs=0.002)
    assert scaled.expected == pytest.approx(plain.expected * factor)


def test_an_exact_line_that_goes_on_is_as_expected() -> None:
    assert unusual_of(3.0 * np.arange(30)) is None


def test_the_fact_says_value_expectation_band_and_distance() -> None:
    rng = np.random.default_rng(6)
    (fact,) = found([*rng.integers(2, 9, 20).tolist(), 40])
    assert float(fact["value"].value) == 0.4
    assert fact["delta"].value == fact["value"].value - fact["expected"].value
    assert fact["delta"].unit == "pp"
    assert (
        0 <= fact["low"].value <= fact["expected"].value < fact["high"].value < fact["value"].value
    )
    assert fact["z"].value > 3
    assert fact.direction == "up"
    assert fact.good is False
    assert fact.interval is not None
    assert fact.interval.low > 0
    assert fact.n == 100
    assert fact.p is not None
    assert fact.q is not None
    assert fact.p <= fact.q <= 0.1
    assert fact.table is not None
    assert [name for name, _ in fact.table.columns][3:] == ["expected", "low", "high"]
    assert fact.table.column("expected")[-1] == fact["expected"].value
    assert set(fact.table.column("expected")[:-1]) == {None}


def test_the_band_holds_no_rate_below_zero() -> None:
    (fact,) = found([1, 0, 2, 0, 1, 3, 0, 1, 2, 0, 1, 0, 2, 1, 30])
    assert fact["low"].value == 0
    assert fact["expected"].value >= 0


def test_an_ordinary_month_gives_no_fact() -> None:
    rng = np.random.default_rng(7)
    assert found([*rng.integers(2, 9, 20).tolist(), 6]) == []


def test_a_span_of_months_is_not_judged_as_if_it_were_one() -> None:
    late = [*np.random.default_rng(6).integers(2, 9, 20).tolist(), 40]
    assert found(late, grain="month", period="2023-07/2023-09") == []
