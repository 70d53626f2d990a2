"""What a call to Claude is made of: our own static text, disclosures, and its own replies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from mirrorbi.errors import ClaudeError, RefusedError
from mirrorbi.privacy.disclosure import Disclosure

Stop = Literal[
    "end_turn",
    "tool_use",
    "max_tokens",
    "stop_sequence",
    "guardrail_intervened",
    "content_filtered",
    "malformed_model_output",
    "malformed_tool_use",
    "model_context_window_exceeded",
]
"""Why Claude stopped, in the words of the Converse API
(https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html)."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """Static text of this package: a file in ``mirrorbi/claude/prompts``. `instruction` reads it.

    Parameters
    ----------
    name
        Of the file, with its suffix.
    """

    name: str

    def __post_init__(self) -> None:
        if self.name not in _prompts():
            raise ClaudeError(f"There is no instruction {self.name!r}.", hint="Reinstall mirrorbi.")

    @property
    def text(self) -> str:
        """What the file says."""
        return _prompts()[self.name]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that Claude may call: static words, choices filled from a vocabulary.

    Parameters
    ----------
    spec
        A JSON file of our own: ``name``, ``description``, ``inputSchema`` (JSON Schema).
        In the schema ``{"enum": {"$from": "metrics"}}`` stands for the names under that
        key of the vocabulary.
    vocabulary
        What the gate let through of the model's names; ``None`` where nothing is filled.
    """

    spec: Instruction
    vocabulary: Disclosure | None = None

    @property
    def name(self) -> str:
        """The tool's name."""
        return str(json.loads(self.spec.text)["name"])

    def definition(self) -> dict[str, Any]:
        """Return the tool as the Converse API takes it."""
        known = self.vocabulary.value if self.vocabulary is not None else {}
        parts = json.loads(self.spec.text)
        schema = _filled(parts["inputSchema"], known)
        return {
            "name": parts["name"],
            "description": parts["description"],
            "inputSchema": {"json": schema},
        }


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One call of a tool by Claude: data, never code."""

    id: str
    name: str
    input: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The answer to one `ToolUse`."""

    id: str
    disclosure: Disclosure
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, and what they cost.

    Parameters
    ----------
    input, output
        Tokens read (without those from the cache) and written.
    cache_read, cache_write
        Tokens read from and written to the prompt cache.
    cost
        US dollars; ``None`` where the model's prices are not known.
    """

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cost: Decimal | None = Decimal(0)

    def __add__(self, other: Usage) -> Usage:
        cost = None if self.cost is None or other.cost is None else self.cost + other.cost
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
            cost,
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """What Claude answered, whole: a stream that broke off makes none.

    Parameters
    ----------
    content
        The content blocks as the API gave them, to be sent back unchanged.
    stop
        Why it stopped.
    usage
        Tokens and cost; zero if from the answer cache.
    model, region
        Which model answered, through which region's endpoint.
    request_id
        Bedrock's id of the call; empty if from the answer cache.
    cached
        Whether no call was made.
    """

    content: tuple[Mapping[str, Any], ...]
    stop: Stop
    usage: Usage = Usage()
    model: str = ""
    region: str = ""
    request_id: str = ""
    cached: bool = False

    @property
    def text(self) -> str:
        """The text blocks, joined."""
        return "".join(str(block["text"]) for block in self.content if "text" in block)

    @property
    def tool_uses(self) -> tuple[ToolUse, ...]:
        """The tools called, in order."""
        found = (block["toolUse"] for block in self.content if "toolUse" in block)
        return tuple(ToolUse(use["toolUseId"], use["name"], use["input"]) for use in found)


Part = Instruction | Disclosure | ToolResult
"""What a turn of ours is made of."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call, before it is sent.

    Parameters
    ----------
    system
        Static instructions, cached by Bedrock where the model can.
    turns
        The conversation: tuples of `Part` are ours, a `Reply` is Claude's.
    tools
        Tools that may be called.
    tool
        Name of the tool that must be called, where the model can be made to; otherwise
        the instructions ask for it.
    schema
        JSON file of ours that the answer must fit, where the model can be held to it.
    max_tokens
        Of the answer.
    purpose
        ``narrative``, ``repair``, ``ask``: goes to ledger and request metadata.
    """

    system: tuple[Instruction, ...]
    turns: tuple[tuple[Part, ...] | Reply, ...]
    tools: tuple[Tool, ...] = ()
    tool: str | None = None
    schema: Instruction | None = None
    max_tokens: int = 4096
    purpose: str = "narrative"

    def __post_init__(self) -> None:
        allowed = (Instruction, Disclosure, ToolResult)
        parts = [part for turn in self.turns if not isinstance(turn, Reply) for part in turn]
        for part in (*self.system, *parts):
            if not isinstance(part, allowed):
                raise RefusedError(
                    f"A {type(part).__name__} may not be sent to Claude.",
                    hint="Send what the gate disclosed: Gate(dataset).disclose(facts).",
                )

    @property
    def disclosures(self) -> tuple[Disclosure, ...]:
        """Everything made from data that this call sends, in order."""
        found: list[Disclosure] = []
        for tool in self.tools:
            if tool.vocabulary is not None and tool.vocabulary not in found:
                found.append(tool.vocabulary)
        for turn in self.turns:
            for part in () if isinstance(turn, Reply) else turn:
                if isinstance(part, Disclosure):
                    found.append(part)
                elif isinstance(part, ToolResult):
                    found.append(part.disclosure)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class RunTag:
    """What joins ledger, invocation logs and CloudTrail: sent as request metadata.

    Parameters
    ----------
    run
        Id of the run or conversation.
    user
        Who asked; sent and kept as given, so a role or a hash rather than a name.
    """

    run: str = ""
    user: str = ""
    more: Mapping[str, str] = field(default_factory=dict)


def instruction(name: str) -> Instruction:
    """Return one of our own static texts.

    Raises
    ------
    ClaudeError
        If there is none of that name.
    """
    return Instruction(name)


@cache
def _prompts() -> dict[str, str]:
    folder = files("mirrorbi.claude") / "prompts"
    return {file.name: file.read_text("utf-8") for file in folder.iterdir() if file.is_file()}


def _filled(schema: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(schema, dict):
        if isinstance(schema.get("enum"), dict):
            names = [part["name"] for part in known.get(schema["enum"]["$from"], ())]
            return {**schema, "enum": names}
        return {key: _filled(part, known) for key, part in schema.items()}
    return [_filled(part, known) for part in schema] if isinstance(schema, list) else schema
