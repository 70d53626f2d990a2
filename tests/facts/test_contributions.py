"""Contributions are plain arithmetic: they sum exactly."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mirrorbi.facts.fact import exact
from mirrorbi.facts.families.contributions import parts_of
from mirrorbi.facts.tables import folded

cents = st.integers(-(10**9), 10**9).map(lambda n: n / 100)
absent = st.just(float("nan"))
columns = st.lists(st.tuples(cents | absent, cents | absent), min_size=1, max_size=30)


@given(columns)
def test_deltas_sum_exactly_to_the_total_delta(pairs: list[tuple[float, float]]) -> None:
    base, value = (np.array(column) for column in zip(*pairs, strict=True))
    parts = parts_of([f"m{i}" for i in range(len(pairs))], base, value)
    before = sum((exact(x) for x in base if not np.isnan(x)), Decimal(0))
    after = sum((exact(x) for x in value if not np.isnan(x)), Decimal(0))
    assert sum((p.delta for p in parts), Decimal(0)) == after - before


@given(columns)
def test_the_largest_movement_comes_first_and_nobody_is_lost(
    pairs: list[tuple[float, float]],
) -> None:
    base, value = (np.array(column) for column in zip(*pairs, strict=True))
    names = [f"m{i:02d}" for i in range(len(pairs))]
    parts = parts_of(names, base, value)
    assert sorted(p.member for p in parts) == names
    keys = [(-abs(p.delta), p.member) for p in parts]
    assert keys == sorted(keys)


def test_members_that_appear_or_vanish_have_base_or_value_zero() -> None:
    parts = parts_of(["new", "gone"], np.array([np.nan, 7.0]), np.array([3.0, np.nan]))
    assert [(p.member, p.base, p.value) for p in parts] == [("gone", 7, 0), ("new", 0, 3)]


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=40), st.integers(1, 15))
def test_folding_keeps_the_sum(values: list[int], limit: int) -> None:
    rows = [(f"m{i}", Decimal(v), Decimal(-v)) for i, v in enumerate(values)]
    short = folded(rows, limit)
    assert len(short) <= limit + 1
    assert sum(row[1] for row in short) == sum(values)
    assert sum(row[2] for row in short) == -sum(values)
