"""The gate: what it lets through is minimal, released, named twice the same, and resolves back."""

import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import mirrorbi
from mirrorbi.errors import QueryError, RefusedError
from mirrorbi.facts.derive import derive
from mirrorbi.facts.factset import FactSet
from mirrorbi.privacy.gate import Gate, disclose
from mirrorbi.privacy.policy import Policy
from mirrorbi.wording.slots import fill_slot

MODEL = {
    "dataset": {"name": "shop", "label": "secret file label", "entity": "customer"},
    "time": {"column": "day", "complete_through": "2023-12-31"},
    "dimensions": {
        "region": {"label": "Region"},
        "sort": {"column": "kind_of_ware", "label": "Sort of ware"},
        "manager": {"privacy": "personal"},
    },
    "metrics": {
        "revenue": {
            "label": "Revenue",
            "agg": "sum",
            "column": "amount_column",
            "unit": "currency:EUR",
            "better": "up",
        },
        "orders": {"label": "Orders", "agg": "count", "unit": "count", "better": "up"},
    },
}


def shop():
    noise = np.random.default_rng(7)
    days = pd.date_range("2023-01-01", "2023-12-31", freq="D")
    n = 6000
    region = noise.choice(["North", "South", "East", "Tiny"], size=n, p=[0.5, 0.3, 0.199, 0.001])
    when = noise.choice(days, size=n)
    lift = np.where((region == "North") & (when >= np.datetime64("2023-12-01")), 2.0, 1.0)
    return pd.DataFrame(
        {
            "day": when,
            "region": region,
            "kind_of_ware": noise.choice(["A", "B"], size=n),
            "manager": noise.choice(["Ada Sample", "Bo Sample"], size=n),
            "amount_column": np.round(noise.gamma(3, 30, size=n) * lift, 2),
            "customer": noise.integers(0, 900, size=n),
        }
    )


@pytest.fixture(scope="module")
def ds():
    return mirrorbi.open(shop(), MODEL)


@pytest.fixture(scope="module")
def facts(ds):
    return ds.facts()


@pytest.fixture
def gate(ds):
    return Gate(ds)


def test_facts_have_handles_and_only_what_is_needed(gate, facts):
    disclosure = gate.disclose(facts)
    value = disclosure.value
    assert disclosure.kind == "facts"
    assert [fact["name"] for fact in value["facts"]] == [f"f{i + 1}" for i in range(len(facts))]
    allowed = [
        "name",
        "kind",
        "metric",
        "scope",
        "period",
        "baseline",
        "compare",
        "quantities",
        "estimate",
        "direction",
        "better",
        "good",
        "n",
        "p",
        "q",
        "interval",
        "score",
        "terms",
        "from",
        "caveats",
        "slots",
    ]
    assert {key for fact in value["facts"] for key in fact} <= set(allowed)
    for text in (
        "amount_column",
        "kind_of_ware",
        "secret file label",
        "SELECT",
        "sum of",
        "manager",
    ):
        assert text not in disclosure.text
    for fact in facts:
        assert fact.id not in disclosure.text


def test_numbers_are_exact_decimal_text(gate, facts):
    disclosure = gate.disclose(facts)
    for told in disclosure.value["facts"]:
        fact = gate.facts[told["name"]]
        for name, q in told["quantities"].items():
            assert Decimal(q["value"]) == fact[name].value
            assert isinstance(q["value"], str)
        # Nothing is a float, which two machines could print in two ways.
        assert json.loads(disclosure.text, parse_float=pytest.fail)


def test_every_slot_that_is_offered_can_be_filled(gate, facts):
    for told in gate.disclose(facts).value["facts"]:
        for slot in told["slots"]:
            assert fill_slot(gate.facts[told["name"]], slot)


def test_a_fact_keeps_its_name_through_a_conversation(gate, facts):
    first = gate.disclose(facts.top(3)).handles
    second = gate.disclose(facts.top(6)).handles
    assert {k: second[k] for k in first} == first
    assert list(second) == ["f1", "f2", "f3", "f4", "f5", "f6"]
    assert {handle: fact.id for handle, fact in gate.facts.items()} == second


def test_the_same_facts_give_the_same_bytes(ds, facts):
    assert Gate(ds).disclose(facts).sha256 == Gate(ds).disclose(facts).sha256
    assert disclose(facts).sha256 == Gate(ds).disclose(facts).sha256


def test_facts_that_were_not_released_are_released(ds, facts):
    raw = ds.facts(control=False)
    assert any("Tiny" in dict(fact.scope).values() for fact in raw)
    assert b"Tiny" not in Gate(ds).disclose(raw).body
    # A set that claims to be released is not believed.
    forged = FactSet(raw, request=raw.request, origin=ds, policy=Gate(ds).policy.sha256)
    assert b"Tiny" not in Gate(ds).disclose(forged).body


def test_facts_of_unknown_origin_are_refused(ds, facts):
    altered = [fact.replace(label="Other") for fact in facts]
    with pytest.raises(RefusedError, match="do not say how they were found"):
        Gate(ds).disclose(altered)
    with pytest.raises(RefusedError, match="do not know their data set"):
        disclose(FactSet(facts))
    other = mirrorbi.open(shop().head(4000), MODEL)
    with pytest.raises(RefusedError, match="another data set"):
        Gate(other).disclose(facts)


def test_released_facts_may_come_one_by_one(gate, facts):
    assert len(gate.disclose([facts[2], facts[0]]).handles) == 2


def members_of(disclosure):
    return {member for fact in disclosure.value["facts"] for _, member in fact.get("scope", ())}


def test_a_stricter_policy_releases_again(ds, facts):
    strict = Policy.of(None, ds.model).model_copy(update={"min_entities": 250})
    assert members_of(disclose(facts)) >= {"North", "South"}
    stricter = members_of(Gate(ds, strict).disclose(facts))
    assert "South" not in stricter


def test_derived_facts_pass_if_their_parents_did(gate, facts):
    parts = [fact for fact in facts if fact.kind == "change" and fact.metric == "revenue"][:2]
    figure = derive("diff", parts, of="value", metrics=gate.dataset.metric)
    with pytest.raises(RefusedError, match="derived from what was not disclosed"):
        gate.disclose([figure])
    gate.disclose(parts)
    told = gate.disclose([figure]).value["facts"][0]
    assert told["from"] == ["f1", "f2"]
    assert Decimal(told["quantities"]["diff"]["value"]) == figure["diff"].value
    lie = figure.replace(quantities={"diff": figure["diff"]._replace(value=Decimal(1))})
    again = gate.disclose([lie]).value["facts"][0]
    assert Decimal(again["quantities"]["diff"]["value"]) == figure["diff"].value


def test_tables_are_sent_only_when_asked_for(ds, facts):
    assert "table" not in Gate(ds).disclose(facts).text
    told = Gate(ds).disclose(facts, tables=True).value["facts"]
    tables = [fact["table"] for fact in told if "table" in fact]
    assert tables
    text = json.dumps(tables)
    assert "North" in text
    assert "Tiny" not in text
    assert "kind_of_ware" not in text
    assert "amount_column" not in text


def test_the_vocabulary_is_what_may_be_asked_for(gate):
    value = gate.vocabulary().value
    assert {part["name"] for part in value["metrics"]} == {"revenue", "orders"}
    assert [part["name"] for part in value["dimensions"]] == ["region", "sort"]
    members = [part["name"] for part in value["members"] if part["dimension"] == "region"]
    assert members == ["East", "North", "South"]
    assert {"name": "2023-12", "grain": "month", "complete": True} in value["periods"]
    assert {part["name"] for part in value["grains"]} >= {"month", "year"}
    assert "Sample" not in gate.vocabulary().text


def test_names_resolve_back_and_unknown_ones_tell_nothing(gate):
    gate.vocabulary()
    assert gate.resolve("revenue") == "revenue"
    assert gate.resolve("North", of="region") == "North"
    for name in ("Tiny", "manager", "Ada Sample", "amount_column"):
        with pytest.raises(QueryError) as raised:
            gate.resolve(name)
        assert "Tiny" not in str(raised.value).replace("'Tiny'", "")
    with pytest.raises(QueryError, match="Did you mean 'North'"):
        gate.resolve("Nort", of="region")


class TestAliases:
    @pytest.fixture
    def gate(self, ds):
        return Gate(ds, Policy.of(None, ds.model).model_copy(update={"labels": "alias"}))

    def test_no_name_is_sent(self, gate, facts):
        sent = gate.disclose(facts, tables=True).text + gate.vocabulary().text
        for name in ("North", "South", "East", "revenue", "orders", "Revenue", "sort", "Sort"):
            assert f'"{name}"' not in sent

    def test_aliases_lead_back(self, gate, facts):
        gate.disclose(facts)
        value = gate.vocabulary().value
        dims = {gate.resolve(part["name"]): part["name"] for part in value["dimensions"]}
        assert set(dims) == {"region", "sort"}
        assert {gate.resolve(part["name"]) for part in value["metrics"]} == {"revenue", "orders"}
        back = {gate.resolve(m["name"], of=m["dimension"]) for m in value["members"]}
        assert back == {"North", "South", "East", "A", "B"}
        region = next(m for m in value["members"] if m["dimension"] == dims["region"])
        assert region["name"].startswith(f"{dims['region']}.")
        assert gate.resolve(region["name"]) == gate.resolve(region["name"], of="region")

    def test_the_same_name_has_one_alias(self, gate, facts):
        gate.disclose(facts)
        known = {m["name"] for m in gate.vocabulary().value["members"]}
        told = gate.disclose(facts).value["facts"]
        assert {member for fact in told for _, member in fact.get("scope", ())} <= known

    def test_a_question_speaks_in_aliases(self, gate):
        text = gate.question("Why did revenue fall in North and in the South?").value["question"]
        assert "North" not in text
        assert "South" not in text
        assert "revenue" not in text
        assert text.startswith("Why did metric.")
        assert text.endswith("?")


def test_a_notice_holds_closed_words_only(gate, facts):
    gate.disclose(facts)
    notice = gate.notice(
        {
            "sentences": [{"sentence": 2, "codes": ["direction", "slot"], "facts": ["f1"]}],
            "error": "unknown_metric",
            "choices": ["revenue", "orders"],
            "slot": "f1.delta",
            "period": "2023-12",
            "left": 3,
            "again": True,
        }
    )
    assert notice.kind == "notice"
    assert notice.value["choices"] == ["revenue", "orders"]
    for wrong in (
        ["Tiny"],
        ["the salary of Ada Sample is 5"],
        {"Ada Sample": 1},
        ["ds0123"],
        [123456789],
        [1.5],
        ["no such file: customers.csv"],
        ["f1.Ada"],
    ):
        with pytest.raises(RefusedError):
            gate.notice(wrong)


def test_a_code_of_the_strict_lint_may_be_said(gate):
    codes = ["superlative", "direction", "number"]
    assert gate.notice({"codes": codes}).value["codes"] == codes
