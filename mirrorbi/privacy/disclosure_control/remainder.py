"""The remainder: what a release keeps back, and the fact that says how much that is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mirrorbi.facts.fact import Fact, Quantity, exact
from mirrorbi.facts.tables import OTHER
from mirrorbi.privacy.disclosure_control.guard import Guard
from mirrorbi.privacy.disclosure_control.safety_rules import RULES
from mirrorbi.privacy.withheld import Withheld

KIND = "withheld"
"""The kind of the fact that says how much is not shown."""

NAMED = 5
"""Members named in a line about what was put together."""

_WHOLE = "cells of the whole"


def withheld_by_plans(guard: Guard) -> Iterator[Withheld]:
    """Yield what the plans keep back, by rule and dimension."""
    label = guard.label
    for by, plan in guard.plans.items():
        name = "the whole" if by is None else label(by)
        what = _WHOLE if by is None else f"cells of {name}"
        if plan.merged:
            listed = ", ".join(sorted(plan.merged)[:NAMED])
            more = f" and {len(plan.merged) - NAMED} more" if len(plan.merged) > NAMED else ""
            what += f"; {listed}{more} together as {OTHER}"
        for code, cells in sorted(plan.causes.items()):
            yield Withheld(RULES[code], what, cells)
        for metric in sorted(plan.dropped):
            yield Withheld("few", f"{label(metric)} by {name}", 0)


def summed_withheld(withheld: Iterable[Withheld]) -> tuple[Withheld, ...]:
    """Return what is kept back, each rule and thing once."""
    totals: dict[tuple[str, str], int] = {}
    for part in withheld:
        totals[part.rule, part.what] = totals.get((part.rule, part.what), 0) + part.cells
    order = [*RULES, "few", "class"]
    return tuple(
        Withheld(rule, what, cells)
        for (rule, what), cells in sorted(
            totals.items(), key=lambda e: (order.index(e[0][0]), e[0])
        )
    )


def withheld_fact(
    guard: Guard, withheld: Sequence[Withheld], looks: Mapping[str, str]
) -> Iterator[Fact]:
    """Yield the fact that says what is not shown, if anything is."""
    by_rule: dict[str, int] = {}
    for part in withheld:
        by_rule[part.rule] = by_rule.get(part.rule, 0) + part.cells
    cells = sum(by_rule.values())
    whole = sum(part.cells for part in withheld if part.what == _WHOLE)
    if not cells and not looks:
        return
    model, policy, entity = guard.model.dataset, guard.rules.policy, guard.rules.entity
    secondary = by_rule.get("complement", 0)
    broken = [rule for rule in RULES if by_rule.get(rule) and rule != "complement"]
    yield Fact(
        kind=KIND,
        metric=model.name or guard.title,
        label=guard.title,
        definition=model.description,
        quantities={
            "cells": Quantity(exact(cells), "count"),
            "small": Quantity(exact(cells - secondary), "count"),
            "complement": Quantity(exact(secondary), "count"),
            "least": Quantity(exact(policy.min_entities), "count"),
            "whole": Quantity(exact(whole), "count"),
        },
        estimate="cells",
        method=(
            "minimum frequency, dominance of the two largest and p % rule, with the cells that "
            "would give those away (Hundepool et al., 2012)"
        ),
        terms={
            "counted": "rows" if entity is None else f"values of {entity}",
            "rules": ", ".join(broken),
            **(
                {
                    "left_out": _listed(map(guard.label, looks)),
                    "looks": _listed(dict.fromkeys(looks.values())),
                }
                if looks
                else {}
            ),
        },
        score=0.05,
    )


def _listed(names: Iterable[str]) -> str:
    words = list(names)
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
