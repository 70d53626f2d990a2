"""Breaks: the place is the oracle's, a new level is found, and nothing else is."""

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
from mirrorbi.facts.families.breaks import Break, breaks_in
from mirrorbi.facts.stats.autoregression import BURN, ar1_series
from mirrorbi.facts.stats.regressors import regression_design

MODEL = {
    "time": {"column": "month", "grains": ["month"]},
    "metrics": {"sales": {"agg": "sum", "column": "sales", "unit": "currency:EUR", "better": "up"}},
}


def breaks_of(values: np.ndarray, season: int = 1, seed: int = 0) -> list[Break]:
    return breaks_in([values], season, seed)[0]


def found(sales: np.ndarray) -> list[Fact]:
    months = pd.date_range("2021-01-01", periods=len(sales), freq="MS")
    data = mirrorbi.open(pd.DataFrame({"month": months, "sales": sales}), model=MODEL)
    return list(find_facts(data, kinds="break", period=str(months[-1])[:7]))


@given(st.integers(12, 50), st.integers(0, 10**6))
@settings(max_examples=60)
def test_the_place_is_what_ruptures_proposes(n: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=n)
    asked = regression_design((True,) * n, 1, "step")
    import ruptures  # takes a second: not while tests are collected

    proposed = ruptures.Binseg(model="l2", min_size=3, jump=1).fit(values).predict(n_bkps=1)
    assert asked.places[asked.fit(values[:, None]).best[0]] == proposed[0]


def test_the_statistic_is_that_of_two_means_against_one() -> None:
    values = np.random.default_rng(1).normal(size=20)
    fit = regression_design((True,) * 20, 1, "step").fit(values[:, None])
    wanted = min(values[:k].var() * k + values[k:].var() * (20 - k) for k in range(3, 18)) / (
        values.var() * 20
    )
    assert fit.statistic[0] == pytest.approx(-np.log(wanted))
    assert (fit.residual**2).sum() == pytest.approx(wanted * values.var() * 20)


@pytest.mark.parametrize(("n", "memory", "height"), [(15, 0.0, 6), (24, 0.5, 6), (60, 0.7, 8)])
def test_a_clear_break_is_found_where_it_is(n: int, memory: float, height: float) -> None:
    shocks = np.random.default_rng(n).normal(size=(n + BURN, 40))
    noise = ar1_series(shocks, np.full(40, memory))
    noise[n // 2 :] += height
    strongest = [breaks[0] for breaks in breaks_in(list(noise.T))]
    assert np.mean([one.p < 0.05 for one in strongest]) > 0.9
    assert np.mean([abs(one.place - n // 2) <= 1 for one in strongest]) > 0.9
    assert np.mean([one.low <= height <= one.high for one in strongest]) > 0.85


def test_two_breaks_are_found_one_inside_the_part_beside_the_other() -> None:
    rng = np.random.default_rng(2)
    values = np.r_[rng.normal(0, 1, 20), rng.normal(20, 1, 20), rng.normal(8, 1, 20)]
    first, second = breaks_of(values)
    assert (first.place, second.place) == (20, 40)
    assert (first.start, first.end) == (0, 40)
    assert (second.start, second.end) == (20, 60)
    assert first.after == second.before
    assert first.low < 20 < first.high
    assert max(first.p, second.p) < 0.01
    assert second.before == pytest.approx(20, abs=1)
    assert second.after == pytest.approx(8, abs=1)


def test_a_steady_rise_is_no_break() -> None:
    values = np.arange(40.0) + np.random.default_rng(3).normal(size=40)
    assert [one.p for one in breaks_of(values)] == [1.0]


def test_a_break_is_found_under_a_season_and_levels_are_without_it() -> None:
    steps = np.arange(60)
    season = 20 * np.cos(steps * np.pi / 6)
    values = season + np.where(steps >= 31, 12.0, 0.0) + np.random.default_rng(4).normal(size=60)
    first = breaks_of(values, 12)[0]
    assert first.season == 12
    assert first.p < 0.01
    assert abs(first.place - 31) <= 1
    assert first.after - first.before == pytest.approx(12, abs=1.5)


def test_one_spike_is_no_break() -> None:
    values = np.random.default_rng(5).normal(size=30)
    values[20] = 100
    assert breaks_of(values)[0].p > 0.05


def test_gaps_do_not_shift_the_place() -> None:
    values = np.r_[np.zeros(20), np.full(20, 9.0)] + np.random.default_rng(6).normal(size=40)
    values[[3, 4, 12, 30]] = np.nan
    first = breaks_of(values)[0]
    assert first.place == 20
    assert first.n == 36


DEGENERATE = {
    "nothing": [],
    "one": [1.0],
    "three": [1.0, 2.0, 30.0],
    "fourteen": [0.0, 0.1] * 4 + [9.0, 9.1] * 3,
    "missing": [np.nan] * 30,
    "constant": [7.0] * 30,
    "infinite": [np.inf, -np.inf] * 15,
    "no last": [*np.arange(30.0), np.nan],
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_what_cannot_be_judged_gives_nothing_and_no_warning(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert breaks_of(np.array(DEGENERATE[name]), 4) == []


@pytest.mark.parametrize("factor", [1e300, 1e-300, -1.0])
def test_huge_tiny_and_negative_values_are_judged_like_any(factor: float) -> None:
    values = np.array([3.0, 5, 4, 6, 3, 5, 4, 15, 16, 13, 14, 15, 16, 14, 15, 13])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scaled, plain = breaks_of(values * factor)[0], breaks_of(values)[0]
    assert scaled.p == pytest.approx(plain.p, rel=1e-3)
    assert scaled.p < 0.01
    assert scaled.place == plain.place == 7
    assert scaled.after - scaled.before == pytest.approx(factor * (plain.after - plain.before))


def test_an_exact_step_is_a_break() -> None:
    first = breaks_of(np.r_[np.zeros(10), np.ones(10)])[0]
    assert (first.place, first.before, first.after) == (10, 0, 1)
    assert first.p < 0.01


def test_the_fact_says_both_levels_and_since_when() -> None:
    rng = np.random.default_rng(7)
    (fact,) = found(np.r_[rng.normal(1000, 20, 14), rng.normal(700, 20, 10)])
    assert str(fact.period) == "2022-03"
    assert str(fact.baseline) == "2021-01-01/2022-02-28"
    assert fact["delta"].value == fact["after"].value - fact["before"].value
    assert float(fact["before"].value) == pytest.approx(1000, abs=20)
    assert fact.direction == "down"
    assert fact.good is False
    assert fact.interval is not None
    assert fact.interval.low < fact["delta"].value < fact.interval.high < 0
    assert fact.p is not None
    assert fact.q is not None
    assert fact.p <= fact.q < 0.05
    assert fact.table is not None
    assert [name for name, _ in fact.table.columns][3:] == ["level"]
    levels = fact.table.column("level")
    assert set(levels) == {fact["before"].value, fact["after"].value}
    assert levels.index(fact["after"].value) == 14


def test_noise_gives_no_fact() -> None:
    noise = np.random.default_rng(8).normal(1000, 30, (24, 6))
    assert sum(len(found(column)) for column in noise.T) <= 1
