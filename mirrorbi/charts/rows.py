"""The frame of every chart with one row per member: names at the left, labels at the ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mirrorbi.charts.drawing import Drawing, note
from mirrorbi.charts.scale import number
from mirrorbi.charts.text import bold, coloured, label, shorten, widest
from mirrorbi.charts.theme import LIGHT, bare_axis, layout

ROW = 27
TOP, BOTTOM = 6, 8
_GAP = 8
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
        self._left: list[str] = []
        self._right: list[str] = []
        self._column: list[str] = []
        self._seen: list[float] = []
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
            "marker": {"color": _one([LIGHT[role] for role in roles]), "line": {"width": 0}},
            "hoverinfo": "text" if hover else "skip",
        }
        if base:
            trace["base"] = [number(value) for value in base]
        if hover:
            trace["hovertext"] = list(hover)
        self._data.append(trace)
        starts = base or [0.0] * len(lengths)
        for start, length in zip(starts, lengths, strict=True):
            self._seen += [float(start), float(start) + float(length or 0.0)]

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
        fill: Any = LIGHT["paper"] if hollow else _one(colours)
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
                    "line": {"width": 2, "color": _one(colours)},
                },
                "hoverinfo": "text" if hover else "skip",
                "cliponaxis": False,
                **({"hovertext": list(hover)} if hover else {}),
            }
        )
        self._seen += [float(value) for value in values if value is not None]

    def segment(self, row: float, start: float, end: float, role: str, width: float = 2) -> None:
        """Draw a horizontal line in a row."""
        self._line(start, row, end, row, role, width)

    def upright(
        self, x: float, first: float, last: float, role: str = "context", dash: str = ""
    ) -> None:
        """Draw a vertical line from one row to another."""
        self._line(x, first, x, last, role, 1, dash)

    def say(
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
        (self._left if left else self._right).append(text)
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

    def column(self, row: int, text: str, *, role: str = "ink", plain: str = "") -> None:
        """Write in the column at the right edge."""
        self._column.append(plain or text)
        self._notes.append(
            note(1, row, text, role=role, xref="paper", xanchor="right", yanchor="middle")
        )

    def head(self, x: float, text: str, *, role: str = "muted", xanchor: str = "center") -> None:
        """Write above the first row."""
        self._head = 22
        self._notes.append(
            note(
                number(x) or 0.0, -0.5, text, role=role, size=12, xanchor=xanchor, yanchor="bottom"
            )
        )

    def head_column(self, text: str) -> None:
        """Write above the column at the right edge."""
        self._head = 22
        self._column.append(text)
        place = {"xref": "paper", "xanchor": "right", "yanchor": "bottom"}
        self._notes.append(note(1, -0.5, text, role="muted", size=12, **place))

    def finish(self, bounds: tuple[float, float] | None = None) -> Drawing:
        """Return the drawing; the axis of values is not shown, the labels say them."""
        low, high = bounds or (min(0.0, *self._seen), max(0.0, *self._seen))
        if low == high:
            high = low + 1.0
        before = widest(self._left) + 8 if self._left else 0
        column = widest(self._column) + 14 if self._column else 0
        after = (widest(self._right) + 10 if self._right else 6) + column
        for item in self._notes:
            if item.get("xref") == "paper":
                item["xshift"] = after
        wide = [shorten(name, _NAME) for name in self.names]
        thin = [shorten(name, _NAME_NARROW) for name in self.names]
        top = TOP + self._head
        figure = layout(
            top + BOTTOM + self._row * len(self.names),
            margin={"l": widest(wide) + _GAP + before, "r": after, "t": top, "b": BOTTOM},
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
        narrow = {}
        if wide != thin:
            narrow = {
                "yaxis.ticktext": self._ticks(_NAME_NARROW),
                "margin.l": widest(thin) + _GAP + before,
            }
        return Drawing(self._data, figure, narrow)

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


def muted(text: str) -> str:
    """Return text in the colour of what stands in the second row."""
    return coloured(text, LIGHT["muted"])


def _one(colours: list[str]) -> str | list[str]:
    return colours[0] if len(set(colours)) == 1 else colours
