"""What is out of the ordinary: values outside their usual range, new levels, records."""

from __future__ import annotations

from mirrorbi.facts.fact import Fact
from mirrorbi.narrative.rules.material import Material, distinct, is_significant
from mirrorbi.narrative.rules.phrasing import SectionText, listing, paragraphs, sentence_of
from mirrorbi.wording.sentence import Sentence

VALUES = 3
LEVELS = 2
RECORDS = 2
MEMBERS = 4


def section_text(material: Material) -> SectionText:
    """Return what is unusual, or that nothing was found to be."""
    values = distinct(material.tested("unusual"), limit=VALUES)
    levels = distinct(material.tested("break"), limit=LEVELS)
    records = material.whole("extreme")[:RECORDS]
    groups = [
        [*([_value(f) for f in values] or _none(material)), *(_level(f) for f in levels)],
        [*(_record(f) for f in records), *_member_records(material)],
    ]
    return SectionText(
        paragraphs(*groups), drawn=(*values, *levels, *records, *material.of("extreme")[:2])
    )


def _none(material: Material) -> list[Sentence]:
    if not material.is_requested("unusual"):
        return [sentence_of("none", "This review was not asked for unusual values.")]
    if material.sweep.period is None or not material.facts.tests:
        return [sentence_of("none", "There is too little history to say what is usual.")]
    template = (
        "No metric was found outside its usual range {{s.when}}; the review made {{s.tests}} tests."
    )
    return [sentence_of("none", template, s=material.sweep)]


def _who(fact: Fact) -> str:
    return "{{f.metric}} {{f.scope}}" if fact.scope else "{{f.metric}}"


def _doubt(fact: Fact) -> str:
    return "" if is_significant(fact) else ", though chance is not ruled out (q {{f.q}})"


def _value(f: Fact) -> Sentence:
    template = (
        f"{_who(f)} came to {{{{f.value}}}}, {{{{f.side}}}} the usual range of {{{{f.low.bare}}}} "
        f"to {{{{f.high}}}}{_doubt(f)}."
    )
    return sentence_of("unusual", template, f=f)


def _level(f: Fact) -> Sentence:
    template = (
        f"{_who(f)} moved to a {{{{f.higher}}}} level {{{{f.when}}}}: around {{{{f.after}}}} since "
        f"then, around {{{{f.before}}}} before{_doubt(f)}."
    )
    return sentence_of("break", template, f=f)


def _record(f: Fact) -> Sentence:
    template = (
        "At {{f.value}}, {{f.metric}} came to the {{f.highest}} value of {{f.of}} {{f.grain}}s; "
        "the {{f.highest}} before that was {{f.previous}}."
    )
    return sentence_of("extreme", template, f=f)


def _member_records(material: Material) -> list[Sentence]:
    """Return one sentence per metric for members at a record of their own."""
    groups: dict[tuple[object, ...], list[Fact]] = {}
    for f in material.of("extreme"):
        if len(f.scope) == 1 and "small_n" not in f.caveats:
            key = (f.metric, f.direction, f["of"].value, f.scope[0][0])
            groups.setdefault(key, []).append(f)
    sentences = []
    for group in list(groups.values())[:RECORDS]:
        text, names = listing(group[:MEMBERS], "{{@.entity}} ({{@.value}})")
        opening = (
            "By {{f1.dimension}}, {{f1.metric}} came to the {{f1.highest}} value of "
            "{{f1.of}} {{f1.grain}}s"
        )
        sentences.append(sentence_of("extreme", f"{opening} for {text}.", **names))
    return sentences
