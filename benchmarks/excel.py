"""CPU seconds to read a workbook, beside the way of openpyxl in the same run.

    python benchmarks/excel.py                       # 60,000 rows of 19 columns, three turns
    python benchmarks/excel.py --rows 5000 --turns 1
    python benchmarks/excel.py --formulas 0          # three of the columns are formulas else

Both read the same cells of the same file, find errors and formulas without a result, and
must agree in every cell. The ways take turns, so that what else the machine does falls on
both; the median counts. "Opened" is all of `open_source`: values, types, the engine's table.
openpyxl reads a sheet with formulas twice, once for values and once for formulas.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import tempfile
import time
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mirrorbi.data.engine.embedded import connect
from mirrorbi.data.ingest.sources import open_source
from mirrorbi.data.ingest.workbook import read_sheet

ERRORS = ("#N/A", "#DIV/0!", "#VALUE!", "#REF!")
SHEET = "xl/worksheets/sheet1.xml"
Rows = list[tuple[int, tuple[Any, ...]]]


def write(path: Path, rows: int, columns: int, formulas: int) -> None:
    """Write a sheet of numbers, words and moments, some missing, some errors."""
    import openpyxl

    chance = random.Random(7)
    values: list[Callable[[int], Any]] = [
        lambda row: chance.randrange(10**6) / 100,
        lambda row: f"word {row % 500}",
        lambda row: row,
        lambda row: datetime(2024, 1, 1, 0, 15) + timedelta(hours=row % 9_000),
        lambda row: f"customer {row}",
        lambda row: None if chance.random() < 0.9 else "#N/A",
    ]
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Data")
    sheet.append([f"c{column}" for column in range(columns)])
    for row in range(2, rows + 2):
        line = [values[column % len(values)](row) for column in range(columns - formulas)]
        sheet.append([*line, *(f"=A{row}*{n}" for n in range(formulas))])
    book.save(path)
    # What Excel stores: a result beside each formula.
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[SHEET] = re.sub(rb"</f><v ?/>|</f><v></v>", b"</f><v>2.5</v>", parts[SHEET])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def by_openpyxl(path: Path) -> Rows:
    """Return the rows as openpyxl gives them, with the checks that calamine leaves to us."""
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    sheet = book.active
    sheet.reset_dimensions()
    rows = [
        (number, tuple(None if value in ERRORS else value for value in row))
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1)
        if any(value is not None for value in row)
    ]
    with zipfile.ZipFile(path) as archive:
        has_formulas = b"<f>" in archive.read(SHEET)
    if has_formulas:
        formulas = openpyxl.load_workbook(path, read_only=True)
        formulas.active.reset_dimensions()
        pairs = zip(formulas.active.iter_rows(), sheet.iter_rows(), strict=True)
        blank = sum(
            cell.data_type == "f" and result.value is None
            for written, calculated in pairs
            for cell, result in zip(written, calculated, strict=True)
        )
        assert not blank
    return rows


def ours(path: Path) -> Rows:
    """Return the rows as we read them."""
    return list(read_sheet(path, path.name).rows)


def opened(path: Path) -> Any:
    """Return the table in the engine."""
    return open_source(path, connect()).table.count().to_pyarrow()


def seconds(read: Callable[[Path], Any], path: Path) -> tuple[float, Any]:
    """Return CPU seconds of the process, and what was read."""
    began = time.process_time()
    answer = read(path)
    return time.process_time() - began, answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--columns", type=int, default=19)
    parser.add_argument("--formulas", type=int, default=3)
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    took: dict[str, list[float]] = {"ours": [], "openpyxl": [], "opened": []}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.xlsx"
        write(path, arguments.rows, arguments.columns, arguments.formulas)
        seconds(ours, path)  # imports
        for _ in range(arguments.turns):
            for name, read in (("ours", ours), ("openpyxl", by_openpyxl), ("opened", opened)):
                spent, answer = seconds(read, path)
                took[name].append(spent)
                if name == "ours":
                    rows = answer
                elif name == "openpyxl":
                    assert rows == answer, "the two ways differ"
    median = {name: statistics.median(times) for name, times in took.items()}
    ratio = median["openpyxl"] / median["ours"]
    print(f"{arguments.rows:,} rows of {arguments.columns} columns, {arguments.formulas} formulas")
    for name in ("ours", "openpyxl", "opened"):
        spread = f"{min(took[name]):.1f} to {max(took[name]):.1f}"
        print(f"{name:9} {median[name]:6.1f} s of CPU ({spread})")
    print(f"openpyxl / ours {ratio:.1f}")


if __name__ == "__main__":
    main()
