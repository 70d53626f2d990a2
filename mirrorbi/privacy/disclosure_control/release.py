"""The release: facts that may be shown, and what was kept back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mirrorbi.data.dataset import Dataset
from mirrorbi.data.model.semantic_model import Privacy
from mirrorbi.data.periods import Period
from mirrorbi.errors import RefusedError
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.factset import FactSet
from mirrorbi.facts.kinds import FAMILIES, KINDS
from mirrorbi.facts.sweep.request import definite
from mirrorbi.facts.sweep.sweep import find_facts
from mirrorbi.facts.tables import OTHER
from mirrorbi.privacy.dimensions import check_dimensions, class_in, kind_in, noun_of
from mirrorbi.privacy.disclosure_control.audit import Audit
from mirrorbi.privacy.disclosure_control.counts import Threshold, counts_of
from mirrorbi.privacy.disclosure_control.guard import Guard
from mirrorbi.privacy.disclosure_control.quality import quality, rest_is_enough
from mirrorbi.privacy.disclosure_control.remainder import (
    KIND,
    summed_withheld,
    withheld_by_plans,
    withheld_fact,
)
from mirrorbi.privacy.disclosure_control.safety_rules import Rules
from mirrorbi.privacy.disclosure_control.statements import Statement, checked_form
from mirrorbi.privacy.policy import Policy, policy_for
from mirrorbi.privacy.session import session_of
from mirrorbi.privacy.withheld import Withheld

_RECORDED = ("min_entities", "dominance", "p_ratio", "columns")


def controlled(dataset: Dataset, policy: Policy | None = None, **request: Any) -> FactSet:
    """Find facts as `mirrorbi.facts.find_facts` does, of what may be shown.

    Parameters
    ----------
    dataset
        The data.
    policy
        What may leave; by default that of settings and model.
    request
        The arguments of the sweep.

    Returns
    -------
    FactSet
        With `withheld` and `policy`; the request holds the thresholds too (``control``),
        so that the same facts can be found again where settings differ.

    Raises
    ------
    RefusedError
        If a personal or blocked column, or a metric that is one record's value, is asked
        for by name.
    """
    effective_policy = policy or policy_for(dataset)
    allowed, classed = _allowed(dataset, effective_policy, request)
    context = definite(
        dataset, **{name: value for name, value in allowed.items() if name != "kinds"}
    )
    guard = Guard(dataset, effective_policy, context)
    kinds = allowed.get("kinds")
    listed = [kinds] if isinstance(kinds, str) else None if kinds is None else list(kinds)
    facts = find_facts(guard, **{**allowed, "kinds": listed})
    needed = listed is None or _asks_for_cells(listed)
    withheld = [*classed, *(withheld_by_plans(guard) if needed else ())]
    passed: list[Fact] = []
    passing = frozenset(_merged_cells(guard) if needed else ())
    threshold = Threshold(counts_of(dataset), effective_policy.min_entities, passing)
    whole = threshold.passes({}, None)
    whole = whole and (not needed or rest_is_enough(guard, threshold))
    for fact in facts:
        shown, why = _shown_fact(guard, fact, threshold, whole)
        passed += [shown] if shown is not None else []
        withheld += why
    edges = {edge for step in context.periods for edge in (step.start, step.end)}
    spans = [span for span in (context.period, context.baseline) if span is not None]
    if any(span.start not in edges or span.end not in edges for span in spans):
        passed, why = _without_differencing(Audit(dataset, effective_policy, passing), passed)
        withheld += why
    merged = summed_withheld(withheld)
    if listed is None or KIND in listed or "quality" in listed:
        passed += withheld_fact(guard, merged, _looks(dataset, effective_policy))
    ordered = sorted(passed, key=lambda fact: (-fact.score, fact.id))
    released = facts.replace(
        ordered,
        request={**facts.request, "control": {k: effective_policy.to_dict()[k] for k in _RECORDED}},
        origin=dataset,
        withheld=merged,
        policy=effective_policy.sha256,
    )
    session_of(dataset).remember(released, dataset, effective_policy, facts.request, passing)
    return released


def release(
    facts: FactSet, dataset: Dataset | None = None, policy: Policy | None = None
) -> FactSet:
    """Return the facts of a set that may be shown.

    A set whose very facts were released under the same policy is returned as it is. Any other is
    found again, of what may be shown: a share of the total of all members is not that of
    the members shown, and no fact is repaired from what it said before.

    Parameters
    ----------
    facts
        Facts of one sweep.
    dataset
        What the sweep ran on; by default the set's origin.
    policy
        What may leave; by default that of settings and model.

    Raises
    ------
    RefusedError
        If the set does not say how it was found, or on what.
    """
    origin = dataset if dataset is not None else facts.origin
    if origin is None:
        raise RefusedError(
            "These facts do not say which data set they are of, so their cells are not known.",
            hint="Pass the data set: release(facts, dataset).",
        )
    effective_policy = policy or policy_for(origin)
    releases = session_of(origin).releases_of(facts, origin, effective_policy)
    if facts.policy == effective_policy.sha256 and None not in releases:
        return facts
    if "seed" not in facts.request:
        raise RefusedError(
            "These facts do not say how they were found, so they cannot be controlled.",
            hint="Pass the FactSet of a sweep: dataset.facts().",
        )
    request = {name: value for name, value in facts.request.items() if name != "control"}
    ids = {fact.id for fact in facts}
    released = controlled(origin, effective_policy, **request)
    return released.replace(fact for fact in released if fact.id in ids or fact.kind == KIND)


_FROM_CELLS = {
    word
    for kind in KINDS.values()
    if kind.swept and kind.subject == "metric"
    for word in (kind.family, kind.name)
}


def _asks_for_cells(kinds: list[str]) -> bool:
    """Return whether cells are asked for: the family "quality" spelt out asks for none."""
    spelt = set(FAMILIES["quality"]) <= set(kinds)
    return any(kind in _FROM_CELLS or (kind == KIND and not spelt) for kind in kinds)


def _words(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _allowed(
    dataset: Dataset, policy: Policy, request: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Withheld]]:
    """Return the arguments without what is never shown, and what that is."""
    allowed, withheld = dict(request), list[Withheld]()
    check_dimensions(
        dataset, policy, [*_words(allowed.get("by") or ()), *(allowed.get("where") or {})]
    )
    if allowed.get("by") is None:
        classes = {n: class_in(dataset, policy, n) for n in dataset.model.dimensions}
        allowed["by"] = [n for n, named in classes.items() if named is Privacy.SAFE]
        looks = _looks(dataset, policy)
        withheld += [
            Withheld(
                "class",
                f"{dataset.label(n)} looks like {looks[n]}, and nobody said that it is safe: no "
                "facts by it"
                if n in looks
                else f"{dataset.label(n)} is {named}: no facts by it",
                0,
            )
            for n, named in classes.items()
            if named is not Privacy.SAFE
        ]
    rules = Rules(dataset.model, policy)
    metrics = dataset.model.metrics
    default = [name for name, m in metrics.items() if not m.hidden] or list(metrics)
    names = default if allowed.get("metrics") is None else _words(allowed["metrics"])
    single = [name for name in names if name in metrics and rules.is_single_record(name)]
    if single:
        allowed["metrics"] = [name for name in names if name not in single]
        withheld += [
            Withheld("few", f"{dataset.label(n)} is the value of a single record", 0)
            for n in single
        ]
    if single and not allowed["metrics"]:
        raise RefusedError(
            f"The metric {single[0]!r} is a least or greatest value: that of a single record.",
            hint="Ask for a median, or explore with control=False, which cannot be reported.",
        )
    return allowed, withheld


def _looks(dataset: Dataset, policy: Policy) -> dict[str, str]:
    """Return the dimensions that are left out for what their members look like, and what."""
    kinds = {name: kind_in(dataset, policy, name) for name in dataset.model.dimensions}
    return {name: noun_of(kind) for name, kind in kinds.items() if kind is not None}


def _shown_fact(
    guard: Guard, fact: Fact, threshold: Threshold, whole: bool
) -> tuple[Fact | None, list[Withheld]]:
    """Return a fact as it may be shown, if it may.

    Parameters
    ----------
    guard
        What is shown.
    fact
        The fact.
    threshold
        Of the release.
    whole
        Whether all of the data may be counted.
    """
    checked_form(fact)
    if KINDS[fact.kind].subject != "metric":
        return quality(guard, fact, threshold, whole)
    if fact.scope:
        by, member = fact.scope[0]
        plan = guard.plans[by]
        if member == OTHER and plan.merged:
            return None, []
        has_hidden = plan.hidden[plan.cells.members.index(member)].any()
    else:
        has_hidden = guard.plans[None].hidden.any()
    # What is left open may have been higher or lower still.
    if fact.kind == "extreme" and (has_hidden or _has_gaps(fact)):
        return None, [Withheld("few", f"an extreme of {fact.label} among periods not shown")]
    return fact, []


def _without_differencing(audit: Audit, facts: list[Fact]) -> tuple[list[Fact], list[Withheld]]:
    """Return facts without those by which a stretch of time and its steps differ by few."""
    plain = [
        fact.replace(table=None) if fact.kind in ("coverage", "late_data") else fact
        for fact in facts
    ]
    admitted, refused = audit.examine(plain)
    what = "facts whose period and steps of time differ by few"
    return admitted, [Withheld("difference", what, len(refused))] if refused else []


def _has_gaps(fact: Fact) -> bool:
    return fact.table is not None and None in fact.table.column("value")


def _merged_cells(guard: Guard) -> Iterator[Statement]:
    """Yield the cells of members put together, of which the plans counted that they pass."""
    for by, plan in guard.plans.items():
        if by is None or not plan.merged:
            continue
        where = dict(guard.context.where)
        where[by] = tuple(sorted(plan.merged.intersection(where.get(by, plan.merged))))
        line = plan.cells.members.index(OTHER)
        for j in (~plan.hidden[line] & (plan.cells.rows[line] > 0)).nonzero()[0].tolist():
            period = plan.cells.columns[j]
            span = period and Period(period.start, period.end, None)
            yield Statement(tuple(sorted(where.items())), span)
