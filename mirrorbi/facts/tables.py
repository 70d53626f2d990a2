"""The small tables behind facts, and exact arithmetic for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from mirrorbi.facts.fact import SIGNIFICANT_DIGITS, Table, exact
from mirrorbi.facts.limits import OTHER as OTHER
from mirrorbi.facts.limits import ROWS as ROWS
from mirrorbi.facts.sweep.sweep_context import Series

RECENT = 120
"""Periods of history behind a statement about the reviewed one."""

_CONTEXT = Context(prec=SIGNIFICANT_DIGITS)


def cell(value: float | Decimal | None) -> Decimal | None:
    """Return a number as a table holds it; ``None`` where there is nothing to compute from."""
    if value is None or (not isinstance(value, Decimal) and not np.isfinite(value)):
        return None
    return exact(value)


def quotient(top: Decimal, bottom: Decimal) -> Decimal:
    """Return a ratio of two exact numbers with the digits that facts hold."""
    return _CONTEXT.divide(top, bottom)


def series_table(
    series: Series,
    unit: str,
    extra: Mapping[str, npt.NDArray[np.float64]] | None = None,
    last: int | None = None,
) -> Table:
    """Return a series as a table: ``period``, ``value``, ``complete`` and further columns.

    Parameters
    ----------
    series
        What is drawn.
    unit
        Of the value and of every further column.
    extra
        Further columns by name, one number per period; NaN becomes ``None``.
    last
        How many periods at most, counted from the end; all, if not said.
    """
    more = extra or {}
    first = max(0, len(series.periods) - last) if last else 0
    columns = [[cell(value) for value in column[first:].tolist()] for column in more.values()]
    base = series.lines[first:]
    lines = [(*line, *extras) for line, *extras in zip(base, *columns, strict=True)]
    heads = (("period", "period"), ("value", unit), ("complete", "text"))
    return Table((*heads, *((name, unit) for name in more)), tuple(lines))


def folded(rows: Sequence[tuple[Any, ...]], limit: int = ROWS) -> tuple[tuple[Any, ...], ...]:
    """Return the first lines of a table of members and the sum of the others as "Other".

    Parameters
    ----------
    rows
        A name and then numbers that add up over members; ``None`` counts as nothing.
    limit
        Lines kept as they are; one line too many is kept too, as it needs no folding.
        A line that is "Other" already comes last, and takes the others in.
    """
    named, other = [r for r in rows if r[0] != OTHER], [r for r in rows if r[0] == OTHER]
    if len(rows) <= limit + 1:
        return (*named, *other)
    head, tail = named[:limit], [*named[limit:], *other]
    sums = [
        sum((v for v in column if v is not None), Decimal(0))
        if any(v is not None for v in column)
        else None
        for column in list(zip(*tail, strict=True))[1:]
    ]
    return (*head, (OTHER, *sums))


def rounded(parts: Sequence[Fraction], total: Decimal) -> list[Decimal]:
    """Round exact parts so that they still sum to the total, without a residual.

    Largest remainder method: every part is cut to a common last digit, and the units
    that are missing go to the parts cut most. Parts that are exactly zero stay zero.

    Parameters
    ----------
    parts
        Exact parts, which sum to the total but for the total's own rounding.
    total
        What the rounded parts shall sum to.

    Examples
    --------
    >>> third = Fraction(1, 3)
    >>> sum(rounded([third, third, third], Decimal("1")))
    Decimal('1.0000000000000')
    """
    digits = max(_places(total), _wanted_places(parts))
    unit = 10**digits
    cut = [divmod(part.numerator * unit, part.denominator) for part in parts]
    floors = [floor for floor, _ in cut]
    missing = int(total.scaleb(digits)) - sum(floors)
    remainders = [
        remainder / part.denominator for (_, remainder), part in zip(cut, parts, strict=True)
    ]
    movable = [i for i, part in enumerate(parts) if part] if missing else []
    order = sorted(movable, key=lambda i: (-remainders[i], i), reverse=missing < 0)
    step = 1 if missing >= 0 else -1
    for turn in range(abs(missing) if order else 0):
        floors[order[turn % len(order)]] += step
    return [Decimal(floor).scaleb(-digits) for floor in floors]


def fraction(value: float) -> Fraction:
    """Return a rounded float as the exact number that its 12 digits say."""
    return Fraction(int(value)) if value.is_integer() else Fraction(exact(value))


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -int(exponent))


def _wanted_places(parts: Sequence[Fraction]) -> int:
    largest = max((abs(part) for part in parts), default=Fraction(0))
    if not largest:
        return 0
    magnitude = int(np.floor(np.log10(float(largest))))
    return max(0, SIGNIFICANT_DIGITS - magnitude)
