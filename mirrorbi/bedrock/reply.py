"""What Claude answered: received by the client, sealed, and sent back as it came."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal, final

from mirrorbi.errors import RefusedError

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
class ToolUse:
    """One call of a tool by Claude: data, never code."""

    id: str
    name: str
    input: Mapping[str, Any]


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


@final
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
    sealed
        Proof that the client received it: without it, it is not sent back.
    """

    content: tuple[Mapping[str, Any], ...]
    stop: Stop
    usage: Usage = Usage()
    model: str = ""
    region: str = ""
    request_id: str = ""
    cached: bool = False
    sealed: object = field(default=None, repr=False, compare=False)

    def check(self) -> None:
        """Refuse what the client did not receive, or what was changed since.

        Raises
        ------
        RefusedError
            If content, stop or model are not those that came.
        """
        seal = self.sealed
        if type(self) is not Reply or type(seal) is not _Seal:
            raise RefusedError(
                "A Reply that did not come from Claude may not be sent.",
                hint="Send back what Claude.send returned, as it is.",
            )
        if not hmac.compare_digest(seal.mac, _mac(self)):
            raise RefusedError(
                "A Reply was changed after it came.",
                hint="Send back what Claude.send returned, as it is.",
            )

    @property
    def text(self) -> str:
        """The text blocks, joined."""
        return "".join(str(block["text"]) for block in self.content if "text" in block)

    @property
    def tool_uses(self) -> tuple[ToolUse, ...]:
        """The tools called, in order."""
        blocks = (block["toolUse"] for block in self.content if "toolUse" in block)
        return tuple(ToolUse(use["toolUseId"], use["name"], use["input"]) for use in blocks)


class _Seal:
    """Says that the client received a reply with exactly this content."""

    __slots__ = ("mac",)

    def __init__(self, mac: bytes) -> None:
        self.mac = mac


_KEY = secrets.token_bytes(32)
"""Of this process: a seal is worth nothing in another one."""


def _sealed(reply: Reply) -> Reply:
    """Return a reply with its seal. For those who receive one alone; a test says who."""
    return replace(reply, sealed=_Seal(_mac(reply)))


def _mac(reply: Reply) -> bytes:
    value = [reply.stop, reply.model, list(reply.content)]
    text = json.dumps(value, sort_keys=True, default=_as_text)
    return hmac.digest(_KEY, text.encode("utf-8", "surrogatepass"), "sha256")


def _as_text(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else repr(value)
