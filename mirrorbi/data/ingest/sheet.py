"""A sheet of a workbook: its cells, and the table among titles and empty rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from statistics import median
from typing import Any

from mirrorbi.data.ingest.column_headings import tidy_names
from mirrorbi.errors import SourceError

_PROBED = 30
_TOTAL = re.compile(r"(?i)\s*(grand |sub)?(total|sum|summe|gesamt|totale|somme|suma)\b.*")

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The cells of a sheet: rows that hold any, with their numbers.

    Parameters
    ----------
    rows
        Each with its number, counted from 1; the first value is that of column ``first``.
    notes
        What was guessed.
    percents
        Number of cells by column, counted from 1, that are formatted as percent.
    first
        The first column.
    """

    rows: tuple[tuple[int, Row], ...]
    notes: tuple[str, ...] = ()
    percents: Mapping[int, int] = field(default_factory=dict)
    first: int = 1


@dataclass(frozen=True, slots=True)
class Grid:
    """The table on a sheet: names of columns, and the rows below them with their numbers."""

    shown: str
    names: tuple[str, ...]
    rows: tuple[tuple[int, Row], ...]
    notes: tuple[str, ...] = ()


def find_grid(sheet: Sheet, shown: str) -> Grid:
    """Return the table on a sheet.

    The header is the first row that fills more than half as many columns as the rows
    below it do; what is above are titles.

    Raises
    ------
    SourceError
        If there are no rows below the header.
    """
    rows, notes = list(sheet.rows), list(sheet.notes)
    start = _header_index([row for _, row in rows[: 2 * _PROBED]])
    if start:
        notes.append(f"Lines above the header were left out: {start:,}.")
    rows, below = _without_footnotes(rows[start:])
    if below:
        notes.append(f"Lines below the table were left out: {len(below):,}.")
    first, body = rows[0], rows[1:]
    if _is_data(first[1], [row for _, row in body[:_PROBED]]):
        notes.append("The first row holds values, not names, so the columns were numbered.")
        first, body = (first[0], ()), rows
    if not body:
        raise SourceError(
            f"{shown!r} has a header but no rows.", hint="Check that it is the sheet you mean."
        )
    width = max(len(row) for _, row in rows)
    used = [
        position
        for position in range(width)
        if any(position < len(row) and row[position] is not None for _, row in rows)
    ]
    names, renamed = tidy_names([_name(_at(first[1], position)) for position in used])
    notes += _percent_notes(names, [sheet.percents.get(sheet.first + p, 0) for p in used])
    gaps = body[-1][0] - body[0][0] + 1 - len(body)
    if gaps:
        notes.append(f"Empty rows were left out: {gaps:,}.")
    last = next((v for v in body[-1][1] if v is not None), None)
    total = _TOTAL.fullmatch(last) if isinstance(last, str) and len(body) > 1 else None
    if total:
        word = total[0][: total.end(2)].strip()
        notes.append(
            f"The last row may be a total ({word!r}): it is counted as data. "
            "Delete it from the sheet if it is one."
        )
    return Grid(
        shown,
        tuple(names),
        tuple((number, tuple(_at(row, position) for position in used)) for number, row in body),
        (*notes, *(renamed if first[1] else ())),
    )


def _percent_notes(names: Sequence[str], counts: Sequence[int]) -> list[str]:
    return [
        f"Cells of {name!r} formatted as percent hold shares, 0.5 for 50 %: {count:,}."
        for name, count in zip(names, counts, strict=True)
        if count
    ]


def _header_index(rows: Sequence[Row]) -> int:
    filled = [sum(1 for value in row if value is not None) for row in rows]
    for index, count in enumerate(filled[:_PROBED]):
        below = filled[index + 1 : index + 1 + _PROBED]
        if below and count > median(below) / 2:
            return index
    return 0


def _without_footnotes(
    rows: list[tuple[int, Row]],
) -> tuple[list[tuple[int, Row]], list[tuple[int, Row]]]:
    """Cut off lines of one text each that follow an empty row at the end of a wide table."""
    widths = [sum(1 for value in row if value is not None) for _, row in rows]
    if len(rows) < 3 or median(widths) < 3:
        return rows, []
    end = len(rows)
    while end > 1 and widths[end - 1] == 1 and any(isinstance(v, str) for v in rows[end - 1][1]):
        end -= 1
    while end < len(rows) and rows[end][0] == rows[end - 1][0] + 1:
        end += 1
    return rows[:end], rows[end:]


def _is_data(first: Row, below: Sequence[Row]) -> bool:
    """Return whether a row is no header: numbers over numbers, and no word over them."""
    doubtful = False
    for position, value in enumerate(first):
        under = [_at(row, position) for row in below if _at(row, position) is not None]
        if not under or not all(isinstance(other, (int, float)) for other in under):
            continue
        if isinstance(value, str):
            return False
        year = isinstance(value, int) and 1900 <= value <= 2100  # names in a wide table
        doubtful |= isinstance(value, (int, float)) and not year
    return doubtful


def _name(value: Any) -> str | None:
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        return value.date().isoformat()
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return None if value is None else " ".join(str(value).split())


def _at(row: Row, position: int) -> Any:
    return row[position] if position < len(row) else None
