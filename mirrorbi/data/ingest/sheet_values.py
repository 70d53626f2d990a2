"""The values of a sheet, by calamine; also as a process of its own, which may fall.

This file is run as a script too, so it imports nothing of this package.
"""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
)

_MOST_MEMORY = 4 << 30

Corrections = Mapping[int, Mapping[int, str | int]]
"""By row and column, counted from 1: what stands there instead of what the reader says."""


@dataclass(frozen=True, slots=True)
class SheetValues:
    """A sheet's rows that hold any value, and which sheets there are.

    Parameters
    ----------
    sheets
        Titles of the sheets of cells, and whether each is visible.
    title
        Of the sheet that was read; empty if none fits or none holds a value.
    first
        The column, counted from 1, of the first value of each row.
    rows
        Each with its number, counted from 1; an empty cell is an empty text.
    """

    sheets: dict[str, bool]
    title: str
    first: int
    rows: list[tuple[int, list[Any]]]


def read_values(
    path: Path,
    name: str,
    *,
    is_named_rightly: bool,
    corrections_of: Callable[[str], Corrections] = lambda _: {},
) -> SheetValues:
    """Return the values of a sheet.

    Parameters
    ----------
    path
        The workbook.
    name
        Of the sheet, in any case; the first visible one that holds values if not given.
    is_named_rightly
        Whether the ending of the path fits its content: by it faults are told better.
    corrections_of
        Is asked before a sheet is read, by title.

    Raises
    ------
    python_calamine.CalamineError
        If the workbook is not understood.
    python_calamine.PasswordError
        If it is encrypted.
    """
    source = path if is_named_rightly else io.BytesIO(path.read_bytes())
    with CalamineWorkbook.from_object(source) as book:
        sheets = {
            sheet.name: sheet.visible == SheetVisibleEnum.Visible
            for sheet in book.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet
        }
        for title, is_visible in sheets.items():
            if title.lower() != name.lower() if name else not is_visible:
                continue
            corrections = corrections_of(title)
            sheet = book.get_sheet_by_name(title)
            first = (sheet.start or (0, 0))[1] + 1
            rows: list[tuple[int, list[Any]]] = []
            for number, values in enumerate(sheet.iter_rows(), 1):
                row: list[Any] = values
                for column, value in corrections.get(number, {}).items():
                    row[column - first] = value
                if any(value != "" for value in row):
                    rows.append((number, row))
            if rows:
                return SheetValues(sheets, title, first, rows)
    return SheetValues(sheets, "", 1, [])


class AbortError(Exception):
    """The process that read a workbook fell, or would have taken too much memory."""


def read_values_apart(path: Path, name: str, *, is_named_rightly: bool) -> SheetValues:
    """Return the values of a sheet as `read_values` does, read in another process.

    On damaged .xls and .xlsb the reader takes memory without bound, and ends its process.

    Raises
    ------
    AbortError
        If that happens.
    python_calamine.CalamineError
        If the workbook is not understood.
    python_calamine.PasswordError
        If it is encrypted.
    """
    ran = subprocess.run(  # noqa: S603 (this file, by the interpreter that runs it)
        [sys.executable, "-P", __file__, path, name, str(int(is_named_rightly))],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    if ran.returncode:
        raise AbortError("its reader broke off")
    answer = pickle.loads(ran.stdout)  # noqa: S301 (written by the lines below)
    if isinstance(answer, Exception):
        raise answer
    return SheetValues(*answer)


def _main(path: str, name: str, is_named_rightly: str) -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    except (ImportError, OSError, ValueError):  # not on every system
        pass
    answer: Any
    try:
        values = read_values(Path(path), name, is_named_rightly=is_named_rightly == "1")
        answer = (values.sheets, values.title, values.first, values.rows)
    except (CalamineError, OSError) as error:
        answer = error
    sys.stdout.buffer.write(pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))


if __name__ == "__main__":
    _main(*sys.argv[1:])
