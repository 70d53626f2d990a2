"""Excel workbooks: the table is found, and cells keep their meaning."""

from __future__ import annotations

import re
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import pytest

from mirrorbi.data.engine.embedded import connect
from mirrorbi.data.ingest.sources import open_source
from mirrorbi.errors import SourceError


@pytest.fixture(scope="module")
def engine():
    return connect()


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def book(*sheets: tuple[str, list], name: str = "book.xlsx") -> str:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for title, lines in sheets:
        sheet = workbook.create_sheet(title)
        for line in lines:
            sheet.append(line)
    workbook.save(name)
    return name


def rows(source) -> list[tuple]:
    return sorted(zip(*source.table.to_pyarrow().to_pydict().values(), strict=True), key=repr)


def types(source) -> dict[str, str]:
    return {name: str(dtype).split("(")[0] for name, dtype in source.table.schema().items()}


def test_cells_keep_their_types(engine):
    path = book(
        (
            "Data",
            [
                ["n", "f", "t", "day", "moment", "text", "clock", "span", "none"],
                [1, 1.5, True, date(2024, 1, 31), datetime(2024, 1, 31, 8, 15), "a", time(8, 15),
                 timedelta(hours=36), None],
                [2, 2, False, date(2024, 2, 1), datetime(2024, 2, 1), "b", time(9), timedelta(0),
                 None],
            ],
        )
    )  # fmt: skip
    source = open_source(path, engine)
    assert types(source) == {
        "n": "int64", "f": "float64", "t": "boolean", "day": "date", "moment": "timestamp",
        "text": "string", "clock": "string", "span": "float64", "none": "string",
    }  # fmt: skip
    assert rows(source)[0] == (
        1, 1.5, True, date(2024, 1, 31), datetime(2024, 1, 31, 8, 15), "a", "08:15:00", 36.0, None,
    )  # fmt: skip
    assert source.kind == "excel"
    assert source.notes == ("Durations in 'span' were read as hours.",)


def test_titles_empty_rows_and_footnotes_are_left_out_with_notes(engine):
    path = book(
        (
            "Report",
            [
                ["Sales by region"],
                ["As of", date(2024, 1, 31)],
                [],
                [None, "Region", "Day", "Sales", "Rate"],
                [None, "North", date(2024, 1, 1), 10, 0.5],
                [None, "South", date(2024, 1, 1), 20, 0.25],
                [],
                [None, "North", date(2024, 1, 2), 30, 0.75],
                [],
                [None, "Source: ledger"],
            ],
        )
    )
    source = open_source(path, engine)
    assert types(source) == {"Region": "string", "Day": "date", "Sales": "int64", "Rate": "float64"}
    assert [row[2] for row in rows(source)] == [10, 30, 20]
    notes = " ".join(source.notes)
    assert "Lines above the header were left out: 2." in notes
    assert "Lines below the table were left out: 1." in notes
    assert "ledger" not in notes
    assert "Empty rows were left out: 1." in notes


def test_a_sheet_is_chosen_by_name(engine):
    path = book(("First", [["a"], [1]]), ("Second One", [["b"], [2], [3]]))
    first = open_source(path, engine)
    assert first.table.columns == ("a",)
    assert any("'Second One'" in note for note in first.notes)
    second = open_source(f"{path}#second one", engine)
    assert rows(second) == [(2,), (3,)]
    assert (second.name, second.notes) == ("book.xlsx#second one", ())
    with pytest.raises(SourceError, match="Did you mean 'Second One'"):
        open_source(f"{path}#Secnd One", engine)


def test_hidden_and_empty_sheets_are_passed_over(engine):
    book(("Hidden", [["x"], [9]]), ("Empty", []), ("Data", [["a"], [1]]))
    workbook = openpyxl.load_workbook("book.xlsx")
    workbook["Hidden"].sheet_state = "hidden"
    workbook.save("book.xlsx")
    assert open_source("book.xlsx", engine).table.columns == ("a",)
    assert open_source("book.xlsx#Hidden", engine).table.columns == ("x",)


def test_a_number_sign_in_a_file_name_is_no_sheet(engine):
    book(("Data", [["a"], [1]]), name="book#1.xlsx")
    assert rows(open_source("book#1.xlsx", engine)) == [(1,)]


def test_numbers_among_text_are_found_out(engine):
    path = book(
        (
            "Data",
            [["id", "n", "code", "mixed"]]
            + [[str(i), i, f"{i:05}", i] for i in range(1, 9)]
            + [["9", "N/A", "00009", "soon"]],
        )
    )
    source = open_source(path, engine)
    assert types(source) == {"id": "int64", "n": "int64", "code": "string", "mixed": "string"}
    assert any("Read as missing in 'n': 1 value, 'N/A'" in note for note in source.notes)
    assert any("'mixed'. 8 of 9 values" in n and "'xxxx' (row 10)" in n for n in source.notes)


def test_dates_that_are_text_in_some_cells_are_not_guessed(engine):
    path = book(("Data", [["d", "k"], [date(2024, 2, 1), 1], ["03/04/2024", 2], ["x", 3]]))
    source = open_source(path, engine)
    assert types(source)["d"] == "string"
    assert {row[0] for row in rows(source)} == {"2024-02-01", "03/04/2024", "x"}


def test_error_cells_are_missing_with_a_note(engine):
    path = book(("Data", [["a", "b"], [1, "#N/A"], [2, 5], [3, "#DIV/0!"]]))
    source = open_source(path, engine)
    assert rows(source) == [(1, None), (2, 5), (3, None)]
    assert any("Cells with an error" in note and "2" in note for note in source.notes)


def test_formulas_that_were_never_calculated_are_refused(engine):
    path = book(("Data", [["a", "b"], [1, "=A2*2"], [2, "=A3*2"]]))
    with pytest.raises(SourceError, match=r"2 formulas that were never calculated, first in B2"):
        open_source(path, engine)


def test_formulas_with_results_are_read_and_lacking_ones_are_noted(engine):
    path = book(("Data", [["a", "b"], [1, "=A2*2"], [2, "=A3*2"], [3, '=IF(1,"","")']]))
    # What Excel stores: a result beside each formula, empty text as type "str".
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    xml = parts["xl/worksheets/sheet1.xml"].decode()
    xml = re.sub(r'(<c r="B2"[^>]*>)<f>(.*?)</f><v ?/?>(</v>)?', r"\1<f>\2</f><v>2</v>", xml)
    xml = re.sub(r'<c r="B4"[^>]*><f>(.*?)</f><v ?/?>(</v>)?',
                 r'<c r="B4" t="str"><f>\1</f><v></v>', xml)  # fmt: skip
    parts["xl/worksheets/sheet1.xml"] = xml.encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    source = open_source(path, engine)
    assert rows(source) == [(1, 2), (2, None), (3, None)]
    assert any("without a stored result" in n and "1, first in B3" in n for n in source.notes)


def test_a_wrong_size_of_the_sheet_loses_no_cell(engine):
    path = book(("Data", [["a", "b"], *([i, i] for i in range(50))]))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    xml = parts["xl/worksheets/sheet1.xml"].decode()
    assert '<dimension ref="A1:B51"' in xml
    parts["xl/worksheets/sheet1.xml"] = xml.replace('ref="A1:B51"', 'ref="A1"').encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert rows(open_source(path, engine)) == sorted(((i, i) for i in range(50)), key=repr)


def test_names_of_years_dates_and_hostile_text(engine):
    names = ["Region", 2023, date(2024, 1, 1), "<b>x</b>", "two\nlines", "Region", None]
    path = book(("Data", [names, ["N", 1, 2, 3, 4, 5, 6], ["S", 1, 2, 3, 4, 5, 6]]))
    source = open_source(path, engine)
    assert source.table.columns == (
        "Region", "2023", "2024-01-01", "<b>x</b>", "two lines", "Region_2", "column_7",
    )  # fmt: skip
    assert len(source.notes) == 2


def test_a_sheet_without_header_loses_no_row(engine):
    path = book(("Data", [["N", 1.5, 7], ["S", 2.5, 8]]))
    source = open_source(path, engine)
    assert rows(source) == [("N", 1.5, 7), ("S", 2.5, 8)]
    assert any("not names" in note for note in source.notes)


def test_a_total_in_the_last_row_is_pointed_at_and_kept(engine):
    path = book(("Data", [["region", "n"], ["N", 1], ["S", 2], ["Grand total", 3]]))
    source = open_source(path, engine)
    assert len(rows(source)) == 3
    assert any("may be a total ('Grand total')" in note for note in source.notes)


def test_a_table_in_the_middle_of_the_sheet_is_found(engine):
    workbook = openpyxl.Workbook()
    for row, line in enumerate([["a", "b"], [1, "x"], [2, "y"]]):
        for column, value in enumerate(line):
            workbook.active.cell(7 + row, 4 + column, value)
    workbook.save("book.xlsx")
    assert rows(open_source("book.xlsx", engine)) == [(1, "x"), (2, "y")]


def test_one_column_one_row_and_only_a_header(engine):
    assert rows(open_source(book(("D", [["a"], [1]])), engine)) == [(1,)]
    assert rows(open_source(book(("D", [["a"], ["x"], ["y"]])), engine)) == [("x",), ("y",)]
    with pytest.raises(SourceError, match="has a header but no rows"):
        open_source(book(("D", [["a", "b"]])), engine)
    with pytest.raises(SourceError, match="has no cells"):
        open_source(book(("D", [])), engine)


def test_several_workbooks_make_one_table(engine):
    Path("m").mkdir()
    book(("D", [["a", "b"], [1, "x"]]), name="m/1.xlsx")
    book(("D", [["b", "a"], ["y", 2]]), name="m/2.xlsx")
    Path("m/~$1.xlsx").write_bytes(b"lock")
    assert rows(open_source("m", engine)) == [(1, "x"), (2, "y")]


def test_whole_numbers_beyond_the_engine_keep_their_digits(engine):
    path = book(("D", [["a", "b"], ["1234567890123456789012", 1], ["2", 2]]))
    assert {row[0] for row in rows(open_source(path, engine))} == {"1234567890123456789012", "2"}
