"""DataFrames and ibis tables: every type of column arrives, or says why not."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mirrorbi.data.engine.embedded import connect
from mirrorbi.data.ingest.sources import OpenedSource, open_source
from mirrorbi.errors import SourceError


@pytest.fixture(scope="module")
def engine():
    return connect()


def values(source: OpenedSource, name: str) -> list:
    return sorted(source.table.to_pyarrow()[name].to_pylist(), key=repr)


def kind(source: OpenedSource, name: str) -> str:
    return str(source.table.schema()[name]).split("(")[0]


def test_a_frame_is_copied(engine):
    frame = pd.DataFrame({"a": np.arange(3.0)})
    source = open_source(frame, engine)
    frame.loc[0, "a"] = 99.0
    assert values(source, "a") == [0.0, 1.0, 2.0]
    assert (source.kind, source.name, source.paths, source.notes) == ("frame", "DataFrame", (), ())


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    numbers=st.lists(
        st.tuples(
            st.integers(-(2**63), 2**63 - 1),
            st.one_of(st.none(), st.floats(allow_nan=False)),
            st.one_of(st.none(), st.text(st.characters(blacklist_categories=("Cs",)), max_size=8)),
            st.one_of(st.none(), st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1))),
            st.booleans(),
        ),
        min_size=1,
        max_size=10,
    )
)
def test_a_random_frame_comes_back_equal(engine, numbers):
    whole, real, text, moment, truth = zip(*numbers, strict=True)
    frame = pd.DataFrame(
        {
            "whole": whole,
            "real": pd.array(real, dtype="Float64"),
            "text": pd.array(text, dtype="string"),
            "moment": pd.to_datetime(pd.Series(moment, dtype="datetime64[us]")),
            "truth": truth,
        }
    )
    source = open_source(frame, engine)
    table = source.table.to_pyarrow()
    found = list(zip(*(table[c].to_pylist() for c in table.column_names), strict=True))
    assert sorted(found, key=repr) == sorted(numbers, key=repr)


def test_names_that_are_no_text_or_occur_twice(engine):
    frame = pd.DataFrame([[1, 2, 3, 4, 5]], columns=["a", "a", 2024, None, ("x", "y")])
    source = open_source(frame, engine)
    assert source.table.columns == ("a", "a_2", "2024", "column_4", "x y")
    assert len(source.notes) == 2


def test_columns_of_two_levels_are_joined(engine):
    frame = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("n", "sum"), ("n", "mean")]))
    assert open_source(frame, engine).table.columns == ("n sum", "n mean")


def test_a_named_index_is_a_column_and_row_numbers_are_not(engine):
    frame = pd.DataFrame({"n": [1, 2]}, index=pd.Index(["x", "y"], name="key"))
    assert open_source(frame, engine).table.columns == ("key", "n")
    assert open_source(pd.DataFrame({"n": [1, 2, 3]}).query("n > 1"), engine).table.columns == (
        "n",
    )
    days = pd.DataFrame({"n": [1]}, index=pd.to_datetime(["2024-01-31"]))
    assert values(open_source(days, engine), "index") == [datetime(2024, 1, 31)]
    grouped = pd.DataFrame({"a": [1, 1], "b": [2, 3], "n": [4, 5]}).set_index(["a", "b"])
    assert open_source(grouped, engine).table.columns == ("a", "b", "n")


@pytest.mark.parametrize(
    ("series", "dtype", "expected"),
    [
        (pd.Series(["x", "y", None], dtype="category"), "string", [None, "x", "y"]),
        (pd.Series([1, 2, None], dtype="category"), "int64", [1, 2, None]),
        (pd.Series([1, "x"], dtype="category"), "string", ["1", "x"]),
        (pd.cut(pd.Series([1, 5]), [0, 3, 6]), "string", ["(0, 3]", "(3, 6]"]),
        (pd.Series(pd.period_range("2024-01", periods=2, freq="M")), "timestamp",
         [datetime(2024, 1, 1), datetime(2024, 2, 1)]),
        (pd.Series(pd.to_timedelta(["90min", None])), "float64", [1.5, None]),
        (pd.Series([1, "x", None], dtype=object), "string", [None, "1", "x"]),
        (pd.Series([1, 2.5, None], dtype=object), "float64", [1.0, 2.5, None]),
        (pd.Series([Decimal("1.50"), None], dtype=object), "decimal", [Decimal("1.50"), None]),
        (pd.Series([date(2024, 1, 31), None], dtype=object), "date", [date(2024, 1, 31), None]),
        (pd.Series([None, None], dtype=object), "string", [None, None]),
        (pd.Series([1 + 2j]), "string", ["(1+2j)"]),
        (pd.Series([1, None], dtype="Int64"), "int64", [1, None]),
        (pd.Series([True, None], dtype="boolean"), "boolean", [None, True]),
        (pd.Series([1.5, float("inf"), float("nan")]), "float64", [1.5, None, float("inf")]),
        (pd.Series([1, 2], dtype="uint8"), "uint8", [1, 2]),
        (pd.Series([1.5], dtype="float16"), "float32", [1.5]),
        (pd.Series([2**70, 1], dtype=object), "string", ["1", str(2**70)]),
        (pd.arrays.SparseArray([1, 0]), "int64", [0, 1]),
        (pd.Series(["x"], dtype=pd.ArrowDtype(pa.large_string())), "string", ["x"]),
    ],
)  # fmt: skip
def test_each_type_of_column_arrives(engine, series, dtype, expected):
    source = open_source(pd.DataFrame({"c": series}), engine)
    assert kind(source, "c") == dtype
    assert values(source, "c") == sorted(expected, key=repr)


def test_what_changed_its_type_is_noted(engine):
    frame = pd.DataFrame(
        {
            "mixed": pd.Series([1, "x"], dtype=object),
            "month": pd.period_range("2024-01", periods=2, freq="M"),
            "span": pd.to_timedelta([1, 2], unit="h"),
            "lists": [[1], [2]],
        }
    )
    source = open_source(frame, engine)
    assert source.table.columns == ("mixed", "month", "span")
    notes = " ".join(source.notes)
    for name in ("'mixed'", "'month'", "'span'", "lists"):
        assert name in notes


def test_moments_with_a_time_zone_stay_the_same_moments(engine):
    moments = pd.to_datetime(["2024-06-01 12:00", "2024-12-01 12:00"]).tz_localize("Europe/Zurich")
    source = open_source(pd.DataFrame({"t": moments}), engine)
    assert kind(source, "t") == "timestamp"
    found = sorted(moment.timestamp() for moment in values(source, "t"))
    assert found == sorted(moment.timestamp() for moment in moments)


def test_two_thousand_columns_open(engine):
    frame = pd.DataFrame(np.zeros((2, 2_000)), columns=[f"c{i}" for i in range(2_000)])
    assert len(open_source(frame, engine).table.columns) == 2_000


def test_frames_of_other_makers_come_through_arrow(engine):
    source = open_source(pa.table({"a": [1, 2], "A": ["x", "y"]}), engine)
    assert source.kind == "frame"
    assert source.table.columns == ("a", "A_2")


def test_an_ibis_table_stays_where_it_is(engine):
    own = connect()
    table = own.create_table("sales", ibis.memtable(pa.table({"n": [1, 2], "tags": [["a"], []]})))
    source = open_source(table, engine)
    assert (source.kind, source.name) == ("ibis", "sales")
    assert source.table.get_backend() is own
    assert source.table.columns == ("n",)
    assert source.notes == ("Left out, because they hold lists, records or bytes: tags.",)
    assert open_source(table.filter(table.n > 1), engine).table.count().to_pyarrow().as_py() == 1


def test_an_ibis_table_of_this_memory_moves_into_the_engine(engine):
    table = ibis.memtable(pa.table({"n": [1, 2], "tags": [["a"], []]}))
    source = open_source(table.filter(table.n > 1), engine)
    assert source.kind == "frame"
    assert source.table.get_backend() is engine
    assert values(source, "n") == [2]


def test_an_ibis_table_without_data_is_refused(engine):
    with pytest.raises(SourceError, match="bound to no backend"):
        open_source(ibis.table({"n": "int64"}, name="x"), engine)
