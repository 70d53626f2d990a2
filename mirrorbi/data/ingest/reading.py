"""A reading: what a reader made of a source, and what was guessed on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mirrorbi.errors import SourceError

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Reading:
    """A table, and the guesses that its reader should know of.

    Parameters
    ----------
    table
        An ibis table.
    notes
        Sentences for people: encoding, columns left out or renamed, values kept as text.
    zones
        The time zone that the source names for a column of moments, where it names one.
    """

    table: Any
    notes: tuple[str, ...] = ()
    zones: Mapping[str, str] = field(default_factory=dict)


def keep(connection: Any, table: Any) -> Any:
    """Return the table copied into the memory of the engine.

    Text formats are parsed once and kept: a sweep scans its table several times, and
    parsing again costs more than all aggregates together. Columns in memory also outlive
    the temporary file of a transcoded or unpacked source.
    """
    import ibis

    return connection.create_table(ibis.util.gen_name("mirrorbi"), table, temp=True)


def keep_arrow(connection: Any, arrow: Any) -> Reading:
    """Return an Arrow table copied into the memory of the engine, but for nested columns."""
    import ibis

    memory_table = ibis.memtable(arrow)
    usable = without_nested(memory_table)
    try:
        return Reading(keep(connection, usable.table), usable.notes)
    finally:
        # The engine would hold the Arrow memory beside its own copy.
        connection.con.unregister(memory_table.op().name)


def drop(connection: Any, table: Any, kind: Literal["TABLE", "VIEW"]) -> None:
    """Forget a table that `keep` made, or a view that a reader of the engine made."""
    # ibis 12 writes this statement without the name under sqlglot 30.
    connection.raw_sql(f'DROP {kind} "{table.op().name}"')


def tidy_names(names: Sequence[object]) -> tuple[list[str], list[str]]:
    """Return usable column names, all different, and notes on what was changed.

    Names differ if they differ without regard to case, as in SQL. The text of a name is
    kept whatever it holds; only outer white space goes.

    Examples
    --------
    >>> tidy_names(["id", "ID ", None])
    (['id', 'ID_2', 'column_3'], ["Two columns were named 'id': the later became 'ID_2'.", \
'Column 3 has no name: it became column_3.'])
    """
    given = ["" if name is None else str(name).strip() for name in names]
    reserved = {name.lower() for name in given}
    by_lower: dict[str, str] = {}
    tidy, again, unnamed = [], [], []
    for position, name in enumerate(given, 1):
        fresh = name or f"column_{position}"
        count = 1
        while fresh.lower() in by_lower or (fresh != name and fresh.lower() in reserved):
            count += 1
            fresh = f"{name or f'column_{position}'}_{count}"
        if not name:
            unnamed.append((position, fresh))
        elif fresh != name:
            again.append((by_lower[name.lower()], fresh))
        by_lower[fresh.lower()] = fresh
        tidy.append(fresh)
    notes = []
    if len(again) == 1:
        notes.append(f"Two columns were named {again[0][0]!r}: the later became {again[0][1]!r}.")
    elif again:
        notes.append(f"Column names occur twice; renamed: {listed(new for _, new in again)}.")
    if len(unnamed) == 1:
        notes.append(f"Column {unnamed[0][0]} has no name: it became {unnamed[0][1]}.")
    elif unnamed:
        notes.append(f"Columns have no name; named: {listed(new for _, new in unnamed)}.")
    return tidy, notes


def without_nested(table: Any) -> Reading:
    """Return the table without the columns that cannot be grouped or counted, and a note.

    Raises
    ------
    SourceError
        If no other column is left.
    """
    schema = table.schema()
    nested = [name for name, dtype in schema.items() if _unusable(dtype)]
    if not nested:
        return Reading(table)
    if len(nested) == len(schema):
        raise SourceError(
            f"Every column holds lists, records or bytes: {listed(nested)}.",
            hint="Unnest the values into columns of their own, then open that table.",
        )
    return Reading(
        table.drop(*nested),
        (f"Left out, because they hold lists, records or bytes: {listed(nested)}.",),
    )


def same_columns(columns: Mapping[str, Sequence[str]]) -> None:
    """Refuse files whose columns differ: filling up would invent rows without values.

    Raises
    ------
    SourceError
        If a file lacks a column of the first, or has another.
    """
    (first, expected), *rest = columns.items()
    for name, names in rest:
        if set(names) == set(expected):
            continue
        missing = [column for column in expected if column not in names]
        added = [column for column in names if column not in expected]
        raise SourceError(
            f"{name!r} does not have the columns of {first!r}:"
            + (f" it lacks {listed(map(repr, missing))}" if missing else "")
            + (" and" if missing and added else "")
            + (f" it adds {listed(map(repr, added))}" if added else "")
            + ".",
            hint="Open the files that belong together, or bring them to the same columns.",
        )


def listed(words: Iterable[object], shown: int = _SHOWN) -> str:
    """Return words as one list for people, cut where it is long.

    Examples
    --------
    >>> listed("abcdefg")
    'a, b, c, d, e and 2 more'
    """
    every = [str(word) for word in words]
    rest = len(every) - shown
    return ", ".join(every[:shown]) + (f" and {rest:,} more" if rest > 0 else "")


def form_of(value: str, width: int = 24) -> str:
    """Return the form of a value for a message: what it looks like, not what it is.

    Messages and notes go into reports and logs, in which no cell of the data may stand.

    Examples
    --------
    >>> form_of("12.05.2024"), form_of("Ada Muster, 4812.50"), form_of("né")
    ("'99.99.9999'", "'Xxx Xxxxxx, 9999.99'", "'xx'")
    """
    shown = "".join(
        "9" if c.isdigit() else "X" if c.isupper() else "x" if c.isalpha() else c
        for c in value[:width]
    )
    return repr(shown + "…" if len(value) > width else shown)


def reason_of(error: BaseException) -> str:
    """Return the first line of an engine's error, without what it quotes: it may be a value."""
    return re.sub(
        r'"[^"]*"|\'[^\']*\'', "'…'", (str(error) or type(error).__name__).splitlines()[0]
    )


def _unusable(dtype: Any) -> bool:
    return bool(dtype.is_nested() or dtype.is_binary() or dtype.is_json() or dtype.is_geospatial())
