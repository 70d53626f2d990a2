"""Statements: the cells that facts speak of, as whoever reads them can write them down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from mirrorbi.data.periods import Calendar, Period
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.tables import OTHER

_OVER_TIME = ("trend", "break", "correlation", "distribution", "forecast", "missing_periods")
"""Kinds whose period is a stretch of history of which only the steps are spoken of."""


_OF_ALL = (
    "coverage", "completeness", "duplicates", "nulls", "constant", "infinite",
)  # fmt: skip
"""Kinds that say how many rows all of the data have."""


Where = tuple[tuple[str, tuple[str, ...]], ...]


class Statement(NamedTuple):
    """One cell that was spoken of.

    Parameters
    ----------
    where
        Members, per dimension; a dimension that is not named is not cut.
    period
        The time; ``None`` for all.
    """

    where: Where
    period: Period | None

    @classmethod
    def of(cls, where: Mapping[str, Iterable[str]], period: Period | None) -> Statement:
        """Return the cell of these members and this time, in its one canonical form."""
        return cls(_where(where), _days(period))


ALL_DATA = Statement((), None)
"""The rows of all of the data."""


def statements(fact: Fact) -> set[Statement]:
    """Return the cells that a fact speaks of: its own, its totals, and those of its table.

    What was filtered is told by the query that made it.
    """
    return set(fact_statements(fact))


def fact_statements(fact: Fact) -> frozenset[Statement]:
    """Return what `statements` does; the same object for facts that speak of the same cells."""
    calendar = fact.period.calendar if fact.period else Calendar()
    whole = _where(dict(fact.evidence[0].where)) if fact.evidence else ()
    spans = [] if fact.kind in _OVER_TIME else [_days(fact.period)]
    if fact.baseline and fact.kind != "extreme" and spans:
        spans.append(_days(fact.baseline))
    scopes = [whole]
    if fact.scope:
        own_members = {name: (member,) for name, member in fact.scope}
        scopes.append(_where({**dict(whole), **own_members}))
    head, periods, members = "", tuple[str, ...](), tuple[str, ...]()
    if fact.table is not None:
        head, unit = fact.table.columns[0]
        rows = fact.table.rows
        if unit == "period":
            periods = tuple(str(line[0]) for line in rows if line[1] is not None)
        elif unit == "text" and fact.terms.get("by") == head:
            members = tuple(str(line[0]) for line in rows if line[0] != OTHER)
    own = tuple(spans) if fact.evidence else ()
    of_all = fact.kind in _OF_ALL
    return _of(of_all, tuple(scopes), own, periods, calendar, head, members, tuple(spans))


@lru_cache(maxsize=4096)
def _of(
    of_all: bool,
    scopes: tuple[Where, ...],
    own: tuple[Period | None, ...],
    periods: tuple[str, ...],
    calendar: Calendar,
    head: str,
    members: tuple[str, ...],
    spans: tuple[Period | None, ...],
) -> frozenset[Statement]:
    cells = {ALL_DATA} if of_all else set[Statement]()
    times = [*own, *(_parsed(text, calendar) for text in periods)]
    cells.update(Statement(scope, time) for scope in scopes for time in times)
    for member in members:
        scope = _where({**dict(scopes[0]), head: (member,)})
        cells.update(Statement(scope, span) for span in spans)
    return frozenset(cells)


@lru_cache(maxsize=4096)
def _parsed(text: str, calendar: Calendar) -> Period | None:
    return _days(Period.parse(text, calendar))


@lru_cache(maxsize=4096)
def _days(period: Period | None) -> Period | None:
    # The same time is the same, whether it is called a month or given by its days.
    return period and Period(period.start, period.end, None)


def _where(members: Mapping[str, Iterable[str]]) -> Where:
    return tuple(sorted((name, tuple(values)) for name, values in members.items()))


def is_contiguous(periods: Iterable[Period]) -> bool:
    """Return whether some of these periods, end to end, make up all the time of them.

    Examples
    --------
    >>> is_contiguous(map(Period.parse, ["2013-01", "2013-02", "2013-01/2013-03", "2013-03"]))
    True
    >>> is_contiguous(map(Period.parse, ["2013-01", "2013-03"]))
    False
    """
    ordered = sorted(periods, key=lambda p: (p.start, p.end))
    if not ordered:
        return False
    reached = {ordered[0].start}
    for period in ordered:
        if period.start in reached:
            reached.add(period.end)
    return max(period.end for period in ordered) in reached


def essential_statements(cells: Iterable[Statement]) -> list[Statement]:
    """Return statements without those of a stretch of time that follow from its steps."""
    by_where: dict[Where, list[Period]] = {}
    whole: list[Statement] = []
    for cell in cells:
        if cell.period is None:
            whole.append(cell)
        else:
            by_where.setdefault(cell.where, []).append(cell.period)
    result = whole
    for where, periods in by_where.items():
        shortest: dict[datetime, Period] = {}
        for period in sorted(periods, key=lambda p: p.end - p.start):
            at = period.start
            while at < period.end and at in shortest and shortest[at].end <= period.end:
                at = shortest[at].end
            if at != period.end:
                result.append(Statement(where, period))
                shortest.setdefault(period.start, period)
    return result
