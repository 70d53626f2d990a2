"""A sheet of a workbook: its cells, and the table among titles and empty rows."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from statistics import median
from typing import Any

from mirrorbi.data.ingest.reading import listed, tidy_names
from mirrorbi.errors import SourceError, did_you_mean

_ERRORS = frozenset(
    ("#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!")
)
_PROBED = 30
_TOTAL = re.compile(r"(?i)\s*(grand |sub)?(total|sum|summe|gesamt|totale|somme|suma)\b.*")

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The cells of a sheet: rows that hold any, with their numbers."""

    rows: tuple[tuple[int, Row], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """The table on a sheet: names of columns, and the rows below them with their numbers."""

    shown: str
    names: tuple[str, ...]
    rows: tuple[tuple[int, Row], ...]
    notes: tuple[str, ...] = ()


def read_sheet(path: Path, shown: str, name: str = "") -> Sheet:
    """Return the cells of a sheet, as last calculated.

    Parameters
    ----------
    path
        The workbook (Office Open XML).
    shown
        Its name for messages.
    name
        Of the sheet; the first visible one that holds cells if not given.

    Raises
    ------
    SourceError
        If the workbook is damaged, the sheet is unknown or empty, or no formula of it was
        ever calculated.
    """
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except OSError:
        raise
    except Exception as error:  # any fault of XML, of zip or of the format, by design
        raise SourceError(
            f"{shown!r} is no Excel workbook, or a damaged one ({error}).",
            hint="Open it in Excel and save it again as .xlsx.",
        ) from error
    try:
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        if name:
            wanted = next((title for title in sheets if title.lower() == name.lower()), None)
            if wanted is None:
                raise SourceError(
                    f"{shown!r} has no sheet {name!r}.",
                    hint=did_you_mean(name, sheets, noun="sheets"),
                )
            choice = [wanted]
        else:
            choice = [title for title, s in sheets.items() if s.sheet_state == "visible"]
        for title in choice:
            rows = _cells(sheets[title])
            if rows:
                break
        else:
            raise SourceError(
                f"{shown!r} has no cells" + (f" on sheet {name!r}." if name else "."),
                hint=f"Its sheets: {listed(sheets)}.",
            )
        notes = []
        others = [other for other in sheets if other != title]
        if others and not name:
            notes.append(
                f"Sheet {title!r} of {shown} was read; others: {listed(map(repr, others))}. "
                f"Name one as in {Path(shown).name}#{others[0]}."
            )
        notes += _check_formulas(path, title, sheets[title], shown)
    finally:
        book.close()
    clean, faults = _without_errors(rows)
    if faults:
        notes.append(
            f"Cells with an error such as {faults[0]} were read as missing: {len(faults):,}."
        )
    return Sheet(clean, tuple(notes))


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


def _cells(sheet: Any) -> list[tuple[int, Row]]:
    # Some programs write a wrong size of the sheet, which would cut it off without a word.
    sheet.reset_dimensions()
    return [
        (number, row)
        for number, row in enumerate(sheet.iter_rows(min_row=1, min_col=1, values_only=True), 1)
        if any(value is not None and value != "" for value in row)
    ]


def _without_errors(
    rows: Iterable[tuple[int, Row]],
) -> tuple[tuple[tuple[int, Row], ...], list[str]]:
    faults: list[str] = []
    clean = []
    for number, row in rows:
        cells: list[Any] = []
        for value in row:
            if isinstance(value, str):
                if value in _ERRORS:
                    faults.append(value)
                    cells.append(None)
                    continue
                cells.append(value if value.strip() else None)
            else:
                cells.append(value)
        clean.append((number, tuple(cells)))
    return tuple(clean), faults


def _check_formulas(path: Path, title: str, sheet: Any, shown: str) -> list[str]:
    """Refuse a sheet of formulas without results: its cells look empty and are not."""
    import openpyxl

    with zipfile.ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        if not any(_mentions(archive, name, b"<f") for name in sheets):
            return []
    book = openpyxl.load_workbook(path, read_only=True)
    try:
        formulas = book[title]
        formulas.reset_dimensions()
        total, blank, first = 0, 0, ""
        pairs = zip(
            formulas.iter_rows(min_row=1, min_col=1),
            sheet.iter_rows(min_row=1, min_col=1),
            strict=False,
        )
        for written, calculated in pairs:
            for cell, result in zip(written, calculated, strict=False):
                if cell.data_type != "f":
                    continue
                total += 1
                # A formula that gives empty text has the type "str" and no value.
                if result.value is None and result.data_type != "str":
                    blank += 1
                    first = first or cell.coordinate
    finally:
        book.close()
    if not blank:
        return []
    if blank == total:
        raise SourceError(
            f"{shown!r} holds {blank:,} formulas that were never calculated, first in {first}.",
            hint="Open it in Excel and save it, so that the results are stored.",
        )
    return [f"Formulas without a stored result were read as missing: {blank:,}, first in {first}."]


def _mentions(archive: zipfile.ZipFile, name: str, mark: bytes) -> bool:
    with archive.open(name) as file:
        before = b""
        while chunk := file.read(1 << 20):
            if mark + b">" in before + chunk or mark + b" " in before + chunk:
                return True
            before = chunk[-len(mark) - 1 :]
    return False


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
