"""Contributors: how many rows and entities stand behind each cell, and the largest of them.

What disclosure control asks before a cell is shown: a cell of few, or one that its largest
contributor all but makes up, says something about somebody. The counts come from the cube;
entities and their sums cannot be rolled up, and are asked of the engine in one question
for all metrics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mirrorbi.data.cube.cube import Cube
from mirrorbi.data.cube.cube_builder import axis_of
from mirrorbi.data.cube.states import State, aggregate, simple_metrics
from mirrorbi.data.engine.embedded import fetch
from mirrorbi.data.engine.engine_queries import EngineQueries, _truncate, join_cells
from mirrorbi.data.model.semantic_model import Aggregation, Model, SimpleMetric
from mirrorbi.data.query import Query, frame_of

if TYPE_CHECKING:
    import pandas as pd


_ADDED = (Aggregation.SUM, Aggregation.AVG)


def measures(model: Model, query: Query) -> dict[str, SimpleMetric]:
    """Return the simple metrics that a query's metrics are made of, by name."""
    return {metric.name: metric for name in query.metrics for metric in simple_metrics(model, name)}


def counts_of(model: Model, query: Query) -> dict[str, State]:
    """Return the states that count the rows which each simple metric is computed from."""
    return {
        name: State(
            "count",
            metric.column or "",
            metric.filter or "",
            metric.non_additive.take if metric.non_additive else "",
        )
        for name, metric in measures(model, query).items()
    }


def cell_counts(engine_queries: EngineQueries, cube: Cube, query: Query) -> dict[str, Any]:
    """Return what stands behind each cell of a question; see `Dataset.counts`."""
    states = counts_of(engine_queries.model, query)
    columns = cube.columns(query, engine_queries.model.calendar, set(states.values()))
    keys = [name for name in columns if name == "period" or name in query.by]
    cells = {name: columns[name] for name in (*keys, "rows")}
    cells |= {f"count:{name}": columns[state.name] for name, state in states.items()}
    if engine_queries.model.dataset.entity is None:
        return cells
    frame = join_cells(frame_of(cells), contributions(engine_queries, query), keys)
    return {str(name): column.to_numpy() for name, column in frame.items()}


def contributions(engine_queries: EngineQueries, query: Query) -> pd.DataFrame:
    """Return who stands behind each cell, where the model names an entity.

    One line per cell: ``period`` where the query has a grain, the dimensions, ``entities``,
    and for each simple metric ``entities:<name>`` (distinct entities among the rows that
    it is computed from); for sums and means ``entities_not_zero:<name>`` (those that add
    something other than zero); and for sums, ``first:<name>``, ``second:<name>`` and
    ``total:<name>``: the two largest entities' parts and those of all, without sign.

    Parameters
    ----------
    engine_queries
        The table and its model.
    query
        The question, checked.
    """
    import ibis
    import pandas as pd

    table = engine_queries._filtered(query)
    entity = str(engine_queries.model.dataset.entity)
    keys: dict[str, Any] = {}
    if query.grain is not None:
        time = EngineQueries(table, engine_queries.model).time
        keys["period"] = _truncate(time, query.grain, engine_queries.model.calendar)
    for i, name in enumerate(query.by):
        keys[f"k{i}"] = table[engine_queries._column(name)].cast("string")
    simple = measures(engine_queries.model, query)
    parts: dict[str, Any] = {}
    for i, metric in enumerate(simple.values()):
        column, rows = metric.column or "", metric.filter or ""
        parts[f"c{i}"] = aggregate(table, "count", column, rows)
        if metric.agg in _ADDED:
            parts[f"s{i}"] = aggregate(table, "sum", column, rows).cast("float64").abs()
    each = table.group_by(**keys, entity=table[entity]).aggregate(**(parts or {"c": table.count()}))
    has_entity = each["entity"].notnull()
    ranks: dict[str, Any] = {}
    for i in (i for i, metric in enumerate(simple.values()) if metric.agg is Aggregation.SUM):
        amount = ibis.ifelse(has_entity, each[f"s{i}"], 0.0)
        window = ibis.window(
            group_by=list(keys) or None, order_by=[amount.fill_null(0.0).desc(), each["entity"]]
        )
        ranks[f"r{i}"] = ibis.row_number().over(window)
    each = each.mutate(**ranks) if ranks else each
    has_entity = each["entity"].notnull()
    aggregates: dict[str, Any] = {"entities": has_entity.sum()}
    for i, metric in enumerate(simple.values()):
        aggregates[f"e{i}"] = (has_entity & (each[f"c{i}"] > 0)).sum()
        if metric.agg in _ADDED:
            aggregates[f"z{i}"] = (has_entity & (each[f"s{i}"] > 0)).sum()
        if metric.agg is Aggregation.SUM:
            amount = each[f"s{i}"]
            aggregates[f"f{i}"] = amount.max(where=has_entity & (each[f"r{i}"] == 0))
            aggregates[f"g{i}"] = amount.max(where=has_entity & (each[f"r{i}"] == 1))
            aggregates[f"t{i}"] = amount.sum()
    grouped = each.group_by(*keys) if keys else each
    answer = fetch(grouped.aggregate(**aggregates))
    frame: dict[str, Any] = {}
    if query.grain is not None:
        frame["period"] = pd.to_datetime(answer["period"].to_pandas()).astype("datetime64[us]")
    for i, name in enumerate(query.by):
        frame[name] = axis_of(answer[f"k{i}"]).of_cells()
    frame["entities"] = _floats(answer["entities"])
    for i, metric in enumerate(simple.values()):
        frame[f"entities:{metric.name}"] = _floats(answer[f"e{i}"])
        if metric.agg in _ADDED:
            frame[f"entities_not_zero:{metric.name}"] = _floats(answer[f"z{i}"])
        if metric.agg is Aggregation.SUM:
            for letter, word in (("f", "first"), ("g", "second"), ("t", "total")):
                frame[f"{word}:{metric.name}"] = _floats(answer[f"{letter}{i}"])
    return pd.DataFrame(frame)


def _floats(column: Any) -> Any:
    return column.to_pandas().astype(float).fillna(0.0).to_numpy()
