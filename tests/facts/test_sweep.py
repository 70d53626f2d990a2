"""The sweep: definite, deterministic, in few scans, refusing what it cannot answer."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pytest
from scipy.stats import false_discovery_control

import mirrorbi
from mirrorbi.errors import FactError, QueryError
from mirrorbi.facts import KINDS, Fact, FactSet, find_facts


def test_every_kind_that_the_data_can_give_is_there(shop_facts):
    plain = {"value", "share", "rank", "change", "contribution", "mix", "mix_part"}
    quality = {"coverage", "completeness", "missing_periods", "incomplete", "duplicates", "nulls"}
    assert plain | quality <= {fact.kind for fact in shop_facts}


def test_facts_have_distinct_ids_and_come_best_first(shop_facts):
    assert len({fact.id for fact in shop_facts}) == len(shop_facts)
    assert all(0 <= fact.score <= 1 for fact in shop_facts)
    order = [(-fact.score, fact.id) for fact in shop_facts]
    assert order == sorted(order)


def changeable(value: object) -> list[object]:
    """Return the parts of a value that could be changed in place."""
    if is_dataclass(value):
        if not value.__dataclass_params__.frozen:
            return [value]
        return [part for f in fields(value) for part in changeable(getattr(value, f.name))]
    if isinstance(value, tuple | MappingProxyType):
        parts = value.values() if isinstance(value, MappingProxyType) else value
        return [one for part in parts for one in changeable(part)]
    plain = value is None or isinstance(value, str | int | float | Decimal | datetime)
    return [] if plain else [value]


def test_no_part_of_a_fact_can_be_changed_in_place(shop_facts):
    assert changeable(Fact("value", "sales", "Sales", caveats=["small_n"])) == [["small_n"]]
    assert [part for fact in shop_facts for part in changeable(fact)] == []


def test_every_fact_carries_its_proof(shop_facts, shop_model):
    for fact in shop_facts:
        assert fact.method, fact
        assert fact.label, fact
        assert fact.n > 0, fact
        assert fact.estimate in fact.quantities, fact
        assert all(query.id in shop_facts.sql for query in fact.evidence), fact
        if fact.metric in shop_model["metrics"]:
            assert fact.evidence, fact
            assert fact.definition, fact
            named = [*dict(fact.scope), *([fact.terms["by"]] if "by" in fact.terms else [])]
            assert set(named) <= set(dict(fact.labels)), fact
    assert shop_facts.dataset["rows"] == 12000


def test_hidden_metrics_and_personal_columns_are_left_out(shop_facts, shop_model):
    metrics = {fact.metric for fact in shop_facts if fact.kind == "change"}
    dimensions = {dimension for fact in shop_facts for dimension, _ in fact.scope}
    assert metrics == {n for n, m in shop_model["metrics"].items() if not m.get("hidden")}
    assert dimensions == {"region", "product"}


def test_the_request_gives_the_same_facts_again(shop_data, shop_facts):
    again = find_facts(shop_data, **shop_facts.request)
    assert again.to_dict() == shop_facts.to_dict()
    assert shop_facts.request["period"] == "2024-02"


def test_facts_survive_the_way_through_json(shop_facts):
    assert all(Fact.from_dict(fact.to_dict()) == fact for fact in shop_facts)


@pytest.mark.parametrize("threads", [1, 3])
def test_neither_the_order_of_rows_nor_the_number_of_threads_shows(
    shop_frame, shop_facts, shop_model, threads
):
    shuffled = shop_frame.sample(frac=1, random_state=threads).reset_index(drop=True)
    ds = mirrorbi.open(shuffled, model=shop_model)
    ds._table.get_backend().raw_sql(f"SET threads = {threads}")
    found = find_facts(ds)
    assert [f.to_dict() for f in found] == [f.to_dict() for f in shop_facts]


def test_a_sweep_scans_the_data_a_few_times_and_never_per_member(shop_frame, shop_model):
    ds = mirrorbi.open(shop_frame, model=shop_model)
    find_facts(ds, metrics=["orders", "revenue", "paid_rate", "profit", "per_order"])
    assert ds.scans <= 3


def test_the_false_discovery_rate_is_that_of_scipy(shop_data):
    found = find_facts(shop_data, kinds="change")
    tested = [fact for fact in found if fact.p is not None]
    assert found.tests == len(tested) > 100
    assert [f.q for f in tested] == pytest.approx(
        list(false_discovery_control([f.p for f in tested]))
    )


def test_what_may_be_chance_is_no_finding_but_a_change_stays_a_change(shop_data):
    kinds = ("change", "trend", "unusual", "break", "correlation")
    found = find_facts(shop_data, kinds=kinds)
    claims = [fact for fact in found if fact.kind != "change"]
    assert all(fact.q is not None and fact.p <= fact.q <= 0.1 for fact in claims)
    assert any(fact.q > 0.1 for fact in found.filter("change"))
    assert found.tests > sum(1 for fact in found if fact.p is not None)


def test_only_the_kinds_asked_for_come(shop_data):
    assert {f.kind for f in find_facts(shop_data, kinds=["share", "mix"])} == {"share", "mix"}
    assert find_facts(shop_data, kinds=["mix", "share"]).request["kinds"] == ["mix", "share"]


def test_a_filtered_sweep_has_ids_of_its_own_and_says_so(shop_data, shop_facts):
    north = find_facts(shop_data, where={"region": "North"}, kinds="change")
    assert not {f.id for f in north} & {f.id for f in shop_facts}
    assert {f.terms["where"] for f in north} == {"Region: North"}
    assert north.request["where"] == {"region": ["North"]}
    assert all(dimension == "product" for f in north for dimension, _ in f.scope)


def test_without_dimensions_only_the_whole_is_looked_at(shop_data):
    found = find_facts(shop_data, by=[], metrics="orders")
    assert {f.scope for f in found} == {()}


REFUSED = [
    ({"metrics": "revenu"}, "no metric 'revenu'", "Did you mean 'revenue'"),
    ({"metrics": []}, "names no metric", "orders"),
    ({"by": "regio"}, "no dimension 'regio'", "region"),
    ({"where": {"region": "Norht"}}, "no member 'Norht'", "North"),
    ({"grain": "moth"}, "no grain 'moth'", "month"),
    ({"grain": "hour"}, "no grain 'hour'", "Known grains: day"),
    ({"period": "soon"}, "'soon' is not a period", "2013-12"),
    ({"period": "2025-01"}, "no data in 2025-01", "months are 2023-01 to 2024-02"),
    ({"period": "2022-12"}, "no data in 2022-12", "2023-01 to 2024-02"),
    ({"period": "2024-03"}, "2024-03 is not complete", "2023-01 to 2024-02"),
    ({"period": "2024"}, "2024 is not complete", "its one complete year is 2023"),
    ({"compare": "yearago"}, "'yearago' is neither", "'year_ago'"),
    ({"compare": "2022-01"}, "cannot be compared with 2022-01", "2023-01"),
    ({"compare": "2024-02"}, "overlaps", "does not"),
    ({"compare": "year_ago", "period": "2023-06"}, "cannot be compared with 2022-06", "2023-01"),
    ({"compare": "average", "period": "2023-01"}, "no average", "before it"),
]


@pytest.mark.parametrize(("arguments", "what", "hint"), REFUSED)
def test_what_is_not_in_the_data_is_refused_with_what_is(shop_data, arguments, what, hint):
    with pytest.raises(QueryError) as error:
        find_facts(shop_data, **arguments)
    assert what in error.value.what
    assert hint in error.value.hint


def test_an_unknown_kind_is_refused_with_the_nearest(shop_data):
    with pytest.raises(FactError, match=r"no kind of fact 'chnage'. Did you mean 'change'"):
        find_facts(shop_data, kinds=["chnage"])


def sold(**columns):
    return pd.DataFrame(columns)


def test_data_without_time_has_facts_without_periods():
    ds = mirrorbi.open(sold(city=["Rome", "Oslo", "Bern", "Rome", "Riga"] * 20, sales=[1.0] * 100))
    found = find_facts(ds)
    assert {"value", "share", "concentration", "coverage"} <= {f.kind for f in found}
    assert all(fact.period is None for fact in found)
    assert found.request["period"] is None
    with pytest.raises(QueryError, match="no time"):
        find_facts(ds, period="2024-01")


@pytest.mark.parametrize(
    "frame",
    [
        sold(a=[1]),
        sold(a=[None, None, None], b=["x", "y", "z"]),
        sold(day=pd.to_datetime(["2024-01-05"]), sales=[3.0]),
        sold(day=pd.date_range("2024-01-01", periods=400), sales=[2.0] * 400, city=["x"] * 400),
        sold(day=pd.date_range("2024-01-01", periods=90), sales=[-1.0, 2.0, -3.0] * 30),
        sold(day=pd.to_datetime([None, None]), sales=[1.0, 2.0]),
        sold(sales=[float("inf"), 1.0, float("-inf"), float("nan")], city=["a", "b", "a", "b"]),
    ],
    ids=["one", "nulls", "a day", "constant", "negative", "no dates", "infinite"],
)
def test_odd_data_gives_facts_or_none_but_no_failure(frame):
    found = find_facts(mirrorbi.open(frame))
    assert isinstance(found, FactSet)
    assert "coverage" in {fact.kind for fact in found}


def test_a_gap_before_the_period_is_not_taken_for_zero():
    days = pd.date_range("2023-01-01", "2023-12-31").union(
        pd.date_range("2024-02-01", "2024-03-31")
    )
    frame = sold(day=days, city=["Rome", "Oslo"] * (len(days) // 2) + ["Rome"] * (len(days) % 2))
    found = find_facts(mirrorbi.open(frame), period="2024-02")
    assert not found.filter("change", "contribution", "mix")
    assert found.filter("missing_periods")[0]["missing"].value >= 1


def test_a_filter_that_leaves_no_rows_in_the_period_leaves_few_facts(shop_data):
    found = find_facts(shop_data, where={"region": "West"}, period="2023-06")
    assert {fact.kind for fact in found} <= {*KINDS} - {"change", "contribution", "mix", "share"}
    assert "coverage" in {fact.kind for fact in found}


def test_hundred_members_share_one_query_per_dimension(shop_facts):
    queries = {query.id for fact in shop_facts for query in fact.evidence}
    assert len(queries) <= 6


@pytest.fixture(scope="module")
def flights():
    return find_facts(mirrorbi.open(Path(__file__).parents[2] / "notebooks/data/flights.parquet"))


def test_on_time_rate_of_the_demo_data(flights):
    change = next(f for f in flights.filter("change", metric="on_time_rate") if not f.scope)
    assert f"{change['value'].value:.4f}" == "0.6472"
    assert f"{change['base'].value:.4f}" == "0.8175"
    assert f"{change['delta'].value:.4f}" == "-0.1703"
    assert change["delta"].unit == "pp"
    assert (change.direction, change.good, str(change.baseline)) == ("down", False, "2013-11")
    assert change.interval is not None
    assert change.interval.low < change["delta"].value < change.interval.high


def test_skywest_vanishes_from_the_demo_data_as_mix_only(flights):
    mix = next(
        f for f in flights.filter("mix", metric="on_time_rate") if f.terms["by"] == "airline"
    )
    line = next(row for row in mix.table.rows if row[0].startswith("SkyWest"))
    assert line[2] == 0
    assert line[1] != 0
    assert line[6] is None
    assert sum((r[1] + r[2] for r in mix.table.rows), Decimal(0)) == mix["delta"].value


def test_kinds_are_listed_once():
    assert len(KINDS) == len(set(KINDS))
