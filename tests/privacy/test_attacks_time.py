"""Attacks by time: every grain, and grains laid over each other, until few are left between.

What is judged is what an attacker computes (`clockwork.Clockwork`: its own equations, its own
linear algebra, the true counts) from reports, and from the bytes that a server received.
"""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mirrorbi
from mirrorbi.bedrock.client import Claude
from mirrorbi.bedrock.request import Request, instruction
from mirrorbi.errors import MirrorBIError
from mirrorbi.privacy.gate import Gate
from mirrorbi.privacy.ledger import FileLedger
from mirrorbi.privacy.policy import policy_for
from mirrorbi.settings import ClaudeSettings

_spec = importlib.util.spec_from_file_location("clockwork", Path(__file__).parent / "clockwork.py")
clockwork = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(clockwork)

pytestmark = pytest.mark.slow

LEAST = 5
KINDS = ["values", "change", "contributions", "mix", "concentration", "cell", "coverage"]
CALENDARS = {
    "ISO": {},
    "fiscal": {"week_start": "sunday", "fiscal_year_start": 4},
}


def shop(seed, rows, days=120, hours=False, persons=False, calendar="ISO"):
    """Return orders of uneven regions and sites, many of them small at every grain."""
    rng = np.random.default_rng(seed)
    day = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, days, rows), "D")
    if hours:
        day = day + pd.to_timedelta(rng.choice([8, 9, 12, 20], rows, p=[0.5, 0.3, 0.17, 0.03]), "h")
    frame = pd.DataFrame(
        {
            "day": day,
            "region": rng.choice(
                ["North", "South", "East", "West"], rows, p=rng.dirichlet(np.full(4, 0.8))
            ),
            "site": rng.choice(["Quay", "Hill", "Dock"], rows, p=rng.dirichlet(np.full(3, 0.8))),
            "who": rng.integers(0, 40, rows).astype(str),
        }
    )
    last = pd.Timestamp("2023-01-01") + pd.Timedelta(days=days - 1)
    frame.loc[[0, 1], "day"] = [pd.Timestamp("2023-01-01"), last]
    model = {
        "dataset": {"name": "shop", **({"entity": "who"} if persons else {})},
        "time": {
            "column": "day",
            "grains": [*(["hour"] if hours else []), "day", "week", "month", "quarter", "year"],
            "complete_through": str(last.date()),
            **CALENDARS[calendar],
        },
        "dimensions": {"region": {}, "site": {}},
        "metrics": {"orders": {"agg": "count", "label": "orders"}},
        "privacy": {"narrators": ["rules", "claude"], "min_entities": LEAST},
    }
    return frame, model


def attacker_of(frame, model, data):
    entity = model["dataset"].get("entity")
    return clockwork.Clockwork(frame, ["region", "site"], entity, data.calendar)


def computed(attacker):
    """Return every cell of few that follows from what was learned, or is all but known."""
    return [*attacker.solved(LEAST), *attacker.pinned(LEAST)]


GRAINS = [
    *((grain, calendar) for grain in ("day", "week", "month") for calendar in CALENDARS),
    ("hour", "ISO"),
    ("quarter", "fiscal"),
    ("year", "fiscal"),
]


@pytest.mark.parametrize(("grain", "calendar"), GRAINS)
def test_no_report_of_any_grain_gives_few_away(grain, calendar):
    few = {"hour": 4, "day": 12}.get(grain, 400 if grain in ("quarter", "year") else 120)
    for seed in (3, 4):
        persons = bool(seed % 2)
        frame, model = shop(seed, 150, few, grain == "hour", persons, calendar)
        data = mirrorbi.open(frame, model)
        attacker = attacker_of(frame, model, data)
        attacker.read(clockwork.as_sent(data.facts(grain=grain, kinds=KINDS)))
        assert computed(attacker) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"period": "2023-02", "grain": "week"},
        {"period": "2023-02-01/2023-02-27", "grain": "month"},
        {"period": "2023-02-06/2023-03-26", "grain": "week", "compare": "2023-01"},
        {"period": "2023-Q1", "grain": "month"},
        {"period": "2023-03", "grain": "day"},
    ],
    ids=str,
)
def test_no_report_of_a_period_beside_its_steps_gives_few_away(asked):
    frame, model = shop(5, 160)
    data = mirrorbi.open(frame, model)
    attacker = attacker_of(frame, model, data)
    attacker.read(clockwork.as_sent(data.facts(kinds=KINDS, **asked)))
    assert attacker.told
    assert computed(attacker) == []


@pytest.mark.parametrize("grain", ["day", "month"])
def test_the_rows_of_all_data_do_not_give_the_last_few_away(grain):
    """All rows less those of every complete step: the two that came after."""
    frame, model = shop(4, 400, 12 if grain == "day" else 120)
    late = frame.head(2).assign(day=frame["day"].max() + pd.Timedelta(days=1))
    frame = pd.concat([frame, late], ignore_index=True)
    data = mirrorbi.open(frame, model)
    for control in (True, False):
        attacker = attacker_of(frame, model, data)
        kinds = [*KINDS, "quality"]
        attacker.read(clockwork.as_sent(data.facts(grain=grain, kinds=kinds, control=control)))
        assert bool(computed(attacker)) == (not control)


def test_data_of_few_are_not_counted():
    frame, model = shop(4, 3, 2)
    facts = mirrorbi.open(frame, model).facts(kinds=["quality", "values"])
    assert {fact.kind for fact in facts} <= {"withheld", "missing_periods"}


def test_the_attacker_succeeds_where_nothing_is_held_back():
    for grain, days, hours in (("hour", 4, True), ("day", 12, False), ("week", 120, False)):
        frame, model = shop(3, 150, days, hours)
        data = mirrorbi.open(frame, model)
        attacker = attacker_of(frame, model, data)
        attacker.read(clockwork.as_sent(data.facts(grain=grain, kinds=KINDS, control=False)))
        assert attacker.solved(LEAST)


# -- one conversation ---------------------------------------------------------------------

CONVERSATIONS = {
    "weeks beside months": [{"grain": "month"}, {"grain": "week"}],
    "months beside weeks": [{"grain": "week"}, {"grain": "month"}],
    "a month beside its days": [{"period": "2023-03"}, {"period": "2023-03-01/2023-03-30"}],
    "days beside a month": [
        {"period": "2023-02-01/2023-02-27"},
        {"period": "2023-02"},
        {"period": "2023-02", "grain": "week"},
    ],
    "a quarter beside its months": [
        {"period": "2023-Q1", "grain": "quarter"},
        {"period": "2023-03"},
        {"period": "2023-02", "where": {"site": ["Hill"]}},
    ],
    "a year beside a quarter": [{"grain": "quarter"}, {"grain": "month"}, {"grain": "day"}],
    "one dimension, then the other": [
        {"grain": "month", "by": "region"},
        {"grain": "month", "by": "site"},
        {"grain": "week", "by": "region"},
    ],
    "a part beside the whole": [
        {"grain": "week", "by": "region"},
        {"grain": "week", "by": "region", "where": {"site": ["Quay"]}},
        {"grain": "month", "by": "region", "where": {"site": ["Quay", "Hill"]}},
    ],
}


def received(bedrock):
    """Return the facts in the bytes that a server received, one list for each call."""
    found = []
    for call in bedrock.received:
        parts = [json.loads(text) for text in call.texts if text.startswith("{")]
        found.append([fact for part in parts for fact in part.get("facts", [])])
    return found


def send(bedrock, folder, data, questions):
    """Send what the gate lets through of each question; return those that were sent."""
    policy = policy_for(data)
    gate = Gate(data, policy)
    claude = Claude(
        ClaudeSettings(region="eu-west-1", residency="geo"),
        ledger=FileLedger(folder / "ledger"),
        policy=policy,
    )
    sent = []
    for question in questions:
        try:
            disclosure = gate.disclose(data.facts(kinds=KINDS, **question), tables=True)
        except MirrorBIError:
            continue
        bedrock.say("Understood.")
        claude.send(Request((instruction("voice.md"),), ((disclosure,),), tools=()))
        sent.append(question)
    return sent


SEEDS = [6, 5, 7, 6, 18, 9, 6, 5]
"""Of data in which few follow from each conversation if nothing is refused."""


@pytest.mark.parametrize(("name", "seed"), list(zip(CONVERSATIONS, SEEDS, strict=True)))
def test_no_conversation_gives_few_away(bedrock, tmp_path, name, seed):
    frame, model = shop(seed, 150 + 60 * (seed % 2), persons=not seed % 2)
    data = mirrorbi.open(frame, model)
    sent = send(bedrock, tmp_path, data, CONVERSATIONS[name])
    attacker = attacker_of(frame, model, data)
    told = received(bedrock)
    assert len(told) == len(sent)
    for question, facts in zip(sent, told, strict=True):
        attacker.read(facts, where=question.get("where"))
    assert computed(attacker) == []
    assert len(attacker.told) > 3


def test_a_fiscal_quarter_beside_weeks_from_sunday(bedrock, tmp_path):
    frame, model = shop(7, 200, 181, persons=True, calendar="fiscal")
    data = mirrorbi.open(frame, model)
    questions = [{"grain": "quarter"}, {"grain": "week"}, {"period": "2023-03"}]
    sent = send(bedrock, tmp_path, data, questions)
    attacker = attacker_of(frame, model, data)
    for question, facts in zip(sent, received(bedrock), strict=True):
        attacker.read(facts, where=question.get("where"))
    assert computed(attacker) == []


def test_hours_beside_days(bedrock, tmp_path):
    frame, model = shop(9, 220, 5, hours=True)
    data = mirrorbi.open(frame, model)
    questions = [
        {"grain": "day"},
        {"grain": "hour"},
        {"period": "2023-01-03T09"},
        {"period": "2023-01-04", "grain": "hour"},
    ]
    send(bedrock, tmp_path, data, questions)
    attacker = attacker_of(frame, model, data)
    for facts in received(bedrock):
        attacker.read(facts)
    assert computed(attacker) == []
