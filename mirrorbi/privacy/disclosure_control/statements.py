"""Statements: the cells that facts speak of, as whoever reads them can write them down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from mirrorbi.data.model.semantic_model import Model
from mirrorbi.data.periods import Calendar, Period
from mirrorbi.data.query import MISSING
from mirrorbi.errors import UnauditedError, did_you_mean
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.kinds import KINDS, Form
from mirrorbi.facts.tables import OTHER

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


def statements(fact: Fact, model: Model) -> frozenset[Statement]:
    """Return the cells that a fact speaks of, as its kind declares them.

    What was filtered is told by the query that made it. Facts that speak of the same cells
    get the same object.

    Parameters
    ----------
    fact
        Of a kind that is registered.
    model
        Says which dimension a column is.

    Raises
    ------
    UnauditedError
        If the kind is not registered, or the fact's table is not as the kind declares it:
        nobody knows then of which cells it speaks.
    """
    form = checked_form(fact)
    calendar = fact.period.calendar if fact.period else Calendar()
    whole = _where(dict(fact.evidence[0].where)) if fact.evidence else ()
    spans = [_days(fact.period)] if "period" in form.cells else []
    if "baseline" in form.cells and fact.baseline:
        spans.append(_days(fact.baseline))
    scopes = [whole]
    if fact.scope:
        own_members = {name: (member,) for name, member in fact.scope}
        scopes.append(_where({**dict(whole), **own_members}))
    head, periods, members = "", tuple[str, ...](), tuple[str, ...]()
    if fact.table is not None and "lines" in form.cells:
        lines = form.told_lines(fact.table)
        if form.head == "period":
            periods = lines
        else:
            head = fact.table.columns[0][0]
            members = tuple(member for member in lines if member != OTHER)
    own = tuple(spans) if fact.evidence else ()
    of_all = "all_data" in form.cells
    without = _without_value(fact, model) if "nulls" in form.cells else ()
    return _of(of_all, without, tuple(scopes), own, periods, calendar, head, members, tuple(spans))


def checked_form(fact: Fact) -> Form:
    """Return what a fact of its kind looks like; this one does.

    Raises
    ------
    UnauditedError
        As `statements` does.
    """
    kind = KINDS.get(fact.kind)
    if kind is None:
        raise UnauditedError(
            f"The fact {fact.id} is of kind {fact.kind!r}, which is not registered, so nobody "
            "knows of which cells it speaks.",
            hint=f"{did_you_mean(fact.kind, KINDS, noun='kinds')} New kinds are registered in "
            "mirrorbi.facts.kinds.",
            kind=fact.kind,
        )
    form = kind.form_of(fact)
    if not form.fits(fact):
        columns = tuple(name for name, _ in fact.table.columns) if fact.table else ()
        raise UnauditedError(
            f"The table of the fact {fact.id} ({fact.kind}) has the columns {', '.join(columns)}, "
            "which are not those of its kind, so nobody knows of which cells it speaks.",
            hint=f"Declare them: mirrorbi.facts.kinds says {', '.join(form.columns) or 'no table'} "
            f"after a column of {form.head or 'nothing'}.",
            kind=fact.kind,
            columns=columns,
        )
    return form


def _without_value(fact: Fact, model: Model) -> tuple[str, ...]:
    """Return the dimensions of which a fact says in how many rows they are not known."""
    if fact.table is None:
        columns = {fact.metric}
    else:
        counted = zip(fact.table.column("column"), fact.table.column("nulls"), strict=True)
        columns = {name for name, nulls in counted if nulls}
    return tuple(name for name, dim in model.dimensions.items() if dim.column in columns)


@lru_cache(maxsize=4096)
def _of(
    of_all: bool,
    without: tuple[str, ...],
    scopes: tuple[Where, ...],
    own: tuple[Period | None, ...],
    periods: tuple[str, ...],
    calendar: Calendar,
    head: str,
    members: tuple[str, ...],
    spans: tuple[Period | None, ...],
) -> frozenset[Statement]:
    cells = {ALL_DATA} if of_all else set[Statement]()
    cells.update(Statement(((name, (MISSING,)),), None) for name in without)
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
