"""An answer is used again for exactly the same request, and only if it is unchanged."""

import hashlib
import json
import os
import stat
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mirrorbi.bedrock.cache import AnswerCache, key_of
from mirrorbi.bedrock.request import Reply, Request, Tool, ToolResult, Usage, _sealed, instruction
from mirrorbi.privacy.disclosure import Disclosure, canonical
from mirrorbi.privacy.disclosure import _sealed as _sealed_by_gate

KEY = "ab" * 32


def reply(**values):
    values = {
        "content": ({"text": "On-time rate fell."},),
        "stop": "end_turn",
        "usage": Usage(100, 10),
        "model": "claude",
        "region": "eu-west-1",
        "request_id": "r-1",
        **values,
    }
    return _sealed(Reply(**values))


def disclosure(text, policy="p"):
    body = canonical({"question": text})
    return Disclosure("question", body, policy, sealed=_sealed_by_gate("question", body, policy))


@pytest.fixture
def cache(tmp_path):
    return AnswerCache(tmp_path / "answers")


def file_of(cache):
    (path,) = cache.folder.iterdir()
    return path


def test_what_claude_wrote_comes_back_and_costs_nothing(cache):
    use = {"toolUse": {"toolUseId": "t-1", "name": "query", "input": {"n": 1.5, "é": [None]}}}
    cache.put(KEY, reply(content=({"text": "é"}, use), stop="tool_use"))
    found = cache.get(KEY)
    assert found.content == ({"text": "é"}, use)
    assert (found.stop, found.model, found.region) == ("tool_use", "claude", "eu-west-1")
    assert (found.cached, found.usage, found.request_id) == (True, Usage(), "")
    assert found.sealed is None  # the client alone says that it may be sent back


def test_another_key_has_no_answer(cache):
    cache.put(KEY, reply())
    assert cache.get("cd" * 32) is None


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
def test_only_this_user_may_look(cache):
    old = os.umask(0)
    try:
        cache.put(KEY, reply())
    finally:
        os.umask(old)
    assert stat.S_IMODE(cache.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file_of(cache).stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
def test_a_folder_that_others_could_enter_is_closed(cache):
    cache.folder.mkdir(mode=0o755)
    cache.put(KEY, reply())
    assert stat.S_IMODE(cache.folder.stat().st_mode) == 0o700


def test_nothing_is_kept_but_what_claude_wrote(cache):
    cache.put(KEY, reply())
    assert set(json.loads(file_of(cache).read_bytes())) == {
        *("key", "content", "stop", "model", "region", "hash")
    }


@pytest.mark.parametrize(
    "values",
    [
        {"stop": "max_tokens"},
        {"stop": "guardrail_intervened"},
        {"stop": "content_filtered"},
        {"cached": True},
        {"content": ({"reasoningContent": {"redactedContent": b"x"}},)},
    ],
)
def test_what_is_not_whole_is_not_kept(cache, values):
    cache.put(KEY, reply(**values))
    assert cache.get(KEY) is None


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_answer_that_was_changed_is_removed_and_said(cache, caplog, data):
    cache.put(KEY, reply())
    path = file_of(cache)
    text = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(text) - 1))
    text[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(text[: data.draw(st.sampled_from([at, len(text)]))])
    caplog.clear()
    assert cache.get(KEY) is None
    assert not path.exists()
    assert "was changed" in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"key": KEY},
        {"key": KEY, "content": [1], "stop": "end_turn", "model": "m", "region": "r"},
        {"key": KEY, "content": [], "stop": "max_tokens", "model": "m", "region": "r"},
    ],
)
def test_a_file_that_is_no_answer_but_fits_its_hash(cache, body):
    own = hashlib.sha256(canonical(body)).hexdigest()
    cache.folder.mkdir()
    (cache.folder / f"{KEY}.json").write_bytes(canonical({**body, "hash": own}))
    assert cache.get(KEY) is None


def test_an_answer_moved_to_another_question_is_not_used(cache):
    cache.put(KEY, reply())
    file_of(cache).rename(cache.folder / f"{'cd' * 32}.json")
    assert cache.get("cd" * 32) is None


def test_an_old_answer_is_asked_again(cache):
    cache.put(KEY, reply())
    path = file_of(cache)
    old = time.time() - 31 * 86_400
    os.utime(path, (old, old))
    assert cache.get(KEY) is None
    assert not path.exists()


def test_the_oldest_go_where_there_are_too_many(tmp_path):
    cache = AnswerCache(tmp_path, limit=3000)
    for number in range(10):
        cache.put(f"{number:064x}", reply(content=({"text": "x" * 600},)))
        os.utime(tmp_path / f"{number:064x}.json", (time.time() + number,) * 2)
    cache.sweep()
    kept = [number for number in range(10) if cache.get(f"{number:064x}")]
    assert kept == [7, 8, 9]


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path, caplog):
    (tmp_path / "answers").write_text("")
    cache = AnswerCache(tmp_path / "answers")
    cache.put(KEY, reply())
    assert cache.get(KEY) is None
    assert "could not be kept" in caplog.text


def test_two_processes_keep_the_same_answer(cache):
    code = """
import sys
from mirrorbi.bedrock.cache import AnswerCache
cache = AnswerCache(sys.argv[1])
for _ in range(300):
    found = cache.get("ab" * 32)
    assert found is not None and found.text == "On-time rate fell."
    cache.put("ab" * 32, found)
"""
    cache.put(KEY, reply())
    reader = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, cache.folder], stderr=subprocess.PIPE
    )
    while reader.poll() is None:
        cache.put(KEY, reply())
    assert reader.stderr.read() == b""
    assert reader.returncode == 0


# The key ------------------------------------------------------------------------------

USE = ({"toolUse": {"toolUseId": "t-1", "name": "query", "input": {"n": 1.5}}},)
REQUEST = Request(
    (),
    (
        (disclosure("why?"),),
        reply(content=USE, stop="tool_use"),
        (ToolResult("t-1", disclosure("42")),),
    ),
)
TOOL = Tool(instruction("tool_query.json"))


def changed(turn, value):
    turns = list(REQUEST.turns)
    turns[turn] = value
    return replace(REQUEST, turns=tuple(turns))


@pytest.mark.parametrize(
    "other",
    [
        replace(REQUEST, max_tokens=100),
        replace(REQUEST, tools=(TOOL,)),
        replace(REQUEST, tools=(TOOL,), tool=TOOL.name),
        replace(REQUEST, system=(instruction("voice.md"),)),
        replace(REQUEST, schema=instruction("voice.md")),
        changed(0, (disclosure("why now?"),)),
        changed(0, (instruction("voice.md"), disclosure("why?"))),
        changed(1, reply(content=(*USE, {"text": "so"}), stop="tool_use")),
        changed(1, reply(content=(*USE, {"reasoningContent": {"redactedContent": b"x"}}))),
        changed(2, (ToolResult("t-1", disclosure("42"), failed=True),)),
        changed(2, (ToolResult("t-1", disclosure("43")),)),
        changed(2, (disclosure("42"),)),
        replace(REQUEST, turns=REQUEST.turns[:2]),
    ],
)
def test_whatever_changes_the_answer_changes_the_key(other):
    assert other != REQUEST
    assert key_of(REQUEST, "claude", "p") != key_of(other, "claude", "p")


def test_model_policy_and_guardrail_change_the_key():
    keys = {
        key_of(REQUEST, "claude", "p"),
        key_of(REQUEST, "claude-2", "p"),
        key_of(REQUEST, "claude", "q"),
        key_of(REQUEST, "claude", "p", {"guardrail": "g:1"}),
    }
    assert len(keys) == 4


def test_what_does_not_change_the_answer_does_not_change_the_key():
    same = reply(content=USE, stop="tool_use", usage=Usage(), request_id="r-2")
    again = Request((), ((disclosure("why?"),), same, REQUEST.turns[2]))
    assert key_of(REQUEST, "claude", "p") == key_of(replace(again, purpose="ask"), "claude", "p")


def test_the_key_is_the_same_in_another_process():
    code = """
from mirrorbi.bedrock.cache import key_of
from mirrorbi.bedrock.request import Request
print(key_of(Request((), ()), "claude", "p"))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == key_of(Request((), ()), "claude", "p")
