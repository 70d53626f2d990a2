"""Text inside a figure: made safe, shortened, measured."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mirrorbi.wording.printable_text import clean, is_right_to_left

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}
_COLOUR = re.compile(r"#(?=[0-9a-fA-F]{6})")
_ISOLATE, _POP = "\u2068", "\u2069"

_NARROW, _WIDE = set("iljtfrI.,:;'|!()[] \u202f\u00a0"), set("mwMW%@—…")


def plot_text(text: str) -> str:
    """Return text from data so that plotly prints it letter by letter.

    Plotly reads ``<b>``, ``<a href>`` and ``<br>`` in every label as markup, ``&lt;`` as
    an entity, and ``$…$`` as TeX where MathJax is on the page; the page reads colours of
    the theme. Each of these is turned into an entity, which plotly prints as itself.

    Examples
    --------
    >>> plot_text("<b>R&D</b>")
    '&lt;b&gt;R&amp;D&lt;/b&gt;'
    """
    line = clean(text)
    safe = "".join(_ENTITIES.get(character, character) for character in line)
    safe = _COLOUR.sub("&#35;", safe)
    return f"{_ISOLATE}{safe}{_POP}" if is_right_to_left(line) else safe


def shorten(text: str, limit: int) -> str:
    """Return text of at most ``limit`` characters, cut at the end.

    Examples
    --------
    >>> shorten("Endeavor Air Incorporated", 12)
    'Endeavor Ai…'
    """
    line = clean(text)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def label(text: str, limit: int = 24) -> str:
    """Return a member's name as an axis shows it: shortened, then made safe."""
    return plot_text(shorten(text, limit))


def width(text: str, size: float = 13) -> float:
    """Return about how many pixels a line of text takes in the system font.

    Rounded up: an estimate that is too small would cut letters off.
    """
    ems = 0.0
    for character in text:
        if character in _NARROW:
            ems += 0.36
        elif character in _WIDE or ord(character) > 0x2E7F:
            ems += 1.0
        else:
            ems += 0.78 if character.isupper() else 0.62
    return ems * size


def widest(texts: Iterable[str], size: float = 13, *, strong: bool = False) -> int:
    """Return the width of the widest text in whole pixels, 0 if there is none."""
    widths = [width(text, size) * (1.13 if strong else 1) for text in texts]
    return int(max(widths)) + 1 if widths else 0


def bold(text: str) -> str:
    """Return text in bold type."""
    return f"<b>{text}</b>"


def coloured(text: str, colour: str) -> str:
    """Return text in a colour of the theme."""
    return f'<span style="color:{colour}">{text}</span>'
