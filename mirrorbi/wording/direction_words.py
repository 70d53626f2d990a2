"""Words that a number's direction chooses; a sentence may hold them only as slots."""

from __future__ import annotations

from mirrorbi.facts.fact import Direction

BY_DIRECTION: dict[str, tuple[str, str, str]] = {
    "direction": ("rose", "fell", "held steady"),
    "rising": ("rising", "falling", "steady"),
    "risen": ("risen", "fallen", "held steady"),
    "gain": ("rise", "fall", "change"),
    "increase": ("increase", "decrease", "change"),
    "side": ("above", "below", "level with"),
    "higher": ("higher", "lower", "the same"),
    "highest": ("highest", "lowest", "same"),
    "high": ("high", "low", "level"),
    "more": ("more", "less", "as much"),
    "added": ("added", "took away", "added"),
    "pull": ("up", "down", "along"),
}
"""Slot name to its words for up, down and flat."""

_INDEX: dict[Direction, int] = {"up": 0, "down": 1, "flat": 2}


def directed(slot: str, direction: Direction) -> str:
    """Return the word of that slot for that direction.

    Examples
    --------
    >>> directed("direction", "down"), directed("side", "up")
    ('fell', 'above')
    """
    return BY_DIRECTION[slot][_INDEX[direction]]


def plural(noun: str) -> str:
    """Return an English noun in the plural; what is not plainly English gets "values".

    Examples
    --------
    >>> plural("airline"), plural("country"), plural("branch"), plural("€/kg")
    ('airlines', 'countries', 'branches', '€/kg values')
    """
    word = noun.rsplit(" ", 1)[-1]
    if not (word.isascii() and word.isalpha()):
        return f"{noun} values"
    lowered = word.lower()
    if lowered.endswith(("s", "x", "z", "ch", "sh")):
        return f"{noun}es" if not lowered.endswith(("ies", "ers")) else noun
    if lowered.endswith("y") and lowered[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"
