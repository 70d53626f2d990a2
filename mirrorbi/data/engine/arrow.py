"""Columns of Arrow as arrays of numpy, without pandas.

``to_numpy`` of pyarrow imports pandas wherever it is installed: a fifth of a second in a
process that needs no frame.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def array_of(column: Any) -> tuple[Array, Array]:
    """Return the values of a column, and which of them there are.

    Where there is none, the value is any. Numbers keep their type; dates and times become
    `datetime64`.

    Parameters
    ----------
    column
        A chunked array of numbers, truth values, dates or times.

    Examples
    --------
    >>> import pyarrow as pa
    >>> values, there = array_of(pa.chunked_array([[1, None], [3]]))
    >>> values[there].tolist(), there.tolist()
    ([1, 3], [True, False, True])
    """
    stored = _stored(column.type)
    if stored is None:
        listed = column.to_pylist()
        return np.array(listed, dtype=object), np.array([v is not None for v in listed], dtype=bool)
    parts = [_chunk(chunk, stored) for chunk in column.chunks]
    values = np.concatenate([np.zeros(0, stored), *(part for part, _ in parts)])
    valid = np.concatenate([np.zeros(0, dtype=bool), *(part for _, part in parts)])
    date = str(column.type).startswith("date")
    return values.astype("datetime64[D]") if date else values, valid


def floats_of(column: Any) -> Array:
    """Return the values of a column of numbers as floats; NaN where there is none."""
    values, valid = array_of(column)
    floats = np.full(len(values), np.nan)
    floats[valid] = values[valid].astype(np.float64)
    return floats


def _chunk(chunk: Any, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    length, offset = len(chunk), chunk.offset
    valid, data = chunk.buffers()
    values = np.frombuffer(data, dtype, count=length, offset=offset * dtype.itemsize)
    if valid is None or not chunk.null_count:
        return values, np.ones(length, dtype=bool)
    bits = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")
    return values, bits[offset : offset + length].astype(bool)


def _stored(kind: Any) -> np.dtype[Any] | None:
    """Return how values lie in memory, where numpy has a name for that."""
    from pyarrow import types

    if types.is_integer(kind):
        return np.dtype(str(kind))
    if types.is_date32(kind):
        return np.dtype("int32")
    if types.is_timestamp(kind):
        return np.dtype(f"datetime64[{kind.unit}]")
    if types.is_float32(kind) or types.is_float64(kind):
        return np.dtype(f"float{kind.bit_width}")
    return None
