"""What a display says of its release is what the releases of its very facts say."""

from dataclasses import replace

import pandas as pd
import pytest

import mirrorbi
from mirrorbi.charts.fact_chart import charts
from mirrorbi.facts.fact import Fact, Quantity
from mirrorbi.facts.factset import FactSet
from mirrorbi.narrative.context import Context
from mirrorbi.privacy.disclosure_control.release import release
from mirrorbi.privacy.policy import policy_for
from mirrorbi.privacy.released import policy_of, release_of
from mirrorbi.reports.page.inspection import release_faults
from mirrorbi.wording.mime_types import MIRRORBI

CITIES = {"Rome": 600, "Oslo": 240, "Bern": 360, "Lund": 3}
MODEL = {
    "dataset": {"name": "shop"},
    "time": {"column": "day"},
    "dimensions": {"city": {}},
    "metrics": {"sales": {"agg": "sum", "column": "sales"}},
}


@pytest.fixture(scope="module")
def ds() -> mirrorbi.Analysis:
    lines = [(n, city) for city, count in CITIES.items() for n in range(count)]
    days = pd.to_datetime([f"2024-{1 + n % 12:02d}-15" for n, _ in lines])
    frame = pd.DataFrame({"day": days, "city": [city for _, city in lines], "sales": 10.0})
    return mirrorbi.open(frame, MODEL)


@pytest.fixture(scope="module")
def released(ds: mirrorbi.Analysis) -> FactSet:
    return ds.facts(period="2024")


@pytest.fixture(scope="module")
def raw(ds: mirrorbi.Analysis) -> FactSet:
    found = ds.facts(period="2024", control=False)
    assert any(names_lund(fact) for fact in found)
    return found


def names_lund(fact):
    return "Lund" in str(fact.to_dict())


def payloads(display):
    """Return what a display, or each of several, says of itself."""
    if hasattr(display, "_repr_mimebundle_"):
        return [display._repr_mimebundle_()[MIRRORBI]]
    return [part.payload() for part in display]


DISPLAYS = {
    "charts of a set": charts,
    "a chart": lambda facts: mirrorbi.chart(drawn(facts)),
    "charts of the sweep given": lambda facts: [
        mirrorbi.chart(drawn(facts), sweep=facts.sweep(), sql=facts.sql)
    ],
    "a narrative": lambda facts: mirrorbi.narrate(facts, narrator="rules"),
    "cards": lambda facts: mirrorbi.narrate(facts, narrator="rules").cards,
    "sections": lambda facts: mirrorbi.narrate(facts, narrator="rules").sections.values(),
}


def drawn(facts):
    return next(fact for fact in facts if fact.kind == "share" and fact.table)


@pytest.mark.parametrize("show", DISPLAYS.values(), ids=DISPLAYS)
def test_released_facts_are_shown_as_such(released, show):
    said = payloads(show(released))
    assert {sweep["policy"] for part in said for sweep in part["sweeps"]} == {released.policy}
    assert release_faults(said) == []


CLAIMS = {
    "put into a released set": lambda released, raw: released.replace(list(raw)),
    "put into it with its policy": lambda released, raw: released.replace(
        list(raw), policy=released.policy
    ),
    "said to be under a policy": lambda released, raw: raw.replace(policy="x"),
    "said to be under the policy": lambda released, raw: raw.replace(policy=released.policy),
    "built as a set": lambda released, raw: FactSet(
        raw, request=released.request, dataset=released.dataset, policy=released.policy
    ),
    "copies of released facts": lambda released, raw: released.replace(
        [fact.replace() for fact in released], policy=released.policy
    ),
}


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
@pytest.mark.parametrize("show", DISPLAYS.values(), ids=DISPLAYS)
def test_a_policy_that_is_only_claimed_publishes_nothing(released, raw, claim, show):
    faults = release_faults(payloads(show(claim(released, raw))))
    assert faults
    assert all("control=False" in fault or "not released" in fault for fault in faults)


def test_one_fact_that_was_not_released_is_enough(released, raw):
    small = next(fact for fact in raw if names_lund(fact))
    mixed = released.replace([*released, small], policy=released.policy)
    assert policy_of(released) == released.policy
    assert policy_of(mixed) == ""
    assert release_faults(payloads(mirrorbi.narrate(mixed, narrator="rules")))
    second = mirrorbi.narrate([released, mixed], narrator="rules")
    assert release_faults(payloads(second))


def test_the_sweep_of_a_chart_or_context_is_no_proof(released, raw):
    lone = mirrorbi.chart(drawn(raw), sweep=released.sweep())
    assert release_faults([lone.payload()])
    assert release_faults([replace(mirrorbi.chart(drawn(released)), fact=drawn(raw)).payload()])
    told = mirrorbi.narrate(released, narrator="rules")
    facts = {**told.context.facts, **{fact.id: fact for fact in raw}}
    assert release_faults([Context(facts, (released.sweep(),)).payload("section", "", [])])
    assert release_faults([told.context.payload("section", "", told.sentences)]) == []


def test_a_set_keeps_its_policy_for_facts_of_its_own(released, raw):
    assert released.top(3).policy == released.filter("share").policy == released.policy
    assert released.replace(tests=1).policy == released.policy
    assert released.replace([*released, raw[0]]).policy == ""
    assert released.replace([released[0].replace()]).policy == ""


def test_what_claims_the_policy_is_released_all_the_same(ds, released, raw):
    policy = policy_for(ds)
    assert release(released, ds, policy) is released
    again = release(raw.replace(policy=policy.sha256), ds, policy)
    assert len(again) > 1
    assert all(release_of(fact) for fact in again)
    assert not any(names_lund(fact) for fact in again)


def test_what_a_set_says_later_does_not_change_its_release(ds):
    facts = ds.facts(kinds="share")
    said = dict(release_of(facts[0]).sweep["request"])
    facts.request["where"] = facts.request["kinds"][0] = "changed"
    facts.dataset["label"] = "changed"
    facts.sql.clear()
    assert release_of(facts[0]).sweep["request"] == said
    assert release_of(facts[0]).sweep["dataset"]["label"] != "changed"
    assert release_of(facts[0]).sql


def test_a_released_fact_cannot_be_changed_in_place(released):
    fact = drawn(released)
    before = fact.to_dict()
    with pytest.raises(TypeError):
        fact.quantities["share"] = Quantity.of(0)
    with pytest.raises(TypeError):
        fact.terms["by"] = "client"
    assert not hasattr(fact.quantities, "update")
    assert fact.to_dict() == before


def test_facts_do_not_change_with_what_they_were_built_of():
    quantities, terms = {"value": Quantity.of(1)}, {"by": "city"}
    fact = Fact("value", "sales", "Sales", quantities=quantities, terms=terms)
    quantities["value"], terms["by"] = Quantity.of(2), "client"
    assert (fact["value"].value, fact.terms) == (1, {"by": "city"})
