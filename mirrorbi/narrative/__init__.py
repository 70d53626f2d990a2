"""Written analysis: sentences with slots, and the narrators that choose them."""

from mirrorbi.narrative.cards import Cards
from mirrorbi.narrative.checks.grounding import Check, verify_text
from mirrorbi.narrative.checks.template_lint import Problem, lint
from mirrorbi.narrative.narrative import Narrative
from mirrorbi.narrative.narrator import narrate
from mirrorbi.narrative.section import Section
from mirrorbi.narrative.sweep_summary import facts_with_summary, summary_facts

__all__ = [
    "Cards",
    "Check",
    "Narrative",
    "Problem",
    "Section",
    "facts_with_summary",
    "lint",
    "narrate",
    "summary_facts",
    "verify_text",
]
