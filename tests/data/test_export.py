"""Answers as files: whole, readable by others, and no text in them a formula."""

import csv
import io

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mirrorbi
from mirrorbi.data.export import to_csv, to_excel, without_formula, write_csv
from mirrorbi.errors import StoreError

HOSTILE = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "＝1+1",
    "\u00a0=1",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_that_begins_like_a_formula_is_quoted(text):
    assert without_formula(text) == f"'{text}"


def test_numbers_and_plain_text_stay():
    assert [without_formula(v) for v in (-1.5, 3, None, "a=1", "", "12-3")] == [
        *(-1.5, 3, None, "a=1", "", "12-3")
    ]


@given(st.text(max_size=20))
def test_no_cell_of_any_text_is_a_formula(text):
    out = io.StringIO()
    write_csv(out, ["h"], [[text]])
    cell = list(csv.reader(io.StringIO(out.getvalue(), newline="")))[1:]
    shown = cell[0][0] if cell and cell[0] else ""
    assert (
        not shown.lstrip(" \u00a0\ufeff")[:1]
        or shown.lstrip(" \u00a0\ufeff")[0] not in "=+-@＝＋－＠|"
    )


@pytest.fixture
def result():
    frame = pd.DataFrame({"shop": [*HOSTILE[:4], "Bern"], "sales": [-1.5, 2, 3, 4, 5]})
    return mirrorbi.open(frame).query("sales", by="shop", control=False)


def test_a_result_as_csv(result, tmp_path):
    result.to_csv(tmp_path / "out.csv")
    read = pd.read_csv(tmp_path / "out.csv")
    assert sorted(read["shop"]) == sorted(map(without_formula, result.frame["shop"]))
    assert sorted(read["sales"]) == [-1.5, 2, 3, 4, 5]
    assert [file.name for file in tmp_path.iterdir()] == ["out.csv"]


def test_a_result_as_a_workbook(result, tmp_path):
    result.to_excel(tmp_path / "out.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert "f" not in {cell.data_type for cell in cells}
    assert "'=1+1" in {cell.value for cell in cells}
    assert -1.5 in {cell.value for cell in cells}


def test_dates_gaps_and_characters_that_no_workbook_holds(tmp_path):
    frame = pd.DataFrame({"=day": pd.to_datetime(["2024-01-31", None]), "t": ["a\x00b", None]})
    to_csv(frame, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf'=day,t\n2024-01-31,")
    to_excel(frame, tmp_path / "out.xlsx")
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").active["B2"].value == "a b"


def test_what_cannot_be_written_says_so_and_leaves_nothing(result, tmp_path):
    (tmp_path / "taken").mkdir()
    for path in (tmp_path / "no" / "out.csv", tmp_path / "taken"):
        with pytest.raises(StoreError, match="could not be written"):
            result.to_csv(path)
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]
