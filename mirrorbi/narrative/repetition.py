"""Repetition: over all sections, nothing is said twice and nothing is drawn twice."""

from __future__ import annotations

from collections.abc import Mapping

from mirrorbi.facts.fact import Fact
from mirrorbi.facts.kinds import kind_of
from mirrorbi.narrative import rules
from mirrorbi.narrative.context import Context
from mirrorbi.narrative.section import Section
from mirrorbi.wording.sentence import Sentence


def sections_of(texts: Mapping[str, rules.SectionText], context: Context) -> dict[str, Section]:
    """Return what each section says as sections: nothing is said or drawn twice."""
    drawn: set[tuple[object, ...]] = set()
    seen: set[str] = set()
    sections = {}
    for name, part in texts.items():
        paragraphs = [tuple(s for s in p if _is_new(s, seen)) for p in part.paragraphs]
        sections[name] = Section(
            name=name,
            title=rules.SECTIONS[name][0],
            paragraphs=tuple(paragraph for paragraph in paragraphs if paragraph),
            points=tuple(s for s in part.points if _is_new(s, seen)),
            drawn=tuple(fact for fact in part.drawn if _is_new_chart(fact, drawn)),
            context=context,
        )
    return sections


def _is_new(sentence: Sentence, seen: set[str]) -> bool:
    """Return whether a sentence was not said before, and remember it."""
    key = repr(sentence.to_dict())
    fresh = key not in seen
    seen.add(key)
    return fresh


def _is_new_chart(fact: Fact, drawn: set[tuple[object, ...]]) -> bool:
    """Return whether no chart of the same thing was chosen before, and remember it."""
    key = _drawn_thing(fact)
    fresh = key not in drawn
    drawn.add(key)
    return fresh


def _drawn_thing(fact: Fact) -> tuple[object, ...]:
    """Return what a fact's chart shows: facts of several kinds may show the same thing."""
    form, by = kind_of(fact.kind).form_of(fact), fact.terms.get("by")
    if form.head == "period" and "complete" in form.columns:
        return "course", fact.metric, fact.scope
    if form.head == "period" and kind_of(fact.kind).subject == "data":
        return "rows", fact.terms.get("step")
    if form.head == "member":
        changes = "baseline" in form.cells
        return "members" if changes else fact.kind, fact.metric, by
    return fact.kind, fact.metric, fact.scope, by
