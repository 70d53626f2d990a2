"""Statements: the cells that facts speak of, as whoever reads them can write them down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from mirrorbi.data.periods import Calendar, Period
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.factset import FactSet
from mirrorbi.facts.tables import OTHER

_OF_DATA = ("coverage", "late_data", "missing_periods", "incomplete")


class Statement(NamedTuple):
    """One cell that was spoken of.

    Parameters
    ----------
    where
        Members, per dimension; a dimension that is not named is not cut.
    period
        The time; ``None`` for all.
    """

    where: tuple[tuple[str, tuple[str, ...]], ...]
    period: Period | None


def statements(fact: Fact, facts: FactSet) -> set[Statement]:
    """Return the cells that a fact speaks of: its own, its totals, and those of its table.

    Parameters
    ----------
    fact
        One of the set.
    facts
        The set, whose request says what was filtered.
    """
    calendar = fact.period.calendar if fact.period else Calendar()
    filtered = {} if fact.kind in _OF_DATA else dict(facts.request.get("where") or {})
    whole = {name: tuple(sorted(members)) for name, members in filtered.items()}
    return set(_of(fact, whole, calendar))


def _of(
    fact: Fact, whole: Mapping[str, tuple[str, ...]], calendar: Calendar
) -> Iterator[Statement]:
    spans = [fact.period, *([fact.baseline] if fact.baseline else [])]
    scopes = [whole, {**whole, **{name: (member,) for name, member in fact.scope}}]
    if fact.kind in _OF_DATA or fact.n or fact.table is not None:
        yield from (_cell(scope, span) for scope in scopes for span in spans)
    if fact.table is None:
        return
    head, unit = fact.table.columns[0]
    if unit == "period":
        for line in fact.table.rows:
            if line[1] is not None:
                period = Period.parse(str(line[0]), calendar)
                yield from (_cell(scope, period) for scope in scopes)
        return
    for line in fact.table.rows:
        if unit == "text" and line[0] != OTHER and fact.terms.get("by") == head:
            yield from (_cell({**whole, head: (str(line[0]),)}, span) for span in spans)


def _cell(where: Mapping[str, Iterable[str]], period: Period | None) -> Statement:
    kept = tuple(sorted((name, tuple(members)) for name, members in where.items()))
    # The same time is the same, whether it is called a month or given by its days.
    return Statement(kept, period and Period(period.start, period.end, None))
