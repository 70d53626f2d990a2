"""A bounded sample of a column's values: for judging the column, never for showing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mirrorbi.data.engine import fetch

LIMIT = 1_000
"""Values of one column that are looked at."""

LENGTH = 400
"""Characters of one value that are looked at."""


def sample_values(
    table: Any, columns: Mapping[str, int], *, limit: int = LIMIT
) -> dict[str, list[str]]:
    """Return different values of columns, as text.

    Which values is decided by their hashes: they come from the whole table, not from its
    first rows, and are the same each time. The engine reads each column once and hands
    over no more than ``limit`` values of at most `LENGTH` characters.

    Parameters
    ----------
    table
        An ibis table.
    columns
        The columns wanted, each with its number of different values, about.
    limit
        Most values of one column.

    Examples
    --------
    >>> import ibis
    >>> from mirrorbi.data.engine import connect
    >>> data = ibis.memtable({"city": ["Rome", "Oslo", "Rome", None]})
    >>> table = connect().create_table("t", data, temp=True)
    >>> sorted(sample_values(table, {"city": 2})["city"])
    ['Oslo', 'Rome']
    """
    return {name: _values(table, name, about, limit) for name, about in columns.items()}


def _values(table: Any, name: str, about: int, limit: int) -> list[str]:
    values = table.select(v=table[name]).filter(lambda t: t.v.notnull())
    # Twice as many as wanted are let through, since the number of values is an estimate.
    parts = max(1, about // (2 * limit))
    if parts > 1:
        values = values.filter(lambda t: t.v.hash() % parts == 0)
    found = values.distinct().mutate(h=lambda t: t.v.hash()).order_by("h").limit(limit)
    # Only what is handed over is made text, and cut: not every row.
    shown = found.select(v=found.v.cast("string").substr(0, LENGTH))
    return [str(value) for value in fetch(shown)["v"].to_pylist()]
