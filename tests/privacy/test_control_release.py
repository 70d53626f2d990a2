"""What is released of a sweep, and how it says what it kept back."""

import numpy as np
import pandas as pd
import pytest

import mirrorbi
from mirrorbi.errors import RefusedError
from mirrorbi.facts import FactSet, find_facts
from mirrorbi.facts.sweep.request import definite
from mirrorbi.facts.sweep.sweep_dataset import SweepDataset
from mirrorbi.privacy.disclosure_control import controlled, release
from mirrorbi.privacy.disclosure_control.guard import Guard
from mirrorbi.privacy.policy import Policy

KINDS = ["values", "change", "contributions", "concentration", "withheld"]
METRICS = {
    "orders": {"agg": "count"},
    "revenue": {"agg": "sum", "column": "amount"},
    "largest": {"agg": "max", "column": "amount"},
}


def shop(sizes, entity=None, **amounts):
    """Return two months of orders: so many a month of each region, each by another client."""
    rows = [
        (month + pd.Timedelta(days=i % 28), region, f"{region} {i}", amounts.get(region, [5.0])[
            i % len(amounts.get(region, [5.0]))])
        for month in pd.date_range("2023-01-01", periods=2, freq="MS")
        for region, count in sizes.items()
        for i in range(count)
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["day", "region", "client", "amount"])
    model = {
        "dataset": {"name": "shop", "entity": entity},
        "time": {"column": "day", "complete_through": "2023-02-28", "grains": ["month"]},
        "dimensions": {"region": {}, "client": {"privacy": "personal"}},
        "metrics": METRICS,
    }
    return mirrorbi.open(frame, model)


def members(facts, kind="share", metric="orders"):
    """Return the members in the table of a kind of facts."""
    found = next(f for f in facts if f.kind == kind and f.metric == metric and f.table)
    return {line[0]: line[1] for line in found.table.rows}


def test_the_guard_answers_what_a_sweep_asks_and_nothing_else():
    data = shop({"north": 40, "south": 30})
    guard = Guard(data, Policy(), definite(data))
    asked = {name for name in vars(SweepDataset) if not name.startswith("_")}
    own = {"dataset", "rules", "context", "plans", "check", "resolve"}
    assert {name for name in dir(guard) if not name.startswith("_")} == asked | own
    assert not hasattr(guard, "query")
    assert not hasattr(guard, "_opened")


def test_small_members_are_put_together_and_pass_together():
    facts = controlled(shop({"north": 40, "south": 30, "east": 7, "west": 6}), kinds=KINDS)
    assert members(facts) == {"north": 40, "south": 30, "Other": 13}


def test_what_is_too_small_even_together_takes_the_smallest_neighbour_in():
    facts = controlled(shop({"north": 40, "south": 30, "east": 20, "west": 3}), kinds=KINDS)
    assert members(facts) == {"north": 40, "south": 30, "Other": 23}
    why = {one.rule for one in facts.withheld}
    assert {"min_entities", "complement"} <= why


def test_nothing_is_said_of_a_member_that_is_not_shown():
    data = shop({"north": 40, "south": 30, "east": 20, "west": 3})
    facts = controlled(data)
    told = {member for f in facts for _, member in f.scope}
    assert told <= {"north", "south"}
    assert "west" in {member for f in find_facts(data) for _, member in f.scope}


def test_a_client_that_holds_nearly_all_is_not_shown_by_the_sum_of_its_region():
    amounts = {"north": [500.0], "south": [500.0], "east": [5000.0] + [1.0] * 19}
    sizes = {"north": 40, "south": 30, "east": 20}
    facts = controlled(shop(sizes, "client", **amounts), kinds=KINDS)
    assert "east" not in members(facts, metric="revenue")
    assert "dominance" in {one.rule for one in facts.withheld}
    free = controlled(shop(sizes, "client"), kinds=KINDS)
    assert "east" in members(free, metric="revenue")


def test_the_second_largest_may_not_compute_the_largest():
    # Dominance is switched off; the rest is under a tenth of the largest.
    amounts = {"north": [500.0], "south": [500.0], "east": [1000.0, 60.0] + [5.0] * 18}
    policy = Policy(dominance=1.0, p_ratio=0.10)
    sizes = {"north": 40, "south": 30, "east": 20}
    facts = controlled(shop(sizes, "client", **amounts), policy, kinds=KINDS)
    assert "east" not in members(facts, metric="revenue")
    assert "p_ratio" in {one.rule for one in facts.withheld}


def test_rows_of_one_client_are_one_client():
    frame = shop({"north": 40, "south": 30})._table.to_pandas()
    frame.loc[frame["region"] == "south", "client"] = "one and the same"
    model = {
        "dataset": {"name": "shop", "entity": "client"},
        "time": {"column": "day", "complete_through": "2023-02-28", "grains": ["month"]},
        "dimensions": {"region": {}},
        "metrics": {"orders": {"agg": "count"}},
    }
    facts = controlled(mirrorbi.open(frame, model), kinds=KINDS)
    assert not [f for f in facts if f.kind == "share"]


def test_personal_columns_and_single_records_are_refused_by_name():
    data = shop({"north": 40, "south": 30})
    with pytest.raises(RefusedError, match="client"):
        data.facts(by="client")
    with pytest.raises(RefusedError, match="client"):
        data.facts(where={"client": "north 1"})
    with pytest.raises(RefusedError, match="largest"):
        data.facts(metrics="largest")
    assert "largest" not in {f.metric for f in data.facts(kinds=KINDS)}
    assert data.facts(by="client", kinds=KINDS, control=False).policy == ""


def test_a_release_says_what_it_kept_back_and_can_be_found_again():
    data = shop({"north": 40, "south": 30, "east": 20, "west": 3})
    facts = data.facts(kinds=KINDS)
    said = next(f for f in facts if f.kind == "withheld")
    assert said["least"].value == 10
    assert said["cells"].value == sum(one.cells for one in facts.withheld) > 0
    assert facts.policy == facts.sweep()["policy"] != ""
    again = data.facts(**facts.request)
    assert [f.to_dict() for f in again] == [f.to_dict() for f in facts]


def test_facts_about_the_data_alone_count_the_same_cells_when_they_are_found_again():
    data = shop({"north": 4, "south": 3})
    first = controlled(data, kinds="quality")
    told = next(f for f in first if f.kind == "withheld")
    request = {name: value for name, value in first.request.items() if name != "control"}
    again = controlled(data, **request)
    assert next(f for f in again if f.kind == "withheld") == told
    every = next(f for f in controlled(data) if f.kind == "withheld")
    assert every["cells"].value > told["cells"].value


def test_raw_facts_are_found_again_of_what_may_be_shown():
    data = shop({"north": 40, "south": 30, "east": 20, "west": 3})
    raw = find_facts(data, kinds=KINDS)
    facts = release(raw, data)
    assert "west" not in members(facts)
    assert release(facts, data) is facts
    with pytest.raises(RefusedError, match="how they were found"):
        release(FactSet(list(raw), origin=data), data)


def test_old_small_months_are_gaps_and_not_zeros():
    rng = np.random.default_rng(1)
    days = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 365, 4000), "D")
    region = rng.choice(["north", "south", "east"], 4000)
    early = (region == "east") & (days < "2023-04-01") & (rng.random(4000) < 0.97)
    frame = pd.DataFrame({"day": days, "region": region})[~early]
    model = {
        "time": {"column": "day", "complete_through": "2023-12-31"},
        "dimensions": {"region": {}},
        "metrics": {"orders": {"agg": "count"}},
    }
    facts = controlled(mirrorbi.open(frame, model), kinds=["change"])
    tables = {f.scope[0][1]: f.table for f in facts if f.scope}
    assert tables["east"].column("value")[:3] == [None, None, None]
    gaps = [sum(t.column("value")[i] is None for t in tables.values()) for i in range(3)]
    assert min(gaps) >= 2
    assert None not in tables["east"].column("value")[3:]
