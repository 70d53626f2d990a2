"""No call without an entry, and none without an end that is told: over real HTTP."""

import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

import mirrorbi
from mirrorbi.bedrock.budget import Budget
from mirrorbi.bedrock.client import Claude
from mirrorbi.bedrock.request import Instruction, Request, RunTag
from mirrorbi.errors import BudgetError, LedgerError
from mirrorbi.privacy.gate import Gate
from mirrorbi.privacy.ledger import FileLedger, calls_of, verify_ledger
from mirrorbi.privacy.policy import Policy
from mirrorbi.settings import ClaudeSettings

POLICY = Policy(narrators=("rules", "claude"))


@pytest.fixture(scope="module")
def shop():
    days = pd.date_range("2024-01-01", periods=90, freq="D").repeat(20)
    frame = pd.DataFrame({"day": days, "city": ["Rome", "Oslo"] * 900, "sales": [1.0, 2.0] * 900})
    return mirrorbi.open(frame)


@pytest.fixture
def request_(shop):
    question = Gate(shop, POLICY).question("Which city sold most?")
    return Request((Instruction("voice.md"),), ((question,),), purpose="ask")


def claude(ledger, **more):
    settings = ClaudeSettings(residency="geo", read_timeout=5.0, attempts=1)
    return Claude(settings, ledger=ledger, policy=POLICY, tag=RunTag("run-1", "ana"), **more)


def calls(ledger):
    return calls_of(ledger.entries())


def test_when_the_request_arrives_its_entry_is_on_the_disk(bedrock, loopback, request_, tmp_path):
    ledger = FileLedger(tmp_path / "ledger")
    seen = []

    def step(call):
        seen.append([found.to_dict() for found in calls(FileLedger(ledger.folder))])
        return loopback.say("Rome.")

    bedrock.script(step)
    reply = claude(ledger).send(request_)
    ((before,),) = seen
    (sent,) = bedrock.received
    assert before["outcome"] == "under way"
    assert before["disclosures"][0]["body"] == request_.disclosures[0].text
    assert "Which city sold most?" in str(sent.texts)
    (after,) = calls(ledger)
    assert (after.outcome, after.request_id) == ("answered", reply.request_id)
    assert after.input == reply.usage.input
    assert after.cost == reply.usage.cost
    assert verify_ledger(ledger).ok


def test_the_request_names_its_entry(bedrock, request_, tmp_path):
    ledger = FileLedger(tmp_path / "ledger")
    bedrock.say("Rome.")
    claude(ledger).send(request_)
    (call,) = calls(ledger)
    assert call.entry in str(bedrock.received[0])


def test_a_ledger_that_cannot_be_written_means_no_call(bedrock, request_, tmp_path):
    (tmp_path / "ledger").write_text("")
    bedrock.say("Rome.")
    budget = Budget()
    with pytest.raises(LedgerError, match="The call was not made"):
        claude(FileLedger(tmp_path / "ledger"), budget=budget).send(request_)
    assert len(bedrock.received) == 0
    assert (budget.calls, budget.spent) == (0, 0)


def test_a_ledger_that_was_changed_means_no_call(bedrock, request_, tmp_path):
    ledger = FileLedger(tmp_path / "ledger")
    bedrock.say("Rome.")
    claude(ledger).send(request_)
    path = ledger.folder / "ledger.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    bedrock.say("Oslo.")
    with pytest.raises(LedgerError, match="was changed"):
        claude(ledger).send(request_)
    assert len(bedrock.received) == 1


def test_a_refused_budget_leaves_no_entry_and_no_call(bedrock, request_, tmp_path):
    from decimal import Decimal

    ledger = FileLedger(tmp_path / "ledger")
    with pytest.raises(BudgetError):
        claude(ledger, budget=Budget(call=Decimal("0.000001"))).send(request_)
    assert len(bedrock.received) == 0
    assert calls(ledger) == []


SEND = """
import sys
import pandas as pd
import mirrorbi
from mirrorbi.bedrock.client import Claude
from mirrorbi.bedrock.request import Instruction, Request, RunTag
from mirrorbi.privacy.gate import Gate
from mirrorbi.privacy.ledger import FileLedger
from mirrorbi.privacy.policy import Policy
from mirrorbi.settings import ClaudeSettings
policy = Policy(narrators=("rules", "claude"))
days = pd.date_range("2024-01-01", periods=90, freq="D").repeat(20)
shop = mirrorbi.open(pd.DataFrame({"day": days, "city": ["Rome", "Oslo"] * 900, "sales": 1.0}))
question = Gate(shop, policy).question("Which city sold most?")
request = Request((Instruction("voice.md"),), ((question,),), purpose="ask")
settings = ClaudeSettings(residency="geo")
Claude(settings, ledger=FileLedger(sys.argv[1]), policy=policy, tag=RunTag("r", "a")).send(request)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_killed_during_the_call_it_reads_sent_outcome_unknown(bedrock, loopback, tmp_path):
    ledger = FileLedger(tmp_path / "ledger")
    arrived = []

    def step(call):
        arrived.append(call)
        time.sleep(0.5)
        return loopback.say("Too late.")

    bedrock.script(step)
    process = subprocess.Popen([sys.executable, "-c", SEND, str(ledger.folder)])
    until = time.monotonic() + 60
    while not arrived and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(arrived) == 1
    (call,) = calls(ledger)
    assert call.outcome == "sent, outcome unknown"
    assert call.entry in str(bedrock.received[0])
    assert verify_ledger(ledger).ok
