"""Questions to a data set, answered from cubes, against pandas on the rows."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mirrorbi
from mirrorbi.data.dataset import Dataset
from mirrorbi.data.periods import Grain, Period
from mirrorbi.data.query import MISSING, Query
from mirrorbi.errors import QueryError

MODEL = {
    "dataset": {"name": "sales", "entity": "client", "grain": ["line"]},
    "time": {"column": "day"},
    "dimensions": {"region": {"column": "region"}, "kind": {"label": "Kind of sale"}},
    "metrics": {
        "lines": {"type": "simple", "agg": "count"},
        "amount": {"type": "simple", "agg": "sum", "column": "amount"},
        "large": {"type": "simple", "agg": "count", "filter": "amount > 50"},
        "large_share": {"type": "ratio", "numerator": "large", "denominator": "lines"},
        "mean": {"type": "simple", "agg": "avg", "column": "amount"},
        "least": {"type": "simple", "agg": "min", "column": "amount"},
        "most": {"type": "simple", "agg": "max", "column": "amount"},
        "middle": {"type": "simple", "agg": "median", "column": "amount"},
        "clients": {"type": "simple", "agg": "count_distinct", "column": "client"},
        "per_client": {"type": "derived", "expression": "amount / clients"},
        "stock": {
            "type": "simple",
            "agg": "sum",
            "column": "amount",
            "additivity": {"non_additive": {"over": "time", "take": "last"}},
        },
    },
}

rows = st.lists(
    st.tuples(
        st.dates(pd.Timestamp("2023-11-01").date(), pd.Timestamp("2024-03-31").date()),
        st.sampled_from(["north", "south", "east", None]),
        st.sampled_from(["new", "old"]),
        st.one_of(st.none(), st.integers(-100, 200).map(lambda n: n / 2)),
        st.sampled_from(["a", "b", "c", "d"]),
    ),
    min_size=1,
    max_size=60,
)


def frame_of(lines):
    frame = pd.DataFrame(lines, columns=["day", "region", "kind", "amount", "client"])
    frame["day"] = pd.to_datetime(frame["day"])
    frame["amount"] = frame["amount"].astype(float)
    frame["line"] = range(len(frame))
    return frame


def oracle(group):
    amount = group["amount"].dropna()
    return {
        "lines": float(len(group)),
        "amount": amount.sum(),
        "large": float((amount > 50).sum()),
        "large_share": (amount > 50).sum() / len(group),
        "mean": amount.mean() if len(amount) else np.nan,
        "least": amount.min() if len(amount) else np.nan,
        "most": amount.max() if len(amount) else np.nan,
        "middle": amount.median() if len(amount) else np.nan,
        "clients": float(group["client"].nunique()),
        "per_client": amount.sum() / group["client"].nunique(),
        "rows": len(group),
        "entities": group["client"].nunique(),
    }


METRICS = [name for name in MODEL["metrics"] if name != "stock"]


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows,
    st.sampled_from([(), ("region",), ("kind",), ("region", "kind")]),
    st.sampled_from([None, "month", "week", "quarter"]),
    st.sampled_from([None, "2024-01", "2024", "2023-12-15/2024-01-20"]),
    st.booleans(),
)
def test_every_answer_is_what_pandas_says_of_the_rows(lines, by, grain, period, prepared):
    frame = frame_of(lines)
    ds = mirrorbi.open(frame, MODEL)
    query = Query.of(METRICS, by=by, grain=grain, period=period)
    if prepared:
        ds.prepare([query, Query.of("lines", by=["region", "kind"], grain="day")])
    answer = ds.query(query).frame

    kept = frame.assign(region=frame["region"].fillna(MISSING), day=pd.to_datetime(frame["day"]))
    if period:
        span = Period.parse(period)
        kept = kept[(kept["day"] >= span.start) & (kept["day"] < span.end)]
    keys = list(by)
    if grain:
        floors = [Period.of(day.to_pydatetime(), Grain(grain)).start for day in kept["day"]]
        kept = kept.assign(period=floors)
        keys = ["period", *keys]
    groups = kept.groupby(keys, sort=True) if keys else [((), kept)] if len(kept) else []
    expected = [
        {**dict(zip(keys, key if isinstance(key, tuple) else (key,), strict=True)), **oracle(group)}
        for key, group in groups
    ]
    assert len(answer) == len(expected)
    if expected:
        pd.testing.assert_frame_equal(
            answer.drop(columns="complete", errors="ignore"),
            pd.DataFrame(expected)[[*keys, *METRICS, "rows", "entities"]],
            check_dtype=False,
        )


@pytest.mark.parametrize("kept", ["frame", "parquet"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("grain", ["day", "month", "year"])
def test_moments_are_grouped_alike_in_whatever_unit_they_are_kept(unit, grain, kept, tmp_path):
    days = pd.to_datetime(["2023-11-01", "2023-11-02", "2024-01-01"]).astype(f"datetime64[{unit}]")
    data = pd.DataFrame({"day": days, "amount": [1.0, 2.0, 4.0]})
    if kept == "parquet":
        data.to_parquet(tmp_path / "sales.parquet")
        data = tmp_path / "sales.parquet"
    model = {"time": {"column": "day"}, "metrics": {"amount": {"agg": "sum", "column": "amount"}}}
    ds = mirrorbi.open(data, model)
    found = ds.query("amount", grain=grain).frame
    expected = {"day": [1.0, 2.0, 4.0], "month": [3.0, 4.0], "year": [3.0, 4.0]}[grain]
    assert found["amount"].tolist() == expected
    assert ds.query("amount", period="2024-01").frame["amount"].tolist() == [4.0]


def test_a_period_without_rows_has_no_line():
    ds = mirrorbi.open(frame_of([("2024-03-05", "north", "new", 10.0, "a")] * 4), MODEL)
    assert len(ds.query(["amount", "middle", "clients"], period="2024-01")) == 0


def test_a_stock_takes_the_last_day_of_each_period_and_adds_over_members():
    frame = pd.DataFrame(
        {
            "day": pd.to_datetime(["2024-01-30", "2024-01-31", "2024-01-31", "2024-02-29"]),
            "region": ["north", "north", "south", "south"],
            "kind": "new",
            "amount": [5.0, 7.0, 11.0, 13.0],
            "client": "a",
            "line": range(4),
        }
    )
    ds = mirrorbi.open(frame, MODEL)
    by_month = ds.query("stock", grain="month").frame
    assert by_month["stock"].tolist() == [18.0, 13.0]
    assert ds.query("stock", period="2024").frame["stock"].tolist() == [13.0]
    assert ds.query("stock", by="region", period="2024-01").frame["stock"].tolist() == [7.0, 11.0]


def test_one_scan_answers_a_whole_sweep_of_questions():
    ds = mirrorbi.open(frame_of([("2024-01-05", "north", "new", 10.0, "a")] * 30), MODEL)
    questions = [
        Query.of(["amount", "mean"], grain="month"),
        Query.of(["amount", "large_share"], by="region", grain="month"),
        Query.of("lines", by=["region", "kind"], period="2024-01"),
    ]
    ds.prepare(questions)
    for question in questions:
        ds.query(question, entities=False)
    assert ds.scans == 1


def test_many_members_are_spread_over_several_cubes_of_one_scan():
    rng = np.random.default_rng(5)
    size = 300_000
    model = {
        "time": {"column": "day"},
        "dimensions": {"shop": {}, "article": {}, "size": {}},
        "metrics": {"amount": {"type": "simple", "agg": "sum", "column": "amount"}},
    }
    frame = pd.DataFrame(
        {
            "day": pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 700, size), "D"),
            "shop": rng.integers(0, 300, size),
            "article": rng.integers(0, 900, size),
            "size": rng.integers(0, 3, size),
            "amount": rng.integers(0, 100, size),
        }
    )
    frame = pd.concat([frame] * 2, ignore_index=True)
    ds = mirrorbi.open(frame, model)
    ds.prepare([Query.of("amount", by=name, grain="month") for name in model["dimensions"]])
    assert ds.scans == 1
    for name in model["dimensions"]:
        answer = ds.query("amount", by=name, entities=False).frame
        expected = frame.groupby(frame[name].astype(str))["amount"].sum()
        assert answer.set_index(name)["amount"].to_dict() == expected.to_dict()


def test_no_digit_is_lost_where_cells_are_added_up():
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "region": rng.integers(0, 40, 20_000),
            "kind": rng.integers(0, 40, 20_000),
            "amount": rng.choice([1e15, -1e15, 1.0, 0.1, 1e-3], 20_000) * rng.random(20_000),
        }
    )
    model = {
        "dimensions": {"region": {}, "kind": {}},
        "metrics": {"amount": {"type": "simple", "agg": "sum", "column": "amount"}},
    }
    ds = mirrorbi.open(frame, model)
    ds.prepare([Query.of("amount", by=["region", "kind"])])
    cells = ds.query("amount", by=["region", "kind"]).frame
    for by, exact in cells.groupby("region")["amount"]:
        found = ds.query("amount", where={"region": by}).frame["amount"].iloc[0]
        assert found == pytest.approx(math.fsum(exact), rel=4e-16)
    assert ds.scans == 1


def test_infinite_and_absent_numbers_do_not_swallow_a_cell():
    frame = frame_of([("2024-01-05", "north", "new", 10.0, "a")] * 4)
    frame["amount"] = [1.0, np.inf, np.nan, 2.0]
    answer = mirrorbi.open(frame, MODEL).query(["amount", "mean", "most"]).frame
    assert answer[["amount", "mean", "most"]].iloc[0].tolist() == [3.0, 1.5, 2.0]
    assert mirrorbi.open(frame, MODEL).profile().columns["amount"].infinite == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"metrics": "amuont"}, "Did you mean 'amount'"),
        ({"metrics": "amount", "by": "regoin"}, "Did you mean 'region'"),
        ({"metrics": "amount", "where": {"region": "nroth"}}, "Did you mean 'north'"),
        ({"metrics": "amount", "grain": "mnth"}, "Did you mean 'month'"),
        ({"metrics": "amount", "period": "last month"}, "not a period"),
        ({"metrics": ()}, "names no metric"),
    ],
)
def test_a_wrong_word_is_named_with_the_nearest_right_one(call, message):
    ds = mirrorbi.open(frame_of([("2024-01-05", "north", "new", 10.0, "a")] * 4), MODEL)
    with pytest.raises(QueryError, match=message):
        ds.query(**call)


def test_the_sql_of_a_question_gives_its_answer_when_run():
    lines = [("2024-01-05", "north", "new", 10.0, "a"), ("2024-02-07", "south", "old", 90.0, "b")]
    ds = mirrorbi.open(frame_of(lines), MODEL)
    query = Query.of(["amount", "large_share"], by="region", grain="month")
    ran = ds._table.get_backend().con.sql(ds.sql(query)).to_arrow_table().to_pandas()
    answer = ds.query(query, entities=False).frame
    assert ran["amount"].tolist() == answer["amount"].tolist()
    assert ran["large_share"].tolist() == answer["large_share"].tolist()
    assert ran["region"].tolist() == answer["region"].tolist()


def test_moments_with_a_zone_are_cut_in_the_zone_of_the_model():
    moments = pd.to_datetime(["2024-01-31 23:30", "2024-02-01 10:00"]).tz_localize("UTC")
    frame = pd.DataFrame({"at": moments, "amount": [1.0, 2.0]})
    model = {
        "time": {"column": "at", "timezone": "Europe/Berlin"},
        "metrics": {"amount": {"type": "simple", "agg": "sum", "column": "amount"}},
    }
    answer = mirrorbi.open(frame, model).query("amount", grain="month").frame
    assert answer["period"].dt.strftime("%Y-%m").tolist() == ["2024-02"]
    assert answer["amount"].tolist() == [3.0]


def test_a_data_set_offers_no_way_to_its_rows():
    ds = mirrorbi.open(frame_of([("2024-01-05", "north", "new", 10.0, "secret client")]), MODEL)
    assert isinstance(ds, Dataset)
    assert "secret client" not in repr(ds) + str(ds.describe())


def test_a_drafted_key_was_counted_and_a_given_one_is(tmp_path):
    frame = pd.DataFrame({"order_id": [*range(500)], "amount": [*range(500)]})
    drafted = mirrorbi.open(frame)
    assert drafted.model.dataset.grain == ("order_id",)
    assert drafted.duplicates() == 0 == drafted._engine_queries.duplicates()
    twice = pd.concat([frame, frame.iloc[:3]])
    assert mirrorbi.open(twice, drafted.model).duplicates() == 3
    assert mirrorbi.open(twice).duplicates() is None


def test_the_days_come_from_a_cube_that_answers_for_months_too():
    frame = frame_of(
        [("2024-01-31", "north", "new", 1.0, "a"), ("2024-02-01", "north", "new", 2.0, "b")]
    )
    frame = pd.concat([frame, frame.assign(day=pd.NaT)])
    ds = mirrorbi.open(frame, MODEL)
    assert [str(day) for day in ds.coverage.days] == ["2024-01-31", "2024-02-01"]
    found = ds.query("lines", grain="month", entities=False).frame
    assert found["rows"].tolist() == [1, 1]
    assert ds.scans == 0
    assert ds.query("lines", entities=False).frame["rows"].tolist() == [4]


@pytest.mark.parametrize("take", ["last", "first"])
@pytest.mark.parametrize("before", [None, "hour", "day"])
def test_a_stock_is_that_of_its_day_whatever_was_asked_before(take, before):
    hours = pd.DataFrame(
        {
            "at": [
                day + pd.Timedelta(hours=hour)
                for day in pd.date_range("2024-01-01", periods=60)
                for hour in (9, 17)
            ],
            "balance": [10.0, 5.0] * 60,
        }
    )
    model = {
        "time": {"column": "at"},
        "metrics": {
            "balance": {
                "type": "simple",
                "agg": "sum",
                "column": "balance",
                "additivity": {"non_additive": {"over": "time", "take": take}},
            }
        },
    }
    ds = mirrorbi.open(hours, model)
    if before:
        ds.query("balance", grain=before)
    assert ds.query("balance", grain="month").frame["balance"].tolist() == [15.0, 15.0]
    assert ds.query("balance", grain="hour").frame["balance"].tolist()[:3] == [10.0, 5.0, 10.0]
