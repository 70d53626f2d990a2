"""What a run sent and cost, read from the ledger."""

import json
from decimal import Decimal
from types import SimpleNamespace

from mirrorbi.bedrock.usage import usage_summary
from mirrorbi.privacy.ledger import FileLedger, Intent, Outcome, calls_of
from mirrorbi.privacy.policy import Policy

POLICY = Policy(retention="hash")


def sent(number, held=()):
    body = json.dumps(number).encode()
    return SimpleNamespace(
        kind="facts", body=body, text=body.decode(), sha256=f"{number:064x}", withheld=held
    )


def intent(run, disclosures, model="m1", regions=("eu-west-1",)):
    return Intent(run, "ana", "ask", model, regions, disclosures, POLICY)


def test_a_run_is_summed_from_its_entries(tmp_path):
    ledger = FileLedger(tmp_path / "ledger")
    held = SimpleNamespace(rule="min_entities", cells=2)
    more = SimpleNamespace(rule="min_entities", cells=3)
    first = ledger.open(intent("a", (sent(1, (held,)), sent(2))))
    ledger.close(first, Outcome("answered", "r", 100, 10, 50, 5, Decimal("0.01")))
    ledger.close(ledger.open(intent("b", (sent(9),))), Outcome(input=7, cost=Decimal(5)))
    second = ledger.open(
        intent("a", (sent(2), sent(3, (more,))), "m2", ("eu-west-1", "eu-north-1"))
    )
    ledger.close(second, Outcome("answered", "r", 200, 20, 0, 0, Decimal("0.02")))
    third = ledger.open(intent("a", (sent(3),)))
    ledger.close(third, Outcome("failed", error="ThrottledError"))

    account = usage_summary(calls_of(ledger.entries()), "a")
    said = json.loads(json.dumps(account.to_dict()))
    assert (said["calls"], said["cost"], said["unpriced"]) == (3, "0.03", 1)
    assert said["tokens"] == {"input": 300, "output": 30, "cache_read": 50, "cache_write": 5}
    assert said["models"] == {"m1": 2, "m2": 1}
    assert said["regions"] == ["eu-west-1", "eu-north-1"]
    assert said["outcomes"] == {"answered": 2, "failed": 1}
    assert said["disclosures"] == [f"{n:064x}" for n in (1, 2, 3)]
    assert said["withheld"] == {"min_entities": 3}
    assert said["entries"] == [first, second, third]
    assert said["policies"] == [POLICY.sha256]
    assert said["first"] < said["last"]
    assert said["narrator"] == "claude"
    assert usage_summary(calls_of(ledger.entries())).usage.cost == Decimal("5.03")


def test_a_run_without_calls_was_written_by_the_rules():
    said = usage_summary([], "a").to_dict()
    assert (said["narrator"], said["calls"], said["cost"], said["first"]) == ("rules", 0, "0", "")
