"""Names from data, files and people: hostile until they have passed the rules here."""

from __future__ import annotations

import re
import unicodedata

from mirrorbi.privacy.pii import scan_text

LONGEST = 60
"""Characters of a name that may pass; a longer one is a text."""
WORDS = 8
"""Words of a name that may pass; more make a sentence."""

_READ = 4 * LONGEST
_MARKUP = re.compile(r"<\s*[/!?a-z][^<>]{0,200}>?|\{\{|\}\}|\{%|\$\{|`|&#?\w+;|\]\(", re.IGNORECASE)
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://|\bwww\.|\bdata:\w|\bjavascript:", re.IGNORECASE)
_SENTENCE = re.compile(r"\S+\s+\S+\s+\S*(?:[!?…。！？]|\b[a-z]{2,}\.)(?:\s|$)")
# A list of such words is no defence: what passes is data in JSON, and Claude's tools reach
# no further than the gate. An alias costs nothing, so what speaks to a model gets one.
_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass|reveal|pretend|jailbreak)\b"
    r"|\b(?:system|developer|previous|prior|above)\s+(?:prompt|message|instruction|rule)s?\b"
    r"|\b(?:you\s+(?:are|must|should|will)|as\s+an?\s+ai|do\s+not|act\s+as)\b"
    r"|\b(?:system|assistant|human|user)\s*:|<\||\[/?inst\]",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|[_\-.]+")


def tidy(text: str) -> str:
    r"""Return a name as one line of visible characters in one spelling.

    Compatibility forms are folded (NFKC); control, format, private, surrogate and
    unassigned characters are dropped: zero-width, bidi, tags, variation selectors; runs
    of blanks become one; no more is read than decides whether the name is too long.

    Examples
    --------
    >>> tidy("No\u200brth\u202e \n East")
    'North East'
    """
    return visible(str(text)[:_READ])


def visible(text: str) -> str:
    """Return the whole of a text as `tidy` does a name."""
    characters = []
    for character in unicodedata.normalize("NFKC", text):
        category = unicodedata.category(character)
        if category.startswith("Z") or character in "\t\n\r\v\f":
            characters.append(" ")
        elif not category.startswith("C") and not _is_selector(character):
            characters.append(character)
    return " ".join("".join(characters).split())


def unfit(text: str) -> str | None:
    """Return why a name may not be shown, in a word; ``None`` if it may.

    Parameters
    ----------
    text
        The name as it stands in the data.

    Returns
    -------
    str or None
        A kind of personal data, such as ``email``; or ``empty``, ``long``, ``markup``,
        ``address``, ``sentence``, ``instruction``.

    Examples
    --------
    >>> unfit("North East"), unfit("jane.doe@example.com"), unfit("{{f1.value}}")
    (None, 'email', 'markup')
    """
    shown = tidy(text)
    if not shown:
        return "empty"
    if len(shown) > LONGEST or len(str(text)) > _READ:
        return "long"
    for reason, pattern in (("markup", _MARKUP), ("address", _ADDRESS), ("instruction", _ORDERS)):
        if pattern.search(shown):
            return reason
    # "ignore_previous_instructions" is a column name that says the same.
    words = spaced(shown)
    if _ORDERS.search(words):
        return "instruction"
    if len(words.split()) > WORDS or _SENTENCE.search(shown):
        return "sentence"
    return personal(shown) or (personal(words) if words != shown else None)


def personal(text: str) -> str | None:
    """Return the kind of the first personal data in a text, or ``None``."""
    hits = scan_text(text)
    return min(hits, key=lambda hit: hit.start).kind if hits else None


def spaced(name: str) -> str:
    """Return a name of the kind that columns have as words.

    Examples
    --------
    >>> spaced("bonusOf_ada")
    'bonus Of ada'
    """
    return _CAMEL.sub(" ", tidy(name))


def _is_selector(character: str) -> bool:
    code = ord(character)
    return 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
