"""Cells: how many stand behind each, and which rule forbids to show it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mirrorbi.data.cube.states import simple_metrics
from mirrorbi.data.model.semantic_model import (
    Aggregation,
    Metric,
    Model,
    Privacy,
    RatioMetric,
    SimpleMetric,
)
from mirrorbi.data.periods import Period
from mirrorbi.data.query import Query
from mirrorbi.privacy.policy import Policy

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]

RULES = ("", "min_entities", "dominance", "p_ratio", "complement", "difference")
"""Why a cell may not be shown, by code; 0 is a cell that may."""

_MIN_FREQUENCY, _DOMINANCE, _P_RATIO = 1, 2, 3

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


@dataclass(frozen=True)
class Rules:
    """The rules that a cell must pass, after Hundepool et al., 2012.

    A cell without rows passes: nobody is in it.

    - Minimum frequency: a cell has at least ``min_entities`` distinct entities; rows,
      where the model names no entity. The same holds for the rows that a metric is
      computed from, if there are any: the mean of three known values among a thousand
      rows is that of three. The denominator of a ratio is such a metric.
    - Where the model names an entity that may be a person (its column is not classed
      ``safe`` by anybody), counts of some of the rows are cells of their own: who left, who
      was late. They have at least ``min_entities`` entities or none, and of a part of a
      count the rest too. So are sums and means: they are of those who add something other
      than zero. Where rows or entities are no persons, only what they are counted
      of is checked. All or none is shown either way.
    - Dominance: of a sum, the two largest entities hold at most ``dominance``.
    - p %: of a sum, the rest without the two largest is at least ``p_ratio`` of the
      largest. Both where the model names an entity, and on amounts without their sign.

    Parameters
    ----------
    model
        What the metrics are.
    policy
        The thresholds.
    """

    model: Model
    policy: Policy

    @property
    def entity(self) -> str | None:
        """The column that is counted; ``None`` for rows."""
        return self.model.dataset.entity

    @property
    def persons(self) -> bool:
        """Whether the entity may be a person: nobody said that its column is safe."""
        columns = self.policy.columns
        return self.entity is not None and columns.get(self.entity) is not Privacy.SAFE

    def cells(self, cells: Cells) -> Codes:
        """Return the code of the rule that each cell breaks, as (members, columns)."""
        counts = cells.counts["entities"] if self.entity else cells.rows
        return np.where(self._below_threshold(cells.rows, counts), _MIN_FREQUENCY, 0).astype(
            np.int8
        )

    def metric(self, cells: Cells, name: str) -> Codes:
        """Return the code of the rule that each cell breaks if this metric of it is shown."""
        codes = self.cells(cells)
        metrics = list(simple_metrics(self.model, name))
        for metric in metrics:
            for code, broken in self._simple(cells, metric):
                codes = np.where((codes == 0) & broken, code, codes).astype(np.int8)
        rest = self._rest(cells, self.model.metrics[name])
        return np.where((codes == 0) & rest, _MIN_FREQUENCY, codes).astype(np.int8)

    def uses(self, name: str, counts: Iterable[str]) -> list[str]:
        """Return which counts are looked at for a metric; ``""`` for cells as such."""
        parts = {m.name for m in simple_metrics(self.model, name)} if name else set()
        return [c for c in counts if ":" not in c or c.partition(":")[2] in parts]

    def is_single_record(self, name: str) -> bool:
        """Whether a metric is one record's value, however many rows there are: min and max."""
        extremes = (Aggregation.MIN, Aggregation.MAX)
        return any(metric.agg in extremes for metric in simple_metrics(self.model, name))

    def _below_threshold(self, rows: Floats, counts: Floats) -> Bools:
        # Rows whose entity is unknown are somebody's too.
        below: Bools = (rows > 0) & (counts < self.policy.min_entities)
        return below

    def _simple(self, cells: Cells, metric: SimpleMetric) -> Iterable[tuple[int, Bools]]:
        name, counts = metric.name, cells.counts
        rows = counts[f"count:{name}"]
        if self.persons or metric.agg is not Aggregation.COUNT:
            entities = rows if self.entity is None else counts[f"entities:{name}"]
            yield _MIN_FREQUENCY, self._below_threshold(rows, entities)
        if self.persons and f"entities_not_zero:{name}" in counts:
            # A sum of noughts and ones is a count of some: of all who add to it, or of none.
            nonzero_entities = counts[f"entities_not_zero:{name}"]
            yield _MIN_FREQUENCY, self._below_threshold(nonzero_entities, nonzero_entities)
        if f"total:{name}" in counts:
            largest, second_largest, total = (counts[f"{word}:{name}"] for word in _PARTS)
            # What rounding leaves of a sum is nothing.
            rest = np.maximum(total - largest - second_largest, 0.0)
            positive = total > 0
            yield _DOMINANCE, positive & (largest + second_largest > self.policy.dominance * total)
            yield _P_RATIO, positive & (rest < self.policy.p_ratio * largest)

    def _rest(self, cells: Cells, metric: Metric) -> Bools:
        """Return where a part of a count leaves few of the whole."""
        none = np.zeros(cells.rows.shape, dtype=bool)
        if not self.persons or not isinstance(metric, RatioMetric):
            return none
        pair = [self.model.metrics[name] for name in (metric.numerator, metric.denominator)]
        if not all(isinstance(m, SimpleMetric) and m.agg is Aggregation.COUNT for m in pair):
            return none
        top, bottom = (cells.counts[f"count:{m.name}"] for m in pair)
        return self._below_threshold(bottom - top, bottom - top)


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


_PARTS = ("first", "second", "total")


def smallest(cells: Cells, eligible: Bools, column: int) -> int | None:
    """Return the member with fewest rows in a column, of those that are open; ties by name."""
    places = np.flatnonzero(eligible[:, column] & (cells.rows[:, column] > 0))
    if not len(places):
        return None
    key: Callable[[int], tuple[float, str]] = lambda i: (cells.rows[i, column], cells.members[i])  # noqa: E731
    return int(min(places.tolist(), key=key))
