"""Facts: statistics over the answers to queries, each with its proof.

What finds them is imported when it is first used: a page shows facts without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mirrorbi.facts.fact import Fact, Interval, Quantity, Table, exact
from mirrorbi.facts.factset import FactSet

if TYPE_CHECKING:
    from mirrorbi.facts.sweep.sweep import KINDS, find_facts

__all__ = [
    "KINDS",
    "Fact",
    "FactSet",
    "Interval",
    "Quantity",
    "Table",
    "exact",
    "find_facts",
]


def __getattr__(name: str) -> Any:
    if name not in ("KINDS", "find_facts"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mirrorbi.facts.sweep import sweep

    return getattr(sweep, name)
