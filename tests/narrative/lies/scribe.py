"""A scripted Claude: writes an analysis from the payload that it received, as instructed."""

from __future__ import annotations

import json


def payload_of(texts):
    """Return the facts payload among the texts of a message."""
    for text in texts:
        try:
            value = json.loads(text)
        except ValueError:
            continue
        if isinstance(value, dict) and "facts" in value:
            return value
    raise AssertionError("no facts were sent")


def analysis(payload):
    """Return the answer that an honest writer gives for these facts."""
    facts = payload["facts"]
    said = []
    whole = [f for f in facts if f["kind"] == "change" and not f.get("scope")]
    lead = next((f for f in whole if f.get("good") is False), whole[0])
    rest = [f for f in whole if f is not lead and f["compare"] == lead["compare"]]
    parts = [
        f
        for f in facts
        if f["kind"] in ("mix_part", "contribution") and f["metric"] == lead["metric"]
    ]
    by = parts[0]["terms"]["by"] if parts else ""
    parts = [f for f in parts if f["terms"]["by"] == by][:3]

    def add(section, template, *cited, kind="finding", compare=False):
        for place, fact in enumerate(cited):
            template = template.replace("{{" + "fgh"[place] + ".", "{{" + fact["name"] + ".")
        said.append(
            {
                "id": f"s{len(said) + 1}",
                "section": section,
                "kind": kind,
                "compare": compare,
                "facts": [fact["name"] for fact in cited],
                "template": template,
            }
        )

    add(
        "headline",
        "{{f.metric}} {{f.direction}} to {{f.value}} {{f.when}}, "
        "{{f.delta.abs}} {{f.side}} {{f.baseline}}.",
        lead,
    )
    add("changed", "{{f.baseline.when}}, {{f.metric}} stood at {{f.base}}.", lead)
    for fact in rest[:4]:
        add(
            "changed",
            "{{f.metric}} {{f.direction}} from {{f.base}} to {{f.value}}.",
            fact,
            kind="point",
        )
    for fact in parts[:1]:
        add("drivers", "By {{f.dimension}}, {{f.entity}} contributed {{f.effect.signed}}.", fact)
        add(
            "drivers",
            "At {{f.entity}}, {{f.metric}} {{f.direction}} from {{f.base}} to {{f.value}}.",
            fact,
        )
    if len(parts) > 2:
        add(
            "drivers",
            "{{g.entity}} contributed {{g.effect.signed}} and {{h.entity}} {{h.effect.signed}} "
            "to {{g.metric}}.",
            lead,
            parts[1],
            parts[2],
            compare=True,
        )
        said[-1]["facts"] = said[-1]["facts"][1:]
    for fact in [f for f in facts if f["kind"] == "breadth"][:1]:
        add(
            "drivers",
            "The {{f.gain}} in {{f.metric}} shows for {{f.same}} of {{f.members}} "
            "{{f.dimensions}}.",
            fact,
        )
    for fact in [f for f in facts if f["kind"] == "extreme" and not f.get("scope")][:2]:
        add("unusual", "At {{f.value}}, {{f.metric}} set a record {{f.when}}.", fact)
    for fact in parts[:2]:
        add("checks", "What changed at {{f.entity}}?", fact, kind="point")
    add("checks", "Look at {{f.metric}} again when {{f.next}} is in.", lead, kind="point")
    return {"sentences": said, "derived": []}
