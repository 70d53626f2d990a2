"""The client: what goes out, what comes back, and what the ledger says of it."""

from __future__ import annotations


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
