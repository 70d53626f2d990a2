"""Ranking: which facts a reader with ninety seconds should meet first.

The score of a fact is impact x capped effect x novelty, each 0 to 1: how much of the
business it concerns, how large it is by its own standard, and how little of it the facts
above it have said already. Never one minus p: with many rows everything is significant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from mirrorbi.facts.fact import Fact

AGAIN = 0.8
"""Novelty kept for each fact already told of the same metric and scope."""

ALIKE = 0.75
"""Novelty kept for each fact already told of the same kind, metric and dimension."""

FOLLOWS = 0.5
"""Novelty kept by a member that did what the whole, already told, did."""


def ranked(facts: Iterable[Fact]) -> list[Fact]:
    """Return the facts, best first, with novelty in their score.

    Facts are told in the order of impact x effect; each loses what those before it took.
    Ties are broken by id, so the order depends on nothing but the facts.

    Parameters
    ----------
    facts
        With impact x effect as score.
    """
    mentions: Counter[tuple[object, ...]] = Counter()
    scored = []
    for fact in sorted(facts, key=lambda fact: (-round(fact.score, 6), fact.id)):
        keys = _keys(fact)
        novelty = 1.0
        for key, factor in keys:
            novelty *= factor ** mentions[key]
        if fact.scope and mentions["follows", fact.kind, fact.metric, fact.direction]:
            novelty *= FOLLOWS
        if not fact.scope:
            mentions["follows", fact.kind, fact.metric, fact.direction] += 1
        for key, _ in keys:
            mentions[key] += 1
        scored.append(fact.replace(score=round(min(1.0, max(0.0, fact.score)) * novelty, 6)))
    return sorted(scored, key=lambda fact: (-fact.score, fact.id))


def _keys(fact: Fact) -> list[tuple[tuple[object, ...], float]]:
    dimension = fact.terms.get("by") or (fact.scope[0][0] if fact.scope else "")
    return [
        (("again", fact.metric, fact.scope), AGAIN),
        (("alike", fact.kind, fact.metric, dimension), ALIKE),
    ]
