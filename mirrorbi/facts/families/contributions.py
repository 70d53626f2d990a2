"""Contributions: which members a change of a count or sum came from. Plain arithmetic.

The parts of a change by member, ranked by size and by how far they go beyond the
member's part of the former value, follow Bhagwan et al., "Adtributor: Revenue Debugging
in Advertising Systems", NSDI 2014, whose explanatory power and surprise these are for
additive measures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from mirrorbi.facts.fact import Fact, Quantity, Table, exact
from mirrorbi.facts.families.changes import baseline_caveats, direction_of, size_of
from mirrorbi.facts.limits import LINES
from mirrorbi.facts.sweep.caveats import small_sample_caveat
from mirrorbi.facts.sweep.panel import Floats
from mirrorbi.facts.sweep.sweep_context import SweepContext
from mirrorbi.facts.tables import folded, quotient

NAMED = 5
"""Members per metric and dimension whose contribution is a fact."""


class Part(NamedTuple):
    """One member's part of a change.

    Parameters
    ----------
    member
        Which.
    base, value
        Before and after; 0 where the member was absent.
    """

    member: str
    base: Decimal
    value: Decimal

    @property
    def delta(self) -> Decimal:
        """Value less base."""
        return self.value - self.base


def find(context: SweepContext) -> Iterator[Fact]:
    """Yield the largest contributions to the change of every additive metric."""
    if not context.comparable:
        return
    for metric in context.metrics:
        if context.splits(metric):
            for by in context.by:
                yield from _contributions(context, metric, by)


def parts_of(members: Sequence[str], base: Floats, value: Floats) -> list[Part]:
    """Return every member's part of a change, largest movement first; ties by name.

    The deltas sum exactly to the sum of the values less the sum of the bases. A member
    that appears or vanishes is there with base or value 0.

    Parameters
    ----------
    members
        Names.
    base, value
        Arrays (members,); NaN where a member was absent.

    Examples
    --------
    >>> parts = parts_of(["a", "b"], np.array([1.0, np.nan]), np.array([0.5, 4.0]))
    >>> [(part.member, str(part.delta)) for part in parts]
    [('b', '4'), ('a', '-0.5')]
    """
    before, after = np.nan_to_num(base), np.nan_to_num(value)
    parts = [
        Part(member, exact(b), exact(v))
        for member, b, v in zip(members, before.tolist(), after.tolist(), strict=True)
    ]
    return sorted(parts, key=lambda part: (-abs(part.delta), part.member))


def _contributions(context: SweepContext, metric: str, by: str) -> Iterator[Fact]:
    now, then = context.pair(by)
    if len(now.members) < 2:
        return
    parts = parts_of(now.members, then.values[metric], now.values[metric])
    total = sum((part.delta for part in parts), Decimal(0))
    moved = float(sum(abs(part.delta) for part in parts))
    if not moved:
        return
    base_total = float(sum(abs(part.base) for part in parts))
    size = size_of(context, metric)
    rows = dict(zip(now.members, (now.rows + then.rows).tolist(), strict=True))
    unit, change = context.unit(metric), context.unit_of_change(metric)
    units = ((by, "text"), ("base", unit), ("value", unit), ("delta", change))
    lines = folded([(part.member, part.base, part.value, part.delta) for part in parts], LINES)
    for place, part in enumerate(parts[:NAMED]):
        if not part.delta:
            return
        quantities = {
            "delta": context.difference(metric, part.delta),
            "total_delta": context.difference(metric, total),
            "value": context.quantity(metric, part.value),
            "base": context.quantity(metric, part.base),
            "rank": Quantity.of(place + 1, "rank"),
        }
        if part.delta * total > 0:
            quantities["share"] = Quantity(quotient(part.delta, total), "percent")
        weight = abs(float(part.delta)) / moved
        surplus = max(0.0, weight - abs(float(part.base)) / base_total) if base_total else weight
        n = int(rows[part.member])
        yield context.blank(
            "contribution",
            metric,
            scope=((by, part.member),),
            baseline=context.baseline,
            compare=context.compare,
            direction=direction_of(part.delta),
            quantities=quantities,
            estimate="delta",
            n=n,
            method="the member's own change; those of all members sum exactly to the total",
            terms={"by": by},
            caveats=(*small_sample_caveat(n), *baseline_caveats(context)),
            score=size * (weight + surplus) / 2,
            evidence=tuple(dict.fromkeys((*now.queries, *then.queries))),
            table=Table(units, lines) if place == 0 else None,
        )
