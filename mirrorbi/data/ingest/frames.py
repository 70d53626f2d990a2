"""Frames: pandas DataFrames, and every frame that speaks Arrow."""

from __future__ import annotations

from typing import Any

from mirrorbi.data.ingest.column_headings import tidy_names
from mirrorbi.data.ingest.message_text import listed
from mirrorbi.data.ingest.reading import Reading, keep_arrow
from mirrorbi.errors import SourceError


def is_frame(source: Any) -> bool:
    """Return whether `read_frame` takes it, without importing what it may come from."""
    return _is_pandas(source) or hasattr(source, "__arrow_c_stream__")


def read_frame(source: Any, connection: Any) -> Reading:
    """Return a frame as a table of the engine: a copy, so later changes do not reach it.

    Parameters
    ----------
    source
        A pandas DataFrame, or any object with ``__arrow_c_stream__`` (polars, pyarrow). A
        named index of a DataFrame becomes a column; its row numbers do not. Columns of
        mixed types become text; periods become their first moment; time spans become hours.

    Raises
    ------
    SourceError
        If there are no rows or no columns.
    """
    import pyarrow as pa

    if _is_pandas(source):
        table, notes = _from_pandas(source)
    else:
        table, notes = pa.table(source), []
        names, renamed = tidy_names(table.column_names)
        table, notes = table.rename_columns(names), renamed
    if not table.num_columns:
        raise SourceError("The frame has no columns.", hint="Pass the frame that holds the data.")
    if not table.num_rows:
        raise SourceError(
            "The frame has columns but no rows.", hint="Check the filters that made it."
        )
    plain, kind_notes = _plain(table)
    reading = keep_arrow(connection, plain)
    return Reading(reading.table, (*notes, *kind_notes, *reading.notes))


def _is_pandas(source: Any) -> bool:
    return type(source).__module__.split(".")[0] == "pandas" and hasattr(source, "columns")


def _from_pandas(frame: Any) -> tuple[Any, list[str]]:
    import pandas as pd
    import pyarrow as pa

    if not isinstance(frame.index, pd.RangeIndex) and (
        any(name is not None for name in frame.index.names)
        or not pd.api.types.is_integer_dtype(frame.index.dtype)
    ):
        index = frame.index.to_frame(index=False)
        index.columns = [
            f"index_{k}" if name is None and frame.index.nlevels > 1 else name or "index"
            for k, name in enumerate(frame.index.names, 1)
        ]
        frame = pd.concat([index, frame.reset_index(drop=True)], axis=1)
    labels = [" ".join(map(str, c)).strip() if isinstance(c, tuple) else c for c in frame.columns]
    names, notes = tidy_names([None if _is_null(label) else label for label in labels])
    mixed: list[str] = []
    arrays = []
    for position, name in enumerate(names):
        array, note, as_text = _series(frame.iloc[:, position], name)
        arrays.append(array)
        notes += note
        mixed += [name] if as_text else []
    if mixed:
        notes.append(f"Kept as text, because values differ in type: {listed(map(repr, mixed))}.")
    return (pa.table(arrays, names=names) if names else pa.table({})), notes


def _series(series: Any, name: str) -> tuple[Any, list[str], bool]:
    """Return a column as Arrow, notes, and whether its values had to become text."""
    import pandas as pd
    import pyarrow as pa

    notes: list[str] = []
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        if not _is_simple(dtype.categories.dtype):
            series = series.cat.rename_categories(str)
    elif isinstance(dtype, pd.PeriodDtype):
        series = series.dt.start_time
        notes.append(f"Periods in {name!r} were read as their first moment.")
    elif isinstance(dtype, pd.IntervalDtype) or dtype.kind == "c":
        return pa.array(_as_text(series), pa.string()), notes, False
    elif isinstance(dtype, pd.SparseDtype):
        series = series.sparse.to_dense()
    elif dtype.kind == "m":
        series = series.dt.total_seconds() / 3600
        notes.append(f"Time spans in {name!r} were read as hours.")
    try:
        return pa.Array.from_pandas(series.reset_index(drop=True)), notes, False
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return pa.array(_as_text(series), pa.string(), from_pandas=True), notes, True


def _is_simple(dtype: Any) -> bool:
    import pandas as pd

    return not isinstance(dtype, (pd.IntervalDtype, pd.PeriodDtype)) and dtype.kind != "c"


def _as_text(series: Any) -> Any:
    return [None if _is_null(value) else str(value) for value in series]


def _is_null(value: Any) -> bool:
    import pandas as pd

    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _plain(table: Any) -> tuple[Any, list[str]]:
    """Return Arrow in types that the engine has: no type of nothing, no dictionaries."""
    import pyarrow as pa
    from pyarrow import types

    arrays, notes = [], []
    for field, column in zip(table.schema, table.columns, strict=True):
        kind = field.type
        if types.is_null(kind):
            column = column.cast(pa.string())
        elif types.is_dictionary(kind):
            column = column.cast(kind.value_type)
        elif types.is_float16(kind):
            column = column.cast(pa.float32())
        elif types.is_duration(kind):
            seconds = column.cast(pa.duration("us")).cast(pa.int64())
            column = pa.compute.divide(seconds.cast(pa.float64()), 3.6e9)
            notes.append(f"Time spans in {field.name!r} were read as hours.")
        elif types.is_timestamp(kind) and kind.unit == "ns":
            column = column.cast(pa.timestamp("us", kind.tz), safe=False)
        elif types.is_decimal256(kind):
            column = column.cast(pa.string())
        arrays.append(column)
    return pa.table(arrays, names=table.column_names), notes
