"""Workbooks of every format: the same table comes out, and a hostile file does no harm."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xlwt.CompoundDoc import XlsDoc

from mirrorbi.data.engine.embedded import connect
from mirrorbi.data.ingest.sources import open_source
from mirrorbi.data.model.model_file import find_model
from mirrorbi.errors import SourceError


@pytest.fixture(scope="module")
def engine():
    return connect()


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def rows(source) -> list[tuple]:
    return sorted(zip(*source.table.to_pyarrow().to_pydict().values(), strict=True), key=repr)


def types(source) -> dict[str, str]:
    return {name: str(dtype).split("(")[0] for name, dtype in source.table.schema().items()}


def refused(engine, name: str) -> str:
    with pytest.raises(SourceError) as caught:
        open_source(name, engine)
    assert caught.value.hint, "an error says what to do next"
    return str(caught.value)


# -- writers of each format: sheets by title, a title in brackets is hidden -------------

Sheets = dict[str, list[list[Any]]]


def write_xlsx(name: str, sheets: Sheets) -> str:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, lines in sheets.items():
        sheet = book.create_sheet(title.strip("[]"))
        sheet.sheet_state = "hidden" if title.startswith("[") else "visible"
        for line in lines:
            sheet.append(line)
    book.save(name)
    return name


def write_xls(name: str, sheets: Sheets, *, dates_1904: bool = False) -> str:
    book = xlwt.Workbook()
    book.dates_1904 = dates_1904
    styles = {
        date: xlwt.easyxf(num_format_str="yyyy-mm-dd"),
        datetime: xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm"),
        timedelta: xlwt.easyxf(num_format_str="[h]:mm:ss"),
    }
    for title, lines in sheets.items():
        sheet = book.add_sheet(title.strip("[]"))
        sheet.visibility = int(title.startswith("["))
        for row, line in enumerate(lines):
            for column, value in enumerate(line):
                if value is not None:
                    days = value / timedelta(days=1) if isinstance(value, timedelta) else value
                    sheet.write(
                        row, column, days, styles.get(type(value), xlwt.Style.default_style)
                    )
    book.save(name)
    return name


def write_ods(name: str, sheets: Sheets) -> str:
    def cell(value: Any) -> str:
        if value is None:
            return "<table:table-cell/>"
        if isinstance(value, bool):
            kind = f'"boolean" office:boolean-value="{str(value).lower()}"'
        elif isinstance(value, (int, float)):
            kind = f'"float" office:value="{value!r}"'
        elif isinstance(value, date):
            kind = f'"date" office:date-value="{value.isoformat()}"'
        elif isinstance(value, timedelta):
            minutes, seconds = divmod(int(value.total_seconds()), 60)
            kind = (
                f'"time" office:time-value="PT{minutes // 60:02}H{minutes % 60:02}M{seconds:02}S"'
            )
        else:
            kind = '"string"'
        return (
            f"<table:table-cell office:value-type={kind}><text:p>{escape(str(value))}</text:p>"
            "</table:table-cell>"
        )

    tables = "".join(
        f'<table:table table:name="{title.strip("[]")}" table:style-name="{title[0] == "["}">'
        + "".join(
            f"<table:table-row>{''.join(map(cell, line))}</table:table-row>" for line in lines
        )
        + "</table:table>"
        for title, lines in sheets.items()
    )
    return write_ods_tables(name, tables)


def write_ods_tables(name: str, tables: str) -> str:
    names = ("office", "table", "text", "style")
    spaces = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in names)
    styles = "".join(
        f'<style:style style:name="{hidden}" style:family="table">'
        f'<style:table-properties table:display="{str(not hidden).lower()}"/></style:style>'
        for hidden in (True, False)
    )
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", 0)
        archive.writestr(
            "META-INF/manifest.xml",
            '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:automatic-styles>{styles}"
            f"</office:automatic-styles><office:body><office:spreadsheet>{tables}"
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return name


def write_xlsb(name: str, sheets: Sheets) -> str:
    """Write an .xlsb by hand ([MS-XLSB]): no package writes them."""

    def record(kind: int, data: bytes = b"") -> bytes:
        head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
        size, length = len(data), b""
        while size > 0x7F:
            length, size = length + bytes([size & 0x7F | 0x80]), size >> 7
        return head + length + bytes([size]) + data

    def text(value: str) -> bytes:
        return struct.pack("<I", len(value)) + value.encode("utf-16-le")

    def cell(column: int, value: Any) -> bytes:
        style = {date: 1, datetime: 2, timedelta: 3}.get(type(value), 0)
        place = struct.pack("<II", column, style)
        if isinstance(value, bool):
            return record(4, place + bytes([value]))
        if isinstance(value, str) and value.startswith("#"):
            return record(3, place + b"\x2a")
        if isinstance(value, str):
            return record(6, place + text(value))
        return record(5, place + struct.pack("<d", serial(value)))

    formats = ["yyyy-mm-dd", "yyyy-mm-dd hh:mm", "[h]:mm:ss"]
    codes = [struct.pack("<H", 164 + n) + text(code) for n, code in enumerate(formats)]
    xfs = [struct.pack("<HH", 0xFFFF, code) + bytes(12) for code in (0, 164, 165, 166)]
    bundle, relations = b"", ""
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive:
        for n, (title, lines) in enumerate(sheets.items(), 1):
            state = struct.pack("<II", title.startswith("["), n)
            bundle += record(156, state + text(f"rId{n}") + text(title.strip("[]")))
            relations += (
                f'<Relationship Id="rId{n}" Type="http://schemas.openxmlformats.org/officeDocument/'
                f'2006/relationships/worksheet" Target="worksheets/sheet{n}.bin"/>'
            )
            data = b"".join(
                record(0, struct.pack("<I", row) + bytes(21))
                + b"".join(cell(c, v) for c, v in enumerate(line) if v is not None)
                for row, line in enumerate(lines)
                if line
            )
            size = struct.pack(
                "<IIII", 0, max(0, len(lines) - 1), 0, max(map(len, lines), default=1)
            )
            archive.writestr(
                f"xl/worksheets/sheet{n}.bin",
                record(129) + record(148, size) + record(145) + data + record(146) + record(130),
            )
        archive.writestr(
            "xl/workbook.bin",
            record(131) + record(143) + bundle + record(144) + record(132),
        )
        archive.writestr(
            "xl/_rels/workbook.bin.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f"{relations}</Relationships>",
        )
        count = struct.pack("<I", len(formats))
        archive.writestr(
            "xl/styles.bin",
            record(278)
            + record(615, count) + b"".join(record(44, code) for code in codes) + record(616)
            + record(617, struct.pack("<I", len(xfs))) + b"".join(record(47, xf) for xf in xfs)
            + record(618) + record(279),
        )  # fmt: skip
    return name


def serial(value: Any) -> float:
    if isinstance(value, timedelta):
        return value / timedelta(days=1)
    if isinstance(value, date):
        moment = (
            value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        )
        return (moment - datetime(1899, 12, 30)) / timedelta(days=1)
    return float(value)


WRITERS: dict[str, Callable[[str, Sheets], str]] = {
    "xlsx": write_xlsx, "xls": write_xls, "xlsb": write_xlsb, "ods": write_ods,
}  # fmt: skip

TABLE: list[list[Any]] = [
    ["n", "f", "t", "day", "moment", "text", "span"],
    [1, 1.5, True, date(2024, 1, 31), datetime(2024, 1, 31, 8, 15), "Zürich", timedelta(hours=36)],
    [2, 2.0, False, date(2024, 2, 1), datetime(2024, 2, 1), "007", timedelta(minutes=30)],
    [None, -3.25, True, date(1999, 12, 31), datetime(1999, 12, 31, 23, 59), "<b>&", timedelta(0)],
]


@pytest.mark.parametrize("form", WRITERS)
def test_the_same_table_comes_out_of_every_format(engine, form):
    source = open_source(WRITERS[form](f"book.{form}", {"Data": TABLE}), engine)
    assert source.kind == "excel"
    assert types(source) == {
        "n": "int64", "f": "float64", "t": "boolean", "day": "date", "moment": "timestamp",
        "text": "string", "span": "float64",
    }  # fmt: skip
    expected = [(*line[:-1], line[-1] / timedelta(hours=1)) for line in TABLE[1:]]
    assert rows(source) == sorted(expected, key=repr)
    assert any("Durations in 'span' were read as hours" in note for note in source.notes)
    assert form == "xlsx" or any(f".{form} files are not checked" in n for n in source.notes)
    assert not any("not checked" in note for note in source.notes) or form != "xlsx"


@pytest.mark.parametrize("form", WRITERS)
def test_a_sheet_is_chosen_in_every_format(engine, form):
    sheets: Sheets = {
        "[Hidden]": [["h"], [9]],
        "Empty": [],
        "First": [["a"], [1]],
        "Second One": [["b"], [2], [3]],
    }
    path = WRITERS[form](f"book.{form}", sheets)
    first = open_source(path, engine)
    assert rows(first) == [(1,)]
    assert any(f"Sheet 'First' of {path} was read" in note for note in first.notes)
    assert rows(open_source(f"{path}#second one", engine)) == [(2,), (3,)]
    assert rows(open_source(f"{path}#Hidden", engine)) == [(9,)]
    assert "Did you mean 'Second One'" in refused(engine, f"{path}#Secnd One")
    assert "has no cells on sheet 'Empty'" in refused(engine, f"{path}#Empty")


@pytest.mark.parametrize("form", WRITERS)
def test_a_table_in_the_middle_of_a_sheet_is_found_in_every_format(engine, form):
    lines = [
        [],
        ["", "Sales"],
        [],
        *([None, None, *line] for line in (["k", "n"], ["a", 1], ["b", 2])),
    ]
    source = open_source(WRITERS[form](f"book.{form}", {"Data": lines}), engine)
    assert rows(source) == [("a", 1), ("b", 2)]
    assert "Lines above the header were left out: 1." in source.notes


def test_a_workbook_is_told_by_its_content(engine):
    lines = [["a"], [1]]
    Path(write_xls("x.xls", {"D": lines})).rename("x.xlsx")
    Path(write_xlsx("y.xlsx", {"D": lines})).rename("y.xls")
    Path(write_ods("z.ods", {"D": lines})).rename("z.xlsx")
    Path(write_xlsb("w.xlsb", {"D": lines})).rename("w.xlsm")
    for name, form in (("x.xlsx", "xls"), ("y.xls", "xlsx"), ("z.xlsx", "ods"), ("w.xlsm", "xlsb")):
        source = open_source(name, engine)
        assert rows(source) == [(1,)]
        assert (
            f"{name} is an .{form} workbook, whatever its name says: it was read so."
            in source.notes
        )
    assert not any(
        "its name says" in n for n in open_source(write_ods("z.ods", {"D": lines}), engine).notes
    )


def test_several_formats_in_one_folder_make_one_table(engine):
    Path("m").mkdir()
    for number, (form, write) in enumerate(WRITERS.items()):
        write(f"m/{number}.{form}", {"D": [["a"], [number]]})
    assert rows(open_source("m", engine)) == [(0,), (1,), (2,), (3,)]


@pytest.mark.parametrize("form", ["xlsx", "xls"])
def test_dates_counted_from_1904_are_the_same_days(engine, form):
    lines = [["day", "n"], [date(2024, 1, 31), 1]]
    if form == "xls":
        write_xls("book.xls", {"D": lines}, dates_1904=True)
    else:
        book = openpyxl.Workbook()
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        for line in lines:
            book.active.append(line)
        book.save("book.xlsx")
    assert rows(open_source(f"book.{form}", engine)) == [(date(2024, 1, 31), 1)]


# -- what only the XML of .xlsx tells ---------------------------------------------------

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def write_xml(
    sheet: str, *, styles: str = "", prefix: str = "", head: str = "", more: str = ""
) -> str:
    """Write book.xlsx round the rows of a sheet, as another program than ours would."""
    p = f"{prefix}:" if prefix else ""
    space = f'xmlns{":" + prefix if prefix else ""}="{MAIN}" xmlns:r="{RELATIONS}"'
    packages = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
    relation = (
        f"<Relationships {packages}><Relationship Id={{}} Type={{}} Target={{}}/></Relationships>"
    )
    main, kind = f'"{RELATIONS}/officeDocument"', f'"{RELATIONS}/worksheet"'
    parts = {
        "_rels/.rels": relation.format('"rId1"', main, '"/xl/workbook.xml"'),
        "xl/workbook.xml": f"<{p}workbook {space}><{p}sheets>"
        f'<{p}sheet name="A &amp; B" sheetId="7" r:id="rId9"/></{p}sheets></{p}workbook>',
        "xl/_rels/workbook.xml.rels": relation.format('"rId9"', kind, '"/xl/worksheets/s.xml"'),
        "xl/worksheets/s.xml": f"{head}<{p}worksheet {space}><{p}sheetData>{sheet}</{p}sheetData>"
        f"{more}</{p}worksheet>",
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>',
    }
    with zipfile.ZipFile("book.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            if content != parts["xl/styles.xml"] or styles:
                archive.writestr(name, content)
    return "book.xlsx"


def words(*texts: str, row: int) -> str:
    cells = "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in texts)
    return f'<row r="{row}">{cells}</row>'


def test_cells_without_places_and_names_with_a_prefix_are_understood(engine):
    sheet = words("a", "b", row=3) + '<row><c><v>1</v></c><c t="e"><v>#REF!</v></c></row>'
    for prefix in ("", "x"):
        given = re.sub(r"(</?)(?=\w)", r"\1x:", sheet) if prefix else sheet
        source = open_source(write_xml(given, prefix=prefix), engine)
        assert rows(source) == [(1, None)]
        assert "Cells with an error such as #REF! were read as missing: 1." in source.notes


def test_an_error_stays_in_its_column_where_the_table_does_not_begin_in_the_first(engine):
    sheet = (
        '<row r="4"><c r="D4" t="str"><v>a</v></c><c r="E4" t="str"><v>b</v></c></row>'
        '<row r="5"><c r="D5"><v>1</v></c><c r="E5" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
        '<row r="6"><c r="D6" t="e"><v>#N/A</v></c><c r="E6"><v>2</v></c></row>'
        '<row r="8"><c r="D8" t="e"><v>#N/A</v></c><c r="E8" t="e"><v>#N/A</v></c></row>'
        '<row r="9"><c r="D9"><v>3</v></c><c r="E9"><v>3</v></c></row>'
    )
    source = open_source(write_xml(sheet), engine)
    assert rows(source) == sorted([(1, None), (None, 2), (None, None), (3, 3)], key=repr)
    assert "Cells with an error such as #DIV/0! were read as missing: 4." in source.notes
    assert "Empty rows were left out: 1." in source.notes


def test_whole_numbers_of_more_digits_than_a_float_has_keep_them(engine):
    ids = ("1234567890123456789", "-9007199254740993", "9007199254740992")
    cells = "".join(f"<row><c><v>{n}</v></c><c><v>1</v></c></row>" for n in ids)
    source = open_source(write_xml(words("id", "n", row=1) + cells), engine)
    assert {row[0] for row in rows(source)} == set(map(int, ids))


STYLES = (
    '<numFmts><numFmt numFmtId="170" formatCode="0.0\\ %"/><numFmt numFmtId="171" '
    'formatCode="0.0&quot; %&quot;"/><numFmt numFmtId="172" formatCode="[$-407]d/m/yy"/>'
    '<numFmt numFmtId="173" formatCode="[h]:mm"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs><xf numFmtId="0"/>'
    '<xf numFmtId="9"/><xf numFmtId="170"/><xf numFmtId="171"/><xf numFmtId="172"/>'
    '<xf numFmtId="173"/></cellXfs>'
)


def test_percent_is_noted_where_cells_are_formatted_so(engine):
    lines = "".join(
        f'<row><c t="str"><v>k</v></c><c s="1"><v>0.5</v></c><c s="{2 if n else 0}"><v>0.{n}1</v>'
        '</c><c s="3"><v>5</v></c><c s="1"/></row>'
        for n in range(3)
    )
    source = open_source(write_xml(words("k", "a", "b", "c", row=2) + lines, styles=STYLES), engine)
    assert source.notes == (
        "Cells of 'a' formatted as percent hold shares, 0.5 for 50 %: 3.",
        "Cells of 'b' formatted as percent hold shares, 0.5 for 50 %: 2.",
    )


def test_dates_that_no_cell_can_show_are_missing_and_durations_refused(engine):
    values = ("45322", "-1", "1E10", "3000000")
    lines = "".join(f'<row><c s="4"><v>{v}</v></c><c><v>1</v></c></row>' for v in values)
    source = open_source(write_xml(words("d", "n", row=1) + lines, styles=STYLES), engine)
    assert sorted(rows(source), key=repr)[-1] == (date(2024, 1, 31), 1)
    assert "Cells with an error such as #VALUE! were read as missing: 3." in source.notes
    lines = '<row><c s="5"><v>1.5</v></c></row><row><c s="5"><v>1E10</v></c></row>'
    assert "Cell A3 of 'book.xlsx' is formatted as a duration" in refused(
        engine, write_xml(words("d", row=1) + lines, styles=STYLES)
    )


def test_formulas_of_conditions_and_of_other_names_are_none_of_cells(engine):
    more = '<extLst xmlns:xm="urn:x"><ext><xm:f>A1</xm:f></ext></extLst>'
    sheet = words("a", row=1) + "<row><c><f>1+1</f><v>2</v></c></row>"
    assert rows(open_source(write_xml(sheet, more=more), engine)) == [(2,)]


def test_charts_on_sheets_of_their_own_are_passed_over(engine):
    book = openpyxl.Workbook()
    for line in (["a"], [1]):
        book.active.append(line)
    book.create_chartsheet("Chart", 0)
    book.save("book.xlsx")
    source = open_source("book.xlsx", engine)
    assert (rows(source), source.notes) == ([(1,)], ())


def test_two_thousand_columns_open(engine):
    names = [f"c{n}" for n in range(2_000)]
    path = write_xlsx("wide.xlsx", {"D": [names, list(range(2_000))]})
    assert rows(open_source(path, engine)) == [tuple(range(2_000))]


@pytest.mark.parametrize("form", WRITERS)
def test_a_model_beside_a_workbook_is_its_model_and_a_name_typed_wrong_is_known(engine, form):
    WRITERS[form](f"sales.{form}", {"D": [["a"], [1]]})
    Path("other.csv").write_text("a\n1\n", encoding="utf-8")
    Path("sales.model.yaml").touch()
    assert find_model([f"sales.{form}"]) == Path("sales.model.yaml")
    assert f"Did you mean 'sales.{form}'" in refused(engine, f"slaes.{form}")


# -- files that do harm -----------------------------------------------------------------


def write_ole(name: str, stream: bytes, entry: str = "Workbook") -> str:
    document = io.BytesIO()
    XlsDoc().save(document, stream)
    old, new = ("Workbook".encode("utf-16-le"), entry.encode("utf-16-le"))
    content = document.getvalue()
    at = content.index(old + bytes(64 - len(old)))
    new_entry = new + bytes(64 - len(new)) + struct.pack("<H", len(new) + 2)
    Path(name).write_bytes(content[:at] + new_entry + content[at + 66 :])
    return name


@pytest.mark.parametrize("name", ["book.xlsx", "book.xls"])
def test_workbooks_that_are_protected_by_a_password_say_so(engine, name):
    message = refused(engine, write_ole(name, bytes(5000), "EncryptedPackage"))
    assert f"'{name}' is protected by a password." in message
    book = xlwt.Workbook()
    book.add_sheet("D").write(0, 0, "a")
    stream = book.get_biff_data()
    filepass = struct.pack("<HH", 0x2F, 54) + struct.pack("<HHH", 1, 1, 1) + bytes(48)
    start = 4 + struct.unpack_from("<H", stream, 2)[0]
    message = refused(engine, write_ole("old.xls", stream[:start] + filepass + stream[start:]))
    assert "'old.xls' is protected by a password." in message


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.ods", b"", "'empty.ods' is empty"),
        ("empty.xls", b"", "'empty.xls' is empty"),
        (
            "page.xls",
            b"\n<HTML><table><tr><td>1</td></tr></table></HTML>",
            "is a web page or other",
        ),
        ("old.xls", b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "is a web page or other XML"),
        ("text.xls", b"a\tb\n1\t2\n", "is no Excel workbook"),
        ("picture.ods", b"\x89PNG\r\n", "is no Excel workbook"),
    ],
)
def test_a_file_that_is_no_workbook_is_named(engine, name, content, said):
    Path(name).write_bytes(content)
    assert said in refused(engine, name)


def test_a_document_that_is_no_spreadsheet_is_refused(engine):
    with zipfile.ZipFile("x.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("word/document.xml", "<x/>")
    assert "is no Excel workbook" in refused(engine, "x.xlsx")


def test_entities_are_never_expanded(engine):
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<!DOCTYPE worksheet [<!ENTITY l0 "lol">{laughs}]>'
    sheet = words("a", row=1) + words("&l9;", row=2)
    assert "declares a document type" in refused(engine, write_xml(sheet, head=head))


def test_an_archive_that_unpacks_to_gigabytes_is_refused(engine):
    write_xml(words("a", row=1) + words("x", row=2))
    with zipfile.ZipFile("book.xlsx", "a") as archive:
        archive.writestr("xl/sharedStrings.xml", b"x")
        archive.infolist()[-1].file_size = 3 << 30
    assert "unpacks to 3.0 GiB" in refused(engine, "book.xlsx")


@pytest.mark.parametrize("part", ["xl/worksheets/s.xml", "xl/sharedStrings.xml"])
def test_a_part_that_is_longer_than_it_says_is_refused(engine, part):
    write_xml(words("a", row=1) + words("x", row=2))
    with zipfile.ZipFile("book.xlsx", "a") as archive:
        texts = f'<sst xmlns="{MAIN}"/>{" " * (3 << 20)}'
        archive.writestr("xl/sharedStrings.xml", texts, zipfile.ZIP_STORED)
        archive.getinfo(part).file_size = 40
    assert "is a damaged workbook (Bad CRC-32 for file" in refused(engine, "book.xlsx")


@pytest.mark.parametrize("form", ["xlsx", "xlsb"])
def test_a_lone_cell_far_away_does_not_take_all_memory(engine, form):
    if form == "xlsx":
        far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        message = refused(engine, write_xml(words("a", row=1) + words("x", row=2) + far))
        assert "3 cells spread over 1,048,576 rows and 16,384 columns" in message
    else:
        lines: list[list[Any]] = [["a"], *[[]] * ((1 << 20) - 2), [None] * 16_383 + [1]]
        assert "its reader broke off" in refused(engine, write_xlsb("far.xlsb", {"D": lines}))


def test_a_cell_that_stands_for_billions_is_refused(engine):
    cell = '<table:table-cell office:value-type="float" office:value="1" '
    repeated = f'{cell} table:number-columns-repeated="16384"/>'
    row = f'<table:table-row table:number-rows-repeated="1048576">{repeated}</table:table-row>'
    write_ods_tables("bomb.ods", f'<table:table table:name="D">{row}</table:table>')
    assert "Cell limit exceeded" in refused(engine, "bomb.ods")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(form=st.sampled_from(sorted(WRITERS)), place=st.floats(0, 1), with_byte=st.integers(0, 511))
def test_a_damaged_workbook_is_an_error_or_a_table(engine, form, place, with_byte):
    content = Path(WRITERS[form](f"whole.{form}", {"Data": TABLE})).read_bytes()
    at = int(place * (len(content) - 1))
    rest = bytes([with_byte]) + content[at + 1 :] if with_byte < 256 else b""
    Path(f"cut.{form}").write_bytes(content[:at] + rest)
    with suppress(SourceError):
        open_source(f"cut.{form}", engine)
