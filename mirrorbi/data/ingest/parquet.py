"""Parquet: a file, several, or a folder partitioned as Hive does it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mirrorbi.data.ingest.column_headings import tidy_names
from mirrorbi.data.ingest.discovery import engine_path
from mirrorbi.data.ingest.message_text import listed
from mirrorbi.data.ingest.reading import Reading, without_nested
from mirrorbi.data.ingest.text_file import reading
from mirrorbi.errors import SourceError


def read_parquet(paths: Sequence[Path], shown: Sequence[str], connection: Any) -> Reading:
    """Return Parquet files as a table that is scanned when it is asked, column by column.

    Nothing is copied: only the columns and row groups that a query needs are read. The
    folders ``name=value`` of a Hive layout become columns.

    Raises
    ------
    SourceError
        If a file is damaged or no Parquet, there are no rows, or two files hold different
        types under one name.
    """
    schemas, rows = [], 0
    for path, name in zip(paths, shown, strict=True):
        schema, count = _footer(path, name)
        schemas.append(schema)
        rows += count
    if not rows:
        raise SourceError(
            f"{listed(map(repr, shown))} has columns but no rows.",
            hint="Check the job that wrote it: it may have found nothing.",
        )
    notes = _differences(schemas, shown)
    partitions = {part for path in paths for part in path.parts[:-1] if "=" in part}
    table = connection.read_parquet(
        [engine_path(path) for path in paths],
        union_by_name=bool(notes),
        hive_partitioning=bool(partitions),
        # A number would lose the zero in front of a code: zip=00501.
        hive_types_autocast=not any(re.search(r"=0[0-9]{2,}$", part) for part in partitions),
    )
    names, renamed = tidy_names(schemas[0].names)
    if renamed and len(schemas) == 1:
        engines = table.columns[: len(names)]
        table = table.rename(dict(zip(names, engines, strict=True)))
        notes = (*notes, *renamed)
    usable = without_nested(table)
    return Reading(usable.table, (*notes, *usable.notes), _zones(schemas[0], names))


def _zones(schema: Any, names: Sequence[str]) -> dict[str, str]:
    """Return the time zones of the columns that have one with a name."""
    zones = (getattr(field.type, "tz", None) for field in schema)
    return {name: zone for name, zone in zip(names, zones, strict=True) if zone and "/" in zone}


def _footer(path: Path, shown: str) -> tuple[Any, int]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with reading(shown):
        try:
            with path.open("rb") as file:
                parquet = pq.ParquetFile(file)
                return parquet.schema_arrow, int(parquet.metadata.num_rows)
        except (pa.ArrowException, ValueError) as error:
            if path.stat().st_size == 0:
                raise SourceError(
                    f"{shown!r} is empty.", hint="Check the job that should have filled it."
                ) from None
            first = str(error).splitlines()[0].rstrip(".")
            raise SourceError(
                f"{shown!r} is no Parquet file, or not a whole one: {first}.",
                hint="Copy or write it again; a cut-off file lacks its end.",
            ) from error


def _differences(schemas: Sequence[Any], shown: Sequence[str]) -> tuple[str, ...]:
    """Return a note on columns that not every file has; refuse types that do not agree."""
    types: dict[str, tuple[Any, str]] = {}
    partial: dict[str, None] = {}
    for schema, name in zip(schemas, shown, strict=True):
        for field in schema:
            dtype, where = types.setdefault(field.name, (field.type, name))
            if dtype != field.type and not _kin(dtype, field.type):
                raise SourceError(
                    f"Column {field.name!r} is {dtype} in {where!r} but {field.type} in {name!r}.",
                    hint="Write the files again with one type for each column.",
                )
    for schema in schemas:
        partial.update(dict.fromkeys(name for name in types if name not in schema.names))
    if not partial:
        orders = {tuple(schema.names) for schema in schemas}
        return () if len(orders) == 1 else ("The files order their columns differently.",)
    return (f"Not every file has these columns; they are empty there: {listed(partial)}.",)


def _kin(one: Any, other: Any) -> bool:
    from pyarrow import types

    return (
        any(
            test(one) and test(other)
            for test in (
                lambda t: types.is_integer(t) or types.is_floating(t) or types.is_decimal(t),
                lambda t: types.is_string(t) or types.is_large_string(t) or types.is_dictionary(t),
                types.is_timestamp,
                types.is_nested,
                types.is_null,
            )
        )
        or types.is_null(one)
        or types.is_null(other)
    )
