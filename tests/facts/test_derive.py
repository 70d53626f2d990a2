from decimal import Decimal

import pytest

from mirrorbi.data.model.semantic_model import Model
from mirrorbi.data.periods import Period
from mirrorbi.errors import FactError
from mirrorbi.facts.derive import derive, derive_again, parents_of
from mirrorbi.facts.fact import Fact, Quantity

MODEL = Model.model_validate(
    {
        "dimensions": {"city": {"name": "city"}, "shop": {"name": "shop"}},
        "metrics": {
            "sales": {"name": "sales", "agg": "sum", "column": "sales"},
            "orders": {"name": "orders", "agg": "count"},
            "price": {
                "name": "price",
                "type": "ratio",
                "numerator": "sales",
                "denominator": "orders",
            },
            "people": {"name": "people", "agg": "count_distinct", "column": "who"},
        },
    }
)


def metrics(name):
    return MODEL.metrics[name]


def value(amount, city=None, *, metric="sales", unit="currency:EUR", period="2023-12", **more):
    return Fact(
        "value",
        metric,
        metric.capitalize(),
        scope=(("city", city),) if city else (),
        period=Period.parse(period),
        quantities={"value": Quantity.of(amount, unit)},
        n=10,
        **more,
    )


ROME, OSLO, ALL = value(30, "Rome"), value(12, "Oslo"), value(60)


def test_each_operation_gives_its_figure_in_its_unit():
    assert derive("diff", [ROME, OSLO])["diff"] == Quantity(Decimal(18), "currency:EUR")
    assert derive("ratio", [ROME, OSLO])["ratio"] == Quantity(Decimal("2.5"), "number", 1)
    assert derive("pct_change", [ROME, OSLO])["pct_change"] == Quantity(Decimal("1.5"), "percent")
    assert derive("share", [ROME, ALL], metrics=metrics)["share"].value == Decimal("0.5")
    assert derive("sum", [ROME, OSLO], metrics=metrics)["sum"].value == 42
    assert derive("rank", [OSLO, ROME])["rank"].value == 2


def test_a_difference_of_percentages_is_in_points():
    a, b = (value(v, metric="price", unit="percent") for v in (0.5, 0.25))
    assert derive("diff", [a, b])["diff"].unit == "pp"


@pytest.mark.parametrize(
    ("op", "facts", "said"),
    [
        ("mean", [ROME, OSLO], "no operation"),
        ("diff", [ROME], "two facts"),
        ("diff", [ROME, OSLO, ALL], "two facts"),
        ("diff", [ROME, value(3, "Oslo", unit="count")], "is no figure"),
        ("pct_change", [value(0.5, unit="percent"), value(0.4, unit="percent")], "says nothing"),
        ("ratio", [ROME, value(0, "Oslo")], "no meaning"),
        ("ratio", [ROME, value(-3, "Oslo")], "no meaning"),
        ("share", [ROME, OSLO], "part and the whole"),
        ("share", [ALL, ROME], "part and the whole"),
        ("share", [value(70, "Rome"), ALL], "more than the whole"),
        ("sum", [ROME, ROME], "overlap"),
        ("sum", [ROME, ALL], "overlap"),
        ("sum", [ROME, value(12, "Oslo", period="2023-11")], "one period"),
        ("sum", [ROME, value(12, "Oslo", metric="orders")], "one metric"),
        ("sum", [value(v, c, metric="price") for v, c in ((1, "R"), (2, "O"))], "not the sum"),
        ("sum", [value(v, c, metric="people") for v, c in ((1, "R"), (2, "O"))], "not the sum"),
        ("sum", [value(v, c, unit="percent") for v, c in ((0.1, "Rome"), (0.2, "Oslo"))], "add up"),
    ],
)  # fmt: skip
def test_what_has_no_meaning_is_refused(op, facts, said):
    with pytest.raises(FactError, match=said):
        derive(op, facts, metrics=metrics)


def test_without_the_model_nothing_is_summed():
    with pytest.raises(FactError, match="not the sum"):
        derive("sum", [ROME, OSLO])


def test_lineage_is_kept_and_the_fact_can_be_had_again():
    fact = derive("sum", [ROME, OSLO], metrics=metrics)
    assert parents_of(fact) == ([ROME.id, OSLO.id], ["value", "value"])
    assert fact.scope == (("city", "Rome and Oslo"),)
    known = {f.id: f for f in (ROME, OSLO)}
    assert derive_again(fact, known, metrics) == fact
    changed = {**known, OSLO.id: value(13, "Oslo")}
    again = derive_again(fact, changed, metrics)
    assert (again.id, again["sum"].value) == (fact.id, 43)
    assert derive_again(fact, {ROME.id: ROME}, metrics) is None


def test_over_time_there_is_a_baseline_and_a_verdict():
    before = value(20, "Rome", period="2023-11", better="up")
    fact = derive("pct_change", [value(30, "Rome", better="up"), before])
    assert (fact.direction, str(fact.baseline), fact.good) == ("up", "2023-11", True)


def test_a_gap_between_members_is_no_verdict():
    fact = derive("diff", [value(30, "Rome", better="up"), value(12, "Oslo", better="up")])
    assert fact.good is None
    assert fact.terms["other"] == "Oslo"
