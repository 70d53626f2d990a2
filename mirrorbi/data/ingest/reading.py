"""A reading: what a reader made of a source, and what was guessed on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mirrorbi.data.ingest.message_text import listed
from mirrorbi.errors import SourceError


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


def _unusable(dtype: Any) -> bool:
    return bool(dtype.is_nested() or dtype.is_binary() or dtype.is_json() or dtype.is_geospatial())
