"""Written analysis: sentences with slots, and the narrators that choose them."""

from mirrorbi.narrative.cards import Cards
from mirrorbi.narrative.checks.grounding import Check, verify_text
from mirrorbi.narrative.checks.template_lint import Problem, lint
from mirrorbi.narrative.section import Section
from mirrorbi.narrative.story import Narrative, narrate
from mirrorbi.narrative.sweep_summary import about, with_about

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
