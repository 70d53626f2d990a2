"""Questions put straight to the engine: what cannot be rolled up from a cube."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mirrorbi.data.cube.cube_builder import axis_of
from mirrorbi.data.cube.states import aggregate, parts, simple_metrics, states_of
from mirrorbi.data.engine.embedded import fetch, line, lines
from mirrorbi.data.model.semantic_model import Aggregation, Model, RatioMetric, SimpleMetric
from mirrorbi.data.periods import Calendar, Grain
from mirrorbi.data.query import MISSING, Query

if TYPE_CHECKING:
    import pandas as pd

_DAY = "mb_day"
"""The column of days, where a stock is taken on the first or last of a period."""

_UNITS = {
    Grain.HOUR: "h",
    Grain.DAY: "D",
    Grain.WEEK: "W",
    Grain.MONTH: "M",
    Grain.QUARTER: "Q",
    Grain.YEAR: "Y",
}


class EngineQueries:
    """A table and its model, asked in single scans.

    Parameters
    ----------
    table
        An ibis table.
    model
        What its columns mean.
    """

    def __init__(self, table: Any, model: Model) -> None:
        self.table = table
        self.model = model

    @property
    def time(self) -> Any | None:
        """The ibis column of time, without a time zone; ``None`` where there is none.

        In microseconds: DuckDB 2.0 takes the years of other steps for years of microseconds
        when it plans a grouping by them, and groups wrongly.
        """
        if self.model.time is None:
            return None
        column = self.table[self.model.time.column]
        dtype = column.type()
        if dtype.is_timestamp() and (dtype.timezone or dtype.scale not in (None, 6)):
            return column.cast("timestamp(6)")
        return column

    @property
    def engine(self) -> str:
        """Name and version of the engine."""
        backend = self.table.get_backend()
        return f"{backend.name} {backend.version}"

    def duplicates(self) -> int | None:
        """Return how many rows repeat the key that the model names; ``None`` without one."""
        keys = list(self.model.dataset.grain)
        if not keys:
            return None
        distinct = self.table.select(*keys).distinct().count()
        both = self.table.aggregate(rows=self.table.count()).mutate(distinct=distinct.as_scalar())
        counts = line(both)
        return int(counts["rows"]) - int(counts["distinct"])

    def answer(self, query: Query, entities: bool) -> pd.DataFrame | None:
        """Return what a cube cannot give: medians, distinct counts and entities.

        One line per cell, with ``period``, the dimensions, ``metric:<name>`` for each
        simple metric that cannot be merged, and ``entities``; ``None`` where the query
        needs none of these.
        """
        holistic = {
            metric.name: metric
            for name in query.metrics
            for metric in simple_metrics(self.model, name)
            if not states_of(metric)
        }
        if not holistic and not entities:
            return None
        import pandas as pd

        table = self._filtered(query)
        columns = {f"m{i}": _measure(table, metric) for i, metric in enumerate(holistic.values())}
        if entities:
            columns["entities"] = table[self.model.dataset.entity].nunique()
        answer = fetch(self._grouped(table, query, columns))
        frame: dict[str, Any] = {}
        if query.grain is not None:
            frame["period"] = pd.to_datetime(answer["period"].to_pandas()).astype("datetime64[us]")
        for i, name in enumerate(query.by):
            frame[name] = axis_of(answer[f"k{i}"]).of_cells()
        for i, name in enumerate(holistic):
            frame[f"metric:{name}"] = answer[f"m{i}"].to_pandas().astype(float)
        if entities:
            frame["entities"] = answer["entities"].to_numpy()
        return pd.DataFrame(frame)

    def sql(self, query: Query) -> str:
        """Return the SQL of the whole question, as the engine would run it on the data."""
        import ibis

        return str(ibis.to_sql(self._whole(query)))

    def recount(self, query: Query) -> dict[str, Any]:
        """Return the answer of the engine to the whole question: what `sql` says, run.

        There is ``period`` where the query has a grain, one column per dimension, one of
        floats per simple metric (NaN for nothing; a sum of nothing is 0, as in a cube), and
        ``rows``; sorted by period and dimensions.
        """
        simple = {m.name: m for name in query.metrics for m in simple_metrics(self.model, name)}
        nothing = {n: 0.0 if m.agg is Aggregation.SUM else np.nan for n, m in simple.items()}
        keys = (["period"] if query.grain is not None else []) + list(query.by)
        cells = [
            {**cell, **{by: MISSING if cell[by] is None else str(cell[by]) for by in query.by}}
            for cell in lines(self._whole(query))
        ]
        cells.sort(key=lambda cell: [cell[key] for key in keys])
        columns: dict[str, Any] = {}
        for name in cells[0] if cells else ():
            values = [cell[name] for cell in cells]
            if name == "period":
                columns[name] = np.array(values, dtype="datetime64[us]")
            elif name in keys:
                columns[name] = np.array(values, dtype=object)
            elif name == "rows":
                columns[name] = np.array(values, dtype="int64")
            elif name in simple:
                columns[name] = np.array([nothing[name] if v is None else float(v) for v in values])
        return columns

    def _whole(self, query: Query) -> Any:
        table = self._filtered(query)
        if any(m.non_additive for name in query.metrics for m in simple_metrics(self.model, name)):
            table = self._with_edges(table, query)
        aggregates: dict[str, Any] = {}
        for name in query.metrics:
            aggregates.update(self._columns(table, name))
        aggregates["rows"] = table.count()
        expression = self._grouped(table, query, aggregates)
        keys = [name for name in expression.columns if name == "period" or name in query.by]
        if keys:
            expression = expression.order_by(keys)
        return expression

    def _with_edges(self, table: Any, query: Query) -> Any:
        """Return the rows with their day, and the first and last day of their period."""
        import ibis

        time: Any = EngineQueries(table, self.model).time
        day = time.cast("date")
        keys = [] if query.grain is None else [_truncate(time, query.grain, self.model.calendar)]
        window = ibis.window(group_by=keys)
        return table.mutate(
            **{_DAY: day, "mb_first": day.min().over(window), "mb_last": day.max().over(window)}
        )

    def _filtered(self, query: Query) -> Any:
        table = self.table
        for name, members in query.where:
            column = table[self._column(name)]
            condition = column.cast("string").isin([m for m in members if m != MISSING])
            if MISSING in members:
                condition = condition | column.isnull()
            table = table.filter(condition)
        if query.period is not None:
            time = EngineQueries(table, self.model).time
            if time is not None:
                start, end = query.period.start, query.period.end
                if time.type().is_date():
                    table = table.filter((time >= start.date()) & (time < end.date()))
                else:
                    table = table.filter((time >= start) & (time < end))
        elif query.grain is not None:
            table = table.filter(table[self._time_column].notnull())
        return table

    @property
    def _time_column(self) -> str:
        return self.model.time.column if self.model.time else ""

    def _column(self, dimension: str) -> str:
        return self.model.dimensions[dimension].column or dimension

    def _grouped(self, table: Any, query: Query, columns: dict[str, Any]) -> Any:
        keys: dict[str, Any] = {}
        plain = "rows" in columns
        if query.grain is not None:
            time = EngineQueries(table, self.model).time
            keys["period"] = _truncate(time, query.grain, self.model.calendar)
        for i, name in enumerate(query.by):
            column = table[self._column(name)]
            dtype = column.type()
            simple = dtype.is_string() or dtype.is_integer()
            keys[name if plain else f"k{i}"] = column if simple else column.cast("string")
        return table.group_by(**keys).aggregate(**columns) if keys else table.aggregate(**columns)

    def _columns(self, table: Any, name: str) -> dict[str, Any]:
        metric = self.model.metrics[name]
        if isinstance(metric, SimpleMetric):
            return {name: _measure(table, metric, compensated=False)}
        terms: dict[str, Any] = {}
        for part in parts(metric):
            terms.update(self._columns(table, part))
        if isinstance(metric, RatioMetric) and {metric.numerator, metric.denominator} <= set(terms):
            bottom = terms[metric.denominator].nullif(0)
            terms[name] = terms[metric.numerator].cast("float64") / bottom
        return terms


def join_cells(cells: pd.DataFrame, engine_frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return what a cube gave with what the engine gave beside it, cell by cell."""
    import pandas as pd

    if keys:
        return cells.merge(engine_frame, on=keys, how="left")
    # An aggregate of no rows is still a line of SQL; a cube without cells has none.
    cells, engine_frame = cells.reset_index(drop=True), engine_frame.iloc[: len(cells)]
    return pd.concat([cells, engine_frame.reset_index(drop=True)], axis=1)


def _measure(table: Any, metric: SimpleMetric, *, compensated: bool = True) -> Any:
    stock = metric.non_additive if _DAY in table.columns else None
    return aggregate(
        table,
        metric.agg.value,
        metric.column or "",
        metric.filter or "",
        compensated=compensated,
        within=table[_DAY] == table[f"mb_{stock.take}"] if stock else None,
    )


def _truncate(time: Any, grain: Grain, calendar: Calendar) -> Any:
    """Return the first moment of each period, in a calendar of any start."""
    import ibis

    if grain is Grain.WEEK and calendar.week_start:
        shift = ibis.interval(days=calendar.week_start)
        return (time - shift).truncate("W") + shift
    if grain in (Grain.QUARTER, Grain.YEAR) and calendar.fiscal_year_start > 1:
        shift = ibis.interval(months=calendar.fiscal_year_start - 1)
        return (time.truncate("M") - shift).truncate(_UNITS[grain]) + shift
    return time.truncate(_UNITS[grain])
