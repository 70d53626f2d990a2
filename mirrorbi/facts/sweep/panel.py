"""A panel: every metric of every member in every period, as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mirrorbi.data.periods import Period
from mirrorbi.data.query import Query, Result
from mirrorbi.facts.fact import SIGNIFICANT_DIGITS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

ALL = ""
"""The one member of a panel that is not split."""

HIDDEN = "hidden"
"""Column of an answer that marks cells which may not be shown, where there are such."""


@dataclass(frozen=True, slots=True)
class Panel:
    """The answer to one query, laid out for slicing.

    Parameters
    ----------
    by
        The dimension, or ``None`` for the whole.
    members
        Its members, most rows first, then by name; ``("",)`` for the whole.
    periods
        The columns of the arrays, without gaps; ``(None,)`` where there is no time.
    values
        Per metric an array (members, periods); NaN where there is no cell.
    rows
        Array (members, periods); 0 where there is no cell.
    query
        The question that was asked.
    hidden
        Array (members, periods): cells that there are but that may not be shown; their
        values are NaN and their rows 0.
    """

    by: str | None
    members: tuple[str, ...]
    periods: tuple[Period | None, ...]
    values: Mapping[str, Floats]
    rows: Ints
    query: Query
    hidden: Bools

    @classmethod
    def of(cls, result: Result, periods: Sequence[Period] = ()) -> Panel:
        """Lay out a result of at most one dimension.

        Parameters
        ----------
        result
            The answer of a data set.
        periods
            Every step of the query's grain that the panel shall have, in order. Left
            out for a query without a grain.
        """
        query, cells = result.query, result.columns
        by = query.by[0] if query.by else None
        rows = np.asarray(cells["rows"]).astype(np.int64)
        if by is None:
            members: tuple[str, ...] = (ALL,)
            line = np.zeros(len(rows), dtype=np.int64)
        else:
            members, line = _members(cells[by].tolist(), rows)
        if query.grain is None:
            columns: tuple[Period | None, ...] = (query.period,)
            column = np.zeros(len(rows), dtype=np.int64)
            inside = np.ones(len(rows), dtype=bool)
        else:
            columns = tuple(periods)
            starts = np.array([p.start for p in periods], dtype="datetime64[us]")
            moments = np.asarray(cells["period"]).astype("datetime64[us]")
            column = np.searchsorted(starts, moments)
            inside = column < len(starts)
            inside[inside] = starts[column[inside]] == moments[inside]
        shape = (len(members), len(columns))
        where = (line[inside], column[inside])
        values = {}
        for metric in query.metrics:
            values[metric] = np.full(shape, np.nan)
            values[metric][where] = rounded_floats(
                np.asarray(cells[metric], dtype=np.float64)[inside]
            )
        counts = np.zeros(shape, dtype=np.int64)
        counts[where] = rows[inside]
        hidden = np.zeros(shape, dtype=bool)
        if HIDDEN in cells:
            hidden[where] = np.asarray(cells[HIDDEN], dtype=bool)[inside]
            for array in values.values():
                array[hidden] = np.nan
        return cls(by, members, columns, values, counts, query, hidden)

    def line(self, member: str) -> int | None:
        """Return the row of a member, or ``None`` if the panel has none of that name."""
        try:
            return self.members.index(member)
        except ValueError:
            return None

    def hides(self, member: str) -> Bools:
        """Return which cells of a member are hidden, as an array (periods,)."""
        line = self.line(member)
        nothing: Bools = np.zeros(len(self.periods), dtype=bool)
        return nothing if line is None else self.hidden[line]

    def column(self, period: Period | None) -> int | None:
        """Return the column of a period, or ``None`` if it is not a step of the panel."""
        try:
            return self.periods.index(period)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Cells:
    """One column of a panel: every metric of every member at one time.

    Parameters
    ----------
    by, members
        As in `Panel`.
    values
        Per metric an array (members,); NaN where there is no cell.
    rows
        Array (members,); 0 where there is no cell.
    queries
        The questions behind it.
    """

    by: str | None
    members: tuple[str, ...]
    values: Mapping[str, Floats]
    rows: Ints
    queries: tuple[Query, ...]

    def aligned(self, members: Sequence[str]) -> Cells:
        """Return the cells in that order of members; absent ones are NaN with 0 rows."""
        if tuple(members) == self.members:
            return self
        positions = {member: i for i, member in enumerate(self.members)}
        source = np.array([positions.get(member, -1) for member in members], dtype=np.int64)
        there = source >= 0
        values = {}
        for metric, column in self.values.items():
            values[metric] = np.full(len(members), np.nan)
            values[metric][there] = column[source[there]]
        rows = np.zeros(len(members), dtype=np.int64)
        rows[there] = self.rows[source[there]]
        return Cells(self.by, tuple(members), values, rows, self.queries)


def rounded_floats(values: Floats) -> Floats:
    """Cut floats to the digits that do not depend on the order in which an engine adds.

    Examples
    --------
    >>> rounded_floats(np.array([0.1 + 0.2, 5.0, float("nan")])).tolist()
    [0.3, 5.0, nan]
    """
    out = values.astype(np.float64, copy=True)
    broken = np.isfinite(out) & (out != np.trunc(out))
    # Scaling by a power of ten that is exact gives the same digits as printing, but faster.
    quick = broken & (np.abs(out) >= 1e-10) & (np.abs(out) < 1e11)
    if quick.any():
        numbers = out[quick]
        digits = SIGNIFICANT_DIGITS - 1 - np.floor(np.log10(np.abs(numbers)))
        scale = 10.0 ** np.minimum(digits, 22)
        out[quick] = np.round(numbers * scale) / scale
    slow = (broken & ~quick) | (np.isfinite(out) & (np.abs(out) >= 2.0**53))
    if slow.any():
        out[slow] = [float(f"{value:.{SIGNIFICANT_DIGITS}g}") for value in out[slow]]
    return out


def _members(names: Iterable[str], rows: Ints) -> tuple[tuple[str, ...], Ints]:
    listed = list(names)
    totals: dict[str, int] = {}
    for name, count in zip(listed, rows.tolist(), strict=True):
        totals[name] = totals.get(name, 0) + count
    members = tuple(sorted(totals, key=lambda name: (-totals[name], name)))
    place = {name: i for i, name in enumerate(members)}
    return members, np.array([place[name] for name in listed], dtype=np.int64)
