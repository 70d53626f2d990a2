"""A Bedrock on 127.0.0.1: real HTTP, real event-stream frames, answers from a script."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import socket
import struct
import threading
import uuid
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from mirrorbi.testing import event_stream
from mirrorbi.testing.bedrock_steps import Answer, Call, Fault, Step, fault, say, say_json, use_tool


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
        self.control_paths: list[str] = []
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
            bedrock.control_paths.append(self.path)
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
        bedrock.control_paths.append(self.path)
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
            refusal = bedrock.refused.get("GetInferenceProfile")
            self._fail(refusal or fault("ResourceNotFoundException", f"No profile {name}."))

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

    def _fail(self, problem: Fault) -> None:
        if problem.reset:
            self._reset()
        elif problem.html:
            page = f"<html><body>{problem.message}</body></html>".encode()
            self._plain(problem.status, page, **{"Content-Type": "text/html"})
        else:
            kind = {"x-amzn-ErrorType": problem.code, **problem.headers}
            self._json(problem.status, {"message": problem.message}, **kind)

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
        how, words = step.broken_by, step.message or "It failed."
        if how == "exception":
            self._chunk(event_stream.exception(step.kind, words))
        elif how == "error":
            self._chunk(event_stream.error(step.kind or "InternalFailure", words))
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


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)
