"""Where a change came from: plain arithmetic over members, never a cause."""

from __future__ import annotations

from decimal import Decimal

from mirrorbi.facts.fact import Fact
from mirrorbi.narrative.rules.material import Material
from mirrorbi.narrative.rules.phrasing import (
    SectionText,
    is_unchanged,
    joined,
    listing,
    movement,
    paragraphs,
    sentence_of,
)
from mirrorbi.wording.sentence import Sentence

DIMENSIONS = 3
"""Dimensions along which the change that leads is followed."""

MEMBERS = 3
"""Members named per dimension."""

OTHERS = 1
"""Further metrics whose largest part is told."""

SLIGHT = Decimal("0.1")
"""Part of a change up to which the mix hardly matters."""


def section_text(material: Material) -> SectionText:
    """Return where the change that leads came from, and the largest part of others."""
    lead = material.lead
    if lead is None or lead.direction == "flat":
        return SectionText(
            paragraphs([_nothing(material), *_spread(material)]), drawn=_largest_members(material)
        )
    parts = _by_dimension(material, lead.metric)
    split = _split(material, lead.metric)
    whole = [*_simpson(material, lead.metric), *_broad(material, lead.metric), *_mix(split)]
    drivers = [
        sentence
        for i, group in enumerate(parts[:DIMENSIONS])
        for sentence in _members(group, is_first=i == 0)
    ]
    if not parts:
        drivers = _scopes(material, lead)
    text = paragraphs(whole, drivers, [*_others(material, lead), *_range(material, lead.metric)])
    return SectionText(text or paragraphs([_nothing(material)]), drawn=_drawn(material, lead))


def _drawn(material: Material, lead: Fact) -> tuple[Fact, ...]:
    """Return what is worth a chart: a split, then who stands out, then other splits."""
    metric = lead.metric
    splits = [f for f in material.of("contribution", "mix", metric=metric) if f.table]
    ranks = [f for f in material.of("rank", metric=metric) if f.table]
    by = splits[0].terms.get("by") if splits else None
    ranks.sort(key=lambda f: (f.direction != lead.direction, f.terms.get("by") != by))
    reversal = material.of("simpson", metric=metric)
    others = [f for f in material.of("contribution", "mix") if f.table and f.metric != metric]
    return (*reversal, *splits[:1], *ranks[:1], *others[:1], *splits[1:], *ranks[1:])


def _nothing(material: Material) -> Sentence:
    if material.lead is not None and material.lead.direction != "flat":
        withheld = material.best("withheld")
        qualifier = " that may be shown" if withheld is not None and withheld["cells"].value else ""
        template = "No dimension of the data splits the {{f.gain}} in {{f.metric}} into parts"
        return sentence_of("none", f"{template}{qualifier}.", f=material.lead)
    return sentence_of("none", "There is no change to trace to its parts.")


def _spread(material: Material) -> list[Sentence]:
    """Return how the whole is spread over members, where no change is told."""
    sentences = []
    for group in shares(material)[:DIMENSIONS]:
        text, names = listing(group[1:MEMBERS], "{{@.entity}} for {{@.share}}", name="g")
        more = f" and {text}" if len(names) == 1 else f", {text}" if names else ""
        template = "By {{f.dimension}}, {{f.entity}} accounts for {{f.share}} of {{f.metric}}"
        sentences.append(sentence_of("share", f"{template}{more}.", f=group[0], **names))
    for metric in dict.fromkeys(f.metric for f in material.of("rank")):
        sentences += _range(material, metric)[:1]
    return sentences[: 2 * DIMENSIONS]


def shares(material: Material) -> list[list[Fact]]:
    """Return the shares by dimension of the last metric that has any: amounts follow counts."""
    groups: dict[tuple[int, str], list[Fact]] = {}
    for f in material.of("share"):
        groups.setdefault((-material.model_order(f.metric), f.terms.get("by", "")), []).append(f)
    last = min((place for place, _ in groups), default=0)
    last_groups = [group for (place, _), group in groups.items() if place == last]
    for group in last_groups:
        group.sort(key=lambda f: (f["rank"].value, f.id))
    return last_groups


def _largest_members(material: Material) -> tuple[Fact, ...]:
    largest = [f for group in shares(material) for f in group[:1]]
    return (*largest, *material.of("concentration", "rank"))


def _by_dimension(material: Material, metric: str) -> list[list[Fact]]:
    """Return the parts of a change by dimension, the dimension that says most first."""
    groups: dict[str, list[Fact]] = {}
    for fact in material.of("mix_part", "contribution", metric=metric):
        groups.setdefault(fact.terms.get("by", ""), []).append(fact)
    for group in groups.values():
        group.sort(key=lambda f: f["rank"].value)
    return list(groups.values())


def _split(material: Material, metric: str) -> Fact | None:
    """Return the mix and rate split in the dimension whose mix matters most."""
    splits = material.of("mix", metric=metric)
    return max(splits, key=lambda f: (abs(f["mix"].value), f.score, f.id), default=None)


def _mix(m: Fact | None) -> list[Sentence]:
    if m is None or m.direction == "flat":
        return []
    if abs(m["mix"].value) <= SLIGHT * abs(m["delta"].value):
        template = (
            "The mix of {{m.dimensions}} hardly mattered: it accounts for {{m.mix.signed}}, "
            "{{m.metric}} within them for {{m.rate.signed}}."
        )
    else:
        template = (
            "A changed mix of {{m.dimensions}} accounts for {{m.mix.signed}}, {{m.metric}} within "
            "them for {{m.rate.signed}}; together that is the {{m.delta.signed}}."
        )
    return [sentence_of("mix", template, m=m)]


def _simpson(material: Material, metric: str) -> list[Sentence]:
    template = (
        "{{f.metric}} {{f.direction}} overall, yet it moved the other way for {{f.opposite}} of "
        "the {{f.members}} {{f.dimensions}} large enough to count: their mix made the difference."
    )
    return [
        sentence_of("simpson", template, f=f) for f in material.of("simpson", metric=metric)[:1]
    ]


def _broad(material: Material, metric: str) -> list[Sentence]:
    breadths = [f for f in material.member_facts if f.kind == "breadth" and f.metric == metric]
    if not breadths or material.of("simpson", metric=metric):
        return []
    breadths.sort(key=lambda f: (-f["members"].value, f.id))
    names = {f"b{i + 1}": f for i, f in enumerate(breadths[:2])}
    text = joined([_of(f, name) for name, f in names.items()])
    broad = all(f["same"].value >= Decimal("0.75") * f["members"].value for f in breadths[:2])
    opening = "The {{b1.gain}} is broad: it shows for" if broad else "The {{b1.gain}} shows for"
    return [sentence_of("breadth", f"{opening} {text}.", **names)]


def _of(f: Fact, name: str) -> str:
    hidden = "some_hidden" in f.caveats
    members = f"{{{{{name}.members}}}} {{{{{name}.dimensions}}}}{' shown' if hidden else ''}"
    if f["same"].value == f["members"].value:
        return f"all {members}"
    return f"{{{{{name}.same}}}} of {'the ' if hidden else ''}{members}"


def _members(group: list[Fact], *, is_first: bool) -> list[Sentence]:
    """Return who contributed how much, and for the first dimension what happened there."""
    top = group[0]
    size, total = ("effect", "delta") if top.kind == "mix_part" else ("delta", "total_delta")
    least = SLIGHT * abs(top[size].value)
    large = [f for f in group if abs(f[size].value) >= least]
    named = [f for f in large if f[size].value * top[size].value > 0][:MEMBERS]
    against = [f for f in large if f[size].value * top[size].value < 0][:1]
    other = f", against {{{{o.{size}.signed}}}} of {{{{o.entity}}}}" if against else ""
    names = {"o": against[0]} if against else {}
    if abs(top[size].value) < SLIGHT * abs(top[total].value):
        template = (
            "By {{f.dimension}} it is spread thin: the largest part, {{f.entity}}, comes to "
            f"{{{{f.{size}.signed}}}}."
        )
        return [sentence_of("driver", template, f=top)]
    if is_first:
        text, more = listing(named[1:], f"{{{{@.entity}}}} {{{{@.{size}.signed}}}}", name="g")
        text = f"{{{{f.entity}}}} contributed {{{{f.{size}.signed}}}}" + (
            f", {text}" if len(named) == MEMBERS else f" and {text}" if text else ""
        )
        template = f"By {{{{f.dimension}}}}, {text}{other}{_within(top)}."
        return [sentence_of("driver", template, f=top, **names, **more)]
    text, more = listing(named, f"{{{{@.entity}}}} ({{{{@.{size}.signed}}}})")
    noun = "parts are" if len(named) > 1 else "part is"
    template = f"By {{{{f1.dimension}}}}, the largest {noun} {text}{other}."
    return [sentence_of("driver", template, **names, **more)]


def _within(f: Fact) -> str:
    """Return what the metric itself did for a member, as a piece of template."""
    if not {"base", "value"} <= set(f.quantities) or is_unchanged(f):
        return ""
    way = "went from {{f.base.bare}} to {{f.value}}"
    if (f["value"].value - f["base"].value) * f[f.estimate].value > 0:
        way = movement(f)
    return f"; {{{{f.metric}}}} for {{{{f.entity}}}} {way}"


def _scopes(material: Material, lead: Fact) -> list[Sentence]:
    """Return the largest changes of members, for metrics that do not split into parts."""
    sentences: list[Sentence] = []
    scoped = [f for f in material.of("change", metric=lead.metric) if len(f.scope) == 1]
    groups: dict[str, list[Fact]] = {}
    for fact in scoped:
        if fact.direction == lead.direction and "small_n" not in fact.caveats:
            groups.setdefault(fact.scope[0][0], []).append(fact)
    for group in list(groups.values())[:DIMENSIONS]:
        group.sort(key=lambda f: (-abs(f["delta"].value), f.id))
        text, names = listing(group[:MEMBERS], "{{@.entity}} ({{@.delta.signed}})")
        who = "it" if sentences else "{{f1.metric}}"
        most = " the most" if len(group) > 1 else ""
        among = ", of those shown," if most and "some_hidden" in group[0].caveats else ""
        template = f"By {{{{f1.dimension}}}}, {who} {{{{f1.direction}}}}{most}{among} for {text}."
        sentences.append(sentence_of("driver", template, **names))
    return sentences


def _others(material: Material, lead: Fact) -> list[Sentence]:
    """Return the largest part of the change of other metrics, one sentence each."""
    sentences: list[Sentence] = []
    for change in material.changes[1:]:
        if len(sentences) == OTHERS or change.direction == "flat" or is_unchanged(change):
            continue
        f = material.best("mix_part", "contribution", metric=change.metric)
        if f is None or f["rank"].value != 1 or f.direction != change.direction:
            continue
        if f.kind == "contribution":
            if "share" not in f.quantities or f["share"].value > 1:
                continue
            template = (
                "{{f.entity}} accounts for {{f.share}} of the {{f.total_delta.gain}} in "
                "{{f.metric}} ({{f.delta.abs.bare}} of {{f.total_delta.abs}})."
            )
        else:
            template = (
                "Of the {{f.delta.abs}} that {{f.metric}} {{f.direction}}, {{f.effect.abs}} came "
                "from {{f.entity}}"
            )
            has_values = "base" in f.quantities and "value" in f.quantities and not is_unchanged(f)
            template += (
                ", where it went from {{f.base.bare}} to {{f.value}}." if has_values else "."
            )
        sentences.append(sentence_of("driver", template, f=f))
    return sentences


def _range(material: Material, metric: str) -> list[Sentence]:
    """Return which members have the highest and the lowest value."""
    ranks = material.of("rank", metric=metric)
    for by in dict.fromkeys(f.terms.get("by") for f in ranks):
        ends = {f.direction: f for f in ranks if f.terms.get("by") == by}
        if "up" in ends and "down" in ends and ends["up"]["of"].value > MEMBERS:
            template = (
                "{{h.when}}, {{h.metric}} ran from {{l.value}} for {{l.entity}} to {{h.value}} for "
                "{{h.entity}}, among {{h.of}} {{h.dimensions}} with enough rows to compare."
            )
            return [sentence_of("range", template, l=ends["down"], h=ends["up"])]
    return []
