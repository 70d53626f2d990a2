"""Durations: the columns that hold how long it is between two times."""

from __future__ import annotations

from typing import Any

from mirrorbi.data.model.semantic_model import Duration, Model

_SECONDS = {"minutes": 60, "hours": 3600, "days": 86400}


def with_duration_columns(table: Any, model: Model) -> Any:
    """Return a table with the length of each closed interval and a mark for each open one.

    An interval is closed where both times are there and the end is not before the start;
    open where there is a start and no end. Any other row has neither.
    """
    columns: dict[str, Any] = {}
    for name, duration in model.durations.items():
        start, end = (_moment(table[column]) for column in (duration.start, duration.end))
        columns[f"duration:{name}"] = _length(start, end, duration)
        columns[f"open:{name}"] = (start.notnull() & end.isnull()).nullif(False).cast("int64")
    return table.mutate(**columns) if columns else table


def _length(start: Any, end: Any, duration: Duration) -> Any:
    import ibis

    # Seconds since 1970 would be read off the clock of the session's zone, which is put
    # forward and back; the engine's difference is of moments.
    microseconds = end.delta(start, unit="microsecond")
    length = microseconds.cast("float64") / (_SECONDS[duration.unit] * 1_000_000)
    return ibis.cases((end >= start, length), else_=ibis.null("float64"))


def _moment(column: Any) -> Any:
    """Return a time column as moments: of two with zones, what lies between is exact."""
    return column.cast("timestamp") if column.type().is_date() else column
