"""Which cells a fact speaks of: all of them are audited, and no other kind or table passes."""

from __future__ import annotations

import copy

import pandas as pd
import pytest

import mirrorbi
from mirrorbi.data.periods import Period
from mirrorbi.data.query import MISSING, Query
from mirrorbi.errors import UnauditedError
from mirrorbi.facts import Fact, Quantity, Table, exact, find_facts
from mirrorbi.privacy.disclosure_control import controlled
from mirrorbi.privacy.disclosure_control.audit import Audit
from mirrorbi.privacy.disclosure_control.statements import ALL_DATA, Statement, statements
from mirrorbi.privacy.policy import Policy

MODEL = {
    "time": {"column": "day", "complete_through": "2023-02-28", "grains": ["month"]},
    "dimensions": {"region": {}},
    "metrics": {"orders": {"agg": "count"}},
}
JANUARY, FEBRUARY = (
    Period(p.start, p.end, None) for p in map(Period.parse, ["2023-01", "2023-02"])
)


def shop(*counts, model=MODEL):
    """Return orders: (month, region, rows) each."""
    rows = [
        (pd.Timestamp(f"2023-{month:02d}-01") + pd.Timedelta(days=i % 28), region, i % 3 == 0)
        for month, region, count in counts
        for i in range(count)
    ]
    return mirrorbi.open(pd.DataFrame(rows, columns=["day", "region", "paid"]), model)


def fact_of(kind, table=None, **parts):
    """Return a fact as somebody could make it by hand."""
    values = {
        "quantities": {"value": Quantity.of(1, "count")},
        "period": Period.parse("2023-02"),
        "evidence": (Query.of("orders"),),
    }
    return Fact(kind, "orders", "Orders", table=table, **{**values, **parts})


def regions(*columns, head="region"):
    cells = tuple(exact(20 + i) for i in range(len(columns)))
    units = tuple((name, "count") for name in columns)
    return Table(((head, "text"), *units), (("north", *cells), ("south", *cells)))


@pytest.fixture(scope="module")
def data():
    return shop((1, "north", 40), (1, "south", 30), (2, "north", 40), (2, "south", 30))


def test_a_kind_that_is_not_registered_is_refused(data):
    with pytest.raises(UnauditedError, match="which is not registered") as error:
        Audit(data).examine([fact_of("shares")])
    assert error.value.kind == "shares"
    assert "Did you mean 'share'?" in str(error.value)
    assert copy.deepcopy(error.value).kind == "shares"


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        ("cell", regions("value", "share")),
        ("share", regions("value", "share", "rows")),
        ("share", regions("value")),
        ("share", regions("value", "share", head="product")),
        ("completeness", regions("type", "nulls", "share", "distinct")),
        ("share", Table((("region", "period"), ("value", "count"), ("share", "percent")), ())),
        ("value", regions("value", "complete")),
    ],
)
def test_a_table_that_its_kind_does_not_declare_is_refused(data, kind, table):
    with pytest.raises(UnauditedError, match="not those of its kind") as error:
        Audit(data).examine([fact_of(kind, table, terms={"by": "region"})])
    assert error.value.columns == tuple(name for name, _ in table.columns)


def test_a_table_as_declared_passes(data):
    table = regions("value", "share")
    assert Audit(data).examine([fact_of("share", table, terms={"by": "region"})])[1] == []


def test_a_distribution_over_members_speaks_of_each_of_them():
    data = shop(*((2, f"region {i}", 20 + i) for i in range(6)))
    (fact,) = find_facts(data, metrics="orders", by="region", kinds="distribution")
    told = statements(fact, data.model)
    assert told == {
        Statement((), FEBRUARY),
        *(Statement((("region", (f"region {i}",)),), FEBRUARY) for i in range(6)),
    }


def test_a_distribution_over_time_speaks_of_each_step_and_not_of_the_stretch():
    months = pd.period_range("2022-03", "2023-02", freq="M")
    frame = pd.DataFrame(
        [(m.start_time, "north", True) for i, m in enumerate(months) for _ in range(40 + i)],
        columns=["day", "region", "paid"],
    )
    data = mirrorbi.open(frame, MODEL)
    (fact,) = find_facts(data, metrics="orders", by=[], kinds="distribution")
    told = statements(fact, data.model)
    assert told == {
        Statement(
            (), Period(m.start_time.to_pydatetime(), (m + 1).start_time.to_pydatetime(), None)
        )
        for m in months
    }


def test_a_line_of_two_metrics_is_told_by_either_of_them():
    columns = (("period", "period"), ("value", "count"), ("other", "count"))
    lines = (("2023-01", None, exact(4)), ("2023-02", exact(3), None), ("2023-03", None, None))
    told = statements(fact_of("correlation", Table(columns, lines)), mirror_model())
    assert told == {Statement((), JANUARY), Statement((), FEBRUARY)}


def test_a_line_that_holds_no_observation_is_not_told():
    columns = (("period", "period"), ("value", "count"), ("complete", "text"))
    bounds = tuple((name, "count") for name in ("forecast", "low", "high"))
    lines = (
        ("2023-02", exact(3), True, None, None, None),
        ("2023-03", None, False, exact(4), exact(2), exact(6)),
    )
    told = statements(fact_of("forecast", Table((*columns, *bounds), lines)), mirror_model())
    assert told == {Statement((), FEBRUARY)}


def test_the_rows_without_a_value_are_those_of_a_member():
    data = shop((1, "north", 40), (1, None, 30), (2, "north", 40), (2, None, 13))
    told = Statement((("region", (MISSING,)),), None)
    facts = find_facts(data, kinds=["nulls", "completeness"])
    assert [told in statements(fact, data.model) for fact in facts] == [True, True]


def test_empty_cells_of_a_column_do_not_give_a_small_month_away():
    data = shop((1, "north", 40), (1, None, 30), (2, "north", 40), (2, None, 4))
    january = controlled(data, metrics="orders", by="region", period="2023-01", kinds="share")
    assert {fact.scope for fact in january} == {(("region", "north"),), (("region", MISSING),)}
    quality = controlled(data, kinds=["nulls", "completeness"])
    assert {fact.kind for fact in quality} >= {"nulls", "completeness"}
    audit = Audit(data)
    audit.examine(january)
    _, refused = audit.examine([f for f in quality if f.kind != "withheld"])
    assert {fact.kind for fact in refused} == {"nulls", "completeness"}


def test_few_rows_without_a_value_are_not_counted():
    counts = ((1, "north", 40), (2, "north", 40))
    few = controlled(shop(*counts, (2, None, 4)), kinds=["nulls", "completeness", "withheld"])
    assert {fact.kind for fact in few} <= {"withheld"}
    assert ("min_entities", "rows without Region") in {(w.rule, w.what) for w in few.withheld}
    many = controlled(shop(*counts, (2, None, 14)), kinds=["nulls", "completeness"])
    assert {"nulls", "completeness"} <= {fact.kind for fact in many}


def test_missing_periods_count_all_rows():
    data = shop((1, "north", 40), (2, "north", 40))
    (fact,) = find_facts(data, kinds="missing_periods")
    assert fact.n == data.rows
    assert ALL_DATA in statements(fact, data.model)
    policy = Policy(min_entities=100)
    assert not controlled(data, policy, kinds="missing_periods").filter("missing_periods")


def test_an_unfinished_period_of_few_rows_does_not_say_how_few():
    model = {**MODEL, "time": {"column": "day", "complete_through": "2023-02-28"}}
    for count, n in ((4, 0), (14, 14)):
        data = shop((1, "north", 40), (2, "north", 40), (3, "north", count), model=model)
        (fact,) = controlled(data, grain="month", kinds="incomplete").filter("incomplete")
        assert (fact.n, fact["days"].value) == (n, count)


def mirror_model():
    return shop((1, "north", 1)).model
