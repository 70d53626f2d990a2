"""A change is judged by the series' own changes, without more false alarms than promised."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mirrorbi.facts.stats.surprise import _medians_of_others, last_change_surprise

usual = arrays(
    np.float64, st.integers(9, 40), elements=st.integers(-1000, 1000).map(float), unique=True
)


def autoregressive(phi: float, steps: int, runs: int) -> np.ndarray:
    noise = np.random.default_rng(7).standard_normal((runs, steps + 60))
    series = np.zeros_like(noise)
    for t in range(1, series.shape[1]):
        series[:, t] = phi * series[:, t - 1] + noise[:, t]
    return series[:, 60:]


def false_alarms(changes: np.ndarray, season: int = 1) -> tuple[float, float]:
    found = np.array(
        [judged.p for line in changes if (judged := last_change_surprise(line, season))]
    )
    assert len(found) > 0.99 * len(changes)
    return float((found < 0.05).mean()), float((found < 0.01).mean())


RUNS = 1500
# Three standard errors of a rate of 5 % and 1 % in that many runs.
AT_5, AT_1 = 0.05 + 3 * (0.05 * 0.95 / RUNS) ** 0.5, 0.01 + 3 * (0.01 * 0.99 / RUNS) ** 0.5


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.7, 1.0])
@pytest.mark.parametrize("steps", [10, 24])
def test_false_alarms_stay_at_the_nominal_rate(phi: float, steps: int) -> None:
    five, one = false_alarms(np.diff(autoregressive(phi, steps, RUNS)))
    assert five <= AT_5
    assert one <= AT_1


@pytest.mark.parametrize("phi", [0.0, 0.7, 1.0])
def test_overlapping_changes_from_a_year_ago_raise_no_more_alarms(phi: float) -> None:
    series = autoregressive(phi, 48, RUNS)
    five, one = false_alarms(series[:, 12:] - series[:, :-12])
    assert five <= AT_5
    assert one <= AT_1


def test_taking_the_season_out_raises_no_more_alarms() -> None:
    season = np.tile([0, 5, -3, 8, 1, -9, 4], 6)
    five, one = false_alarms(np.diff(autoregressive(0.0, 42, RUNS) + season), 7)
    assert five <= AT_5
    assert one <= AT_1


def test_a_weekly_jump_is_no_surprise_and_its_absence_is() -> None:
    noise = np.random.default_rng(3).standard_normal(71)
    weekly = np.tile([0.0, 0, 0, 0, 0, -40, -40], 11)[:71] + noise
    jump = last_change_surprise(np.diff(weekly), 7)
    flat = last_change_surprise(np.diff(np.append(weekly[:-1], weekly[-2])), 7)
    assert jump is not None
    assert flat is not None
    assert jump.seasonal
    assert jump.p > 0.05
    assert flat.p < 0.001


@given(usual)
def test_turning_every_sign_turns_only_the_sign_of_z(changes: np.ndarray) -> None:
    one, other = last_change_surprise(changes), last_change_surprise(-changes)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.z == pytest.approx(-other.z)
        assert one.p == pytest.approx(other.p)


@given(usual, st.sampled_from([0.25, 4.0, 1024.0]))
def test_the_unit_does_not_matter(changes: np.ndarray, scale: float) -> None:
    one, other = last_change_surprise(changes), last_change_surprise(changes * scale)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.p == pytest.approx(other.p)


def test_eight_earlier_changes_are_needed() -> None:
    changes = np.arange(9.0) ** 2
    assert last_change_surprise(changes) is not None
    assert last_change_surprise(changes[1:]) is None


@pytest.mark.parametrize(
    "changes",
    [np.zeros(20), np.append(np.ones(20), 5.0), np.append(np.arange(20.0), np.nan), np.zeros(0)],
)
def test_what_cannot_be_judged_is_not(changes: np.ndarray) -> None:
    assert last_change_surprise(changes) is None


def test_gaps_are_left_out() -> None:
    changes = np.array([1.0, -2, 0.5, 1.5, -1, 0, -0.5, 2, -1.5, 9])
    gaps = np.insert(changes, [3, 5], np.nan)
    assert last_change_surprise(gaps) == last_change_surprise(changes)


@given(arrays(np.float64, st.integers(2, 12), elements=st.integers(-5, 5).map(float)))
def test_the_median_of_the_others_leaves_one_out(values: np.ndarray) -> None:
    oracle = [np.median(np.delete(values, i)) for i in range(len(values))]
    assert _medians_of_others(values).tolist() == oracle
