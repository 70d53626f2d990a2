"""The frame of every chart with one row per member: names at the left, labels at the ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mirrorbi.charts.drawing import Drawing, note
from mirrorbi.charts.figure_text import bold, label, shorten, widest
from mirrorbi.charts.scale import number
from mirrorbi.charts.theme import LIGHT, bare_axis, layout
from mirrorbi.facts.fact import Table

ROW = 27
TOP, BOTTOM = 6, 8
WIDTH = 760
"""Pixels: longer bars would not say more."""
_HEAD = 22
_GAP = 10
_NAME, _NAME_NARROW = 26, 15
"""Characters of a name that are shown, on a page and on a phone."""


class Rows:
    """Collects bars, dots and labels per row, then lays them out, first row on top.

    Parameters
    ----------
    names
        Of the rows, as they are in the data; the whole name is shown on hover.
    strong
        Rows whose name is bold.
    row
        Height of one row in pixels.
    """

    def __init__(self, names: Sequence[str], strong: Sequence[int] = (), row: int = ROW) -> None:
        self.names = list(names)
        self._strong = set(strong)
        self._row = row
        self._data: list[dict[str, Any]] = []
        self._notes: list[dict[str, Any]] = []
        self._shapes: list[dict[str, Any]] = []
        self._left_labels: list[str] = []
        self._right_labels: list[str] = []
        self._columns: list[tuple[list[str], list[str], str]] = []
        self._more = ""
        self._drawn_values: list[float] = []
        self._head = 0

    def bars(
        self,
        lengths: Sequence[float | None],
        roles: Sequence[str],
        *,
        base: Sequence[float] | None = None,
        hover: Sequence[str] | None = None,
        shift: float = 0.0,
        thick: float = 0.64,
    ) -> None:
        """Draw one bar per row, from zero or from its base."""
        trace: dict[str, Any] = {
            "type": "bar",
            "orientation": "h",
            "y": [round(i + shift, 3) for i in range(len(self.names))],
            "x": [number(length) for length in lengths],
            "width": thick,
            "marker": {
                "color": _single_or_each([LIGHT[role] for role in roles]),
                "line": {"width": 0},
            },
            "hoverinfo": "text" if hover else "skip",
        }
        if base:
            trace["base"] = [number(value) for value in base]
        if hover:
            trace["hovertext"] = list(hover)
        self._data.append(trace)
        starts = base or [0.0] * len(lengths)
        for start, length in zip(starts, lengths, strict=True):
            self._drawn_values += [float(start), float(start) + float(length or 0.0)]

    def dots(
        self,
        values: Sequence[float | None],
        roles: Sequence[str],
        *,
        hollow: bool = False,
        hover: Sequence[str] | None = None,
    ) -> None:
        """Draw one dot per row."""
        colours = [LIGHT[role] for role in roles]
        fill: Any = LIGHT["paper"] if hollow else _single_or_each(colours)
        self._data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "y": list(range(len(self.names))),
                "x": [number(value) for value in values],
                "marker": {
                    "size": 10,
                    "color": fill,
                    "opacity": 1,
                    "line": {"width": 2, "color": _single_or_each(colours)},
                },
                "hoverinfo": "text" if hover else "skip",
                "cliponaxis": False,
                **({"hovertext": list(hover)} if hover else {}),
            }
        )
        self._drawn_values += [float(value) for value in values if value is not None]

    def segment(self, row: float, start: float, end: float, role: str, width: float = 2) -> None:
        """Draw a horizontal line in a row."""
        self._line(start, row, end, row, role, width)

    def upright(
        self, x: float, first: float, last: float, role: str = "context", dash: str = ""
    ) -> None:
        """Draw a vertical line from one row to another."""
        self._line(x, first, x, last, role, 1, dash)

    def annotate(
        self,
        row: int,
        x: float,
        text: str,
        *,
        role: str = "ink",
        left: bool = False,
        y: float = 0.0,
    ) -> None:
        """Write right of a point of a row, or left of it."""
        (self._left_labels if left else self._right_labels).append(text)
        self._notes.append(
            note(
                number(x) or 0.0,
                row + y,
                text,
                role=role,
                xanchor="right" if left else "left",
                yanchor="middle",
                xshift=-6 if left else 6,
            )
        )

    def column(self, texts: Sequence[str], roles: Sequence[str], head: str = "") -> None:
        """Add a column of text at the right edge, one per row, with a head above it."""
        self._head = max(self._head, _HEAD if head else 0)
        self._columns.append((list(texts), list(roles), head))

    def head(self, x: float, text: str, *, role: str = "muted", xanchor: str = "center") -> None:
        """Write above the first row."""
        self._head = _HEAD
        self._notes.append(_above(number(x) or 0.0, text, role=role, xanchor=xanchor))

    def more(self, text: str) -> None:
        """Write below the last row what is not shown."""
        self._more = text

    def finish(self, bounds: tuple[float, float] | None = None) -> Drawing:
        """Return the drawing; the axis of values is not shown, the labels say them."""
        low, high = bounds or (min(0.0, *self._drawn_values), max(0.0, *self._drawn_values))
        if low == high:
            high = low + 1.0
        before = widest(self._left_labels) + 8 if self._left_labels else 0
        after = widest(self._right_labels) + 10 if self._right_labels else 6
        after += self._set_columns(after)
        left, thin = (self._room(limit) + _GAP + before for limit in (_NAME, _NAME_NARROW))
        top, bottom = TOP + self._head, BOTTOM + (_HEAD if self._more else 0)
        height = top + bottom + self._row * len(self.names)
        if self._more:
            place: dict[str, Any] = {"xref": "paper", "yref": "paper", "xanchor": "right"}
            place |= {"yanchor": "top", "xshift": -_GAP - before, "yshift": -4}
            self._notes.append(note(0, 0, self._more, role="muted", size=12, **place))
        figure = layout(
            height,
            margin={"l": left, "r": after, "t": top, "b": bottom},
            barmode="overlay",
            hovermode="closest",
            xaxis=bare_axis(range=[number(low), number(high)], showticklabels=False),
            yaxis=bare_axis(
                range=[len(self.names) - 0.5, -0.5],
                tickmode="array",
                tickvals=list(range(len(self.names))),
                ticktext=self._ticks(_NAME),
                ticklabelstandoff=_GAP + before,
                tickfont={"color": LIGHT["ink"], "size": 13},
            ),
            annotations=self._notes,
            shapes=self._shapes,
        )
        narrow: dict[str, Any] = {}
        if left != thin:
            narrow = {"yaxis.ticktext": self._ticks(_NAME_NARROW), "margin.l": thin}
        return Drawing(self._data, figure, narrow, WIDTH)

    def _set_columns(self, start: int) -> int:
        """Write the columns from ``start`` pixels right of the plot; return their width."""
        used = 0
        for texts, roles, head in self._columns:
            used += max(widest(texts, strong=True), widest([head], 12)) + 16
            place: dict[str, Any] = {"xref": "paper", "xanchor": "right", "xshift": start + used}
            for row, (text, role) in enumerate(zip(texts, roles, strict=True)):
                shown = bold(text) if row in self._strong else text
                self._notes.append(note(1, row, shown, role=role, yanchor="middle", **place))
            if head:
                self._notes.append(_above(1, head, role="muted", **place))
        return used

    def _room(self, limit: int) -> int:
        names = [shorten(name, limit) for name in self.names]
        strong = [names[i] for i in self._strong]
        return max(widest(names), widest(strong, strong=True))

    def _ticks(self, limit: int) -> list[str]:
        return [
            bold(label(name, limit)) if i in self._strong else label(name, limit)
            for i, name in enumerate(self.names)
        ]

    def _line(
        self, x0: float, y0: float, x1: float, y1: float, role: str, width: float, dash: str = ""
    ) -> None:
        style = {"color": LIGHT[role], "width": width, **({"dash": dash} if dash else {})}
        ends = {"x0": number(x0), "y0": y0, "x1": number(x1), "y1": y1}
        self._shapes.append({"type": "line", "layer": "below", "line": style, **ends})


def members(table: Table, *columns: str) -> list[tuple[Any, ...]]:
    """Return the lines of a table of members: name, then these columns.

    The first column holds the names; it is called after the dimension.
    """
    first = table.columns[0][0]
    return list(zip(*(table.column(name) for name in (first, *columns)), strict=True))


def _above(x: float, text: str, **parts: Any) -> dict[str, Any]:
    return note(x, -0.5, text, size=12, yanchor="bottom", **parts)


def _single_or_each(colours: list[str]) -> str | list[str]:
    return colours[0] if len(set(colours)) == 1 else colours
