"""Parquet, JSON lines, folders and globs; names, and where relative names lead."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mirrorbi.data.engine.embedded import connect
from mirrorbi.data.ingest.fingerprint import fingerprint
from mirrorbi.data.ingest.sources import find_source, open_source


@pytest.fixture(scope="module")
def engine():
    return connect()


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MIRRORBI_PATH", raising=False)


def rows(source) -> list[tuple]:
    return sorted(zip(*source.table.to_pyarrow().to_pydict().values(), strict=True), key=repr)


def count(source) -> int:
    return source.table.count().to_pyarrow().as_py()


def sales(path: str, n: int = 3, **columns) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame({"day": [f"d{i}" for i in range(n)], "n": range(n), **columns}).to_parquet(path)
    return path


# -- parquet ---------------------------------------------------------------------------


def test_a_parquet_file_is_scanned_and_not_copied(engine):
    source = open_source(sales("big.parquet", 50_000), engine)
    assert source.kind == "parquet"
    assert count(source) == 50_000
    Path("big.parquet").unlink()
    with pytest.raises(Exception, match=r"big\.parquet"):
        count(source)


def test_globs_and_folders_take_every_file_once(engine):
    for month in range(1, 4):
        sales(f"data/sales_{month:02}.parquet", month)
    sales("data/other.parquet", 10)
    some = open_source("data/sales_*.parquet", engine)
    assert (count(some), len(some.paths), some.name) == (6, 3, "data/sales_*.parquet")
    every = open_source("data", engine)
    assert (count(every), every.name) == (16, "data")
    assert count(open_source("data/sales_0[12].parquet", engine)) == 3
    assert count(open_source("**/*.parquet", engine)) == 16


def test_names_full_of_glob_signs_are_taken_as_they_are(engine):
    sales("sales [2024]*?.parquet", 2)
    sales("sales 2.parquet", 5)
    source = open_source("sales [2024]*?.parquet", engine)
    assert (count(source), source.name) == (2, "sales [2024]*?.parquet")
    Path("a[1]*.csv").write_text("a,b\n1,2\n")
    Path("a1x.csv").write_text("a,b\n3,4\n")
    assert rows(open_source("a[1]*.csv", engine)) == [(1, 2)]
    Path("b[1].jsonl").write_text('{"a": 1}\n')
    Path("b1.jsonl").write_text('{"a": 2}\n')
    assert rows(open_source("b[1].jsonl", engine)) == [(1,)]


def test_hive_folders_become_columns(engine):
    for year in (2023, 2024):
        for region in ("north", "south"):
            sales(f"hive/year={year}/region={region}/part-0.parquet", 2)
    Path("hive/_SUCCESS").touch()
    Path("hive/year=2023/.part-0.crc").touch()
    source = open_source("hive", engine)
    assert count(source) == 8
    assert set(source.table.columns) == {"day", "n", "year", "region"}
    assert str(source.table.schema()["year"]) == "int64"
    found = source.table.filter(source.table.year == 2024).count().to_pyarrow().as_py()
    assert found == 4


def test_hive_codes_keep_the_zero_in_front(engine):
    sales("hive/zip=00501/a.parquet", 1)
    sales("hive/zip=10001/a.parquet", 1)
    assert {row[-1] for row in rows(open_source("hive", engine))} == {"00501", "10001"}


def test_columns_that_only_some_files_have_are_kept_with_a_note(engine):
    sales("parts/a.parquet", 2)
    sales("parts/b.parquet", 2, tag=["x", "y"])
    source = open_source("parts", engine)
    assert count(source) == 4
    assert source.table.tag.count().to_pyarrow().as_py() == 2
    assert any("tag" in note for note in source.notes)


def test_columns_in_another_order_are_matched_by_name(engine):
    Path("parts").mkdir()
    pd.DataFrame({"a": [1], "b": [2]}).to_parquet("parts/1.parquet")
    pd.DataFrame({"b": [20], "a": [10]}).to_parquet("parts/2.parquet")
    assert rows(open_source("parts", engine)) == [(1, 2), (10, 20)]


def test_nested_and_binary_columns_are_left_out_with_a_note(engine):
    table = pa.table(
        {"n": [1, 2], "tags": [["a"], ["b"]], "where": [{"x": 1}, {"x": 2}], "raw": [b"a", b"b"]}
    )
    pq.write_table(table, "nested.parquet")
    source = open_source("nested.parquet", engine)
    assert source.table.columns == ("n",)
    assert any("tags, where, raw" in note for note in source.notes)


def test_parquet_types_come_through(engine):
    table = pa.table(
        {
            "money": pa.array([Decimal("12.50")], pa.decimal128(12, 2)),
            "when": pa.array([datetime(2024, 1, 31, 8)], pa.timestamp("ns")),
            "day": pa.array([date(2024, 1, 31)], pa.date32()),
            "word": pa.array(["a"]).dictionary_encode(),
            "inf": pa.array([float("inf")]),
        }
    )
    pq.write_table(table, "types.parquet")
    (row,) = rows(open_source("types.parquet", engine))
    assert row[0] == Decimal("12.50")
    assert row[2:] == (date(2024, 1, 31), "a", float("inf"))


def test_parquet_names_that_differ_by_case_only_are_both_there(engine):
    pq.write_table(pa.table({"a": [1], "A": [2]}), "case.parquet")
    source = open_source("case.parquet", engine)
    assert rows(source) == [(1, 2)]
    assert source.table.columns == ("a", "A_2")
    assert source.notes == ("Two columns were named 'a': the later became 'A_2'.",)


def test_a_file_without_an_ending_is_known_by_its_content(engine):
    sales("data.parquet", 2)
    Path("data.parquet").rename("plain")
    assert open_source("plain", engine).kind == "parquet"
    Path("lines").write_text('{"a": 1}\n')
    assert open_source("lines", engine).kind == "jsonl"
    Path("text").write_text("a,b\n1,2\n")
    assert open_source("text", engine).kind == "csv"


# -- json lines ------------------------------------------------------------------------


def jsonl(name: str, *records, pack: bool = False) -> str:
    content = "".join(json.dumps(record) + "\n" for record in records).encode()
    Path(name).write_bytes(gzip.compress(content) if pack else content)
    return name


@pytest.mark.parametrize("pack", [False, True])
def test_json_lines_take_the_types_that_are_written(engine, pack):
    name = jsonl(
        "x.jsonl.gz" if pack else "x.jsonl",
        {"n": 1, "f": 1.5, "t": True, "day": "2024-01-31", "code": "12", "nested": {"a": 1}},
        {"n": 2, "f": None, "t": False, "day": "2024-02-01", "code": "13", "late": "x"},
        pack=pack,
    )
    source = open_source(name, engine)
    kinds = {k: str(v).split("(")[0] for k, v in source.table.schema().items()}
    assert kinds == {
        "n": "int64", "f": "float64", "t": "boolean", "day": "date", "code": "string",
        "late": "string",
    }  # fmt: skip
    assert rows(source) == [
        (1, 1.5, True, date(2024, 1, 31), "12", None),
        (2, None, False, date(2024, 2, 1), "13", "x"),
    ]
    assert source.notes == ("Left out, because they hold records or lists: nested.",)


def test_a_key_that_first_occurs_late_is_a_column(engine):
    name = jsonl("x.jsonl", *({"a": i} for i in range(30_000)), {"a": 1, "b": 2.5})
    assert open_source(name, engine).table.b.sum().to_pyarrow().as_py() == 2.5


def test_mixed_json_values_stay_as_text_with_a_note(engine):
    source = open_source(jsonl("x.jsonl", {"a": 1}, {"a": "x"}, {"a": True}), engine)
    assert rows(source) == [("1",), ("true",), ("x",)]
    assert any("mixed: 'a'" in note for note in source.notes)


def test_long_json_numbers_keep_their_digits(engine):
    source = open_source(jsonl("x.jsonl", {"a": 12345678901234567890123}, {"a": 1}), engine)
    assert rows(source) == [("1",), ("12345678901234567890123",)]


def test_ambiguous_json_dates_stay_text(engine):
    source = open_source(jsonl("x.jsonl", {"a": "01-02-2024"}, {"a": "03-04-2024"}), engine)
    assert rows(source) == [("01-02-2024",), ("03-04-2024",)]
    assert any("either way" in note for note in source.notes)


def test_json_keys_that_differ_by_case_only_are_both_there(engine):
    assert rows(open_source(jsonl("x.jsonl", {"a": 1, "A": 2}, {"A": 3}), engine)) == [
        (1, 2),
        (None, 3),
    ]


def test_a_json_array_is_read_like_lines(engine):
    Path("x.json").write_text(json.dumps([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]))
    assert rows(open_source("x.json", engine)) == [(1, "x"), (2, "y")]


def test_json_in_utf16_is_read(engine):
    Path("x.jsonl").write_text('{"a": "Zürich"}\n', encoding="utf-16")
    assert rows(open_source("x.jsonl", engine)) == [("Zürich",)]


# -- several text files ----------------------------------------------------------------


def test_text_files_of_several_dialects_make_one_table(engine):
    Path("m").mkdir()
    Path("m/a.csv").write_text("day,n\n2024-01-01,1\n")
    Path("m/b.csv").write_bytes("n;day\n2;2024-01-02\n".encode("utf-16"))
    Path("m/c.tsv.gz").write_bytes(gzip.compress(b"day\tn\n2024-01-03\t3.5\n"))
    source = open_source("m", engine)
    assert rows(source) == [
        (date(2024, 1, 1), 1.0),
        (date(2024, 1, 2), 2.0),
        (date(2024, 1, 3), 3.5),
    ]


def test_hundreds_of_files_open_as_one(engine):
    Path("m").mkdir()
    for number in range(300):
        Path(f"m/{number:03}.csv").write_text(f"day,n\n2024-01-01,{number}\n")
    source = open_source("m", engine)
    assert source.table.n.sum().to_pyarrow().as_py() == sum(range(300))


# -- names and places ------------------------------------------------------------------


def test_names_are_relative_and_never_absolute(engine, tmp_path, monkeypatch):
    sales("data/a.parquet")
    sales("data/b.parquet")
    assert open_source(tmp_path / "data/a.parquet", engine).name == "data/a.parquet"
    assert open_source("./data/../data/a.parquet", engine).name == "data/a.parquet"
    Path("deep").mkdir()
    monkeypatch.chdir("deep")
    assert open_source("../data/a.parquet", engine).name == "a.parquet"
    assert open_source("../data/*.parquet", engine).name == "*.parquet"
    assert open_source(str(tmp_path / "data" / "*.parquet"), engine).name == "*.parquet"
    assert open_source("../data", engine).name == "data"


def test_relative_names_are_found_in_the_folders_of_the_path(engine, tmp_path, monkeypatch):
    sales("one/a.parquet", 1)
    sales("two/a.parquet", 2)
    sales("two/b.parquet", 3)
    sales("b.parquet", 4)
    folders = [tmp_path / "nowhere", tmp_path / "one", tmp_path / "two"]
    monkeypatch.setenv("MIRRORBI_PATH", os.pathsep.join(map(str, folders)))
    assert find_source("a.parquet") == [(tmp_path / "one/a.parquet").resolve()]
    assert find_source("b.parquet") == [(tmp_path / "b.parquet").resolve()]
    assert find_source("?.parquet") == [(tmp_path / "b.parquet").resolve()]
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert find_source("b.parquet") == [(tmp_path / "two/b.parquet").resolve()]
    source = open_source("b.parquet", engine)
    assert source.name == "b.parquet"
    assert find_source(source.name) == list(source.paths)


def test_a_link_is_followed_to_its_file(engine):
    sales("real.parquet")
    Path("link.parquet").symlink_to("real.parquet")
    assert open_source("link.parquet", engine).paths == (Path("real.parquet").resolve(),)


# -- fingerprints ----------------------------------------------------------------------


def test_the_fingerprint_of_a_file_is_its_sha256(engine):
    sales("a.parquet")
    expected = hashlib.sha256(Path("a.parquet").read_bytes()).hexdigest()
    assert fingerprint(open_source("a.parquet", engine)) == f"sha256:{expected}"


def test_the_fingerprint_of_files_knows_names_and_contents_but_not_where_they_are(engine):
    def of(folder: str) -> str:
        return fingerprint(open_source(folder, engine))

    sales("one/y=1/a.parquet", 1)
    sales("one/y=2/a.parquet", 2)
    sales("two/y=1/a.parquet", 1)
    sales("two/y=2/a.parquet", 2)
    assert of("one") == of("two")
    sales("two/y=2/a.parquet", 3)
    assert of("one") != of("two")
    sales("three/y=1/a.parquet", 1)
    sales("three/y=3/a.parquet", 2)
    assert of("one") != of("three")


def test_the_fingerprint_of_a_frame_is_that_of_its_rows(engine):
    def of(**columns) -> str:
        return fingerprint(open_source(pd.DataFrame(columns), connect()))

    plain = of(a=[1, 2, 3], b=["x", "y", None])
    assert plain == of(a=[3, 1, 2], b=[None, "x", "y"])
    assert plain != of(a=[1, 2, 4], b=["x", "y", None])
    assert plain != of(a=[1, 2, 3], c=["x", "y", None])
    assert plain != of(a=[1.0, 2.0, 3.0], b=["x", "y", None])
    assert plain != of(a=[1, 2, 3, 3], b=["x", "y", None, None])


def test_the_fingerprint_of_an_ibis_table_changes_with_its_values():
    def of(values: dict) -> str:
        engine = connect()
        table = engine.create_table("t", ibis.memtable(pa.table(values)), temp=True)
        return fingerprint(open_source(table, engine))

    first = {"a": [1.5, 2.5], "b": ["x", None], "d": [date(2024, 1, 1), None], "t": [True, False]}
    assert of(first) == of(first)
    for change in (
        {"a": [1.5, 2.0]},
        {"b": ["x", "y"]},
        {"d": [date(2024, 1, 2), None]},
        {"t": [True, True]},
    ):
        assert of(first) != of(first | change)
