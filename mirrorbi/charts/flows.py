"""Where a change came from: waterfall, mix and rate, two periods."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mirrorbi.charts.drawing import Drawing
from mirrorbi.charts.figure_text import bold, plot_text
from mirrorbi.charts.member_rows import Rows, members
from mirrorbi.charts.scale import decimals_of, format_value
from mirrorbi.charts.theme import role_of
from mirrorbi.facts.fact import Fact, Table
from mirrorbi.wording.periods import format_period
from mirrorbi.wording.printable_text import capital
from mirrorbi.wording.slots import fill_slot

OTHER = "Other"
"""The name under which facts sum small members up."""
STEPS, MEMBERS = 10, 8
"""Members with a row of their own: of a waterfall, of a mix."""


def contribution(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw the way from the value before to the value after, one step per member.

    The two totals are points and the steps are bars: the axis need not begin at zero,
    and the length of each bar is its part of the change.
    """
    units = dict(table.columns)
    lines = members(table, "base", "value", "delta")
    rows = _folded([_numbers(line) for line in lines], STEPS)
    start, finish = sum(row[1] for row in rows), sum(row[2] for row in rows)
    before, after = _period_names(fact, locale)
    last = len(rows) + 1
    frame = Rows([before, *(row[0] for row in rows), after], strong=[0, last])
    levels = [start]
    for i, row in enumerate(rows):
        frame.upright(levels[-1], i, i + 1, "soft")
        levels.append(levels[-1] + row[3])
    frame.upright(levels[-1], last - 1, last, "soft")
    roles = [_step_role(row[3], finish - start, fact) for row in rows]
    decimals = decimals_of(fact, units["value"])
    hover = [
        f"{bold(plot_text(name))}<br>{plot_text(format_value(b, units['base'], locale, decimals))}"
        f" → {plot_text(format_value(v, units['value'], locale, decimals))}"
        for name, b, v, _ in rows
    ]
    frame.bars(
        [0, *(row[3] for row in rows), 0],
        ["ink", *roles, "ink"],
        base=[start, *levels[:-1], finish],
        hover=["", *hover, ""],
    )
    frame.dots([start, *[None] * len(rows), finish], ["ink"] * (last + 1))
    totals = [plot_text(format_value(t, units["value"], locale, decimals)) for t in (start, finish)]
    moves = [
        format_value(row[3], units["delta"], locale, decimals, signed=True, bare=True)
        for row in rows
    ]
    texts = [totals[0], *(plot_text(text) for text in moves), totals[1]]
    frame.column(texts, ["ink", *(_ink(role) for role in roles), "ink"])
    return frame.finish((min(levels), max(levels)))


def mix(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw, per member, what its own rate changed and what its weight changed."""
    unit = dict(table.columns)["rate"]
    rows = [_numbers(row) for row in members(table, "rate", "mix")]
    rows.sort(key=lambda row: -abs(row[1] + row[2]))
    rows = _folded(rows, MEMBERS)
    frame = Rows(["Overall", *(row[0] for row in rows)], strong=[0], row=34)
    roles = [role_of(_way(row[1]), fact.better) for row in rows]
    frame.bars([None, *(row[1] for row in rows)], ["ink", *roles], shift=-0.14, thick=0.3)
    weights = [None, *(row[2] for row in rows)]
    frame.bars(weights, ["context"] * (len(rows) + 1), shift=0.2, thick=0.18)
    decimals = decimals_of(fact, unit)

    def texts(column: int, overall: Decimal) -> list[str]:
        values = [overall, *(row[column] for row in rows)]
        return [_bare(value, unit, locale, decimals) for value in values]

    rate = fact["rate"].value
    inks = [_ink(role) for role in (role_of(_way(rate), fact.better), *roles)]
    frame.column(texts(1, rate), inks, "rate")
    frame.column(texts(2, fact["mix"].value), ["muted"] * (len(rows) + 1), "mix")
    frame.upright(0, 0.5, len(rows) + 0.5, "context")
    return frame.finish()


def simpson(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw both periods per member, each of which went the other way than the whole."""
    units = dict(table.columns)
    parts = members(table, "base", "value", "delta")
    rows = [row for row in parts if row[1] is not None and row[2] is not None][:STEPS]
    frame = Rows([str(row[0]) for row in rows], row=32)
    roles = [role_of(_way(row[3] or 0), fact.better) for row in rows]
    befores, afters = [float(row[1]) for row in rows], [float(row[2]) for row in rows]
    decimals = decimals_of(fact, units["value"])
    for i, row in enumerate(rows):
        frame.segment(i, befores[i], afters[i], roles[i])
        for value, other in ((row[1], row[2]), (row[2], row[1])):
            text = plot_text(format_value(value, units["value"], locale, decimals))
            frame.annotate(i, float(value), text, role="muted", left=value < other)
    frame.dots(befores, roles, hollow=True)
    frame.dots(afters, roles)
    moved = decimals_of(fact, units["delta"])
    texts = [
        plot_text(format_value(row[3], units["delta"], locale, moved, signed=True)) for row in rows
    ]
    frame.column(texts, [_ink(role) for role in roles], "change")
    if rows:
        before, after = _period_names(fact, locale)
        rising = afters[0] >= befores[0]
        frame.head(befores[0], before, xanchor="right" if rising else "left")
        frame.head(afters[0], after, xanchor="left" if rising else "right")
    levels = [*befores, *afters]
    return frame.finish((min(levels), max(levels)) if levels else None)


def _period_names(fact: Fact, locale: str) -> tuple[str, str]:
    before = (
        capital(fill_slot(fact, "baseline", locale))
        if fact.compare == "average"
        else format_period(fact.baseline, locale, "short")
        if fact.baseline
        else "Before"
    )
    return before, format_period(fact.period, locale, "short") if fact.period else "After"


def _way(delta: float | Decimal) -> str:
    return "up" if delta > 0 else "down" if delta < 0 else "flat"


def _step_role(delta: float, total: float, fact: Fact) -> str:
    """Return better or worse; where nobody said, the accent for steps the way of the total."""
    if fact.better is None:
        return "accent" if (delta < 0) == (total < 0) else "context"
    return role_of(_way(delta), fact.better)


def _ink(role: str) -> str:
    return role if role in ("better", "worse") else "ink"


def _numbers(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (str(row[0]), *(float(cell or 0) for cell in row[1:]))


def _folded(rows: list[tuple[Any, ...]], most: int) -> list[tuple[Any, ...]]:
    """Return the first rows, and last the sum of the others, with those summed before."""
    visible = [row for row in rows if row[0] != OTHER]
    rest = [row for row in rows if row[0] == OTHER]
    if len(visible) > most + (not rest):
        visible, rest = visible[:most], [*visible[most:], *rest]
    if not rest:
        return visible
    sums = (sum(row[i] for row in rest) for i in range(1, len(rest[0])))
    return [*visible, ("All others", *sums)]


def _bare(value: float | Decimal, unit: str, locale: str, decimals: int | None) -> str:
    """Return a difference without its unit, which the subtitle names."""
    text = format_value(value, unit, locale, decimals, signed=True)
    return plot_text(text.removesuffix("pp").rstrip())
