"""Facts about the review itself: what was looked at, and what came or went between periods.

They are made of a `FactSet` and nothing else, so that whoever computes its facts again
has these again too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from mirrorbi.data.periods import Calendar, Grain, Period
from mirrorbi.facts.fact import Fact, Quantity, Table
from mirrorbi.facts.factset import FactSet
from mirrorbi.facts.limits import LINES, OTHER, ROWS
from mirrorbi.wording.printable_text import clean

ALPHA = Decimal("0.05")
"""False discovery rate up to which a finding is called clear of chance."""

FEWEST = 3
"""Members below which nothing is said of how broad a change is."""

NAMED = 4
"""Members that came or went named in one sentence."""


def summary_facts(facts: FactSet) -> tuple[Fact, ...]:
    """Return the facts about a sweep.

    One ``sweep``, the ``extent`` of the data in time, and by dimension: ``vanished`` and
    ``appeared`` members, and the ``breadth`` of each change.

    Parameters
    ----------
    facts
        Of one sweep.

    Examples
    --------
    >>> [fact.kind for fact in summary_facts(FactSet([], dataset={"label": "Sales", "rows": 5}))]
    ['sweep']
    """
    return (_sweep(facts), *_extent(facts), *_members(facts), *_breadths(facts))


def facts_with_summary(facts: FactSet) -> dict[str, Fact]:
    """Return every fact that a narrative of this sweep may cite, by id."""
    return {fact.id: fact for fact in (*facts, *summary_facts(facts))}


def period_of(facts: FactSet) -> Period | None:
    """Return the period that a sweep reviewed."""
    text = facts.request.get("period")
    calendar = next((fact.period.calendar for fact in facts if fact.period), Calendar())
    if text:
        return Period.parse(str(text), calendar)
    return next((fact.period for fact in facts if fact.kind in ("change", "value")), None)


def _sweep(facts: FactSet) -> Fact:
    dataset, request = facts.dataset, facts.request
    grain = request.get("grain")
    counts = {
        "tests": facts.tests,
        "found": len(facts),
        "metrics": len(request.get("metrics") or ()),
        "dimensions_seen": len(request.get("by") or ()),
        "rows": int(dataset.get("rows") or 0),
    }
    quantities = {name: Quantity(Decimal(value), "count") for name, value in counts.items()}
    quantities["alpha"] = Quantity(ALPHA, "percent", 0)
    terms = {"model": str(dataset.get("model") or "")}
    if grain:
        terms["step"] = str(Grain.parse(str(grain)))
    return Fact(
        kind="sweep",
        metric=str(dataset.get("label") or dataset.get("source") or "data"),
        label=str(dataset.get("label") or dataset.get("source") or "the data"),
        definition="What this review looked at",
        period=period_of(facts),
        compare=str(request.get("compare") or ""),
        quantities=quantities,
        estimate="tests",
        n=counts["rows"],
        method="false discovery rate over every test of the review (Benjamini and Hochberg, 1995)",
        terms={name: text for name, text in terms.items() if text},
    )


def _extent(facts: FactSet) -> Iterator[Fact]:
    """Yield from which day to which the data goes."""
    first, last = (facts.dataset.get(name) for name in ("first", "last"))
    if not first or not last:
        return
    name = str(facts.dataset.get("label") or facts.dataset.get("source") or "the data")
    rows = int(facts.dataset.get("rows") or 0)
    begin, end = (datetime.fromisoformat(str(text)[:10]) for text in (first, last))
    yield Fact(
        kind="extent",
        metric=name,
        label=name,
        definition="From the first day with data to the last",
        period=Period.span(begin, end),
        quantities={"rows": Quantity(Decimal(rows), "count")},
        estimate="rows",
        n=rows,
        method="smallest and largest date",
    )


def _members(facts: FactSet) -> Iterator[Fact]:
    order = list(facts.request.get("metrics") or ())
    longest: dict[str, tuple[tuple[int, int, str], Fact, Table]] = {}
    for fact in facts:
        if fact.kind not in _WEIGHTS or fact.table is None:
            continue
        key = (-len(fact.table.rows), _place(order, fact.metric), fact.id)
        by = fact.terms.get("by", "")
        if by not in longest or key < longest[by][0]:
            longest[by] = (key, fact, fact.table)
    for _, (_, fact, table) in sorted(longest.items()):
        before, after = (table.column(name) for name in _WEIGHTS[fact.kind])
        names = [str(name) for name in table.column(table.columns[0][0])]
        lines = list(zip(names, before, after, strict=True))
        for kind, members in (
            ("vanished", [name for name, was, now in lines if was and not now and name != OTHER]),
            ("appeared", [name for name, was, now in lines if now and not was and name != OTHER]),
        ):
            if members:
                yield _moved(kind, members, fact)


_LINES = {"mix": ROWS, "contribution": LINES}
"""Per kind, the lines of a table beyond which the others are folded."""

_WEIGHTS = {"mix": ("share_base", "share"), "contribution": ("base", "value")}
"""Per kind, the columns that say how much of a member there was before and after."""


def _moved(kind: str, members: list[str], fact: Fact) -> Fact:
    return Fact(
        kind=kind,
        metric=fact.metric,
        label=fact.label,
        definition=fact.definition,
        labels=fact.labels,
        period=fact.period,
        baseline=fact.baseline,
        compare=fact.compare,
        quantities={"members": Quantity(Decimal(len(members)), "count")},
        estimate="members",
        method="members that count in only one of the two periods, among those compared",
        terms={**fact.terms, "names": _listed(members)},
        evidence=fact.evidence,
    )


def _breadths(facts: FactSet) -> Iterator[Fact]:
    """Yield for how many members a metric moved the way the whole did."""
    rows_of = {f.metric: f.n for f in facts if f.kind == "change" and not f.scope}
    for fact in facts:
        if fact.kind not in _WEIGHTS or fact.table is None or not fact.baseline:
            continue
        total = fact["total_delta" if fact.kind == "contribution" else "delta"].value
        pairs = list(zip(fact.table.column("base"), fact.table.column("value"), strict=True))
        names = [str(name) for name in fact.table.column(fact.table.columns[0][0])]
        moves = [
            now - was
            for name, (was, now) in zip(names, pairs, strict=True)
            if name != OTHER and was is not None and now is not None
        ]
        # A long table is folded: "Other" then holds members that could be counted.
        folded = OTHER in names and len(names) > _LINES[fact.kind]
        if not total or folded or len(moves) < FEWEST:
            continue
        same = sum(1 for move in moves if move * total > 0)
        yield Fact(
            kind="breadth",
            metric=fact.metric,
            label=fact.label,
            definition=fact.definition,
            labels=fact.labels,
            period=fact.period,
            baseline=fact.baseline,
            compare=fact.compare,
            direction="up" if total > 0 else "down",
            better=fact.better,
            quantities={
                "same": Quantity(Decimal(same), "count"),
                "members": Quantity(Decimal(len(moves)), "count"),
            },
            estimate="same",
            n=rows_of.get(fact.metric, fact.n if fact.kind == "mix" else 0),
            method="members with rows in both periods that moved the way the whole did",
            terms=fact.terms,
            caveats=("some_hidden",) if OTHER in names else (),
            evidence=fact.evidence,
        )


def _listed(members: list[str]) -> str:
    names = [clean(name) for name in members[:NAMED]]
    more = len(members) - len(names)
    if more:
        return f"{', '.join(names)} and {more} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _place(order: list[str], metric: str) -> int:
    return order.index(metric) if metric in order else len(order)
