"""Mix and rate: whether a ratio changed within its members or because their weights moved.

After Kitagawa, "Components of a difference between two rates", Journal of the American
Statistical Association 50, 1955. With the member's part of the denominator ``s``, its
ratio ``r``, the overall ratio ``R``, before (0) and after (1)::

    rate = (s0 + s1) / 2 * (r1 - r0)
    mix  = (s1 - s0) * ((r0 + r1) / 2 - (R0 + R1) / 2)

Subtracting the mean overall ratio does not change the sum (weights sum to one), and gives
each member's mix effect its meaning: gaining weight counts up only where the member is
above the whole. Over all members, mix and rate sum exactly to ``R1 - R0``. A member that
appears or vanishes has no rate effect: all of it is mix, at the only ratio it had.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from mirrorbi.data.model.semantic_model import RatioMetric
from mirrorbi.facts.fact import Fact, Quantity, Table, exact
from mirrorbi.facts.families.changes import baseline_caveats, direction_of, size_of
from mirrorbi.facts.sweep.caveats import small_sample_caveat
from mirrorbi.facts.sweep.sweep_context import SweepContext
from mirrorbi.facts.tables import ROWS, folded, fraction, rounded

NAMED = 5
"""Members per metric and dimension whose effect is a fact."""

METHOD = (
    "Kitagawa 1955: rate = mean weight x change of ratio; mix = change of weight x (mean ratio "
    "- mean overall ratio); appearing and vanishing members are mix only; sums exactly"
)


class Weighed(NamedTuple):
    """A member's numerator and denominator, before and after; exact."""

    member: str
    top0: Fraction
    bottom0: Fraction
    top1: Fraction
    bottom1: Fraction


class Effect(NamedTuple):
    """What one member did to the overall ratio; exact."""

    member: str
    mix: Fraction
    rate: Fraction


def find(context: SweepContext) -> Iterator[Fact]:
    """Yield the mix and rate split of the change of every ratio, and its largest parts."""
    if not context.comparable:
        return
    for metric in context.metrics:
        if isinstance(context.dataset.metric(metric), RatioMetric):
            for by in context.by:
                yield from _split(context, metric, by)


def effects_of(members: Sequence[Weighed]) -> list[Effect]:
    """Split the change of a ratio into every member's mix and rate effect.

    Parameters
    ----------
    members
        Numerators and denominators; denominators are not negative, and sum to more than
        zero both before and after.

    Examples
    --------
    >>> grows = Weighed("a", Fraction(8), Fraction(10), Fraction(24), Fraction(30))
    >>> stays = Weighed("b", Fraction(5), Fraction(10), Fraction(5), Fraction(10))
    >>> [(e.member, str(e.mix), str(e.rate)) for e in effects_of([grows, stays])]
    [('a', '9/320', '0'), ('b', '3/64', '0')]
    """
    all0, all1 = sum(m.bottom0 for m in members), sum(m.bottom1 for m in members)
    overall = (
        sum(m.top0 for m in members) / Fraction(all0)
        + sum(m.top1 for m in members) / Fraction(all1)
    ) / 2
    effects = []
    for m in members:
        if m.bottom0 and m.bottom1:
            s0, s1 = m.bottom0 / all0, m.bottom1 / all1
            r0, r1 = m.top0 / m.bottom0, m.top1 / m.bottom1
            rate = (s0 + s1) * (r1 - r0) / 2
            mix = (s1 - s0) * ((r0 + r1) / 2 - overall)
        elif m.bottom1:
            rate, mix = Fraction(0), (m.top1 - m.bottom1 * overall) / all1
        else:
            rate, mix = Fraction(0), (m.bottom0 * overall - m.top0) / all0
        effects.append(Effect(m.member, mix, rate))
    return effects


def weighed(context: SweepContext, metric: str, by: str) -> list[Weighed] | None:
    """Return the exact parts of a ratio by member, or ``None`` if it cannot be split.

    It cannot where numerator or denominator do not add up over members, where a
    denominator is negative, or where a member has a numerator without a denominator.
    Members that have neither are left out.
    """
    return context.cached(("weighed", metric, by), lambda: _weighed(context, metric, by))


def _weighed(context: SweepContext, metric: str, by: str) -> list[Weighed] | None:
    ratio = context.dataset.metric(metric)
    if not isinstance(ratio, RatioMetric):
        return None
    if not context.splits(ratio.numerator) or not context.splits(ratio.denominator):
        return None
    now, then = context.pair(by)
    arrays = [
        np.nan_to_num(cells.values[name])
        for cells in (then, now)
        for name in (ratio.numerator, ratio.denominator)
    ]
    if not arrays[1].any() or not arrays[3].any() or min(arrays[1].min(), arrays[3].min()) < 0:
        return None
    if any((top[bottom == 0] != 0).any() for top, bottom in (arrays[:2], arrays[2:])):
        return None
    columns = [[fraction(value) for value in array.tolist()] for array in arrays]
    lines = zip(now.members, *columns, strict=True)
    return [m for m in (Weighed(*line) for line in lines) if m.bottom0 or m.bottom1]


def _split(context: SweepContext, metric: str, by: str) -> Iterator[Fact]:
    now, then = context.pair(by)
    overall = [cells.values[metric] for cells in context.pair()]
    if len(now.members) < 2 or not all(len(v) and np.isfinite(v[0]) for v in overall):
        return
    members = weighed(context, metric, by)
    if members is None:
        return
    value, base = (exact(float(values[0])) for values in overall)
    delta = value - base
    effects = effects_of(members)
    parts = rounded([part for e in effects for part in (e.mix, e.rate)], delta)
    mixes, rates = parts[0::2], parts[1::2]
    all0, all1 = sum(m.bottom0 for m in members), sum(m.bottom1 for m in members)
    order = sorted(
        range(len(members)), key=lambda i: (-abs(mixes[i] + rates[i]), members[i].member)
    )
    unit, change = context.unit(metric), context.unit_of_change(metric)
    moved = float(sum(abs(mixes[i] + rates[i]) for i in order))
    if not moved:
        return
    lines = []
    for i in order:
        m = members[i]
        weights = (_decimal(m.bottom0 / all0), _decimal(m.bottom1 / all1))
        ratios = (_ratio(m.top0, m.bottom0), _ratio(m.top1, m.bottom1))
        lines.append((m.member, mixes[i], rates[i], *weights, *ratios))
    effect_shares = [abs(mixes[i] + rates[i]) / Decimal(moved) for i in order]
    uneven = (
        sum(abs(float(h) - float(line[3])) for h, line in zip(effect_shares, lines, strict=True))
        / 2
    )
    mix, rate = sum(mixes, Decimal(0)), sum(rates, Decimal(0))
    size = size_of(context, metric)
    rows = dict(zip(now.members, (now.rows + then.rows).tolist(), strict=True))
    evidence = tuple(
        dict.fromkeys(query for cells in (*context.pair(), now, then) for query in cells.queries)
    )
    shared = {"baseline": context.baseline, "compare": context.compare, "method": METHOD}
    yield context.blank(
        "mix",
        metric,
        direction=direction_of(delta),
        quantities={
            "delta": context.difference(metric, delta),
            "mix": context.difference(metric, mix),
            "rate": context.difference(metric, rate),
            "value": context.quantity(metric, value),
            "base": context.quantity(metric, base),
        },
        estimate="delta",
        n=int(now.rows.sum() + then.rows.sum()),
        terms={"by": by},
        caveats=baseline_caveats(context),
        score=size * min(1.0, max(uneven, abs(float(mix)) / moved)),
        evidence=evidence,
        table=Table(
            (
                (by, "text"),
                ("mix", change),
                ("rate", change),
                ("share_base", "percent"),
                ("share", "percent"),
                ("base", unit),
                ("value", unit),
            ),
            _folded(lines),
        ),
        **shared,
    )
    for place, i in enumerate(order[:NAMED]):
        effect = mixes[i] + rates[i]
        if not effect:
            return
        line = lines[place]
        quantities = {
            "effect": context.difference(metric, effect),
            "mix": context.difference(metric, mixes[i]),
            "rate": context.difference(metric, rates[i]),
            "delta": context.difference(metric, delta),
            "rank": Quantity.of(place + 1, "rank"),
        }
        quantities |= {
            name: context.quantity(metric, ratio)
            for name, ratio in (("base", line[5]), ("value", line[6]))
            if ratio is not None
        }
        n = int(rows[members[i].member])
        weight = abs(float(effect)) / moved
        yield context.blank(
            "mix_part",
            metric,
            scope=((by, members[i].member),),
            direction=direction_of(effect),
            quantities=quantities,
            estimate="effect",
            n=n,
            terms={"by": by},
            caveats=(*small_sample_caveat(n), *baseline_caveats(context)),
            score=size * (weight + max(0.0, weight - float(line[3]))) / 2,
            evidence=evidence,
            **shared,
        )


def _decimal(value: Fraction) -> Decimal:
    return exact(float(value))


def _ratio(top: Fraction, bottom: Fraction) -> Decimal | None:
    return _decimal(top / bottom) if bottom else None


def _folded(lines: Sequence[tuple[Any, ...]]) -> tuple[tuple[Any, ...], ...]:
    """Fold small members; ratios do not add up, so that of "Other" is left open."""
    rows = folded(lines, ROWS)
    if len(rows) == len(lines):
        return rows
    return (*rows[:-1], (*rows[-1][:5], None, None))
