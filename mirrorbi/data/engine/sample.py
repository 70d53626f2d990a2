"""A bounded sample of a column's values: for judging the column, never for showing."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

from mirrorbi.data.engine.embedded import fetch
from mirrorbi.data.engine.profile import profile

LIMIT = 1_000
"""Values of one column that are looked at."""

LENGTH = 400
"""Characters of one value that are looked at."""

MATCHES = 5_000
"""Values that hold a word looked for."""

WHOLE = 1_000_000
"""Rows up to which all members are read, of all dimensions in one query."""

_AT_ONCE = 16
"""Columns that share a question."""


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
    >>> from mirrorbi.data.engine.embedded import connect
    >>> data = ibis.memtable({"city": ["Rome", "Oslo", "Rome", None]})
    >>> table = connect().create_table("t", data, temp=True)
    >>> sorted(sample_values(table, {"city": 2})["city"])
    ['Oslo', 'Rome']
    """
    samples: dict[str, list[str]] = {}
    names = list(columns)
    for start in range(0, len(names), _AT_ONCE):
        batch = names[start : start + _AT_ONCE]
        samples |= _read({name: _values(table, name, columns[name], limit) for name in batch})
    return samples


def sample_members(
    table: Any, rows: int, columns: Iterable[str], *, limit: int = LIMIT
) -> dict[str, list[str]]:
    """Return different values of columns that hardly have more than ``limit``, as text.

    What `sample_values` does, without knowing how many different values there are.

    Parameters
    ----------
    table
        An ibis table.
    rows
        How many rows it has.
    columns
        The columns wanted.
    limit
        Most values of one column.
    """
    names = sorted(columns)
    if rows > WHOLE or table.get_backend().name != "duckdb":
        profiles = profile(table, names, distinct_only=True).columns
        return sample_values(table, {c: profiles[c].distinct for c in names}, limit=limit)
    # Cut here, not in the engine, which would cut every row.
    read = table.aggregate(**{c: table[c].collect(distinct=True) for c in names})
    every = read.to_pyarrow().to_pylist()[0]
    return {column: _chosen(values or (), limit) for column, values in every.items()}


def rare_values(
    table: Any, column: str, entity: str | None, words: Iterable[str], fewer_than: int
) -> list[str]:
    """Return values of a column that hold a word and that few have, as text.

    Parameters
    ----------
    table
        An ibis table.
    column
        The column.
    entity
        The column of entities; rows are counted where there is none.
    words
        The words, in any case: a value holds one of them at least.
    fewer_than
        How many entities have a value at most, and one more.
    """
    pattern = "|".join(sorted(re.escape(word.casefold()) for word in words))
    entities = table[entity].nunique() if entity else table.count()
    values: Any = table[column].cast("string")
    grouped = table.group_by(values.name("mb_value")).agg(mb_count=entities)
    # Matched after grouping: a pattern is dear, and values repeat.
    matches = grouped.filter(
        grouped["mb_value"].lower().re_search(f"(?:{pattern})"), grouped["mb_count"] < fewer_than
    )
    read = matches.limit(MATCHES).select("mb_value").to_pyarrow().to_pylist()
    return [str(row["mb_value"]) for row in read if row["mb_value"] is not None]


def _chosen(values: Iterable[object], limit: int) -> list[str]:
    texts = {str(value)[:LENGTH] for value in values if value is not None}
    return sorted(texts, key=lambda t: (zlib.crc32(t.encode(errors="replace")), t))[:limit]


def _read(parts: Mapping[str, Any]) -> dict[str, list[str]]:
    """Put the questions of several columns as one, so that the engine reads side by side."""
    import ibis

    numbered = [
        part.mutate(c=ibis.literal(number, type="int32"))
        for number, part in enumerate(parts.values())
    ]
    lines = fetch(ibis.union(*numbered) if len(numbered) > 1 else numbered[0]).to_pydict()
    columns: list[list[tuple[int, str]]] = [[] for _ in parts]
    for number, place, value in zip(lines["c"], lines["h"], lines["v"], strict=True):
        columns[number].append((place, str(value)))
    return {
        name: [value for _, value in sorted(values, key=itemgetter(0))]
        for name, values in zip(parts, columns, strict=True)
    }


def _values(table: Any, name: str, distinct: int, limit: int) -> Any:
    values = table.select(v=table[name]).filter(lambda t: t.v.notnull())
    # Twice as many as wanted are let through, since the number of values is an estimate.
    parts = max(1, distinct // (2 * limit))
    if parts > 1:
        values = values.filter(lambda t: t.v.hash() % parts == 0)
    sample = values.distinct().mutate(h=lambda t: t.v.hash()).order_by("h").limit(limit)
    # Only what is handed over is made text, and cut: not every row.
    return sample.select(h=sample.h, v=sample.v.cast("string").substr(0, LENGTH))
