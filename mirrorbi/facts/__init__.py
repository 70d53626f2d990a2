"""Facts: statistics over the answers to queries, each with its proof.

What finds them is imported when it is first used: a page shows facts without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mirrorbi.facts.fact import Fact, Interval, Quantity, Table, exact
from mirrorbi.facts.factset import FactSet
from mirrorbi.facts.kinds import SWEPT as KINDS

if TYPE_CHECKING:
    from mirrorbi.facts.sweep.sweep import find_facts

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
    if name != "find_facts":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mirrorbi.facts.sweep import sweep

    return getattr(sweep, name)
