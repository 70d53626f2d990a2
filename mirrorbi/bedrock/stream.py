"""The stream of an answer: read in a thread of its own, put together, whole or not at all."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, cast, get_args

from mirrorbi.bedrock.request import Stop, Usage
from mirrorbi.errors import AnswerError, BrokenStreamError, CancelledError, UnavailableError

_POLL = 0.05


class Pump:
    """One attempt of a call, read by a thread so that whoever waits can leave it.

    A read that hangs cannot be interrupted where it hangs. Whoever waits leaves; the
    connection is shut, and the thread ends with it, at the latest when the read times out.

    Parameters
    ----------
    call
        Makes the call and returns boto3's response with its ``stream``.
    """

    def __init__(self, call: Callable[[], Mapping[str, Any]]) -> None:
        self._call = call
        self._events: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._abandoned = threading.Event()
        self._body: Any = None
        threading.Thread(target=self._run, daemon=True, name="mirrorbi-claude").start()

    def events(self, cancel: threading.Event | None, deadline: float) -> Iterator[tuple[str, Any]]:
        """Yield ``("head", metadata)``, then ``("event", event)`` for each.

        Parameters
        ----------
        cancel
            Set by whoever wants it to stop.
        deadline
            On the clock of `time.monotonic`.

        Raises
        ------
        CancelledError
            If it was stopped.
        UnavailableError
            If the deadline has passed.
        Exception
            Whatever boto3 or what is below it raised.
        """
        while True:
            if cancel is not None and cancel.is_set():
                raise CancelledError("The call to Claude was stopped.")
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise UnavailableError(
                    "Claude's answer did not end in the time allowed.",
                    hint="Raise timeout in [claude] of mirrorbi.toml, or ask for less.",
                )
            try:
                wait = min(remaining, _POLL) if cancel is not None else min(remaining, 1.0)
                kind, value = self._events.get(timeout=wait)
            except queue.Empty:
                continue
            if kind == "error":
                raise value
            if kind == "end":
                return
            yield kind, value

    def leave(self) -> None:
        """Shut the connection, whatever it is doing."""
        self._abandoned.set()
        _shut(self._body)

    def _run(self) -> None:
        stream: Any = None
        try:
            if self._abandoned.is_set():
                return
            response = self._call()
            stream = response["stream"]
            self._body = getattr(stream, "_raw_stream", None)
            self._events.put(("head", response.get("ResponseMetadata", {})))
            if self._abandoned.is_set():
                _shut(self._body)
            for event in stream:
                self._events.put(("event", event))
            self._events.put(("end", None))
        except BaseException as error:  # noqa: BLE001 - raised again by whoever reads
            self._events.put(("error", error))
            if stream is not None:
                with contextlib.suppress(Exception):
                    stream.close()


def _shut(body: Any) -> None:
    """Shut the socket of a response for reading, so that a read in another thread ends."""
    if body is not None and hasattr(body, "shutdown"):
        with contextlib.suppress(OSError, ValueError, RuntimeError, AttributeError):
            body.shutdown()


@dataclass(slots=True)
class _Block:
    """A content block as it comes."""

    text: list[str] = field(default_factory=list)
    use: Mapping[str, Any] | None = None
    input: list[str] = field(default_factory=list)
    thought: list[str] = field(default_factory=list)
    signature: str = ""
    hidden: bytes = b""

    def content(self) -> dict[str, Any] | None:
        """Return it as it is sent back, or nothing if there was nothing in it."""
        if self.use is not None:
            return {"toolUse": {**self.use, "input": _arguments("".join(self.input))}}
        if self.hidden:
            return {"reasoningContent": {"redactedContent": self.hidden}}
        if self.thought or self.signature:
            reasoning = {"text": "".join(self.thought)}
            signature = {"signature": self.signature} if self.signature else {}
            return {"reasoningContent": {"reasoningText": {**reasoning, **signature}}}
        words = "".join(self.text)
        # The API refuses an empty text when the answer is sent back.
        return {"text": words} if words.strip() else None


class Assembly:
    """An answer, put together from its events in whatever order they come.

    Parameters
    ----------
    on_text
        Called with each piece of text.
    """

    def __init__(self, on_text: Callable[[str], object] | None = None) -> None:
        self._on_text = on_text
        self._blocks: dict[int, _Block] = {}
        self.stop: str | None = None
        self.usage: Usage | None = None
        self.begun = False
        """Whether anything of the answer has come."""

    @property
    def whole(self) -> bool:
        """Whether all has come that says so."""
        return self.stop is not None and self.usage is not None

    def add(self, event: Mapping[str, Any]) -> None:
        """Take one event; kinds that nobody knows are ignored."""
        if "contentBlockStart" in event:
            self.begun = True
            start = event["contentBlockStart"].get("start", {})
            block = self._block(event["contentBlockStart"])
            if "toolUse" in start:
                use = start["toolUse"]
                block.use = {"toolUseId": use["toolUseId"], "name": use["name"]}
        elif "contentBlockDelta" in event:
            self.begun = True
            part = event["contentBlockDelta"]
            self._delta(self._block(part), part.get("delta", {}))
        elif "messageStop" in event:
            self.stop = event["messageStop"].get("stopReason")
        elif "metadata" in event:
            used = event["metadata"].get("usage", {})
            self.usage = Usage(
                used.get("inputTokens", 0),
                used.get("outputTokens", 0),
                used.get("cacheReadInputTokens", 0),
                used.get("cacheWriteInputTokens", 0),
                None,
            )

    def content(self) -> tuple[dict[str, Any], ...]:
        """Return the blocks in their order.

        Raises
        ------
        BrokenStreamError
            If the end has not come: what came is no answer.
        AnswerError
            If a tool's call is malformed.
        """
        if not self.whole:
            missing = "its end" if self.stop is None else "its token counts"
            raise BrokenStreamError(
                f"Claude's answer broke off before {missing} came; what came is not used.",
                hint="Run it again; if it happens often, look at proxies and idle timeouts "
                "between here and Bedrock.",
            )
        parts = [self._blocks[index].content() for index in sorted(self._blocks)]
        content = tuple(block for block in parts if block is not None)
        ids = [block["toolUse"]["toolUseId"] for block in content if "toolUse" in block]
        if len(ids) != len(set(ids)):
            _malformed("Claude called two tools under one id.")
        return content

    def _block(self, part: Mapping[str, Any]) -> _Block:
        return self._blocks.setdefault(part.get("contentBlockIndex", 0), _Block())

    def _delta(self, block: _Block, delta: Mapping[str, Any]) -> None:
        if "text" in delta:
            block.text.append(delta["text"])
            if self._on_text is not None and delta["text"]:
                self._on_text(delta["text"])
        elif "toolUse" in delta:
            block.input.append(delta["toolUse"].get("input", ""))
        elif "reasoningContent" in delta:
            thought = delta["reasoningContent"]
            block.thought.append(thought.get("text", ""))
            block.signature += thought.get("signature", "")
            block.hidden += thought.get("redactedContent", b"")


def require_usable(stop: str, content: tuple[dict[str, Any], ...], longest: int) -> Stop:
    """Return why Claude stopped, if the answer can be used.

    Parameters
    ----------
    stop
        As Bedrock gave it.
    content
        The answer.
    longest
        Most tokens it was allowed.

    Raises
    ------
    AnswerError
        If it was cut, filtered, malformed or empty; its ``stop`` says which.
    """
    problem = _PROBLEMS.get(stop)
    if problem is None and stop not in get_args(Stop):
        problem = (f"Claude stopped for a reason that is not known: {stop!r}.", "Update mirrorbi.")
    if problem is None and not content:
        problem = ("Claude's answer is empty.", "Run it again, or choose another model.")
    if problem is None and stop == "tool_use" and not any("toolUse" in b for b in content):
        problem = ("Claude stopped to call a tool, but called none.", "Run it again.")
    if problem is not None:
        what = problem[0].format(longest=f"{longest:,}")
        raise AnswerError(what, hint=problem[1], stop=stop)
    return cast("Stop", stop)


_PROBLEMS = {
    "max_tokens": (
        "Claude's answer was cut at {longest} tokens; half an answer is not used.",
        "Raise max_tokens in [claude] of mirrorbi.toml (MIRRORBI_CLAUDE_MAX_TOKENS), or ask "
        "for less.",
    ),
    "guardrail_intervened": (
        "A Bedrock guardrail stopped the call.",
        "See which rule in the guardrail's trace or metrics; guardrail is set in [claude] of "
        "mirrorbi.toml or enforced by the account.",
    ),
    "content_filtered": (
        "Bedrock filtered Claude's answer.",
        "Run it again or choose another model; the rules narrator always writes.",
    ),
    "malformed_model_output": ("Claude's answer was malformed.", "Run it again."),
    "malformed_tool_use": ("Claude's call of a tool was malformed.", "Run it again."),
    "model_context_window_exceeded": (
        "Conversation and answer together are longer than the model can hold.",
        "Ask for less, begin a new conversation, or choose a model with a larger context "
        "(mirrorbi models).",
    ),
}


def _arguments(words: str) -> dict[str, Any]:
    """Return a tool's arguments. One without any sends nothing."""
    try:
        value = json.loads(words or "{}", parse_constant=_no_number)
        json.dumps(value, allow_nan=False).encode()
    except (ValueError, RecursionError):
        _malformed("Claude called a tool with arguments that are no JSON.")
    if not isinstance(value, dict):
        _malformed("Claude called a tool with arguments that are no object.")
    return value


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)


def _malformed(what: str) -> NoReturn:
    raise AnswerError(what, hint="Run it again.", stop="malformed_tool_use")
