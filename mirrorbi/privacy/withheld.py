"""What disclosure control kept back, and why."""

from __future__ import annotations

from typing import NamedTuple

WHY = {
    "min_entities": "too few stand behind it",
    "dominance": "two hold nearly all of it",
    "p_ratio": "the second largest could work out the largest",
    "complement": "it would give a hidden cell away",
    "few": "an extreme or median of few",
    "class": "a personal or blocked column",
    "difference": "it would follow from what was disclosed before",
    "text": "a name that may not be shown; an alias stands for it",
}
"""What each rule of `Withheld` means."""


class Withheld(NamedTuple):
    """One thing that disclosure control kept back.

    Parameters
    ----------
    rule
        ``min_entities``, ``dominance``, ``p_ratio``, ``complement``, ``few`` (an extreme
        or median of few), ``class`` (a personal or blocked column), ``difference`` (it
        would follow from something disclosed before) or ``text`` (a name that holds
        personal data).
    what
        What was kept back, for the analyst: never sent.
    cells
        How many cells.
    """

    rule: str
    what: str
    cells: int = 1
