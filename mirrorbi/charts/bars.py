"""Members compared: sorted bars from zero."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from mirrorbi.charts.drawing import Drawing
from mirrorbi.charts.rows import Rows
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
    roles = ["accent" if name == focus else "soft" for name in names]
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
    """Draw every member's value, the subject's end first, and the value overall among them."""
    rows = list(zip(*(table.column(c) for c in ("by", "value", "rows")), strict=True))
    focus, unit = _focus(fact), dict(table.columns)["value"]
    upwards = fact.direction == "down"
    rows.sort(key=lambda row: row[1] if upwards else -row[1])
    kept, rest = rows[:MOST], rows[MOST:]
    overall = fact["overall"].value
    place = sum(1 for row in kept if (row[1] < overall) == upwards)
    kept.insert(place, (None, overall, None))
    names = ["Overall" if name is None else str(name) for name, _, _ in kept]
    at = next((i for i, row in enumerate(kept) if row[0] == focus), -1)
    subject = verdict(fact)
    roles = [subject if i == at else "context" if i == place else "soft" for i in range(len(kept))]
    inks = [subject if i == at else "ink" if i == place else "muted" for i in range(len(kept))]
    frame = Rows(names, strong=[at, place])
    lengths = [float(value or 0) for _, value, _ in kept]
    texts = [plot_text(shown(row[1], unit, locale, decimals_of(fact, unit))) for row in kept]
    hover = [
        f"{bold(plot_text(name))}<br>{text}"
        + (f"<br>{plot_text(shown(row[2], 'count', locale))} rows" if row[2] is not None else "")
        for name, text, row in zip(names, texts, kept, strict=True)
    ]
    frame.bars(lengths, roles, hover=hover)
    for i, (text, length) in enumerate(zip(texts, lengths, strict=True)):
        strong = bold(text) if i in (at, place) else text
        frame.say(i, length, strong, role=inks[i], left=length < 0)
    if rest:
        frame.more(f"{len(rest)} more")
    return frame.finish()


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
    roles = ["accent" if i < k else "soft" for i in range(len(kept))]
    unit = dict(table.columns)["value"]
    frame.bars([float(row[2] or 0) for row in kept], roles, hover=_hover(kept, unit, fact, locale))
    for i, row in enumerate(kept):
        frame.say(i, float(row[2] or 0), plot_text(shown(row[2], "percent", locale)))
    inks = ["accent" if i == k - 1 else "muted" for i in range(len(kept))]
    frame.column([plot_text(shown(row[3], "percent", locale)) for row in kept], inks, "together")
    frame.head(0, "each", xanchor="left")
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
    frame.bars(filled, ["soft"] * len(kept), hover=hover)
    texts = [
        f"{plot_text(shown(1 - (part or Decimal(0)), 'percent', locale))} empty"
        if nulls
        else "complete"
        for _, part, nulls in kept
    ]
    frame.column(texts, ["worse" if nulls else "muted" for _, _, nulls in kept])
    if len(rows) > len(kept):
        frame.more(f"{len(rows) - len(kept)} more")
    return frame.finish((0.0, 1.0))


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
