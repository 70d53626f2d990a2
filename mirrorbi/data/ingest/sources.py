"""Sources: from what an analyst names to a table that the engine can ask."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mirrorbi.data.ingest.discovery import (
    Kind,
    files_in,
    find_source,
    kind_by_name,
    names_for_people,
)
from mirrorbi.data.ingest.message_text import listed
from mirrorbi.data.ingest.reading import Reading, keep, without_nested
from mirrorbi.data.ingest.text_file import reading
from mirrorbi.errors import SourceError

__all__ = ["Kind", "OpenedSource", "find_source", "open_source"]


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """A source that was found, read and understood.

    Parameters
    ----------
    table
        An ibis table.
    kind
        What the source is.
    name
        What people call it: a path relative to the current folder (or to a folder of
        ``MIRRORBI_PATH``), else the file name. Never absolute.
    paths
        Its files, resolved and sorted; none for frames and ibis tables.
    notes
        Guesses that a reader should know: encoding, columns left out, values kept as text.
    zones
        The time zone that the source names for a column of moments, where it names one.
    """

    table: Any = field(repr=False)
    kind: Kind
    name: str
    paths: tuple[Path, ...] = field(default=(), repr=False)
    notes: tuple[str, ...] = ()
    zones: Mapping[str, str] = field(default_factory=dict, repr=False)


def open_source(source: Any, connection: Any) -> OpenedSource:
    """Open a source.

    Parameters
    ----------
    source
        A file, folder or glob of CSV, TSV or other delimited text, Parquet, JSON lines,
        Excel or OpenDocument (``book.xlsx#Sheet2`` for one sheet), text also as .gz or
        .zip; a pandas DataFrame or another frame that speaks Arrow; or an ibis table.
    connection
        An ibis backend on DuckDB: `mirrorbi.data.engine.embedded.connect`.

    Raises
    ------
    SourceError
        If the source cannot be found, read or understood. Rows are never left out to get
        past an error.

    Examples
    --------
    >>> import pandas as pd
    >>> from mirrorbi.data.engine.embedded import connect
    >>> opened = open_source(pd.DataFrame({"a": [1, 1], "A": [2, 2]}), connect())
    >>> opened.table.columns, opened.notes
    (('a', 'A_2'), ("Two columns were named 'a': the later became 'A_2'.",))
    """
    if isinstance(source, (str, os.PathLike)):
        return _open_files(os.fspath(source), connection)
    if _is_ibis(source):
        return _open_ibis(source, connection)
    from mirrorbi.data.ingest.frames import is_frame, read_frame

    if is_frame(source):
        frame = read_frame(source, connection)
        return OpenedSource(frame.table, "frame", "DataFrame", (), frame.notes)
    raise SourceError(
        f"A {type(source).__name__} is no source of data.",
        hint="Pass a path, glob or folder, a DataFrame, or an ibis table.",
    )


def _open_files(text: str, connection: Any) -> OpenedSource:
    where, sheet = _without_sheet(text)
    places = find_source(where)
    if len(places) == 1 and places[0].is_dir():
        shown = names_for_people(places)[0]
        with reading(shown):
            paths = files_in(places[0], shown)
        name = shown
    else:
        paths = places
        name = names_for_people(paths)[0] if len(paths) == 1 else _glob_name(text)
    shown_names = names_for_people(paths)
    kind = _kind(paths, shown_names)
    if sheet and kind != "excel":
        raise SourceError(
            f"{shown_names[0]!r} has no sheets: {text!r}.",
            hint=f"Leave out '#{sheet}', which is for Excel workbooks.",
        )
    result = _read(kind, paths, shown_names, connection, sheet)
    name += f"#{sheet}" if sheet else ""
    return OpenedSource(result.table, kind, name, tuple(paths), result.notes, result.zones)


def _read(kind: Kind, paths: list[Path], shown: list[str], connection: Any, sheet: str) -> Reading:
    if kind == "parquet":
        from mirrorbi.data.ingest.parquet import read_parquet

        return read_parquet(paths, shown, connection)
    if kind == "jsonl":
        from mirrorbi.data.ingest.json_lines import read_jsonlines

        return read_jsonlines(paths, shown, connection)
    if kind == "excel":
        from mirrorbi.data.ingest.excel import read_excel

        return read_excel(paths, shown, connection, sheet)
    from mirrorbi.data.ingest.delimited import read_delimited

    return read_delimited(paths, shown, connection)


def _kind(paths: list[Path], shown: list[str]) -> Kind:
    kinds: dict[Kind, str] = {}
    for path, name in zip(paths, shown, strict=True):
        kinds.setdefault(_kind_of(path, name), name)
    if len(kinds) > 1:
        raise SourceError(
            f"The files are of several kinds: {listed(f'{n} ({k})' for k, n in kinds.items())}.",
            hint="Name the files of one kind.",
        )
    return next(iter(kinds))


def _kind_of(path: Path, shown: str) -> Kind:
    kind = kind_by_name(path)
    if kind:
        return kind
    with reading(shown), path.open("rb") as file:
        head = file.read(64)
    if head.startswith(b"PAR1"):
        return "parquet"
    return "jsonl" if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b'{"') else "csv"


def _without_sheet(text: str) -> tuple[str, str]:
    """Cut ``#Sheet2`` from a name, unless the file itself is called so."""
    where, mark, sheet = text.rpartition("#")
    if not mark or not where or Path(text).expanduser().exists():
        return text, ""
    return (where, sheet) if kind_by_name(Path(where)) else (text, "")


def _glob_name(text: str) -> str:
    given = Path(text)
    return given.name if given.is_absolute() or ".." in given.parts else given.as_posix()


def _is_ibis(source: Any) -> bool:
    if not type(source).__module__.startswith("ibis."):
        return False
    import ibis

    return isinstance(source, ibis.Table)


def _open_ibis(source: Any, connection: Any) -> OpenedSource:
    from ibis.expr.operations import InMemoryTable, PhysicalTable, UnboundTable

    node = source.op()
    tables = node.find(PhysicalTable)
    if any(isinstance(table, UnboundTable) for table in tables):
        raise SourceError(
            "The ibis table is bound to no backend, so it holds no data.",
            hint="Take it from a connection, as in connection.table('sales').",
        )
    usable = without_nested(source)
    if all(isinstance(table, InMemoryTable) for table in tables):
        # ibis would ask it in an engine of its own, which may reach the network.
        table = keep(connection, usable.table)
        return OpenedSource(table, "frame", "DataFrame", (), usable.notes)
    name = str(node.name) if isinstance(node, PhysicalTable) else "ibis table"
    return OpenedSource(usable.table, "ibis", name, (), usable.notes)
