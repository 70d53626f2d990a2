"""Streams: whatever order and size the pieces have, the answer is the same, or there is none."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirrorbi.bedrock.request import Instruction, Request
from mirrorbi.bedrock.stream import Assembly
from mirrorbi.errors import AnswerError, BrokenStreamError


@pytest.mark.parametrize("order", ["plain", "interleaved", "backwards"])
@pytest.mark.parametrize("strange", [False, True])
def test_blocks_come_in_any_order(bedrock, connected, ask, loopback, order, strange):
    hidden = b"\x00\xff secret thought"
    bedrock.answer(
        loopback.thinking("Let me see.", signature="c2ln"),
        loopback.redacted(hidden),
        loopback.text("First I look."),
        loopback.tool("query", {"metrics": ["sales"], "by": ["Zürich", "a\nb"]}, "use-1"),
        loopback.tool("members", {}, "use-2"),
        stop="tool_use",
        order=order,
        strange=strange,
    )
    reply = connected().send(ask())
    assert [next(iter(block)) for block in reply.content] == [
        "reasoningContent",
        "reasoningContent",
        "text",
        "toolUse",
        "toolUse",
    ]
    shown, kept = (block["reasoningContent"] for block in reply.content[:2])
    assert shown == {"reasoningText": {"text": "Let me see.", "signature": "c2ln"}}
    assert kept == {"redactedContent": hidden}
    assert reply.text == "First I look."
    assert [(use.id, use.name, dict(use.input)) for use in reply.tool_uses] == [
        ("use-1", "query", {"metrics": ["sales"], "by": ["Zürich", "a\nb"]}),
        ("use-2", "members", {}),
    ]


def test_an_answer_is_sent_back_as_it_came(bedrock, connected, ask, loopback, disclosure):
    bedrock.answer(
        loopback.thinking("Let me see."), loopback.redacted(b"\x00\xff"), loopback.text("Well.")
    )
    bedrock.say("Further.")
    claude = connected()
    first = claude.send(ask())
    claude.send(Request((Instruction("voice.md"),), ((disclosure,), first, (disclosure,))))
    echoed = bedrock.received[1].body["messages"][1]
    assert echoed["role"] == "assistant"
    assert echoed["content"][0]["reasoningContent"]["reasoningText"]["signature"]
    assert echoed["content"][1]["reasoningContent"]["redactedContent"] == "AP8="
    assert echoed["content"][2] == {"text": "Well."}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ('{"a": ', "no JSON"),
        ("nonsense", "no JSON"),
        ('{"a": NaN}', "no JSON"),
        ('{"a": 1e999}', "no JSON"),
        ('["a"]', "no object"),
        ('"a"', "no object"),
        ("[" * 5000, "no JSON"),
    ],
)
def test_arguments_that_cannot_be_used(bedrock, connected, ask, calls, arguments, says):
    bedrock.use_tool("query", arguments)
    with pytest.raises(AnswerError, match=says) as caught:
        connected().send(ask())
    assert caught.value.stop == "malformed_tool_use"
    assert len(bedrock.received) == 1
    assert calls()[0].outcome == "answered"


def test_two_tools_under_one_id(bedrock, connected, ask, loopback):
    bedrock.answer(
        loopback.tool("query", {}, "same"), loopback.tool("members", {}, "same"), stop="tool_use"
    )
    with pytest.raises(AnswerError, match="under one id"):
        connected().send(ask())


@pytest.mark.parametrize("words", ["", "   \n"])
def test_an_empty_answer_is_none(bedrock, connected, ask, words):
    bedrock.say(words)
    with pytest.raises(AnswerError, match="empty"):
        connected().send(ask())


def test_a_stop_for_a_tool_that_is_not_there(bedrock, connected, ask):
    bedrock.say("I call a tool.", stop="tool_use")
    with pytest.raises(AnswerError, match="called none"):
        connected().send(ask())


def events_of(words, index=0):
    for part in words:
        yield {"contentBlockDelta": {"delta": {"text": part}, "contentBlockIndex": index}}
    yield {"contentBlockStop": {"contentBlockIndex": index}}


END = {"messageStop": {"stopReason": "end_turn"}}
COUNTS = {"metadata": {"usage": {"inputTokens": 1, "outputTokens": 1}}}


@given(st.lists(st.text(min_size=1), min_size=1, max_size=6), st.integers(0, 20))
def test_every_stream_that_ends_early_is_broken(words, length):
    whole = [*events_of(words), END, COUNTS]
    assembly = Assembly()
    for event in whole[: min(length, len(whole) - 1)]:
        assembly.add(event)
    with pytest.raises(BrokenStreamError):
        assembly.content()


@given(st.lists(st.text(), max_size=8), st.permutations(range(4)))
def test_pieces_of_any_size_and_strange_events_give_the_same(words, order):
    strange = [{"sparkle": {"x": 1}}, {"contentBlockDelta": {"delta": {"sparkle": 1}}}, {}, COUNTS]
    told = []
    assembly = Assembly(told.append)
    mixed = itertools.zip_longest(events_of(words), (strange[i] for i in order))
    for event in itertools.chain(*mixed):
        if event is not None:
            assembly.add(event)
    assembly.add(END)
    text = "".join(words)
    found = "".join(block["text"] for block in assembly.content())
    assert found == (text if text.strip() else "")
    assert "".join(told) == text
