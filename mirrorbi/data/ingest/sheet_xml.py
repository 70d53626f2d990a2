"""The XML of a sheet: what the reader of its values hides, in one pass."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from mirrorbi.data.ingest.safe_xml import parse_xml

_DIGITS = "0123456789"
# What stands in quotation marks, after a backslash, _ or *, or in brackets is no code.
_LITERAL = re.compile(r'"[^"]*"|[\\_*].|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)
_DATE = re.compile(r"[dmyhs]", re.IGNORECASE)
_DURATION = re.compile(r"\[[hms]+\]", re.IGNORECASE)
_BUILT_IN = {
    **dict.fromkeys((9, 10), "0%"),
    **dict.fromkeys((*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)), "d"),
    46: "[h]",
}
_LAST_DAY = 2_958_466
"""The serial number of the first day of the year 10000, after the last that a cell shows."""
_LONGEST_DURATION = 10**9
_EXACT = 15
"""Digits of a whole number that survive as a float, whatever they are."""


@dataclass(slots=True)
class SheetMarks:
    """What stands in a sheet's XML beside the values of its cells.

    Parameters
    ----------
    corrections
        By row and column (from 1): the name of an error, or a whole number of more digits
        than a float has.
    percents
        Number of cells by column whose number is formatted as percent.
    formulas
        Number of them.
    uncalculated
        Number of those without a stored result.
    first_uncalculated
        Where the first of these stands: ``"B2"``.
    too_long
        Where a duration stands that is longer than a duration can be, if anywhere.
    cells
        Number of cells with a value.
    height
        Of the rectangle from A1 that holds them, in rows.
    width
        Of this rectangle, in columns.
    """

    corrections: dict[int, dict[int, str | int]] = field(default_factory=dict)
    percents: Counter[int] = field(default_factory=Counter)
    formulas: int = 0
    uncalculated: int = 0
    first_uncalculated: str = ""
    too_long: str = ""
    cells: int = 0
    height: int = 0
    width: int = 0


def read_marks(archive: zipfile.ZipFile, title: str) -> SheetMarks:
    """Return what the XML of a sheet says beside the values of its cells.

    Nothing but counts and marked cells is held in memory.

    Parameters
    ----------
    archive
        A workbook of Office Open XML (ECMA-376).
    title
        Of the sheet.

    Raises
    ------
    KeyError, zipfile.BadZipFile, xml.parsers.expat.ExpatError
        If a part is missing or damaged.
    DoctypeError
        If one declares a document type.
    """
    reader = _SheetReader(_number_formats(archive))
    parse_xml(archive, _sheet_part(archive, title), reader.start, reader.text)
    reader.end_cell()
    return reader.marks


def _sheet_part(archive: zipfile.ZipFile, title: str) -> str:
    """Return the name of the part that holds a sheet."""
    main = next(
        target
        for kind, target in _relationships(archive, "").values()
        if kind.endswith("/officeDocument")
    )
    ids: dict[str, str] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            ids[attributes["name"]] = next(
                value for key, value in attributes.items() if key.rpartition(":")[2] == "id"
            )

    parse_xml(archive, main, start)
    return _relationships(archive, main)[ids[title]][1]


def _relationships(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Return type and target of the relationships of a part by id, those of the whole for ''."""
    folder, name = posixpath.split(part)
    relationships: dict[str, tuple[str, str]] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship":
            target = posixpath.normpath(posixpath.join("/", folder, attributes["Target"]))
            relationships[attributes["Id"]] = (attributes["Type"], target.lstrip("/"))

    parse_xml(archive, posixpath.join(folder, "_rels", f"{name}.rels"), start)
    return relationships


def _number_formats(archive: zipfile.ZipFile) -> list[str]:
    """Return the code of the number format of each style of cells, `""` for a plain one."""
    codes: dict[int, str] = dict(_BUILT_IN)
    styles: list[str] = []
    inside = ""

    def style(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        if name in ("cellXfs", "cellStyleXfs", "cellStyles", "dxfs"):
            inside = name
        elif name == "numFmt" and inside != "dxfs":
            codes[int(attributes["numFmtId"])] = attributes["formatCode"]
        elif name == "xf" and inside == "cellXfs":
            styles.append(codes.get(int(attributes.get("numFmtId", 0)), ""))

    if "xl/styles.xml" in archive.namelist():
        parse_xml(archive, "xl/styles.xml", style)
    return styles


def _kind(code: str) -> str:
    """Return what a number format shows, as far as it matters here.

    Examples
    --------
    >>> [_kind(code) for code in ("0.0%", '0"%"', "d/m/yy", "[Red]0.00", "[h]:mm", "General")]
    ['percent', '', 'date', '', 'duration', '']
    """
    bare = _LITERAL.sub("", code.partition(";")[0])
    if "%" in bare:
        return "percent"
    if _DURATION.search(bare):
        return "duration"
    return "date" if _DATE.search(bare.replace("General", "")) else ""


class _SheetReader:
    """Handlers of a sheet's XML that gather its marks."""

    def __init__(self, formats: Sequence[str]) -> None:
        self.marks = SheetMarks()
        self._kinds = {str(n): kind for n, code in enumerate(formats) if (kind := _kind(code))}
        self._columns: dict[str, int] = {}
        self._row = self._column = 0
        self._reference = self._type = self._kind = self._value = ""
        self._is_formula = self._is_marked = self._in_value = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""
        if name == "c":
            if self._is_marked:
                self.end_cell()
            self._in_value = False
            self._place(attributes.get("r", ""))
            self._type = attributes.get("t", "n")
            self._kind = self._kinds.get(attributes.get("s", "0"), "") if self._type == "n" else ""
            self._value = ""
            self._is_marked = self._type == "e" or self._kind != ""
        elif name == "v":
            self._in_value = True
            self._count()
        elif name == "f":
            self._in_value = False
            self._is_formula = self._is_marked = True
        elif name == "is":
            self._count()
        elif name == "row":
            if self._is_marked:
                self.end_cell()
            self._row = int(attributes.get("r", self._row + 1))
            self._column = 0

    def text(self, text: str) -> None:
        """Take text, which may come in pieces."""
        if self._in_value:
            self._value += text
            if len(self._value) > _EXACT and self._value.strip("- \n").isdigit():
                self._is_marked = True

    def end_cell(self) -> None:
        """Judge the cell that was read last, if there is something about it."""
        value = self._value.strip()
        if self._is_formula:
            self.marks.formulas += 1
            # A formula that gives empty text has the type "str" and no value.
            if not value and self._type != "str":
                self.marks.uncalculated += 1
                self.marks.first_uncalculated = self.marks.first_uncalculated or self._cell()
        if value and self._type == "e":
            self._correct(value)
        elif value and self._type == "n":
            self._judge_number(value)
        self._is_formula = self._is_marked = self._in_value = False
        self._value = ""

    def _judge_number(self, value: str) -> None:
        if self._kind == "percent":
            self.marks.percents[self._column] += 1
        elif self._kind:
            number = float(value)
            if self._kind == "date" and not 0 <= number < _LAST_DAY:
                self._correct("#VALUE!")
            elif self._kind == "duration" and not abs(number) < _LONGEST_DURATION:
                self.marks.too_long = self.marks.too_long or self._cell()
        if len(value) > _EXACT and value.lstrip("-").isdigit():
            self._correct(int(value))

    def _place(self, reference: str) -> None:
        """Find the place of a cell, which follows the one before unless it says otherwise."""
        if not reference:
            self._column += 1
            return
        letters = reference.rstrip(_DIGITS)
        column = self._columns.get(letters)
        if column is None:
            column = self._columns[letters] = _column_number(letters)
        self._column = column
        self._row = int(reference[len(letters) :])

    def _count(self) -> None:
        marks = self.marks
        marks.cells += 1
        if self._row > marks.height:
            marks.height = self._row
        if self._column > marks.width:
            marks.width = self._column

    def _correct(self, value: str | int) -> None:
        self.marks.corrections.setdefault(self._row, {})[self._column] = value

    def _cell(self) -> str:
        letters, column = "", self._column
        while column:
            column, letter = divmod(column - 1, 26)
            letters = chr(65 + letter) + letters
        return f"{letters}{self._row}"


def _column_number(letters: str) -> int:
    """Return the number of a column.

    Examples
    --------
    >>> _column_number("A"), _column_number("xfd")
    (1, 16384)
    """
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - 64
    return number
