"""The body of a call: what `Request` becomes in the words of the Converse API."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mirrorbi.bedrock.cost import BYTES_PER_TOKEN
from mirrorbi.bedrock.models import ClaudeModel
from mirrorbi.bedrock.request import Instruction, Part, Reply, Request, RunTag, ToolResult
from mirrorbi.errors import ClaudeError, SettingsError
from mirrorbi.privacy.disclosure import canonical

_RECEIVED = "Received."
_CACHE_POINT = {"cachePoint": {"type": "default"}}
_LONGEST = 256
_THINKING = 16_000
"""Tokens of thought that come before an answer and count as part of it."""
_MOST = 16


def body_of(
    request: Request,
    model: ClaudeModel,
    *,
    guardrail: str | None = None,
    max_tokens: int | None = None,
) -> dict[str, Any]:
    """Return the body of a call, all but its request metadata.

    Parameters
    ----------
    request
        What is asked. It is checked once more.
    model
        Whose capabilities decide what may stand in the body.
    guardrail
        Id and version: ``abc123:1``.
    max_tokens
        Longest answer, where the request allows less.

    Raises
    ------
    RefusedError
        If a part of the request was forged or changed.
    ClaudeError
        If it does not begin and end with a turn of ours.
    SettingsError
        If the guardrail has no version.
    """
    request.check()
    body: dict[str, Any] = {"messages": _messages(request), **_settings(request, model, max_tokens)}
    system: list[dict[str, Any]] = [{"text": part.text} for part in request.system]
    tools = _tools(request, model)
    if system and model.cache_minimum is not None:
        static = sum(len(json.dumps(part).encode()) for part in (*system, *tools))
        if static / BYTES_PER_TOKEN >= model.cache_minimum:
            # The prompt cache reads tools, then system: one point covers both.
            system.append(_CACHE_POINT)
    if system:
        body["system"] = system
    if tools:
        body["toolConfig"] = {"tools": tools, **_choice(request, model)}
    if guardrail:
        body["guardrailConfig"] = _guardrail(guardrail)
    return body


def hash_of(body: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a body as canonical JSON.

    The invocation log of Bedrock holds the same body: its hash can be compared.
    """
    return hashlib.sha256(canonical(json.loads(json.dumps(body, default=_hex)))).hexdigest()


def metadata_of(tag: RunTag, purpose: str, entry: str) -> dict[str, str]:
    """Return what joins invocation logs with the ledger, as the API takes it.

    Parameters
    ----------
    tag
        Run and user.
    purpose
        Of the call.
    entry
        Id of the ledger's entry.

    Examples
    --------
    >>> metadata_of(RunTag(run="r1", user="Zoë"), "ask", "7-ab")["mirrorbi-user"]
    'Zo_'
    """
    fields = {"run": tag.run, "user": tag.user, "purpose": purpose, "ledger": entry}
    named = {f"mirrorbi-{key}": value for key, value in fields.items() if value}
    named |= dict(tag.more)
    tidy = {_tidy(key)[:_LONGEST]: _tidy(value)[:_LONGEST] for key, value in named.items() if key}
    return dict(list(tidy.items())[:_MOST])


def _messages(request: Request) -> list[dict[str, Any]]:
    roles = ["assistant" if isinstance(turn, Reply) else "user" for turn in request.turns]
    if not roles or roles != ["user", "assistant"] * (len(roles) // 2) + ["user"]:
        raise ClaudeError(
            "A conversation must begin and end with a turn of ours, by turns with Claude's.",
            hint="Join parts that follow each other into one turn.",
        )
    messages: list[dict[str, Any]] = []
    open_calls: tuple[str, ...] = ()
    for turn in request.turns:
        if isinstance(turn, Reply):
            messages.append({"role": "assistant", "content": [dict(b) for b in turn.content]})
            open_calls = tuple(use.id for use in turn.tool_uses)
        else:
            content = _acknowledged(turn, open_calls) + [_block(part) for part in turn]
            # The API wants results of tools before anything else.
            content.sort(key=lambda block: "toolResult" not in block)
            messages.append({"role": "user", "content": content})
    return messages


def _acknowledged(turn: Sequence[Part], calls: Sequence[str]) -> list[dict[str, Any]]:
    """Return a word for each call of a tool that has no result: an answer given as a tool."""
    answered = {part.id for part in turn if isinstance(part, ToolResult)}
    return [
        {"toolResult": {"toolUseId": call, "content": [{"text": _RECEIVED}], "status": "success"}}
        for call in calls
        if call not in answered
    ]


def _block(part: Part) -> dict[str, Any]:
    if isinstance(part, ToolResult):
        return {
            "toolResult": {
                "toolUseId": part.id,
                "content": [{"text": part.disclosure.text}],
                "status": "error" if part.failed else "success",
            }
        }
    return {"text": part.text}


def _settings(request: Request, model: ClaudeModel, most: int | None) -> dict[str, Any]:
    longest = max(request.max_tokens, most or 0) + (_THINKING if model.thinking else 0)
    inference: dict[str, Any] = {"maxTokens": min(longest, model.output or longest)}
    if model.sampling:
        inference["temperature"] = 0.0
    settings: dict[str, Any] = {"inferenceConfig": inference}
    if request.schema is not None and model.json_schema:
        schema = {"schema": request.schema.text, "name": _name(request.schema)}
        settings["outputConfig"] = {
            "textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}
        }
    return settings


def _tools(request: Request, model: ClaudeModel) -> list[dict[str, Any]]:
    tools = [{"toolSpec": tool.definition()} for tool in request.tools]
    if request.schema is not None and not model.json_schema:
        spec = {
            "name": _name(request.schema),
            "description": "Give the answer, and nothing else.",
            "inputSchema": {"json": json.loads(request.schema.text)},
        }
        tools.append({"toolSpec": spec})
    return tools


def _choice(request: Request, model: ClaudeModel) -> dict[str, Any]:
    if not model.forced_tool:
        return {}
    if request.tool is not None:
        return {"toolChoice": {"tool": {"name": request.tool}}}
    if request.schema is not None and not model.json_schema:
        return {"toolChoice": {"tool": {"name": _name(request.schema)}}}
    return {}


def _guardrail(setting: str) -> dict[str, str]:
    name, _, version = setting.rpartition(":")
    if not name or not re.fullmatch(r"[1-9][0-9]{0,7}|DRAFT", version):
        raise SettingsError(
            f"claude.guardrail = {setting!r} has no version.",
            hint='Write id and version: guardrail = "abc123:1".',
        )
    # Text is checked before it is delivered, not after.
    return {
        "guardrailIdentifier": name,
        "guardrailVersion": version,
        "streamProcessingMode": "sync",
    }


def _name(schema: Instruction) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", schema.name.partition(".")[0])[:64]


def _tidy(text: str) -> str:
    """Return a text in the letters that the API takes for request metadata."""
    return re.sub(r"[^a-zA-Z0-9\s:_@$#=/+,\-.]", "_", text)


def _hex(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(type(value).__name__)
