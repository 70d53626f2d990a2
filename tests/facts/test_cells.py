"""Cells: what the engine says of each member and period, as facts."""

from __future__ import annotations

import pandas as pd
import pytest

from mirrorbi.facts import find_facts
from mirrorbi.facts.families.cells import MEMBERS


def test_each_member_has_the_value_that_the_rows_give(shop_data, shop_frame):
    found = find_facts(shop_data, metrics="orders", by="region", kinds="cell")
    month = shop_frame[shop_frame["day"].dt.strftime("%Y-%m") == str(found[0].period)]
    wanted = month["region"].fillna("(missing)").value_counts().to_dict()
    assert {dict(fact.scope)["region"]: int(fact["value"].value) for fact in found} == wanted
    assert all(fact.n == fact["value"].value for fact in found)


def test_without_dimensions_each_period_has_its_value(shop_data, shop_frame):
    found = find_facts(shop_data, metrics="revenue", by=[], kinds="cell")
    sums = shop_frame.groupby(shop_frame["day"].dt.strftime("%Y-%m"))["amount"].sum()
    assert len(found) == 14
    for fact in found:
        assert float(fact["value"].value) == pytest.approx(sums[str(fact.period)])
        assert fact["value"].unit == "currency:EUR"


def test_only_the_members_with_most_rows_are_told():
    import mirrorbi

    frame = pd.DataFrame({"town": [f"T{i:02d}" for i in range(40) for _ in range(i + 1)]})
    found = find_facts(mirrorbi.open(frame), kinds="cell", by="town")
    assert len({fact.scope for fact in found}) == MEMBERS
    assert ("town", "T39") in {fact.scope[0] for fact in found}
    assert ("town", "T00") not in {fact.scope[0] for fact in found}


def test_a_sweep_tells_none_unless_asked_and_finds_them_again(shop_data):
    found = find_facts(shop_data, metrics="orders", by="region", kinds="cell")
    assert [f.id for f in find_facts(shop_data, **found.request)] == [f.id for f in found]
    assert not find_facts(shop_data, metrics="orders").filter("cell")
