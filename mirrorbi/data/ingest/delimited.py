"""Delimited text: CSV, TSV and their kin."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mirrorbi.data.ingest.column_headings import same_columns, tidy_names
from mirrorbi.data.ingest.copies import Copies, copies
from mirrorbi.data.ingest.dialect import Dialect, find_dialect, records
from mirrorbi.data.ingest.discovery import engine_path
from mirrorbi.data.ingest.message_text import form_of, listed, reason_of
from mirrorbi.data.ingest.reading import Reading, drop, keep
from mirrorbi.data.ingest.text_file import reading, text_file
from mirrorbi.data.ingest.type_inference import read_types
from mirrorbi.errors import SourceError

_LINE = 2 << 20
# A small file may be all one line; buffers for such lines in a large one would take memory.
_SMALL = 8 << 20


@dataclass(frozen=True, slots=True)
class _File:
    text: Path
    shown: str
    dialect: Dialect
    names: tuple[str, ...]
    notes: tuple[str, ...]


def read_delimited(paths: Sequence[Path], shown: Sequence[str], connection: Any) -> Reading:
    """Return the rows of delimited text files as one table in the engine's memory.

    Every record must have as many fields as the header: rows are never dropped, cut or
    filled up. Types are those of `read_types`.

    Parameters
    ----------
    paths
        Files of the same columns, in any order of columns, dialect and encoding.
    shown
        Their names for messages.
    connection
        The engine.

    Raises
    ------
    SourceError
        If a file is empty, damaged or ragged, or if the files' columns differ.
    """
    import duckdb

    with copies() as made:
        files = [_opened(path, name, made) for path, name in zip(paths, shown, strict=True)]
        same_columns({file.shown: file.names for file in files})
        try:
            return _read(files, connection)
        except duckdb.Error:
            # Its parser is strict and fast; Python's says what is wrong, or reads it all.
            files = [_rewritten(file, made) for file in files]
        try:
            return _read(files, connection)
        except duckdb.Error as error:
            raise SourceError(
                f"{listed(map(repr, shown))} could not be read: {reason_of(error)}",
                hint="Export it again as plain CSV in UTF-8.",
            ) from error


def _opened(path: Path, shown: str, made: Copies) -> _File:
    text = text_file(path, made, shown)
    dialect = find_dialect(text.path, tabs=".tsv" in path.name.lower())
    if next(_data(text.path, dialect), None) is None:
        raise SourceError(
            f"{shown!r} has a header but no rows.",
            hint="Check the export and its filters: it may have found nothing.",
        )
    names, _ = tidy_names(dialect.names)
    return _File(text.path, shown, dialect, tuple(names), (*text.notes, *dialect.notes))


def _read(files: Sequence[_File], connection: Any) -> Reading:
    alike: dict[tuple[Any, ...], list[_File]] = {}
    for file in files:
        dialect = replace(file.dialect, sample=(), complete=False, notes=())
        alike.setdefault((dialect, file.names), []).append(file)
    views = [_scan(group, connection) for group in alike.values()]
    names = files[0].names
    table, *more = (
        view.select(**{name: view[f"c{own.index(name)}"] for name in names})
        for view, (_, own) in zip(views, alike, strict=True)
    )
    if more:
        table = table.union(*more)
    notes = [note for file in files for note in file.notes]
    if len(names) == 1:
        # An empty line is a record of one empty field, or just an empty line at the end.
        empty = int(table.filter(table[names[0]].isnull()).count().to_pyarrow().as_py())
        if empty:
            table = table.filter(table[names[0]].notnull())
            notes.append(f"Empty lines were left out: {empty:,}.")
    typed = read_types(
        table,
        {name: [value for file in files for value in _sample(file, name)] for name in names},
        complete=all(file.dialect.complete for file in files),
        semicolons=any(file.dialect.delimiter == ";" for file in files),
        line_of=lambda wanted: _places(files, wanted),
    )
    spare = _spare(files[0], typed.table)
    kept = keep(connection, typed.table.drop(*spare))
    if files[0].dialect.header:
        given = zip(files[0].names, files[0].dialect.names, strict=True)
        notes += tidy_names([name for tidy, name in given if tidy not in spare])[1]
    for view in views:
        drop(connection, view, "VIEW")
    return Reading(kept, tuple(dict.fromkeys([*notes, *typed.notes])))


def _spare(file: _File, table: Any) -> list[str]:
    """Return columns of no name and no value: what a delimiter at the end of lines makes."""
    if not file.dialect.header:
        return []
    given = zip(file.names, file.dialect.names, strict=True)
    unnamed = [tidy for tidy, name in given if not (name or "").strip()]
    if not unnamed or len(unnamed) == len(file.names):
        return []
    counts = table.aggregate(**{name: table[name].count() for name in unnamed}).to_pyarrow()
    return [name for name in unnamed if counts[name][0].as_py() == 0]


def _scan(files: Sequence[_File], connection: Any) -> Any:
    """Return a view of the fields of files alike, as text; nothing is left to be guessed."""
    dialect = files[0].dialect
    longest = max(file.text.stat().st_size for file in files)
    return connection.read_csv(
        [engine_path(file.text) for file in files],
        columns={f"c{position}": "string" for position in range(dialect.width)},
        auto_detect=False,
        delim=dialect.delimiter,
        quote='"',
        escape=dialect.escape,
        header=dialect.header,
        skip=dialect.skip,
        nullstr="",
        comment="",
        strict_mode=True,
        null_padding=False,
        ignore_errors=False,
        max_line_size=max(_LINE, longest + 1) if longest < _SMALL else _LINE,
    )


def _data(text: Path, dialect: Dialect, *, strict: bool = False) -> Any:
    every = records(text, dialect, strict=strict)
    if dialect.header:
        next(every, None)
    return every


def _sample(file: _File, name: str) -> list[str]:
    position = file.names.index(name)
    return [record[position] for record in file.dialect.sample]


def _places(files: Sequence[_File], wanted: Mapping[str, str]) -> dict[str, str]:
    """Return where each value first stands in its column."""
    places: dict[str, str] = {}
    for file in files:
        left = {file.names.index(name): name for name in wanted if name not in places}
        of = f" of {file.shown}" if len(files) > 1 else ""
        for line, record in _data(file.text, file.dialect) if left else ():
            for position in [p for p, name in left.items() if record[p : p + 1] == [wanted[name]]]:
                places[left.pop(position)] = f"line {line:,}{of}"
            if not left:
                break
    return places


def _rewritten(file: _File, made: Copies) -> _File:
    """Return the file in the plainest dialect, written anew; a ragged file is refused."""
    width = file.dialect.width
    copy = made.place(2 * file.text.stat().st_size)
    with reading(file.shown), copy.open("w", encoding="utf-8", newline="") as plain:
        writer = csv.writer(plain, lineterminator="\n")
        every = records(file.text, file.dialect, strict=True)
        try:
            for line, record in every:
                if len(record) != width and any(record[width:] or ["short"]):
                    raise _ragged(file, line, record)
                writer.writerow(record[:width] if width > 1 else [record[0] or " "])
        except csv.Error as error:
            raise SourceError(
                f"{file.shown!r} has a quotation mark out of place {error}.",
                hint='Inside a quoted value a quotation mark is written twice: "".',
            ) from error
    plainest = replace(file.dialect, delimiter=",", escape='"', skip=0)
    return replace(file, text=copy, dialect=plainest)


def _ragged(file: _File, line: int, record: Sequence[str]) -> SourceError:
    start = file.dialect.delimiter.join(record[:4])
    fields = "1 field" if len(record) == 1 else f"{len(record):,} fields"
    return SourceError(
        f"Line {line:,} of {file.shown!r} has {fields} where {file.dialect.width:,} are "
        f"expected; its form is {form_of(start)}.",
        hint="Put values that contain the delimiter "
        f"({file.dialect.delimiter!r}) in quotation marks, or correct the line.",
    )
