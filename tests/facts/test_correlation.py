"""Correlation: the coefficient is the oracle's, shared shocks are found, shared trends are not."""

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
from mirrorbi.facts.families.correlation import correlation_of, ranks, spearman, whitened
from mirrorbi.facts.stats.autoregression import BURN, ar1_series
from mirrorbi.facts.sweep.relations import related

pairs = st.lists(
    st.tuples(st.integers(-5, 5).map(float), st.integers(-5, 5).map(float)), min_size=3, max_size=40
)


@given(pairs)
def test_the_coefficient_is_that_of_scipy(values: list[tuple[float, float]]) -> None:
    one, other = np.array(values).T
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.ConstantInputWarning)
        wanted = stats.spearmanr(one, other).statistic
    assert spearman(one, other) == pytest.approx(0 if np.isnan(wanted) else wanted)
    assert np.array_equal(ranks(one), stats.rankdata(one))


@pytest.mark.parametrize("lag", [-2, 0, 1, 3])
@pytest.mark.parametrize("memory", [0.0, 0.6])
def test_what_follows_is_found_at_its_lag(lag: int, memory: float) -> None:
    rng = np.random.default_rng(lag + 10)
    common = ar1_series(rng.normal(size=(70 + BURN, 1)), np.array([memory]))[:, 0]
    one = common[5:65] + 0.2 * rng.normal(size=60)
    other = -common[5 - lag : 65 - lag] + 0.2 * rng.normal(size=60)
    found = correlation_of(one, other)
    assert found is not None
    assert found.lag == lag
    assert found.rho < -0.7
    assert found.p < 0.001
    mirrored = correlation_of(other, one)
    assert mirrored is not None
    assert mirrored.lag == -lag


def test_two_trends_or_two_seasons_alone_do_not_correlate() -> None:
    rng = np.random.default_rng(1)
    steps = np.arange(60)
    shapes = 2.0 * steps, 5.0 * steps + 30 * np.cos(steps * np.pi / 6)
    for shape in (*shapes, np.sqrt(steps) * 20):
        one, other = shape + rng.normal(size=60), 3 * shape + rng.normal(size=60)
        assert stats.spearmanr(one, other).pvalue < 1e-6
        found = correlation_of(one, other, 12)
        assert found is not None
        assert found.p > 0.02


def test_whitened_is_the_shocks() -> None:
    shocks = np.random.default_rng(2).normal(size=(200 + BURN, 1))
    values = ar1_series(shocks.copy(), np.array([0.8]))[:, 0]
    found = whitened(values + 0.1 * np.arange(200))
    assert found is not None
    left = found.values
    assert found.first >= 80
    assert found.lost >= 2
    known = np.isfinite(left)
    assert np.corrcoef(left[known], shocks[BURN:, 0][known])[0, 1] > 0.95


def test_gaps_are_left_out_of_both() -> None:
    rng = np.random.default_rng(3)
    one = rng.normal(size=60)
    other = one + 0.2 * rng.normal(size=60)
    one[[5, 20, 21]] = np.nan
    other[[7, 40]] = np.inf
    found = correlation_of(one, other)
    assert found is not None
    assert found.lag == 0
    assert found.n < 56
    assert found.p < 0.001


DEGENERATE = {
    "nothing": ([], []),
    "three": ([1.0, 2.0, 4.0], [3.0, 1.0, 2.0]),
    "constant": ([7.0] * 30, list(np.random.default_rng(0).normal(size=30))),
    "missing": ([np.nan] * 30, list(np.random.default_rng(0).normal(size=30))),
    "infinite": ([np.inf] * 30, list(np.random.default_rng(0).normal(size=30))),
    "line": (list(np.arange(30.0)), list(np.random.default_rng(0).normal(size=30))),
    "itself": (
        list(np.random.default_rng(0).normal(size=30)),
        list(3 - 2 * np.random.default_rng(0).normal(size=30)),
    ),
    "never together": ([1.0, np.nan, 3.0, np.nan] * 10, [np.nan, 1.0, np.nan, 2.0] * 10),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_what_cannot_be_compared_gives_nothing_and_no_warning(name: str) -> None:
    one, other = (np.array(values) for values in DEGENERATE[name])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert correlation_of(one, other, 4) is None


MODEL = {
    "time": {"column": "month", "grains": ["month"]},
    "metrics": {
        "visits": {"agg": "sum", "column": "visits"},
        "orders": {"agg": "sum", "column": "orders"},
        "returns": {"agg": "sum", "column": "returns"},
        "secret": {"agg": "sum", "column": "noise", "hidden": True},
        "order_rate": {"type": "ratio", "numerator": "orders", "denominator": "visits"},
        "return_rate": {"type": "ratio", "numerator": "returns", "denominator": "orders"},
        "kept": {"type": "derived", "expression": "orders - returns"},
        "doubled": {"type": "derived", "expression": "2 * kept"},
        "lines": {"agg": "count"},
        "big_lines": {"agg": "count", "filter": "orders > 100"},
        "small_lines": {"agg": "count", "filter": "visits < 50"},
        "basket": {"agg": "avg", "column": "orders"},
        "big_share": {"type": "ratio", "numerator": "big_lines", "denominator": "lines"},
        "big_per_visit": {"type": "ratio", "numerator": "big_lines", "denominator": "visits"},
    },
}


def frame(months: int = 48) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    visits = rng.normal(1000, 100, months)
    return pd.DataFrame(
        {
            "month": pd.date_range("2020-01-01", periods=months, freq="MS"),
            "visits": visits,
            "orders": rng.normal(100, 10, months),
            "returns": np.r_[50, visits[:-1] / 20] + rng.normal(0, 1, months),
            "noise": visits,
        }
    )


def found(**request: object) -> list[Fact]:
    data = mirrorbi.open(frame(), model=MODEL)
    return list(find_facts(data, kinds="correlation", period="2023-12", **request))


def test_the_fact_names_the_other_metric_lag_and_correlation() -> None:
    (fact,) = found(metrics=["visits", "orders", "returns"])
    assert (fact.metric, fact.terms["other"]) == ("visits", "returns")
    assert fact.terms["other_label"]
    assert fact["lag"].value == 1
    assert fact["rho"].value > 0.7
    assert fact.direction == "up"
    assert fact["periods"].value >= 45
    assert fact.p is not None
    assert fact.q is not None
    assert fact.p <= fact.q < 0.01
    assert "lags -3 to 3" in fact.method
    assert fact.table is not None
    assert [name for name, _ in fact.table.columns] == ["period", "value", "other"]
    assert 0 < fact.score <= 1


def test_hidden_metrics_are_not_compared() -> None:
    names = {name for fact in found() for name in (fact.metric, fact.terms["other"])}
    assert names
    assert "secret" not in names


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("visits", "order_rate", True),
        ("orders", "order_rate", True),
        ("orders", "kept", True),
        ("returns", "doubled", True),
        ("kept", "doubled", True),
        ("lines", "big_lines", True),
        ("lines", "small_lines", True),
        ("big_lines", "small_lines", False),
        ("orders", "big_lines", True),
        ("visits", "big_lines", False),
        ("basket", "orders", True),
        ("big_share", "big_per_visit", True),
        ("big_per_visit", "kept", True),
        ("big_per_visit", "return_rate", False),
        ("basket", "order_rate", True),
        ("basket", "returns", False),
        ("orders", "return_rate", True),
        ("visits", "orders", False),
        ("visits", "return_rate", False),
        ("order_rate", "return_rate", False),
        ("visits", "lines", False),
    ],
)
def test_metrics_that_go_together_by_construction_are_known(
    one: str, other: str, together: bool
) -> None:
    data = mirrorbi.open(frame(), model=MODEL)
    assert related(data.metric, one, other) is together
    assert related(data.metric, other, one) is together
