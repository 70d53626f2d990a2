"""The narrator that needs nobody: one module per section, each a function of the facts."""

from __future__ import annotations

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

UNTOLD = {"derived": Without("the rules compute nothing themselves")}
"""Kinds that sweeps may hold and no section tells; those found on request are told in answers."""


def section_texts(material: Material) -> dict[str, SectionText]:
    """Return what each section says."""
    return {name: module.section_text(material) for name, (_, module) in SECTIONS.items()}


__all__ = ["SECTIONS", "UNTOLD", "Material", "SectionText", "section_texts"]
