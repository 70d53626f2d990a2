"""Calls: the two entries of each, read as one."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from mirrorbi.errors import LedgerError
from mirrorbi.privacy.ledger.chain import Link
from mirrorbi.privacy.ledger.presence import is_alive

UNKNOWN = "sent, outcome unknown"
"""What is said of a call that has no second entry and whose process is gone."""
UNDER_WAY = "under way"
_LONGEST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Call:
    """One call to Claude, as the ledger tells it.

    Parameters
    ----------
    entry
        Id of its first entry.
    at, ended
        When it was about to be sent, and when it ended: UTC, ISO 8601; empty if it has
        not ended.
    outcome
        ``answered``, ``failed``, ``cancelled``, ``under way``, or
        ``sent, outcome unknown``.
    sent
        Bytes of everything made from data.
    withheld
        Cells kept back, by rule.
    disclosures
        Kind, SHA-256 and bytes of each payload; ``body`` where it was kept here.
    """

    entry: str
    at: str
    ended: str
    run: str
    user: str
    account: str
    host: str
    purpose: str
    model: str
    regions: tuple[str, ...]
    policy: str
    instructions: Mapping[str, str]
    request: str
    disclosures: tuple[Mapping[str, Any], ...]
    sent: int
    withheld: Mapping[str, int]
    outcome: str
    request_id: str = ""
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cost: Decimal | None = None
    stop: str = ""
    error: str = ""
    attempts: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**asdict(self), "cost": None if self.cost is None else f"{self.cost:f}"}


def calls_of(entries: Iterable[Mapping[str, Any]]) -> list[Call]:
    """Return the calls of a ledger in the order in which they were opened.

    A call without a second entry is under way while its process runs, or may run on another
    machine, which cannot be asked; but for no longer than an hour.

    Parameters
    ----------
    entries
        From a ledger's ``entries()``.

    Raises
    ------
    LedgerError
        If an entry does not say what it should.
    """
    try:
        return _calls(entries)
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError):
        raise LedgerError(
            "An entry of the ledger was changed, and its calls cannot be read.",
            hint="Run 'mirrorbi ledger verify' to see which.",
        ) from None


def _calls(entries: Iterable[Mapping[str, Any]]) -> list[Call]:
    opened: dict[int, Mapping[str, Any]] = {}
    closed: dict[int, Mapping[str, Any]] = {}
    for entry in entries:
        if entry["kind"] == "open":
            opened[entry["seq"]] = entry
        elif entry["kind"] == "close":
            closed.setdefault(entry["of"], entry)
    return [_call(entry, closed.get(seq)) for seq, entry in opened.items()]


def payloads_of(calls: Iterable[Call]) -> dict[str, str]:
    """Return the payloads that the ledger kept whole, by their hash.

    A payload that was sent again stands at the first call only.
    """
    return {
        part["sha256"]: part["body"]
        for call in calls
        for part in call.disclosures
        if "body" in part
    }


def _call(opening: Mapping[str, Any], closing: Mapping[str, Any] | None) -> Call:
    cost = closing["cost"] if closing else None
    return Call(
        entry=Link(opening["seq"], opening["hash"]).id,
        at=opening["at"],
        ended=closing["at"] if closing else "",
        regions=tuple(opening["regions"]),
        disclosures=tuple(opening["disclosures"]),
        sent=sum(part["bytes"] for part in opening["disclosures"]),
        outcome=_outcome(opening, closing),
        cost=None if cost is None else Decimal(cost),
        **{key: opening[key] for key in _OPENING},
        **{key: closing[key] for key in _CLOSING if closing},
    )


def _outcome(opening: Mapping[str, Any], closing: Mapping[str, Any] | None) -> str:
    if closing is not None:
        return UNKNOWN if closing["status"] == "unknown" else str(closing["status"])
    if datetime.now(UTC) - datetime.fromisoformat(opening["at"]) > _LONGEST:
        return UNKNOWN
    elsewhere = opening["host"] != socket.gethostname()
    return UNDER_WAY if elsewhere or is_alive(opening["process"]) else UNKNOWN


_OPENING = (
    *("run", "user", "account", "host", "purpose", "model"),
    *("policy", "instructions", "request", "withheld"),
)
_CLOSING = (
    *("request_id", "input", "output", "cache_read", "cache_write"),
    *("stop", "error", "attempts"),
)
