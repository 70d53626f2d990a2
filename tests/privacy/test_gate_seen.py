"""Seen first: previews as text, bytes and page; approval by a person, a program, or nobody."""

import builtins
import hashlib
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import mirrorbi
from mirrorbi.errors import RefusedError
from mirrorbi.privacy.gate import Gate
from mirrorbi.privacy.policy import Policy

FLIGHTS = Path(__file__).parents[2] / "notebooks" / "data" / "flights.parquet"
FEW = ("--metric", "on_time_rate", "--kind", "change", "--by", "origin")


@pytest.fixture(scope="module")
def ds():
    frame = pd.DataFrame({"city": ["Rome", "Oslo", "Nor<b>d"] * 40, "sales": [3, 4, 5] * 40})
    return mirrorbi.open(frame)


@pytest.fixture(scope="module")
def facts(ds):
    return ds.facts(kinds=["share", "value"])


def gate_of(ds, mode, approve=None):
    policy = Policy.of(None, ds.model).model_copy(update={"approve": mode})
    return Gate(ds, policy, approve=approve)


def test_a_preview_changes_nothing(ds, facts):
    gate = Gate(ds)
    shown = gate.preview(facts)
    assert gate.facts == {}
    assert gate.disclose(facts).body == shown.body
    assert shown.size == len(shown.body)
    assert shown.sha256 == hashlib.sha256(shown.body).hexdigest()


def test_a_preview_as_a_person_reads_it(ds, facts):
    gate = Gate(ds)
    shown = gate.preview(facts)
    text = str(shown)
    assert "f1 | " in text
    assert f"{shown.size:,} bytes" in text
    assert shown.sha256 in text
    assert "Held back: 1 by text" in text
    page = shown._repr_html_()
    assert "Nor<b>d" not in page
    assert "<script" not in page
    assert shown.sha256 in page
    for other in (gate.vocabulary(), gate.question("Why?"), gate.notice({"codes": ["slot"]})):
        assert other.sha256 in other._repr_html_()
        assert str(other.preview())


def test_the_policy_may_be_enough(ds, facts):
    assert gate_of(ds, "policy").disclose(facts)


def test_a_program_may_approve_or_deny(ds, facts):
    seen = []
    gate = gate_of(ds, "call", lambda d: seen.append(d) or len(seen) < 3)
    first, second = gate.disclose(facts), gate.question("Why?")
    assert seen == [first, second]
    with pytest.raises(RefusedError, match="was denied"):
        gate.vocabulary()
    # What was denied was not disclosed.
    gate = gate_of(ds, "call", lambda d: False)
    with pytest.raises(RefusedError, match="was denied"):
        gate.disclose(facts)
    assert gate.facts == {}
    # A truth that is not True is no yes.
    with pytest.raises(RefusedError):
        gate_of(ds, "call", lambda d: "no").disclose(facts)


def test_a_session_is_asked_once(ds, facts):
    seen = []
    gate = gate_of(ds, "session", lambda d: seen.append(d) or True)
    gate.disclose(facts)
    gate.question("Why?")
    gate.vocabulary()
    assert len(seen) == 1


def test_nobody_to_ask_is_a_refusal(tmp_path):
    code = (
        "import pandas as pd, mirrorbi\n"
        "from mirrorbi.privacy.gate import Gate\n"
        "ds = mirrorbi.open(pd.DataFrame({'city': ['Rome', 'Oslo'] * 40}))\n"
        "Gate(ds).question('Why?')\n"
    )
    env = {**os.environ, "MIRRORBI_PRIVACY_APPROVE": "call"}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 1
    assert "nobody can be asked here" in ran.stderr


@pytest.mark.parametrize(("typed", "allowed"), [("y\n", True), ("\n", False), ("yes\n", True)])
def test_a_person_at_a_terminal(tmp_path, typed, allowed):
    code = (
        "import pandas as pd, mirrorbi\n"
        "from mirrorbi.privacy.gate import Gate\n"
        "ds = mirrorbi.open(pd.DataFrame({'city': ['Rome', 'Oslo'] * 40}))\n"
        "print(Gate(ds).question('Why Rome?').kind)\n"
    )
    env = {**os.environ, "MIRRORBI_PRIVACY_APPROVE": "call"}
    ours, theirs = pty.openpty()
    os.write(ours, typed.encode())
    try:
        ran = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path, env=env, stdin=theirs, capture_output=True, text=True,
        )  # fmt: skip
    finally:
        os.close(ours)
        os.close(theirs)
    assert "Why Rome?" in ran.stderr
    assert "Send this to Claude? [y/N]" in ran.stderr
    assert ("question" in ran.stdout) == allowed
    assert ("was denied" in ran.stderr) != allowed


def test_the_command_prints_the_bytes_that_it_hashes(mirrorbi_command, tmp_path):
    raw = mirrorbi_command("preview", FLIGHTS, *FEW, "--bytes", cwd=tmp_path).stdout.encode()
    told = mirrorbi_command("preview", FLIGHTS, *FEW, "--json", cwd=tmp_path).stdout
    shown = json.loads(told)
    assert hashlib.sha256(raw).hexdigest() == shown["sha256"]
    assert json.loads(raw) == shown["payload"]
    assert shown["bytes"] == len(raw)


def test_the_command_as_a_person_reads_it(mirrorbi_command, tmp_path):
    ran = mirrorbi_command("preview", FLIGHTS, *FEW, cwd=tmp_path)
    assert "change: on_time_rate, all" in ran.stdout
    assert "64.7%" in ran.stdout
    assert "Held back" in ran.stdout
    assert "Nothing is sent under this policy" in ran.stdout
    assert max(len(line) for line in ran.stdout.splitlines()) <= 80


def test_the_command_shows_questions_and_refuses_some(mirrorbi_command, tmp_path):
    ask = ("preview", FLIGHTS, "--question")
    ran = mirrorbi_command(*ask, "Why did JFK fall?", cwd=tmp_path)
    assert ran.stdout.startswith("Why did JFK fall?")
    ran = mirrorbi_command(*ask, "mail joe.roe@example.com", cwd=tmp_path)
    assert ran.returncode == 2
    assert "personal data (email)" in ran.stderr
    ran = mirrorbi_command("preview", FLIGHTS, "--bytes", "--json", cwd=tmp_path)
    assert ran.returncode == 2


def test_input_is_not_asked_where_no_terminal_is(ds, facts, monkeypatch):
    monkeypatch.setattr(builtins, "input", lambda *_: pytest.fail("input was asked"))
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(RefusedError, match="nobody can be asked"):
        gate_of(ds, "call").disclose(facts)
