"""Concentration against brute force."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirrorbi.errors import FactError
from mirrorbi.facts.families.concentration import MOST, TOP, concentration

amounts = st.lists(st.integers(0, 10**6).map(Decimal), min_size=1, max_size=40).filter(any)


@given(amounts)
def test_gini_is_the_mean_difference_of_all_pairs(values: list[Decimal]) -> None:
    n, total = len(values), sum(values)
    pairs = sum(abs(a - b) for a in values for b in values)
    assert concentration(values).gini == pytest.approx(float(pairs / (2 * n * total)), abs=1e-9)


@given(amounts)
def test_hhi_is_the_sum_of_squared_shares(values: list[Decimal]) -> None:
    total = sum(values)
    assert concentration(values).hhi == pytest.approx(
        float(sum((v / total) ** 2 for v in values)), abs=1e-9
    )


@given(amounts)
def test_k_is_the_fewest_that_hold_most_or_the_largest_five(values: list[Decimal]) -> None:
    found = concentration(values)
    largest, total = sorted(values, reverse=True), sum(values)
    fewest = min(k for k in range(1, len(values) + 1) if sum(largest[:k]) >= MOST * total)
    if 2 * fewest <= len(values):
        assert found.k == fewest
    else:
        assert found.k == min(TOP, len(values))
    assert float(found.share) == pytest.approx(float(sum(largest[: found.k]) / total), abs=1e-11)


@given(amounts, st.randoms())
def test_the_order_of_members_does_not_matter(values: list[Decimal], random: object) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert concentration(shuffled) == concentration(values)


def test_negative_amounts_are_refused() -> None:
    with pytest.raises(FactError, match="-3 is negative"):
        concentration([Decimal(5), Decimal(-3)])


def test_zeros_alone_are_refused() -> None:
    with pytest.raises(FactError, match="All amounts are zero"):
        concentration([Decimal(0), Decimal(0)])
