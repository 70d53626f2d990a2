"""What a call to Claude is made of: our own static text, disclosures, and its own replies."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, final

from mirrorbi.bedrock.reply import Reply, Stop, ToolUse, Usage, _sealed
from mirrorbi.errors import ClaudeError, RefusedError
from mirrorbi.privacy.disclosure import Disclosure

__all__ = [
    "Instruction",
    "Part",
    "Reply",
    "Request",
    "RunTag",
    "Stop",
    "Tool",
    "ToolResult",
    "ToolUse",
    "Usage",
    "_sealed",
    "instruction",
]


@final
@dataclass(frozen=True, slots=True)
class Instruction:
    """Static text of this package: a file in ``mirrorbi/bedrock/prompts``. `instruction` reads it.

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


@final
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
        vocabulary = self.vocabulary.value if self.vocabulary is not None else {}
        parts = json.loads(self.spec.text)
        schema = _filled(parts["inputSchema"], vocabulary)
        return {
            "name": parts["name"],
            "description": parts["description"],
            "inputSchema": {"json": schema},
        }


@final
@dataclass(frozen=True, slots=True)
class ToolResult:
    """The answer to one `ToolUse`."""

    id: str
    disclosure: Disclosure
    failed: bool = False


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
        self.check()

    def check(self) -> None:
        """Refuse anything but our own static text, disclosures and Claude's own replies.

        Called when a request is made and again when it is sent. Exact types only: a
        subclass could say anything.

        Raises
        ------
        RefusedError
            If a part is of another kind, or was forged or changed.
        """
        for part in (*self.system, *((self.schema,) if self.schema is not None else ())):
            _only(part, Instruction)
        for tool in self.tools:
            _only(tool, Tool)
            _only(tool.spec, Instruction)
            if tool.vocabulary is not None:
                _only(tool.vocabulary, Disclosure)
        called: set[str] = set()
        for turn in self.turns:
            if isinstance(turn, Reply):
                turn.check()
                called = {use.id for use in turn.tool_uses}
                continue
            for part in turn:
                _only(part, Instruction, Disclosure, ToolResult)
                if isinstance(part, ToolResult):
                    _only(part.disclosure, Disclosure)
                    if part.id not in called:
                        raise RefusedError(
                            f"There is a result for a tool that was not called: {part.id!r}.",
                            hint="Answer the tool uses of the reply before it.",
                        )
        for disclosure in self.disclosures:
            disclosure.check()
        if not re.fullmatch(r"[a-z][a-z_]{0,39}", self.purpose):
            raise RefusedError(
                f"{self.purpose!r} is no purpose.", hint="Use a word such as narrative, or ask."
            )
        if self.tool is not None and self.tool not in {tool.name for tool in self.tools}:
            raise ClaudeError(
                f"There is no tool {self.tool!r} in this request.", hint="Name one of its tools."
            )

    @property
    def disclosures(self) -> tuple[Disclosure, ...]:
        """Everything made from data that this call sends, in order."""
        disclosures: list[Disclosure] = []
        for tool in self.tools:
            if tool.vocabulary is not None and tool.vocabulary not in disclosures:
                disclosures.append(tool.vocabulary)
        for turn in self.turns:
            for part in () if isinstance(turn, Reply) else turn:
                if isinstance(part, Disclosure):
                    disclosures.append(part)
                elif isinstance(part, ToolResult):
                    disclosures.append(part.disclosure)
        return tuple(disclosures)


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


def _only(part: object, *kinds: type) -> None:
    if type(part) not in kinds:
        raise RefusedError(
            f"A {type(part).__name__} may not be sent to Claude.",
            hint="Send what the gate disclosed: Gate(dataset).disclose(facts).",
        )


@cache
def _prompts() -> dict[str, str]:
    folder = files("mirrorbi.bedrock") / "prompts"
    return {file.name: file.read_text("utf-8") for file in folder.iterdir() if file.is_file()}


def _filled(schema: Any, vocabulary: Mapping[str, Any]) -> Any:
    if isinstance(schema, dict):
        if isinstance(schema.get("enum"), dict):
            names = [part["name"] for part in vocabulary.get(schema["enum"]["$from"], ())]
            # A data set without time has no grains, and a choice of nothing is no schema.
            other_keys = {key: part for key, part in schema.items() if key != "enum"}
            return {**other_keys, "enum": names} if names else other_keys
        return {key: _filled(part, vocabulary) for key, part in schema.items()}
    return [_filled(part, vocabulary) for part in schema] if isinstance(schema, list) else schema
