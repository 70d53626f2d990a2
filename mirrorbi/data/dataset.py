"""A data set with its semantic model: what everything else asks its questions of."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mirrorbi.data.completeness import Coverage
from mirrorbi.data.cube.contributors import cell_counts, counts_of
from mirrorbi.data.cube.cube import base_for
from mirrorbi.data.cube.cube_cache import CubeCache
from mirrorbi.data.cube.states import State, evaluate, from_states, simple_metrics, states_of
from mirrorbi.data.engine.durations import with_duration_columns
from mirrorbi.data.engine.engine_queries import EngineQueries, join_cells
from mirrorbi.data.engine.profile import Profile
from mirrorbi.data.engine.sample import rare_values
from mirrorbi.data.engine.sealed_table import Judge, SealedTable, Verdict, verdict
from mirrorbi.data.model.catalog import Catalog
from mirrorbi.data.model.durations import with_duration_metrics
from mirrorbi.data.model.semantic_model import Model
from mirrorbi.data.periods import Grain, Period, steps
from mirrorbi.data.prompt_line import prompt_line
from mirrorbi.data.query import Query, Result, frame_of

if TYPE_CHECKING:
    import pandas as pd

    from mirrorbi.data.ingest.sources import OpenedSource
    from mirrorbi.data.model.semantic_model import SimpleMetric


class Dataset(Catalog, SealedTable):
    """A table, its meaning, and the cubes made of it so far.

    `mirrorbi.open` makes one. Only aggregates leave it: no public attribute or method gives
    the table, its engine or a row.

    Parameters
    ----------
    opened
        The source, opened.
    model
        What its columns mean, checked against them.
    model_name
        Where the model came from, for people: a file name, ``draft`` or ``given``.
    draft_profile
        The profile of the data, where the model was drafted from it.

    Examples
    --------
    >>> import mirrorbi, pandas as pd
    >>> ds = mirrorbi.open(pd.DataFrame({"city": ["Rome", "Oslo", "Rome"]}))
    >>> ds.query("rows", by="city").frame["rows"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        opened: OpenedSource,
        model: Model,
        model_name: str = "given",
        draft_profile: Profile | None = None,
    ) -> None:
        model = with_duration_metrics(model)
        Catalog.__init__(self, model)
        SealedTable.__init__(self, _named_table(opened, model.dataset.name), draft_profile)
        self._opened = opened
        self._drafted = draft_profile is not None
        self.model_name = model_name
        measured = with_duration_columns(self._table, model)
        self._engine_queries = EngineQueries(measured, model)
        columns = {name: part.column or name for name, part in model.dimensions.items()}
        self._cubes = CubeCache(measured, self._engine_queries.time, columns)
        self._complete_periods: dict[Period, bool] = {}
        self._complete_by_start: dict[Grain, dict[datetime, bool]] = {}
        self._answers: dict[tuple[Query, bool], Result] = {}
        self._counts: dict[Query, dict[str, Any]] = {}

    def __repr__(self) -> str:
        return prompt_line(
            f"Dataset {self._opened.name!r}: {self.rows:,} rows, {len(self.model.metrics)} metrics"
        )

    # -- questions ---------------------------------------------------------------------

    def query(
        self,
        metrics: Query | str | Iterable[str],
        by: str | Iterable[str] = (),
        where: Mapping[str, str | Iterable[str]] | None = None,
        grain: Grain | str | None = None,
        period: Period | str | None = None,
        *,
        entities: bool = True,
    ) -> Result:
        """Answer a question.

        The answer is rolled up from a cube; the data is read only if no cube made so far
        holds what is asked for, and for what cannot be rolled up (medians, distinct
        counts, entities).

        Parameters
        ----------
        metrics
            A `Query`, or the names of one or more metrics.
        by, where, grain, period
            As in `Query`.
        entities
            Whether to count the distinct entities of each cell, if the model names one.

        Raises
        ------
        QueryError
            If a metric, dimension, member, grain or period is not known; the message
            names the nearest that is.
        """
        return self.answer(self.resolve(metrics, by, where, grain, period), entities=entities)

    def answer(self, query: Query, *, entities: bool = True) -> Result:
        """Answer a `Query`; see `query`."""
        self.check(query)
        entities = entities and self.model.dataset.entity is not None
        if (query, entities) not in self._answers:
            self._check_members(query)
            self._answers[query, entities] = Result(query, self._answer(query, entities))
        return self._answers[query, entities]

    def prepare(self, queries: Iterable[Query], *, counts: bool = False) -> None:
        """Make the fewest cubes from which all of these questions can be answered.

        One scan of the data makes one cube. All questions share one unless its cells
        would be too many; then dimensions with many members get cubes of their own. With
        ``counts``, what `counted` gives is kept too.
        """
        queries = list(queries)
        for query in queries:
            self.check(query)
        if not queries:
            return
        needs = [self._needs(query) for query in queries]
        states = set[State]().union(*(state for _, _, state in needs))
        if counts:
            states |= {s for query in queries for s in counts_of(self.model, query).values()}
        bases = [base for _, base, _ in needs if base is not None]
        base = min(bases, key=list(Grain).index) if bases else None
        self._cubes.prepare(
            [dimensions for dimensions, _, _ in needs],
            base,
            states,
            steps=lambda: len(self.periods(base)) if base is not None else 1,
        )

    def counted(self, query: Query) -> pd.DataFrame:
        """Return `counts` as a frame."""
        return frame_of(self.counts(query))

    def counts(self, query: Query) -> Mapping[str, Any]:
        """Return what stands behind each cell of a question: counts, no values, as arrays.

        One line per cell: ``period``, the dimensions, ``rows``, for each simple metric
        ``count:<name>`` (rows that it is computed from), and where the model names an
        entity, what `mirrorbi.data.cube.contributors.contributions` adds.
        """
        if query not in self._counts:
            self.check(query)
            dimensions, base, _ = self._needs(query)
            states = counts_of(self.model, query)
            cube = self._cubes.get(dimensions, base, set(states.values()))
            self._counts[query] = cell_counts(self._engine_queries, cube, query)
        return self._counts[query]

    def members(self, dimension: str) -> list[str]:
        """Return a dimension's members, those with the most rows first."""
        self.dimension(dimension)
        cube = self._cubes.get({dimension}, None, set())
        columns = cube.columns(Query.of((), by=dimension), self.calendar, ())
        order = (-columns["rows"]).argsort(kind="stable")
        return [str(member) for member in columns[dimension][order]]

    @property
    def scans(self) -> int:
        """Number of times that the data was read to make a cube for questions."""
        return self._cubes.scans

    def sql(self, query: Query) -> str:
        """Return the SQL that answers the question straight from the data."""
        self.check(query)
        return self._engine_queries.sql(query)

    def recount(self, query: Query) -> Result:
        """Answer a `Query` past the cubes: the engine runs what `sql` says, on the data itself.

        The answer is that of ``answer(query, entities=False)`` if cubes and roll-up are right.
        A question without dimensions and grain has one line, also where no row fits.

        Raises
        ------
        QueryError
            As `query` does.

        Examples
        --------
        >>> import mirrorbi, pandas as pd
        >>> ds = mirrorbi.open(pd.DataFrame({"city": ["Rome", "Oslo", "Rome"]}))
        >>> ds.recount(ds.resolve("rows", where={"city": "Rome"})).columns["rows"].tolist()
        [2]
        """
        self.check(query)
        arrays = self._engine_queries.recount(query)
        return Result(query, self._columns(query, arrays, lambda m: arrays[m.name].astype(float)))

    def judge_rare_values(
        self,
        column: str,
        judge: Judge,
        words: Collection[str],
        *,
        holding: Collection[str],
        fewer_than: int,
    ) -> Verdict:
        """Return a judge's verdict on the values of a column that few have.

        As `judge_column`, but the judge is given the values that hold one of some words, and
        that fewer than so many entities have (rows, where the model names no entity).

        Parameters
        ----------
        column
            Its name.
        judge, words
            Who judges, and all that the verdict may say; see `judge_columns`.
        holding
            The words, in any case.
        fewer_than
            Number of entities from which a value is nobody's.

        Raises
        ------
        RefusedError
            If the judge returns anything but a verdict.
        """
        entity = self.model.dataset.entity
        values = rare_values(self._table, column, entity, holding, fewer_than)
        return verdict(column, judge, values, words)

    # -- time --------------------------------------------------------------------------

    @cached_property
    def coverage(self) -> Coverage:
        """The days that have data, read once."""
        final = self.model.time.complete_through if self.model.time else None
        return Coverage(tuple(self._cubes.days()), final)

    @property
    def first(self) -> datetime | None:
        """First day with data; ``None`` where the model names no time."""
        return _midnight(self.coverage.days[0]) if self.coverage.days else None

    @property
    def last(self) -> datetime | None:
        """Last day with data; ``None`` where the model names no time."""
        return _midnight(self.coverage.days[-1]) if self.coverage.days else None

    def is_complete(self, period: Period) -> bool:
        """Return whether no more data is to be expected for the period."""
        if period not in self._complete_periods:
            self._complete_periods[period] = self.coverage.complete(period)
        return self._complete_periods[period]

    def periods(self, grain: Grain | str) -> list[Period]:
        """Return every period of that grain from the first to the last with data."""
        if self.first is None or self.last is None:
            return []
        kind = Grain.parse(grain)
        return steps(
            Period.of(self.first, kind, self.calendar), Period.of(self.last, kind, self.calendar)
        )

    def last_complete(self, grain: Grain | str) -> Period | None:
        """Return the latest complete period of that grain, or ``None``."""
        return next((p for p in reversed(self.periods(grain)) if self.is_complete(p)), None)

    # -- the data itself, in counts ----------------------------------------------------

    @cached_property
    def _duplicates(self) -> int | None:
        # A draft of this very data names a key only after counting.
        is_counted = self.model.draft and self._drafted and self.model.dataset.grain
        return 0 if is_counted else self._engine_queries.duplicates()

    def duplicates(self) -> int | None:
        """Return how many rows repeat the key of another; ``None`` if the model names no key."""
        return self._duplicates

    @cached_property
    def data_hash(self) -> str:
        """SHA-256 of the data, as ``sha256:`` and hexadecimal digits."""
        from mirrorbi.data.ingest.fingerprint import fingerprint

        return fingerprint(self._opened)

    @cached_property
    def model_hash(self) -> str:
        """SHA-256 of the model's content."""
        # A part that came later leaves the hashes of models without it as they were.
        unused = None if self.model.durations else {"durations"}
        text = self.model.model_dump_json(exclude=unused)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def describe(self) -> dict[str, Any]:
        """Return what a report must say of its data, as plain values."""
        return {
            "source": self._opened.name,
            "kind": self._opened.kind,
            "label": self.title,
            "data_hash": self.data_hash,
            "rows": self.rows,
            "first": self.first.date().isoformat() if self.first else None,
            "last": self.last.date().isoformat() if self.last else None,
            "model": "draft" if self.model.draft else self.model_name,
            "model_hash": self.model_hash,
            "engine": self._engine_queries.engine,
            "entity": self.model.dataset.entity,
            "calendar": [self.calendar.week_start, self.calendar.fiscal_year_start],
            "notes": list(self._opened.notes),
        }

    @property
    def title(self) -> str:
        """The data set as people call it."""
        part = self.model.dataset
        return part.label or part.name or Path(self._opened.name).stem

    # -- how ---------------------------------------------------------------------------

    def _needs(self, query: Query) -> tuple[frozenset[str], Grain | None, set[State]]:
        simple = [m for name in query.metrics for m in simple_metrics(self.model, name)]
        states = {state for metric in simple for state in states_of(metric)}
        dimensions = frozenset([*query.by, *(name for name, _ in query.where)])
        return dimensions, base_for(query, any(state.take for state in states)), states

    def _answer(self, query: Query, entities: bool) -> dict[str, Any]:
        dimensions, base, states = self._needs(query)
        cube = self._cubes.get(dimensions, base, states)
        merged: Any = cube.columns(query, self.calendar, states)
        keys = [name for name in merged if name == "period" or name in query.by]
        engine_frame = self._engine_queries.answer(query, entities)
        if engine_frame is not None:
            merged = join_cells(frame_of(merged), engine_frame, keys)
        arrays = {name: np.asarray(column) for name, column in merged.items()}

        def simple(metric: SimpleMetric) -> np.ndarray[Any, Any]:
            if states_of(metric):
                return from_states(metric, arrays)
            return arrays[f"metric:{metric.name}"].astype(float)

        columns = self._columns(query, arrays, simple)
        if entities:
            columns["entities"] = np.nan_to_num(arrays["entities"].astype(float)).astype("int64")
        return columns

    def _columns(
        self,
        query: Query,
        arrays: Mapping[str, np.ndarray[Any, Any]],
        simple: Callable[[SimpleMetric], np.ndarray[Any, Any]],
    ) -> dict[str, Any]:
        """Return the columns of an answer, from those of its keys and simple metrics."""
        columns = {name: arrays[name] for name in query.by}
        if query.grain is not None:
            starts, places = np.unique(arrays["period"], return_inverse=True)
            by_start = self._complete_by_start.setdefault(query.grain, {})
            for start in starts.tolist():
                if start not in by_start:
                    by_start[start] = self.is_complete(Period.of(start, query.grain, self.calendar))
            complete = np.array([by_start[start] for start in starts.tolist()], dtype=bool)
            columns = {"period": arrays["period"], "complete": complete[places]}
            columns |= {name: arrays[name] for name in query.by}
        for name in query.metrics:
            columns[name] = evaluate(self.model, name, simple)
        columns["rows"] = arrays["rows"].astype("int64")
        return columns

    def _check_members(self, query: Query) -> None:
        for name, members in query.where:
            self.check_members(name, members, partial(self.members, name))


def _named_table(opened: OpenedSource, name: str) -> Any:
    """Return the table under a name that people recognise in SQL, where it is ours to name."""
    if opened.kind == "ibis":
        return opened.table
    from ibis.expr.operations import PhysicalTable

    view = re.sub(r"\W+", "_", name or Path(opened.name).stem).strip("_").lower() or "data"
    used_names = {str(table.name).lower() for table in opened.table.op().find(PhysicalTable)}
    while view in used_names:
        view += "_data"
    return opened.table.get_backend().create_view(view, opened.table, overwrite=True)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
