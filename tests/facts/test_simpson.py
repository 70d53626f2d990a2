"""A reversal is found where brute force finds one, and nowhere else."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirrorbi.facts.families.mix import Weighed
from mirrorbi.facts.families.simpson import reversal_of

counts = st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
members = st.lists(st.tuples(counts, counts), min_size=1, max_size=4)


def weighed(lines: list[tuple[tuple[int, int], tuple[int, int]]]) -> list[Weighed]:
    return [
        Weighed(f"m{i}", *(Fraction(x) for x in (t0, b0, t1, b1)))
        for i, ((t0, b0), (t1, b1)) in enumerate(lines)
    ]


def brute(lines: list[tuple[tuple[int, int], tuple[int, int]]]) -> bool:
    all0, all1 = sum(b for (_, b), _ in lines), sum(b for _, (_, b) in lines)
    if not all0 or not all1:
        return False
    whole = Fraction(sum(t for _, (t, _) in lines), all1) - Fraction(
        sum(t for (t, _), _ in lines), all0
    )
    heard = [
        line
        for line in lines
        if line[0][1] and line[1][1] and line[0][1] * all1 + line[1][1] * all0 >= all0 * all1 / 25
    ]
    if whole == 0 or len(heard) < 2:
        return False
    if sum(b for (_, b), _ in heard) < 0.9 * all0 or sum(b for _, (_, b) in heard) < 0.9 * all1:
        return False
    signs = {(Fraction(t1, b1) - Fraction(t0, b0)) * whole < 0 for (t0, b0), (t1, b1) in heard}
    return signs == {True}


@given(members)
def test_reversals_are_those_of_brute_force(
    lines: list[tuple[tuple[int, int], tuple[int, int]]],
) -> None:
    assert (reversal_of(weighed(lines)) is not None) == brute(lines)


@given(st.integers(1, 5), st.integers(1, 20), st.integers(1, 20), st.integers(60, 400))
def test_a_made_reversal_is_found(few: int, low: int, high: int, many: int) -> None:
    """Every member falls by a point; weight moves from the low member to the high one."""
    lines = [
        ((low * many, 100 * many), ((low - 1) * few, 100 * few)),
        (((75 + high) * few, 100 * few), ((74 + high) * many, 100 * many)),
    ]
    found = reversal_of(weighed(lines))
    assert found is not None
    assert found.delta > 0


def test_kidney_stones() -> None:
    """Charig et al., BMJ 292, 1986: the worse treatment looks better overall."""
    lines = [((81, 87), (234, 270)), ((192, 263), (55, 80))]
    found = reversal_of(weighed(lines))
    assert found is not None
    assert found.delta == Fraction(289, 350) - Fraction(273, 350)


STONES = [((81, 87), (234, 270)), ((192, 263), (55, 80))]


@pytest.mark.parametrize(("size", "found"), [(4, True), (10, False), (30, False)])
def test_a_dissenting_member_counts_from_two_per_cent(size: int, found: bool) -> None:
    with_whole = ((0, size), (size, size))
    assert (reversal_of(weighed([*STONES, with_whole])) is not None) is found


@pytest.mark.parametrize(("each", "found"), [(1, True), (6, False)])
def test_members_with_a_say_must_hold_nine_tenths(each: int, found: bool) -> None:
    crumbs = [((each - 1, each), (each, each))] * 9
    assert (reversal_of(weighed(STONES + crumbs)) is not None) is found
