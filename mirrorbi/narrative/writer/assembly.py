"""The assembly: which sentence stands where, and who wrote it.

Sentences of Claude that passed stand as written. For one that did not, a sentence of the
rules stands in; where the rules have none left, it is dropped. A section of which Claude
said nothing is told by the rules. Nothing by the rules is passed off as Claude's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from mirrorbi.facts.fact import Fact
from mirrorbi.narrative.rules import SECTIONS, Material, SectionText
from mirrorbi.narrative.rules.headline import sentence_of_change
from mirrorbi.narrative.writer.revision import Editor
from mirrorbi.narrative.writer.submission import Draft
from mirrorbi.wording.sentence import Sentence

MOST_REPLACED = Fraction(1, 5)
"""Part of Claude's sentences that may fail before the narrative is not one to ship."""

PARAGRAPH = 3
"""Sentences of a paragraph."""


@dataclass(frozen=True)
class TextAssembly:
    """What each section says, and how it came about.

    Parameters
    ----------
    sections
        By section.
    written
        Sentences of Claude that stand.
    replaced
        For how many of Claude's a sentence of the rules stands in.
    dropped
        How many of Claude's were left out with nothing in their place.
    by_rules
        Sentences of the rules in all, those of sections that Claude left out included.
    reasons
        Why the narrative may not be shipped; empty if it may.
    """

    sections: Mapping[str, SectionText]
    written: int
    replaced: int
    dropped: int
    by_rules: int
    reasons: tuple[str, ...] = ()


@dataclass
class _Page:
    paragraphs: list[Sentence] = field(default_factory=list)
    points: list[Sentence] = field(default_factory=list)


def compose(
    editor: Editor, rule_texts: Mapping[str, SectionText], material: Material
) -> TextAssembly:
    """Return the text put together from an editor's drafts.

    Parameters
    ----------
    editor
        With every draft checked.
    rule_texts
        What the rules say.
    material
        The facts, for what must be mentioned.
    """
    unused = {name: list(part.sentences) for name, part in rule_texts.items()}
    pages = {name: _Page() for name in SECTIONS}
    written = replaced = dropped = 0
    reasons: list[str] = []
    for draft in editor.drafts.values():
        section = draft.section or "changed"
        if draft.id not in editor.failing:
            _put(pages[section], draft.sentence(editor.handles), draft.point)
            written += 1
            continue
        if section == "headline" and _is_extra(draft, editor):
            dropped += 1
            continue
        replacement = _replacement(unused[section], draft, editor)
        if section == "headline":
            codes = ", ".join(sorted({p.rule for p in editor.failing[draft.id]}))
            reasons.append(f"the headline failed its checks ({codes})")
        if replacement is None:
            dropped += 1
        else:
            replaced += 1
            _put(pages[section], replacement, draft.point)
    if not any(draft.section == "headline" for draft in editor.drafts.values()):
        reasons.append("there is no headline")
    failed = replaced + dropped
    if failed > MOST_REPLACED * len(editor.drafts):
        reasons.append(f"{failed} of {len(editor.drafts)} sentences failed their checks")
    sections = {name: _section_text(name, pages[name], rule_texts[name]) for name in SECTIONS}
    sections = _with_adverse(sections, material)
    total = sum(len(part.sentences) for part in sections.values())
    return TextAssembly(sections, written, replaced, dropped, total - written, tuple(reasons))


def adverse(material: Material) -> Fact | None:
    """Return the largest change for the worse, if there is one."""
    bad = [f for f in material.changes if f.good is False]
    return max(bad, key=lambda f: (f.score, f.id), default=None)


def _is_extra(draft: Draft, editor: Editor) -> bool:
    return [p.rule for p in editor.failing[draft.id]] == ["headline"]


def _replacement(unused: list[Sentence], draft: Draft, editor: Editor) -> Sentence | None:
    """Take the sentence of the rules that is nearest to what a draft was about."""
    if not unused:
        return None
    cited = set(draft.sentence(editor.handles).facts.values())
    metrics = {f.metric for key, f in editor.facts.items() if key in cited}

    def distance(place: int) -> tuple[int, int]:
        ids = set(unused[place].facts.values())
        same = any(f.metric in metrics for key, f in editor.facts.items() if key in ids)
        return (-2 * bool(ids & cited) - same, place)

    return unused.pop(min(range(len(unused)), key=distance))


def _put(page: _Page, sentence: Sentence, point: bool) -> None:
    (page.points if point else page.paragraphs).append(sentence)


def _section_text(name: str, page: _Page, rules: SectionText) -> SectionText:
    if not page.paragraphs and not page.points:
        return rules
    if name == "headline":
        return SectionText((tuple([*page.paragraphs, *page.points][:1]),), (), rules.drawn)
    return SectionText(_grouped(page.paragraphs), tuple(page.points), rules.drawn)


def _grouped(sentences: Sequence[Sentence]) -> tuple[tuple[Sentence, ...], ...]:
    return tuple(
        tuple(sentences[at : at + PARAGRAPH]) for at in range(0, len(sentences), PARAGRAPH)
    )


def _with_adverse(
    sections: Mapping[str, SectionText], material: Material
) -> dict[str, SectionText]:
    """Return the parts with the largest change for the worse told, if nobody told it."""
    result = dict(sections)
    worst = adverse(material)
    if worst is None:
        return result
    cited = {key for part in sections.values() for s in part.sentences for key in s.facts.values()}
    same_change = {
        f.id
        for f in material.facts_by_id.values()
        if f.kind == "change"
        and (f.metric, f.scope, f.period) == (worst.metric, worst.scope, worst.period)
    }
    if cited & (same_change | {worst.id}):
        return result
    changed = result["changed"]
    sentence = sentence_of_change(worst)
    first, *rest = changed.paragraphs or ((),)
    result["changed"] = SectionText(((sentence, *first), *rest), changed.points, changed.drawn)
    return result
