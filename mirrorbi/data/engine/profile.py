"""What each column of a table holds, in one scan."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mirrorbi.data.engine.embedded import begin_line


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """Counts of one column.

    Parameters
    ----------
    name
        The column.
    type
        Its ibis data type, as text: ``int64``, ``string``, ``date`` ...
    nulls
        Rows without a value; not-a-number counts as none.
    distinct
        Different values, estimated (HyperLogLog; a few per cent off).
    infinite
        Rows with an infinite value.
    low, high
        Least and greatest value of numbers and times; ``None`` for other types.
    """

    name: str
    type: str
    nulls: int
    distinct: int
    infinite: int = 0
    low: Any = None
    high: Any = None


@dataclass(frozen=True, slots=True)
class Profile:
    """Row count and column profiles of a table."""

    rows: int
    columns: Mapping[str, ColumnProfile]


def profile(
    table: Any, columns: Iterable[str] | None = None, *, distinct_only: bool = False
) -> Profile:
    """Return the profile of an ibis table, read in one scan.

    Parameters
    ----------
    table
        An ibis table.
    columns
        The columns wanted; all, if none is named.
    distinct_only
        Whether to leave out all but the estimate of distinct values.

    Examples
    --------
    >>> import ibis
    >>> from mirrorbi.data.engine.embedded import connect
    >>> table = connect().create_table("t", ibis.memtable({"a": [1, 2, None]}), temp=True)
    >>> profile(table).columns["a"].nulls
    1
    """
    return begin_profile(table, columns, distinct_only=distinct_only)()


def begin_profile(
    table: Any, columns: Iterable[str] | None = None, *, distinct_only: bool = False
) -> Callable[[], Profile]:
    """Let the engine read the table in a thread; return what waits for its `profile`.

    For work that does not ask the same engine meanwhile.
    """
    schema = table.schema()
    names = list(schema) if columns is None else list(columns)
    aggregates = {"rows": table.count()}
    for index, name in enumerate(names):
        column, dtype = table[name], schema[name]
        if not dtype.is_nested():
            aggregates[f"d{index}"] = column.approx_nunique()
        if distinct_only:
            continue
        if dtype.is_floating():
            aggregates[f"v{index}"] = (column.isnull() | column.isnan()).sum()
            aggregates[f"i{index}"] = column.isinf().sum()
        else:
            aggregates[f"v{index}"] = column.isnull().sum()
        if (dtype.is_numeric() and not dtype.is_boolean()) or dtype.is_temporal():
            aggregates[f"l{index}"] = column.min()
            aggregates[f"h{index}"] = column.max()
    wait = begin_line(table.aggregate(**aggregates))
    types = column_types(table)
    return lambda: _profile(types, names, wait())


def _profile(types: Mapping[str, str], names: Iterable[str], values: Mapping[str, Any]) -> Profile:
    return Profile(
        rows=values["rows"],
        columns={
            name: ColumnProfile(
                name=name,
                type=types[name],
                nulls=values.get(f"v{index}") or 0,
                distinct=values.get(f"d{index}") or 0,
                infinite=values.get(f"i{index}") or 0,
                low=values.get(f"l{index}"),
                high=values.get(f"h{index}"),
            )
            for index, name in enumerate(names)
        },
    )


def is_text(column_type: str) -> bool:
    """Return whether a column of a type holds text."""
    return column_type == "string"


def is_whole(column_type: str) -> bool:
    """Return whether a column of a type holds whole numbers.

    Examples
    --------
    >>> is_whole("int64"), is_whole("uint8"), is_whole("interval('D')")
    (True, True, False)
    """
    return re.fullmatch(r"u?int\d+", column_type) is not None


def column_types(table: Any) -> dict[str, str]:
    """Return the type of each column of an ibis table, as `ColumnProfile` names it."""
    return {name: str(dtype).lstrip("!") for name, dtype in table.schema().items()}
