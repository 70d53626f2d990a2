"""Rows of data per period: columns from zero, with what is missing marked."""

from __future__ import annotations

from typing import Any

from mirrorbi.charts.drawing import Drawing, note
from mirrorbi.charts.figure_text import bold, plot_text, widest
from mirrorbi.charts.scale import format_value, narrow_periods, number, periods_on, values_on
from mirrorbi.charts.theme import LIGHT, layout
from mirrorbi.data.periods import Calendar, Period
from mirrorbi.facts.fact import Fact, Table
from mirrorbi.wording.periods import format_period

HEIGHT = 240

_TOO_FEW = "too few rows to show"


def coverage(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw how many rows each period has."""
    return _columns(fact, table, locale)


def missing_periods(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw how many rows each period has, and mark the periods that have none."""
    return _columns(fact, table, locale)


def late_data(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw how many rows each period has, and how many the last one should have."""
    return _columns(fact, table, locale, expected=float(fact["expected"].value))


def _columns(fact: Fact, table: Table, locale: str, expected: float | None = None) -> Drawing:
    calendar = fact.period.calendar if fact.period else Calendar()
    periods = [Period.parse(text, calendar) for text in table.column("period")]
    counts = [number(value) for value in table.column("rows")]
    rows = [count or 0.0 for count in counts]
    at = periods.index(fact.period) if fact.period in periods else None
    late = expected is not None and at is not None
    colours = [LIGHT["accent" if late and i == at else "soft"] for i in range(len(rows))]
    hover = [
        f"{format_period(period, locale, 'short')}<br>"
        + bold(
            _TOO_FEW if count is None else f"{plot_text(format_value(count, 'count', locale))} rows"
        )
        for period, count in zip(periods, counts, strict=True)
    ]
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "x": list(range(len(rows))),
            "y": rows,
            "width": 0.72,
            "marker": {"color": colours if late else LIGHT["soft"], "line": {"width": 0}},
            "hoverinfo": "text",
            "hovertext": hover,
        }
    ]
    gaps = [i for i, count in enumerate(counts) if count == 0]
    withheld = [i for i, count in enumerate(counts) if count is None]
    notes: list[dict[str, Any]] = []
    if gaps:
        data.append(_marks(gaps, [0.0] * len(gaps), "x-thin"))
        notes.append(note(gaps[0], 0, "no rows", role="worse", size=12, yshift=16))
    if withheld:
        # Above the mark of what is missing, which may stand beside it.
        notes.append(
            note(withheld[0], 0, _TOO_FEW, size=12, xanchor="left", yshift=34 if gaps else 10)
        )
    right = 24
    if late and at is not None and expected is not None:
        data.append(_marks([at], [expected], "line-ew"))
        text = f"{plot_text(format_value(round(expected), 'count', locale))}<br>expected"
        notes.append(
            note(
                at,
                expected,
                text,
                role="worse",
                size=12,
                xanchor="left",
                yanchor="middle",
                xshift=16,
            )
        )
        right = widest(text.split("<br>"), 12) + 28
    top = max([*rows, expected or 0.0], default=1.0) or 1.0
    axis, left = values_on((0.0, top * 1.06), "count", locale)
    figure = layout(
        HEIGHT,
        margin={"l": left + 8, "r": right, "t": 14, "b": 46},
        xaxis=periods_on(periods, locale),
        yaxis=axis,
        hovermode="closest",
        annotations=notes,
    )
    return Drawing(data, figure, narrow_periods(periods, locale))


def _marks(x: list[int], y: list[float], symbol: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": y,
        "marker": {
            "symbol": symbol,
            "size": 9 if symbol == "x-thin" else 22,
            "line": {"width": 2, "color": LIGHT["worse"]},
        },
        "hoverinfo": "skip",
        "cliponaxis": False,
    }
