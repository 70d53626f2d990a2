"""Workbooks of Excel and OpenDocument: one sheet, as one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from mirrorbi.data.ingest.column_headings import same_columns
from mirrorbi.data.ingest.reading import Reading, drop, keep, keep_arrow
from mirrorbi.data.ingest.sheet import Grid, find_grid
from mirrorbi.data.ingest.type_inference import read_types
from mirrorbi.data.ingest.workbook import read_sheet

_SAMPLE = 1_000


def read_excel(
    paths: Sequence[Path], shown: Sequence[str], connection: Any, sheet: str = ""
) -> Reading:
    """Return the table on one sheet of each workbook, as one table in the engine's memory.

    Cells hold their last calculated values. Titles above the header, empty rows and lines
    below the table are left out, with a note. A column whose cells are of several types
    is read as text first, and then by `read_types`.

    Parameters
    ----------
    paths
        Workbooks of the same columns.
    shown
        Their names for messages.
    connection
        The engine.
    sheet
        Its name; the first visible sheet that holds cells if not given.

    Raises
    ------
    SourceError
        If a file is no workbook, the sheet is unknown or holds no rows, or its formulas
        were never calculated.
    """
    import pyarrow as pa

    grids = []
    for path, name in zip(paths, shown, strict=True):
        grids.append(find_grid(read_sheet(path, name, sheet), name))
    same_columns({grid.shown: grid.names for grid in grids})
    names = grids[0].names
    notes = [note for grid in grids for note in grid.notes]
    arrays = {}
    for name in names:
        places = [grid.names.index(name) for grid in grids]
        values = [
            row[place] for grid, place in zip(grids, places, strict=True) for _, row in grid.rows
        ]
        arrays[name], note = _array(values, name)
        notes += note
    cells = keep_arrow(connection, pa.table(arrays)).table
    texts = {
        name: [value for value in array.slice(0, _SAMPLE).to_pylist() if value]
        for name, array in arrays.items()
        if pa.types.is_string(array.type)
    }
    if not texts:
        return Reading(cells, tuple(dict.fromkeys(notes)))
    typed = read_types(cells, texts, line_of=lambda wanted: _places(grids, wanted))
    table = keep(connection, typed.table)
    drop(connection, cells, "TABLE")
    return Reading(table, tuple(dict.fromkeys([*notes, *typed.notes])))


def _array(values: Sequence[Any], column: str) -> tuple[Any, list[str]]:
    """Return the cells of a column as Arrow, as text where their types differ."""
    import pyarrow as pa

    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int} and kinds and all(abs(v) < 1 << 63 for v in values if v is not None):
        return pa.array(values, pa.int64()), []
    if kinds <= {int, float} and kinds:
        return pa.array([None if v is None else float(v) for v in values], pa.float64()), []
    if kinds == {bool}:
        return pa.array(values, pa.bool_()), []
    if kinds and kinds <= {date, datetime}:
        moments = [_moment(value) for value in values]
        if all(moment is None or moment.time() == time() for moment in moments):
            days = [None if moment is None else moment.date() for moment in moments]
            return pa.array(days, pa.date32()), []
        return pa.array(moments, pa.timestamp("us")), []
    if timedelta in kinds and kinds <= {timedelta, time}:
        hours = [None if value is None else _hours(value) for value in values]
        return pa.array(hours, pa.float64()), [f"Durations in {column!r} were read as hours."]
    return pa.array([_text(value) for value in values], pa.string()), []


def _moment(value: date | datetime | None) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return datetime(value.year, value.month, value.day)


def _hours(value: time | timedelta) -> float:
    if isinstance(value, time):  # what OpenDocument makes of durations below a day
        value = datetime.combine(date.min, value) - datetime.min
    return value / timedelta(hours=1)


def _text(value: Any) -> str | None:
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return None if value is None else str(value)


def _places(grids: Sequence[Grid], wanted: Mapping[str, str]) -> dict[str, str]:
    places = {}
    for name, text in wanted.items():
        for grid in grids:
            position = grid.names.index(name)
            of = f" of {grid.shown}" if len(grids) > 1 else ""
            row = next((n for n, row in grid.rows if _text(row[position]) == text), None)
            if row is not None:
                places[name] = f"row {row:,}{of}"
                break
    return places
