"""What Claude may say in a call of a tool: anything is read, nothing unknown is taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mirrorbi
from mirrorbi.bedrock.request import Tool, instruction
from mirrorbi.narrative.chat.tool_arguments import TOOLS, Arguments, Mistake, parse
from mirrorbi.narrative.chat.tool_runner import ToolRunner
from mirrorbi.narrative.chat.tool_sweeps import KINDS, lookup_for
from mirrorbi.privacy.gate import Gate

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=10), part, max_size=3)
    ),
    max_leaves=8,
)
NAMES = sorted({name for tool in TOOLS.values() for name in tool.model_fields})


@pytest.fixture(scope="module")
def gate(flights: mirrorbi.Analysis) -> Gate:
    return Gate(flights)


@given(
    st.sampled_from([*TOOLS, "", "rm", "Query"]),
    JSON | st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4),
)
@settings(max_examples=300)
def test_any_arguments_are_read_or_told_wrong(gate: Gate, tool: str, given_: Any) -> None:
    found = parse(tool, given_)
    assert isinstance(found, Arguments | Mistake)
    if isinstance(found, Mistake):
        # Whatever Claude said, what goes back are words of ours.
        assert gate.notice(found.to_notice()).value == found.to_notice()
    elif tool in KINDS:
        asked = lookup_for(found, tool, gate)
        if isinstance(asked, Mistake):
            gate.notice(asked.to_notice())


@pytest.mark.parametrize("name", TOOLS)
def test_the_tool_that_claude_sees_is_the_one_that_is_checked(gate: Gate, name: str) -> None:
    definition = Tool(instruction(f"tool_{name}.json"), gate.vocabulary()).definition()
    schema = definition["inputSchema"]["json"]
    fields = TOOLS[name].model_fields
    assert definition["name"] == name
    assert set(schema["properties"]) == set(fields)
    assert set(schema["required"]) <= set(fields)
    required = {key for key, field in fields.items() if field.is_required()}
    assert required <= set(schema["required"])
    assert "$from" not in json.dumps(schema)
    assert schema["additionalProperties"] is False


def test_choices_are_names_of_the_data(gate: Gate) -> None:
    schema = Tool(instruction("tool_query.json"), gate.vocabulary()).definition()
    metrics = schema["inputSchema"]["json"]["properties"]["metrics"]["items"]["enum"]
    assert "on_time_rate" in metrics
    assert "cancelled_flights" not in metrics  # hidden by the model


def test_each_call_of_a_tool_is_answered_whatever_it_says(flights: mirrorbi.Analysis) -> None:
    gate = Gate(flights)
    desk = ToolRunner(flights, gate)
    # A name that was not disclosed is not known, though the data has it.
    assert desk.run("query", {"metrics": ["on_time_rate"]}).failed
    gate.vocabulary()
    outcomes = [
        desk.run("derive", {"op": "sum", "facts": ["f1", "f2"]}),
        desk.run("chart", {"fact": "f1"}),
        desk.run("query", {"metrics": ["on_time_rate"], "history": True}),
        desk.run("derive", {"op": "sum", "facts": ["f1", "f2"]}),
        desk.run("chart", {"fact": "f1"}),
        desk.run("chart", {"fact": "f2"}),
    ]
    told = [outcome.disclosure.value for outcome in outcomes]
    assert told[0] == {"argument": "facts", "error": "unknown_fact"}
    assert told[1] == {"argument": "fact", "error": "unknown_fact"}
    assert outcomes[2].computed is not None
    # Rates do not add up, so there is no sum.
    assert told[3] == {"argument": "facts", "error": "not_possible"}
    assert {"result": "ok"} in told[4:]


def test_a_static_text_holds_no_slot_that_no_fact_has() -> None:
    folder = Path(mirrorbi.__file__).parent / "bedrock" / "prompts"
    for path in folder.glob("ask*.md"):
        assert path.read_text("utf-8").isascii(), path
    for path in folder.glob("tool_*.json"):
        assert json.loads(path.read_text("utf-8"))["name"] == path.stem.removeprefix("tool_")
