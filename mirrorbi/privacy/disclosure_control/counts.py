"""Counts: the rows and entities behind cells of any members and any stretch of time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

import numpy as np
import numpy.typing as npt

from mirrorbi.data.dataset import Dataset
from mirrorbi.data.model.semantic_model import SimpleMetric
from mirrorbi.data.periods import Grain, Period
from mirrorbi.data.query import Query
from mirrorbi.privacy.disclosure_control.statements import Statement

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int_]

CELLS = 400_000
"""Cells up to which a conversation is followed; beyond, what is asked is refused."""

MAX_QUESTIONS = 300
"""Questions to the engine about entities in one answer; beyond, cells count as small."""


class Counts:
    """What stands behind the cells of one data set, each looked up once.

    It is kept to save time alone: every count follows from the data, whatever was asked
    before and by whom. What a conversation learns is its own `Threshold`'s.

    Parameters
    ----------
    dataset
        The data.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = ref(dataset)
        self.metric = _cheapest(dataset)
        self._rows: dict[tuple[tuple[str, ...], Period | None], tuple[Ints, Floats]] = {}
        self._members: dict[str, tuple[str, ...]] = {}
        self._entities: dict[Query, dict[tuple[object, ...], float]] = {}

    @property
    def dataset(self) -> Dataset:
        """The data."""
        dataset = self._dataset()
        assert dataset is not None  # noqa: S101 (who asks holds it)
        return dataset

    @property
    def reach(self) -> set[datetime]:
        """The first moment of the data, and the end of the last day that has some."""
        first, last = self.dataset.first, self.dataset.last
        return {first, last + timedelta(days=1)} if first and last else set()

    def members(self, dimension: str) -> tuple[str, ...]:
        """Return a dimension's members, in an order that stays."""
        if dimension not in self._members:
            self._members[dimension] = tuple(self.dataset.members(dimension))
        return self._members[dimension]

    def bearable(self, cells: int, most: int = CELLS) -> bool:
        """Return whether so many cells, of which none is empty, are few enough."""
        return min(cells, self.dataset.rows) <= most

    def rows(
        self,
        dimensions: tuple[str, ...],
        span: Period | None,
        spans: Sequence[Period | None] = (),
    ) -> tuple[Ints, Floats]:
        """Return the cells of dimensions in a stretch of time.

        Parameters
        ----------
        dimensions
            What is cut.
        span
            The time. ``None`` for what lies in none of the others.
        spans
            All stretches of time.

        Returns
        -------
        tuple of arrays
            (cells, dimensions), the place of each cell's members, and (cells,), its rows.
        """
        cells = self._rows_in(dimensions, span)
        others = (
            [other_span for other_span in spans if other_span is not None] if span is None else []
        )
        if not others:
            return cells
        parts = [
            cells,
            *((m, -n) for m, n in (self._rows_in(dimensions, other_span) for other_span in others)),
        ]
        members = np.concatenate([m for m, _ in parts])
        distinct, inverse = np.unique(members, axis=0, return_inverse=True)
        rows = np.concatenate([n for _, n in parts])
        remaining: Floats = np.bincount(inverse.reshape(-1), rows, len(distinct)).astype(float)
        return distinct[remaining > 0], remaining[remaining > 0]

    def _rows_in(self, dimensions: tuple[str, ...], span: Period | None) -> tuple[Ints, Floats]:
        key = dimensions, span
        if key not in self._rows:
            grain = self.grain(span)
            time: dict[str, Any] = {"period": span} if grain is None else {"grain": grain}
            query = Query.of(self.metric, by=dimensions, **time)
            frame = self.dataset.answer(query, entities=False).frame
            members, rows = self._places(dimensions, frame), frame["rows"].to_numpy(dtype=float)
            if grain is None:
                self._rows[key] = members, rows
                return self._rows[key]
            starts, at = np.unique(frame["period"].to_numpy(), return_inverse=True)
            edges = np.searchsorted(at, np.arange(len(starts) + 1))
            for i, start in enumerate(starts.astype("datetime64[us]").tolist()):
                end = self.dataset.calendar.step(start, grain)
                lines = slice(edges[i], edges[i + 1])
                self._rows[dimensions, Period(start, end, None)] = members[lines], rows[lines]
            none = np.zeros((0, len(dimensions)), dtype=np.int64), np.zeros(0)
            self._rows.setdefault(key, none)
        return self._rows[key]

    def _places(self, dimensions: tuple[str, ...], frame: pd.DataFrame) -> Ints:
        """Return the place of each line's members."""
        import pandas as pd

        places = [
            pd.Index(self.members(name)).get_indexer(pd.Index(frame[name].to_numpy(dtype=object)))
            for name in dimensions
        ]
        return np.array(places, dtype=np.int64).reshape(len(dimensions), len(frame)).T

    def entities(self, query: Query) -> Mapping[tuple[object, ...], float]:
        """Return the entities of each cell of a question; rows, where the model names none.

        A cell is named by its period's start, where the question has a grain, and its
        members, in order of dimension.
        """
        if query not in self._entities:
            counts = self.dataset.counts(query)
            keys = sorted(
                (name for name in counts if name == "period" or name in query.by),
                key=lambda name: (name != "period", name),
            )
            columns = [
                np.asarray(counts[name]).astype("datetime64[us]").tolist()
                if name == "period"
                else np.asarray(counts[name]).tolist()
                for name in keys
            ]
            entities = np.asarray(counts["entities" if "entities" in counts else "rows"])
            lines = zip(*columns, strict=True) if columns else [()] * len(entities)
            self._entities[query] = dict(zip(lines, entities.tolist(), strict=True))
        return self._entities[query]

    def grain(self, span: Period | None) -> Grain | None:
        """Return the grain of which a stretch of time is one step, if any."""
        if span is None or self.dataset.model.time is None:
            return None
        for grain in _GRAINS:
            step = Period.of(span.start, grain, self.dataset.calendar)
            if (step.start, step.end) == (span.start, span.end):
                return grain
        return None


_GRAINS = (Grain.MONTH, Grain.WEEK, Grain.DAY, Grain.QUARTER, Grain.YEAR, Grain.HOUR)


class Threshold:
    """Whether cells have as many entities as they must; rows, where the model names none.

    It serves one examination. A question to the engine counts whether or not its answer is
    known already, so that the verdicts do not depend on what was asked before.

    Parameters
    ----------
    counts
        Of the data.
    least
        How many entities a cell must have.
    passing
        Cells that were counted and have so many.
    questions
        Questions about entities that may be asked; beyond, cells count as small.
    """

    def __init__(
        self,
        counts: Counts,
        least: int,
        passing: Iterable[Statement] = (),
        questions: int = MAX_QUESTIONS,
    ) -> None:
        self.counts = counts
        self.least = least
        self.passing = frozenset(passing)
        self._questions = questions
        self._asked: set[Query] = set()

    def passes(self, where: Mapping[str, tuple[str, ...]], span: Period | None) -> bool:
        """Return whether a cell has enough entities.

        It has if a part of it is known to. Otherwise the engine is asked: of single members
        and of the steps of a grain, for all at once.

        Parameters
        ----------
        where
            Members, per dimension.
        span
            The time; ``None`` for all.
        """
        if any(_is_part(cell, where, span) for cell in self.passing):
            return True
        dataset = self.counts.dataset
        if not where and span is None and dataset.model.dataset.entity is None:
            return dataset.rows >= self.least
        grain = self.counts.grain(span)
        by = tuple(name for name in sorted(where) if len(where[name]) == 1)
        rest = {name: members for name, members in where.items() if name not in by}
        time: dict[str, Any] = {"period": span} if grain is None else {"grain": grain}
        query = Query.of(self.counts.metric, by=by, where=rest, **time)
        if query not in self._asked and len(self._asked) >= self._questions:
            return False
        self._asked.add(query)
        start: tuple[object, ...] = () if grain is None or span is None else (span.start,)
        key = (*start, *(where[name][0] for name in by))
        return self.counts.entities(query).get(key, 0.0) >= self.least


def _is_part(cell: Statement, where: Mapping[str, tuple[str, ...]], span: Period | None) -> bool:
    """Return whether a cell is part of another."""
    if span is not None and (
        cell.period is None or cell.period.start < span.start or cell.period.end > span.end
    ):
        return False
    own = dict(cell.where)
    return all(name in own and set(own[name]) <= set(members) for name, members in where.items())


_COUNTS: WeakKeyDictionary[Dataset, Counts] = WeakKeyDictionary()


def counts_of(dataset: Dataset) -> Counts:
    """Return the counts of a data set, which every conversation about it shares."""
    return _COUNTS.setdefault(dataset, Counts(dataset))


def _cheapest(dataset: Dataset) -> str:
    """Return the metric that costs least to ask for: the rows come with every answer."""
    for name, metric in dataset.model.metrics.items():
        if isinstance(metric, SimpleMetric) and metric.agg.mergeable:
            return name
    return next(iter(dataset.model.metrics))
