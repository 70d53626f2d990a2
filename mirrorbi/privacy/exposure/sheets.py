"""What tables in CSV files and Excel workbooks expose."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from mirrorbi.data.export import without_formula
from mirrorbi.errors import SourceError
from mirrorbi.privacy.exposure.exposure import Exposure, examples_of
from mirrorbi.privacy.exposure.plain_text import texts_expose
from mirrorbi.privacy.exposure.table import Table, table_exposes
from mirrorbi.privacy.pii.hit import masked


def csv_exposes(text: str, where: str = "the table") -> Iterator[Exposure]:
    """Yield what a CSV file exposes."""
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(text[:20_000], ",;\t|")
    except csv.Error:
        dialect = csv.excel
    # A cell may be of any length: what is in it counts all the same.
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    even = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    lines = csv.reader(io.StringIO(even), dialect)
    table = Table(where, next(lines, []))
    formulas: list[str] = []
    for line in lines:
        table.add(line)
        formulas += [cell for cell in line if _computes(cell)]
    yield from table_exposes(table)
    if formulas:
        shown = examples_of([masked(text) for text in formulas])
        detail = "cells that a spreadsheet takes for formulas"
        yield Exposure("formula", detail, table.where, len(formulas), shown)


def workbook_exposes(path: Path) -> Iterator[Exposure]:
    """Yield what an Excel workbook exposes: sheets, also hidden ones, and what lies beneath.

    Raises
    ------
    SourceError
        If it cannot be read.
    """
    from openpyxl import load_workbook

    try:
        yield from _beneath(path)
        book = load_workbook(path, read_only=True, keep_links=False)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise SourceError(
            f"'{path}' cannot be read as a workbook: {error}.", hint="Pass an .xlsx file."
        ) from error
    try:
        for sheet in book.worksheets:
            where = f"sheet {sheet.title!r}"
            if sheet.sheet_state != "visible":
                yield Exposure("hidden", "a hidden sheet", where)
            lines = ([_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True))
            table = Table(where, next(lines, []))
            formulas: list[str] = []
            for line in lines:
                table.add(line)
                formulas += [cell for cell in line if cell.startswith("=")]
            yield from table_exposes(table)
            if formulas:
                detail, shown = "cells with formulas", examples_of([text[:60] for text in formulas])
                yield Exposure("formula", detail, where, len(formulas), shown)
    finally:
        book.close()


def _beneath(path: Path) -> Iterator[Exposure]:
    """Yield what a workbook holds that no sheet shows."""
    with zipfile.ZipFile(path) as parts:
        for name in parts.namelist():
            if re.match(r"xl/pivotCache/pivotCacheRecords\d+\.xml", name):
                rows = parts.read(name).count(b"<r>")
                detail = f"the {rows:,} source rows of a pivot table"
                yield Exposure("row_values", detail, name, rows)
            elif name.startswith("xl/externalLinks/") and name.endswith(".rels"):
                text = parts.read(name).decode("utf-8", "replace")
                yield from texts_expose([text], name, addresses=True)
            elif re.match(r"docProps/\w+\.xml|xl/comments\d*\.xml", name):
                text = re.sub(r"<[^>]*>", "\n", parts.read(name).decode("utf-8", "replace"))
                yield from texts_expose([text], name)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _computes(cell: str) -> bool:
    number = re.fullmatch(r"[+-]?[\d.,]+(?:[eE][+-]?\d+)?%?", cell.strip())
    return number is None and cell.strip() not in ("-", "+") and without_formula(cell) != cell
