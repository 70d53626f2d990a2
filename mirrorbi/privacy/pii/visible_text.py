"""Text as it is read: without what the eye does not see."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def plain(text: str) -> tuple[str, Sequence[int]]:
    """Return text as it looks, and for each of its characters the place in the original.

    Compatibility forms are made plain (full-width digits, mathematical letters), and
    characters of no width or of direction are left out, so that nothing is hidden from a
    pattern that a reader would see. The list has one place more than the text: the end.

    Examples
    --------
    >>> plain("４２\u200b1")
    ('421', [0, 1, 3, 4])
    """
    if text.isascii():
        return text, range(len(text) + 1)
    shown: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        if char.isascii():
            shown.append(char)
            places.append(place)
            continue
        kind = unicodedata.category(char)
        if kind == "Cf":
            continue
        form = " " if kind == "Zs" else "-" if kind == "Pd" else unicodedata.normalize("NFKC", char)
        shown.append(form)
        places.extend([place] * len(form))
    return "".join(shown), [*places, len(text)]
