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
        few = [f for f in material.whole("value") if "small_n" in f.caveats]
        return Told(paragraphs([_nothing(material), *(_few(f) for f in few[:1])]))
    others = material.changes[1:TOLD]
    good, bad, plain = (
        [f for f in others if f.good is verdict and not stays(f)] for verdict in (True, False, None)
    )
    same, other = (bad, good) if lead.good is False else (good, bad)
    told = [
        *_moves(same, "Also {{f1.better}}: " if lead.good is not None else "{{f1.better}}: "),
        *_moves(other, "But {{f1.better}}: " if lead.good is not None else "{{f1.better}}: "),
        *_moves(plain, ""),
        *_still([f for f in others if stays(f)]),
    ]
    return Told(
        paragraphs(
            [*_lead(material, lead), *_unfinished(material)],
            told,
            _judged(material.changes[:TOLD]),
        ),
        drawn=tuple(material.changes),
    )


def _nothing(material: Material) -> Sentence:
    if not material.looked_for("change"):
        return say("none", "This review was not asked for changes.")
    if material.sweep.period is None:
        return say("none", "The data has no time, so nothing can be compared with an earlier date.")
    covered = material.first("coverage")
    several = (
        covered is not None and "periods" in covered.quantities and covered["periods"].value > 1
    )
    if material.hidden is not None and several:
        return say("none", "No change can be told, as periods of too few rows are not shown.")
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
    elif lead.compare != "average":
        found.append(say("amount", "{{f.baseline.when}} it came to {{f.base}}.", f=lead))
    if "small_n" in lead.caveats:
        found.append(_few(lead))
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


def _few(f: Fact) -> Sentence:
    template = "Only {{f.n}} {{f.n:row stands|rows stand}} behind this: too few to judge."
    return say("caveat", template, f=f)


def _unfinished(material: Material) -> list[Sentence]:
    fact = material.first("incomplete")
    if fact is None or material.lead is None or fact.period != material.lead.period:
        return []
    template = "{{f.period}} is not over in the data: it covers {{f.days}} of {{f.of}} days."
    return [say("caveat", template, f=fact)]


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
    return [say("change", f"{opening}{joined(parts)}.", **names)] if parts else []


def _still(facts: Sequence[Fact]) -> list[Sentence]:
    text, names = listing(facts, "{{@.metric}} at {{@.value}}")
    how = "Unchanged" if all(f.direction == "flat" for f in facts) else "Hardly moved"
    return [say("change", f"{how}: {text}.", **names)] if facts else []


def _judged(facts: Sequence[Fact]) -> list[Sentence]:
    """Return how the changes compare with the earlier ones of their own series."""
    tested = [f for f in facts if f.q is not None]
    if not tested:
        what = "whether this" if len(facts) == 1 else "which of these"
        return [say("judged", f"There is too little history to say {what} is unusual.")]
    names = {"f": tested[0]}
    standing = [f for f in tested if clear(f)]
    opening = "Against the usual changes over as long a time, "
    if _neighbours(tested[0]):
        opening = "Against the usual swings from {{f.grain}} to {{f.grain}}, "
    if not standing:
        what = "none of these changes stands out"
        if len(facts) == 1:
            what = "this change does not stand out"
        return [
            say(
                "judged",
                f"{opening}{what}, given the number of tests.",
                **names,
            )
        ]
    text, more = listing(standing, "{{@.metric}} (q {{@.q}})", name="g")
    rest = "; the others did not" if len(standing) < len(tested) else ""
    return [
        say(
            "judged",
            f"{opening}{text} stood out, given the number of tests{rest}.",
            **names,
            **more,
        )
    ]


def _neighbours(f: Fact) -> bool:
    """Return whether a change is that from one step of time to the next."""
    return f.period is not None and f.baseline is not None and f.baseline.end == f.period.start
