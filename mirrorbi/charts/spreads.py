"""How values are spread: a sorted dot per member, a histogram of many, a band over periods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mirrorbi.charts import lines
from mirrorbi.charts.canvas import Canvas
from mirrorbi.charts.drawing import Drawing, note
from mirrorbi.charts.figure_text import bold, plot_text
from mirrorbi.charts.member_rows import Rows, members
from mirrorbi.charts.scale import decimals_of, format_value, number, tick_texts, ticks, values_on
from mirrorbi.charts.series import Series
from mirrorbi.charts.theme import LIGHT, bare_axis, layout
from mirrorbi.facts.fact import Fact, Table
from mirrorbi.wording.slots import fill_slot

MOST = 24
"""Members with a row of their own; more are counted in a histogram."""

BINS = 12
"""Columns of a histogram, about."""

HEIGHT = 260


def distribution(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw how a metric is spread over members or periods, the middle half marked."""
    if any(name == "period" for name, _ in table.columns):
        return _periods(fact, table, locale)
    if len(table.rows) <= MOST:
        return _strip(fact, table, locale)
    return _histogram(fact, table, locale)


def duration(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw the median over time, or of each member: as far as half of all have come."""
    if any(name == "period" for name, _ in table.columns):
        return lines.value(fact, table, locale)
    rows = members(table, "value", "p90")[:MOST]
    unit, focus = dict(table.columns)["value"], dict(fact.scope).get(fact.terms["by"])
    names = [str(name) for name, _, _ in rows]
    frame = Rows(names, strong=[i for i, name in enumerate(names) if name == focus])
    texts = [_written(fact, unit, float(value), locale) for _, value, _ in rows]
    hover = [f"{bold(plot_text(name))}<br>{text}" for name, text in zip(names, texts, strict=True)]
    roles = ["accent" if name == focus else "soft" for name in names]
    frame.bars([float(value) for _, value, _ in rows], roles, hover=hover)
    for i, (text, (_, value, _)) in enumerate(zip(texts, rows, strict=True)):
        frame.annotate(i, float(value), text, role="accent" if names[i] == focus else "muted")
    return frame.finish()


def _periods(fact: Fact, table: Table, locale: str) -> Drawing:
    series = Series.of(fact, table, locale, whole=True)
    canvas = Canvas(series)
    n = len(series)
    low, middle, high = (float(fact[name].value) for name in ("lower", "median", "upper"))
    canvas.band([low] * n, [high] * n)
    canvas.line([middle] * n, "muted", width=1, dash="3px,3px")
    canvas.subject()
    text = series.write(fact["median"].value, bare=True)
    canvas.end(middle, (text, "muted"), ("median", "muted"))
    return canvas.finish()


def _strip(fact: Fact, table: Table, locale: str) -> Drawing:
    rows = members(table, "value", "rows")
    unit = dict(table.columns)["value"]
    low, middle, high = (float(fact[name].value) for name in ("lower", "median", "upper"))
    values = [float(value) for _, value, _ in rows]
    inside = [low <= value <= high for value in values]
    frame = Rows([str(name) for name, _, _ in rows])
    frame.upright(middle, -0.5, len(rows) - 0.5, "muted", "3px,3px")
    frame.head(middle, f"median {_written(fact, unit, middle, locale)}")
    for i, value in enumerate(values):
        frame.segment(i, middle, value, "faint")
    texts = [_written(fact, unit, value, locale) for value in values]
    hover = [
        f"{bold(plot_text(str(name)))}<br>{text}"
        for (name, _, _), text in zip(rows, texts, strict=True)
    ]
    frame.dots(values, ["accent" if half else "context" for half in inside], hover=hover)
    for i, (value, text) in enumerate(zip(values, texts, strict=True)):
        frame.annotate(i, value, text, role="ink" if inside[i] else "muted", left=value < middle)
    air = 0.04 * (max(values) - min(values))
    return frame.finish((min(values) - air, max(values) + air))


def _histogram(fact: Fact, table: Table, locale: str) -> Drawing:
    unit = dict(table.columns)["value"]
    values = np.array([float(value) for value in table.column("value")])
    edges, counts = _bins(values)
    low, middle, high = (float(fact[name].value) for name in ("lower", "median", "upper"))
    centres = (edges[:-1] + edges[1:]) / 2
    noun = plot_text(fill_slot(fact, "dimensions", locale))
    texts = tick_texts(edges.tolist(), unit, locale)
    hover = [
        f"{plot_text(texts[i])} to {plot_text(texts[i + 1])}<br>" + bold(f"{count} {noun}")
        for i, count in enumerate(counts)
    ]
    bars: dict[str, Any] = {
        "type": "bar",
        "x": [number(x) for x in centres],
        "y": [int(count) for count in counts],
        "width": [number(w * 0.94) for w in np.diff(edges)],
        "marker": {"color": LIGHT["soft"], "line": {"width": 0}},
        "hoverinfo": "text",
        "hovertext": hover,
    }
    top = float(max(counts)) * 1.14
    axis, left = values_on((0.0, top), "count", locale)
    at = ticks(float(edges[0]), float(edges[-1]))
    label = f"median {_written(fact, unit, middle, locale)}"
    middle_half = {
        "type": "rect",
        "layer": "below",
        "x0": low,
        "x1": high,
        "y0": 0,
        "y1": top,
        "fillcolor": LIGHT["band"],
        "line": {"width": 0},
    }
    line = {
        "type": "line",
        "layer": "above",
        "x0": middle,
        "x1": middle,
        "y0": 0,
        "y1": top * 0.93,
        "line": {"color": LIGHT["accent"], "width": 2},
    }
    corner = {"xanchor": "left", "yanchor": "bottom", "xshift": -left}
    figure = layout(
        HEIGHT,
        margin={"l": left + 8, "r": 24, "t": 24, "b": 46},
        xaxis=bare_axis(
            range=[number(edges[0]), number(edges[-1])],
            tickmode="array",
            tickvals=at,
            ticktext=[plot_text(text) for text in tick_texts(at, unit, locale)],
            ticklabelstandoff=6,
        ),
        yaxis=axis,
        hovermode="closest",
        annotations=[
            note(number(middle) or 0.0, top * 0.96, label, role="accent", xanchor="left", xshift=4),
            note(0, 1, noun, role="muted", size=12, xref="paper", yref="paper", **corner),
        ],
        shapes=[middle_half, line],
    )
    return Drawing([bars], figure)


def _bins(values: Sequence[float] | np.ndarray[Any, Any]) -> tuple[Any, Any]:
    """Return round edges, and how many values lie between each two."""
    low, high = float(np.min(values)), float(np.max(values))
    at = ticks(low, high, BINS // 2)
    step = at[1] - at[0]
    first = at[0] - step if low < at[0] else at[0]
    edges = first + step * np.arange(int(np.ceil((high - first) / step + 1e-9)) + 1)
    counts, edges = np.histogram(values, bins=edges)
    return edges, counts


def _written(fact: Fact, unit: str, value: float, locale: str) -> str:
    return plot_text(format_value(value, unit, locale, decimals_of(fact, unit), bare=True))
