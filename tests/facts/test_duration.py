"""Durations: quantiles as numpy has them, open intervals counted, and nothing of few told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mirrorbi
from mirrorbi import narrate
from mirrorbi.charts import chart
from mirrorbi.errors import ModelError
from mirrorbi.facts import find_facts
from mirrorbi.privacy.disclosure_control import controlled
from mirrorbi.privacy.disclosure_control.audit import Audit

MODEL = {
    "time": {"column": "ordered", "complete_through": "2023-06-30", "grains": ["month"]},
    "dimensions": {"region": {"label": "Region"}},
    "metrics": {"orders": {"agg": "count"}},
    "durations": {
        "delivery": {
            "label": "Time to delivery",
            "start": "ordered",
            "end": "delivered",
            "unit": "days",
            "better": "down",
        }
    },
}


def orders(rows=3000, seed=1, open_share=0.1, regions=("North", "South", "East")):
    rng = np.random.default_rng(seed)
    ordered = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 181 * 24, rows), "h")
    hours = np.round(rng.gamma(2.0, 30.0, rows), 3)
    region = rng.choice(regions, rows)
    hours = np.where(region == "East", hours * 3, hours)
    delivered = pd.Series(ordered + pd.to_timedelta((hours * 3600).astype(int), "s"))
    delivered[rng.random(rows) < open_share] = pd.NaT
    return pd.DataFrame({"ordered": ordered, "delivered": delivered, "region": region})


def in_june(frame):
    return frame[frame["ordered"] >= "2023-06-01"]


def days(frame):
    return ((frame["delivered"] - frame["ordered"]).dt.total_seconds() / 86400).dropna()


def told(facts, member=None):
    (fact,) = [f for f in facts if f.kind == "duration" and dict(f.scope).get("region") == member]
    return fact


@pytest.fixture(scope="module")
def frame():
    return orders()


@pytest.fixture(scope="module")
def facts(frame):
    return find_facts(mirrorbi.open(frame, MODEL))


def test_quantiles_are_those_of_numpy_and_open_intervals_are_counted(frame, facts):
    june = in_june(frame)
    fact = told(facts)
    median, p90 = np.quantile(days(june), [0.5, 0.9])
    assert float(fact["median"].value) == pytest.approx(median, rel=1e-9)
    assert float(fact["p90"].value) == pytest.approx(p90, rel=1e-9)
    assert fact["open"].value == int(june["delivered"].isna().sum())
    assert (fact.n, fact["median"].unit, fact.better) == (len(days(june)), "days", "down")
    assert fact.definition == "days from ordered to delivered"


def test_the_table_holds_the_quantiles_of_each_month(frame, facts):
    table = told(facts).table
    assert table.column("period") == [f"2023-{month:02d}" for month in range(1, 7)]
    by_month = days(frame).groupby(frame["ordered"].dt.month)
    for name, q in (("value", 0.5), ("p90", 0.9)):
        expected = by_month.quantile(q).tolist()
        assert [float(v) for v in table.column(name)] == pytest.approx(expected, rel=1e-9)


def test_the_slowest_member_is_told_with_all_of_them(frame, facts):
    fact = told(facts, "East")
    june = in_june(frame)
    medians = days(june).groupby(june["region"]).median().sort_values(ascending=False)
    assert fact.table.column("region") == medians.index.tolist()
    assert [float(v) for v in fact.table.column("value")] == pytest.approx(medians.tolist())
    assert float(fact["overall"].value) == pytest.approx(float(told(facts)["median"].value))
    assert "open" not in fact.quantities
    # That it is the longest says nothing of a rise.
    assert fact.direction is None


def test_an_end_before_its_start_is_no_interval(frame):
    wrong = frame.copy()
    swapped = wrong.index[::7]
    wrong.loc[swapped, "delivered"] = wrong.loc[swapped, "ordered"] - pd.Timedelta(hours=1)
    fact = told(find_facts(mirrorbi.open(wrong, MODEL)))
    june = in_june(wrong)
    lengths = days(june)
    assert float(fact["median"].value) == pytest.approx(np.median(lengths[lengths >= 0]))
    assert fact["open"].value == int(june["delivered"].isna().sum())


def test_time_zones_do_not_change_what_lies_between(frame, facts):
    zoned = frame.copy()
    zoned["ordered"] = zoned["ordered"].dt.tz_localize("UTC")
    delivered = zoned["delivered"].dt.tz_localize("UTC")
    zoned["delivered"] = delivered.dt.tz_convert("America/New_York")
    fact = told(find_facts(mirrorbi.open(zoned, MODEL)))
    assert fact["median"].value == told(facts)["median"].value


@pytest.mark.parametrize(("unit", "seconds"), [("minutes", 60), ("hours", 3600)])
def test_the_unit_is_that_of_the_model(frame, facts, unit, seconds):
    model = {**MODEL, "durations": {"delivery": {**MODEL["durations"]["delivery"], "unit": unit}}}
    fact = told(find_facts(mirrorbi.open(frame, model)))
    expected = float(told(facts)["median"].value) * 86400 / seconds
    assert float(fact["median"].value) == pytest.approx(expected)
    assert fact["median"].unit == unit


@settings(max_examples=15)
@given(
    st.lists(st.one_of(st.none(), st.integers(-5, 400)), min_size=1, max_size=60).filter(
        lambda hours: any(h is not None and h >= 0 for h in hours)
    )
)
def test_any_intervals_give_their_median(hours):
    start = pd.Timestamp("2023-06-01")
    ends = [start + pd.Timedelta(hours=h) if h is not None else pd.NaT for h in hours]
    frame = pd.DataFrame({"ordered": start, "delivered": pd.to_datetime(pd.Series(ends))})
    model = {**MODEL, "dimensions": {}, "durations": {
        "delivery": {"start": "ordered", "end": "delivered", "unit": "hours"}
    }}  # fmt: skip
    fact = told(find_facts(mirrorbi.open(frame, model), kinds="duration"))
    closed = [h for h in hours if h is not None and h >= 0]
    assert float(fact["median"].value) == pytest.approx(np.median(closed))
    assert fact["open"].value == hours.count(None)
    assert "p90" not in fact.quantities


def test_small_cells_are_withheld(frame):
    # Of the islands, few orders were delivered.
    few = in_june(frame).head(60).assign(region="Islands")
    few.loc[few.index[5:], "delivered"] = pd.NaT
    data = mirrorbi.open(pd.concat([frame, few]), MODEL)
    raw = find_facts(data, kinds="duration")
    shown = controlled(data, kinds="duration")
    for facts in (raw, shown):
        assert "Islands" not in told(facts, "East").table.column("region")
    only_few = controlled(mirrorbi.open(few, MODEL), kinds="duration")
    assert not only_few.filter("duration")
    assert find_facts(mirrorbi.open(few, MODEL), kinds="duration").filter("duration")


def test_few_clients_behind_many_rows_are_few(frame):
    clients = frame.assign(client=[f"client {i % 5}" for i in range(len(frame))])
    model = {**MODEL, "dataset": {"name": "orders", "entity": "client"}}
    assert not controlled(mirrorbi.open(clients, model), kinds="duration").filter("duration")


def test_open_intervals_of_few_persons_are_not_counted(frame):
    people = frame.assign(client=[f"client {i}" for i in range(len(frame))])
    june = in_june(people)
    people.loc[june.index[4:], "delivered"] = people["ordered"] + pd.Timedelta(days=2)
    people.loc[june.index[:4], "delivered"] = pd.NaT
    model = {**MODEL, "dataset": {"name": "orders", "entity": "client"}}
    fact = told(controlled(mirrorbi.open(people, model), by=[], kinds="duration"))
    assert "median" in fact.quantities
    assert "open" not in fact.quantities


def test_what_is_released_passes_the_audit(frame):
    data = mirrorbi.open(frame, MODEL)
    shown = controlled(data)
    assert shown.filter("duration")
    assert Audit(data).examine(shown)[1] == []


def test_it_is_drawn_titled_and_told(frame):
    data = mirrorbi.open(frame, MODEL)
    facts = data.facts()
    for member in (None, "East"):
        drawn = chart(told(facts, member))
        assert drawn.title_text.startswith("Time to delivery")
        assert drawn.spec["data"]
        assert drawn.alt
    text = narrate(facts, narrator="rules").changed.text
    assert "Time to delivery in June 2023: a median of" in text
    assert "longest for East" in text


def test_a_model_without_durations_is_as_it_was(frame):
    model = {key: part for key, part in MODEL.items() if key != "durations"}
    data = mirrorbi.open(frame, model)
    assert not data.facts().filter("duration")
    assert set(data.model.metrics) == {"orders"}
    assert "durations" not in data.model.model_dump_json(exclude={"durations"})


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"start": "ordered", "end": "delivred"}, "delivred"),
        ({"start": "region", "end": "delivered"}, "which holds text, not dates"),
        ({"start": "ordered"}, "has no key 'end'"),
        ({"start": "ordered", "end": "delivered", "unit": "weeks"}, "weeks"),
        ({"start": "ordered", "end": "delivered", "begin": "ordered"}, "not a known key"),
    ],
)
def test_a_wrong_duration_is_said(frame, part, words):
    with pytest.raises(ModelError, match=words):
        mirrorbi.open(frame, {**MODEL, "durations": {"delivery": part}})


def test_a_duration_has_a_name_of_its_own(frame):
    part = MODEL["durations"]["delivery"]
    with pytest.raises(ModelError, match="has the name of a metric"):
        mirrorbi.open(frame, {**MODEL, "durations": {"orders": part}})


@pytest.mark.parametrize("zone", [None, "America/New_York", "Asia/Tokyo"])
def test_a_change_of_the_clock_adds_nothing(zone):
    times = {
        "opened": ["2025-11-02T05:50Z", "2025-11-02T04:00Z", "2025-03-09T04:00Z"],
        "closed": ["2025-11-02T06:10Z", "2025-11-02T14:00Z", "2025-03-09T14:00Z"],
    }
    data = pd.DataFrame({name: pd.to_datetime(texts, utc=True) for name, texts in times.items()})
    data["case"] = ["a", "b", "c"]
    model = {
        "time": {"column": "opened", **({"timezone": zone} if zone else {})},
        "dimensions": {"case": {}},
        "metrics": {"n": {"agg": "count"}},
        "durations": {"open_for": {"start": "opened", "end": "closed", "unit": "minutes"}},
    }
    ds = mirrorbi.open(data, model)
    query = ds.resolve("open_for", by="case")
    for result in (ds.answer(query), ds.recount(query)):
        assert result.frame["open_for"].tolist() == [20.0, 600.0, 600.0]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_lengths_are_the_same_in_whatever_unit_times_are_kept(unit):
    data = pd.DataFrame(
        {
            "opened": pd.to_datetime(["2025-01-01 08:00", "2025-01-02 00:00"]).astype(
                f"datetime64[{unit}]"
            ),
            "closed": pd.to_datetime(["2025-01-01 09:30", "2025-01-04 00:00"]).astype(
                f"datetime64[{unit}]"
            ),
            "case": ["a", "b"],
        }
    )
    model = {
        "dimensions": {"case": {}},
        "metrics": {"n": {"agg": "count"}},
        "durations": {"open_for": {"start": "opened", "end": "closed", "unit": "hours"}},
    }
    frame = mirrorbi.open(data, model).query("open_for", by="case").frame
    assert frame["open_for"].tolist() == [1.5, 48.0]
