"""Where a change came from: waterfall, mix and rate, two periods."""

from __future__ import annotations

from decimal import Decimal

from mirrorbi.charts.drawing import Drawing
from mirrorbi.charts.rows import Rows
from mirrorbi.charts.scale import decimals_of, shown, value_range
from mirrorbi.charts.text import bold, plot_text
from mirrorbi.charts.theme import role_of
from mirrorbi.facts.fact import Fact, Table
from mirrorbi.wording.periods import format_period
from mirrorbi.wording.slots import fill_slot
from mirrorbi.wording.text import capital

MOST = 12


def contribution(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw the way from the value before to the value after, one step per member.

    The two totals are points and the steps are bars: the axis need not begin at zero,
    and the length of each bar is its part of the change.
    """
    columns = dict(table.columns)
    names = [str(name) for name in table.column("by")]
    deltas = [float(d or 0) for d in table.column("delta")]
    start = sum(float(b or 0) for b in table.column("base"))
    finish = sum(float(v or 0) for v in table.column("value"))
    before, after = _period_names(fact, locale)
    frame = Rows([before, *names, after], strong=[0, len(names) + 1])
    bases, level = [], start
    for i, delta in enumerate(deltas):
        bases.append(level)
        frame.upright(level, i, i + 1, "faint")
        level += delta
    frame.upright(level, len(names), len(names) + 1, "faint")
    roles = [role_of(_way(delta), fact.better) for delta in deltas]
    hover = [
        f"{bold(plot_text(name))}<br>{plot_text(shown(b, columns['base'], locale))}"
        f" → {plot_text(shown(v, columns['value'], locale))}"
        for name, b, v in zip(names, table.column("base"), table.column("value"), strict=True)
    ]
    frame.bars(
        [0, *deltas, 0],
        ["accent", *roles, "accent"],
        base=[start, *bases, finish],
        hover=["", *hover, ""],
    )
    ends: list[float | None] = [start, *[None] * len(names), finish]
    frame.dots(ends, ["ink"] * len(ends))
    decimals = decimals_of(fact, columns["value"])
    for row, total in ((0, start), (len(names) + 1, finish)):
        text = plot_text(shown(total, columns["value"], locale, decimals))
        frame.say(row, total, bold(text), left=row > 0 and finish < start)
    for i, delta in enumerate(deltas):
        text = plot_text(
            shown(table.column("delta")[i], columns["delta"], locale, decimals, signed=True)
        )
        frame.say(i + 1, bases[i] + delta, text, role=_text(roles[i]), left=delta < 0)
    levels = [start, finish, *bases, *(b + d for b, d in zip(bases, deltas, strict=True))]
    low, high = min(levels), max(levels)
    return frame.finish((low, high))


def mix(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw, per member, what its own rate changed and what its weight changed."""
    names = [str(name) for name in table.column("by")]
    rates = [float(r or 0) for r in table.column("rate")]
    mixes = [float(m or 0) for m in table.column("mix")]
    order = sorted(range(len(names)), key=lambda i: -abs(rates[i] + mixes[i]))
    kept, rest = order[:MOST], order[MOST:]
    labels = ["All together", *(names[i] for i in kept)]
    rate = [float(fact["rate"].value), *(rates[i] for i in kept)]
    weight = [float(fact["mix"].value), *(mixes[i] for i in kept)]
    if rest:
        labels.append(f"{len(rest)} others")
        rate.append(sum(rates[i] for i in rest))
        weight.append(sum(mixes[i] for i in rest))
    unit = dict(table.columns)["rate"]
    frame = Rows(labels, strong=[0], row=44)
    roles = [role_of(_way(r), fact.better) for r in rate]
    frame.bars(rate, roles, shift=-0.17, thick=0.28)
    frame.bars(weight, ["context"] * len(weight), shift=0.17, thick=0.28)
    decimals = decimals_of(fact, unit)
    for i, (own, moved) in enumerate(zip(rate, weight, strict=True)):
        texts = [plot_text(shown(v, unit, locale, decimals, signed=True)) for v in (own, moved)]
        if i == 0:
            texts = [f"{bold(texts[0])} from the rates", f"{bold(texts[1])} from the mix"]
        frame.say(i, own, texts[0], role=_text(roles[i]), left=own < 0, y=-0.17)
        frame.say(i, moved, texts[1], role="muted", left=moved < 0, y=0.17)
    frame.upright(0, -0.5, len(labels) - 0.5, "context")
    return frame.finish()


def simpson(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw both periods per member, and overall, where the direction is the other one."""
    columns = dict(table.columns)
    parts = zip(*(table.column(c) for c in ("by", "base", "value", "delta")), strict=True)
    rows = [row for row in parts if row[1] is not None and row[2] is not None][:MOST]
    names = [str(row[0]) for row in rows]
    frame = Rows(names, row=30)
    roles = [role_of(_way(float(row[3] or 0)), fact.better) for row in rows]
    befores, afters = [float(row[1]) for row in rows], [float(row[2]) for row in rows]
    for i, (b, a) in enumerate(zip(befores, afters, strict=True)):
        frame.segment(i, b, a, roles[i])
    hover = [
        f"{bold(plot_text(row[0]))}<br>{plot_text(shown(row[1], columns['base'], locale))}"
        f" → {plot_text(shown(row[2], columns['value'], locale))}"
        for row in rows
    ]
    frame.dots(befores, roles, hollow=True)
    frame.dots(afters, roles, hover=hover)
    for i, row in enumerate(rows):
        text = plot_text(
            shown(
                row[3], columns["delta"], locale, decimals_of(fact, columns["delta"]), signed=True
            )
        )
        frame.column(i, text, role=_text(roles[i]))
    if rows:
        before, after = _period_names(fact, locale)
        rising = afters[0] >= befores[0]
        frame.head(befores[0], before, xanchor="right" if rising else "left")
        frame.head(afters[0], after, xanchor="left" if rising else "right")
    return frame.finish(value_range([*befores, *afters], columns["value"]))


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


def _text(role: str) -> str:
    return "ink" if role == "accent" else role
