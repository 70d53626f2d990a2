"""Axes: where ticks stand and what is written at them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from mirrorbi.charts.figure_text import plot_text, widest
from mirrorbi.charts.theme import bare_axis, value_axis
from mirrorbi.data.periods import Grain, Period
from mirrorbi.facts.fact import Fact, Quantity
from mirrorbi.wording.numbers import decimals_of as number_of_decimals
from mirrorbi.wording.numbers import format_quantity
from mirrorbi.wording.periods import format_period

WORDED = ("seconds", "minutes", "hours", "days")
"""Units that are words: a chart says them once, in its subtitle or at its subject."""


def number(value: Decimal | float | None) -> float | None:
    """Return a number as a figure holds it: six significant digits; text has the rest."""
    return None if value is None else float(f"{float(value):.6g}")


def decimals_of(fact: Fact, unit: str) -> int | None:
    """Return how many decimals the fact shows quantities of that unit with."""
    return next((q.decimals for q in fact.quantities.values() if q.unit == unit), None)


def format_value(
    value: Decimal | float | None,
    unit: str,
    locale: str,
    decimals: int | None = None,
    *,
    signed: bool = False,
    bare: bool = False,
) -> str:
    """Return a number of a table as text; a gap is a dash; ``bare`` leaves unit words out."""
    if value is None:
        return "–"
    if bare and unit in WORDED:
        places = number_of_decimals(Quantity.of(value, unit, decimals))
        unit, decimals = "number", places
    return format_quantity(Quantity.of(value, unit, decimals), locale, signed=signed)


def ticks(low: float, high: float, least: int = 3) -> list[float]:
    """Return round numbers inside the range, 1, 2 or 5 times a power of ten apart.

    The widest such step that gives at least ``least`` ticks: few gridlines.

    Examples
    --------
    >>> ticks(0.587, 0.891)
    [0.6, 0.7, 0.8]
    """
    if not high > low:
        return [low]
    power = 10.0 ** math.ceil(math.log10(high - low))
    while True:
        for factor in (1, 0.5, 0.2):
            step = factor * power
            first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
            if last - first + 1 >= least:
                return [float(f"{i * step:.10g}") for i in range(first, last + 1)]
        power /= 10


def tick_texts(values: Sequence[float], unit: str, locale: str) -> list[str]:
    """Return the ticks as text, all with the same number of decimals.

    Durations are bare numbers: the subtitle names their unit.
    """
    factor = 100 if unit in ("percent", "pp") else 1
    places = max((_places(value * factor) for value in values), default=0)
    shape = "number" if unit in (*WORDED, "rank") else unit or "count"
    if unit.startswith("currency:"):
        return [
            format_value(value, shape, locale, None if abs(value) >= 1e5 else places)
            for value in values
        ]
    return [format_value(value, shape, locale, places) for value in values]


def value_range(
    values: Iterable[float | None], unit: str, *, zero: bool = False
) -> tuple[float, float]:
    """Return the range of an axis of values: all of them, a little air, never beyond 100 %.

    Zero is in the range where asked for, and where it is so near that leaving it out
    would make the differences look larger than they are.
    """
    present = [value for value in values if value is not None]
    low, high = (min(present), max(present)) if present else (0.0, 1.0)
    if zero or 0 < low < 0.4 * high:
        low = min(low, 0.0)
    if zero or low < 0.4 * high < high < 0:
        high = max(high, 0.0)
    air = 0.08 * (high - low) or 0.08 * abs(high) or 1.0
    below = low if low == 0 else low - air
    above = high if high == 0 else high + air
    if unit == "percent" and low >= 0 and high <= 1:
        below, above = max(below, 0.0), min(above, 1.0) if high < 0.995 else 1.02
    if below == above:
        above = below + 1.0
    return below, above


def values_on(
    bounds: tuple[float, float], unit: str, locale: str, *, least: int = 3
) -> tuple[dict[str, Any], int]:
    """Return an axis of values and the width in pixels that its labels need."""
    at = ticks(*bounds, least)
    texts = tick_texts(at, unit, locale)
    axis = value_axis(
        range=[number(bounds[0]), number(bounds[1])],
        tickmode="array",
        tickvals=at,
        ticktext=[plot_text(text) for text in texts],
        ticklabelstandoff=8,
    )
    return axis, widest(texts, 12) + 8


def periods_on(periods: Sequence[Period], locale: str, *, most: int = 12) -> dict[str, Any]:
    """Return an axis of periods, one step each, with about ``most`` labels.

    The last period is always labelled; the year is written where it changes.
    """
    at = _chosen(len(periods), _fitting(periods, most))
    room = 0.6 if len(periods) > 3 else 0.45
    return bare_axis(
        range=[-room, len(periods) - 1 + room],
        tickmode="array",
        tickvals=at,
        ticktext=_dates([periods[i] for i in at], locale),
        tickangle=0,
        ticklabelstandoff=6,
    )


def narrow_periods(periods: Sequence[Period], locale: str) -> dict[str, Any]:
    """Return what replaces the labels of a period axis on a phone."""
    at = _chosen(len(periods), _fitting(periods, 5))
    return {"xaxis.tickvals": at, "xaxis.ticktext": _dates([periods[i] for i in at], locale)}


def _fitting(periods: Sequence[Period], most: int) -> int:
    """Return how many labels stand beside one another: half as many where a time is in them."""
    return most // 2 if periods and periods[0].grain is Grain.HOUR else most


def _chosen(count: int, most: int) -> list[int]:
    step = max(1, math.ceil(count / most))
    return list(range(count - 1, -1, -step))[::-1]


def _dates(periods: Sequence[Period], locale: str) -> list[str]:
    texts, before = [], ""
    for period in periods:
        text = format_period(period, locale, "short").removeprefix("w/c ")
        match = re.fullmatch(r"(.+?),? ((?:FY)?\d{4})", text)
        if not match:
            texts.append(text)
            continue
        year = match[2]
        texts.append(f"{match[1]}<br>{year}" if year != before else match[1])
        before = year
    return texts


def _places(value: float) -> int:
    text = f"{value:.8f}".rstrip("0")
    return len(text.partition(".")[2])
