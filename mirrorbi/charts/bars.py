"""Members compared: sorted bars from zero."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from mirrorbi.charts.drawing import Drawing
from mirrorbi.charts.figure_text import bold, plot_text
from mirrorbi.charts.member_rows import Rows, members
from mirrorbi.charts.scale import decimals_of, format_value
from mirrorbi.charts.theme import finding_role
from mirrorbi.facts.fact import Fact, Table

MOST = 12
"""Members with a row of their own."""


def share(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw every member's part of the whole, the subject in the accent."""
    rows = members(table, "value", "share")
    focus = _focus(fact)
    rows = _folded(rows, focus)
    unit = dict(table.columns)["value"]
    names = [str(name) for name, _, _ in rows]
    roles = ["accent" if name == focus else "soft" for name in names]
    frame = Rows(names, strong=_where(names, focus))
    parts = [float(part or 0) for _, _, part in rows]
    frame.bars(parts, roles, hover=_hover(rows, unit, fact, locale))
    for i, part in enumerate(parts):
        text = plot_text(format_value(rows[i][2], "percent", locale, decimals_of(fact, "percent")))
        frame.annotate(
            i, max(0.0, part), bold(text) if names[i] == focus else text, role=_ink(names[i], focus)
        )
    return frame.finish()


def rank(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw every member's value, the subject's end first, and the value overall among them."""
    rows = members(table, "value", "rows")
    focus, unit = _focus(fact), dict(table.columns)["value"]
    upwards = fact.direction == "down"
    rows.sort(key=lambda row: row[1] if upwards else -row[1])
    visible, rest = rows[:MOST], rows[MOST:]
    overall = fact["overall"].value
    place = sum(1 for row in visible if (row[1] < overall) == upwards)
    visible.insert(place, (None, overall, None))
    names = ["Overall" if name is None else str(name) for name, _, _ in visible]
    at = next((i for i, row in enumerate(visible) if row[0] == focus), -1)
    subject = finding_role(fact)
    roles = [
        subject if i == at else "context" if i == place else "soft" for i in range(len(visible))
    ]
    inks = [subject if i == at else "ink" if i == place else "muted" for i in range(len(visible))]
    frame = Rows(names, strong=[at, place])
    lengths = [float(value or 0) for _, value, _ in visible]
    decimals = decimals_of(fact, unit)
    texts = [
        plot_text(format_value(row[1], unit, locale, decimals, bare=i != at))
        for i, row in enumerate(visible)
    ]
    hover = [
        f"{bold(plot_text(name))}<br>{text}"
        + (
            f"<br>{plot_text(format_value(row[2], 'count', locale))} rows"
            if row[2] is not None
            else ""
        )
        for name, text, row in zip(names, texts, visible, strict=True)
    ]
    frame.bars(lengths, roles, hover=hover)
    for i, (text, length) in enumerate(zip(texts, lengths, strict=True)):
        strong = bold(text) if i in (at, place) else text
        frame.annotate(i, length, strong, role=inks[i], left=length < 0)
    if rest:
        frame.more(f"{len(rest)} more")
    return frame.finish()


def concentration(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw each member's part, and behind it how much the members so far hold together."""
    rows = members(table, "value", "share", "cumulative")
    k = int(fact["k"].value)
    visible, inside = _top_and_rest(rows, k)
    names = [str(row[0]) for row in visible]
    frame = Rows(names, strong=range(inside))
    frame.bars([float(row[3] or 0) for row in visible], ["band"] * len(visible))
    roles = ["accent" if i < inside else "soft" for i in range(len(visible))]
    unit = dict(table.columns)["value"]
    frame.bars(
        [float(row[2] or 0) for row in visible], roles, hover=_hover(visible, unit, fact, locale)
    )
    for i, row in enumerate(visible):
        frame.annotate(i, float(row[2] or 0), plot_text(format_value(row[2], "percent", locale)))
    inks = ["accent" if i == inside - 1 else "muted" for i in range(len(visible))]
    frame.column(
        [plot_text(format_value(row[3], "percent", locale)) for row in visible], inks, "together"
    )
    frame.head(0, "each", xanchor="left")
    return frame.finish((0.0, 1.0))


def completeness(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw how much of each column is filled, the emptiest first."""
    rows = sorted(members(table, "nulls"), key=lambda row: (-row[1], str(row[0])))
    visible = rows[:MOST]
    frame = Rows([str(name) for name, _ in visible])
    empty = [float(nulls) / fact.n if fact.n else 0.0 for _, nulls in visible]
    filled = [1 - part for part in empty]
    hover = [
        f"{bold(plot_text(name))}<br>{plot_text(format_value(nulls, 'count', locale))} empty"
        for name, nulls in visible
    ]
    frame.bars(empty, ["worse"] * len(visible), base=filled)
    frame.bars(filled, ["soft"] * len(visible), hover=hover)
    texts = [
        f"{plot_text(format_value(part, 'percent', locale))} empty" if part else "complete"
        for part in empty
    ]
    frame.column(texts, ["worse" if part else "muted" for part in empty])
    if len(rows) > len(visible):
        frame.more(f"{len(rows) - len(visible)} more")
    return frame.finish((0.0, 1.0))


def _focus(fact: Fact) -> str:
    by = fact.terms.get("by")
    scope = dict(fact.scope)
    return scope.get(by or "", next(iter(scope.values()), ""))


def _where(names: Sequence[str], focus: str) -> list[int]:
    return [i for i, name in enumerate(names) if name == focus]


def _ink(name: str, focus: str) -> str:
    return "accent" if name == focus else "muted"


def _folded(rows: list[tuple[Any, ...]], focus: str) -> list[tuple[Any, ...]]:
    """Return the largest members, the subject, and the sum of the others."""
    if len(rows) <= MOST + 1:
        return rows
    visible = rows[:MOST]
    if focus not in {row[0] for row in visible}:
        visible = [*rows[: MOST - 1], *(row for row in rows[MOST - 1 :] if row[0] == focus)]
    names = {row[0] for row in visible}
    return [*visible, _sum([row for row in rows if row[0] not in names], "others")]


def _top_and_rest(rows: list[tuple[Any, ...]], k: int) -> tuple[list[tuple[Any, ...]], int]:
    """Return about a dozen rows, and how many of them are the top ``k`` members.

    What is left out is in two sums: the rest of the top, and the rest of all.
    """
    top, rest = rows[:k], rows[k:]
    if len(top) > MOST:
        top = [*top[: MOST - 1], _sum(top[MOST - 1 :], "more of the top")]
    room = max(1, MOST - len(top))
    if len(rest) > room + 1:
        rest = [*rest[:room], _sum(rest[room:], "others")]
    return [*top, *rest], len(top)


def _sum(rows: list[tuple[Any, ...]], name: str) -> tuple[Any, ...]:
    """Return one row for several: value and share summed, what is cumulative kept."""
    sums = [sum((row[i] or Decimal(0) for row in rows), Decimal(0)) for i in (1, 2)]
    return (f"{len(rows)} {name}", *sums, *rows[-1][3:])


def _hover(rows: Sequence[tuple[Any, ...]], unit: str, fact: Fact, locale: str) -> list[str]:
    return [
        f"{bold(plot_text(row[0]))}<br>"
        + plot_text(format_value(row[1], unit, locale, decimals_of(fact, unit)))
        for row in rows
    ]
