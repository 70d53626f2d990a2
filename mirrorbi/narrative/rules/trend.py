"""Where things are heading, and what moves together."""

from __future__ import annotations

from mirrorbi.facts.fact import Fact
from mirrorbi.narrative.rules.material import Material, distinct, is_significant
from mirrorbi.narrative.rules.phrasing import SectionText, paragraphs, sentence_of
from mirrorbi.wording.numbers import format_quantity
from mirrorbi.wording.sentence import Sentence

TRENDS = 3
PAIRS = 2


def section_text(material: Material) -> SectionText:
    """Return the trends, or that none was found."""
    trends = distinct(material.tested("trend"), limit=TRENDS)
    pairs = distinct(material.of("correlation"), limit=PAIRS)
    sentences = [_trend(f) for f in trends]
    if not material.whole("trend"):
        sentences = [*_none(material), *sentences]
    return SectionText(
        paragraphs(sentences, [_pair(f, is_first=i == 0) for i, f in enumerate(pairs)]),
        drawn=(*trends, *pairs),
    )


def _none(material: Material) -> list[Sentence]:
    if not material.is_requested("trend"):
        return [sentence_of("none", "This review was not asked for trends.")]
    if material.extent is None or not material.facts.tests:
        return [sentence_of("none", "There is too little history to speak of a trend.")]
    template = "As a whole, no metric shows a trend clear of chance over {{e.period}}."
    return [sentence_of("none", template, e=material.extent)]


def _trend(f: Fact) -> Sentence:
    who = "{{f.metric}} {{f.scope}}" if f.scope else "{{f.metric}}"
    doubt = "" if is_significant(f) else ", though chance is not ruled out (q {{f.q}})"
    if f.direction == "flat":
        return sentence_of(
            "trend", f"{who} {{{{f.direction}}}} over {{{{f.periods}}}} {{{{f.step}}}}s.", f=f
        )
    if not any(digit in "123456789" for digit in format_quantity(f["slope"])):
        template = (
            f"{who} {{{{f.direction}}}} by about {{{{f.total.abs}}}} over {{{{f.periods}}}} "
            f"{{{{f.step}}}}s{doubt}."
        )
        return sentence_of("trend", template, f=f)
    template = (
        f"{who} {{{{f.direction}}}} by about {{{{f.slope.abs}}}} a {{{{f.step}}}} over "
        f"{{{{f.periods}}}} {{{{f.step}}}}s, {{{{f.total.abs}}}} in all{doubt}."
    )
    return sentence_of("trend", template, f=f)


def _pair(f: Fact, *, is_first: bool) -> Sentence:
    how = "the same way" if f["rho"].value > 0 else "opposite ways"
    lag = ", the latter {{f.lag}} {{f.grain}}s later" if f["lag"].value else ""
    note = "; that is no proof that either acts on the other" if is_first else ""
    template = (
        f"{{{{f.metric}}}} and {{{{f.other_label}}}} tend to move {how}{lag} "
        f"(rank correlation {{{{f.rho}}}} over {{{{f.periods}}}} {{{{f.step}}}}s){note}."
    )
    return sentence_of("correlation", template, f=f)
