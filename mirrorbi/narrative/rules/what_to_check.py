"""What to check next: questions that follow from the facts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mirrorbi.facts.fact import Fact
from mirrorbi.narrative.rules.material import Material, is_significant
from mirrorbi.narrative.rules.phrasing import SectionText, is_unchanged, movement, sentence_of
from mirrorbi.wording.sentence import Sentence

MOST = 6
"""Points in the list."""

OFTEN = Decimal("0.2")
"""Part of a column from which its gaps are asked about."""


def section_text(material: Material) -> SectionText:
    """Return the questions, the ones about the data itself first."""
    questions = [
        *_late(material),
        *_broken(material),
        *_unfinished(material),
        *_unlike(material),
        *_member_moves(material),
        *_moved(material),
        *_small(material),
        *_wait(material),
    ]
    return SectionText(
        points=tuple(questions[:MOST]) or (sentence_of("none", "Nothing here calls for a check."),)
    )


def _late(material: Material) -> Iterator[Sentence]:
    f = material.best("late_data")
    if f is not None:
        template = (
            "Is all the data in {{f.when}}? {{f.rows}} rows are there of about {{f.expected}} "
            "expected."
        )
        yield sentence_of("check", template, f=f)


def _broken(material: Material) -> Iterator[Sentence]:
    """Ask about rows that repeat or are missing, and about columns that are often empty."""
    for f in material.of("duplicates"):
        if f["duplicates"].value:
            template = "Are the {{f.duplicates}} repeated {{f.duplicates:row|rows}} meant to count?"
            yield sentence_of("check", template, f=f)
    holes = [f for f in material.of("missing_periods") if f["missing"].value]
    for f in holes[:1]:
        template = (
            "Were there no rows to record, or did they not arrive? {{f.missing}} "
            "{{f.missing:"
            + f"{f.terms.get('step', 'period')}|{f.terms.get('step', 'period')}s"
            + "}} "
            "{{f.missing:is|are}} empty."
        )
        yield sentence_of("check", template, f=f)
    for f in material.of("nulls")[:2]:
        if f["share"].value >= OFTEN:
            yield sentence_of(
                "check", "Is it right that {{f.share}} of {{f.metric}} is empty?", f=f
            )


def _unfinished(material: Material) -> Iterator[Sentence]:
    f = material.best("incomplete")
    if f is None:
        return
    reviewed = material.sweep.period
    template = (
        "Run this again when {{f.period}} is over: it covers {{f.days}} of {{f.of}} days so far."
        if f.period == reviewed
        else "{{f.period}} was left out, as the data covers {{f.days}} of its {{f.of}} days."
    )
    yield sentence_of("check", template, f=f)


def _unlike(material: Material) -> Iterator[Sentence]:
    lead = material.lead
    if lead is not None and "unequal_length" in lead.caveats:
        template = (
            "Compare per day as well: {{f.period}} and {{f.baseline}} are not of the same length."
        )
        yield sentence_of("check", template, f=lead)


def _member_moves(material: Material) -> Iterator[Sentence]:
    """Ask what happened where the metric itself moved the most, outside the first dimension."""
    lead = material.lead
    if lead is None:
        return
    parts = material.of("mix_part", "contribution", metric=lead.metric)
    dimensions = list(dict.fromkeys(f.terms.get("by") for f in parts))
    for by in dimensions[1:3]:
        f = _largest_move(parts, by)
        if f is not None:
            question = "What changed for {{f.dimension}} {{f.entity}}? "
            yield sentence_of("check", f"{question}{{{{f.metric}}}} there {movement(f)}.", f=f)


def _largest_move(parts: list[Fact], by: str | None) -> Fact | None:
    candidates = [
        f
        for f in parts
        if f.terms.get("by") == by
        and "small_n" not in f.caveats
        and {"base", "value"} <= set(f.quantities)
        and (f["value"].value - f["base"].value) * f[f.estimate].value > 0
        and not is_unchanged(f)
    ]
    return max(
        candidates, key=lambda f: (abs(f["value"].value - f["base"].value), f.id), default=None
    )


def _moved(material: Material) -> Iterator[Sentence]:
    for f in material.member_facts:
        is_single = f.quantities["members"].value == 1 if "members" in f.quantities else False
        noun = "{{f.dimension}}" if is_single else "{{f.dimensions}}"
        if f.kind == "vanished":
            template = (
                f"Closed, renamed or missing? The {noun} {{{{f.names}}}} had rows in "
                "{{f.baseline}} and none in {{f.period}}."
            )
        elif f.kind == "appeared":
            template = (
                f"New, renamed or late? The {noun} {{{{f.names}}}} had rows in "
                "{{f.period}} and none in {{f.baseline}}."
            )
        else:
            continue
        yield sentence_of("check", template, f=f)


def _small(material: Material) -> Iterator[Sentence]:
    ranks = [f for f in material.of("rank") if "small_left_out" in f.caveats]
    lead = material.lead
    for f in sorted(ranks, key=lambda f: (lead is None or f.metric != lead.metric, -f.score, f.id)):
        is_single = f["left_out"].value == 1
        noun = "{{f.dimension}} has" if is_single else "{{f.dimensions}} have"
        template = (
            f"{{{{f.left_out}}}} {noun} too few rows to be compared by {{{{f.metric}}}}; leave "
            "{{f.left_out:it|them}} out of rankings."
        )
        yield sentence_of("check", template, f=f)
        return


def _wait(material: Material) -> Iterator[Sentence]:
    tested = [f for f in material.changes if f.q is not None]
    lead = material.lead
    if lead is None or lead.period is None or lead.period.grain is None:
        return
    if tested and not any(is_significant(f) for f in tested):
        yield sentence_of("check", "Will it last? {{f.next}} will tell.", f=lead)
