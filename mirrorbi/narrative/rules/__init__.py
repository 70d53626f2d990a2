"""The narrator that needs nobody: one module per section, each a function of the facts."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from mirrorbi.facts.kinds import Without
from mirrorbi.narrative.rules import (
    changed,
    drivers,
    headline,
    quality,
    trend,
    unusual,
    what_to_check,
)
from mirrorbi.narrative.rules.material import Material
from mirrorbi.narrative.rules.phrasing import SectionText

SECTIONS: dict[str, tuple[str, ModuleType]] = {
    "headline": ("The finding", headline),
    "changed": ("What changed", changed),
    "drivers": ("Where it came from", drivers),
    "unusual": ("What is unusual", unusual),
    "trend": ("Where it is heading", trend),
    "checks": ("What to check", what_to_check),
    "quality": ("Quality of the data", quality),
}
"""Name of each section, its title and the module that tells it, in order."""

TOLD_IN: Mapping[str, tuple[str, ...] | Without] = {
    "value": ("headline", "changed", "drivers", "checks"),
    "share": ("drivers",),
    "rank": ("drivers", "checks"),
    "extreme": ("unusual",),
    "change": ("headline", "changed", "drivers"),
    "contribution": ("drivers", "checks"),
    "mix": ("drivers",),
    "mix_part": ("drivers", "checks"),
    "simpson": ("drivers",),
    "trend": ("trend",),
    "unusual": ("unusual",),
    "break": ("unusual",),
    "correlation": ("trend",),
    "concentration": ("drivers",),
    "coverage": ("changed", "quality"),
    "completeness": ("quality",),
    "missing_periods": ("checks", "quality"),
    "incomplete": ("changed", "checks"),
    "late_data": ("checks", "quality"),
    "duplicates": ("checks", "quality"),
    "nulls": ("checks", "quality"),
    "constant": ("quality",),
    "infinite": ("quality",),
    "withheld": ("drivers", "quality"),
    "duration": ("changed",),
    "vanished": ("checks",),
    "appeared": ("checks",),
    "breadth": ("drivers",),
    "cell": Without("it is asked for by name, and told in answers"),
    "forecast": Without("it is asked for by name, and told in answers"),
    "distribution": Without("it is asked for by name, and told in answers"),
    "derived": Without("the rules compute nothing themselves"),
    "sweep": Without("it is what the review looked at, which every section may cite"),
    "extent": Without("it is how far the data goes, which every section may cite"),
}
"""The sections that tell of a kind, or why none does."""


def section_texts(material: Material) -> dict[str, SectionText]:
    """Return what each section says."""
    return {name: module.section_text(material) for name, (_, module) in SECTIONS.items()}


__all__ = ["SECTIONS", "TOLD_IN", "Material", "SectionText", "section_texts"]
