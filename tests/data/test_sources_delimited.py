"""Delimited text: whatever the dialect and encoding, the same rows come back."""

from __future__ import annotations

import csv
import gzip
import io
import math
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mirrorbi.data.engine.embedded import connect
from mirrorbi.data.ingest.sources import OpenedSource, open_source
from mirrorbi.errors import SourceError


@pytest.fixture(scope="module")
def engine():
    return connect()


def opened(engine, path: Path, content: str | bytes, encoding: str = "utf-8") -> OpenedSource:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return open_source(path, engine)


def rows(source: OpenedSource) -> list[tuple]:
    table = source.table.to_pyarrow()
    return sorted(zip(*table.to_pydict().values(), strict=True), key=repr)


def types(source: OpenedSource) -> dict[str, str]:
    return {name: str(dtype).split("(")[0] for name, dtype in source.table.schema().items()}


# -- round trip ------------------------------------------------------------------------

TEXT = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\u0085\u2028\u2029"),
    max_size=12,
)
HOSTILE = st.sampled_from(
    ['"', '""', ",", ";", "a\nb", "a\r\nb", "=1+1", "<script>", "'; DROP TABLE x; --", "{}", "\\"]
)
DELIMITERS = [",", ";", "\t", "|", "^", "~", "\x01"]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-32"]


def cells(label: str) -> st.SearchStrategy[str]:
    # A letter in front keeps the value text: types have tests of their own.
    return st.one_of(TEXT, HOSTILE).map(lambda value: f"{label}{value}")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.lists(
        st.tuples(cells("a"), st.integers(-(10**17), 10**17), cells("b")), min_size=1, max_size=8
    ),
    delimiter=st.sampled_from(DELIMITERS),
    encoding=st.sampled_from(ENCODINGS),
    newline=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    packed=st.booleans(),
)
def test_a_frame_written_in_any_dialect_comes_back_equal(
    engine, tmp_path, body, delimiter, encoding, newline, quoting, packed
):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerow(["first", "number", "last"])
    writer.writerows(body)
    content = text.getvalue().encode(encoding)
    path = tmp_path / ("x.csv.gz" if packed else "x.csv")
    source = opened(engine, path, gzip.compress(content) if packed else content)
    assert source.table.columns == ("first", "number", "last")
    assert rows(source) == sorted(body, key=repr)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.floats(allow_nan=False), min_size=1, max_size=20))
def test_floats_come_back_to_the_last_bit(engine, tmp_path, values):
    text = "key,value\n" + "".join(f"k,{value!r}\n" for value in values)
    source = opened(engine, tmp_path / "x.csv", text)
    assert types(source)["value"] == "float64"
    assert sorted(value for _, value in rows(source)) == sorted(values)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    days=st.lists(st.dates(date(1970, 1, 1), date(2068, 12, 31)), min_size=1, max_size=20),
    form=st.sampled_from(
        [
            "%Y-%m-%d",
            "%Y/%m/%d",
            "%d.%m.%Y",
            "%d/%m/%Y",
            "%m/%d/%Y",
            "%d-%m-%Y",
            "%d.%m.%y",
            "%m/%d/%y",
            "%d-%b-%Y",
            "%B %d, %Y",
            "%Y%m%d",
        ]
    ),
)
def test_a_date_is_read_rightly_or_left_as_text(engine, tmp_path, days, form):
    text = "day,n\n" + "".join(f'"{day.strftime(form)}",x\n' for day in days)
    source = opened(engine, tmp_path / "x.csv", text)
    found = [value for value, _ in rows(source)]
    if types(source)["day"] == "date":
        assert sorted(found) == sorted(days)
    else:
        assert sorted(found) == sorted(day.strftime(form) for day in days)
        assert all(day.day <= 12 for day in days)
        assert any("either way" in note for note in source.notes)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(
        st.one_of(
            st.from_regex(r"\A[-+]?[0-9.,' eE/:-]{1,12}\Z"),
            st.sampled_from(["NA", "true", "inf", "2024-01-31", "31.1.2024", "1/2/24", "1,5"]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_no_value_is_lost_whatever_is_guessed(engine, tmp_path, values):
    """A column that takes a type holds as many values as the text, but for words for none."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("value", "key"), *((value, "k") for value in values)])
    source = opened(engine, tmp_path / "x.csv", text.getvalue())
    found = [value for value, _ in rows(source)]
    assert len(found) == len(values)
    if types(source)["value"] == "string":
        assert sorted(v or "" for v in found) == sorted(values)
    else:
        words = [v for v in values if v.strip().lower() in ("na", "-", "--", ".", "")]
        assert sum(value is None for value in found) == len(words)


# -- types -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        (["1", "-2", "+3"], "int64", [1, -2, 3]),
        (["1", "2.5", "1e3"], "float64", [1.0, 2.5, 1000.0]),
        (["1", "inf", "-Infinity"], "float64", [1.0, math.inf, -math.inf]),
        (["true", "FALSE"], "boolean", [True, False]),
        (["2024-02-29"], "date", [date(2024, 2, 29)]),
        (["2024-01-31 08:15", "2024-02-01"], "timestamp",
         [datetime(2024, 1, 31, 8, 15), datetime(2024, 2, 1)]),
        (["2024-01-31T08:15:30.25"], "timestamp", [datetime(2024, 1, 31, 8, 15, 30, 250000)]),
        (["2024-01", "2024-02"], "date", [date(2024, 1, 1), date(2024, 2, 1)]),
        (["31.12.2024", "1.2.2024"], "date", [date(2024, 12, 31), date(2024, 2, 1)]),
        (["31/12/2024", "01/02/2024"], "date", [date(2024, 12, 31), date(2024, 2, 1)]),
        (["12/31/2024", "01/02/2024"], "date", [date(2024, 12, 31), date(2024, 1, 2)]),
        (["1/31/24 3:04 PM", "1/1/24 12:00 AM"], "timestamp",
         [datetime(2024, 1, 31, 15, 4), datetime(2024, 1, 1)]),
        (["31-Jan-2024", "1-Feb-2024"], "date", [date(2024, 1, 31), date(2024, 2, 1)]),
        (["20240131", "20240201"], "date", [date(2024, 1, 31), date(2024, 2, 1)]),
        (["20240131", "20241399"], "int64", [20240131, 20241399]),
        (["1.234,50", "12"], "float64", [1234.5, 12.0]),
        (["1,234.50", "12"], "float64", [1234.5, 12.0]),
        (["1,234,567", "12"], "float64", [1234567.0, 12.0]),
        (["12", "NA", "-", "n/a"], "int64", [12, None, None, None]),
        (["2.5", "nan", "NULL"], "float64", [2.5, None, None]),
        (["true", "N/A"], "boolean", [True, None]),
    ],
)  # fmt: skip
def test_values_of_one_form_take_its_type(engine, tmp_path, values, dtype, expected):
    text = "value;key\n" + "".join(f"{value};k\n" for value in values)
    source = opened(engine, tmp_path / "x.csv", text)
    assert types(source)["value"] == dtype
    assert sorted((v for v, _ in rows(source)), key=repr) == sorted(expected, key=repr)


@pytest.mark.parametrize(
    "values",
    [
        ["00501", "10001"],  # a code: a number would lose its zeros
        ["1234567890123456789012", "2"],  # more digits than a number holds
        ["1_000", "2_000"],
        ["0x1A", "0x2B"],
        ["DE", "NA", "FR"],  # Namibia
        ["2024-02-30", "2024-02-31"],
        ["24:00", "25:00"],
        ["12.5%", "13%"],
        ["1 234", "x"],
        ["infinity and beyond", "nan"],
        [" leading", "trailing "],
    ],
)
def test_other_values_stay_text_as_they_are(engine, tmp_path, values):
    text = "key\tvalue\n" + "".join(f"k\t{value}\n" for value in values)
    source = opened(engine, tmp_path / "x.tsv", text)
    assert types(source)["value"] == "string"
    assert sorted(v for _, v in rows(source)) == sorted(values)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["03/04/2024", "05/06/2024"], "either way"),
        (["1,234", "5,678"], "between thousands or before decimals"),
        (["2024-01-31", "31.01.2024", "01/31/2024"], "written in several ways"),
        (["1", "2", "3", "abc"], "'xxx' (line 5) is not"),
        (["2024-01-31", "2024-02-01", "soon"], "'xxxx' (line 4) is not"),
    ],
)
def test_doubt_keeps_text_and_says_why(engine, tmp_path, values, words):
    text = "value;key\n" + "".join(f"{value};k\n" for value in values)
    source = opened(engine, tmp_path / "x.csv", text)
    assert types(source)["value"] == "string"
    assert sorted(v for v, _ in rows(source)) == sorted(values)
    assert any("Kept as text: 'value'" in note and words in note for note in source.notes)


def test_thousands_points_beside_decimal_commas_are_not_read_as_thousandths(engine, tmp_path):
    source = opened(engine, tmp_path / "x.csv", "price;pieces\n2,50;1.234\n3,75;12\n")
    assert types(source) == {"price": "float64", "pieces": "string"}
    assert any("'pieces'" in note for note in source.notes)


def test_a_misfit_beyond_the_sample_is_still_found(engine, tmp_path):
    values = [str(number) for number in range(30_000)] + ["n.a.", "7.5"]
    text = "key,value,code\n" + "".join(f"k,{v},{i}\n" for i, v in enumerate(values))
    source = opened(engine, tmp_path / "x.csv", text + "k,1,007\n")
    assert types(source) == {"key": "string", "value": "float64", "code": "string"}
    table = source.table.to_pyarrow()
    assert table.num_rows == 30_003
    assert table["value"].null_count == 1
    assert "007" in table["code"].to_pylist()
    assert any("Read as missing in 'value': 1 value, 'n.a.'" in note for note in source.notes)


def test_a_column_that_is_empty_in_the_sample_takes_the_type_of_its_values(engine, tmp_path):
    text = "a,b\n" + "x,\n" * 5_000 + "x,2024-01-31\nx,\n"
    source = opened(engine, tmp_path / "x.csv", text)
    assert types(source)["b"] == "date"
    assert [b for _, b in rows(source) if b] == [date(2024, 1, 31)]


def test_moments_with_a_time_zone_are_moments(engine, tmp_path):
    source = opened(
        engine, tmp_path / "x.csv", "t,k\n2024-01-01T10:00:00Z,a\n2024-01-01 12:00+02:00,b\n"
    )
    assert types(source)["t"] == "timestamp"
    assert len({moment.timestamp() for moment, _ in rows(source)}) == 1


# -- shape -----------------------------------------------------------------------------


def test_one_row_one_column_and_an_empty_column_open(engine, tmp_path):
    assert rows(opened(engine, tmp_path / "row.csv", "a,b\n1,x")) == [(1, "x")]
    assert rows(opened(engine, tmp_path / "column.csv", "a\n1\n2\n")) == [(1,), (2,)]
    empty = opened(engine, tmp_path / "empty.csv", "a,b\n1,\n2,\n")
    assert types(empty)["b"] == "string"
    assert rows(empty) == [(1, None), (2, None)]


def test_quoted_newlines_stay_in_their_values(engine, tmp_path):
    source = opened(engine, tmp_path / "x.csv", 'a,"b\nc"\n1,"x\ny"\n2,"say ""hi"""\n')
    assert source.table.columns == ("a", "b\nc")
    assert rows(source) == [(1, "x\ny"), (2, 'say "hi"')]


def test_backslashes_before_quotes_are_understood(engine, tmp_path):
    source = opened(engine, tmp_path / "x.csv", 'a,b\n"say \\"hi\\", twice",1\n"plain",2\n')
    assert rows(source) == [("plain", 2), ('say "hi", twice', 1)]


def test_mixed_line_endings_lose_no_row(engine, tmp_path):
    source = opened(engine, tmp_path / "x.csv", b"a,b\n1,2\r\n3,4\n5,6\r\n")
    assert rows(source) == [(1, 2), (3, 4), (5, 6)]


def test_a_value_of_five_million_letters_is_read(engine, tmp_path):
    source = opened(engine, tmp_path / "x.csv", f"a,b\n1,{'x' * 5_000_000}\n2,y\n")
    assert sorted(len(b) for _, b in rows(source)) == [1, 5_000_000]


def test_lines_above_the_header_are_left_out_with_a_note(engine, tmp_path):
    source = opened(
        engine, tmp_path / "x.csv", "Sales of 2024\n\nday,n\n2024-01-01,1\n2024-01-02,2\n"
    )
    assert source.table.columns == ("day", "n")
    assert "Lines above the header were left out: 1." in source.notes


@pytest.mark.parametrize("delimiter", ["^", "~", "§", "\x1f", ":", " ", "|", "\t"])
@pytest.mark.parametrize("titles", ["Report\nAs_of_2024\n", "Report, all: EUR, net\n\n", ""])
def test_rare_delimiters_are_found_below_titles(engine, tmp_path, delimiter, titles):
    lines = [("region", "sales", "note"), ("north", "1.5", "x"), ("south", "22.5", "y")]
    text = "".join(delimiter.join(line) + "\n" for line in lines)
    source = opened(engine, tmp_path / "x.csv", titles + text)
    assert source.table.columns == lines[0]
    assert rows(source) == [("north", 1.5, "x"), ("south", 22.5, "y")]
    assert any("above the header" in note for note in source.notes) == bool(titles)


@pytest.mark.parametrize(
    "values",
    [
        ["08:15", "17:30", "09:45"],
        ["08:15:30", "17:30:00", "09:45:59"],
        ["2024-01-31 08:15", "2024-02-01 09:00", "2024-02-02 23:59"],
        ["Ann Lee", "Bo Ray", "Cy Orr"],
        ["Ann B. Lee", "Bo C. Ray", "Cy D. Orr"],
        ["error: disk", "warning: net", "error: net"],
        ["http://a.example/x", "https://b.example/y", "ftp://c.example/z"],
        ["3:4", "1:2", "5:6"],
        ["~5", "~6", "~7"],
        ["UA 1545", "B6 725", "DL 461"],
    ],
)
@pytest.mark.parametrize("name", ["value", "opening hours", None])
def test_text_of_one_column_is_not_cut(engine, tmp_path, values, name):
    text = "\n".join([*([name] if name else []), *values]) + "\n"
    source = opened(engine, tmp_path / "x.csv", text)
    table = source.table.to_pyarrow()
    # Without a name the first value of a text that holds no values is taken for one.
    named = name or (table.column_names[0] if table.column_names[0] in values else "")
    assert table.num_columns == 1
    assert table.num_rows == len([*([name] if name else []), *values]) - bool(named)


def test_a_title_that_holds_the_delimiter_is_left_out(engine, tmp_path):
    text = "Sales, net\nday,region,units,price\n2024-01-01,N,1,2.5\n2024-01-02,S,2,3.5\n"
    source = opened(engine, tmp_path / "x.csv", text)
    assert source.table.columns == ("day", "region", "units", "price")
    assert "Lines above the header were left out: 1." in source.notes


def test_decimal_commas_below_titles_with_commas_do_not_cut(engine, tmp_path):
    titles = "Region: all, units: EUR\nReport\n"
    table = "share\tprice\tday\nM\t819,9\t2024-01-01\nN\t6,5\t2024-01-02\n"
    source = opened(engine, tmp_path / "x.csv", titles + table)
    assert types(source) == {"share": "string", "price": "float64", "day": "date"}


def test_excels_separator_line_is_obeyed(engine, tmp_path):
    source = opened(engine, tmp_path / "x.csv", "sep=;\na;b\n1;x,y\n")
    assert rows(source) == [(1, "x,y")]


def test_a_text_without_header_loses_no_row(engine, tmp_path):
    source = opened(engine, tmp_path / "x.csv", "1,JFK,2.5\n2,LGA,3.5\n")
    assert source.table.columns == ("column_1", "column_2", "column_3")
    assert rows(source) == [(1, "JFK", 2.5), (2, "LGA", 3.5)]
    assert any("not names" in note for note in source.notes)


def test_years_are_names_in_a_wide_table(engine, tmp_path):
    source = opened(engine, tmp_path / "x.csv", "region,2023,2024\nnorth,1,2\n")
    assert source.table.columns == ("region", "2023", "2024")


def test_words_over_numbers_are_names_whatever_stands_beside_them(engine, tmp_path):
    source = opened(engine, tmp_path / "x.csv", "shop,7,sales\n1,2,3\n4,5,6\n")
    assert source.table.columns == ("shop", "7", "sales")


def test_names_that_occur_twice_are_kept_apart_with_a_note(engine, tmp_path):
    source = opened(engine, tmp_path / "x.csv", "a,A,a_2,\n1,2,3,4\n")
    assert source.table.columns == ("a", "A_3", "a_2", "column_4")
    assert rows(source) == [(1, 2, 3, 4)]
    assert len([note for note in source.notes if "named" in note or "no name" in note]) == 2


def test_a_delimiter_at_the_end_of_lines_makes_no_column(engine, tmp_path):
    source = opened(engine, tmp_path / "x.csv", "a,b,\n1,2,\n3,4,\n")
    assert source.table.columns == ("a", "b")
    assert source.notes == ()


def test_hostile_names_are_only_names(engine, tmp_path):
    names = [
        "<script>alert(1)</script>",
        "=cmd()",
        'a"; DROP TABLE x; --',
        "**b**",
        "{0}",
        "%s",
        "$x",
    ]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([names, range(len(names)), range(len(names))])
    source = opened(engine, tmp_path / "x.csv", text.getvalue())
    assert list(source.table.columns) == names
    assert rows(source) == [tuple(range(len(names)))] * 2


def test_two_thousand_columns_open(engine, tmp_path):
    names = [f"c{i}" for i in range(2_000)]
    text = ",".join(names) + "\n" + "\n".join(",".join(map(str, range(2_000))) for _ in range(3))
    source = opened(engine, tmp_path / "x.csv", text)
    assert rows(source) == [tuple(range(2_000))] * 3


# -- encodings and packing -------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "text", "said"),
    [
        ("utf-8-sig", "Zürich", ""),
        ("utf-16", "Zürich", "UTF-16"),
        ("utf-16-le", "Zürich", "UTF-16 without a mark"),
        ("utf-16-be", "Zürich", "UTF-16 without a mark"),
        ("latin-1", "Zürich, Málaga und Besançon", "Western European"),
        ("cp1252", "5 € – “Zürich”", "Windows-1252"),
        ("cp1251", "Продажи в Москве и в Новосибирске за декабрь", "Cyrillic"),
        ("shift_jis", "東京の売上高は十二月に減少しました。", "Japanese"),
    ],
)
def test_encodings_are_recognised(engine, tmp_path, encoding, text, said):
    content = f'name,n\n"{text}",1\n"{text}",2\n'
    source = opened(engine, tmp_path / "x.csv", content, encoding)
    assert rows(source) == [(text, 1), (text, 2)]
    assert any(said in note for note in source.notes) if said else source.notes == ()


def test_a_foreign_letter_far_down_is_found(engine, tmp_path):
    content = ("name,n\n" + "plain,1\n" * 400_000).encode() + "Zürich,2\n".encode("latin-1")
    source = opened(engine, tmp_path / "x.csv", content)
    assert source.table.count().to_pyarrow().as_py() == 400_001
    assert "Zürich" in source.table.distinct().to_pyarrow()["name"].to_pylist()


def test_a_zip_of_one_file_opens(engine, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("__MACOSX/._a.csv", "junk")
        archive.writestr("a.csv", "a,b\n1,2\n")
    assert rows(open_source(tmp_path / "x.zip", engine)) == [(1, 2)]


def test_copies_are_gone_when_the_source_is_open(engine, tmp_path, monkeypatch):
    import tempfile

    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    opened(engine, tmp_path / "x.csv", "a,b\nü,2\n", "utf-16")
    with pytest.raises(SourceError, match="Line 3"):
        opened(engine, tmp_path / "y.csv", "a,b\nü,2\n1\n", "utf-16")
    assert list(scratch.iterdir()) == []
