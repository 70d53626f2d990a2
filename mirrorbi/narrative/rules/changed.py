"""What changed, by how much, and whether that is out of the ordinary."""

from __future__ import annotations

from collections.abc import Sequence

from mirrorbi.facts.fact import Fact
from mirrorbi.narrative.rules.material import Material, is_significant
from mirrorbi.narrative.rules.phrasing import (
    SectionText,
    by_percent,
    is_unchanged,
    joined,
    listing,
    movement,
    paragraphs,
    sentence_of,
)
from mirrorbi.wording.sentence import Sentence

METRICS = 7
"""Metrics whose change is told."""


def section_text(material: Material) -> SectionText:
    """Return what changed."""
    lead = material.lead
    if lead is None:
        small = [f for f in material.whole("value") if "small_n" in f.caveats]
        told = [_nothing(material), *(_small_sample(f) for f in small[:1])]
        return SectionText(
            paragraphs(told, _durations(material)), drawn=tuple(material.whole("duration"))
        )
    others = material.changes[1:METRICS]
    good, bad, plain = (
        [f for f in others if f.good is verdict and not is_unchanged(f)]
        for verdict in (True, False, None)
    )
    same, other = (bad, good) if lead.good is False else (good, bad)
    moves = [
        *_moves(same, "Also {{f1.better}}: " if lead.good is not None else "{{f1.better}}: "),
        *_moves(other, "But {{f1.better}}: " if lead.good is not None else "{{f1.better}}: "),
        *_moves(plain, ""),
        *_unmoved([f for f in others if is_unchanged(f)]),
    ]
    return SectionText(
        paragraphs(
            [*_lead(material, lead), *_unfinished(material)],
            moves,
            _significance(material.changes[:METRICS]),
            _durations(material),
        ),
        drawn=(*material.changes, *material.whole("duration")),
    )


def _nothing(material: Material) -> Sentence:
    if not material.is_requested("change"):
        return sentence_of("none", "This review was not asked for changes.")
    if material.sweep.period is None:
        return sentence_of(
            "none", "The data has no time, so nothing can be compared with an earlier date."
        )
    covered = material.best("coverage")
    several = (
        covered is not None and "periods" in covered.quantities and covered["periods"].value > 1
    )
    if material.withheld_periods is not None and several:
        return sentence_of(
            "none", "No change can be told, as periods of too few rows are not shown."
        )
    return sentence_of("none", "There is nothing to compare {{s.period}} with.", s=material.sweep)


def _lead(material: Material, lead: Fact) -> list[Sentence]:
    sentences = []
    if lead.interval and lead.direction != "flat":
        low, high, _ = lead.interval
        template = (
            "Measured on {{f.n}} rows, the {{f.gain}} in {{f.metric}} is {{f.interval.abs}} at "
            "{{f.level}} confidence."
            if low * high > 0
            else "With {{f.n}} rows the {{f.gain}} in {{f.metric}} cannot be told from no change: "
            "at {{f.level}} confidence it is between {{f.interval}}."
        )
        sentences.append(sentence_of("interval", template, f=lead))
    elif by_percent(lead):
        template = "That is {{f.delta.abs}} {{f.side}} the {{f.base}} of {{f.baseline}}."
        sentences.append(sentence_of("amount", template, f=lead))
    elif lead.compare != "average":
        sentences.append(
            sentence_of("amount", "{{f.baseline.when}} it came to {{f.base}}.", f=lead)
        )
    if "small_n" in lead.caveats:
        sentences.append(_small_sample(lead))
    for other in material.in_other_sweeps("change", lead.metric):
        if other.compare != lead.compare and other.direction != "flat":
            sentences.append(
                sentence_of(
                    "change",
                    "Against {{f.baseline.full}}, {{f.metric}} {{f.direction}} by {{f.delta.abs}}, "
                    "from {{f.base}}.",
                    f=other,
                )
            )
    return sentences


def _small_sample(f: Fact) -> Sentence:
    template = "Only {{f.n}} {{f.n:row stands|rows stand}} behind this: too few to judge."
    return sentence_of("caveat", template, f=f)


def _unfinished(material: Material) -> list[Sentence]:
    fact = material.best("incomplete")
    if fact is None or material.lead is None or fact.period != material.lead.period:
        return []
    template = "{{f.period}} is not over in the data: it covers {{f.days}} of {{f.of}} days."
    return [sentence_of("caveat", template, f=fact)]


def _moves(facts: Sequence[Fact], opening: str) -> list[Sentence]:
    """Return one sentence for metrics that moved; a verb serves until the next one differs."""
    parts = []
    names: dict[str, Fact] = {}
    before = None
    for i, fact in enumerate(sorted(facts, key=lambda f: f.direction != facts[0].direction)):
        name = f"f{i + 1}"
        names[name] = fact
        verb = fact.direction != before
        parts.append(f"{{{{{name}.metric}}}} {movement(fact, name, verb=verb)}")
        before = fact.direction
    return [sentence_of("change", f"{opening}{joined(parts)}.", **names)] if parts else []


def _unmoved(facts: Sequence[Fact]) -> list[Sentence]:
    text, names = listing(facts, "{{@.metric}} at {{@.value}}")
    how = "Unchanged" if all(f.direction == "flat" for f in facts) else "Hardly moved"
    return [sentence_of("change", f"{how}: {text}.", **names)] if facts else []


def _significance(facts: Sequence[Fact]) -> list[Sentence]:
    """Return how the changes compare with the earlier ones of their own series."""
    tested = [f for f in facts if f.q is not None]
    if not tested:
        changes_text = "whether this" if len(facts) == 1 else "which of these"
        return [
            sentence_of("judged", f"There is too little history to say {changes_text} is unusual.")
        ]
    names = {"f": tested[0]}
    significant = [f for f in tested if is_significant(f)]
    opening = "Against the usual changes over as long a time, "
    if _is_consecutive(tested[0]):
        opening = "Against the usual swings from {{f.grain}} to {{f.grain}}, "
    if not significant:
        changes_text = "none of these changes stands out"
        if len(facts) == 1:
            changes_text = "this change does not stand out"
        return [
            sentence_of(
                "judged",
                f"{opening}{changes_text}, given the number of tests.",
                **names,
            )
        ]
    text, more = listing(significant, "{{@.metric}} (q {{@.q}})", name="g")
    remainder = "; the others did not" if len(significant) < len(tested) else ""
    return [
        sentence_of(
            "judged",
            f"{opening}{text} stood out, given the number of tests{remainder}.",
            **names,
            **more,
        )
    ]


def _is_consecutive(f: Fact) -> bool:
    """Return whether a change is that from one step of time to the next."""
    return f.period is not None and f.baseline is not None and f.baseline.end == f.period.start


def _durations(material: Material) -> list[Sentence]:
    """Return how long things take, and for whom the longest."""
    sentences = []
    for f in material.whole("duration"):
        when = " {{f.when}}" if f.period else ""
        p90 = ", {{f.within}} within {{f.p90}}" if "p90" in f.quantities else ""
        still = "; {{f.open}} {{f.open:is|are}} still open" if "open" in f.quantities else ""
        template = f"{{{{f.metric}}}}{when}: a median of {{{{f.median}}}}"
        sentences.append(sentence_of("duration", f"{template}{p90}{still}.", f=f))
    for f in material.of("duration"):
        if f.scope:
            template = (
                "By {{f.dimension}}, {{f.metric}} was longest for {{f.entity}}: a median of "
                "{{f.median}}, {{f.overall}} overall."
            )
            sentences.append(sentence_of("duration", template, f=f))
    return sentences[: 2 * METRICS]
