"""Simpson's reversal: the whole moved one way and every large member the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from mirrorbi.data.model.semantic_model import RatioMetric
from mirrorbi.facts.fact import Fact, Quantity, Table, exact
from mirrorbi.facts.families.changes import baseline_caveats, direction_of, size_of
from mirrorbi.facts.families.mix import Weighed, weighed
from mirrorbi.facts.sweep.sweep_context import SweepContext
from mirrorbi.facts.tables import ROWS

SMALLEST = Fraction(2, 100)
"""Mean part of the denominator from which a member has a say."""

COVERED = Fraction(9, 10)
"""Part of the denominator, before and after, that the members with a say must hold."""


class Reversal(NamedTuple):
    """A reversal: which members had a say, and that all of them went against the whole."""

    delta: Fraction
    members: tuple[Weighed, ...]


def find(context: SweepContext) -> Iterator[Fact]:
    """Yield the reversals of every ratio in every dimension."""
    if not context.comparable:
        return
    for metric in context.metrics:
        if isinstance(context.dataset.metric(metric), RatioMetric):
            for by in context.by:
                yield from _reversal(context, metric, by)


def reversal_of(members: Sequence[Weighed]) -> Reversal | None:
    """Return the reversal in the change of a ratio, or ``None`` if there is none.

    The overall ratio moved; at least two members present before and after hold 2 % or
    more of the denominator, together nine tenths of it both times; and each of these
    moved the other way.

    Parameters
    ----------
    members
        Numerators and denominators, before and after.

    Examples
    --------
    >>> small = Weighed("small", Fraction(81), Fraction(87), Fraction(234), Fraction(270))
    >>> large = Weighed("large", Fraction(192), Fraction(263), Fraction(55), Fraction(80))
    >>> reversal_of([small, large]).delta > 0
    True
    """
    all0, all1 = sum(m.bottom0 for m in members), sum(m.bottom1 for m in members)
    if not all0 or not all1:
        return None
    delta = sum(m.top1 for m in members) / Fraction(all1) - sum(m.top0 for m in members) / Fraction(
        all0
    )
    heard = [
        m
        for m in members
        if m.bottom0 and m.bottom1 and (m.bottom0 / all0 + m.bottom1 / all1) / 2 >= SMALLEST
    ]
    held0, held1 = sum(m.bottom0 for m in heard), sum(m.bottom1 for m in heard)
    if len(heard) < 2 or not delta or min(held0 / all0, held1 / all1) < COVERED:
        return None
    against = all((m.top1 / m.bottom1 - m.top0 / m.bottom0) * delta < 0 for m in heard)
    return Reversal(delta, tuple(heard)) if against else None


def _reversal(context: SweepContext, metric: str, by: str) -> Iterator[Fact]:
    now, then = context.pair(by)
    overall = [cells.values[metric] for cells in context.pair()]
    if len(now.members) < 2 or not all(len(v) and np.isfinite(v[0]) for v in overall):
        return
    members = weighed(context, metric, by)
    reversal = reversal_of(members) if members else None
    if reversal is None:
        return
    value, base = (exact(float(values[0])) for values in overall)
    delta = value - base
    unit = context.unit(metric)
    lines = []
    for m in sorted(reversal.members, key=lambda m: (-m.bottom1, m.member)):
        before, after = exact(float(m.top0 / m.bottom0)), exact(float(m.top1 / m.bottom1))
        lines.append((m.member, before, after, after - before))
    yield context.blank(
        "simpson",
        metric,
        baseline=context.baseline,
        compare=context.compare,
        direction=direction_of(delta),
        quantities={
            "delta": context.difference(metric, delta),
            "members": Quantity.of(len(reversal.members), "count"),
            "opposite": Quantity.of(len(reversal.members), "count"),
        },
        estimate="delta",
        n=int(now.rows.sum() + then.rows.sum()),
        method=(
            "every member with at least 2 % of the denominator, together at least 90 % of it, "
            "moved against the whole"
        ),
        terms={"by": by},
        caveats=baseline_caveats(context),
        score=0.25 + 0.75 * size_of(context, metric),
        evidence=tuple(
            dict.fromkeys(
                query for cells in (*context.pair(), now, then) for query in cells.queries
            )
        ),
        table=Table(
            (
                (by, "text"),
                ("base", unit),
                ("value", unit),
                ("delta", context.unit_of_change(metric)),
            ),
            tuple(lines[:ROWS]),
        ),
    )
