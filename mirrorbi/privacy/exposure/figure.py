"""What a Plotly figure carries beyond what it draws."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mirrorbi.privacy.exposure.exposure import Exposure
from mirrorbi.privacy.exposure.plain_text import texts_expose
from mirrorbi.privacy.exposure.series import is_series
from mirrorbi.privacy.exposure.table import LARGE, LEAST

MANY = 1_000
"""Points of one trace beyond which it is rows, not a summary."""

RAW = frozenset(
    ["histogram", "histogram2d", "histogram2dcontour", "box", "violin", "splom", "parcats"]
)
"""Traces that are drawn from single rows."""

_NUMBER = "(\\d(?:[\\d,.’'\u00a0\u202f]*\\d)?)"
_COUNT = re.compile(
    rf"\b(?:n|rows|count|entities|customers|persons|patients|employees)\s*[=:]\s*{_NUMBER}"
    rf"|(?<![\w,.’'\u00a0\u202f]){_NUMBER}\s+(?:rows|entities|customers|persons|patients|employees)\b",
    re.IGNORECASE,
)
_SIZES = {"1": 1, "2": 2, "4": 4, "8": 8}


def figure_exposes(figure: Any, where: str, series: int = 0) -> Iterator[Exposure]:
    """Yield what a figure exposes.

    Parameters
    ----------
    figure
        Its ``data`` and ``layout``, as JSON gives them.
    where
        Where it stands in the file.
    series
        Moments of a series that stands beside it as a table: as many points are its own.
    """
    given = figure.get("data") if isinstance(figure, Mapping) else figure
    traces = given if isinstance(given, list) else []
    for number, trace in enumerate(traces, start=1):
        if isinstance(trace, Mapping):
            place = f"{where}, trace {number}" if len(traces) > 1 else where
            yield from _trace(trace, place, series)
    yield from texts_expose(["\n".join(strings(figure))], where)


def _trace(trace: Mapping[str, Any], where: str, moments: int) -> Iterator[Exposure]:
    kind = str(trace.get("type", "scatter"))
    points = max(
        (length(trace.get(key)) for key in ("x", "y", "values", "lat", "lon", "r", "theta")),
        default=0,
    )
    places = trace.get("x")
    if kind not in RAW and isinstance(places, list) and is_series(places):
        moments = max(moments, len(places))
    if kind in RAW and points > LEAST:
        detail = f"a {kind} carries the {points:,} single values that it is drawn from"
        yield Exposure("row_values", detail, where, points)
    elif points > max(MANY, moments):
        yield Exposure("row_values", f"{points:,} points: rows, not a summary", where, points)
    for key in ("customdata", "hovertext", "text", "ids", "meta"):
        size = length(trace.get(key))
        if size > max(LARGE, moments):
            detail = f"{key} of {size:,} points can be read in the file"
            yield Exposure("row_values", detail, where, size)
    texts = "\n".join(
        s for key in ("customdata", "hovertext", "text") for s in strings(trace.get(key))
    )
    counts = [int(re.sub(r"\D", "", "".join(pair))) for pair in _COUNT.findall(texts)]
    small = [count for count in counts if 0 < count < LEAST]
    if small:
        detail = f"hover texts have counts below {LEAST}"
        yield Exposure("small_counts", detail, where, len(small))
    cells = trace.get("cells")
    columns = cells.get("values") if isinstance(cells, Mapping) else None
    rows = max(map(length, columns), default=0) if isinstance(columns, list) else 0
    if rows > LARGE:
        yield Exposure("row_values", f"a table of {rows:,} rows", where, rows)


def length(value: Any) -> int:
    """Return how many points an array has, written out or as base64.

    Examples
    --------
    >>> length([1, 2]), length({"dtype": "f8", "bdata": "AAAAAAAA8D8AAAAAAAAAQA=="}), length("x")
    (2, 2, 0)
    """
    if isinstance(value, list):
        return len(value)
    if isinstance(value, Mapping) and isinstance(value.get("bdata"), str):
        size = _SIZES.get(str(value.get("dtype", ""))[-1:], 8)
        text: str = value["bdata"].rstrip("=")
        return len(text) * 3 // 4 // size
    return 0


def strings(value: Any) -> Iterator[str]:
    """Yield every text within plain values, those of base64 arrays aside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            if key not in ("bdata", "template"):
                yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


def figures_in(script: str) -> Iterator[Any]:
    """Yield the figures that a script of Plotly's own HTML draws."""
    decoder = json.JSONDecoder()
    for call in re.finditer(r"Plotly\.(?:newPlot|react|plot)\(", script):
        place = script.find("[", call.end(), call.end() + 400)
        if place >= 0:
            try:
                data, _ = decoder.raw_decode(script, place)
            except ValueError:
                continue
            if isinstance(data, list):
                yield {"data": data}
