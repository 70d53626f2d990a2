"""Concentration: how few members hold most of a count or sum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from mirrorbi.errors import FactError
from mirrorbi.facts.fact import Fact, Quantity, Table, exact
from mirrorbi.facts.families.values import order
from mirrorbi.facts.sweep.caveats import small_sample_caveat
from mirrorbi.facts.sweep.sweep_context import SweepContext
from mirrorbi.facts.tables import OTHER, ROWS, quotient

MOST = Decimal("0.8")
"""The part that counts as most (Juran's Pareto principle)."""

TOP = 5
"""Members named where it takes more than half of all to reach most."""

FEWEST = 4
"""Members below which concentration says nothing."""


class Concentration(NamedTuple):
    """How concentrated amounts are.

    Parameters
    ----------
    k, share
        The largest ``k`` hold that part of the total.
    hhi
        Herfindahl-Hirschman index: sum of squared shares, 1/n to 1.
    gini
        Gini coefficient, 0 (all equal) to 1 - 1/n.
    """

    k: int
    share: Decimal
    hhi: float
    gini: float


def find(context: SweepContext) -> Iterator[Fact]:
    """Yield the concentration of every additive metric over every dimension."""
    for metric in context.metrics:
        if context.splits(metric):
            for by in context.by:
                yield from _concentration(context, metric, by)


def concentration(amounts: Sequence[Decimal]) -> Concentration:
    """Return how concentrated amounts are: the fewest that hold 80 %, HHI and Gini.

    Where the fewest would be more than half of all, the five largest are given instead.

    Parameters
    ----------
    amounts
        One per member; none negative, not all zero.

    Raises
    ------
    FactError
        If an amount is negative or all are zero: shares then have no meaning.

    Examples
    --------
    >>> measures = concentration([Decimal(n) for n in (80, 10, 5, 3, 2)])
    >>> measures.k, str(measures.share), round(measures.gini, 3)
    (1, '0.8', 0.652)
    """
    if any(amount < 0 for amount in amounts):
        raise FactError(
            f"The amount {min(amounts)} is negative, so shares have no meaning.",
            hint="Ask for the rank of the members instead.",
        )
    total = sum(amounts, Decimal(0))
    if not total:
        raise FactError("All amounts are zero, so there are no shares.", hint="Leave this out.")
    sums = list(accumulate(sorted(amounts, reverse=True)))
    k = next(i + 1 for i, reached in enumerate(sums) if reached >= MOST * total)
    if 2 * k > len(amounts):
        k = min(TOP, len(amounts))
    shares = np.sort(np.array([float(amount / total) for amount in amounts]))
    n = len(shares)
    gini = float((2 * np.arange(1, n + 1) - n - 1) @ shares) / n
    return Concentration(k, quotient(sums[k - 1], total), float((shares**2).sum()), gini)


def _concentration(context: SweepContext, metric: str, by: str) -> Iterator[Fact]:
    cells = context.cells(by)
    values = cells.values[metric]
    there = [i for i in order(values) if cells.rows[i] > 0]
    # What was put together as "Other" is not one of the largest, whatever its size.
    ranked = sorted(there, key=lambda i: cells.members[i] == OTHER)
    amounts = [exact(float(values[i])) for i in ranked]
    if len(amounts) < FEWEST or min(amounts) < 0 or not any(amounts):
        return
    measures = concentration(amounts)
    total, n = sum(amounts, Decimal(0)), len(amounts)
    if cells.members[ranked[-1]] == OTHER:
        n -= 1
        if measures.k > n or amounts[-1] > amounts[measures.k - 1]:
            return
    sums = list(accumulate(amounts))
    lines = [
        (cells.members[i], amounts[j], quotient(amounts[j], total), quotient(sums[j], total))
        for j, i in enumerate(ranked[: max(ROWS, min(measures.k, 2 * ROWS))])
    ]
    rows = int(cells.rows.sum())
    yield context.blank(
        "concentration",
        metric,
        quantities={
            "share": Quantity(measures.share, "percent"),
            "k": Quantity.of(measures.k, "count"),
            "members": Quantity.of(n, "count"),
            "hhi": Quantity.of(measures.hhi),
            "gini": Quantity.of(measures.gini),
        },
        estimate="share",
        n=rows,
        method="fewest members that hold 80 %, or the five largest; HHI and Gini of all shares",
        terms={"by": by},
        caveats=small_sample_caveat(rows),
        score=max(0.0, measures.gini - 0.5) * 0.6,
        evidence=cells.queries,
        table=Table(
            (
                (by, "text"),
                ("value", context.unit(metric)),
                ("share", "percent"),
                ("cumulative", "percent"),
            ),
            tuple(lines),
        ),
    )
