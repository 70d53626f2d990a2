"""Faults: each is the right error with what to do, bounded, and never paid for twice."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from pathlib import Path

import pytest

import mirrorbi
from mirrorbi.bedrock.hints import ACTION, resources_of
from mirrorbi.bedrock.residency import route_for
from mirrorbi.errors import (
    AccessError,
    BrokenStreamError,
    ClaudeError,
    CredentialsError,
    ModelIdError,
    ThrottledError,
    UnavailableError,
)
from mirrorbi.settings import ClaudeSettings


def refused(claude, request, kind, says=None):
    with pytest.raises(kind, match=says) as caught:
        claude.send(request)
    assert caught.value.hint, "each error says what to do next"
    return caught.value


PASSING = [
    ("throttle", ThrottledError),
    ("unavailable", UnavailableError),
    ("internal", UnavailableError),
    ("timeout", UnavailableError),
    ("not_ready", UnavailableError),
    ("ModelErrorException", UnavailableError),
    ("reset", BrokenStreamError),
]


@pytest.mark.parametrize(("name", "kind"), PASSING)
def test_what_passes_is_tried_again(bedrock, connected, ask, calls, name, kind):
    bedrock.fault(name, times=3)
    bedrock.say("At last.")
    claude = connected()
    assert claude.send(ask()).text == "At last."
    assert len(bedrock.received) == 4
    (call,) = calls()
    assert (call.outcome, call.attempts, call.error) == ("answered", 4, "")
    assert claude.budget.calls == 1


@pytest.mark.parametrize(("name", "kind"), PASSING)
def test_what_does_not_pass_ends_after_so_many_tries(bedrock, connected, ask, calls, name, kind):
    bedrock.fault(name, times=9)
    claude = connected(attempts=3)
    refused(claude, ask(), kind, "3 times")
    assert len(bedrock.received) == 3
    (call,) = calls()
    assert call.attempts == 3
    assert call.outcome == ("sent, outcome unknown" if name == "reset" else "failed")
    assert (claude.budget.spent == 0) is (name != "reset")


FINAL = [
    ("denied", "", AccessError, "bedrock:InvokeModelWithResponseStream"),
    ("AccessDeniedException", "with an explicit deny in a service control policy",
     AccessError, "service control policy of the organisation"),
    ("AccessDeniedException", "because no VPC endpoint policy allows the action",
     AccessError, "policy of the VPC endpoint"),
    ("AccessDeniedException", "You don't have access to the model with the specified model ID.",
     AccessError, "use-case form"),
    ("AccessDeniedException", "Model access is denied due to IAM user not being authorized to "
     "perform the required AWS Marketplace actions (aws-marketplace:Subscribe)",
     AccessError, "use-case form|aws-marketplace:Subscribe"),
    ("ResourceNotFoundException", "Model use case details have not been submitted for this "
     "account.", AccessError, "use-case form"),
    ("expired", "", CredentialsError, "aws sso login"),
    ("UnrecognizedClientException", "The security token included in the request is invalid.",
     CredentialsError, "AWS_PROFILE"),
    ("InvalidSignatureException", "Signature expired: 20261101T000000Z is now earlier than",
     CredentialsError, "clock"),
    ("quota", "", ThrottledError, "Service Quotas"),
    ("ThrottlingException", "Too many tokens per day, please wait before trying again.",
     ThrottledError, "Service Quotas"),
    ("on_demand", "", ModelIdError, r'eu\.anthropic\.claude-sonnet-4-6 \(residency = "geo"\)'),
    ("invalid", "", ModelIdError, "mirrorbi models --check"),
    ("end_of_life", "", ModelIdError, "mirrorbi models --check"),
    ("ResourceNotFoundException", "Could not find model.", ModelIdError, "models --check"),
    ("ValidationException", "Input is too long for requested model.", ClaudeError, "larger"),
    ("ValidationException", "The guardrail identifier or version does not exist.", ClaudeError,
     "Check guardrail"),
    ("ValidationException", "temperature is deprecated for this model.", ClaudeError,
     r'\[claude.models."claude-sonnet-4-6"\]'),
    ("TeapotException", "Short and stout.", ClaudeError, "mirrorbi"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "words", "kind", "hint"), FINAL)
def test_what_cannot_pass_is_said_at_once(bedrock, connected, ask, calls, name, words, kind, hint):
    more = {"status": 418} if name == "TeapotException" else {}
    bedrock.fault(name, words, times=2, **more)
    claude = connected()
    began = time.monotonic()
    error = refused(claude, ask(), kind)
    assert pytest.approx(0, abs=1.5) == time.monotonic() - began
    assert re.search(hint, error.hint), error.hint
    assert len(bedrock.received) == 1
    assert calls()[0].outcome == "failed"
    assert claude.budget.spent == 0
    assert len(calls()[0].error.split()) == 2, "the ledger holds names of errors, no words"


def test_a_denied_call_names_action_profile_and_every_model(bedrock, connected, ask):
    bedrock.fault("denied")
    hint = refused(connected(), ask(), AccessError).hint
    for arn in (
        "arn:aws:bedrock:eu-west-1:ACCOUNT:inference-profile/eu.anthropic.claude-sonnet-4-6",
        "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-sonnet-4-6",
        "arn:aws:bedrock:eu-north-1::foundation-model/anthropic.claude-sonnet-4-6",
    ):
        assert arn in hint


def test_the_policy_in_the_docs_is_the_one_that_is_asked_for():
    page = (Path(mirrorbi.__file__).parents[1] / "docs" / "bedrock.md").read_text("utf-8")
    policy = json.loads(re.search(r"```json\n(.*?)```", page, re.DOTALL)[1])
    profile, model = policy["Statement"]
    route = route_for(ClaudeSettings(residency="geo"), "eu-west-1")
    assert [profile["Resource"], *model["Resource"]] == resources_of(route, "123456789012")
    assert {profile["Action"], model["Action"]} == {ACTION}
    bound = model["Condition"]["StringEquals"]["bedrock:InferenceProfileArn"]
    assert bound == profile["Resource"]


def test_a_page_of_a_proxy_is_no_answer(bedrock, connected, ask):
    bedrock.fault("502", "Bad gateway", times=9, html=True, status=502)
    refused(connected(attempts=2), ask(), UnavailableError, "a proxy before it")
    assert len(bedrock.received) == 2


def test_a_refusal_that_asks_to_wait_is_heeded(bedrock, connected, ask):
    bedrock.fault("throttle", headers={"x-amz-retry-after": "400"})
    bedrock.say("Yes.")
    began = time.monotonic()
    connected().send(ask())
    assert time.monotonic() - began >= 0.4


def test_a_slow_first_byte_is_not_paid_for_twice(bedrock, connected, ask, calls):
    bedrock.say("Late.", wait=20)
    bedrock.say("Never asked for.")
    claude = connected(read_timeout=0.5)
    error = refused(claude, ask(), UnavailableError, "did not begin to answer within 0.5 s")
    assert "read_timeout" in error.hint
    assert len(bedrock.received) == 1
    assert calls()[0].outcome == "sent, outcome unknown"
    assert claude.budget.spent > 0


BROKEN = [
    ("end", {}, "broke off"),
    ("cut", {}, "middle of Claude's answer"),
    ("inside", {}, "middle of Claude's answer"),
    ("reset", {}, "middle of Claude's answer"),
    ("corrupt", {}, "middle of Claude's answer"),
    ("stall", {}, "stalled"),
]


@pytest.mark.parametrize(("by", "how", "says"), BROKEN)
@pytest.mark.parametrize("after", [2, 4])
def test_a_broken_stream_is_an_error_never_a_short_answer(
    bedrock, connected, ask, calls, by, how, says, after
):
    bedrock.say("Sales rose in March.", broken_by=by, after=after, **how)
    bedrock.say("Never asked for.")
    claude = connected(read_timeout=0.6)
    told = []
    with pytest.raises(BrokenStreamError, match=says):
        claude.send(ask(), told.append)
    assert told, "something was delivered, so it is not sent again"
    assert len(bedrock.received) == 1
    (call,) = calls()
    assert (call.outcome, call.cost) == ("sent, outcome unknown", None)
    assert claude.budget.spent > 0


@pytest.mark.parametrize("by", ["end", "cut", "inside", "reset", "corrupt"])
def test_a_stream_that_breaks_before_anything_came_is_tried_again(bedrock, connected, ask, by):
    for _ in range(2):
        bedrock.say("Lost.", broken_by=by, after=1)
    bedrock.say("Whole.")
    told = []
    assert connected().send(ask(), told.append).text == "Whole."
    assert "".join(told) == "Whole."
    assert len(bedrock.received) == 3


def test_a_stream_without_its_token_counts_is_broken(bedrock, connected, ask):
    bedrock.say("Four bits", broken_by="end", after=6)  # all but the last frame
    refused(connected(), ask(), BrokenStreamError, "before its token counts came")


IN_STREAM = [
    ("throttlingException", ThrottledError),
    ("modelStreamErrorException", UnavailableError),
    ("internalServerException", UnavailableError),
    ("serviceUnavailableException", UnavailableError),
]


@pytest.mark.parametrize(("kind", "error"), IN_STREAM)
def test_an_exception_in_the_stream_is_tried_again_if_nothing_came(
    bedrock, connected, ask, calls, kind, error
):
    bedrock.say("Lost.", broken_by="exception", kind=kind, after=1)
    bedrock.say("Whole.")
    assert connected().send(ask()).text == "Whole."
    assert calls()[0].attempts == 2


@pytest.mark.parametrize(
    ("kind", "error"), [*IN_STREAM, ("validationException", ClaudeError), ("odd", ClaudeError)]
)
def test_an_exception_in_the_stream_after_text_is_final(
    bedrock, connected, ask, calls, kind, error
):
    bedrock.say("Sales rose.", broken_by="exception", kind=kind, after=3)
    bedrock.say("Never asked for.")
    refused(connected(), ask(), error)
    assert len(bedrock.received) == 1
    assert calls()[0].outcome == "sent, outcome unknown"


def test_an_unmodelled_error_in_the_stream(bedrock, connected, ask):
    bedrock.say("Sales rose.", broken_by="error", kind="InternalFailure", after=3)
    refused(connected(), ask(), UnavailableError, "InternalFailure")


def test_the_time_allowed_bounds_the_tries(bedrock, connected, ask):
    bedrock.fault("throttle", times=10, headers={"retry-after": "5"})
    began = time.monotonic()
    refused(connected(attempts=10, timeout=2.0), ask(), ThrottledError)
    assert time.monotonic() - began < 2
    assert len(bedrock.received) == 1


def test_an_endpoint_that_is_not_there(bedrock, connected, ask, calls):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    claude = connected(endpoint=f"http://127.0.0.1:{port}", attempts=2)
    error = refused(claude, ask(), UnavailableError, rf"http://127.0.0.1:{port} could not")
    assert "VPC endpoint" in error.hint
    assert calls()[0].attempts == 2
    assert claude.budget.spent == 0


def test_an_endpoint_that_does_not_answer_to_a_connection(bedrock, connected, ask):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    address = listener.getsockname()
    waiting = [socket.create_connection(address) for _ in range(1)]
    full = [socket.socket() for _ in range(4)]
    for extra in full:
        extra.setblocking(False)
        extra.connect_ex(address)
    try:
        claude = connected(
            endpoint=f"http://127.0.0.1:{address[1]}", attempts=1, connect_timeout=0.3
        )
        refused(claude, ask(), UnavailableError, "did not answer within 0.3 s")
    finally:
        for one in (*waiting, *full, listener):
            one.close()


def test_a_name_that_does_not_resolve(bedrock, connected, ask):
    claude = connected(endpoint="http://bedrock.invalid:1", attempts=1)
    refused(claude, ask(), UnavailableError, "http://bedrock.invalid:1 could not be reached")


def test_a_certificate_that_is_not_trusted(bedrock, connected, ask):
    """A server that does not speak TLS at all gives the same kind of fault."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        connection, _ = listener.accept()
        with connection:
            connection.recv(100)
            connection.sendall(b"HTTP/1.1 400 no\r\n\r\n")

    threading.Thread(target=answer, daemon=True).start()
    claude = connected(endpoint=f"https://127.0.0.1:{listener.getsockname()[1]}", attempts=1)
    error = refused(claude, ask(), UnavailableError, "is not trusted")
    assert "AWS_CA_BUNDLE" in error.hint
    listener.close()


def test_a_proxy_that_is_not_there(bedrock, connected, ask, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://someone:word@127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    claude = connected(endpoint="https://bedrock.invalid", attempts=1)
    error = refused(claude, ask(), UnavailableError, "proxy")
    assert "word" not in str(error)


def test_no_credentials(bedrock, connected, ask, calls, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    refused(connected(), ask(), CredentialsError, "no AWS credentials")
    assert bedrock.received == []
    assert calls()[0].outcome == "failed"


def test_a_profile_that_is_signed_out(bedrock, connected, ask, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    config = tmp_path / "config"
    config.write_text(
        "[sso-session corp]\nsso_region = eu-west-1\n"
        "sso_start_url = https://example.invalid/start\n"
        "[profile work]\nsso_session = corp\nsso_account_id = 123456789012\n"
        "sso_role_name = analyst\nregion = eu-west-1\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("HOME", str(tmp_path))
    error = refused(connected(profile="work"), ask(), CredentialsError)
    assert "aws sso login --profile work" in error.hint


def test_a_profile_that_is_not_there(bedrock, connected, ask, calls):
    refused(connected(profile="nobody"), ask(), CredentialsError, "no AWS profile 'nobody'")
    assert calls() == []
