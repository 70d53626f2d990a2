"""An attacker with every published fact, who solves for the cells that are not shown."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mirrorbi
from mirrorbi.errors import MirrorBIError
from mirrorbi.facts import find_facts
from mirrorbi.privacy.disclosure_control import Audit, controlled
from mirrorbi.privacy.policy import Policy

_spec = importlib.util.spec_from_file_location("attacker", Path(__file__).parent / "attacker.py")
attacker = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(attacker)

LEAST = 5
POLICY = Policy(min_entities=LEAST)
MODEL = {
    "dataset": {"name": "shop"},
    "time": {"column": "day"},
    "dimensions": {"a": {}, "b": {}},
    "metrics": {
        "orders": {"agg": "count"},
        "amount": {"agg": "sum", "column": "x"},
        "mean": {"agg": "avg", "column": "x"},
        "middle": {"agg": "median", "column": "x"},
        "large": {"agg": "count", "filter": "x > 10", "hidden": True},
        "rate": {"type": "ratio", "numerator": "large", "denominator": "orders"},
    },
}
KINDS = ["values", "change", "contributions", "mix", "concentration", "cell", "coverage"]
"""What states counts; the tests that simulate take long and draw the same series."""

SLOW = settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def table(seed, rows, nested=False, persons=False):
    """Return a few months of orders of uneven members, and the model of them."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(5, 0.7))
    a = rng.choice([f"a{i}" for i in range(5)], rows, p=weights)
    b = rng.choice(["b0", "b1", "b2"], rows, p=rng.dirichlet(np.full(3, 0.7)))
    if nested:
        b = np.array([f"b{int(name[1:]) // 2}" for name in a])
    frame = pd.DataFrame(
        {
            "day": pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 151, rows), "D"),
            "a": a,
            "b": b,
            "x": rng.gamma(1, 10, rows),
        }
    )
    # From the first day to the last, so that every month is complete.
    frame.loc[[0, 1], "day"] = [pd.Timestamp("2023-01-01"), pd.Timestamp("2023-05-31")]
    if not persons:
        return frame, MODEL
    people = rng.integers(0, 25, rows).astype(str)
    return frame.assign(who=people), {**MODEL, "dataset": {"name": "shop", "entity": "who"}}


def solved(frame, model, *sets):
    """Return the cells too small to be shown that follow from sets of facts."""
    one = attacker.Attacker(frame, ["a", "b"], model["dataset"].get("entity"))
    for facts, where in sets:
        one.read(facts, where=where)
    return one.solved(LEAST)


@SLOW
@given(
    seed=st.integers(0, 10**6),
    rows=st.integers(20, 260),
    nested=st.booleans(),
    persons=st.booleans(),
    compare=st.sampled_from(["previous", "average"]),
)
def test_no_small_cell_follows_from_the_facts_of_a_sweep(seed, rows, nested, persons, compare):
    frame, model = table(seed, rows, nested, persons)
    facts = controlled(mirrorbi.open(frame, model), POLICY, compare=compare, kinds=KINDS)
    assert solved(frame, model, (facts, {})) == []


@SLOW
@given(
    seed=st.integers(0, 10**6),
    rows=st.integers(60, 300),
    nested=st.booleans(),
    period=st.sampled_from(["2023-01/2023-05", "2023-01/2023-03"]),
)
def test_months_and_the_longer_period_of_them_give_no_small_cell_away(seed, rows, nested, period):
    frame, model = table(seed, rows, nested)
    data = mirrorbi.open(frame, model)
    facts = controlled(data, POLICY, period=period, grain="month", kinds=KINDS)
    assert solved(frame, model, (facts, {})) == []


def test_the_attacker_succeeds_where_nothing_is_held_back():
    found = 0
    for seed in range(4):
        frame, model = table(seed, 120, nested=bool(seed % 2))
        data = mirrorbi.open(frame, model)
        found += bool(solved(frame, model, (find_facts(data, kinds=KINDS), {})))
    assert found == 4


def test_much_is_still_said():
    frame, model = table(3, 3000)
    data = mirrorbi.open(frame, model)
    raw, facts = find_facts(data, kinds=KINDS), controlled(data, POLICY, kinds=KINDS)
    assert len(facts) > 0.8 * len(raw)


@SLOW
@given(seed=st.integers(0, 10**6), rows=st.integers(60, 260), nested=st.booleans())
def test_the_same_data_gives_the_same_release(seed, rows, nested):
    frame, model = table(seed, rows, nested)
    one, other = (controlled(mirrorbi.open(frame, model), POLICY, kinds=KINDS) for _ in range(2))
    assert one.to_dict() == other.to_dict()
    assert one.withheld == other.withheld


@SLOW
@given(seed=st.integers(0, 10**6), rows=st.integers(60, 260), member=st.sampled_from(["b0", "b1"]))
def test_a_filter_leaves_nothing_behind_that_is_too_small(seed, rows, member):
    frame, model = table(seed, rows)
    data = mirrorbi.open(frame, model)
    if member not in data.members("b"):
        return
    whole = controlled(data, POLICY, kinds=KINDS)
    part = controlled(data, POLICY, where={"b": member}, by="a", kinds=KINDS)
    assert solved(frame, model, (whole, {}), (part, {"b": member})) == []


@SLOW
@given(seed=st.integers(0, 10**6), rows=st.integers(60, 260), nested=st.booleans())
def test_questions_of_one_conversation_give_no_small_cell_away(seed, rows, nested):
    frame, model = table(seed, rows, nested)
    data = mirrorbi.open(frame, model)
    audit, told = Audit(data, POLICY), []
    rng = np.random.default_rng(seed)
    for _ in range(3):
        first, last = sorted(rng.integers(1, 6, 2).tolist())
        asked = {"period": f"2023-{first:02d}-01/2023-{last:02d}-28", "grain": "month"}
        if rng.random() < 0.7:
            dimension = str(rng.choice(["a", "b"]))
            asked["where"] = {dimension: [str(rng.choice(data.members(dimension)))]}
        try:
            facts = controlled(data, POLICY, kinds=KINDS, **asked)
        except MirrorBIError:
            continue
        told.append((audit.admit(facts), asked.get("where", {})))
    assert solved(frame, model, *told) == []


@pytest.mark.parametrize("nested", [False, True])
def test_no_hidden_cell_of_a_sweep_is_pinned_by_what_cannot_be_negative(nested):
    for seed in range(3):
        frame, model = table(seed, 150, nested)
        facts = controlled(mirrorbi.open(frame, model), POLICY, kinds=KINDS)
        one = attacker.Attacker(frame, ["a", "b"])
        one.read(facts)
        for scope, slots in list(one.unsafe(LEAST))[:40]:
            low, high = one.narrowed(scope, slots)
            assert high - low > 1, (seed, scope, slots, low, high)
