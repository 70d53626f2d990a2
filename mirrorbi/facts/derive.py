"""Derived facts: arithmetic over facts, with units and additivity checked.

A narrator that wants a figure which no fact holds asks for it here; it never computes one
itself. A derived fact names its parents, so that whoever computes these again has it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from mirrorbi.data.query import Query
from mirrorbi.errors import FactError, did_you_mean
from mirrorbi.facts.fact import Direction, Fact, Quantity, exact
from mirrorbi.facts.units import unit_of_change

if TYPE_CHECKING:
    from mirrorbi.data.model.semantic_model import Metric

OPERATIONS = ("diff", "ratio", "pct_change", "share", "sum", "rank")

SIGNIFICANT = 12
"""Digits of a quotient that are kept."""

_OF_NO_SUM = ("rank", "p", "percent", "pp")
_METHODS = {
    "diff": "the first less the second",
    "ratio": "the first divided by the second",
    "pct_change": "the first less the second, over the second",
    "share": "the part over the whole of the same metric and time",
    "sum": "the sum over members that do not overlap",
    "rank": "the place of the first among those named, the highest first",
}

Metrics = Callable[[str], "Metric"]


def derive(
    op: str,
    facts: Sequence[Fact],
    *,
    of: str | Sequence[str] | None = None,
    metrics: Metrics | None = None,
) -> Fact:
    """Return a fact computed from others.

    Parameters
    ----------
    op
        ``diff``, ``ratio`` or ``pct_change`` of the first and the second; ``share`` of the
        first, a part, in the second, the whole; ``sum`` of all; ``rank`` of the first
        among all.
    facts
        The parents, in order.
    of
        Which of their quantities: one name for all, or one each; by default ``value``
        where there is one, else the estimate.
    metrics
        Gives the metric of a name (``dataset.metric``): needed by ``sum`` and ``share``,
        which only additive metrics have.

    Raises
    ------
    FactError
        If units differ, a denominator is not positive, parts overlap, or the metric is
        not a sum over its members.

    Examples
    --------
    >>> a, b = (
    ...     Fact("value", "sales", "Sales", scope=(("city", city),),
    ...          quantities={"value": Quantity.of(value, "count")})
    ...     for city, value in (("Rome", 30), ("Oslo", 12))
    ... )
    >>> derive("diff", [a, b])["diff"]
    Quantity(value=Decimal('18'), unit='count', decimals=None)
    """
    if op not in OPERATIONS:
        raise FactError(
            f"There is no operation {op!r}.", hint=did_you_mean(op, OPERATIONS, noun="operations")
        )
    names = _names(facts, of)
    _count(op, facts)
    operands = [fact[name] for fact, name in zip(facts, names, strict=True)]
    _same_unit(op, operands)
    if op in ("sum", "share"):
        _additive(op, facts, operands, metrics)
    quantities, direction = _compute(op, operands)
    return _derived_fact(op, facts, names, quantities, direction)


def derive_again(fact: Fact, facts: Mapping[str, Fact], metrics: Metrics | None) -> Fact | None:
    """Return a derived fact computed again from its parents; ``None`` if one is gone.

    Parameters
    ----------
    fact
        A fact of kind ``derived``.
    facts
        The facts as they are now, by id.
    metrics
        As for `derive`.
    """
    parents, names = parents_of(fact)
    if not all(parent in facts for parent in parents):
        return None
    op = fact.terms["op"]
    try:
        return derive(op, [facts[parent] for parent in parents], of=names, metrics=metrics)
    except FactError:
        return None


def parents_of(fact: Fact) -> tuple[list[str], list[str]]:
    """Return the ids of a derived fact's parents, and which quantity of each it took."""
    pairs = [part.partition(".") for part in fact.terms.get("from", "").split()]
    return [parent for parent, _, _ in pairs], [name for _, _, name in pairs]


def _names(facts: Sequence[Fact], of: str | Sequence[str] | None) -> list[str]:
    if of is None:
        return ["value" if "value" in f.quantities else f.estimate for f in facts]
    names = [of] * len(facts) if isinstance(of, str) else list(of)
    if len(names) != len(facts):
        raise FactError(
            f"{len(names)} quantities are named for {len(facts)} facts.",
            hint="Name one for all, or one each.",
        )
    return names


def _count(op: str, facts: Sequence[Fact]) -> None:
    fewest, most = (2, 50) if op in ("sum", "rank") else (2, 2)
    if not fewest <= len(facts) <= most:
        raise FactError(
            f"{op!r} takes {'two facts' if most == 2 else 'two facts or more'}, not {len(facts)}.",
            hint="Pass the facts in order: the first, then what it is set against.",
        )


def _same_unit(op: str, operands: Sequence[Quantity]) -> None:
    units = {quantity.unit for quantity in operands}
    if len(units) > 1:
        raise FactError(
            f"{op!r} of {' and '.join(sorted(units))} is no figure.",
            hint="Take quantities of one unit.",
        )
    unit = operands[0].unit
    if unit in ("rank", "p") or (op == "pct_change" and unit in ("percent", "pp")):
        raise FactError(
            f"{op!r} of quantities in {unit!r} says nothing.",
            hint="Take 'diff' of percentages: it is in percentage points."
            if unit in ("percent", "pp")
            else "Take another quantity.",
        )


def _additive(
    op: str, facts: Sequence[Fact], operands: Sequence[Quantity], metrics: Metrics | None
) -> None:
    from mirrorbi.facts.sweep.additivity import splits

    subject = facts[0]
    if operands[0].unit in _OF_NO_SUM:
        raise FactError(
            f"{op!r} of quantities in {operands[0].unit!r}: they do not add up.",
            hint="Ratios and percentages are not summed; take counts or amounts.",
        )
    if any(fact.metric != subject.metric or fact.period != subject.period for fact in facts):
        raise FactError(
            f"{op!r} takes one metric and one period.", hint="Take facts that differ in scope only."
        )
    if metrics is None or not splits(metrics, subject.metric):
        raise FactError(
            f"The metric {subject.metric!r} of the whole is not the sum of its members'.",
            hint="Averages, medians, ratios and distinct counts cannot be added.",
        )
    scopes = [dict(fact.scope) for fact in facts]
    if op == "share":
        inside = len(scopes[0]) > len(scopes[1]) and scopes[1].items() <= scopes[0].items()
        if not inside:
            raise FactError(
                "A share needs a part and the whole that holds it.",
                hint="Pass the member's fact first, then the one about everything.",
            )
    elif not _apart(scopes):
        raise FactError(
            "The members of a sum overlap: something would count twice.",
            hint="Take different members of one dimension.",
        )


def _apart(scopes: Sequence[Mapping[str, str]]) -> bool:
    """Return whether no two scopes can hold the same row."""
    return all(
        any(a.get(name, b[name]) != b[name] for name in b)
        for i, a in enumerate(scopes)
        for b in scopes[i + 1 :]
    )


def _compute(op: str, operands: Sequence[Quantity]) -> tuple[dict[str, Quantity], Direction | None]:
    value, base, unit = operands[0].value, operands[1].value, operands[0].unit
    decimals = operands[0].decimals
    if op == "sum":
        total = sum((q.value for q in operands), Decimal(0))
        return {"sum": Quantity(total, unit, decimals)}, None
    if op == "rank":
        place = 1 + sum(1 for q in operands if q.value > value)
        ends: dict[int, Direction] = {1: "up", len(operands): "down"}
        quantities = {
            "rank": Quantity(Decimal(place), "rank"),
            "of": Quantity(Decimal(len(operands)), "count"),
            "value": operands[0],
        }
        return quantities, ends.get(place)
    if op == "diff":
        gap = value - base
        shown = Quantity(gap, unit_of_change(unit), decimals)
        return {"diff": shown, "value": operands[0], "base": operands[1]}, _direction(gap)
    if base <= 0 or (op != "pct_change" and value < 0):
        raise FactError(
            f"{op!r} has no meaning for {value} and {base}.",
            hint="Take 'diff' where a quantity is negative or zero.",
        )
    quotient = _quotient(value, base)
    if op == "ratio":
        return {"ratio": Quantity(quotient, "number", 1)}, _direction(value - base)
    if op == "share":
        if quotient > 1:
            raise FactError("The part is more than the whole.", hint="Pass the part first.")
        parts = {"share": Quantity(quotient, "percent"), "value": operands[0], "total": operands[1]}
        return parts, None
    change = Quantity(_quotient(value - base, base), "percent")
    return {"pct_change": change, "value": operands[0], "base": operands[1]}, _direction(
        value - base
    )


def _derived_fact(
    op: str,
    facts: Sequence[Fact],
    names: Sequence[str],
    quantities: Mapping[str, Quantity],
    direction: Direction | None,
) -> Fact:
    subject, reference = facts[0], facts[1]
    over_time = op in ("diff", "ratio", "pct_change") and subject.period != reference.period
    terms = {
        "op": op,
        "from": " ".join(f"{fact.id}.{name}" for fact, name in zip(facts, names, strict=True)),
    }
    if len(facts) == 2 and reference.scope != subject.scope and reference.scope:
        terms["other"] = reference.scope[-1][1]
    is_sum = op == "sum"
    alike = all(fact.better == subject.better for fact in facts)
    return Fact(
        kind="derived",
        metric=subject.metric,
        label=subject.label,
        definition=f"{_METHODS[op][0].upper()}{_METHODS[op][1:]}: {subject.definition}".rstrip(
            ": "
        ),
        scope=_joined(facts) if is_sum else subject.scope,
        labels=tuple(dict(pair for fact in facts for pair in fact.labels).items()),
        period=subject.period,
        baseline=reference.period if over_time else None,
        compare="given" if over_time else "",
        quantities=dict(quantities),
        estimate=op if op in quantities else next(iter(quantities)),
        direction=direction,
        better=subject.better
        if over_time and alike and subject.metric == reference.metric
        else None,
        n=sum(fact.n for fact in facts) if is_sum else min(fact.n for fact in facts),
        method=_METHODS[op],
        terms=terms,
        caveats=tuple(dict.fromkeys(code for fact in facts for code in fact.caveats)),
        evidence=_unique(query for fact in facts for query in fact.evidence),
    )


def _joined(facts: Sequence[Fact]) -> tuple[tuple[str, str], ...]:
    """Return the scope of a sum: its members side by side, "EWR and JFK"."""
    members: dict[str, list[str]] = {}
    for fact in facts:
        for name, member in fact.scope:
            members.setdefault(name, [])
            members[name] += [member] * (member not in members[name])
    return tuple(
        (name, " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])))
        for name, names in members.items()
    )


def _direction(gap: Decimal) -> Direction:
    return "up" if gap > 0 else "down" if gap < 0 else "flat"


def _quotient(top: Decimal, bottom: Decimal) -> Decimal:
    return exact(Decimal(f"{top / bottom:.{SIGNIFICANT}g}"))


def _unique(values: Iterable[Query]) -> tuple[Query, ...]:
    return tuple(dict.fromkeys(values))
