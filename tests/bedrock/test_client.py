"""The client: what goes out, what comes back, and what ledger and budget say of it."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import boto3
import pytest

from mirrorbi.bedrock.budget import Budget
from mirrorbi.bedrock.cache import AnswerCache
from mirrorbi.bedrock.request import Instruction, Request
from mirrorbi.bedrock.setup import connect
from mirrorbi.errors import (
    AccessError,
    AnswerError,
    BrokenStreamError,
    BudgetError,
    CancelledError,
    LedgerError,
    RefusedError,
    ResidencyError,
)
from mirrorbi.privacy.gate import Gate
from mirrorbi.privacy.ledger import FileLedger, calls_of, verify_ledger
from mirrorbi.privacy.policy import Policy


def test_a_text_is_returned_whole_and_told_as_it_comes(bedrock, connected, ask, calls):
    bedrock.say("Sales rose in March.")
    told = []
    reply = connected().send(ask(), told.append)
    assert reply.text == "Sales rose in March." == "".join(told)
    assert len(told) > 1
    assert (reply.stop, reply.model) == ("end_turn", "eu.anthropic.claude-sonnet-4-6")
    (call,) = calls()
    assert (call.outcome, call.attempts, call.stop) == ("answered", 1, "end_turn")
    assert call.request_id == reply.request_id != ""
    assert call.cost == reply.usage.cost > 0


def test_the_wire_holds_what_was_disclosed_and_nothing_else(bedrock, connected, ask, disclosure):
    bedrock.say("Yes.")
    connected().send(ask())
    (call,) = bedrock.received
    assert call.texts == [disclosure.text]
    assert set(call.body) == {"messages", "system", "inferenceConfig", "requestMetadata"}
    assert call.body["system"][0]["text"] == Instruction("voice.md").text
    assert call.body["inferenceConfig"] == {"maxTokens": 4096, "temperature": 0.0}


def test_the_ledger_has_the_call_before_it_is_made(bedrock, connected, ask, calls, loopback):
    seen = []

    def step(call):
        seen.extend(calls())
        return loopback.say("Yes.")

    bedrock.script(step)
    connected().send(ask())
    (before,) = seen
    assert before.outcome == "under way"
    assert before.disclosures[0]["sha256"]
    assert before.regions[0] == "eu-central-1"


def test_ledger_and_invocation_log_can_be_joined(bedrock, connected, ask, calls):
    bedrock.say("Yes.")
    connected().send(ask())
    (call,) = calls()
    body = bedrock.received[0].body
    told = body.pop("requestMetadata")
    assert told["mirrorbi-ledger"] == call.entry
    assert (told["mirrorbi-run"], told["mirrorbi-user"]) == ("run-1", "analyst")
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert call.request == hashlib.sha256(canonical.encode()).hexdigest()


def test_without_a_ledger_there_is_no_call(bedrock, connected, ask, tmp_path):
    bedrock.say("Yes.")
    claude = connected()
    (tmp_path / "file").write_text("no folder")
    claude.ledger = FileLedger(tmp_path / "file" / "ledger")
    with pytest.raises(LedgerError):
        claude.send(ask())
    assert bedrock.received == []
    assert claude.budget.spent == 0


def test_a_policy_without_claude_lets_nothing_out(bedrock, connected, ask, calls):
    with pytest.raises(RefusedError, match="does not let Claude write"):
        connected(rules=Policy()).send(ask())
    assert bedrock.received == []
    assert calls() == []


def test_what_another_policy_let_through_is_refused(bedrock, connected, ask):
    strict = Policy(narrators=("rules", "claude"), min_entities=50)
    with pytest.raises(RefusedError, match="another policy"):
        connected(rules=strict).send(ask())
    assert bedrock.received == []


def test_regions_of_a_policy_narrow_the_residency(bedrock, connected, shop, calls):
    rules = Policy(narrators=("rules", "claude"), regions=("eu-west-1", "eu-central-1"))
    question = Gate(shop, rules).question("Which city sold most?")
    request = Request((Instruction("voice.md"),), ((question,),), purpose="ask")
    with pytest.raises(ResidencyError, match="eu-north-1, eu-south-1, eu-south-2, eu-west-3"):
        connected(rules=rules).send(request)
    assert bedrock.received == []
    assert calls() == []


def test_a_call_over_budget_is_not_made(bedrock, connected, ask, calls):
    with pytest.raises(BudgetError, match="Nothing was sent"):
        connected(budget=Budget(call=Decimal("0.01"))).send(ask())
    assert bedrock.received == []
    assert calls() == []


def test_where_there_is_a_budget_bedrock_counts_the_tokens_first(bedrock, connected, ask, calls):
    bedrock.tokens = 10_000_000
    budget = Budget(run=Decimal(5))
    with pytest.raises(BudgetError, match=r"10,000,000 tokens counted.*Claude was not called"):
        connected(budget=budget).send(ask())
    assert bedrock.control_paths == ["/model/anthropic.claude-sonnet-4-6/count-tokens"]
    assert bedrock.received == []
    assert budget.spent == 0
    (call,) = calls()  # the entry was there before the payload went to be counted
    assert (call.outcome, call.error) == ("failed", "BudgetError")


def test_where_tokens_may_not_be_counted_their_size_stands(
    bedrock, loopback, connected, ask, calls
):
    bedrock.refused["CountTokens"] = loopback.fault("AccessDeniedException", "no", status=403)
    bedrock.say("Yes.", usage={"inputTokens": 1000, "outputTokens": 100})
    budget = Budget(run=Decimal(1))
    assert connected(budget=budget).send(ask()).text == "Yes."
    assert len(bedrock.control_paths) == 1
    assert budget.spent == Decimal("0.004950")
    assert [call.outcome for call in calls()] == ["answered"]


def test_without_a_budget_nothing_is_counted(bedrock, connected, ask):
    bedrock.say("Yes.")
    connected().send(ask())
    assert bedrock.control_paths == []


def test_the_budget_has_what_bedrock_counted(bedrock, connected, ask):
    bedrock.say("Yes.", usage={"inputTokens": 1000, "outputTokens": 100})
    budget = Budget(run=Decimal(1))
    reply = connected(budget=budget).send(ask())
    assert reply.usage.cost == Decimal("0.004950")  # 1000 x 3.30 + 100 x 16.50 per million
    assert budget.spent == reply.usage.cost


def test_tokens_of_the_prompt_cache_are_counted_apart(bedrock, connected, ask, calls):
    used = {
        "inputTokens": 10,
        "outputTokens": 10,
        "cacheReadInputTokens": 2000,
        "cacheWriteInputTokens": 300,
    }
    bedrock.say("Yes.", usage=used)
    usage = connected().send(ask()).usage
    assert (usage.input, usage.cache_read, usage.cache_write) == (10, 2000, 300)
    (call,) = calls()
    assert (call.cache_read, call.cache_write, call.cost) == (2000, 300, usage.cost)


def test_a_kept_answer_costs_no_call_and_can_be_sent_back(
    bedrock, connected, ask, calls, tmp_path, disclosure
):
    bedrock.say("Yes.")
    bedrock.say("Further.")
    claude = connected(cache=AnswerCache(tmp_path / "answers"))
    first = claude.send(ask())
    told = []
    second = claude.send(ask(), told.append)
    assert (second.text, second.cached, second.usage.cost) == (first.text, True, 0)
    assert told == ["Yes."]
    assert len(bedrock.received) == len(calls()) == 1
    further = Request((Instruction("voice.md"),), ((disclosure,), second, (disclosure,)))
    assert claude.send(further).text == "Further."


def test_where_the_disk_may_have_hashes_alone_no_answer_is_kept(
    bedrock, connected, shop, policy, tmp_path
):
    bedrock.say("Yes.")
    bedrock.say("Again.")
    folder = tmp_path / "answers"
    strict = policy.model_copy(update={"retention": "hash"})
    asked = Gate(shop, strict).question("Which city sold most?")
    claude = connected(cache=AnswerCache(folder), rules=strict)
    request = Request((Instruction("voice.md"),), ((asked,),))
    assert [claude.send(request).text for _ in range(2)] == ["Yes.", "Again."]
    assert not folder.exists()


def test_another_longest_answer_is_another_request(bedrock, connected, ask, tmp_path):
    bedrock.say("Short.")
    bedrock.say("Long.")
    cache = AnswerCache(tmp_path / "answers")
    assert connected(cache=cache).send(ask()).text == "Short."
    assert connected(cache=cache, max_tokens=8000).send(ask()).text == "Long."


def test_threads_share_connections(bedrock, connected, ask, calls, loopback):
    bedrock.always(loopback.say("Yes."))
    claude = connected()
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda _: claude.send(ask()).text, range(24)))
    assert replies == ["Yes."] * 24
    assert bedrock.connections <= 8
    assert [call.outcome for call in calls()] == ["answered"] * 24
    assert claude.budget.calls == 24


def test_calls_that_follow_each_other_use_one_connection(bedrock, connected, ask, loopback):
    bedrock.always(loopback.say("Yes."))
    for _ in range(5):
        connected().send(ask())
    assert bedrock.connections <= 1


@pytest.mark.parametrize("how", [{"wait": 30}, {"broken_by": "stall", "after": 2}])
def test_a_call_can_be_stopped_while_it_hangs(bedrock, connected, ask, calls, how, loopback):
    stop = threading.Event()
    began = []

    def step(call):
        began.append(time.monotonic())
        threading.Timer(0.2, stop.set).start()
        return loopback.say("Never.", **how)

    bedrock.script(step)
    claude = connected(read_timeout=30)
    with pytest.raises(CancelledError):
        claude.send(ask(), cancel=stop)
    assert time.monotonic() - began[0] < 2
    assert len(bedrock.received) == 1
    (call,) = calls()
    assert call.outcome == "cancelled"
    assert claude.budget.spent > 0, "nobody knows what it cost, so what was held stays counted"


def test_a_call_can_be_stopped_while_it_waits_to_try_again(
    bedrock, connected, ask, calls, loopback
):
    stop = threading.Event()
    began = []

    def step(call):
        began.append(time.monotonic())
        threading.Timer(0.2, stop.set).start()
        return loopback.fault("throttle", headers={"retry-after": "19"})

    bedrock.script(step)
    with pytest.raises(CancelledError):
        connected(backoff=20).send(ask(), cancel=stop)
    assert time.monotonic() - began[0] < 2
    assert calls()[0].outcome == "cancelled"


def test_a_call_that_was_stopped_before_is_not_made(bedrock, connected, ask, calls):
    stop = threading.Event()
    stop.set()
    claude = connected()
    with pytest.raises(CancelledError):
        claude.send(ask(), cancel=stop)
    assert bedrock.received == []
    assert claude.budget.spent == 0
    assert calls()[0].outcome == "cancelled"


def test_an_answer_that_drips_ends_with_the_time_allowed(bedrock, connected, ask, calls):
    bedrock.say("x" * 40, pause=0.3)
    began = time.monotonic()
    with pytest.raises(Exception, match="time allowed"):
        connected(timeout=1.0).send(ask())
    assert time.monotonic() - began < 2.5
    assert calls()[0].outcome == "sent, outcome unknown"


def test_an_error_of_whoever_listens_ends_the_call(bedrock, connected, ask, calls):
    bedrock.say("Sales rose in March.")

    def listener(text):
        raise KeyError(text)

    claude = connected()
    with pytest.raises(KeyError):
        claude.send(ask(), listener)
    (call,) = calls()
    assert (call.outcome, call.error) == ("sent, outcome unknown", "KeyError")
    assert len(bedrock.received) == 1
    assert claude.budget.spent > 0


@pytest.mark.parametrize(
    ("stop", "says"),
    [
        ("max_tokens", "cut at 4,096 tokens"),
        ("guardrail_intervened", "guardrail"),
        ("content_filtered", "filtered"),
        ("malformed_model_output", "malformed"),
        ("malformed_tool_use", "malformed"),
        ("model_context_window_exceeded", "longer than the model can hold"),
        ("sunspots", "not known: 'sunspots'"),
    ],
)
def test_every_reason_to_stop_has_a_meaning(bedrock, connected, ask, calls, stop, says):
    bedrock.say("Half an ans", stop=stop)
    with pytest.raises(AnswerError, match=says) as caught:
        connected().send(ask())
    assert caught.value.stop == stop
    assert caught.value.hint
    assert len(bedrock.received) == 1
    (call,) = calls()
    assert (call.outcome, call.stop) == ("answered", stop)
    assert call.cost > 0, "an answer that cannot be used is paid for"
    assert call.error.startswith("AnswerError")


def test_settings_can_make_room_for_a_longer_answer(bedrock, connected, ask):
    bedrock.say("Yes.")
    connected(max_tokens=9000).send(ask())
    assert bedrock.received[0].body["inferenceConfig"]["maxTokens"] == 9000


def test_a_session_of_ones_own_is_used(bedrock, connected, ask):
    bedrock.say("Yes.")
    session = boto3.Session(
        aws_access_key_id="mine",
        aws_secret_access_key="testing",  # noqa: S106
        region_name="us-east-2",
    )
    reply = connected(session=session).send(ask())
    assert (reply.region, reply.model) == ("us-east-2", "us.anthropic.claude-sonnet-4-6")
    assert "Credential=mine/" in bedrock.received[0].headers["Authorization"]


def test_the_ledger_holds_after_faults_of_every_kind(bedrock, connected, ask, ledger, calls):
    bedrock.fault("throttle")
    bedrock.say("One.")
    bedrock.say("Two.", broken_by="cut", after=3)
    bedrock.fault("denied")
    bedrock.say("Four.")
    connected().send(ask())
    with pytest.raises(BrokenStreamError):
        connected().send(ask())
    with pytest.raises(AccessError):
        connected().send(ask())
    connected().send(ask())
    outcomes = [(call.outcome, call.attempts) for call in calls()]
    assert outcomes == [
        ("answered", 2),
        ("sent, outcome unknown", 1),
        ("failed", 1),
        ("answered", 1),
    ]
    assert verify_ledger(ledger).ok


def test_connect_wires_ledger_budget_and_answers(bedrock, shop, tmp_path, monkeypatch, loopback):
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "PRIVACY_NARRATORS": "rules,claude",
        "CLAUDE_RESIDENCY": "geo",
        "CLAUDE_BUDGET_RUN": "0.50",
    }.items():
        monkeypatch.setenv(f"MIRRORBI_{name}", value)
    bedrock.always(loopback.say("Yes."))
    claude = connect(shop)
    question = Gate(shop).question("Which city sold most?")
    request = Request((Instruction("voice.md"),), ((question,),), purpose="ask")
    assert claude.send(request).text == claude.send(request).text == "Yes."
    assert len(bedrock.received) == 1
    assert claude.budget.run == Decimal("0.50")
    assert (tmp_path / ".mirrorbi" / "ledger").is_dir()
    assert list((tmp_path / ".mirrorbi" / "answers").iterdir())


SCRIPT = """
import sys
import mirrorbi, pandas as pd
from mirrorbi.bedrock.setup import connect
from mirrorbi.bedrock.request import Instruction, Request
from mirrorbi.privacy.gate import Gate
ds = mirrorbi.open(pd.DataFrame({"city": ["Rome", "Oslo"] * 40, "sales": [3, 4] * 40}))
question = Gate(ds).question("Which city sold most?")
connect(ds).send(Request((Instruction("voice.md"),), ((question,),)), print)
"""


def test_a_person_who_stops_the_process_stops_the_call(bedrock, tmp_path, loopback):
    came = threading.Event()

    def step(call):
        came.set()
        return loopback.say("Sales rose.", broken_by="stall", after=3)

    bedrock.script(step)
    settings = {"PRIVACY_NARRATORS": "rules,claude", "CLAUDE_RESIDENCY": "geo"}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        cwd=tmp_path,
        env={**os.environ, **{f"MIRRORBI_{key}": value for key, value in settings.items()}},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert came.wait(60)
    time.sleep(0.2)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=45)
    assert time.monotonic() - began < 5
    assert b"KeyboardInterrupt" in told
    (call,) = calls_of(FileLedger(tmp_path / ".mirrorbi" / "ledger").entries())
    assert call.outcome == "cancelled"


def test_a_call_that_is_left_leaves_no_connection_behind(bedrock, connected, ask):
    bedrock.say("Never.", broken_by="stall", after=2)
    stop = threading.Event()
    with pytest.raises(CancelledError):
        connected(read_timeout=30).send(ask(), lambda _: stop.set(), cancel=stop)
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline and reading():
        time.sleep(0.02)
    assert not reading()


def reading():
    return [t for t in threading.enumerate() if t.name == "mirrorbi-claude"]
