"""Figures counted twice: by the cube, and by the engine on the data itself."""

import pandas as pd
import pytest

import mirrorbi
from mirrorbi.narrative.writer.recount import recount

MODEL = {
    "dataset": {"name": "stores"},
    "time": {"column": "day"},
    "dimensions": {"store": {}},
    "metrics": {
        "sales": {"agg": "sum", "column": "amount"},
        "mean": {"agg": "avg", "column": "amount"},
        "stock": {
            "agg": "sum",
            "column": "pieces",
            "additivity": {"non_additive": {"over": "time", "take": "last"}},
        },
        "per_piece": {"type": "ratio", "numerator": "sales", "denominator": "stock"},
    },
}


@pytest.fixture(scope="module")
def stores():
    days = pd.date_range("2024-01-01", "2024-05-31")
    lines = [
        # The south was not counted on the last day of a month; the west never sold anything.
        (day, store, None if store == "west" else 10.0 + i % 7, pieces + i % 11)
        for i, day in enumerate(days)
        for store, pieces in (("north", 500), ("south", 300), ("west", 200))
        if store != "south" or (day + pd.Timedelta(days=1)).day != 1
    ]
    return mirrorbi.open(pd.DataFrame(lines, columns=["day", "store", "amount", "pieces"]), MODEL)


def test_the_cube_and_the_engine_say_the_same_of_every_fact(stores):
    facts = stores.facts(control=False, kinds=["value", "change", "extreme", "rank"])
    recounts = [again for fact in facts for again in recount(fact, stores)]
    assert {fact.metric for fact in facts} == set(MODEL["metrics"])
    assert len(recounts) > 10
    assert [again.reason for again in recounts if not again.same] == []
    assert any(fact.scope and fact.metric == "stock" for fact in facts)


def test_a_figure_that_the_data_does_not_give_is_found(stores):
    (fact,) = stores.facts(control=False, metrics="sales", by=[], kinds=["value"])
    value = fact.quantities["value"]
    wrong = value._replace(value=value.value + 1)
    (again,) = recount(fact.replace(quantities={**fact.quantities, "value": wrong}), stores)
    assert not again.same
    assert "by the cube" in again.reason
