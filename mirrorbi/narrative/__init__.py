"""Written analysis: sentences with slots, and the narrators that choose them."""

from mirrorbi.narrative.about import about, with_about
from mirrorbi.narrative.cards import Cards
from mirrorbi.narrative.lint import Problem, lint
from mirrorbi.narrative.section import Section
from mirrorbi.narrative.story import Narrative, narrate
from mirrorbi.narrative.verify import Check, verify_text

__all__ = [
    "Cards",
    "Check",
    "Narrative",
    "Problem",
    "Section",
    "about",
    "lint",
    "narrate",
    "verify_text",
    "with_about",
]
