"""A Bedrock on 127.0.0.1: real HTTP, real event-stream frames, answers from a script.

Tests take the fixture ``bedrock`` (tests/conftest.py). What it answers is a queue of steps::

    bedrock.say("Two words.")                         # a text
    bedrock.say_json({"sentences": []})               # a text that is JSON
    bedrock.use_tool("query", {"metrics": ["sales"]}) # one call of a tool
    bedrock.answer(thinking("..."), text("a"), tool("query", {}), stop="tool_use")
    bedrock.fault("throttle")                         # see FAULTS, or any Bedrock error code
    bedrock.say("Half of it").broken("cut", after=3)  # the answer, but its stream breaks
    bedrock.script(lambda call: say(call.texts[-1]))  # a step made from what was received
    bedrock.always(step)                              # when the queue is empty

``bedrock.received`` has each call to a model: path, headers, raw bytes, parsed body.
``bedrock.url`` is where it listens; its environment is that of the test, so that child
processes find it too.
"""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import json
import re
import socket
import struct
import threading
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

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
        frames = [_frames.event("messageStart", {"role": "assistant"})]
        if self.order == "interleaved":
            queues = [deque(part) for part in from_blocks]
            while any(queues):
                frames += [queue.popleft() for queue in queues if queue]
        else:
            frames += [part for block in from_blocks for part in block]
        if self.strange:
            for place in (len(frames), 2, 1):
                frames.insert(place, _frames.event("sparkleEvent", {"shine": [1, 2]}))
        frames.append(_frames.event("messageStop", {"stopReason": self.stop}))
        metadata = {"usage": self.tokens(taken), "metrics": {"latencyMs": 12}}
        frames.append(_frames.event("metadata", metadata))
        return frames

    def _block(self, index: int, block: Mapping[str, Any]) -> Iterator[bytes]:
        place = {"contentBlockIndex": index}
        if "toolUse" in block:
            use = block["toolUse"]
            start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
            yield _frames.event("contentBlockStart", {"start": start, **place})
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
            yield _frames.event("contentBlockDelta", {"delta": delta, **place})
        yield _frames.event("contentBlockStop", place)

    def tokens(self, taken: int) -> dict[str, int]:
        """Return the usage that is reported for a request of so many bytes."""
        said = sum(len(json.dumps(_wire(block), default=str)) for block in self.blocks)
        found = {"inputTokens": taken // 4 + 1, "outputTokens": said // 4 + 1}
        found |= {"cacheReadInputTokens": 0, "cacheWriteInputTokens": 0, **self.usage}
        return {"totalTokens": sum(found.values()), **found}

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
        """Return the answer with a stream that breaks."""
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

    def __call__(self, call: Call) -> Answer | Fault: ...


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
    code, words = FAULTS.get(name, (name, "It failed."))
    return Fault(code, message or words, **{"status": STATUS.get(code, 500), **more})


class Bedrock:
    """The server; use it as a context manager."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self.reset()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.bedrock = self

    def reset(self) -> None:
        """Forget all calls and steps, and end what is still being answered."""
        self.stopping.set()
        self.stopping = threading.Event()
        self.received: list[Call] = []
        self.asked: list[str] = []
        """Paths that the control plane was asked for."""
        self.models: dict[str, dict[str, Any]] = {}
        """Details that GetFoundationModel gives by id, over the default ones."""
        self.profiles: dict[str, list[str]] = {}
        """Regions that GetInferenceProfile names by profile id; absent: not found."""
        self.refused: dict[str, Fault] = {}
        """Faults by operation: ``GetFoundationModel``, ``GetInferenceProfile``, ``CountTokens``."""
        self.tokens: int | None = None
        """What CountTokens answers; by default a quarter of the bytes."""
        self.connections = 0
        self._steps: deque[Any] = deque()
        self._always: Any = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def environment(self) -> dict[str, str]:
        """Variables that send boto3 here."""
        return {
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self.url,
            "AWS_ENDPOINT_URL_BEDROCK": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
        }

    def __enter__(self) -> Bedrock:
        run = self._server.serve_forever
        threading.Thread(target=run, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def left(self) -> int:
        """Steps that nobody has asked for yet."""
        return len(self._steps)

    def script(self, *steps: Answer | Fault | Step) -> None:
        """Add steps to the queue."""
        self._steps.extend(steps)

    def always(self, step: Answer | Fault | Step) -> None:
        """Answer so whenever the queue is empty."""
        self._always = step

    def say(self, words: str, **more: Any) -> None:
        """Add a text; ``more``: the fields of `Answer`, such as ``stop`` or ``broken_by``."""
        self.script(say(words, **more))

    def say_json(self, value: Any, **more: Any) -> None:
        """Add a text that is JSON."""
        self.script(say_json(value, **more))

    def use_tool(self, name: str, arguments: Any, id: str | None = None, **more: Any) -> None:  # noqa: A002
        """Add the call of a tool."""
        self.script(use_tool(name, arguments, id, **more))

    def answer(self, *blocks: dict[str, Any], **more: Any) -> None:
        """Add an answer of several blocks: `text`, `tool`, `thinking`, `redacted`."""
        self.script(Answer(blocks, **more))

    def fault(self, name: str, message: str = "", *, times: int = 1, **more: Any) -> None:
        """Add a fault, as often as said."""
        self.script(*[fault(name, message, **more)] * times)

    def next(self, call: Call) -> Answer | Fault:
        """Return the step that answers a call."""
        with self._lock:
            self.received.append(call)
            step = self._steps.popleft() if self._steps else self._always
        if step is None:
            return fault("ValidationException", "The script of this test has no answer left.")
        return step if isinstance(step, Answer | Fault) else step(call)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    bedrock: Bedrock

    def process_request(self, request: Any, client_address: Any) -> None:
        self.bedrock.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that go away: that is what is tested."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        match = re.fullmatch(r"/model/(.+)/(converse|converse-stream|count-tokens)", self.path)
        if match is None:
            self._fail(fault("UnknownOperationException", self.path, status=404))
            return
        body = json.loads(raw or b"{}")
        bedrock = self.server.bedrock
        if match[2] == "count-tokens":
            bedrock.asked.append(self.path)
            counted = bedrock.tokens or len(raw) // 4
            self._control("CountTokens", {"inputTokens": counted})
            return
        call = Call(match[2], unquote(match[1]), self.path, dict(self.headers), raw, body)
        step = bedrock.next(call)
        if step.wait and bedrock.stopping.wait(step.wait):
            self.close_connection = True
            return
        if isinstance(step, Fault):
            self._fail(step)
        elif match[2] == "converse":
            self._json(200, step.whole(len(raw)))
        else:
            self._stream(step, len(raw))

    def do_GET(self) -> None:
        bedrock = self.server.bedrock
        bedrock.asked.append(self.path)
        match = re.fullmatch(r"/(foundation-models|inference-profiles)/(.+?)", self.path)
        if match is None:
            self._fail(fault("UnknownOperationException", self.path, status=404))
            return
        name = unquote(match[2])
        if match[1] == "foundation-models":
            self._control("GetFoundationModel", {"modelDetails": _details(bedrock, name)})
        elif name in bedrock.profiles:
            self._control("GetInferenceProfile", _profile(name, bedrock.profiles[name]))
        else:
            found = bedrock.refused.get("GetInferenceProfile")
            self._fail(found or fault("ResourceNotFoundException", f"No profile {name}."))

    def _control(self, operation: str, value: Any) -> None:
        refused = self.server.bedrock.refused.get(operation)
        if refused is not None:
            self._fail(refused)
        else:
            self._json(200, value)

    def _json(self, status: int, value: Any, **headers: str) -> None:
        self._plain(status, json.dumps(value, default=_as_text).encode(), **headers)

    def _plain(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        names = {"x-amzn-RequestId": str(uuid.uuid4()), "Content-Type": "application/json"}
        for name, value in {**names, **headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _fail(self, found: Fault) -> None:
        if found.reset:
            self._reset()
        elif found.html:
            page = f"<html><body>{found.message}</body></html>".encode()
            self._plain(found.status, page, **{"Content-Type": "text/html"})
        else:
            kind = {"x-amzn-ErrorType": found.code, **found.headers}
            self._json(found.status, {"message": found.message}, **kind)

    def _stream(self, step: Answer, taken: int) -> None:
        self.send_response(200)
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        self.send_header("Content-Type", "application/vnd.amazon.eventstream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        frames = step.frames(taken)
        for number, part in enumerate(frames):
            if step.broken_by and number == step.after:
                if self._break(step, part):
                    return
                break
            self._chunk(part)
            if step.pause and self.server.bedrock.stopping.wait(step.pause):
                self.close_connection = True
                return
        self.wfile.write(b"0\r\n\r\n")

    def _break(self, step: Answer, part: bytes) -> bool:
        """Break the stream; return whether the connection is of no more use."""
        how = step.broken_by
        if how == "exception":
            self._chunk(_frames.exception(step.kind, step.message or "It failed."))
        elif how == "error":
            self._chunk(_frames.error(step.kind or "InternalFailure", step.message or "It failed."))
        elif how == "corrupt":
            self._chunk(part[:-1] + bytes([part[-1] ^ 1]))
        elif how == "stall":
            self.server.bedrock.stopping.wait(60)
        elif how == "inside":
            self._chunk(part[: len(part) // 2])
        elif how == "reset":
            self._reset()
        if how in ("end", "exception", "error", "corrupt"):
            return False
        self.close_connection = True
        return True

    def _chunk(self, part: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.flush()

    def _reset(self) -> None:
        """Close the connection so that the client gets RST."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        with contextlib.suppress(OSError):
            self.wfile.flush()
        self.rfile.close()
        self.connection.close()


def _details(bedrock: Bedrock, name: str) -> dict[str, Any]:
    region = bedrock.environment["AWS_REGION"]
    base = {
        "modelArn": f"arn:aws:bedrock:{region}::foundation-model/{name}",
        "modelId": name,
        "modelName": name,
        "providerName": "Anthropic",
        "inputModalities": ["TEXT"],
        "outputModalities": ["TEXT"],
        "responseStreamingSupported": True,
        "inferenceTypesSupported": ["INFERENCE_PROFILE"],
        "modelLifecycle": {"status": "ACTIVE"},
    }
    return {**base, **bedrock.models.get(name, {})}


def _profile(name: str, regions: list[str]) -> dict[str, Any]:
    model = name.split(".", 1)[1]
    arn = f"arn:aws:bedrock:eu-west-1:123456789012:inference-profile/{name}"
    return {
        "inferenceProfileName": name,
        "inferenceProfileArn": arn,
        "inferenceProfileId": name,
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
        "models": [{"modelArn": f"arn:aws:bedrock:{r}::foundation-model/{model}"} for r in regions],
    }


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


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)


def _sibling() -> Any:
    spec = importlib.util.spec_from_file_location(
        "bedrock_eventframe", Path(__file__).with_name("eventframe.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_frames = _sibling()
