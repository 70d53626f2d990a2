"""Answers of the engine: the same as those of ibis and pandas, without importing pandas."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mirrorbi.data.engine.arrow import array_of, floats_of
from mirrorbi.data.engine.embedded import begin_line, connect, fetch, line

COLUMNS = {
    "whole": pa.array([1, None, 3], pa.int64()),
    "small": pa.array([1, None, 3], pa.int8()),
    "part": pa.array([0.5, None, float("inf")], pa.float64()),
    "short": pa.array([0.5, None, 2.0], pa.float32()),
    "yes": pa.array([True, None, False]),
    "text": pa.array(["a", None, "b"]),
    "day": pa.array([date(2024, 1, 31), None, date(1969, 12, 31)]),
    "moment": pa.array([datetime(2024, 1, 31, 5), None, datetime(1969, 12, 3)], pa.timestamp("us")),
    "money": pa.array([Decimal("1.50"), None, Decimal("2.25")], pa.decimal128(10, 2)),
}  # fmt: skip


@pytest.fixture(scope="module")
def table():
    return connect().create_table("t", ibis.memtable(pa.table(COLUMNS)), temp=True)


def test_what_is_fetched_is_what_ibis_gives(table) -> None:
    asked = [
        table,
        table.order_by("whole"),
        table.aggregate(total=table.whole.sum(), share=table.money.sum(), n=table.count()),
        table.group_by("text").aggregate(yes=table.yes.sum(), last=table.moment.max()),
    ]
    for expression in asked:
        found, expected = fetch(expression), expression.to_pyarrow()
        assert found.schema == expected.schema
        key = found.column_names[0]
        assert found.sort_by(key).equals(expected.sort_by(key))


def test_a_line_has_the_plain_values_of_ibis(table) -> None:
    asked = table.aggregate(
        rows=table.count(),
        total=table.whole.sum(),
        nulls=table.whole.isnull().sum(),
        money=table.money.sum(),
        mean=table.part.isinf().sum(),
        first=table.day.min(),
        last=table.moment.max(),
        none=table.whole.sum(where=table.whole > 5),
    )
    expected = asked.to_pyarrow().to_pylist()[0]
    for found in (line(asked), begin_line(asked)()):
        assert found == expected
        assert {n: type(v) for n, v in found.items()} == {n: type(v) for n, v in expected.items()}


def test_what_ibis_must_set_up_first_is_answered_too(table) -> None:
    lent = ibis.memtable({"a": [1, 2]})
    assert line(lent.aggregate(n=lent.count()))["n"] == 2
    joined = table.join(lent, table.whole == lent.a)
    assert begin_line(joined.aggregate(n=joined.count()))()["n"] == 1


def test_an_error_in_the_thread_is_raised_where_the_answer_is_asked(table) -> None:
    wait = begin_line(table.aggregate(n=table.text.cast("int64").sum()))
    with pytest.raises(Exception, match="Could not convert string 'a'"):
        wait()
    assert line(table.aggregate(n=table.count()))["n"] == 3  # the engine answers again


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("cut", [slice(None), slice(1, None), slice(2, 3), slice(0, 0)])
def test_an_array_holds_what_pandas_says(name, cut) -> None:
    chunk = COLUMNS[name]
    long = pa.concat_arrays([chunk] * 7)  # more than a byte of the bits that say what is there
    column = pa.chunked_array([chunk, long[3:], chunk[:0]])[cut]
    values, there = array_of(column)
    expected = column.to_pandas()
    assert there.tolist() == expected.notna().tolist()
    if name == "day":
        expected = expected.astype("datetime64[s]")
    found = pd.Series(values[there]).astype(object)
    assert found.tolist() == expected[there].astype(object).tolist()


def test_floats_have_nan_for_nothing() -> None:
    column = pa.chunked_array([COLUMNS["whole"], COLUMNS["whole"]])
    np.testing.assert_array_equal(floats_of(column), [1, np.nan, 3, 1, np.nan, 3])
    money = pa.chunked_array([COLUMNS["money"]])
    np.testing.assert_array_equal(floats_of(money), [1.5, np.nan, 2.25])


def probe(script: str, *words: str) -> str:
    line = [sys.executable, "-c", script, *words]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()


def test_quality_needs_no_pandas(tmp_path) -> None:
    frame = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=400), "n": range(400)})
    frame.to_parquet(tmp_path / "orders.parquet")
    script = (
        "import sys, mirrorbi as mb\n"
        "story = mb.narrate(mb.open(sys.argv[1]).facts(kinds='quality'), locale='en_GB')\n"
        "charts = story.quality.charts(top=6)\n"
        "print(len(story.quality.sentences) > 0, len(charts) > 0, 'pandas' in sys.modules)"
    )
    assert probe(script, str(tmp_path / "orders.parquet")) == "True True False"
