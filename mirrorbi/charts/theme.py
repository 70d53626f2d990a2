"""The look: colours by role, type and measures, for light, dark and paper.

One table of tokens serves the charts, the page's style sheet and the sparklines, so
that a colour means the same everywhere. `better` and `worse` are a bluish green and a
vermilion, which stay apart under the common forms of colour blindness (after Okabe and
Ito, "Color Universal Design", 2008); every text colour has a contrast of at least 4.5
to 1 on its paper and every mark one of at least 3 to 1 (WCAG 2.2, 1.4.3 and 1.4.11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mirrorbi.facts.fact import Fact

LIGHT = {
    "paper": "#fdfcf9",
    "ink": "#1a1d21",
    "muted": "#5b616a",
    "rule": "#dedbd3",
    "grid": "#e9e6df",
    "context": "#888d95",
    "soft": "#b7bbc1",
    "faint": "#d3d5d8",
    "accent": "#23479e",
    "better": "#00796d",
    "worse": "#bc3d0e",
    "band": "#e4e8f1",
}
DARK = {
    "paper": "#15181c",
    "ink": "#ebe9e4",
    "muted": "#a5abb4",
    "rule": "#343a42",
    "grid": "#282d33",
    "context": "#7b828c",
    "soft": "#59616b",
    "faint": "#3c424a",
    "accent": "#8fb0ff",
    "better": "#3fc2af",
    "worse": "#ff8e61",
    "band": "#262f42",
}
PRINT = {**LIGHT, "paper": "#ffffff"}

TEXT_ROLES = ("ink", "muted", "accent", "better", "worse")
"""Roles that colour text: 4.5 to 1 on the paper."""
MARK_ROLES = ("context", "accent", "better", "worse")
"""Roles that colour marks which carry the message: 3 to 1 on the paper.

``soft``, ``faint`` and ``band`` colour only marks whose message is also written at them.
"""

FONT = (
    'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", '
    '"Liberation Sans", Arial, sans-serif'
)


def finding_role(fact: Fact) -> str:
    """Return the role that the finding of a fact is drawn in: better, worse or accent.

    The metric's ``better`` decides, not the sign: fewer cancellations are better.
    """
    return role_of(fact.direction, fact.better)


def role_of(direction: str | None, better: str | None) -> str:
    """Return ``better``, ``worse`` or, where nobody said which way is good, ``accent``."""
    if better is None or direction not in ("up", "down"):
        return "accent"
    return "better" if direction == better else "worse"


def css_tokens() -> str:
    """Return the tokens as CSS custom properties: light, dark and paper."""

    def block(tokens: dict[str, str]) -> str:
        return "".join(f"--{role}:{colour};" for role, colour in tokens.items())

    return (
        f":root{{color-scheme:light;--font:{FONT};{block(LIGHT)}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light])"
        f"{{color-scheme:dark;{block(DARK)}}}}}\n"
        f":root[data-theme=dark]{{color-scheme:dark;{block(DARK)}}}\n"
        f"@media print{{:root:root:root{{color-scheme:light;{block(PRINT)}}}}}\n"
    )


def palettes() -> dict[str, dict[str, str]]:
    """Return, per mode, the colour that replaces each light colour in a chart."""
    return {
        mode: {LIGHT[role]: colour for role, colour in tokens.items()}
        for mode, tokens in (("light", LIGHT), ("dark", DARK), ("print", PRINT))
    }


def layout(height: int, **parts: Any) -> dict[str, Any]:
    """Return the layout that every chart begins with: no legend, no frame, fixed height.

    The look is in the layout itself. The empty template keeps plotly from adding its own.
    """
    return {
        "template": {"layout": {}},
        "height": height,
        "autosize": True,
        "paper_bgcolor": LIGHT["paper"],
        "plot_bgcolor": LIGHT["paper"],
        "font": {"family": FONT, "size": 13, "color": LIGHT["ink"]},
        "showlegend": False,
        "dragmode": False,
        "hoverlabel": {
            "bgcolor": LIGHT["paper"],
            "bordercolor": LIGHT["rule"],
            "font": {"family": FONT, "size": 13, "color": LIGHT["ink"]},
            "align": "left",
        },
        **parts,
    }


def value_axis(**parts: Any) -> dict[str, Any]:
    """Return an axis of values: few faint gridlines, muted labels, fixed."""
    return {
        "showgrid": True,
        "gridcolor": LIGHT["grid"],
        "gridwidth": 1,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "fixedrange": True,
        "tickfont": {"color": LIGHT["muted"], "size": 12},
        "automargin": False,
        **parts,
    }


def bare_axis(**parts: Any) -> dict[str, Any]:
    """Return an axis without grid: of periods or of members."""
    return value_axis(**{"showgrid": False, **parts})
