"""Text that came from data, made safe to print."""

from __future__ import annotations

import html
import unicodedata
from functools import lru_cache

LONGEST = 120
"""Characters of a name that are printed; longer ones end in an ellipsis."""

EMPTY = "(empty)"


@lru_cache(maxsize=4096)
def clean(text: str) -> str:
    r"""Return a name from the data as one line of visible characters.

    Line breaks and other control characters become one space; characters that are
    invisible or that turn the direction of writing (Unicode category Cf: zero-width
    spaces, bidi embeddings, overrides and isolates, tags) are dropped; lone surrogates
    become U+FFFD.

    Examples
    --------
    >>> clean("two\nlines")
    'two lines'
    """
    characters = []
    for character in str(text)[: LONGEST * 4]:
        category = unicodedata.category(character)
        if category == "Cf":
            continue
        if category in ("Cc", "Zl", "Zp"):
            characters.append(" ")
        elif category == "Cs":
            characters.append("\ufffd")
        else:
            characters.append(character)
    folded = " ".join("".join(characters).split(" ")).strip()
    while "  " in folded:
        folded = folded.replace("  ", " ")
    if len(folded) > LONGEST:
        folded = folded[: LONGEST - 1].rstrip() + "…"
    return folded or EMPTY


def escape(text: str) -> str:
    """Return text as HTML, fit for element content and quoted attributes."""
    return html.escape(text, quote=True)


def is_right_to_left(text: str) -> bool:
    """Return whether the text holds letters that are written from right to left."""
    return any(unicodedata.bidirectional(character) in ("R", "AL") for character in text)


def capital(text: str) -> str:
    """Return the text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def lower_first(label: str) -> str:
    """Return a label as it stands inside a sentence.

    Only an ordinary word is lowered: ``On-time rate`` becomes ``on-time rate``; ``NPS``,
    ``iPhone sales`` and ``B6`` stay.

    Examples
    --------
    >>> lower_first("On-time rate"), lower_first("NPS"), lower_first("B6 flights")
    ('on-time rate', 'NPS', 'B6 flights')
    """
    word = label.split(" ")[0]
    ordinary = word[:1].isupper() and word[1:].islower() and word[1:].replace("-", "").isalpha()
    return label[:1].lower() + label[1:] if ordinary else label
