"""Intervals of proportions against statsmodels; which ratios are proportions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from mirrorbi.data.model.semantic_model import Model
from mirrorbi.facts.stats.proportions import is_proportion, newcombe, wilson

counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_wilson_is_that_of_statsmodels(pair: tuple[int, int]) -> None:
    assert wilson(*pair) == pytest.approx(proportion_confint(*pair, method="wilson"), abs=1e-9)


@given(counts, counts)
def test_newcombe_is_that_of_statsmodels(a: tuple[int, int], b: tuple[int, int]) -> None:
    oracle = confint_proportions_2indep(*a, *b, method="newcomb", compare="diff")
    assert newcombe(a, b) == pytest.approx(oracle, abs=1e-9)


@given(counts, counts)
def test_the_interval_holds_the_difference(a: tuple[int, int], b: tuple[int, int]) -> None:
    low, high = newcombe(a, b)
    assert -1 - 1e-12 <= low <= a[0] / a[1] - b[0] / b[1] + 1e-12
    assert a[0] / a[1] - b[0] / b[1] - 1e-12 <= high <= 1 + 1e-12


MODEL = Model.model_validate(
    {
        "metrics": {
            "all": {"agg": "count"},
            "good": {"agg": "count", "filter": "x > 1"},
            "best": {"agg": "count", "filter": "x > 1 and y > 1"},
            "known": {"agg": "count", "column": "x"},
            "money": {"agg": "sum", "column": "y"},
            "good_part": {"type": "ratio", "numerator": "good", "denominator": "all"},
            "best_of_good": {"type": "ratio", "numerator": "best", "denominator": "good"},
            "good_of_best": {"type": "ratio", "numerator": "good", "denominator": "best"},
            "all_of_known": {"type": "ratio", "numerator": "all", "denominator": "known"},
            "price": {"type": "ratio", "numerator": "money", "denominator": "all"},
        }
    }
)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("good_part", True),
        ("best_of_good", True),
        ("good_of_best", False),
        ("all_of_known", False),
        ("price", False),
        ("good", False),
    ],
)
def test_only_parts_of_a_count_are_proportions(metric: str, expected: bool) -> None:
    assert is_proportion(MODEL.metrics.__getitem__, metric) is expected
