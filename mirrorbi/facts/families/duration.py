"""Durations: how long it takes from one time to another, and how much is not over yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from mirrorbi.data.model.durations import closed_of, open_of, p90_of
from mirrorbi.facts.fact import Fact, Quantity, Table, exact
from mirrorbi.facts.families.values import large_enough, order, plain_size
from mirrorbi.facts.sweep.caveats import small_sample_caveat
from mirrorbi.facts.sweep.panel import Cells, Ints
from mirrorbi.facts.sweep.sweep_context import SweepContext
from mirrorbi.facts.tables import ROWS, cell, series_table

TAIL = 100
"""Closed intervals from which the 90th percentile is told: it is no longer that of a few."""

METHOD = (
    "median and 90th percentile (linear interpolation) over the rows of which the end is known "
    "and not before the start; open: a start and no end"
)

_PLAIN = 0.2


def find(context: SweepContext) -> Iterator[Fact]:
    """Yield how long each duration takes, over time and for the slowest member."""
    for name in context.dataset.model.durations:
        yield from _overall(context, name)
        for by in context.by:
            yield from _slowest(context, name, by)


def _overall(context: SweepContext, name: str) -> Iterator[Fact]:
    cells = context.cells()
    if not len(cells.rows) or not np.isfinite(cells.values[name][0]):
        return
    n, table = int(_closed(cells, name)[0]), None
    if context.periods:
        series = context.series(name)
        closed, p90 = (context.series(of(name)).values for of in (closed_of, p90_of))
        p90 = np.where(closed >= TAIL, p90, np.nan)
        table = series_table(series, context.unit(name), {"p90": p90})
    yield _fact(
        context,
        name,
        quantities=_quantities(context, name, cells, 0),
        n=n,
        score=_PLAIN,
        evidence=(context.panel().query, *cells.queries) if context.periods else cells.queries,
        table=table,
    )


def _slowest(context: SweepContext, name: str, by: str) -> Iterator[Fact]:
    cells, overall = context.cells(by), context.cells().values[name]
    closed = _closed(cells, name)
    values = np.where(large_enough(closed), cells.values[name], np.nan)
    ranked = order(values)
    if len(ranked) < 2 or not len(overall) or not np.isfinite(overall[0]):
        return
    if values[ranked[0]] == values[ranked[-1]]:
        return
    slowest, centre = ranked[0], float(overall[0])
    scope = ((by, cells.members[slowest]),)
    tails = np.where(closed >= TAIL, cells.values[p90_of(name)], np.nan)
    unit = context.unit(name)
    lines = [
        (cells.members[i], cell(values[i]), cell(tails[i]), exact(int(closed[i])))
        for i in ranked[:ROWS]
    ]
    units = ((by, "text"), ("value", unit), ("p90", unit), ("rows", "count"))
    n = int(closed[slowest])
    yield _fact(
        context,
        name,
        scope=scope,
        quantities={
            **_quantities(context, name, cells, slowest),
            "overall": context.quantity(name, centre),
        },
        n=n,
        terms={"by": by},
        score=context.impact(scope) * plain_size(unit, float(values[slowest]), centre),
        evidence=(*cells.queries, *context.cells().queries),
        table=Table(units, tuple(lines)),
    )


def _closed(cells: Cells, name: str) -> Ints:
    """Return of how many rows of each member the end is known."""
    return np.nan_to_num(cells.values[closed_of(name)]).astype(np.int64)


def _fact(context: SweepContext, name: str, *, n: int, **parts: object) -> Fact:
    duration = context.dataset.model.durations[name]
    fact = context.blank(
        "duration",
        name,
        estimate="median",
        n=n,
        method=METHOD,
        caveats=small_sample_caveat(n),
        **parts,
    )
    words = f"{duration.unit} from {duration.start} to {duration.end}"
    return fact.replace(definition=duration.description or words)


def _quantities(
    context: SweepContext, name: str, cells: Cells, line: int
) -> Mapping[str, Quantity]:
    """Return what is known of one member; the open intervals are told of the whole alone."""
    quantities = {"median": context.quantity(name, float(cells.values[name][line]))}
    p90 = float(cells.values[p90_of(name)][line])
    if np.isfinite(p90) and cells.values[closed_of(name)][line] >= TAIL:
        quantities["p90"] = context.quantity(name, p90)
        quantities["within"] = Quantity.of(0.9, "percent", 0)
    still_open = cells.values.get(open_of(name))
    if still_open is not None and np.isfinite(still_open[line]):
        quantities["open"] = Quantity.of(int(still_open[line]), "count")
    return quantities
