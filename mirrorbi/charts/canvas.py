"""The canvas of a chart over time: lines, bands, dots and labels at their ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mirrorbi.charts.drawing import Drawing, note, spread
from mirrorbi.charts.figure_text import bold, coloured, widest
from mirrorbi.charts.scale import narrow_periods, number, periods_on, value_range, values_on
from mirrorbi.charts.series import Series, Values
from mirrorbi.charts.theme import LIGHT, layout
from mirrorbi.wording.periods import format_period

HEIGHT, TOP, BOTTOM = 300, 18, 46
_SHORT_SERIES, _SHORT_WIDTH = 6, 760
"""A line through so few periods is not drawn wider than this, in pixels."""
_LINE = 17
"""Pixels from one line of a label to the next."""


class Canvas:
    """Collects what is drawn over one series, then lays it out."""

    def __init__(self, series: Series, height: int = HEIGHT) -> None:
        self.series = series
        self.height = height
        self._data: list[dict[str, Any]] = []
        self._notes: list[dict[str, Any]] = []
        self._ends: list[tuple[float, list[tuple[str, str, bool]]]] = []
        self._drawn_values: Values = []

    def band(self, low: Values, high: Values) -> None:
        """Fill between two series: where values were expected."""
        edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        self._data += [
            {"type": "scatter", "y": low, **edge},
            {"type": "scatter", "y": high, **edge, "fill": "tonexty", "fillcolor": LIGHT["band"]},
        ]
        self._drawn_values += [*low, *high]

    def reach(self, at: int, low: float | None, high: float | None, middle: float | None) -> None:
        """Draw an upright bar at one step: where its value was expected, the middle marked."""
        if low is None or high is None:
            return
        bar = {"color": LIGHT["faint"], "width": 14}
        quiet = {"type": "scatter", "hoverinfo": "skip", "cliponaxis": False}
        self._data.append({**quiet, "mode": "lines", "x": [at, at], "y": [low, high], "line": bar})
        if middle is not None:
            style = {"width": 2, "color": LIGHT["muted"]}
            mark = {"symbol": "line-ew", "size": 14, "line": style}
            point = {"x": [at], "y": [middle], "marker": mark}
            self._data.append({**quiet, "mode": "markers", **point})
        self._drawn_values += [low, high]

    def line(self, values: Values, role: str, *, width: float = 2, dash: str = "") -> None:
        """Draw a line; gaps stay gaps."""
        style = {"color": LIGHT[role], "width": width, "shape": "linear"}
        self._data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "y": values,
                "line": {**style, "dash": dash} if dash else style,
                "hoverinfo": "skip",
            }
        )
        self._drawn_values += values

    def subject(self, role: str = "accent", *, width: float = 2.25) -> None:
        """Draw the series itself: dashed to incomplete periods, a dot for a lone value."""
        series = self.series
        self.line(series.solid, role, width=width)
        if not all(series.complete):
            self.line(series.dashed, role, width=width, dash="3px,4px")
        for i in series.alone:
            self.dot(i, role, size=5)

    def dot(self, at: int, role: str, *, size: float = 9, hollow: bool = False) -> None:
        """Mark one value of the series."""
        value = self.series.values[at]
        if value is None:
            return
        fill = LIGHT["paper"] if hollow else LIGHT[role]
        marker = {"size": size, "color": fill, "line": {"width": 2, "color": LIGHT[role]}}
        self._data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [at],
                "y": [value],
                "marker": marker,
                "hoverinfo": "skip",
                "cliponaxis": False,
            }
        )

    def end(self, value: float | None, *lines: tuple[str, str]) -> None:
        """Write at the right end, level with a value: (text, role) per line, the first bold."""
        if value is not None:
            styled = [(text, role, i == 0) for i, (text, role) in enumerate(lines) if text]
            self._ends.append((value, styled))

    def annotate(self, at: int, text: str, *, role: str = "muted") -> None:
        """Write at a value of the series, on the side where the line is not."""
        values = self.series.values
        value = values[at]
        if value is None:
            return
        before = next((v for v in reversed(values[:at]) if v is not None), value)
        after = next((v for v in values[at + 1 :] if v is not None), value)
        if before <= value and after <= value:
            place: dict[str, Any] = {"yshift": 15}
        elif before >= value and after >= value:
            place = {"yshift": -15}
        else:  # on a slope: right of it where it falls, left of it where it rises
            falls = after < value
            place = {"yshift": 9, "xshift": 8 if falls else -8}
            place["xanchor"] = "left" if falls else "right"
        if at == 0:
            place |= {"xanchor": "left"}
        self._notes.append(note(at, value, text, role=role, **place))

    def above(self, at: float, value: float, text: str, *, role: str = "muted") -> None:
        """Write above a level, beginning at a step."""
        self._notes.append(note(at, value, text, role=role, yshift=11, xanchor="left"))

    def finish(self, *, zero: bool = False) -> Drawing:
        """Return the drawing."""
        series = self.series
        self._drawn_values += series.values
        bounds = value_range(self._drawn_values, series.unit, zero=zero)
        axis, left = values_on(bounds, series.unit, series.locale)
        texts = [text for _, lines in self._ends for text, _, _ in lines]
        right = max(24, widest(texts, 15) + 20) if texts else 24
        figure = layout(
            self.height,
            margin={"l": left + 8, "r": right, "t": TOP, "b": BOTTOM},
            xaxis=periods_on(series.periods, series.locale),
            yaxis=axis,
            hovermode="closest",
            hoverdistance=-1,
            annotations=[*self._notes, *self._placed(bounds)],
        )
        self._add_hover()
        narrow = narrow_periods(series.periods, series.locale)
        width = _SHORT_WIDTH if len(series) <= _SHORT_SERIES else 0
        return Drawing(self._data, figure, narrow, width, series.first)

    def _add_hover(self) -> None:
        """Let every value be read: on its own line, or on unseen dots if that is in parts."""
        series = self.series
        texts = [
            f"{format_period(p, series.locale, 'short')}<br>{bold(series.write(v))}"
            + ("" if is_complete else "<br>incomplete")
            for p, v, is_complete in zip(
                series.periods, series.values, series.complete, strict=True
            )
        ]
        line = next((trace for trace in self._data if trace.get("y") == series.values), None)
        if line is None:
            unseen = {"opacity": 0, "size": 8, "color": LIGHT["muted"]}
            line = {"type": "scatter", "mode": "markers", "y": series.values, "marker": unseen}
            self._data.append(line)
        line |= {"hoverinfo": "text", "hovertext": texts}

    def _placed(self, bounds: tuple[float, float]) -> list[dict[str, Any]]:
        low, high = bounds
        inner = self.height - TOP - BOTTOM
        targets = [inner * (high - value) / (high - low) for value, _ in self._ends]
        heights: Sequence[float] = [_LINE * len(lines) + 4 for _, lines in self._ends]
        at = spread(targets, heights, -TOP, inner + 10)
        return [
            note(
                len(self.series) - 1,
                number(value) or 0.0,
                "<br>".join(_styled(*line) for line in lines),
                size=14,
                xanchor="left",
                yanchor="middle",
                xshift=10,
                yshift=round(target - place),
            )
            for (value, lines), target, place in zip(self._ends, targets, at, strict=True)
        ]


def _styled(text: str, role: str, strong: bool) -> str:
    return coloured(bold(text) if strong else text, LIGHT[role])
