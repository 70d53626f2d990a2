"""A chart in words and in a table: for those who do not see it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mirrorbi.charts.presentations import Presentation
from mirrorbi.charts.scale import decimals_of, format_value
from mirrorbi.data.periods import Calendar, Grain, Period
from mirrorbi.facts.fact import Fact, Quantity, Table
from mirrorbi.wording.numbers import format_quantity
from mirrorbi.wording.periods import format_period, when
from mirrorbi.wording.printable_text import capital, clean, escape

_NAMED = 5
"""Members named in the words."""

_HEADS = {
    "period": "Period",
    "complete": "Complete",
    "share": "Share",
    "rows": "Rows",
    "base": "Before",
    "delta": "Change",
    "mix": "From the mix",
    "rate": "From the rates",
    "share_base": "Share before",
    "cumulative": "Together",
    "fit": "Fitted",
    "expected": "Expected",
    "forecast": "Forecast",
    "low": "Expected from",
    "high": "Expected to",
    "level": "Level",
    "column": "Column",
    "type": "Type",
    "nulls": "Empty",
    "distinct": "Distinct values, about",
}

_DATED = frozenset((Grain.HOUR, Grain.DAY, Grain.WEEK, Grain.MONTH))


def describe(fact: Fact, presentation: Presentation, table: Table, title: str, locale: str) -> str:
    """Return what the chart shows, in two or three sentences.

    Parameters
    ----------
    title
        The finding, as text.
    """
    names = [name for name, _ in table.columns]
    lead = f"{presentation.form}. {title}."
    if "period" in names:
        return f"{lead} {_of_series(fact, table, names[1], locale)}".strip()
    return f"{lead} {_of_members(fact, presentation.described, table, locale)}".strip()


def table_html(fact: Fact, table: Table, locale: str) -> str:
    """Return the figures of the chart as an HTML table, every text escaped."""
    calendar = fact.period.calendar if fact.period else Calendar()
    heads = "".join(
        f'<th{_align(unit)} scope="col">{escape(_head(fact, table, name))}</th>'
        for name, unit in table.columns
    )
    lines = []
    for row in table.rows:
        cells = []
        for i, (value, (_, unit)) in enumerate(zip(row, table.columns, strict=True)):
            text = escape(_cell(value, unit, fact, calendar, locale))
            if unit == "period":
                text = _dated(text, str(value), calendar)
            cells.append(
                f'<th scope="row">{text}</th>' if i == 0 else f"<td{_align(unit)}>{text}</td>"
            )
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _of_series(fact: Fact, table: Table, column: str, locale: str) -> str:
    unit = dict(table.columns)[column]
    calendar = fact.period.calendar if fact.period else Calendar()
    points = [
        (text, value)
        for text, value in zip(table.column("period"), table.column(column), strict=True)
        if value is not None
    ]
    if not points:
        return ""

    def at(point: tuple[str, Decimal]) -> str:
        text = format_value(point[1], unit, locale, decimals_of(fact, unit))
        return f"{text} {when(Period.parse(point[0], calendar), locale)}"

    low, high = min(points, key=lambda p: p[1]), max(points, key=lambda p: p[1])
    first, last = points[0], points[-1]
    if len(points) < 3:
        return f"{capital(at(first))}; {at(last)}." if first != last else f"{capital(at(first))}."
    return f"From {at(first)} to {at(last)}; lowest {at(low)}, highest {at(high)}."


def _of_members(fact: Fact, name: str, table: Table, locale: str) -> str:
    unit = dict(table.columns)[name]
    decimals, signed = decimals_of(fact, unit), name in ("delta", "rate")
    pairs = list(zip(table.column(table.columns[0][0]), table.column(name), strict=True))
    parts = [
        f"{clean(str(member))} {format_value(value, unit, locale, decimals, signed=signed)}"
        for member, value in pairs[:_NAMED]
    ]
    more = len(pairs) - len(parts)
    lead = "Empty: " if _counts_empty(table) else ""
    return lead + "; ".join(parts) + (f"; and {more} more." if more > 0 else ".")


def _counts_empty(table: Table) -> bool:
    """Return whether the shares of a table are of cells without a value."""
    return any(name == "nulls" for name, _ in table.columns)


def _head(fact: Fact, table: Table, name: str) -> str:
    if name == "value":
        return capital(clean(fact.label or fact.metric))
    if name == "other":
        return capital(clean(fact.terms.get("other_label", "Other")))
    if name == "share" and _counts_empty(table):
        return "Part empty"
    return _HEADS.get(name) or capital(clean(fact.label_of(name)))


def _cell(value: Any, unit: str, fact: Fact, calendar: Calendar, locale: str) -> str:
    if value is None:
        return "–"
    if unit == "period":
        return format_period(Period.parse(str(value), calendar), locale, "short")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        signed = unit == "pp"
        return format_quantity(
            Quantity(value, unit, decimals_of(fact, unit)), locale, signed=signed
        )
    return clean(str(value))


def _dated(text: str, period: str, calendar: Calendar) -> str:
    """Mark a period for machines, where HTML has a form for it.

    Quarters, spans and years that need not begin in January have none.
    """
    grain = Period.parse(period, calendar).grain
    if grain not in _DATED:
        return text
    moment = period + ":00" if grain is Grain.HOUR else period
    return f'<time datetime="{escape(moment)}">{text}</time>'


def _align(unit: str) -> str:
    return "" if unit in ("text", "period") else ' class="mb-num"'
