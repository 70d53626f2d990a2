"""The material of a narrative: the facts of one review, ready to be asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mirrorbi.facts.fact import Fact
from mirrorbi.facts.factset import FactSet
from mirrorbi.narrative.sweep_summary import ALPHA, summary_facts

LEADING = 0.5
"""Part of the best score from which a metric may lead; the first of the model then does."""

QUIET = 0.33
"""Best score below which nothing stands out; then any metric may lead."""


class Material:
    """The facts of one review, sorted the way the sections need them.

    Parameters
    ----------
    facts
        The sweep that is told.
    others
        Further sweeps of the same data, such as one against last year.
    """

    def __init__(self, facts: FactSet, others: Sequence[FactSet] = ()) -> None:
        self.facts = facts
        self.others = tuple(others)
        self.facts_by_id: dict[str, Fact] = {}
        summary = summary_facts(facts)
        for group in (facts, summary, *others):
            for fact in group:
                self.facts_by_id.setdefault(fact.id, fact)
        self.sweep = summary[0]
        self.extent = next((fact for fact in summary if fact.kind == "extent"), None)
        self.member_facts = [fact for fact in summary if fact.kind not in ("sweep", "extent")]
        self.order = [str(name) for name in facts.request.get("metrics") or ()]
        self.changes = self._in_order(self.whole("change"))
        self.lead = self.changes[0] if self.changes else None

    def of(self, *kinds: str, metric: str | None = None, by: str | None = None) -> list[Fact]:
        """Return the facts of these kinds, best first."""
        return [
            fact
            for fact in self.facts
            if fact.kind in kinds
            and metric in (None, fact.metric)
            and by in (None, fact.terms.get("by"))
        ]

    def whole(self, *kinds: str, metric: str | None = None) -> list[Fact]:
        """Return the facts of these kinds about everything, best first."""
        return [fact for fact in self.of(*kinds, metric=metric) if not fact.scope]

    def tested(self, kind: str) -> list[Fact]:
        """Return findings of a tested kind: of the whole first, of members only the clear ones.

        A member that did what the whole did is no news.
        """
        whole = self.whole(kind)
        whole_directions = {(f.metric, f.direction) for f in whole}
        members = [f for f in self.of(kind) if f.scope and is_significant(f)]
        return [*whole, *(f for f in members if (f.metric, f.direction) not in whole_directions)]

    def best(self, *kinds: str, metric: str | None = None, by: str | None = None) -> Fact | None:
        """Return the best fact of these kinds, if there is one."""
        return next(iter(self.of(*kinds, metric=metric, by=by)), None)

    def is_requested(self, *kinds: str) -> bool:
        """Return whether the sweep was asked for facts of any of these kinds."""
        requested = self.facts.request.get("kinds")
        return requested is None or any(kind in requested for kind in kinds)

    def in_other_sweeps(self, kind: str, metric: str) -> list[Fact]:
        """Return the facts of that kind about all of a metric in the other sweeps."""
        return [
            fact
            for facts in self.others
            for fact in facts
            if fact.kind == kind and fact.metric == metric and not fact.scope
        ]

    @property
    def withheld_periods(self) -> Fact | None:
        """What is not shown, where the whole of some periods is among it."""
        withheld = self.best("withheld")
        return (
            withheld
            if withheld is not None and "whole" in withheld.quantities and withheld["whole"].value
            else None
        )

    def model_order(self, metric: str) -> int:
        """Return where the model names a metric; the end, if it does not."""
        return self.order.index(metric) if metric in self.order else len(self.order)

    def _in_order(self, changes: list[Fact]) -> list[Fact]:
        """Put the change that leads first: of the large ones, the first in the model."""
        if not changes:
            return []
        top = max(fact.score for fact in changes)
        least = LEADING * top if top >= QUIET else 0.0
        large = [f for f in changes if f.score >= least and (f.direction != "flat" or not least)]
        # A metric of which nobody said what is good is background, not news.
        lead = min(large, key=lambda f: (f.better is None, self.model_order(f.metric), f.id))
        return [lead, *(fact for fact in changes if fact is not lead)]


def is_significant(fact: Fact) -> bool:
    """Return whether a tested finding is clear of chance at the rate held over the sweep."""
    return fact.q is not None and fact.q <= float(ALPHA)


def distinct(facts: Iterable[Fact], *, limit: int) -> list[Fact]:
    """Return at most ``limit`` facts, no two of the same metric and scope."""
    seen = set()
    unique = []
    for fact in facts:
        key = (fact.metric, fact.scope)
        if key not in seen:
            seen.add(key)
            unique.append(fact)
    return unique[:limit]
