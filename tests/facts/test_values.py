"""Ranks against pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mirrorbi.facts.families.values import large_enough, order, rank_of

values = arrays(np.float64, st.integers(1, 30), elements=st.sampled_from([np.nan, -1, 0, 1, 2.5]))


@given(values)
def test_ranks_are_those_of_pandas(column: np.ndarray) -> None:
    oracle = pd.Series(column).rank(method="min", ascending=False)
    for i in order(column):
        assert rank_of(column, i) == oracle[i]


@given(values)
def test_the_order_is_that_of_a_stable_sort(column: np.ndarray) -> None:
    series = pd.Series(column).dropna()
    assert order(column) == series.sort_values(ascending=False, kind="stable").index.tolist()


@given(arrays(np.int64, st.integers(1, 30), elements=st.integers(0, 500)))
def test_members_ranked_have_thirty_rows_and_a_tenth_of_the_mean(rows: np.ndarray) -> None:
    present = [r for r in rows.tolist() if r]
    for r, kept in zip(rows.tolist(), large_enough(rows).tolist(), strict=True):
        assert kept == (r >= 30 and r * len(present) * 10 >= sum(present))
