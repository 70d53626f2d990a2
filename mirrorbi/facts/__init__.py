"""Facts: statistics over the answers to queries, each with its proof."""

from mirrorbi.facts.fact import Fact, Interval, Quantity, Table, exact
from mirrorbi.facts.factset import FactSet
from mirrorbi.facts.sweep import KINDS, find_facts

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
