"""Bad input: a clear error that says what, which value and what next; nothing lost."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from mirrorbi.data.engine.embedded import connect
from mirrorbi.data.ingest.sources import find_source, open_source
from mirrorbi.data.ingest.text_file import reading
from mirrorbi.errors import SettingsError, SourceError


@pytest.fixture(scope="module")
def engine():
    return connect()


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MIRRORBI_PATH", raising=False)


def refused(engine, source) -> str:
    with pytest.raises(SourceError) as caught:
        open_source(source, engine)
    assert caught.value.what
    assert caught.value.hint, "an error says what to do next"
    assert caught.value.exit_code == 2
    assert str(Path.cwd()) not in str(caught.value), "no absolute path"
    return str(caught.value)


def write(name: str, content: str | bytes) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


GARBAGE = bytes(range(256)) * 40


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", "", "'empty.csv' is empty"),
        ("blank.csv", "\n \n\n", "'blank.csv' is empty"),
        ("bom.csv", b"\xef\xbb\xbf", "'bom.csv' is empty"),
        ("header.csv", "a,b\n", "has a header but no rows"),
        ("header2.csv", "a,b\n\n\n", "has a header but no rows"),
        ("short.csv", "a,b\n1,2\n3\n4,5\n", "Line 3 of 'short.csv' has 1 field where 2 are"),
        ("long.csv", "a,b\n1,2\n3,4,5\n", "Line 3 of 'long.csv' has 3 fields where 2 are"),
        ("after.csv", 'a,b\n1,"x\ny"\n3\n4,5\n', "Line 4 of 'after.csv' has 1 field"),
        ("open.csv", 'a,b\n1,"x\n3,4\n', "begins on line 2"),
        ("inside.csv", 'a,b\n1,2\n"x"y,4\n', "begins on line 3"),
        ("garbage.csv", GARBAGE, "is not a text file"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + GARBAGE, "is a picture, not text"),
        ("table.csv", b"PAR1" + GARBAGE + b"PAR1", "is a Parquet file, not text"),
        ("cut.csv.gz", gzip.compress(GARBAGE)[:-20], "damaged or incomplete gzip"),
        ("empty.csv.gz", gzip.compress(b"", mtime=0), "is empty"),
        ("cut.zip", b"PK\x03\x04" + GARBAGE, "damaged or incomplete zip"),
        ("cut.parquet", b"PAR1" + GARBAGE, "is no Parquet file, or not a whole one"),
        ("empty.parquet", b"", "'empty.parquet' is empty"),
        ("empty.jsonl", "", "'empty.jsonl' is empty"),
        ("text.jsonl", "hello\n", "does not begin with a JSON record"),
        ("line.jsonl", '{"a": 1}\n{"a": 2\n', "Line 2 of 'line.jsonl' is no JSON record"),
        ("list.jsonl", '{"a": 1}\n[1, 2]\n', "Line 2 of 'list.jsonl' is no record"),
        ("twice.jsonl", '{"a": 1}\n{"a": 1, "a": 2}\n', "the key 'a' occurs twice"),
        ("none.json", "[]", "holds no records"),
        ("numbers.json", "[1, 2]", "numbers.json"),
        ("nested.jsonl", '{"a": {"b": 1}}\n', "holds records or lists"),
        ("empty.xlsx", b"", "'empty.xlsx' is empty"),
        ("text.xlsx", "a,b\n1,2\n", "is no Excel workbook"),
        ("zip.xlsx", b"PK\x03\x04" + GARBAGE, "is no Excel workbook"),
        ("old.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + GARBAGE, "old (.xls) or password"),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + GARBAGE, "old (.xls) or password"),
        ("unknown.bin", GARBAGE, "is not a text file"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(engine, name, content, words):
    assert words in refused(engine, write(name, content))


def test_a_missing_file_names_the_nearest_one(engine):
    write("data/flights.parquet", b"x")
    assert "Did you mean 'data/flights.parquet'?" in refused(engine, "data/fligths.parquet")
    assert "There is no file 'nothing/at/all.csv'" in refused(engine, "nothing/at/all.csv")
    assert "No file fits 'data/*.csv'" in refused(engine, "data/*.csv")
    assert "empty" in refused(engine, " ")


def test_a_name_under_a_file_is_no_file(engine):
    write("flights.csv", "a\n1\n")
    assert "There is no file" in refused(engine, "flights.csv/inside.csv")


@pytest.mark.parametrize("source", ["s3://bucket/x.parquet", "https://host/x.csv", "duckdb://x.db"])
def test_sources_elsewhere_are_refused_without_a_request(engine, source):
    message = refused(engine, source)
    assert source.split(":")[0] + "://" in message
    assert "ibis table" in message


def test_what_is_no_source_is_refused(engine):
    assert "A int is no source" in refused(engine, 3)
    assert "A list is no source" in refused(engine, [{"a": 1}])


def test_folders_without_data_or_with_several_kinds_are_refused(engine):
    Path("none").mkdir()
    assert "holds no data files" in refused(engine, "none")
    write("none/_SUCCESS", "")
    write("none/.hidden.csv", "a\n1\n")
    write("none/notes.md", "x")
    assert "holds no data files" in refused(engine, "none")
    write("both/a.csv", "a\n1\n")
    write("both/b.jsonl", '{"a": 1}\n')
    message = refused(engine, "both")
    assert "several kinds of data: csv, jsonl" in message
    assert "'both/*.csv'" in message
    assert "several kinds" in refused(engine, "both/*")


def test_a_folder_linked_into_itself_is_read_once(engine):
    write("loop/a.csv", "a,b\n1,2\n")
    Path("loop/again").symlink_to(Path("loop").resolve(), target_is_directory=True)
    Path("loop/dangling.csv").symlink_to("nowhere.csv")
    assert open_source("loop", engine).table.count().to_pyarrow().as_py() == 1


def test_a_link_to_itself_is_no_file(engine):
    Path("self.csv").symlink_to("self.csv")
    assert "'self.csv'" in refused(engine, "self.csv")


def test_files_of_other_columns_are_not_filled_up(engine):
    write("months/a.csv", "day,n\n2024-01-01,1\n")
    write("months/b.csv", "n,tag\n1,2\n")
    message = refused(engine, "months")
    assert "'months/b.csv' does not have the columns of 'months/a.csv'" in message
    assert "lacks 'day' and it adds 'tag'" in message


def test_a_ragged_line_deep_in_a_large_file_is_found(engine):
    lines = ["k,v,w", *(f'{i},"two\nlines",x' for i in range(60_000))]
    lines[50_001] = "50000,short"
    message = refused(engine, write("deep.csv", "\n".join(lines) + "\n"))
    assert "Line 100,002 of 'deep.csv' has 2 fields where 3 are expected" in message


def test_several_files_in_a_zip_are_named(engine):
    with zipfile.ZipFile("two.zip", "w") as archive:
        archive.writestr("jan.csv", "a\n1\n")
        archive.writestr("feb.csv", "a\n2\n")
    assert "holds 2 files: jan.csv, feb.csv" in refused(engine, "two.zip")
    with zipfile.ZipFile("none.zip", "w"):
        pass
    assert "holds 0 files" in refused(engine, "none.zip")


def test_a_truncated_parquet_file_among_good_ones_is_named(engine):
    frame = pd.DataFrame({"a": range(1000)})
    Path("parts").mkdir()
    frame.to_parquet("parts/a.parquet")
    whole = Path("parts/a.parquet").read_bytes()
    write("parts/b.parquet", whole[: len(whole) // 2])
    assert "'parts/b.parquet' is no Parquet file" in refused(engine, "parts")


def test_parquet_without_rows_and_with_types_that_differ_is_refused(engine):
    Path("parts").mkdir()
    pd.DataFrame({"a": pd.Series([], dtype="int64")}).to_parquet("none.parquet")
    assert "has columns but no rows" in refused(engine, "none.parquet")
    pd.DataFrame({"a": [1]}).to_parquet("parts/a.parquet")
    pd.DataFrame({"a": ["x"]}).to_parquet("parts/b.parquet")
    assert "Column 'a' is int64 in 'parts/a.parquet'" in refused(engine, "parts")


def test_a_sheet_of_a_text_file_is_refused(engine):
    write("x.csv", "a\n1\n")
    assert "'x.csv' has no sheets" in refused(engine, "x.csv#Sheet2")


def test_frames_without_rows_or_columns_are_refused(engine):
    assert "no rows" in refused(engine, pd.DataFrame({"a": []}))
    assert "no columns" in refused(engine, pd.DataFrame(index=range(3)))
    assert "lists, records or bytes" in refused(engine, pd.DataFrame({"a": [[1], [2]]}))


def test_a_wrong_setting_is_told_where_sources_are_looked_up():
    write("mirrorbi.toml", 'pth = "data"\n')
    with pytest.raises(SettingsError, match="Did you mean 'path'"):
        find_source("x.csv")


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="needs POSIX permissions")
def test_a_file_that_may_not_be_read_says_so(tmp_path):
    write("secret.csv", "a\n1\n")
    Path("secret.csv").chmod(0)
    script = f"""
import os, sys
sys.path[:] = {sys.path!r}
import mirrorbi.data.ingest.text_file as textfile
from mirrorbi.errors import SourceError
if os.getuid() == 0:
    os.setgid(65534); os.setuid(65534)
try:
    with textfile.reading("secret.csv"):
        open({str(tmp_path / "secret.csv")!r}, "rb")
except SourceError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert "'secret.csv' may not be read by this user" in done.stdout, done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_for_the_copy_is_said():
    with (
        pytest.raises(SourceError) as caught,
        reading("big.csv.gz"),
        Path("/dev/full").open("wb", buffering=0) as full,
    ):
        full.write(b"x")
    assert "'big.csv.gz': the disk is full" in str(caught.value)
    assert "TMPDIR" in caught.value.hint
