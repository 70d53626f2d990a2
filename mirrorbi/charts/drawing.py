"""A drawing: the traces and layout of one figure, before it has its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mirrorbi.charts.theme import LIGHT


@dataclass(slots=True)
class Drawing:
    """Traces, layout, and the parts of the layout that differ on a phone.

    Parameters
    ----------
    data, layout
        As plotly takes them.
    narrow
        Value by path (``"xaxis.tickvals"``): what the page puts in below 560 pixels.
    width
        The most that the figure is drawn wide, in pixels; 0 for the whole page.
    first
        How many lines at the beginning of the table are not drawn.
    """

    data: list[dict[str, Any]]
    layout: dict[str, Any]
    narrow: dict[str, Any] = field(default_factory=dict)
    width: int = 0
    first: int = 0


def note(
    x: float, y: float, text: str, *, role: str = "ink", size: int = 13, **parts: Any
) -> dict[str, Any]:
    """Return a direct label: plain text at a point, without arrow or box."""
    return {
        "x": x,
        "y": y,
        "text": text,
        "showarrow": False,
        "font": {"color": LIGHT[role], "size": size},
        "align": "left",
        **parts,
    }


def spread(
    targets: Sequence[float], heights: Sequence[float], low: float, high: float
) -> list[float]:
    """Return places for labels near where they are wanted, without overlap.

    Parameters
    ----------
    targets
        Middle of each label, in pixels.
    heights
        Height of each label, in pixels.
    low, high
        The space there is. Where it is too small, labels run over its end evenly.

    Examples
    --------
    >>> spread([100, 104], [20, 20], 0, 200)
    [92.0, 112.0]
    """
    order = sorted(range(len(targets)), key=lambda i: targets[i])
    groups: list[tuple[list[int], float, float]] = []
    for i in order:
        members, top, size = [i], targets[i] - heights[i] / 2, heights[i]
        top = min(max(top, low), max(low, high - size))
        while groups and groups[-1][1] + groups[-1][2] > top:
            before = groups.pop()
            members, size = before[0] + members, before[2] + size
            offset, middles = 0.0, []
            for j in members:
                middles.append(targets[j] - offset - heights[j] / 2)
                offset += heights[j]
            top = sum(middles) / len(middles)
            top = min(max(top, low), max(low, high - size))
        groups.append((members, top, size))
    placed = [0.0] * len(targets)
    for members, top, _ in groups:
        for j in members:
            placed[j] = top + heights[j] / 2
            top += heights[j]
    return placed
