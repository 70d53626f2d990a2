"""What the ledger is told: what is about to be sent, and what came of it."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Literal, Protocol

from mirrorbi.privacy.disclosure import Disclosure
from mirrorbi.privacy.ledger.presence import this_process

Status = Literal["answered", "failed", "cancelled", "unknown"]
"""What came of a call: an answer; an error that says that Bedrock did not do it; a person
stopped it; or it was sent and nobody knows, as where the connection broke."""

_LONGEST = 500


class LedgerPolicy(Protocol):
    """What the ledger asks of a policy (`mirrorbi.privacy.policy.Policy`)."""

    @property
    def sha256(self) -> str:
        """Hash of the policy."""

    @property
    def retention(self) -> Literal["full", "hash"]:
        """Whether payloads are kept whole, or by their hash alone."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A call to Claude that is about to be made.

    Parameters
    ----------
    run
        Id of the run or conversation.
    user
        Who asks; the user of the operating system if empty.
    purpose
        ``narrative``, ``repair``, ``ask``.
    model
        Id of the model or inference profile that is called.
    regions
        AWS regions in which it may be processed.
    disclosures
        Everything made from data that is sent, in order.
    policy
        The policy under which it is sent; its ``retention`` says how payloads are kept.
    instructions
        SHA-256 of each static text that is sent, by name.
    request
        SHA-256 of the request's body as sent, where the caller knows it.
    """

    run: str
    user: str
    purpose: str
    model: str
    regions: tuple[str, ...]
    disclosures: tuple[Disclosure, ...]
    policy: LedgerPolicy
    instructions: Mapping[str, str] = field(default_factory=dict)
    request: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call.

    Parameters
    ----------
    status
        See `Status`.
    request_id
        Bedrock's id of the call, which is in CloudTrail and the invocation log too.
    input, output, cache_read, cache_write
        Tokens.
    cost
        US dollars; ``None`` where the prices of the model are not known.
    stop
        Why Claude stopped, in the words of the Converse API.
    error
        Name of the error and what it says. No part of a payload.
    attempts
        How often it was sent.
    """

    status: Status = "answered"
    request_id: str = ""
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cost: Decimal | None = None
    stop: str = ""
    error: str = ""
    attempts: int = 1


class Ledger(Protocol):
    """Where calls are written down: `FileLedger`, `S3Ledger`."""

    def open(self, intent: Intent) -> str:
        """Write that a call is about to be made; return the entry's id once that is durable.

        Raises
        ------
        LedgerError
            If it could not be written. The call must not be made then.
        """

    def close(self, entry: str, outcome: Outcome) -> None:
        """Write what came of the call.

        Raises
        ------
        LedgerError
            If it could not be written, or there is no such entry, or it was closed before.
            The entry then reads "sent, outcome unknown".
        """


def start_entry() -> dict[str, Any]:
    """Return the content of a ledger's first entry."""
    import uuid

    return {"kind": "start", "version": 1, "ledger": uuid.uuid4().hex, "at": _now()}


def open_entry(intent: Intent, stored: Set[str] = frozenset()) -> dict[str, Any]:
    """Return the content of the entry before a call.

    Parameters
    ----------
    intent
        The call.
    stored
        Hashes of the payloads that the ledger holds already: not kept twice.
    """
    whole = intent.policy.retention == "full"
    disclosures: list[dict[str, Any]] = []
    withheld: dict[str, int] = {}
    seen = set(stored)
    for disclosure in intent.disclosures:
        part: dict[str, Any] = {
            "kind": disclosure.kind,
            "sha256": disclosure.sha256,
            "bytes": len(disclosure.body),
        }
        if whole and disclosure.sha256 not in seen:
            part["body"] = disclosure.text
            seen.add(disclosure.sha256)
        disclosures.append(part)
        for suppression in disclosure.withheld:
            withheld[suppression.rule] = withheld.get(suppression.rule, 0) + suppression.cells
    return {
        "kind": "open",
        "at": _now(),
        "run": _tidy(intent.run),
        "user": _tidy(intent.user or _account()),
        "account": _account(),
        "host": _host(),
        "process": this_process(),
        "purpose": _tidy(intent.purpose),
        "model": _tidy(intent.model),
        "regions": [_tidy(region) for region in intent.regions],
        "policy": intent.policy.sha256,
        "retention": intent.policy.retention,
        "instructions": {_tidy(name): text for name, text in intent.instructions.items()},
        "request": intent.request,
        "disclosures": disclosures,
        "withheld": withheld,
    }


def close_entry(of: int, outcome: Outcome) -> dict[str, Any]:
    """Return the content of the entry after a call.

    Parameters
    ----------
    of
        Number of the entry before it.
    outcome
        What came of it.
    """
    return {
        "kind": "close",
        "at": _now(),
        "of": of,
        "status": outcome.status,
        "request_id": _tidy(outcome.request_id),
        "input": outcome.input,
        "output": outcome.output,
        "cache_read": outcome.cache_read,
        "cache_write": outcome.cache_write,
        "cost": None if outcome.cost is None else f"{outcome.cost:f}",
        "stop": _tidy(outcome.stop),
        "error": _tidy(outcome.error),
        "attempts": outcome.attempts,
    }


def heal_entry(torn: bytes) -> dict[str, Any]:
    """Return the content of the entry that stands where an unfinished one was."""
    import hashlib

    return {
        "kind": "heal",
        "at": _now(),
        "bytes": len(torn),
        "sha256": hashlib.sha256(torn).hexdigest(),
    }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@cache
def _account() -> str:
    try:
        return _tidy(getpass.getuser())
    except (OSError, KeyError, ImportError):  # a container may run as a user without a name
        return "unknown"


@cache
def _host() -> str:
    return _tidy(socket.gethostname())


def _tidy(text: str) -> str:
    """Return a text as it can be kept and shown: no half characters, one line, not endless."""
    whole = text.encode("utf-8", "replace").decode()
    return "".join(c if c.isprintable() else " " for c in whole)[:_LONGEST]
