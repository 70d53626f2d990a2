"""A sparkline: the course of a series, as large as a word."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mirrorbi.wording.printable_text import clean, escape

_PAD = 3.5


def sparkline(
    values: Sequence[float | None],
    complete: Sequence[bool] | None = None,
    *,
    width: int = 120,
    height: int = 28,
    label: str = "",
) -> str:
    """Return a series as inline SVG: a grey line that ends in a dot.

    Parameters
    ----------
    values
        Oldest first; a gap is ``None`` or NaN.
    complete
        Whether each period is; the way to an incomplete one is dashed. All, if not given.
    width, height
        In pixels; the drawing keeps its proportions when the page resizes it.
    label
        What it shows, read out in its place; without one it is decoration.

    Returns
    -------
    str
        Markup without a fixed colour: the page styles ``mb-spark-line``,
        ``mb-spark-open`` and ``mb-spark-end``. Where there is no style sheet, as in a
        notebook, it is drawn in the colour of the text. Empty, if fewer than two values
        are known.

    Examples
    --------
    >>> sparkline([1, 3, 2], label="Sales")[:50]
    '<svg class="mb-spark" viewBox="0 0 120 28" width="'
    """
    finite = [v if v is not None and math.isfinite(v) else None for v in values]
    present = [v for v in finite if v is not None]
    if len(present) < 2:
        return ""
    is_complete = list(complete) if complete is not None else [True] * len(finite)
    low, high = min(present), max(present)
    step = (width - 2 * _PAD) / (len(finite) - 1)

    def point(i: int) -> str:
        value = finite[i]
        part = 0.5 if high == low or value is None else (high - value) / (high - low)
        return f"{_PAD + i * step:.1f} {_PAD + part * (height - 2 * _PAD):.1f}"

    solid: list[str] = []
    dashed: list[str] = []
    for i in range(1, len(finite)):
        if finite[i - 1] is None or finite[i] is None:
            continue
        steps = solid if is_complete[i - 1] and is_complete[i] else dashed
        begin = "" if steps and steps[-1].endswith(point(i - 1)) else f"M{point(i - 1)}"
        steps.append(f"{begin}L{point(i)}")
    last = max(i for i, value in enumerate(finite) if value is not None)
    x, y = point(last).split()
    name = f"<title>{escape(clean(label))}</title>" if label else ""
    role = 'role="img"' if label else 'aria-hidden="true"'
    line = 'fill="none" stroke="currentColor" stroke-width="1.5"'
    return (
        f'<svg class="mb-spark" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f"{role}>{name}"
        + (f'<path class="mb-spark-line" {line} d="{"".join(solid)}"/>' if solid else "")
        + (
            f'<path class="mb-spark-line mb-spark-open" {line} stroke-dasharray="2 3" '
            f'd="{"".join(dashed)}"/>'
            if dashed
            else ""
        )
        + f'<circle class="mb-spark-end" fill="currentColor" cx="{x}" cy="{y}" r="2.5"/></svg>'
    )
