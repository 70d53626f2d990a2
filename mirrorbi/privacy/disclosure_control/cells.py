"""Cells: how many stand behind each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mirrorbi.data.periods import Period
from mirrorbi.data.query import Query

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]

ALL = ""
"""The one member of cells that are not split."""


@dataclass(frozen=True)
class Cells:
    """What stands behind each cell of a table of members over time.

    Parameters
    ----------
    members
        The lines.
    columns
        The periods; ``None`` for all time.
    counts
        Arrays (members, columns) by name: ``rows``; ``count:<simple metric>``; where the
        model names an entity, ``entities`` and what
        `mirrorbi.data.cube.contributors.contributions` gives.
    """

    members: tuple[str, ...]
    columns: tuple[Period | None, ...]
    counts: Mapping[str, Floats]

    @classmethod
    def of(
        cls,
        answers: Iterable[tuple[Query, Mapping[str, Any] | pd.DataFrame]],
        columns: Sequence[Period | None],
        steps: Collection[Period] = (),
        members: Sequence[str] | None = None,
    ) -> Cells:
        """Lay out what `Dataset.counts` gave for questions of at most one dimension.

        Parameters
        ----------
        answers
            Each question and its counts. One with a grain fills the columns of that
            grain's periods, one without the column of its period.
        columns
            The periods wanted; ``None`` for all time.
        steps
            Those of the columns that are steps of the questions' grain.
        members
            The lines wanted, in order; by default all, sorted by name.
        """
        query_counts = list(answers)
        by = query_counts[0][0].by[0] if query_counts[0][0].by else None
        named = sorted({m for _, f in query_counts for m in (f[by] if by else (ALL,))})
        lines = {m: i for i, m in enumerate(named if members is None else members)}
        step_set = frozenset(steps)
        starts = {p.start: i for i, p in enumerate(columns) if p is not None and p in step_set}
        spans = {p: i for i, p in enumerate(columns)}
        shape = (len(lines), len(columns))
        counts: dict[str, Floats] = {}
        for query, frame in query_counts:
            size = len(frame["rows"])
            row = _positions(frame[by], lines.get) if by else np.zeros(size, dtype=int)
            if query.grain is None:
                column = np.full(size, spans.get(query.period, -1), dtype=int)
            else:
                moments = np.asarray(frame["period"]).astype("datetime64[us]")
                column = _positions(moments, starts.get)
            inside = (row >= 0) & (column >= 0)
            for name in map(str, frame):
                if name in ("period", by):
                    continue
                array = counts.setdefault(name, np.zeros(shape))
                array[row[inside], column[inside]] = np.asarray(frame[name], dtype=float)[inside]
        counts = {name: np.nan_to_num(array) for name, array in counts.items()}
        counts.setdefault("rows", np.zeros(shape))
        return cls(tuple(lines), tuple(columns), counts)

    @property
    def rows(self) -> Floats:
        """Rows of each cell."""
        return self.counts["rows"]

    def without(self, members: Iterable[str]) -> Cells:
        """Return the cells of the other members."""
        excluded = set(members)
        lines = [i for i, member in enumerate(self.members) if member not in excluded]
        counts = {name: array[lines] for name, array in self.counts.items()}
        return Cells(tuple(self.members[i] for i in lines), self.columns, counts)

    def vstack(self, other: Cells) -> Cells:
        """Return these lines, and below them those of other cells with the same columns."""
        counts = {
            name: np.vstack([array, other.counts.get(name, np.zeros(other.rows.shape))])
            for name, array in self.counts.items()
        }
        return Cells((*self.members, *other.members), self.columns, counts)

    def column_totals(self, chosen: Bools) -> Cells:
        """Return one line: the chosen cells of each column, taken together.

        Rows and sums add up. Entities may be the same in several cells, so that of the
        largest cell is taken: at least so many there are. What the largest entities hold
        is added up: at most so much it is.

        Parameters
        ----------
        chosen
            Array (members, columns).
        """
        counts = {}
        for name, array in self.counts.items():
            values = np.where(chosen, array, 0.0)
            if name.startswith("entities"):
                counts[name] = values.max(axis=0, keepdims=True, initial=0.0)
            else:
                counts[name] = values.sum(axis=0, keepdims=True)
        return Cells((ALL,), self.columns, counts)

    def line_totals(self, chosen: Bools) -> Cells:
        """Return one column: the chosen cells of each member, taken together."""
        counts = {name: array.T for name, array in self.counts.items()}
        names = tuple(str(i) for i in range(len(self.columns)))
        totals = Cells(names, (None,) * len(self.members), counts).column_totals(chosen.T)
        flipped = {name: array.T for name, array in totals.counts.items()}
        return Cells(self.members, (None,), flipped)


def _positions(values: Any, place: Callable[[Any], int | None]) -> npt.NDArray[np.int_]:
    """Return the place of each value, each distinct one looked up once; -1 where none."""
    array = np.asarray(values)
    if array.dtype.kind == "M":
        distinct, codes = np.unique(array, return_inverse=True)
        distinct = distinct.astype(object)
    else:
        import pandas as pd

        codes, distinct = pd.factorize(array)
    places = np.array([-1 if (at := place(v)) is None else at for v in distinct], dtype=int)
    return places[codes] if len(places) else np.zeros(0, dtype=int)


def smallest(cells: Cells, eligible: Bools, column: int) -> int | None:
    """Return the member with fewest rows in a column, of those that are open; ties by name."""
    places = np.flatnonzero(eligible[:, column] & (cells.rows[:, column] > 0))
    if not len(places):
        return None
    key: Callable[[int], tuple[float, str]] = lambda i: (cells.rows[i, column], cells.members[i])  # noqa: E731
    return int(min(places.tolist(), key=key))
