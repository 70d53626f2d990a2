"""The mix and rate split sums exactly, and gives each effect its meaning."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirrorbi.facts.families.mix import Effect, Weighed, effects_of
from mirrorbi.facts.tables import rounded

amounts = st.integers(0, 10**6).map(Fraction)


@st.composite
def segments(draw: st.DrawFn) -> list[Weighed]:
    """Segments of a ratio of counts, some of them absent before or after."""
    found = []
    for i in range(draw(st.integers(1, 8))):
        bottoms = [draw(amounts), draw(amounts)]
        if draw(st.booleans()):
            bottoms[draw(st.integers(0, 1))] = Fraction(0)
        tops = [Fraction(draw(st.integers(0, int(b)))) for b in bottoms]
        found.append(Weighed(f"m{i}", tops[0], bottoms[0], tops[1], bottoms[1]))
    found.append(Weighed("anchor", Fraction(1), Fraction(3), Fraction(2), Fraction(5)))
    return found


def overall(members: list[Weighed]) -> tuple[Fraction, Fraction]:
    return (
        sum(m.top0 for m in members) / Fraction(sum(m.bottom0 for m in members)),
        sum(m.top1 for m in members) / Fraction(sum(m.bottom1 for m in members)),
    )


@given(segments())
def test_mix_and_rate_sum_exactly_to_the_change(members: list[Weighed]) -> None:
    before, after = overall(members)
    assert sum(e.mix + e.rate for e in effects_of(members)) == after - before


@given(segments())
def test_a_member_that_appears_or_vanishes_is_mix_only(members: list[Weighed]) -> None:
    before, after = overall(members)
    reference = (before + after) / 2
    all0, all1 = sum(m.bottom0 for m in members), sum(m.bottom1 for m in members)
    for m, effect in zip(members, effects_of(members), strict=True):
        if m.bottom0 and m.bottom1:
            continue
        assert effect.rate == 0
        if m.bottom1:
            assert effect.mix == m.bottom1 / all1 * (m.top1 / m.bottom1 - reference)
        elif m.bottom0:
            assert effect.mix == -(m.bottom0 / all0) * (m.top0 / m.bottom0 - reference)
        else:
            assert effect.mix == 0


@given(segments(), st.integers(2, 9))
def test_equal_rates_before_and_after_leave_mix_only(members: list[Weighed], k: int) -> None:
    moved = [m._replace(top1=m.top0 * k, bottom1=m.bottom0 * k) for m in members[:-1]]
    moved.append(members[-1]._replace(top1=members[-1].top0, bottom1=members[-1].bottom0))
    assert all(e.rate == 0 for e in effects_of(moved))


@given(segments())
def test_equal_weights_leave_rate_only(members: list[Weighed]) -> None:
    held = [m._replace(bottom1=m.bottom0) for m in members]
    assert all(e.mix == 0 for e in effects_of([m for m in held if m.bottom0]))


@given(segments())
def test_before_and_after_exchanged_turns_every_sign(members: list[Weighed]) -> None:
    back = [Weighed(m.member, m.top1, m.bottom1, m.top0, m.bottom0) for m in members]
    turned = [Effect(e.member, -e.mix, -e.rate) for e in effects_of(back)]
    assert effects_of(members) == turned


def test_gaining_weight_counts_up_only_above_the_whole() -> None:
    good = Weighed("good", Fraction(9), Fraction(10), Fraction(18), Fraction(20))
    bad = Weighed("bad", Fraction(1), Fraction(10), Fraction(1), Fraction(10))
    effects = {e.member: e for e in effects_of([good, bad])}
    assert effects["good"].mix > 0
    assert effects["bad"].mix > 0  # it lost weight, and is below the whole


def test_kitagawa_by_hand() -> None:
    a = Weighed("a", Fraction(30), Fraction(100), Fraction(20), Fraction(50))
    b = Weighed("b", Fraction(60), Fraction(100), Fraction(105), Fraction(150))
    rate = {"a": Fraction(375, 1000) * Fraction(1, 10), "b": Fraction(625, 1000) * Fraction(1, 10)}
    reference = (Fraction(90, 200) + Fraction(125, 200)) / 2
    for effect, mean in zip(
        effects_of([a, b]), (Fraction(35, 100), Fraction(65, 100)), strict=True
    ):
        moved = Fraction(-1, 4) if effect.member == "a" else Fraction(1, 4)
        assert effect.rate == rate[effect.member]
        assert effect.mix == moved * (mean - reference)


@given(
    st.lists(st.fractions(-1, 1, max_denominator=10**6), min_size=1, max_size=12),
    st.integers(-3, 3),
)
def test_rounded_parts_sum_to_the_total_and_stay_close(parts: list[Fraction], off: int) -> None:
    near = Decimal(f"{float(sum(parts)):.12f}") + Decimal(off).scaleb(-12)
    found = rounded(parts, near)
    if any(parts):
        assert sum(found, Decimal(0)) == near
    for part, value in zip(parts, found, strict=True):
        assert abs(Fraction(value) - part) < Fraction(1, 10**11)
        assert value == 0 or part != 0


@pytest.mark.parametrize("total", [Decimal("0.1"), Decimal("-0.1"), Decimal("1e-9")])
def test_rounding_gives_the_units_left_over_to_the_parts_cut_most(total: Decimal) -> None:
    exact = Fraction(total)
    found = rounded([exact / 3, exact / 3, exact / 3], total)
    assert sum(found, Decimal(0)) == total
    assert max(found) - min(found) <= Decimal("1e-12")
