"""False alarms on noise that remembers stay at the nominal rate; `benchmarks/` has more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import signal, stats

from mirrorbi.facts.families.breaks import breaks_in
from mirrorbi.facts.families.correlation import correlation_of
from mirrorbi.facts.families.trends import trends_of
from mirrorbi.facts.families.unusual import unusual_in
from mirrorbi.facts.stats.autoregression import BURN, ar1_series
from mirrorbi.facts.stats.significance import seed_of

pytestmark = pytest.mark.slow

REPLICATIONS = 160
BATCH = 20


def trend(series: list[np.ndarray], seed: int) -> list[float]:
    return [found.p for found in trends_of(series, 1, seed) if found is not None]


def unusual(series: list[np.ndarray], seed: int) -> list[float]:
    return [found.p for found in unusual_in(series, 1, seed) if found is not None]


def breaks(series: list[np.ndarray], seed: int) -> list[float]:
    return [found[0].p for found in breaks_in(series, 1, seed)]


def correlation(series: list[np.ndarray], seed: int) -> list[float]:
    pairs = zip(series, [*series[1:], np.roll(series[0], len(series[0]) // 2)], strict=True)
    found = [correlation_of(one, other, 1, seed + i) for i, (one, other) in enumerate(pairs)]
    return [one.p for one in found if one is not None]


FAMILIES: dict[str, tuple[Callable[[list[np.ndarray], int], list[float]], int]] = {
    "trend": (trend, 12),
    "unusual": (unusual, 11),
    "break": (breaks, 15),
    "correlation": (correlation, 16),
}


def noise(family: str, n: int, memory: float) -> list[np.ndarray]:
    rng = np.random.default_rng(seed_of("noise", family, n, memory))
    shocks = rng.normal(size=(n + BURN, REPLICATIONS))
    return list(ar1_series(shocks, np.full(REPLICATIONS, memory)).T)


def probabilities(family: str, series: list[np.ndarray]) -> np.ndarray:
    judge = FAMILIES[family][0]
    return np.array(
        [p for i in range(0, len(series), BATCH) for p in judge(series[i : i + BATCH], i)]
    )


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.7])
@pytest.mark.parametrize("n", [12, 24, 60])
@pytest.mark.parametrize("family", FAMILIES)
def test_false_alarms_are_at_or_under_the_nominal_rate(family: str, n: int, memory: float) -> None:
    p = probabilities(family, noise(family, max(n, FAMILIES[family][1]), memory))
    assert len(p) == REPLICATIONS
    for rate in (0.05, 0.2):
        # More alarms than this happen in one of a thousand such tests at the nominal rate.
        assert (p <= rate).sum() <= stats.binom.isf(0.001, REPLICATIONS, rate)


@pytest.mark.parametrize("family", ["trend", "break"])
def test_slow_memory_beneath_fast_is_seen(family: str) -> None:
    shocks = np.random.default_rng(9).normal(size=(200, REPLICATIONS))
    slow = signal.lfilter([1], [1, -0.4, -0.3], shocks, axis=0)[120:]
    p = probabilities(family, list(slow.T))
    assert (p <= 0.05).sum() <= stats.binom.isf(0.001, REPLICATIONS, 0.05)


def test_the_oracle_that_takes_values_as_independent_fails_where_ours_holds() -> None:
    series = noise("trend", 60, 0.7)
    steps = np.arange(60)
    naive = np.array([stats.kendalltau(steps, one).pvalue for one in series])
    assert (naive <= 0.05).mean() > 0.3
    assert (probabilities("trend", series) <= 0.05).mean() < 0.1
