"""Corrections, seeds and tails, against scipy and statsmodels as oracles."""

from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal, stats
from statsmodels.regression.linear_model import yule_walker as oracle_yule_walker
from statsmodels.tsa.stattools import acf

from mirrorbi.errors import FactError
from mirrorbi.facts.stats.autoregression import BURN, ar1_series, persistence, yule_walker
from mirrorbi.facts.stats.regressors import LEVELS, regression_design
from mirrorbi.facts.stats.sieve_bootstrap import (
    Noise,
    bootstrap_test,
    node_of_replicate,
    resampling_positions,
)
from mirrorbi.facts.stats.significance import false_discovery, seed_of, tail_probability
from mirrorbi.facts.sweep.history import grouped_by_steps, history, middle, pattern, season_in


@given(st.lists(st.floats(0, 1), max_size=40))
def test_false_discovery_is_that_of_scipy(p: list[float]) -> None:
    wanted = stats.false_discovery_control(p) if p else np.array([])
    assert np.allclose(false_discovery(p), wanted, rtol=1e-12, atol=0)


@pytest.mark.parametrize("wrong", [float("nan"), -0.1, 1.2])
def test_what_is_no_probability_is_refused_by_value(wrong: float) -> None:
    with pytest.raises(FactError, match=str(wrong)):
        false_discovery([0.5, wrong])


def test_seeds_depend_on_every_part_of_the_identity_and_on_nothing_else() -> None:
    command = (
        "from mirrorbi.facts.stats.significance import seed_of; print(seed_of('trend', 'sales', 3))"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    )
    assert int(elsewhere.stdout) == seed_of("trend", "sales", 3)
    assert len({seed_of(*x) for x in [("a", 1), ("a", 2), ("b", 1), ("a1",), ("a", "1")]}) == 5


@pytest.mark.parametrize("df", [4, 10, 60])
@pytest.mark.parametrize("true", [0.3, 0.03, 1e-3, 1e-5])
def test_tails_are_continued_near_the_true_probability(df: int, true: float) -> None:
    draws = np.random.default_rng(df).standard_t(df, (40, 1000))
    replicates = df * np.log1p(draws**2 / df)
    t = stats.t.isf(true / 2, df)
    found = np.array([tail_probability(df * np.log1p(t * t / df), line) for line in replicates])
    assert 0.8 * true < np.median(found) < 2 * true
    assert np.quantile(found, 0.05) > true / 15


@given(st.lists(st.floats(0, 50), min_size=100, max_size=150), st.floats(0, 50), st.floats(0, 50))
def test_a_larger_statistic_is_never_more_probable_by_count(
    replicates: list[float], one: float, other: float
) -> None:
    values = np.array(replicates)
    low, high = sorted((one, other))
    p_low, p_high = tail_probability(low, values), tail_probability(high, values)
    assert 0 < p_high <= 1
    assert p_low <= 1
    if (values >= high).sum() >= 20:
        assert p_high <= p_low


@pytest.mark.parametrize("order", [1, 2, 4])
def test_autoregressions_are_those_of_statsmodels(order: int) -> None:
    values = np.random.default_rng(order).normal(size=80).cumsum()
    values -= values.mean()
    lines, variances = yule_walker(values, order)
    with warnings.catch_warnings():
        # Some releases announce another return type, which unpacks alike.
        warnings.simplefilter("ignore", FutureWarning)
        wanted, sigma = oracle_yule_walker(values, order, method="mle", demean=False)
    assert np.allclose(lines[order], wanted)
    assert variances[order] == pytest.approx(sigma**2)


def test_persistence_is_the_weighted_sum_of_the_autocorrelations_of_statsmodels() -> None:
    values = np.random.default_rng(1).normal(size=81).cumsum()
    values -= values.mean()
    weights = 1 - np.arange(9) / 9
    wanted = weights @ acf(values, nlags=9)[1:]
    assert persistence(values[:, None])[0] == pytest.approx(wanted)


def test_autoregressions_with_gaps_stay_stationary() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        values = rng.normal(size=24)
        values[rng.random(24) < 0.4] = np.nan
        lines, variances = yule_walker(values, 4)
        roots = np.roots(np.r_[1, -lines[4]])
        assert np.abs(roots).max() < 1
        assert (np.diff(variances) <= 1e-12).all()


def test_memory_is_a_recursive_filter() -> None:
    shocks = np.random.default_rng(4).normal(size=(40, 3))
    memory = np.array([0.0, 0.5, 0.9])
    made = ar1_series(shocks.copy(), memory)
    for column, phi in enumerate(memory):
        started = shocks[:, column].copy()
        started[0] /= np.sqrt(1 - phi**2)
        wanted = signal.lfilter([1], [1, -phi], started)[BURN:]
        assert np.allclose(made[:, column], wanted)


@pytest.mark.parametrize("shape", ["line", "step"])
@pytest.mark.parametrize("memory", [0.0, 0.7])
def test_memory_is_found_without_the_bias_of_short_series(shape: str, memory: float) -> None:
    n = 30
    asked = regression_design((True,) * n, 1, shape)
    shocks = np.random.default_rng(5).normal(size=(n + BURN, 400))
    noise = ar1_series(shocks, np.full(400, memory))
    residuals = asked.noise(asked.fit(noise))
    found = np.median([Noise(asked, column).memory for column in residuals.T])
    plain = np.median([acf(column, nlags=1)[1] for column in residuals.T])
    assert abs(found - memory) < 0.1
    assert plain < memory - 0.05


def test_the_memory_that_is_simulated_covers_what_is_not_known() -> None:
    asked = regression_design((True,) * 16, 1, "line")
    short = Noise(asked, asked.fit(np.random.default_rng(6).normal(size=(16, 1))).residual[:, 0])
    asked = regression_design((True,) * 110, 1, "line")
    long = Noise(asked, asked.fit(np.random.default_rng(6).normal(size=(110, 1))).residual[:, 0])
    assert len(short.nodes) == len(LEVELS)
    assert np.ptp(short.nodes) > 2 * np.ptp(long.nodes)


def test_further_memory_is_fitted_where_there_is_some() -> None:
    rng = np.random.default_rng(7)
    values = signal.lfilter([1], [1, 0, 0, -0.7], rng.normal(size=300))[180:]
    asked = regression_design((True,) * 120, 1, "line")
    noise = Noise(asked, asked.fit(values[:, None]).residual[:, 0])
    assert noise.order >= 3
    white = Noise(asked, asked.fit(rng.normal(size=(120, 1))).residual[:, 0])
    assert white.order < noise.order
    chance = np.random.default_rng(8).random((120 + BURN, 50))
    made = ar1_series(
        noise.resampled_shocks(resampling_positions(chance, noise.count), None),
        noise.nodes[node_of_replicate(50)],
    )
    assert np.mean([acf(column, nlags=3)[3] for column in made.T]) > 0.3


def test_a_verdict_does_not_depend_on_the_series_judged_with_it() -> None:
    columns = np.random.default_rng(8).normal(size=(24, 30)) + np.linspace(0, 1, 24)[:, None]
    asked = regression_design((True,) * 24, 1, "step")
    together = bootstrap_test(asked, columns, 9)
    alone = [bootstrap_test(asked, columns[:, [i]], 9)[0] for i in range(30)]
    assert [v.p for v in together] == [v.p for v in alone]
    assert np.allclose([v.reach for v in together], [v.reach for v in alone], rtol=1e-9)
    assert [v.p for v in bootstrap_test(asked, columns, 10)] != [v.p for v in together]


@given(
    st.lists(st.one_of(st.floats(-1e3, 1e3), st.just(float("nan"))), min_size=0, max_size=40),
    st.sampled_from([1, 4, 7]),
)
def test_a_history_is_the_series_but_for_origin_and_unit(values: list[float], season: int) -> None:
    series = np.array(values)
    found = history(series, season)
    if found is None:
        return
    back = found.centre + found.scale * found.values
    assert np.allclose(back, series[found.first :], equal_nan=True, atol=1e-9)
    assert np.nanmax(np.abs(found.values)) <= 1 + 1e-9
    assert np.isfinite(found.values[[0, -1]]).all()
    assert found.n == np.isfinite(back).sum() >= 12


def test_a_wild_value_is_drawn_in_and_no_other() -> None:
    values = 0.2 * np.arange(20.0) + np.random.default_rng(11).normal(size=20)
    values[14:] += 30
    values[7] = 1e6
    found = history(values)
    assert found is not None
    changed = np.flatnonzero(found.winsorized != found.values)
    assert changed.tolist() == [7]


def test_a_season_is_found_under_noise_and_not_in_it() -> None:
    rng = np.random.default_rng(10)
    noise = ar1_series(rng.normal(size=(36 + BURN, 200)), np.full(200, 0.6))
    shape = 3 * np.cos(np.arange(36) * np.pi / 6)[:, None]
    wrong = sum(season_in(column, 12) == 12 for column in noise.T)
    right = sum(season_in(column, 12) == 12 for column in (noise + shape).T)
    assert wrong <= 4
    assert right >= 190
    assert season_in((noise + shape)[:23, 0], 12) == 1


def test_the_pattern_of_a_season_is_that_of_the_medians() -> None:
    values = np.tile([1.0, 2.0, 6.0], 5)[:, None] * [1.0, -2.0]
    values[4] = 1e6
    found = pattern(values, (True,) * 15, 3)
    assert np.allclose(found[:3, 0], [-2, -1, 3])
    assert np.allclose(found[3:6], found[:3])
    assert not pattern(values, (True,) * 15, 1).any()


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_the_middle_is_the_median(values: list[float]) -> None:
    column = np.array(values)[:, None]
    assert middle(column)[0] == pytest.approx(np.median(column))


def test_alike_are_those_with_values_at_the_same_steps() -> None:
    whole, gap = np.arange(20.0), np.arange(20.0)
    gap[5] = np.nan
    found = [history(x) for x in (whole, gap, np.ones(20), -whole)]
    assert [places for places, _ in grouped_by_steps(found)] == [[0, 3], [1]]


def test_nothing_of_this_imports_scipy_stats_or_pandas() -> None:
    modules = "trends, breaks, unusual, correlation"
    command = f"import sys; from mirrorbi.facts.families import {modules}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "mirrorbi.facts.stats.sieve_bootstrap" in loaded
    assert not {"scipy.stats", "ruptures", "statsmodels", "pandas"} & set(loaded)
