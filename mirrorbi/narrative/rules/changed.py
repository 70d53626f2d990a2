"""What changed, by how much, and whether that is out of the ordinary."""

from __future__ import annotations

from collections.abc import Sequence

from mirrorbi.facts.fact import Fact
from mirrorbi.narrative.rules.material import Material, clear
from mirrorbi.narrative.rules.phrasing import (
    Told,
    by_percent,
    joined,
    listing,
    movement,
    paragraphs,
    say,
    stays,
)
from mirrorbi.wording.sentence import Sentence

TOLD = 7
"""Metrics whose change is told."""


def tell(material: Material) -> Told:
    """Return what changed."""
    lead = material.lead
    if lead is None:
        return Told(paragraphs([_nothing(material)]))
    others = material.changes[1:TOLD]
    groups = [
        [f for f in others if f.good is not None and f.good == lead.good],
        [f for f in others if f.good is not None and f.good != lead.good],
        [f for f in others if f.good is None],
    ]
    told = [
        *_moves(groups[0], "Also {{f1.better}}: "),
        *_moves(groups[1], "On the other hand, {{f1.better}}: "),
        *_moves(groups[2], ""),
    ]
    return Told(
        paragraphs(
            [*_lead(material, lead), *_unfinished(material)],
            told,
            _judged(material, material.changes[:TOLD]),
        ),
        drawn=tuple(material.changes),
    )


def _nothing(material: Material) -> Sentence:
    if not material.looked_for("change"):
        return say("none", "This review was not asked for changes.")
    if material.sweep.period is None:
        return say("none", "The data has no time, so nothing can be compared with an earlier date.")
    return say("none", "There is nothing to compare {{s.period}} with.", s=material.sweep)


def _lead(material: Material, lead: Fact) -> list[Sentence]:
    found = []
    if lead.interval and lead.direction != "flat":
        low, high, _ = lead.interval
        template = (
            "Measured on {{f.n}} rows, the {{f.gain}} in {{f.metric}} is {{f.interval.abs}} at "
            "{{f.level}} confidence."
            if low * high > 0
            else "With {{f.n}} rows the {{f.gain}} in {{f.metric}} cannot be told from no change: "
            "at {{f.level}} confidence it is between {{f.interval}}."
        )
        found.append(say("interval", template, f=lead))
    elif by_percent(lead):
        template = "That is {{f.delta.abs}} {{f.side}} the {{f.base}} of {{f.baseline}}."
        found.append(say("amount", template, f=lead))
    for other in material.elsewhere("change", lead.metric):
        if other.compare != lead.compare and other.direction != "flat":
            found.append(
                say(
                    "change",
                    "Against {{f.baseline.full}}, {{f.metric}} {{f.direction}} by {{f.delta.abs}}, "
                    "from {{f.base}}.",
                    f=other,
                )
            )
    return found


def _unfinished(material: Material) -> list[Sentence]:
    fact = material.first("incomplete")
    if fact is None or material.lead is None or fact.period != material.lead.period:
        return []
    template = "{{f.period}} is not over in the data: it covers {{f.days}} of {{f.of}} days."
    return [say("caveat", template, f=fact)]


def _moves(facts: Sequence[Fact], opening: str) -> list[Sentence]:
    """Return one sentence for the metrics that moved the same way, and one per other way."""
    found: list[Sentence] = []
    for direction in dict.fromkeys("flat" if stays(f) else f.direction for f in facts):
        group = [f for f in facts if ("flat" if stays(f) else f.direction) == direction]
        start = opening if not found else ""
        if direction == "flat":
            text, names = listing(group, "{{@.metric}} at {{@.value}}")
            found.append(say("change", f"Little moved: {text}.", **names))
            continue
        names = {f"f{i + 1}": f for i, f in enumerate(group)}
        parts = [
            f"{{{{{name}.metric}}}} {movement(f, name, verb=name == 'f1')}"
            for name, f in names.items()
        ]
        found.append(say("change", f"{start}{joined(parts)}.", **names))
    return found


def _judged(material: Material, facts: Sequence[Fact]) -> list[Sentence]:
    """Return how the changes compare with the earlier ones of their own series."""
    tested = [f for f in facts if f.q is not None]
    if not tested:
        return [say("judged", "There is too little history to say which of these is unusual.")]
    names = {"f": tested[0], "s": material.sweep}
    standing = [f for f in tested if clear(f)]
    opening = "Against the usual swings from {{f.grain}} to {{f.grain}}, "
    if not standing:
        return [
            say(
                "judged",
                opening
                + "none of these changes stands out once all {{s.tests}} tests of this review are "
                "allowed for.",
                **names,
            )
        ]
    text, more = listing(standing, "{{@.metric}} (q {{@.q}})", name="g")
    verb = "stands" if len(standing) == 1 else "stand"
    rest = "; the others do not" if len(standing) < len(tested) else ""
    return [
        say(
            "judged",
            f"{opening}{text} {verb} out once all {{{{s.tests}}}} tests are allowed for{rest}.",
            **names,
            **more,
        )
    ]
