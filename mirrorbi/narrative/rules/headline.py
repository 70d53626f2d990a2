"""The finding in one sentence."""

from __future__ import annotations

from mirrorbi.facts.fact import Fact
from mirrorbi.narrative.rules import quality
from mirrorbi.narrative.rules.drivers import shares
from mirrorbi.narrative.rules.material import Material
from mirrorbi.narrative.rules.phrasing import (
    SectionText,
    by_percent,
    filtered,
    paragraphs,
    sentence_of,
)
from mirrorbi.wording.sentence import Sentence


def section_text(material: Material) -> SectionText:
    """Return the headline."""
    return SectionText(paragraphs([_headline(material)]))


def _headline(material: Material) -> Sentence:
    if material.lead is not None:
        return sentence_of_change(material.lead)
    value = _value(material)
    if value is not None:
        when = " {{f.when}}" if value.period else ""
        part = next((group[0] for group in shares(material)), None)
        template = f"{{{{f.metric}}}} came to {{{{f.value}}}}{when}"
        if part is not None and part.metric == value.metric:
            template += ", of which {{g.entity}} accounts for {{g.share}}"
        return sentence_of("headline", f"{template}{filtered(value)}.", f=value, g=part or value)
    if (
        material.withheld_periods is not None
        and material.is_requested("change")
        and material.sweep.period
    ):
        template = "Too few rows stand behind {{s.period}} to show a figure of it."
        return sentence_of("headline", template, s=material.sweep)
    return quality.headline(material) or sentence_of("headline", "There is no data to review.")


def sentence_of_change(f: Fact) -> Sentence:
    """Return what became of a metric, against what, in one sentence."""
    if f.direction == "flat":
        template = "{{f.metric}} {{f.direction}} at {{f.value}} {{f.when}}, as in {{f.baseline}}"
    else:
        size = "pct" if by_percent(f) else "delta"
        template = (
            "{{f.metric}} {{f.direction}} to {{f.value}} {{f.when}}, "
            f"{{{{f.{size}.abs}}}} {{{{f.side}}}} {{{{f.baseline}}}}"
        )
    return sentence_of("headline", f"{template}{filtered(f)}.", f=f)


def _value(material: Material) -> Fact | None:
    split = {group[0].metric for group in shares(material)}
    return min(
        material.whole("value"),
        key=lambda f: (
            f.metric not in split,
            f.better is None,
            material.model_order(f.metric),
            f.id,
        ),
        default=None,
    )
