"""Steps of a scripted Bedrock: what Claude says, and how the service or its stream fails."""

from __future__ import annotations

import base64
import json
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from mirrorbi.errors import MirrorBIError, did_you_mean
from mirrorbi.testing.event_stream import event

STATUS = {
    "AccessDeniedException": 403,
    "ConflictException": 400,
    "ExpiredTokenException": 403,
    "IncompleteSignatureException": 400,
    "InternalServerException": 500,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "ModelErrorException": 424,
    "ModelNotReadyException": 429,
    "ModelStreamErrorException": 424,
    "ModelTimeoutException": 408,
    "ResourceNotFoundException": 404,
    "ServiceQuotaExceededException": 400,
    "ServiceUnavailableException": 503,
    "ThrottlingException": 429,
    "UnrecognizedClientException": 403,
    "ValidationException": 400,
}
"""HTTP status by Bedrock's error code."""
FAULTS = {
    "throttle": ("ThrottlingException", "Too many requests, please wait before trying again."),
    "denied": (
        "AccessDeniedException",
        "User: arn:aws:sts::123456789012:assumed-role/analyst/a is not authorized to perform: "
        "bedrock:InvokeModelWithResponseStream on resource: "
        "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-sonnet-4-6 because no "
        "identity-based policy allows the bedrock:InvokeModelWithResponseStream action",
    ),
    "expired": (
        "ExpiredTokenException",
        "The security token included in the request is expired",
    ),
    "quota": (
        "ServiceQuotaExceededException",
        "Your request exceeds the service quota for your account.",
    ),
    "invalid": ("ValidationException", "The provided model identifier is invalid."),
    "on_demand": (
        "ValidationException",
        "Invocation of model ID anthropic.claude-sonnet-4-6 with on-demand throughput isn\u2019t "
        "supported. Retry your request with the ID or ARN of an inference profile that "
        "contains this model.",
    ),
    "end_of_life": (
        "ResourceNotFoundException",
        "This model version has reached the end of its life. Please refer to the AWS "
        "documentation for more details.",
    ),
    "unavailable": ("ServiceUnavailableException", "Bedrock is unable to process your request."),
    "internal": ("InternalServerException", "The system encountered an unexpected error."),
    "timeout": ("ModelTimeoutException", "Model request timed out."),
    "not_ready": ("ModelNotReadyException", "Model is not ready for inference."),
}
"""Bedrock's errors by a short name, with the words that Bedrock uses."""
BREAKS = ("end", "cut", "inside", "reset", "stall", "corrupt", "exception", "error")
"""How a stream breaks; see `Answer`."""


def text(words: str, *, pieces: int = 4) -> dict[str, Any]:
    """Return a text block that is streamed in so many pieces."""
    return {"text": words, "_pieces": pieces}


def tool(name: str, arguments: Any, id: str | None = None) -> dict[str, Any]:  # noqa: A002
    """Return a tool's call; arguments given as text are sent as they are: invalid JSON too."""
    identity = id or f"tooluse_{uuid.uuid4().hex[:22]}"
    return {"toolUse": {"toolUseId": identity, "name": name, "input": arguments}}


def thinking(words: str, signature: str = "c2lnbmF0dXJl") -> dict[str, Any]:
    """Return a block of reasoning."""
    return {"reasoningContent": {"reasoningText": {"text": words, "signature": signature}}}


def redacted(hidden: bytes) -> dict[str, Any]:
    """Return a block of reasoning that is not shown."""
    return {"reasoningContent": {"redactedContent": hidden}}


@dataclass(frozen=True)
class Answer:
    """A step: what Claude says, and how its stream goes wrong if it does.

    Breaks: ``end`` (the body ends well, but early), ``cut`` (the connection closes between
    frames), ``inside`` (within a frame), ``reset`` (RST), ``stall`` (nothing more comes),
    ``corrupt`` (a frame's checksum is wrong), ``exception`` (``kind``), ``error``. ``after``
    is the number of frames sent before that.
    """

    blocks: tuple[dict[str, Any], ...] = ()
    stop: str = "end_turn"
    usage: Mapping[str, int] = field(default_factory=dict)
    broken_by: str = ""
    after: int = 0
    kind: str = ""
    message: str = ""
    wait: float = 0
    """Seconds before the first byte of the answer."""
    pause: float = 0
    """Seconds between frames."""
    order: str = "plain"
    """``plain``, ``interleaved`` (blocks take turns) or ``backwards`` (the last first)."""
    strange: bool = False
    """Whether events and fields that nobody knows stand in between."""

    def frames(self, taken: int) -> list[bytes]:
        """Return the frames of the whole answer."""
        from_blocks = [list(self._block(i, block)) for i, block in enumerate(self.blocks)]
        if self.order == "backwards":
            from_blocks.reverse()
        frames = [event("messageStart", {"role": "assistant"})]
        if self.order == "interleaved":
            queues = [deque(part) for part in from_blocks]
            while any(queues):
                frames += [queue.popleft() for queue in queues if queue]
        else:
            frames += [part for block in from_blocks for part in block]
        if self.strange:
            for place in (len(frames), 2, 1):
                frames.insert(place, event("sparkleEvent", {"shine": [1, 2]}))
        frames.append(event("messageStop", {"stopReason": self.stop}))
        metadata = {"usage": self.tokens(taken), "metrics": {"latencyMs": 12}}
        frames.append(event("metadata", metadata))
        return frames

    def _block(self, index: int, block: Mapping[str, Any]) -> Iterator[bytes]:
        place = {"contentBlockIndex": index}
        if "toolUse" in block:
            use = block["toolUse"]
            start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
            yield event("contentBlockStart", {"start": start, **place})
            given = use["input"]
            words = given if isinstance(given, str) else json.dumps(given)
            deltas: list[Any] = [{"toolUse": {"input": part}} for part in _cut(words, 5)]
        elif "text" in block:
            deltas = [{"text": part} for part in _cut(block["text"], block.get("_pieces", 4))]
        else:
            part = block["reasoningContent"]
            if "redactedContent" in part:
                hidden = base64.b64encode(part["redactedContent"]).decode()
                deltas = [{"reasoningContent": {"redactedContent": hidden}}]
            else:
                shown = part["reasoningText"]
                deltas = [{"reasoningContent": {"text": p}} for p in _cut(shown["text"], 3)]
                deltas += [{"reasoningContent": {"signature": shown["signature"]}}]
        if self.strange:
            deltas.insert(1, {"sparkle": {"shine": 1}})
        for delta in deltas:
            yield event("contentBlockDelta", {"delta": delta, **place})
        yield event("contentBlockStop", place)

    def tokens(self, taken: int) -> dict[str, int]:
        """Return the usage that is reported for a request of so many bytes."""
        length = sum(len(json.dumps(_wire(block), default=str)) for block in self.blocks)
        counts = {"inputTokens": taken // 4 + 1, "outputTokens": length // 4 + 1}
        counts |= {"cacheReadInputTokens": 0, "cacheWriteInputTokens": 0, **self.usage}
        return {"totalTokens": sum(counts.values()), **counts}

    def whole(self, taken: int) -> dict[str, Any]:
        """Return the answer as Converse gives it."""
        content = [_wire(block) for block in self.blocks]
        return {
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": self.stop,
            "usage": self.tokens(taken),
            "metrics": {"latencyMs": 12},
        }

    def broken(self, by: str, **how: Any) -> Answer:
        """Return the answer with a stream that breaks; ``by`` is one of `BREAKS`."""
        if by not in BREAKS:
            raise MirrorBIError(
                f"A stream does not break by {by!r}.",
                hint=did_you_mean(by, BREAKS, noun="ways"),
            )
        return replace(self, broken_by=by, **how)


@dataclass(frozen=True)
class Fault:
    """A step: an error of the service, or of what stands between."""

    code: str
    message: str = ""
    status: int = 500
    wait: float = 0
    html: bool = False
    reset: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """A call that was received."""

    operation: str
    model: str
    path: str
    headers: Mapping[str, str]
    raw: bytes
    body: dict[str, Any]

    @property
    def texts(self) -> list[str]:
        """Every text of the conversation, in order, tool results too."""
        return list(_texts(self.body.get("messages", [])))

    @property
    def tools(self) -> dict[str, Any]:
        """Each tool's specification by its name."""
        listed = self.body.get("toolConfig", {}).get("tools", [])
        return {t["toolSpec"]["name"]: t["toolSpec"] for t in listed if "toolSpec" in t}


class Step(Protocol):
    """A step made from what was received."""

    def __call__(self, call: Call) -> Answer | Fault:
        """Return the step for this call."""


def say(words: str, **more: Any) -> Answer:
    """Return a step that says a text."""
    return Answer((text(words),), **more)


def say_json(value: Any, **more: Any) -> Answer:
    """Return a step that says JSON."""
    return say(json.dumps(value, ensure_ascii=False), **more)


def use_tool(name: str, arguments: Any, id: str | None = None, **more: Any) -> Answer:  # noqa: A002
    """Return a step that calls one tool."""
    return Answer((tool(name, arguments, id),), stop="tool_use", **more)


def fault(name: str, message: str = "", **more: Any) -> Fault:
    """Return a step that fails: a short name of FAULTS, an error code, or ``reset``."""
    if name == "reset":
        return Fault("", reset=True, **more)
    if name not in FAULTS and name not in STATUS and "status" not in more:
        raise MirrorBIError(
            f"Bedrock has no fault {name!r}.",
            hint=did_you_mean(name, [*FAULTS, "reset", *STATUS], noun="faults")
            + " Any other code needs its status=.",
        )
    code, words = FAULTS.get(name, (name, "It failed."))
    return Fault(code, message or words, **{"status": STATUS.get(code, 500), **more})


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key == "text" and isinstance(part, str):
                yield part
            elif key == "json":
                yield json.dumps(part, ensure_ascii=False)
            else:
                yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _cut(words: str, pieces: int) -> list[str]:
    size = max(1, -(-len(words) // max(1, pieces)))
    return [words[i : i + size] for i in range(0, len(words), size)] or [""]


def _wire(block: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in block.items() if not key.startswith("_")}
