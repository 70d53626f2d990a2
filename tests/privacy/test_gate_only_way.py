"""There is one way to Claude: imports, types and forgeries."""

import ast
import copy
import dataclasses
import importlib
import json
import pickle
import types
import typing
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

import mirrorbi
from mirrorbi.bedrock import request as message
from mirrorbi.bedrock.client import Claude
from mirrorbi.errors import RefusedError
from mirrorbi.privacy import disclosure as room
from mirrorbi.privacy.disclosure import Disclosure, canonical
from mirrorbi.privacy.gate import Gate
from mirrorbi.privacy.ledger import FileLedger
from mirrorbi.privacy.policy import Policy
from mirrorbi.settings import ClaudeSettings

ROOT = Path(mirrorbi.__file__).parent
FILES = {path.relative_to(ROOT).as_posix(): path for path in sorted(ROOT.rglob("*.py"))}


@cache
def trees():
    return {name: ast.parse(path.read_text("utf-8")) for name, path in FILES.items()}


def names_in(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.alias):
            yield node.name.rpartition(".")[2]


def imports_in(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def from_module(tree, module, name):
    return f"{module}.{name}" in set(imports_in(tree))


def test_the_seal_of_a_disclosure_is_named_by_the_gate_alone():
    using = {
        name
        for name, tree in trees().items()
        if from_module(tree, "mirrorbi.privacy.disclosure", "_sealed")
        or from_module(tree, "mirrorbi.privacy.disclosure", "_Seal")
        or from_module(tree, "mirrorbi.privacy.disclosure", "_KEY")
        or from_module(tree, "mirrorbi.privacy.disclosure", "_mac")
    }
    assert using == {"privacy/gate.py"}
    # Nor by way of the module.
    for name, tree in trees().items():
        if name not in ("privacy/disclosure.py", "privacy/gate.py"):
            assert "mirrorbi.privacy.disclosure" not in {
                alias for alias in imports_in(tree) if alias.count(".") == 2
            }, name


def test_a_disclosure_is_called_into_being_by_the_gate_alone():
    makers = {
        name
        for name, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Disclosure"
    }
    assert makers == {"privacy/gate.py"}


def test_bedrock_is_spoken_to_in_one_place():
    calls = {"converse", "converse_stream", "invoke_model", "invoke_model_with_response_stream"}
    calling = {
        name
        for name, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in calls
        # `ds.converse` begins a conversation.
        and not (isinstance(node.func.value, ast.Name) and node.func.value.id in ("ds", "dataset"))
    }
    made = {name for name in calling if name.startswith("bedrock/")}
    assert len(made) == 1
    assert calling - made <= {"cli/ask.py"}
    runtime = {name for name, tree in trees().items() if "bedrock-runtime" in set(names_in(tree))}
    assert {name.split("/")[0] for name in runtime} == {"bedrock", "connections"}


def test_no_other_way_out_exists():
    network = ("requests", "httpx", "urllib.request", "http.client", "aiohttp", "socket", "smtplib")
    users = {
        name
        for name, tree in trees().items()
        if any(module.startswith(network) for module in imports_in(tree))
    }
    # A ledger's entry names the host; kernels are spoken to on this machine; what tests with
    # listens and calls nobody.
    known = ("bedrock/", "kernels/", "reports/", "privacy/ledger/", "testing/")
    elsewhere = [name for name in users if not name.startswith(known)]
    assert elsewhere == []


def test_the_room_of_claude_knows_no_data_and_no_facts():
    for name, tree in trees().items():
        if not name.startswith("bedrock/"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                room_ = node.module.removeprefix("mirrorbi.").split(".")[0]
                if room_ in ("data", "facts", "analysis"):
                    # For the type checker alone: a connection is made for a data set.
                    assert name == "bedrock/setup.py", name


def leaves(kind):
    """Return every type that a type can hold."""
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind, vars(importlib.import_module(kind.__module__)))
        found = {kind}
        for field in dataclasses.fields(kind):
            found |= leaves(hints[field.name])
        return found
    arguments = typing.get_args(kind)
    if arguments:
        return set().union(*(leaves(part) for part in arguments if part is not Ellipsis))
    return {kind}


def test_a_request_holds_only_what_is_ours_disclosed_or_claudes_own():
    turns = typing.get_type_hints(message.Request)["turns"]
    found = {kind for kind in leaves(turns) if isinstance(kind, type)}
    ours = {kind.__name__ for kind in found if dataclasses.is_dataclass(kind)}
    assert ours == {"Instruction", "Disclosure", "ToolResult", "Reply", "Usage"}
    taken = set(typing.get_type_hints(message.Request))
    assert taken == {
        "system", "turns", "tools", "tool", "schema", "max_tokens", "purpose",
    }  # fmt: skip
    for text in ("system", "schema"):
        kinds = set(leaves(typing.get_type_hints(message.Request)[text]))
        assert kinds <= {message.Instruction, str, types.NoneType}
    for wrong in ("the rows", b"rows", {"text": "rows"}, ["rows"], 5, None):
        with pytest.raises((RefusedError, TypeError)):
            message.Request((message.instruction("voice.md"),), ((wrong,),))
        with pytest.raises((RefusedError, TypeError, AttributeError)):
            message.Request((wrong,), ())


@pytest.fixture
def gate():
    frame = pd.DataFrame({"city": ["Rome", "Oslo"] * 40, "sales": [3, 4] * 40})
    ds = mirrorbi.open(frame)
    policy = Policy.of(None, ds.model).model_copy(update={"narrators": ("rules", "claude")})
    return Gate(ds, policy)


def stolen(genuine, body):
    """Make a disclosure past its constructor, with a real seal."""
    forged = object.__new__(Disclosure)
    for field in dataclasses.fields(Disclosure):
        object.__setattr__(forged, field.name, getattr(genuine, field.name))
    object.__setattr__(forged, "body", body)
    return forged


BODY = canonical({"question": "Ada Testmann earns 4812377"})


def test_what_is_not_the_gates_cannot_be_made(gate):
    genuine = gate.question("Why did sales fall?")
    for attempt in (
        lambda: Disclosure("question", BODY, gate.policy.sha256),
        lambda: Disclosure("question", BODY, gate.policy.sha256, sealed=object()),
        lambda: Disclosure("question", BODY, gate.policy.sha256, sealed=genuine.sealed),
        lambda: dataclasses.replace(genuine, body=BODY),
        lambda: dataclasses.replace(genuine, policy="0" * 64),
        lambda: dataclasses.replace(genuine, kind="facts"),
        lambda: type("Mine", (Disclosure,), {}),
        lambda: copy.copy(genuine),
        lambda: copy.deepcopy(genuine),
        lambda: pickle.dumps(genuine),
        lambda: Disclosure("question", BODY, "", sealed=room._Seal(b"0" * 32)),
    ):
        with pytest.raises(RefusedError):
            attempt()
    with pytest.raises(dataclasses.FrozenInstanceError):
        genuine.body = BODY


def test_what_is_forged_all_the_same_is_not_sent(gate, bedrock, tmp_path):
    genuine = gate.question("Why did sales fall?")
    claude = Claude(
        ClaudeSettings(region="eu-west-1", residency="geo"),
        ledger=FileLedger(tmp_path / "ledger"),
        policy=gate.policy,
    )
    system = (message.instruction("voice.md"),)
    forged = stolen(genuine, BODY)
    altered = stolen(genuine, genuine.body)
    request = message.Request(system, ((altered,),))
    object.__setattr__(altered, "body", BODY)
    bare = object.__new__(Disclosure)

    class Like:
        kind, body, policy, sealed = "question", BODY, gate.policy.sha256, genuine.sealed
        text = BODY.decode()

    holder = object.__new__(message.Request)
    for field in dataclasses.fields(message.Request):
        object.__setattr__(holder, field.name, getattr(request, field.name))
    object.__setattr__(holder, "turns", ((Like(),),))
    for attempt in (
        lambda: claude.send(message.Request(system, ((forged,),))),
        lambda: claude.send(message.Request(system, ((bare,),))),
        lambda: claude.send(request),
        lambda: claude.send(holder),
    ):
        with pytest.raises((RefusedError, AttributeError)):
            attempt()
    assert bedrock.received == []
    assert claude.entries == []


def test_what_passed_under_another_policy_is_not_sent(gate, bedrock, tmp_path):
    claude = Claude(
        ClaudeSettings(region="eu-west-1", residency="geo"),
        ledger=FileLedger(tmp_path / "ledger"),
        policy=gate.policy.model_copy(update={"min_entities": 50}),
    )
    asked = gate.question("Why did sales fall?")
    with pytest.raises(RefusedError, match="another policy"):
        claude.send(message.Request((message.instruction("voice.md"),), ((asked,),)))
    assert bedrock.received == []


def test_the_bytes_received_are_the_bytes_shown(gate, bedrock, tmp_path):
    claude = Claude(
        ClaudeSettings(region="eu-west-1", residency="geo"),
        ledger=FileLedger(tmp_path / "ledger"),
        policy=gate.policy,
    )
    facts = gate.dataset.facts(kinds=["share"])
    shown = gate.preview(facts)
    sent = gate.disclose(facts)
    assert shown.body == sent.body
    bedrock.say("Read.")
    claude.send(message.Request((message.instruction("voice.md"),), ((sent,),)))
    texts = bedrock.received[0].texts
    assert shown.body.decode() in texts
    assert [text for text in texts if text.startswith("{")] == [shown.body.decode()]
    assert json.loads(shown.body) == sent.value
