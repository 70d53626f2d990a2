"""Members compared: sorted bars from zero."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from mirrorbi.charts.drawing import Drawing
from mirrorbi.charts.rows import Rows, muted
from mirrorbi.charts.scale import decimals_of, shown
from mirrorbi.charts.text import bold, plot_text
from mirrorbi.charts.theme import verdict
from mirrorbi.facts.fact import Fact, Table

MOST = 12
"""Members with a row of their own."""


def share(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw every member's part of the whole, the subject in the accent."""
    rows = list(zip(*(table.column(c) for c in ("by", "value", "share")), strict=True))
    focus = _focus(fact)
    rows = _folded(rows, focus)
    unit = dict(table.columns)["value"]
    names = [str(name) for name, _, _ in rows]
    roles = ["accent" if name == focus else "context" for name in names]
    frame = Rows(names, strong=_where(names, focus))
    parts = [float(part or 0) for _, _, part in rows]
    frame.bars(parts, roles, hover=_hover(rows, unit, fact, locale))
    for i, part in enumerate(parts):
        text = plot_text(shown(rows[i][2], "percent", locale, decimals_of(fact, "percent")))
        frame.say(
            i, max(0.0, part), bold(text) if names[i] == focus else text, role=_ink(names[i], focus)
        )
    return frame.finish()


def rank(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw every member's value, highest first, and the value overall as a line."""
    rows = list(zip(*(table.column(c) for c in ("by", "value", "rows")), strict=True))
    focus, unit = _focus(fact), dict(table.columns)["value"]
    lowest = fact.direction == "down"
    left_out = max(0, len(rows) - MOST)
    kept = rows[-MOST:] if lowest else rows[:MOST]
    names = [str(name) for name, _, _ in kept]
    role = verdict(fact)
    frame = Rows(names, strong=_where(names, focus))
    lengths = [float(value or 0) for _, value, _ in kept]
    hover = [
        f"{bold(plot_text(name))}<br>{plot_text(shown(value, unit, locale))}"
        f"<br>{shown(count, 'count', locale)} rows"
        for name, value, count in kept
    ]
    frame.bars(lengths, [role if name == focus else "context" for name in names], hover=hover)
    for i, length in enumerate(lengths):
        text = plot_text(shown(kept[i][1], unit, locale, decimals_of(fact, unit)))
        strong = names[i] == focus
        frame.say(
            i,
            length,
            bold(text) if strong else text,
            role=role if strong else "muted",
            left=length < 0,
        )
    overall = fact["overall"]
    frame.upright(float(overall.value), -0.5, len(names) - 0.5, role="ink")
    frame.head(
        float(overall.value), f"overall {plot_text(shown(overall.value, unit, locale))}", role="ink"
    )
    drawing = frame.finish()
    return drawing if not left_out else _with_more(drawing, left_out, above=lowest)


def concentration(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw each member's part, and behind it how much the members so far hold together."""
    parts = ("by", "value", "share", "cumulative")
    rows = list(zip(*(table.column(c) for c in parts), strict=True))
    k = int(fact["k"].value)
    kept = rows[: max(MOST, k + 1)]
    if len(kept) < len(rows) - 1:
        rest = rows[len(kept) :]
        total = sum((row[1] or Decimal(0) for row in rest), Decimal(0))
        part = sum((row[2] or Decimal(0) for row in rest), Decimal(0))
        kept = [*kept, (f"{len(rest)} others", total, part, rows[-1][3])]
    else:
        kept = rows
    names = [str(row[0]) for row in kept]
    frame = Rows(names, strong=range(min(k, len(names))))
    frame.bars([float(row[3] or 0) for row in kept], ["band"] * len(kept))
    roles = ["accent" if i < k else "context" for i in range(len(kept))]
    unit = dict(table.columns)["value"]
    frame.bars([float(row[2] or 0) for row in kept], roles, hover=_hover(kept, unit, fact, locale))
    for i, row in enumerate(kept):
        frame.say(i, float(row[2] or 0), plot_text(shown(row[2], "percent", locale)), role="ink")
        cumulative = plot_text(shown(row[3], "percent", locale))
        strong = i == k - 1
        frame.column(
            i, bold(cumulative) if strong else cumulative, role="accent" if strong else "muted"
        )
    frame.head(0, "share of each", xanchor="left")
    frame.head_column("together")
    return frame.finish((0.0, 1.0))


def completeness(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw how much of each column is filled, the emptiest first."""
    columns = ("column", "share", "nulls")
    rows = sorted(
        zip(*(table.column(c) for c in columns), strict=True), key=lambda r: (r[1] or 0, str(r[0]))
    )
    kept = rows[:MOST]
    names = [str(name) for name, _, _ in kept]
    frame = Rows(names)
    filled = [float(part or 0) for _, part, _ in kept]
    frame.bars([1 - part for part in filled], ["worse"] * len(kept), base=filled)
    hover = [
        f"{bold(plot_text(name))}<br>{shown(nulls, 'count', locale)} empty"
        for name, _, nulls in kept
    ]
    frame.bars(filled, ["context"] * len(kept), hover=hover)
    for i, (_, part, nulls) in enumerate(kept):
        if nulls:
            missing = plot_text(shown(1 - (part or Decimal(0)), "percent", locale))
            frame.column(i, f"{missing} empty", role="worse")
        else:
            frame.column(i, "complete", role="muted")
    drawing = frame.finish((0.0, 1.0))
    more = len(rows) - len(kept)
    return drawing if not more else _with_more(drawing, more, above=False)


def _focus(fact: Fact) -> str:
    by = fact.terms.get("by")
    members = dict(fact.scope)
    return members.get(by or "", next(iter(members.values()), ""))


def _where(names: Sequence[str], focus: str) -> list[int]:
    return [i for i, name in enumerate(names) if name == focus]


def _ink(name: str, focus: str) -> str:
    return "accent" if name == focus else "muted"


def _folded(rows: list[tuple[Any, ...]], focus: str) -> list[tuple[Any, ...]]:
    """Return the largest members, the subject, and the sum of the others."""
    if len(rows) <= MOST + 1:
        return rows
    kept = rows[:MOST]
    if focus not in {row[0] for row in kept}:
        kept = [*rows[: MOST - 1], *(row for row in rows[MOST - 1 :] if row[0] == focus)]
    names = {row[0] for row in kept}
    rest = [row for row in rows if row[0] not in names]
    sums = [sum((row[i] or Decimal(0) for row in rest), Decimal(0)) for i in (1, 2)]
    return [*kept, (f"{len(rest)} others", *sums)]


def _hover(rows: Sequence[tuple[Any, ...]], unit: str, fact: Fact, locale: str) -> list[str]:
    return [
        f"{bold(plot_text(row[0]))}<br>"
        + plot_text(shown(row[1], unit, locale, decimals_of(fact, unit)))
        for row in rows
    ]


def _with_more(drawing: Drawing, count: int, *, above: bool) -> Drawing:
    """Say below the last row, or above the first, how many members are not shown."""
    margin = drawing.layout["margin"]
    side = "t" if above else "b"
    margin[side] += 20
    drawing.layout["height"] += 20
    drawing.layout["annotations"].append(
        {
            "xref": "paper",
            "yref": "paper",
            "x": 0,
            "y": 1 if above else 0,
            "yshift": margin["t"] - 10 if above else 4 - margin["b"] + 6,
            "xanchor": "right",
            "yanchor": "middle",
            "xshift": -8,
            "showarrow": False,
            "text": muted(f"{count} more"),
            "font": {"size": 12},
        }
    )
    return drawing
