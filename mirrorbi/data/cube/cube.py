"""The cube: mergeable aggregates made in one scan, from which questions are answered.

Gray et al., Data Cube: A Relational Aggregation Operator Generalizing Group-By, Cross-Tab,
and Sub-Totals, Data Mining and Knowledge Discovery 1 (1997): sums, counts, least and
greatest values are distributive, means and ratios algebraic; both can be computed from the
cells of a finer cube. Medians and distinct counts are holistic and are not kept here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mirrorbi.data.cube.merging import Groups, Summands, summands
from mirrorbi.data.cube.states import State
from mirrorbi.data.periods import Calendar, Grain, Period
from mirrorbi.data.query import Query

BASES = (Grain.HOUR, Grain.DAY, Grain.MONTH)
"""Steps of time that a cube may have: months make quarters and years, days make weeks."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Axis:
    """The members of a dimension, or the steps of time, and which of them each cell has.

    Parameters
    ----------
    members
        All there are, ascending, without repetition.
    codes
        Of each cell, the place of its member among them.
    """

    members: Array
    codes: Array

    def __len__(self) -> int:
        return len(self.members)

    def of_cells(self, cells: Any = slice(None)) -> Array:
        """Return the member of each of the cells."""
        return np.asarray(self.members[self.codes[cells]])

    def at(self, cells: Array) -> Axis:
        """Return the axis of some of the cells."""
        return Axis(self.members, self.codes[cells])


@dataclass(frozen=True, slots=True)
class Cube:
    """One cell per step of time and combination of members.

    Parameters
    ----------
    base
        The step of time; ``None`` if cells are not cut by time.
    steps
        First moment of each cell's step; not-a-time, the last of them, where it is unknown.
    axes
        The members of each cell, per dimension.
    rows
        Number of rows of each cell.
    values
        What is kept of each cell besides: 64-bit integers, or floats with NaN for nothing.
    """

    base: Grain | None
    steps: Axis
    axes: Mapping[str, Axis]
    rows: Array
    values: Mapping[State, Array]
    _summands: dict[State, Summands] = field(default_factory=dict, compare=False)
    _periods: dict[tuple[Grain, Calendar], Axis] = field(default_factory=dict, compare=False)

    def __len__(self) -> int:
        return len(self.rows)

    def covers(self, dimensions: Iterable[str], base: Grain | None, states: set[State]) -> bool:
        """Return whether a question with these needs can be answered from the cells."""
        return (
            set(dimensions) <= set(self.axes)
            and states <= set(self.values)
            and (base is None or (self.base is not None and _at_least(self.base, base)))
        )

    def narrow(self, dimensions: Sequence[str]) -> Cube:
        """Return the cube of fewer dimensions that these cells add up to."""
        axes = {name: axis for name, axis in self.axes.items() if name in dimensions}
        groups = Groups.of([self.steps, *axes.values()], len(self))
        return Cube(
            self.base,
            self.steps.at(groups.cells),
            {name: axis.at(groups.cells) for name, axis in axes.items()},
            groups.total(self.rows),
            {state: self._merged(groups, state) for state in self.values},
        )

    def columns(
        self, query: Query, calendar: Calendar, states: Iterable[State]
    ) -> dict[str, Array]:
        """Return one line per cell of the query, with its rows and merged states, as arrays.

        There is ``period`` where the query has a grain, one column of `str` per dimension,
        ``rows``, and one column per state, sorted by period and dimensions.
        """
        cells = self._selected(query)
        axes = {name: self.axes[name] for name in query.by}
        if query.grain is not None:
            axes = {"period": self._floors(query.grain, calendar), **axes}
        if cells is not None:
            axes = {name: axis.at(cells) for name, axis in axes.items()}
        groups = Groups.of(list(axes.values()), len(self) if cells is None else len(cells))
        columns = {name: axis.of_cells(groups.cells) for name, axis in axes.items()}
        columns["rows"] = groups.total(self.rows if cells is None else self.rows[cells])
        for state in sorted(states):
            edge = self._edge(state, cells, axes.get("period")) if state.take else None
            columns[state.name] = self._merged(groups, state, cells, edge)
        return columns

    def _selected(self, query: Query) -> Array | None:
        """Return the places of the cells that the query looks at; ``None`` for all."""
        mask: Array | None = None
        for name, members in query.where:
            axis = self.axes[name]
            is_in = np.fromiter((m in members for m in axis.members), dtype=bool, count=len(axis))
            mask = is_in[axis.codes] if mask is None else mask & is_in[axis.codes]
        if query.period is not None:
            start = np.datetime64(query.period.start, "us")
            end = np.datetime64(query.period.end, "us")
            within = (self.steps.members >= start) & (self.steps.members < end)
            mask = within[self.steps.codes] if mask is None else mask & within[self.steps.codes]
        if query.grain is not None and np.isnat(self.steps.members).any():
            has_step = ~np.isnat(self.steps.members)[self.steps.codes]
            mask = has_step if mask is None else mask & has_step
        return None if mask is None else np.flatnonzero(mask)

    def _floors(self, grain: Grain, calendar: Calendar) -> Axis:
        if (grain, calendar) not in self._periods:
            floors = np.array(
                [
                    np.datetime64("NaT") if np.isnat(step) else calendar.floor(step.item(), grain)
                    for step in self.steps.members
                ],
                dtype="datetime64[us]",
            )
            members, places = np.unique(floors, return_inverse=True)
            self._periods[grain, calendar] = Axis(members, places[self.steps.codes])
        return self._periods[grain, calendar]

    def _edge(self, state: State, cells: Array | None, periods: Axis | None) -> Array:
        """Return whether each cell is of the first or last day of its period of the answer.

        Days, whatever the step of the cells: a finer cube answers as one of days does.
        """
        codes = self.steps.codes if cells is None else self.steps.codes[cells]
        has_step = ~np.isnat(self.steps.members)[codes]
        days = self.steps.members.astype("datetime64[D]").astype(np.int64)[codes]
        group = np.zeros(len(codes), dtype=np.intp) if periods is None else periods.codes
        size = 1 if periods is None else len(periods)
        limits = np.iinfo(np.int64)
        if state.take == "last":
            edges = np.full(size, limits.min)
            np.maximum.at(edges, group[has_step], days[has_step])
        else:
            edges = np.full(size, limits.max)
            np.minimum.at(edges, group[has_step], days[has_step])
        return np.asarray(has_step & (days == edges[group]))

    def _merged(
        self,
        groups: Groups,
        state: State,
        cells: Array | None = None,
        edge: Array | None = None,
    ) -> Array:
        values = self.values[state]
        if state.merge != "sum":
            return groups.extreme(values if cells is None else values[cells], state.merge)
        if values.dtype.kind == "i":
            values = values if cells is None else values[cells]
            return groups.total(values if edge is None else np.where(edge, values, 0))
        if state not in self._summands:
            self._summands[state] = summands(values)
        parts = self._summands[state]
        if cells is not None:
            parts = (parts[0][cells], parts[1][cells])
        if edge is not None:
            parts = (np.where(edge, parts[0], 0.0), np.where(edge, parts[1], 0.0))
        return groups.fsum(parts)


def base_for(query: Query, stock: bool = False) -> Grain | None:
    """Return the coarsest step of time from which the query can be answered."""
    needs: list[Grain] = []
    if query.grain is not None:
        needs.append(_base_of(query.grain))
    if query.period is not None:
        needs.append(_base_of_span(query.period))
    if stock:
        needs.append(Grain.DAY)
    return min(needs, key=BASES.index) if needs else None


def _at_least(base: Grain, needed: Grain) -> bool:
    return BASES.index(base) <= BASES.index(needed)


def _base_of(grain: Grain) -> Grain:
    if grain in (Grain.HOUR, Grain.DAY):
        return grain
    return Grain.DAY if grain is Grain.WEEK else Grain.MONTH


def _base_of_span(period: Period) -> Grain:
    if any(edge.minute or edge.hour for edge in (period.start, period.end)):
        return Grain.HOUR
    return Grain.MONTH if period.start.day == period.end.day == 1 else Grain.DAY
