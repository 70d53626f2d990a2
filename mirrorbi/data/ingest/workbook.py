"""A workbook: its kind, its sheets, and the cells of the one that is meant."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from python_calamine import CalamineError, PasswordError

from mirrorbi.data.ingest.message_text import listed, reason_of
from mirrorbi.data.ingest.sheet import Row, Sheet
from mirrorbi.data.ingest.sheet_values import (
    AbortError,
    Corrections,
    SheetValues,
    read_values,
    read_values_apart,
)
from mirrorbi.data.ingest.sheet_xml import SheetMarks, read_marks
from mirrorbi.data.ingest.text_file import reading
from mirrorbi.errors import SourceError, did_you_mean

Format = Literal["xlsx", "xls", "xlsb", "ods"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PARTS: dict[Format, re.Pattern[str]] = {
    "xlsb": re.compile(r"(?:.*/)?workbook\.bin"),
    "xlsx": re.compile(r"(?:.*/)?workbook\.xml"),
    "ods": re.compile(r"content\.xml"),
}
"""What an archive of each format holds, and none before it."""
_FORMATS: dict[str, Format] = {
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx", ".xltm"), "xlsx"),
    ".xls": "xls",
    ".xlsb": "xlsb",
    ".ods": "ods",
}
_MOST_BYTES = 2 << 30
_MOST_RATIO = 1032
"""How many times its size deflate can unpack to: https://zlib.net/zlib_tech.html."""
_MOST_CELLS = 1 << 25
_MOST_EXACT = 1 << 53
_ERRORS = frozenset(
    ("#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!")
)
_ODS_DURATION = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,](\d+))?S")


def read_sheet(path: Path, shown: str, name: str = "") -> Sheet:
    """Return the cells of a sheet, as last calculated.

    Parameters
    ----------
    path
        The workbook: Office Open XML (.xlsx, .xlsm and their templates), .xls of Excel 97
        and later, .xlsb, or OpenDocument (.ods); told by content, not by name.
    shown
        Its name for messages.
    name
        Of the sheet; the first visible one that holds cells if not given.

    Returns
    -------
    Sheet
        Errors of formulas are missing values, with a note. Only the XML of Office Open XML
        tells these, number formats, and formulas without a result; for the other formats a
        note says that nothing of the kind was looked for.

    Raises
    ------
    SourceError
        If the workbook is damaged, protected or beyond bounds, the sheet is unknown or
        empty, or no formula of it was ever calculated.
    """
    form = _format_of(path, shown)
    is_named_rightly = form == _FORMATS.get(path.suffix.lower())
    marks = SheetMarks()
    with _faults_of(shown):
        if form == "xlsx":
            values, marks = _xlsx_values(path, shown, name, is_named_rightly=is_named_rightly)
        else:
            values = _other_values(path, shown, name, form, is_named_rightly=is_named_rightly)
    _check_choice(values, shown, name)
    notes = []
    if not is_named_rightly:
        notes.append(f"{shown} is an .{form} workbook, whatever its name says: it was read so.")
    others = [title for title in values.sheets if title != values.title]
    if others and not name:
        notes.append(
            f"Sheet {values.title!r} of {shown} was read; others: {listed(map(repr, others))}. "
            f"Name one as in {Path(shown).name}#{others[0]}."
        )
    if form == "xlsx":
        notes += _check_formulas(marks, shown)
    else:
        notes.append(
            f"Of {shown} only values were read: .{form} files are not checked for cells with an "
            "error, formulas without a result, and percent. Save it as .xlsx to have it checked."
        )
    rows, errors = _tidy_cells(values, form)
    if errors:
        notes.append(
            f"Cells with an error such as {errors[0]} were read as missing: {len(errors):,}."
        )
    return Sheet(rows, tuple(notes), marks.percents, values.first)


def _xlsx_values(
    path: Path, shown: str, name: str, *, is_named_rightly: bool
) -> tuple[SheetValues, SheetMarks]:
    """Return the values of a sheet, and what its XML says beside them, which is read first."""
    marks = SheetMarks()
    with zipfile.ZipFile(path) as archive:
        _check_size(archive, shown)

        def corrections_of(title: str) -> Corrections:
            nonlocal marks
            marks = read_marks(archive, title)
            _check_cells(marks, shown)
            return marks.corrections

        values = read_values(
            path, name, is_named_rightly=is_named_rightly, corrections_of=corrections_of
        )
    return values, marks


def _other_values(
    path: Path, shown: str, name: str, form: Format, *, is_named_rightly: bool
) -> SheetValues:
    if form != "xls":
        with zipfile.ZipFile(path) as archive:
            _check_size(archive, shown)
    try:
        return read_values_apart(path, name, is_named_rightly=is_named_rightly)
    except (CalamineError, AbortError) as error:
        if form != "xls" or isinstance(error, PasswordError):
            raise
        if _ENCRYPTED in path.read_bytes():
            raise _protected(shown) from None
        raise SourceError(
            f"{shown!r} is an old (.xls) or password-protected workbook that cannot be read "
            f"({reason_of(error)}).",
            hint="Open it in Excel and save it as .xlsx without a password.",
        ) from error


def _check_choice(values: SheetValues, shown: str, name: str) -> None:
    if values.title:
        return
    if name and name.lower() not in map(str.lower, values.sheets):
        raise SourceError(
            f"{shown!r} has no sheet {name!r}.",
            hint=did_you_mean(name, values.sheets, noun="sheets"),
        )
    raise SourceError(
        f"{shown!r} has no cells" + (f" on sheet {name!r}." if name else "."),
        hint=f"Its sheets: {listed(values.sheets)}.",
    )


def _format_of(path: Path, shown: str) -> Format:
    """Return what a file is by its first bytes and its parts."""
    with reading(shown), path.open("rb") as file:
        head = file.read(64)
    if not head:
        raise SourceError(f"{shown!r} is empty.", hint="Save the workbook again.")
    if head.startswith(_OLE):
        return "xls"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise SourceError(
            f"{shown!r} is a web page or other XML, not a workbook, whatever its name says.",
            hint="Open it in Excel and save it as .xlsx.",
        )
    parts: list[str] = []
    if zipfile.is_zipfile(path):
        with _faults_of(shown), zipfile.ZipFile(path) as archive:
            parts = archive.namelist()
    for form, pattern in _PARTS.items():
        if any(map(pattern.fullmatch, parts)):
            return form
    raise SourceError(
        f"{shown!r} is no Excel workbook, or not a whole one.",
        hint="Copy or save it again; if it holds text, give it the ending .csv.",
    )


@contextmanager
def _faults_of(shown: str) -> Iterator[None]:
    """Say any fault of a workbook as a `SourceError` that names it."""
    try:
        with reading(shown):
            try:
                yield
            except OSError as error:
                if error.errno is None:  # said by the reader of what it read, not by the system
                    raise _damaged(shown, error) from error
                raise
    except SourceError:
        raise
    except PasswordError:
        raise _protected(shown) from None
    except Exception as error:  # any fault of XML, of zip or of the format, by design
        raise _damaged(shown, error) from error
    except BaseException as error:
        # A panic of the reader in Rust is no Exception, and of a class that nothing exports.
        if type(error).__name__ != "PanicException":
            raise
        raise _damaged(shown, error) from error


def _protected(shown: str) -> SourceError:
    return SourceError(
        f"{shown!r} is protected by a password.",
        hint="Open it in Excel and save it without one (File, Info, Protect Workbook).",
    )


def _damaged(shown: str, error: BaseException) -> SourceError:
    return SourceError(
        f"{shown!r} is a damaged workbook ({reason_of(error)[:80]}).",
        hint="Open it in Excel and save it again as .xlsx.",
    )


def _check_size(archive: zipfile.ZipFile, shown: str) -> None:
    """Refuse an archive that unpacks to more than is read, or lies about how much that is."""
    parts = archive.infolist()
    size = sum(part.file_size for part in parts)
    if size > _MOST_BYTES:
        raise SourceError(
            f"{shown!r} unpacks to {size / 2**30:,.1f} GiB, and no more than "
            f"{_MOST_BYTES >> 30} GiB of a workbook are read.",
            hint="Save the sheet as CSV or Parquet.",
        )
    if any(part.flag_bits & 1 for part in parts):
        raise _protected(shown)
    for part in parts:
        # What is longer than it says ends, read to there, with a wrong checksum. Sheets are
        # read so in any case, before memory is taken for their cells.
        if "worksheets/" not in part.filename and part.compress_size * _MOST_RATIO > _MOST_BYTES:
            with archive.open(part) as file:
                while file.read(1 << 20):
                    pass


def _check_cells(marks: SheetMarks, shown: str) -> None:
    """Refuse cells that the reader of values cannot take.

    It would take memory for the whole rectangle round them, and end the process if there
    is not enough.
    """
    area = marks.height * marks.width
    if area > _MOST_CELLS and area > 4 * marks.cells:
        raise SourceError(
            f"{shown!r} has {marks.cells:,} cells spread over {marks.height:,} rows and "
            f"{marks.width:,} columns.",
            hint="Delete what lies far from the table (Ctrl+End in Excel goes there) and save.",
        )
    if marks.too_long:
        raise SourceError(
            f"Cell {marks.too_long} of {shown!r} is formatted as a duration and holds a number "
            "too large for one.",
            hint="Correct the cell or its format in Excel.",
        )


def _tidy_cells(values: SheetValues, form: Format) -> tuple[tuple[tuple[int, Row], ...], list[str]]:
    """Return the rows with missing values for what is none, and the errors among these."""
    errors: list[str] = []
    for _, row in values.rows:
        for position, value in enumerate(row):
            if isinstance(value, float):
                # All numbers of a sheet are floats; those that people see as whole are whole.
                if value.is_integer() and -_MOST_EXACT < value < _MOST_EXACT:
                    row[position] = int(value)
            elif isinstance(value, str):
                if value in _ERRORS:
                    errors.append(value)
                    row[position] = None
                elif not value or value.isspace():
                    row[position] = None
                elif form == "ods":
                    row[position] = _duration(value)
    return tuple((number, tuple(row)) for number, row in values.rows), errors


def _duration(text: str) -> Any:
    """Return what the reader gives of a duration in OpenDocument as one, other text as it is."""
    match = _ODS_DURATION.fullmatch(text)
    if not match:
        return text
    hours, minutes, seconds, fraction = match.groups()
    return timedelta(
        hours=int(hours), minutes=int(minutes), seconds=float(f"{seconds}.{fraction or 0}")
    )


def _check_formulas(marks: SheetMarks, shown: str) -> list[str]:
    """Refuse a sheet of formulas without results: its cells look empty and are not."""
    blank, first = marks.uncalculated, marks.first_uncalculated
    if not blank:
        return []
    if blank == marks.formulas:
        raise SourceError(
            f"{shown!r} holds {blank:,} formulas that were never calculated, first in {first}.",
            hint="Open it in Excel and save it, so that the results are stored.",
        )
    return [f"Formulas without a stored result were read as missing: {blank:,}, first in {first}."]
